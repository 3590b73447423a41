//! What needs no broker: arguments, `check`, and `explain` of match strings.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::support::run;
use super::{KAFKA, fails, holds, rules, rules_as_json};

const MESSAGES: &str = "kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec><>Count: 42";

/// A file in a folder of its own, which is removed with it.
struct File(TempDir, String);

impl File {
    fn new(content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.yml");
        fs::write(&path, content).unwrap();
        let shown = path.display().to_string();
        Self(folder, shown)
    }

    fn path(&self) -> &str {
        assert!(self.0.path().exists());
        &self.1
    }
}

#[test]
fn the_exporters_help_leads_to_each_tools_help_with_examples() {
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    holds(&out, &["kafka-vitals rules"]);
    let (code, out) = rules(&["--help"]);
    assert_eq!(code, Some(0));
    holds(&out, &["Exit codes: 0 = ", "check", "dump", "explain", "diff"]);
    for tool in ["check", "dump", "explain", "diff"] {
        let (code, out) = rules(&[tool, "--help"]);
        assert_eq!(code, Some(0), "{tool}");
        holds(&out, &["Examples:", &format!("kafka-vitals rules {tool}"), "With --json:", "Usage:"]);
    }
    // Alone it shows its help, on standard error because nothing was done.
    let (code, out, error) = run(&["rules"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    holds(&error, &["Usage: kafka-vitals rules <COMMAND>", "explain"]);
}

#[test]
fn what_cannot_be_done_is_one_line_and_code_2() {
    let broken = File::new("rules: [{pattern: '(', name: x}]");
    let agent = "--jolokia.url=http://127.0.0.1:1";
    for (arguments, says) in [
        (&["bogus"][..], &["'bogus'", "see kafka-vitals rules --help"][..]),
        (&["check"], &["<FILE>", "see kafka-vitals rules check --help"]),
        (&["diff", "--bogus"], &["see kafka-vitals rules diff --help"]),
        (&["check", "--jmx.compat=2", KAFKA], &["--jmx.compat", "0.x or 1.x"]),
        (&["explain", KAFKA], &["<STRING>"]),
        (&["explain", KAFKA, MESSAGES, "--bean=a:b=c"], &["cannot be used with"]),
        (&["explain", KAFKA, "--bean=a:b=c"], &["--jolokia.url"]),
        (&["explain", KAFKA, "kafka.server:type=a"], &["is no match string", "rules dump prints it"]),
        (&["explain", broken.path(), MESSAGES], &[broken.path(), ":1: rule 1: pattern"]),
        (&["explain", KAFKA, agent, "--bean=a"], &["--bean: ", "no colon"]),
        (&["explain", KAFKA, agent, "--bean=a:b=c"], &["http://127.0.0.1:1/jolokia/", "refused"]),
        (&["dump"], &["--jolokia.url"]),
        (&["dump", agent, "--filter=("], &["--filter"]),
        (&["dump", agent], &["http://127.0.0.1:1/jolokia/", "refused"]),
        (&["dump", "--jolokia.url=http://u:hunter2@h:1"], &["--jolokia.url: credentials"]),
        (&["dump", agent, "--jolokia.username=u"], &["--jolokia.username needs"]),
        (&["dump", agent, "--jolokia.username=u", "--jolokia.password-file=/nonexistent"], &["/nonexistent: No such"]),
        (&["dump", agent, "--jolokia.ca-file=/nonexistent"], &["/nonexistent"]),
        (&["diff", KAFKA, agent], &["--against"]),
        (&["diff", KAFKA, agent, "--against=http://127.0.0.1:1"], &["http://127.0.0.1:1/jolokia/", "refused"]),
    ] {
        fails(arguments, says);
    }
}

#[test]
fn all_errors_of_a_file_are_told_at_once_with_their_places() {
    let file = File::new(
        "lowercaseOutputName: maybe\nrules:\n- pattern: \"a(b\"\n  name: x\n- pattern: b\n  name: $2\n- {pattern: c, labels: {a: b}}\n",
    );
    let (code, out) = rules(&["check", file.path()]);
    assert_eq!(code, Some(1), "{out}");
    let at = |place: &str| format!("{}:{place}", file.path());
    holds(
        &out,
        &[
            &at("1: error: lowercaseOutputName"),
            &at("3: error: rule 1: pattern"),
            &at("6: error: rule 2: name: $2"),
            &at("7: error: rule 3: labels"),
            "cannot be used: 4 errors\n",
        ],
    );
    let (code, found) = rules_as_json(&["check", file.path()]);
    assert_eq!((code, &found[0]["usable"], &found[0]["rules"]), (Some(1), &json!(false), &json!(null)));
    let places: Vec<_> =
        found[0]["errors"].as_array().unwrap().iter().map(|one| (&one["line"], &one["rule"])).collect();
    let expected = [(json!(1), json!(null)), (json!(3), json!(1)), (json!(6), json!(2)), (json!(7), json!(3))];
    assert_eq!(places, expected.each_ref().map(|(line, rule)| (line, rule)));
}

#[test]
fn warnings_are_told_beside_errors() {
    let file = File::new("jmxUrl: x\nusername: u\nrules:\n- {patern: a}\n- {pattern: '(', name: x}\n");
    let (code, out) = rules(&["check", file.path()]);
    assert_eq!(code, Some(1), "{out}");
    let at = |place: &str| format!("{}:{place}", file.path());
    holds(
        &out,
        &[
            &at("5: error: rule 2: pattern"),
            &at("1: warning: jmxUrl"),
            &at("2: warning: username"),
            &at("4: warning: rule 1: unknown key \"patern\""),
            "cannot be used: 1 error, 3 warnings\n",
        ],
    );
    let (_, found) = rules_as_json(&["check", file.path()]);
    let lines: Vec<_> = found[0]["warnings"].as_array().unwrap().iter().map(|one| one["line"].clone()).collect();
    assert_eq!(lines, [1, 2, 4]);
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_from_being_checked() {
    let (good, bad) = (File::new("rules: [{pattern: a, name: b}]"), File::new("rules: [{pattern: '(', name: x}]"));
    let files = ["check", "/nonexistent/rules.yml", good.path(), bad.path()];
    let (code, out) = rules(&files);
    assert_eq!(code, Some(2), "{out}");
    holds(
        &out,
        &[
            "/nonexistent/rules.yml: error: No such file",
            "/nonexistent/rules.yml: cannot be read\n",
            "can be used: 1 rule",
            "cannot be used: 1 error",
        ],
    );
    let (code, found) = rules_as_json(&files);
    assert_eq!(code, Some(2));
    let usable: Vec<_> = found.as_array().unwrap().iter().map(|one| one["usable"].clone()).collect();
    assert_eq!(usable, [false, true, false]);
    let reason = found[0]["errors"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("No such file"), "{reason}");
}

#[test]
fn what_is_so_of_several_rules_is_said_once() {
    let text: String = [1, 2, 3, 5]
        .map(|number| format!("- {{pattern: '(.+)<type=(.+), topic=t{number}, partition=(.+)><>a-total:', type: COUNTER, name: n7_{number}_$1}}\n"))
        .concat();
    let rule = "- {pattern: 'a.b<type=(.+)><>x', name: n}\n";
    let file = File::new(&format!("rules:\n{rule}{text}"));
    let (_, found) = rules_as_json(&["check", file.path()]);
    let findings = found[0]["findings"].as_array().unwrap();
    let typed: Vec<_> = findings.iter().filter(|one| one["kind"] == "type").map(|one| one["rule"].clone()).collect();
    assert_eq!(typed, [2, 3, 4, 5]);
    let (_, out) = rules(&["check", file.path()]);
    assert_eq!(out.matches("finding (type): ").count(), 1, "{out}");
    holds(&out, &[":3: finding (type): rules 2-5: "]);
    // What beans alone can tell is no part of the summary.
    assert!(found[0]["other_generation"].get("summary").is_none(), "{found}");
    assert_eq!(found[0]["other_generation"]["may_rename"], json!([2, 3, 4, 5]));
    holds(&out, &["note: of 4 rules only beans can tell whether 1.x gives other names "]);
}

#[test]
fn what_is_suspicious_is_told_and_counts_if_that_is_wanted() {
    let file = File::new(
        "startDelaySeconds: 5\nrules:\n- {pattern: '.*'}\n- {pattern: kafka.server<type=app-info, name: b_total, type: GAUGE}\n",
    );
    let (code, out) = rules(&["check", file.path()]);
    assert_eq!(code, Some(0), "{out}");
    let at = |place: &str| format!("{}:{place}", file.path());
    holds(
        &out,
        &[
            &at("1: warning: startDelaySeconds"),
            &at("4: finding (dead): rule 2: "),
            "under 1.x ",
            "b_total -> b",
            "can be used: 2 rules, generation 0.x, 1 warning, ",
        ],
    );
    let (code, _) = rules(&["check", "--strict", file.path()]);
    assert_eq!(code, Some(1));
    let (code, found) = rules_as_json(&["check", "--jmx.compat=1.x", file.path(), KAFKA]);
    assert_eq!((code, found.as_array().unwrap().len()), (Some(0), 2));
    assert_eq!((&found[0]["compat"], &found[0]["other_generation"]["compat"]), (&json!("1.x"), &json!("0.x")));
    assert_eq!(found[0]["other_generation"]["renamed"][0], json!({"rule": 2, "line": 4, "0.x": "b_total", "1.x": "b"}));
    assert_eq!(found[0]["warnings"][0]["line"], 1);
    assert!(found[0]["findings"].as_array().unwrap().iter().any(|one| one["kind"] == "dead" && one["rule"] == 2));
    // Nothing is wrong with a file that says what the default is.
    let good = File::new(
        "includeObjectNames: ['kafka.server:type=app-info,*']\nrules: [{pattern: 'start-time-ms', name: start, type: GAUGE}]\n",
    );
    let (code, out) = rules(&["check", "--strict", good.path()]);
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn a_file_that_the_other_generation_refuses_is_told() {
    let file = File::new("rules: [{pattern: a, name: b, type: gauge}]");
    assert_eq!(rules(&["check", file.path()]).0, Some(1));
    let (code, out) = rules(&["check", "--jmx.compat=1.x", file.path()]);
    assert_eq!(code, Some(0));
    holds(&out, &["generation 0.x could not use this file", "\"gauge\" is unknown"]);
    let (code, found) = rules_as_json(&["explain", "--jmx.compat=1.x", file.path(), "a<b=c><>D: 1"]);
    assert_eq!((code, &found[0]["series"]["name"]), (Some(0), &json!("b")));
}

#[test]
fn a_hit_is_explained_with_its_rule_captures_and_series() {
    let (code, out) = rules(&["explain", KAFKA, MESSAGES]);
    assert_eq!(code, Some(0));
    holds(
        &out,
        &[
            MESSAGES,
            "\n  rule 3 (line 16): kafka.server<type=(.+), name=(.+)PerSec><>Count\n",
            "    $1 = \"BrokerTopicMetrics\"\n    $2 = \"MessagesIn\"\n",
            "  0.x: kafka_server_brokertopicmetrics_messagesin_total 42\n",
            "type counter, help \"kafka.server:name=MessagesInPerSec,type=BrokerTopicMetrics,attribute=Count\"\n",
            "  not rule 2 (line 11): ",
            "matches up to `kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec`, then it needs `, topic=`, but `><>Count: 42` follows\n",
        ],
    );
    let (_, found) = rules_as_json(&["explain", KAFKA, MESSAGES]);
    let found = &found[0];
    assert_eq!((&found["outcome"], &found["match_string"]), (&json!("series"), &json!(MESSAGES)));
    assert_eq!(
        found["rule"],
        json!({"number": 3, "line": 16, "pattern": "kafka.server<type=(.+), name=(.+)PerSec><>Count"})
    );
    assert_eq!(found["captures"][1], json!({"group": 2, "text": "MessagesIn"}));
    assert_eq!(
        found["series"],
        json!({
            "name": "kafka_server_brokertopicmetrics_messagesin_total",
            "labels": {},
            "value": "42",
            "type": "counter",
            "help": "kafka.server:name=MessagesInPerSec,type=BrokerTopicMetrics,attribute=Count",
        })
    );
    // Rule 1 is about another domain.
    assert_eq!(found["not_matched"].as_array().unwrap().len(), 1);
    assert_eq!((&found["not_matched"][0]["number"], &found["not_matched_more"]), (&json!(2), &json!(1)));
}

#[test]
fn a_series_that_the_other_generation_names_differently_is_shown_twice() {
    let used = "java.lang<type=Memory><HeapMemoryUsage>used: 5";
    let (_, out) = rules(&["explain", KAFKA, used]);
    holds(
        &out,
        &["  0.x: java_lang_memory_heapmemoryusage_used_info 5\n", "  1.x: java_lang_memory_heapmemoryusage_used 5\n"],
    );
    let (_, found) = rules_as_json(&["explain", "--jmx.compat=1.x", KAFKA, used]);
    assert_eq!(found[0]["series"]["name"], "java_lang_memory_heapmemoryusage_used");
    assert_eq!(found[0]["other_generation"]["compat"], "0.x");
    assert_eq!(found[0]["other_generation"]["series"]["name"], "java_lang_memory_heapmemoryusage_used_info");
}

#[test]
fn why_there_is_no_series_is_told() {
    let file = File::new(
        "excludeObjectNames: ['kafka.consumer:*']\nexcludeObjectNameAttributes: {'a:b=c': [Hidden]}\nrules:\n\
         - {pattern: 'drop<', name: ''}\n- {pattern: 'value<.*: (.*)', name: v, value: $1}\n\
         - {pattern: 'text<.*', name: t}\n- {pattern: 'own<.*', name: kafka_vitals_x}\n\
         - {pattern: 'snake<.*>the_name', name: s, attrNameSnakeCase: true}\n- {pattern: 'none<b=(c|d)>', name: n}\n",
    );
    for (string, outcome, reason) in [
        ("kafka.consumer<type=a><>B: 1", "filtered", "lists of ObjectNames"),
        ("a<b=c><>Hidden: 1", "filtered", "lists of attributes"),
        ("a<b=c><Hidden>item: 1", "filtered", "lists of attributes"),
        ("drop<b=c><>D: 1", "dropped", "name expands to nothing"),
        ("value<b=c><>D: 1", "series", ""),
        ("value<b=c><>D: 3.9.1", "dropped", "expands to \"3.9.1\", which is no number"),
        ("text<b=c><>D: true", "series", ""),
        ("text<b=c><>D: x", "dropped", "is a text"),
        ("own<b=c><>D: 1", "dropped", "exporter's own"),
        ("snake<b=c><>TheName: 1", "series", ""),
        ("none<b=e><>D: 1", "no_rule", "no rule matches"),
    ] {
        let (code, found) = rules_as_json(&["explain", file.path(), string]);
        assert_eq!(code, Some(i32::from(outcome != "series")), "{string}");
        assert_eq!(found[0]["outcome"], outcome, "{string}");
        assert!(found[0]["reason"].as_str().unwrap_or_default().contains(reason), "{string}: {found}");
    }
    let (_, found) = rules_as_json(&["explain", file.path(), "none<b=e><>D: 1"]);
    let near = &found[0]["not_matched"];
    assert_eq!(
        (near.as_array().unwrap().len(), &near[0]["number"], &found[0]["not_matched_more"]),
        (1, &json!(6), &json!(5))
    );
    assert_eq!(near[0]["reason"], "matches up to `none<b=`, then it needs `(c|d)`, but `e><>D: 1` follows");
    let (_, found) = rules_as_json(&["explain", "--all", file.path(), "none<b=e><>D: 1"]);
    assert_eq!((found[0]["not_matched"].as_array().unwrap().len(), &found[0]["not_matched_more"]), (6, &json!(0)));
}

#[test]
fn explaining_with_two_thousand_rules_takes_little_more_than_reading_them() {
    let text: String = (0..2000)
        .map(|number| format!("- {{pattern: 'kafka.(\\w+)<type=T{number}, name=(.+)><>Count', name: x_$1_$2}}\n"))
        .collect();
    let file = File::new(&format!("rules:\n{text}"));
    let timed = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let reading = timed(&|| {
        let rules = format!("--jmx.rules={}", file.path());
        assert_eq!(run(&["--kafka.server=a:1", &rules, "--config.check"]).0, Some(0));
    });
    let explaining = timed(&|| {
        let (code, found) = rules_as_json(&["explain", file.path(), "kafka.server<type=T7x, name=a><>Count: 1"]);
        assert_eq!((code, &found[0]["not_matched_more"]), (Some(1), &json!(1997)));
        assert_eq!(found[0]["not_matched"][2]["number"], 8);
    });
    // They are read for both generations.
    assert!(explaining < 4 * reading + Duration::from_secs(5), "{explaining:?}, reading alone {reading:?}");
}
