//! What loads and what does not: small documents in, whether the agents and we take them out.

use std::fmt::Write;

use crate::world::{Agent, NOTHING, Reloads, Side, World};
use Agent::{V0_17_2, V0_20_0, V1_0_1};

/// A document, who loads it, and what we say to it.
struct Document {
    what: &'static str,
    text: &'static str,
    /// The agents that take it.
    agents: &'static [Agent],
    /// Part of our error, if we do not take it.
    our_error: Option<&'static str>,
    /// Why we take it, or do not, unlike the agent of the generation.
    why: Option<&'static str>,
}

const ALL: &[Agent] = &Agent::ALL;
const SINCE_0_20: &[Agent] = &[V0_20_0, V1_0_1];

/// Everybody takes it.
const fn good(what: &'static str, text: &'static str) -> Document {
    Document { what, text, agents: ALL, our_error: None, why: None }
}

/// Nobody does.
const fn bad(what: &'static str, text: &'static str, our_error: &'static str) -> Document {
    some(what, text, &[], our_error)
}

/// Some agents take it, and so do we where we follow them.
const fn some(what: &'static str, text: &'static str, agents: &'static [Agent], our_error: &'static str) -> Document {
    Document { what, text, agents, our_error: Some(our_error), why: None }
}

/// The agents do and we do not, or the other way round.
const fn odd(
    what: &'static str,
    text: &'static str,
    agents: &'static [Agent],
    our_error: Option<&'static str>,
    why: &'static str,
) -> Document {
    Document { what, text, agents, our_error, why: Some(why) }
}

/// An exception at every scrape, which costs an agent what it has not yet read.
const FAILS_AT_SCRAPES: &str = "agents load it and fail at every scrape in which the rule hits";

const DOCUMENTS: &[Document] = &[
    good("an empty document", ""),
    good("a comment", "# nothing\n"),
    good("an explicit null", "~"),
    bad("a text", "abc", "map"),
    bad("a list", "- a", "map"),
    bad("two documents", "rules: []\n---\nrules: []\n", ":"),
    bad("a tab for a blank", "rules:\n\t- pattern: a\n", ":"),
    good("an unknown key", "somethingElse: {a: b}\nrules: []\n"),
    good("an unknown key of a rule", "rules: [{pattern: x, somethingElse: 1}]"),
    good("no rule", "rules: []"),
    bad("rules that are null", "rules:", "rules"),
    bad("rules that are a map", "rules: {pattern: a}", "rules"),
    bad("a rule that is null", "rules:\n-\n", "rule"),
    bad("a rule that is a text", "rules: [abc]", "rule"),
    good("a rule that says nothing", "rules: [{}]"),
    good("a boolean as YAML 1.1 has it", "lowercaseOutputName: Yes\nlowercaseOutputLabelNames: off\nrules: []"),
    bad("a boolean in quotes", "lowercaseOutputName: \"true\"\nrules: []", "lowercaseOutputName"),
    bad("a boolean of one letter", "lowercaseOutputName: y\nrules: []", "lowercaseOutputName"),
    bad("a boolean that is null", "lowercaseOutputLabelNames:\nrules: []", "lowercaseOutputLabelNames"),
    bad("a rule's boolean in quotes", "rules: [{pattern: x, cache: \"true\"}]", "cache"),
    bad("a rule's boolean that is a number", "rules: [{pattern: x, attrNameSnakeCase: 1}]", "attrNameSnakeCase"),
    bad("an unclosed group", "rules: [{pattern: '(', name: a}]", "pattern"),
    bad("a pattern that ends in a bare colon", "rules:\n- pattern: a:\n", ":"),
    some("a pattern that is a boolean", "rules: [{pattern: true, name: a}]", SINCE_0_20, "pattern"),
    good("a pattern that is null", "rules: [{pattern: , name: a}]"),
    bad("a name without a pattern", "rules: [{name: a}]", "pattern"),
    bad("a help without a name", "rules: [{pattern: x, help: a}]", "name"),
    bad("labels without a name", "rules: [{pattern: x, labels: {a: b}}]", "name"),
    bad("a name that is a number", "rules: [{pattern: x, name: 12}]", "name"),
    good("a name that is null", "rules: [{pattern: x, name: }]"),
    bad("a help that is a number", "rules: [{pattern: x, name: a, help: 12}]", "help"),
    bad("a type that is a number", "rules: [{pattern: x, name: a, type: 12}]", "type"),
    some("a type in lower case", "rules: [{pattern: x, name: a, type: gauge}]", &[V1_0_1], "type"),
    good("a type of OpenMetrics", "rules: [{pattern: x, name: a, type: GAUGE_HISTOGRAM}]"),
    bad("labels that are null", "rules: [{pattern: x, name: a, labels: }]", "labels"),
    bad("labels that are a list", "rules: [{pattern: x, name: a, labels: [a]}]", "labels"),
    bad("a label value that is a number", "rules: [{pattern: x, name: a, labels: {b: 1}}]", "label"),
    bad("a label value that is a boolean", "rules: [{pattern: x, name: a, labels: {b: true}}]", "label"),
    odd(
        "a label value that is null",
        "rules: [{pattern: x, name: a, labels: {b: }}]",
        ALL,
        Some("label"),
        FAILS_AT_SCRAPES,
    ),
    some("a label name that is a number", "rules: [{pattern: x, name: a, labels: {1: \"b\"}}]", &[V0_17_2], "label"),
    good("a value factor that is no number", "rules: [{pattern: x, name: a, valueFactor: abc}]"),
    good("a value factor that is null", "rules: [{pattern: x, name: a, valueFactor: }]"),
    odd(
        "a value that is a date",
        "rules: [{pattern: x, name: a, value: 2020-01-01}]",
        ALL,
        Some("value"),
        "agents drop whatever such a rule matches, which nobody means",
    ),
    odd("a value without a pattern", "rules: [{value: 1}]", ALL, Some("value"), FAILS_AT_SCRAPES),
    odd("a group that there is not", "rules: [{pattern: x, name: a$1}]", ALL, Some("$1"), FAILS_AT_SCRAPES),
    odd("a dollar at the end", "rules: [{pattern: x, name: a$}]", ALL, Some("$"), FAILS_AT_SCRAPES),
    odd(
        "a named group that there is not",
        "rules: [{pattern: x, name: a, labels: {b: '${c}'}}]",
        ALL,
        Some("c"),
        FAILS_AT_SCRAPES,
    ),
    good("old lists of names", "whitelistObjectNames: ['a:*']\nblacklistObjectNames: ['a:b=c,*']\nrules: []"),
    bad("a list of names that is null", "whitelistObjectNames:\nrules: []", "whitelistObjectNames"),
    bad("a list of names that is a text", "blacklistObjectNames: 'a:*'\nrules: []", "blacklistObjectNames"),
    bad("a name without properties", "whitelistObjectNames: ['a']\nrules: []", "whitelistObjectNames"),
    bad("a name that is null", "whitelistObjectNames: [~]\nrules: []", "whitelistObjectNames"),
    some("a new list of names that is null", "includeObjectNames:\nrules: []", &[V0_17_2], "includeObjectNames"),
    some("an excluded name that is none", "excludeObjectNames: ['a:b']\nrules: []", &[V0_17_2], "excludeObjectNames"),
    odd(
        "two addresses to connect to",
        "hostPort: 127.0.0.1:1\njmxUrl: x\nrules: []",
        &[],
        None,
        "we connect to neither, and say so in a warning",
    ),
];

/// Each document is taken by the agents that the table names, and by us as by the agent that we follow, unless it says why.
pub(crate) fn files_load_where_the_agents_load_them(world: &World) {
    let mut report = String::new();
    for Document { what, text, agents, our_error, why } in DOCUMENTS {
        // A bad one is tried, and counted, at every page, so a good one comes before each. Nothing is read where that is
        // not what it is about.
        world.load("nothing", NOTHING, ALL);
        let before: Vec<_> = world.sides().map(|side| reloads(&side)).collect();
        let start = if text.starts_with("rules:") { "whitelistObjectNames: []\n" } else { "" };
        world.write(&format!("{start}{text}"), ALL);
        for (side, before) in world.sides().zip(before) {
            let after = reloads(&side);
            let taken = after.good > before.good;
            assert!(taken != (after.bad > before.bad), "{what}: {before:?}, {after:?}");
            if taken != agents.contains(&side.agent) {
                let _ = writeln!(report, "{what}: {:?} {}", side.agent, if taken { "takes it" } else { "does not" });
            }
        }
        for ((status, body), follows) in world.our_reloads().into_iter().zip([V0_20_0, V1_0_1]) {
            let alike = agents.contains(&follows);
            let takes = if why.is_some() { our_error.is_none() } else { alike };
            let (error, file) = (body.lines().next().unwrap_or_default(), "rules.yaml:");
            let as_listed = match our_error {
                Some(part) if !takes => status == 500 && error.contains(file) && error.contains(part),
                _ => status == 200 && takes,
            };
            if !as_listed || (why.is_some() && takes == alike) {
                let _ = writeln!(report, "{what}: we answer {status} {body:?}, listed {our_error:?}, {why:?}");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// What the agent has counted once it has read its file.
fn reloads(side: &Side<'_>) -> Reloads {
    side.agent_page().unwrap();
    Reloads::of(&side.agent_page().unwrap())
}
