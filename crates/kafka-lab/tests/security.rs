//! One real node with every secured listener, seen by librdkafka: who is let in, and who is not.

#![allow(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::{
    error::Error,
    io::{Read, Write},
    net::TcpStream,
    sync::OnceLock,
    time::{Duration, Instant},
};

use kafka_lab::{
    ClientAuth, Cluster, Identity, Listener, NewTopic, Operation, Resource, RoundTrips,
    sasl::{DENIED_USER, Issuer, Mechanism, PASSWORD, TokenEndpoint, USER},
    wait_until,
};
use rdkafka::{
    ClientConfig, ClientContext,
    client::OAuthToken,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaError,
};

const WAIT: Duration = Duration::from_secs(60);
const ONE_WAY: Duration = Duration::from_millis(10);

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

/// Keeps the first reason that librdkafka gives, and hands out a token.
#[derive(Default)]
struct Context {
    reason: OnceLock<String>,
    token: Option<String>,
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn error(&self, _: KafkaError, reason: &str) {
        // Only the first is kept, the others follow from it.
        let _ = self.reason.set(reason.to_owned());
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        let token = self.token.clone().ok_or("no token")?;
        // In the year 2096: the broker is to judge the token, not librdkafka.
        Ok(OAuthToken { token, principal_name: USER.to_owned(), lifetime_ms: 4_000_000_000_000 })
    }
}

impl ConsumerContext for Context {}

/// The number of topics in Metadata, or why there is no connection.
fn topics(config: &ClientConfig, token: Option<String>) -> Result<usize, String> {
    let context = Context { token, ..Context::default() };
    let consumer: BaseConsumer<Context> = config.create_with_context(context).expect("a configuration");
    wait_until(WAIT, "Metadata or an error", || {
        consumer.poll(Duration::ZERO);
        match (consumer.context().reason.get(), consumer.fetch_metadata(None, Duration::from_millis(200))) {
            (Some(reason), _) => Ok(Err(reason.clone())),
            (None, Ok(metadata)) => Ok(Ok(metadata.topics().len())),
            (None, Err(error)) => Err(error),
        }
    })
    .expect("either")
}

fn as_user(mut config: ClientConfig, mechanism: Mechanism, user: &str, password: &str) -> ClientConfig {
    config.set("sasl.mechanism", mechanism.as_str());
    // librdkafka refuses a configuration that has a name where the token is the name.
    if mechanism != Mechanism::OAuthBearer {
        config.set("sasl.username", user).set("sasl.password", password);
    }
    config
}

#[test]
fn each_secured_listener_lets_in_whom_it_should_and_nobody_else() {
    let cluster = Cluster::builder()
        .heap_mib(300)
        .tls(ClientAuth::Required)
        .sasl(&[Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512, Mechanism::OAuthBearer])
        .authorizer()
        .delayed(ONE_WAY)
        .start()
        .expect("a node");
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new("t", 1)]).expect("topic");
    kafka.allow(USER, &[Operation::Describe], Resource::Topic("*")).expect("allowed");
    certificates_are_checked_on_both_sides(&cluster);
    passwords_and_rights_are_checked(&cluster);
    tokens_are_checked(&cluster);
    far_brokers_are_reached_by_the_slow_line_only(&cluster);
}

fn far_brokers_are_reached_by_the_slow_line_only(cluster: &Cluster) {
    assert_eq!(cluster.round_trips(), RoundTrips::default(), "nobody came by it so far");
    for listener in [Listener::Delayed, Listener::DelayedSaslTls] {
        let consumer: BaseConsumer = as_user(client(cluster, listener), Mechanism::ScramSha256, USER, PASSWORD)
            .create()
            .expect("a configuration");
        let start = Instant::now();
        let metadata = consumer.fetch_metadata(None, WAIT).expect("metadata");
        let (waited, trips) = (start.elapsed(), cluster.round_trips());
        let broker = metadata.brokers().first().expect("one broker");
        assert_eq!(format!("{}:{}", broker.host(), broker.port()), cluster.bootstrap_on(listener).expect("asked for"));
        // Connecting, the versions, the metadata; with security some more.
        assert!(trips.opened >= 1 && trips.longest >= 3, "{trips:?}");
        assert!(waited >= ONE_WAY * 6, "{waited:?} for {trips:?}");
        cluster.reset_round_trips();
        consumer.fetch_metadata(None, WAIT).expect("metadata");
        let warm = cluster.round_trips();
        assert!(warm.opened == 0 && warm.longest < trips.longest, "{warm:?} after {trips:?}");
        drop(consumer);
        cluster.reset_round_trips();
    }
}

fn passwords_and_rights_are_checked(cluster: &Cluster) {
    for listener in [Listener::Sasl, Listener::SaslTls] {
        for mechanism in [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512] {
            let seen = |user, password| topics(&as_user(client(cluster, listener), mechanism, user, password), None);
            assert_eq!(seen(USER, PASSWORD), Ok(1), "{mechanism:?} on {listener:?}");
            assert_eq!(seen(DENIED_USER, PASSWORD), Ok(0), "{mechanism:?} on {listener:?}");
            let error = seen(USER, "wrong").expect_err("a wrong password");
            assert!(error.contains("Authentication failed"), "{mechanism:?} on {listener:?}: {error}");
        }
    }
}

fn tokens_are_checked(cluster: &Cluster) {
    let config = as_user(client(cluster, Listener::SaslTls), Mechanism::OAuthBearer, "", "");
    let hour = Duration::from_secs(3600);
    let endpoint = TokenEndpoint::start(cluster.issuer()).expect("a token endpoint");
    let token = ask(&endpoint, PASSWORD)["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(topics(&config, Some(token)), Ok(1));
    let denied = cluster.issuer().sign(DENIED_USER, hour).expect("a token");
    assert_eq!(topics(&config, Some(denied)), Ok(0));
    let stranger = Issuer::new(&cluster.lab().folder().join("stranger")).expect("another issuer");
    for (what, token) in
        [("expired", cluster.issuer().sign(USER, Duration::ZERO)), ("signed by another key", stranger.sign(USER, hour))]
    {
        let error = topics(&config, Some(token.expect("a token"))).expect_err(what);
        assert!(error.contains("invalid_token"), "{what}: {error}");
    }

    assert_eq!(ask(&endpoint, "wrong")["error"], "invalid_client");
    endpoint.refuse(Some(503));
    assert_eq!(ask(&endpoint, PASSWORD)["error"], "temporarily_unavailable");
    assert_eq!(endpoint.requests(), 3);
}

/// The JSON that a token endpoint answers.
fn ask(endpoint: &TokenEndpoint, secret: &str) -> serde_json::Value {
    let url = endpoint.url();
    let address = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/token")).expect("its form");
    let body = format!("grant_type=client_credentials&client_id={USER}&client_secret={secret}");
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (_, json) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(json).expect("JSON")
}

fn certificates_are_checked_on_both_sides(cluster: &Cluster) {
    let certificates = cluster.certificates();
    let tls = client(cluster, Listener::Tls);
    assert_eq!(topics(&with_identity(tls.clone(), &certificates.client), None), Ok(0));
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
            with_identity(client(cluster, Listener::TlsExpired), &certificates.client),
            verify,
        ),
        (
            "a server certificate for another name",
            with_identity(client(cluster, Listener::TlsWrongName), &certificates.client),
            verify,
        ),
    ] {
        let error = topics(&refused, None).expect_err(what);
        assert!(error.contains(why), "{what}: {error}");
    }
}
