//! HTTPS on all pages: versions, clients' certificates, files that are replaced or bad, and clients that speak no TLS.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod fake_agent;
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fake_agent::FakeAgent;
use kafka_lab::{Certificates, Identity, Lab, http};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version};
use serde_json::Value;
use support::{PATIENCE, Vitals, log, run};

/// An exporter of one agent's node with HTTPS, and all certificates that there are.
struct Scene {
    lab: Arc<Lab>,
    certificates: Certificates,
    /// The files in use.
    own: Identity,
    _agent: FakeAgent,
    vitals: Vitals,
}

impl Scene {
    fn new(more: impl FnOnce(&Certificates) -> Vec<String>) -> Self {
        let lab = Lab::new().unwrap();
        let certificates = Certificates::new(&lab.folder().join("certificates"), &["127.0.0.1".to_owned()]).unwrap();
        let own = Identity { cert: lab.folder().join("tls.crt"), key: lab.folder().join("tls.key") };
        copy(&certificates.server, &own);
        let agent = FakeAgent::start(1);
        let flags = [&[agent.flag()], &flags(&own)[..], &more(&certificates)].concat();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let vitals = Vitals::start_with_all_beans(&lab, &flags);
        Self { lab, certificates, own, _agent: agent, vitals }
    }

    /// A page by HTTPS.
    fn get(&self, path: &str, client: ClientConfig) -> Result<(u16, String), String> {
        get(&self.vitals, path, client)
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.vitals.log).unwrap()
    }

    fn with_mutual_authentication() -> Self {
        Self::new(|certificates| {
            let ca = format!("--server.tls.ca-file={}", certificates.ca.display());
            vec!["--server.tls.mutual-auth-enabled".to_owned(), ca]
        })
    }
}

fn flags(own: &Identity) -> Vec<String> {
    vec![
        "--server.tls.enabled".to_owned(),
        format!("--server.tls.cert-file={}", own.cert.display()),
        format!("--server.tls.key-file={}", own.key.display()),
    ]
}

fn copy(from: &Identity, to: &Identity) {
    fs::copy(&from.cert, &to.cert).unwrap();
    fs::copy(&from.key, &to.key).unwrap();
}

/// A client that trusts one authority.
fn client(ca: &Path, identity: Option<&Identity>, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let builder = builder.with_root_certificates(roots);
    match identity {
        Some(Identity { cert, key }) => {
            let chain = vec![CertificateDer::from_pem_file(cert).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
        }
        None => builder.with_no_client_auth(),
    }
}

fn connect(vitals: &Vitals, client: ClientConfig) -> StreamOwned<ClientConnection, TcpStream> {
    let stream = TcpStream::connect(address(vitals)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(client), "127.0.0.1".try_into().unwrap()).unwrap(), stream)
}

fn get(vitals: &Vitals, path: &str, client: ClientConfig) -> Result<(u16, String), String> {
    let mut stream = connect(vitals, client);
    let mut answer = String::new();
    let request = format!("GET {path} HTTP/1.0\r\nHost: vitals.example:9308\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
    Ok((head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned()))
}

fn address(vitals: &Vitals) -> &str {
    vitals.url.strip_prefix("http://").unwrap()
}

#[test]
fn every_page_is_https_and_discovery_tells_prometheus_so() {
    let scene = Scene::new(|_| Vec::new());
    for version in [&version::TLS12, &version::TLS13] {
        for path in ["/metrics", "/metrics/cluster", "/metrics/brokers/1", "/", "/config", "/-/ready", "/healthz"] {
            let (status, body) = scene.get(path, client(&scene.certificates.ca, None, version)).unwrap();
            assert!(status == 200 && !body.is_empty(), "{path}: {body}");
        }
        let (_, list) = scene.get("/sd", client(&scene.certificates.ca, None, version)).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list[0]["labels"]["__scheme__"], "https");
        assert_eq!(list[0]["targets"][0], "vitals.example:9308");
    }
    assert!(scene.log().contains("scheme=https"), "{}", scene.log());
    let other = scene.get("/metrics", client(&scene.certificates.other_ca, None, &version::TLS13));
    assert!(other.unwrap_err().contains("invalid peer certificate"));
}

#[test]
fn who_speaks_plain_http_is_told_so() {
    let scene = Scene::new(|_| Vec::new());
    let answer = scene.vitals.get("/metrics");
    assert_eq!((answer.status, answer.text().as_str()), (400, "this is HTTPS: use https://\n"));
    for request in [&b"\0\0\0\0"[..], b"", b"\x16\x03\x01", b"\x16\xff\xff\xff\xff\xff\xff\xff\xff"] {
        let mut stream = TcpStream::connect(address(&scene.vitals)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_eq!(scene.get("/metrics", client(&scene.certificates.ca, None, &version::TLS13)).unwrap().0, 200);
}

#[test]
fn with_mutual_authentication_a_client_needs_a_certificate_of_the_authority() {
    let scene = Scene::with_mutual_authentication();
    let certificates = &scene.certificates;
    for version in [&version::TLS12, &version::TLS13] {
        let as_client = |identity| scene.get("/metrics", client(&certificates.ca, identity, version));
        assert_eq!(as_client(Some(&certificates.client)).unwrap().0, 200);
        for refused in [None, Some(&certificates.client_expired), Some(&certificates.client_of_other_ca)] {
            let error = as_client(refused).unwrap_err();
            assert!(error.contains("alert") || error.contains("reset"), "{refused:?}: {error}");
        }
    }
}

#[test]
fn replaced_files_are_used_for_new_connections_and_bad_ones_are_not() {
    let scene = Scene::new(|_| Vec::new());
    let ready = |ca: &PathBuf| scene.get("/-/ready", client(ca, None, &version::TLS13));
    let old = &scene.certificates;
    let mut open = connect(&scene.vitals, client(&old.ca, None, &version::TLS13));
    let mut ask = || {
        open.write_all(b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(open.read(&mut [0; 1000]).unwrap() > 0);
    };
    ask();

    let new = Certificates::new(&scene.lab.folder().join("new"), &["127.0.0.1".to_owned()]).unwrap();
    copy(&new.server, &scene.own);
    assert_eq!(ready(&new.ca).unwrap().0, 200);
    assert!(ready(&old.ca).unwrap_err().contains("invalid peer certificate"));
    assert!(scene.log().contains("read the changed certificate files"), "{}", scene.log());
    // Connections that are open go on.
    ask();

    // A certificate without its key, as between two steps of a renewal, then none at all.
    fs::copy(&old.server.cert, &scene.own.cert).unwrap();
    for _ in 0..3 {
        assert_eq!(ready(&new.ca).unwrap().0, 200);
    }
    fs::write(&scene.own.cert, "hunter2").unwrap();
    for _ in 0..3 {
        assert_eq!(ready(&new.ca).unwrap().0, 200);
    }
    let log = scene.log();
    let lines = log::check(&log);
    let kept: Vec<_> = lines.iter().filter(|line| line["message"].contains("stay as they were")).collect();
    assert_eq!(kept.len(), 2, "{kept:#?}");
    assert!(kept[0]["error"].contains("--server.tls.cert-file: ") && kept[0]["level"] == "warn", "{kept:?}");
    assert!(!log.contains("hunter2"), "{log}");

    copy(&old.server, &scene.own);
    assert_eq!(ready(&old.ca).unwrap().0, 200);
}

#[test]
fn clients_that_never_shake_hands_hold_up_nobody_and_are_cut_off() {
    let mut scene = Scene::new(|_| Vec::new());
    let host = address(&scene.vitals).to_owned();
    let mut silent: Vec<_> = (0..50).map(|_| TcpStream::connect(&host).unwrap()).collect();
    // Half of them begin, and say no more.
    for stream in &mut silent[..25] {
        stream.write_all(b"\x16\x03\x01\x02").unwrap();
    }
    let start = Instant::now();
    assert_eq!(scene.get("/metrics", client(&scene.certificates.ca, None, &version::TLS13)).unwrap().0, 200);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    for mut stream in [silent.remove(49), silent.remove(0)] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    let _silent = TcpStream::connect(&host).unwrap();
    let start = Instant::now();
    assert_eq!(scene.vitals.process.stop(PATIENCE).unwrap().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn files_that_cannot_be_used_are_told_at_the_start_in_one_line() {
    let lab = Lab::new().unwrap();
    let certificates = Certificates::new(lab.folder(), &["127.0.0.1".to_owned()]).unwrap();
    let file = |name: &str, content: &str| {
        let path = lab.folder().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyMg==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let (nothing, encrypted) = (file("nothing", "hunter2"), file("encrypted", encrypted));
    let good = &certificates.server;
    let with = |cert: &Path, key: &Path| flags(&Identity { cert: cert.to_owned(), key: key.to_owned() });
    let mutual = "--server.tls.mutual-auth-enabled".to_owned();
    let missing = Path::new("/nonexistent/tls");
    for (flags, says) in [
        (vec!["--server.tls.enabled".to_owned()], "needs --server.tls.cert-file and --server.tls.key-file"),
        (with(missing, &good.key), "--server.tls.cert-file: /nonexistent/tls: No such file"),
        (with(&good.cert, missing), "--server.tls.key-file: /nonexistent/tls: No such file"),
        (with(&nothing, &good.key), "nothing: no certificate in it"),
        (with(&good.cert, &nothing), "nothing: no private key in it"),
        (with(&good.cert, &encrypted), "encrypted: no private key in it, or an encrypted one"),
        (with(&good.cert, &certificates.client.key), "not usable with --server.tls.key-file="),
        ([with(&good.cert, &good.key), vec![mutual.clone()]].concat(), "needs --server.tls.ca-file"),
        (
            [with(&good.cert, &good.key), vec![mutual.clone(), format!("--server.tls.ca-file={}", nothing.display())]]
                .concat(),
            "--server.tls.ca-file: ",
        ),
    ] {
        for more in [None, Some("--config.check")] {
            let arguments: Vec<&str> = ["--jolokia.url=http://127.0.0.1:1"]
                .into_iter()
                .chain(flags.iter().map(String::as_str))
                .chain(more)
                .collect();
            let (code, _, told) = run(&arguments);
            assert_eq!((code, told.lines().count()), (Some(1), 1), "{arguments:?}: {told}");
            assert!(told.contains(says) && !told.contains("hunter2"), "{arguments:?}: {told}");
        }
    }
}

#[test]
fn certificate_files_without_https_are_a_warning_and_pages_are_plain_http() {
    let lab = Lab::new().unwrap();
    let flags = ["--jolokia.url=http://127.0.0.1:1", "--server.tls.cert-file=/c", "--server.tls.key-file=/k"];
    let vitals = Vitals::start(&lab, &flags);
    assert_eq!(http::get(&format!("{}/metrics", vitals.url), &[], PATIENCE).unwrap().status, 200);
    let log = fs::read_to_string(&vitals.log).unwrap();
    assert!(log.contains("--server.tls.cert-file has no effect: all pages are plain HTTP"), "{log}");
}
