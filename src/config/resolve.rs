//! Gives flags their meaning: defaults, combinations that make no sense, URLs, filters.

use std::time::Duration;

use kafka_admin::{ClientConfig, SecurityConfig};
use regex::Regex;

use crate::metrics::catalogue::{all, is_of_the_cluster};
use crate::rules::Compat;

use super::{
    ClientChoice, Config, Flags, Granularity, GroupConfig, JolokiaConfig, JolokiaNode, LogConfig, Renewal,
    ScrapeConfig, Selection, SeriesLimits, WebConfig, kafka_exporter, key_values, re2, security, web_tls,
};

/// `client.id` towards the brokers.
const CLIENT_ID: &str = "kafka-vitals";

/// Labels without which series could not be told apart any more by those who know kafka_exporter's.
const REFUSED_LABELS: [&str; 8] = ["address", "broker", "consumergroup", "id", "le", "partition", "quantile", "topic"];

/// Upper bound of `--scrape.timeout`; far later points in time cannot even be represented.
const LONGEST_SCRAPE: Duration = Duration::from_secs(3600);

pub(super) fn resolve(flags: &Flags) -> Result<Config, String> {
    let kafka = kafka(flags)?;
    let client = client(flags)?;
    let jolokia = jolokia(flags)?;
    if kafka.is_none() && !jolokia.is_enabled() {
        return Err("nothing to read: give --kafka.server=HOST:PORT, --jolokia.url=URL or both".to_owned());
    }
    if kafka.is_none() && jolokia.port.is_some() {
        return Err("--jolokia.port needs --kafka.server, whose metadata names the brokers; \
                    without Kafka give --jolokia.url for each node"
            .to_owned());
    }
    if kafka.is_none() && flags.kafka_client.is_some() {
        return Err("--kafka.client needs --kafka.server=HOST:PORT".to_owned());
    }
    let mut warnings = kafka_exporter::warnings(flags)?;
    warnings.extend(web_tls::warning(flags));
    warnings.extend(security::missing_identity(flags));
    Ok(Config {
        kafka,
        client,
        labels: labels(flags, &mut warnings)?,
        selection: Selection {
            topic_filter: filter("--topic.filter", flags.topic_filter.as_deref(), ".*")?,
            topic_exclude: filter("--topic.exclude", flags.topic_exclude.as_deref(), "^$")?,
            group_filter: filter("--group.filter", flags.group_filter.as_deref(), ".*")?,
            group_exclude: filter("--group.exclude", flags.group_exclude.as_deref(), "^$")?,
            show_all_offsets: flags.offset_show_all.unwrap_or(true),
            topic_configs: flags.topic_configs.unwrap_or(true),
            log_dirs: flags.broker_log_dirs.unwrap_or(true),
            skip_markers: flags.lag_skip_markers.unwrap_or(false),
        },
        groups: GroupConfig {
            owners: flags.group_owners.unwrap_or(50),
            objectives_file: flags.group_objectives.clone(),
            forget_after: flags.group_forget_after.filter(|after| !after.is_zero()),
        },
        granularity: Granularity::parse(&flags.series_granularity)?,
        limits: SeriesLimits::parse(&flags.series_limit, is_of_the_cluster)?,
        jolokia,
        rules_file: flags.jmx_rules.clone(),
        compat: compat(flags)?,
        web: web(flags)?,
        scrape: ScrapeConfig {
            reuse: flags.scrape_reuse.unwrap_or(Duration::from_secs(5)),
            timeout: match flags.scrape_timeout.unwrap_or(Duration::from_secs(10)) {
                Duration::ZERO => return Err("--scrape.timeout must be longer than 0s".to_owned()),
                // What Prometheus says is bounded likewise.
                timeout if timeout > LONGEST_SCRAPE => {
                    return Err("--scrape.timeout: longer than an hour is of no use".to_owned());
                }
                timeout => timeout,
            },
            refresh: flags.refresh_metadata.unwrap_or(Duration::from_secs(30)),
            refresh_inventory: flags.refresh_inventory.unwrap_or(Duration::from_secs(300)),
            forget_after: flags.broker_forget_after.unwrap_or(Duration::from_secs(24 * 3600)),
        },
        log: log(flags)?,
        warnings,
        effective: String::new(),
        renewal: Renewal::default(),
    })
}

/// A filter in Go's syntax, as kafka_exporter has it, found anywhere in a name.
fn filter(flag: &str, pattern: Option<&str>, default: &str) -> Result<Regex, String> {
    let pattern = pattern.unwrap_or(default);
    let compiled = re2::translated(pattern).and_then(|translated| {
        Regex::new(&translated).map_err(|error| {
            let reason = error.to_string();
            reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    });
    compiled.map_err(|reason| format!("{flag}: {pattern:?} is no regular expression: {reason}"))
}

fn compat(flags: &Flags) -> Result<Option<Compat>, String> {
    let Some(text) = &flags.jmx_compat else { return Ok(None) };
    let compat = Compat::named(text);
    compat.map(Some).ok_or_else(|| format!("--jmx.compat: {text:?} is no generation of jmx_exporter; give 0.x or 1.x"))
}

fn labels(flags: &Flags, warnings: &mut Vec<String>) -> Result<Vec<(String, String)>, String> {
    let text = flags.kafka_labels.as_deref().unwrap_or_default();
    let pairs = key_values("--kafka.labels", text.split(',').filter(|item| !item.trim().is_empty()))?;
    for name in pairs.keys() {
        let mut chars = name.chars();
        let good = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good || name.starts_with("__") {
            return Err(format!("--kafka.labels: {name:?} is no label name ([a-zA-Z_][a-zA-Z0-9_]*, not __...)"));
        }
        // `broker` would make one node of all on /metrics, and kafka_exporter refuses its own labels too.
        if REFUSED_LABELS.contains(&name.as_str()) {
            return Err(format!(
                "--kafka.labels: {name:?} is a label that kafka-vitals sets itself; choose another name"
            ));
        }
        if let Some(metric) = all().find(|metric| metric.labels.contains(&name.as_str())) {
            let metric = metric.name;
            warnings.push(format!(
                "--kafka.labels: {name:?} is a label of {metric} too, where that becomes \"exported_{name}\""
            ));
        }
    }
    Ok(pairs.into_iter().collect())
}

pub(super) fn kafka(flags: &Flags) -> Result<Option<ClientConfig>, String> {
    let bootstrap: Vec<String> =
        flags.kafka_server.iter().map(|server| server.trim().to_owned()).filter(|server| !server.is_empty()).collect();
    for server in &bootstrap {
        host_port("--kafka.server", server)?;
    }
    let security = SecurityConfig { tls: security::tls(flags)?, sasl: security::sasl(flags)? };
    let properties = key_values("--kafka.property", &flags.kafka_property)?;
    if bootstrap.is_empty() {
        return match (properties.keys().next(), security.tls.is_some() || security.sasl.is_some()) {
            (None, false) => Ok(None),
            _ => Err("--kafka.property, --tls.* and --sasl.* need --kafka.server=HOST:PORT".to_owned()),
        };
    }
    Ok(Some(ClientConfig { bootstrap, client_id: CLIENT_ID.to_owned(), security, properties }))
}

fn client(flags: &Flags) -> Result<ClientChoice, String> {
    match flags.kafka_client.as_deref().unwrap_or("auto") {
        "auto" => Ok(ClientChoice::Auto),
        "protocol" => Ok(ClientChoice::Protocol),
        "librdkafka" => Ok(ClientChoice::Librdkafka),
        other => Err(format!("--kafka.client: {other:?} is none of auto, protocol, librdkafka")),
    }
}

/// How to reach the agents, by the flags about Jolokia alone.
pub(crate) fn jolokia(flags: &Flags) -> Result<JolokiaConfig, String> {
    let protocol = flags.jolokia_protocol.clone().unwrap_or_else(|| "http".to_owned());
    if protocol != "http" && protocol != "https" {
        return Err(format!("--jolokia.protocol: {protocol:?} is neither http nor https"));
    }
    if flags.jolokia_port == Some(0) {
        return Err("--jolokia.port: 0 is no port".to_owned());
    }
    let has_agents = flags.jolokia_port.is_some() || !flags.jolokia_url.is_empty();
    // Not the password: the environment may hold one for others.
    let given = [
        ("protocol", flags.jolokia_protocol.is_some()),
        ("path", flags.jolokia_path.is_some()),
        ("username", flags.jolokia_username.is_some()),
        ("password-file", flags.jolokia_password_file.is_some()),
        ("ca-file", flags.jolokia_ca_file.is_some()),
        ("insecure-skip-tls-verify", flags.jolokia_insecure_skip_tls_verify.unwrap_or(false)),
        ("max-body-size", flags.jolokia_max_body_size.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) if !has_agents => {
            return Err(format!(
                "--jolokia.{name} is given but no agent is to be read: add --jolokia.port or --jolokia.url"
            ));
        }
        Some((name @ ("protocol" | "path"), _)) if flags.jolokia_port.is_none() => {
            return Err(format!("--jolokia.{name} is for --jolokia.port; --jolokia.url holds its own"));
        }
        _ => {}
    }
    let path = flags.jolokia_path.as_deref().unwrap_or("/jolokia/").trim_matches('/');
    let password = security::secret(
        "--jolokia.password",
        flags.jolokia_password.as_deref(),
        flags.jolokia_password_file.as_deref(),
    )?;
    let credentials = match (&flags.jolokia_username, password) {
        (Some(username), Some(password)) => Some((username.clone(), password)),
        (Some(_), None) => {
            return Err("--jolokia.username needs --jolokia.password-file (or JOLOKIA_PASSWORD)".to_owned());
        }
        (None, Some(_)) if has_agents => {
            let name = if flags.jolokia_password_file.is_some() { "password-file" } else { "password" };
            return Err(format!("--jolokia.{name} (or JOLOKIA_PASSWORD) needs --jolokia.username"));
        }
        (None, _) => None,
    };
    Ok(JolokiaConfig {
        protocol,
        port: flags.jolokia_port,
        path: if path.is_empty() { "/".to_owned() } else { format!("/{path}/") },
        nodes: jolokia_nodes(&flags.jolokia_url)?,
        credentials,
        ca_file: flags.jolokia_ca_file.clone(),
        insecure_skip_verify: flags.jolokia_insecure_skip_tls_verify.unwrap_or(false),
        max_body_bytes: usize::try_from(flags.jolokia_max_body_size.unwrap_or(64).max(1))
            .unwrap_or(usize::MAX)
            .saturating_mul(1 << 20),
    })
}

fn jolokia_nodes(urls: &[String]) -> Result<Vec<JolokiaNode>, String> {
    let mut nodes: Vec<JolokiaNode> = Vec::new();
    for text in urls {
        let node = jolokia_node(text)?;
        if nodes.iter().any(|known| known.url == node.url) {
            return Err(format!("--jolokia.url: {} is given twice", node.url));
        }
        if node.id.is_some() && nodes.iter().any(|known| known.id == node.id) {
            return Err(format!("--jolokia.url: node {} is given twice", node.id.unwrap_or_default()));
        }
        nodes.push(node);
    }
    Ok(nodes)
}

/// Reads `[ID=]URL`. The error never repeats the text, which may hold credentials.
fn jolokia_node(text: &str) -> Result<JolokiaNode, String> {
    let (id, url) = match text.split_once('=') {
        Some((id, url)) if !id.contains(':') => {
            let id = id.trim().parse().map_err(|_| format!("--jolokia.url: {id:?} before the `=` is no node id"))?;
            (Some(id), url)
        }
        _ => (None, text),
    };
    let parsed = absolute_url("--jolokia.url", url.trim(), "http://host:8778/jolokia/")?;
    plain_url("--jolokia.url", &parsed, ": use --jolokia.username and --jolokia.password-file")?;
    let host = parsed.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let Some(port) = parsed.port_or_known_default() else {
        return Err("--jolokia.url: the port is missing".to_owned());
    };
    let mut url = parsed.clone();
    match parsed.path() {
        "/" => url.set_path("/jolokia/"),
        path if path.ends_with('/') => {}
        path => url.set_path(&format!("{path}/")),
    }
    Ok(JolokiaNode { id, url: url.into(), host, port })
}

/// An `http` or `https` URL. The error never repeats the text, which may hold credentials.
pub(super) fn absolute_url(flag: &str, text: &str, example: &str) -> Result<reqwest::Url, String> {
    let parsed = reqwest::Url::parse(text).map_err(|error| {
        let reason = if text.contains("://") { error.to_string() } else { "this is no absolute URL".to_owned() };
        format!("{flag}: {reason}; write it like {example}")
    })?;
    if !["http", "https"].contains(&parsed.scheme()) {
        return Err(format!("{flag}: {} is neither http nor https", parsed.scheme()));
    }
    Ok(parsed)
}

pub(super) fn no_credentials(flag: &str, url: &reqwest::Url, instead: &str) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{flag}: credentials do not belong in the URL{instead}"));
    }
    Ok(())
}

/// Refuses what has no meaning in a URL of ours, and what may be a secret: `/config` shows URLs as they are.
fn plain_url(flag: &str, url: &reqwest::Url, instead: &str) -> Result<(), String> {
    no_credentials(flag, url, instead)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{flag}: a query or a fragment has no meaning in this URL"));
    }
    Ok(())
}

fn web(flags: &Flags) -> Result<WebConfig, String> {
    let mut listen = Vec::new();
    for address in &flags.web_listen_address {
        let address = match address.strip_prefix(':') {
            Some(port) => format!("[::]:{port}"),
            None => address.clone(),
        };
        host_port("--web.listen-address", &address)?;
        listen.push(address);
    }
    if listen.is_empty() {
        listen.push("[::]:9308".to_owned());
    }
    let telemetry_path = flags.web_telemetry_path.as_deref().unwrap_or("/metrics").trim_end_matches('/').to_owned();
    if !telemetry_path.starts_with('/') {
        return Err("--web.telemetry-path must start with a slash and name a path, like /metrics".to_owned());
    }
    // The characters of a path in RFC 3986: no request would lead to a page with others in it.
    let legal = |c: char| c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(c);
    if !telemetry_path.chars().all(legal) {
        return Err(format!("--web.telemetry-path: {telemetry_path:?} holds a character that no path may hold"));
    }
    let external_url = match &flags.web_external_url {
        Some(url) => {
            let parsed = absolute_url("--web.external-url", url, "https://vitals.example/kafka")?;
            plain_url("--web.external-url", &parsed, "")?;
            Some(url.trim_end_matches('/').to_owned())
        }
        None => None,
    };
    Ok(WebConfig {
        listen,
        tls: web_tls::files(flags)?,
        telemetry_path,
        external_url,
        sd_instance: flags.web_sd_instance.clone().unwrap_or_else(|| "{host}:{port}".to_owned()),
        max_requests: flags.web_max_requests.unwrap_or(40).max(1),
    })
}

fn host_port(flag: &str, text: &str) -> Result<(), String> {
    let valid = text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && (!host.contains(':') || host.starts_with('[')) && port.parse::<u16>().is_ok()
    });
    if valid { Ok(()) } else { Err(format!("{flag}: {text:?} is not HOST:PORT (IPv6 hosts in brackets)")) }
}

fn log(flags: &Flags) -> Result<LogConfig, String> {
    let level = match flags.log_level.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None => flags.kafka_exporter.level().unwrap_or(tracing::Level::INFO),
        Some("debug" | "trace") => tracing::Level::DEBUG,
        Some("info") => tracing::Level::INFO,
        Some("warn" | "warning") => tracing::Level::WARN,
        // What is fatal is told whatever the level.
        Some("error" | "fatal" | "panic") => tracing::Level::ERROR,
        Some(other) => return Err(format!("--log.level: {other:?} is none of debug, info, warn, error")),
    };
    let json = match flags.log_format.as_deref().unwrap_or("logfmt") {
        "logfmt" => false,
        "json" => true,
        // As Prometheus' exporters had it before 2019: a URL of the place, which is standard error here.
        place if place.starts_with("logger:") => place.contains("json=true"),
        other => return Err(format!("--log.format: {other:?} is neither logfmt nor json")),
    };
    Ok(LogConfig { level, json })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, String> {
        let line = std::iter::once("kafka-vitals").chain(arguments.iter().copied());
        resolve(&Flags::try_parse_from(line).map_err(|error| error.to_string())?)
    }

    #[test]
    fn defaults_are_those_of_kafka_exporter_where_it_has_them() {
        let config = config(&["--kafka.server=a:9092,b:9092", "--kafka.server=c:9092"]).unwrap();
        assert_eq!(config.kafka.unwrap().bootstrap, ["a:9092", "b:9092", "c:9092"]);
        assert_eq!(config.web.listen, ["[::]:9308"]);
        assert_eq!(config.web.telemetry_path, "/metrics");
        assert!(config.selection.show_all_offsets);
        assert!(config.selection.topic("__consumer_offsets"));
    }

    #[test]
    fn the_longest_scrape_is_an_hour() {
        let config = config(&["--kafka.server=a:1", "--scrape.timeout=1h"]).unwrap();
        assert_eq!(config.scrape.timeout, Duration::from_secs(3600));
    }

    #[test]
    fn booleans_take_every_spelling() {
        for (flag, expected) in
            [("--offset.show-all", true), ("--offset.show-all=true", true), ("--offset.show-all=false", false)]
        {
            let config = config(&["--kafka.server=a:1", flag]).unwrap();
            assert_eq!(config.selection.show_all_offsets, expected, "{flag}");
        }
    }

    #[test]
    fn flags_show_nothing_when_debugged() {
        let flags = Flags::try_parse_from(["kafka-vitals", "--sasl.password=hunter2", "--kafka.property=a=hunter2"]);
        assert_eq!(format!("{:?}", flags.unwrap()), "Flags");
    }

    #[test]
    fn a_constant_label_that_some_metric_has_too_is_a_warning() {
        let given = config(&["--kafka.server=a:1", "--kafka.labels=team=x,env=y"]).unwrap();
        assert_eq!(given.labels.len(), 2);
        let [warning] = &given.warnings[..] else { panic!("{:?}", given.warnings) };
        assert!(warning.starts_with("--kafka.labels: \"team\" is a label of kafka_"), "{warning}");
        assert!(warning.ends_with("\"exported_team\""), "{warning}");
    }

    #[test]
    fn filters_are_found_anywhere_in_the_name() {
        let config = config(&["--kafka.server=a:1", "--topic.filter=ord", "--topic.exclude=_dlq$"]).unwrap();
        assert!(config.selection.topic("new-orders"));
        assert!(!config.selection.topic("orders_dlq"));
        assert!(!config.selection.topic("payments"));
    }

    #[test]
    fn filters_are_read_as_go_reads_them() {
        let config = config(&["--kafka.server=a:1", r"--topic.filter=^\Qa.b\E[[_&&-]\d$"]).unwrap();
        assert!(config.selection.topic("a.b&1"));
        assert!(!config.selection.topic("axb&1") && !config.selection.topic("a.b&\u{663}"));
    }

    #[test]
    fn jolokia_urls_take_an_id_and_get_a_path() {
        for (text, id, url) in [
            ("http://h:8778", None, "http://h:8778/jolokia/"),
            ("http://h:8778/jolokia", None, "http://h:8778/jolokia/"),
            ("3=https://h/agent/", Some(3), "https://h/agent/"),
        ] {
            let node = jolokia_node(text).unwrap();
            assert_eq!((node.id, node.url.as_str()), (id, url), "{text}");
        }
    }

    #[test]
    fn unusable_values_are_told_with_their_flag() {
        for (arguments, expected) in [
            (&[][..], "nothing to read"),
            (&["--jolokia.port=8778"], "--jolokia.port needs --kafka.server"),
            (&["--kafka.server=broker"], "--kafka.server: \"broker\" is not HOST:PORT"),
            (&["--kafka.server=a:1", "--kafka.property=x"], "--kafka.property: expected KEY=VALUE"),
            (&["--kafka.server=a:1", "--kafka.labels=9x=1"], "no label name"),
            (&["--kafka.server=a:1", "--kafka.labels=env=x,broker=y"], "\"broker\" is a label that kafka-vitals sets"),
            (&["--kafka.server=a:1", "--kafka.labels=consumergroup=y"], "\"consumergroup\" is a label"),
            (&["--kafka.server=a:1", "--kafka.labels=le=y"], "\"le\" is a label"),
            (&["--kafka.server=a:1", "--topic.filter=("], "--topic.filter: \"(\" is no regular expression"),
            (&["--kafka.server=a:1", "--sasl.oauth.scope=x"], "--sasl.oauth.scope is given but SASL is off"),
            (&["--kafka.server=a:1", "--sasl.enabled"], "--sasl.enabled needs --sasl.mechanism"),
            (&["--kafka.server=a:1", "--sasl.username=u"], "--sasl.username is given but SASL is off"),
            (&["--kafka.server=a:1", "--sasl.password-file=f"], "--sasl.password-file is given but SASL is off"),
            (&["--kafka.server=a:1", "--sasl.realm=R"], "--sasl.realm is given but SASL is off"),
            (&["--kafka.server=a:1", "--jolokia.username=u"], "--jolokia.username is given but no agent"),
            (&["--kafka.server=a:1", "--jolokia.ca-file=f"], "--jolokia.ca-file is given but no agent"),
            (&["--jolokia.url=http://h:1", "--jolokia.password-file=/dev/null"], "needs --jolokia.username"),
            (
                &["--jolokia.url=http://h:1", "--jolokia.password=hunter2"],
                "--jolokia.password (or JOLOKIA_PASSWORD) needs",
            ),
            (&["--jolokia.url=http://h:1", "--jolokia.path=/x"], "--jolokia.path is for --jolokia.port"),
            (&["--kafka.server=a:1", "--tls.ca-file=x"], "--tls.ca-file is given but TLS is off: add --tls.enabled"),
            (&["--kafka.server=a:1", "--tls.server-name=x"], "--tls.server-name is given but TLS is off"),
            (&["--kafka.server=a:1", "--tls.key-password=hunter2"], "--tls.key-password is given but TLS is off"),
            (&["--kafka.server=a:1", "--tls.enabled", "--tls.key-password=hunter2"], "needs --tls.key-file"),
            (&["--kafka.server=a:1", "--kafka.client=sarama"], "--kafka.client: \"sarama\" is none of auto, protocol"),
            (&["--jolokia.url=http://h:1", "--kafka.client=auto"], "--kafka.client needs --kafka.server"),
            (&["--jolokia.url=x=http://h:1"], "no node id"),
            (&["--jolokia.url=ftp://h:1"], "neither http nor https"),
            (&["--jolokia.url=http://u:hunter2@h:1"], "credentials do not belong in the URL"),
            (&["--jolokia.url=http://h:1/j?maxDepth=hunter2"], "--jolokia.url: a query or a fragment"),
            (&["--kafka.server=a:1", "--web.external-url=https://u:hunter2@h"], "credentials do not belong in the URL"),
            (&["--kafka.server=a:1", "--web.external-url=https://u:hunter2@h:x"], "--web.external-url: invalid port"),
            (&["--kafka.server=a:1", "--web.external-url=https://h/?t=hunter2"], "a query or a fragment"),
            (&["--jolokia.url=1=http://h:1", "--jolokia.url=1=http://h:2"], "node 1 is given twice"),
            (&["--kafka.server=a:1", "--web.listen-address=9308"], "--web.listen-address"),
            (&["--kafka.server=a:1", "--scrape.timeout=0s"], "--scrape.timeout must be longer than 0s"),
            (&["--kafka.server=a:1", "--scrape.timeout=3601s"], "--scrape.timeout: longer than an hour"),
            (&["--kafka.server=a:1", "--scrape.timeout=500000000000years"], "--scrape.timeout: longer than an hour"),
            (&["--kafka.server=a:1", "--log.level=loud"], "--log.level"),
        ] {
            let error = config(arguments).unwrap_err();
            assert!(error.contains(expected), "{arguments:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
