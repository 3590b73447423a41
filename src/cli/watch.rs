//! Sees when the rules file or the objectives change, and has them read again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::exporter::Exporter;
use crate::file_stamp::{self, Stamp};

/// How often the files are looked at. Asking beats being notified: a mounted ConfigMap changes by a link that is exchanged
/// two folders up, and network file systems tell nothing.
pub(super) const EVERY: Duration = Duration::from_secs(3);

/// Has the files read again whenever one of them is another one than `known`, until the process ends. A file that is gone
/// changes nothing; neither does a bad one, which is tried once.
pub(super) async fn files(exporter: Arc<Exporter>, mut known: Stamps) {
    if paths(&exporter.config) == [None, None] {
        return;
    }
    loop {
        tokio::time::sleep(EVERY).await;
        let mut has_changed = false;
        for (known, now) in known.iter_mut().zip(stamps(&exporter.config)) {
            if now.is_some() && now != *known {
                *known = now;
                has_changed = true;
            }
        }
        if has_changed {
            // The outcome is in the log and in the metrics.
            drop(exporter.reload().await);
        }
    }
}

/// Of the rules file and of the objectives, if they are there.
pub(super) type Stamps = [Option<Stamp>; 2];

/// The stamps of the files.
pub(super) fn stamps(config: &Config) -> Stamps {
    paths(config).map(|path| file_stamp::stamp(path?))
}

fn paths(config: &Config) -> [Option<&Path>; 2] {
    [config.rules_file.as_deref(), config.groups.objectives_file.as_deref()]
}
