//! What was typed after `kafka-vitals rules`: arguments in, a [`Command`] out, with the help that explains them.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::config::{Flags, JolokiaConfig, jolokia, parse_duration};
use crate::jolokia::Jolokia;
use crate::rules::Compat;

/// Check, try out and compare jmx_exporter rules files.
///
/// Exit codes: 0 = all is well, 1 = problems or differences were found,
/// 2 = it could not be done (wrong arguments, a file or an agent that cannot be read).
#[derive(Debug, Parser)]
#[command(
    name = "kafka-vitals rules",
    bin_name = "kafka-vitals rules",
    verbatim_doc_comment,
    max_term_width = 120,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// One of the tools; their help is at their arguments.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Check(Check),
    Dump(Dump),
    Explain(Explain),
    Diff(Diff),
}

/// Find the errors of rules files, and rules that can never do what they seem to.
///
/// Shows all errors of each file at once as FILE:LINE: rule N: reason, then what is
/// odd in it, then suspicious rules (dead, shadowed, greedy, explosive), each with the
/// reason, and what the other generation of jmx_exporter would name differently.
/// Asks no broker.
///
/// Examples:
///   kafka-vitals rules check kafka.yml
///   kafka-vitals rules check --strict rules/*.yml          # in CI
///   kafka-vitals rules check --json kafka.yml | jq '.[].findings'
///
/// With --json: a list with, for each file: file, usable, compat, rules, errors
/// [{line, rule, reason}], warnings [{line, rule, reason}], findings [{line, rule,
/// kind, reason}], other_generation {compat, errors, summary, renamed [{rule, line, 0.x,
/// 1.x}], may_rename [rule], types [rule]}.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Check {
    /// Rules files, YAML as for jmx_exporter
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,

    /// Exit with 1 for warnings and suspicious rules too
    #[arg(long)]
    pub(super) strict: bool,

    #[command(flatten)]
    pub(super) generation: Generation,

    #[command(flatten)]
    pub(super) output: Output,
}

/// Print what patterns are matched against: every value of a live broker.
///
/// One line per value, sorted: DOMAIN<key=value, ...><path, ...>ATTRIBUTE: VALUE. This is
/// exactly the text that a rule's pattern sees.
///
/// Examples:
///   kafka-vitals rules dump --jolokia.url=http://broker1:8778
///   kafka-vitals rules dump --jolokia.url=http://broker1:8778 --filter='^kafka\.server<.*>Count:'
///   kafka-vitals rules dump --jolokia.url=http://broker1:8778 --json | jq -r .attribute | sort | uniq -c
///
/// With --json: one object per line: domain, properties [[key, value], ...] in creation
/// order, keys [...], attribute, value (as text), type (long, double, float, boolean,
/// string), match_string.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Dump {
    /// Only lines in which this regular expression (Rust's dialect) is found
    #[arg(long, value_name = "REGEX")]
    pub(super) filter: Option<regex::Regex>,

    #[command(flatten)]
    pub(super) agent: Agent,

    #[command(flatten)]
    pub(super) output: Output,
}

/// Tell which rule takes a match string or a live bean, and why others do not.
///
/// Shows the rule with its line, what its groups captured, and the series as it will be on
/// the page; or why there is none. Of the rules that did not match, those that came
/// nearest are shown with how far they got.
///
/// Examples:
///   kafka-vitals rules explain kafka.yml \
///     'kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec><>Count: 42'
///   kafka-vitals rules explain kafka.yml --jolokia.url=http://broker1:8778 \
///     --bean='kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec'
///   kafka-vitals rules explain kafka.yml --jolokia.url=http://broker1:8778 \
///     --bean='kafka.log:type=Log,name=Size,topic=orders,*'
///
/// Exit code 1 = no series comes of it.
///
/// With --json: a list with, for each match string: match_string, outcome (series,
/// dropped, no_rule, filtered), reason, rule {number, line, pattern}, captures [{group,
/// text}], series {name, labels, value, type, help}, other_generation {compat,
/// series, reason} if it differs, not_matched [{number, line, pattern, reason}],
/// not_matched_more.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Explain {
    /// Rules file, YAML as for jmx_exporter
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Match string as `rules dump` prints it; without a value, 1 is taken
    #[arg(value_name = "STRING", required_unless_present = "bean", conflicts_with = "bean")]
    pub(super) string: Option<String>,

    /// Bean of a live broker, or a pattern that several beans match
    #[arg(long, value_name = "NAME", requires = "url")]
    pub(super) bean: Option<String>,

    /// Tell of every rule that did not match, not only of those that came nearest
    #[arg(long)]
    pub(super) all: bool,

    #[command(flatten)]
    pub(super) generation: Generation,

    #[command(flatten)]
    pub(super) agent: OptionalAgent,

    #[command(flatten)]
    pub(super) output: Output,
}

/// Compare our series with the page of a jmx_exporter agent that runs in the same broker.
///
/// Reads the agent's page and, through Jolokia, our own series with the rules of FILE, in
/// turn: values are compared where they stood still. Shows what only one side has, other
/// values and types, which generation fits the agent, and apart from that the differences
/// that are known, with their reasons. Exit code 1 = differences that are not known.
///
/// Examples:
///   kafka-vitals rules diff kafka.yml --against=http://broker1:7071/metrics \
///     --jolokia.url=http://broker1:8778
///   curl -su user:pw https://broker1:7071/metrics > page.txt      # a protected agent
///   kafka-vitals rules diff kafka.yml --against=page.txt --jolokia.url=http://broker1:8778
///
/// With --json: compat, fits, agent, compared, still, missing [series], extra [series],
/// different [{series, agent, ours}], types [{name, agent, ours}], known [{reason, agent
/// [series], ours [series]}], generations [{compat, missing, extra, different, types}], notes.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Diff {
    /// Rules file, the same as the agent's
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// The agent's page: a URL, or a file that holds it (then values are not compared)
    #[arg(long, value_name = "URL|FILE")]
    pub(super) against: String,

    /// Show every difference, not the first of each name
    #[arg(long)]
    pub(super) all: bool,

    #[command(flatten)]
    pub(super) generation: Generation,

    #[command(flatten)]
    pub(super) agent: Agent,

    #[command(flatten)]
    pub(super) output: Output,
}

/// Which generation's names the rules give.
#[derive(Debug, Args)]
pub(super) struct Generation {
    /// jmx_exporter's generation, 0.x or 1.x [default: what the file says, else 0.x]
    #[arg(long = "jmx.compat", value_name = "GENERATION", value_parser = parse_compat)]
    pub(super) compat: Option<Compat>,
}

/// How the result is written.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// Write JSON instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// The broker to read.
#[derive(Debug, Args)]
pub(super) struct Agent {
    /// Jolokia agent of the broker
    #[arg(long = "jolokia.url", value_name = "URL", help_heading = "Jolokia")]
    url: String,

    #[command(flatten)]
    access: Access,
}

/// The broker to read, if any.
#[derive(Debug, Args)]
pub(super) struct OptionalAgent {
    /// Jolokia agent of the broker
    #[arg(long = "jolokia.url", value_name = "URL", help_heading = "Jolokia", requires = "bean")]
    url: Option<String>,

    #[command(flatten)]
    access: Access,
}

/// How to read it. The names and meanings are those of the exporter's own flags.
#[derive(Args)]
struct Access {
    /// User name for basic authentication; needs a password
    #[arg(long = "jolokia.username", value_name = "NAME", help_heading = "Jolokia")]
    username: Option<String>,

    /// Password; prefer --jolokia.password-file or the environment, which others on this machine cannot read
    #[arg(
        long = "jolokia.password",
        value_name = "SECRET",
        env = "JOLOKIA_PASSWORD",
        hide_env_values = true,
        help_heading = "Jolokia"
    )]
    password: Option<String>,

    /// File that holds the password; a final newline is dropped
    #[arg(long = "jolokia.password-file", value_name = "FILE", help_heading = "Jolokia")]
    password_file: Option<PathBuf>,

    /// Certificates to trust for https, PEM [default: the system's]
    #[arg(long = "jolokia.ca-file", value_name = "FILE", help_heading = "Jolokia")]
    ca_file: Option<PathBuf>,

    /// Accept any certificate
    #[arg(long = "jolokia.insecure-skip-tls-verify", help_heading = "Jolokia")]
    insecure_skip_tls_verify: bool,

    /// Time for each read of the broker
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration, help_heading = "Jolokia")]
    timeout: Duration,
}

/// Shows no password.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Agent {
    /// The agent, and the time for each read. An error says which argument is wrong.
    pub(super) fn connect(&self) -> Result<(Jolokia, Duration), String> {
        self.access.connect(&self.url)
    }

    /// The time for each read.
    pub(super) fn timeout(&self) -> Duration {
        self.access.timeout
    }
}

impl OptionalAgent {
    /// As [`Agent::connect`].
    pub(super) fn connect(&self) -> Result<(Jolokia, Duration), String> {
        self.access.connect(self.url.as_deref().ok_or("--bean needs --jolokia.url")?)
    }
}

impl Access {
    fn connect(&self, url: &str) -> Result<(Jolokia, Duration), String> {
        let flags = Flags {
            jolokia_url: vec![url.to_owned()],
            jolokia_username: self.username.clone().filter(|text| !text.is_empty()),
            // The environment may hold a password for others.
            jolokia_password: self.password.clone().filter(|text| !text.is_empty() && self.username.is_some()),
            jolokia_password_file: self.password_file.clone(),
            jolokia_ca_file: self.ca_file.clone(),
            jolokia_insecure_skip_tls_verify: Some(self.insecure_skip_tls_verify),
            ..Flags::default()
        };
        let config: JolokiaConfig = jolokia(&flags)?;
        let url = config.nodes.first().map(|node| node.url.clone()).unwrap_or_default();
        let agent = crate::exporter::connect_agent(&config, &url).map_err(|error| error.to_string())?;
        Ok((agent, self.timeout))
    }
}

fn parse_compat(text: &str) -> Result<Compat, String> {
    Compat::named(text).ok_or_else(|| "write 0.x or 1.x".to_owned())
}
