//! Sees when a file changes: the rules file, to have it read again.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::exporter::Exporter;

/// How often the file is looked at. Asking beats being notified: a mounted ConfigMap changes by a link that is exchanged
/// two folders up, and network file systems tell nothing.
pub(super) const EVERY: Duration = Duration::from_secs(3);

/// Has the rules read again whenever their file is another one than `known`, until the process ends. A file that is gone
/// changes nothing; neither does a bad one, which is tried once.
pub(super) async fn rules_file(exporter: Arc<Exporter>, mut known: Option<Stamp>) {
    if exporter.config.rules_file.is_none() {
        return;
    }
    loop {
        tokio::time::sleep(EVERY).await;
        let now = rules_stamp(&exporter.config);
        if now.is_some() && now != known {
            known = now;
            // The outcome is in the log and in the metrics.
            drop(exporter.reload().await);
        }
    }
}

/// What tells one state of a file from another: device, inode, size, time of the last change.
pub(super) type Stamp = (u64, u64, u64, i64, i64);

/// The stamp of the rules file, if there is one.
pub(super) fn rules_stamp(config: &Config) -> Option<Stamp> {
    stamp(config.rules_file.as_ref()?)
}

/// The stamp of a file, if it is there.
pub(super) fn stamp(file: &Path) -> Option<Stamp> {
    let data = fs::metadata(file).ok()?;
    Some((data.dev(), data.ino(), data.size(), data.ctime(), data.ctime_nsec()))
}
