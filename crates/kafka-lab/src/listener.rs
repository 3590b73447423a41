//! The brokers' listeners beside the plain one, which stays the lab's own: which exist, under what name and protocol Kafka knows them.

use crate::{LabError, Result};

/// A listener of a broker, for [`Cluster::bootstrap_on`](crate::Cluster::bootstrap_on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Listener {
    /// TLS with the good certificate, see [`ClusterBuilder::tls`](crate::ClusterBuilder::tls).
    Tls,
    /// TLS with a certificate that has expired.
    TlsExpired,
    /// TLS with a certificate for another host name.
    TlsWrongName,
    /// SASL without TLS, see [`ClusterBuilder::sasl`](crate::ClusterBuilder::sasl).
    Sasl,
    /// SASL over TLS, without client certificates.
    SaslTls,
    /// SASL over TLS with client certificates besides, where the builder requires those.
    SaslMutualTls,
    /// No security behind a slow line, see [`ClusterBuilder::delayed`](crate::ClusterBuilder::delayed).
    Delayed,
    /// SASL over TLS behind a slow line.
    DelayedSaslTls,
}

impl Listener {
    /// The listener's name in the broker's configuration, as in `listener.name.<name>.<property>`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::TlsExpired => "tls_expired",
            Self::TlsWrongName => "tls_wrong_name",
            Self::Sasl => "sasl",
            Self::SaslTls => "sasl_tls",
            Self::SaslMutualTls => "sasl_mutual_tls",
            Self::Delayed => "delayed",
            Self::DelayedSaslTls => "delayed_sasl_tls",
        }
    }

    /// The `security.protocol` that clients use on it.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Tls | Self::TlsExpired | Self::TlsWrongName => "SSL",
            Self::Sasl => "SASL_PLAINTEXT",
            Self::SaslTls | Self::SaslMutualTls | Self::DelayedSaslTls => "SASL_SSL",
            Self::Delayed => "PLAINTEXT",
        }
    }

    /// Whether clients reach it through a proxy.
    pub(crate) fn is_delayed(self) -> bool {
        matches!(self, Self::Delayed | Self::DelayedSaslTls)
    }

    pub(crate) fn has_sasl(self) -> bool {
        matches!(self, Self::Sasl | Self::SaslTls | Self::SaslMutualTls | Self::DelayedSaslTls)
    }

    pub(crate) fn has_tls(self) -> bool {
        self.protocol().ends_with("SSL")
    }
}

/// One listener's ports, the same on each broker's address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    pub(crate) listener: Listener,
    /// What the broker binds.
    pub(crate) port: u16,
    /// What it tells clients: another one where a proxy is in front.
    pub(crate) advertised: u16,
}

/// The endpoint of a listener.
pub(crate) fn find(endpoints: &[Endpoint], listener: Listener) -> Result<Endpoint> {
    let found = endpoints.iter().find(|endpoint| endpoint.listener == listener);
    found.copied().ok_or_else(|| {
        LabError::Input(format!("the cluster was built without {listener:?}: ask the builder for tls, sasl or delayed"))
    })
}
