//! Which right is missing. In: an error of a broker, and who was denied; out: the command that grants it.

use kafka_admin::{AdminError, ClientConfig, ErrorCode, Sasl};

const TOPIC_AUTHORIZATION_FAILED: ErrorCode = ErrorCode(29);
const GROUP_AUTHORIZATION_FAILED: ErrorCode = ErrorCode(30);
const CLUSTER_AUTHORIZATION_FAILED: ErrorCode = ErrorCode(31);

/// Who asks, as an ACL names it, as far as that can be known from here: brokers may map names.
pub(super) fn principal(kafka: &ClientConfig) -> String {
    let of_sasl = kafka.security.sasl.as_ref().and_then(|sasl| match sasl {
        Sasl::Plain { username, .. } | Sasl::ScramSha256 { username, .. } | Sasl::ScramSha512 { username, .. } => {
            Some(username.as_str())
        }
        // By Kafka's default rule without realm and host.
        Sasl::Gssapi { principal, .. } => principal.split(['/', '@']).next(),
        Sasl::OAuthBearer { .. } => None,
    });
    let name = kafka.properties.get("sasl.username").map(String::as_str).or(of_sasl);
    let name = name.unwrap_or(if is_anonymous(kafka) { "ANONYMOUS" } else { "<principal>" });
    format!("User:{name}")
}

/// Whether nothing tells brokers who asks: neither SASL nor a client certificate.
fn is_anonymous(kafka: &ClientConfig) -> bool {
    let has_certificate = kafka.security.tls.as_ref().is_some_and(|tls| tls.cert_file.is_some());
    let tells = |key: &String| ["security.", "sasl.", "ssl."].iter().any(|prefix| key.starts_with(prefix));
    kafka.security.sasl.is_none() && !has_certificate && !kafka.properties.keys().any(tells)
}

/// A right, in `kafka-acls.sh`'s terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    operation: &'static str,
    resource: &'static str,
}

impl Grant {
    /// The right that the denied call lacks; `None` if it was not denied.
    pub(super) fn lacked(error: &AdminError) -> Option<Self> {
        let AdminError::Broker { call, code, .. } = error else { return None };
        let resource = match *code {
            TOPIC_AUTHORIZATION_FAILED => "--topic '*'",
            GROUP_AUTHORIZATION_FAILED => "--group '*'",
            CLUSTER_AUTHORIZATION_FAILED => "--cluster",
            _ => return None,
        };
        let operation = match *call {
            "DescribeConfigs" => "DescribeConfigs",
            "Fetch" => "Read",
            _ => "Describe",
        };
        Some(Self { operation, resource })
    }

    /// The command.
    pub(super) fn command(self, kafka: &ClientConfig) -> String {
        let (server, principal) = (quoted(&kafka.bootstrap.join(",")), quoted(&principal(kafka)));
        let Self { operation, resource } = self;
        // Of somebody who may grant rights; without security there is nothing to be said in it.
        let admin = if is_anonymous(kafka) { "" } else { " --command-config admin.properties" };
        format!(
            "kafka-acls.sh --bootstrap-server {server}{admin} --add --allow-principal {principal} --operation {operation} \
             {resource}"
        )
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/@=[]".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use kafka_admin::{SecurityConfig, Token, TokenProvider};

    use super::*;

    fn kafka(sasl: Option<Sasl>, property: Option<(&str, &str)>) -> ClientConfig {
        ClientConfig {
            bootstrap: vec!["a:9092".to_owned(), "b:9092".to_owned()],
            client_id: "vitals".to_owned(),
            security: SecurityConfig { tls: None, sasl },
            properties: property.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }

    fn plain(username: &str) -> Option<Sasl> {
        Some(Sasl::Plain { username: username.to_owned(), password: "hunter2".to_owned().into() })
    }

    #[derive(Debug)]
    struct NoTokens;

    #[async_trait::async_trait]
    impl TokenProvider for NoTokens {
        async fn token(&self, _: std::time::Instant) -> Result<Token, AdminError> {
            Err(AdminError::Authentication { message: String::new() })
        }
    }

    #[test]
    fn the_principal_is_the_user_as_far_as_known() {
        let kerberos = Sasl::Gssapi { service_name: "kafka".into(), principal: "v/h@R".into(), keytab: "/k".into() };
        let tokens = Sasl::OAuthBearer { tokens: std::sync::Arc::new(NoTokens) };
        for (kafka, expected) in [
            (kafka(plain("vitals"), None), "User:vitals"),
            (kafka(plain("vitals"), Some(("sasl.username", "other"))), "User:other"),
            (kafka(Some(kerberos), None), "User:v"),
            (kafka(Some(tokens), None), "User:<principal>"),
            (kafka(None, None), "User:ANONYMOUS"),
            (kafka(None, Some(("ssl.certificate.location", "/c"))), "User:<principal>"),
        ] {
            assert_eq!(principal(&kafka), expected);
        }
    }

    #[test]
    fn each_denial_has_the_command_that_grants_it() {
        let error = |call, code| AdminError::Broker { call, code: ErrorCode(code), message: String::new() };
        let command =
            |error: AdminError, user: &str| Grant::lacked(&error).map(|grant| grant.command(&kafka(plain(user), None)));
        let start =
            "kafka-acls.sh --bootstrap-server a:9092,b:9092 --command-config admin.properties --add --allow-principal";
        for (call, code, user, end) in [
            ("ListOffsets", 29, "vitals", "User:vitals --operation Describe --topic '*'"),
            ("ConsumerGroupDescribe", 29, "vitals", "User:vitals --operation Describe --topic '*'"),
            ("OffsetFetch", 30, "a b", "'User:a b' --operation Describe --group '*'"),
            ("DescribeLogDirs", 31, "o'neil", r"'User:o'\''neil' --operation Describe --cluster"),
            ("DescribeConfigs", 29, "vitals", "User:vitals --operation DescribeConfigs --topic '*'"),
            ("Fetch", 29, "vitals", "User:vitals --operation Read --topic '*'"),
            ("DescribeConfigs", 31, "vitals", "User:vitals --operation DescribeConfigs --cluster"),
        ] {
            assert_eq!(command(error(call, code), user), Some(format!("{start} {end}")));
        }
        for error in [error("OffsetFetch", 15), AdminError::Timeout { call: "OffsetFetch" }] {
            assert_eq!(Grant::lacked(&error), None);
        }
    }
}
