//! Sees when the rules file changes, and has it read again.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::exporter::Exporter;

/// How often the file is looked at. Asking beats being notified: a mounted ConfigMap changes by a link that is exchanged
/// two folders up, and network file systems tell nothing.
const EVERY: Duration = Duration::from_secs(3);

/// Has the rules read again whenever their file is another one than before, until the process ends. A file that is gone
/// changes nothing; neither does a bad one, which is tried once.
pub(super) async fn rules_file(exporter: Arc<Exporter>) {
    let Some(path) = exporter.config.rules_file.clone() else { return };
    let mut known = stamp(&path);
    loop {
        tokio::time::sleep(EVERY).await;
        let now = stamp(&path);
        if now.is_some() && now != known {
            known = now;
            // The outcome is in the log and in the metrics.
            drop(exporter.reload());
        }
    }
}

/// What tells one state of a file from another: device, inode, size, time of the last change.
fn stamp(path: &Path) -> Option<(u64, u64, u64, i64, i64)> {
    let data = fs::metadata(path).ok()?;
    Some((data.dev(), data.ino(), data.size(), data.ctime(), data.ctime_nsec()))
}
