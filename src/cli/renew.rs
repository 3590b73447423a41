//! Sees when files with credentials or certificates for Kafka change, and has Kafka read with what they hold now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::AdminError;

use super::engine;
use super::watch::EVERY;
use crate::config::Config;
use crate::file_stamp::{Stamp, stamp};
use crate::kafka::Renewable;

/// For how long the brokers are asked whether they take new credentials.
const TRIAL: Duration = Duration::from_secs(10);
/// The longest pause before brokers that refused new credentials are asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The states of the files; `None` for one that is not there.
pub(super) type Stamps = Vec<Option<Stamp>>;

/// The states of all files that Kafka's client configuration is made of.
pub(super) fn stamps(config: &Config) -> Stamps {
    config.renewal.files().iter().map(|file| stamp(file)).collect()
}

/// What came of the files' new content.
enum Renewed {
    /// It is in use.
    InUse,
    /// It cannot be used, whoever is asked.
    Unusable(String),
    /// The brokers do not take it.
    Refused(AdminError),
}

/// Has Kafka read by a new engine whenever files are others than `known`, until the process ends. As long as the brokers
/// refuse what is new (it may have been written before they were told), or it cannot be used, the engine before goes on:
/// its connections may still be good.
pub(super) async fn credentials(config: Config, admin: Arc<Renewable>, mut known: Stamps) {
    if known.is_empty() {
        return;
    }
    // When to try again what was refused, and after which pause.
    let mut again: Option<(Instant, Duration)> = None;
    loop {
        tokio::time::sleep(EVERY).await;
        let now = stamps(&config);
        // One that is gone is about to be replaced; one that never was there is not missed.
        let is_gone = known.iter().zip(&now).any(|(known, now)| known.is_some() && now.is_none());
        let has_changed = now != known && !is_gone;
        let is_due = again.is_some_and(|(at, _)| at <= Instant::now());
        if !has_changed && !is_due {
            continue;
        }
        known = now;
        again = match renew(&config, &admin).await {
            Renewed::InUse => {
                tracing::info!("reading Kafka with the changed credentials or certificates");
                None
            }
            Renewed::Unusable(error) => {
                tracing::warn!(error, "changed credentials or certificates cannot be used, those before stay in use");
                None
            }
            Renewed::Refused(error) => {
                if has_changed {
                    let error = error.to_string();
                    tracing::warn!(error, "changed credentials or certificates are refused, those before stay in use");
                }
                let before = again.filter(|_| !has_changed).map_or(EVERY, |(_, pause)| pause * 2);
                let pause = before.min(LONGEST_PAUSE);
                Some((Instant::now() + pause, pause))
            }
        };
    }
}

async fn renew(config: &Config, admin: &Renewable) -> Renewed {
    let connected = config.renewal.client().and_then(|kafka| engine::connect(&Config { kafka, ..config.clone() }));
    let new = match connected {
        Ok(Some(chosen)) => chosen.admin,
        Ok(None) => return Renewed::Unusable("nothing is left to read Kafka with".to_owned()),
        Err(error) => return Renewed::Unusable(error),
    };
    match new.cluster(Instant::now() + TRIAL).await {
        Err(error @ AdminError::Authentication { .. }) => Renewed::Refused(error),
        // Brokers that do not answer tell nothing about credentials.
        Ok(_) | Err(_) => {
            admin.replace(new);
            Renewed::InUse
        }
    }
}
