//! SASL on a broker: mechanisms in, server properties and the options that make its users out.
//!
//! Every mechanism knows the users [`USER`] and [`DENIED_USER`], both with [`PASSWORD`]; see [`Kafka::allow`](crate::Kafka::allow) for what
//! they may do on a cluster with an authorizer. OAUTHBEARER knows whoever a token of the [`Issuer`] names.

mod endpoint;
mod issuer;
mod kerberos;

pub use endpoint::TokenEndpoint;
pub use issuer::Issuer;
pub use kerberos::Kerberos;

use crate::listener::Listener;

/// The user that tests allow things to.
pub const USER: &str = "vitals";
/// A user like it that nothing is allowed to.
pub const DENIED_USER: &str = "denied";
/// The password of both.
pub const PASSWORD: &str = "correct-horse-battery";

/// A SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// PLAIN.
    Plain,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
    /// OAUTHBEARER with tokens of the cluster's [`Issuer`], checked by Kafka's own validator.
    OAuthBearer,
    /// GSSAPI with the cluster's [`Kerberos`], which needs Debian's packages krb5-kdc, krb5-admin-server and krb5-user.
    Gssapi,
}

impl Mechanism {
    /// The name that clients and brokers use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::Gssapi => "GSSAPI",
        }
    }
}

/// The properties of one listener on a node whose GSSAPI login is `kerberos`, if it has that mechanism.
pub(crate) fn properties(
    listener: Listener,
    mechanisms: &[Mechanism],
    kerberos: Option<String>,
) -> Vec<(String, String)> {
    const SECURITY: &str = "org.apache.kafka.common.security";
    let prefix = format!("listener.name.{}", listener.name());
    let names: Vec<&str> = mechanisms.iter().map(|mechanism| mechanism.as_str()).collect();
    let mut lines = vec![(format!("{prefix}.sasl.enabled.mechanisms"), names.join(","))];
    for mechanism in mechanisms {
        let prefix = format!("{prefix}.{}", mechanism.as_str().to_ascii_lowercase());
        let login_module = match mechanism {
            Mechanism::Plain => {
                let users = [USER, DENIED_USER].map(|user| format!("user_{user}=\"{PASSWORD}\""));
                format!("{SECURITY}.plain.PlainLoginModule required {};", users.join(" "))
            }
            Mechanism::ScramSha256 | Mechanism::ScramSha512 => format!("{SECURITY}.scram.ScramLoginModule required;"),
            Mechanism::OAuthBearer => format!("{SECURITY}.oauthbearer.OAuthBearerLoginModule required;"),
            Mechanism::Gssapi => kerberos.clone().unwrap_or_default(),
        };
        lines.push((format!("{prefix}.sasl.jaas.config"), login_module));
        if *mechanism == Mechanism::OAuthBearer {
            // Without it Kafka takes any token, unsigned ones too.
            let validator = format!("{SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler");
            lines.push((format!("{prefix}.sasl.server.callback.handler.class"), validator));
        }
    }
    if kerberos.is_some() {
        lines.push((format!("{prefix}.sasl.kerberos.service.name"), "kafka".into()));
    }
    lines
}

/// `kafka.tools.StorageTool format`'s options that make a mechanism's users.
pub(crate) fn format_options(mechanism: Mechanism) -> Vec<String> {
    if !matches!(mechanism, Mechanism::ScramSha256 | Mechanism::ScramSha512) {
        return Vec::new();
    }
    let user = |user| [String::from("-S"), format!("{}=[name={user},password={PASSWORD}]", mechanism.as_str())];
    [USER, DENIED_USER].into_iter().flat_map(user).collect()
}
