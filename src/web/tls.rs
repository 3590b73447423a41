//! HTTPS. In: the files of the configuration and a connection; out: an encrypted one. Files that change are read again for
//! the next connection; those that cannot be used then are told of in the log, once, and the old ones stay in use.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedMutexGuard;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::WebTls;
use crate::file_stamp::{Stamp, stamp};
use crate::http_client::{certificates, roots_of};
use crate::locked::locked;

/// What begins a TLS connection: the type of a handshake record (RFC 8446, section 5.1).
pub(super) const HANDSHAKE: u8 = 22;

/// Accepts as one configuration says. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    files: WebTls,
    current: Mutex<Arc<ServerConfig>>,
    /// Of the files as they were last read. Held by who looks at them.
    stamps: Arc<tokio::sync::Mutex<Vec<Option<Stamp>>>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// The flag, the file and what is wrong with it, in one line.
    pub fn new(files: &WebTls) -> Result<Self, String> {
        let stamps = Arc::new(tokio::sync::Mutex::new(stamps(files)));
        let current = Mutex::new(Arc::new(config(files)?));
        Ok(Self(Arc::new(Shared { files: files.clone(), current, stamps })))
    }

    /// The handshake, which takes as long as the client likes.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        // A disk may be slow, or hang: one looks at it at a time, and the others go on with what there is.
        if let Ok(known) = Arc::clone(&self.0.stamps).try_lock_owned() {
            let shared = Arc::clone(&self.0);
            tokio::task::spawn_blocking(move || shared.refresh(known)).await.map_err(io::Error::other)?;
        }
        let config = Arc::clone(&locked(&self.0.current));
        TlsAcceptor::from(config).accept(stream).await
    }
}

impl Shared {
    /// Takes the newest files, if they can be used.
    fn refresh(&self, mut known: OwnedMutexGuard<Vec<Option<Stamp>>>) {
        let stamps = stamps(&self.files);
        if *known == stamps {
            return;
        }
        match config(&self.files) {
            Ok(config) => {
                tracing::info!("read the changed certificate files of the web side");
                *locked(&self.current) = Arc::new(config);
            }
            Err(error) => tracing::warn!(error, "the certificate files of the web side stay as they were"),
        }
        *known = stamps;
    }
}

fn stamps(files: &WebTls) -> Vec<Option<Stamp>> {
    let paths = [Some(&files.cert_file), Some(&files.key_file), files.client_ca_file.as_ref()];
    paths.into_iter().flatten().map(|path| stamp(path)).collect()
}

/// TLS 1.2 and 1.3. A new one knows no session of the one before, so nobody resumes who would not be let in any more.
fn config(files: &WebTls) -> Result<ServerConfig, String> {
    let named = |flag: &str, path: &Path, reason: &str| format!("{flag}: {}: {reason}", path.display());
    let (cert, key) = (files.cert_file.as_path(), files.key_file.as_path());
    let chain = certificates(cert).map_err(|reason| named("--server.tls.cert-file", cert, &reason))?;
    let secret = private_key(key).map_err(|reason| named("--server.tls.key-file", key, &reason))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("--server.tls.enabled: {error}"))?;
    let builder = match &files.client_ca_file {
        Some(ca) => {
            let failed = |reason: String| named("--server.tls.ca-file", ca, &reason);
            let roots = Arc::new(roots_of(ca).map_err(failed)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| failed(error.to_string()))?)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, secret).map_err(|error| {
        let reason = format!("not usable with --server.tls.key-file={}: {error}", key.display());
        named("--server.tls.cert-file", cert, &reason)
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A key in PKCS #8, PKCS #1 or SEC 1. The error holds nothing of the file's content.
fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "no private key in it, or an encrypted one".to_owned(),
        pem::Error::MissingSectionEnd { .. } => "a section has no end".to_owned(),
        _ => "it is no PEM".to_owned(),
    })
}
