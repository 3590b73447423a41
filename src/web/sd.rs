//! Service discovery: the node pages as targets, in the form of Prometheus' `http_sd_config`.

use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use super::body::Body;
use super::routes::{plain, with_type};
use crate::exporter::Exporter;
use crate::nodes::Node;

/// Where Prometheus finds this exporter.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    scheme: String,
    address: String,
    /// Of an external URL, without a trailing slash.
    path: String,
}

/// The list; 503 while no metadata has been seen, because Prometheus keeps its targets on an error and drops them on an
/// empty list.
pub(super) async fn answer(exporter: &Exporter, host: Option<&str>, headers: &HeaderMap) -> Response<Body> {
    if !exporter.config.jolokia.is_enabled() {
        let text = "no node has a page: give --jolokia.port or --jolokia.url\n";
        return plain(StatusCode::NOT_FOUND, text);
    }
    let web = &exporter.config.web;
    let Some(target) = target(web.external_url.as_deref(), host, web.tls.is_some()) else {
        return plain(StatusCode::BAD_REQUEST, "the request has no Host; give --web.external-url\n");
    };
    let deadline = super::pages::deadline_of(&exporter.config.scrape, headers);
    match exporter.discover(deadline).await {
        Ok((nodes, cluster_id)) => {
            let metrics_path = format!("{}{}", target.path, web.telemetry_path);
            let entries: Vec<Value> = nodes
                .iter()
                .map(|node| entry(node, &target, &metrics_path, &web.sd_instance, cluster_id.as_deref()))
                .collect();
            with_type(StatusCode::OK, "application/json; charset=utf-8", Value::from(entries).to_string())
        }
        Err(error) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("the cluster is not known yet: {error}\n")),
    }
}

/// `is_tls`: whether requests come by HTTPS.
fn target(external_url: Option<&str>, host: Option<&str>, is_tls: bool) -> Option<Target> {
    let Some(url) = external_url else {
        let scheme = if is_tls { "https" } else { "http" };
        return Some(Target { scheme: scheme.to_owned(), address: host?.to_owned(), path: String::new() });
    };
    let (scheme, rest) = url.split_once("://")?;
    let (address, path) = rest.split_once('/').map_or((rest, String::new()), |(a, path)| (a, format!("/{path}")));
    Some(Target { scheme: scheme.to_owned(), address: address.to_owned(), path })
}

fn entry(node: &Node, target: &Target, metrics_path: &str, instance: &str, cluster_id: Option<&str>) -> Value {
    let id = node.id.map(|id| id.to_string()).unwrap_or_default();
    let address = node.address();
    // With the brackets of an IPv6 host, so that `{host}:{port}` is an address.
    let host = address.strip_suffix(&format!(":{}", node.port)).unwrap_or(&node.host);
    let instance = instance.replace("{host}", host).replace("{port}", &node.port.to_string()).replace("{id}", &id);
    json!({
        "targets": [target.address],
        "labels": {
            "__scheme__": target.scheme,
            "__metrics_path__": format!("{metrics_path}/brokers/{}", node.key()),
            "instance": instance,
            "__meta_kafka_cluster_id": cluster_id.unwrap_or_default(),
            "__meta_kafka_broker_id": id,
            "__meta_kafka_host": node.host,
            "__meta_kafka_rack": node.rack.as_deref().unwrap_or_default(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_the_page_and_the_node() {
        let node = Node {
            id: Some(2),
            host: "b2".to_owned(),
            port: 9092,
            rack: Some("r1".to_owned()),
            agent_url: "http://b2:8778/jolokia/".to_owned(),
        };
        let target = target(Some("https://vitals.example/kafka"), None, false).unwrap();
        let metrics_path = format!("{}/metrics", target.path);
        assert_eq!(
            entry(&node, &target, &metrics_path, "{id}@{host}:{port}", Some("c1")),
            json!({"targets": ["vitals.example"], "labels": {
                "__scheme__": "https", "__metrics_path__": "/kafka/metrics/brokers/2", "instance": "2@b2:9092",
                "__meta_kafka_cluster_id": "c1", "__meta_kafka_broker_id": "2", "__meta_kafka_host": "b2",
                "__meta_kafka_rack": "r1",
            }})
        );
    }

    #[test]
    fn an_ipv6_host_has_brackets_where_a_port_follows() {
        let node = Node {
            id: None,
            host: "::1".to_owned(),
            port: 8778,
            rack: None,
            agent_url: "http://[::1]:8778/jolokia/".to_owned(),
        };
        let target = target(None, Some("h:9308"), false).unwrap();
        let labels = &entry(&node, &target, "/metrics", "{host}:{port}", None)["labels"];
        assert_eq!(labels["instance"], "[::1]:8778");
        assert_eq!(labels["__metrics_path__"], "/metrics/brokers/[::1]:8778");
        assert_eq!(labels["__meta_kafka_host"], "::1");
    }

    #[test]
    fn without_an_external_url_the_target_is_the_requests_host() {
        for (is_tls, scheme) in [(false, "http"), (true, "https")] {
            let expected = Target { scheme: scheme.into(), address: "h:9308".into(), path: String::new() };
            assert_eq!(target(None, Some("h:9308"), is_tls), Some(expected));
            assert_eq!(target(None, None, is_tls), None);
        }
    }
}
