//! What a real agent cannot be made to do: answers of a fake HTTP server that are late, endless, broken or not Jolokia's.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{AgentConfig, Jolokia, Limits};
use crate::mbean::{Answer, Bean, BeanSink, Plan, Query, ReadErrorKind, Transport};

/// Counts beans; panics on one with a certain name.
#[derive(Debug, Default)]
struct Counter {
    beans: usize,
    essentials: bool,
}

impl BeanSink for Counter {
    fn bean(&mut self, bean: Bean<'_>) {
        assert!(!bean.name.starts_with("panic:"), "asked to");
        self.beans += 1;
    }

    fn essentials_complete(&mut self) {
        self.essentials = true;
    }
}

/// How the fake answers one request.
#[derive(Clone)]
enum Reply {
    /// 200 with this JSON.
    Json(String),
    /// These bytes.
    Raw(Vec<u8>),
    /// A head, then the same bytes again and again at this distance.
    Endless(&'static [u8], Duration),
    /// Nothing.
    Silence,
}

/// A server that answers its requests by `replies` in turn, the last one for all that follow. Tells when a client closes
/// a connection on which an answer was under way.
struct Fake {
    url: String,
    requests: Arc<AtomicUsize>,
    bodies: Arc<Mutex<Vec<String>>>,
    closed: mpsc::UnboundedReceiver<()>,
}

async fn fake(replies: Vec<Reply>) -> Fake {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:secret@{}/jolokia", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let (tell, closed) = mpsc::unbounded_channel();
    let bodies = Arc::default();
    let (counter, record) = (requests.clone(), Arc::clone(&bodies));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, replies.clone(), counter.clone(), Arc::clone(&record), tell.clone()));
        }
    });
    Fake { url, requests, bodies, closed }
}

async fn serve(
    mut stream: TcpStream,
    replies: Vec<Reply>,
    counter: Arc<AtomicUsize>,
    bodies: Arc<Mutex<Vec<String>>>,
    tell: mpsc::UnboundedSender<()>,
) {
    while let Some(body) = read_request(&mut stream).await {
        bodies.lock().unwrap().push(body);
        let at = counter.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        match &replies[at] {
            Reply::Json(json) => stream.write_all(&http("200 OK", "application/json", json)).await.unwrap(),
            Reply::Raw(bytes) => stream.write_all(bytes).await.unwrap(),
            Reply::Endless(bytes, pause) => {
                // Without a length, which would be refused unread.
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
                let mut going = stream.write_all(head.as_bytes()).await;
                while going.is_ok() {
                    going = stream.write_all(bytes).await;
                    tokio::time::sleep(*pause).await;
                }
                tell.send(()).unwrap();
                return;
            }
            Reply::Silence => {
                let mut byte = [0];
                assert_eq!(stream.read(&mut byte).await.unwrap_or(0), 0);
                tell.send(()).unwrap();
                return;
            }
        }
    }
}

/// The body of the next request.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    loop {
        if let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
            assert!(head.starts_with("post /jolokia/ http/1.1"), "{head}");
            assert!(head.contains("authorization: basic dxnlcjpzzwnyzxq="), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if text.len() >= end + 4 + length.parse::<usize>().unwrap() {
                return Some(String::from_utf8_lossy(&text[end + 4..]).into_owned());
            }
        }
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    }
}

fn http(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    write!(bytes, "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .unwrap();
    bytes
}

const VERSION: &str = r#"{"status":200,"value":{"agent":"2.5.0"}}"#;
const BEAN: &str = r#"{"status":200,"value":{"a:b=c":{"X":1}}}"#;

const NAMES: &str = r#"{"status":200,"timestamp":7,"value":["kafka.server:b=c","kafka.log:e=f"]}"#;

/// The answers to a first read: version, essentials and names, then the rest.
fn good() -> Vec<Reply> {
    let rest = r#"[{"status":200,"value":{"d:e=f":{"X":1}}}]"#;
    vec![Reply::Json(format!("[{VERSION},{BEAN},{NAMES}]")), Reply::Json(rest.to_owned())]
}

fn plan() -> Plan {
    let query = |pattern: &str| vec![Query::all(pattern.to_owned())];
    Plan { essentials: query("a:*"), per_partition: query("d:*") }
}

fn agent(url: &str) -> Jolokia {
    let limits = Limits { max_body: 1 << 20, probe: Duration::from_millis(200) };
    Jolokia::new(AgentConfig { url: url.to_owned(), ..AgentConfig::default() }, limits).unwrap()
}

async fn read(agent: &Jolokia, milliseconds: u64) -> Answer<Counter> {
    let start = Instant::now();
    let deadline = start + Duration::from_millis(milliseconds);
    let answer = agent.read(&plan(), deadline, Counter::default()).await;
    assert!(start.elapsed() < Duration::from_millis(milliseconds + 400), "late: {:?}", start.elapsed());
    if let Err(error) = &answer.result {
        assert!(!error.message.contains("secret") && !error.message.contains('\n'), "{error}");
        assert!(error.message.contains("://127.0.0.1:"), "{error}");
    }
    answer
}

fn kind(answer: &Answer<Counter>) -> Option<ReadErrorKind> {
    answer.result.as_ref().err().map(|error| error.kind)
}

#[tokio::test]
async fn a_good_answer_brings_beans_and_names_in_two_requests() {
    let fake = fake(good()).await;
    let answer = read(&agent(&fake.url), 5000).await;
    assert_eq!(answer.result, Ok(()));
    assert_eq!((answer.requests, answer.names), (2, Some(vec!["kafka.server:b=c".into(), "kafka.log:e=f".into()])));
    let sink = answer.sink.unwrap();
    assert_eq!((sink.beans, sink.essentials), (2, true));
}

#[tokio::test]
async fn answers_that_are_not_jolokias_have_their_kind() {
    let json = "application/json";
    let redirect = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec();
    for (reply, expected) in [
        (Reply::Raw(http("500 Internal Server Error", "text/plain", "x")), ReadErrorKind::HttpStatus),
        (Reply::Raw(http("204 No Content", json, "")), ReadErrorKind::HttpStatus),
        (Reply::Raw(redirect), ReadErrorKind::HttpStatus),
        (Reply::Raw(http("401 Unauthorized", json, "")), ReadErrorKind::Authentication),
        (Reply::Raw(http("200 OK", "text/html; charset=utf-8", "<html>")), ReadErrorKind::ContentType),
        (Reply::Raw(http("200 OK", "", "[]")), ReadErrorKind::ContentType),
        (Reply::Raw(b"SSH-2.0-x\r\n".to_vec()), ReadErrorKind::Connect),
        (Reply::Json("garbage".to_owned()), ReadErrorKind::Protocol),
        (Reply::Json("[]".to_owned()), ReadErrorKind::Protocol),
        (Reply::Json(r#"{"status":400,"error":"no"}"#.to_owned()), ReadErrorKind::Agent),
        (Reply::Json(format!(r#"[{VERSION},{{"status":500,"error":"x\ny"}},{NAMES}]"#)), ReadErrorKind::Agent),
    ] {
        let mut replies = good();
        replies[0] = reply;
        let fake = fake(replies).await;
        let answer = read(&agent(&fake.url), 5000).await;
        assert_eq!(kind(&answer), Some(expected), "{:?}", answer.result);
        assert!(answer.sink.is_some());
    }
}

#[tokio::test]
async fn a_failed_second_request_keeps_beans_and_names_that_the_first_brought() {
    for second in [
        Reply::Json("garbage".to_owned()),
        Reply::Json(r#"[{"status":403,"error":"reading is not allowed"}]"#.to_owned()),
        Reply::Raw(http("500 Internal Server Error", "text/plain", "x")),
        Reply::Silence,
    ] {
        let fake = fake(vec![good().remove(0), second]).await;
        let answer = read(&agent(&fake.url), 500).await;
        assert!(answer.result.is_err());
        assert_eq!(answer.names.as_ref().map(Vec::len), Some(2));
        let sink = answer.sink.unwrap();
        assert_eq!((sink.beans, sink.essentials), (1, true));
    }
}

#[tokio::test]
async fn names_are_asked_for_since_the_last_time_even_while_the_second_request_times_out() {
    let mut replies = good();
    replies[1] = Reply::Silence;
    replies.push(Reply::Json(format!("[{VERSION}]")));
    replies.push(Reply::Json(format!(r#"[{BEAN},{{"status":304,"timestamp":9}}]"#)));
    let fake = fake(replies).await;
    let agent = agent(&fake.url);
    assert_eq!(kind(&read(&agent, 300).await), Some(ReadErrorKind::Timeout));
    // The last reply stands for the second bulk too, where it is one answer too many.
    let answer = read(&agent, 5000).await;
    assert_eq!((kind(&answer), answer.names), (Some(ReadErrorKind::Protocol), None));
    let bodies = fake.bodies.lock().unwrap();
    let since = |at: usize| bodies[at].contains(r#""ifModifiedSince":7"#);
    assert_eq!((bodies.len(), since(0), since(3)), (5, false, true), "{bodies:?}");
    for (at, body) in bodies.iter().enumerate() {
        assert_eq!(body.contains(r#""search""#), [0, 3].contains(&at), "{body}");
    }
}

#[tokio::test]
async fn types_of_unknown_beans_are_asked_for_once_and_what_has_no_json_is_asked_for_again_in_the_same_read() {
    let names = r#"{"status":200,"timestamp":7,"value":["lab:b=c","kafka.log:e=f"]}"#;
    let types = r#"{"status":200,"value":{"attr":{"L":{"type":"long"},"O":{"type":"java.lang.Object"}}}}"#;
    let unchanged = r#"{"status":304,"timestamp":9}"#;
    let long = r#"{"status":200,"value":{"L":"5"}}"#;
    let both = r#"{"status":200,"value":{"L":"5","O":"x.Y@1f"}}"#;
    let replies = [
        format!("[{VERSION},{names}]"),
        format!("[{types}]"),
        // What the object's text tells: nothing.
        r#"[{"status":200,"value":{"O":"x.Y@1f"}}]"#.to_owned(),
        format!(r#"[{long},{{"status":500,"error":"Cannot convert"}},{unchanged}]"#),
        format!("[{both}]"),
        format!("[{both},{unchanged}]"),
    ];
    let fake = fake(replies.map(Reply::Json).to_vec()).await;
    let agent = agent(&fake.url);
    let plan = |pattern: &str| Plan { essentials: vec![Query::all(pattern.to_owned())], per_partition: Vec::new() };
    for (plan, requests, beans) in [(Plan::default(), 1, 0), (plan("lab:*"), 4, 1), (plan("lab:b=c"), 1, 1)] {
        let answer = agent.read(&plan, Instant::now() + Duration::from_secs(5), Counter::default()).await;
        assert_eq!((answer.result, answer.requests), (Ok(()), requests));
        assert_eq!(answer.sink.unwrap().beans, beans);
    }
    let bodies = fake.bodies.lock().unwrap();
    let asked = |at: usize, what: &str| bodies[at].contains(what);
    assert!(asked(1, r#""path":"lab/b=c""#) && asked(2, r#"["O"]"#), "{bodies:?}");
    assert!(asked(3, r#"["L"]"#) && asked(3, r#"["O"]"#) && asked(4, r#"["L","O"]"#), "{bodies:?}");
    assert!(asked(5, r#"["L","O"]"#) && asked(5, r#""maxDepth":1"#), "{bodies:?}");
}

#[tokio::test]
async fn an_agent_that_tells_no_types_is_not_asked_for_them_again() {
    let names = r#"{"status":200,"timestamp":7,"value":["lab:b=c"]}"#;
    let bean = r#"[{"status":200,"value":{"X":1}},{"status":304,"timestamp":9}]"#;
    for refusal in [r#"[{"status":403,"error":"no"}]"#, r#"{"status":403,"error":"no"}"#, "[]"] {
        let replies = [format!("[{VERSION},{names}]"), refusal.to_owned(), bean.to_owned()];
        let fake = fake(replies.map(Reply::Json).to_vec()).await;
        let agent = agent(&fake.url);
        let plan = Plan { essentials: vec![Query::all("lab:*".to_owned())], per_partition: Vec::new() };
        for (plan, requests) in [(&Plan::default(), 1), (&plan, 2), (&plan, 1)] {
            let answer = agent.read(plan, Instant::now() + Duration::from_secs(5), Counter::default()).await;
            assert_eq!((answer.result, answer.requests), (Ok(()), requests), "{refusal}");
        }
    }
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit_and_the_connection_is_closed() {
    let mut fake = fake(vec![Reply::Endless(&[b' '; 65536], Duration::ZERO)]).await;
    let answer = read(&agent(&fake.url), 10_000).await;
    assert_eq!(kind(&answer), Some(ReadErrorKind::TooLarge));
    tokio::time::timeout(Duration::from_secs(5), fake.closed.recv()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_body_that_drips_ends_at_the_deadline_and_the_connection_is_closed() {
    let mut fake = fake(vec![Reply::Endless(b" ", Duration::from_millis(50))]).await;
    let answer = read(&agent(&fake.url), 400).await;
    assert_eq!(kind(&answer), Some(ReadErrorKind::Timeout));
    tokio::time::timeout(Duration::from_secs(5), fake.closed.recv()).await.unwrap().unwrap();
}

#[tokio::test]
async fn after_a_time_out_only_an_answered_probe_lets_the_next_read_through() {
    let mut replies = vec![Reply::Silence, Reply::Silence, Reply::Json(format!("[{VERSION}]"))];
    replies.extend(good());
    let mut fake = fake(replies).await;
    let agent = agent(&fake.url);
    assert_eq!(kind(&read(&agent, 300).await), Some(ReadErrorKind::Timeout));
    fake.closed.recv().await.unwrap();
    let probed = read(&agent, 5000).await;
    assert_eq!((kind(&probed), probed.requests), (Some(ReadErrorKind::Timeout), 1));
    assert!(probed.result.unwrap_err().message.contains("earlier time-out"));
    let answer = read(&agent, 5000).await;
    assert_eq!((answer.result, answer.requests), (Ok(()), 3));
    assert_eq!(fake.requests.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_read_without_time_asks_nothing_and_leaves_no_suspicion() {
    let fake = fake(good()).await;
    let agent = agent(&fake.url);
    let answer = read(&agent, 0).await;
    assert_eq!((kind(&answer), answer.requests), (Some(ReadErrorKind::Timeout), 0));
    let answer = read(&agent, 5000).await;
    assert_eq!((answer.result, answer.requests), (Ok(()), 2), "no probe");
}

#[tokio::test]
async fn after_an_answer_that_was_not_read_to_its_end_a_probe_goes_first() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n";
    let large = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999999999\r\n\r\n[";
    for (broken, expected) in [(cut.to_vec(), ReadErrorKind::Protocol), (large.to_vec(), ReadErrorKind::TooLarge)] {
        // The probe meets it too before the agent is well again.
        let broken = Reply::Raw(broken);
        let mut replies = vec![broken.clone(), broken, Reply::Json(format!("[{VERSION}]"))];
        replies.extend(good());
        let fake = fake(replies).await;
        let agent = agent(&fake.url);
        for _ in 0..2 {
            let answer = read(&agent, 5000).await;
            assert_eq!((kind(&answer), answer.requests), (Some(expected), 1), "{:?}", answer.result);
        }
        let answer = read(&agent, 5000).await;
        assert_eq!((answer.result, answer.requests), (Ok(()), 3));
        let bodies = fake.bodies.lock().unwrap();
        assert!(!bodies[1].contains("read") && !bodies[2].contains("read") && bodies[3].contains("read"), "{bodies:?}");
    }
}

#[tokio::test]
async fn a_dropped_read_is_treated_like_a_time_out() {
    let fake = fake(vec![Reply::Silence, Reply::Silence]).await;
    let agent = agent(&fake.url);
    let deadline = Instant::now() + Duration::from_secs(60);
    let plan = plan();
    let dropped =
        tokio::time::timeout(Duration::from_millis(200), agent.read(&plan, deadline, Counter::default())).await;
    assert!(dropped.is_err());
    let answer = read(&agent, 5000).await;
    assert!(answer.result.unwrap_err().message.contains("earlier time-out"));
}

#[tokio::test]
async fn one_request_is_in_flight_and_the_wait_counts() {
    let fake = fake(vec![Reply::Silence]).await;
    let agent = agent(&fake.url);
    let (first, second) = tokio::join!(read(&agent, 1000), read(&agent, 300));
    assert_eq!(kind(&first), Some(ReadErrorKind::Timeout));
    assert!(second.result.unwrap_err().message.contains("still in flight"));
    assert_eq!((second.requests, fake.requests.load(Ordering::SeqCst)), (0, 1));
}

#[tokio::test]
async fn a_panic_in_the_sink_is_an_error_and_the_agent_stays_usable() {
    let panicking = Reply::Json(format!(r#"[{VERSION},{{"status":200,"value":{{"panic:b=c":{{}}}}}},{NAMES}]"#));
    let mut replies = vec![panicking];
    replies.extend(good());
    let fake = fake(replies).await;
    let agent = agent(&fake.url);
    let answer = read(&agent, 5000).await;
    assert_eq!(kind(&answer), Some(ReadErrorKind::Internal));
    assert!(answer.sink.is_none());
    assert_eq!(read(&agent, 5000).await.result, Ok(()));
}

#[tokio::test]
async fn nobody_listening_is_a_connect_error() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let answer = read(&agent(&format!("http://user:secret@{free}/jolokia")), 5000).await;
    assert_eq!(kind(&answer), Some(ReadErrorKind::Connect), "{:?}", answer.result);
}

#[tokio::test]
async fn https_to_a_server_without_tls_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/jolokia", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let config = AgentConfig { url, insecure: true, ..AgentConfig::default() };
    let agent = Jolokia::new(config, Limits::default()).unwrap();
    assert_eq!(kind(&read(&agent, 5000).await), Some(ReadErrorKind::Tls));
}
