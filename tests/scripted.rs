//! Clusters that are too large or too restless for a test's real Kafka: names that come and go, pages of many megabytes.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::GzDecoder;
use kafka_lab::scripted::{Scripted, Shape};
use kafka_lab::{Lab, http};

use support::{Engine, PATIENCE, Page, Vitals, each};

fn shape(topics: usize, groups: usize) -> Shape {
    Shape { brokers: 3, topics, partitions: 10, replicas: 3, groups, commits: 20, consumer_protocol: 5 }
}

fn flags(scripted: &Scripted) -> Vec<String> {
    vec![format!("--kafka.server={}", scripted.bootstrap()), "--scrape.reuse=0s".to_owned()]
}

/// The groups on a page, by the family that has each once.
fn groups(page: &Page) -> Vec<&str> {
    page.named("kafka_consumergroup_members").into_keys().collect()
}

#[test]
fn ten_thousand_short_lived_group_names_leave_neither_series_nor_memory() {
    const GENERATIONS: usize = 40;
    const SETTLED: usize = 10;
    let lab = Lab::new().unwrap();
    let scripted = Scripted::start(shape(50, 250)).unwrap();
    let arguments = flags(&scripted);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--refresh.metadata=1s"]).collect();
    let all = Vitals::start_each(&lab, &arguments);
    let rss = |vitals: &Vitals| {
        // The allocator gives memory back within a second.
        std::thread::sleep(Duration::from_secs(2));
        vitals.process.rss_bytes().unwrap()
    };
    let (mut series, mut settled) = (vec![None; all.len()], vec![0; all.len()]);
    for generation in 0..GENERATIONS {
        for (at, vitals) in each(&all).enumerate() {
            let page = vitals.page("/metrics/cluster", PATIENCE);
            assert_eq!(page.value(r#"kafka_vitals_collector_success{collector="groups"}"#), 1.0);
            let groups = groups(&page);
            let name = format!("consumergroup=\"scripted-group-{generation}-");
            assert!(groups.len() == 250 && groups.iter().all(|group| group.contains(&name)), "{groups:?}");
            let of_kafka = page.series.keys().filter(|series| series.starts_with("kafka_consumergroup")).count();
            // At first it is not known yet that nobody tells topics' configurations: without them there are no margins.
            if generation > 0 {
                assert_eq!(*series[at].get_or_insert(of_kafka), of_kafka);
            }
            if generation == SETTLED {
                settled[at] = rss(vitals);
            }
        }
        http::get_ok(&format!("{}/rename", scripted.control()), PATIENCE).unwrap();
    }
    for (vitals, settled) in each(&all).zip(settled) {
        let grown = rss(vitals).saturating_sub(settled);
        assert!(grown < 8 << 20, "{:?}: by {grown} bytes from {settled}", vitals.engine);
    }
}

/// A page of some 15 MB.
struct Large {
    _lab: Arc<Lab>,
    _scripted: Scripted,
    vitals: Vitals,
}

impl Large {
    fn start() -> Self {
        let lab = Lab::new().unwrap();
        let scripted = Scripted::start(shape(1200, 1000)).unwrap();
        let server = format!("--kafka.server={}", scripted.bootstrap());
        // All requests show the same collection.
        let arguments = [server.as_str(), "--scrape.reuse=10m", "--scrape.timeout=60s"];
        let vitals = Vitals::start_with_engine(&lab, Engine::Protocol, &arguments);
        Self { _lab: lab, _scripted: scripted, vitals }
    }

    fn page(&self, headers: &[(&str, &str)]) -> Vec<u8> {
        let answer = self.vitals.try_get("/metrics/cluster", headers).unwrap();
        assert_eq!(answer.status, 200);
        answer.body
    }
}

/// What does not differ between two pages about the same collection.
fn of_kafka(page: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(page).unwrap();
    text.lines()
        .filter(|line| line.starts_with("kafka_") && !line.starts_with("kafka_vitals_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_large_page_is_the_same_in_each_format_and_encoding_and_head_has_no_body() {
    let large = Large::start();
    let text = large.page(&[]);
    assert!(text.len() > 10 << 20, "{}", text.len());
    let lines = of_kafka(&text);

    let zipped = large.page(&[("Accept-Encoding", "gzip")]);
    let mut unzipped = Vec::new();
    GzDecoder::new(zipped.as_slice()).read_to_end(&mut unzipped).unwrap();
    assert!(zipped.len() < text.len() / 5);
    assert!(of_kafka(&unzipped) == lines, "gzip");

    let open = large.page(&[("Accept", "application/openmetrics-text")]);
    assert!(open.ends_with(b"\n# EOF\n") && of_kafka(&open) == lines, "OpenMetrics");

    let mut stream = large.connect();
    stream.write_all(b"HEAD /metrics/cluster HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut head = Vec::new();
    stream.read_to_end(&mut head).unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200 ") && head.ends_with(b"\r\n\r\n"), "{}", head.len());
}

impl Large {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.vitals.url.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

impl Large {
    /// Clients that have got the first byte of the page and read no more.
    fn stall(&self, clients: usize) -> Vec<TcpStream> {
        let stalled = (0..clients).map(|_| {
            let mut stream = self.connect();
            stream.write_all(b"GET /metrics/cluster HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            stream.read_exact(&mut [0]).unwrap();
            stream
        });
        stalled.collect()
    }
}

#[test]
fn clients_that_stop_reading_hold_no_page_in_memory_and_no_other_client_up() {
    const CLIENTS: usize = 20;
    let large = Large::start();
    for _ in 0..3 {
        large.page(&[]);
    }
    let rss = || large.vitals.process.rss_bytes().unwrap();
    let before = rss();
    let _stalled = large.stall(CLIENTS);
    std::thread::sleep(Duration::from_secs(2));
    let each = rss().saturating_sub(before) / CLIENTS as u64;
    assert!(each < 2 << 20, "{each} bytes for each");
    assert!(large.page(&[]).len() > 10 << 20);
}

/// It takes as long as such a client has.
#[cfg(feature = "full-tests")]
#[test]
fn a_client_that_stops_reading_is_cut_off_in_the_middle() {
    let large = Large::start();
    let mut stalled = large.stall(1);
    std::thread::sleep(Duration::from_secs(35));
    let mut rest = Vec::new();
    // What the sockets hold, then the end, or a reset.
    let _ = stalled[0].read_to_end(&mut rest);
    assert!(!rest.is_empty() && !rest.ends_with(b"\r\n0\r\n\r\n") && rest.len() < 10 << 20, "{}", rest.len());
}
