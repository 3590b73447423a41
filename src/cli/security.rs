//! Security towards Kafka as flags and properties together make it. In: the client configuration; out: protocol and mechanism
//! in Kafka's terms, or one line that says what contradicts what.

use kafka_admin::{ClientConfig, Sasl};

/// What connections will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Security {
    tls: bool,
    /// The SASL mechanism's name, [`OTHER`] if it is none of those that are known; `None` without SASL.
    pub(super) mechanism: Option<&'static str>,
}

impl Security {
    /// As `security.protocol` names it.
    pub(super) fn protocol(self) -> &'static str {
        match (self.tls, self.mechanism.is_some()) {
            (false, false) => "PLAINTEXT",
            (true, false) => "SSL",
            (false, true) => "SASL_PLAINTEXT",
            (true, true) => "SASL_SSL",
        }
    }
}

/// A mechanism that is not shown: it may be anything.
pub(super) const OTHER: &str = "unknown";
const MECHANISMS: [&str; 5] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI"];

/// Properties win over flags, but must not take away what these ask for, and none may be without effect.
pub(super) fn resolve(kafka: &ClientConfig) -> Result<Security, String> {
    let property = |name: &str| kafka.properties.get(name).map(|value| value.to_ascii_uppercase());
    let own = kafka.security.sasl.as_ref();
    let asked = (kafka.security.tls.is_some(), own.is_some());
    let (tls, sasl) = match property("security.protocol").as_deref() {
        Some("PLAINTEXT") => (false, false),
        Some("SSL") => (true, false),
        Some("SASL_PLAINTEXT") => (false, true),
        Some("SASL_SSL") => (true, true),
        // Any other value is refused by the engines.
        _ => asked,
    };
    for (name, flag, asked, is_on) in
        [("TLS", "--tls.enabled", asked.0, tls), ("SASL", "--sasl.enabled", asked.1, sasl)]
    {
        if asked && !is_on {
            return Err(format!(
                "--kafka.property=security.protocol takes away the {name} that {flag} asks for: drop one of the two"
            ));
        }
        let prefix = if name == "TLS" { "ssl." } else { "sasl." };
        if let Some(key) = kafka.properties.keys().find(|key| !is_on && key.starts_with(prefix)) {
            return Err(format!("--kafka.property={key} is given but {name} is off: add {flag}"));
        }
    }
    let of_flags = own.map(|sasl| match sasl {
        Sasl::Plain { .. } => "PLAIN",
        Sasl::ScramSha256 { .. } => "SCRAM-SHA-256",
        Sasl::ScramSha512 { .. } => "SCRAM-SHA-512",
        Sasl::OAuthBearer { .. } => "OAUTHBEARER",
        Sasl::Gssapi { .. } => "GSSAPI",
    });
    // Of the two names for the same the later one in the alphabet wins, with both clients.
    let mechanism = match property("sasl.mechanisms").or_else(|| property("sasl.mechanism")) {
        Some(name) => MECHANISMS.into_iter().find(|known| *known == name).unwrap_or(OTHER),
        // librdkafka's default.
        None => of_flags.unwrap_or("GSSAPI"),
    };
    let mechanism = sasl.then_some(mechanism);
    if mechanism == Some("OAUTHBEARER") {
        if property("sasl.oauthbearer.method").is_some_and(|method| method == "OIDC") {
            return Err(
                "--kafka.property=sasl.oauthbearer.method: librdkafka's own OIDC is not built in: drop it, and \
                        give --sasl.oauth.token-url with --sasl.oauth.client-id"
                    .to_owned(),
            );
        }
        let is_unsecured = property("enable.sasl.oauthbearer.unsecure.jwt").is_some_and(|value| value == "TRUE");
        if !matches!(own, Some(Sasl::OAuthBearer { .. })) && !is_unsecured {
            return Err("OAUTHBEARER by --kafka.property has no source of tokens: give --sasl.enabled \
                        --sasl.mechanism=oauthbearer with --sasl.oauth.token-file or --sasl.oauth.token-url instead"
                .to_owned());
        }
    }
    Ok(Security { tls, mechanism })
}

#[cfg(test)]
mod tests {
    use kafka_admin::{SecurityConfig, Tls};

    use super::*;

    fn resolved(tls: bool, sasl: bool, properties: &[&str]) -> Result<(&'static str, Option<&'static str>), String> {
        let plain = Sasl::ScramSha512 { username: "u".to_owned(), password: "hunter2".to_owned().into() };
        let properties = properties.iter().filter_map(|property| property.split_once('='));
        let kafka = ClientConfig {
            bootstrap: vec!["a:1".to_owned()],
            client_id: "vitals".to_owned(),
            security: SecurityConfig { tls: tls.then(Tls::default), sasl: sasl.then_some(plain) },
            properties: properties.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        };
        resolve(&kafka).map(|security| (security.protocol(), security.mechanism))
    }

    #[test]
    fn properties_win_over_flags_that_ask_for_no_more() {
        for (tls, sasl, properties, expected) in [
            (false, false, &[][..], ("PLAINTEXT", None)),
            (true, false, &[], ("SSL", None)),
            (true, true, &[], ("SASL_SSL", Some("SCRAM-SHA-512"))),
            (false, true, &["security.protocol=sasl_ssl"], ("SASL_SSL", Some("SCRAM-SHA-512"))),
            (false, true, &["sasl.mechanisms=plain"], ("SASL_PLAINTEXT", Some("PLAIN"))),
            (false, true, &["sasl.mechanism=hunter2"], ("SASL_PLAINTEXT", Some(OTHER))),
            (true, false, &["security.protocol=SASL_SSL"], ("SASL_SSL", Some("GSSAPI"))),
            (false, false, &["security.protocol=ssl", "ssl.ca.location=/ca"], ("SSL", None)),
            (false, true, &["security.protocol=hunter2"], ("SASL_PLAINTEXT", Some("SCRAM-SHA-512"))),
            (
                false,
                true,
                &["sasl.mechanism=OAUTHBEARER", "enable.sasl.oauthbearer.unsecure.jwt=true"],
                ("SASL_PLAINTEXT", Some("OAUTHBEARER")),
            ),
        ] {
            assert_eq!(resolved(tls, sasl, properties), Ok(expected), "{properties:?}");
        }
    }

    #[test]
    fn what_a_property_takes_away_and_what_has_no_effect_is_told() {
        let sasl = "security.protocol=sasl_plaintext";
        for (flags, properties, says) in [
            ((true, false), &["security.protocol=PLAINTEXT"][..], "takes away the TLS that --tls.enabled asks for"),
            ((true, true), &[sasl], "takes away the TLS"),
            ((true, true), &["security.protocol=ssl"], "takes away the SASL that --sasl.enabled asks for"),
            (
                (false, false),
                &["sasl.password=hunter2"],
                "--kafka.property=sasl.password is given but SASL is off: add",
            ),
            ((false, true), &["ssl.key.password=hunter2"], "--kafka.property=ssl.key.password is given but TLS is off"),
            ((false, false), &[sasl, "sasl.mechanism=OAUTHBEARER"], "no source of tokens: give --sasl.enabled"),
            ((false, true), &["sasl.mechanism=OAUTHBEARER"], "--sasl.oauth.token-url instead"),
            (
                (false, true),
                &["sasl.mechanism=OAUTHBEARER", "sasl.oauthbearer.method=oidc"],
                "sasl.oauthbearer.method: librdkafka's own OIDC is not built in: drop it, and give --sasl.oauth.token-url",
            ),
        ] {
            let error = resolved(flags.0, flags.1, properties).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{properties:?}: {error}");
        }
    }
}
