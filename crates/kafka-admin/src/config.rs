//! How to reach a cluster: one typed configuration that every engine honours, or refuses in a clear line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::AdminError;

/// Everything an engine needs to connect. `Debug` shows no secret, and of [`properties`](Self::properties) only the
/// keys, because any of them may hold one.
#[derive(Clone)]
pub struct ClientConfig {
    /// Bootstrap servers as `host:port`.
    pub bootstrap: Vec<String>,
    /// `client.id`, as brokers log it and quotas see it.
    pub client_id: String,
    /// TLS and SASL.
    pub security: SecurityConfig,
    /// librdkafka properties that go in last and win. An engine that cannot honour one refuses it by name.
    pub properties: BTreeMap<String, String>,
}

impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("bootstrap", &self.bootstrap)
            .field("client_id", &self.client_id)
            .field("security", &self.security)
            .field("properties", &self.properties.keys())
            .finish()
    }
}

/// Kafka's `security.protocol` falls out of which halves are there: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL.
#[derive(Debug, Clone, Default)]
pub struct SecurityConfig {
    /// TLS; `None` is plain text.
    pub tls: Option<Tls>,
    /// SASL; `None` is no authentication, or by client certificate alone.
    pub sasl: Option<Sasl>,
}

/// TLS towards the brokers. Files are PEM.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Certificates to trust; `None` trusts the system's store.
    pub ca_file: Option<PathBuf>,
    /// Client certificate chain; only together with `key_file`.
    pub cert_file: Option<PathBuf>,
    /// Client key; only together with `cert_file`.
    pub key_file: Option<PathBuf>,
    /// Pass phrase of the client key.
    pub key_password: Option<SecretString>,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
    /// The name that every broker's certificate must be for, also sent as SNI, instead of the host that the connection
    /// goes to. An engine that cannot check another name than the host's refuses it.
    pub server_name: Option<String>,
}

/// SASL towards the brokers: a mechanism with what it needs.
#[derive(Debug, Clone)]
pub enum Sasl {
    /// PLAIN.
    Plain {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// SCRAM-SHA-256.
    ScramSha256 {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// SCRAM-SHA-512.
    ScramSha512 {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// Kerberos with a keytab.
    Gssapi {
        /// `sasl.kerberos.service.name`, usually `kafka`.
        service_name: String,
        /// `sasl.kerberos.principal`.
        principal: String,
        /// Keytab.
        keytab: PathBuf,
    },
    /// OAUTHBEARER (RFC 7628, KIP-255).
    OAuthBearer {
        /// Where tokens come from.
        tokens: Arc<dyn TokenProvider>,
    },
}

/// Gives tokens for OAUTHBEARER, the same to every engine.
#[async_trait]
pub trait TokenProvider: Send + Sync + std::fmt::Debug {
    /// A token that is valid now: a remembered one while it is young, a new one otherwise.
    ///
    /// # Errors
    /// [`AdminError::Authentication`] with what failed (file, token endpoint), without secrets.
    async fn token(&self, deadline: std::time::Instant) -> Result<Token, AdminError>;
}

/// A token for OAUTHBEARER.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself, a JWT in its compact form as a rule.
    pub value: SecretString,
    /// Principal that it was issued to (`sub`), for librdkafka; brokers read it from the token.
    pub principal: String,
    /// When it ends.
    pub expires_at: SystemTime,
    /// SASL extensions (RFC 7628 section 3.1).
    pub extensions: Vec<(String, String)>,
}
