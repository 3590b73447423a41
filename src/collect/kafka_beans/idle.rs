//! How busy the threads are: counters of idle and of blocked nanoseconds in, the same in seconds out, so that their rate is
//! an exact ratio over any window. (Kafka's own ratios are averages of the last minutes, or since its start.)

use super::{Attributes, kind_and_name, number, single};
use crate::mbean::ObjectName;
use crate::metrics::catalogue::kafka_beans::{ACCEPTOR_BLOCKED, HANDLER_IDLE, HANDLER_POOL_IDLE, PROCESSOR_IDLE};
use crate::metrics::{Family, Labels};

const NANO: f64 = 1e9;

/// The waiting time of a network thread in nanoseconds, since Kafka 3.1 (KIP-773) and before.
const WAITED: [&str; 2] = ["io-wait-time-ns-total", "io-waittime-total"];

/// One scrape's counters.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// Of the handlers of the whole node.
    handlers: Option<f64>,
    pools: Vec<(Labels, f64)>,
    processors: Vec<(Labels, f64)>,
    acceptors: Vec<(Labels, f64)>,
}

/// What a bean tells.
enum Subject {
    Handlers,
    Pool(&'static str),
    Processor,
    Acceptor,
}

fn subject(name: &ObjectName<'_>) -> Option<Subject> {
    if let Some(("Acceptor", "AcceptorBlockedPercent")) = kind_and_name(name, "kafka.network") {
        return name.get("listener").map(|_| Subject::Acceptor);
    }
    match kind_and_name(name, "kafka.server")? {
        // Meters in nanoseconds: each thread marks its idle time divided by the number of threads.
        ("KafkaRequestHandlerPool", "RequestHandlerAvgIdlePercent") => Some(Subject::Handlers),
        ("KafkaRequestHandlerPool", "BrokerRequestHandlerAvgIdlePercent") => Some(Subject::Pool("broker")),
        ("KafkaRequestHandlerPool", "ControllerRequestHandlerAvgIdlePercent") => Some(Subject::Pool("controller")),
        // Not the beans that count connections by cipher or by client.
        ("socket-server-metrics", "") if name.properties.len() == 3 => {
            name.get("listener").and(name.get("networkProcessor")).map(|_| Subject::Processor)
        }
        _ => None,
    }
}

pub(super) fn needed(name: &ObjectName<'_>) -> Option<&'static [&'static str]> {
    subject(name).map(|subject| match subject {
        Subject::Processor => WAITED.as_slice(),
        _ => &["Count"],
    })
}

impl Idle {
    pub(super) fn bean(&mut self, name: &ObjectName<'_>, attributes: Attributes<'_, '_>) {
        let Some(subject) = subject(name) else { return };
        let nanoseconds = match subject {
            Subject::Processor => WAITED.iter().find_map(|attribute| number(attributes, attribute)),
            _ => number(attributes, "Count"),
        };
        let Some(seconds) = nanoseconds.map(|nanoseconds| nanoseconds / NANO) else { return };
        let key = |key| name.get(key).unwrap_or_default();
        match subject {
            Subject::Handlers => self.handlers = Some(seconds),
            Subject::Pool(pool) => self.pools.push((Labels::new([("pool", pool)]), seconds)),
            Subject::Acceptor => {
                self.acceptors.push((Labels::new([("listener", key("listener"))]), seconds));
            }
            Subject::Processor => {
                let labels = [("listener", key("listener")), ("network_processor", key("networkProcessor"))];
                self.processors.push((Labels::new(labels), seconds));
            }
        }
    }

    pub(super) fn families(&self) -> Vec<Family> {
        let labelled = [
            (&HANDLER_POOL_IDLE, &self.pools),
            (&PROCESSOR_IDLE, &self.processors),
            (&ACCEPTOR_BLOCKED, &self.acceptors),
        ];
        let labelled = labelled.into_iter().map(|(metric, samples)| {
            let mut family = metric.family();
            samples.iter().for_each(|(labels, value)| family.push(labels.clone(), *value));
            family
        });
        labelled.chain(single(&HANDLER_IDLE, Labels::none(), self.handlers)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::KafkaBeanFamilies;
    use super::super::tests::scrape;
    use crate::mbean::Value;

    #[test]
    fn nanoseconds_become_seconds_by_thread_and_listener() {
        let count = [("Count", Value::Long(1_500_000_000))];
        let lines = scrape(
            &mut KafkaBeanFamilies::default(),
            &[
                ("kafka.server:type=KafkaRequestHandlerPool,name=RequestHandlerAvgIdlePercent", &count),
                ("kafka.server:type=KafkaRequestHandlerPool,name=BrokerRequestHandlerAvgIdlePercent", &count),
                ("kafka.network:type=Acceptor,name=AcceptorBlockedPercent,listener=SSL", &count),
                (
                    "kafka.server:type=socket-server-metrics,listener=SSL,networkProcessor=1",
                    &[("io-wait-time-ns-total", Value::Double(2e9)), ("io-waittime-total", Value::Double(1e9))],
                ),
                (
                    "kafka.server:type=socket-server-metrics,listener=SSL,networkProcessor=0",
                    &[("io-waittime-total", Value::Double(1e9))],
                ),
                (
                    "kafka.server:type=socket-server-metrics,cipher=a,protocol=b,listener=SSL,networkProcessor=0",
                    &[("connections", Value::Long(1))],
                ),
            ],
        );
        assert_eq!(
            lines,
            [
                r#"kafka_acceptor_blocked_seconds_total{listener="SSL"} 1.5"#,
                r#"kafka_network_processor_idle_seconds_total{listener="SSL",network_processor="0"} 1"#,
                r#"kafka_network_processor_idle_seconds_total{listener="SSL",network_processor="1"} 2"#,
                "kafka_request_handler_idle_seconds_total{} 1.5",
                r#"kafka_request_handler_pool_idle_seconds_total{pool="broker"} 1.5"#,
            ]
        );
    }
}
