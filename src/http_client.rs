//! What HTTP clients share: whom they trust in TLS, and errors as one line of text without the URL, which may hold
//! credentials.

use std::error::Error as StdError;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

/// TLS as it is to be preconfigured, with the certificates of `ca_file`, else the system's. `https`: whether there will be
/// any TLS; plain http must work where there are no certificates at all.
///
/// # Errors
/// What is wrong, without the file's name.
pub(crate) fn tls(ca_file: Option<&Path>, https: bool) -> Result<rustls::ClientConfig, TlsError> {
    let roots = match (ca_file, https) {
        (Some(file), _) => roots_of(file).map_err(TlsError::CaFile)?,
        (None, true) => system_roots(),
        (None, false) => rustls::RootCertStore::empty(),
    };
    if https && roots.is_empty() {
        let reason = "the system has no CA certificates; install them or give a CA file";
        return Err(TlsError::Other(reason.to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| TlsError::Other(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// Why there is no TLS.
#[derive(Debug)]
pub(crate) enum TlsError {
    /// The CA file cannot be read, or no certificate is in it.
    CaFile(String),
    /// Anything else.
    Other(String),
}

/// The certificates of a PEM file as authorities.
///
/// # Errors
/// What is wrong, without the file's name.
pub(crate) fn roots_of(file: &Path) -> Result<rustls::RootCertStore, String> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(roots)
}

/// The certificates of a PEM file in their order, at least one.
///
/// # Errors
/// What is wrong, without the file's name.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let told = |error: pem::Error| match error {
        pem::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    let found = CertificateDer::pem_file_iter(file).map_err(told)?.collect::<Result<Vec<_>, _>>().map_err(told)?;
    if found.is_empty() { Err("no certificate in it".to_owned()) } else { Ok(found) }
}

/// The system's authorities; those that cannot be read are left out, as every TLS client does.
fn system_roots() -> rustls::RootCertStore {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// The innermost error's text: the outer ones repeat the URL, with its credentials.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if cause.is::<reqwest::Error>() { "request failed".to_owned() } else { one_line(&cause.to_string()) }
}

/// Whether TLS is what failed.
pub(crate) fn is_tls(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(cause) = next {
        // An io::Error's source is its payload's source, not the payload.
        let payload = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if cause.is::<rustls::Error>() || payload.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        next = match payload {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    false
}

/// A text from outside as part of one line: control characters replaced, cut to 300 characters.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().take(300).map(|character| if character.is_control() { ' ' } else { character }).collect()
}
