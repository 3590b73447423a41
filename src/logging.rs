//! Log lines to standard error, as logfmt or JSON. What libraries say through the crate `log` (rustls, reqwest) is not heard:
//! their lines would carry the paths of their sources, and what matters of it comes back as an error.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::config::LogConfig;

/// Starts logging for the rest of the process. Libraries below warnings only speak at debug level.
pub fn start(config: &LogConfig) {
    let others = if config.level == tracing::Level::DEBUG { config.level } else { tracing::Level::WARN };
    let levels = Targets::new()
        .with_default(others.min(config.level))
        .with_target("kafka_vitals", config.level)
        .with_target("kafka_admin_protocol", config.level)
        .with_target("kafka_admin_librdkafka", config.level);
    let registry = tracing_subscriber::registry().with(levels);
    // Fails if there is a log already, which is then as good. Unlike `init` it does not take over the crate `log`.
    let _ = if config.json {
        let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
        tracing::subscriber::set_global_default(registry.with(layer))
    } else {
        // tracing-logfmt: small and maintained; writes what the Prometheus ecosystem's tools write.
        let layer = tracing_logfmt::builder().with_target(false).layer().with_writer(std::io::stderr);
        tracing::subscriber::set_global_default(registry.with(layer))
    };
}
