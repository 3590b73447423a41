//! Clusters that cannot be reached: one clear error, in time, by both engines.
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests, which may fail in them")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, ErrorKind, Isolation, OffsetSpec};

use kafka_admin_tests::{Engine, config, ids, query, within};

/// For each of five calls, which end before engine 2 gives up connecting, after 10 s.
const TIME: Duration = Duration::from_millis(1500);

async fn every_call_fails(bootstrap: &str, kind: ErrorKind, text: impl Fn(Engine) -> String) {
    for engine in Engine::ALL {
        every_call_of(engine, bootstrap, kind, &text(engine)).await;
    }
}

async fn every_call_of(engine: Engine, bootstrap: &str, kind: ErrorKind, text: &str) {
    let admin = engine.admin(bootstrap);
    let check = |error: Option<AdminError>| {
        let error = error.expect("an error");
        assert_eq!(error.kind(), kind, "{engine}: {error}");
        assert!(error.to_string().contains(text), "{engine}: {error}");
    };
    let timely = |start: Instant| assert!(start.elapsed() < TIME + Duration::from_millis(300), "{:?}", start.elapsed());

    let start = Instant::now();
    check(admin.cluster(within(TIME)).await.err());
    timely(start);
    let start = Instant::now();
    check(admin.list_groups(within(TIME)).await.err());
    timely(start);
    let groups = ids((0..200).map(|n| format!("g{n}")));
    let start = Instant::now();
    admin.describe_groups(&groups, within(TIME)).await.into_iter().for_each(|answer| check(answer.err()));
    timely(start);
    let start = Instant::now();
    admin.committed(&groups, within(TIME)).await.into_iter().for_each(|answer| check(answer.err()));
    timely(start);
    let queries: Vec<_> = (0..2000).map(|n| query("t", n, OffsetSpec::Latest, Some(1))).collect();
    let start = Instant::now();
    let found = admin.offsets(&queries, Isolation::ReadUncommitted, within(TIME)).await;
    found.into_iter().for_each(|answer| check(answer.err()));
    timely(start);
    let start = Instant::now();
    drop(admin);
    assert!(start.elapsed() < Duration::from_millis(100), "drop took {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_without_listener_is_named_with_connection_refused() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    every_call_fails(&free.to_string(), ErrorKind::Transport, |_| format!("{free}: Connection refused")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve_is_named() {
    let text = |engine| match engine {
        Engine::Librdkafka => "Failed to resolve 'no-such-host.invalid:9092'".to_owned(),
        Engine::Protocol => "no-such-host.invalid:9092: ".to_owned(),
    };
    every_call_fails("no-such-host.invalid:9092", ErrorKind::Transport, text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_never_answers_is_a_time_out() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address").to_string();
    every_call_fails(&address, ErrorKind::Timeout, |_| "no answer in time".to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_hangs_up_is_named_with_what_may_be_wrong() {
    let rude = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = rude.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for mut stream in rude.incoming().flatten() {
            // As a TLS listener does that gets a plain request.
            let mut request = [0; 64];
            drop(stream.read(&mut request));
        }
    });
    for engine in Engine::ALL {
        let error = engine.admin(&address).cluster(within(TIME)).await.expect_err("no Kafka");
        assert_eq!(error.kind(), ErrorKind::Transport, "{engine}: {error}");
        assert!(error.to_string().contains(&address), "{engine}: {error}");
        assert!(error.to_string().contains("expect TLS or SASL?"), "{engine}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_client_at_a_listener_without_tls_is_told_so() {
    let plain = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = plain.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in plain.incoming() {
            // Not a TLS record; the client has gone when this fails.
            drop(stream.and_then(|mut stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")));
        }
    });
    let mut config = config(&address);
    config.security.tls = Some(kafka_admin::Tls::default());
    for engine in Engine::ALL {
        let admin = engine.connect(&config).expect("a client");
        let error = admin.cluster(within(TIME)).await.expect_err("no TLS");
        let kind = match engine {
            Engine::Librdkafka => ErrorKind::Authentication,
            Engine::Protocol => ErrorKind::Protocol,
        };
        assert_eq!(error.kind(), kind, "{engine}: {error}");
        assert!(error.to_string().contains(&address), "{engine}: {error}");
    }
}
