//! What secures a cluster: the builder's wishes in, listeners, server properties and JVM options out. Pure but for the files of
//! [`Secrets`].

use std::{fs, net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use crate::{
    Certificates, KafkaVersion, Lab, LabError, Result,
    error::IoContext,
    listener::Listener,
    sasl::{self, Issuer, Kerberos, Mechanism},
};

/// Whether a TLS listener asks clients for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// No.
    None,
    /// Yes, one that the lab's CA signed (`ssl.client.auth=required`).
    Required,
}

/// The builder's wishes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Security {
    pub(crate) tls: Option<ClientAuth>,
    pub(crate) sasl: Vec<Mechanism>,
    pub(crate) authorizer: bool,
    pub(crate) delay: Option<Duration>,
}

impl Security {
    /// The listeners beside the plain one.
    pub(crate) fn listeners(&self) -> Vec<Listener> {
        let (tls, sasl, delayed) = (self.tls.is_some(), !self.sasl.is_empty(), self.delay.is_some());
        [
            (tls, Listener::Tls),
            (tls, Listener::TlsExpired),
            (tls, Listener::TlsWrongName),
            (sasl, Listener::Sasl),
            (sasl, Listener::SaslTls),
            (sasl && self.tls == Some(ClientAuth::Required), Listener::SaslMutualTls),
            (delayed, Listener::Delayed),
            (delayed && sasl, Listener::DelayedSaslTls),
        ]
        .into_iter()
        .filter_map(|(wanted, listener)| wanted.then_some(listener))
        .collect()
    }

    /// Whether that release has all of it, as far as the lab can set it up.
    pub(crate) fn check(&self, version: KafkaVersion) -> Result<()> {
        let unknown = self.sasl.iter().find(|mechanism| !version.has_kraft() && **mechanism != Mechanism::Plain);
        unknown.map_or(Ok(()), |mechanism| {
            let (name, version) = (mechanism.as_str(), version.as_str());
            Err(LabError::Input(format!("the lab has no users for {name} on Kafka {version}, only for PLAIN")))
        })
    }

    /// The server properties of the node on that host.
    pub(crate) fn properties(
        &self,
        version: KafkaVersion,
        host: Ipv4Addr,
        secrets: &Secrets,
    ) -> Result<Vec<(String, String)>> {
        let mut lines = Vec::new();
        for listener in self.listeners() {
            if listener.has_tls() {
                lines.extend(self.tls_properties(listener, &secrets.certificates)?);
            }
            if listener.has_sasl() {
                let kerberos = secrets.kerberos.as_ref().map(|kerberos| kerberos.login_module(host));
                lines.extend(sasl::properties(listener, &self.sasl, kerberos));
            }
        }
        if self.sasl.contains(&Mechanism::OAuthBearer) {
            lines.extend(secrets.issuer.properties());
        }
        if self.authorizer {
            // The lab's own tools, the other brokers and the controllers come without a name.
            lines.extend(owned([("authorizer.class.name", version.authorizer()), ("super.users", "User:ANONYMOUS")]));
        }
        Ok(lines)
    }

    fn tls_properties(&self, listener: Listener, certificates: &Certificates) -> Result<Vec<(String, String)>> {
        let identity = match listener {
            Listener::TlsExpired => &certificates.server_expired,
            Listener::TlsWrongName => &certificates.server_wrong_name,
            _ => &certificates.server,
        };
        let client_auth = match self.tls {
            // Those who authenticate by SASL have no certificate as a rule.
            Some(ClientAuth::Required) if !listener.has_sasl() || listener == Listener::SaslMutualTls => "required",
            _ => "none",
        };
        let text = |path: &Path| fs::read_to_string(path).context(|| format!("read {}", path.display()));
        let lines = [
            // In the properties themselves: a PEM file must have a password before Kafka 3.
            ("ssl.keystore.type", "PEM".into()),
            ("ssl.keystore.key", text(&identity.key)?),
            ("ssl.keystore.certificate.chain", text(&identity.cert)?),
            ("ssl.truststore.type", "PEM".into()),
            ("ssl.truststore.certificates", text(&certificates.ca)?),
            ("ssl.client.auth", client_auth.into()),
        ];
        Ok(lines.map(|(key, value)| (format!("listener.name.{}.{key}", listener.name()), value)).into())
    }

    /// What the brokers' JVMs need on their command lines.
    pub(crate) fn jvm_options(&self, secrets: &Secrets) -> Vec<String> {
        let mut options = Vec::new();
        if self.sasl.contains(&Mechanism::OAuthBearer) {
            options.extend(secrets.issuer.jvm_options());
        }
        if let Some(kerberos) = &secrets.kerberos {
            options.push(format!("-Djava.security.krb5.conf={}", kerberos.config().display()));
        }
        options
    }

    /// What formats the nodes' folders needs beside the cluster's id.
    pub(crate) fn format_options(&self) -> Vec<String> {
        self.sasl.iter().flat_map(|mechanism| sasl::format_options(*mechanism)).collect()
    }
}

/// Key material of one cluster, as files in its folder.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) certificates: Certificates,
    pub(crate) issuer: Issuer,
    pub(crate) kerberos: Option<Kerberos>,
}

impl Secrets {
    pub(crate) fn new(lab: &Arc<Lab>, security: &Security, hosts: &[Ipv4Addr]) -> Result<Self> {
        let names: Vec<String> = hosts.iter().map(Ipv4Addr::to_string).collect();
        let kerberos = || Kerberos::start(lab, lab.folder().join("kerberos"), hosts);
        Ok(Self {
            certificates: Certificates::new(&lab.folder().join("certificates"), &names)?,
            issuer: Issuer::new(&lab.folder().join("tokens"))?,
            kerberos: security.sasl.contains(&Mechanism::Gssapi).then(kerberos).transpose()?,
        })
    }
}

pub(crate) fn owned<const N: usize>(lines: [(&str, &str); N]) -> [(String, String); N] {
    lines.map(|(key, value)| (key.to_owned(), value.to_owned()))
}
