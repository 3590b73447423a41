//! What every integration test needs: the real binary under guard, its pages over HTTP, and pages as maps.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "helpers of tests")]

pub mod log;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::panic::resume_unwind;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kafka_lab::http::{self, Response};
use kafka_lab::{Guarded, Lab, free_port, wait_until};

/// How long anything on this machine may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What kafka-vitals may read Kafka with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// `--kafka.client=protocol`
    Protocol,
    /// `--kafka.client=librdkafka`
    Librdkafka,
}

impl Engine {
    /// Every test that is about Kafka runs over all of these.
    pub const ALL: &[Self] = &[Self::Protocol, Self::Librdkafka];

    /// As metrics and the flag call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Librdkafka => "librdkafka",
        }
    }
}

/// A running kafka-vitals.
#[derive(Debug)]
pub struct Vitals {
    /// The engine that it was told to use.
    pub engine: Option<Engine>,
    /// The process.
    pub process: Guarded,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Its log.
    pub log: std::path::PathBuf,
}

impl Vitals {
    /// Starts the binary on a free port and waits until it listens.
    pub fn start(lab: &Arc<Lab>, arguments: &[&str]) -> Self {
        let port = free_port().unwrap();
        let log = lab.folder().join(format!("kafka-vitals-{port}.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-vitals"));
        command.args(arguments).arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let process = lab.spawn_logged(&command, &log).unwrap();
        let vitals = Self { engine: None, process, url: format!("http://127.0.0.1:{port}"), log };
        wait_until(PATIENCE, "kafka-vitals to listen", || vitals.try_get("/-/ready", &[]).map(|_| Some(()))).unwrap();
        vitals
    }

    /// As [`start`](Self::start), over an engine.
    pub fn start_with_engine(lab: &Arc<Lab>, engine: Engine, arguments: &[&str]) -> Self {
        let choice = format!("--kafka.client={}", engine.name());
        let mut vitals = Self::start(lab, &[arguments, &[&choice]].concat());
        vitals.engine = Some(engine);
        vitals
    }

    /// One for each engine, beside each other.
    pub fn start_each(lab: &Arc<Lab>, arguments: &[&str]) -> Vec<Self> {
        Engine::ALL.iter().map(|engine| Self::start_with_engine(lab, *engine, arguments)).collect()
    }

    /// As [`start`](Self::start), with every MBean on the page under its plain name: for tests of how beans are read.
    pub fn start_with_all_beans(lab: &Arc<Lab>, arguments: &[&str]) -> Self {
        let has_rules = arguments.iter().any(|argument| argument.starts_with("--jmx.rules"));
        let rules = if has_rules { &[][..] } else { &["--jmx.rules=bundled:all"] };
        Self::start(lab, &[arguments, rules].concat())
    }

    /// One request; any status.
    pub fn try_get(&self, path: &str, headers: &[(&str, &str)]) -> kafka_lab::Result<Response> {
        http::get(&format!("{}{path}", self.url), headers, PATIENCE)
    }

    /// One request; any status.
    pub fn get(&self, path: &str) -> Response {
        self.try_get(path, &[]).unwrap()
    }

    /// `POST /-/reload`: status and text.
    pub fn reload(&self) -> (u16, String) {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "POST /-/reload HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), text.to_owned())
    }

    /// A metrics page in text format 0.0.4, as Prometheus with this time-out would ask for it.
    pub fn page(&self, path: &str, timeout: Duration) -> Page {
        let timeout = timeout.as_secs_f64().to_string();
        let response = self.try_get(path, &[("X-Prometheus-Scrape-Timeout-Seconds", &timeout)]).unwrap();
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        Page::parse(&response.text())
    }

    /// `/metrics` with 10 s of time.
    pub fn metrics(&self) -> Page {
        self.page("/metrics", Duration::from_secs(10))
    }
}

impl Drop for Vitals {
    /// Whatever a test is about, the log must be well-formed and tell of no panic.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            log::check(&std::fs::read_to_string(&self.log).unwrap());
        }
    }
}

/// Goes through them and says which one it is at, so that a test that fails tells the engine.
pub fn each(all: &[Vitals]) -> impl Iterator<Item = &Vitals> {
    all.iter().inspect(|vitals| eprintln!("client: {:?}", vitals.engine))
}

/// Does the same to all at the same time, as a fault does not wait for one after the other; answers in their order.
pub fn at_once<I: Sync, T: Send>(all: &[I], does: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let does = &does;
    std::thread::scope(|scope| {
        let running: Vec<_> = all.iter().map(|one| scope.spawn(move || does(one))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|cause| resume_unwind(cause))).collect()
    })
}

/// Runs the binary to its end: exit code, standard output, standard error.
pub fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_kafka-vitals")).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A page as a map from `name{sorted labels}` to value. Two samples of the same series are a failure.
#[derive(Debug, Default)]
pub struct Page {
    /// Series and values.
    pub series: BTreeMap<String, f64>,
    /// Types by family.
    pub types: BTreeMap<String, String>,
}

impl Page {
    /// Reads text format 0.0.4, jmx_exporter 0.x's trailing commas included.
    pub fn parse(text: &str) -> Self {
        let mut page = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                page.types.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let series = canonical(series);
                let value = value.replace("Inf", "inf").parse().unwrap();
                assert!(page.series.insert(series.clone(), value).is_none(), "twice on the page: {series}");
            }
        }
        page
    }

    /// The value of a series, written as `name{a="1",b="2"}` with labels in any order.
    #[track_caller]
    pub fn value(&self, series: &str) -> f64 {
        self.get(series).unwrap_or_else(|| {
            let name = series.split('{').next().unwrap();
            panic!("no {series}; of that name: {:#?}", self.named(name))
        })
    }

    /// The value of a series, if it is there.
    pub fn get(&self, series: &str) -> Option<f64> {
        self.series.get(&canonical(series)).copied()
    }

    /// All series of a name.
    pub fn named(&self, name: &str) -> BTreeMap<&str, f64> {
        let of_name = self.series.iter().filter(|(series, _)| series.split('{').next() == Some(name));
        of_name.map(|(series, value)| (series.as_str(), *value)).collect()
    }
}

/// The series with its labels sorted.
pub fn canonical(series: &str) -> String {
    let Some((name, labels)) = series.split_once('{') else { return series.to_owned() };
    let mut labels = split_labels(labels.strip_suffix('}').unwrap());
    labels.sort();
    format!("{name}{{{}}}", labels.join(","))
}

/// `a="1",b="2"` at the commas outside of values.
pub fn split_labels(labels: &str) -> Vec<String> {
    let (mut pairs, mut pair, mut in_value, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in labels.chars() {
        match c {
            ',' if !in_value => pairs.push(std::mem::take(&mut pair)),
            _ => {
                in_value ^= c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                pair.push(c);
            }
        }
    }
    pairs.push(pair);
    pairs.retain(|pair| !pair.is_empty());
    pairs
}
