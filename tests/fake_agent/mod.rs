//! A Jolokia agent made of threads and a script, for what a real one cannot be made to do: in goes how it behaves, out
//! comes what it was asked. Its healthy answers have the shapes of Jolokia 2.5.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How the agent treats a request.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// As Jolokia does.
    Healthy,
    /// As Jolokia does, but only after this long.
    Slow(Duration),
    /// These bytes, then the end of the connection. Jolokia's head is put in front of what does not begin with `HTTP/`.
    Raw(Vec<u8>),
    /// Cut in the middle of a healthy answer.
    Truncated,
    /// A chunked body of blanks that never ends.
    Endless,
    /// A head at once, then one byte of the body each second.
    Drip,
    /// Reads the request and says nothing.
    Silent,
    /// Announces 400 GB, sends a little of it, and waits.
    HugeLength,
    /// This Jolokia status for each read of this domain; all else is healthy.
    ItemStatus(&'static str, u64),
    /// Healthy to the requests that this text does not occur in; silent to the others.
    SilentTo(&'static str),
    /// Healthy, but this value stands for each attribute of the domain `odd`.
    OddValue(String),
}

/// One request that arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line and headers.
    pub head: String,
    /// The bulk.
    pub body: Value,
}

impl Asked {
    /// The types of the requests in the bulk, without repeats.
    pub fn types(&self) -> Vec<&str> {
        let mut types: Vec<&str> =
            self.body.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
        types.dedup();
        types
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

#[derive(Debug)]
struct Shared {
    id: i32,
    behaviour: Mutex<Behaviour>,
    asked: Mutex<Vec<Asked>>,
    /// `user:password` in base64, if it wants one.
    login: Option<&'static str>,
    tls: Option<Arc<rustls::ServerConfig>>,
}

/// The agent of node `id`. It lives as long as the test's process.
#[derive(Debug)]
pub struct FakeAgent {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    shared: Arc<Shared>,
}

impl FakeAgent {
    /// A healthy agent on a free port.
    pub fn start(id: i32) -> Self {
        Self::serve(0, id, None, None)
    }

    /// A healthy agent on this port.
    pub fn start_on(port: u16, id: i32) -> Self {
        Self::serve(port, id, None, None)
    }

    /// An agent that wants Basic authentication; `login` = base64 of `user:password`.
    pub fn with_login(id: i32, login: &'static str) -> Self {
        Self::serve(0, id, Some(login), None)
    }

    /// An agent behind TLS.
    pub fn with_tls(id: i32, config: rustls::ServerConfig) -> Self {
        Self::serve(0, id, None, Some(Arc::new(config)))
    }

    fn serve(port: u16, id: i32, login: Option<&'static str>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let behaviour = Mutex::new(Behaviour::Healthy);
        let shared = Arc::new(Shared { id, behaviour, asked: Mutex::default(), login, tls });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&for_thread);
                // A client that goes away is no failure of the test.
                thread::spawn(move || shared.connection(stream));
            }
        });
        Self { port, shared }
    }

    /// `--jolokia.url=ID=http://127.0.0.1:PORT`.
    pub fn flag(&self) -> String {
        format!("--jolokia.url={}={}", self.shared.id, self.url())
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// From the next request on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }
}

impl Shared {
    fn connection(&self, stream: TcpStream) -> Option<()> {
        match &self.tls {
            None => self.requests(stream),
            Some(config) => {
                let session = rustls::ServerConnection::new(Arc::clone(config)).ok()?;
                self.requests(rustls::StreamOwned::new(session, stream))
            }
        }
    }

    /// Request after request, until the client goes or the behaviour wants the end.
    fn requests(&self, stream: impl Read + Write) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).ok()? == 0 {
                    return None;
                }
                if line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().ok()?;
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).ok()?;
            let asked = Asked { head, body: serde_json::from_slice(&body).ok()? };
            self.asked.lock().unwrap().push(asked.clone());
            self.answer(&asked, stream.get_mut())?;
        }
    }

    /// `None` = the connection is over.
    fn answer(&self, asked: &Asked, out: &mut impl Write) -> Option<()> {
        if let Some(login) = self.login
            && asked.header("authorization") != Some(&format!("Basic {login}"))
        {
            // As the JDK's server does it: no body.
            let head =
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"jolokia\"\r\nContent-Length: 0\r\n\r\n";
            return out.write_all(head.as_bytes()).ok();
        }
        let behaviour = self.behaviour.lock().unwrap().clone();
        let text = self.healthy(asked, &behaviour).to_string();
        match behaviour {
            Behaviour::Healthy | Behaviour::ItemStatus(..) => send(out, &text),
            Behaviour::OddValue(value) => send(out, &text.replace("\"ODD\"", &value)),
            Behaviour::Slow(delay) => {
                thread::sleep(delay);
                send(out, &text)
            }
            Behaviour::SilentTo(part) if !asked.body.to_string().contains(part) => send(out, &text),
            Behaviour::Raw(bytes) => {
                if !bytes.starts_with(b"HTTP/") {
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
                    out.write_all(head.as_bytes()).ok()?;
                }
                out.write_all(&bytes).ok()?;
                out.flush().ok()?;
                None
            }
            Behaviour::Truncated => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    text.len()
                );
                out.write_all(head.as_bytes()).ok()?;
                out.write_all(&text.as_bytes()[..text.len() / 2]).ok()?;
                out.flush().ok()?;
                None
            }
            Behaviour::Endless => {
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n";
                out.write_all(head.as_bytes()).ok()?;
                let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
                loop {
                    out.write_all(chunk.as_bytes()).ok()?;
                }
            }
            Behaviour::Drip => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    text.len()
                );
                out.write_all(head.as_bytes()).ok()?;
                for byte in text.bytes() {
                    out.write_all(&[byte]).ok()?;
                    out.flush().ok()?;
                    thread::sleep(Duration::from_secs(1));
                }
                None
            }
            Behaviour::HugeLength => {
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400000000000\r\n\r\n[{";
                out.write_all(head.as_bytes()).ok()?;
                out.flush().ok()?;
                thread::sleep(Duration::from_secs(120));
                None
            }
            Behaviour::Silent | Behaviour::SilentTo(_) => {
                thread::sleep(Duration::from_secs(120));
                None
            }
        }
    }

    /// The answer to each request of the bulk.
    fn healthy(&self, asked: &Asked, behaviour: &Behaviour) -> Value {
        let beans = self.beans(behaviour);
        let answers = asked.body.as_array().into_iter().flatten().map(|request| {
            let value = match request["type"].as_str() {
                Some("version") => json!({"agent": "2.5.0", "protocol": "8.1", "info": {"product": "fake"}}),
                Some("search") if request["config"].get("ifModifiedSince").is_some() => {
                    return json!({"status": 304, "timestamp": 1_700_000_000});
                }
                Some("search") => beans.iter().map(|(name, _)| *name).collect(),
                // What its policy may say of everything but what README asks for.
                Some("list") => return json!({"status": 403, "error_type": "java.lang.Exception", "error": "denied"}),
                _ => {
                    let pattern = request["mbean"].as_str().unwrap_or_default();
                    if let Behaviour::ItemStatus(domain, status) = behaviour
                        && pattern.starts_with(domain)
                    {
                        let error = "java.lang.IllegalStateException : shut\ndown";
                        return json!({"status": status, "error_type": "java.lang.IllegalStateException", "error": error});
                    }
                    let mut hits = beans.iter().filter(|(name, _)| matches(pattern, name));
                    if pattern.contains('*') {
                        hits.map(|(name, attributes)| ((*name).to_owned(), wanted(request, attributes))).collect()
                    } else if let Some((_, attributes)) = hits.next() {
                        wanted(request, attributes)
                    } else {
                        let kind = "javax.management.InstanceNotFoundException";
                        return json!({"status": 404, "error_type": kind, "error": format!("{kind} : {pattern}")});
                    }
                }
            };
            json!({"status": 200, "timestamp": 1_700_000_000, "value": value})
        });
        answers.collect()
    }

    fn beans(&self, behaviour: &Behaviour) -> Vec<(&'static str, Value)> {
        let info = match self.id {
            1 => "kafka.server:type=app-info,id=1",
            2 => "kafka.server:type=app-info,id=2",
            _ => "kafka.server:type=app-info,id=3",
        };
        let heap = json!({"HeapMemoryUsage": {"init": 1, "used": 1000 + self.id, "committed": 3, "max": 4}});
        let mut beans = vec![
            ("java.lang:type=Memory", heap),
            (info, json!({"Version": "4.3.0"})),
            ("kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec", json!({"Count": 17, "OneMinuteRate": 1.5})),
            ("kafka.cluster:type=Partition,name=UnderReplicated,topic=t,partition=0", json!({"Value": 0})),
        ];
        if let Behaviour::OddValue(_) = behaviour {
            beans.push(("odd:type=Odd", json!({"Value": "ODD"})));
        }
        beans
    }
}

/// Matches what a plan of these beans is made of: names, `domain:*` and `domain:type=x,*`.
fn matches(pattern: &str, name: &str) -> bool {
    if pattern.contains('*') {
        name.starts_with(pattern.trim_end_matches('*').trim_end_matches(','))
    } else {
        name == pattern
    }
}

/// The attributes that a read asks for.
fn wanted(request: &Value, attributes: &Value) -> Value {
    let Some(names) = request["attribute"].as_array() else { return attributes.clone() };
    let named = attributes.as_object().into_iter().flatten();
    let named = named.filter(|(name, _)| names.iter().any(|wanted| wanted == name.as_str()));
    named.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn send(out: &mut impl Write, body: &str) -> Option<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    out.write_all(head.as_bytes()).ok()?;
    out.write_all(body.as_bytes()).ok()?;
    out.flush().ok()
}
