//! Opening a connection. In: an address; out: a connection that is connected, encrypted and authenticated as the
//! configuration says, with the broker's versions, within the time for setting up.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant as StdInstant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

use super::{Address, Connection, Fault, Line, RequestTimes, Stopwatch, Versions, driver::Stream, slot::BrokerId};
use crate::{
    properties::{Family, Settings, SocketSettings},
    sasl,
    tls::Tls,
};

/// The next address of a name is tried beside the ones before it after this long (RFC 8305 section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// Idle time before the system asks whether the other side is alive, and between its questions: less than NAT and
/// firewalls remember a connection for.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(15));

/// Opens connections as one configuration says.
#[derive(Debug)]
pub(crate) struct Dialer {
    settings: Settings,
    tls: Option<Tls>,
    times: Arc<RequestTimes>,
}

impl Dialer {
    pub(crate) fn new(settings: Settings, tls: Option<Tls>, times: Arc<RequestTimes>) -> Self {
        Self { settings, tls, times }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Opens one; `peer` names the broker in errors, `broker` is where its id is once it is known.
    pub(super) async fn open(&self, address: &Address, peer: &str, broker: &BrokerId) -> Result<Connection, Fault> {
        let socket = &self.settings.socket;
        let end = Instant::now() + socket.setup;
        let late = |what: &str| Fault::Transport(format!("{peer}: {what} took longer than {:?}", socket.setup));

        // Half the time for connecting alone: of ten seconds that is enough for a lost packet to be sent again twice.
        let to_connect = socket.setup / 2;
        let stream = match timeout(to_connect, connect(address, socket.family)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Fault::Transport(format!("{peer}: {error}"))),
            Err(_) => return Err(Fault::Transport(format!("{peer}: no connection within {to_connect:?}"))),
        };
        set_options(&stream, socket).map_err(|error| Fault::Transport(format!("{peer}: {error}")))?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => match timeout_at(end, tls.connect(stream, &address.host, peer)).await {
                Ok(stream) => Box::new(stream?),
                Err(_) => return Err(late("the TLS handshake")),
            },
        };
        let stopwatch = Stopwatch::new(&self.times, broker);
        let line = Line::new(stream, peer, &self.settings.client_id, socket, stopwatch);
        let (versions, lifetime) = match &self.settings.sasl {
            None => {
                let versions = timeout_at(end, Versions::ask(&line)).await;
                let versions = versions.map_err(|_| late("the answer to ApiVersions"))?;
                (versions.map_err(|fault| self.puzzled(fault))?, None)
            }
            Some(sasl) => {
                let authenticated = sasl::authenticate(&line, sasl, Versions::ask(&line), StdInstant::from(end));
                timeout_at(end, authenticated).await.map_err(|_| late("authentication"))??
            }
        };
        tracing::debug!(broker = peer, tls = self.tls.is_some(), sasl = self.settings.sasl.is_some(), "connected");
        Ok(Connection::new(line, versions, lifetime))
    }

    /// A listener that wants TLS or SASL closes the connection of whoever begins without.
    fn puzzled(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Transport(message) if self.tls.is_none() => {
                Fault::Transport(format!("{message}: does it expect TLS or SASL?"))
            }
            fault => fault,
        }
    }
}

/// Connects to whichever of a name's addresses answers first, in the resolver's order of preference.
async fn connect(address: &Address, family: Family) -> io::Result<TcpStream> {
    let unresolved = |error: io::Error| io::Error::new(error.kind(), format!("the name does not resolve: {error}"));
    let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await.map_err(unresolved)?;
    let found: Vec<SocketAddr> = found
        .filter(|found| match family {
            Family::Any => true,
            Family::V4 => found.is_ipv4(),
            Family::V6 => found.is_ipv6(),
        })
        .collect();
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address of the family asked for");
    let mut trying = FuturesUnordered::new();
    for (at, next) in found.iter().enumerate() {
        trying.push(connect_one(*next));
        // It is the next one's turn when this one fails or takes long; after the last all have as long as the caller.
        let is_last = at + 1 == found.len();
        let turn = if is_last { Duration::MAX } else { STAGGER };
        while let Ok(Some(connected)) = timeout(turn, trying.next()).await {
            match connected {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
            if !is_last {
                break;
            }
        }
    }
    Err(failed)
}

/// Errors name the address, which a name may have several of.
async fn connect_one(to: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(to).await.map_err(|error| io::Error::new(error.kind(), format!("connecting to {to}: {error}")))
}

fn set_options(stream: &TcpStream, socket: &SocketSettings) -> io::Result<()> {
    stream.set_nodelay(socket.nodelay)?;
    if socket.keepalive {
        let (time, interval) = KEEPALIVE;
        let keepalive = socket2::TcpKeepalive::new().with_time(time).with_interval(interval);
        socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)?;
    }
    Ok(())
}
