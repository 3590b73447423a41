//! `dump`, `explain` and `diff` of real brokers, each with Jolokia and a real jmx_exporter agent in its JVM: 0.20.0 in
//! node 1, 1.0.1 in node 2.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use kafka_lab::{Cluster, Jolokia, NewTopic, http};
use serde_json::{Value, json};

use super::{KAFKA, fails, holds, rules, rules_as_json};

#[test]
fn real_brokers_are_dumped_explained_and_compared() {
    let text = fs::read_to_string(KAFKA).unwrap();
    let cluster = Cluster::builder().nodes(2).jolokia(Jolokia::V2_5_0).heap_mib(200);
    let cluster = cluster.node(1, |node| _ = node.jmx_exporter("0.20.0", &text));
    let cluster = cluster.node(2, |node| _ = node.jmx_exporter("1.0.1", &text)).start().unwrap();
    cluster.kafka().create_topics(&[NewTopic::new("orders", 4)]).unwrap();
    cluster.kafka().fill("orders", 4, 20).unwrap();
    let place = |id| {
        let node = cluster.node(id).unwrap();
        (format!("--jolokia.url={}", node.jolokia_url().unwrap()), node.agent_url().unwrap())
    };
    let (jolokia, agent) = place(1);
    dump(&jolokia);
    explain(&jolokia);
    let page = cluster.lab().folder().join("page.txt");
    fs::write(&page, http::get_ok(&agent, Duration::from_secs(30)).unwrap()).unwrap();
    diff_with_its_own_generation(&jolokia, &agent, &page.display().to_string());
    let (jolokia, agent) = place(2);
    diff_with_the_other_generation(&jolokia, &agent);
}

fn dump(jolokia: &str) {
    let (code, out) = rules(&["dump", jolokia]);
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines.len() > 3000 && lines.is_sorted(), "{} lines", lines.len());
    for line in [
        "kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec><>EventType: messages",
        "java.lang<type=Memory><HeapMemoryUsage>max: 209715200",
        "kafka.server<type=KafkaServer, name=BrokerState><>Value: 3",
    ] {
        assert!(lines.contains(&line), "no {line}");
    }
    assert!(!out.contains(">ClassPath: ") && !out.contains(">SystemProperties: "));

    let (_, one) = rules(&["dump", jolokia, "--filter=GarbageCollector.*CodeCache.*Gc>used: ", "--json"]);
    for line in one.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["domain"], &line["attribute"], &line["type"]),
            (&json!("java.lang"), &json!("used"), &json!("long"))
        );
        assert_eq!(line["properties"][2], json!(["key", "CodeCache"]));
        assert_eq!(line["keys"][0], "LastGcInfo");
        let text = line["match_string"].as_str().unwrap();
        assert!(text.ends_with(&format!(">used: {}", line["value"].as_str().unwrap())), "{text}");
    }
}

fn explain(jolokia: &str) {
    let name = "kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec";
    let (code, found) = rules_as_json(&["explain", KAFKA, jolokia, &format!("--bean={name},topic=orders")]);
    assert_eq!(code, Some(0));
    let found = found.as_array().unwrap();
    let of = |attribute: &str| {
        let end = format!("><>{attribute}: ");
        found.iter().find(|one| one["match_string"].as_str().unwrap().contains(&end)).unwrap()
    };
    assert_eq!(of("Count")["rule"]["number"], 2);
    assert_eq!(of("Count")["series"]["labels"], json!({"topic": "orders"}));
    assert_eq!(of("Count")["series"]["name"], "kafka_server_brokertopicmetrics_bytesin_total");
    assert_eq!((&of("EventType")["outcome"], &of("MeanRate")["outcome"]), (&json!("no_rule"), &json!("no_rule")));

    // Keys in any order, and patterns.
    let (code, out) = rules(&["explain", KAFKA, jolokia, "--bean=kafka.log:name=Size,topic=orders,*"]);
    assert_eq!(code, Some(0));
    holds(&out, &["kafka.log<type=Log, name=Size, topic=orders, partition=", "rule 1 (line 5)", " series\n"]);
    let (code, out) = rules(&["explain", KAFKA, jolokia, "--bean=kafka.server:type=app-info,id=1"]);
    assert_eq!(code, Some(1));
    holds(&out, &["no series: no rule matches", "not rule", "0 series\n"]);
    fails(&["explain", KAFKA, jolokia, "--bean=kafka.log:name=Size,topic=orders"], &["no bean", "end it in ,*"]);
}

fn diff_with_its_own_generation(jolokia: &str, agent: &str, page: &str) {
    let against = format!("--against={agent}");
    let (code, found) = rules_as_json(&["diff", KAFKA, jolokia, &against]);
    for differences in ["missing", "extra", "different", "types"] {
        assert_eq!(found[differences], json!([]), "{differences}");
    }
    assert_eq!((code, &found["compat"], &found["fits"]), (Some(0), &json!("0.x"), &json!("0.x")));
    assert!(found["agent"].as_str().unwrap().ends_with("0.20.0"), "{found}");
    assert!(found["compared"].as_u64().unwrap() > 150 && found["still"].as_u64().unwrap() > 50, "{found}");
    let known = found["known"].as_array().unwrap();
    assert!(known.iter().all(|one| !one["reason"].as_str().unwrap().is_empty()));
    let of_agent: BTreeSet<&str> =
        known.iter().flat_map(|one| one["agent"].as_array().unwrap()).map(|series| series.as_str().unwrap()).collect();
    assert!(of_agent.contains("jvm_threads_deadlocked") && of_agent.contains("jmx_scrape_error"), "{of_agent:?}");
    assert_eq!(found["generations"][1]["compat"], "1.x");
    assert!(found["generations"][1]["missing"].as_u64().unwrap() > 0);

    let (code, out) = rules(&["diff", KAFKA, jolokia, &against]);
    assert_eq!(code, Some(0));
    holds(&out, &["agent        jmx_prometheus_javaagent 0.20.0\n", "known differences", "no differences but those"]);

    // Other rules than the agent's, and its page from a file.
    let other = page.replace("page.txt", "other.yml");
    let text = fs::read_to_string(KAFKA).unwrap();
    fs::write(
        &other,
        text.replace("name: kafka_log_$1\n  type: GAUGE", "name: kafka_logs_$1").replace("COUNTER", "GAUGE"),
    )
    .unwrap();
    let (code, found) = rules_as_json(&["diff", &other, jolokia, &format!("--against={page}")]);
    assert_eq!((code, &found["still"], &found["different"]), (Some(1), &json!(0), &json!([])));
    let all_begin = |list: &str, prefix: &str| {
        let list = found[list].as_array().unwrap();
        !list.is_empty() && list.iter().all(|series| series.as_str().unwrap().starts_with(prefix))
    };
    assert!(all_begin("missing", "kafka_log_") && all_begin("extra", "kafka_logs_"), "{found}");
    let types = found["types"].as_array().unwrap();
    assert!(
        !types.is_empty() && types.iter().all(|one| one["agent"] == "counter" && one["ours"] == "gauge"),
        "{types:?}"
    );
    assert!(found["notes"].to_string().contains("values were not compared"));
    let (code, out) = rules(&["diff", &other, jolokia, &format!("--against={page}")]);
    assert_eq!(code, Some(1));
    holds(
        &out,
        &[
            "missing: only the agent has these (",
            "kafka_log_",
            "more of this name",
            "other types",
            "agent counter, ours gauge",
        ],
    );

    // Another value where the agent's stands still.
    fs::write(&other, text.replace("help: A value of Kafka", "valueFactor: 2")).unwrap();
    let (code, found) = rules_as_json(&["diff", &other, jolokia, &against]);
    assert_eq!(code, Some(1));
    let different = found["different"].as_array().unwrap();
    let state = json!({"series": "kafka_server_kafkaserver_brokerstate", "agent": "3", "ours": "6"});
    assert!(different.contains(&state), "{different:?}");
    assert_eq!((&found["missing"], &found["extra"]), (&json!([]), &json!([])));

    for (wrong, says) in [
        (format!("--against={page}.none"), "No such file"),
        (format!("--against={KAFKA}"), "line 1 is no sample"),
        ("--against=http://127.0.0.1:1/metrics".to_owned(), "GET of the agent's page"),
        ("--against=http://u:hunter2@127.0.0.1:1/".to_owned(), "credentials do not belong in a URL"),
    ] {
        fails(&["diff", KAFKA, jolokia, &wrong], &[says]);
    }
}

fn diff_with_the_other_generation(jolokia: &str, agent: &str) {
    let against = format!("--against={agent}");
    let (code, out) = rules(&["diff", KAFKA, jolokia, &against]);
    assert_eq!(code, Some(1), "{out}");
    holds(&out, &["1.0.1", "advice       1.x fits this agent better: use --jmx.compat=1.x", "missing: only the agent"]);
    let (code, found) = rules_as_json(&["diff", KAFKA, jolokia, &against, "--jmx.compat=1.x"]);
    for differences in ["missing", "extra", "different", "types"] {
        assert_eq!(found[differences], json!([]), "{differences}");
    }
    assert_eq!((code, &found["compat"], &found["fits"]), (Some(0), &json!("1.x"), &json!("1.x")));
}
