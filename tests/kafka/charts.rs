//! The whole command lines that charts and operators render for kafka_exporter, given to kafka-vitals: the page is the same
//! as by our own flags. Of each, the address to listen on alone is not the original's.

use std::fs;
use std::path::Path;

use kafka_lab::sasl::{PASSWORD, USER};
use kafka_lab::{Cluster, Listener};

use crate::clusters::current;
use crate::golden::check_show_all;
use crate::support::{Engine, Vitals, each, log};

/// Both clients show the golden page by these flags, and each warns of exactly what has no effect.
#[track_caller]
fn shows_the_golden_page(cluster: &Cluster, listener: Option<Listener>, flags: &[String], without_effect: &[&str]) {
    let address = listener.map_or_else(|| cluster.bootstrap(), |listener| cluster.bootstrap_on(listener).unwrap());
    let server = format!("--kafka.server={address}");
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain([server.as_str()]).collect();
    let all = Vitals::start_each(cluster.lab(), &flags);
    check_show_all(&all, &address);
    for vitals in each(&all) {
        let text = fs::read_to_string(&vitals.log).unwrap();
        assert!(!text.contains(PASSWORD), "{text}");
        let lines = log::check(&text);
        let warned = lines.iter().filter(|line| line["level"] == "warn");
        let warned: Vec<&str> = warned.map(|line| line["message"].split(" ha").next().unwrap()).collect();
        assert_eq!(warned, without_effect, "{text}");
    }
}

fn owned(flags: &[&str]) -> Vec<String> {
    flags.iter().map(|flag| (*flag).to_owned()).collect()
}

/// The files that a secret has when it is mounted.
fn tls_files(cert: &Path, key: &Path) -> Vec<String> {
    let ca = current().certificates().ca.display();
    vec![
        "--tls.enabled".to_owned(),
        format!("--tls.ca-file={ca}"),
        format!("--tls.cert-file={}", cert.display()),
        format!("--tls.key-file={}", key.display()),
    ]
}

#[test]
fn the_chart_of_prometheus_community_by_its_defaults() {
    let flags = owned(&["--verbosity=0", "--kafka.version=2.0.0"]);
    shows_the_golden_page(current(), None, &flags, &["--kafka.version"]);
}

#[test]
fn the_chart_of_prometheus_community_with_scram_and_a_secret_that_holds_the_authority_alone() {
    let nothing = Path::new("/nonexistent/secrets/tls-certs");
    let user = [format!("--sasl.username={USER}"), format!("--sasl.password={PASSWORD}")];
    let flags = [
        owned(&["--verbosity=0", "--log.enable-sarama", "--kafka.version=3.6.0"]),
        tls_files(&nothing.join("tls.crt"), &nothing.join("tls.key")),
        owned(&["--sasl.enabled", "--sasl.handshake=false"]),
        user.to_vec(),
        owned(&["--sasl.mechanism=scram-sha512"]),
        owned(&["--server.tls.ca-file=/certs/ca.crt", "--server.tls.cert-file=/certs/tls.crt"]),
        owned(&["--server.tls.key-file=/certs/tls.key", "--server.tls.mutual-auth-enabled=false"]),
    ];
    let without_effect = [
        "--kafka.version",
        "--sasl.handshake=false",
        "--log.enable-sarama",
        "--server.tls.cert-file",
        "--tls.cert-file and --tls.key-file",
    ];
    shows_the_golden_page(current(), Some(Listener::SaslTls), &flags.concat(), &without_effect);
}

#[test]
fn the_chart_of_kafka_exporter_itself() {
    let user = [format!("--sasl.username={USER}"), format!("--sasl.password={PASSWORD}")];
    let flags = [
        owned(&["--kafka.version=1.0.0", "--sasl.enabled"]),
        user.to_vec(),
        owned(&["--sasl.mechanism=scram-sha512", "--sasl.oauthbearer-token-url=", "--verbosity=0"]),
    ];
    shows_the_golden_page(current(), Some(Listener::Sasl), &flags.concat(), &["--kafka.version"]);
}

#[test]
fn the_chart_of_bitnami_whose_extra_flags_have_no_values() {
    let user = [format!("--sasl.username={USER}"), format!("--sasl.password={PASSWORD}")];
    let flags = [
        owned(&["--sasl.enabled"]),
        user.to_vec(),
        owned(&[
            "--sasl.mechanism=scram-sha512",
            "--tls.enabled",
            "--offset.show-all",
            "--tls.insecure-skip-tls-verify",
        ]),
    ];
    shows_the_golden_page(current(), Some(Listener::SaslTls), &flags.concat(), &[]);
}

#[test]
fn strimzis_script() {
    let own = &current().certificates().client;
    let flags = [
        owned(&["--group.filter=.*", "--topic.filter=.*", "--group.exclude=^$", "--topic.exclude=^$"]),
        tls_files(&own.cert, &own.key),
        owned(&["--log.enable-sarama", "--offset.show-all", "--verbosity=0", "--kafka.version=4.3.0"]),
    ];
    let without_effect = ["--kafka.version", "--log.enable-sarama"];
    shows_the_golden_page(current(), Some(Listener::Tls), &flags.concat(), &without_effect);
}

#[test]
fn a_client_certificate_that_is_not_there_is_left_out_and_told_of() {
    // kafka_exporter goes on too, and is refused as we are: the listener wants one.
    let nothing = Path::new("/nonexistent");
    let address = current().bootstrap_on(Listener::Tls).unwrap();
    let flags =
        [vec![format!("--kafka.server={address}")], tls_files(&nothing.join("tls.crt"), &nothing.join("tls.key"))];
    let flags = flags.concat();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    for vitals in each(&Vitals::start_each(current().lab(), &flags)) {
        let page = vitals.page("/metrics/cluster", std::time::Duration::from_secs(5));
        assert_eq!(page.get("kafka_brokers"), None);
        let errors = page.named("kafka_vitals_collector_errors_total");
        assert!(errors.keys().any(|series| series.contains("topology")), "{errors:?}");
        let log = fs::read_to_string(&vitals.log).unwrap();
        assert!(log.contains("neither /nonexistent/tls.crt nor /nonexistent/tls.key exists"), "{log}");
        // librdkafka has words of OpenSSL's.
        let says = if vitals.engine == Some(Engine::Protocol) { "wants a client certificate" } else { "ssl" };
        assert!(log.to_ascii_lowercase().contains(says), "{log}");
    }
}
