//! Share and streams groups as the page has them.

use kafka_lab::{NewTopic, ShareOf, wait_until};

use crate::support::{Engine, Page, Vitals};
use crate::{CLUSTER, WAIT};

const SHARE: &str = "page-share";
const STREAMS: &str = "page-streams";

/// Values of a family's series that a group has, in ascending order of partition.
fn of_group(page: &Page, family: &str, group: &str) -> Vec<f64> {
    let label = format!("consumergroup=\"{group}\"");
    page.named(family).into_iter().filter(|(series, _)| series.contains(&label)).map(|(_, value)| value).collect()
}

fn state(group: &str, state: &str) -> String {
    format!(r#"kafka_consumergroup_state{{consumergroup="{group}",state="{state}"}}"#)
}

/// Members, committed offsets, lags and their sum, as they are on the page.
fn shown(page: &Page, group: &str) -> [Vec<f64>; 4] {
    let families = ["members", "current_offset", "lag", "lag_sum"];
    families.map(|family| of_group(page, &format!("kafka_consumergroup_{family}"), group))
}

/// Members report what they have done some moments later.
#[track_caller]
fn await_shown(vitals: &Vitals, group: &str, expected: [&[f64]; 4]) {
    wait_until(WAIT, "a group on the page", || {
        let shown = shown(&vitals.metrics(), group);
        if shown.each_ref().map(Vec::as_slice) == expected { Ok(()) } else { Err(format!("{group}: {shown:?}")) }
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn share_and_streams_groups_have_members_offsets_and_lag_on_the_page() {
    let cluster = &*CLUSTER.lock().await;
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new("page", 2).replication(3)]).unwrap();
    kafka.fill("page", 2, 10).unwrap();
    kafka.delete_records("page", 0, 4).unwrap();
    let share = ShareOf { records: 16, given_back_below: 6 };
    let mut share = cluster.share_member(SHARE, "c", &["page"], share).unwrap();
    let mut streams = cluster.streams_member(STREAMS, "c", &["page"], 16).unwrap();
    share.await_read().unwrap();
    streams.await_read().unwrap();

    let flags = [&format!("--kafka.server={}", cluster.bootstrap()), "--group.filter=^page-", "--scrape.reuse=0s"];
    let vitals = &Vitals::start_with_engine(cluster.lab(), Engine::Protocol, &flags);
    // Of each partition the last four records are done, and those before them are not: nothing has moved the start, and
    // the lag by subtraction would be 6 and 10.
    await_shown(vitals, SHARE, [&[1.0], &[4.0, 0.0], &[2.0, 6.0], &[8.0]]);
    await_shown(vitals, STREAMS, [&[1.0], &[10.0, 10.0], &[0.0, 0.0], &[0.0]]);

    // The member made the first epoch before anybody looked.
    let page = vitals.metrics();
    for (group, kind, assignor, states) in [(SHARE, "share", "simple", 2), (STREAMS, "streams", "", 5)] {
        let info = format!(r#"consumergroup="{group}",type="{kind}",protocol="{kind}",assignor="{assignor}""#);
        assert_eq!(page.value(&format!("kafka_consumergroup_info{{{info}}}")), 1.0);
        assert_eq!(page.value(&state(group, "Stable")), 1.0);
        assert_eq!(of_group(&page, "kafka_consumergroup_state", group).len(), states);
        assert_eq!(of_group(&page, "kafka_consumergroup_assigned_partitions", group), [2.0]);
        let owners = page.named("kafka_consumergroup_partition_owner").into_keys();
        let owners: Vec<_> = owners.filter(|series| series.contains(group)).collect();
        let lagging = if group == SHARE { 2 } else { 0 };
        assert_eq!(owners.len(), lagging, "{owners:?}");
        assert!(
            owners.iter().all(|series| series.contains(r#"client_id="c""#) && series.contains(r#"host="127.0.0."#))
        );
        let rebalances =
            format!(r#"kafka_consumergroup_rebalances_observed_total{{consumergroup="{group}",seen="epoch"}}"#);
        assert_eq!(of_group(&page, "kafka_consumergroup_rebalances_observed_total", group).len(), 1);
        assert!(page.get(&rebalances).is_some());
    }

    share.stop().unwrap();
    streams.stop().unwrap();
    kafka.fill("page", 2, 5).unwrap();
    await_shown(vitals, SHARE, [&[0.0], &[4.0, 0.0], &[7.0, 11.0], &[18.0]]);
    await_shown(vitals, STREAMS, [&[0.0], &[10.0, 10.0], &[5.0, 5.0], &[10.0]]);
    let page = vitals.metrics();
    assert_eq!([page.value(&state(SHARE, "Empty")), page.value(&state(STREAMS, "Empty"))], [1.0, 1.0]);
    for part in ["groups", "offsets", "topology"] {
        assert_eq!(page.value(&format!("kafka_vitals_collector_success{{collector=\"{part}\"}}")), 1.0);
    }

    // librdkafka does not list them, so that nothing is said of them.
    let vitals = Vitals::start_with_engine(cluster.lab(), Engine::Librdkafka, &flags);
    let page = vitals.metrics();
    assert!(!page.series.keys().any(|series| series.contains("consumergroup=\"page-")));
    assert_eq!(page.value("kafka_topic_partition_current_offset{topic=\"page\",partition=\"0\"}"), 15.0);
}
