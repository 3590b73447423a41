//! The command line: what cannot be used is told in one line that says what and where, with an exit code; help and
//! version read well; no secret is shown.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod fake_agent;
mod support;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use fake_agent::FakeAgent;
use kafka_lab::{Lab, wait_until};
use support::{Engine, PATIENCE, Vitals};

const KAFKA: &str = "--kafka.server=127.0.0.1:1";

/// Runs the binary, which must end by itself.
#[track_caller]
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kafka-vitals"))
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = wait_until(PATIENCE, &format!("{arguments:?} to end"), || match child.try_wait() {
        Ok(Some(_)) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    if ended.is_err() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert!(ended.is_ok(), "{arguments:?} goes on: {}", text(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// It ends with this code and one line on standard error that holds all of `says`.
#[track_caller]
fn fails(arguments: &[&str], code: i32, says: &[&str]) -> String {
    let output = run(arguments, &[]);
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {line}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    assert!(line.starts_with("kafka-vitals: ") && line.ends_with('\n'), "{arguments:?}: {line:?}");
    assert_eq!(line.lines().count(), 1, "{arguments:?}: {line:?}");
    for part in says {
        assert!(line.contains(part), "{arguments:?} should say {part:?}: {line}");
    }
    line
}

struct Files(Arc<Lab>);

impl Files {
    fn new() -> Self {
        Self(Lab::new().unwrap())
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.folder().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn flag(&self, flag: &str, name: &str, content: &str) -> String {
        format!("{flag}={}", self.write(name, content).display())
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_command_line_that_cannot_be_understood_is_one_line_and_code_2() {
    for (arguments, says) in [
        (&["--bogus"][..], "'--bogus'"),
        (&["--kafka.propertyy=a=b"], "similar argument exists: '--kafka.property'"),
        (&["status"], "'status'"),
        (&["--kafka.server"], "'--kafka.server <HOST:PORT>'"),
        (&[KAFKA, "--jolokia.port=eight"], "invalid value 'eight' for '--jolokia.port <PORT>'"),
        (&[KAFKA, "--jolokia.port=70000"], "'--jolokia.port <PORT>'"),
        (&[KAFKA, "--scrape.timeout=5"], "write it like 500ms, 30s or 5m"),
        (&[KAFKA, "--tls.enabled=maybe"], "'--tls.enabled[=<BOOL>]'"),
        (&[KAFKA, "--log.level=info", "--log.level=debug"], "'--log.level <LEVEL>'"),
    ] {
        fails(arguments, 2, &[says, "see --help"]);
    }
}

#[test]
fn a_value_that_cannot_be_used_is_told_with_its_flag() {
    for (arguments, says) in [
        (&[][..], "nothing to read: give --kafka.server"),
        (&["--jolokia.port=8778"], "--jolokia.port needs --kafka.server"),
        (&["--kafka.server=broker"], "--kafka.server: \"broker\" is not HOST:PORT"),
        (&["--jolokia.url=broker:8778"], "--jolokia.url: "),
        (&[KAFKA, "--topic.filter=(a"], "--topic.filter: \"(a\" is no regular expression: unclosed group"),
        (&[KAFKA, "--log.format=xml"], "--log.format: \"xml\" is neither logfmt nor json"),
        (&[KAFKA, "--sasl.enabled", "--sasl.username=u", "--sasl.mechanism=gssapi"], "--sasl.keytab-path"),
        (&[KAFKA, "--web.telemetry-path=metrics"], "--web.telemetry-path must start with a slash"),
        (&[KAFKA, "--web.telemetry-path=/a<b"], "--web.telemetry-path: \"/a<b\""),
        (&[KAFKA, "--web.external-url=vitals"], "--web.external-url: this is no absolute URL; write it"),
    ] {
        fails(arguments, 1, &[says]);
    }
}

#[test]
fn a_rules_file_that_cannot_be_used_is_told_with_file_line_and_reason() {
    let files = Files::new();
    for (content, line, says) in [
        ("rules: [\n  - a: {", "2: not YAML", ""),
        ("lowercaseOutputName: 7\n", "1: ", "must be true or false"),
        ("rules:\n- pattern: kafka.*\n- name: x\n", "3: rule 2: ", "needs a pattern"),
        ("- pattern: .*\n", "1: ", "not a map"),
    ] {
        let path = files.write("rules.yml", content);
        let flag = format!("--jmx.rules={}", shown(&path));
        let place = format!("{}:{line}", shown(&path));
        fails(&[KAFKA, &flag], 1, &[&place, says]);
        fails(&[KAFKA, &flag, "--config.check"], 1, &[&place, says]);
    }
    let missing = shown(&files.0.folder().join("missing.yml"));
    fails(&[KAFKA, &format!("--jmx.rules={missing}")], 1, &["--jmx.rules", &missing, "No such file"]);
    let folder = shown(files.0.folder());
    fails(&[KAFKA, &format!("--jmx.rules={folder}")], 1, &[&folder, "Is a directory"]);
    fs::write(&missing, b"rules: \xff\xfe").unwrap();
    fails(&[KAFKA, &format!("--jmx.rules={missing}")], 1, &[&missing, "UTF-8"]);
}

#[test]
fn a_configuration_file_that_cannot_be_used_is_told_with_file_and_line() {
    let files = Files::new();
    for (content, line, says) in [
        ("kafka:\n  server: [a:1\n", "line ", "["),
        ("kafka:\n  server: [a:1]\n  sever: b:1\n", "line 3", "unknown key kafka.sever"),
        ("kafka: {server: a:1}\nconfig: {check: true}\n", "line 2", "unknown key config.check"),
        ("kafka: {server: a:1}\nscrape:\n  timeout: 10\n", "line 3", "'--scrape.timeout <DURATION>'"),
        ("kafka:\n  server:\n    - a:1\n    - broker\n", "line 4", "\"broker\" is not HOST:PORT"),
        ("kafka: {server: a:1}\n\nlog: {level: loud}\n", "line 3", "--log.level: \"loud\""),
        ("- a\n", "line 1", "mapping"),
        ("kafka: {server: a:1}\nlog: {}\nkafka: {labels: a=b}\n", "line 3", "kafka is there a second time"),
    ] {
        let path = files.write("vitals.yml", content);
        fails(&[&format!("--config.file={}", shown(&path))], 1, &["configuration file", &shown(&path), line, says]);
    }
    let missing = shown(&files.0.folder().join("missing.yml"));
    fails(&[&format!("--config.file={missing}")], 1, &["configuration file", &missing, "No such file"]);
}

#[test]
fn a_wrong_value_that_was_typed_is_not_blamed_on_the_file() {
    let files = Files::new();
    let file = files.flag("--config.file", "vitals.yml", "kafka: {server: 'a:1'}\n");
    let line = fails(&[&file, "--kafka.server=broker"], 1, &["--kafka.server: \"broker\""]);
    assert!(!line.contains("vitals.yml"), "{line}");
}

#[test]
fn an_unusable_property_is_named_and_its_value_is_not() {
    for (property, says) in [
        ("no.such.property=hunter2", "no.such.property"),
        ("socket.timeout.ms=hunter2", "socket.timeout.ms"),
        ("security.protocol=hunter2", "security.protocol"),
        ("ssl.key.pem=hunter2", "ssl.key.pem"),
        ("sasl.password hunter2", "KEY=VALUE"),
    ] {
        let flag = format!("--kafka.property={property}");
        // librdkafka looks at a key only when there is TLS.
        let arguments = [KAFKA, "--kafka.property=security.protocol=ssl", &flag];
        let line = fails(&arguments, 1, &[says]);
        assert!(!line.contains("hunter"), "{line}");
        for client in ["protocol", "librdkafka"] {
            let client = format!("--kafka.client={client}");
            let line = fails(&[&arguments[..], &[&client, "--config.check"]].concat(), 1, &[says]);
            assert!(!line.contains("hunter"), "{line}");
        }
    }
}

#[test]
fn the_client_is_protocol_unless_only_librdkafka_can_and_the_log_says_why() {
    let files = Files::new();
    for (flags, client, reason) in [
        (&[][..], "protocol", "can do all that is asked for"),
        (&["--kafka.property=socket.timeout.ms=5000"], "protocol", "can do all that is asked for"),
        (&["--kafka.property=statistics.interval.ms=0"], "librdkafka", "--kafka.property=statistics.interval.ms"),
        (&["--kafka.client=protocol"], "protocol", "asked for"),
        (&["--kafka.client=librdkafka"], "librdkafka", "asked for"),
    ] {
        let vitals = Vitals::start(&files.0, &[&[KAFKA], flags].concat());
        let log = fs::read_to_string(&vitals.log).unwrap();
        let line = log.lines().find(|line| line.contains("reading Kafka")).unwrap();
        assert!(line.contains(&format!("client={client} reason=")) && line.contains(reason), "{flags:?}: {line}");
        assert!(line.contains(" security=PLAINTEXT client="), "{flags:?}: {line}");
    }
    let sasl = ["--sasl.enabled", "--sasl.mechanism=scram-sha512", "--sasl.username=u", "--sasl.password=hunter2"];
    for (property, expected) in [
        ("client.id=x", "security=SASL_PLAINTEXT mechanism=SCRAM-SHA-512"),
        ("security.protocol=sasl_ssl", "security=SASL_SSL mechanism=SCRAM-SHA-512"),
        ("sasl.mechanism=PLAIN", "security=SASL_PLAINTEXT mechanism=PLAIN"),
    ] {
        let property = format!("--kafka.property={property}");
        let vitals = Vitals::start(&files.0, &[&[KAFKA, &property], &sasl[..]].concat());
        let log = fs::read_to_string(&vitals.log).unwrap();
        let line = log.lines().find(|line| line.contains("reading Kafka")).unwrap();
        assert!(line.contains(expected) && !log.contains("hunter2"), "{line}");
    }
}

#[test]
fn the_properties_that_the_documentation_names_are_those_of_the_protocol_client() {
    let documentation = include_str!("../docs/operations.md");
    let (_, list) = documentation.split_once("Properties that `protocol` honours").unwrap();
    let (list, _) = list.split_once(". A property").unwrap();
    let named: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    assert!(named.len() > 20, "{named:?}");
    for property in named {
        assert!(kafka_admin_protocol::is_honoured(property), "{property}");
    }
}

#[test]
fn what_a_client_cannot_do_is_told_with_what_to_do() {
    let other_name = [KAFKA, "--tls.enabled", "--tls.server-name=kafka", "--tls.insecure-skip-tls-verify"];
    let property = "--kafka.property=statistics.interval.ms=0";
    for (arguments, says) in [
        (vec![KAFKA, "--kafka.client=sarama"], ["--kafka.client: \"sarama\"", "auto, protocol, librdkafka"]),
        (vec![KAFKA, "--kafka.client=protocol", property], ["statistics.interval.ms", "--kafka.client=librdkafka"]),
        (
            [&other_name[..], &["--kafka.client=librdkafka"]].concat(),
            ["--tls.server-name is not possible with librdkafka", "because --kafka.client asks for it; drop one"],
        ),
        ([&other_name[..], &[property]].concat(), ["--tls.server-name is not", "statistics.interval.ms; drop one"]),
        (
            vec![KAFKA, "--tls.enabled", "--kafka.property=security.protocol=PLAINTEXT"],
            ["--kafka.property=security.protocol takes away the TLS", "--tls.enabled"],
        ),
        (
            vec![KAFKA, "--kafka.property=sasl.username=u"],
            ["--kafka.property=sasl.username is given but SASL is off", "--sasl.enabled"],
        ),
        (
            vec![KAFKA, "--kafka.property=security.protocol=sasl_ssl", "--kafka.property=sasl.mechanism=OAUTHBEARER"],
            ["no source of tokens", "--sasl.oauth.token-file"],
        ),
        (
            vec![KAFKA, "--kafka.property=security.protocol=sasl_ssl", "--kafka.property=sasl.mechanism=PLAIN"],
            ["--kafka.property=sasl.mechanism=PLAIN needs sasl.username", "sasl.password"],
        ),
        (
            vec![KAFKA, "--kafka.property=security.protocol=ssl", "--kafka.property=ssl.ca.location=/nope"],
            ["--kafka.property=ssl.ca.location: ", "/nope: No such file"],
        ),
        (
            vec![KAFKA, "--kafka.property=socket.timeout.ms=5"],
            ["kafka-vitals: --kafka.property=socket.timeout.ms must be milliseconds", "from 10 to"],
        ),
        (
            vec![KAFKA, "--kafka.client=librdkafka", "--kafka.property=socket.timeout.ms=5"],
            ["kafka-vitals: --kafka.property=socket.timeout.ms: librdkafka", "does not accept"],
        ),
    ] {
        fails(&arguments, 1, &says);
        fails(&[&arguments[..], &["--config.check"]].concat(), 1, &says);
    }
}

#[test]
fn objectives_that_cannot_be_used_are_told_with_file_line_and_reason() {
    let files = Files::new();
    for (content, line, says) in [
        ("- group: x\n  team: t\n", "line 1: ", "needs seconds, records or both"),
        ("- group: x\n  team: t\n  second: 1\n", "line 3: ", "unknown key second"),
        ("- group: '('\n  team: t\n  records: 1\n", "line 1: ", "no regular expression"),
    ] {
        let path = files.write("objectives.yml", content);
        let flag = format!("--group.objectives={}", shown(&path));
        let place = format!("--group.objectives: {}: {line}", shown(&path));
        fails(&[KAFKA, &flag], 1, &[&place, says]);
        fails(&[KAFKA, &flag, "--config.check"], 1, &[&place, says]);
    }
    fails(&[KAFKA, "--group.objectives=/nonexistent/o.yml"], 1, &["/nonexistent/o.yml", "No such file"]);
}

#[test]
fn a_granularity_or_limit_that_is_none_is_told_with_those_that_are() {
    let files = Files::new();
    let file =
        files.flag("--config.file", "vitals.yml", "kafka: {server: a:1}\nseries:\n  granularity: {lag: broker}\n");
    for (arguments, says) in [
        (vec![KAFKA, "--series.granularity=lag=broker"], "--series.granularity: lag cannot have the level \"broker\""),
        (vec![&file], "line 3: --series.granularity: lag cannot have the level \"broker\"; it is group or topic or"),
        (vec![KAFKA, "--series.limit=kafka_nothing=1"], "--series.limit: \"kafka_nothing\" is no metric that can be"),
    ] {
        fails(&arguments, 1, &[says]);
    }
}

#[test]
fn files_that_do_not_exist_are_told_with_flag_and_path() {
    let tls = [KAFKA, "--tls.enabled"];
    let key = ["--tls.cert-file=/dev/null", "--tls.key-file=/nonexistent/key.pem"];
    let certificate = ["--tls.cert-file=/nonexistent/cert.pem", "--tls.key-file=/dev/null"];
    let password =
        ["--sasl.enabled", "--sasl.mechanism=plain", "--sasl.username=u", "--sasl.password-file=/nonexistent/p"];
    for (arguments, says) in [
        ([&tls[..], &["--tls.ca-file=/nonexistent/ca.pem"]].concat(), ["--tls.ca-file", "/nonexistent/ca.pem"]),
        ([&tls[..], &key].concat(), ["--tls.key-file", "/nonexistent/key.pem"]),
        ([&tls[..], &certificate].concat(), ["--tls.cert-file", "/nonexistent/cert.pem"]),
        ([&[KAFKA][..], &password].concat(), ["--sasl.password-file", "/nonexistent/p"]),
        (vec!["--jolokia.url=https://h:1", "--jolokia.ca-file=/nonexistent/j.pem"], ["Jolokia", "/nonexistent/j.pem"]),
        (vec![KAFKA, "--jolokia.port=1", "--jolokia.ca-file=/nonexistent/j.pem"], ["Jolokia", "/nonexistent/j.pem"]),
    ] {
        fails(&arguments, 1, &[says[0], says[1], "No such file"]);
        fails(&[&arguments[..], &["--config.check"]].concat(), 1, &[says[0], says[1]]);
        if arguments.contains(&"--tls.enabled") {
            fails(&[&arguments[..], &["--kafka.client=librdkafka"]].concat(), 1, &[says[0], says[1], "No such file"]);
        }
    }
}

#[test]
fn files_without_a_certificate_are_told() {
    let files = Files::new();
    let (ca, jolokia) = (files.flag("--tls.ca-file", "ca.pem", "no"), files.flag("--jolokia.ca-file", "j.pem", "no"));
    for engine in Engine::ALL {
        let client = format!("--kafka.client={}", engine.name());
        fails(&[KAFKA, "--tls.enabled", &ca, &client], 1, &["--tls.ca-file: ", "ca.pem", "certificate"]);
    }
    fails(&["--jolokia.url=https://h:1", &jolokia], 1, &["j.pem", "certificate"]);
}

#[test]
fn an_address_that_cannot_be_listened_on_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let flag = format!("--web.listen-address={address}");
    // Not Kafka's, whose client may log a line of its own before.
    let agent = "--jolokia.url=http://127.0.0.1:1";
    fails(&[agent, &flag], 1, &[&address, "in use", "--web.listen-address"]);
    fails(&[agent, "--web.listen-address=127.0.0.1:0", &flag], 1, &[&address, "in use"]);
    fails(&[agent, "--web.listen-address=192.0.2.1:9308"], 1, &["192.0.2.1:9308"]);
}

#[test]
fn a_good_configuration_passes_the_check_and_ends() {
    let files = Files::new();
    let rules = files.flag("--jmx.rules", "rules.yml", "lowercaseOutputName: true\nrules:\n- pattern: \".*\"\n");
    let file =
        files.flag("--config.file", "vitals.yml", "kafka: {server: [a:1, b:1], property: {socket.timeout.ms: 500}}\n");
    let output = run(&[&file, &rules, "--jolokia.port=8778", "--config.check"], &[]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), "the configuration is good\n"));
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let agent = FakeAgent::start(1);
    let files = Files::new();
    let content = format!(
        "jolokia:\n  url: ['7=http://127.0.0.1:1', '{}']\nscrape: {{reuse: 7s}}\nweb:\n  telemetry-path: /file\n  max-requests: 3\n",
        agent.url()
    );
    let file = files.flag("--config.file", "vitals.yml", &content);
    let vitals = Vitals::start(&files.0, &[&file, &agent.flag(), "--web.telemetry-path=/typed"]);
    assert_eq!(
        (vitals.get("/typed").status, vitals.get("/file").status, vitals.get("/metrics").status),
        (200, 404, 404)
    );
    let config = vitals.get("/config").text();
    assert!(config.contains("  reuse: \"7s\"\n") && config.contains("  max-requests: \"3\"\n"), "{config}");
    // A list is replaced, not made longer.
    assert!(config.contains(&agent.url()) && !config.contains("127.0.0.1:1\""), "{config}");

    let vitals = Vitals::start(&files.0, &[&file]);
    assert_eq!((vitals.get("/file").status, vitals.get("/typed").status), (200, 404));
}

/// Every flag of kafka_exporter, from all its versions, with a value that it takes.
const KAFKA_EXPORTER: &[&str] = &[
    "--concurrent.enable",
    "--group.exclude=^$",
    "--group.filter=.*",
    "--group.metrics.timeout=5m",
    "--group.workers=100",
    "--kafka.allow-auto-topic-creation",
    "--kafka.labels=env=x",
    "--kafka.server=127.0.0.1:1",
    "--kafka.version=2.0.0",
    "--log.enable-sarama",
    "--log.format=json",
    "--log.level=info",
    "--offset.show-all",
    "--refresh.metadata=1m30s",
    "--sasl.aws-region=eu-west-1",
    "--sasl.disable-PA-FX-FAST",
    "--sasl.enabled",
    "--sasl.handshake=false",
    "--sasl.kerberos-auth-type=keytabAuth",
    "--sasl.kerberos-config-path=/etc/krb5.conf",
    "--sasl.keytab-path=/k",
    "--sasl.mechanism=SCRAM-SHA256",
    "--sasl.oauthbearer-scopes=",
    "--sasl.oauthbearer-token-file=",
    "--sasl.oauthbearer-token-url=",
    "--sasl.password=hunter2",
    "--sasl.realm=R",
    "--sasl.service-name=kafka",
    "--sasl.username=u",
    "--server.tls.ca-file=/nonexistent/ca.crt",
    "--server.tls.cert-file=/nonexistent/tls.crt",
    "--server.tls.enabled=false",
    "--server.tls.key-file=/nonexistent/tls.key",
    "--server.tls.mutual-auth-enabled=false",
    "--tls.ca-file=",
    "--tls.cert-file=/nonexistent/tls.crt",
    "--tls.enabled",
    "--tls.insecure-skip-tls-verify",
    "--tls.key-file=/nonexistent/tls.key",
    "--tls.server-name=kafka",
    "--topic.exclude=^$",
    "--topic.filter=.*",
    "--topic.workers=100",
    "--use.consumelag.zookeeper",
    "--verbosity=1",
    "--web.listen-address=127.0.0.1:0",
    "--web.telemetry-path=/metrics",
    "--zookeeper.server=localhost:2181",
];

/// Of these, those that have no effect as they are given above.
const WITHOUT_EFFECT: [&str; 15] = [
    "--concurrent.enable",
    "--group.metrics.timeout",
    "--group.workers",
    "--kafka.allow-auto-topic-creation",
    "--kafka.version",
    "--log.enable-sarama",
    "--sasl.aws-region",
    "--sasl.disable-PA-FX-FAST",
    "--sasl.handshake=false",
    "--sasl.kerberos-config-path",
    "--server.tls.cert-file",
    "--tls.cert-file",
    "--topic.workers",
    "--use.consumelag.zookeeper",
    "--zookeeper.server",
];

#[test]
fn every_flag_of_kafka_exporter_is_known_and_one_without_effect_is_a_line_in_the_log() {
    let files = Files::new();
    let vitals = Vitals::start(&files.0, KAFKA_EXPORTER);
    assert_eq!(vitals.get("/metrics").status, 200);
    let log = fs::read_to_string(&vitals.log).unwrap();
    let lines = support::log::check(&log);
    let of_flags = lines.iter().filter(|line| line["message"].starts_with("--"));
    let warned: Vec<&str> = of_flags
        .map(|line| {
            assert_eq!(line["level"], "WARN", "{line:?}");
            line["message"].split_once(if line["message"].contains(" have ") { " and" } else { " has" }).unwrap().0
        })
        .collect();
    let warned: std::collections::BTreeSet<&str> = warned.iter().copied().collect();
    assert_eq!(warned, std::collections::BTreeSet::from(WITHOUT_EFFECT), "{log}");
    assert!(!log.contains("hunter2"), "{log}");

    // The check tells the same.
    let output = run(&[KAFKA_EXPORTER, &["--config.check"]].concat(), &[]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("warning: --")).count(), WITHOUT_EFFECT.len(), "{told}");
    assert!(told.ends_with("the configuration is good\n"), "{told}");
}

#[test]
fn a_flag_of_kafka_exporter_that_asks_for_what_is_so_anyway_is_no_warning() {
    let arguments = [
        KAFKA,
        "--no-concurrent.enable",
        "--log.enable-sarama=false",
        "--sasl.handshake",
        "--no-use.consumelag.zookeeper",
        "--kafka.allow-auto-topic-creation=false",
        "--no-sasl.disable-PA-FX-FAST",
        "--kafka.version=",
        "--zookeeper.server=",
        "--verbosity=0",
        "--sasl.kerberos-config-path=/etc/krb5.conf",
        "--config.check",
    ];
    let output = run(&arguments, &[("KRB5_CONFIG", "/etc/krb5.conf"), ("AWS_REGION", "eu-west-1")]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), "the configuration is good\n"));
}

#[test]
fn what_kafka_exporter_can_and_kafka_vitals_cannot_is_told_with_what_to_do() {
    let sasl = [KAFKA, "--sasl.enabled", "--sasl.username=u", "--sasl.password=hunter2"];
    for (more, says) in [
        (&["--sasl.mechanism=awsiam", "--sasl.aws-region=eu-west-1"][..], ["AWS IAM is not supported", "scram-sha512"]),
        (
            &["--sasl.mechanism=gssapi", "--sasl.kerberos-auth-type=userAuth"],
            ["--sasl.kerberos-auth-type=userAuth is not supported", "--sasl.keytab-path"],
        ),
        (&["--sasl.mechanism=plain", "--kafka.version=latest"], ["--kafka.version: \"latest\"", "like 3.9.0"]),
        (&["--sasl.mechanism=plain", "--web.telemetry-path=/"], ["--web.telemetry-path", "/metrics"]),
        (&["--sasl.mechanism=plain", "--kafka.labels=env"], ["--kafka.labels: expected KEY=VALUE", "no `=`"]),
    ] {
        let line = fails(&[&sasl[..], more].concat(), 1, &says);
        assert!(!line.contains("hunter2"), "{line}");
    }
    for (arguments, says) in [
        (&[KAFKA, "--verbosity=loud"][..], "'--verbosity <VERBOSITY>'"),
        (&[KAFKA, "--topic.workers=many"], "'--topic.workers <TOPIC_WORKERS>'"),
        (&[KAFKA, "--group.metrics.timeout=5"], "write it like 500ms, 30s or 5m"),
        (&[KAFKA, "--no-tls.enabled", "--tls.enabled"], "'--tls.enabled[=<BOOL>]' cannot be used multiple times"),
        (&[KAFKA, "--tls.enabled", "true"], "'true'"),
        (&[KAFKA, "--no-kafka.labels"], "'--no-kafka.labels'"),
    ] {
        fails(arguments, 2, &[says, "see --help"]);
    }
}

#[test]
fn booleans_take_every_spelling_and_every_one_can_be_off() {
    let booleans = KAFKA_EXPORTER.iter().filter_map(|flag| {
        let (name, value) = flag.split_once('=').unwrap_or((flag, "true"));
        ["true", "false"].contains(&value).then(|| name.trim_start_matches("--"))
    });
    let booleans: Vec<&str> = booleans.collect();
    assert_eq!(booleans.len(), 12, "{booleans:?}");
    let on = |name: &str| format!("--{name}=true");
    for (spelling, warnings) in [
        (&(|name: &str| format!("--{name}=false")) as &dyn Fn(&str) -> String, &["--sasl.handshake=false"][..]),
        (&|name| format!("--no-{name}"), &["--sasl.handshake=false"]),
        // Not what needs others beside it.
        (
            &|name| {
                if name.starts_with("tls.") || name.ends_with("enabled") { format!("--{name}=false") } else { on(name) }
            },
            &[
                "--concurrent.enable",
                "--kafka.allow-auto-topic-creation",
                "--log.enable-sarama",
                "--sasl.disable-PA-FX-FAST",
                "--use.consumelag.zookeeper",
            ],
        ),
    ] {
        let flags: Vec<String> = booleans.iter().map(|name| spelling(name)).collect();
        let arguments =
            [&[KAFKA, "--config.check"], &flags.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat();
        let output = run(&arguments, &[]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{flags:?}: {told}");
        let warned: std::collections::BTreeSet<&str> =
            told.lines().filter_map(|line| line.strip_prefix("warning: ")?.split(" has ").next()).collect();
        assert_eq!(warned, warnings.iter().copied().collect(), "{flags:?}");
    }
}

#[test]
fn arguments_can_stand_in_a_file() {
    let files = Files::new();
    let path = files.write("arguments", "# of the cluster\n--kafka.server=127.0.0.1:1\n--topic.filter\n@orders\n");
    let vitals = Vitals::start(&files.0, &[&format!("@{}", path.display()), "--no-offset.show-all"]);
    let config = vitals.get("/config").text();
    assert!(config.contains("  filter: \"@orders\"\n") && config.contains("  show-all: \"false\"\n"), "{config}");
    fails(&["@/nonexistent/arguments"], 1, &["@/nonexistent/arguments: No such file"]);
    // What follows is no flag any more, and nothing else is expected.
    let output = run(&[KAFKA, "--config.check", "--"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    fails(&[KAFKA, "--", "--config.check"], 2, &["'--config.check'"]);
}

#[test]
fn verbosity_and_the_old_ways_to_name_a_log_are_understood() {
    let files = Files::new();
    for (flags, debug) in [
        (&["--verbosity=0"][..], false),
        (&["--verbosity=2"], true),
        (&["--verbosity=2", "--log.level=info"], false),
        (&["--log.level=DEBUG", "--log.format=logger:stderr"], true),
        (&["--log.level=fatal", "--log.format=logger:stdout?json=true"], false),
    ] {
        let vitals = Vitals::start(&files.0, &[&[KAFKA], flags].concat());
        // Ends a connection with an error, which is told of at this level.
        let mut stream = std::net::TcpStream::connect(vitals.url.strip_prefix("http://").unwrap()).unwrap();
        std::io::Write::write_all(&mut stream, b"\0\r\n\r\n").unwrap();
        std::io::Read::read_to_end(&mut stream, &mut Vec::new()).unwrap();
        let told = || fs::read_to_string(&vitals.log).unwrap().contains("connection ended");
        if debug {
            let look = || if told() { Ok(()) } else { Err("no such line") };
            wait_until(PATIENCE, "a line at debug level", look).unwrap();
        } else {
            assert!(!told(), "{flags:?}");
        }
    }
}

#[test]
fn the_guide_for_those_who_come_from_kafka_exporter_names_all_its_flags_and_so_does_the_help() {
    let guide = include_str!("../docs/migrating-from-kafka_exporter.md");
    let help = text(&run(&["--help"], &[("COLUMNS", "80")]).stdout);
    for flag in KAFKA_EXPORTER.iter().filter_map(|flag| flag.split('=').next()) {
        assert!(guide.contains(&format!("`{flag}`")), "the guide does not name {flag}");
        let has_our_name = flag.starts_with("--sasl.oauthbearer-") || flag == "--sasl.kerberos-auth-type";
        assert!(help.contains(flag) || has_our_name, "the help does not name {flag}");
    }
}

#[test]
fn kafka_exporters_names_for_tokens_are_known_in_the_environment_too() {
    let oauth = [
        "--sasl.enabled",
        "--sasl.mechanism=oauthbearer",
        "--sasl.username=u",
        "--sasl.password=p",
        "--sasl.oauthbearer-token-url=https://idp.example/token",
        "--sasl.oauthbearer-scopes=a,b",
        "--sasl.oauthbearer-token-file=",
    ];
    let output = run(&[&[KAFKA, "--config.check"], &oauth[..]].concat(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let by_environment = [&[KAFKA, "--config.check"], &oauth[..4]].concat();
    for (name, value, code) in [
        ("SASL_OAUTHBEARER_TOKEN_URL", "https://idp.example/token", 0),
        ("SASL_OAUTHBEARER_TOKEN_FILE", "/t", 0),
        ("SASL_OAUTHBEARER_TOKEN_URL", "", 1),
    ] {
        let output = run(&by_environment, &[(name, value)]);
        assert_eq!(output.status.code(), Some(code), "{name}={value}: {}", text(&output.stderr));
        // It may be there for others.
        let output = run(&[KAFKA, "--config.check"], &[(name, value)]);
        assert_eq!(output.status.code(), Some(0), "{name}={value}: {}", text(&output.stderr));
    }
}

#[test]
fn empty_values_count_as_not_given() {
    let files = Files::new();
    let content =
        "kafka: {server: 'a:1', property: ''}\nsasl: {mechanism: '', password: hunter2}\njmx:\n  rules: \"\"\n";
    let file = files.flag("--config.file", "vitals.yml", content);
    for arguments in [
        &[KAFKA, "--tls.ca-file=", "--tls.enabled=", "--sasl.mechanism=", "--sasl.username=", "--jolokia.username="][..],
        &[
            KAFKA,
            "--jmx.rules=",
            "--web.listen-address=",
            "--web.telemetry-path=",
            "--scrape.timeout=",
            "--config.file=",
        ],
        &[KAFKA, "--topic.exclude=", "--kafka.server=", "--jolokia.url=", "--jolokia.port=", "--offset.show-all="],
        &[KAFKA, "--tls.ca-file", "", "--jolokia.port", "", "--log.level="],
        &[&file, "--kafka.server="],
        // The environment's empty password does not hide the file's.
        &[&file, "--sasl.enabled", "--sasl.mechanism=plain", "--sasl.username=u"],
    ] {
        let arguments = [arguments, &["--config.check"]].concat();
        let output = run(&arguments, &[("SASL_USER_PASSWORD", ""), ("JOLOKIA_PASSWORD", "")]);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    }
    fails(&["--kafka.server="], 1, &["nothing to read"]);
    fails(&[KAFKA, "--bogus="], 2, &["'--bogus'"]);
    let sasl = [KAFKA, "--sasl.enabled", "--sasl.mechanism=plain", "--sasl.username=u"];
    let output = run(&sasl, &[("SASL_USER_PASSWORD", "")]);
    assert!(text(&output.stderr).contains("needs --sasl.password-file"), "{}", text(&output.stderr));
}

#[test]
fn the_configuration_shown_is_a_configuration_file() {
    let agent = FakeAgent::start(1);
    let files = Files::new();
    let arguments = [&agent.flag(), "--topic.exclude=\"a\\b'", "--scrape.reuse=1m30s", "--no-offset.show-all"];
    let vitals = Vitals::start(&files.0, &arguments);
    let config = vitals.get("/config").text();
    let file = files.flag("--config.file", "again.yml", &config);
    let output = run(&[&file, "--config.check"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}\n{config}", text(&output.stderr));
    assert!(config.contains("offset:\n  show-all: \"false\"\n"), "{config}");
    let again = Vitals::start(&files.0, &[&file]);
    let port = |vitals: &Vitals| vitals.url.rsplit(':').next().unwrap().to_owned();
    assert_eq!(again.get("/config").text(), config.replace(&port(&vitals), &port(&again)));
}

#[test]
fn the_configuration_shown_is_a_configuration_file_up_to_the_secrets() {
    let files = Files::new();
    let password = files.flag("--jolokia.password-file", "password", "hunter2");
    let content = "kafka:\n  server: ['127.0.0.1:1', '127.0.0.1:2']\n  labels: {env: no, release: 1.10}\n\
                   \x20 property: {sasl.password: 0123, socket.timeout.ms: 9000}\n\
                   sasl: {enabled: true, mechanism: plain, username: \"é: #'\\\"\", password: '!&*'}\n\
                   offset: {show-all: true}\njolokia: {url: ['7=http://[::1]:1/a', 'http://127.0.0.1:1']}\n";
    let file = files.flag("--config.file", "vitals.yml", content);
    let more = ["--jolokia.username=u", &password, "--no-offset.show-all", "--kafka.server=127.0.0.1:3,127.0.0.1:4"];
    let vitals = Vitals::start(&files.0, &[&[file.as_str()], &more[..]].concat());
    let config = vitals.get("/config").text();
    for secret in ["hunter", "0123", "9000", "!&*"] {
        assert!(!config.contains(secret), "{secret}: {config}");
    }
    assert!(config.contains("  server: [\"127.0.0.1:3\", \"127.0.0.1:4\"]\n"), "{config}");
    assert!(config.contains("  labels: \"env=no,release=1.10\"\n"), "{config}");
    let filled = config
        .replace("sasl.password=<secret>", "sasl.password=0123")
        .replace("socket.timeout.ms=<secret>", "socket.timeout.ms=9000")
        .replace("\"<secret>\"", "\"!&*\"");
    assert!(!filled.contains("<secret>"), "{filled}");
    let file = files.flag("--config.file", "again.yml", &filled);
    let again = Vitals::start(&files.0, &[&file]);
    let port = |vitals: &Vitals| vitals.url.rsplit(':').next().unwrap().to_owned();
    assert_eq!(again.get("/config").text(), config.replace(&port(&vitals), &port(&again)));
}

#[test]
fn no_line_of_the_log_names_a_source_file() {
    let files = Files::new();
    let agent = FakeAgent::start(1);
    for format in ["logfmt", "json"] {
        let vitals = Vitals::start(&files.0, &[&agent.flag(), "--log.level=debug", &format!("--log.format={format}")]);
        assert_eq!(vitals.get("/metrics").status, 200);
        let log = fs::read_to_string(&vitals.log).unwrap();
        assert!(log.contains("listening"), "{log}");
        assert!(!log.contains("log.file") && !log.contains(".rs"), "{log}");
    }
}

#[test]
fn version_tells_what_it_was_built_from() {
    for flag in ["--version", "-V"] {
        let output = run(&[flag], &[]);
        let version = text(&output.stdout);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
        assert!(version.starts_with(&format!("kafka-vitals {} (revision ", env!("CARGO_PKG_VERSION"))), "{version}");
        assert!(version.contains("rustc ") && version.lines().count() == 1, "{version}");
    }
}

#[test]
fn check_has_a_help_of_its_own_and_what_keeps_it_from_asking_is_one_line_and_code_2() {
    let help = text(&run(&["check", "--help"], &[("COLUMNS", "80")]).stdout);
    for part in ["Usage: kafka-vitals check", "--json", "--kafka.server", "Exit codes: 0", "Examples:"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    let short = text(&run(&["check", "-h"], &[]).stdout);
    assert!(short.contains("--json") && !short.contains("Examples:"), "{short}");
    for (arguments, says) in [
        (&["check", "--bogus"][..], "see kafka-vitals check --help"),
        (&["check"], "nothing to read: give --kafka.server"),
        (&["check", KAFKA, "--jmx.rules=/no/such/rules.yml"], "/no/such/rules.yml"),
        (
            &["check", KAFKA, "--tls.enabled", "--tls.ca-file=/no/such/ca.pem", "--json"],
            "--tls.ca-file: /no/such/ca.pem",
        ),
    ] {
        fails(arguments, 2, &[says]);
    }
}

#[test]
fn help_fits_the_terminal_and_has_defaults_and_examples() {
    for (flag, columns) in [("--help", "80"), ("-h", "80"), ("--help", "120"), ("-h", "120")] {
        let output = run(&[flag], &[("COLUMNS", columns), ("SASL_USER_PASSWORD", "hunter2")]);
        assert_eq!(output.status.code(), Some(0));
        let help = text(&output.stdout);
        for line in help.lines() {
            assert!(line.chars().count() <= columns.parse().unwrap(), "{flag} at {columns}: {line}");
        }
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "--kafka.server",
            "--jolokia.port",
            "[default: 5s]",
            "[default: :9308]",
            "Kafka security:",
            "-V, --version",
        ] {
            assert!(words.contains(part), "{flag} at {columns} lacks {part}: {help}");
        }
        assert!(!help.contains("hunter"), "{help}");
        assert_eq!(help.contains("Examples:"), flag == "--help");
        assert!(!help.contains("possible values"), "{help}");
    }
}

#[test]
fn no_output_shows_a_secret() {
    let files = Files::new();
    let broken = files.flag("--config.file", "broken.yml", "sasl:\n  password: \"hunter2\n");
    let unknown = files.flag("--config.file", "unknown.yml", "kafka: {server: 'a:1'}\nsasl:\n  pasword: hunter2\n");
    let misplaced =
        files.flag("--config.file", "misplaced.yml", "kafka: {server: 'a:1'}\nsasl:\n  password: {x: hunter2}\n");
    let sasl = [KAFKA, "--sasl.enabled", "--sasl.username=u", "--sasl.password=hunter2"];
    for arguments in [
        [&sasl[..], &["--sasl.mechanism=bogus"]].concat(),
        [&sasl[..], &["--sasl.mechanism=plain", "--kafka.property=sasl.mechanisms=bogus"]].concat(),
        [&sasl[..], &["--sasl.mechanism=plain", "--bogus"]].concat(),
        vec![KAFKA, "--sasl.enabled", "--sasl.mechanism=oauthbearer", "--sasl.oauth.token-url=https://u:hunter2@h/t"],
        vec![KAFKA, "--sasl.oauth.extensions=hunter2", "--sasl.oauth.client-secret=hunter2"],
        vec![KAFKA, "--tls.enabled", "--tls.key-password=hunter2"],
        vec!["--jolokia.url=http://u:hunter2@h:1"],
        vec!["--jolokia.url=http://u:hunter2@h:99999"],
        vec!["--jolokia.url=1=http://u:hunter2@"],
        vec!["--jolokia.password=hunter2", "--jolokia.username=u"],
        vec![&broken],
        vec![&unknown],
        vec![&misplaced],
    ] {
        let output = run(&arguments, &[("JOLOKIA_PASSWORD", "hunter3")]);
        let shown = text(&output.stdout) + &text(&output.stderr);
        assert!(!output.status.success() && !shown.is_empty(), "{arguments:?}");
        assert!(!shown.contains("hunter"), "{arguments:?}: {shown}");
    }
}
