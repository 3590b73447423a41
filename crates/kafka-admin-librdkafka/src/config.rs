//! [`ClientConfig`] to librdkafka properties. In: the typed configuration; out: a map in which the user's own
//! properties have won, or one line that names what cannot be.

use std::collections::BTreeMap;
use std::path::Path;

use kafka_admin::{AdminError, ClientConfig, Sasl};
use secrecy::ExposeSecret;

/// What we want other than librdkafka does by itself.
const DEFAULTS: &[(&str, &str)] = &[
    // Only the deadline of a call counts, but a broker that has been silent for this long gets a new connection.
    ("socket.timeout.ms", "10000"),
    ("socket.connection.setup.timeout.ms", "5000"),
    ("api.version.request.timeout.ms", "5000"),
    // NAT and firewalls forget idle connections, and a scrape a minute is idle.
    ("socket.keepalive.enable", "true"),
    // A restarted broker is to be there for the next scrape.
    ("reconnect.backoff.ms", "100"),
    ("reconnect.backoff.max.ms", "1000"),
    // We make faults of these lines, and debug logs.
    ("log.connection.close", "true"),
    ("allow.auto.create.topics", "false"),
    // The handle is a consumer's that never joins its group; see ffi::Client.
    ("group.id", "kafka-vitals"),
    ("enable.auto.commit", "false"),
    // KIP-714 would have us push metrics about ourselves to the brokers.
    ("enable.metrics.push", "false"),
];

/// Names under which librdkafka knows the same property twice.
const ALIASES: &[(&str, &str)] =
    &[("metadata.broker.list", "bootstrap.servers"), ("sasl.mechanism", "sasl.mechanisms")];

/// The properties for a handle.
///
/// # Errors
/// [`AdminError::Client`] for what is contradictory or not compiled in.
pub(crate) fn properties(config: &ClientConfig) -> Result<BTreeMap<String, String>, AdminError> {
    let mut properties: BTreeMap<String, String> =
        DEFAULTS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut set = |key: &str, value: &str| properties.insert(key.to_owned(), value.to_owned());

    set("bootstrap.servers", &config.bootstrap.join(","));
    set("client.id", &config.client_id);
    let security = &config.security;
    set(
        "security.protocol",
        match (&security.tls, &security.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        },
    );
    if let Some(tls) = &security.tls {
        if tls.server_name.is_some() {
            return Err(client("TLS: librdkafka checks the host that it connects to, no other server name"));
        }
        // Without a file librdkafka would ask OpenSSL for its default directory, which in a static build exists nowhere.
        set("ssl.ca.location", tls.ca_file.as_deref().map_or(Ok("probe"), |file| path(file, "CA file"))?);
        match (&tls.cert_file, &tls.key_file) {
            (Some(cert), Some(key)) => {
                set("ssl.certificate.location", path(cert, "certificate file")?);
                set("ssl.key.location", path(key, "key file")?);
            }
            (None, None) => {}
            (Some(_), None) => return Err(client("TLS: a client certificate needs its key file")),
            (None, Some(_)) => return Err(client("TLS: a client key needs its certificate file")),
        }
        if let Some(password) = &tls.key_password {
            set("ssl.key.password", password.expose_secret());
        }
        if tls.insecure_skip_verify {
            set("enable.ssl.certificate.verification", "false");
            set("ssl.endpoint.identification.algorithm", "none");
        }
    }
    match &security.sasl {
        None => {}
        Some(Sasl::Plain { username, password }) => {
            set("sasl.mechanisms", "PLAIN");
            set("sasl.username", username);
            set("sasl.password", password.expose_secret());
        }
        Some(Sasl::ScramSha256 { username, password }) => {
            set("sasl.mechanisms", "SCRAM-SHA-256");
            set("sasl.username", username);
            set("sasl.password", password.expose_secret());
        }
        Some(Sasl::ScramSha512 { username, password }) => {
            set("sasl.mechanisms", "SCRAM-SHA-512");
            set("sasl.username", username);
            set("sasl.password", password.expose_secret());
        }
        Some(Sasl::Gssapi { service_name, principal, keytab }) => {
            if cfg!(not(feature = "gssapi")) {
                return Err(client("Kerberos (GSSAPI) is not compiled in: build with the cargo feature gssapi"));
            }
            set("sasl.mechanisms", "GSSAPI");
            set("sasl.kerberos.service.name", service_name);
            set("sasl.kerberos.principal", principal);
            set("sasl.kerberos.keytab", path(keytab, "keytab")?);
        }
        Some(Sasl::OAuthBearer { .. }) => {
            set("sasl.mechanisms", "OAUTHBEARER");
        }
    }

    for (key, value) in &config.properties {
        let key = ALIASES.iter().find(|(alias, _)| alias == key).map_or(key.as_str(), |(_, name)| name);
        properties.insert(key.to_owned(), value.clone());
    }
    if properties.get("bootstrap.servers").is_none_or(String::is_empty) {
        return Err(client("no bootstrap server given"));
    }
    if properties.get("group.id").is_none_or(String::is_empty) {
        return Err(client("group.id must not be empty, although this client joins no group"));
    }
    Ok(properties)
}

/// The values among `properties` that must not be shown, longest first so that none is replaced in part.
pub(crate) fn secrets(properties: &BTreeMap<String, String>) -> Vec<String> {
    const MARKS: &[&str] = &["password", "secret", ".pem", "oauthbearer.config"];
    let mut secrets: Vec<String> = properties
        .iter()
        .filter(|(key, value)| !value.is_empty() && MARKS.iter().any(|mark| key.contains(mark)))
        .map(|(_, value)| value.clone())
        .collect();
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

/// `text` with `[redacted]` for each secret.
pub(crate) fn redact(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[redacted]"))
}

fn path<'a>(path: &'a Path, what: &str) -> Result<&'a str, AdminError> {
    path.to_str().ok_or_else(|| client(&format!("{what} {}: the path is not UTF-8", path.display())))
}

fn client(message: &str) -> AdminError {
    AdminError::Client { message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use kafka_admin::{SecurityConfig, Tls};

    use super::*;

    fn config(tls: Option<Tls>, sasl: Option<Sasl>, extra: &[(&str, &str)]) -> ClientConfig {
        ClientConfig {
            bootstrap: vec!["a:9092".to_owned(), "b:9092".to_owned()],
            client_id: "vitals".to_owned(),
            security: SecurityConfig { tls, sasl },
            properties: extra.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    fn plain() -> Option<Sasl> {
        Some(Sasl::Plain { username: "u".to_owned(), password: "hunter2".to_owned().into() })
    }

    #[test]
    fn the_halves_of_the_security_configuration_make_the_protocol_and_its_properties() {
        let scram = |user: &str| Sasl::ScramSha512 { username: user.to_owned(), password: "p".to_owned().into() };
        let mutual = Tls {
            ca_file: Some("/ca.pem".into()),
            cert_file: Some("/cert.pem".into()),
            key_file: Some("/key.pem".into()),
            key_password: Some("kp".to_owned().into()),
            insecure_skip_verify: true,
            server_name: None,
        };
        type Expected<'a> = &'a [(&'a str, Option<&'a str>)];
        let table: Vec<(ClientConfig, Expected<'_>)> = vec![
            (
                config(None, None, &[]),
                &[
                    ("bootstrap.servers", Some("a:9092,b:9092")),
                    ("client.id", Some("vitals")),
                    ("security.protocol", Some("plaintext")),
                    ("ssl.ca.location", None),
                    ("sasl.mechanisms", None),
                ],
            ),
            (
                config(Some(Tls::default()), None, &[]),
                &[
                    ("security.protocol", Some("ssl")),
                    ("ssl.ca.location", Some("probe")),
                    ("ssl.certificate.location", None),
                    ("enable.ssl.certificate.verification", None),
                ],
            ),
            (
                config(None, plain(), &[]),
                &[
                    ("security.protocol", Some("sasl_plaintext")),
                    ("sasl.mechanisms", Some("PLAIN")),
                    ("sasl.username", Some("u")),
                    ("sasl.password", Some("hunter2")),
                ],
            ),
            (
                config(Some(mutual), Some(scram("s")), &[]),
                &[
                    ("security.protocol", Some("sasl_ssl")),
                    ("sasl.mechanisms", Some("SCRAM-SHA-512")),
                    ("ssl.ca.location", Some("/ca.pem")),
                    ("ssl.certificate.location", Some("/cert.pem")),
                    ("ssl.key.location", Some("/key.pem")),
                    ("ssl.key.password", Some("kp")),
                    ("enable.ssl.certificate.verification", Some("false")),
                    ("ssl.endpoint.identification.algorithm", Some("none")),
                ],
            ),
            (
                config(None, None, &[("security.protocol", "ssl"), ("metadata.broker.list", "c:1"), ("x", "y")]),
                &[
                    ("security.protocol", Some("ssl")),
                    ("bootstrap.servers", Some("c:1")),
                    ("metadata.broker.list", None),
                    ("x", Some("y")),
                ],
            ),
            (
                config(None, plain(), &[("sasl.mechanism", "OAUTHBEARER")]),
                &[("sasl.mechanisms", Some("OAUTHBEARER")), ("sasl.mechanism", None)],
            ),
        ];
        for (config, expected) in table {
            let properties = properties(&config).unwrap();
            for (key, value) in expected {
                assert_eq!(properties.get(*key).map(String::as_str), *value, "{key} of {config:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_one_line() {
        let cert_only = Tls { cert_file: Some("/c".into()), ..Tls::default() };
        let key_only = Tls { key_file: Some("/k".into()), ..Tls::default() };
        let mut nowhere = config(None, None, &[]);
        nowhere.bootstrap.clear();
        let other_name = Tls { server_name: Some("kafka".to_owned()), ..Tls::default() };
        let table = [
            (
                config(Some(other_name), None, &[]),
                "TLS: librdkafka checks the host that it connects to, no other server name",
            ),
            (config(Some(cert_only), None, &[]), "TLS: a client certificate needs its key file"),
            (config(Some(key_only), None, &[]), "TLS: a client key needs its certificate file"),
            (nowhere, "no bootstrap server given"),
            (
                config(None, None, &[("group.id", "")]),
                "group.id must not be empty, although this client joins no group",
            ),
        ];
        for (config, message) in table {
            assert_eq!(properties(&config).unwrap_err().to_string(), message);
        }
    }

    #[cfg(not(feature = "gssapi"))]
    #[test]
    fn kerberos_is_refused_by_name_when_it_is_not_compiled_in() {
        let sasl = Sasl::Gssapi { service_name: "kafka".into(), principal: "p".into(), keytab: "/k".into() };
        let error = properties(&config(None, Some(sasl), &[])).unwrap_err();
        assert!(error.to_string().contains("GSSAPI"), "{error}");
    }

    #[test]
    fn secrets_do_not_survive_redaction() {
        let properties = properties(&config(None, plain(), &[("ssl.key.pem", "hunter2hunter2")])).unwrap();
        let secrets = secrets(&properties);
        assert_eq!(redact("no hunter2hunter2, no hunter2.", &secrets), "no [redacted], no [redacted].");
    }
}
