//! The HTTP side: listening sockets, connections and their limits. Requests are answered in `routes`.

mod body;
mod landing;
mod pages;
mod routes;
mod sd;
mod stall;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

// hyper without a framework: a handful of routes, and header time-outs and connection limits are wanted anyway.
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::exporter::Exporter;

pub(crate) use pages::series;
pub use routes::Web;
use stall::WriteLimited;
pub use tls::Tls;

/// Connections open at the same time; further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 256;

/// A client must have sent its request's head by then, and with HTTPS have ended the handshake before in as much time.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that reads nothing of its answer for this long is cut off.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// For who speaks plain HTTP where HTTPS is spoken.
const PLAIN_HTTP: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 28\r\n\
                          Connection: close\r\n\r\nthis is HTTPS: use https://\n";

/// Running scrapes may finish within this after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Binds one address, `host:port`. `[::]` takes IPv4 too where the system does so by default, and falls back to IPv4
/// where there is no IPv6.
pub async fn bind(address: &str) -> Result<TcpListener, String> {
    let bound = match TcpListener::bind(address).await {
        Err(error) if address.starts_with("[::]:") && tells_of_no_ipv6(&error) => {
            TcpListener::bind(address.replace("[::]", "0.0.0.0")).await
        }
        bound => bound,
    };
    bound.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another address with --web.listen-address")
    })
}

/// A kernel without IPv6 says EAFNOSUPPORT (97 on Linux, 47 on BSD and macOS; it has no kind in Rust), one whose
/// interfaces have none EADDRNOTAVAIL.
fn tells_of_no_ipv6(error: &std::io::Error) -> bool {
    let no_family = if cfg!(target_os = "linux") { 97 } else { 47 };
    error.raw_os_error() == Some(no_family) || error.kind() == std::io::ErrorKind::AddrNotAvailable
}

/// Serves until `stop` is cancelled, then lets running requests finish. With `tls` every connection must be HTTPS.
pub async fn serve(listeners: Vec<TcpListener>, tls: Option<Tls>, exporter: Arc<Exporter>, stop: CancellationToken) {
    let web = Arc::new(Web::new(exporter));
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let listeners = listeners.into_iter().map(|listener| {
        let (web, connections) = (Arc::clone(&web), Arc::clone(&connections));
        tokio::spawn(accept(listener, tls.clone(), web, connections, stop.clone()))
    });
    futures_util::future::join_all(listeners).await;
}

async fn accept(
    listener: TcpListener,
    tls: Option<Tls>,
    web: Arc<Web>,
    connections: Arc<Semaphore>,
    stop: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = next(&listener, &connections) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let (web, tls, watcher, stop) = (Arc::clone(&web), tls.clone(), graceful.watcher(), stop.clone());
        tokio::spawn(async move {
            let ended = match tls {
                None => answer(WriteLimited::new(stream, WRITE_TIMEOUT), web, watcher).await,
                Some(tls) => {
                    let encrypted = tokio::select! {
                        () = stop.cancelled() => return,
                        encrypted = tokio::time::timeout(HEADER_TIMEOUT, encrypted(&tls, stream)) => encrypted,
                    };
                    match encrypted {
                        Ok(Ok(stream)) => answer(stream, web, watcher).await,
                        Ok(Err(error)) => Err(format!("no TLS: {error}")),
                        Err(_) => Err(format!("no TLS after {} s", HEADER_TIMEOUT.as_secs())),
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, error, "connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests still running after {} s were cut off", DRAIN.as_secs());
    }
}

/// Answers the requests of one connection, until it ends.
async fn answer<S>(stream: S, web: Arc<Web>, watcher: Watcher) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let web = Arc::clone(&web);
        async move { Ok::<_, std::convert::Infallible>(web.answer(request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    watcher.watch(connection).await.map_err(|error| error.to_string())
}

/// The handshake; a client that speaks plain HTTP is told so.
async fn encrypted(tls: &Tls, mut stream: TcpStream) -> std::io::Result<TlsStream<WriteLimited<TcpStream>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? > 0 && first[0] != tls::HANDSHAKE {
        // What is not read would make the kernel take the answer back.
        let _ = stream.read(&mut [0; 8192]).await?;
        stream.write_all(PLAIN_HTTP.as_bytes()).await?;
        stream.shutdown().await?;
        return Err(std::io::Error::other("the client speaks plain HTTP, or something else"));
    }
    tls.accept(WriteLimited::new(stream, WRITE_TIMEOUT)).await
}

async fn next(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            // Out of file descriptors, most likely: trying again at once would only burn CPU.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_machine_without_ipv6_is_told_from_other_failures() {
        for (code, expected) in [(97, true), (99, true), (98, false), (13, false)] {
            let error = std::io::Error::from_raw_os_error(code);
            assert_eq!(tells_of_no_ipv6(&error), expected, "{error}");
        }
    }
}
