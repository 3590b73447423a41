//! [`ClientConfig`] to what this engine acts on. In: the typed configuration and librdkafka's properties, which win;
//! out: [`Settings`], or one line that names what cannot be honoured, never its value.

use std::time::Duration;

use kafka_admin::{AdminError, ClientConfig, Sasl, Tls};
use secrecy::SecretString;

use crate::connection::Address;

/// Everything that a connection needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) bootstrap: Vec<Address>,
    pub(crate) client_id: String,
    pub(crate) tls: Option<Tls>,
    /// Whether the certificate must be for the host that was dialled; only with verification.
    pub(crate) check_host_name: bool,
    pub(crate) sasl: Option<Sasl>,
    pub(crate) socket: SocketSettings,
}

/// Sockets and their times.
#[derive(Debug, Clone)]
pub(crate) struct SocketSettings {
    pub(crate) keepalive: bool,
    pub(crate) nodelay: bool,
    /// IPv4, IPv6 or both.
    pub(crate) family: Family,
    /// From the first packet to the end of the handshakes.
    pub(crate) setup: Duration,
    /// A connection that owes an answer for this long, without a byte, is not used for further requests.
    pub(crate) silence: Duration,
    /// Closes a connection that nobody has used for this long; `None` leaves that to the broker.
    pub(crate) max_idle: Option<Duration>,
    /// First pause after a connection failed; each failure doubles it up to `backoff_max`.
    pub(crate) backoff: Duration,
    pub(crate) backoff_max: Duration,
    /// Bytes that one answer may have.
    pub(crate) largest_answer: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            keepalive: true,
            nodelay: true,
            family: Family::Any,
            setup: Duration::from_secs(10),
            silence: Duration::from_secs(10),
            max_idle: None,
            backoff: Duration::from_millis(100),
            backoff_max: Duration::from_secs(1),
            largest_answer: LARGEST_ANSWER,
        }
    }
}

/// More than any answer to our requests should have, which ask in chunks; a third of what Kafka itself could send.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

/// `broker.address.family`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Any,
    V4,
    V6,
}

/// Whether this engine honours a librdkafka property; of the others [`ClientConfig::properties`] must have none.
pub fn is_honoured(key: &str) -> bool {
    property(key).is_some()
}

/// A property's place in the draft; the error says what was expected.
type Set = fn(&mut Draft, &str) -> Result<(), &'static str>;

fn property(key: &str) -> Option<Set> {
    HONOURED.iter().find(|(name, _)| *name == key).map(|(_, set)| *set)
}

/// What librdkafka's CONFIGURATION.md says these mean is what they mean here.
const HONOURED: &[(&str, Set)] = &[
    ("bootstrap.servers", |draft, value| draft.bootstrap(value)),
    ("metadata.broker.list", |draft, value| draft.bootstrap(value)),
    ("client.id", |draft, value| {
        draft.settings.client_id = value.to_owned();
        Ok(())
    }),
    ("security.protocol", |draft, value| {
        (draft.use_tls, draft.use_sasl) = match value.to_ascii_lowercase().as_str() {
            "plaintext" => (false, false),
            "ssl" => (true, false),
            "sasl_plaintext" => (false, true),
            "sasl_ssl" => (true, true),
            _ => return Err("plaintext, ssl, sasl_plaintext or sasl_ssl"),
        };
        Ok(())
    }),
    ("ssl.ca.location", |draft, value| {
        draft.tls.ca_file = (value != "probe").then(|| value.into());
        Ok(())
    }),
    ("ssl.certificate.location", |draft, value| {
        draft.tls.cert_file = Some(value.into());
        Ok(())
    }),
    ("ssl.key.location", |draft, value| {
        draft.tls.key_file = Some(value.into());
        Ok(())
    }),
    ("ssl.key.password", |draft, value| {
        draft.tls.key_password = Some(value.into());
        Ok(())
    }),
    ("enable.ssl.certificate.verification", |draft, value| {
        draft.tls.insecure_skip_verify = !boolean(value)?;
        Ok(())
    }),
    ("ssl.endpoint.identification.algorithm", |draft, value| {
        draft.settings.check_host_name = match value {
            "https" => true,
            "none" => false,
            _ => return Err("https or none"),
        };
        Ok(())
    }),
    ("sasl.mechanism", |draft, value| draft.mechanism(value)),
    ("sasl.mechanisms", |draft, value| draft.mechanism(value)),
    ("sasl.username", |draft, value| {
        draft.username = Some(value.to_owned());
        Ok(())
    }),
    ("sasl.password", |draft, value| {
        draft.password = Some(value.into());
        Ok(())
    }),
    ("socket.keepalive.enable", |draft, value| {
        draft.settings.socket.keepalive = boolean(value)?;
        Ok(())
    }),
    ("socket.nagle.disable", |draft, value| {
        draft.settings.socket.nodelay = boolean(value)?;
        Ok(())
    }),
    ("broker.address.family", |draft, value| {
        draft.settings.socket.family = match value {
            "any" => Family::Any,
            "v4" => Family::V4,
            "v6" => Family::V6,
            _ => return Err("any, v4 or v6"),
        };
        Ok(())
    }),
    ("socket.connection.setup.timeout.ms", |draft, value| {
        let expected = "milliseconds from 1000 to 4294967295";
        draft.settings.socket.setup = milliseconds(value, 1000).ok_or(expected)?;
        Ok(())
    }),
    ("socket.timeout.ms", |draft, value| {
        draft.settings.socket.silence = milliseconds(value, 10).ok_or("milliseconds from 10 to 4294967295")?;
        Ok(())
    }),
    ("connections.max.idle.ms", |draft, value| {
        draft.settings.socket.max_idle =
            Some(milliseconds(value, 0).ok_or(MILLISECONDS)?).filter(|idle| !idle.is_zero());
        Ok(())
    }),
    ("reconnect.backoff.ms", |draft, value| {
        draft.settings.socket.backoff = milliseconds(value, 0).ok_or(MILLISECONDS)?;
        Ok(())
    }),
    ("reconnect.backoff.max.ms", |draft, value| {
        draft.settings.socket.backoff_max = milliseconds(value, 0).ok_or(MILLISECONDS)?;
        Ok(())
    }),
    ("receive.message.max.bytes", |draft, value| {
        let expected = "bytes from 1000 to 2147483647";
        let bytes = value.parse::<i32>().ok().filter(|bytes| *bytes >= 1000).ok_or(expected)?;
        draft.settings.socket.largest_answer = usize::try_from(bytes).map_err(|_| expected)?;
        Ok(())
    }),
];

/// Settings in the making: the halves of the security configuration apart, as properties set them.
struct Draft {
    settings: Settings,
    use_tls: bool,
    tls: Tls,
    use_sasl: bool,
    typed: Option<Sasl>,
    mechanism: Option<String>,
    username: Option<String>,
    password: Option<SecretString>,
}

impl Draft {
    fn new(config: &ClientConfig) -> Result<Self, AdminError> {
        let sasl = config.security.sasl.clone();
        let (mechanism, username, password) = match &sasl {
            None => (None, None, None),
            Some(Sasl::Plain { username, password }) => (Some("PLAIN"), Some(username), Some(password)),
            Some(Sasl::ScramSha256 { username, password }) => (Some("SCRAM-SHA-256"), Some(username), Some(password)),
            Some(Sasl::ScramSha512 { username, password }) => (Some("SCRAM-SHA-512"), Some(username), Some(password)),
            Some(Sasl::Gssapi { .. }) => (Some("GSSAPI"), None, None),
            Some(Sasl::OAuthBearer { .. }) => (Some("OAUTHBEARER"), None, None),
        };
        let (mechanism, username, password) = (mechanism.map(str::to_owned), username.cloned(), password.cloned());
        let tls = config.security.tls.clone();
        let settings = Settings {
            bootstrap: Vec::new(),
            client_id: config.client_id.clone(),
            tls: None,
            check_host_name: true,
            sasl: None,
            socket: SocketSettings::default(),
        };
        let (use_tls, use_sasl, tls) = (tls.is_some(), sasl.is_some(), tls.unwrap_or_default());
        Ok(Self { settings, use_tls, tls, use_sasl, typed: sasl, mechanism, username, password })
    }

    fn bootstrap(&mut self, servers: &str) -> Result<(), &'static str> {
        let servers = servers.split(',').map(str::trim).filter(|server| !server.is_empty());
        let servers: Option<Vec<Address>> = servers.map(Address::parse).collect();
        self.settings.bootstrap = servers.ok_or("host:port,host:port")?;
        Ok(())
    }

    fn mechanism(&mut self, mechanism: &str) -> Result<(), &'static str> {
        self.mechanism = Some(mechanism.to_ascii_uppercase());
        Ok(())
    }

    fn sasl(&self) -> Result<Sasl, AdminError> {
        // Without a mechanism librdkafka takes GSSAPI.
        let mechanism = self.mechanism.as_deref().unwrap_or("GSSAPI");
        let credentials = || match (&self.username, &self.password) {
            (Some(username), Some(password)) => Ok((username.clone(), password.clone())),
            _ => Err(client(&format!("sasl.mechanism={mechanism} needs sasl.username and sasl.password"))),
        };
        match mechanism {
            "PLAIN" => credentials().map(|(username, password)| Sasl::Plain { username, password }),
            "SCRAM-SHA-256" => credentials().map(|(username, password)| Sasl::ScramSha256 { username, password }),
            "SCRAM-SHA-512" => credentials().map(|(username, password)| Sasl::ScramSha512 { username, password }),
            "GSSAPI" => Err(client("GSSAPI needs librdkafka: --kafka.client=librdkafka")),
            "OAUTHBEARER" => match &self.typed {
                Some(Sasl::OAuthBearer { tokens }) => Ok(Sasl::OAuthBearer { tokens: tokens.clone() }),
                _ => Err(client("OAUTHBEARER by properties alone needs librdkafka: --kafka.client=librdkafka")),
            },
            _ => Err(client("this SASL mechanism needs librdkafka: --kafka.client=librdkafka")),
        }
    }
}

impl Settings {
    /// # Errors
    /// [`AdminError::Client`] for what is contradictory or cannot be honoured.
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, AdminError> {
        let mut draft = Draft::new(config)?;
        draft.bootstrap(&config.bootstrap.join(",")).map_err(|expected| {
            client(&format!("bootstrap servers {}: expected {expected}", config.bootstrap.join(",")))
        })?;
        for (key, value) in &config.properties {
            let Some(set) = property(key) else {
                return Err(client(&format!("{key} is librdkafka's alone: drop it, or use --kafka.client=librdkafka")));
            };
            set(&mut draft, value).map_err(|expected| client(&format!("{key} must be {expected}")))?;
        }
        if draft.settings.bootstrap.is_empty() {
            return Err(client("no bootstrap server given"));
        }
        if i16::try_from(draft.settings.client_id.len()).is_err() {
            return Err(client("client.id is longer than 32767 bytes"));
        }
        if draft.use_sasl {
            draft.settings.sasl = Some(draft.sasl()?);
        }
        if draft.use_tls {
            match (&draft.tls.cert_file, &draft.tls.key_file) {
                (Some(_), None) => return Err(client("TLS: a client certificate needs its key file")),
                (None, Some(_)) => return Err(client("TLS: a client key needs its certificate file")),
                _ => draft.settings.tls = Some(draft.tls),
            }
        }
        Ok(draft.settings)
    }
}

fn boolean(value: &str) -> Result<bool, &'static str> {
    match value {
        "true" | "t" | "1" => Ok(true),
        "false" | "f" | "0" => Ok(false),
        _ => Err("true or false"),
    }
}

const MILLISECONDS: &str = "milliseconds up to 4294967295";

fn milliseconds(value: &str, at_least: u32) -> Option<Duration> {
    let value = value.parse::<u32>().ok().filter(|value| *value >= at_least)?;
    Some(Duration::from_millis(value.into()))
}

fn client(message: &str) -> AdminError {
    AdminError::Client { message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kafka_admin::{SecurityConfig, Token, TokenProvider};
    use secrecy::ExposeSecret;

    use super::*;

    fn config(tls: Option<Tls>, sasl: Option<Sasl>, properties: &[(&str, &str)]) -> ClientConfig {
        ClientConfig {
            bootstrap: vec!["a:9092".to_owned(), "b".to_owned()],
            client_id: "vitals".to_owned(),
            security: SecurityConfig { tls, sasl },
            properties: properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        }
    }

    fn plain() -> Option<Sasl> {
        Some(Sasl::Plain { username: "u".to_owned(), password: "hunter2".into() })
    }

    /// What differs between settings, in one line; passwords in full, as this is a test.
    fn shown(settings: &Settings) -> String {
        let servers: Vec<String> = settings.bootstrap.iter().map(Address::to_string).collect();
        let tls = settings.tls.as_ref().map(|tls| {
            let files = [&tls.ca_file, &tls.cert_file, &tls.key_file]
                .map(|file| file.as_ref().map(|f| f.display().to_string()));
            let password = tls.key_password.as_ref().map(|password| password.expose_secret().to_owned());
            let all = files.into_iter().chain([password]).map(|part| part.unwrap_or_else(|| "-".to_owned()));
            let verify = if tls.insecure_skip_verify { "unverified" } else { "verified" };
            format!("{} {verify}", all.collect::<Vec<_>>().join(" "))
        });
        let sasl = settings.sasl.as_ref().map(|sasl| match sasl {
            Sasl::Plain { username, password } => format!("PLAIN {username} {}", password.expose_secret()),
            Sasl::ScramSha256 { username, password } => format!("256 {username} {}", password.expose_secret()),
            Sasl::ScramSha512 { username, password } => format!("512 {username} {}", password.expose_secret()),
            Sasl::OAuthBearer { .. } => "OAUTHBEARER".to_owned(),
            Sasl::Gssapi { .. } => "GSSAPI".to_owned(),
        });
        let host = if settings.check_host_name { "host" } else { "any host" };
        let (tls, sasl) = (tls.unwrap_or_default(), sasl.unwrap_or_default());
        format!("{} | {} | {tls} | {host} | {sasl}", servers.join(","), settings.client_id)
    }

    #[derive(Debug)]
    struct NoTokens;

    #[async_trait::async_trait]
    impl TokenProvider for NoTokens {
        async fn token(&self, _: std::time::Instant) -> Result<Token, AdminError> {
            Err(AdminError::Unsupported { call: "token" })
        }
    }

    #[test]
    fn properties_change_the_typed_configuration_as_librdkafka_would_take_them() {
        let mutual = || {
            Some(Tls {
                ca_file: Some("/ca".into()),
                cert_file: Some("/cert".into()),
                key_file: Some("/key".into()),
                key_password: Some("kp".into()),
                ..Tls::default()
            })
        };
        let tokens = || Some(Sasl::OAuthBearer { tokens: Arc::new(NoTokens) });
        let table: Vec<(ClientConfig, &str)> = vec![
            (config(None, None, &[]), "a:9092,b:9092 | vitals |  | host | "),
            (
                config(mutual(), plain(), &[]),
                "a:9092,b:9092 | vitals | /ca /cert /key kp verified | host | PLAIN u hunter2",
            ),
            (config(None, None, &[("bootstrap.servers", "c:1, [::1]:2")]), "c:1,[::1]:2 | vitals |  | host | "),
            (config(None, None, &[("metadata.broker.list", "d:1,"), ("client.id", "x")]), "d:1 | x |  | host | "),
            (
                config(None, None, &[("security.protocol", "SSL"), ("ssl.ca.location", "/other")]),
                "a:9092,b:9092 | vitals | /other - - - verified | host | ",
            ),
            (
                config(
                    mutual(),
                    None,
                    &[("ssl.ca.location", "probe"), ("ssl.endpoint.identification.algorithm", "none")],
                ),
                "a:9092,b:9092 | vitals | - /cert /key kp verified | any host | ",
            ),
            (
                config(
                    mutual(),
                    None,
                    &[
                        ("enable.ssl.certificate.verification", "false"),
                        ("ssl.certificate.location", "/c"),
                        ("ssl.key.location", "/k"),
                        ("ssl.key.password", "p"),
                    ],
                ),
                "a:9092,b:9092 | vitals | /ca /c /k p unverified | host | ",
            ),
            (config(mutual(), plain(), &[("security.protocol", "plaintext")]), "a:9092,b:9092 | vitals |  | host | "),
            (
                config(None, plain(), &[("sasl.mechanism", "scram-sha-512"), ("sasl.password", "other")]),
                "a:9092,b:9092 | vitals |  | host | 512 u other",
            ),
            (
                config(
                    None,
                    None,
                    &[
                        ("security.protocol", "sasl_plaintext"),
                        ("sasl.mechanisms", "SCRAM-SHA-256"),
                        ("sasl.username", "n"),
                        ("sasl.password", "p"),
                    ],
                ),
                "a:9092,b:9092 | vitals |  | host | 256 n p",
            ),
            (config(None, tokens(), &[]), "a:9092,b:9092 | vitals |  | host | OAUTHBEARER"),
        ];
        for (config, expected) in table {
            assert_eq!(shown(&Settings::new(&config).unwrap()), expected, "{config:?}");
        }
    }

    #[test]
    fn properties_of_sockets_are_taken_over() {
        let properties = [
            ("socket.keepalive.enable", "false"),
            ("socket.nagle.disable", "false"),
            ("broker.address.family", "v4"),
            ("socket.connection.setup.timeout.ms", "1000"),
            ("socket.timeout.ms", "20000"),
            ("connections.max.idle.ms", "0"),
            ("reconnect.backoff.ms", "7"),
            ("reconnect.backoff.max.ms", "8"),
            ("receive.message.max.bytes", "1000"),
        ];
        let socket = Settings::new(&config(None, None, &properties)).unwrap().socket;
        assert_eq!((socket.keepalive, socket.nodelay, socket.family), (false, false, Family::V4));
        let times = [socket.setup, socket.silence, socket.backoff, socket.backoff_max].map(|time| time.as_millis());
        assert_eq!((times, socket.max_idle, socket.largest_answer), ([1000, 20000, 7, 8], None, 1000));
        assert!(properties.iter().all(|(key, _)| is_honoured(key)));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_by_name_and_never_with_its_value() {
        let kerberos = Sasl::Gssapi { service_name: "kafka".into(), principal: "p".into(), keytab: "/k".into() };
        let cert_only = Tls { cert_file: Some("/c".into()), ..Tls::default() };
        let mut nowhere = config(None, None, &[]);
        nowhere.bootstrap.clear();
        let mut broken = config(None, None, &[]);
        broken.bootstrap = vec!["a:hunter".to_owned()];
        let refused = |key, value| config(None, None, &[(key, value)]);
        let table = vec![
            (config(None, Some(kerberos), &[]), "GSSAPI needs librdkafka: --kafka.client=librdkafka"),
            (refused("security.protocol", "sasl_ssl"), "GSSAPI needs librdkafka: --kafka.client=librdkafka"),
            (
                config(None, plain(), &[("sasl.mechanism", "OAUTHBEARER")]),
                "OAUTHBEARER by properties alone needs librdkafka: --kafka.client=librdkafka",
            ),
            (
                config(None, None, &[("security.protocol", "sasl_ssl"), ("sasl.mechanism", "PLAIN")]),
                "sasl.mechanism=PLAIN needs sasl.username and sasl.password",
            ),
            (
                refused("ssl.key.pem", "hunter2"),
                "ssl.key.pem is librdkafka's alone: drop it, or use --kafka.client=librdkafka",
            ),
            (refused("socket.timeout.ms", "hunter2"), "socket.timeout.ms must be milliseconds from 10 to 4294967295"),
            (refused("socket.keepalive.enable", "hunter2"), "socket.keepalive.enable must be true or false"),
            (refused("bootstrap.servers", "hunter2:x"), "bootstrap.servers must be host:port,host:port"),
            (config(Some(cert_only), None, &[]), "TLS: a client certificate needs its key file"),
            (nowhere, "no bootstrap server given"),
            (broken, "bootstrap servers a:hunter: expected host:port,host:port"),
        ];
        for (config, message) in table {
            assert_eq!(Settings::new(&config).unwrap_err().to_string(), message);
        }
        assert!(!is_honoured("ssl.key.pem") && !is_honoured("debug") && !is_honoured(""));
    }
}
