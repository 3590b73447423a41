//! `rules dump`: a live broker in, all match strings out.

use serde::Serialize;

use super::arguments::Dump;
use super::{Done, Outcome, live};
use crate::mbean::{ObjectName, Value};
use crate::rules::{Filter, Place, flatten, write_value};

/// One value of the broker.
#[derive(Debug, Serialize)]
struct Line {
    domain: String,
    properties: Vec<(String, String)>,
    keys: Vec<String>,
    attribute: String,
    value: String,
    #[serde(rename = "type")]
    kind: &'static str,
    match_string: String,
}

pub(super) async fn run(arguments: &Dump) -> Result<Done, String> {
    let (agent, timeout) = arguments.agent.connect()?;
    let beans = live::beans(&agent, timeout, |_| true).await?;
    let mut lines = Vec::new();
    // What no rules file lets through is left out: class paths, system properties, the flight recorder.
    let filter = Filter::default();
    for bean in &beans {
        let Ok(name) = ObjectName::parse(&bean.name) else { continue };
        if !filter.bean(&name) {
            continue;
        }
        flatten(&bean.bean(), |leaf| {
            let Some(kind) = kind(leaf.value).filter(|_| filter.attribute(&name, leaf.attribute())) else { return };
            let place = Place::new(&name, leaf.columns);
            let (mut match_string, mut value) = (String::new(), String::new());
            place.write_head(leaf.keys, leaf.name, &mut match_string);
            write_value(leaf.value, &mut value);
            match_string.push_str(&value);
            let text = |text: &str| text.to_owned();
            lines.push(Line {
                domain: text(place.domain),
                properties: place.properties.iter().map(|(key, value)| (text(key), text(value))).collect(),
                keys: leaf.keys.iter().map(|key| text(key)).collect(),
                attribute: text(leaf.name),
                value,
                kind,
                match_string,
            });
        });
    }
    lines.retain(|line| arguments.filter.as_ref().is_none_or(|filter| filter.is_match(&line.match_string)));
    lines.sort_unstable_by(|a, b| a.match_string.cmp(&b.match_string));
    let mut text = String::new();
    for line in &lines {
        if arguments.output.json {
            text.push_str(&serde_json::to_string(line).map_err(|error| format!("cannot write JSON: {error}"))?);
        } else {
            // Java's line breaks in a value would look like other lines.
            text.push_str(&line.match_string.replace('\r', "\\r").replace('\n', "\\n"));
        }
        text.push('\n');
    }
    Ok(Done { text, outcome: Outcome::Fine })
}

/// What JMX calls it; `None` for what has no match string.
fn kind(value: &Value<'_>) -> Option<&'static str> {
    Some(match value {
        Value::Bool(_) => "boolean",
        Value::Long(_) => "long",
        Value::Double(_) => "double",
        Value::Float(_) => "float",
        Value::String(_) => "string",
        Value::Null | Value::Composite(_) | Value::Tabular { .. } | Value::Other => return None,
    })
}
