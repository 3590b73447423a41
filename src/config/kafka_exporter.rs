//! Flags of kafka_exporter that have nothing to do here. In: what was given; out: a line of warning for each that asks for
//! something which is not done, or an error for a value that cannot have been meant.

use std::env;
use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::Flags;
use super::flags::parse_duration;

/// All of them, from every version up to 1.10 and those after it. None shows in the help one by one: a section names them.
#[derive(Debug, Default, Args)]
pub struct KafkaExporterFlags {
    /// The protocol version is agreed upon with each broker.
    #[arg(long = "kafka.version", hide = true)]
    pub kafka_version: Option<String>,

    /// No topic is ever made.
    #[arg(long = "kafka.allow-auto-topic-creation", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide = true)]
    pub kafka_allow_auto_topic_creation: Option<bool>,

    /// Scrapes at the same time share one read.
    #[arg(long = "concurrent.enable", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide = true)]
    pub concurrent_enable: Option<bool>,

    /// Requests are batches, not workers' single ones.
    #[arg(long = "topic.workers", hide = true, allow_negative_numbers = true)]
    pub topic_workers: Option<i64>,

    /// Likewise.
    #[arg(long = "group.workers", hide = true, allow_negative_numbers = true)]
    pub group_workers: Option<i64>,

    /// Prometheus says how long a scrape may take.
    #[arg(long = "group.metrics.timeout", value_parser = parse_duration, hide = true)]
    pub group_metrics_timeout: Option<Duration>,

    /// Consumer groups in ZooKeeper are gone from Kafka.
    #[arg(long = "use.consumelag.zookeeper", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide = true)]
    pub use_consumelag_zookeeper: Option<bool>,

    /// Likewise.
    #[arg(long = "zookeeper.server", hide = true)]
    pub zookeeper_server: Vec<String>,

    /// A handshake always comes first.
    #[arg(long = "sasl.handshake", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide = true)]
    pub sasl_handshake: Option<bool>,

    /// For `awsiam`, which is not supported.
    #[arg(long = "sasl.aws-region", hide = true)]
    pub sasl_aws_region: Option<String>,

    /// The environment's KRB5_CONFIG says it.
    #[arg(long = "sasl.kerberos-config-path", hide = true)]
    pub sasl_kerberos_config_path: Option<String>,

    /// `keytabAuth`.
    #[arg(long = "sasl.kerberos-auth-type", hide = true)]
    pub sasl_kerberos_auth_type: Option<String>,

    /// A matter of krb5's own configuration.
    #[arg(long = "sasl.disable-PA-FX-FAST", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide = true)]
    pub sasl_disable_pa_fx_fast: Option<bool>,

    /// There is no sarama.
    #[arg(long = "log.enable-sarama", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          hide = true)]
    pub log_enable_sarama: Option<bool>,

    /// 0 info, 1 debug, 2 trace, unless --log.level says otherwise.
    #[arg(long = "verbosity", hide = true, allow_negative_numbers = true)]
    pub verbosity: Option<i64>,
}

impl KafkaExporterFlags {
    /// The level that `--verbosity` stands for.
    pub(super) fn level(&self) -> Option<tracing::Level> {
        let debug = |verbosity| if verbosity > 0 { tracing::Level::DEBUG } else { tracing::Level::INFO };
        self.verbosity.map(debug)
    }
}

/// A line for each flag that is without effect. One that asks for what is so anyway is none.
pub(super) fn warnings(flags: &Flags) -> Result<Vec<String>, String> {
    let given = &flags.kafka_exporter;
    if let Some(version) = given.kafka_version.as_deref().filter(|version| !is_version(version)) {
        return Err(format!(
            "--kafka.version: {version:?} is no version of Kafka; write it like 3.9.0, or leave it out"
        ));
    }
    let is = |flag: Option<bool>| flag == Some(true);
    let zookeeper = "consumer groups whose offsets are in ZooKeeper are not read: Kafka removed them";
    let workers = "each broker is asked for everything at once, so there are no workers";
    let table = [
        (given.kafka_version.is_some(), "--kafka.version", "the protocol's versions are agreed upon with each broker"),
        (
            is(given.kafka_allow_auto_topic_creation),
            "--kafka.allow-auto-topic-creation",
            "nothing asked for here makes a topic",
        ),
        (
            is(given.concurrent_enable),
            "--concurrent.enable",
            "scrapes at the same time always share one read (see --scrape.reuse)",
        ),
        (given.topic_workers.is_some(), "--topic.workers", workers),
        (given.group_workers.is_some(), "--group.workers", workers),
        (
            given.group_metrics_timeout.is_some(),
            "--group.metrics.timeout",
            "a scrape ends within the time that Prometheus allows, else within --scrape.timeout",
        ),
        (is(given.use_consumelag_zookeeper), "--use.consumelag.zookeeper", zookeeper),
        (!given.zookeeper_server.is_empty(), "--zookeeper.server", zookeeper),
        (
            given.sasl_handshake == Some(false),
            "--sasl.handshake=false",
            "brokers since Kafka 0.10 want the handshake, and it is always made",
        ),
        (given.sasl_aws_region.is_some(), "--sasl.aws-region", "AWS IAM is not supported"),
        (
            given.sasl_kerberos_config_path.as_deref().is_some_and(|path| !is_krb5_config(path)),
            "--sasl.kerberos-config-path",
            "set the environment variable KRB5_CONFIG to this path instead",
        ),
        (is(given.sasl_disable_pa_fx_fast), "--sasl.disable-PA-FX-FAST", "it is a matter of krb5's own configuration"),
        (is(given.log_enable_sarama), "--log.enable-sarama", "there is no sarama here; --log.level=debug tells more"),
    ];
    let without_effect = table.into_iter().filter(|(is_given, ..)| *is_given);
    Ok(without_effect.map(|(_, flag, why)| format!("{flag} has no effect: {why}")).collect())
}

/// As Kafka writes versions of its own and those of protocols: `2.0.0`, `0.10.2.1`, `3.6`, `3.9-IV0`.
fn is_version(text: &str) -> bool {
    let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let is_number = |part: &str| !part.is_empty() && part.len() < 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = numbers.trim_start_matches('v').split('.').collect();
    (1..=4).contains(&parts.len())
        && parts.into_iter().all(is_number)
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte))
}

fn is_krb5_config(path: &str) -> bool {
    env::var_os("KRB5_CONFIG").is_some_and(|set| Path::new(&set) == Path::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_looked_at_loosely() {
        for (text, expected) in [
            ("2.0.0", true),
            ("0.10.2.1", true),
            ("3.6", true),
            ("4", true),
            ("v3.9.0", true),
            ("3.9-IV0", true),
            ("7.6.0-ccs", true),
            ("", false),
            ("latest", false),
            ("3..1", false),
            ("1.2.3.4.5", false),
            ("\"3.9.0\"", false),
        ] {
            assert_eq!(is_version(text), expected, "{text}");
        }
    }
}
