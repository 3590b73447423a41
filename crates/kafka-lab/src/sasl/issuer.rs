//! Tokens that brokers accept: a subject and a lifetime in, a signed JWT out.
//!
//! One ES256 key for each cluster; brokers read its public half from a file (`sasl.oauthbearer.jwks.endpoint.url`).

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

// The provider that rustls has already; its fixed-length signatures are what a JWS holds (RFC 7518, section 3.4).
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::{LabError, Result, error::IoContext, security::owned};

const ISSUER: &str = "https://issuer.kafka-lab.example";
const AUDIENCE: &str = "kafka";
const KEY_ID: &str = "kafka-lab";

/// Signs tokens for one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Issuer {
    key: Arc<EcdsaKeyPair>,
    jwks: PathBuf,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("jwks", &self.jwks).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Makes a key and writes its public half (a JWK set, RFC 7517) into `folder`, which is made too. An issuer other than the
    /// cluster's own signs what brokers must refuse.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(folder: &Path) -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = key.map_err(|_| LabError::Input("make a P-256 key: aws-lc failed".into()))?;
        // An uncompressed point: 4, then 32 bytes each.
        let point = key.public_key().as_ref().to_vec();
        let coordinate = |range| point.get(range).map(|bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes));
        let jwks = json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
            "x": coordinate(1..33), "y": coordinate(33..65),
        }]});
        fs::create_dir_all(folder).context(|| format!("make {}", folder.display()))?;
        let path = folder.join("jwks.json");
        fs::write(&path, jwks.to_string()).context(|| format!("write {}", path.display()))?;
        Ok(Self { key: Arc::new(key), jwks: path })
    }

    /// A token for `subject`, issued now, that expires after `lifetime`. Brokers check that to the second.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, subject: &str, lifetime: Duration) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": KEY_ID});
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "scope": "kafka",
            "iat": now.as_secs(), "exp": (now + lifetime).as_secs(),
        });
        let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| LabError::Input("sign a token: aws-lc failed".into()))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn url(&self) -> String {
        format!("file://{}", self.jwks.display())
    }

    /// The server properties that make brokers trust this issuer and nobody else.
    pub(crate) fn properties(&self) -> [(String, String); 4] {
        owned([
            ("sasl.oauthbearer.jwks.endpoint.url", &self.url()),
            ("sasl.oauthbearer.expected.issuer", ISSUER),
            ("sasl.oauthbearer.expected.audience", AUDIENCE),
            // One clock here: an expired token is expired at once, not after half a minute.
            ("sasl.oauthbearer.clock.skew.seconds", "0"),
        ])
    }

    /// Kafka reads keys only from where its operator allows it, since a property can be changed by clients.
    pub(crate) fn jvm_options(&self) -> Vec<String> {
        vec![
            format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={}", self.url()),
            format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.files={}", self.jwks.display()),
        ]
    }
}
