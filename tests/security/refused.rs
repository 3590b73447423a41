//! Who is not let in: the kind of the error, and its reason in the log.

use std::fs;
use std::time::Duration;

use kafka_lab::sasl::{Issuer, PASSWORD, TokenEndpoint, USER};
use kafka_lab::{Cluster, Listener};

use crate::support::{Vitals, at_once};
use crate::world::{self, SECRETS, assert_no_secret, cluster, endpoint_flags, identity, mechanism, sasl, tls};

/// Nothing of Kafka is on the page, and page and log tell why: an authentication error with `reason` in it.
#[track_caller]
pub(crate) fn is_refused(vitals: &Vitals, what: &str, reason: &str) {
    let page = vitals.page("/metrics/cluster", Duration::from_secs(4));
    let log = fs::read_to_string(&vitals.log).unwrap();
    let engine = vitals.engine;
    assert_eq!(page.value("kafka_vitals_collector_success{collector=\"topology\"}"), 0.0, "{what}, {engine:?}");
    assert!(page.named("kafka_brokers").is_empty(), "{what}, {engine:?}");
    let errors = page.named("kafka_vitals_collector_errors_total");
    let all_are = errors.keys().all(|series| series.contains("kind=\"authentication\""));
    assert!(!errors.is_empty() && all_are, "{what}, {engine:?}: {errors:?} {log}");
    let told = log.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.contains("authentication failed") && line.contains(reason)
    });
    assert!(told, "{what}, {engine:?}: {reason} is not in {log}");
}

/// What is wrong, the flags, and the reason that is told.
type Case<'a> = (&'a str, Vec<String>, &'a str);

/// Each engine is refused in each case.
fn all_are_refused<'a>(cluster: &Cluster, cases: &'a [Case<'a>]) {
    let start = |case: &'a Case<'a>| world::start(cluster, &case.1).into_iter().map(move |vitals| (case, vitals));
    let all: Vec<(&Case<'_>, Vitals)> = cases.iter().flat_map(start).collect();
    at_once(&all, |((what, _, reason), vitals)| {
        is_refused(vitals, what, reason);
        assert_no_secret(vitals, SECRETS);
    });
}

#[test]
fn certificates_that_are_not_good_are_refused_on_both_sides() {
    let cluster = cluster();
    let certificates = cluster.certificates();
    let own = identity(&certificates.client);
    let other_ca = [
        tls(cluster, Listener::Tls)[..2].to_vec(),
        own.clone(),
        vec![format!("--tls.ca-file={}", certificates.other_ca.display())],
    ]
    .concat();
    let cases = [
        ("a broker of a CA that is not trusted", other_ca, "certificate"),
        ("an expired broker", [tls(cluster, Listener::TlsExpired), own.clone()].concat(), "certificate"),
        ("a broker under another name", [tls(cluster, Listener::TlsWrongName), own].concat(), "certificate"),
        ("no client certificate", tls(cluster, Listener::Tls), "certificate"),
        (
            "an expired client",
            [tls(cluster, Listener::Tls), identity(&certificates.client_expired)].concat(),
            "certificate",
        ),
        (
            "a client of another CA",
            [tls(cluster, Listener::Tls), identity(&certificates.client_of_other_ca)].concat(),
            "certificate",
        ),
    ];
    all_are_refused(cluster, &cases);
}

#[test]
fn a_wrong_password_is_an_authentication_error_and_shows_nowhere() {
    let cluster = cluster();
    let cases = ["plain", "scram-sha256", "scram-sha512"].map(|name| {
        let user = vec![format!("--sasl.username={USER}"), "--sasl.password=hunter2".to_owned()];
        (name, [sasl(cluster), mechanism(name), user].concat(), "authentication failed")
    });
    all_are_refused(cluster, &cases);
}

#[test]
fn tokens_that_are_not_good_are_refused_and_show_nowhere() {
    let cluster = cluster();
    let hour = Duration::from_secs(3600);
    let stranger = Issuer::new(&cluster.lab().folder().join("stranger")).unwrap();
    let strange = world::secret_file("strange-token", &stranger.sign(USER, hour).unwrap());
    let expired = world::secret_file("expired-token", &cluster.issuer().sign(USER, Duration::ZERO).unwrap());
    let missing = cluster.lab().folder().join("no-such-token");
    let of_file = |path: &std::path::Path| vec![format!("--sasl.oauth.token-file={}", path.display())];
    let endpoint = TokenEndpoint::start(cluster.issuer()).unwrap();
    let down = TokenEndpoint::start(cluster.issuer()).unwrap();
    down.refuse(Some(503));
    let cases = [
        ("a token that another has signed", of_file(&strange), "invalid_token"),
        ("an expired token", of_file(&expired), "the token has expired"),
        ("no token file", of_file(&missing), "no such file"),
        ("a wrong client secret", endpoint_flags(&endpoint, "hunter2"), "401 unauthorized, invalid_client"),
        ("an endpoint that is down", endpoint_flags(&down, PASSWORD), "503 service unavailable"),
    ];
    let all_flags = |flags| [sasl(cluster), mechanism("oauthbearer"), flags].concat();
    all_are_refused(cluster, &cases.map(|(what, flags, reason)| (what, all_flags(flags), reason)));
    // It was left alone in between.
    assert!(endpoint.requests() <= 16 && down.requests() <= 12, "{} {}", endpoint.requests(), down.requests());
}
