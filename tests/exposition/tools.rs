//! Other people's parsers.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A sample's name and labels.
pub(crate) type Series = (String, BTreeMap<String, String>);

/// Runs `promtool check metrics` on a page in text format 0.0.4: what it has to say, if the page does not parse. Else what of
/// names, types and help texts is not to its taste: metrics with remarks, each once.
pub(crate) fn promtool(page: &str) -> Result<BTreeSet<(String, String)>, String> {
    let output = run(
        Command::new("promtool").args(["check", "metrics"]),
        page.as_bytes(),
        "promtool is missing: `apt-get install prometheus`, or run `cargo xtask test`",
    );
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let remark = |line: &str| line.split_once(' ').map(|(name, remark)| (name.to_owned(), remark.to_owned()));
    match output.status.code() {
        Some(0) => Ok(BTreeSet::new()),
        // A line without a name is no remark.
        Some(3) => text.lines().map(remark).collect::<Option<_>>().ok_or(text),
        _ => Err(text),
    }
}

/// Parses pages in OpenMetrics format by Python's prometheus_client: the series of each, or the error.
pub(crate) fn python(pages: &[String]) -> Vec<Result<BTreeMap<Series, f64>, String>> {
    const SCRIPT: &str = "
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
def series(page):
    try:
        return [[s.name, s.labels, repr(float(s.value))] for f in text_string_to_metric_families(page) for s in f.samples]
    except Exception as error:
        return repr(error)
pages = json.loads(sys.stdin.buffer.read())
sys.stdout.buffer.write(json.dumps([series(page) for page in pages]).encode())
";
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .expect("neither XDG_CACHE_HOME nor HOME is set");
    let output = run(
        Command::new(cache.join("kafka-vitals/tools/python/bin/python")).args(["-c", SCRIPT]),
        &serde_json::to_vec(pages).unwrap(),
        "Python with prometheus_client is missing from the tool cache: run `cargo xtask test`",
    );
    assert!(output.status.success(), "Python: {}", String::from_utf8_lossy(&output.stderr));
    let pages: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    pages
        .into_iter()
        .map(|page| match page {
            serde_json::Value::String(error) => Err(error),
            page => {
                let samples: Vec<(String, BTreeMap<String, String>, String)> = serde_json::from_value(page).unwrap();
                Ok(samples.into_iter().map(|(name, labels, value)| ((name, labels), value.parse().unwrap())).collect())
            }
        })
        .collect()
}

fn run(command: &mut Command, input: &[u8], missing: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{missing} ({error})"));
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // On a thread of its own, since the child may answer before it has read everything. One that stops reading
        // says why by its exit code.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}
