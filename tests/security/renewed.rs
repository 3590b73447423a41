//! Connections that have to authenticate again, and tokens that end, while scrapes go on.

use std::thread::sleep;
use std::time::Duration;

use kafka_lab::sasl::{PASSWORD, TokenEndpoint, USER};
use kafka_lab::{Listener, http};

use crate::support::at_once;
use crate::world::{self, cluster, endpoint_flags, mechanism, sasl, tls};
use crate::{SECRETS, assert_no_secret, sees_all};

/// How often clients have authenticated again on an open connection, by the broker's count.
fn reauthentications() -> f64 {
    let agent = cluster().nodes()[0].jolokia_url().unwrap();
    let url = format!("{agent}/read/kafka.server:type=socket-server-metrics,listener=*,networkProcessor=*");
    let answer: serde_json::Value =
        serde_json::from_str(&http::get_ok(&url, Duration::from_secs(20)).unwrap()).unwrap();
    let beans = answer["value"].as_object().unwrap_or_else(|| panic!("{answer}"));
    beans.values().filter_map(|bean| bean["successful-reauthentication-total"].as_f64()).sum()
}

#[test]
fn scrapes_go_on_without_an_error_while_connections_authenticate_again() {
    let cluster = cluster();
    let user = vec![format!("--sasl.username={USER}"), format!("--sasl.password={PASSWORD}")];
    let endpoint = TokenEndpoint::start(cluster.issuer()).unwrap();
    // Tokens end while connections live.
    endpoint.set_lifetime(Duration::from_secs(8));
    let all: Vec<_> = [
        [sasl(cluster), mechanism("plain"), user.clone()].concat(),
        [tls(cluster, Listener::SaslTls), mechanism("scram-sha512"), user].concat(),
        [sasl(cluster), mechanism("oauthbearer"), endpoint_flags(&endpoint, PASSWORD)].concat(),
    ]
    .iter()
    .flat_map(|flags| world::start(cluster, flags))
    .collect();
    let before = reauthentications();
    for second in 0..16 {
        at_once(&all, |vitals| sees_all(vitals, &format!("{:?}, scrape {second}", vitals.engine)));
        sleep(Duration::from_secs(1));
    }
    // Every connection's session is 3 s.
    let times = reauthentications() - before;
    assert!(times >= 12.0, "{times} times");
    let requests = endpoint.requests();
    assert!((4..=16).contains(&requests), "{requests} requests for tokens of 8 s in at least 16 s");
    all.iter().for_each(|vitals| assert_no_secret(vitals, SECRETS));
}
