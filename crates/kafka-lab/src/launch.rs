//! From one node's plan to the files and the command line that start it. Pure text; nothing is run here.

use std::{
    fmt::Write,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{KafkaVersion, builder::NodeSpec, listener::Endpoint};

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

    pub(crate) fn logging_file(&self) -> PathBuf {
        self.folder.join("logging.properties")
    }

    pub(crate) fn rules_file(&self) -> PathBuf {
        self.folder.join("jmx_exporter.yaml")
    }
}

/// server.properties of a node; `voters` are the controllers with their addresses, `brokers` counts the brokers.
pub(crate) fn server_properties(plan: &Plan, voters: &[(i32, Ipv4Addr)], brokers: usize) -> String {
    let Plan { host, ports, .. } = plan;
    let address = |name: &str, port: u16| format!("{name}://{host}:{port}");
    let kafka = address("PLAINTEXT", ports.kafka);
    let controller = address("CONTROLLER", ports.controller);
    let more = |port: fn(&Endpoint) -> u16| {
        let more = ports.more.iter().map(|end| address(&end.listener.name().to_ascii_uppercase(), port(end)));
        std::iter::once(kafka.clone()).chain(more).collect::<Vec<_>>().join(",")
    };
    let (bound, advertised) = (more(|end| end.port), more(|end| end.advertised));
    let (roles, listeners) = match (plan.broker, plan.controller) {
        (true, true) => ("broker,controller", format!("{bound},{controller}")),
        (true, false) => ("broker", bound),
        (false, _) => ("controller", controller),
    };
    let mut protocols = vec!["PLAINTEXT:PLAINTEXT".to_owned(), "CONTROLLER:PLAINTEXT".to_owned()];
    protocols.extend(
        ports
            .more
            .iter()
            .map(|end| format!("{}:{}", end.listener.name().to_ascii_uppercase(), end.listener.protocol())),
    );
    let voters: Vec<String> = voters.iter().map(|(id, host)| format!("{id}@{host}:{}", ports.controller)).collect();
    // Three copies where there are three brokers, so that groups survive a frozen one; the least in-sync count stays one.
    let copies = brokers.min(3).to_string();
    let mut lines = vec![
        ("process.roles", roles.to_owned()),
        ("node.id", plan.id.to_string()),
        ("controller.quorum.voters", voters.join(",")),
        ("listeners", listeners),
        ("listener.security.protocol.map", protocols.join(",")),
        ("controller.listener.names", "CONTROLLER".into()),
        ("log.dirs", plan.folder.join("data").display().to_string()),
        ("offsets.topic.replication.factor", copies.clone()),
        ("offsets.topic.num.partitions", "10".into()),
        ("transaction.state.log.replication.factor", copies.clone()),
        ("transaction.state.log.min.isr", "1".into()),
        ("share.coordinator.state.topic.replication.factor", copies),
        ("share.coordinator.state.topic.min.isr", "1".into()),
        ("group.initial.rebalance.delay.ms", "0".into()),
    ];
    if plan.broker {
        lines.push(("advertised.listeners", advertised));
        lines.push(("inter.broker.listener.name", "PLAINTEXT".into()));
    }
    let mut text = String::new();
    // java.util.Properties lets the last one of a name win.
    let own = plan.properties.iter().chain(&plan.spec.properties).map(|(key, value)| (key.as_str(), value.clone()));
    for (key, value) in lines.into_iter().chain(own) {
        let _ = writeln!(text, "{key}={}", value.replace('\\', "\\\\"));
    }
    text
}

/// Warnings and errors to standard output, in the dialect of the version's logging library.
pub(crate) fn logging_properties(version: KafkaVersion) -> &'static str {
    match version {
        KafkaVersion::V3_9_1 => {
            "log4j.rootLogger=WARN, out\n\
             log4j.appender.out=org.apache.log4j.ConsoleAppender\n\
             log4j.appender.out.layout=org.apache.log4j.PatternLayout\n\
             log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n\n"
        }
        KafkaVersion::V4_3_0 => {
            "appender.out.type=Console\n\
             appender.out.name=out\n\
             appender.out.layout.type=PatternLayout\n\
             appender.out.layout.pattern=[%d] %p %m (%c)%n\n\
             rootLogger.level=WARN\n\
             rootLogger.appenderRef.out.ref=out\n"
        }
    }
}

/// `java` with what all of Kafka's main classes need here.
pub(crate) fn java(java: &Path, version: KafkaVersion, kafka: &Path, plan: &Plan) -> Command {
    let logging = plan.logging_file();
    let mut command = Command::new(java);
    command.arg(match version {
        KafkaVersion::V3_9_1 => format!("-Dlog4j.configuration=file:{}", logging.display()),
        KafkaVersion::V4_3_0 => format!("-Dlog4j2.configurationFile={}", logging.display()),
    });
    command.arg("-cp").arg(kafka.join("*")).current_dir(&plan.folder);
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

    fn plan(broker: bool, controller: bool) -> Plan {
        Plan {
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

    fn value<'a>(properties: &'a str, key: &str) -> Option<&'a str> {
        properties.lines().rev().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    }

    #[test]
    fn roles_decide_the_listeners() {
        let voters = [(2, Ipv4Addr::new(127, 0, 0, 2))];
        for (broker, controller, roles, listeners) in [
            (true, true, "broker,controller", "PLAINTEXT://127.0.0.2:1000,CONTROLLER://127.0.0.2:2000"),
            (true, false, "broker", "PLAINTEXT://127.0.0.2:1000"),
            (false, true, "controller", "CONTROLLER://127.0.0.2:2000"),
        ] {
            let text = server_properties(&plan(broker, controller), &voters, 3);
            assert_eq!(value(&text, "process.roles"), Some(roles));
            assert_eq!(value(&text, "listeners"), Some(listeners));
            assert_eq!(value(&text, "advertised.listeners").is_some(), broker);
            assert_eq!(value(&text, "controller.quorum.voters"), Some("2@127.0.0.2:2000"));
            assert_eq!(value(&text, "offsets.topic.replication.factor"), Some("3"));
        }
    }

    #[test]
    fn the_callers_properties_come_last_and_so_win() {
        let mut plan = plan(true, true);
        plan.spec.property("offsets.topic.num.partitions", "50");
        assert_eq!(value(&server_properties(&plan, &[], 1), "offsets.topic.num.partitions"), Some("50"));
    }

    #[test]
    fn agents_listen_on_the_nodes_own_address() {
        let mut plan = plan(true, true);
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
