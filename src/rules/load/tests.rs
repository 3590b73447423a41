//! Tables of files with what comes of them. What is refused and what is accepted was tried with the agents 0.17.2, 0.20.0
//! and 1.0.1; keys that are younger than these were compared with jmx_exporter's documentation and source.

use proptest::prelude::*;

use super::*;
use crate::mbean::{ObjectName, Value};
use crate::metrics::MetricType;
use crate::rules::{ExtraMetric, MetricCustomizer, RuleType};

fn load(text: &str) -> Rules {
    Rules::load(text, "r.yml").unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn errors(text: &str, compat: Option<Compat>) -> Vec<(u64, Option<usize>, String)> {
    let error = match Rules::load_with(text, "r.yml", compat) {
        Ok(_) => panic!("loaded: {text}"),
        Err(error) => error,
    };
    assert_eq!(error.file, "r.yml");
    assert_eq!(error.to_string().lines().count(), error.problems.len(), "one line each: {error}");
    error.problems.into_iter().map(|problem| (problem.line, problem.rule, problem.reason)).collect()
}

fn warnings(text: &str) -> Vec<(u64, Option<usize>, String)> {
    load(text).warnings.into_iter().map(|warning| (warning.line, warning.rule, warning.text)).collect()
}

#[test]
fn a_file_that_says_nothing_exports_everything_in_the_default_format() {
    for text in ["", "# nothing\n---\n", "---\n", "~", "{}", "\u{feff}{}", "unknown: 1", "rules: [{}]"] {
        let rules = load(text);
        assert_eq!(rules.rules.len(), 1, "{text}");
        let rule = &rules.rules[0];
        assert!(rule.pattern.is_none() && rule.name.is_none() && rule.value.is_none() && rule.labels.is_empty());
        assert!(!rules.lowercase_output_name && !rules.lowercase_output_label_names && rules.compat == Compat::V0);
        assert!(rules.filter.bean(&ObjectName::parse("a:b=c").unwrap()));
    }
    assert_eq!(load("rules: []").rules.len(), 0, "an empty list exports nothing");
}

#[test]
fn switches_take_yaml_1_1_s_booleans_and_the_last_of_equal_keys() {
    for (text, name, label_names) in [
        ("lowercaseOutputName: true", true, false),
        ("lowercaseOutputName: yes\nlowercaseOutputLabelNames: on\nrules: [{pattern: .*}]", true, true),
        ("lowercaseOutputName: OFF\nlowercaseOutputLabelNames: 'No'", false, false),
        ("lowercaseOutputName: false\nlowercaseOutputName: true\n", true, false),
        ("a: &a {x: yes}\nlowercaseOutputName: &b yes\nlowercaseOutputLabelNames: *b", true, true),
        ("a: &a {lowercaseOutputName: yes}\n<<: *a", true, false),
    ] {
        match Rules::load(text, "r.yml") {
            Ok(rules) => {
                let found = (rules.lowercase_output_name, rules.lowercase_output_label_names);
                assert_eq!(found, (name, label_names), "{text}");
            }
            Err(error) => assert!(text.contains("'No'") && error.to_string().contains("not a text"), "{text}: {error}"),
        }
    }
    let rules = load("inferCounterTypeFromName: true\nexcludeJvmMetrics: true");
    assert!(rules.infer_counter_type_from_name && rules.exclude_jvm_metrics);
    assert!(!rules.filter.bean(&ObjectName::parse("java.lang:type=Memory").unwrap()));
    assert!(!load("excludeJvmMetrics:").exclude_jvm_metrics);
}

#[test]
fn every_key_of_a_rule_is_taken() {
    let text = r#"
rules:
  - pattern: 'kafka.(\w+)<type=(.+), name=(?<name>.+)><>Count: (\d+)'
    name: kafka_$1_${name}_total
    value: $4
    valueFactor: 0.001
    help: "About $2"
    type: COUNTER
    attrNameSnakeCase: true
    cache: yes
    labels:
      b: 0.$1
      $1: "$2"
      B: z
"#;
    let rules = load(text);
    assert_eq!(rules.warnings, []);
    let rule = &rules.rules[0];
    let source = |template: &Option<crate::rules::Template>| template.as_ref().unwrap().source().to_owned();
    assert_eq!(rule.pattern.as_ref().unwrap().group_count(), 4);
    assert_eq!(
        (source(&rule.name), source(&rule.value), source(&rule.help)),
        ("kafka_$1_${name}_total".into(), "$4".into(), "About $2".into())
    );
    assert_eq!((rule.line, rule.value_factor, rule.kind), (3, 0.001, MetricType::Counter));
    assert!(rule.attr_name_snake_case && rule.cache);
    let labels: Vec<_> = rule.labels.iter().map(|(name, value)| (name.source(), value.source())).collect();
    assert_eq!(labels, [("$1", "$2"), ("B", "z"), ("b", "0.$1")]);
}

#[test]
fn scalars_become_the_texts_that_java_makes_of_them() {
    for (pattern, java) in [
        ("1.10", "1.1"),
        ("yes", "true"),
        ("1e5", "100000.0"),
        ("0o17", "0o17"),
        ("017", "15"),
        ("1:30", "90"),
        ("", "null"),
        ("'1.10'", "1.10"),
        ("y", "y"),
    ] {
        let rules = load(&format!("rules: [{{pattern: {pattern}}}]"));
        assert_eq!(rules.rules[0].pattern.as_ref().unwrap().as_java(), java, "{pattern}");
    }
    for (value, java) in [("1.50", "1.5"), ("yes", "true"), ("0x10", "16"), ("", "null"), ("$1", "$1")] {
        let rules = load(&format!("rules: [{{pattern: (a), value: {value}}}]"));
        assert_eq!(rules.rules[0].value.as_ref().unwrap().source(), java, "{value}");
    }
    assert!(load("rules: [{pattern: a, value: ''}]").rules[0].value.is_none());
    for (factor, number) in [
        ("0x10", 16.0),
        ("\"0x1p3 \"", 8.0),
        ("1e-3", 0.001),
        ("1_000", 1000.0),
        (".inf", f64::INFINITY),
        ("abc", 1.0),
        ("", 1.0),
    ] {
        let rules = load(&format!("rules: [{{pattern: a, valueFactor: {factor}}}]"));
        assert_eq!(rules.rules[0].value_factor, number, "{factor}");
    }
    for name in ["y", "!!str 12", "'12'", "1.2.3", "$0"] {
        assert!(load(&format!("rules: [{{pattern: a, name: {name}}}]")).rules[0].name.is_some(), "{name}");
    }
    assert!(load("rules: [{pattern: a, name: }]").rules[0].name.is_none(), "no name is the default format");
}

#[test]
fn anchors_and_merge_keys_work_in_rules() {
    let text = "base: &b {pattern: x, type: GAUGE}\n\
                rules: [{<<: *b, pattern: y}, {pattern: z, <<: *b}, {<<: [*b, {name: n, pattern: q}]}, *b]";
    let rules = load(text);
    let patterns: Vec<_> = rules.rules.iter().map(|rule| rule.pattern.as_ref().unwrap().as_java()).collect();
    assert_eq!(patterns, ["y", "z", "x", "x"]);
    assert!(rules.rules.iter().all(|rule| rule.kind == MetricType::Gauge));
    assert!(rules.rules[2].name.is_some());
}

#[test]
fn types_are_those_of_the_generation() {
    for (name, kind) in RuleType::NAMES {
        let text = format!("rules: [{{pattern: a, name: x, type: {name}}}]");
        assert_eq!(load(&text).rules[0].rule_type, kind, "{name}");
        let rules = Rules::load_with(&text, "r.yml", Some(Compat::V1)).unwrap();
        let kept = [RuleType::Gauge, RuleType::Counter].contains(&kind);
        assert_eq!(rules.rules[0].rule_type, if kept { kind } else { RuleType::Unknown }, "{name}");
    }
    for name in ["gauge", "Counter", "x", ""] {
        let text = format!("rules: [{{pattern: a, name: x, type: {name}}}]");
        assert!(errors(&text, None)[0].2.contains("STATE_SET"), "{name}");
        let rules = Rules::load_with(&text, "r.yml", Some(Compat::V1)).unwrap();
        assert_eq!(rules.rules[0].kind, MetricType::Unknown);
    }
}

#[test]
fn the_generation_is_the_command_line_s_else_the_file_s_else_0_x() {
    for (text, given, compat) in [
        ("", None, Compat::V0),
        ("", Some(Compat::V1), Compat::V1),
        ("compat: 1.x", None, Compat::V1),
        ("compat: '1'", None, Compat::V1),
        ("compat: 1", None, Compat::V1),
        ("compat: 0", None, Compat::V0),
        ("compat: 0.x", Some(Compat::V1), Compat::V1),
        ("rules: [{pattern: a, type: gauge}]\ncompat: 1.x", None, Compat::V1),
    ] {
        assert_eq!(Rules::load_with(text, "r.yml", given).unwrap().compat, compat, "{text}");
    }
    assert_eq!(errors("compat: 2", None)[0].2, "compat must be 0.x or 1.x, the generation of jmx_exporter to follow");
    // Seen in 0.17.2, 0.20.0 and 1.0.1.
    let text = "rules: [{pattern: a, valueFactor: abc}]";
    assert_eq!(Rules::load_with(text, "r.yml", Some(Compat::V1)).unwrap().rules[0].value_factor, 1.0);
}

#[test]
fn beans_and_attributes_are_chosen_by_the_new_keys_if_they_are_there() {
    let bean = |rules: &Rules, name: &str| rules.filter.bean(&ObjectName::parse(name).unwrap());
    let rules = load("whitelistObjectNames: ['a:*']\nblacklistObjectNames: [\"a:b=c\"]");
    assert!(bean(&rules, "a:b=d") && !bean(&rules, "a:b=c") && !bean(&rules, "d:b=d"));
    // The old key is not even looked at.
    let rules = load(
        "whitelistObjectNames: 7\nincludeObjectNames: ['d:*']\nexcludeObjectNames: []\nblacklistObjectNames: ['d:*']",
    );
    assert!(bean(&rules, "d:b=d") && !bean(&rules, "a:b=d"));
    assert_eq!(rules.warnings.len(), 2, "{:?}", rules.warnings);
    assert!(!bean(&load("includeObjectNames: []"), "a:b=c"), "an empty list is nothing");
    assert!(bean(&load("includeObjectNames: ['']"), "a:b=c"), "an empty name is everything");

    let rules =
        load("excludeObjectNameAttributes: {\"a:b=c,d=e\": [X]}\nincludeObjectNameAttributes: {'a:d=e,b=c': [X, Y]}");
    let name = ObjectName::parse("a:d=e,b=c").unwrap();
    assert!(rules.filter.attribute(&name, "Y") && !rules.filter.attribute(&name, "X") && !bean(&rules, "f:g=h"));
}

#[test]
fn metric_customizers_are_read() {
    let text = "metricCustomizers:\n\
                - mbeanFilter: {domain: d, properties: {type: a, name: b}}\n  attributesAsLabels: [X, Y]\n\
                - mbeanFilter: {domain: e}\n  extraMetrics:\n  - {name: n, value: true, description: why}\n\
                \x20 - {name: m, value: 5}\n  - {name: k, value: 0.5}\n";
    let extra = |name: &str, value, description: &str| ExtraMetric {
        name: name.into(),
        value,
        description: description.into(),
    };
    assert_eq!(
        load(text).customizers,
        [
            MetricCustomizer {
                domain: "d".into(),
                properties: vec![("type".into(), "a".into()), ("name".into(), "b".into())],
                attributes_as_labels: vec!["X".into(), "Y".into()],
                extra_metrics: Vec::new(),
            },
            MetricCustomizer {
                domain: "e".into(),
                properties: Vec::new(),
                attributes_as_labels: Vec::new(),
                extra_metrics: vec![
                    extra("n", Value::Bool(true), "why"),
                    extra("m", Value::Long(5), ""),
                    extra("k", Value::Double(0.5), ""),
                ],
            },
        ]
    );
}

#[test]
fn what_is_wrong_is_told_with_line_rule_and_reason() {
    for (text, line, rule, part) in [
        ("a: [", 1, None, "not YAML"),
        ("- a", 1, None, "not a map"),
        ("abc", 1, None, "not a map"),
        ("12", 1, None, "not a map"),
        ("---\na: b\n---\nc: d\n", 4, None, "not YAML: several documents, where one is wanted"),
        ("lowercaseOutputName: true\n\tx: 1", 1, None, "not YAML: while scanning a plain scalar, found a tab"),
        ("lowercaseOutputName: maybe", 1, None, "lowercaseOutputName must be true or false, not a text"),
        ("lowercaseOutputName:", 1, None, "not nothing"),
        ("lowercaseOutputName: \"true\"", 1, None, "not a text"),
        ("lowercaseOutputName: y", 1, None, "not a text"),
        ("excludeJvmMetrics: 1", 1, None, "not a number"),
        ("\nincludeObjectNames:", 2, None, "must be a list of ObjectNames"),
        ("whitelistObjectNames: \"a:*\"", 1, None, "must be a list of ObjectNames"),
        ("includeObjectNames: {a: b}", 1, None, "must be a list of ObjectNames"),
        ("includeObjectNames:\n- a:*\n- a", 3, None, "includeObjectNames: not an ObjectName: no colon in \"a\""),
        ("blacklistObjectNames: ['a:b=c,b=d']", 1, None, "key given twice"),
        ("includeObjectNames: [1]", 1, None, "ObjectNames only"),
        ("includeObjectNames: [null]", 1, None, "ObjectNames only"),
        ("excludeObjectNameAttributes:", 1, None, "must be a map"),
        ("excludeObjectNameAttributes: [a]", 1, None, "must be a map"),
        ("excludeObjectNameAttributes:\n  'a:b=c': c", 2, None, "needs a list of attribute names"),
        ("excludeObjectNameAttributes: {\"a:b=c\": [1]}", 1, None, "must be a text"),
        ("includeObjectNameAttributes: {a: [b]}", 1, None, "no colon"),
        ("metricCustomizers:", 1, None, "must be a list"),
        ("metricCustomizers: [{}]", 1, None, "needs a mbeanFilter"),
        ("metricCustomizers: [{mbeanFilter: {}}]", 1, None, "needs a domain"),
        ("metricCustomizers: [{mbeanFilter: {domain: d}}]", 1, None, "needs attributesAsLabels or extraMetrics"),
        ("metricCustomizers: [{mbeanFilter: {domain: 1}}]", 1, None, "domain must be a text"),
        ("metricCustomizers: [{mbeanFilter: {domain: d, properties: {a: 1}}}]", 1, None, "value of a must be a text"),
        ("metricCustomizers: [{mbeanFilter: {domain: d}, extraMetrics: [{value: 1}]}]", 1, None, "needs a name"),
        ("metricCustomizers: [{mbeanFilter: {domain: d}, extraMetrics: [{name: a}]}]", 1, None, "needs a value"),
        ("metricCustomizers: [{mbeanFilter: {domain: d}, extraMetrics: [{name: a, value: b}]}]", 1, None, "a number"),
        ("metricCustomizers: [{mbeanFilter: {domain: d}, attributesAsLabels: a}]", 1, None, "list of attribute names"),
        ("rules:", 1, None, "rules is empty"),
        ("rules: {}", 1, None, "must be a list"),
        ("rules:\n- pattern: a\n- ", 3, Some(2), "must be a map"),
        ("rules:\n- .*", 2, Some(1), "must be a map"),
        ("rules:\n- pattern: a(", 2, Some(1), "pattern: "),
        ("rules:\n- pattern: [a, b]", 2, Some(1), "pattern must be a text"),
        (
            "rules:\n- pattern: a\n  name: 12",
            3,
            Some(1),
            "name must be a text, but YAML reads a number; put it in quotes",
        ),
        ("rules:\n- pattern: a\n  name: 1e5", 3, Some(1), "a number"),
        ("rules:\n- pattern: a\n  name: 2001-01-01", 3, Some(1), "a date"),
        ("rules:\n- pattern: a\n  name: [x]", 3, Some(1), "not a list"),
        ("rules:\n- pattern: a\n  name: x\n  help: 3", 4, Some(1), "help must be a text"),
        ("rules:\n- pattern: a\n  name: x\n  type: 1", 4, Some(1), "type must be one of GAUGE, COUNTER"),
        ("rules:\n- pattern: a\n  name: x\n  type: gauge", 4, Some(1), "type \"gauge\" is unknown"),
        ("rules:\n- pattern: a\n  name: x\n  labels:", 4, Some(1), "labels must be a map"),
        ("rules:\n- pattern: a\n  name: x\n  labels: [a]", 4, Some(1), "labels must be a map"),
        (
            "rules:\n- pattern: a\n  name: x\n  labels:\n    a: 1",
            5,
            Some(1),
            "label \"a\" must be a text, but YAML reads a number",
        ),
        ("rules:\n- pattern: a\n  name: x\n  labels: {a: no}", 4, Some(1), "a boolean; put it in quotes"),
        ("rules:\n- pattern: a\n  name: x\n  labels: {a: }", 4, Some(1), "has no value"),
        ("rules:\n- pattern: a\n  name: x\n  labels: {on: a}", 4, Some(1), "label name on must be a text"),
        ("rules:\n- pattern: a\n  name: x\n  labels: {1: a}", 4, Some(1), "label name 1 must be a text"),
        ("rules:\n- pattern: a\n  labels: {}", 3, Some(1), "labels needs a name"),
        ("rules:\n- pattern: a\n  name:\n  labels: {a: b}", 4, Some(1), "labels needs a name"),
        ("rules:\n- pattern: a\n  help: h", 3, Some(1), "help needs a name"),
        ("rules:\n- name: h", 2, Some(1), "a rule with a name needs a pattern"),
        ("rules:\n- value: 1", 2, Some(1), "a rule with a value needs a pattern"),
        ("rules:\n- pattern: (a)\n  name: $2", 3, Some(1), "name: $2: the pattern has 1 group(s)"),
        ("rules:\n- pattern: a\n  name: x\n  labels:\n    a: ok\n    b: $1", 6, Some(1), "label \"b\": $1"),
        ("rules:\n- pattern: a\n  name: x\n  labels:\n    $1: ok", 5, Some(1), "a label's name: $1"),
        ("rules:\n- pattern: a\n  value: a$", 3, Some(1), "value: a $ must be followed"),
        ("rules:\n- pattern: a\n  name: x\n  help: 5$ ", 4, Some(1), "help: a $ must be followed"),
        ("rules:\n- pattern: a\n  cache: \"true\"", 3, Some(1), "cache must be true or false"),
        ("rules:\n- pattern: a\n  cache:", 3, Some(1), "cache must be true or false"),
        ("rules:\n- pattern: a\n  attrNameSnakeCase: 1", 3, Some(1), "attrNameSnakeCase must be true or false"),
    ] {
        let found = errors(text, None);
        let (found_line, found_rule, reason) = &found[0];
        assert_eq!((*found_line, *found_rule, found.len()), (line, rule, 1), "{text}\n{found:?}");
        assert!(reason.contains(part) && !reason.contains('\n'), "{text}: {reason}");
    }
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let text = "lowercaseOutputName: maybe\nincludeObjectNames: [a]\nrules:\n- pattern: a(\n  name: 1\n- pattern: b\n  help: h\n- name: x\n  type: y\n";
    let error = Rules::load(text, "dir/r.yml").unwrap_err();
    let text = error.to_string();
    let expected = [
        "dir/r.yml:1: lowercaseOutputName must be true or false, not a text",
        "dir/r.yml:2: includeObjectNames: ",
        "dir/r.yml:4: rule 1: pattern: ",
        "dir/r.yml:5: rule 1: name must be a text",
        "dir/r.yml:7: rule 2: help needs a name in the same rule",
        "dir/r.yml:8: rule 3: a rule with a name needs a pattern",
        "dir/r.yml:9: rule 3: type \"y\" is unknown",
    ];
    assert_eq!(text.lines().count(), expected.len(), "{text}");
    assert!(text.lines().zip(expected).all(|(line, start)| line.starts_with(start)), "{text}");
}

#[test]
fn what_is_odd_is_warned_of() {
    for (text, line, rule, part) in [
        (
            "\nlowercaseoutputname: true",
            2,
            None,
            "unknown key \"lowercaseoutputname\" is ignored, as in jmx_exporter; lowercaseOutputName may",
        ),
        ("attrNameSnakeCase: true", 1, None, "a key of a rule, not of the file"),
        ("zzz: 1", 1, None, "unknown key \"zzz\" is ignored, as in jmx_exporter"),
        ("rules:\n- pattern: a\n  lables: {}", 3, Some(1), "labels may be meant"),
        ("lowercaseOutputName: true\nlowercaseOutputName: no", 1, None, "is there again in line 2"),
        ("rules:\n- pattern: a\n  pattern: b", 2, Some(1), "pattern is there again in line 3"),
        ("jmxUrl: service:x", 1, None, "--jolokia.url"),
        ("hostPort: localhost:9999", 1, None, "--jolokia.port"),
        ("username: u", 1, None, "--jolokia.username"),
        ("password: hunter2", 1, None, "--jolokia.password-file"),
        ("ssl: true", 1, None, "--jolokia.protocol"),
        ("startDelaySeconds: 5", 1, None, "startDelaySeconds has no effect"),
        ("scrapeTimeoutSeconds: 5", 1, None, "--scrape.timeout"),
        ("autoExcludeObjectNameAttributes: true", 1, None, "no effect"),
        ("httpServer: {threads: {minimum: 1}}", 1, None, "--web."),
        ("openTelemetry: {endpoint: x}", 1, None, "nothing is pushed"),
        ("inferCounterTypeFromName: true", 1, None, "a key of jmx_exporter 1.4 that 0.x ignores"),
        ("excludeJvmMetrics: true", 1, None, "a key of jmx_exporter 1.4 that 0.x ignores"),
        ("includeObjectNameAttributes: {'a:b=c': [d]}", 1, None, "a key of jmx_exporter 1.1"),
        ("excludeObjectNameAttributes: {'a:b=*': [d]}", 1, None, "has wildcards"),
        ("rules:\n- pattern: a\n  valueFactor: x", 3, Some(1), "valueFactor is no number"),
        ("rules:\n- pattern: a\n  value: x", 3, Some(1), "nothing comes of"),
        ("rules:\n- pattern:", 2, Some(1), "the word null"),
        ("compat: 1.x\nrules:\n- pattern: a\n  type: gauge", 4, Some(1), "1.x honours COUNTER and GAUGE alone"),
    ] {
        let found = warnings(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let (found_line, found_rule, found_text) = &found[0];
        assert_eq!((*found_line, *found_rule), (line, rule), "{text}: {found_text}");
        assert!(found_text.contains(part) && !found_text.contains("hunter2"), "{text}: {found_text}");
    }
    let plugin = warnings("httpServer:\n  authentication:\n    plugin: {class: com.example.Plugin}\n");
    assert!(plugin.len() == 2 && plugin[1].2.contains("NOT protected"), "{plugin:?}");
    for text in [
        "startDelaySeconds: 0\nssl: false\npassword: ''\nhostPort:",
        "inferCounterTypeFromName: false\nexcludeJvmMetrics: no\nmetricCustomizers: []\nblacklistObjectNames: []",
        "compat: 1.x\nexcludeJvmMetrics: true\nrules: [{pattern: a, type: COUNTER}, {pattern: b, type: UNTYPED}]",
    ] {
        assert_eq!(warnings(text), [], "{text}");
    }
}

#[test]
fn hostile_files_are_refused_in_bounded_time() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", "));
    }
    let many = format!("rules:\n{}", "- pattern: a\n".repeat(MAX_RULES + 1));
    let wrong = format!("rules:\n{}", "- name: a\n".repeat(5_000));
    for (text, part) in [
        (bomb, "not YAML: it unfolds to more"),
        ("[".repeat(1_000_000), "not YAML"),
        (format!("a: \"{}\"", "x".repeat(10 << 20)), "larger than 8 MiB"),
        (many, "at most 10000 are read"),
        (format!("rules:\n{}", "- pattern: a\n".repeat(100_000)), "unfolds to more"),
        (wrong, "4900 more problems"),
    ] {
        let start = std::time::Instant::now();
        let error = Rules::load(&text, "r.yml").unwrap_err().to_string();
        assert!(error.contains(part) && error.len() < 20_000, "{part}: {error:.300}");
        assert!(start.elapsed().as_secs() < 20, "{part}: {:?}", start.elapsed());
    }
}

proptest! {
    #[test]
    fn loading_never_panics(text in "[a-z:\\[\\]{}&* \n\"'.|>#-]{0,60}|\\PC*") {
        let _ = Rules::load(&text, "r.yml");
    }

    #[test]
    fn files_of_known_keys_never_panic(
        keys in proptest::collection::vec((0..24_usize, "\\[\\]|\\{\\}|yes|1|~|a:\\*|\\[a:b=c\\]|\\{a: \\[b\\]\\}|\\[\\{mbeanFilter: \\{domain: d\\}\\}\\]"), 0..5),
        rules in proptest::collection::vec(proptest::collection::vec((0..9_usize, "\\$1|\\(a\\)|x|yes|1|~|\\{\\$1: x\\}|\\{x: 1\\}|COUNTER|'\\$\\{a\\}'"), 0..6), 0..4),
    ) {
        const FILE: [&str; 24] = ["compat", "startDelaySeconds", "hostPort", "jmxUrl", "username", "password", "ssl",
            "lowercaseOutputName", "lowercaseOutputLabelNames", "includeObjectNames", "whitelistObjectNames",
            "excludeObjectNames", "blacklistObjectNames", "includeObjectNameAttributes", "excludeObjectNameAttributes",
            "autoExcludeObjectNameAttributes", "excludeJvmMetrics", "inferCounterTypeFromName", "metricCustomizers",
            "rules", "scrapeTimeoutSeconds", "httpServer", "openTelemetry", "zzz"];
        const RULE: [&str; 9] = ["pattern", "name", "value", "valueFactor", "labels", "help", "type", "attrNameSnakeCase", "cache"];
        let mut text: String = keys.iter().map(|(key, value)| format!("{}: {value}\n", FILE[*key])).collect();
        text += "rules:\n";
        for rule in &rules {
            let keys: Vec<String> = rule.iter().map(|(key, value)| format!("{}: {value}", RULE[*key])).collect();
            text += &format!("- {{{}}}\n", keys.join(", "));
        }
        match Rules::load(&text, "r.yml") {
            Ok(loaded) => prop_assert_eq!(loaded.rules.len(), if rules.is_empty() { loaded.rules.len() } else { rules.len() }),
            Err(error) => prop_assert!(!error.problems.is_empty()),
        }
    }
}
