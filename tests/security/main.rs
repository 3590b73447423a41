//! TLS and SASL through the real binary over each engine, against a real broker that checks certificates, passwords and
//! tokens: who is let in sees the cluster, who is not is told why, and no secret shows anywhere.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod attempts;
mod check;
mod refused;
mod renewed;
mod replaced;
mod rights;
#[path = "../support/mod.rs"]
mod support;
mod world;

use std::fs;
use std::time::Duration;

use kafka_lab::sasl::{PASSWORD, TokenEndpoint, USER};
use kafka_lab::{Cluster, Listener};

use support::{Engine, Vitals, each};
use world::{SECRETS, assert_no_secret, cluster, endpoint_flags, identity, mechanism, sasl, tls};

const LAG: &str = r#"kafka_consumergroup_lag_sum{consumergroup="billing",topic="orders"}"#;

/// Each engine sees the cluster by these flags.
#[track_caller]
fn is_let_in(cluster: &Cluster, what: &str, flags: &[String]) {
    eprintln!("{what}");
    for vitals in each(&world::start(cluster, flags)) {
        sees_all(vitals, what);
        assert_no_secret(vitals, SECRETS);
    }
}

#[track_caller]
fn sees_all(vitals: &Vitals, what: &str) {
    let page = vitals.page("/metrics/cluster", Duration::from_secs(20));
    let errors = page.named("kafka_vitals_collector_errors_total");
    assert!(errors.is_empty(), "{what}: {errors:?}, {}", fs::read_to_string(&vitals.log).unwrap());
    for collector in ["topology", "offsets", "groups"] {
        assert_eq!(page.value(&format!("kafka_vitals_collector_success{{collector=\"{collector}\"}}")), 1.0, "{what}");
    }
    assert_eq!((page.value("kafka_brokers"), page.value(LAG)), (1.0, 6.0), "{what}");
}

#[test]
fn a_client_certificate_opens_a_listener_that_wants_one() {
    let cluster = cluster();
    let own = identity(&cluster.certificates().client);
    is_let_in(cluster, "mutual TLS", &[tls(cluster, Listener::Tls), own.clone()].concat());
    let skip = vec!["--tls.insecure-skip-tls-verify".to_owned()];
    is_let_in(cluster, "any certificate", &[tls(cluster, Listener::TlsWrongName), own, skip].concat());
}

#[test]
fn a_password_for_the_client_key_is_read_from_a_file() {
    let cluster = cluster();
    let key = world::encrypted_key(&cluster.certificates().client.key);
    let password = world::secret_file("key-password", "open sesame\n");
    let certificate = cluster.certificates().client.cert.display();
    let flags = [
        format!("--tls.cert-file={certificate}"),
        format!("--tls.key-file={}", key.display()),
        format!("--tls.key-password-file={}", password.display()),
    ];
    is_let_in(cluster, "encrypted key", &[tls(cluster, Listener::Tls), flags.to_vec()].concat());
}

#[test]
fn another_server_name_is_checked_by_the_protocol_client() {
    let cluster = cluster();
    let own = identity(&cluster.certificates().client);
    for (name, listener, good) in
        [("elsewhere.example", Listener::TlsWrongName, true), ("elsewhere.example", Listener::Tls, false)]
    {
        let flags = [tls(cluster, listener), own.clone(), vec![format!("--tls.server-name={name}")]].concat();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let vitals = Vitals::start_with_engine(cluster.lab(), Engine::Protocol, &flags);
        if good {
            sees_all(&vitals, name);
        } else {
            refused::is_refused(&vitals, name, "certificate");
        }
    }
}

#[test]
fn each_mechanism_lets_its_user_in_with_and_without_tls() {
    let cluster = cluster();
    let secret = world::secret_file("password", &format!("{PASSWORD}\n"));
    let password = format!("--sasl.password-file={}", secret.display());
    for name in ["plain", "scram-sha256", "SCRAM-SHA-512"] {
        let flags = [mechanism(name), vec![format!("--sasl.username={USER}"), password.clone()]].concat();
        is_let_in(cluster, name, &[sasl(cluster), flags.clone()].concat());
        is_let_in(cluster, &format!("{name} over TLS"), &[tls(cluster, Listener::SaslTls), flags].concat());
    }
}

#[test]
fn tokens_of_a_file_and_of_an_endpoint_let_their_subject_in() {
    let cluster = cluster();
    let token = cluster.issuer().sign(USER, Duration::from_secs(3600)).unwrap();
    let file = world::secret_file("token", &format!("{token}\n"));
    let by_file = [mechanism("oauthbearer"), vec![format!("--sasl.oauth.token-file={}", file.display())]].concat();
    let endpoint = TokenEndpoint::start(cluster.issuer()).unwrap();
    let by_endpoint = [mechanism("oauthbearer"), endpoint_flags(&endpoint, PASSWORD)].concat();
    for (what, flags) in [("token file", by_file), ("client credentials", by_endpoint)] {
        is_let_in(cluster, what, &[sasl(cluster), flags.clone()].concat());
        is_let_in(cluster, &format!("{what} over TLS"), &[tls(cluster, Listener::SaslTls), flags].concat());
    }
    // One for each exporter, however many connections it has.
    assert_eq!(endpoint.requests(), 2 * Engine::ALL.len());
}
