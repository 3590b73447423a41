//! The one broker of all tests here, and the flags with which it is reached.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use kafka_lab::sasl::{Mechanism, PASSWORD, TokenEndpoint, USER};
use kafka_lab::{ClientAuth, Cluster, Commit, Identity, Jolokia, Kafka, Listener, NewTopic, Operation, Resource};

use crate::support::Vitals;

/// What must show nowhere; tokens begin with the last.
pub(crate) const SECRETS: &[&str] = &[PASSWORD, "open sesame", "hunter2", "eyJ"];

/// A broker with all listeners, on which connections have to authenticate again every few seconds, and with an authorizer:
/// user and client certificate may see all, others what a test allows them.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let mechanisms = [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512, Mechanism::OAuthBearer];
        let builder = Cluster::builder().tls(ClientAuth::Required).sasl(&mechanisms).jolokia(Jolokia::V2_5_0);
        let builder = builder.authorizer().property("connections.max.reauth.ms", "3000");
        let cluster = builder.heap_mib(320).start().unwrap();
        let kafka = cluster.kafka();
        [USER, "CN=vitals"].iter().for_each(|user| allow_all(kafka, user));
        kafka.create_topics(&[NewTopic::new("orders", 1)]).unwrap();
        kafka.fill("orders", 1, 10).unwrap();
        kafka.commit(&[Commit::new("billing", &[("orders", 0, 4)])]).unwrap();
        cluster
    })
}

/// All rights that the exporter makes use of.
pub(crate) fn allow_all(kafka: &Kafka, user: &str) {
    let seeing = [Operation::Describe, Operation::DescribeConfigs];
    kafka.allow(user, &seeing, Resource::Cluster).unwrap();
    kafka.allow(user, &seeing, Resource::Topic("*")).unwrap();
    kafka.allow(user, &[Operation::Describe], Resource::Group("*")).unwrap();
}

/// An exporter for each engine that never serves a result twice.
pub(crate) fn start(cluster: &Cluster, flags: &[String]) -> Vec<Vitals> {
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(["--scrape.reuse=0s"]).collect();
    Vitals::start_each(cluster.lab(), &flags)
}

fn server(cluster: &Cluster, listener: Listener) -> String {
    format!("--kafka.server={}", cluster.bootstrap_on(listener).unwrap())
}

/// A listener with TLS, its CA trusted.
pub(crate) fn tls(cluster: &Cluster, listener: Listener) -> Vec<String> {
    let ca = format!("--tls.ca-file={}", cluster.certificates().ca.display());
    vec![server(cluster, listener), "--tls.enabled".to_owned(), ca]
}

pub(crate) fn identity(identity: &Identity) -> Vec<String> {
    vec![format!("--tls.cert-file={}", identity.cert.display()), format!("--tls.key-file={}", identity.key.display())]
}

/// The listener with SASL and no TLS.
pub(crate) fn sasl(cluster: &Cluster) -> Vec<String> {
    vec![server(cluster, Listener::Sasl)]
}

pub(crate) fn mechanism(name: &str) -> Vec<String> {
    vec!["--sasl.enabled".to_owned(), format!("--sasl.mechanism={name}")]
}

pub(crate) fn endpoint_flags(endpoint: &TokenEndpoint, secret: &str) -> Vec<String> {
    vec![
        format!("--sasl.oauth.token-url={}", endpoint.url()),
        format!("--sasl.oauth.client-id={USER}"),
        format!("--sasl.oauth.client-secret={secret}"),
    ]
}

/// A file of this name in the cluster's folder.
pub(crate) fn secret_file(name: &str, content: &str) -> PathBuf {
    let path = cluster().lab().folder().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// The key again, encrypted with the password `open sesame`, as PKCS #8.
pub(crate) fn encrypted_key(key: &Path) -> PathBuf {
    let encrypted = cluster().lab().folder().join("encrypted.key");
    let arguments = ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:open sesame", "-in"];
    let output = Command::new("openssl").args(arguments).arg(key).arg("-out").arg(&encrypted).output();
    let output = output.expect("run openssl: install it (Debian: openssl)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    encrypted
}

/// On no page and in no line of the log.
#[track_caller]
pub(crate) fn assert_no_secret(vitals: &Vitals, secrets: &[&str]) {
    let pages = ["/metrics/cluster", "/", "/config"].map(|path| vitals.get(path).text());
    for text in pages.into_iter().chain([std::fs::read_to_string(&vitals.log).unwrap()]) {
        for secret in secrets {
            assert!(!text.contains(secret), "{:?}: {secret} is in {text}", vitals.engine);
        }
    }
}
