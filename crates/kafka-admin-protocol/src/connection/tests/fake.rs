//! A scripted broker. In: what to do with each request; out: an address that does it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::{
    messages::{
        ApiVersionsResponse, ListGroupsResponse, api_versions_response::ApiVersion, list_groups_response::ListedGroup,
    },
    protocol::Encodable,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const API_VERSIONS: i16 = 18;
pub(crate) const LIST_GROUPS: i16 = 16;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Connections before this one.
    pub(crate) connection: usize,
    pub(crate) key: i16,
    pub(crate) version: i16,
    pub(crate) id: i32,
    /// Requests of this key before this one, on all connections.
    pub(crate) nth: usize,
    /// All of it, from its key on.
    pub(crate) bytes: Vec<u8>,
}

/// What to do next.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The body (with the header's tagged fields), in a frame that answers the request.
    Answer(Bytes),
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// Time in which nothing happens on this connection.
    Pause(Duration),
    /// The end of the connection.
    Close,
}

/// A listener on a port of its own, until it is dropped.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) address: String,
    accepted: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    pub(crate) async fn start(script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (accepted, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (opened, closed, script) = (accepted.clone(), ended.clone(), Arc::new(script));
        let seen = Arc::new(Mutex::new(BTreeMap::new()));
        let task = tokio::spawn(async move {
            // Dropped with this task, and its connections with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let connection = opened.fetch_add(1, Ordering::SeqCst);
                let (script, closed, seen) = (script.clone(), closed.clone(), seen.clone());
                connections.spawn(async move {
                    // The engine may hang up at any time.
                    let _ = serve(stream, connection, script.as_ref(), &seen).await;
                    closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, accepted, ended, task }
    }

    /// Connections so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Connections that have ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    script: &(impl Fn(&Asked) -> Vec<Step> + Send + Sync),
    seen: &Mutex<BTreeMap<i16, usize>>,
) -> std::io::Result<()> {
    loop {
        let length = usize::try_from(stream.read_i32().await?).unwrap_or(usize::MAX);
        // What is no request (TLS) is answered as key -1, unread.
        let mut request = vec![0xff; length.clamp(8, 1 << 20)];
        if length < 1 << 20 {
            stream.read_exact(&mut request).await?;
        }
        let number = |at: usize| i16::from_be_bytes([request[at], request[at + 1]]);
        let id = i32::from_be_bytes([request[4], request[5], request[6], request[7]]);
        let key = number(0);
        let nth = {
            let mut seen = seen.lock().expect("no test panics here");
            let seen = seen.entry(key).or_insert(0);
            *seen += 1;
            *seen - 1
        };
        let asked = Asked { connection, key, version: number(2), id, nth, bytes: request };
        for step in script(&asked) {
            match step {
                Step::Answer(body) => stream.write_all(&frame(id, &body)).await?,
                Step::Raw(bytes) => stream.write_all(&bytes).await?,
                Step::Pause(time) => tokio::time::sleep(time).await,
                Step::Close => return Ok(()),
            }
        }
    }
}

/// A body with length and correlation id before it.
pub(crate) fn frame(id: i32, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.put_i32(i32::try_from(body.len() + 4).expect("a small body"));
    frame.put_i32(id);
    frame.put_slice(body);
    frame
}

/// What a broker with these versions of ListGroups answers to ApiVersions.
pub(crate) fn api_versions(version: i16, lowest: i16, highest: i16) -> Bytes {
    let api = |key, min, max| ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max);
    let keys = vec![api(LIST_GROUPS, lowest, highest), api(API_VERSIONS, 0, 3)];
    encoded(&ApiVersionsResponse::default().with_api_keys(keys), version)
}

/// An answer to ListGroups with these groups, and the header's tagged fields before it.
pub(crate) fn list_groups(version: i16, groups: &[String]) -> Bytes {
    let listed =
        |id: &String| ListedGroup::default().with_group_id(kafka_protocol::messages::GroupId(id.clone().into()));
    let body = encoded(&ListGroupsResponse::default().with_groups(groups.iter().map(listed).collect()), version);
    let mut whole = BytesMut::new();
    if version >= 3 {
        whole.put_u8(0);
    }
    whole.put_slice(&body);
    whole.freeze()
}

/// What a healthy broker does, whose only group is `group`.
pub(crate) fn healthy(asked: &Asked, group: &str) -> Vec<Step> {
    vec![Step::Answer(match asked.key {
        API_VERSIONS => api_versions(asked.version, 0, 5),
        _ => list_groups(asked.version, &[group.to_owned()]),
    })]
}

pub(crate) fn encoded(message: &impl Encodable, version: i16) -> Bytes {
    let mut out = BytesMut::new();
    message.encode(&mut out, version).expect("a version that kafka-protocol knows");
    out.freeze()
}
