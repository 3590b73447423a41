//! What the client configuration for Kafka is made of again when files change that it was made of.

use std::path::PathBuf;
use std::sync::Arc;

use kafka_admin::ClientConfig;

use super::{Flags, resolve};

/// The flags, kept for the files that they name.
#[derive(Debug, Clone, Default)]
pub struct Renewal(Arc<Flags>);

impl Renewal {
    pub(super) fn new(flags: Arc<Flags>) -> Self {
        Self(flags)
    }

    /// Files with secrets, certificates and keys towards Kafka. Not those that are read for each connection anyway: a file
    /// with a token, and a keytab.
    pub fn files(&self) -> Vec<PathBuf> {
        let flags = &*self.0;
        let of_flags = [
            &flags.tls_ca_file,
            &flags.tls_cert_file,
            &flags.tls_key_file,
            &flags.tls_key_password_file,
            &flags.sasl_password_file,
            &flags.sasl_oauth_client_secret_file,
            &flags.sasl_oauth_ca_file,
        ];
        let of_properties = flags.kafka_property.iter().filter_map(|property| property.split_once('='));
        let of_properties = of_properties.filter(|(key, _)| {
            ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location"].contains(&key.trim())
        });
        // librdkafka's word for the system's certificates.
        let of_properties = of_properties.filter(|(_, value)| *value != "probe");
        of_flags.into_iter().flatten().cloned().chain(of_properties.map(|(_, path)| PathBuf::from(path))).collect()
    }

    /// The client configuration by what the files hold now.
    ///
    /// # Errors
    /// One line that names the flag and the file.
    pub fn client(&self) -> Result<Option<ClientConfig>, String> {
        resolve::kafka(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn secrets_are_read_again_from_the_files_that_the_flags_name() {
        let folder = tempfile::tempdir().unwrap();
        let (password, ca) = (folder.path().join("password"), folder.path().join("ca.pem"));
        std::fs::write(&password, "old\n").unwrap();
        let flags = Flags {
            kafka_server: vec!["a:1".to_owned()],
            kafka_property: vec![format!("ssl.ca.location={}", ca.display()), "client.id=x".to_owned()],
            sasl_enabled: Some(true),
            sasl_mechanism: Some("plain".to_owned()),
            sasl_username: Some("u".to_owned()),
            sasl_password_file: Some(password.clone()),
            ..Flags::default()
        };
        let renewal = Renewal::new(Arc::new(flags));
        assert_eq!(renewal.files(), [password.clone(), ca]);
        let secret = || match renewal.client().unwrap().unwrap().security.sasl {
            Some(kafka_admin::Sasl::Plain { password, .. }) => password.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(secret(), "old");
        std::fs::write(&password, "new\n").unwrap();
        assert_eq!(secret(), "new");
        std::fs::remove_file(&password).unwrap();
        assert!(renewal.client().unwrap_err().starts_with("--sasl.password-file: "));
    }
}
