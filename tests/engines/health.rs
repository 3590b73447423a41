//! The cluster's health on the page: who is missing, by the brokers' own metadata.

use std::collections::BTreeMap;

use kafka_lab::{Cluster, NewTopic, wait_until};

use crate::support::{Engine, Page, Vitals, at_once};
use crate::{CLUSTER, WAIT};

const GONE: i32 = 3;
const IDS: [i32; 3] = [1, 2, 3];

/// Leaders, preferred leaders, replicas and out-of-sync replicas of each broker, then the cluster's partitions that are
/// under-replicated, offline, and not led by the preferred replica.
type Health = (BTreeMap<i32, [f64; 4]>, [f64; 3]);

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// As metadata of the lab's own client has it, while `away` is not there.
fn told(cluster: &Cluster, away: Option<i32>) -> Result<Health, String> {
    let metadata = cluster.kafka().metadata(None).map_err(|error| error.to_string())?;
    let all: Vec<_> = metadata.topics.values().flat_map(BTreeMap::values).collect();
    let of = |is: &dyn Fn(&kafka_lab::Partition) -> bool| count(all.iter().filter(|partition| is(partition)).count());
    let broker = |id: i32| {
        // Nothing of a broker that has stopped is in sync.
        let is_out = |one: &kafka_lab::Partition| !one.isr.contains(&id) || away == Some(id);
        let counts = [
            of(&|one| one.leader == Some(id)),
            of(&|one| one.replicas[0] == id),
            of(&|one| one.replicas.contains(&id)),
            of(&|one| one.replicas.contains(&id) && is_out(one)),
        ];
        (id, counts)
    };
    let of_cluster = [
        of(&|one| one.isr.len() < one.replicas.len()),
        of(&|one| one.leader.is_none()),
        of(&|one| one.leader != Some(one.replicas[0])),
    ];
    Ok((IDS.map(broker).into(), of_cluster))
}

fn shown(page: &Page) -> Option<Health> {
    let broker = |id: i32| {
        let names = ["leader_partitions", "preferred_leader_partitions", "assigned_replicas", "out_of_sync_replicas"];
        let value = |name: &str| page.get(&format!("kafka_broker_{name}{{broker=\"{id}\"}}"));
        Some((id, [value(names[0])?, value(names[1])?, value(names[2])?, value(names[3])?]))
    };
    let of_cluster = |name: &str| page.get(&format!("kafka_cluster_{name}_partitions"));
    let of_cluster = [of_cluster("under_replicated")?, of_cluster("offline")?, of_cluster("not_preferred_leader")?];
    Some((IDS.into_iter().map(broker).collect::<Option<_>>()?, of_cluster))
}

/// Registered brokers with whether they are fenced.
fn registered(page: &Page) -> BTreeMap<i32, f64> {
    let fenced = |id: &i32| {
        let is_registered = page.get(&format!("kafka_broker_registered{{broker=\"{id}\"}}"));
        let is_fenced = page.get(&format!("kafka_broker_fenced{{broker=\"{id}\"}}"));
        assert_eq!(is_registered, is_fenced.map(|_| 1.0));
        Some((*id, is_fenced?))
    };
    IDS.iter().filter_map(fenced).collect()
}

/// Brokers whose log directories are on the page.
fn with_log_dirs(page: &Page) -> Vec<i32> {
    let online = page.named("kafka_log_dir_online");
    IDS.into_iter().filter(|id| online.keys().any(|series| series.contains(&format!("broker=\"{id}\"")))).collect()
}

/// Waits until the page has what the metadata has and `expected` accepts.
#[track_caller]
fn await_health(cluster: &Cluster, vitals: &Vitals, away: Option<i32>, expected: impl Fn(&Health) -> bool) {
    let knows_registered = vitals.engine == Some(Engine::Protocol);
    let fenced = |id: i32| (id, if away == Some(id) { 1.0 } else { 0.0 });
    let all_registered: BTreeMap<i32, f64> = IDS.map(fenced).into();
    let alive: Vec<i32> = IDS.into_iter().filter(|id| away != Some(*id)).collect();
    wait_until(WAIT, "the page to tell of the cluster's health", || {
        let told = told(cluster, away)?;
        let page = vitals.metrics();
        let (shown, registered, log_dirs) = (shown(&page), registered(&page), with_log_dirs(&page));
        let is_known = if knows_registered {
            registered == all_registered && log_dirs == alive
        } else {
            registered.is_empty() && log_dirs.is_empty()
        };
        let is_told = shown.as_ref() == Some(&told) && expected(&told);
        let report = format!("{:?}: {shown:?} {told:?} {registered:?} {log_dirs:?}", vitals.engine);
        if is_told && is_known { Ok(()) } else { Err(report) }
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stopped_is_named_by_its_replicas_and_fenced_until_it_is_back() {
    let cluster = &*CLUSTER.lock().await;
    let copied = NewTopic::new("health-copied", 3).assignment(&[&[3, 1], &[1, 3], &[2, 1]]);
    let alone = NewTopic::new("health-alone", 1).assignment(&[&[3]]);
    cluster.kafka().create_topics(&[copied, alone]).unwrap();
    // Which topics are exported does not matter to what brokers have.
    let flags =
        [&format!("--kafka.server={}", cluster.bootstrap()), "--topic.filter=^health-alone$", "--scrape.reuse=0s"];
    let all = Vitals::start_each(cluster.lab(), &flags);
    let is_whole = |(brokers, of_cluster): &Health| {
        *of_cluster == [0.0; 3]
            && brokers.values().all(|[leaders, preferred, replicas, out_of_sync]| {
                leaders == preferred && replicas >= preferred && *out_of_sync == 0.0
            })
    };
    at_once(&all, |vitals| await_health(cluster, vitals, None, is_whole));

    cluster.node(GONE).unwrap().stop().unwrap();
    cluster.await_gone(GONE, WAIT).unwrap();
    at_once(&all, |vitals| {
        await_health(cluster, vitals, Some(GONE), |(brokers, [under_replicated, offline, not_preferred])| {
            let [leaders, preferred, replicas, out_of_sync] = brokers[&GONE];
            let is_culprit = leaders == 0.0 && out_of_sync == replicas && *not_preferred >= preferred;
            // Two of its replicas have another one each, and one has none.
            let others_are_fine = [1, 2].iter().all(|id| brokers[id][3] == 0.0);
            is_culprit && others_are_fine && *under_replicated >= 2.0 && *offline >= 1.0
        });
    });

    cluster.node(GONE).unwrap().restart().unwrap();
    at_once(&all, |vitals| await_health(cluster, vitals, None, is_whole));
}
