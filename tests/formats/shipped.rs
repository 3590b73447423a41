//! The files of prometheus/ and grafana/ that users take: whether Prometheus takes them, whether they fit each other, and their
//! texts with other addresses, for a Prometheus that runs.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::support::Vitals;

/// Of prometheus/.
pub(crate) const CONFIGURATIONS: [&str; 3] = ["prometheus.yml", "prometheus-split.yml", "prometheus-clusters.yml"];

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of prometheus/ for a Prometheus of this machine: as it is, but that it scrapes `vitals`, every 4 seconds, and takes the
/// shipped rules from where they are.
pub(crate) fn configuration(file: &str, vitals: &Vitals) -> String {
    let target = vitals.url.strip_prefix("http://").unwrap();
    let rules = repository().join("prometheus/rules");
    let mut text = text(&format!("prometheus/{file}"));
    let mut replace = |old: &str, new: &str| {
        assert!(text.contains(old), "{file} has no {old}");
        text = text.replace(old, new);
    };
    replace("scrape_interval: 30s", "scrape_interval: 4s");
    replace("scrape_timeout: 10s", "scrape_timeout: 4s");
    replace("evaluation_interval: 30s", "evaluation_interval: 4s");
    replace("- rules/*.yml", &format!("- {}/*.yml", rules.display()));
    // Nobody shall be told.
    replace("alertmanager:9093", "127.0.0.1:9");
    for host in hosts(file) {
        replace(&format!("{host}:9308"), target);
    }
    if file != "prometheus.yml" {
        replace("refresh_interval: 1m", "refresh_interval: 5s");
    }
    text
}

fn hosts(file: &str) -> &'static [&'static str] {
    match file {
        "prometheus-clusters.yml" => &["vitals-orders", "vitals-payments", "vitals-analytics", "vitals-archive"],
        _ => &["vitals"],
    }
}

/// prometheus-split.yml with the lines in use that it has as a comment.
pub(crate) fn with_broker_label(split: &str) -> String {
    const COMMENTED: [&str; 3] = [
        "    # relabel_configs:\n",
        "    #   - source_labels: [__meta_kafka_broker_id]\n",
        "    #     target_label: broker\n",
    ];
    COMMENTED.iter().fold(split.to_owned(), |text, line| {
        assert!(text.contains(line), "no {line:?}");
        text.replace(line, &line.replacen("# ", "", 1))
    })
}

#[test]
fn promtool_takes_the_shipped_configurations_and_the_rules_that_they_load() {
    let check = |path: PathBuf| {
        let output = Command::new("promtool")
            .args(["check", "config"])
            .arg(&path)
            .output()
            .unwrap_or_else(|error| panic!("promtool is missing: `apt-get install prometheus` ({error})"));
        let (told, failed) = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).into();
        assert!(output.status.success(), "{}: {told}{failed}", path.display());
        told
    };
    for file in CONFIGURATIONS {
        let told = check(repository().join("prometheus").join(file));
        assert!(
            told.contains("rule files found") && told.contains("rules/alerts.yml"),
            "{file} loads no rules: {told}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("split-with-brokers.yml");
    std::fs::write(&path, with_broker_label(&text("prometheus/prometheus-split.yml"))).unwrap();
    check(path);
}

#[derive(Debug, Deserialize)]
struct Configuration {
    global: Global,
}

#[derive(Debug, Deserialize)]
struct Global {
    scrape_interval: String,
    evaluation_interval: String,
}

#[derive(Debug, Deserialize)]
struct DataSources {
    datasources: Vec<DataSource>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataSource {
    r#type: String,
    json_data: JsonData,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonData {
    time_interval: String,
}

#[test]
fn grafanas_data_source_has_the_interval_of_the_scrape_configurations() {
    let sources: DataSources =
        serde_saphyr::from_str(&text("grafana/provisioning/datasources/prometheus.yml")).unwrap();
    let [source] = sources.datasources.as_slice() else { panic!("{sources:?}") };
    assert_eq!(source.r#type, "prometheus");
    for file in CONFIGURATIONS {
        let configuration: Configuration = serde_saphyr::from_str(&text(&format!("prometheus/{file}"))).unwrap();
        assert_eq!(configuration.global.scrape_interval, source.json_data.time_interval, "{file}");
        assert_eq!(configuration.global.evaluation_interval, source.json_data.time_interval, "{file}");
    }
}

#[derive(Debug, Deserialize)]
struct Providers {
    providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
struct Provider {
    r#type: String,
    options: Options,
}

#[derive(Debug, Deserialize)]
struct Options {
    path: String,
}

#[test]
fn grafanas_provider_reads_dashboards_from_a_folder_that_the_documentation_names() {
    let all: Providers = serde_saphyr::from_str(&text("grafana/provisioning/dashboards/kafka-vitals.yml")).unwrap();
    let [provider] = all.providers.as_slice() else { panic!("{all:?}") };
    assert_eq!(provider.r#type, "file");
    assert!(
        text("docs/dashboards.md").contains(&provider.options.path),
        "docs/dashboards.md: {}",
        provider.options.path
    );
}
