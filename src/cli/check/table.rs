//! A report for people. In: a [`Report`]; out: text.

use std::fmt::Write as _;

use super::report::{AgentReport, CallReport, KafkaReport, Report};

/// The report as text. Writing to a `String` cannot fail.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    if let Some(kafka) = &report.kafka {
        of_kafka(&mut text, kafka);
    }
    if !report.agents.is_empty() {
        text.push_str("Agents\n");
        rows(&mut text, report.agents.iter().map(of_agent));
    }
    text.push_str("Series of each page, as it is now\n");
    rows(&mut text, report.pages.iter().map(|page| [page.path.clone(), page.series.to_string()]));
    for note in &report.notes {
        let _ = writeln!(text, "{note}");
    }
    let verdict = if report.good { "All that was asked for works." } else { "Not all works: see above." };
    let _ = writeln!(text, "{verdict}");
    text
}

fn of_kafka(text: &mut String, kafka: &KafkaReport) {
    let KafkaReport { bootstrap, client, reason, security, principal, .. } = kafka;
    let mechanism = kafka.mechanism.map_or_else(String::new, |mechanism| format!(", {mechanism}"));
    let _ = writeln!(text, "Kafka at {bootstrap}, {security}{mechanism}, as {principal}");
    let _ = writeln!(text, "  by the client {client}: {reason}");
    rows(text, kafka.calls.iter().map(of_call));
    if !kafka.grants.is_empty() {
        text.push_str("What is denied is granted by (instead of '*', a name, or a prefix with --resource-pattern-type prefixed)\n");
        kafka.grants.iter().for_each(|command| {
            let _ = writeln!(text, "  {command}");
        });
        text.push('\n');
    }
}

fn of_call(call: &CallReport) -> [String; 4] {
    [call.api.to_owned(), call.outcome.as_str().to_owned(), time(call.seconds), call.detail.clone()]
}

fn of_agent(agent: &AgentReport) -> [String; 5] {
    let AgentReport { node, url, outcome, seconds, mbeans, detail } = agent;
    let found = if detail.is_empty() { format!("MBeans: {mbeans}") } else { detail.clone() };
    [node.clone(), url.clone(), outcome.as_str().to_owned(), time(Some(*seconds)), found]
}

fn time(seconds: Option<f64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!("{:.0} ms", seconds * 1000.0))
}

/// Indented, in columns as wide as they must be, with an empty line below.
fn rows<const N: usize>(text: &mut String, rows: impl Iterator<Item = [String; N]>) {
    let rows: Vec<[String; N]> = rows.collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "  {cell:width$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::report::{Outcome, PageReport};
    use super::*;

    #[test]
    fn a_report_reads_well() {
        let call = |api, outcome, seconds, detail: &str| CallReport {
            api,
            outcome,
            seconds,
            items: 1,
            denied: 0,
            failed: 0,
            detail: detail.to_owned(),
        };
        let report = Report {
            good: false,
            kafka: Some(KafkaReport {
                bootstrap: "a:9092".to_owned(),
                client: "protocol",
                reason: "can do all that is asked for".to_owned(),
                security: "SASL_SSL",
                mechanism: Some("PLAIN"),
                principal: "User:vitals".to_owned(),
                calls: vec![
                    call("Metadata", Outcome::Works, Some(0.0123), "visible topics: 3"),
                    call("OffsetFetch", Outcome::Denied, Some(0.002), "group a: GROUP_AUTHORIZATION_FAILED"),
                    call("DescribeQuorum", Outcome::Untried, None, "only asked with --jolokia.port"),
                ],
                grants: vec!["kafka-acls.sh --add".to_owned()],
            }),
            agents: vec![AgentReport {
                node: "1".to_owned(),
                url: "http://a:8778/jolokia/".to_owned(),
                outcome: Outcome::Works,
                seconds: 0.4,
                mbeans: 262,
                detail: String::new(),
            }],
            notes: vec!["A note.".to_owned()],
            pages: vec![PageReport { path: "/metrics".to_owned(), series: 1234 }],
        };
        let expected = "\
Kafka at a:9092, SASL_SSL, PLAIN, as User:vitals
  by the client protocol: can do all that is asked for
  Metadata        works      12 ms  visible topics: 3
  OffsetFetch     DENIED     2 ms   group a: GROUP_AUTHORIZATION_FAILED
  DescribeQuorum  not tried         only asked with --jolokia.port

What is denied is granted by (instead of '*', a name, or a prefix with --resource-pattern-type prefixed)
  kafka-acls.sh --add

Agents
  1  http://a:8778/jolokia/  works  400 ms  MBeans: 262

Series of each page, as it is now
  /metrics  1234

A note.
Not all works: see above.
";
        assert_eq!(text(&report), expected);
    }
}
