//! Files in the style of those in use, with what is found in them.

use super::*;

/// The kind, the rule and the text of each finding.
fn found(text: &str) -> Vec<(FindingKind, Option<usize>, String)> {
    let rules = Rules::load(text, "r.yml").unwrap_or_else(|error| panic!("{text}\n{error}"));
    lint(&rules).into_iter().map(|finding| (finding.kind, finding.rule, finding.text)).collect()
}

fn kinds(text: &str) -> Vec<(&'static str, usize)> {
    found(text).into_iter().map(|(kind, rule, _)| (kind.as_str(), rule.unwrap_or(0))).collect()
}

/// In the style of the operators for Kubernetes: generic rules by the number of keys.
const GENERIC: &str = r#"
lowercaseOutputName: true
rules:
- pattern: kafka.server<type=(.+), name=(.+), clientId=(.+), topic=(.+), partition=(.*)><>Value
  name: kafka_server_$1_$2
  type: GAUGE
  labels:
    clientId: "$3"
    topic: "$4"
    partition: "$5"
- pattern: "kafka.server<type=(.+), listener=(.+), networkProcessor=(.+)><>(.+):"
  name: kafka_server_$1_$4
  type: GAUGE
  labels: {listener: $2, networkProcessor: $3}
- pattern: kafka.server<type=(.+), listener=(.+), networkProcessor=(.+)><>(.+)
  name: kafka_server_$1_$4
  type: GAUGE
  labels: {listener: $2, networkProcessor: $3}
- pattern: kafka.(\w+)<type=(.+), name=(.+)PerSec\w*, (.+)=(.+), (.+)=(.+)><>Count
  name: kafka_$1_$2_$3_total
  type: COUNTER
  labels:
    "$4": "$5"
    "$6": "$7"
- pattern: kafka.(\w+)<type=(.+), name=(.+)PerSec\w*, (.+)=(.+)><>Count
  name: kafka_$1_$2_$3_total
  type: COUNTER
  labels:
    "$4": "$5"
- pattern: kafka.(\w+)<type=(.+), name=(.+)PerSec\w*><>Count
  name: kafka_$1_$2_$3_total
  type: COUNTER
- pattern: kafka.(\w+)<type=(.+), name=(.+)><>Value
  name: kafka_$1_$2_$3
  type: GAUGE
- pattern: kafka.(\w+)<type=(.+), name=(.+)Percent\w*><>Value
  name: kafka_$1_$2_$3_percent
  type: GAUGE
"#;

#[test]
fn the_traps_of_generic_rules_are_found() {
    let findings = found(GENERIC);
    let listed: Vec<_> = findings.iter().map(|(kind, rule, _)| (kind.as_str(), rule.unwrap_or(0))).collect();
    assert_eq!(
        listed,
        [
            ("explosive", 1),
            ("greedy", 2),
            ("shadowed", 3),
            ("greedy", 4),
            ("greedy", 7),
            ("explosive", 7),
            ("shadowed", 8),
        ],
        "{findings:#?}"
    );
    let text = |at: usize| findings[at].2.as_str();
    assert!(text(0).contains("excludeObjectNames: [\"kafka.server:type=FetcherLagMetrics,*\"]"), "{}", text(0));
    assert!(text(1).contains("cipher=TLS_AES_256_GCM_SHA384, protocol=TLSv1.3_connections` the name"), "{}", text(1));
    assert!(text(2).contains("rule 2 in line 11 takes all"), "{}", text(2));
    assert!(text(3).contains("`request=Produce, version=0, clientSoftwareName` the name of a label"), "{}", text(3));
    assert!(text(4).contains("the name of the metric"), "{}", text(4));
    assert!(text(6).contains("rule 7"), "{}", text(6));
}

/// In the style of the vendors: literal keys, caches, exclusions, the catch-all last.
const LITERAL: &str = r#"
lowercaseOutputName: true
blacklistObjectNames:
  - "kafka.log:type=Log,*"
  - "kafka.cluster:type=Partition,*"
  - "kafka.server:type=FetcherLagMetrics,*"
  - "kafka.server:type=Fetch,*"
  - "kafka.server:type=Produce,*"
  - "kafka.server:type=Request,*"
rules:
  - pattern: kafka.network<type=RequestMetrics, name=DeprecatedRequestsPerSec, request=([^,]+), version=([^,]+), clientSoftwareName=([^,]+), clientSoftwareVersion=([^,>]+)><>Count
    name: kafka_network_deprecated_requests_total
    type: COUNTER
    cache: true
    labels: {request: $1, version: $2, software: $3, software_version: $4}
  - pattern: kafka.network<type=RequestMetrics, name=(\w+)PerSec, request=(\w+), (version|error)=(\w+)><>Count
    name: kafka_network_requestmetrics_$1_total
    type: COUNTER
    labels: {request: $2, $3: $4}
  - pattern: kafka.network<type=RequestMetrics, name=(\w+), request=(\w+)><>(\d+)thPercentile
    name: kafka_network_requestmetrics_$1
    type: GAUGE
    cache: true
    labels: {request: $2, quantile: "0.$3"}
  - pattern: kafka.server<type=BrokerTopicMetrics, name=(\w+)PerSec, topic=([^,>]+)><>Count
    name: kafka_server_brokertopicmetrics_$1_total
    type: COUNTER
    labels: {topic: $2}
  - pattern: kafka.(server|controller|network)<type=(\w+), name=(\w+)><>(Value|Count|Mean)
    name: kafka_$1_$2_$3_$4
  - pattern: java.lang<type=Memory><HeapMemoryUsage>(\w+)
    name: jvm_heap_$1
    type: GAUGE
"#;

#[test]
fn careful_rules_give_no_alarm() {
    assert_eq!(found(LITERAL), []);
}

#[test]
fn a_list_with_a_catch_all_at_the_end_is_fine_and_one_before_the_end_is_not() {
    let rule = "- {pattern: 'a.b<type=(\\w+)><>Value', name: $1}\n";
    for everything in [".*", "", "(.+)", "^(.*)$", "<(.*)>", "(.+): (.+)"] {
        let last = format!("excludeObjectNames: ['kafka.*:*']\nrules:\n{rule}- pattern: '{everything}'\n");
        let first = format!("excludeObjectNames: ['kafka.*:*']\nrules:\n- pattern: '{everything}'\n{rule}{rule}");
        assert_eq!(found(&last), [], "{everything}");
        let findings = found(&first);
        assert_eq!((findings.len(), findings[0].0, findings[0].1), (1, FindingKind::Dead, Some(2)), "{everything}");
        assert!(
            findings[0].2.starts_with("rules 2 to 3 are never reached, because rule 1 in line 3"),
            "{}",
            findings[0].2
        );
    }
}

#[test]
fn rules_that_match_nothing_are_found() {
    for (pattern, head, part) in [
        ("kafka.server:type=ReplicaManager,name=(.+)", "", "written as an ObjectName"),
        ("kafka.server<type=(.+),name=(.+)><>Value", "", "a comma and a blank"),
        ("kafka.server<type=ReplicaManager, name=(.+)><>Value$", "", "its $ stands"),
        ("kafka.log<type=(.+), name=(.+)><>Value", "blacklistObjectNames: ['kafka.log:*']", "kafka.log:* is excluded"),
        ("kafka\\.log<type=(.+), name=(.+)><>Value", "includeObjectNames: ['java.*:*']", "no include pattern"),
        ("^java.lang<type=Memory", "compat: 1.x\nexcludeJvmMetrics: true", "excludeJvmMetrics is on"),
    ] {
        let findings = found(&format!("{head}\nrules: [{{pattern: '{pattern}'}}]"));
        let dead: Vec<_> = findings.iter().filter(|(kind, ..)| *kind == FindingKind::Dead).collect();
        assert_eq!((dead.len(), findings.len()), (1, 1), "{pattern}: {findings:?}");
        assert!(dead[0].2.contains(part), "{pattern}: {}", dead[0].2);
    }
    for pattern in [
        "kafka.streams<type=stream-metrics,.*client-id=(.+)><>state",
        "a.b<user=\"CN=(.+),OU=(.+)\"><>Value",
        "a.b<type=x><>(.+)$",
        "a.b<type=x><>Value: (\\d+)$",
        "a.b<type=(\\w+),\\s*name=(\\w+)><>Value",
        "a.b<type=(\\w+), ?name=(\\w+)><>Value",
    ] {
        assert_eq!(found(&format!("rules: [{{pattern: '{pattern}'}}]")), [], "{pattern}");
    }
    assert_eq!(kinds("includeObjectNames: []\nrules: []"), [("dead", 0)]);
}

#[test]
fn rules_are_shadowed_only_by_those_that_take_all_of_theirs() {
    for (one, other, shadowed) in [
        ("a.b<type=(.+), name=(.+)><>Value", "a.b<type=x, name=y><>Value", true),
        ("a.b<type=x, name=y><>Value", "a.b<type=(.+), name=(.+)><>Value", false),
        ("a.(\\w+)<type=(.+)>", "a.(b|c)<type=(.+), name=(.+)><>(Count|Value)", true),
        ("a.b<type=(.+)>", "a.(b|c)<type=(.+)><>Value", false),
        ("a.b<type=(.+)><>(Count|Value)", "a.b<type=(.+)><>(Count|Value|Mean)", false),
        ("a.b<type=(.+)><>Value:", "a.b<type=(.+)><>Value", true),
        ("a.b<type=(.+)><>x:", "a.b<type=(.+)><>x", false),
        ("a.b<type=(.+)><>(.+): (\\d+)$", "a.b<type=(.+)><>Value", false),
        ("a.b<type=(\\w+)><>Value", "a.b<type=(.+)><>Value", false),
        ("a.b<type=(.+), name=(.+), topic=(.+)><>Value", "a.b<type=(.+), name=(.+)><>Value", false),
    ] {
        let text = format!("rules:\n- pattern: '{one}'\n- pattern: '{other}'\n");
        assert_eq!(kinds(&text).contains(&("shadowed", 2)), shadowed, "{one} before {other}: {:?}", found(&text));
    }
    let snake = "rules:\n- {pattern: 'a.b<c=d><>x', attrNameSnakeCase: true}\n- {pattern: 'a.b<c=d><>x'}\n";
    assert_eq!(kinds(snake), [], "rules that see different texts are not compared");
}

#[test]
fn who_names_beans_of_partitions_and_clients_is_not_told_to_exclude_them() {
    for (pattern, expected) in [
        ("kafka.log<type=Log, name=Size, topic=(.+), partition=(.+)><>Value", ("note", "as its pattern says")),
        ("kafka.server<type=(?:Produce|Fetch), client-id=(.+)><>byte-rate", ("note", "as its pattern says")),
        (
            "kafka.log<type=(.+), name=Size, topic=(.+), partition=(.+)><>Value",
            ("explosive", "[\"kafka.log:type=Log,*\"]"),
        ),
        (
            "kafka.*<type=(?:Log|\\w+), name=(.+), topic=([^,]+), partition=(\\d+)><>Value",
            (
                "explosive",
                "add excludeObjectNames: [\"kafka.cluster:type=Partition,*\", \"kafka.server:type=FetcherLagMetrics,*\"]",
            ),
        ),
    ] {
        let findings = found(&format!("rules: [{{pattern: '{pattern}', name: n}}]"));
        let [(kind, _, text)] = findings.as_slice() else { panic!("{pattern}: {findings:?}") };
        assert_eq!(kind.as_str(), expected.0, "{pattern}: {text}");
        assert!(text.ends_with(expected.1), "{pattern}: {text}");
    }
}

#[test]
fn values_in_names_and_labels_are_found() {
    for (pattern, rest, explosive) in [
        ("a.b<type=(.+)><>(.+)", "name: x_$2", true),
        ("a.b<type=(.+)><>(.+):", "name: x_$2", false),
        ("a.b<type=(.+)><>(\\w+): (.+)", "name: x, value: $3, labels: {v: $2}", false),
        // A part of the value is enough.
        ("kafka.server<type=(.+), name=.+><>Count: (\\d+)", "name: x_$2", true),
        ("kafka.server<type=(.+), name=.+><>Count: (\\d+)$", "name: x_$2", true),
        ("kafka.server<type=(.+), name=.+><>Count: (\\d)", "name: 'x', labels: {v: $2}", true),
        ("kafka.server<type=(.+), name=.+><>Count: \\d+\\.(\\d+)", "name: x_$2", true),
        ("kafka.server<type=(.+), name=.+><>Count: (\\d+)", "name: x, value: $2", false),
        ("kafka.server<type=(.+), name=.+><>Count: (\\d+)", "name: ''", false),
        ("made.up<type=(.+)><>Count: (\\d+)$", "name: x_$2", true),
        // States are words.
        ("kafka.server<type=raft-metrics><>current-state: (\\w+)", "name: x, value: 1, labels: {state: $1}", false),
        ("a.b<type=(.+)><>(\\w+): (.+)", "name: x, value: 1, labels: {v: $3}", true),
    ] {
        let text = format!("rules: [{{pattern: '{pattern}', {rest}}}]");
        assert_eq!(kinds(&text).contains(&("explosive", 1)), explosive, "{pattern} {rest}");
    }
}

#[test]
fn types_that_do_not_fit_are_found() {
    for (head, pattern, name, kind, finding) in [
        ("", "a.b<type=(.+)><>x", "n", "COUNTER", true),
        ("", "a.b<type=(.+)><>x", "n_total", "COUNTER", false),
        ("", "a.b<type=(.+)><>(.+):", "n_$2", "COUNTER", true),
        ("", "a.b<type=(.+)><>(.+-total):", "n_$2", "COUNTER", false),
        ("compat: 1.x", "a.b<type=(.+)><>x", "n", "COUNTER", false),
        ("", "a.b<type=(.+)><>Count", "n", "GAUGE", true),
        ("", "a.b<type=(.+)><>(Count|Value)", "n", "GAUGE", false),
        ("", "a.b<type=(.+)><>Value", "n", "GAUGE", false),
    ] {
        let text = format!("{head}\nrules: [{{pattern: '{pattern}', name: '{name}', type: {kind}}}]");
        assert_eq!(kinds(&text).contains(&("type", 1)), finding, "{text}");
    }
}

#[test]
fn caches_and_labels_that_do_not_work_are_found() {
    for (rule, expected) in [
        ("pattern: 'a.b<c=d><>x: (\\d+)', name: n, cache: true", "cache"),
        ("pattern: 'a.b<c=d><>x: (.+)', name: n, value: $1, cache: true", "cache"),
        ("pattern: 'a.b<c=d><>x', name: n, labels: {client-id: x, client_id: y}", "labels"),
        ("pattern: 'a.b<c=(.)><>x', name: n, labels: {l$1: x, l-$1: y}", ""),
        ("pattern: 'a.b<c=d><>x', name: n, cache: true, labels: {Client: x, client: y}", ""),
    ] {
        let found = kinds(&format!("rules: [{{{rule}}}]"));
        let expected: Vec<_> = Some((expected, 1)).filter(|(kind, _)| !kind.is_empty()).into_iter().collect();
        assert_eq!(found, expected, "{rule}");
    }
    let text =
        "lowercaseOutputLabelNames: true\nrules: [{pattern: 'a.b<c=d><>x', name: n, labels: {Client: x, client: y}}]";
    assert_eq!(kinds(text), [("labels", 1)]);
}

#[test]
fn notes_tell_of_quotes_zookeeper_and_closed_patterns() {
    let text = "excludeObjectNames: ['kafka.consumer:type=*,id=*', 'a:type=b,*', 'kafka.server:type=Produce,*']\nrules:\n\
                - {pattern: 'kafka.server<type=(.+), user=(.+), client-id=(.+)><>byte-rate', name: x, labels: {user: $2}}\n\
                - {pattern: 'kafka.server<type=ZooKeeperClientMetrics, name=(.+)><>Count', name: y}\n";
    let findings = found(text);
    let listed: Vec<_> = findings.iter().map(|(kind, rule, _)| (kind.as_str(), rule.unwrap_or(0))).collect();
    assert_eq!(listed, [("explosive", 1), ("note", 0), ("note", 0), ("note", 0)], "{findings:?}");
    assert!(findings[1].2.contains("rule 2 on Kafka 4"), "{}", findings[1].2);
    assert!(findings[2].2.contains("labels of rule 1"), "{}", findings[2].2);
    assert!(findings[3].2.ends_with("too: `kafka.consumer:type=*,id=*`"), "{}", findings[3].2);
}

#[test]
fn two_thousand_rules_are_looked_at_in_seconds() {
    let rules: String = (0..2_000)
        .map(|at| {
            format!("- {{pattern: 'kafka.server<type=T{at}, name=(.+), topic=(.+)><>Count', name: n_{at}_total}}\n")
        })
        .collect();
    let rules = Rules::load(&format!("rules:\n{rules}"), "r.yml").unwrap();
    let start = std::time::Instant::now();
    assert_eq!(lint(&rules), []);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
