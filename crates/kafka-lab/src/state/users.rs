//! Users of SCRAM: a name and a password in, a user who can authenticate with it out.

use std::{num::NonZeroU32, time::Duration};

use aws_lc_rs::pbkdf2;
use bytes::Bytes;
use kafka_protocol::{
    messages::{
        AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, ApiKey,
        alter_user_scram_credentials_request::ScramCredentialUpsertion,
    },
    protocol::StrBytes,
};

use crate::{Kafka, LabError, Result, sasl::Mechanism, state::topics::check};

/// AlterUserScramCredentials v0 is the only one (KIP-554).
const ALTER: i16 = 0;
const TIMEOUT: Duration = Duration::from_secs(30);
/// The least that Kafka takes.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("it is not 0");

impl Kafka {
    /// Makes a user, or changes the password of one. Connections stay authenticated until they have to do so again.
    ///
    /// # Errors
    /// [`LabError::Kafka`], and for another mechanism than SCRAM.
    pub fn set_scram_password(&self, user: &str, mechanism: Mechanism, password: &str) -> Result<()> {
        // Codes of `org.apache.kafka.clients.admin.ScramMechanism`.
        let (code, algorithm, length) = match mechanism {
            Mechanism::ScramSha256 => (1, pbkdf2::PBKDF2_HMAC_SHA256, 32),
            Mechanism::ScramSha512 => (2, pbkdf2::PBKDF2_HMAC_SHA512, 64),
            other => return Err(LabError::Input(format!("{} has no users to make", other.as_str()))),
        };
        // Another one for each password, as a broker may remember what it has seen.
        let salt = format!("salt of {user} {password}");
        let mut salted = vec![0; length];
        pbkdf2::derive(algorithm, ITERATIONS, salt.as_bytes(), password.as_bytes(), &mut salted);
        let upsertion = ScramCredentialUpsertion::default()
            .with_name(StrBytes::from_string(user.into()))
            .with_mechanism(code)
            .with_iterations(4096)
            .with_salt(Bytes::from(salt))
            .with_salted_password(Bytes::from(salted));
        let request = AlterUserScramCredentialsRequest::default().with_upsertions(vec![upsertion]);
        let mut connection = self.connect_any(TIMEOUT)?;
        let answer: AlterUserScramCredentialsResponse =
            connection.call(ApiKey::AlterUserScramCredentials, ALTER, &request)?;
        let codes = answer.results.iter().map(|result| result.error_code);
        codes.into_iter().try_for_each(|code| check(code, || format!("set the password of {user}")))
    }
}
