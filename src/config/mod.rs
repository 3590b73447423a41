//! Flags and file in, one validated [`Config`] out. Validation does no I/O; what is in other files (secrets, rules) is
//! read by [`read_secret`] and the rules' loader, with errors that name the file.

mod arguments;
mod effective;
mod file;
mod flags;
mod kafka_exporter;
mod oauth;
mod re2;
mod renewal;
mod resolve;
mod security;
mod series;
mod web_tls;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use regex::Regex;
use secrecy::SecretString;

use crate::rules::Compat;
use file::FileFlag;
pub use flags::Flags;
pub(crate) use flags::parse_duration;
pub use renewal::Renewal;
pub(crate) use resolve::jolokia;
pub use series::{Granularity, Level, SeriesLimits};

/// Everything the exporter needs to know, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to reach Kafka; `None` when only Jolokia is read.
    pub kafka: Option<kafka_admin::ClientConfig>,
    /// Which engine reaches it.
    pub client: ClientChoice,
    /// Constant labels on every series.
    pub labels: Vec<(String, String)>,
    /// What to export of the cluster.
    pub selection: Selection,
    /// What more to export of groups, and what less.
    pub groups: GroupConfig,
    /// How finely series are made.
    pub granularity: Granularity,
    /// How many series there may be.
    pub limits: SeriesLimits,
    /// How to reach the nodes' agents.
    pub jolokia: JolokiaConfig,
    /// jmx_exporter rules file; `None` = the built-in rules.
    pub rules_file: Option<PathBuf>,
    /// jmx_exporter's generation; `None` = what the rules file says.
    pub compat: Option<Compat>,
    /// The exporter's own HTTP side.
    pub web: WebConfig,
    /// Times.
    pub scrape: ScrapeConfig,
    /// Log output.
    pub log: LogConfig,
    /// What was given without effect, one line each, beginning with the flag.
    pub warnings: Vec<String>,
    /// The configuration as `/config` shows it: YAML, secrets as `<secret>`.
    pub effective: String,
    /// To reach Kafka by what files hold later.
    pub renewal: Renewal,
}

/// `--kafka.client`: the engine that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientChoice {
    /// The protocol engine, librdkafka where only that can.
    Auto,
    /// The protocol engine or none.
    Protocol,
    /// librdkafka or none.
    Librdkafka,
}

/// Filters on topics and groups.
#[derive(Debug, Clone)]
pub struct Selection {
    topic_filter: Regex,
    topic_exclude: Regex,
    group_filter: Regex,
    group_exclude: Regex,
    /// Show uncommitted partitions of every topic that a group committed to.
    pub show_all_offsets: bool,
    /// Configurations of topics.
    pub topic_configs: bool,
    /// Log directories of brokers.
    pub log_dirs: bool,
    /// A group that has only transaction markers left to read has caught up.
    pub skip_markers: bool,
}

impl Selection {
    /// Whether the topic is exported.
    pub fn topic(&self, name: &str) -> bool {
        self.topic_filter.is_match(name) && !self.topic_exclude.is_match(name)
    }

    /// Whether the group is exported.
    pub fn group(&self, name: &str) -> bool {
        self.group_filter.is_match(name) && !self.group_exclude.is_match(name)
    }
}

/// What to export of groups besides their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupConfig {
    /// Lagging partitions whose owners are shown.
    pub owners: usize,
    /// File with the groups' objectives.
    pub objectives_file: Option<PathBuf>,
    /// A group without members whose commits have not moved for so long is left out; `None` = never.
    pub forget_after: Option<Duration>,
}

/// Where agents are and how to talk to them.
#[derive(Debug, Clone)]
pub struct JolokiaConfig {
    /// `http` or `https`, for `port`.
    pub protocol: String,
    /// Port on every broker of the metadata.
    pub port: Option<u16>,
    /// Path with slashes on both ends, for `port`.
    pub path: String,
    /// Agents by URL.
    pub nodes: Vec<JolokiaNode>,
    /// Basic authentication.
    pub credentials: Option<(String, SecretString)>,
    /// PEM file of certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure_skip_verify: bool,
    /// Largest answer, in bytes.
    pub max_body_bytes: usize,
}

impl JolokiaConfig {
    /// Whether any agent is to be read.
    pub fn is_enabled(&self) -> bool {
        self.port.is_some() || !self.nodes.is_empty()
    }
}

/// One agent given by URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JolokiaNode {
    /// `node.id`, if it was given.
    pub id: Option<i32>,
    /// Base URL, ending in a slash.
    pub url: String,
    /// Host of the URL, without brackets.
    pub host: String,
    /// Port of the URL.
    pub port: u16,
}

/// The exporter's own HTTP side.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// Addresses to listen on, as `host:port` with a host.
    pub listen: Vec<String>,
    /// HTTPS instead of HTTP.
    pub tls: Option<WebTls>,
    /// Path of the page with everything, without a trailing slash.
    pub telemetry_path: String,
    /// How Prometheus reaches us, without a trailing slash.
    pub external_url: Option<String>,
    /// Template of the `instance` label in `/sd`.
    pub sd_instance: String,
    /// Scrapes answered at the same time.
    pub max_requests: usize,
}

/// PEM files of the exporter's own HTTPS.
#[derive(Debug, Clone)]
pub struct WebTls {
    /// Its certificate, followed by those between it and its authority.
    pub cert_file: PathBuf,
    /// The certificate's key.
    pub key_file: PathBuf,
    /// Authorities of the clients' certificates, of which each client must have one; `None` = any client is served.
    pub client_ca_file: Option<PathBuf>,
}

/// Times.
#[derive(Debug, Clone, Copy)]
pub struct ScrapeConfig {
    /// How long a complete result may be served again.
    pub reuse: Duration,
    /// Time a scrape may take when Prometheus does not say.
    pub timeout: Duration,
    /// How long topology, descriptions and start offsets may be remembered.
    pub refresh: Duration,
    /// How long registered brokers, topic configurations and log directories may be remembered.
    pub refresh_inventory: Duration,
    /// How long a vanished node keeps its page.
    pub forget_after: Duration,
}

/// Log output.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// Level as `tracing` spells it.
    pub level: tracing::Level,
    /// JSON instead of logfmt.
    pub json: bool,
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run the exporter.
    Serve(Box<Config>),
    /// `--config.check`: the configuration is good as far as it can be told without I/O.
    Check(Box<Config>),
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// clap's own answer: usage errors, but also `--help` and `--version`.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The configuration file.
    #[error("configuration file {}: {message}", path.display())]
    File {
        /// As given.
        path: PathBuf,
        /// With the line where there is one.
        message: String,
    },
    /// A value of a flag or of the file that cannot be used.
    #[error("{0}")]
    Value(String),
}

/// Parses a command line (with the program's name first), reads the configuration file that it names, and validates.
pub fn from_command_line(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, ConfigError> {
    let arguments = arguments::normalized(&Flags::command(), arguments).map_err(ConfigError::Value)?;
    let typed = Flags::command().try_get_matches_from(&arguments)?;
    let (given, from_file) = match typed.get_one::<PathBuf>("config_file") {
        Some(path) => with_file(path, &typed, &arguments)?,
        None => (typed, Vec::new()),
    };
    let flags = Flags::from_arg_matches(&given)?;
    let check = flags.config_check;
    let mut config = Box::new(resolve::resolve(&flags).map_err(|message| located(message, &from_file, &flags))?);
    config.effective = effective::yaml(&Flags::command(), &given);
    config.renewal = Renewal::new(Arc::new(flags));
    Ok(if check { Invocation::Check(config) } else { Invocation::Serve(config) })
}

/// Parses again, with the file's flags in front of those that were typed; a flag that was typed (or came by the
/// environment) replaces the file's. Also tells what was taken from the file.
fn with_file(
    path: &Path,
    typed: &ArgMatches,
    arguments: &[OsString],
) -> Result<(ArgMatches, Vec<FileFlag>), ConfigError> {
    let in_file = |message: String| ConfigError::File { path: path.to_owned(), message };
    let text = std::fs::read_to_string(path).map_err(|error| in_file(error.to_string()))?;
    let command = Flags::command();
    let mut combined: Vec<OsString> = arguments.iter().take(1).cloned().collect();
    let mut taken = Vec::new();
    for flag in file::parse(&text).map_err(in_file)? {
        let known = command.get_arguments().find(|arg| arg.get_long() == Some(&flag.name));
        let known = known.filter(|arg| !["config.file", "config.check"].contains(&arg.get_long().unwrap_or_default()));
        let Some(arg) = known.filter(|arg| arg.get_action().takes_values()) else {
            let message =
                format!("line {}: unknown key {} (see --help: keys are the flags' names)", flag.line, flag.name);
            return Err(in_file(message));
        };
        if flag.value.is_empty() {
            continue;
        }
        // Each value is tried alone first, so that the error can name the line.
        let argument = OsString::from(format!("--{}={}", flag.name, flag.value));
        let alone = [OsString::from("kafka-vitals"), argument.clone()];
        if let Err(error) = Flags::command().try_get_matches_from(alone) {
            return Err(in_file(format!("line {}: {}", flag.line, usage_line(&error))));
        }
        // Defaults are not clap's business here: what has a value was typed, or is in the environment.
        let mut values = typed.get_raw(arg.get_id().as_str()).into_iter().flatten();
        if !values.any(|value| !value.is_empty()) {
            combined.push(argument);
            taken.push(flag);
        }
    }
    combined.extend(arguments.iter().skip(1).cloned());
    Ok((Flags::command().try_get_matches_from(combined)?, taken))
}

/// An error that begins with a flag's name (`--kafka.server: ...`), with the line of the file if the flag came from
/// there. Of a list, the last line is named.
fn located(message: String, from_file: &[FileFlag], flags: &Flags) -> ConfigError {
    let name = message.strip_prefix("--").and_then(|rest| rest.split([':', ' ', '=']).next());
    match (from_file.iter().rfind(|flag| Some(flag.name.as_str()) == name), &flags.config_file) {
        (Some(flag), Some(path)) => {
            ConfigError::File { path: path.clone(), message: format!("line {}: {message}", flag.line) }
        }
        _ => ConfigError::Value(message),
    }
}

/// clap's answer to a command line that it does not understand, in one line: what is wrong, and its tip if it has one.
pub fn usage_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    lines.collect::<Vec<_>>().join("; ").replace(":; ", ": ").trim_start_matches("error: ").to_owned()
}

/// Reads a secret from a file; one final newline is dropped.
fn read_secret(flag: &str, path: &Path) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{flag}: {}: {error}", path.display()))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(SecretString::from(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

/// `key=value` pairs in the order given.
fn key_values(
    flag: &str,
    items: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    for item in items {
        let Some((key, value)) = item.as_ref().split_once('=') else {
            // Not shown: it may be a secret with the wrong character in front of it.
            return Err(format!("{flag}: expected KEY=VALUE, and there is no `=` in what was given"));
        };
        if key.trim().is_empty() {
            return Err(format!("{flag}: expected KEY=VALUE, and the key is empty"));
        }
        pairs.insert(key.trim().to_owned(), value.to_owned());
    }
    Ok(pairs)
}
