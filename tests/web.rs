//! The exporter's own HTTP side as Prometheus and its operator see it: pages, negotiation, deadlines, sharing and reuse,
//! reload, service discovery, stop.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod fake_agent;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fake_agent::{Behaviour, FakeAgent};
use flate2::read::GzDecoder;
use kafka_lab::{Lab, free_port, http, wait_until};
use serde_json::{Value, json};
use support::{PATIENCE, Page, Vitals, log};

const COUNT: &str = r#"kafka_server_brokertopicmetrics_count{broker="1",name="MessagesInPerSec"}"#;
const AS_WRITTEN: &str = r#"kafka_server_BrokerTopicMetrics_Count{broker="1",name="MessagesInPerSec"}"#;
const SUCCESS: &str = r#"kafka_vitals_collector_success{collector="jmx",broker="1"}"#;
const RELOADED: &str = "kafka_vitals_config_last_reload_successful";
/// Nothing listens there.
const NO_KAFKA: &str = "--kafka.server=127.0.0.1:1";

/// An exporter of one agent's node.
struct Scene {
    lab: Arc<Lab>,
    agent: Arc<FakeAgent>,
    vitals: Arc<Vitals>,
}

impl Scene {
    fn new(more: &[&str]) -> Self {
        Self::made(&Lab::new().unwrap(), more)
    }

    fn made(lab: &Arc<Lab>, more: &[&str]) -> Self {
        let agent = FakeAgent::start(1);
        let flag = agent.flag();
        let mut arguments = vec![flag.as_str()];
        arguments.extend(more);
        let vitals = Arc::new(Vitals::start_with_all_beans(lab, &arguments));
        Self { lab: Arc::clone(lab), agent: Arc::new(agent), vitals }
    }

    /// How many requests an answer takes while `run` runs.
    fn requests(&self, run: impl FnOnce()) -> usize {
        let before = self.agent.asked().len();
        run();
        self.agent.asked().len() - before
    }

    /// `/metrics` in the background.
    fn scrape_beside(&self) -> thread::JoinHandle<http::Response> {
        let vitals = Arc::clone(&self.vitals);
        thread::spawn(move || vitals.get("/metrics"))
    }

    /// Waits until the agent has been asked once more than `before`.
    fn asked_more_than(&self, before: usize) {
        let look = || if self.agent.asked().len() > before { Ok(()) } else { Err(before) };
        wait_until(PATIENCE, "a request to the agent", look).unwrap();
    }
}

/// Any method, on a connection of its own: status, headers in lower case, body.
fn send(url: &str, method: &str, path: &str, headers: &str) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    (status, headers, answer[end + 4..].to_vec())
}

#[test]
fn every_page_is_where_the_documentation_says_with_its_content_type() {
    let scene = Scene::new(&[]);
    for (path, status, content_type) in [
        ("/metrics", 200, "text/plain; version=0.0.4"),
        ("/metrics/cluster", 200, "text/plain; version=0.0.4"),
        ("/metrics/brokers/1", 200, "text/plain; version=0.0.4"),
        ("/metrics?x=1", 200, "text/plain; version=0.0.4"),
        ("/", 200, "text/html"),
        ("/sd", 200, "application/json"),
        ("/config", 200, "text/plain"),
        ("/-/healthy", 200, "text/plain"),
        ("/healthz", 200, "text/plain"),
        ("/-/ready", 200, "text/plain"),
        ("/metrics/brokers/9", 404, "text/plain"),
        ("/metrics/brokers/", 404, "text/plain"),
        ("/metric", 404, "text/plain"),
        ("/metrics/../config", 404, "text/plain"),
    ] {
        let answer = scene.vitals.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.header("content-type").unwrap().starts_with(content_type), "{path}: {:?}", answer.headers);
        assert!(!answer.body.is_empty(), "{path}");
    }
}

#[test]
fn other_methods_are_refused_with_those_allowed_and_head_has_no_body() {
    let scene = Scene::new(&[]);
    let url = &scene.vitals.url;
    for (method, path, allowed) in [
        ("POST", "/metrics", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
        ("PUT", "/sd", "GET, HEAD"),
        ("POST", "/metrics/brokers/1", "GET, HEAD"),
        ("GET", "/-/reload", "POST"),
        ("HEAD", "/-/reload", "POST"),
    ] {
        let (status, headers, _) = send(url, method, path, "");
        assert_eq!((status, headers["allow"].as_str()), (405, allowed), "{method} {path}");
    }
    assert_eq!(send(url, "POST", "/nowhere", "").0, 404);
    for path in ["/metrics", "/", "/-/ready", "/config"] {
        let (status, headers, body) = send(url, "HEAD", path, "");
        assert_eq!((status, body.len()), (200, 0), "{path}");
        assert!(headers["content-length"].parse::<usize>().unwrap() > 0, "{path}: {headers:?}");
    }
}

#[test]
fn the_configuration_is_shown_without_secrets() {
    let lab = Lab::new().unwrap();
    let file = lab.folder().join("vitals.yml");
    fs::write(
        &file,
        "jolokia: {username: reader, password: hunter1}\nkafka: {property: {ssl.key.password: hunter2}}\n",
    )
    .unwrap();
    let file = format!("--config.file={}", file.display());
    let sasl = ["--sasl.enabled", "--sasl.mechanism=plain", "--sasl.username=u", "--sasl.password=hunter3"];
    let scene = Scene::made(&lab, &[&[NO_KAFKA, &file, "--tls.enabled", "--log.level=debug"], &sasl[..]].concat());
    let config = scene.vitals.get("/config").text();
    for part in ["username: \"reader\"", "password: \"<secret>\"", "ssl.key.password=<secret>", "mechanism: \"plain\""]
    {
        assert!(config.contains(part), "{part} is not in {config}");
    }
    let headers = [("X-Prometheus-Scrape-Timeout-Seconds", "2")];
    let metrics = scene.vitals.try_get("/metrics", &headers).unwrap().text();
    let log = fs::read_to_string(&scene.vitals.log).unwrap();
    for text in [&config, &metrics, &scene.vitals.get("/").text(), &log] {
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[test]
fn the_exporter_is_alive_and_ready_whatever_its_sources_do() {
    let scene = Scene::new(&[NO_KAFKA]);
    scene.agent.behave(Behaviour::Silent);
    let scrape = scene.scrape_beside();
    scene.asked_more_than(0);
    for path in ["/-/healthy", "/healthz", "/-/ready", "/", "/config"] {
        let answer = scene.vitals.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.elapsed < Duration::from_secs(2), "{path}: {:?}", answer.elapsed);
    }
    let metrics = scrape.join().unwrap();
    assert_eq!(metrics.status, 200);
    let page = Page::parse(&metrics.text());
    assert_eq!(page.value(SUCCESS), 0.0);
    assert_eq!(page.value(r#"kafka_vitals_collector_success{collector="topology"}"#), 0.0);
    assert_eq!(page.get("kafka_brokers"), None);
}

#[test]
fn good_rules_are_taken_on_reload_and_bad_ones_are_not() {
    let lab = Lab::new().unwrap();
    let rules = lab.folder().join("rules.yml");
    fs::write(&rules, "lowercaseOutputName: true\n").unwrap();
    let scene = Scene::made(&lab, &[&format!("--jmx.rules={}", rules.display())]);
    let reload = || send(&scene.vitals.url, "POST", "/-/reload", "");

    let page = scene.vitals.metrics();
    assert_eq!((page.value(RELOADED), page.get(COUNT), page.get(AS_WRITTEN)), (1.0, Some(17.0), None));

    fs::write(&rules, "lowercaseOutputName: true\nrules: [{name: bogus}]\n").unwrap();
    let (status, _, body) = reload();
    let text = String::from_utf8(body).unwrap();
    assert_eq!(status, 500);
    assert!(text.contains(&rules.display().to_string()) && text.contains(":2: rule 1: "), "{text}");
    let page = scene.vitals.metrics();
    assert_eq!((page.value(RELOADED), page.get(COUNT)), (0.0, Some(17.0)));

    fs::write(&rules, "lowercaseOutputName: false\n").unwrap();
    assert_eq!(reload().0, 200);
    let page = scene.vitals.metrics();
    assert_eq!((page.value(RELOADED), page.get(COUNT), page.get(AS_WRITTEN)), (1.0, None, Some(17.0)));
}

#[test]
fn a_rules_file_that_changes_is_read_again_without_being_told() {
    let lab = Lab::new().unwrap();
    let rules = lab.folder().join("rules.yml");
    fs::write(&rules, "lowercaseOutputName: true\n").unwrap();
    let scene = Scene::made(&lab, &[&format!("--jmx.rules={}", rules.display())]);
    assert_eq!(scene.vitals.metrics().get(COUNT), Some(17.0));
    // As a mounted ConfigMap changes: another file takes its place.
    let next = lab.folder().join("next.yml");
    for (content, reloaded, lower, as_written) in [
        ("lowercaseOutputName: false\n", 1.0, None, Some(17.0)),
        ("rules: [{name: without-pattern}]\n", 0.0, None, Some(17.0)),
        ("lowercaseOutputName: true\n", 1.0, Some(17.0), None),
    ] {
        fs::write(&next, content).unwrap();
        fs::rename(&next, &rules).unwrap();
        wait_until(PATIENCE, "the new rules", || {
            let page = scene.vitals.metrics();
            let seen = (page.value(RELOADED), page.get(COUNT), page.get(AS_WRITTEN));
            if seen == (reloaded, lower, as_written) { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .unwrap();
    }
}

#[test]
fn a_reload_during_a_read_sends_no_second_request_beside_it() {
    let lab = Lab::new().unwrap();
    let rules = lab.folder().join("rules.yml");
    fs::write(&rules, "lowercaseOutputName: true\n").unwrap();
    let scene = Scene::made(&lab, &[&format!("--jmx.rules={}", rules.display())]);
    scene.agent.behave(Behaviour::Slow(Duration::from_secs(1)));
    let before = scene.agent.asked().len();
    let first = scene.scrape_beside();
    scene.asked_more_than(before);
    fs::write(&rules, "lowercaseOutputName: false\n").unwrap();
    assert_eq!(send(&scene.vitals.url, "POST", "/-/reload", "").0, 200);
    let second = scene.scrape_beside();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(scene.agent.asked().len(), before + 1, "it waits for its turn");
    assert_eq!(Page::parse(&first.join().unwrap().text()).get(COUNT), Some(17.0));
    let page = Page::parse(&second.join().unwrap().text());
    assert_eq!((page.get(COUNT), page.get(AS_WRITTEN)), (None, Some(17.0)));
}

#[test]
fn a_hangup_signal_reloads_too() {
    let lab = Lab::new().unwrap();
    let rules = lab.folder().join("rules.yml");
    fs::write(&rules, "lowercaseOutputName: true\n").unwrap();
    let agent = FakeAgent::start(1);
    let flag = format!("--jmx.rules={}", rules.display());
    let mut vitals = Vitals::start_with_all_beans(&lab, &[&agent.flag(), &flag, "--scrape.reuse=0s"]);
    assert_eq!(vitals.metrics().get(COUNT), Some(17.0));
    for (content, reloaded, lower, as_written) in
        [("rules: 1", 0.0, Some(17.0), None), ("lowercaseOutputName: false", 1.0, None, Some(17.0))]
    {
        fs::write(&rules, content).unwrap();
        vitals.process.signal("HUP").unwrap();
        // A page that had begun before tells of the reload already.
        let reload = wait_until(PATIENCE, "the reload", || {
            let page = vitals.metrics();
            let seen = (page.value(RELOADED), page.get(COUNT), page.get(AS_WRITTEN));
            if seen == (reloaded, lower, as_written) { Ok(()) } else { Err(format!("{seen:?}")) }
        });
        reload.unwrap();
    }
    let lines = log::check(&fs::read_to_string(&vitals.log).unwrap());
    let refused = lines.iter().find(|line| line["level"] == "error").unwrap();
    assert!(refused["error"].contains("rules.yml:1: rules must be a list"), "{refused:?}");
}

#[test]
fn clients_get_the_format_and_encoding_that_they_accept() {
    let scene = Scene::new(&["--scrape.reuse=60s"]);
    let plain = scene.vitals.get("/metrics/brokers/1");
    let text = plain.text();
    assert!(plain.header("content-encoding").is_none() && !text.contains("# EOF"));

    let zipped = scene.vitals.try_get("/metrics/brokers/1", &[("Accept-Encoding", "gzip")]).unwrap();
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    assert!(zipped.body.starts_with(&[0x1f, 0x8b]) && zipped.body.len() < plain.body.len());
    let mut unzipped = String::new();
    GzDecoder::new(zipped.body.as_slice()).read_to_string(&mut unzipped).unwrap();
    assert_eq!(unzipped, text);

    let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                      text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    let open = scene.vitals.try_get("/metrics/brokers/1", &[("Accept", prometheus)]).unwrap();
    let content_type = open.header("content-type").unwrap();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"), "{content_type}");
    assert!(open.text().ends_with("\n# EOF\n"));
    assert_eq!(open.text().matches("# EOF").count(), 1);
    let series = |text: &str| Page::parse(text).series;
    assert_eq!(series(&open.text()), series(&text));

    for (accept, kind) in [("text/plain", "text/plain"), ("*/*", "text/plain"), ("text/html", "text/plain")] {
        let answer = scene.vitals.try_get("/metrics", &[("Accept", accept)]).unwrap();
        assert!(answer.header("content-type").unwrap().starts_with(kind), "{accept}: {:?}", answer.headers);
        assert!(answer.header("vary").unwrap().contains("accept-encoding"));
    }
    let refused = scene.vitals.try_get("/metrics", &[("Accept-Encoding", "gzip;q=0, deflate")]).unwrap();
    assert_eq!(refused.header("content-encoding"), None);
}

#[test]
fn a_scrape_ends_before_the_time_out_that_prometheus_tells() {
    let scene = Scene::new(&["--scrape.reuse=0s", "--scrape.timeout=4s"]);
    scene.vitals.metrics();
    for (told, least, most) in
        [(Some("1"), 0.4, 1.0), (Some("3"), 2.0, 3.0), (Some("nonsense"), 3.0, 4.0), (None, 3.0, 4.0)]
    {
        // The probe after a time-out is shorter than all of these, so each round begins with an agent that is well.
        scene.agent.behave(Behaviour::Healthy);
        assert_eq!(scene.vitals.metrics().value(SUCCESS), 1.0);
        scene.agent.behave(Behaviour::Silent);
        let headers: Vec<_> = told.map(|told| ("X-Prometheus-Scrape-Timeout-Seconds", told)).into_iter().collect();
        let answer = scene.vitals.try_get("/metrics", &headers).unwrap();
        let took = answer.elapsed.as_secs_f64();
        assert!((least..most).contains(&took), "{told:?}: {took}");
        assert_eq!(Page::parse(&answer.text()).value(SUCCESS), 0.0);
    }
}

#[test]
fn an_agent_that_needs_its_time_gets_it() {
    let scene = Scene::new(&[]);
    scene.agent.behave(Behaviour::Slow(Duration::from_millis(700)));
    let page = scene.vitals.page("/metrics", Duration::from_secs(8));
    assert_eq!((page.value(SUCCESS), page.get(COUNT)), (1.0, Some(17.0)));
    assert!(page.value(r#"kafka_vitals_collector_duration_seconds{collector="jmx",broker="1"}"#) >= 1.4);
}

#[test]
fn scrapes_at_the_same_time_share_one_read() {
    let scene = Scene::new(&["--scrape.reuse=0s"]);
    let alone = scene.requests(|| drop(scene.vitals.metrics()));
    assert_eq!(alone, 3, "names, then two bulks");
    let alone = scene.requests(|| drop(scene.vitals.metrics()));
    scene.agent.behave(Behaviour::Slow(Duration::from_millis(500)));
    let together = scene.requests(|| {
        let before = scene.agent.asked().len();
        let first = scene.scrape_beside();
        scene.asked_more_than(before);
        let others: Vec<_> = (0..5).map(|_| scene.scrape_beside()).collect();
        let node = scene.vitals.get("/metrics/brokers/1");
        assert_eq!(node.status, 200);
        for scrape in others.into_iter().chain([first]) {
            assert_eq!(Page::parse(&scrape.join().unwrap().text()).get(COUNT), Some(17.0));
        }
    });
    assert_eq!((alone, together), (2, 2));
}

#[test]
fn a_hasty_page_does_not_cost_a_patient_one_its_result() {
    let scene = Scene::new(&["--scrape.reuse=0s"]);
    // Names and two bulks take longer than the run that a page without time starts; the probe's second is enough.
    scene.agent.behave(Behaviour::Slow(Duration::from_millis(800)));
    let hasty = [("X-Prometheus-Scrape-Timeout-Seconds", "0.1")];
    assert_eq!(scene.vitals.try_get("/metrics/brokers/1", &hasty).unwrap().status, 503);
    assert!(scene.agent.asked().len() <= 1);
    let page = scene.vitals.page("/metrics", Duration::from_secs(20));
    assert_eq!((page.value(SUCCESS), page.get(COUNT)), (1.0, Some(17.0)));
}

#[test]
fn a_complete_result_is_served_again_for_a_while() {
    let scene = Scene::new(&[]);
    scene.vitals.metrics();
    let again = scene.requests(|| {
        scene.vitals.metrics();
        assert_eq!(scene.vitals.get("/metrics/brokers/1").status, 200);
    });
    assert_eq!(again, 0, "within 5 s by default");

    let scene = Scene::new(&["--scrape.reuse=1s"]);
    scene.vitals.metrics();
    let before = scene.agent.asked().len();
    let fresh = wait_until(PATIENCE, "a fresh read", || {
        scene.vitals.metrics();
        if scene.agent.asked().len() > before { Ok(()) } else { Err("the old one") }
    });
    fresh.unwrap();

    let scene = Scene::new(&["--scrape.reuse=0s"]);
    scene.vitals.metrics();
    assert_eq!(scene.requests(|| drop(scene.vitals.metrics())), 2, "0s reads each time");
}

#[test]
fn a_result_that_is_served_again_tells_its_age() {
    let scene = Scene::new(&["--scrape.reuse=60s"]);
    let age = || scene.vitals.metrics().value(r#"kafka_vitals_collector_age_seconds{collector="jmx",broker="1"}"#);
    let (start, first) = (Instant::now(), age());
    let requests = scene.requests(|| {
        wait_until(PATIENCE, "the age to grow", || if age() > 2.0 { Ok(()) } else { Err(age()) }).unwrap();
    });
    let waited = start.elapsed().as_secs_f64();
    assert!(first < 1.0 && requests == 0 && age() <= waited + 1.0, "{first} {requests} {waited}");
}

#[test]
fn an_incomplete_result_is_never_served_again() {
    let scene = Scene::new(&["--scrape.reuse=60s"]);
    scene.agent.behave(Behaviour::ItemStatus("kafka.cluster", 500));
    for _ in 0..2 {
        let requests = scene.requests(|| assert_eq!(scene.vitals.metrics().value(SUCCESS), 0.0));
        assert!(requests >= 2, "{requests}");
    }
    scene.agent.behave(Behaviour::Healthy);
    assert_eq!(scene.vitals.metrics().value(SUCCESS), 1.0);
    assert_eq!(scene.requests(|| assert_eq!(scene.vitals.metrics().value(SUCCESS), 1.0)), 0);
}

#[test]
fn scrapes_over_the_limit_get_503_and_other_pages_do_not() {
    let scene = Scene::new(&["--web.max-requests=1"]);
    scene.agent.behave(Behaviour::Slow(Duration::from_secs(1)));
    let first = scene.scrape_beside();
    scene.asked_more_than(0);
    let second = scene.vitals.get("/metrics/cluster");
    assert_eq!(second.status, 503);
    assert!(second.text().contains("--web.max-requests"), "{}", second.text());
    assert_eq!(scene.vitals.get("/-/ready").status, 200);
    assert_eq!(first.join().unwrap().status, 200);
    assert_eq!(scene.vitals.metrics().value(r#"kafka_vitals_http_requests_total{page="cluster",code="503"}"#), 1.0);
}

#[test]
fn scraping_both_layouts_shows_in_a_metric() {
    let scene = Scene::new(&["--scrape.reuse=0s"]);
    let both = || scene.vitals.page("/metrics", Duration::from_secs(10)).value("kafka_vitals_both_layouts_scraped");
    both();
    assert_eq!(both(), 0.0);
    // Neither a browser nor a failed scrape is a layout.
    scene.vitals.get("/metrics/brokers/1");
    let headers = [("X-Prometheus-Scrape-Timeout-Seconds", "10")];
    assert_eq!(scene.vitals.try_get("/metrics/brokers/9", &headers).unwrap().status, 404);
    assert_eq!(both(), 0.0);
    scene.vitals.page("/metrics/brokers/1", Duration::from_secs(10));
    // A page that shows the same runs may be the same page.
    wait_until(PATIENCE, "the metric", || if both() == 1.0 { Ok(()) } else { Err("0") }).unwrap();
}

fn sd(vitals: &Vitals) -> Value {
    let answer = vitals.get("/sd");
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn discovery_lists_the_agents_given_by_url() {
    let scene = Scene::new(&[]);
    let host = scene.vitals.url.strip_prefix("http://").unwrap();
    let expected = json!([{"targets": [host], "labels": {
        "__scheme__": "http", "__metrics_path__": "/metrics/brokers/1",
        "instance": format!("127.0.0.1:{}", scene.agent.port), "__meta_kafka_cluster_id": "",
        "__meta_kafka_broker_id": "1", "__meta_kafka_host": "127.0.0.1", "__meta_kafka_rack": "",
    }}]);
    assert_eq!(sd(&scene.vitals), expected);
}

#[test]
fn discovery_follows_external_url_template_and_path() {
    let arguments = [
        "--web.external-url=https://vitals.example/kafka/",
        "--web.sd-instance=node-{id} at {host}",
        "--web.telemetry-path=/m",
    ];
    let scene = Scene::new(&arguments);
    let list = sd(&scene.vitals);
    assert_eq!(list[0]["targets"], json!(["vitals.example"]));
    let labels = &list[0]["labels"];
    assert_eq!(
        (&labels["__scheme__"], &labels["__metrics_path__"], &labels["instance"]),
        (&json!("https"), &json!("/kafka/m/brokers/1"), &json!("node-1 at 127.0.0.1"))
    );
    assert_eq!(scene.vitals.get("/m/brokers/1").status, 200);
}

#[test]
fn a_node_whose_id_is_learned_keeps_its_page_and_gets_one_by_id() {
    let lab = Lab::new().unwrap();
    let agent = FakeAgent::start(3);
    let vitals = Vitals::start_with_all_beans(&lab, &[&format!("--jolokia.url={}", agent.url())]);
    let address = format!("127.0.0.1:{}", agent.port);
    assert_eq!(sd(&vitals)[0]["labels"]["__metrics_path__"], json!(format!("/metrics/brokers/{address}")));
    assert_eq!(vitals.get(&format!("/metrics/brokers/{address}")).status, 200);
    assert_eq!(sd(&vitals)[0]["labels"]["__metrics_path__"], json!("/metrics/brokers/3"));
    assert_eq!(sd(&vitals)[0]["labels"]["instance"], json!(address), "the instance stays what it was");
    for key in ["3", &address] {
        assert_eq!(vitals.get(&format!("/metrics/brokers/{key}")).status, 200, "{key}");
    }
    assert_eq!(vitals.metrics().value(r#"jvm_memory_bytes_used{area="heap",broker="3"}"#), 1003.0);
}

#[test]
fn a_node_that_failed_before_its_id_was_learned_leaves_nothing_under_its_address() {
    let lab = Lab::new().unwrap();
    let agent = FakeAgent::start(3);
    let vitals = Vitals::start_with_all_beans(&lab, &[&format!("--jolokia.url={}", agent.url()), "--scrape.reuse=0s"]);
    agent.behave(Behaviour::Raw(b"garbage".to_vec()));
    let node = format!("/metrics/brokers/127.0.0.1:{}", agent.port);
    assert_eq!(vitals.get(&node).status, 503);
    agent.behave(Behaviour::Healthy);
    assert_eq!(vitals.get(&node).status, 200);
    let page = vitals.page("/metrics/cluster", Duration::from_secs(10));
    let success = page.named("kafka_vitals_collector_success");
    assert_eq!(
        success.into_iter().collect::<Vec<_>>(),
        [(r#"kafka_vitals_collector_success{broker="3",collector="jmx"}"#, 1.0)]
    );
    let error = r#"kafka_vitals_collector_errors_total{collector="jmx",broker="3",kind="protocol"}"#;
    assert_eq!(page.value(error), 1.0);
}

#[test]
fn agents_given_by_url_do_not_wait_for_metadata() {
    let lab = Lab::new().unwrap();
    let agent = FakeAgent::start(1);
    agent.behave(Behaviour::Slow(Duration::from_millis(800)));
    let vitals = Vitals::start_with_all_beans(&lab, &[&agent.flag(), NO_KAFKA, "--jolokia.port=8778"]);
    // Names and two bulks take 2.4 s; a third of the time would leave 2.3 s.
    let page = vitals.page("/metrics", Duration::from_secs(4));
    assert_eq!((page.value(SUCCESS), page.get(COUNT)), (1.0, Some(17.0)));
}

#[test]
fn discovery_and_node_pages_are_503_before_the_first_metadata() {
    let lab = Lab::new().unwrap();
    let vitals = Vitals::start_with_all_beans(&lab, &[NO_KAFKA, "--jolokia.port=8778"]);
    for path in ["/sd", "/metrics/brokers/1"] {
        let answer = vitals.try_get(path, &[("X-Prometheus-Scrape-Timeout-Seconds", "2")]).unwrap();
        assert_eq!(answer.status, 503, "{path}: {}", answer.text());
        assert!(answer.text().contains("not known yet") && answer.text().lines().count() == 1, "{}", answer.text());
        assert!(answer.elapsed < Duration::from_secs(2), "{path}: {:?}", answer.elapsed);
    }
    let answer = Vitals::start_with_all_beans(&lab, &[NO_KAFKA]).get("/sd");
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("--jolokia.port"), "{}", answer.text());
}

#[test]
fn the_landing_page_lists_nodes_and_collectors_and_escapes_what_it_shows() {
    let scene = Scene::new(&["--web.telemetry-path=/a&b"]);
    scene.agent.behave(Behaviour::Raw(b"garbage".to_vec()));
    scene.vitals.get("/a&b/brokers/1");
    let answer = scene.vitals.get("/");
    let html = answer.text();
    for part in [
        "<a href=\"/a&amp;b/brokers/1\">",
        "protocol: 1",
        &scene.agent.url(),
        ">jmx<",
        "/sd",
        env!("CARGO_PKG_VERSION"),
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("a&b"), "{html}");
}

#[test]
fn a_signal_to_stop_lets_a_running_scrape_finish() {
    for signal in ["TERM", "INT"] {
        let lab = Lab::new().unwrap();
        let agent = FakeAgent::start(1);
        let mut vitals = Vitals::start_with_all_beans(&lab, &[&agent.flag()]);
        agent.behave(Behaviour::Slow(Duration::from_secs(1)));
        let url = format!("{}/metrics", vitals.url);
        let scrape = thread::spawn(move || http::get(&url, &[], PATIENCE).unwrap());
        wait_until(PATIENCE, "the scrape", || if agent.asked().is_empty() { Err("none") } else { Ok(()) }).unwrap();
        vitals.process.signal(signal).unwrap();
        let answer = scrape.join().unwrap();
        assert_eq!(Page::parse(&answer.text()).get(COUNT), Some(17.0), "SIG{signal}");
        assert_eq!(vitals.process.wait(PATIENCE).unwrap().code(), Some(0), "SIG{signal}");
        assert!(TcpStream::connect(vitals.url.strip_prefix("http://").unwrap()).is_err());
        let lines = log::check(&fs::read_to_string(&vitals.log).unwrap());
        assert_eq!(lines.last().unwrap()["message"], "stopped");
    }
}

#[test]
fn a_request_to_kafka_does_not_hold_up_the_stop() {
    let lab = Lab::new().unwrap();
    // It takes connections, as the kernel does for it, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("--kafka.server={}", silent.local_addr().unwrap());
    let mut vitals = Vitals::start_with_all_beans(&lab, &[&server]);
    // The client goes, the read of metadata has the best part of a minute left.
    let headers = [("X-Prometheus-Scrape-Timeout-Seconds", "60")];
    assert!(http::get(&format!("{}/metrics", vitals.url), &headers, Duration::from_secs(1)).is_err());
    let start = Instant::now();
    assert_eq!(vitals.process.stop(PATIENCE).unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn an_idle_keep_alive_connection_does_not_hold_up_the_stop() {
    let lab = Lab::new().unwrap();
    let agent = FakeAgent::start(1);
    let mut vitals = Vitals::start_with_all_beans(&lab, &[&agent.flag()]);
    let mut idle = TcpStream::connect(vitals.url.strip_prefix("http://").unwrap()).unwrap();
    idle.write_all(b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(idle.read(&mut [0; 1000]).unwrap() > 0);
    let start = Instant::now();
    assert_eq!(vitals.process.stop(PATIENCE).unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn clients_that_dawdle_do_not_block_others_and_are_cut_off() {
    let scene = Scene::new(&[]);
    let host = scene.vitals.url.strip_prefix("http://").unwrap();
    let mut slow: Vec<_> = (0..50).map(|_| TcpStream::connect(host).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: ").unwrap();
    }
    let answer = scene.vitals.get("/metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.elapsed < Duration::from_secs(5), "{:?}", answer.elapsed);
    slow[0].set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    slow[0].read_to_end(&mut rest).unwrap();
}

#[test]
fn hostile_requests_are_answered_or_closed_and_nothing_else_happens() {
    let scene = Scene::new(&[]);
    let host = scene.vitals.url.strip_prefix("http://").unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100_000));
    for request in
        ["\0\u{1}\u{2}", "GET / HTTP/9\r\n\r\n", "\r\n\r\n\r\n", &long, &many, "GET http://[::1 HTTP/1.1\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // It may close before all has been written.
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let node = scene.vitals.get("/metrics/brokers/%00%ff%3Cscript%3E");
    assert_eq!(node.status, 404);
    assert_eq!(scene.vitals.metrics().get(COUNT), Some(17.0));
}

#[test]
fn the_page_of_an_ipv6_node_is_found_as_prometheus_encodes_it() {
    let lab = Lab::new().unwrap();
    // Nothing listens there.
    let vitals = Vitals::start_with_all_beans(&lab, &["--jolokia.url=http://[::1]:1"]);
    let list: Value = serde_json::from_str(&vitals.get("/sd").text()).unwrap();
    let labels = &list[0]["labels"];
    assert_eq!(
        (&labels["instance"], &labels["__metrics_path__"]),
        (&json!("[::1]:1"), &json!("/metrics/brokers/[::1]:1"))
    );
    for path in ["/metrics/brokers/%5B::1%5D:1", "/metrics/brokers/[::1]:1"] {
        let page = vitals.get(path);
        assert_eq!(page.status, 503, "{path}: {}", page.text());
    }
}

#[test]
fn it_listens_on_several_addresses_and_on_ipv6() {
    let lab = Lab::new().unwrap();
    let agent = FakeAgent::start(1);
    let (six, any) = (free_port().unwrap(), free_port().unwrap());
    let more = [&format!("--web.listen-address=[::1]:{six}"), &format!("--web.listen-address=:{any}")];
    let vitals = Vitals::start_with_all_beans(&lab, &[&agent.flag(), more[0], more[1]]);
    let all = [
        format!("http://[::1]:{six}"),
        format!("http://127.0.0.1:{any}"),
        format!("http://[::1]:{any}"),
        vitals.url.clone(),
    ];
    for url in all {
        let page = http::get(&format!("{url}/metrics"), &[], PATIENCE).unwrap();
        assert_eq!(Page::parse(&page.text()).get(COUNT), Some(17.0), "{url}");
        let list = http::get(&format!("{url}/sd"), &[], PATIENCE).unwrap();
        assert!(list.text().contains(url.strip_prefix("http://").unwrap()), "{url}: {}", list.text());
    }
}

#[test]
fn the_log_is_json_when_asked_for() {
    let scene = Scene::new(&[NO_KAFKA, "--log.format=json", "--log.level=debug"]);
    scene.agent.behave(Behaviour::ItemStatus("kafka.cluster", 500));
    scene.vitals.page("/metrics", Duration::from_secs(2));
    let text = fs::read_to_string(&scene.vitals.log).unwrap();
    assert!(text.lines().all(|line| line.starts_with('{')), "{text}");
    let lines = log::check(&text);
    let failed = lines.iter().find(|line| line.get("collector").is_some_and(|collector| collector == "jmx")).unwrap();
    assert_eq!((failed["level"].as_str(), failed["kind"].as_str(), failed["broker"].as_str()), ("WARN", "agent", "1"));
    // The reason came with a line break.
    assert!(failed["error"].contains("shut down"), "{failed:?}");
    drop(scene.lab);
}
