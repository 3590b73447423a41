//! The page at `/`: what this is, where the pages are, and what works at the moment.

use std::fmt::Write as _;

use hyper::{Response, StatusCode};

use super::body::Body;
use super::routes::with_type;
use crate::build_info;
use crate::exporter::Exporter;

pub(super) fn page(exporter: &Exporter) -> Response<Body> {
    let path = escaped(&exporter.config.web.telemetry_path);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>kafka-vitals</title>\n\
         <style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:56rem;padding:0 1rem;color:#222}}\
         table{{border-collapse:collapse}}td,th{{text-align:left;padding:.2rem 1.2rem .2rem 0;vertical-align:top}}\
         .bad{{color:#b00020;font-weight:600}}.good{{color:#1b6e2c}}</style></head><body>\n\
         <h1>kafka-vitals</h1>\n<p>A Kafka cluster's MBeans and consumer lag for Prometheus. Version {}.{}</p>\n\
         <ul>\n<li><a href=\"{path}\">{path}</a>: everything, in one scrape job</li>\n\
         <li>or, split: <a href=\"{path}/cluster\">{path}/cluster</a>: topics, groups and lag; \
         the nodes' pages below; <a href=\"/sd\">/sd</a>: the nodes' pages for <code>http_sd_configs</code></li>\n\
         <li><a href=\"/config\">/config</a>: the configuration in use</li>\n</ul>\n",
        escaped(build_info::LONG_VERSION),
        exporter.client().map(|client| format!(" Kafka is read by the client {client}.")).unwrap_or_default()
    );
    nodes(&mut html, exporter, &path);
    collectors(&mut html, exporter);
    html.push_str("</body></html>\n");
    with_type(StatusCode::OK, "text/html; charset=utf-8", html)
}

fn nodes(html: &mut String, exporter: &Exporter, path: &str) {
    html.push_str("<h2>Nodes</h2>\n");
    let nodes = exporter.nodes();
    if nodes.is_empty() {
        let text = if exporter.config.jolokia.is_enabled() {
            "<p>None is known yet: the first scrape reads the cluster's metadata.</p>\n"
        } else {
            "<p>None: MBeans are read when <code>--jolokia.port</code> or <code>--jolokia.url</code> is given.</p>\n"
        };
        html.push_str(text);
        return;
    }
    html.push_str("<table><tr><th>id</th><th>address</th><th>agent</th><th>page</th></tr>\n");
    for node in nodes {
        let (key, id) = (escaped(&node.key()), node.id.map_or_else(|| "?".to_owned(), |id| id.to_string()));
        let (address, agent) = (escaped(&node.address()), escaped(&node.agent_url));
        // Writing to a String cannot fail.
        let _ = writeln!(
            html,
            "<tr><td>{id}</td><td>{address}</td><td>{agent}</td>\
             <td><a href=\"{path}/brokers/{key}\">{path}/brokers/{key}</a></td></tr>"
        );
    }
    html.push_str("</table>\n");
}

fn collectors(html: &mut String, exporter: &Exporter) {
    html.push_str("<h2>Collectors</h2>\n");
    let collectors = exporter.stats.collectors();
    if collectors.is_empty() {
        html.push_str("<p>None has run yet: they run when a page is scraped.</p>\n");
        return;
    }
    html.push_str("<table><tr><th>collector</th><th>node</th><th>last run</th><th>errors so far</th></tr>\n");
    for (id, stats) in collectors {
        let (class, text) = match stats.success {
            Some(true) => ("good", format!("ok, {:.3} s", stats.duration.as_secs_f64())),
            Some(false) => ("bad", format!("failed, {:.3} s", stats.duration.as_secs_f64())),
            None => ("", "never".to_owned()),
        };
        let errors: Vec<String> = stats.errors.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{text}</td><td>{}</td></tr>",
            id.collector,
            escaped(&id.broker),
            errors.join(", ")
        );
    }
    html.push_str("</table>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
