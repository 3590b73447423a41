//! Which engine reads Kafka. In: what was asked for, and the client configuration; out: the engine, with the reason for
//! it, or one line that says what to change.

use std::sync::Arc;

use kafka_admin::{AdminError, ClientConfig, KafkaAdmin};
use kafka_admin_protocol::{ProtocolAdmin, is_honoured};

use super::security::{self, Security};
use crate::config::{ClientChoice, Config};

/// What is in this binary.
#[derive(Debug, Clone, Copy)]
struct BuiltIn {
    librdkafka: bool,
    gssapi: bool,
}
const BUILT_IN: BuiltIn = BuiltIn { librdkafka: cfg!(feature = "librdkafka"), gssapi: cfg!(feature = "gssapi") };
const NOT_BUILT_IN: &str = "this binary was built without it (cargo feature librdkafka)";

/// An engine, with nothing connected yet.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) admin: Arc<dyn KafkaAdmin>,
    /// Why it is this one, for the log.
    pub(super) reason: String,
    /// For the log too.
    pub(super) security: Security,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Protocol,
    Librdkafka,
}

/// Sets up the engine for the configuration; `None` if Kafka is not to be read. Reads TLS files.
pub(super) fn connect(config: &Config) -> Result<Option<Chosen>, String> {
    let Some(kafka) = &config.kafka else { return Ok(None) };
    let security = security::resolve(kafka)?;
    let (engine, reason) = choose(config.client, kafka, security, BUILT_IN, is_honoured)?;
    // Engines do not know the flags, and librdkafka does not say what is wrong with a file that cannot be read.
    for (flag, _, file) in tls_files(kafka) {
        std::fs::read(file).map_err(|error| format!("{flag}: {}: {error}", file.display()))?;
    }
    let admin = match engine {
        Engine::Protocol => ProtocolAdmin::new(kafka).map(|admin| Arc::new(admin) as Arc<dyn KafkaAdmin>),
        Engine::Librdkafka => librdkafka(kafka),
    };
    let admin = admin.map_err(|error| told(&error, kafka))?;
    Ok(Some(Chosen { admin, reason, security }))
}

/// `honours`: whether the protocol engine honours a property.
fn choose(
    choice: ClientChoice,
    kafka: &ClientConfig,
    security: Security,
    built_in: BuiltIn,
    honours: impl Fn(&str) -> bool,
) -> Result<(Engine, String), String> {
    if security.mechanism == Some("GSSAPI") && !built_in.gssapi {
        return Err("Kerberos (GSSAPI) is not in this binary: build with the cargo feature gssapi, or choose another \
                    --sasl.mechanism"
            .to_owned());
    }
    let only_librdkafka = only_librdkafka(kafka, security, honours);
    let only_protocol = kafka.security.tls.as_ref().is_some_and(|tls| tls.server_name.is_some());
    let engine = match (choice, only_librdkafka) {
        (ClientChoice::Protocol, None) => (Engine::Protocol, "asked for".to_owned()),
        (ClientChoice::Auto, None) => (Engine::Protocol, "can do all that is asked for".to_owned()),
        (ClientChoice::Librdkafka, _) => (Engine::Librdkafka, "asked for".to_owned()),
        (ClientChoice::Auto, Some(what)) if built_in.librdkafka => {
            (Engine::Librdkafka, format!("nothing else can do {what}"))
        }
        (ClientChoice::Auto, Some(what)) => {
            return Err(format!("{what} needs librdkafka, and {NOT_BUILT_IN}: build with it, or leave this out"));
        }
        (ClientChoice::Protocol, Some(what)) if built_in.librdkafka => {
            return Err(format!(
                "--kafka.client=protocol cannot do {what}: leave this out, or give --kafka.client=librdkafka"
            ));
        }
        (ClientChoice::Protocol, Some(what)) => {
            return Err(format!(
                "--kafka.client=protocol cannot do {what}: leave this out (librdkafka can, but {NOT_BUILT_IN})"
            ));
        }
    };
    match engine.0 {
        Engine::Librdkafka if !built_in.librdkafka => {
            Err(format!("--kafka.client=librdkafka: {NOT_BUILT_IN}: build with it, or give --kafka.client=protocol"))
        }
        Engine::Librdkafka if only_protocol => {
            let because = if choice == ClientChoice::Librdkafka { "--kafka.client asks for it" } else { &engine.1 };
            Err(format!(
                "--tls.server-name is not possible with librdkafka, which is in use because {because}; drop one of the two"
            ))
        }
        _ => Ok(engine),
    }
}

/// What there is that the protocol engine cannot do.
fn only_librdkafka(kafka: &ClientConfig, security: Security, honours: impl Fn(&str) -> bool) -> Option<String> {
    if let Some(key) = kafka.properties.keys().find(|key| !honours(key)) {
        return Some(format!("--kafka.property={key}"));
    }
    match security.mechanism {
        Some("GSSAPI") => Some("Kerberos (GSSAPI)".to_owned()),
        Some(security::OTHER) => Some("this sasl.mechanism of --kafka.property".to_owned()),
        _ => None,
    }
}

#[cfg(feature = "librdkafka")]
fn librdkafka(kafka: &ClientConfig) -> Result<Arc<dyn KafkaAdmin>, AdminError> {
    let admin = kafka_admin_librdkafka::LibrdkafkaAdmin::new(kafka)?;
    Ok(Arc::new(admin))
}

#[cfg(not(feature = "librdkafka"))]
fn librdkafka(_: &ClientConfig) -> Result<Arc<dyn KafkaAdmin>, AdminError> {
    Err(AdminError::Client { message: format!("librdkafka: {NOT_BUILT_IN}") })
}

/// Flag, librdkafka's property, file.
fn tls_files(kafka: &ClientConfig) -> Vec<(&'static str, &'static str, &std::path::Path)> {
    let files = kafka.security.tls.iter().flat_map(|tls| {
        [
            ("--tls.ca-file", "ssl.ca.location", &tls.ca_file),
            ("--tls.cert-file", "ssl.certificate.location", &tls.cert_file),
            ("--tls.key-file", "ssl.key.location", &tls.key_file),
        ]
    });
    files.filter_map(|(flag, property, file)| Some((flag, property, file.as_deref()?))).collect()
}

/// The error with the flag that it is about: librdkafka names its property, the protocol engine property or file.
fn told(error: &AdminError, kafka: &ClientConfig) -> String {
    let error = error.to_string();
    let is_file = |key: &str| ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location"].contains(&key);
    for (key, value) in &kafka.properties {
        if error.starts_with(key) {
            return format!("--kafka.property={error}");
        }
        if error.contains(&format!("{key:?}")) || (is_file(key) && error.contains(value)) {
            return format!("--kafka.property={key}: {error}");
        }
    }
    for (flag, property, file) in tls_files(kafka) {
        let file = file.display().to_string();
        if error.contains(&file) {
            return format!("{flag}: {error}");
        }
        if error.contains(property) {
            return format!("{flag}: {file}: {error}");
        }
    }
    format!("Kafka client: {error}")
}

#[cfg(test)]
mod tests {
    use kafka_admin::{Sasl, SecurityConfig, Tls};

    use super::*;

    const ALL: BuiltIn = BuiltIn { librdkafka: true, gssapi: true };
    const LIBRDKAFKA: BuiltIn = BuiltIn { librdkafka: true, gssapi: false };
    const NONE: BuiltIn = BuiltIn { librdkafka: false, gssapi: false };

    fn config(sasl: Option<Sasl>, property: Option<&str>, server_name: Option<&str>) -> ClientConfig {
        let property = property.map(|property| property.split_once('=').unwrap_or((property, "hunter2")));
        let tls = Tls { server_name: server_name.map(str::to_owned), ..Tls::default() };
        ClientConfig {
            bootstrap: vec!["a:1".to_owned()],
            client_id: "vitals".to_owned(),
            security: SecurityConfig { tls: Some(tls), sasl },
            properties: property.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }

    fn chosen(choice: ClientChoice, kafka: &ClientConfig, built_in: BuiltIn) -> Result<(Engine, String), String> {
        choose(choice, kafka, security::resolve(kafka)?, built_in, |key| {
            ["known", "sasl.mechanism", "security.protocol"].contains(&key)
        })
    }

    #[test]
    fn auto_is_protocol_and_librdkafka_where_only_that_can() {
        let kerberos = || Sasl::Gssapi { service_name: "kafka".into(), principal: "p".into(), keytab: "/k".into() };
        let plain = || Sasl::Plain { username: "u".into(), password: "p".to_owned().into() };
        for (kafka, engine, says) in [
            (config(None, None, None), Engine::Protocol, "all that is asked for"),
            (config(Some(plain()), Some("known"), Some("name")), Engine::Protocol, ""),
            (config(None, Some("unknown"), None), Engine::Librdkafka, "--kafka.property=unknown"),
            (config(Some(kerberos()), None, None), Engine::Librdkafka, "GSSAPI"),
            (config(Some(kerberos()), Some("sasl.mechanism=plain"), None), Engine::Protocol, ""),
            (config(Some(plain()), Some("sasl.mechanism=hunter2"), None), Engine::Librdkafka, "this sasl.mechanism"),
            (config(None, Some("security.protocol=sasl_ssl"), None), Engine::Librdkafka, "GSSAPI"),
            (config(Some(plain()), Some("security.protocol=sasl_ssl"), None), Engine::Protocol, ""),
        ] {
            let (is, reason) = chosen(ClientChoice::Auto, &kafka, ALL).unwrap();
            assert!(is == engine && reason.contains(says) && !reason.contains("hunter2"), "{is:?}: {reason}");
            let forced = chosen(ClientChoice::Protocol, &kafka, ALL);
            assert_eq!(forced.is_ok(), engine == Engine::Protocol, "{forced:?}");
        }
    }

    #[test]
    fn what_cannot_be_is_told_with_what_to_do() {
        let (simple, property) = (config(None, None, None), config(None, Some("unknown"), None));
        let named = config(None, None, Some("name"));
        let both = config(None, Some("unknown"), Some("name"));
        let kerberos = config(None, Some("security.protocol=sasl_ssl"), None);
        for (choice, kafka, built_in, says) in [
            (ClientChoice::Protocol, &property, ALL, ["--kafka.property=unknown", "give --kafka.client=librdkafka"]),
            (ClientChoice::Protocol, &property, NONE, ["--kafka.property=unknown", "cargo feature librdkafka"]),
            (ClientChoice::Librdkafka, &simple, NONE, ["cargo feature librdkafka", "--kafka.client=protocol"]),
            (ClientChoice::Auto, &property, NONE, ["--kafka.property=unknown", "cargo feature librdkafka"]),
            (ClientChoice::Librdkafka, &named, ALL, ["--tls.server-name", "because --kafka.client asks for it; drop"]),
            (
                ClientChoice::Auto,
                &both,
                ALL,
                ["--tls.server-name", "because nothing else can do --kafka.property=unknown"],
            ),
            (ClientChoice::Protocol, &kerberos, LIBRDKAFKA, ["GSSAPI", "cargo feature gssapi"]),
            (ClientChoice::Auto, &kerberos, NONE, ["GSSAPI", "cargo feature gssapi"]),
            (ClientChoice::Protocol, &kerberos, ALL, ["GSSAPI", "give --kafka.client=librdkafka"]),
        ] {
            let error = chosen(choice, kafka, built_in).unwrap_err();
            assert!(says.iter().all(|part| error.contains(part)), "{choice:?}: {error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
        assert_eq!(chosen(ClientChoice::Auto, &simple, NONE).unwrap().0, Engine::Protocol);
    }
}
