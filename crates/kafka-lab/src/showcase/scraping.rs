//! The configuration of the Prometheus: addresses in, the text of its prometheus.yml out.

use std::{path::PathBuf, time::Duration};

use serde_json::json;

/// Who is scraped, how often, and the rules on what comes of it.
pub(super) struct Scraping<'s> {
    /// host:port of the kafka-vitals for the single page.
    pub(super) single: &'s str,
    /// host:port of the kafka-vitals for the split pages.
    pub(super) split: &'s str,
    pub(super) interval: Duration,
    pub(super) rules: &'s [PathBuf],
}

impl Scraping<'_> {
    /// JSON, which is YAML. The single page has no label `cluster`, as it is optional; on the split pages it tells the layouts apart. A
    /// node page has no label `broker`: dashboard 721 sums without the instance only.
    pub(super) fn configuration(&self) -> String {
        let interval = format!("{}ms", self.interval.as_millis());
        let refresh = self.interval.max(Duration::from_secs(5)).as_secs();
        json!({
            "global": {
                "scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval,
            },
            "rule_files": self.rules,
            "scrape_configs": [
                {"job_name": "kafka-vitals", "static_configs": [{"targets": [self.single]}]},
                {
                    "job_name": "kafka-cluster",
                    "metrics_path": "/metrics/cluster",
                    "static_configs": [{"targets": [self.split], "labels": {"cluster": "split"}}],
                },
                {
                    "job_name": "kafka",
                    "http_sd_configs": [
                        {"url": format!("http://{}/sd", self.split), "refresh_interval": format!("{refresh}s")}
                    ],
                    "relabel_configs": [{"target_label": "cluster", "replacement": "split"}],
                },
            ],
        })
        .to_string()
    }
}
