//! One real node with every secured listener, seen by librdkafka: who is let in, and who is not.

#![allow(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::{sync::OnceLock, time::Duration};

use kafka_lab::{ClientAuth, Cluster, Identity, Listener, wait_until};
use rdkafka::{
    ClientConfig, ClientContext,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaError,
};

const WAIT: Duration = Duration::from_secs(60);

fn client(cluster: &Cluster, listener: Listener) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", cluster.bootstrap_on(listener).expect("it was built with this listener"))
        .set("security.protocol", listener.protocol())
        .set("ssl.ca.location", cluster.certificates().ca.to_string_lossy())
        .set("log_level", "0");
    config
}

fn with_identity(mut config: ClientConfig, identity: &Identity) -> ClientConfig {
    config
        .set("ssl.certificate.location", identity.cert.to_string_lossy())
        .set("ssl.key.location", identity.key.to_string_lossy());
    config
}

/// Keeps the first reason that librdkafka gives.
#[derive(Default)]
struct Reason(OnceLock<String>);

impl ClientContext for Reason {
    fn error(&self, _: KafkaError, reason: &str) {
        // Only the first is kept, the others follow from it.
        let _ = self.0.set(reason.to_owned());
    }
}

impl ConsumerContext for Reason {}

/// The number of brokers in Metadata, or why there is no connection.
fn brokers(config: &ClientConfig) -> Result<usize, String> {
    let consumer: BaseConsumer<Reason> = config.create_with_context(Reason::default()).expect("a configuration");
    wait_until(WAIT, "Metadata or an error", || {
        consumer.poll(Duration::ZERO);
        match (consumer.context().0.get(), consumer.fetch_metadata(None, Duration::from_millis(200))) {
            (Some(reason), _) => Ok(Err(reason.clone())),
            (None, Ok(metadata)) => Ok(Ok(metadata.brokers().len())),
            (None, Err(error)) => Err(error),
        }
    })
    .expect("either")
}

#[test]
fn each_secured_listener_lets_in_whom_it_should_and_nobody_else() {
    let cluster = Cluster::builder().heap_mib(300).tls(ClientAuth::Required).start().expect("a node");
    let certificates = cluster.certificates();
    let tls = client(&cluster, Listener::Tls);
    assert_eq!(brokers(&with_identity(tls.clone(), &certificates.client)), Ok(1));
    let mut other_ca = with_identity(tls.clone(), &certificates.client);
    other_ca.set("ssl.ca.location", certificates.other_ca.to_string_lossy());
    let (alert, verify) = ("alert", "certificate verify failed");
    for (what, refused, why) in [
        ("no client certificate", tls.clone(), alert),
        ("an expired client certificate", with_identity(tls.clone(), &certificates.client_expired), alert),
        ("a client certificate of another CA", with_identity(tls, &certificates.client_of_other_ca), alert),
        ("a server certificate of a CA not trusted", other_ca, verify),
        (
            "an expired server certificate",
            with_identity(client(&cluster, Listener::TlsExpired), &certificates.client),
            verify,
        ),
        (
            "a server certificate for another name",
            with_identity(client(&cluster, Listener::TlsWrongName), &certificates.client),
            verify,
        ),
    ] {
        let error = brokers(&refused).expect_err(what);
        assert!(error.contains(why), "{what}: {error}");
    }
}
