//! From one node's plan to its server.properties and logging configuration. Pure text.

use std::{fmt::Write, net::Ipv4Addr};

use crate::{
    KafkaVersion,
    launch::Plan,
    listener::{Endpoint, Listener},
};

/// Who keeps the cluster's metadata.
#[derive(Clone, Debug)]
pub(crate) enum Quorum {
    /// These controllers.
    KRaft(Vec<(i32, Ipv4Addr)>),
    /// ZooKeeper at this host:port.
    ZooKeeper(String),
}

/// server.properties of a node of a cluster with that many brokers.
pub(crate) fn server_properties(plan: &Plan, quorum: &Quorum, brokers: usize) -> String {
    // Three copies where there are three brokers, so that groups survive a frozen one; the least in-sync count stays one.
    let copies = brokers.min(3).to_string();
    let mut lines = vec![
        ("log.dirs", plan.folder.join("data").display().to_string()),
        ("offsets.topic.replication.factor", copies.clone()),
        ("offsets.topic.num.partitions", "10".into()),
        ("transaction.state.log.replication.factor", copies.clone()),
        ("transaction.state.log.min.isr", "1".into()),
        ("group.initial.rebalance.delay.ms", "0".into()),
    ];
    match quorum {
        Quorum::KRaft(voters) => lines.extend(kraft(plan, voters, copies)),
        Quorum::ZooKeeper(address) => lines.extend([
            ("broker.id", plan.id.to_string()),
            ("zookeeper.connect", address.clone()),
            // As long as KRaft's brokers have.
            ("zookeeper.session.timeout.ms", "9000".into()),
            ("listeners", broker_listeners(plan, |end| end.port)),
            ("listener.security.protocol.map", protocols(plan)),
        ]),
    }
    if plan.broker {
        lines.push(("advertised.listeners", broker_listeners(plan, |end| end.advertised)));
        lines.push(("inter.broker.listener.name", "PLAINTEXT".into()));
    }
    let mut text = String::new();
    // java.util.Properties lets the last one of a name win, and reads these escapes.
    let own = plan.properties.iter().chain(&plan.spec.properties).map(|(key, value)| (key.as_str(), value.clone()));
    for (key, value) in lines.into_iter().chain(own) {
        let _ = writeln!(text, "{key}={}", value.replace('\\', "\\\\").replace('\n', "\\n"));
    }
    text
}

fn kraft(plan: &Plan, voters: &[(i32, Ipv4Addr)], copies: String) -> Vec<(&'static str, String)> {
    let port = plan.ports.controller;
    let controller = format!("CONTROLLER://{}:{port}", plan.host);
    let broker = broker_listeners(plan, |end| end.port);
    let (roles, listeners) = match (plan.broker, plan.controller) {
        (true, true) => ("broker,controller", format!("{broker},{controller}")),
        (true, false) => ("broker", broker),
        (false, _) => ("controller", controller),
    };
    let voters: Vec<String> = voters.iter().map(|(id, host)| format!("{id}@{host}:{port}")).collect();
    vec![
        ("process.roles", roles.into()),
        ("node.id", plan.id.to_string()),
        ("controller.quorum.voters", voters.join(",")),
        ("controller.listener.names", "CONTROLLER".into()),
        ("listeners", listeners),
        ("listener.security.protocol.map", format!("CONTROLLER:PLAINTEXT,{}", protocols(plan))),
        ("share.coordinator.state.topic.replication.factor", copies),
        ("share.coordinator.state.topic.min.isr", "1".into()),
    ]
}

/// The listeners that clients use, as they are bound or advertised.
fn broker_listeners(plan: &Plan, port: fn(&Endpoint) -> u16) -> String {
    let host = plan.host;
    let mut listeners = vec![format!("PLAINTEXT://{host}:{}", plan.ports.kafka)];
    listeners.extend(plan.ports.more.iter().map(|end| format!("{}://{host}:{}", name(end.listener), port(end))));
    listeners.join(",")
}

fn protocols(plan: &Plan) -> String {
    let mut protocols = vec!["PLAINTEXT:PLAINTEXT".to_owned()];
    protocols.extend(plan.ports.more.iter().map(|end| format!("{}:{}", name(end.listener), end.listener.protocol())));
    protocols.join(",")
}

fn name(listener: Listener) -> String {
    listener.name().to_ascii_uppercase()
}

/// Warnings and errors to standard output, in the dialect of the version's logging library.
pub(crate) fn logging_properties(version: KafkaVersion) -> &'static str {
    match version {
        KafkaVersion::V2_8_2 | KafkaVersion::V3_9_1 => {
            "log4j.rootLogger=WARN, out\n\
             log4j.appender.out=org.apache.log4j.ConsoleAppender\n\
             log4j.appender.out.layout=org.apache.log4j.PatternLayout\n\
             log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n\n"
        }
        KafkaVersion::V4_3_0 => {
            "appender.out.type=Console\n\
             appender.out.name=out\n\
             appender.out.layout.type=PatternLayout\n\
             appender.out.layout.pattern=[%d] %p %m (%c)%n\n\n\
             rootLogger.level=WARN\n\
             rootLogger.appenderRef.out.ref=out\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(properties: &'a str, key: &str) -> Option<&'a str> {
        properties.lines().rev().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    }

    #[test]
    fn roles_decide_the_listeners() {
        let quorum = Quorum::KRaft(vec![(2, Ipv4Addr::new(127, 0, 0, 2))]);
        for (broker, controller, roles, listeners) in [
            (true, true, "broker,controller", "PLAINTEXT://127.0.0.2:1000,CONTROLLER://127.0.0.2:2000"),
            (true, false, "broker", "PLAINTEXT://127.0.0.2:1000"),
            (false, true, "controller", "CONTROLLER://127.0.0.2:2000"),
        ] {
            let text = server_properties(&Plan::example(broker, controller), &quorum, 3);
            assert_eq!(value(&text, "process.roles"), Some(roles));
            assert_eq!(value(&text, "listeners"), Some(listeners));
            assert_eq!(value(&text, "advertised.listeners").is_some(), broker);
            assert_eq!(value(&text, "controller.quorum.voters"), Some("2@127.0.0.2:2000"));
            assert_eq!(value(&text, "offsets.topic.replication.factor"), Some("3"));
        }
    }

    #[test]
    fn the_callers_properties_come_last_and_so_win() {
        let mut plan = Plan::example(true, true);
        plan.spec.property("offsets.topic.num.partitions", "50");
        assert_eq!(
            value(&server_properties(&plan, &Quorum::KRaft(Vec::new()), 1), "offsets.topic.num.partitions"),
            Some("50")
        );
    }

    #[test]
    fn what_a_proxy_is_in_front_of_is_advertised_with_the_proxys_port() {
        let mut plan = Plan::example(true, true);
        plan.ports.more = vec![
            Endpoint { listener: Listener::Tls, port: 6000, advertised: 6000 },
            Endpoint { listener: Listener::Delayed, port: 7000, advertised: 7001 },
        ];
        let text = server_properties(&plan, &Quorum::ZooKeeper("z:1".into()), 1);
        for (key, expected) in [
            ("listeners", "PLAINTEXT://127.0.0.2:1000,TLS://127.0.0.2:6000,DELAYED://127.0.0.2:7000"),
            ("advertised.listeners", "PLAINTEXT://127.0.0.2:1000,TLS://127.0.0.2:6000,DELAYED://127.0.0.2:7001"),
            ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,TLS:SSL,DELAYED:PLAINTEXT"),
            ("zookeeper.connect", "z:1"),
        ] {
            assert_eq!(value(&text, key), Some(expected), "{key}");
        }
        assert_eq!(value(&text, "process.roles"), None);
    }
}
