//! Sees when the rules file changes, and has it read again.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::exporter::Exporter;
use crate::file_stamp::{self, Stamp};

/// How often the file is looked at. Asking beats being notified: a mounted ConfigMap changes by a link that is exchanged
/// two folders up, and network file systems tell nothing.
const EVERY: Duration = Duration::from_secs(3);

/// Has the rules read again whenever their file is another one than `known`, until the process ends. A file that is gone
/// changes nothing; neither does a bad one, which is tried once.
pub(super) async fn rules_file(exporter: Arc<Exporter>, mut known: Option<Stamp>) {
    if exporter.config.rules_file.is_none() {
        return;
    }
    loop {
        tokio::time::sleep(EVERY).await;
        let now = stamp(&exporter.config);
        if now.is_some() && now != known {
            known = now;
            // The outcome is in the log and in the metrics.
            drop(exporter.reload().await);
        }
    }
}

/// The stamp of the rules file, if there is one.
pub(super) fn stamp(config: &Config) -> Option<Stamp> {
    file_stamp::stamp(config.rules_file.as_ref()?)
}
