//! The brokers' connections: frames in, frames out. An answer is made once, then served from memory.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::decode_request_header_from_buffer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::answers::{Problem, Question};
use super::shape::Shape;

/// No request of a client comes near.
const MAX_FRAME: usize = 16 << 20;

/// The cluster, and what it has been asked.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) shape: Shape,
    /// Of each broker, in order.
    ports: Vec<u16>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    generation: u64,
    counts: BTreeMap<&'static str, u64>,
    answers: HashMap<(i32, i16, i16, Bytes), Bytes>,
}

impl Server {
    /// A listener for each broker.
    pub(super) async fn bind(shape: Shape) -> io::Result<(Self, Vec<(i32, TcpListener)>)> {
        let (mut listeners, mut ports) = (Vec::new(), Vec::new());
        for broker in 1..=shape.brokers {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            ports.push(listener.local_addr()?.port());
            listeners.push((broker, listener));
        }
        Ok((Self { shape, ports, state: Mutex::default() }, listeners))
    }

    /// The first broker's address.
    pub(super) fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.ports.first().copied().unwrap_or_default())
    }

    /// Requests so far, by API.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.state().counts.clone()
    }

    /// Gives all groups other names. Returns how often that was done.
    pub(super) fn rename(&self) -> u64 {
        let mut state = self.state();
        state.generation += 1;
        state.answers.clear();
        state.generation
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frame that answers this one, without its length.
    fn answer(&self, broker: i32, mut frame: Bytes) -> Result<(BytesMut, Bytes), Problem> {
        let header = decode_request_header_from_buffer(&mut frame)?;
        let api = ApiKey::try_from(header.request_api_key).map_err(|()| "a request of an API that nobody knows")?;
        let version = header.request_api_version;
        let key = (broker, header.request_api_key, version, frame.clone());
        let (known, generation) = {
            let mut state = self.state();
            *state.counts.entry(name(api)).or_default() += 1;
            (state.answers.get(&key).cloned(), state.generation)
        };
        let body = match known {
            Some(body) => body,
            None => {
                let (shape, ports) = (&self.shape, &*self.ports);
                let body = Question { shape, ports, generation, broker, api, version, body: frame }.answer()?;
                self.state().answers.insert(key, body.clone());
                body
            }
        };
        let mut head = BytesMut::new();
        head.put_i32(header.correlation_id);
        // ApiVersions' answer has the first header in all versions, so that an unknown version can be refused.
        if api != ApiKey::ApiVersions && api.response_header_version(version) > 0 {
            head.put_u8(0);
        }
        Ok((head, body))
    }
}

/// As Kafka calls it.
fn name(api: ApiKey) -> &'static str {
    match api {
        ApiKey::ApiVersions => "ApiVersions",
        ApiKey::Metadata => "Metadata",
        ApiKey::DescribeCluster => "DescribeCluster",
        ApiKey::ListOffsets => "ListOffsets",
        ApiKey::FindCoordinator => "FindCoordinator",
        ApiKey::OffsetFetch => "OffsetFetch",
        ApiKey::ListGroups => "ListGroups",
        ApiKey::DescribeGroups => "DescribeGroups",
        ApiKey::ConsumerGroupDescribe => "ConsumerGroupDescribe",
        _ => "other",
    }
}

/// Serves one broker's connections.
pub(super) async fn serve(server: Arc<Server>, broker: i32, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let server = Arc::clone(&server);
                tokio::spawn(async move {
                    if let Err(error) = connection(&server, broker, stream).await {
                        eprintln!("scripted: broker {broker}: {error}");
                    }
                });
            }
            Err(error) => {
                eprintln!("scripted: broker {broker} cannot accept a connection: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

/// Answers in the order of the requests, as Kafka does, until the client closes.
async fn connection(server: &Server, broker: i32, stream: TcpStream) -> Result<(), Problem> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut length = [0; 4];
    loop {
        match stream.read_exact(&mut length).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            read => read?,
        };
        let length = usize::try_from(length.as_slice().get_i32()).ok().filter(|length| *length <= MAX_FRAME);
        let mut frame = vec![0; length.ok_or("no Kafka frame")?];
        stream.read_exact(&mut frame).await?;
        let (head, body) = server.answer(broker, frame.into())?;
        let mut start = BytesMut::with_capacity(4 + head.len());
        start.put_i32(i32::try_from(head.len() + body.len())?);
        start.put(head);
        let mut answer = start.chain(body);
        while answer.has_remaining() {
            stream.write_buf(&mut answer).await?;
        }
    }
}
