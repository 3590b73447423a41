//! What was typed: every flag once, with its help. Out comes [`Flags`], exactly as given; meaning is given to it in
//! `config::Config::resolve`.

use std::path::PathBuf;

use clap::Parser;

use super::kafka_exporter::KafkaExporterFlags;

/// Below all flags of the long help. In lines for a narrow terminal: wider ones are not filled.
const AFTER_HELP: &str = "\
Spelling:
  Booleans: --flag, --flag=true, --flag=false, --no-flag. A flag with an empty
  value counts as not given. @FILE stands for the arguments in FILE, one a line.

Flags of kafka_exporter:
  All of them are known. These are accepted without effect, with a line in the
  log, so that charts and unit files go on working:
    --concurrent.enable, --group.metrics.timeout, --group.workers,
    --kafka.allow-auto-topic-creation, --kafka.version, --log.enable-sarama,
    --sasl.aws-region, --sasl.disable-PA-FX-FAST, --sasl.handshake,
    --sasl.kerberos-config-path, --topic.workers, --use.consumelag.zookeeper,
    --zookeeper.server
  --verbosity=1 is --log.level=debug; Kerberos with a password and AWS IAM are
  refused. docs/migrating-from-kafka_exporter.md tells more.";

/// Kafka's MBeans and consumer lag for Prometheus, from one native binary.
///
/// At each scrape it reads the brokers' MBeans through Jolokia and the consumers'
/// offsets through Kafka's admin API, and serves them with the names of
/// jmx_exporter and kafka_exporter. Everything is on http://HOST:9308/metrics.
///
/// Examples:
///   Both:         kafka-vitals --kafka.server=broker1:9092 --jolokia.port=8778
///   Lag alone:    kafka-vitals --kafka.server=broker1:9092,broker2:9092
///   MBeans alone: kafka-vitals --jolokia.url=http://broker1:8778
///
/// Tools:
///   kafka-vitals check    Try all that these flags ask for, and tell what works; see kafka-vitals check --help
///   kafka-vitals rules    Check, try out and compare rules files; see kafka-vitals rules --help
#[derive(Default, Parser)]
#[command(
    name = "kafka-vitals",
    bin_name = "kafka-vitals",
    version = crate::build_info::LONG_VERSION,
    verbatim_doc_comment,
    after_long_help = AFTER_HELP,
    max_term_width = 120,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct Flags {
    /// Bootstrap server; repeat the flag or separate by commas.
    #[arg(long = "kafka.server", value_name = "HOST:PORT", value_delimiter = ',', help_heading = "Kafka")]
    pub kafka_server: Vec<String>,

    /// What talks to Kafka: protocol asks each broker for everything in a few requests; librdkafka knows Kerberos and all
    /// of librdkafka's properties, and asks group by group [default: auto, protocol where it can].
    #[arg(long = "kafka.client", value_name = "auto|protocol|librdkafka", help_heading = "Kafka")]
    pub kafka_client: Option<String>,

    /// librdkafka property, winning over everything else; repeatable. The protocol client honours those that
    /// docs/operations.md lists; auto takes librdkafka for any other.
    #[arg(long = "kafka.property", value_name = "KEY=VALUE", help_heading = "Kafka")]
    pub kafka_property: Vec<String>,

    /// Constant labels on every series, e.g. cluster=eu1,env=prod. Better set them in Prometheus' scrape configuration.
    #[arg(long = "kafka.labels", value_name = "NAME=VALUE,...", help_heading = "Kafka")]
    pub kafka_labels: Option<String>,

    /// How long brokers, leaders, group members and start offsets may be remembered [default: 30s].
    #[arg(long = "refresh.metadata", value_name = "DURATION", value_parser = parse_duration, help_heading = "Kafka")]
    pub refresh_metadata: Option<std::time::Duration>,

    /// How long registered brokers, topic configurations and log directories may be remembered [default: 5m].
    #[arg(long = "refresh.inventory", value_name = "DURATION", value_parser = parse_duration, help_heading = "Kafka")]
    pub refresh_inventory: Option<std::time::Duration>,

    /// TLS to the brokers.
    #[arg(long = "tls.enabled", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", hide_possible_values = true, help_heading = "Kafka security")]
    pub tls_enabled: Option<bool>,

    /// Certificates to trust, PEM [default: the system's].
    #[arg(long = "tls.ca-file", value_name = "FILE", help_heading = "Kafka security")]
    pub tls_ca_file: Option<PathBuf>,

    /// Client certificate, PEM; needs --tls.key-file.
    #[arg(long = "tls.cert-file", value_name = "FILE", help_heading = "Kafka security")]
    pub tls_cert_file: Option<PathBuf>,

    /// Client key, PEM; needs --tls.cert-file.
    #[arg(long = "tls.key-file", value_name = "FILE", help_heading = "Kafka security")]
    pub tls_key_file: Option<PathBuf>,

    /// Pass phrase of the client key. Others on this machine can read it on the command line: prefer
    /// --tls.key-password-file.
    #[arg(long = "tls.key-password", value_name = "SECRET", help_heading = "Kafka security")]
    pub tls_key_password: Option<String>,

    /// File that holds the pass phrase; a final newline is dropped.
    #[arg(long = "tls.key-password-file", value_name = "FILE", help_heading = "Kafka security")]
    pub tls_key_password_file: Option<PathBuf>,

    /// Name that the brokers' certificates are for [default: the host connected to]. Not with librdkafka.
    #[arg(long = "tls.server-name", value_name = "NAME", help_heading = "Kafka security")]
    pub tls_server_name: Option<String>,

    /// Accept any certificate of a broker.
    #[arg(long = "tls.insecure-skip-tls-verify", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Kafka security")]
    pub tls_insecure_skip_tls_verify: Option<bool>,

    /// SASL to the brokers; needs --sasl.mechanism.
    #[arg(long = "sasl.enabled", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", hide_possible_values = true, help_heading = "Kafka security")]
    pub sasl_enabled: Option<bool>,

    /// plain, scram-sha256, scram-sha512, oauthbearer, or gssapi if this binary was built with it.
    #[arg(long = "sasl.mechanism", value_name = "NAME", help_heading = "Kafka security")]
    pub sasl_mechanism: Option<String>,

    /// User name; for gssapi the principal's name. Not needed for oauthbearer.
    #[arg(long = "sasl.username", value_name = "NAME", help_heading = "Kafka security")]
    pub sasl_username: Option<String>,

    /// Password. Others on this machine can read it on the command line: prefer --sasl.password-file or the environment.
    #[arg(
        long = "sasl.password",
        value_name = "SECRET",
        env = "SASL_USER_PASSWORD",
        hide_env_values = true,
        help_heading = "Kafka security"
    )]
    pub sasl_password: Option<String>,

    /// File that holds the password; a final newline is dropped.
    #[arg(long = "sasl.password-file", value_name = "FILE", help_heading = "Kafka security")]
    pub sasl_password_file: Option<PathBuf>,

    /// For oauthbearer: file that holds the token; read for each connection, so that whoever renews it may replace it.
    #[arg(long = "sasl.oauth.token-file", value_name = "FILE", help_heading = "Kafka security")]
    pub sasl_oauth_token_file: Option<PathBuf>,

    /// For oauthbearer: token endpoint that is asked with client credentials, instead of a file.
    #[arg(long = "sasl.oauth.token-url", value_name = "URL", help_heading = "Kafka security")]
    pub sasl_oauth_token_url: Option<String>,

    /// Client id for the token endpoint [default: --sasl.username].
    #[arg(long = "sasl.oauth.client-id", value_name = "ID", help_heading = "Kafka security")]
    pub sasl_oauth_client_id: Option<String>,

    /// Client secret [default: --sasl.password]. Others on this machine can read it on the command line: prefer
    /// --sasl.oauth.client-secret-file or the environment.
    #[arg(
        long = "sasl.oauth.client-secret",
        value_name = "SECRET",
        env = "SASL_OAUTH_CLIENT_SECRET",
        hide_env_values = true,
        help_heading = "Kafka security"
    )]
    pub sasl_oauth_client_secret: Option<String>,

    /// File that holds the client secret; a final newline is dropped.
    #[arg(long = "sasl.oauth.client-secret-file", value_name = "FILE", help_heading = "Kafka security")]
    pub sasl_oauth_client_secret_file: Option<PathBuf>,

    /// Scopes for the token endpoint, separated by blanks or commas; docs/operations.md tells more of OAUTHBEARER.
    #[arg(long = "sasl.oauth.scope", value_name = "SCOPE", help_heading = "Kafka security")]
    pub sasl_oauth_scope: Option<String>,

    /// Certificates to trust at the token endpoint, PEM [default: the system's].
    #[arg(long = "sasl.oauth.ca-file", value_name = "FILE", help_heading = "Kafka security")]
    pub sasl_oauth_ca_file: Option<PathBuf>,

    /// SASL extensions for the brokers, e.g. logicalCluster=lkc-1.
    #[arg(long = "sasl.oauth.extensions", value_name = "NAME=VALUE,...", help_heading = "Kafka security")]
    pub sasl_oauth_extensions: Option<String>,

    /// kafka_exporter's name of --sasl.oauth.token-file. A string, as the environment's may be empty.
    #[arg(long = "sasl.oauthbearer-token-file", env = "SASL_OAUTHBEARER_TOKEN_FILE", hide = true)]
    pub sasl_oauthbearer_token_file: Option<String>,

    /// kafka_exporter's name of --sasl.oauth.token-url.
    #[arg(long = "sasl.oauthbearer-token-url", env = "SASL_OAUTHBEARER_TOKEN_URL", hide = true)]
    pub sasl_oauthbearer_token_url: Option<String>,

    /// kafka_exporter's name of --sasl.oauth.scope.
    #[arg(long = "sasl.oauthbearer-scopes", hide = true)]
    pub sasl_oauthbearer_scopes: Option<String>,

    /// Kerberos service name of the brokers [default: kafka].
    #[arg(long = "sasl.service-name", value_name = "NAME", help_heading = "Kafka security")]
    pub sasl_service_name: Option<String>,

    /// Kerberos realm, appended to --sasl.username.
    #[arg(long = "sasl.realm", value_name = "REALM", help_heading = "Kafka security")]
    pub sasl_realm: Option<String>,

    /// Kerberos keytab.
    #[arg(long = "sasl.keytab-path", value_name = "FILE", help_heading = "Kafka security")]
    pub sasl_keytab_path: Option<PathBuf>,

    /// Topics to export: a regular expression found anywhere in the name [default: .*].
    #[arg(long = "topic.filter", value_name = "REGEX", help_heading = "What to export")]
    pub topic_filter: Option<String>,

    /// Topics not to export, likewise [default: ^$].
    #[arg(long = "topic.exclude", value_name = "REGEX", help_heading = "What to export")]
    pub topic_exclude: Option<String>,

    /// Consumer groups to export, likewise [default: .*].
    #[arg(long = "group.filter", value_name = "REGEX", help_heading = "What to export")]
    pub group_filter: Option<String>,

    /// Consumer groups not to export, likewise [default: ^$].
    #[arg(long = "group.exclude", value_name = "REGEX", help_heading = "What to export")]
    pub group_exclude: Option<String>,

    /// Show uncommitted partitions (as -1) of every topic that a group has committed to [default: true]. Without it:
    /// those assigned to a member, or committed by a group without members.
    #[arg(long = "offset.show-all", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", hide_possible_values = true, help_heading = "What to export")]
    pub offset_show_all: Option<bool>,

    /// Ask for the configurations of topics, which takes the right DescribeConfigs on them, and which tell of which topics the
    /// lag in seconds must reckon with compaction [default: true].
    #[arg(long = "topic.configs", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", hide_possible_values = true, help_heading = "What to export")]
    pub topic_configs: Option<bool>,

    /// Ask brokers for their log directories, which takes the right Describe on the cluster [default: true].
    #[arg(long = "broker.log-dirs", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", hide_possible_values = true, help_heading = "What to export")]
    pub broker_log_dirs: Option<bool>,

    /// Count a group as caught up, 0 seconds behind, that has nothing left to read but transaction markers. The last few offsets
    /// are fetched for it, which takes the right Read on the topics; not with librdkafka [default: false].
    #[arg(long = "lag.skip-markers", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", hide_possible_values = true, help_heading = "What to export")]
    pub lag_skip_markers: Option<bool>,

    /// Lagging partitions of the cluster, the worst first, whose owner (client id and host) is shown; 0 = none
    /// [default: 50].
    #[arg(long = "group.owners", value_name = "N", help_heading = "What to export")]
    pub group_owners: Option<usize>,

    /// YAML file with lag objectives, teams and runbooks of groups; docs/operations.md has an example. It is read again when
    /// it changes, at SIGHUP and at POST /-/reload.
    #[arg(long = "group.objectives", value_name = "FILE", help_heading = "What to export")]
    pub group_objectives: Option<PathBuf>,

    /// Leave out groups that have had no members and no new commits for so long, as far as this process has seen. Beware:
    /// a group whose consumers have all crashed is such a one [default: 0, never].
    #[arg(long = "group.forget-after", value_name = "DURATION", value_parser = parse_duration,
          help_heading = "What to export")]
    pub group_forget_after: Option<std::time::Duration>,

    /// Finest series of a family, e.g. lag=topic; repeatable. Families: lag, offset, lag_seconds, assigned_partitions,
    /// commit_unmoved, topic_partition; levels: group, topic, partition [default: partition for lag, offset and
    /// topic_partition, topic for the others].
    #[arg(
        long = "series.granularity",
        value_name = "FAMILY=LEVEL",
        value_delimiter = ',',
        help_heading = "What to export"
    )]
    pub series_granularity: Vec<String>,

    /// Most series of every metric of topics and groups, or of one metric; repeatable. What is beyond is left out and
    /// counted in kafka_vitals_series_dropped [default: no limit].
    #[arg(long = "series.limit", value_name = "[METRIC=]N", value_delimiter = ',', help_heading = "What to export")]
    pub series_limit: Vec<String>,

    /// jmx_exporter rules file, or a set that comes with kafka-vitals: bundled:kafka, bundled:strimzi, bundled:confluent or
    /// bundled:all [default: bundled:kafka]. A file is read again when it changes, at SIGHUP and at POST /-/reload.
    #[arg(long = "jmx.rules", value_name = "FILE", help_heading = "What to export")]
    pub jmx_rules: Option<PathBuf>,

    /// Whose names and types the rules give: jmx_exporter 0.x or 1.x [default: what the rules file says, else 0.x].
    #[arg(long = "jmx.compat", value_name = "GENERATION", help_heading = "What to export")]
    pub jmx_compat: Option<String>,

    /// Port of the Jolokia agent on every broker of Kafka's metadata, and on every controller of the metadata quorum (Kafka
    /// 3.9 or newer; not with librdkafka).
    #[arg(long = "jolokia.port", value_name = "PORT", help_heading = "Jolokia")]
    pub jolokia_port: Option<u16>,

    /// Agent of a node that --jolokia.port does not find (a KRaft controller before Kafka 3.9 or with librdkafka), or
    /// instead of --jolokia.port; repeatable.
    /// ID is its node.id and is learned when left out.
    #[arg(long = "jolokia.url", value_name = "[ID=]URL", help_heading = "Jolokia")]
    pub jolokia_url: Vec<String>,

    /// http or https, for --jolokia.port [default: http].
    #[arg(long = "jolokia.protocol", value_name = "PROTOCOL", help_heading = "Jolokia")]
    pub jolokia_protocol: Option<String>,

    /// Path of the agent, for --jolokia.port [default: /jolokia/].
    #[arg(long = "jolokia.path", value_name = "PATH", help_heading = "Jolokia")]
    pub jolokia_path: Option<String>,

    /// User name for basic authentication; needs a password.
    #[arg(long = "jolokia.username", value_name = "NAME", help_heading = "Jolokia")]
    pub jolokia_username: Option<String>,

    /// Password. Others on this machine can read it on the command line: prefer --jolokia.password-file or the
    /// environment.
    #[arg(
        long = "jolokia.password",
        value_name = "SECRET",
        env = "JOLOKIA_PASSWORD",
        hide_env_values = true,
        help_heading = "Jolokia"
    )]
    pub jolokia_password: Option<String>,

    /// File that holds the password; a final newline is dropped.
    #[arg(long = "jolokia.password-file", value_name = "FILE", help_heading = "Jolokia")]
    pub jolokia_password_file: Option<PathBuf>,

    /// Certificates to trust for https, PEM [default: the system's].
    #[arg(long = "jolokia.ca-file", value_name = "FILE", help_heading = "Jolokia")]
    pub jolokia_ca_file: Option<PathBuf>,

    /// Accept any certificate of an agent.
    #[arg(long = "jolokia.insecure-skip-tls-verify", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Jolokia")]
    pub jolokia_insecure_skip_tls_verify: Option<bool>,

    /// Largest answer of an agent that is accepted, in MiB [default: 64].
    #[arg(long = "jolokia.max-body-size", value_name = "MIB", help_heading = "Jolokia")]
    pub jolokia_max_body_size: Option<u64>,

    /// Address to listen on; repeatable [default: :9308].
    #[arg(long = "web.listen-address", value_name = "[HOST]:PORT", help_heading = "Web")]
    pub web_listen_address: Vec<String>,

    /// Path of the page with everything; /cluster and /brokers/ID lie below it [default: /metrics].
    #[arg(long = "web.telemetry-path", value_name = "PATH", help_heading = "Web")]
    pub web_telemetry_path: Option<String>,

    /// HTTPS on all pages; needs --server.tls.cert-file and --server.tls.key-file.
    #[arg(long = "server.tls.enabled", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", hide_possible_values = true, help_heading = "Web")]
    pub server_tls_enabled: Option<bool>,

    /// Certificate for HTTPS, PEM, followed by those between it and its authority. This file and the next two are read
    /// again when they change.
    #[arg(long = "server.tls.cert-file", value_name = "FILE", help_heading = "Web")]
    pub server_tls_cert_file: Option<PathBuf>,

    /// Its key, PEM, not encrypted.
    #[arg(long = "server.tls.key-file", value_name = "FILE", help_heading = "Web")]
    pub server_tls_key_file: Option<PathBuf>,

    /// Authorities that may sign clients' certificates, PEM.
    #[arg(long = "server.tls.ca-file", value_name = "FILE", help_heading = "Web")]
    pub server_tls_ca_file: Option<PathBuf>,

    /// Serve nobody without a certificate that --server.tls.ca-file's authorities signed.
    #[arg(long = "server.tls.mutual-auth-enabled", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, help_heading = "Web")]
    pub server_tls_mutual_auth_enabled: Option<bool>,

    /// How Prometheus reaches this exporter, for /sd [default: the request's Host].
    #[arg(long = "web.external-url", value_name = "URL", help_heading = "Web")]
    pub web_external_url: Option<String>,

    /// The `instance` label in /sd; {host}, {port} and {id} are replaced [default: {host}:{port}].
    #[arg(long = "web.sd-instance", value_name = "TEMPLATE", help_heading = "Web")]
    pub web_sd_instance: Option<String>,

    /// Scrapes answered at the same time; further ones get 503 [default: 40].
    #[arg(long = "web.max-requests", value_name = "N", help_heading = "Web")]
    pub web_max_requests: Option<usize>,

    /// How long a complete result may be served again; 0s = never [default: 5s].
    #[arg(long = "scrape.reuse", value_name = "DURATION", value_parser = parse_duration, help_heading = "Scraping")]
    pub scrape_reuse: Option<std::time::Duration>,

    /// Time a scrape may take when Prometheus does not say; at most 1h [default: 10s].
    #[arg(long = "scrape.timeout", value_name = "DURATION", value_parser = parse_duration, help_heading = "Scraping")]
    pub scrape_timeout: Option<std::time::Duration>,

    /// How long a broker that vanished from the cluster keeps its page and its place in /sd [default: 24h].
    #[arg(long = "broker.forget-after", value_name = "DURATION", value_parser = parse_duration,
          help_heading = "Scraping")]
    pub broker_forget_after: Option<std::time::Duration>,

    /// YAML file that says the same as the flags, e.g. `kafka: {server: [a:9092]}`. Flags win.
    #[arg(long = "config.file", value_name = "FILE", help_heading = "General")]
    pub config_file: Option<PathBuf>,

    /// Check flags, configuration file, rules and certificates, ask nobody, and exit: 0 if all is good.
    #[arg(long = "config.check", help_heading = "General")]
    pub config_check: bool,

    /// debug, info, warn or error [default: info].
    #[arg(long = "log.level", value_name = "LEVEL", help_heading = "General")]
    pub log_level: Option<String>,

    /// logfmt or json [default: logfmt].
    #[arg(long = "log.format", value_name = "FORMAT", help_heading = "General")]
    pub log_format: Option<String>,

    /// What kafka_exporter knows and has no effect here.
    #[command(flatten)]
    pub kafka_exporter: KafkaExporterFlags,

    /// Print the version and what it was built from.
    #[arg(long, short = 'V', action = clap::ArgAction::Version, help_heading = "General")]
    pub version: Option<bool>,

    /// Print help: -h the short one, --help with examples.
    #[arg(long, short, action = clap::ArgAction::Help, help_heading = "General")]
    pub help: Option<bool>,
}

/// Shows no value: some are secrets.
impl std::fmt::Debug for Flags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flags")
    }
}

/// Go's and humantime's spelling of durations where they agree: `500ms`, `30s`, `1m30s`, `24h`; `0` and `0s`.
pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    if text == "0" {
        return Ok(std::time::Duration::ZERO);
    }
    humantime::parse_duration(text).map_err(|error| format!("{error}; write it like 500ms, 30s or 5m"))
}
