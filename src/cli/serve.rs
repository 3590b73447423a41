//! Runs the exporter until it is told to stop.

use std::sync::Arc;

use kafka_admin::KafkaAdmin;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{engine, renew, watch};
use crate::build_info;
use crate::config::Config;
use crate::exporter::{Exporter, check_agents, read_objectives, read_rules};
use crate::kafka::Renewable;
use crate::web;

/// Starts everything, serves, drains at SIGTERM or SIGINT. An error is one line that says what could not be started.
pub async fn run(config: Config) -> Result<(), String> {
    let (known, known_secrets) = (watch::stamps(&config), renew::stamps(&config));
    let rules = read_rules(&config)?;
    let objectives = read_objectives(&config)?.unwrap_or_default();
    check_agents(&config)?;
    let chosen = engine::connect(&config)?;
    let (admin, why) = chosen.map(|chosen| (chosen.admin, (chosen.reason, chosen.security))).unzip();
    let renewable = admin.map(|admin| Arc::new(Renewable::new(admin)));
    let admin = renewable.clone().map(|renewable| renewable as Arc<dyn KafkaAdmin>);
    let tls = config.web.tls.as_ref().map(web::Tls::new).transpose()?;
    let mut listeners = Vec::new();
    for address in &config.web.listen {
        listeners.push(web::bind(address).await?);
    }
    let exporter = Arc::new(Exporter::new(config, admin, rules, objectives));
    tracing::info!(version = build_info::VERSION, revision = build_info::REVISION, "starting kafka-vitals");
    for warning in &exporter.config.warnings {
        tracing::warn!("{warning}");
    }
    if let (Some(kafka), Some((reason, security))) = (&exporter.config.kafka, why) {
        let (bootstrap, mechanism) = (kafka.bootstrap.join(","), security.mechanism);
        let security = security.protocol();
        tracing::info!(bootstrap, security, mechanism, client = exporter.client(), reason, "reading Kafka");
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    for listener in &listeners {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, scheme, path = exporter.config.web.telemetry_path, "listening");
        }
    }

    let stop = CancellationToken::new();
    tokio::spawn(handle_signals(stop.clone(), Arc::clone(&exporter)));
    tokio::spawn(watch::files(Arc::clone(&exporter), known));
    if let Some(renewable) = renewable {
        tokio::spawn(renew::credentials(exporter.config.clone(), renewable, known_secrets));
    }
    web::serve(listeners, tls, exporter, stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// Whether `run` would start, as far as can be told without asking anybody: rules, objectives, TLS files, properties.
pub fn check(config: &Config) -> Result<(), String> {
    read_rules(config)?;
    read_objectives(config)?;
    check_agents(config)?;
    config.web.tls.as_ref().map(web::Tls::new).transpose()?;
    // An engine may want a runtime to put tasks into; this one never runs any.
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| format!("cannot start a runtime: {error}"))?;
    let _inside = runtime.enter();
    engine::connect(config).map(drop)
}

/// SIGTERM and SIGINT stop, SIGHUP reloads rules and objectives.
async fn handle_signals(stop: CancellationToken, exporter: Arc<Exporter>) {
    let streams = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = streams else {
        tracing::warn!("signals cannot be handled here: the exporter stops at once when it is told to");
        return;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            // The outcome is in the log and in the metrics.
            _ = hangup.recv() => drop(exporter.reload().await),
        }
    }
    tracing::info!("stopping: running scrapes may finish");
    stop.cancel();
}
