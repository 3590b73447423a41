//! What is asked when, what is shown for how long, and what counts as failed: over a fake whose answers can be changed.

use std::ffi::OsString;

use kafka_admin::{
    Broker, CommittedOffset, FoundOffset, GroupDescription, GroupRef, GroupsListed, Isolation, OffsetQuery, Topic,
};

use super::*;
use crate::config::{Invocation, from_command_line};
use crate::kafka::CleanupPolicy;

const AGE: Duration = Duration::from_secs(20);
const TIMEOUT: AdminError = AdminError::Timeout { call: "test" };

fn broker_error(code: i16) -> AdminError {
    AdminError::Broker { call: "test", code: ErrorCode(code), message: String::new() }
}

/// Answers what it is told to answer, and notes what it is asked.
#[derive(Debug)]
struct Fake {
    asked: Mutex<Vec<String>>,
    answers: Mutex<Answers>,
    /// Closed: no answer comes.
    gate: tokio::sync::watch::Sender<bool>,
}

#[derive(Debug, Clone)]
struct Answers {
    registered: Result<Vec<RegisteredBroker>, AdminError>,
    /// By topic; `compact` of others.
    configs: HashMap<&'static str, AdminError>,
    /// By broker; one directory of others.
    log_dirs: HashMap<i32, Result<Vec<LogDir>, AdminError>>,
}

impl Fake {
    fn change(&self, change: impl FnOnce(&mut Answers)) {
        change(&mut self.answers.lock().unwrap());
    }

    /// What was asked since the last time.
    fn take_asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }

    async fn answers(&self, asked: String) -> Answers {
        self.asked.lock().unwrap().push(asked);
        self.gate.subscribe().wait_for(|is_open| *is_open).await.unwrap();
        self.answers.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl KafkaAdmin for Fake {
    fn engine(&self) -> &'static str {
        "fake"
    }

    async fn cluster(&self, _: Instant) -> Result<Cluster, AdminError> {
        Err(TIMEOUT)
    }

    async fn list_groups(&self, _: Instant) -> Result<GroupsListed, AdminError> {
        Err(TIMEOUT)
    }

    async fn describe_groups(&self, _: &[GroupRef], _: Instant) -> Vec<Result<GroupDescription, AdminError>> {
        Vec::new()
    }

    async fn committed(&self, _: &[GroupRef], _: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
        Vec::new()
    }

    async fn offsets(&self, _: &[OffsetQuery], _: Isolation, _: Instant) -> Vec<Result<FoundOffset, AdminError>> {
        Vec::new()
    }

    async fn registered_brokers(&self, _: Instant) -> Result<Vec<RegisteredBroker>, AdminError> {
        self.answers("registered".to_owned()).await.registered
    }

    async fn configs(
        &self,
        resources: &[ConfigResource],
        names: Option<&[&str]>,
        _: Instant,
    ) -> Vec<Result<Vec<ConfigEntry>, AdminError>> {
        assert_eq!(names, Some(&TopicConfig::ENTRIES[..]));
        let topics = resources.iter().map(|resource| match resource {
            ConfigResource::Topic(name) => name.to_string(),
            ConfigResource::Broker(_) => panic!("no broker's configuration is wanted"),
        });
        let mut topics: Vec<_> = topics.collect();
        let answers = self.answers({
            let mut sorted = topics.clone();
            sorted.sort();
            format!("configs {}", sorted.join(" "))
        });
        let answers = answers.await;
        let entry =
            || ConfigEntry { name: "cleanup.policy".to_owned(), value: Some("compact".to_owned()), is_default: false };
        topics.drain(..).map(|topic| answers.configs.get(&*topic).cloned().map_or(Ok(vec![entry()]), Err)).collect()
    }

    async fn log_dirs(&self, brokers: &[i32], _: Instant) -> Vec<Result<Vec<LogDir>, AdminError>> {
        let answers = self.answers(format!("log_dirs {brokers:?}")).await;
        brokers.iter().map(|id| answers.log_dirs.get(id).cloned().unwrap_or_else(|| Ok(vec![dir()]))).collect()
    }
}

fn dir() -> LogDir {
    LogDir { path: "/data".to_owned(), error: None, total_bytes: None, usable_bytes: None, replicas: Vec::new() }
}

fn broker(id: i32) -> Broker {
    Broker { id, host: "h".to_owned(), port: 1, rack: None }
}

fn registered(fenced: &[(i32, bool)]) -> Vec<RegisteredBroker> {
    fenced.iter().map(|(id, is_fenced)| RegisteredBroker { broker: broker(*id), is_fenced: *is_fenced }).collect()
}

fn cluster(brokers: &[i32], topics: &[&str]) -> Cluster {
    let topic = |name: &&str| Topic { name: (*name).into(), id: None, error: None, partitions: Vec::new() };
    let (brokers, topics) = (brokers.iter().copied().map(broker).collect(), topics.iter().map(topic).collect());
    Cluster { brokers, topics, ..Cluster::default() }
}

fn inventory(max_age: Duration) -> (Inventory, Arc<Fake>) {
    inventory_of(max_age, &[])
}

fn inventory_of(max_age: Duration, more: &[&str]) -> (Inventory, Arc<Fake>) {
    let line = ["kafka-vitals", "--kafka.server=h:1", "--topic.exclude=^unwanted$"];
    let line = line.iter().chain(more).map(OsString::from);
    let Invocation::Serve(config) = from_command_line(line).unwrap() else { panic!("not asked for") };
    let answers = Answers {
        registered: Ok(registered(&[(1, false), (2, false)])),
        configs: HashMap::new(),
        log_dirs: HashMap::new(),
    };
    let (asked, answers) = (Mutex::default(), Mutex::new(answers));
    let fake = Arc::new(Fake { asked, answers, gate: tokio::sync::watch::Sender::new(true) });
    (Inventory::new(Arc::clone(&fake) as Arc<dyn KafkaAdmin>, config.selection, max_age), fake)
}

/// What a collection does.
async fn collect(inventory: &Inventory, cluster: &Cluster) -> Snapshot {
    let began = Instant::now();
    let mut snapshot = Snapshot::default();
    inventory.show_in(&mut snapshot, began);
    if inventory.renew(cluster) {
        inventory.settle(Instant::now() + Duration::from_secs(10)).await;
    }
    inventory.show_in(&mut snapshot, began);
    inventory.conclude_in(&mut snapshot);
    snapshot
}

/// Lets time pass for what is remembered.
fn pass(inventory: &Inventory, time: Duration) {
    fn earlier<T>(answer: &mut Answer<T>, time: Duration) {
        let at = answer.value.as_mut().map(|(_, at)| at).into_iter();
        at.chain(answer.error.as_mut().map(|(_, at)| at)).for_each(|at| *at = at.checked_sub(time).unwrap());
    }
    let mut state = locked(&inventory.state);
    earlier(&mut state.registered, time);
    state.configs.values_mut().for_each(|answer| earlier(answer, time));
    state.log_dirs.values_mut().for_each(|answer| earlier(answer, time));
}

/// Registered brokers with whether they are fenced, topics with configurations, brokers with log directories.
type Shown = (Option<Vec<(i32, bool)>>, Vec<String>, Vec<i32>);

fn shown(snapshot: &Snapshot) -> Shown {
    let registered = snapshot.registered.as_ref().map(|brokers| {
        let brokers = brokers.iter().map(|broker| (broker.broker.id, broker.is_fenced));
        brokers.collect::<Vec<_>>()
    });
    let mut topics: Vec<_> = snapshot.configs.known.keys().map(|topic| topic.to_string()).collect();
    topics.sort();
    (registered, topics, snapshot.log_dirs.keys().copied().collect())
}

fn failures(snapshot: &Snapshot) -> Vec<(Part, ErrorKind, u64)> {
    snapshot.failures.iter().map(|(part, kind, count, _)| (part, kind, count)).collect()
}

#[tokio::test]
async fn what_is_not_wanted_is_not_asked_for() {
    for (flag, asked) in [
        ("--topic.configs=false", &["log_dirs [1]", "registered"][..]),
        ("--broker.log-dirs=false", &["configs a", "registered"]),
    ] {
        let (inventory, fake) = inventory_of(AGE, &[flag]);
        collect(&inventory, &cluster(&[1], &["a"])).await;
        assert_eq!(fake.take_asked(), asked);
    }
}

#[tokio::test]
async fn all_is_asked_once_and_again_from_half_of_its_age_on_and_what_is_new_at_once() {
    let (inventory, fake) = inventory(AGE);
    let two = cluster(&[1, 2], &["a", "b", "unwanted"]);
    let all = ["configs a b", "log_dirs [1]", "log_dirs [2]", "registered"];
    let first = collect(&inventory, &two).await;
    assert_eq!(fake.take_asked(), all);
    assert_eq!(shown(&first), (Some(vec![(1, false), (2, false)]), vec!["a".to_owned(), "b".to_owned()], vec![1, 2]));
    assert!(first.failures.is_empty() && first.access.unsupported().eq([REQUEST_TIMES]));
    let compact = CleanupPolicy { compact: true, delete: false };
    assert_eq!(first.configs.known["a"].cleanup_policy, Some(compact));

    let second = collect(&inventory, &two).await;
    assert_eq!(fake.take_asked(), [""; 0]);
    assert_eq!(shown(&second), shown(&first));

    // Broker 1 has gone, a topic has come and another one gone.
    fake.change(|answers| answers.registered = Ok(registered(&[(1, true), (2, false)])));
    let changed = collect(&inventory, &cluster(&[2], &["b", "c"])).await;
    assert_eq!(fake.take_asked(), ["configs c", "registered"]);
    assert_eq!(shown(&changed), (Some(vec![(1, true), (2, false)]), vec!["b".to_owned(), "c".to_owned()], vec![2]));

    pass(&inventory, AGE / 2);
    collect(&inventory, &cluster(&[2], &["b", "c"])).await;
    assert_eq!(fake.take_asked(), ["configs b c", "log_dirs [2]", "registered"]);
}

#[tokio::test]
async fn without_an_age_all_is_asked_and_shown_each_time() {
    let (inventory, fake) = inventory(Duration::ZERO);
    for _ in 0..2 {
        let snapshot = collect(&inventory, &cluster(&[1, 2], &["a"])).await;
        assert_eq!(fake.take_asked(), ["configs a", "log_dirs [1]", "log_dirs [2]", "registered"]);
        assert_eq!(shown(&snapshot), (Some(vec![(1, false), (2, false)]), vec!["a".to_owned()], vec![1, 2]));
    }
}

#[tokio::test]
async fn what_was_told_stays_until_its_age_while_asking_fails_and_each_failure_counts() {
    let (inventory, fake) = inventory(AGE);
    let cluster = cluster(&[1, 2], &["a"]);
    let whole = shown(&collect(&inventory, &cluster).await);
    fake.take_asked();
    fake.change(|answers| {
        answers.registered = Err(TIMEOUT);
        answers.configs.insert("a", TIMEOUT);
        answers.log_dirs.insert(2, Err(TIMEOUT));
    });
    pass(&inventory, AGE * 6 / 10);
    let failed = [Part::RegisteredBrokers, Part::Configs, Part::LogDirs].map(|part| (part, ErrorKind::Timeout, 1));
    for _ in 0..2 {
        let snapshot = collect(&inventory, &cluster).await;
        assert_eq!((shown(&snapshot), failures(&snapshot)), (whole.clone(), failed.to_vec()));
    }
    // What failed is asked again each time, what did not is young.
    assert_eq!(fake.take_asked().iter().filter(|asked| *asked == "log_dirs [1]").count(), 1);
    pass(&inventory, AGE / 2);
    let snapshot = collect(&inventory, &cluster).await;
    assert_eq!((shown(&snapshot), failures(&snapshot)), ((None, vec![], vec![1]), failed.to_vec()));

    fake.change(|answers| {
        answers.registered = Ok(registered(&[(1, false), (2, false)]));
        answers.configs.clear();
        answers.log_dirs.clear();
    });
    let snapshot = collect(&inventory, &cluster).await;
    assert_eq!((shown(&snapshot), failures(&snapshot)), (whole, vec![]));
}

#[tokio::test]
async fn a_refusal_takes_what_was_told_counts_once_and_is_not_asked_for_again_at_each_collection() {
    let (inventory, fake) = inventory(AGE);
    let cluster = cluster(&[1, 2], &["a", "b"]);
    collect(&inventory, &cluster).await;
    fake.change(|answers| {
        answers.configs.insert("a", broker_error(29));
        // As brokers before Kafka 3.2 refuse.
        answers.log_dirs.insert(1, Ok(Vec::new()));
        answers.log_dirs.insert(2, Err(broker_error(31)));
    });
    pass(&inventory, AGE / 2);
    fake.take_asked();
    let denied = |configs, log_dirs| {
        let kind = ErrorKind::Authorization;
        vec![(Part::Configs, kind, configs), (Part::LogDirs, kind, log_dirs)]
    };
    for counts in [denied(1, 2), denied(0, 0)] {
        let snapshot = collect(&inventory, &cluster).await;
        assert_eq!(failures(&snapshot), counts);
        assert_eq!(shown(&snapshot).1, ["b"]);
        assert_eq!(snapshot.configs.refused, ["a".into()].into());
        assert_eq!(shown(&snapshot).2, [0; 0]);
    }
    assert_eq!(fake.take_asked(), ["configs a b", "log_dirs [1]", "log_dirs [2]", "registered"]);
    // Of the refusals nothing is left once the rights are there.
    fake.change(|answers| {
        answers.configs.clear();
        answers.log_dirs.clear();
    });
    pass(&inventory, AGE / 2);
    let snapshot = collect(&inventory, &cluster).await;
    assert_eq!(fake.take_asked(), ["configs a b", "log_dirs [1]", "log_dirs [2]", "registered"]);
    assert_eq!(failures(&snapshot), []);
    assert_eq!((shown(&snapshot).1.len(), shown(&snapshot).2), (2, vec![1, 2]));
}

#[tokio::test]
async fn what_cannot_be_asked_is_named_and_a_topic_that_is_gone_is_no_failure() {
    let (inventory, fake) = inventory(AGE);
    fake.change(|answers| {
        answers.registered = Err(broker_error(35));
        answers.configs.insert("a", broker_error(3));
        for id in [1, 2] {
            answers.log_dirs.insert(id, Err(AdminError::Unsupported { call: "DescribeLogDirs" }));
        }
    });
    for _ in 0..2 {
        let snapshot = collect(&inventory, &cluster(&[1, 2], &["a", "b"])).await;
        assert_eq!((shown(&snapshot), failures(&snapshot)), ((None, vec!["b".to_owned()], vec![]), vec![]));
        let unsupported: Vec<_> = snapshot.access.unsupported().collect();
        assert_eq!(unsupported, [DESCRIBE_CLUSTER, DESCRIBE_LOG_DIRS, REQUEST_TIMES]);
    }
    // It may be a new one.
    let asked = ["configs a", "configs a b", "log_dirs [1]", "log_dirs [2]", "registered"];
    assert_eq!(fake.take_asked(), asked);
}

#[tokio::test]
async fn answers_that_take_long_are_not_waited_for_and_there_the_next_time() {
    let (inventory, fake) = inventory(AGE);
    let cluster = cluster(&[1, 2], &["a"]);
    fake.gate.send_replace(false);
    for _ in 0..2 {
        let asked_at = Instant::now();
        let snapshot = collect(&inventory, &cluster).await;
        assert!(asked_at.elapsed() < FIRST_PATIENCE + Duration::from_millis(800), "{:?}", asked_at.elapsed());
        assert_eq!((shown(&snapshot), failures(&snapshot)), ((None, vec![], vec![]), vec![]));
    }
    fake.gate.send_replace(true);
    let snapshot = collect(&inventory, &cluster).await;
    assert_eq!(shown(&snapshot), (Some(vec![(1, false), (2, false)]), vec!["a".to_owned()], vec![1, 2]));
    // Nothing was asked a second time meanwhile.
    assert_eq!(fake.take_asked(), ["configs a", "log_dirs [1]", "log_dirs [2]", "registered"]);
}
