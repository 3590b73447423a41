//! A running broker and a running jmx_exporter agent in, what they hold now out: beans with all their attributes, and the
//! agent's page.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::jolokia::Jolokia;
use crate::mbean::{Answer, Ask, Bean, BeanSink, Plan, Transport, Value};

/// Largest page of an agent that is read, in bytes. 100,000 series take some 15 MB.
const MAX_PAGE: usize = 256 << 20;

/// A bean as it was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) name: Box<str>,
    pub(super) attributes: Vec<(Cow<'static, str>, Value<'static>)>,
}

impl Read {
    /// As the rules' evaluator takes it.
    pub(super) fn bean(&self) -> Bean<'_> {
        Bean { name: &self.name, attributes: &self.attributes }
    }
}

#[derive(Debug, Default)]
struct Collected(Vec<Read>);

impl BeanSink for Collected {
    fn bean(&mut self, bean: Bean<'_>) {
        let attributes = bean.attributes.iter().map(|(name, value)| (owned_text(name), owned(value))).collect();
        self.0.push(Read { name: bean.name.into(), attributes });
    }

    fn essentials_complete(&mut self) {}
}

/// All beans whose names `is_wanted`, with all their attributes, sorted by name.
///
/// # Errors
/// One line that says which agent could not be read and why; also when only a part could be read.
pub(super) async fn beans(
    agent: &Jolokia,
    timeout: Duration,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Read>, String> {
    let deadline = || Instant::now() + timeout;
    let Answer { names, result, .. } = agent.read(&Plan::default(), deadline(), Collected::default()).await;
    result.map_err(|error| error.message)?;
    let names = names.unwrap_or_default();
    let wanted: Vec<&str> = names.iter().map(|name| &**name).filter(|name| is_wanted(name)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let plan = Plan::new(wanted.iter().map(|name| (*name, Ask::All)));
    let Answer { sink, result, .. } = agent.read(&plan, deadline(), Collected::default()).await;
    result.map_err(|error| error.message)?;
    let mut beans = sink.unwrap_or_default().0;
    // A plan may read more than it must.
    beans.retain(|bean| is_wanted(&bean.name));
    beans.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(beans)
}

/// The page of an agent, asked for in text format 0.0.4.
///
/// # Errors
/// One line that says what was tried and what happened.
pub(super) async fn page(url: &str, timeout: Duration) -> Result<String, String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| format!("--against: {error}"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(
            "--against: credentials do not belong in a URL; save the page with curl and give the file".to_owned()
        );
    }
    // reqwest takes the process's provider here and panics without one. Err = there is one already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let read = async {
        let client = reqwest::Client::builder().no_proxy().timeout(timeout).build()?;
        let accept = "text/plain; version=0.0.4";
        let mut response = client.get(parsed).header("Accept", accept).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_PAGE {
                break;
            }
        }
        Ok::<_, reqwest::Error>(body)
    };
    let body = read.await.map_err(|error| format!("GET of the agent's page: {}", with_causes(&error)))?;
    if body.len() > MAX_PAGE {
        return Err(format!("GET of the agent's page at {url}: larger than {} MiB", MAX_PAGE >> 20));
    }
    String::from_utf8(body).map_err(|_| format!("GET of the agent's page at {url}: not UTF-8; is it a metrics page?"))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text = format!("{text}: {next_text}");
        }
        cause = next.source();
    }
    text
}

fn owned_text(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

fn owned_items(items: &[(Cow<'_, str>, Value<'_>)]) -> Vec<(Cow<'static, str>, Value<'static>)> {
    items.iter().map(|(name, value)| (owned_text(name), owned(value))).collect()
}

/// The value without what it borrows.
fn owned(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Null => Value::Null,
        Value::Bool(truth) => Value::Bool(*truth),
        Value::Long(number) => Value::Long(*number),
        Value::Double(number) => Value::Double(*number),
        Value::Float(number) => Value::Float(*number),
        Value::String(text) => Value::String(owned_text(text)),
        Value::Composite(items) => Value::Composite(owned_items(items)),
        Value::Tabular { index, rows } => Value::Tabular {
            index: index.iter().map(|column| owned_text(column)).collect(),
            rows: rows.iter().map(|row| owned_items(row)).collect(),
        },
        Value::Other => Value::Other,
    }
}
