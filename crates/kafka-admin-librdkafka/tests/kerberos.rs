//! A real KDC, a real broker, and librdkafka with a keytab between them.
//!
//! MIT Kerberos takes its configuration and its ticket cache from the environment, which a process cannot change safely once it runs: so
//! each client is this test again, in a process of its own.

#![cfg(feature = "gssapi")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail the test, and it talks to itself"
)]

mod common;

use std::env;
use std::process::Command;
use std::time::Duration;

use kafka_admin::{KafkaAdmin, Sasl, Tls};
use kafka_admin_librdkafka::LibrdkafkaAdmin;
use kafka_lab::sasl::{DENIED_USER, Kerberos, Mechanism, USER};
use kafka_lab::{Cluster, Listener, NewTopic, Operation, Resource};

use common::{config, within};

/// The bootstrap server of a client; set in the clients' processes alone.
const BOOTSTRAP: &str = "KERBEROS_TEST_BOOTSTRAP";
const PRINCIPAL: &str = "KERBEROS_TEST_PRINCIPAL";
const KEYTAB: &str = "KERBEROS_TEST_KEYTAB";
const CA: &str = "KERBEROS_TEST_CA";

#[tokio::test(flavor = "multi_thread")]
async fn a_keytab_lets_a_client_in_as_its_principal_and_no_other() {
    if let Ok(bootstrap) = env::var(BOOTSTRAP) {
        return client(&bootstrap).await;
    }
    let lab =
        Cluster::builder().heap_mib(300).sasl(&[Mechanism::Gssapi]).authorizer().start().expect("a node and a KDC");
    lab.kafka().create_topics(&[NewTopic::new("t", 1)]).expect("topic");
    lab.kafka().allow(USER, &[Operation::Describe], Resource::Topic("*")).expect("allowed");
    for listener in [Listener::Sasl, Listener::SaslTls] {
        assert_eq!(seen_by(&lab, listener, USER, USER), "topics 1", "{listener:?}");
        assert_eq!(seen_by(&lab, listener, DENIED_USER, DENIED_USER), "topics 0", "{listener:?}");
    }
    let error = seen_by(&lab, Listener::Sasl, USER, DENIED_USER);
    assert!(error.starts_with("error ") && error.contains("No Kerberos credentials available"), "{error}");
}

/// What a client in a process of its own says.
fn seen_by(lab: &Cluster, listener: Listener, user: &str, keytab_of: &str) -> String {
    let kerberos = lab.kerberos().expect("asked for");
    let mut client = Command::new(env::current_exe().expect("this test"));
    client
        .args(["--exact", "a_keytab_lets_a_client_in_as_its_principal_and_no_other", "--nocapture"])
        .env("KRB5_CONFIG", kerberos.config())
        .env("KRB5CCNAME", format!("FILE:{}", lab.lab().folder().join(format!("tickets-{user}-{keytab_of}")).display()))
        .env(BOOTSTRAP, lab.bootstrap_on(listener).expect("asked for"))
        .env(PRINCIPAL, Kerberos::principal(user))
        .env(KEYTAB, kerberos.keytab(keytab_of));
    if listener == Listener::SaslTls {
        client.env(CA, &lab.certificates().ca);
    }
    let output = client.output().expect("a process");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find(|line| line.starts_with("topics ") || line.starts_with("error "));
    said.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).to_owned()
}

async fn client(bootstrap: &str) {
    let mut config = config(bootstrap);
    config.security.sasl = Some(Sasl::Gssapi {
        service_name: "kafka".to_owned(),
        principal: env::var(PRINCIPAL).expect("given"),
        keytab: env::var_os(KEYTAB).expect("given").into(),
    });
    config.security.tls = env::var_os(CA).map(|ca| Tls { ca_file: Some(ca.into()), ..Tls::default() });
    let answer = match LibrdkafkaAdmin::new(&config) {
        Ok(admin) => admin.cluster(within(Duration::from_secs(15))).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(cluster) => println!("\ntopics {}", cluster.topics.len()),
        Err(error) => println!("\nerror {error}"),
    }
}
