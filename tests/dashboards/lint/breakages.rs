//! A dashboard without a fault, and a fault for each rule, which finds it: a rule that finds nothing proves nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Context, RULES, faults};
use crate::alerting::Rules;
use crate::board::Board;
use crate::metrics::Metrics;

const ALERTS: &str = r#"
groups:
- name: verdict
  rules:
  - record: kafka:offline_partitions:max
    expr: max by (cluster) (kafka_controller_kafkacontroller_offlinepartitionscount)
- name: alerts
  rules:
  - alert: KafkaOfflinePartitions
    expr: kafka:offline_partitions:max > 0
    labels: {severity: critical}
  - alert: KafkaRequestHandlersBusy
    expr: rate(kafka_request_handler_idle_seconds_total[5m]) < 0.3
    labels: {severity: warning}
  - alert: KafkaRequestHandlersBusy
    expr: rate(kafka_request_handler_idle_seconds_total[5m]) < 0.1
    labels: {severity: critical}
"#;

const NODE: &str = r#"cluster=~"$cluster",job=~"$job",instance=~"$instance",broker=~"$broker""#;
const EXPORTER: &str = r#"cluster=~"$cluster",job=~"$job",instance=~"$exporter""#;

fn variable(name: &str, label: &str, all: &str, query: &str) -> Value {
    json!({
        "name": name, "type": "query", "label": label, "query": {"query": query, "refId": name}, "refresh": 2,
        "datasource": {"type": "prometheus", "uid": "${datasource}"}, "multi": true, "includeAll": true, "allValue": all,
    })
}

fn panel(id: u32, title: &str, kind: &str, x: u32, steps: Value, expr: &str, legend: &str) -> Value {
    json!({
        "id": id, "title": title, "type": kind, "description": "What it is.",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": x, "y": 0, "w": 12, "h": 8},
        "fieldConfig": {
            "defaults": {"unit": "short", "noValue": "no data", "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "targets": [{
            "refId": "A", "expr": expr, "legendFormat": legend, "datasource": {"type": "prometheus", "uid": "${datasource}"},
        }],
    })
}

/// Nothing is wrong with it.
fn good() -> Value {
    let offline = format!("max(kafka_controller_kafkacontroller_offlinepartitionscount{{{NODE}}})");
    let idle = format!(
        "avg by (broker, instance) (rate(kafka_request_handler_idle_seconds_total{{{NODE}}}[$__rate_interval]))"
    );
    json!({
        "uid": "good", "title": "Good", "description": "A board.", "tags": ["kafka", "kafka-vitals"], "editable": false,
        "timezone": "browser", "graphTooltip": 1, "schemaVersion": 39,
        "links": [{"type": "dashboards", "tags": ["kafka-vitals"], "keepTime": true, "includeVars": true}],
        "annotations": {"list": [{
            "name": "Firing", "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "expr": r#"max by (alertname) (ALERTS{alertstate="firing",cluster=~"$cluster"})"#, "titleFormat": "{{alertname}}",
        }]},
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
            variable("cluster", "Cluster", ".*", "label_values(kafka_vitals_build_info, cluster)"),
            variable("job", "Job", ".+", r#"label_values(kafka_vitals_build_info{cluster=~"$cluster"}, job)"#),
            variable("exporter", "Exporter", ".+", r#"label_values(kafka_vitals_build_info{job=~"$job"}, instance)"#),
            variable("instance", "Instance", ".+", r#"label_values(jmx_scrape_error{instance=~"$exporter"}, instance)"#),
            variable("broker", "Broker", ".*", r#"label_values(jmx_scrape_error{instance=~"$instance"}, broker)"#),
        ]},
        "panels": [
            panel(1, "Offline", "stat", 0, json!([{"color": "green", "value": null}, {"color": "red", "value": 1}]), &offline, ""),
            panel(
                2,
                "Idle",
                "timeseries",
                12,
                json!([{"color": "red", "value": null}, {"color": "orange", "value": 0.1}, {"color": "green", "value": 0.3}]),
                &idle,
                "{{broker}} {{instance}}",
            ),
            {"id": 3, "type": "row", "title": "More", "gridPos": {"x": 0, "y": 8, "w": 24, "h": 1}, "panels": []},
        ],
    })
}

/// What the faults of a rule are made by: the place in the JSON, and what is put there.
fn breakages() -> Vec<(&'static str, &'static str, Value)> {
    let expr = "/panels/1/targets/0/expr";
    let node = |query: &str| json!(query.replace("NODE", NODE).replace("EXPORTER", EXPORTER));
    vec![
        ("uid", "/uid", json!("other")),
        ("importable", "/__inputs", json!([])),
        ("importable", "/id", json!(12)),
        ("uneditable", "/editable", json!(true)),
        ("conventions", "/tags", json!(["kafka"])),
        ("conventions", "/graphTooltip", json!(0)),
        ("template-datasource", "/templating/list/0/label", json!("Source")),
        ("template-variables", "/templating/list/2/allValue", json!(".*")),
        ("template-variables", "/templating/list/2/multi", json!(false)),
        ("template-variables", "/templating/list/2/refresh", json!(1)),
        ("template-variables", "/templating/list/2/name", json!("jobs")),
        ("template-label-promql", "/templating/list/2/query", json!("label_values(kafka_vitals_build_info{, job)")),
        ("template-label-promql", "/templating/list/2/query", json!("label_values(job)")),
        ("template-label-promql", "/templating/list/2/query", json!("label_values(kafka_consumergroup_lag, job)")),
        ("template-label-promql", "/templating/list/2/query", json!("label_values(kafka_brokers, topic)")),
        ("template-used", "/templating/list/5/name", json!("node")),
        ("links", "/links", json!([])),
        ("links", "/panels/0/links", json!([{"url": "/d/nowhere?var-job=$job"}])),
        ("links", "/panels/0/links", json!([{"url": "/d/good?var-topic=$job"}])),
        ("no-zookeeper", "/description", json!("With ZooKeeper.")),
        ("unique-ids", "/panels/1/id", json!(1)),
        ("grid", "/panels/1/gridPos/x", json!(11)),
        ("grid", "/panels/1/gridPos/w", json!(11)),
        ("grid", "/panels/1/gridPos/w", json!(13)),
        ("panel-types", "/panels/1/type", json!("graph")),
        ("panel-datasource", "/panels/1/targets/0/datasource/uid", json!("${DS_PROMETHEUS}")),
        ("panel-title-description", "/panels/1/description", json!("")),
        ("panel-title-description", "/panels/1/title", json!("")),
        ("panel-units", "/panels/1/fieldConfig/defaults/unit", json!("furlongs")),
        ("panel-units", "/panels/1/fieldConfig/defaults/unit", Value::Null),
        ("panel-no-targets", "/panels/1/targets", json!([])),
        ("panel-no-value", "/panels/1/fieldConfig/defaults/noValue", json!("")),
        ("thresholds", "/panels/1/fieldConfig/defaults/thresholds/steps/1/value", json!(0.2)),
        ("thresholds", "/panels/0/fieldConfig/defaults/thresholds/steps/1/color", json!("orange")),
        ("thresholds", expr, node("avg(kafka_request_handler_pool_idle_seconds_total{NODE})")),
        ("target-promql", expr, json!("sum(")),
        ("target-metrics", expr, node("max by (broker, instance) (kafka_no_such_thing{NODE})")),
        ("target-labels", expr, node("max by (broker, instance, topic) (jmx_scrape_error{NODE})")),
        ("target-labels", expr, node(r#"max by (broker, instance) (jmx_scrape_error{NODE,topic="a"})"#)),
        ("target-labels", expr, node("jmx_scrape_error{NODE} * on (topic) group_left () jmx_scrape_error{NODE}")),
        ("target-legend", expr, node("max(jmx_scrape_error{NODE})")),
        ("target-matchers", expr, node("max by (broker, instance) (jmx_scrape_error{EXPORTER})")),
        (
            "target-matchers",
            expr,
            node(r#"max by (broker, instance) (jmx_scrape_error{cluster=~"$cluster",job=~"$job"})"#),
        ),
        ("target-matchers", expr, node("max(kafka_brokers{NODE})")),
        ("target-matchers", expr, node(r#"max by (broker, instance) (jmx_scrape_error{NODE,job="$job"})"#)),
        ("target-rate-interval", expr, node("rate(process_cpu_seconds_total{NODE}[1m])")),
        ("target-rate-interval", expr, node("irate(process_cpu_seconds_total{NODE}[$__rate_interval])")),
        ("target-counter-agg", expr, node("max by (broker, instance) (process_cpu_seconds_total{NODE})")),
        (
            "target-total",
            expr,
            node(
                "sum by (broker, instance) (rate(kafka_server_brokertopicmetrics_bytesin_total{NODE}[$__rate_interval]))",
            ),
        ),
        (
            "target-requests",
            expr,
            node(
                "sum by (broker, instance) (rate(kafka_network_requestmetrics_requests_total{NODE}[$__rate_interval]))",
            ),
        ),
        (
            "target-controllers",
            expr,
            node("sum by (broker, instance) (kafka_controller_kafkacontroller_offlinepartitionscount{NODE})"),
        ),
        ("target-quantiles", expr, node("avg by (broker, instance) (kafka_network_requestmetrics_totaltimems{NODE})")),
        ("target-bounded", expr, node("sum by (topic, broker, instance) (kafka_consumergroup_lag{EXPORTER})")),
    ]
}

fn found(board: &Value) -> BTreeSet<(&'static str, String)> {
    let board = Board::parse("good", &board.to_string()).unwrap();
    let rules = Rules::parse(ALERTS).unwrap();
    let metrics = Metrics::load(&rules);
    let boards = [board];
    let context = Context { boards: &boards, rules: &rules, metrics: &metrics };
    faults(&boards[0], &context).map(|(rule, fault)| (rule, fault.what)).collect()
}

#[test]
fn each_rule_finds_what_it_is_for_and_nothing_on_a_dashboard_without_faults() {
    assert_eq!(found(&good()), BTreeSet::new());
    let mut proven = BTreeSet::new();
    for (rule, place, value) in breakages() {
        let mut board = good();
        let (parent, key) = place.rsplit_once('/').unwrap();
        board.pointer_mut(parent).unwrap()[key] = value.clone();
        let faults = found(&board);
        assert!(faults.iter().any(|(of, _)| *of == rule), "{rule} does not mind {value} at {place}, only: {faults:?}");
        proven.insert(rule);
    }
    let all: BTreeSet<_> = RULES.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(proven, all, "each rule has a fault that it finds");
}
