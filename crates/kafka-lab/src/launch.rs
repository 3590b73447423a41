//! From one node's plan to the command line that starts it. Pure text; nothing is run here.

use std::{
    ffi::OsStr,
    fmt::Write,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{KafkaVersion, builder::NodeSpec, listener::Endpoint};

/// The logging library's configuration in the folder of a node or of ZooKeeper.
pub(crate) const LOGGING: &str = "logging.properties";

/// Where the nodes' services listen: the same ports on each node's own address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    pub(crate) kafka: u16,
    pub(crate) controller: u16,
    pub(crate) jolokia: u16,
    pub(crate) jmx: u16,
    pub(crate) exporter: u16,
    /// The listeners beside the plain one.
    pub(crate) more: Vec<Endpoint>,
}

/// All that is known of one node before it starts.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) id: i32,
    pub(crate) host: Ipv4Addr,
    pub(crate) broker: bool,
    pub(crate) controller: bool,
    pub(crate) folder: PathBuf,
    pub(crate) ports: Ports,
    pub(crate) spec: NodeSpec,
    /// Server properties that all nodes share; the spec's win.
    pub(crate) properties: Vec<(String, String)>,
    /// Options of the JVM that all nodes share.
    pub(crate) jvm_options: Vec<String>,
}

impl Plan {
    pub(crate) fn properties_file(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    /// For tests of this crate: node 2.
    #[cfg(test)]
    pub(crate) fn example(broker: bool, controller: bool) -> Self {
        Self {
            id: 2,
            host: Ipv4Addr::new(127, 0, 0, 2),
            broker,
            controller,
            folder: "/tmp/lab/node-2".into(),
            ports: Ports { kafka: 1000, controller: 2000, jolokia: 3000, jmx: 4000, exporter: 5000, more: Vec::new() },
            spec: NodeSpec::default(),
            properties: Vec::new(),
            jvm_options: Vec::new(),
        }
    }

    pub(crate) fn rules_file(&self) -> PathBuf {
        self.folder.join("jmx_exporter.yaml")
    }
}

/// `java` with what all main classes of Kafka and ZooKeeper need here, in `folder`, which has a [`LOGGING`] file.
pub(crate) fn java(java: &Path, version: KafkaVersion, class_path: impl AsRef<OsStr>, folder: &Path) -> Command {
    let logging = folder.join(LOGGING).display().to_string();
    let mut command = Command::new(java);
    command.arg(match version {
        KafkaVersion::V2_8_2 | KafkaVersion::V3_9_1 => format!("-Dlog4j.configuration=file:{logging}"),
        KafkaVersion::V4_3_0 => format!("-Dlog4j2.configurationFile={logging}"),
    });
    command.arg("-cp").arg(class_path).current_dir(folder);
    // Someone's settings for another JVM, such as a debugger's port, are not for the nodes.
    command.env_remove("JAVA_TOOL_OPTIONS").env_remove("JDK_JAVA_OPTIONS").env_remove("CLASSPATH");
    command
}

/// Agents to load.
#[derive(Clone, Debug, Default)]
pub(crate) struct AgentJars {
    pub(crate) jolokia: Option<PathBuf>,
    pub(crate) exporter: Option<PathBuf>,
    pub(crate) hand_made_beans: Option<PathBuf>,
}

/// The rest of a node's command line.
pub(crate) fn node_arguments(plan: &Plan, jars: &AgentJars) -> Vec<String> {
    let Plan { host, ports, spec, .. } = plan;
    // The collector that Kafka's own start script picks, since its beans are read; a small machine's default is another one.
    let mut arguments =
        vec![format!("-Xmx{}m", spec.heap_mib), "-XX:+UseG1GC".into(), "-Djava.awt.headless=true".into()];
    arguments.extend_from_slice(&plan.jvm_options);
    if spec.quick_start {
        arguments.push("-XX:TieredStopAtLevel=1".into());
    }
    if let Some(jar) = &jars.jolokia {
        let mut agent = format!("-javaagent:{}=port={},host={host}", jar.display(), ports.jolokia);
        for (key, value) in &spec.jolokia_options {
            let _ = write!(agent, ",{key}={value}");
        }
        arguments.push(agent);
    }
    if let Some(jar) = &jars.hand_made_beans {
        arguments.push(format!("-javaagent:{}", jar.display()));
    }
    if let Some(jar) = &jars.exporter {
        let (port, rules) = (ports.exporter, plan.rules_file());
        arguments.push(format!("-javaagent:{}={host}:{port}:{}", jar.display(), rules.display()));
    }
    if spec.jmx {
        let jmx = "com.sun.management.jmxremote";
        arguments.extend([
            format!("-D{jmx}"),
            format!("-D{jmx}.host={host}"),
            format!("-D{jmx}.port={}", ports.jmx),
            format!("-D{jmx}.rmi.port={}", ports.jmx),
            format!("-D{jmx}.authenticate=false"),
            format!("-D{jmx}.ssl=false"),
            format!("-Djava.rmi.server.hostname={host}"),
        ]);
    }
    arguments.push("kafka.Kafka".into());
    arguments.push(plan.properties_file().display().to_string());
    arguments
}

/// A cluster id as Kafka makes them: 16 random bytes in URL-safe base64, which are 21 characters of 6 bits and one of 2.
pub(crate) fn cluster_id(random: [u8; 16]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = u128::from_be_bytes(random);
    let digit = |shift: u32| {
        // The last digit holds two bits, at its upper end.
        let six = if shift == 0 { (bits << 4) & 63 } else { (bits >> (shift * 6 - 4)) & 63 };
        usize::try_from(six).ok().and_then(|six| ALPHABET.get(six)).map_or('A', |byte| char::from(*byte))
    };
    (0..22).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_listen_on_the_nodes_own_address() {
        let mut plan = Plan::example(true, true);
        plan.spec.jolokia_option("user", "u").jmx();
        let jars = AgentJars {
            jolokia: Some("/j.jar".into()),
            exporter: Some("/a.jar".into()),
            hand_made_beans: Some("/b.jar".into()),
        };
        let arguments = node_arguments(&plan, &jars).join(" ");
        for expected in [
            "-javaagent:/j.jar=port=3000,host=127.0.0.2,user=u",
            "-javaagent:/b.jar -javaagent:/a.jar=127.0.0.2:5000:/tmp/lab/node-2/jmx_exporter.yaml",
            "-Dcom.sun.management.jmxremote.rmi.port=4000",
        ] {
            assert!(arguments.contains(expected), "{expected} in {arguments}");
        }
    }

    #[test]
    fn cluster_ids_are_base64_of_16_bytes() {
        assert_eq!(cluster_id([0; 16]), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(cluster_id([255; 16]), "_____________________w");
        // From `printf ... | base64`.
        let bytes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        assert_eq!(cluster_id(bytes), "AAECAwQFBgcICQoLDA0ODw");
    }
}
