//! What a node is and does as a whole: version, cluster and disk traffic in, info metrics and counters out.

use super::{Attributes, kind_and_name, number, single, text};
use crate::mbean::ObjectName;
use crate::metrics::catalogue::kafka_beans::{BUILD_INFO, CLUSTER_INFO, DISK_READ, DISK_WRITE};
use crate::metrics::{Family, Labels};

/// One scrape's findings. A node that is broker and controller tells some of it twice, with the same values.
#[derive(Debug, Default)]
pub(super) struct NodeInfo {
    version: Option<String>,
    commit: Option<String>,
    cluster: Option<String>,
    read: Option<f64>,
    written: Option<f64>,
}

/// What a bean tells.
enum Subject {
    Build,
    Cluster,
    Read,
    Written,
}

fn subject(name: &ObjectName<'_>) -> Option<Subject> {
    match kind_and_name(name, "kafka.server")? {
        ("app-info", "") => name.get("id").map(|_| Subject::Build),
        ("KafkaServer" | "ControllerServer", "ClusterId") => Some(Subject::Cluster),
        ("KafkaServer" | "ControllerServer", "linux-disk-read-bytes") => Some(Subject::Read),
        ("KafkaServer" | "ControllerServer", "linux-disk-write-bytes") => Some(Subject::Written),
        _ => None,
    }
}

pub(super) fn needed(name: &ObjectName<'_>) -> Option<&'static [&'static str]> {
    subject(name).map(|subject| match subject {
        Subject::Build => ["Version", "CommitId"].as_slice(),
        Subject::Cluster | Subject::Read | Subject::Written => &["Value"],
    })
}

impl NodeInfo {
    pub(super) fn bean(&mut self, name: &ObjectName<'_>, attributes: Attributes<'_, '_>) {
        let value = || number(attributes, "Value").filter(|&bytes| bytes >= 0.0);
        match subject(name) {
            Some(Subject::Build) => {
                self.version = text(attributes, "Version").map(str::to_owned);
                self.commit = text(attributes, "CommitId").map(str::to_owned);
            }
            Some(Subject::Cluster) => self.cluster = text(attributes, "Value").map(str::to_owned),
            // Both are read from /proc/self/io: of two readings the later one is the larger one.
            Some(Subject::Read) => self.read = larger(value(), self.read),
            Some(Subject::Written) => self.written = larger(value(), self.written),
            None => {}
        }
    }

    pub(super) fn families(&self) -> Vec<Family> {
        let build = self.version.as_deref().map(|version| {
            Labels::new([("version", version), ("commit_id", self.commit.as_deref().unwrap_or("unknown"))])
        });
        let cluster = self.cluster.as_deref().map(|cluster| Labels::new([("cluster_id", cluster)]));
        let info = |metric, labels: Option<Labels>| labels.and_then(|labels| single(metric, labels, Some(1.0)));
        let counter = |metric, value| single(metric, Labels::none(), value);
        let families = [
            info(&BUILD_INFO, build),
            info(&CLUSTER_INFO, cluster),
            counter(&DISK_READ, self.read),
            counter(&DISK_WRITE, self.written),
        ];
        families.into_iter().flatten().collect()
    }
}

fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::KafkaBeanFamilies;
    use super::super::tests::scrape;
    use crate::mbean::Value;

    #[test]
    fn a_node_of_both_roles_is_told_once() {
        let text = |text: &'static str| Value::String(text.into());
        let lines = scrape(
            &mut KafkaBeanFamilies::default(),
            &[
                ("kafka.server:type=app-info,id=1", &[("Version", text("4.3.0")), ("CommitId", text("abc"))]),
                ("kafka.server:type=app-info,client-id=1", &[("version", text("4.3.0"))]),
                ("kafka.server:type=KafkaServer,name=ClusterId", &[("Value", text("x-1"))]),
                ("kafka.server:type=ControllerServer,name=ClusterId", &[("Value", text("x-1"))]),
                ("kafka.server:type=ControllerServer,name=linux-disk-read-bytes", &[("Value", Value::Long(7))]),
                ("kafka.server:type=KafkaServer,name=linux-disk-read-bytes", &[("Value", Value::Long(5))]),
                // What Kafka gives where there is no /proc.
                ("kafka.server:type=KafkaServer,name=linux-disk-write-bytes", &[("Value", Value::Long(-1))]),
            ],
        );
        assert_eq!(
            lines,
            [
                r#"kafka_broker_build_info{commit_id="abc",version="4.3.0"} 1"#,
                r#"kafka_cluster_info{cluster_id="x-1"} 1"#,
                "kafka_disk_read_bytes_total{} 7",
            ]
        );
    }
}
