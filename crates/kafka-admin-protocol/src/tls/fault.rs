//! What rustls says, as an operator needs to hear it: which broker, what was wrong, what to do.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use crate::connection::Fault;

/// The fault that TLS found, if it was TLS that an I/O error came from.
pub(crate) fn fault(peer: &str, error: &io::Error) -> Option<Fault> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(why) => {
            Fault::Authentication(format!("{peer}: the broker's certificate {}", certificate(why)))
        }
        Error::AlertReceived(alert) => refused(peer, *alert),
        Error::InvalidMessage(_) => Fault::Protocol(format!("{peer} answered no TLS ({error}): is it a TLS listener?")),
        // Kafka 2.8 encrypts this alert with a key that the client no longer has.
        Error::DecryptError => Fault::Authentication(format!(
            "{peer} ended TLS with what cannot be decrypted, as old brokers refuse: it wants a client certificate, or \
             another one"
        )),
        other => Fault::Authentication(format!("{peer}: the TLS handshake failed: {other}")),
    })
}

fn certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "is of a CA that is not trusted: give the CA's file".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!(
                "is not for {}, but for {}",
                expected.to_str(),
                presented.iter().map(|name| bare(name)).collect::<Vec<_>>().join(", ")
            )
        }
        CertificateError::NotValidForName => "is not for this host".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet: are the clocks right?".to_owned()
        }
        other => format!("is not accepted ({other}): --kafka.client=librdkafka checks less strictly"),
    }
}

/// A name out of rustls' `DnsName("broker.example")`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.map_or(name, |inner| inner.trim_matches('"'))
}

/// An alert (RFC 8446 section 6.2). Of TLS 1.3 those about our certificate come after our side of the handshake.
fn refused(peer: &str, alert: AlertDescription) -> Fault {
    let why = match alert {
        AlertDescription::CertificateRequired => "it wants a client certificate",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => "it wants a client certificate, or another one",
        AlertDescription::HandshakeFailure => "no cipher in common, or it wants a client certificate",
        AlertDescription::ProtocolVersion => "no TLS version in common, this engine has 1.2 and 1.3",
        _ => return Fault::Transport(format!("{peer} ended TLS with the alert {alert:?}")),
    };
    Fault::Authentication(format!("{peer} refused TLS with the alert {alert:?}: {why}"))
}
