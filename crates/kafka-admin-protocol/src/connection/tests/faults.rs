//! What a broker may do wrong: each gives an error of the right kind, and the next call works again.

use std::time::Duration;

use kafka_admin::{AdminError, ErrorKind};

use super::{
    broker, connections, connections_of, connections_with, eventually,
    fake::{API_VERSIONS, Asked, Fake, LIST_GROUPS, Step, api_versions, frame, healthy, list_groups},
    names, soon, within,
};

const HOUR: Duration = Duration::from_secs(3600);

/// A broker that does this to its first ListGroups, and is well otherwise.
async fn once(fault: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Fake {
    Fake::start(move |asked| match (asked.key, asked.nth) {
        (LIST_GROUPS, 0) => fault(asked),
        _ => healthy(asked, "g"),
    })
    .await
}

type Fault = fn(&Asked) -> Vec<Step>;

#[tokio::test]
async fn what_is_no_answer_is_an_error_that_says_so_and_the_next_call_works() {
    let table: [(&str, Fault, ErrorKind, &str); 13] = [
        ("garbage", |_| vec![Step::Raw(vec![0xff; 64])], ErrorKind::Protocol, "no Kafka broker, or TLS expected?"),
        (
            "a length of 2 GB",
            |asked| vec![Step::Raw([i32::MAX.to_be_bytes(), asked.id.to_be_bytes()].concat())],
            ErrorKind::Protocol,
            "an answer of 2147483647 bytes, the limit is 268435456",
        ),
        ("a length of 3", |_| vec![Step::Raw(vec![0, 0, 0, 3, 1, 2, 3])], ErrorKind::Protocol, "an answer of 3 bytes"),
        ("HTTP", |_| vec![Step::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())], ErrorKind::Protocol, "in HTTP"),
        ("a TLS alert", |_| vec![Step::Raw(vec![0x15, 3, 3, 0, 2, 2, 80])], ErrorKind::Protocol, "it expects TLS"),
        (
            "another correlation id",
            |asked| vec![Step::Raw(frame(asked.id + 7, &list_groups(5, &[])))],
            ErrorKind::Protocol,
            "which was not asked",
        ),
        (
            "closing in the middle of an answer",
            |asked| vec![Step::Raw(frame(asked.id, &list_groups(5, &["g".to_owned()]))[..14].to_vec()), Step::Close],
            ErrorKind::Transport,
            "closed the connection in the middle of an answer",
        ),
        (
            "closing at the first request",
            |_| vec![Step::Close],
            ErrorKind::Transport,
            "closed the connection at the first request: does it expect SASL?",
        ),
        (
            "a version that it did not announce",
            |_| vec![Step::Answer(list_groups(0, &["g".to_owned()]))],
            ErrorKind::Protocol,
            "answered ListGroups version 5 in no form it has",
        ),
        (
            "an array of two thousand million items",
            |_| vec![Step::Answer(vec![0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07, 0].into())],
            ErrorKind::Protocol,
            "an array is longer than the answer",
        ),
        ("an empty body", |_| vec![Step::Answer(vec![].into())], ErrorKind::Protocol, "the answer ends too early"),
        (
            "a longer body",
            |_| vec![Step::Answer([list_groups(5, &[]).as_ref(), &[0]].concat().into())],
            ErrorKind::Protocol,
            "the answer goes on after its end",
        ),
        ("silence", |_| vec![], ErrorKind::Timeout, "no answer in time"),
    ];
    for (what, fault, kind, text) in table {
        let fake = once(fault).await;
        let connections = connections(&fake.address);
        let deadline = if kind == ErrorKind::Timeout { within(100) } else { soon() };
        let error = names(&connections, deadline).await.expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        let message = error.to_string();
        assert!(message.contains(text) && message.starts_with("ListGroups: "), "{what}: {message}");
        if kind != ErrorKind::Timeout {
            assert!(message.contains(&format!("broker 1 at {}", fake.address)), "{what}: {message}");
            assert_eq!(names(&connections, soon()).await.expect(what), ["g"]);
        }
    }
}

#[tokio::test]
async fn a_broker_that_closes_or_answers_nonsense_to_api_versions_is_named_and_version_0_is_tried_when_3_is_unknown() {
    type Expected = Result<(), (ErrorKind, &'static str)>;
    let table: [(&str, Fault, Expected); 7] = [
        ("closing", |_| vec![Step::Close], Err((ErrorKind::Transport, "closed the connection"))),
        ("garbage", |_| vec![Step::Raw(vec![0xff; 9])], Err((ErrorKind::Protocol, "no Kafka broker"))),
        (
            "another error",
            |_| vec![Step::Answer(vec![0, 42, 1, 0, 0, 0, 0, 0].into())],
            Err((ErrorKind::Broker, "INVALID_REQUEST")),
        ),
        (
            // KIP-511: the answer to version 3 is in version 0.
            "version 3 unknown",
            |asked| match asked.version {
                0 => vec![Step::Answer(api_versions(0, 0, 2))],
                _ => vec![Step::Answer(vec![0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 0].into())],
            },
            Ok(()),
        ),
        (
            "no version known",
            |_| vec![Step::Answer(vec![0, 35, 0, 0, 0, 0].into())],
            Err((ErrorKind::Unsupported, "ApiVersions")),
        ),
        (
            "newer versions only",
            |asked| vec![Step::Answer(api_versions(asked.version, 6, 7))],
            Err((ErrorKind::Unsupported, "has versions 6 to 7 of ListGroups, this engine 0 to 5")),
        ),
        (
            "no ListGroups at all",
            |_| vec![Step::Answer(vec![0, 0, 1, 0, 0, 0, 0, 0].into())],
            Err((ErrorKind::Unsupported, "does not have ListGroups")),
        ),
    ];
    for (what, fault, expected) in table {
        let fake = Fake::start(move |asked| match asked.key {
            API_VERSIONS => fault(asked),
            _ => healthy(asked, "g"),
        })
        .await;
        let connections = connections(&fake.address);
        match (names(&connections, soon()).await, expected) {
            (Ok(groups), Ok(())) => assert_eq!(groups, ["g"], "{what}"),
            (Err(error), Err((kind, text))) => {
                assert_eq!(error.kind(), kind, "{what}: {error}");
                let message = error.to_string();
                assert!(message.contains(text) && message.contains(&fake.address), "{what}: {message}");
            }
            (found, _) => panic!("{what}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn versions_are_negotiated_anew_on_each_connection() {
    // A rolling upgrade: version 0, and after the connection closed version 5.
    let fake = Fake::start(|asked| match (asked.key, asked.connection) {
        (API_VERSIONS, 0) => vec![Step::Answer(api_versions(asked.version, 0, 0))],
        (LIST_GROUPS, 0) => vec![Step::Answer(list_groups(asked.version, &["old".to_owned()])), Step::Close],
        _ => healthy(asked, "new"),
    })
    .await;
    let connections = connections(&fake.address);
    let api = crate::api::Api { key: LIST_GROUPS, name: "ListGroups", versions: 0..=5, flexible_from: 3 };
    assert_eq!(connections.version(1, &api, soon()).await, Ok(0));
    assert_eq!(names(&connections, soon()).await.expect("version 0"), ["old"]);
    eventually("the end of the first connection", async || fake.ended() == 1).await;
    assert_eq!(names(&connections, soon()).await.expect("version 5"), ["new"]);
    assert_eq!(connections.version(1, &api, soon()).await, Ok(5));
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_dropped_and_the_connection_goes_on() {
    let large: Vec<String> = (0..10_000).map(|n| format!("late-group-{n}")).collect();
    let late = list_groups(5, &large);
    let fake = once(move |_| vec![Step::Pause(Duration::from_millis(300)), Step::Answer(late.clone())]).await;
    let connections = connections(&fake.address);
    let error = names(&connections, within(100)).await.expect_err("too late");
    assert_eq!(error, AdminError::Timeout { call: "ListGroups" });
    assert_eq!(names(&connections, soon()).await.expect("on the same connection"), ["g"]);
    assert_eq!(fake.accepted(), 1);
}

#[tokio::test]
async fn a_broker_that_freezes_or_drips_costs_each_call_its_deadline_until_a_new_connection_is_opened() {
    let drip = || [Step::Raw(vec![0]), Step::Pause(Duration::from_millis(50))].into_iter().cycle().take(4000).collect();
    let table: [(&str, Vec<Step>); 2] = [("freezes", vec![Step::Pause(HOUR)]), ("drips", drip())];
    for (what, steps) in table {
        // An answer of 64 KiB begins.
        let begun = |id: i32| Step::Raw([65536i32.to_be_bytes(), id.to_be_bytes()].concat());
        let fake = once(move |asked| [vec![begun(asked.id)], steps.clone()].concat()).await;
        let connections = connections_with(&fake.address, &[("socket.timeout.ms", "200")]);
        let error = names(&connections, within(100)).await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Timeout, "{what}: {error}");
        eventually(what, async || match names(&connections, within(100)).await {
            Ok(groups) => groups == ["g"],
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Timeout, "{what}: {error}");
                false
            }
        })
        .await;
        assert_eq!(fake.accepted(), 2, "{what}");
        eventually("the end of the first connection", async || fake.ended() == 1 || what == "freezes").await;
    }
}

#[tokio::test]
async fn who_waits_for_a_slow_answer_gets_it_while_others_go_to_a_new_connection() {
    let slow = |asked: &Asked| [vec![Step::Pause(Duration::from_secs(3))], healthy(asked, "slow")].concat();
    let fake = once(slow).await;
    let connections = connections_with(&fake.address, &[("socket.timeout.ms", "200")]);
    let others = eventually("a new connection", async || {
        names(&connections, within(100)).await.is_ok_and(|groups| groups == ["g"])
    });
    let (first, ()) = futures_util::future::join(names(&connections, soon()), others).await;
    assert_eq!(first.expect("it was waited for"), ["slow"]);
    assert_eq!(fake.accepted(), 2);
}

#[tokio::test]
async fn a_connection_that_was_idle_and_is_closed_when_asked_is_replaced_without_an_error_once() {
    // Closed while idle, which is noticed; closed when asked; and closed whenever asked.
    let idle = Fake::start(|asked| match (asked.key, asked.connection) {
        (LIST_GROUPS, 0) => [healthy(asked, "g"), vec![Step::Close]].concat(),
        _ => healthy(asked, "g"),
    })
    .await;
    let connections = connections_with(&idle.address, &[]);
    assert_eq!(names(&connections, soon()).await.expect("the first"), ["g"]);
    eventually("the end of the first connection", async || idle.ended() == 1).await;
    assert_eq!(names(&connections, soon()).await.expect("the second"), ["g"]);
    assert_eq!(idle.accepted(), 2);

    let asked = Fake::start(|asked| match (asked.key, asked.nth) {
        (LIST_GROUPS, 1) => vec![Step::Close],
        _ => healthy(asked, "g"),
    })
    .await;
    let connections = connections_with(&asked.address, &[]);
    for _ in 0..3 {
        assert_eq!(names(&connections, soon()).await.expect("an answer"), ["g"]);
    }
    assert_eq!(asked.accepted(), 2);

    let always = Fake::start(|asked| match (asked.key, asked.nth) {
        (LIST_GROUPS, 1..) => vec![Step::Close],
        _ => healthy(asked, "g"),
    })
    .await;
    let connections = connections_with(&always.address, &[]);
    assert_eq!(names(&connections, soon()).await.expect("the first"), ["g"]);
    let error = names(&connections, soon()).await.expect_err("closed twice");
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert_eq!(always.accepted(), 2);
}

#[tokio::test]
async fn after_a_failure_calls_fail_at_once_until_the_pause_is_over() {
    let fake = Fake::start(|asked| match (asked.key, asked.nth) {
        (API_VERSIONS, 0) => vec![Step::Close],
        _ => healthy(asked, "g"),
    })
    .await;
    let patient = [("reconnect.backoff.ms", "3600000"), ("reconnect.backoff.max.ms", "3600000")];
    let connections_that_pause = connections_with(&fake.address, &patient);
    let first = names(&connections_that_pause, soon()).await.expect_err("closed");
    for _ in 0..50 {
        assert_eq!(names(&connections_that_pause, soon()).await.expect_err("the pause"), first);
    }
    assert_eq!((first.kind(), fake.accepted()), (ErrorKind::Transport, 1));

    let flaky = Fake::start(|asked| match (asked.key, asked.nth) {
        (API_VERSIONS, 0..5) => vec![Step::Close],
        _ => healthy(asked, "g"),
    })
    .await;
    let connections = connections(&flaky.address);
    eventually("the broker's return", async || names(&connections, soon()).await.is_ok()).await;
    assert_eq!(flaky.accepted(), 6);
}

#[tokio::test]
async fn tls_garbage_and_a_broker_that_closes_instead_of_a_handshake_are_told_apart() {
    let table: [(&str, Vec<Step>, ErrorKind, &str); 3] = [
        ("garbage", vec![Step::Raw(vec![0xff; 64]), Step::Pause(HOUR)], ErrorKind::Protocol, "answered no TLS"),
        (
            "a Kafka answer",
            vec![Step::Raw(frame(0, &[0; 20])), Step::Pause(HOUR)],
            ErrorKind::Protocol,
            "answered no TLS",
        ),
        ("closing", vec![Step::Close], ErrorKind::Transport, "is it a TLS listener?"),
    ];
    for (what, steps, kind, text) in table {
        let fake = Fake::start(move |_| steps.clone()).await;
        let mut config = super::config(&[&fake.address]);
        config.security.tls = Some(kafka_admin::Tls { insecure_skip_verify: true, ..Default::default() });
        let error = names(&connections_of(&config), soon()).await.expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert!(error.to_string().contains(text), "{what}: {error}");
    }
}

#[tokio::test]
async fn handshakes_that_do_not_end_are_ended_by_the_time_for_setting_up() {
    let frozen = Fake::start(|_| vec![Step::Pause(HOUR)]).await;
    for (tls, text) in [(false, "the answer to ApiVersions took longer than 1s"), (true, "the TLS handshake took")] {
        let mut config = super::config(&[&frozen.address]);
        config.security.tls = tls.then(|| kafka_admin::Tls { insecure_skip_verify: true, ..Default::default() });
        config.properties.insert("socket.connection.setup.timeout.ms".to_owned(), "1000".to_owned());
        let error = names(&connections_of(&config), soon()).await.expect_err("it is frozen");
        assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_broker_that_metadata_does_not_name_is_unavailable() {
    let connections = connections("127.0.0.1:1");
    connections.learn(&[broker(2, "127.0.0.1:1")]);
    let error = names(&connections, soon()).await.expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(connections.brokers(), [2]);
}
