//! `kafka-vitals check` against a real broker: what works, what is denied with the command that grants it, and what does not
//! answer at all, over each engine.

use std::path::Path;
use std::time::{Duration, Instant};

use kafka_lab::sasl::{DENIED_USER, PASSWORD, USER};
use kafka_lab::{Listener, free_port};

use crate::rights::old_cluster;
use crate::support::{Engine, PATIENCE, at_once, run};
use crate::world::{self, SECRETS, cluster, identity, mechanism, sasl, tls};

/// Runs `check`: its exit code and what it says. No secret shows.
#[track_caller]
fn check(engine: Engine, flags: &[String]) -> (Option<i32>, String) {
    let choice = format!("--kafka.client={}", engine.name());
    let flags: Vec<&str> = ["check", &choice].into_iter().chain(flags.iter().map(String::as_str)).collect();
    let (code, out, error) = run(&flags);
    assert_eq!(error, "", "{flags:?}");
    for secret in SECRETS {
        assert!(!out.contains(secret), "{secret} is in {out}");
    }
    (code, out)
}

fn json(engine: Engine, flags: &[String]) -> (Option<i32>, serde_json::Value) {
    let (code, out) = check(engine, &[flags, &["--json".to_owned()]].concat());
    (code, serde_json::from_str(&out).unwrap())
}

/// `OUTCOME` by call.
fn outcome<'a>(report: &'a serde_json::Value, api: &str) -> &'a str {
    let calls = report["kafka"]["calls"].as_array().unwrap();
    let call = calls.iter().find(|call| call["api"] == api).unwrap_or_else(|| panic!("no {api} in {report:#}"));
    call["outcome"].as_str().unwrap()
}

fn password_of(user: &str) -> Vec<String> {
    let file = world::secret_file(&format!("check-password-of-{user}"), PASSWORD);
    let credentials = vec![format!("--sasl.username={user}"), format!("--sasl.password-file={}", file.display())];
    [mechanism("scram-sha512"), credentials].concat()
}

fn agents() -> String {
    format!("--jolokia.port={}", cluster().jolokia_port())
}

#[test]
fn a_principal_with_all_rights_reads_all_and_learns_how_many_series_there_will_be() {
    let user = [tls(cluster(), Listener::SaslTls), password_of(USER), vec![agents()]].concat();
    let vitals = world::start(cluster(), &user);
    at_once(&vitals, |vitals| {
        let engine = vitals.engine.unwrap();
        let (code, text) = check(engine, &user);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.ends_with("All that was asked for works.\n") && !text.contains("kafka-acls.sh"), "{text}");
        let (code, report) = json(engine, &user);
        assert_eq!((code, &report["good"]), (Some(0), &true.into()), "{report:#}");
        assert_eq!(report["kafka"]["principal"], format!("User:{USER}"));
        for api in ["Metadata", "ListGroups", "DescribeGroups", "OffsetFetch", "ListOffsets", "DescribeConfigs"] {
            assert_eq!(outcome(&report, api), "works", "{report:#}");
        }
        let rare = if engine == Engine::Protocol { "works" } else { "unsupported" };
        for api in ["DescribeQuorum", "DescribeCluster", "DescribeLogDirs"] {
            assert_eq!(outcome(&report, api), rare, "{report:#}");
        }
        for page in report["pages"].as_array().unwrap() {
            let path = page["path"].as_str().unwrap();
            // The first page asks the beans' names, the second one has learned what to ask.
            let real = [(), ()].map(|()| vitals.page(path, PATIENCE).series.len())[1] as f64;
            let told = page["series"].as_f64().unwrap();
            // Other tests make groups and new kinds of requests meanwhile.
            assert!((real * 0.7..=real * 1.3).contains(&told), "{path}: {told} told, {real} real");
        }
    });
}

#[test]
fn what_is_denied_is_shown_with_the_command_that_grants_it() {
    let user = [sasl(cluster()), password_of(DENIED_USER), vec![agents()]].concat();
    at_once(Engine::ALL, |engine| {
        let (code, text) = check(*engine, &user);
        eprintln!("{text}");
        assert_eq!(code, Some(1), "{text}");
        let server = cluster().bootstrap_on(Listener::Sasl).unwrap();
        let start = format!(
            "  kafka-acls.sh --bootstrap-server {server} --command-config admin.properties --add \
             --allow-principal User:{DENIED_USER} --operation Describe"
        );
        let mut grants = vec![format!("{start} --group '*'")];
        if *engine == Engine::Protocol {
            grants = vec![format!("{start} --cluster"), format!("{start} --group '*'"), format!("{start} --topic '*'")];
        }
        let shown: Vec<&str> = text.lines().filter(|line| line.contains("kafka-acls.sh")).collect();
        assert_eq!(shown, grants, "{text}");
        let (_, report) = json(*engine, &user);
        for api in ["DescribeGroups", "OffsetFetch"] {
            assert_eq!(outcome(&report, api), "denied", "{report:#}");
        }
        // librdkafka asks for no topic that is in no metadata.
        let of_topics = if *engine == Engine::Protocol { "denied" } else { "untried" };
        assert_eq!(outcome(&report, "ListOffsets"), of_topics, "{report:#}");
        assert!(text.contains("No topic is visible"), "{text}");
        assert_eq!(outcome(&report, "Metadata"), "works");
        // Agents have rights of their own.
        assert_eq!(report["agents"][0]["outcome"], "works");
    });
}

#[test]
fn the_commands_that_are_shown_grant_all_that_is_lacking() {
    let cluster = old_cluster();
    let server = format!("--kafka.server={}", cluster.bootstrap_on(Listener::Sasl).unwrap());
    let file = cluster.lab().folder().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let user = vec![format!("--sasl.username={DENIED_USER}"), format!("--sasl.password-file={}", file.display())];
    let flags = [vec![server, "--scrape.timeout=20s".to_owned()], mechanism("plain"), user].concat();
    let grants = || {
        let (code, report) = json(Engine::Protocol, &flags);
        let grants = report["kafka"]["grants"].as_array().unwrap().clone();
        (code, grants.iter().map(|grant| grant.as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    let (code, first) = grants();
    assert_eq!((code, first.len()), (Some(1), 3), "{first:?}");
    first.iter().for_each(|command| cluster.kafka_acls(command).unwrap());
    // Topics are visible now, and their configurations are denied.
    let (code, second) = grants();
    assert!(code == Some(1) && second[0].ends_with("--operation DescribeConfigs --topic '*'"), "{second:?}");
    second.iter().for_each(|command| cluster.kafka_acls(command).unwrap());
    for engine in Engine::ALL {
        let (code, text) = check(*engine, &flags);
        assert_eq!(code, Some(0), "{text}");
    }
}

#[test]
fn what_refuses_is_one_clear_line() {
    let cluster = cluster();
    let certificates = cluster.certificates();
    let server = |address: String| vec![format!("--kafka.server={address}"), "--scrape.timeout=6s".to_owned()];
    let on = |listener| server(cluster.bootstrap_on(listener).unwrap());
    let trusting = |ca: &Path| vec!["--tls.enabled".to_owned(), format!("--tls.ca-file={}", ca.display())];
    let wrong =
        [mechanism("scram-sha512"), vec![format!("--sasl.username={USER}"), "--sasl.password=hunter2".to_owned()]];
    let down = format!("127.0.0.1:{}", free_port().unwrap());
    // What is wrong, the flags, and what the one line says.
    let cases = [
        ("wrong port", server(down), "refused"),
        ("TLS to a port without", [on(Listener::Sasl), trusting(&certificates.ca)].concat(), "handshake failed"),
        ("no TLS to a port with", on(Listener::Tls), "expect"),
        ("no SASL to a port with", on(Listener::Sasl), "SASL?"),
        ("wrong password", [on(Listener::Sasl), wrong.concat()].concat(), "authentication failed"),
        (
            "wrong CA",
            [on(Listener::Tls), trusting(&certificates.other_ca), identity(&certificates.client)].concat(),
            "certificate",
        ),
    ];
    let all: Vec<_> = Engine::ALL.iter().flat_map(|engine| cases.iter().map(move |case| (*engine, case))).collect();
    at_once(&all, |(engine, (what, flags, says))| {
        let (code, text) = check(*engine, &[flags.clone(), vec![agents()]].concat());
        eprintln!("{engine:?}, {what}:\n{text}");
        assert_eq!(code, Some(1), "{what}: {text}");
        let failed: Vec<&str> = text.lines().filter(|line| line.contains("FAILED")).collect();
        let [line] = failed[..] else { panic!("{engine:?}, {what}: {text}") };
        assert!(line.starts_with("  Metadata") && line.contains(says), "{engine:?}, {what}: {line}");
        assert!(text.contains("The brokers' agents are not known"), "{what}: {text}");
    });
}

#[test]
fn an_agent_that_is_down_is_told_with_what_to_do() {
    let down = format!("--jolokia.url=77=http://127.0.0.1:{}", free_port().unwrap());
    let flags = [sasl(cluster()), password_of(USER), vec![agents(), down]].concat();
    let (code, text) = check(Engine::Protocol, &flags);
    assert_eq!(code, Some(1), "{text}");
    let line = text.lines().find(|line| line.trim_start().starts_with("77 ")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("FAILED") && line.contains("is the agent loaded"), "{line}");
    assert!(text.contains("/metrics/brokers/1") && !text.contains("/metrics/brokers/77"), "{text}");
}

#[test]
fn what_never_answers_is_told_in_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("--kafka.server={}", silent.local_addr().unwrap());
    for engine in Engine::ALL {
        let began = Instant::now();
        let (code, text) = check(*engine, &[server.clone(), "--scrape.timeout=4s".to_owned()]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.lines().any(|line| line.starts_with("  Metadata  FAILED")), "{text}");
        // Rules are read before; a busy machine takes seconds for that.
        assert!(began.elapsed() < Duration::from_secs(10), "{engine:?}: {:?}", began.elapsed());
    }
}
