//! Who stays refused: told once in the log, and tried again with pauses.

use std::fs;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kafka_lab::Listener;
use kafka_lab::sasl::USER;

use crate::support::{Engine, Vitals, at_once, log};
use crate::world::{SECRETS, assert_no_secret, cluster, identity, mechanism};

/// A way to one listener of the broker that counts the connections through it.
struct Door {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Door {
    fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let door = Self { address: listener.local_addr().unwrap(), connections: Arc::default() };
        let connections = Arc::clone(&door.connections);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::Relaxed);
                let Ok(broker) = TcpStream::connect(&target) else { continue };
                for (from, to) in [(&client, &broker), (&broker, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        // Either side may break off at any time.
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
        door
    }
}

#[test]
fn what_stays_refused_is_one_line_in_the_log_and_is_tried_again_with_pauses() {
    const WATCHED: Duration = Duration::from_secs(8);
    let cluster = cluster();
    let certificates = cluster.certificates();
    let trusting = |ca: &std::path::Path| vec!["--tls.enabled".to_owned(), format!("--tls.ca-file={}", ca.display())];
    let wrong = vec![format!("--sasl.username={USER}"), "--sasl.password=hunter2".to_owned()];
    let cases = [
        (
            "a wrong password",
            Listener::SaslTls,
            [trusting(&certificates.ca), mechanism("scram-sha512"), wrong].concat(),
        ),
        (
            "an expired certificate",
            Listener::Tls,
            [trusting(&certificates.ca), identity(&certificates.client_expired)].concat(),
        ),
        ("a wrong CA", Listener::Tls, [trusting(&certificates.other_ca), identity(&certificates.client)].concat()),
    ];
    let all: Vec<_> = cases
        .iter()
        .flat_map(|(what, listener, flags)| {
            let door = || Door::to(cluster.bootstrap_on(*listener).unwrap());
            Engine::ALL.iter().map(move |engine| {
                let door = door();
                let server = format!("--kafka.server={}", door.address);
                let flags: Vec<&str> = flags.iter().map(String::as_str).chain(["--scrape.reuse=0s", &server]).collect();
                (*what, Vitals::start_with_engine(cluster.lab(), *engine, &flags), door)
            })
        })
        .collect();
    at_once(&all, |(what, vitals, door)| {
        let began = Instant::now();
        while began.elapsed() < WATCHED {
            let page = vitals.page("/metrics/cluster", Duration::from_secs(4));
            assert_eq!(page.value("kafka_vitals_collector_success{collector=\"topology\"}"), 0.0, "{what}");
            thread::sleep(Duration::from_millis(250));
        }
        let text = fs::read_to_string(&vitals.log).unwrap();
        let bad: Vec<_> = log::check(&text).into_iter().filter(|line| line["level"] != "info").collect();
        let [line] = &bad[..] else { panic!("{what}, {:?}: {text}", vitals.engine) };
        assert_eq!(line.get("kind").map(String::as_str), Some("authentication"), "{what}: {text}");
        let times = door.connections.load(Ordering::Relaxed);
        eprintln!("{what}, {:?}: {times} connections", vitals.engine);
        // From 100 ms between two to 1 s. librdkafka 2.12 does not pause after a handshake that it has broken off itself:
        // while a call waits, it connects every 50 ms.
        let is_broken_off = vitals.engine == Some(Engine::Librdkafka) && *what == "a wrong CA";
        let most = if is_broken_off { 250 } else { 20 };
        assert!((3..=most).contains(&times), "{what}, {:?}: {times} connections", vitals.engine);
        assert_no_secret(vitals, SECRETS);
    });
}
