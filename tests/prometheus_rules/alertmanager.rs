//! A real Alertmanager with prometheus/alertmanager.yml: alerts in, who is told of which out.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kafka_lab::{Guarded, Lab, free_port, http, tools};
use serde::Deserialize;

use crate::cases::Labels;
use crate::files;

/// Debian's package.
const PACKAGE: &str = "prometheus-alertmanager";
const PATIENCE: Duration = Duration::from_secs(30);

/// Who is told of an alert with these labels, by the routes alone.
pub(crate) fn receiver(labels: &[&str]) -> String {
    let mut command = Command::new(tools::find("amtool", PACKAGE).unwrap());
    command.args(["config", "routes", "test", "--config.file"]).arg(files::path(files::ALERTMANAGER)).args(labels);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A running Alertmanager; it ends when this is dropped.
pub(crate) struct Alertmanager {
    url: String,
    amtool: std::path::PathBuf,
    _process: Guarded,
    _lab: Arc<Lab>,
}

#[derive(Deserialize)]
struct Alert {
    labels: Labels,
    receivers: Vec<Receiver>,
}

#[derive(Deserialize)]
struct Receiver {
    name: String,
}

impl Alertmanager {
    pub(crate) fn start() -> Self {
        // Debian's name, and everybody else's.
        let program = tools::find("prometheus-alertmanager", PACKAGE).or_else(|_| tools::find("alertmanager", PACKAGE));
        let (program, amtool) = (program.unwrap(), tools::find("amtool", PACKAGE).unwrap());
        let lab = Lab::new().unwrap();
        let url = format!("http://127.0.0.1:{}", free_port().unwrap());
        let mut command = Command::new(program);
        command.current_dir(lab.folder()).args([
            format!("--config.file={}", files::path(files::ALERTMANAGER).display()),
            format!("--storage.path={}", lab.folder().join("alertmanager").display()),
            format!("--web.listen-address={}", &url["http://".len()..]),
            "--cluster.listen-address=".to_owned(),
        ]);
        let log = lab.folder().join("alertmanager.log");
        let mut process = lab.spawn_logged(&command, &log).unwrap();
        let ready = format!("{url}/-/ready");
        let look = || http::get_ok(&ready, Duration::from_secs(2)).map(drop);
        process.await_ready("Alertmanager", &log, PATIENCE, look).unwrap();
        Self { url, amtool, _process: process, _lab: lab }
    }

    /// Tells it of an alert.
    pub(crate) fn fire(&self, labels: &Labels) {
        let labels = labels.iter().map(|(name, value)| format!("{name}={value:?}"));
        let mut command = Command::new(&self.amtool);
        command.arg(format!("--alertmanager.url={}", self.url)).args(["alert", "add"]).args(labels);
        files::succeeds(&mut command);
    }

    /// Alerts that are not inhibited, each with the receiver that gets it, but for those that nobody gets.
    pub(crate) fn notifications(&self) -> Vec<(String, Labels)> {
        let url = format!("{}/api/v2/alerts?inhibited=false&silenced=false", self.url);
        let alerts: Vec<Alert> = serde_json::from_str(&http::get_ok(&url, PATIENCE).unwrap()).unwrap();
        let told = alerts.into_iter().flat_map(|alert| {
            let labels = alert.labels;
            alert.receivers.into_iter().map(move |receiver| (receiver.name, labels.clone()))
        });
        told.filter(|(receiver, _)| receiver != "nobody").collect()
    }
}
