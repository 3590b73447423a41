//! Many calls at once and several brokers: pipelining, order, large answers, who is asked when anybody will do.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{join, join_all};
use kafka_admin::ErrorKind;

use super::{
    broker, config, connections, connections_with, eventually,
    fake::{Asked, Fake, LIST_GROUPS, Step, frame, healthy, list_groups},
    names, soon, within,
};
use crate::{api::ListGroups, connections::Connections};

const HOUR: Duration = Duration::from_secs(3600);

/// Answers nothing to the first ListGroups, and to the second what `both` makes of the two correlation ids.
async fn two_at_once(both: fn(i32, i32) -> Vec<Step>) -> Fake {
    let first = Mutex::new(0);
    Fake::start(move |asked: &Asked| match (asked.key, asked.nth) {
        (LIST_GROUPS, 0) => {
            *first.lock().unwrap() = asked.id;
            vec![]
        }
        (LIST_GROUPS, 1) => both(*first.lock().unwrap(), asked.id),
        _ => healthy(asked, "g"),
    })
    .await
}

fn answer(id: i32, group: &str) -> Step {
    Step::Raw(frame(id, &list_groups(5, &[group.to_owned()])))
}

#[tokio::test]
async fn the_second_request_is_sent_before_the_first_is_answered_and_each_gets_its_own_answer() {
    let fake = two_at_once(|first, second| vec![answer(first, "first"), answer(second, "second")]).await;
    let connections = connections(&fake.address);
    let (first, second) = join(names(&connections, soon()), names(&connections, soon())).await;
    assert_eq!((first.unwrap(), second.unwrap()), (vec!["first".to_owned()], vec!["second".to_owned()]));
    assert_eq!(fake.accepted(), 1);
}

#[tokio::test]
async fn answers_out_of_order_end_the_connection() {
    let fake = two_at_once(|first, second| vec![answer(second, "second"), answer(first, "first")]).await;
    let connections = connections(&fake.address);
    let (first, second) = join(names(&connections, soon()), names(&connections, soon())).await;
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.to_string().contains("out of order"), "{error}");
    }
    assert_eq!(names(&connections, soon()).await.expect("on a new connection"), ["g"]);
}

#[tokio::test]
async fn one_call_that_is_given_up_among_many_takes_nothing_from_the_others() {
    let fake = Fake::start(|asked| healthy(asked, "g")).await;
    let connections = connections(&fake.address);
    for round in 0..20 {
        // Half of them are dropped wherever they are.
        let calls = (0..100).map(|n| names(&connections, if n % 2 == 0 { soon() } else { within(round % 4) }));
        for (n, answer) in join_all(calls).await.into_iter().enumerate() {
            match answer {
                Ok(groups) => assert_eq!(groups, ["g"]),
                Err(error) => assert!(n % 2 == 1 && error.kind() == ErrorKind::Timeout, "{n}: {error}"),
            }
        }
    }
    assert_eq!(fake.accepted(), 1);
}

async fn a_large_answer_is_read() {
    let groups: Arc<[String]> = (0..100_000).map(|n| format!("a-group-with-a-long-name-{n}")).collect();
    let sent = groups.clone();
    let fake = Fake::start(move |asked| match asked.key {
        LIST_GROUPS => vec![Step::Answer(list_groups(asked.version, &sent))],
        _ => healthy(asked, "g"),
    })
    .await;
    let connections_to_it = connections(&fake.address);
    for _ in 0..2 {
        assert_eq!(names(&connections_to_it, soon()).await.expect("3 MB"), *groups);
    }
    let limited = connections_with(&fake.address, &[("receive.message.max.bytes", "1000000")]);
    let error = names(&limited, soon()).await.expect_err("3 MB");
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn large_answers_are_read_in_a_runtime_of_one_thread() {
    a_large_answer_is_read().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_are_read_in_a_runtime_of_several_threads() {
    a_large_answer_is_read().await;
}

#[tokio::test]
async fn a_name_with_several_addresses_is_reached_by_the_one_that_answers() {
    // Where localhost is ::1 as well, nobody listens there.
    let fake = Fake::start(|asked| healthy(asked, "g")).await;
    let connections = connections(&fake.address.replace("127.0.0.1", "localhost"));
    assert_eq!(names(&connections, soon()).await.expect("an answer"), ["g"]);
}

/// Asks whoever answers.
async fn any(connections: &Connections, milliseconds: u64) -> Result<Vec<String>, kafka_admin::AdminError> {
    let groups = connections.ask_any(&ListGroups, within(milliseconds)).await?.expect("no error code");
    Ok(groups.iter().map(|group| group.id.to_string()).collect())
}

#[tokio::test]
async fn whoever_answers_is_asked_past_those_that_refuse_or_freeze() {
    let frozen = Fake::start(|_| vec![Step::Pause(HOUR)]).await;
    let well = Fake::start(|asked| healthy(asked, "g")).await;
    for bootstrap in [
        vec![well.address.as_str()],
        vec!["127.0.0.1:1", &well.address],
        vec![&frozen.address, &well.address],
        vec![&frozen.address, "127.0.0.1:1", "no-such-host.invalid:9092", &well.address],
    ] {
        let connections = Connections::new(&config(&bootstrap), &Arc::default()).unwrap();
        assert_eq!(any(&connections, 10_000).await.unwrap_or_else(|error| panic!("{bootstrap:?}: {error}")), ["g"]);
    }

    let refused = Connections::new(&config(&["127.0.0.1:1", "127.0.0.1:2"]), &Arc::default()).unwrap();
    let error = any(&refused, 10_000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert!(error.to_string().contains("none of 2 bootstrap servers answered; the first: "), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1: connecting to 127.0.0.1:1: Connection refused"), "{error}");
    let silent = Connections::new(&config(&[&frozen.address]), &Arc::default()).unwrap();
    assert_eq!(any(&silent, 100).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn brokers_are_asked_before_bootstrap_servers_and_those_that_were_waited_for_in_vain_last() {
    let bootstrap = Fake::start(|asked| healthy(asked, "bootstrap")).await;
    let first =
        Fake::start(|asked| if asked.nth == 0 { healthy(asked, "first") } else { vec![Step::Pause(HOUR)] }).await;
    let second = Fake::start(|asked| healthy(asked, "second")).await;
    let connections = Connections::new(&config(&[&bootstrap.address]), &Arc::default()).unwrap();
    assert_eq!(any(&connections, 10_000).await.unwrap(), ["bootstrap"]);
    connections.learn(&[broker(1, &first.address), broker(2, &second.address)]);
    assert_eq!(any(&connections, 10_000).await.unwrap(), ["first"]);
    // Now it freezes: the second is asked after a while, and from then on before it.
    assert_eq!(any(&connections, 2_000).await.unwrap(), ["second"]);
    assert_eq!(any(&connections, 10_000).await.unwrap(), ["second"]);
    assert_eq!((first.accepted(), second.accepted()), (1, 1));
}

#[tokio::test]
async fn answers_are_timed_by_broker_and_api_the_late_ones_too_and_those_of_nobody_known_are_not() {
    const LATE: Duration = Duration::from_millis(300);
    let fake = Fake::start(|asked| match (asked.key, asked.nth) {
        (LIST_GROUPS, 1) => [vec![Step::Pause(LATE)], healthy(asked, "g")].concat(),
        (LIST_GROUPS, 3) => vec![Step::Close],
        _ => healthy(asked, "g"),
    })
    .await;
    let times = Arc::default();
    let connections = Connections::new(&config(&[&fake.address]), &times).unwrap();
    assert_eq!(any(&connections, 10_000).await.unwrap(), ["g"]);
    assert_eq!(times.list(), []);

    connections.learn(&[broker(7, &fake.address)]);
    let ask = async |deadline| connections.ask(7, &ListGroups, deadline).await;
    assert_eq!(ask(within(50)).await.unwrap_err().kind(), ErrorKind::Timeout);
    ask(soon()).await.unwrap().unwrap();
    // This one is never answered, and asked again on another connection.
    ask(soon()).await.unwrap().unwrap();
    let list = times.list();
    let counts: Vec<_> = list.iter().map(|time| (time.broker, time.api, time.answers)).collect();
    assert_eq!(counts, [(7, "ApiVersions", 1), (7, "ListGroups", 3)]);
    // The second had to wait for the first.
    let total = list[1].total;
    assert!((LATE + LATE / 2..10 * LATE).contains(&total), "{total:?}");
}

#[tokio::test]
async fn a_bootstrap_server_that_is_a_broker_keeps_its_connection_and_others_are_closed() {
    let (one, two) = (Fake::start(|asked| healthy(asked, "1")).await, Fake::start(|asked| healthy(asked, "2")).await);
    let connections = Connections::new(&config(&[&one.address]), &Arc::default()).unwrap();
    assert_eq!(any(&connections, 10_000).await.unwrap(), ["1"]);
    connections.learn(&[broker(1, &one.address), broker(2, &two.address)]);
    assert_eq!(names(&connections, soon()).await.unwrap(), ["1"]);
    assert_eq!(one.accepted(), 1);

    // Broker 1 has moved, and broker 2 is gone.
    connections.ask(2, &ListGroups, soon()).await.unwrap().unwrap();
    let moved = Fake::start(|asked| healthy(asked, "moved")).await;
    connections.learn(&[broker(1, &moved.address)]);
    assert_eq!(names(&connections, soon()).await.unwrap(), ["moved"]);
    eventually("the end of the connections to the old addresses", async || one.ended() == 1 && two.ended() == 1).await;
}

#[tokio::test]
async fn connections_end_when_nobody_has_used_them_for_the_time_given_and_when_dropped() {
    let fake = Fake::start(|asked| healthy(asked, "g")).await;
    let connections = connections_with(&fake.address, &[("connections.max.idle.ms", "100")]);
    assert_eq!(names(&connections, soon()).await.unwrap(), ["g"]);
    eventually("the end of the idle connection", async || fake.ended() == 1).await;
    assert_eq!(names(&connections, soon()).await.unwrap(), ["g"]);
    drop(connections);
    eventually("the end of all connections", async || fake.ended() == 2).await;
    assert_eq!(fake.accepted(), 2);
}
