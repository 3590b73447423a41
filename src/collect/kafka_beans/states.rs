//! States: a text or a number in, one sample for each state there is out, 1 for the current one. So no series ends when the
//! state changes, and "not in state x" can be asked.

use super::{Attributes, kind_and_name, number, text};
use crate::mbean::ObjectName;
use crate::metrics::catalogue::Metric;
use crate::metrics::catalogue::kafka_beans::{BROKER_STATE, RAFT_STATE, ZOOKEEPER_SESSION_STATE};
use crate::metrics::{Family, Labels};

/// `org.apache.kafka.raft.internals.KafkaRaftMetrics` of Kafka 2.8 to 4.3.
const RAFT: [&str; 9] = [
    "leader",
    "candidate",
    "prospective",
    "prospective-voted",
    "voted",
    "follower",
    "unattached",
    "unattached-voted",
    "observer",
];

/// `org.apache.kafka.metadata.BrokerState`; 4 and 5 have never been in use.
const BROKER: [(f64, &str); 7] = [
    (0.0, "not_running"),
    (1.0, "starting"),
    (2.0, "recovery"),
    (3.0, "running"),
    (6.0, "pending_controlled_shutdown"),
    (7.0, "shutting_down"),
    (127.0, "unknown"),
];

/// `org.apache.zookeeper.ZooKeeper.States`, in lower case.
const ZOOKEEPER: [&str; 7] =
    ["connecting", "associating", "connected", "connectedreadonly", "closed", "auth_failed", "not_connected"];

/// One scrape's states.
#[derive(Debug, Default)]
pub(super) struct States {
    raft: Option<String>,
    broker: Option<&'static str>,
    zookeeper: Option<String>,
}

/// What a bean tells.
enum Subject {
    Raft,
    Broker,
    ZooKeeper,
}

fn subject(name: &ObjectName<'_>) -> Option<Subject> {
    match kind_and_name(name, "kafka.server")? {
        ("raft-metrics", "") => Some(Subject::Raft),
        ("KafkaServer", "BrokerState") => Some(Subject::Broker),
        ("SessionExpireListener", "SessionState") => Some(Subject::ZooKeeper),
        _ => None,
    }
}

pub(super) fn needed(name: &ObjectName<'_>) -> Option<&'static [&'static str]> {
    subject(name).map(|subject| match subject {
        Subject::Raft => ["current-state"].as_slice(),
        Subject::Broker | Subject::ZooKeeper => &["Value"],
    })
}

impl States {
    pub(super) fn bean(&mut self, name: &ObjectName<'_>, attributes: Attributes<'_, '_>) {
        match subject(name) {
            Some(Subject::Raft) => self.raft = text(attributes, "current-state").map(str::to_owned),
            Some(Subject::Broker) => {
                let known = |number| BROKER.iter().find(|(other, _)| *other == number).map(|&(_, state)| state);
                self.broker = number(attributes, "Value").map(|number| known(number).unwrap_or("unknown"));
            }
            Some(Subject::ZooKeeper) => self.zookeeper = text(attributes, "Value").map(str::to_lowercase),
            None => {}
        }
    }

    pub(super) fn families(&self) -> Vec<Family> {
        let broker = BROKER.map(|(_, state)| state);
        [
            state_set(&RAFT_STATE, &RAFT, self.raft.as_deref()),
            state_set(&BROKER_STATE, &broker, self.broker),
            state_set(&ZOOKEEPER_SESSION_STATE, &ZOOKEEPER, self.zookeeper.as_deref()),
        ]
        .into()
    }
}

/// A sample for each state; for a current one that is not among them too.
fn state_set(metric: &Metric, states: &[&str], current: Option<&str>) -> Family {
    let mut family = metric.family();
    let Some(current) = current else { return family };
    let new = (!states.contains(&current)).then_some(current);
    for state in states.iter().copied().chain(new) {
        family.push(Labels::new([("state", state)]), f64::from(u8::from(state == current)));
    }
    family
}

#[cfg(test)]
mod tests {
    use super::super::KafkaBeanFamilies;
    use super::super::tests::scrape;
    use super::*;
    use crate::mbean::Value;

    /// The states that are 1, and how many samples there are.
    fn current(name: &str, attribute: &str, value: Value<'static>) -> (Vec<String>, usize) {
        let lines = scrape(&mut KafkaBeanFamilies::default(), &[(name, &[(attribute, value)])]);
        let count = lines.len();
        let ones = lines.into_iter().filter_map(|line| Some(line.strip_suffix(" 1")?.to_owned()));
        (ones.collect(), count)
    }

    #[test]
    fn one_state_is_1_and_all_others_are_there() {
        let raft = "kafka.server:type=raft-metrics";
        let (ones, count) = current(raft, "current-state", Value::String("follower".into()));
        assert_eq!((ones, count), (vec![r#"kafka_raft_state{state="follower"}"#.to_owned()], RAFT.len()));
        // A later Kafka's.
        let (ones, count) = current(raft, "current-state", Value::String("retired".into()));
        assert_eq!((ones, count), (vec![r#"kafka_raft_state{state="retired"}"#.to_owned()], RAFT.len() + 1));
        assert_eq!(current(raft, "current-state", Value::Null), (vec![], 0));

        let broker = "kafka.server:type=KafkaServer,name=BrokerState";
        for (number, state) in [(3, "running"), (6, "pending_controlled_shutdown"), (5, "unknown")] {
            let (ones, count) = current(broker, "Value", Value::Long(number));
            assert_eq!((ones, count), (vec![format!(r#"kafka_broker_state{{state="{state}"}}"#)], BROKER.len()));
        }

        let session = "kafka.server:type=SessionExpireListener,name=SessionState";
        let (ones, count) = current(session, "Value", Value::String("CONNECTED".into()));
        let expected = r#"kafka_zookeeper_session_state{state="connected"}"#.to_owned();
        assert_eq!((ones, count), (vec![expected], ZOOKEEPER.len()));
    }
}
