//! Real attributes of Kafka's beans, of every shape that rules stumble over.

use crate::mbean::ObjectName;
use crate::rules::Rule;
use crate::rules::naming::snake_case;

/// Why there may be very many beans of a probe's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A fixed number per broker.
    Few,
    PerPartition,
    PerClient,
}

/// An attribute of a bean as a broker has it.
pub(super) struct Probe {
    /// The bean.
    pub(super) name: &'static str,
    attribute: &'static str,
    pub(super) kind: Kind,
}

/// The value of every probe, such as no name holds.
pub(super) const VALUE: &str = "7351.25";

/// What patterns for integers alone are tried with.
pub(super) const INTEGER: &str = "7351";

const fn probe(name: &'static str, attribute: &'static str, kind: Kind) -> Probe {
    Probe { name, attribute, kind }
}

pub(super) const PROBES: [Probe; 24] = [
    probe("kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec", "Count", Kind::Few),
    probe("kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec", "OneMinuteRate", Kind::Few),
    probe("kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec,topic=orders", "Count", Kind::Few),
    probe("kafka.server:type=ReplicaManager,name=UnderReplicatedPartitions", "Value", Kind::Few),
    probe("kafka.network:type=RequestMetrics,name=RequestsPerSec,request=Fetch,version=17", "Count", Kind::Few),
    probe("kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Fetch", "Count", Kind::Few),
    probe("kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Fetch", "99thPercentile", Kind::Few),
    probe("kafka.network:type=RequestMetrics,name=ErrorsPerSec,request=Fetch,error=NONE", "Count", Kind::Few),
    probe(
        "kafka.network:type=RequestMetrics,name=DeprecatedRequestsPerSec,request=Produce,version=0,\
         clientSoftwareName=apache,clientSoftwareVersion=1",
        "Count",
        Kind::Few,
    ),
    probe("kafka.network:type=Processor,name=IdlePercent,networkProcessor=2", "Value", Kind::Few),
    probe(
        "kafka.server:type=socket-server-metrics,listener=PLAINTEXT,networkProcessor=2",
        "connection-count",
        Kind::Few,
    ),
    probe(
        "kafka.server:type=socket-server-metrics,cipher=TLS_AES_256_GCM_SHA384,protocol=TLSv1.3,listener=SSL,\
         networkProcessor=2",
        "connections",
        Kind::Few,
    ),
    probe(
        "kafka.server:type=socket-server-metrics,clientSoftwareName=apache-kafka-java,clientSoftwareVersion=3.9.1,\
         listener=PLAINTEXT,networkProcessor=2",
        "connections",
        Kind::Few,
    ),
    probe("kafka.server:type=DelayedOperationPurgatory,name=PurgatorySize,delayedOperation=Fetch", "Value", Kind::Few),
    probe("kafka.server:type=group-coordinator-metrics", "partition-load-time-max", Kind::Few),
    probe("kafka.controller:type=KafkaController,name=ActiveControllerCount", "Value", Kind::Few),
    probe("java.lang:type=Threading", "ThreadCount", Kind::Few),
    probe("kafka.log:type=Log,name=Size,topic=orders,partition=11", "Value", Kind::PerPartition),
    probe("kafka.cluster:type=Partition,name=UnderReplicated,topic=orders,partition=11", "Value", Kind::PerPartition),
    probe(
        "kafka.server:type=FetcherLagMetrics,name=ConsumerLag,clientId=ReplicaFetcherThread-0-2,topic=orders,partition=11",
        "Value",
        Kind::PerPartition,
    ),
    probe("kafka.server:type=Produce,client-id=billing-1", "byte-rate", Kind::PerClient),
    probe("kafka.server:type=Fetch,user=\"CN=billing,OU=x\",client-id=\"c 1\"", "byte-rate", Kind::PerClient),
    probe("kafka.server:type=Request,user=\"CN=billing,OU=x\"", "request-time", Kind::PerClient),
    probe(
        "kafka.network:type=RequestMetrics,name=MessageConversionsTimeMs,request=Produce",
        "50thPercentile",
        Kind::Few,
    ),
];

impl Probe {
    /// What the rule's pattern is tried with.
    pub(super) fn match_string(&self, rule: &Rule) -> String {
        let (domain, properties) = self.name.split_once(':').unwrap_or_default();
        let properties = match ObjectName::parse(self.name) {
            Ok(name) => {
                name.properties.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
            }
            Err(_) => properties.to_owned(),
        };
        let attribute = if rule.attr_name_snake_case { snake_case(self.attribute) } else { self.attribute.to_owned() };
        let value = if rule.cache { "<cache>" } else { VALUE };
        format!("{domain}<{properties}><>{attribute}: {value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_beans_and_their_match_strings_are_jmx_exporters() {
        for probe in &PROBES {
            ObjectName::parse(probe.name).unwrap();
        }
        assert_eq!(
            PROBES[21].match_string(&Rule::default()),
            r#"kafka.server<type=Fetch, user="CN=billing,OU=x", client-id="c 1"><>byte-rate: 7351.25"#
        );
        let rule = Rule { attr_name_snake_case: true, cache: true, ..Rule::default() };
        assert_eq!(
            PROBES[1].match_string(&rule),
            "kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec><>one_minute_rate: <cache>"
        );
    }
}
