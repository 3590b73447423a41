//! A scripted broker. In: what to do with each request; out: an address that does it.

use std::{
    sync::{
        Arc,
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

pub(super) const API_VERSIONS: i16 = 18;
pub(super) const LIST_GROUPS: i16 = 16;

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Connections before this one.
    pub(super) connection: usize,
    pub(super) key: i16,
    pub(super) version: i16,
    pub(super) id: i32,
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Step {
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
pub(super) struct Fake {
    pub(super) address: String,
    accepted: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    pub(super) async fn start(script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (count, script) = (accepted.clone(), Arc::new(script));
        let task = tokio::spawn(async move {
            // Dropped with this task, and its connections with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (connection, script) = (count.fetch_add(1, Ordering::SeqCst), script.clone());
                connections.spawn(async move { serve(stream, connection, script.as_ref()).await.unwrap_or(()) });
            }
        });
        Self { address, accepted, task }
    }

    /// Connections so far.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    script: &(impl Fn(&Asked) -> Vec<Step> + Send + Sync),
) -> std::io::Result<()> {
    loop {
        let length = stream.read_i32().await?;
        let mut request = vec![0; usize::try_from(length).expect("the engine sends lengths")];
        stream.read_exact(&mut request).await?;
        let number = |at: usize| i16::from_be_bytes([request[at], request[at + 1]]);
        let id = i32::from_be_bytes([request[4], request[5], request[6], request[7]]);
        let asked = Asked { connection, key: number(0), version: number(2), id };
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
pub(super) fn frame(id: i32, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.put_i32(i32::try_from(body.len() + 4).expect("a small body"));
    frame.put_i32(id);
    frame.put_slice(body);
    frame
}

/// What a broker with these versions of ListGroups answers to ApiVersions.
pub(super) fn api_versions(version: i16, lowest: i16, highest: i16) -> Bytes {
    let api = |key, min, max| ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max);
    let keys = vec![api(LIST_GROUPS, lowest, highest), api(API_VERSIONS, 0, 3)];
    encoded(&ApiVersionsResponse::default().with_api_keys(keys), version)
}

/// An answer to ListGroups with these groups, and the header's tagged fields before it.
pub(super) fn list_groups(version: i16, groups: &[String]) -> Bytes {
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
pub(super) fn healthy(asked: &Asked, group: &str) -> Vec<Step> {
    vec![Step::Answer(match asked.key {
        API_VERSIONS => api_versions(asked.version, 0, 5),
        _ => list_groups(asked.version, &[group.to_owned()]),
    })]
}

fn encoded(message: &impl Encodable, version: i16) -> Bytes {
    let mut out = BytesMut::new();
    message.encode(&mut out, version).expect("a version that kafka-protocol knows");
    out.freeze()
}
