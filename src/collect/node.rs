//! One node's MBeans: a transport and the rules in, families out, scrape after scrape. Learns by itself what to ask for.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;

use super::jvm::{self, JvmFamilies};
use super::kafka_beans::{self, KafkaBeanFamilies};
use super::learning::Learning;
use crate::mbean::{Answer, Ask, Bean, BeanSink, ObjectName, Plan, ReadError, ReadErrorKind, Transport, Value};
use crate::metrics::Family;
use crate::rules::{Evaluator, RenamedSeries, Rules, Wanted};

/// Reads one node. Lives as long as the node is known.
#[derive(Debug)]
pub struct NodeCollector<T> {
    transport: T,
    /// `None` before the first scrape and after one whose decoding was lost.
    memory: Mutex<Option<Memory>>,
}

/// What is kept between scrapes.
#[derive(Debug)]
struct Memory {
    rules: Arc<Rules>,
    learning: Learning,
    evaluator: Evaluator,
    kafka: KafkaBeanFamilies,
}

/// What one scrape of a node gave.
#[derive(Debug, Clone)]
pub struct NodeReading {
    /// JVM and process families, sorted by name.
    pub jvm: Vec<Family>,
    /// Kafka's families that are made without rules, sorted by name.
    pub kafka: Vec<Family>,
    /// Families that the rules made, sorted by name, their samples in no order. May hold names that are also in `jvm` or
    /// `kafka`.
    pub rules: Vec<Family>,
    /// `node.id`, from `kafka.server:type=app-info`.
    pub node_id: Option<i32>,
    /// Kafka's version, such as `4.3.0`, from the same bean.
    pub kafka_version: Option<String>,
    /// Beans read.
    pub beans: usize,
    /// Samples left out because another one has the same name and labels.
    pub duplicates_dropped: u64,
    /// Samples left out because their names begin with `kafka_vitals_`.
    pub reserved_dropped: u64,
    /// Beans that the rules have not been tried on, for lack of time.
    pub pending_beans: usize,
    /// Matches given up because they took too many steps.
    pub gave_up: u64,
    /// What the other generation of jmx_exporter would call these series.
    pub renamed: RenamedSeries,
    /// All beans but those that exist per partition have arrived, or what the agent's policy allows of them, which is
    /// something. If not, `result` says why.
    pub has_essentials: bool,
    /// Requests sent; 0 in a reading of the essentials alone.
    pub requests: u64,
    /// Bytes received, after decompression; 0 in a reading of the essentials alone.
    pub bytes: u64,
    /// Why something is missing.
    pub result: Result<(), ReadError>,
    /// All beans asked for have arrived. `false` in a reading of the essentials alone.
    pub complete: bool,
}

impl<T: Transport> NodeCollector<T> {
    /// A collector that knows nothing of the node yet.
    pub fn new(transport: T) -> Self {
        Self { transport, memory: Mutex::new(None) }
    }

    /// The way to the node.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Reads the node's beans and returns by `deadline` with what there is. As soon as all beans have arrived but those
    /// that exist per partition, `on_essentials` gets a reading of them, on a thread that may block. Other `rules` than
    /// those of the last read begin with nothing cached.
    pub async fn collect(
        &self,
        rules: &Arc<Rules>,
        deadline: Instant,
        on_essentials: impl FnOnce(NodeReading) + Send + 'static,
    ) -> NodeReading {
        let Ok(mut place) = tokio::time::timeout_at(deadline.into(), self.memory.lock()).await else {
            let message = "a read of this node's MBeans waited for an earlier one until its time was over; \
                           scrape less often or allow more time";
            return NodeReading::failed(ReadError { kind: ReadErrorKind::Timeout, message: message.to_owned() });
        };
        let mut memory = match place.take() {
            Some(memory) if Arc::ptr_eq(&memory.rules, rules) => memory,
            other => Memory::new(rules, other.map(|memory| memory.kafka).unwrap_or_default()),
        };
        let (mut requests, mut bytes) = (0, 0);
        if memory.learning.plan().is_empty() {
            let answer = self.transport.read(&Plan::default(), deadline, NamesOnly).await;
            (requests, bytes) = (answer.requests, answer.bytes);
            if let Some(names) = answer.names {
                // Parsing 40,000 names takes milliseconds: not on the async threads.
                let told = tokio::task::spawn_blocking(move || {
                    memory.tell(names);
                    memory
                });
                match told.await {
                    Ok(told) => memory = told,
                    Err(_) => return NodeReading { requests, bytes, ..NodeReading::failed(lost(Ok(()))) },
                }
            }
            let no_names = || {
                let message = "the agent named no MBeans; is it an agent of a running Kafka node?".to_owned();
                ReadError { kind: ReadErrorKind::Agent, message }
            };
            let is_empty = memory.learning.plan().is_empty();
            if let Err(error) = answer.result.and_then(|()| if is_empty { Err(no_names()) } else { Ok(()) }) {
                *place = Some(memory);
                return NodeReading { requests, bytes, ..NodeReading::failed(error) };
            }
        }
        let Memory { learning, mut evaluator, kafka, .. } = memory;
        // What is left of the time is for answers that are large but hold nothing new.
        let learn_until = deadline - deadline.saturating_duration_since(Instant::now()) / 5;
        evaluator.begin(learn_until);
        let sink = NodeSink::new(evaluator, kafka, !rules.exclude_jvm_metrics, on_essentials);
        let answer = self.transport.read(learning.plan(), deadline, sink).await;
        let Answer { sink, names, result, .. } = answer;
        requests += answer.requests;
        bytes += answer.bytes;
        let Some(sink) = sink else { return NodeReading { requests, bytes, ..NodeReading::failed(lost(result)) } };
        let rules = Arc::clone(rules);
        // Dropping duplicates of 60,000 samples and making plans take milliseconds.
        let ended = tokio::task::spawn_blocking(move || {
            let (reading, over_limit, evaluator, kafka) = sink.finish();
            let mut memory = Memory { rules, learning, evaluator, kafka };
            memory.tried();
            // After that: a bean that came by a pattern before it was named may have shown but some of its attributes.
            if let Some(names) = names {
                memory.tell(names);
            }
            (reading, over_limit, memory)
        });
        let Ok((reading, over_limit, memory)) = ended.await else {
            return NodeReading { requests, bytes, ..NodeReading::failed(lost(Ok(()))) };
        };
        *place = Some(memory);
        let result = result.and_then(|()| usable(&reading, over_limit));
        NodeReading { requests, bytes, complete: result.is_ok(), result, ..reading }
    }
}

impl Memory {
    fn new(rules: &Arc<Rules>, kafka: KafkaBeanFamilies) -> Self {
        let evaluator = Evaluator::new(Arc::clone(rules));
        Self { rules: Arc::clone(rules), learning: Learning::default(), evaluator, kafka }
    }

    /// Beans came or went.
    fn tell(&mut self, names: Vec<Box<str>>) {
        let Self { rules, learning, evaluator, .. } = self;
        evaluator.keep_only(names.iter().map(|name| &**name));
        let may_want = |name: &str| {
            ObjectName::parse(name).is_ok_and(|name| built_in(&name, rules) != Ask::Nothing || rules.filter.bean(&name))
        };
        learning.told(names, may_want, |name| wanted(name, evaluator, rules));
        evaluator.try_again(learning.untried());
    }

    /// A read has ended, and the rules have been tried on what came, as far as there was time.
    fn tried(&mut self) {
        let Self { rules, learning, evaluator, .. } = self;
        learning.tried(Instant::now(), |name| wanted(name, evaluator, rules));
    }
}

/// What is wanted of a bean; `None` = it did not come when it was asked for.
fn wanted<'a>(name: &str, evaluator: &'a Evaluator, rules: &Rules) -> Option<Ask<'a>> {
    let by_rules = match evaluator.wanted(name) {
        Wanted::Attributes(attributes) => Ask::Attributes(attributes),
        Wanted::Nothing => Ask::Nothing,
        Wanted::Unknown => return None,
    };
    let name = ObjectName::parse(name).ok()?;
    Some(by_rules.and(built_in(&name, rules)))
}

/// What is wanted of a bean whatever the rules say.
fn built_in(name: &ObjectName<'_>, rules: &Rules) -> Ask<'static> {
    let jvm = if rules.exclude_jvm_metrics { None } else { jvm::needed(name) };
    [jvm, kafka_beans::needed(name), needed(name)]
        .into_iter()
        .flatten()
        .fold(Ask::Nothing, |ask, attributes| ask.and(Ask::Attributes(attributes.to_vec())))
}

/// Whether what was read without an error is what a node has.
fn usable(reading: &NodeReading, over_limit: u64) -> Result<(), ReadError> {
    if over_limit > 0 {
        let message = format!(
            "{over_limit} values of this node's MBeans were left out, because there are more names of metrics than any \
             node has; is it an agent of a Kafka node?"
        );
        return Err(ReadError { kind: ReadErrorKind::TooLarge, message });
    }
    if reading.pending_beans > 0 {
        let message = format!(
            "the rules have not been tried on {} of {} MBeans yet, for lack of time; the next scrapes go on with it",
            reading.pending_beans, reading.beans
        );
        return Err(ReadError { kind: ReadErrorKind::Learning, message });
    }
    if !reading.has_essentials {
        let message =
            "the agent named MBeans but gave none of the essential ones to read; check the agent's access policy";
        return Err(ReadError { kind: ReadErrorKind::Agent, message: message.to_owned() });
    }
    Ok(())
}

fn lost(result: Result<(), ReadError>) -> ReadError {
    let message = "what was read of this node's MBeans was lost; please report this as a bug".to_owned();
    result.err().unwrap_or(ReadError { kind: ReadErrorKind::Internal, message })
}

impl NodeReading {
    /// This reading if it is that of node `expected` (`None` = of whichever node), else a failed one without its beans:
    /// behind a proxy or a wrong URL may be another node's agent.
    pub fn of_node(self, expected: Option<i32>, agent_url: &str) -> Self {
        let (Some(expected), Some(told)) = (expected, self.node_id) else { return self };
        if expected == told {
            return self;
        }
        let message = format!(
            "the agent at {agent_url} says that it is node {told}, not {expected}; \
             give each node the URL of its own agent with --jolokia.url=ID=URL"
        );
        let error = ReadError { kind: ReadErrorKind::Identity, message };
        Self { requests: self.requests, bytes: self.bytes, ..Self::failed(error) }
    }

    fn failed(error: ReadError) -> Self {
        Self {
            jvm: Vec::new(),
            kafka: Vec::new(),
            rules: Vec::new(),
            node_id: None,
            kafka_version: None,
            beans: 0,
            duplicates_dropped: 0,
            reserved_dropped: 0,
            pending_beans: 0,
            gave_up: 0,
            renamed: RenamedSeries::default(),
            has_essentials: false,
            requests: 0,
            bytes: 0,
            result: Err(error),
            complete: false,
        }
    }
}

/// For a read that asks for names alone.
struct NamesOnly;

impl BeanSink for NamesOnly {
    fn bean(&mut self, _: Bean<'_>) {}

    fn essentials_complete(&mut self) {}
}

/// Takes the beans of one scrape.
struct NodeSink<F> {
    evaluator: Evaluator,
    /// `None` = the rules want none.
    jvm: Option<JvmFamilies>,
    kafka: KafkaBeanFamilies,
    identity: Identity,
    on_essentials: Option<F>,
}

impl<F: FnOnce(NodeReading) + Send + 'static> NodeSink<F> {
    fn new(evaluator: Evaluator, mut kafka: KafkaBeanFamilies, with_jvm: bool, on_essentials: F) -> Self {
        kafka.begin();
        let (jvm, identity) = (with_jvm.then(JvmFamilies::default), Identity::default());
        Self { evaluator, jvm, kafka, identity, on_essentials: Some(on_essentials) }
    }

    /// The reading, how many values the evaluator had no room for, and what is kept for the next scrape.
    fn finish(mut self) -> (NodeReading, u64, Evaluator, KafkaBeanFamilies) {
        let evaluation = self.evaluator.finish();
        let over_limit = evaluation.over_limit;
        (self.reading(evaluation), over_limit, self.evaluator, self.kafka)
    }

    fn reading(&self, evaluation: crate::rules::Evaluation) -> NodeReading {
        NodeReading {
            jvm: self.jvm.as_ref().map(JvmFamilies::families).unwrap_or_default(),
            kafka: self.kafka.families(),
            rules: evaluation.families,
            node_id: self.identity.node_id,
            kafka_version: self.identity.version.clone(),
            beans: evaluation.beans,
            duplicates_dropped: evaluation.duplicates_dropped,
            reserved_dropped: evaluation.reserved_dropped,
            pending_beans: evaluation.pending_beans,
            gave_up: evaluation.gave_up,
            renamed: evaluation.renamed,
            has_essentials: self.on_essentials.is_none(),
            requests: 0,
            bytes: 0,
            result: Ok(()),
            complete: false,
        }
    }
}

impl<F: FnOnce(NodeReading) + Send + 'static> BeanSink for NodeSink<F> {
    fn bean(&mut self, bean: Bean<'_>) {
        self.evaluator.bean(&bean);
        if let Some(jvm) = &mut self.jvm {
            jvm.bean(&bean);
        }
        self.kafka.bean(&bean);
        self.identity.bean(&bean);
    }

    fn essentials_complete(&mut self) {
        let evaluation = self.evaluator.so_far();
        // An agent whose policy denies everything has shown nothing.
        if evaluation.beans > 0
            && let Some(on_essentials) = self.on_essentials.take()
        {
            on_essentials(self.reading(evaluation));
        }
    }
}

/// The attributes of this bean that tell who the node is, each of which some beans lack. `None` = the bean does not tell.
pub fn needed(name: &ObjectName<'_>) -> Option<&'static [&'static str]> {
    let tells = name.domain == "kafka.server" && name.get("type") == Some("app-info");
    tells.then_some(&["Version", "version"])
}

/// Who the node says it is.
#[derive(Debug, Default)]
struct Identity {
    node_id: Option<i32>,
    version: Option<String>,
}

impl Identity {
    /// Kafka's server registers `kafka.server:type=app-info,id=<node.id>`, and since 4.2 (KIP-1120) the same with
    /// `client-id`; its own clients have such beans in other domains.
    fn bean(&mut self, bean: &Bean<'_>) {
        if !bean.name.starts_with("kafka.server:") || !bean.name.contains("type=app-info") {
            return;
        }
        let Ok(name) = ObjectName::parse(bean.name) else { return };
        if name.get("type") != Some("app-info") {
            return;
        }
        let parse = |key| name.get(key).and_then(|id| id.trim_matches('"').parse().ok());
        if let Some(id) = parse("id") {
            self.node_id = Some(id);
        } else if self.node_id.is_none() {
            self.node_id = parse("client-id");
        }
        // The attribute is `Version` in the bean with an id, `version` in those of the sensors.
        let version = bean.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case("version"));
        if let Some((_, Value::String(text))) = version {
            self.version = Some(text.clone().into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::sync::{LazyLock, mpsc};
    use std::time::Duration;

    use super::*;
    use crate::mbean::Query;

    /// What a node holds, and the plans it was asked with.
    #[derive(Default)]
    struct Node {
        beans: Vec<(&'static str, Vec<(&'static str, Value<'static>)>)>,
        changed: bool,
        error: Option<ReadErrorKind>,
        loses_sink: bool,
        withholds_second: bool,
        denies: bool,
        plans: Vec<Plan>,
    }

    #[derive(Default)]
    struct FakeTransport(std::sync::Mutex<Node>);

    impl Transport for FakeTransport {
        async fn read<S: BeanSink>(&self, plan: &Plan, _: Instant, mut sink: S) -> Answer<S> {
            let mut node = self.0.lock().unwrap();
            node.plans.push(plan.clone());
            let asked = |queries: &[Query], name: &str| {
                queries.iter().any(|query| name.starts_with(query.pattern.trim_end_matches(['*', ','])))
            };
            let parts = if node.withholds_second { 1 } else { 2 };
            for (part, queries) in [&plan.essentials, &plan.per_partition].into_iter().take(parts).enumerate() {
                for (name, attributes) in node.beans.iter().filter(|(name, _)| !node.denies && asked(queries, name)) {
                    let attributes: Vec<(Cow<'_, str>, _)> =
                        attributes.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
                    sink.bean(Bean { name, attributes: &attributes });
                }
                if part == 0 && !plan.is_empty() {
                    sink.essentials_complete();
                }
            }
            let names =
                (plan.is_empty() || node.changed).then(|| node.beans.iter().map(|(name, _)| (*name).into()).collect());
            let result = match node.error {
                Some(kind) => Err(ReadError { kind, message: "failed".to_owned() }),
                None => Ok(()),
            };
            let sink = (!node.loses_sink).then_some(sink);
            Answer { sink, requests: if plan.is_empty() { 1 } else { 2 }, bytes: 10, names, result }
        }
    }

    fn collector() -> NodeCollector<FakeTransport> {
        let collector = NodeCollector::new(FakeTransport::default());
        collector.transport.0.lock().unwrap().beans = vec![
            ("kafka.server:type=app-info", vec![("version", Value::String("0.0.1".into()))]),
            ("kafka.server:type=app-info,client-id=9", vec![]),
            ("kafka.server:type=app-info,id=7", vec![("Version", Value::String("4.3.0".into()))]),
            ("kafka.consumer:type=app-info,id=8", vec![]),
            ("kafka.log:type=Log,name=Size,topic=t,partition=0", vec![("Value", Value::Long(3))]),
            ("java.lang:type=Threading", vec![("ThreadCount", Value::Long(5))]),
        ];
        collector
    }

    async fn collect(collector: &NodeCollector<FakeTransport>) -> NodeReading {
        collect_with(collector, &RULES).await
    }

    static RULES: LazyLock<Arc<Rules>> = LazyLock::new(Arc::default);

    async fn collect_with(collector: &NodeCollector<FakeTransport>, rules: &Arc<Rules>) -> NodeReading {
        collector.collect(rules, Instant::now() + Duration::from_secs(10), |_| {}).await
    }

    fn names(families: &[Family]) -> Vec<&str> {
        families.iter().map(|family| &*family.name).collect()
    }

    #[tokio::test]
    async fn the_first_contact_learns_the_plan_and_reads_in_one_go() {
        let collector = collector();
        let (send, essentials) = mpsc::channel();
        let reading = collector
            .collect(&RULES, Instant::now() + Duration::from_secs(10), move |essentials| send.send(essentials).unwrap())
            .await;
        assert_eq!((reading.node_id, reading.kafka_version.as_deref()), (Some(7), Some("4.3.0")));
        assert_eq!((reading.requests, reading.bytes, reading.beans, reading.complete), (3, 20, 6, true));
        assert_eq!(names(&reading.rules), ["java_lang_threading_threadcount", "kafka_log_log_value"]);
        assert_eq!(names(&reading.jvm), ["jvm_threads_current"]);
        assert_eq!(names(&reading.kafka), ["kafka_broker_build_info"]);
        let essentials = essentials.recv().unwrap();
        assert_eq!((names(&essentials.rules), essentials.complete), (vec!["java_lang_threading_threadcount"], false));
        assert_eq!(collect(&collector).await.requests, 2);
    }

    #[tokio::test]
    async fn a_kind_that_is_new_in_a_domain_with_partitions_is_there_by_the_second_scrape() {
        let collector = collector();
        collect(&collector).await;
        {
            let mut node = collector.transport.0.lock().unwrap();
            node.beans.push(("kafka.log:type=New", vec![("Value", Value::Long(1))]));
            node.changed = true;
        }
        assert!(!names(&collect(&collector).await.rules).contains(&"kafka_log_new_value"));
        assert!(names(&collect(&collector).await.rules).contains(&"kafka_log_new_value"));
    }

    #[tokio::test]
    async fn a_failed_read_keeps_what_arrived_and_the_next_one_works() {
        let collector = collector();
        collect(&collector).await;
        collector.transport.0.lock().unwrap().error = Some(ReadErrorKind::Timeout);
        let reading = collect(&collector).await;
        assert_eq!(reading.result.unwrap_err().kind, ReadErrorKind::Timeout);
        assert!(!reading.complete && !reading.rules.is_empty());
        {
            let mut node = collector.transport.0.lock().unwrap();
            (node.error, node.loses_sink) = (None, true);
        }
        assert_eq!(collect(&collector).await.result.unwrap_err().kind, ReadErrorKind::Internal);
        collector.transport.0.lock().unwrap().loses_sink = false;
        assert_eq!(collect(&collector).await.result, Ok(()));
    }

    #[tokio::test]
    async fn sums_of_request_times_do_not_fall_from_scrape_to_scrape() {
        let collector = collector();
        let bean = "kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce";
        let read = |mean: f64| (bean, vec![("Count", Value::Long(10)), ("Mean", Value::Double(mean))]);
        collector.transport.0.lock().unwrap().beans.push(read(2.0));
        collect(&collector).await;
        *collector.transport.0.lock().unwrap().beans.last_mut().unwrap() = read(1.5);
        let reading = collect(&collector).await;
        let times = reading.kafka.iter().find(|family| &*family.name == "kafka_request_total_time_seconds").unwrap();
        assert_eq!(times.samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [10.0, 0.02]);
    }

    #[tokio::test]
    async fn what_arrived_of_a_read_that_was_cut_short_is_learned_from() {
        let collector = collector();
        let rules =
            Rules::load("rules: [{pattern: 'java.lang<type=Threading><>ThreadCount:', name: threads}]", "r.yml");
        let rules = Arc::new(rules.unwrap());
        {
            let mut node = collector.transport.0.lock().unwrap();
            (node.withholds_second, node.error) = (true, Some(ReadErrorKind::Timeout));
        }
        // The names, all that they name, what is wanted of it.
        for _ in 0..3 {
            assert!(collect_with(&collector, &rules).await.result.is_err());
        }
        let plan = collector.transport.0.lock().unwrap().plans.pop().unwrap();
        let asked: Vec<&str> = plan.essentials.iter().map(|query| query.pattern.as_str()).collect();
        assert!(!asked.iter().any(|pattern| pattern.starts_with("kafka.consumer")), "{asked:?}");
        assert_eq!(plan.per_partition.len(), 1, "the bean that did not come is asked for again");
        {
            let mut node = collector.transport.0.lock().unwrap();
            (node.withholds_second, node.error) = (false, None);
        }
        assert_eq!(collect_with(&collector, &rules).await.result, Ok(()));
        assert_eq!(names(&collect_with(&collector, &rules).await.rules), ["threads"]);
        let plan = collector.transport.0.lock().unwrap().plans.pop().unwrap();
        assert_eq!(plan.per_partition.len(), 0, "no rule wants it");
    }

    #[tokio::test]
    async fn what_there_was_no_time_to_try_the_rules_on_is_told_and_tried_by_the_next_scrape() {
        let collector = collector();
        let reading = collector.collect(&RULES, Instant::now(), |_| {}).await;
        let failure = reading.result.unwrap_err();
        assert_eq!((failure.kind, reading.pending_beans), (ReadErrorKind::Learning, 6));
        assert!(failure.message.contains("6 of 6 MBeans"), "{failure}");
        // What needs no rules is there.
        assert_eq!((names(&reading.jvm), reading.node_id), (vec!["jvm_threads_current"], Some(7)));
        let reading = collect(&collector).await;
        assert_eq!((reading.result, reading.pending_beans, reading.complete), (Ok(()), 0, true));
        assert_eq!(names(&reading.rules), ["java_lang_threading_threadcount", "kafka_log_log_value"]);
    }

    #[tokio::test]
    async fn other_rules_are_followed_at_once() {
        let collector = collector();
        collect(&collector).await;
        let other = Arc::new(Rules { lowercase_output_name: false, ..Rules::default() });
        let reading = collect_with(&collector, &other).await;
        assert_eq!(
            (names(&reading.rules), reading.requests),
            (vec!["java_lang_Threading_ThreadCount", "kafka_log_Log_Value"], 3)
        );
    }

    #[tokio::test]
    async fn an_agent_that_denies_all_reads_has_failed_and_shows_nothing() {
        let collector = collector();
        for (error, message) in [(None, "access policy"), (Some(ReadErrorKind::Agent), "failed")] {
            {
                let mut node = collector.transport.0.lock().unwrap();
                (node.denies, node.error) = (true, error);
            }
            // Above all, no essentials.
            let deadline = Instant::now() + Duration::from_secs(10);
            let reading =
                collector.collect(&Arc::default(), deadline, |essentials| unreachable!("{essentials:?}")).await;
            assert!(!reading.has_essentials && !reading.complete);
            let failure = reading.result.unwrap_err();
            assert_eq!(failure.kind, ReadErrorKind::Agent);
            assert!(failure.message.contains(message), "{failure}");
        }
    }

    #[tokio::test]
    async fn a_node_with_more_names_than_fit_is_too_large() {
        let collector = collector();
        let long: &'static str = format!("odd:type={}", "x".repeat(250_000)).leak();
        let attribute = |index: i64| (&*format!("A{index}").leak(), Value::Long(index));
        collector.transport.0.lock().unwrap().beans.push((long, (0..1000).map(attribute).collect()));
        let reading = collect(&collector).await;
        assert_eq!(reading.result.unwrap_err().kind, ReadErrorKind::TooLarge);
        assert!(!reading.complete && names(&reading.jvm).contains(&"jvm_threads_current"));
    }

    #[tokio::test]
    async fn a_node_without_beans_is_an_error_and_asked_for_names_again() {
        let collector = NodeCollector::new(FakeTransport::default());
        for _ in 0..2 {
            assert_eq!(collect(&collector).await.result.unwrap_err().kind, ReadErrorKind::Agent);
        }
        assert!(collector.transport.0.lock().unwrap().plans.iter().all(Plan::is_empty));
    }
}
