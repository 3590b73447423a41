//! `kafka-vitals rules` through the binary: what it says of files, and of a real broker that a real jmx_exporter agent
//! reads too.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod broker;
mod files;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;

/// The rules that the agents in these tests have too.
const KAFKA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules_tools/kafka.yml");

/// Runs `kafka-vitals rules`, which must say nothing on standard error, and gives its exit code and output.
#[track_caller]
fn rules(arguments: &[&str]) -> (Option<i32>, String) {
    let (code, out, error) = support::run(&[&["rules"], arguments].concat());
    assert_eq!(error, "", "{arguments:?}");
    (code, out)
}

/// The same with `--json`.
#[track_caller]
fn rules_as_json(arguments: &[&str]) -> (Option<i32>, Value) {
    let (code, out) = rules(&[arguments, &["--json"]].concat());
    (code, serde_json::from_str(&out).unwrap())
}

/// It cannot be done: code 2 and one line that holds all of `says`.
#[track_caller]
fn fails(arguments: &[&str], says: &[&str]) {
    let (code, out, line) = support::run(&[&["rules"], arguments].concat());
    assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {line}");
    assert!(line.starts_with("kafka-vitals: ") && line.lines().count() == 1, "{arguments:?}: {line:?}");
    for part in says {
        assert!(line.contains(part), "{arguments:?} should say {part:?}: {line}");
    }
}

/// All of it in this order.
#[track_caller]
fn holds(out: &str, parts: &[&str]) {
    let mut rest = out;
    for part in parts {
        let at = rest.find(part);
        assert!(at.is_some(), "no {part:?} in what is left of\n{out}");
        rest = &rest[at.unwrap() + part.len()..];
    }
}
