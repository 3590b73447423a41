//! TLS towards the brokers. In: the files of the configuration and a TCP connection; out: an encrypted one with the
//! broker that the certificate says it is. Files that change are read again for the next connection.

mod fault;
mod files;
mod verify;

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use kafka_admin::AdminError;
use rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::connection::Fault;

pub(crate) use fault::fault;

/// Connects as one configuration says. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Shared>);

struct Shared {
    files: kafka_admin::Tls,
    check_host_name: bool,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ClientConfig>,
    stamps: Vec<Stamp>,
}

/// Tells a file's versions apart: when it was written and how long it is.
type Stamp = Option<(SystemTime, u64)>;

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.0.files).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`AdminError::Client`] with the file and what is wrong with it.
    pub(crate) fn new(files: &kafka_admin::Tls, check_host_name: bool) -> Result<Self, AdminError> {
        let failed = |message| AdminError::Client { message };
        if let Some(name) = &files.server_name {
            ServerName::try_from(name.as_str())
                .map_err(|_| failed(format!("TLS: server name {name:?} is no host name or address")))?;
        }
        let stamps = stamps(files);
        let config = config(files, check_host_name).map_err(failed)?;
        let current = Mutex::new(Current { config: Arc::new(config), stamps });
        Ok(Self(Arc::new(Shared { files: files.clone(), check_host_name, current })))
    }

    /// The handshake. `host` is what was dialled, a name or an address, and what the certificate must be for unless
    /// the configuration says otherwise; `peer` names the broker in errors.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
        peer: &str,
    ) -> Result<TlsStream<TcpStream>, Fault> {
        let host = self.0.files.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Fault::Transport(format!("{peer}: {host} is no name that a certificate can have")))?;
        let shared = Arc::clone(&self.0);
        // Files may lie on a slow disk.
        let config = tokio::task::spawn_blocking(move || shared.config()).await;
        let config = config.map_err(|error| Fault::Client(format!("TLS: {error}")))?;
        TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
            fault(peer, &error).unwrap_or_else(|| {
                Fault::Transport(format!("{peer}: the TLS handshake failed: {error}: is it a TLS listener?"))
            })
        })
    }
}

impl Shared {
    /// As of the newest files. Those that cannot be used are told of in the log, once, and the old ones go on.
    fn config(&self) -> Arc<ClientConfig> {
        let stamps = stamps(&self.files);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.stamps != stamps {
            match config(&self.files, self.check_host_name) {
                Ok(config) => {
                    tracing::info!("read the changed TLS files");
                    current.config = Arc::new(config);
                }
                Err(error) => tracing::warn!("keeping the TLS files as they were: {error}"),
            }
            current.stamps = stamps;
        }
        Arc::clone(&current.config)
    }
}

fn stamps(files: &kafka_admin::Tls) -> Vec<Stamp> {
    let stamp = |file: &PathBuf| fs::metadata(file).and_then(|meta| Ok((meta.modified()?, meta.len()))).ok();
    [&files.ca_file, &files.cert_file, &files.key_file].into_iter().flatten().map(stamp).collect()
}

fn config(files: &kafka_admin::Tls, check_host_name: bool) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let failed = |error: rustls::Error| format!("TLS: {error}");
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(failed)?;
    let builder = if files.insecure_skip_verify {
        builder.dangerous().with_custom_certificate_verifier(verify::any(&provider))
    } else {
        let roots = Arc::new(files::roots(files.ca_file.as_deref())?);
        if check_host_name {
            builder.with_root_certificates(roots)
        } else {
            builder.dangerous().with_custom_certificate_verifier(verify::any_name(roots, provider)?)
        }
    };
    match (&files.cert_file, &files.key_file) {
        (Some(cert), Some(key)) => {
            let (chain, secret) = (files::chain(cert)?, files::key(key, files.key_password.as_ref())?);
            let (cert, key) = (cert.display(), key.display());
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|error| format!("TLS: client certificate {cert} with key {key}: {error}"))
        }
        _ => Ok(builder.with_no_client_auth()),
    }
}
