//! Agents that misbehave, and what is left on the pages: a node whose agent is broken costs its own series and nothing
//! else, and says what is wrong.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod fake_agent;
mod support;

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fake_agent::{Behaviour, FakeAgent};
use kafka_lab::{Lab, free_port, wait_until};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::{PATIENCE, Page, Vitals};

/// What Prometheus would allow. Long enough for a busy machine, short enough for a test.
const TIMEOUT: Duration = Duration::from_secs(3);

const GOOD: &str = r#"kafka_server_brokertopicmetrics_count{broker="2",name="MessagesInPerSec"}"#;
const BAD: &str = r#"kafka_server_brokertopicmetrics_count{broker="1",name="MessagesInPerSec"}"#;

/// Two agents, of nodes 1 and 2, and the exporter that reads them.
struct Scene {
    lab: Arc<Lab>,
    bad: FakeAgent,
    vitals: Vitals,
}

impl Scene {
    fn new(more: &[&str]) -> Self {
        let lab = Lab::new().unwrap();
        let (bad, good) = (FakeAgent::start(1), FakeAgent::start(2));
        let (one, two) = (bad.flag(), good.flag());
        let mut arguments = vec![one.as_str(), two.as_str(), "--scrape.reuse=0s"];
        arguments.extend(more);
        let vitals = Vitals::start_with_all_beans(&lab, &arguments);
        Self { lab, bad, vitals }
    }

    /// `/metrics`, which must arrive in time with all of node 2.
    #[track_caller]
    fn scrape(&self) -> Page {
        scrape(&self.vitals)
    }

    /// The page of a node: status and text.
    fn node(&self, id: u32) -> (u16, String) {
        let timeout = TIMEOUT.as_secs_f64().to_string();
        let headers = [("X-Prometheus-Scrape-Timeout-Seconds", timeout.as_str())];
        let answer = self.vitals.try_get(&format!("/metrics/brokers/{id}"), &headers).unwrap();
        assert!(answer.elapsed < TIMEOUT, "{:?}", answer.elapsed);
        (answer.status, answer.text())
    }

    /// All pages say that node 1 failed for this reason, and are whole otherwise.
    #[track_caller]
    fn fails(&self, kind: &str, says: &str) {
        let page = self.scrape();
        failed_with(&page, kind);
        assert_eq!(page.get(BAD), None);
        self.node_pages_fail(says);
    }

    /// Node 1's page is a 503 with one line, node 2's is whole.
    #[track_caller]
    fn node_pages_fail(&self, says: &str) {
        let (status, text) = self.node(1);
        assert_eq!(status, 503, "{text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{text:?}");
        assert!(text.contains("node 1") && text.contains(&format!("127.0.0.1:{}", self.bad.port)), "{text:?}");
        assert!(text.contains(says), "{text:?} should say {says:?}");
        assert_eq!(self.node(2).0, 200);
    }

    /// The most memory that the exporter has had, in KiB.
    fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.vitals.process.pid())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The next scrape has everything.
    #[track_caller]
    fn is_whole(&self) {
        let page = self.scrape();
        assert_eq!(page.value(r#"kafka_vitals_collector_success{collector="jmx",broker="1"}"#), 1.0);
        assert_eq!(page.value(BAD), 17.0);
        assert_eq!(
            page.value(r#"kafka_cluster_partition_value{broker="1",name="UnderReplicated",topic="t",partition="0"}"#),
            0.0
        );
        assert_eq!(self.node(1).0, 200);
    }
}

#[track_caller]
fn scrape(vitals: &Vitals) -> Page {
    let start = Instant::now();
    let page = vitals.page("/metrics", TIMEOUT);
    assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(page.value(GOOD), 17.0);
    assert_eq!(page.value(r#"jvm_memory_bytes_used{area="heap",broker="2"}"#), 1002.0);
    assert_eq!(page.value(r#"kafka_vitals_collector_success{collector="jmx",broker="2"}"#), 1.0);
    page
}

/// Node 1 is said to have failed, for this reason and no other.
#[track_caller]
fn failed_with(page: &Page, kind: &str) {
    assert_eq!(page.value(r#"kafka_vitals_collector_success{collector="jmx",broker="1"}"#), 0.0);
    let errors = page.named("kafka_vitals_collector_errors_total");
    let kinds: Vec<_> = errors.keys().filter(|series| series.contains(r#"broker="1""#)).collect();
    assert!(kinds.len() == 1 && kinds[0].contains(&format!(r#"kind="{kind}""#)), "{kind}: {errors:?}");
}

/// Fails as it should when the agent is broken from the start, and when it breaks later; each time all is back at once.
#[track_caller]
fn breaks_and_recovers(behaviour: Behaviour, kind: &str, says: &str) {
    let scene = Scene::new(&[]);
    for _ in 0..2 {
        scene.bad.behave(behaviour.clone());
        scene.fails(kind, says);
        scene.bad.behave(Behaviour::Healthy);
        scene.is_whole();
    }
}

fn raw(bytes: &str) -> Behaviour {
    Behaviour::Raw(bytes.as_bytes().to_vec())
}

#[test]
fn garbage_is_a_protocol_error() {
    breaks_and_recovers(raw("\u{1}garbage"), "protocol", "expected value");
}

#[test]
fn truncated_json_is_a_protocol_error() {
    breaks_and_recovers(raw(r#"[{"status":200,"value":{"a:b=c":{"#), "protocol", "EOF");
}

#[test]
fn json_that_is_not_jolokias_is_a_protocol_error() {
    breaks_and_recovers(raw(r#"{"hello": "world"}"#), "protocol", "Jolokia");
}

#[test]
fn a_body_cut_short_is_a_protocol_error() {
    breaks_and_recovers(Behaviour::Truncated, "protocol", "body");
}

#[test]
fn a_hundred_thousand_brackets_are_a_protocol_error() {
    breaks_and_recovers(raw(&"[".repeat(100_000)), "protocol", "");
}

#[test]
fn a_server_error_is_told_with_its_status() {
    breaks_and_recovers(
        raw("HTTP/1.1 500 Broken\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry"),
        "http_status",
        "HTTP status 500",
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = FakeAgent::start(3);
    let head = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {}/jolokia/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        elsewhere.url()
    );
    breaks_and_recovers(raw(&head), "http_status", "redirects are not followed");
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn a_content_type_that_is_not_json_is_told() {
    breaks_and_recovers(
        raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"),
        "content_type",
        "text/html",
    );
}

#[test]
fn a_denied_login_is_an_authentication_error() {
    breaks_and_recovers(
        raw("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        "authentication",
        "check user, password",
    );
}

#[test]
fn an_announced_length_over_the_limit_is_refused_unread() {
    breaks_and_recovers(Behaviour::HugeLength, "too_large", "--jolokia.max-body-size");
}

#[test]
fn one_byte_a_second_is_a_time_out() {
    let scene = Scene::new(&[]);
    scene.bad.behave(Behaviour::Drip);
    scene.fails("timeout", "answer");
    scene.bad.behave(Behaviour::Healthy);
    scene.is_whole();
}

#[test]
fn after_a_time_out_only_a_cheap_probe_reaches_the_agent_until_it_answers() {
    let scene = Scene::new(&[]);
    scene.is_whole();
    scene.bad.behave(Behaviour::Silent);
    let before = scene.bad.asked().len();
    failed_with(&scene.scrape(), "timeout");
    assert_eq!(scene.bad.asked().len(), before + 1, "the second bulk does not follow a first without an answer");
    for round in 2..4 {
        let start = Instant::now();
        failed_with(&scene.scrape(), "timeout");
        assert!(start.elapsed() < Duration::from_secs(2), "the probe is short: {:?}", start.elapsed());
        let asked = scene.bad.asked();
        assert_eq!(asked.len(), before + round);
        assert_eq!(asked.last().unwrap().types(), ["version"]);
    }
    scene.node_pages_fail("since an earlier time-out");
    scene.bad.behave(Behaviour::Healthy);
    let before = scene.bad.asked().len();
    scene.is_whole();
    assert_eq!(scene.bad.asked()[before].types(), ["version"], "the probe goes first");
}

#[test]
fn a_flood_that_never_comes_does_not_take_the_essentials_with_it() {
    let scene = Scene::new(&[]);
    scene.is_whole();
    scene.bad.behave(Behaviour::SilentTo("kafka.cluster"));
    let page = scene.scrape();
    failed_with(&page, "timeout");
    assert_eq!(page.value(BAD), 17.0);
    assert!(page.named("kafka_cluster_partition_value").keys().all(|series| series.contains(r#"broker="2""#)));
    scene.bad.behave(Behaviour::Healthy);
    scene.is_whole();
}

#[test]
fn an_item_that_fails_costs_its_own_series() {
    let scene = Scene::new(&[]);
    scene.is_whole();
    scene.bad.behave(Behaviour::ItemStatus("kafka.cluster", 500));
    let page = scene.scrape();
    failed_with(&page, "agent");
    assert_eq!(page.value(BAD), 17.0);
    let (status, text) = scene.node(1);
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("jmx_scrape_error 1"), "{text}");
    assert!(!text.contains("kafka_cluster_partition_value"), "{text}");
    scene.bad.behave(Behaviour::Healthy);
    scene.is_whole();
}

#[test]
fn an_agent_that_lets_nothing_be_read_has_failed() {
    // 403: its policy denies each read. 404: it names beans, but none is to be found.
    for (status, says) in [(403, "access policy"), (404, "none of the essential")] {
        breaks_and_recovers(Behaviour::ItemStatus("", status), "agent", says);
    }
}

#[test]
fn a_bean_with_a_million_attributes_is_too_large_and_costs_no_memory() {
    let scene = Scene::new(&[]);
    let flood: Vec<String> = (0..1_000_000).map(|index| format!(r#""attribute-{index}":{index}"#)).collect();
    let bean = format!("1,{}", flood.join(","));
    scene.bad.behave(Behaviour::OddValue(bean));
    let page = scene.scrape();
    failed_with(&page, "too_large");
    assert!(page.named("odd_odd_value").is_empty());
    let peak = scene.peak_memory();
    assert!(peak < 200 << 10, "{peak} kB at its peak");
    scene.bad.behave(Behaviour::Healthy);
    scene.is_whole();
}

#[test]
fn values_nested_too_deep_are_a_protocol_error_or_no_series() {
    for value in ["[".repeat(100_000) + &"]".repeat(100_000), "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000)] {
        let scene = Scene::new(&[]);
        scene.bad.behave(Behaviour::OddValue(value));
        let page = scene.scrape();
        if page.value(r#"kafka_vitals_collector_success{collector="jmx",broker="1"}"#) == 0.0 {
            failed_with(&page, "protocol");
        }
        assert!(page.named("odd_odd_value").is_empty());
        scene.bad.behave(Behaviour::Healthy);
        scene.is_whole();
    }
}

#[test]
fn an_endless_body_ends_at_the_limit_and_memory_stays_bounded() {
    let scene = Scene::new(&["--jolokia.max-body-size=16"]);
    scene.is_whole();
    scene.bad.behave(Behaviour::Endless);
    for _ in 0..5 {
        let page = scene.scrape();
        assert_eq!(page.value(r#"kafka_vitals_collector_success{collector="jmx",broker="1"}"#), 0.0);
    }
    failed_with(&scene.scrape(), "too_large");
    scene.node_pages_fail("larger than the limit");
    let peak = scene.peak_memory();
    assert!(peak < 120 << 10, "{peak} kB at its peak with a limit of 16 MiB");
    scene.bad.behave(Behaviour::Healthy);
    scene.is_whole();
}

#[test]
fn nobody_at_the_port_is_a_connection_error_until_an_agent_starts_there() {
    let lab = Lab::new().unwrap();
    let (port, good) = (free_port().unwrap(), FakeAgent::start(2));
    let vitals = Vitals::start_with_all_beans(
        &lab,
        &[&format!("--jolokia.url=1=http://127.0.0.1:{port}"), &good.flag(), "--scrape.reuse=0s"],
    );
    failed_with(&scrape(&vitals), "connect");
    let answer = vitals.get("/metrics/brokers/1");
    assert_eq!(answer.status, 503);
    assert!(
        answer.text().contains(&format!("127.0.0.1:{port}")) && answer.text().contains("refused"),
        "{}",
        answer.text()
    );
    let _agent = FakeAgent::start_on(port, 1);
    assert_eq!(scrape(&vitals).value(BAD), 17.0);
}

#[test]
fn another_nodes_agent_at_the_url_is_an_identity_error() {
    let lab = Lab::new().unwrap();
    let (other, good) = (FakeAgent::start(3), FakeAgent::start(2));
    let flag = format!("--jolokia.url=1={}", other.url());
    let vitals = Vitals::start_with_all_beans(&lab, &[&flag, &good.flag(), "--scrape.reuse=0s"]);
    let page = scrape(&vitals);
    failed_with(&page, "identity");
    assert!(page.series.keys().all(|series| !series.starts_with("kafka_server") || series.contains(r#"broker="2""#)));
    let answer = vitals.get("/metrics/brokers/1");
    assert_eq!(answer.status, 503);
    let text = answer.text();
    assert!(text.contains(&other.url()) && text.contains("says that it is node 3, not 1"), "{text}");
    assert_eq!(vitals.get("/metrics/brokers/3").status, 404);
}

#[test]
fn a_lasting_failure_is_one_warning_and_its_end_one_line() {
    let scene = Scene::new(&[]);
    scene.bad.behave(raw("garbage"));
    (0..3).for_each(|_| drop(scene.scrape()));
    scene.bad.behave(Behaviour::Healthy);
    scene.is_whole();
    let log = wait_until(PATIENCE, "the recovery in the log", || {
        let log = fs::read_to_string(&scene.vitals.log).unwrap();
        if log.contains("collector recovered") { Ok(log) } else { Err(log) }
    });
    let log = log.unwrap();
    assert_eq!(log.matches("level=warn").count(), 1, "{log}");
    let warning = log.lines().find(|line| line.contains("level=warn")).unwrap();
    assert!(warning.contains("kind=protocol") && warning.contains(&scene.bad.url()), "{warning}");
    drop(scene.lab);
}

#[test]
fn another_reason_for_a_lasting_failure_is_another_warning() {
    let scene = Scene::new(&[]);
    for (behaviour, warnings) in [(raw("garbage"), 1), (Behaviour::ItemStatus("", 403), 2)] {
        scene.bad.behave(behaviour);
        (0..2).for_each(|_| drop(scene.scrape()));
        let log = fs::read_to_string(&scene.vitals.log).unwrap();
        assert_eq!(log.matches("level=warn").count(), warnings, "{log}");
    }
    drop(scene.lab);
}

#[test]
fn the_login_is_sent_and_never_shown() {
    let lab = Lab::new().unwrap();
    let secret = lab.folder().join("password");
    fs::write(&secret, "hunter2\n").unwrap();
    // base64 of reader:hunter2
    let (bad, good) = (FakeAgent::with_login(1, "cmVhZGVyOmh1bnRlcjI="), FakeAgent::start(2));
    let password = format!("--jolokia.password-file={}", secret.display());
    let (one, two) = (bad.flag(), good.flag());
    let arguments = [&one, &two, "--jolokia.username=reader", &password, "--scrape.reuse=0s", "--log.level=debug"];
    let vitals = Vitals::start_with_all_beans(&lab, &arguments);
    assert_eq!(scrape(&vitals).value(BAD), 17.0);

    fs::write(&secret, "hunter3\n").unwrap();
    let wrong = Vitals::start_with_all_beans(&lab, &arguments);
    failed_with(&scrape(&wrong), "authentication");
    let node = wrong.get("/metrics/brokers/1");
    assert_eq!(node.status, 503);

    for vitals in [vitals, wrong] {
        for path in ["/", "/config", "/metrics", "/metrics/brokers/1", "/sd"] {
            assert_no_secret(path, &vitals.get(path).text());
        }
        assert_no_secret("log", &fs::read_to_string(&vitals.log).unwrap());
    }
}

#[track_caller]
fn assert_no_secret(place: &str, text: &str) {
    for secret in ["hunter", "aHVudGVy", "cmVhZGVyO"] {
        assert!(!text.contains(secret), "{secret} in {place}: {text}");
    }
}

#[test]
fn https_agents_are_read_with_the_ca_that_signed_them_and_not_without() {
    let lab = Lab::new().unwrap();
    let agent = FakeAgent::with_tls(1, server_config(&lab, "agent"));
    server_config(&lab, "other");
    let ca = |name: &str| format!("--jolokia.ca-file={}", lab.folder().join(format!("{name}.pem")).display());
    let good = FakeAgent::start(2);
    for (flag, works) in
        [(ca("agent").as_str(), true), ("--jolokia.insecure-skip-tls-verify", true), (ca("other").as_str(), false)]
    {
        let vitals = Vitals::start_with_all_beans(&lab, &[&agent.flag(), &good.flag(), flag]);
        let page = scrape(&vitals);
        if works {
            assert_eq!(page.value(BAD), 17.0, "{flag}");
        } else {
            failed_with(&page, "tls");
            let text = vitals.get("/metrics/brokers/1").text();
            assert!(text.contains("certificate"), "{text}");
        }
    }
}

/// A key and a certificate for 127.0.0.1 that is its own authority, in NAME.key and NAME.pem.
fn server_config(lab: &Lab, name: &str) -> rustls::ServerConfig {
    let (key, certificate) = (lab.folder().join(format!("{name}.key")), lab.folder().join(format!("{name}.pem")));
    let openssl = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap_or_else(|error| panic!("cannot run openssl ({error}): apt-get install openssl"));
    assert!(openssl.status.success(), "{}", String::from_utf8_lossy(&openssl.stderr));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificate).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap()
}
