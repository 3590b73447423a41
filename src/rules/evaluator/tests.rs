use std::time::Duration;

use super::super::filter::Filter;
use super::super::model::{Compat, ExtraMetric, MetricCustomizer, Rule};
use super::super::testing::{composite, row, rule, rules, table};
use super::*;
use crate::mbean::{ObjectNamePattern, Value};
use crate::metrics::{MetricType, Sample};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn plain() -> Evaluator {
    Evaluator::new(Arc::new(Rules::empty()))
}

fn add(evaluator: &mut Evaluator, name: &str, attributes: &[(&str, Value<'_>)]) {
    evaluator.bean(&Bean { name, attributes: &row(attributes) });
}

fn lines(evaluation: &Evaluation) -> Vec<String> {
    let line =
        |family: &Family, sample: &Sample| format!("{}{{{}}} {}", family.name, sample.labels.as_str(), sample.value);
    evaluation
        .families
        .iter()
        .flat_map(|family| family.samples.iter().map(move |sample| line(family, sample)))
        .collect()
}

fn scrape(evaluator: &mut Evaluator, beans: &[(&str, &[(&str, Value<'_>)])]) -> Evaluation {
    evaluator.begin(soon());
    for (name, attributes) in beans {
        add(evaluator, name, attributes);
    }
    evaluator.finish()
}

/// The series of a bean, which a second scrape must give again.
fn with(rules: Arc<Rules>, name: &str, attributes: &[(&str, Value<'_>)]) -> Vec<String> {
    let mut evaluator = Evaluator::new(rules);
    let first = lines(&scrape(&mut evaluator, &[(name, attributes)]));
    assert_eq!(lines(&scrape(&mut evaluator, &[(name, attributes)])), first);
    first
}

fn one(name: &str, attributes: &[(&str, Value<'_>)]) -> Vec<String> {
    with(Arc::new(Rules::empty()), name, attributes)
}

fn text(text: &'static str) -> Value<'static> {
    Value::String(text.into())
}

#[test]
fn the_default_format_is_jmx_exporters() {
    let value = [("Value", Value::Long(1))];
    for (name, line) in [
        ("kafka.server:type=B,name=M", r#"kafka_server_B_Value{name="M"} 1"#),
        ("lab:zz=1,aa=2,type=Order", r#"lab_1_Value{aa="2",type="Order"} 1"#),
        ("9lab:type=a,name=b", r#"_9lab_a_Value{name="b"} 1"#),
        ("lab.dom-ain:type=9digit,name=x y/z", r#"lab_dom_ain_9digit_Value{name="x y/z"} 1"#),
        (
            r#"kafka.server:type=Produce,user="CN=foo,OU=x",client-id="c 1""#,
            r#"kafka_server_Produce_Value{client_id="\"c 1\"",user="\"CN=foo,OU=x\""} 1"#,
        ),
        ("a:type=b,empty=", r#"a_b_Value{empty=""} 1"#),
    ] {
        assert_eq!(one(name, &value), [line]);
    }
    let lower = Rules { lowercase_output_label_names: true, ..Rules::default() };
    assert_eq!(
        with(Arc::new(lower), "K:type=B,clientId=X", &[("OneMinuteRate", Value::Long(1))]),
        [r#"k_b_oneminuterate{clientid="X"} 1"#]
    );
}

#[test]
fn only_numbers_and_booleans_are_exported() {
    let attributes = [
        ("Null", Value::Null),
        ("Text", text("7")),
        ("Other", Value::Other),
        ("False", Value::Bool(false)),
        ("NaN", Value::Double(f64::NAN)),
        ("True", Value::Bool(true)),
    ];
    assert_eq!(one("a:type=b", &attributes), ["a_b_False{} 0", "a_b_NaN{} NaN", "a_b_True{} 1"]);
}

#[test]
fn composites_and_tables_are_flattened() {
    let nested = composite(&[("in", composite(&[("alpha", Value::Double(2.5))]))]);
    assert_eq!(one("lab:type=Comp,name=c1", &[("Nest", nested)]), [r#"lab_Comp_Nest_in_alpha{name="c1"} 2.5"#]);
    let simple = || table(&["key"], vec![row(&[("key", text("k1")), ("value", Value::Long(1))])]);
    let multi = table(
        &["host", "port"],
        vec![row(&[("hits", Value::Long(3)), ("host", text("h1")), ("port", Value::Long(80))])],
    );
    let outer = table(&["key"], vec![row(&[("key", text("outer1")), ("value", simple())])]);
    let of_composites =
        table(&["key"], vec![row(&[("key", Value::Double(1e10)), ("value", composite(&[("alpha", Value::Long(4))]))])]);
    let key = composite(&[("alpha", Value::Double(2.5)), ("str", text("hello")), ("zeta", Value::Long(1))]);
    let by_composite = table(&["key"], vec![row(&[("key", key), ("value", Value::Long(6))])]);
    let odd = table(&["a:b", ""], vec![row(&[("", text("e")), ("a:b", Value::Long(1)), ("value", Value::Long(5))])]);
    for (attribute, value, line) in [
        ("Simple", simple(), r#"lab_Tab_Simple{key="k1",name="t1"} 1"#),
        ("Multi", multi, r#"lab_Tab_Multi_hits{host="h1",name="t1",port="80"} 3"#),
        ("Nested", outer, r#"lab_Tab_Nested{key="outer1",key_="k1",name="t1"} 1"#),
        ("ValComp", of_composites, r#"lab_Tab_ValComp_alpha{key="1.0E10",name="t1"} 4"#),
        ("CompKey", by_composite, r#"lab_Tab_CompKey{key_alpha="2.5",key_str="hello",key_zeta="1",name="t1"} 6"#),
        ("Odd", odd, r#"lab_Tab_Odd{_="e",a_b="1",name="t1"} 5"#),
    ] {
        assert_eq!(one("lab:type=Tab,name=t1", &[(attribute, value)]), [line]);
    }
}

#[test]
fn rows_of_tables_come_and_go_and_are_not_kept_for_ever() {
    let mut evaluator = plain();
    for scrape_number in 0..20 {
        let rows: Vec<_> = (0..50)
            .map(|key| row(&[("key", Value::Long(scrape_number * 50 + key)), ("value", Value::Long(key))]))
            .collect();
        let attributes = [("T", table(&["key"], rows)), ("V", Value::Long(7))];
        let evaluation = scrape(&mut evaluator, &[("a:type=b", &attributes)]);
        assert_eq!(lines(&evaluation).len(), 51);
        let known = evaluator.beans[0].as_ref().unwrap();
        assert!(known.entries.len() < 200 && known.series.iter().count() < 200, "{}", known.entries.len());
    }
    let Wanted::Attributes(mut wanted) = evaluator.wanted("a:type=b") else { panic!("nothing wanted") };
    wanted.sort_unstable();
    assert_eq!(wanted, ["T", "V"]);
}

#[test]
fn the_first_rule_that_matches_decides_also_when_it_drops_the_attribute() {
    let rules = rules([
        rule("<>A").name(""),
        rule("<>B").name("b").value("no number"),
        rule("<>C: 5").name("five"),
        rule("<>(.)").name("x").label("attribute", "$1"),
        rule(".*").name("never"),
    ]);
    let attributes = [("A", Value::Long(1)), ("B", Value::Long(1)), ("C", Value::Long(5)), ("D", Value::Long(1))];
    assert_eq!(with(rules, "a:type=b", &attributes), ["five{} 5", r#"x{attribute="D"} 1"#]);
}

#[test]
fn no_rules_give_nothing_and_no_match_gives_nothing() {
    for rules in [rules([]), rules([rule("zzz")])] {
        let mut evaluator = Evaluator::new(rules);
        assert!(lines(&scrape(&mut evaluator, &[("a:type=b", &[("V", Value::Long(1))])])).is_empty());
        assert_eq!(evaluator.wanted("a:type=b"), Wanted::Nothing);
        assert_eq!(scrape(&mut evaluator, &[("a:type=b", &[("V", Value::Long(1))])]).beans, 1);
    }
}

#[test]
fn snake_case_and_cache_change_what_a_rule_sees_and_nothing_for_the_others() {
    let rules = rules([
        rule("<>fooBar: <cache>").name("cached").cached(),
        rule("<>foo_bar: 7").name("snake").snake(),
        rule("<>fooBar: 7").name("never"),
        rule("<>fooBar: (.*)").name("plain").label("value", "$1"),
    ]);
    let mut evaluator = Evaluator::new(Arc::clone(&rules));
    assert_eq!(lines(&scrape(&mut evaluator, &[("a:type=b", &[("fooBar", Value::Long(7))])])), ["cached{} 7"]);
    let rest = self::rules(
        Arc::into_inner({
            drop(evaluator);
            rules
        })
        .unwrap()
        .rules
        .into_iter()
        .skip(1),
    );
    let mut evaluator = Evaluator::new(rest);
    for (number, line) in [(7, "snake{} 7"), (8, r#"plain{value="8"} 8"#), (7, "snake{} 7")] {
        assert_eq!(lines(&scrape(&mut evaluator, &[("a:type=b", &[("fooBar", Value::Long(number))])])), [line]);
    }
}

#[test]
fn an_outcome_that_depends_on_the_number_is_worked_out_each_time() {
    let mut evaluator = Evaluator::new(rules([
        rule(r"<>V: 1\d*$").name("ones"),
        rule(r"<>V: (\d)").name("digit").label("first", "$1"),
    ]));
    for (number, line) in [(12, "ones{} 12"), (23, r#"digit{first="2"} 23"#), (1, "ones{} 1")] {
        assert_eq!(lines(&scrape(&mut evaluator, &[("a:type=b", &[("V", Value::Long(number))])])), [line]);
    }
    let mut whole = Evaluator::new(rules([
        rule("<>V").name("x").label("all", "$0").cached(),
        rule("<>W").name("x").label("all", "$0"),
    ]));
    for number in [1, 2] {
        let attributes = [("V", Value::Long(number)), ("W", Value::Long(number))];
        let expected = ["a<type=b><>V: <cache>".to_owned(), format!("a<type=b><>W: {number}")]
            .map(|all| format!("x{{all=\"{all}\"}} {number}"));
        assert_eq!(lines(&scrape(&mut whole, &[("a:type=b", &attributes)])), expected);
    }
}

#[test]
fn texts_give_samples_by_rules_with_a_value_alone_and_are_looked_at_again_when_they_change() {
    let rules = rules([rule(r"<>Version: (.+)-v(\d+)").name("version").value("$2").label("text", "$1"), rule(".*")]);
    let mut evaluator = Evaluator::new(rules);
    for (version, expected) in [
        ("a:b-v3", vec![r#"version{text="a:b"} 3"#]),
        ("a:b-v3", vec![r#"version{text="a:b"} 3"#]),
        ("c-v4", vec![r#"version{text="c"} 4"#]),
        ("none", vec![]),
        ("two\nlines-v4", vec![]),
        ("d-v5", vec![r#"version{text="d"} 5"#]),
    ] {
        let attributes = [("Version", text(version)), ("Other", text("x"))];
        assert_eq!(lines(&scrape(&mut evaluator, &[("a:type=b", &attributes)])), expected, "{version}");
        let known = evaluator.beans[0].as_ref().unwrap();
        assert!(known.series.iter().count() < 2);
    }
}

#[test]
fn a_text_with_angle_brackets_of_its_own_is_matched_like_any_other() {
    let pattern = rule("version: <([0-9]+)>").name("x").value("$1");
    for (by_text, known, given) in [
        (pattern, "version: <7>", vec!["x{} 7"]),
        (rule("<7>").name("x").value("1"), "version: <7>", vec!["x{} 1"]),
        (rule("<7>").name("x").value("1"), "version: 7", vec![]),
        (rule("T: <7>").name("x").value("1"), "<7>", vec!["x{} 1"]),
        (rule("<cache>").name("x").value("1").cached(), "any", vec!["x{} 1"]),
        (rule("T: <cache><").name("x").value("1").cached(), "<", vec![]),
        (rule("my_t: <7>").name("x").value("1").snake(), "<7>", vec![]),
    ] {
        let mut evaluator = Evaluator::new(rules([by_text, rule(".*")]));
        // Seen first, and after a text that rules nothing out but itself.
        let first = lines(&scrape(&mut evaluator, &[("a:type=b", &[("T", text(known))])]));
        assert_eq!(first, given, "{known}");
        for value in ["plain", known, "plain", known] {
            let attributes = [("T", text(value)), ("V", Value::Long(1))];
            let evaluation = scrape(&mut evaluator, &[("a:type=c", &attributes)]);
            let texts = lines(&evaluation).into_iter().filter(|line| line.starts_with('x')).collect::<Vec<_>>();
            let cached = evaluator.learner.rules.rules[0].cache;
            assert_eq!(texts, if value == known || (cached && !given.is_empty()) { given.clone() } else { vec![] });
        }
    }
    // Texts that cannot match are not wanted.
    let mut evaluator = Evaluator::new(rules([rule("<7>").name("x").value("1"), rule(".*")]));
    scrape(&mut evaluator, &[("a:type=b", &[("T", text("plain")), ("V", Value::Long(1))])]);
    assert_eq!(evaluator.wanted("a:type=b"), Wanted::Attributes(vec!["V"]));
}

#[test]
fn what_is_a_number_now_and_a_text_then_is_looked_at_again() {
    let rules = rules([rule(r"<>V: (\w+)").name("x").value("1").label("v", "$1"), rule(".*")]);
    let mut evaluator = Evaluator::new(rules);
    for (value, expected) in [
        (Value::Null, vec![]),
        (Value::Long(5), vec![r#"x{v="5"} 1"#]),
        (text("up"), vec![r#"x{v="up"} 1"#]),
        (Value::Null, vec![]),
        (composite(&[("V", Value::Long(6))]), vec!["a_b_V_V{} 6"]),
        (Value::Long(7), vec![r#"x{v="7"} 1"#]),
    ] {
        let series = lines(&scrape(&mut evaluator, &[("a:type=b", &[("V", value)])]));
        assert_eq!(series, expected);
    }
    // However often it changes, no more is kept.
    for _ in 0..100 {
        for value in [Value::Long(5), text("up"), text("down")] {
            scrape(&mut evaluator, &[("a:type=b", &[("V", value)])]);
        }
    }
    assert!(evaluator.beans[0].as_ref().unwrap().series.iter().count() <= 2);
}

#[test]
fn of_equal_series_the_first_in_objectname_order_stays_whatever_arrives_first() {
    for reversed in [false, true] {
        let mut evaluator = plain();
        for _ in 0..2 {
            evaluator.begin(soon());
            let mut names = [("d:type=a-b,x=1", 1), ("d:type=a_b,x=1", 2), ("d:type=a_b,x=2", 3)];
            if reversed {
                names.reverse();
            }
            for (name, value) in names {
                add(&mut evaluator, name, &[("V", Value::Long(value))]);
            }
            for evaluation in [evaluator.so_far(), evaluator.finish()] {
                let mut lines = lines(&evaluation);
                lines.sort();
                assert_eq!(lines, [r#"d_a_b_V{x="1"} 1"#, r#"d_a_b_V{x="2"} 3"#]);
                assert_eq!(evaluation.duplicates_dropped, 1);
            }
        }
    }
    assert_eq!(one("d:type=t", &[("a-b", Value::Long(1)), ("a_b", Value::Long(2))]), ["d_t_a_b{} 1"]);
}

#[test]
fn a_bean_that_comes_twice_gives_its_series_once() {
    let mut evaluator = plain();
    let bean: (&str, &[(&str, Value<'_>)]) = ("a:type=b", &[("V", Value::Long(1))]);
    for _ in 0..2 {
        let evaluation = scrape(&mut evaluator, &[bean, bean]);
        assert_eq!((lines(&evaluation).len(), evaluation.duplicates_dropped), (1, 1));
    }
}

#[test]
fn a_bean_that_comes_twice_makes_no_later_scrape_dearer_and_series_that_do_repeat_stay_found() {
    let mut evaluator = plain();
    let once: (&str, &[(&str, Value<'_>)]) = ("a:type=b", &[("V", Value::Long(1))]);
    // These two are equal: of one family, not of all.
    let equal: (&str, &[(&str, Value<'_>)]) = ("a:type=c", &[("a-b", Value::Long(1)), ("a_b", Value::Long(2))]);
    assert_eq!(scrape(&mut evaluator, &[once, once, equal]).duplicates_dropped, 2);
    for _ in 0..2 {
        let evaluation = scrape(&mut evaluator, &[once, equal]);
        assert_eq!((lines(&evaluation).len(), evaluation.duplicates_dropped), (2, 1));
        let families = &evaluator.learner.families;
        assert_eq!((families.searched(), families.hashes()), (1, 1));
    }
    evaluator.keep_only(["a:type=c"].into_iter());
    assert_eq!(evaluator.learner.families.hashes(), 0);
}

#[test]
fn rows_that_are_forgotten_in_a_scrape_are_still_compared_with_those_that_come_after_them() {
    let keyed = |from: i64, to: i64| {
        let rows = (from..to).map(|key| row(&[("key", Value::Long(key)), ("value", Value::Long(1))]));
        table(&["key"], rows.collect())
    };
    let mut evaluator = Evaluator::new(rules([rule("key=([0-9]+)").name("x").label("k", "$1").cached()]));
    scrape(&mut evaluator, &[("a:type=b", &[("T", keyed(0, 50))])]);
    // The first bean has lost most of its rows, so that all are forgotten; the second one has one of them, too.
    let beans: [(&str, &[(&str, Value<'_>)]); 2] =
        [("a:type=b", &[("T", keyed(0, 1))]), ("a:type=c", &[("T", keyed(0, 1))])];
    let evaluation = scrape(&mut evaluator, &beans);
    assert_eq!((lines(&evaluation), evaluation.duplicates_dropped), (vec![r#"x{k="0"} 1"#.to_owned()], 1));
}

fn typed(evaluation: &Evaluation) -> Vec<String> {
    evaluation
        .families
        .iter()
        .flat_map(|family| family.samples.iter().map(move |sample| (family, sample)))
        .map(|(family, sample)| format!("{} {}{{{}}}", family.kind.as_str(), family.name, sample.labels.as_str()))
        .collect()
}

fn of_generation(compat: Compat, rules: impl IntoIterator<Item = Rule>) -> Evaluator {
    Evaluator::new(Arc::new(Rules { compat, rules: rules.into_iter().collect(), ..Rules::empty() }))
}

/// What agents 0.17.2, 0.20.0 and 1.0.1 show for such rules.
#[test]
fn names_types_and_equal_series_are_those_of_the_generation() {
    use MetricType::{Counter, Gauge};
    let rules = || {
        [
            rule("type=A.*<>Value").name("colon:name").kind(Counter),
            rule("type=A, name=(.*)><>Other").name("same").label("x", "y").kind(Gauge),
            rule("type=B.*<>Value").name("mixed_total").kind(Counter),
            rule("type=B.*<>Other").name("mixed_total").kind(Gauge),
            rule("type=C.*<>Value").name("x_total_info").kind(Counter),
            rule("type=C.*<>Other").name("_total"),
            rule("type=D.*<>Value").name("good_total").kind(Counter),
            rule("type=D.*<>Other").name("app_info"),
        ]
    };
    let attributes: &[(&str, Value<'_>)] = &[("Value", Value::Long(1)), ("Other", Value::Long(2))];
    let beans =
        ["d:type=A,name=one", "d:type=A,name=two", "d:type=B", "d:type=C", "d:type=D"].map(|bean| (bean, attributes));
    let mut old = of_generation(Compat::V0, rules());
    let mut new = of_generation(Compat::V1, rules());
    for _ in 0..2 {
        let evaluation = scrape(&mut old, &beans);
        assert_eq!(
            typed(&evaluation),
            [
                "unknown _total{}",
                "unknown app_info{}",
                "unknown colon:name{}",
                "counter good_total{}",
                "counter mixed_total{}",
                r#"gauge same{x="y"}"#,
                "unknown x_total_info{}",
            ]
        );
        assert_eq!(evaluation.duplicates_dropped, 3);
        let evaluation = scrape(&mut new, &beans);
        assert_eq!(
            typed(&evaluation),
            [
                "unknown app{}",
                r#"counter colon:name_total{_objectname="d<type=A, name=one><>Value"}"#,
                r#"counter colon:name_total{_objectname="d<type=A, name=two><>Value"}"#,
                "counter good_total{}",
                r#"unknown mixed{_objectname="d<type=B><>Value"}"#,
                r#"unknown mixed{_objectname="d<type=B><>Other"}"#,
                r#"gauge same{_objectname="d<type=A, name=one><>Other",x="y"}"#,
                r#"gauge same{_objectname="d<type=A, name=two><>Other",x="y"}"#,
                "unknown total{}",
                "counter x_total{}",
            ]
        );
        assert_eq!(evaluation.duplicates_dropped, 0);
    }
}

#[test]
fn the_object_name_of_a_text_ends_at_its_last_colon() {
    let rules = [rule(r"<>Text: (.*) (\d)").name("t").value("$2")];
    let mut evaluator = of_generation(Compat::V1, rules);
    let attributes: &[(&str, Value<'_>)] = &[("Text", text("a:b 7"))];
    let evaluation = scrape(&mut evaluator, &[("d:type=A", attributes), ("d:type=B", attributes)]);
    assert_eq!(
        typed(&evaluation),
        [r#"unknown t{_objectname="d<type=A><>Text: a"}"#, r#"unknown t{_objectname="d<type=B><>Text: a"}"#]
    );
}

#[test]
fn what_even_the_object_name_does_not_tell_apart_is_left_out() {
    let mut evaluator = of_generation(Compat::V1, [rule("<>foo_bar").name("x").snake()]);
    let evaluation =
        scrape(&mut evaluator, &[("d:type=A", &[("fooBar", Value::Long(1)), ("foo_bar", Value::Long(2))])]);
    assert_eq!(lines(&evaluation), [r#"x{_objectname="d<type=A><>foo_bar"} 1"#]);
    assert_eq!(evaluation.duplicates_dropped, 1);
}

#[test]
fn the_lowest_rule_says_type_and_help_whatever_comes_first() {
    let rules = || {
        [
            rule("<>A").name("x_total").help("first").kind(MetricType::Counter),
            rule("<>B").name("x_total").help("second").label("l", "b").kind(MetricType::Gauge),
        ]
    };
    for order in [["A", "B"], ["B", "A"]] {
        let mut evaluator = of_generation(Compat::V0, rules());
        let evaluation = scrape(&mut evaluator, &[("d:type=t", &order.map(|name| (name, Value::Long(1))))]);
        let family = &evaluation.families[0];
        assert_eq!((family.kind, &*family.help, family.samples.len()), (MetricType::Counter, "first", 2));
        let evaluation = scrape(&mut evaluator, &[("d:type=t", &[("B", Value::Long(1))])]);
        assert_eq!((evaluation.families[0].kind, &*evaluation.families[0].help), (MetricType::Gauge, "second"));
    }
}

#[test]
fn how_the_other_generation_names_series_is_told() {
    let rules = || {
        [
            rule("<>A").name("a_total").kind(MetricType::Counter),
            rule("<>B").name("b").kind(MetricType::Counter),
            rule("<>C").name("c_info"),
            rule("<>D").name("d"),
            rule("<>E").name("e_total").label("l", "1").kind(MetricType::Counter),
            rule("<>F").name("e_total").kind(MetricType::Gauge),
        ]
    };
    let attributes: Vec<(&str, Value<'_>)> = ["A", "B", "C", "D", "E", "F"].map(|name| (name, Value::Long(1))).to_vec();
    let beans: [(&str, &[(&str, Value<'_>)]); 1] = [("d:type=t", &attributes)];
    let examples =
        [("b", "b_total"), ("c_info", "c"), ("e_total", "e")].map(|(old, new)| (old.to_owned(), new.to_owned()));
    let renamed = scrape(&mut of_generation(Compat::V0, rules()), &beans).renamed;
    assert_eq!(renamed, RenamedSeries { series: 4, examples: examples.to_vec() });
    let renamed = scrape(&mut of_generation(Compat::V1, rules()), &beans).renamed;
    let back = examples.map(|(old, new)| (new, old)).to_vec();
    assert_eq!(renamed, RenamedSeries { series: 4, examples: back });
    assert_eq!(scrape(&mut plain(), &beans).renamed, RenamedSeries::default());
}

#[test]
fn names_of_the_exporter_itself_are_dropped_and_counted() {
    let mut evaluator = plain();
    let attributes: &[(&str, Value<'_>)] = &[("A", Value::Long(1)), ("B", Value::Long(1))];
    for _ in 0..2 {
        let evaluation = scrape(&mut evaluator, &[("kafka.vitals:type=x", attributes)]);
        assert_eq!((evaluation.families.len(), evaluation.reserved_dropped, evaluation.beans), (0, 2, 1));
    }
}

#[test]
fn of_labels_of_equal_names_the_first_stays() {
    let mut evaluator = Evaluator::new(rules([rule("<>").name("x").label("a-b", "1").label("a_b", "2")]));
    for _ in 0..2 {
        let evaluation = scrape(&mut evaluator, &[("d:type=t", &[("A", Value::Long(1))])]);
        assert_eq!(lines(&evaluation), [r#"x{a_b="1"} 1"#]);
    }
}

fn customizer() -> MetricCustomizer {
    let extra = |name: &str, value| ExtraMetric { name: name.to_owned(), value, description: "Up.".to_owned() };
    MetricCustomizer {
        domain: "d".to_owned(),
        properties: vec![("type".to_owned(), "t".to_owned())],
        attributes_as_labels: vec!["Text".to_owned()],
        extra_metrics: vec![extra("up", Value::Bool(true)), extra("limit", Value::Long(5))],
    }
}

#[test]
fn customizers_give_labels_and_extra_metrics() {
    let rules = vec![rule("<>V|limit").name("x").label("Text", "mine").label("attribute", "$0").cached(), rule(".*")];
    let rules = Arc::new(Rules { customizers: vec![customizer()], rules, ..Rules::empty() });
    let mut evaluator = Evaluator::new(rules);
    for version in ["1", "1", "2"] {
        let attributes = [("Text", text(version)), ("V", Value::Long(3))];
        let evaluation = scrape(&mut evaluator, &[("d:type=t", &attributes), ("d:type=u", &attributes)]);
        let mut lines = lines(&evaluation);
        lines.sort();
        let of_bean = format!("Text=\"{version}\"");
        assert_eq!(
            lines,
            [
                format!("d_t_up{{{of_bean}}} 1"),
                format!("x{{{of_bean},attribute=\"d<type=t><>V: <cache>\"}} 3"),
                format!("x{{{of_bean},attribute=\"d<type=t><>limit: <cache>\"}} 5"),
                "x{Text=\"mine\",attribute=\"d<type=u><>V: <cache>\"} 3".to_owned(),
            ]
        );
        assert_eq!(evaluator.wanted("d:type=t"), Wanted::Attributes(vec!["V", "Text"]));
        assert_eq!(evaluation.families[0].help.as_ref(), "Up. d:name=null,type=t,attribute=up");
    }
}

#[test]
fn a_bean_with_nothing_but_extra_metrics_is_still_read() {
    let rules = vec![rule("<>up").name("x")];
    let customizer = MetricCustomizer { attributes_as_labels: Vec::new(), ..customizer() };
    let rules = Arc::new(Rules { customizers: vec![customizer], rules, ..Rules::empty() });
    let mut evaluator = Evaluator::new(rules);
    let attributes: &[(&str, Value<'_>)] = &[("V", Value::Long(3)), ("W", Value::Long(3))];
    assert_eq!(lines(&scrape(&mut evaluator, &[("d:type=t", attributes)])), ["x{} 1"]);
    assert_eq!(evaluator.wanted("d:type=t"), Wanted::Attributes(vec!["V"]));
    assert_eq!(lines(&scrape(&mut evaluator, &[("d:type=t", &attributes[..1])])), ["x{} 1"]);
}

#[test]
fn what_gives_or_may_give_a_sample_is_wanted() {
    let rules = rules([
        rule("<>Hit").name("hit"),
        rule(r"<>Live: (\d)").name("live").label("d", "$1"),
        rule("<>Text: (.*)").name("text").value("1").label("t", "$1"),
        rule("<Comp>a").name("a"),
        rule("<>Hidden").name(""),
    ]);
    let mut evaluator = Evaluator::new(rules);
    assert_eq!(evaluator.wanted("d:type=t"), Wanted::Unknown);
    let attributes = [
        ("Hit", Value::Long(1)),
        ("Miss", Value::Long(1)),
        ("Hidden", Value::Long(1)),
        ("Live", Value::Long(1)),
        ("Text", text("x")),
        ("Comp", composite(&[("a", Value::Long(1)), ("b", Value::Long(1)), ("c", Value::Long(1))])),
        ("Array", Value::Other),
        ("Null", Value::Null),
        ("Empty", table(&["key"], vec![])),
        ("Last", Value::Long(1)),
    ];
    let whole = lines(&scrape(&mut evaluator, &[("d:type=t", &attributes), ("no name", &attributes)]));
    let wanted = ["Hit", "Live", "Text", "Comp", "Null", "Empty"];
    assert_eq!(evaluator.wanted("d:type=t"), Wanted::Attributes(wanted.to_vec()));
    assert_eq!(evaluator.wanted("no name"), Wanted::Nothing);
    // Read with these alone, the others stay known.
    let some: Vec<(&str, Value<'_>)> = attributes
        .iter()
        .filter(|(name, _)| wanted.contains(name))
        .map(|(name, value)| (*name, value.clone()))
        .collect();
    assert_eq!(lines(&scrape(&mut evaluator, &[("d:type=t", &some)])), whole);
    assert_eq!(evaluator.wanted("d:type=t"), Wanted::Attributes(wanted.to_vec()));
    assert_eq!(lines(&scrape(&mut evaluator, &[("d:type=t", &attributes)])), whole);
}

#[test]
fn a_bean_that_gave_nothing_and_gets_more_attributes_is_looked_at_again() {
    let mut evaluator = Evaluator::new(rules([rule("<>B")]));
    let attributes: &[(&str, Value<'_>)] = &[("A", Value::Long(1)), ("B", Value::Long(2))];
    scrape(&mut evaluator, &[("d:type=t", &attributes[..1])]);
    assert_eq!(evaluator.wanted("d:type=t"), Wanted::Nothing);
    assert_eq!(lines(&scrape(&mut evaluator, &[("d:type=t", attributes)])), ["d_t_B{} 2"]);
    assert_eq!(evaluator.wanted("d:type=t"), Wanted::Attributes(vec!["B"]));
}

#[test]
fn a_bean_that_gave_nothing_is_looked_at_again_if_told_so() {
    let exclude = vec![ObjectNamePattern::parse("d:type=out").unwrap()];
    let filter = Filter { exclude, ..Filter::default() };
    let rules = Rules { filter, ..Rules::empty() };
    let mut evaluator = Evaluator::new(Arc::new(rules));
    let beans = |value: Value<'static>| [("A", value)];
    let (other, number) = (beans(Value::Other), beans(Value::Long(1)));
    for name in ["d:type=t", "d:type=out"] {
        scrape(&mut evaluator, &[(name, &other)]);
        assert_eq!(evaluator.wanted(name), Wanted::Nothing);
    }
    assert!(lines(&scrape(&mut evaluator, &[("d:type=t", &number)])).is_empty());
    let bytes = evaluator.learner.bytes;
    evaluator.try_again(["d:type=t", "d:type=out"].into_iter());
    assert_eq!((evaluator.wanted("d:type=t"), evaluator.wanted("d:type=out")), (Wanted::Unknown, Wanted::Nothing));
    assert!(evaluator.learner.bytes < bytes);
    assert_eq!(lines(&scrape(&mut evaluator, &[("d:type=t", &number), ("d:type=out", &number)])), ["d_t_A{} 1"]);
    assert_eq!(evaluator.wanted("d:type=t"), Wanted::Attributes(vec!["A"]));
}

#[test]
fn beans_that_give_nothing_cost_next_to_nothing() {
    let mut evaluator = Evaluator::new(rules([rule("zzz")]));
    evaluator.begin(soon());
    for bean in 0..5000 {
        add(&mut evaluator, &format!("d:type=t,bean={bean}"), &[("A", Value::Long(1)), ("B", Value::Long(1))]);
    }
    evaluator.finish();
    assert_eq!((evaluator.nothing.len(), evaluator.index.len()), (5000, 0));
    assert!(evaluator.beans.len() < 2 && evaluator.learner.bytes < 5000 * 50);
}

#[test]
fn when_the_time_to_learn_is_over_what_is_known_goes_on_and_the_rest_waits() {
    let mut evaluator = plain();
    let attributes: &[(&str, Value<'_>)] = &[("A", Value::Long(1)), ("B", Value::Long(1))];
    scrape(&mut evaluator, &[("d:type=a", attributes)]);
    evaluator.begin(Instant::now());
    for bean in ["d:type=a", "d:type=b"] {
        add(&mut evaluator, bean, attributes);
    }
    add(&mut evaluator, "d:type=a2", attributes);
    let evaluation = evaluator.finish();
    assert_eq!(
        (lines(&evaluation), evaluation.pending_beans),
        (vec!["d_a_A{} 1".to_owned(), "d_a_B{} 1".to_owned()], 2)
    );
    assert_eq!(evaluator.wanted("d:type=b"), Wanted::Unknown);
    // A known bean with a new attribute waits as well, and keeps what it had.
    evaluator.begin(Instant::now());
    add(&mut evaluator, "d:type=a", &[("A", Value::Long(1)), ("New", Value::Long(2))]);
    let evaluation = evaluator.finish();
    assert_eq!((lines(&evaluation), evaluation.pending_beans), (vec!["d_a_A{} 1".to_owned()], 1));
    assert_eq!(evaluator.wanted("d:type=a"), Wanted::Unknown);
    let evaluation = scrape(&mut evaluator, &[("d:type=a", &[("A", Value::Long(1)), ("New", Value::Long(2))])]);
    assert_eq!((lines(&evaluation).len(), evaluation.pending_beans), (2, 0));
    assert_eq!(evaluator.wanted("d:type=a"), Wanted::Attributes(vec!["A", "B", "New"]));
}

#[test]
fn what_arrived_so_far_is_there_before_the_rest_and_again_with_it() {
    let mut evaluator = plain();
    evaluator.begin(soon());
    add(&mut evaluator, "a:type=b", &[("V", Value::Long(1))]);
    assert_eq!(lines(&evaluator.so_far()), ["a_b_V{} 1"]);
    add(&mut evaluator, "a:type=c", &[("V", Value::Long(2))]);
    assert_eq!(lines(&evaluator.finish()), ["a_b_V{} 1", "a_c_V{} 2"]);
    evaluator.begin(soon());
    assert!(lines(&evaluator.finish()).is_empty());
}

#[test]
fn names_beyond_all_bounds_are_left_out_and_counted_and_the_next_scrape_is_whole() {
    let mut evaluator = plain();
    let long = format!("d:type={}", "t".repeat(200_000));
    let attributes: Vec<String> = (0..1000).map(|index| format!("A{index}")).collect();
    let attributes: Vec<_> = attributes.iter().map(|name| (name.as_str(), Value::Long(1))).collect();
    let evaluation = scrape(&mut evaluator, &[(&long, &attributes)]);
    assert!((10..900).contains(&evaluation.families.len()), "{}", evaluation.families.len());
    assert_eq!(evaluation.over_limit + u64::try_from(evaluation.families.len()).unwrap(), 1000);
    let evaluation = scrape(&mut evaluator, &[("d:type=t", &attributes)]);
    assert_eq!((evaluation.over_limit, evaluation.families.len()), (0, 1000));

    let rows = (0..1000).map(|key| row(&[("key", Value::Long(key)), ("value", Value::Long(1))])).collect();
    let name = format!("d:type=t,x={}", "x".repeat(200_000));
    let evaluation = scrape(&mut evaluator, &[(&name, &[("T", table(&["key"], rows))])]);
    assert!((10..900).contains(&evaluation.families[0].samples.len()));
    assert_eq!(evaluation.over_limit + u64::try_from(evaluation.families[0].samples.len()).unwrap(), 1000);
}

#[test]
fn labels_made_anew_each_time_are_bounded_too() {
    let mut evaluator = Evaluator::new(rules([rule(r"<>A\d+: (\d)").name("x").label("all", &"$0".repeat(8))]));
    let long = format!("d:type={}", "t".repeat(200_000));
    let attributes: Vec<String> = (0..100).map(|index| format!("A{index}")).collect();
    let attributes: Vec<_> = attributes.iter().map(|name| (name.as_str(), Value::Long(1))).collect();
    for _ in 0..2 {
        let evaluation = scrape(&mut evaluator, &[(&long, &attributes)]);
        let samples = evaluation.families[0].samples.len();
        assert!((10..90).contains(&samples), "{samples}");
        assert_eq!(evaluation.over_limit + u64::try_from(samples).unwrap(), 100);
    }
}

#[test]
fn beans_that_vanished_are_forgotten_and_what_is_kept_does_not_grow_for_ever() {
    let mut evaluator = plain();
    for number in 0..50 {
        let names: Vec<String> = (0..100).map(|bean| format!("d:type=t{number},b={bean}")).collect();
        let attributes: &[(&str, Value<'_>)] = &[("V", Value::Long(1))];
        let beans: Vec<_> = names.iter().map(|name| (name.as_str(), attributes)).collect();
        let evaluation = scrape(&mut evaluator, &beans);
        assert_eq!((evaluation.beans, lines(&evaluation).len()), (100, 100));
        evaluator.keep_only(names.iter().map(String::as_str));
        assert_eq!(evaluator.index.len(), 100);
        assert!(evaluator.beans.len() <= 200);
        assert!(evaluator.learner.families.len() <= 1100);
    }
    evaluator.keep_only(std::iter::empty());
    assert!(evaluator.index.is_empty() && evaluator.nothing.is_empty());
    assert_eq!(evaluator.wanted("d:type=t49,b=0"), Wanted::Unknown);
}

#[test]
fn thousands_of_attributes_in_any_order_are_found_without_a_walk() {
    let mut evaluator = plain();
    let names: Vec<String> = (0..20_000).map(|index| format!("x{index}")).collect();
    let mut attributes: Vec<_> = names.iter().map(|name| (name.as_str(), Value::Long(1))).collect();
    assert_eq!(scrape(&mut evaluator, &[("a:b=c", &attributes)]).families.len(), 20_000);
    attributes.reverse();
    let start = Instant::now();
    assert_eq!(scrape(&mut evaluator, &[("a:b=c", &attributes)]).families.len(), 20_000);
    // A walk along them takes 400 million comparisons.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// The bytes that count as kept, after each of as many scrapes of a bean with these attributes.
fn kept_bytes<'v>(
    evaluator: &mut Evaluator,
    scrapes: usize,
    attributes: impl Fn(usize) -> Vec<(&'static str, Value<'v>)>,
) -> Vec<usize> {
    let scrapes = 0..scrapes;
    let bytes = scrapes.map(|number| {
        assert_eq!(scrape(evaluator, &[("d:type=t", &attributes(number))]).over_limit, 0);
        evaluator.learner.bytes
    });
    bytes.collect()
}

#[test]
fn what_is_replaced_again_and_again_counts_once_in_the_bytes_kept() {
    for compat in [Compat::V0, Compat::V1] {
        let by_text = [rule("<>V: (.+)").name("x").value("1").label("v", "$1"), rule(".*")];
        let mut texts = of_generation(compat, by_text);
        let bytes = kept_bytes(&mut texts, 100_000, |number| {
            vec![("V", Value::String(format!("{number:06}").into())), ("W", Value::Long(1))]
        });
        assert!(bytes.iter().all(|&now| now == bytes[0]), "{} {:?}", bytes[0], bytes.last());
    }

    let rules = Rules { customizers: vec![customizer()], ..Rules::empty() };
    let bytes = kept_bytes(&mut Evaluator::new(Arc::new(rules)), 1000, |number| {
        vec![("Text", Value::String(format!("{number:06}").into())), ("V", Value::Long(1))]
    });
    assert!(bytes.iter().all(|&now| now == bytes[0]), "{} {:?}", bytes[0], bytes.last());

    let bytes = kept_bytes(&mut plain(), 1000, |number| {
        let key = |row| Value::String(format!("{:06}", 50 * number + row).into());
        let rows = (0..50).map(|at| row(&[("key", key(at)), ("value", Value::Long(1))]));
        vec![("T", table(&["key"], rows.collect()))]
    });
    assert!(bytes.iter().all(|&now| now <= 4 * bytes[0]), "{} {:?}", bytes[0], bytes.iter().max());
}

#[test]
fn beans_that_come_and_go_leave_no_bytes_behind() {
    let mut evaluator = Evaluator::new(rules([rule("<>Hit")]));
    let mut bytes = Vec::new();
    for number in 0..100 {
        let (hit, miss) = (format!("d:type=t,b={number:03}"), format!("d:type=u,b={number:03}"));
        let one: &[(&str, Value<'_>)] = &[("Hit", Value::Long(1))];
        let other: &[(&str, Value<'_>)] = &[("Miss", Value::Long(1))];
        scrape(&mut evaluator, &[(&hit, one), (&miss, other)]);
        bytes.push(evaluator.learner.bytes);
        evaluator.keep_only(std::iter::empty());
    }
    assert!(bytes.iter().all(|&now| now == bytes[0]), "{bytes:?}");
}
