//! What rules cannot make of a node's Kafka MBeans: beans in, scrape after scrape, families under names of our own out.

mod idle;
mod node_info;
mod request_times;
mod states;

use std::borrow::Cow;

use idle::Idle;
use node_info::NodeInfo;
use request_times::RequestTimes;
use states::States;

use crate::mbean::{Bean, ObjectName, Value};
use crate::metrics::catalogue::Metric;
use crate::metrics::{Family, Labels};

/// Attributes as a bean has them.
type Attributes<'a, 'v> = &'a [(Cow<'v, str>, Value<'v>)];

/// Types of beans that any of these families comes from: of a node's tens of thousands, only these names are parsed.
const TYPES: [&str; 9] = [
    "RequestMetrics",
    "Acceptor",
    "KafkaRequestHandlerPool",
    "socket-server-metrics",
    "raft-metrics",
    "KafkaServer",
    "ControllerServer",
    "SessionExpireListener",
    "app-info",
];

/// Collects Kafka's own families of one node. Lives as long as the node is known: sums never fall from scrape to scrape.
#[derive(Debug, Default)]
pub struct KafkaBeanFamilies {
    times: RequestTimes,
    idle: Idle,
    states: States,
    info: NodeInfo,
}

impl KafkaBeanFamilies {
    /// Starts a new scrape.
    pub fn begin(&mut self) {
        self.times.begin();
        self.idle = Idle::default();
        self.states = States::default();
        self.info = NodeInfo::default();
    }

    /// Takes what it knows from a bean; others are ignored.
    pub fn bean(&mut self, bean: &Bean<'_>) {
        if !may_be_needed(bean.name) {
            return;
        }
        let Ok(name) = ObjectName::parse(bean.name) else { return };
        self.times.bean(&name, bean.attributes);
        self.idle.bean(&name, bean.attributes);
        self.states.bean(&name, bean.attributes);
        self.info.bean(&name, bean.attributes);
    }

    /// The families of this scrape so far, sorted by name, samples sorted by labels.
    pub fn families(&self) -> Vec<Family> {
        let mut families = self.times.families();
        families.extend(self.idle.families());
        families.extend(self.states.families());
        families.extend(self.info.families());
        families.retain(|family| !family.samples.is_empty());
        families.sort_by(|a, b| a.name.cmp(&b.name));
        for family in &mut families {
            family.samples.sort_by(|a, b| a.labels.cmp(&b.labels).then(a.suffix.as_str().cmp(b.suffix.as_str())));
        }
        families
    }
}

/// The attributes of this bean that [`KafkaBeanFamilies`] needs, in no order; not every version of Kafka has all of them.
/// `None` = it does not need the bean.
pub fn needed(name: &ObjectName<'_>) -> Option<&'static [&'static str]> {
    request_times::needed(name)
        .or_else(|| idle::needed(name))
        .or_else(|| states::needed(name))
        .or_else(|| node_info::needed(name))
}

/// Whether a look at the name cannot tell that it is not needed.
fn may_be_needed(name: &str) -> bool {
    let Some(properties) = name.strip_prefix("kafka.server:").or_else(|| name.strip_prefix("kafka.network:")) else {
        return false;
    };
    // Kafka puts the type first; a bean in whose name something else comes first is parsed.
    properties
        .strip_prefix("type=")
        .is_none_or(|kind| TYPES.contains(&kind.split_once(',').map_or(kind, |(kind, _)| kind)))
}

/// `type` and `name` of a bean of Kafka's server; an absent `name` is empty.
fn kind_and_name<'n>(name: &ObjectName<'n>, domain: &str) -> Option<(&'n str, &'n str)> {
    (name.domain == domain).then(|| Some((name.get("type")?, name.get("name").unwrap_or(""))))?
}

fn number(attributes: Attributes<'_, '_>, name: &str) -> Option<f64> {
    match attribute(attributes, name)? {
        Value::Long(number) => Some(*number as f64),
        Value::Double(number) => Some(*number).filter(|number| number.is_finite()),
        Value::Float(number) => Some(f64::from(*number)).filter(|number| number.is_finite()),
        _ => None,
    }
}

fn text<'a>(attributes: Attributes<'a, '_>, name: &str) -> Option<&'a str> {
    match attribute(attributes, name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn attribute<'a, 'v>(attributes: Attributes<'a, 'v>, name: &str) -> Option<&'a Value<'v>> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// A family with one sample, if there is a value.
fn single(metric: &Metric, labels: Labels, value: Option<f64>) -> Option<Family> {
    let mut family = metric.family();
    family.push(labels, value?);
    Some(family)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// One scrape: beans in, lines of samples out.
    pub(super) fn scrape(families: &mut KafkaBeanFamilies, beans: &[(&str, &[(&str, Value<'static>)])]) -> Vec<String> {
        families.begin();
        for (name, attributes) in beans {
            let attributes: Vec<_> = attributes.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
            families.bean(&Bean { name, attributes: &attributes });
        }
        let mut lines = Vec::new();
        for family in families.families() {
            for sample in family.samples {
                let (suffix, labels) = (sample.suffix.as_str(), sample.labels.as_str());
                lines.push(format!("{}{suffix}{{{labels}}} {}", family.name, sample.value));
            }
        }
        lines
    }

    /// Names as Kafka 4.3.0 has them, and whether they are needed.
    const NAMES: [(&str, bool); 22] = [
        ("kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce", true),
        ("kafka.network:type=RequestMetrics,name=RequestBytes,request=Produce", false),
        ("kafka.network:type=RequestMetrics,name=RequestsPerSec,request=Produce,version=9", false),
        ("kafka.network:type=Acceptor,name=AcceptorBlockedPercent,listener=PLAINTEXT", true),
        ("kafka.network:type=Processor,name=IdlePercent,networkProcessor=0", false),
        ("kafka.server:type=KafkaRequestHandlerPool,name=RequestHandlerAvgIdlePercent", true),
        ("kafka.server:type=KafkaRequestHandlerPool,name=ControllerRequestHandlerAvgIdlePercent", true),
        ("kafka.server:type=socket-server-metrics,listener=PLAINTEXT,networkProcessor=0", true),
        ("kafka.server:type=socket-server-metrics,listener=PLAINTEXT", false),
        (
            "kafka.server:type=socket-server-metrics,clientSoftwareName=a,clientSoftwareVersion=1,listener=P,networkProcessor=0",
            false,
        ),
        ("kafka.server:type=raft-metrics", true),
        ("kafka.server:type=raft-channel-metrics", false),
        ("kafka.server:type=KafkaServer,name=BrokerState", true),
        ("kafka.server:type=KafkaServer,name=ClusterId", true),
        ("kafka.server:type=KafkaServer,name=yammer-metrics-count", false),
        ("kafka.server:type=ControllerServer,name=linux-disk-read-bytes", true),
        ("kafka.server:type=SessionExpireListener,name=SessionState", true),
        ("kafka.server:type=app-info,id=1", true),
        ("kafka.server:type=app-info", false),
        ("kafka.consumer:type=app-info,id=1", false),
        ("kafka.server:type=FetcherLagMetrics,name=ConsumerLag,clientId=a,topic=t,partition=0", false),
        ("java.lang:type=Memory", false),
    ];

    #[test]
    fn no_bean_is_needed_that_the_look_at_the_name_rules_out() {
        for (text, expected) in NAMES {
            let name = ObjectName::parse(text).unwrap();
            assert_eq!(needed(&name).is_some(), expected, "{text}");
            assert!(!expected || may_be_needed(text), "{text}");
        }
        assert!(may_be_needed("kafka.server:name=BrokerState,type=KafkaServer"));
        assert!(!may_be_needed("kafka.server:type=FetcherLagMetrics,name=ConsumerLag"));
    }

    /// What is asked for is what is used: leaving all other attributes out changes nothing, leaving one of these out does.
    #[test]
    fn the_attributes_needed_are_all_that_is_used() {
        let value = |bean: &str, attribute: &str| match attribute {
            "current-state" | "Version" | "CommitId" => Value::String("leader".into()),
            "Value" if bean.ends_with("ClusterId") || bean.ends_with("SessionState") => {
                Value::String("connected".into())
            }
            _ => Value::Long(3),
        };
        // Two of a bean's names for one thing, of which Kafka has one or the other.
        let alternatives: HashMap<_, _> = [("io-waittime-total", "io-wait-time-ns-total")].into();
        for (text, _) in NAMES.iter().filter(|(_, needed)| *needed) {
            let attributes = needed(&ObjectName::parse(text).unwrap()).unwrap();
            let with = |attributes: &[&'static str]| {
                let attributes: Vec<_> = attributes.iter().map(|name| (*name, value(text, name))).collect();
                scrape(&mut KafkaBeanFamilies::default(), &[(*text, &attributes)])
            };
            let all = with(attributes);
            for left_out in attributes.iter().filter(|name| !alternatives.contains_key(*name)) {
                let rest: Vec<_> = attributes
                    .iter()
                    .filter(|name| *name != left_out && alternatives.get(*name) != Some(left_out))
                    .copied()
                    .collect();
                assert_ne!(with(&rest), all, "{text} without {left_out}");
            }
        }
    }
}
