//! SCRAM-SHA-256 and SCRAM-SHA-512 without channel binding, pure (RFC 5802, RFC 7677). In: a user's name and password and
//! the broker's messages; out: ours, and whether the broker knows the password too. Like Kafka's own client it takes
//! names and passwords as UTF-8, without SASLprep (`ScramFormatter.normalize`).

use std::num::NonZeroU32;

// What SCRAM is made of, from the crate that encrypts for rustls.
use aws_lc_rs::{constant_time, digest, hmac, pbkdf2, rand};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Kafka's least (`ScramMechanism`), and more than any broker is set to: a hostile one is not to burn our CPU.
const ITERATIONS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;
/// No channel binding (`n,,`), in base64.
const NO_BINDING: &str = "biws";

/// Which hash.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    pub(super) fn mechanism(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn hmac(self, key: &[u8], text: &[u8]) -> hmac::Tag {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), text)
    }

    /// RFC 5802's Hi.
    fn salted(self, password: &str, salt: &[u8], iterations: NonZeroU32) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        let mut salted = vec![0; self.digest().output_len()];
        pbkdf2::derive(algorithm, iterations, salt, password.as_bytes(), &mut salted);
        salted
    }
}

/// Our side of one exchange.
pub(super) struct Client {
    hash: Hash,
    /// `n=name,r=nonce`.
    first_bare: String,
    nonce: String,
}

/// What a broker that knows the password will say last.
#[derive(Debug)]
pub(super) struct ServerSignature(Vec<u8>);

impl Client {
    pub(super) fn new(hash: Hash, username: &str) -> Result<Self, String> {
        let mut nonce = [0; 24];
        rand::fill(&mut nonce).map_err(|_| "SCRAM: the system gives no random numbers".to_owned())?;
        Ok(Self::with_nonce(hash, username, STANDARD.encode(nonce)))
    }

    fn with_nonce(hash: Hash, username: &str, nonce: String) -> Self {
        let name = username.replace('=', "=3D").replace(',', "=2C");
        Self { hash, first_bare: format!("n={name},r={nonce}"), nonce }
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    /// The last message, from the broker's first. Takes long, by the broker's choice of iterations.
    pub(super) fn prove(&self, password: &str, challenge: &[u8]) -> Result<(String, ServerSignature), String> {
        let challenge = std::str::from_utf8(challenge).map_err(|_| "the challenge is not UTF-8".to_owned())?;
        let mut parts = challenge.split(',');
        let mut part = |key: &str| {
            let part = parts.next().and_then(|part| part.strip_prefix(key));
            part.ok_or_else(|| format!("the challenge has no {key} in its place"))
        };
        let (nonce, salt, iterations) = (part("r=")?, part("s=")?, part("i=")?);
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err("the challenge is not an answer to ours: another nonce".to_owned());
        }
        let salt = STANDARD.decode(salt).map_err(|_| "the challenge's salt is not base64".to_owned())?;
        let iterations = iterations.parse().ok().filter(|iterations| ITERATIONS.contains(iterations));
        let iterations = iterations.and_then(NonZeroU32::new).ok_or_else(|| {
            format!("the challenge's iterations are not between {} and {}", ITERATIONS.start(), ITERATIONS.end())
        })?;

        let salted = self.hash.salted(password, &salt, iterations);
        let last_bare = format!("c={NO_BINDING},r={nonce}");
        let signed = format!("{},{challenge},{last_bare}", self.first_bare);
        let client_key = self.hash.hmac(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest(), client_key.as_ref());
        let signature = self.hash.hmac(stored_key.as_ref(), signed.as_bytes());
        let proof: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
        let server_key = self.hash.hmac(&salted, b"Server Key");
        let expected = self.hash.hmac(server_key.as_ref(), signed.as_bytes());
        Ok((format!("{last_bare},p={}", STANDARD.encode(proof)), ServerSignature(expected.as_ref().to_vec())))
    }
}

impl ServerSignature {
    /// Reads the broker's last message.
    pub(super) fn verify(&self, last: &[u8]) -> Result<(), String> {
        let last = std::str::from_utf8(last).unwrap_or_default();
        if let Some(error) = last.strip_prefix("e=") {
            return Err(error.to_owned());
        }
        let signature = last.strip_prefix("v=").and_then(|rest| rest.split(',').next());
        let signature = signature.and_then(|signature| STANDARD.decode(signature).ok()).unwrap_or_default();
        constant_time::verify_slices_are_equal(&signature, &self.0)
            .map_err(|_| "the broker's signature is wrong: it does not know the password".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677 section 3.
    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn client() -> Client {
        Client::with_nonce(Hash::Sha256, "user", NONCE.to_owned())
    }

    #[test]
    fn the_exchange_is_that_of_the_example_in_the_rfc() {
        let client = client();
        assert_eq!(client.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let (last, expected) = client.prove("pencil", CHALLENGE.as_bytes()).unwrap();
        assert_eq!(
            last,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(expected.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
    }

    #[test]
    fn a_broker_that_does_not_prove_that_it_knows_the_password_is_refused() {
        let (_, expected) = client().prove("pencil", CHALLENGE.as_bytes()).unwrap();
        let not_it: [&[u8]; 5] =
            [b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", b"v=", b"", b"\xff", b"v=6rriTRBi23WpRR/wtup+mA=="];
        for last in not_it {
            assert!(expected.verify(last).unwrap_err().contains("does not know the password"));
        }
        assert_eq!(expected.verify(b"e=invalid-proof").unwrap_err(), "invalid-proof");
    }

    #[test]
    fn challenges_that_are_replayed_incomplete_or_too_dear_are_refused_before_any_hashing() {
        let table = [
            ("", "no r="),
            ("m=x,r=a,s=b,i=4096", "no r="),
            ("r=other,s=W22Z,i=4096", "another nonce"),
            ("r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096", "another nonce"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=?,i=4096", "not base64"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z", "no i="),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4095", "iterations"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=1000001", "iterations"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4294967295", "iterations"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=-1", "iterations"),
        ];
        for (challenge, expected) in table {
            let error = client().prove("pencil", challenge.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{challenge}: {error}");
        }
    }

    #[test]
    fn commas_and_equal_signs_in_names_are_escaped_and_nonces_differ() {
        assert_eq!(Client::with_nonce(Hash::Sha512, "a=b,c", "x".to_owned()).first(), "n,,n=a=3Db=2Cc,r=x");
        let fresh = || Client::new(Hash::Sha512, "u").unwrap().first();
        assert_ne!(fresh(), fresh());
    }
}
