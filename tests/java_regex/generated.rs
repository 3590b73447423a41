//! Patterns and texts to ask about: in the dialect that rules use, and in the odd corners of Java's.

use proptest::prelude::*;
use proptest::sample::select;

/// A pattern with texts.
pub(crate) fn case() -> impl Strategy<Value = (String, Vec<String>)> {
    prop_oneof![
        5 => (pattern(), prop::collection::vec(text(), 6)),
        2 => (rule(), prop::collection::vec(match_string(), 6)),
    ]
}

/// A pattern of any kind.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![4 => structured(), 2 => soup(), 2 => rule()]
}

fn owned(choices: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(choices).prop_map(str::to_owned)
}

fn literal() -> impl Strategy<Value = String> + Clone {
    owned(&[
        "a", "a", "b", "b", "c", "A", "B", "<", ">", "=", ",", " ", ":", "1", "2", "_", "-", "k", "s", "é", "𝄞", "]",
        "}", "&",
    ])
}

fn escape() -> impl Strategy<Value = String> + Clone {
    owned(&[
        "\\w",
        "\\W",
        "\\d",
        "\\D",
        "\\s",
        "\\S",
        "\\h",
        "\\H",
        "\\v",
        "\\V",
        "\\<",
        "\\>",
        "\\.",
        "\\-",
        "\\\\",
        "\\n",
        "\\r",
        "\\t",
        "\\e",
        "\\a",
        "\\f",
        "\\cA",
        "\\c[",
        "\\061",
        "\\0141",
        "\\0777",
        "\\08",
        "\\x61",
        "\\x{62}",
        "\\x{1D11E}",
        "\\u0061",
        "\\uD834\\uDD1E",
        "\\p{Lower}",
        "\\p{Alpha}",
        "\\p{Upper}",
        "\\P{Upper}",
        "\\p{L}",
        "\\pL",
        "\\PL",
        "\\p{Punct}",
        "\\p{IsAlphabetic}",
        "\\p{IsLatin}",
        "\\p{javaLowerCase}",
        "\\p{Lu}",
        "\\p{ASCII}",
        "\\p{Space}",
        "\\p{Cntrl}",
        "\\p{Graph}",
        "\\p{Print}",
        "\\p{Blank}",
        "\\p{XDigit}",
        "\\p{IsDigit}",
        "\\p{sc=Greek}",
        "\\p{gc=Nd}",
        "\\p{javaWhitespace}",
        "\\p{L1}",
        "\\é",
        "\\ ",
        "\\#",
    ])
}

fn quantifier() -> impl Strategy<Value = String> + Clone {
    let bare = owned(&["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{0}", "{1,}", "{0,2}", "{2,}"]);
    (bare, prop_oneof![5 => Just(""), 2 => Just("?"), 1 => Just("+")]).prop_map(|(bare, kind)| bare + kind)
}

fn class() -> impl Strategy<Value = String> + Clone {
    let range = owned(&["a-c", "a-z", "A-Z", "0-9", "!-/", "b-\\x{64}", "é-ü", "\\n-\\r", "a-b-c", "--a", "K-k"]);
    let item = prop_oneof![4 => literal_of_class(), 2 => range, 2 => escape()];
    let items = prop::collection::vec(item, 1..4).prop_map(|items| items.concat());
    let flat = (prop_oneof![3 => Just("["), 1 => Just("[^"), 1 => Just("[]"), 1 => Just("[^]")], items)
        .prop_map(|(open, items)| format!("{open}{items}]"));
    flat.prop_recursive(2, 8, 3, |inner| {
        let part = prop_oneof![2 => inner, 2 => literal_of_class(), 1 => Just("a-c".to_owned()), 1 => escape()];
        let between = prop_oneof![3 => Just(""), 3 => Just("&&"), 1 => Just("&")];
        let open = prop_oneof![3 => Just("["), 1 => Just("[^")];
        (open, prop::collection::vec((part, between), 1..4)).prop_map(|(open, parts)| {
            let body: String = parts.into_iter().flat_map(|(part, between)| [part, between.to_owned()]).collect();
            format!("{open}{body}]")
        })
    })
}

fn literal_of_class() -> impl Strategy<Value = String> + Clone {
    owned(&["a", "b", "c", "K", "1", "<", ">", ",", " ", "-", "^", "&", ":", "é", "ÿ", "𝄞", "$", ".", "*", "("])
}

fn assertion() -> impl Strategy<Value = String> + Clone {
    owned(&["^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z", "\\G", "\\R", "\\1", "\\2", "\\k<n>"])
}

fn atom() -> impl Strategy<Value = String> + Clone {
    let quoted = owned(&[
        "\\Qa<b\\E",
        "\\Q1\\E",
        "\\Q\\E",
        "\\Q.*\\E",
        "\\Q\\\\E",
        "(?i)",
        "(?x)",
        "(?s)",
        "(?m)",
        "(?d)",
        "(?u)",
        "(?iu)",
        "(?U)",
        "(?-i)",
    ]);
    prop_oneof![8 => literal(), 4 => Just(".".to_owned()), 3 => escape(), 3 => class(), 1 => assertion(), 1 => quoted]
}

/// Well-formed for the most part.
fn structured() -> impl Strategy<Value = String> {
    atom().prop_recursive(4, 24, 4, |inner| {
        let open = prop_oneof![
            6 => Just("("),
            3 => Just("(?:"),
            1 => Just("(?>"),
            1 => Just("(?="),
            1 => Just("(?!"),
            1 => Just("(?<="),
            1 => Just("(?<!"),
            1 => Just("(?<n>"),
            1 => select(&["(?i:", "(?-i:", "(?s:", "(?m:", "(?x:", "(?d:", "(?U:", "(?iu:"][..]),
        ];
        let concat = prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat());
        let alternate = prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.join("|"));
        prop_oneof![
            3 => concat.clone(),
            4 => (open, prop_oneof![2 => concat, 2 => alternate]).prop_map(|(open, inner)| format!("{open}{inner})")),
            3 => (inner, quantifier()).prop_map(|(inner, quantifier)| inner + &quantifier),
        ]
    })
}

/// Pieces in any order: what is refused and what is legal all the same.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => atom(),
        2 => quantifier(),
        2 => assertion(),
        4 => owned(&[
            "(", ")", "[", "]", "{", "}", "|", "[^", "&&", "-", "\\", "\\Q", "\\E", "(?", "(?:", "(?<n>", "(?<1>", "\\p", "\\p{",
            "\\x", "\\u00", "\\c", "\\0", "\\k", "\\y", "#", " ", "\n", "{,2}", "{2,1}", "{a}", "(?x)", "(?z)", "(?<=a*)",
            "(?<=a{1,3})", "**", "+*", "a++", "{99999999999}", "\\p{Foo}", "\\p{IsFoo}", "[[:alpha:]]", "[a-\\d]", "[z-a]", "[]",
            "[&&a]", "[a&&]", "[a-z&&[^b]]", "[a-z&&^b]", "\\N{DIGIT ONE}", "\\X", "\\b{g}", "(?c)", "\\uD834", "(?i-x:", "(?-)",
        ]),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

/// As rules have them.
fn rule() -> impl Strategy<Value = String> {
    let domain = owned(&[
        "kafka.server",
        "kafka\\.server",
        "kafka.(\\w+)",
        "kafka\\.(\\w+)",
        "java.lang",
        "(.+)",
        ".*",
        "^kafka.server",
    ]);
    let open = owned(&["<", "\\<", "<"]);
    let value = owned(&[
        "(.+)",
        "(.*)",
        "([^,]+)",
        "([-.\\w]+)",
        "([^,<>]*)",
        "\\w*",
        "(\\w+)",
        "(a|b)",
        "(.+?)",
        "\"(.+)\"",
        "Foo(?:Bar)?",
    ]);
    let key = owned(&["type=", "name=", "topic=", "(\\w+)=", "(.+)=", "(.*)="]);
    let properties = prop::collection::vec((key, value.clone()).prop_map(|(key, value)| key + &value), 0..4)
        .prop_map(|properties| properties.join(", "));
    let close = owned(&["><>", ">", "><(.+)>", "\\>\\<\\>", "><(\\w*)>", ""]);
    let attribute = owned(&[
        "Count",
        "(\\w+)",
        "(\\d+)thPercentile",
        "(.+)Rate",
        "Value",
        "(Count|Value)",
        "(?!Count).*",
        "",
        "(?i)count",
    ]);
    let tail = owned(&[
        "",
        "",
        ":",
        ": (.+)",
        ": (\\d+)",
        ".*",
        "$",
        "(.*)",
        ": true",
        "([-.0-9]*)?",
        ".+",
        ":.*",
        "[:]? ?",
        "\\b",
    ]);
    (domain, open, properties, close, attribute, tail)
        .prop_map(|parts| [parts.0, parts.1, parts.2, parts.3, parts.4, parts.5].concat())
}

fn text() -> impl Strategy<Value = String> {
    let piece = owned(&[
        "a", "a", "a", "b", "b", "c", "A", "B", "K", "k", "s", "1", "2", "<", ">", "=", ",", " ", ":", "_", "-", "&",
        "\\", "]", "\n", "\r", "\r\n", "\t", "\u{b}", "\u{1}", "\u{1b}", "\u{85}", "\u{2028}", "\u{a0}", "é", "É", "ÿ",
        "𝄞", "λ", "\u{212a}", "ſ",
    ]);
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// A match string.
fn match_string() -> impl Strategy<Value = String> {
    (front(), value()).prop_map(|(front, value)| format!("{front}: {value}"))
}

/// What stands in front of the value.
fn front() -> impl Strategy<Value = String> {
    let domain = owned(&["kafka.server", "kafka.log", "java.lang", "a", "kafkaXserver"]);
    let key = owned(&["type=", "name=", "topic=", "a=", "type=", "name="]);
    let value =
        owned(&["a", "b", "BrokerTopicMetrics", "FooPerSec", "Foo", "FooBar", "\"a, b=c\"", "1", "x: 1", "t-1.x", "é"]);
    let properties =
        prop::collection::vec((key, value).prop_map(|(key, value)| key + &value), 0..4).prop_map(|all| all.join(", "));
    let keys = owned(&["><", "><HeapMemoryUsage", "><a, b"]);
    let attribute = owned(&["Count", "Value", "99thPercentile", "OneMinuteRate", "count", "1", "true", "a: 1"]);
    (domain, properties, keys, attribute).prop_map(|parts| format!("{}<{}{}>{}", parts.0, parts.1, parts.2, parts.3))
}

/// What stands in front of the value, or any text without line terminators.
pub(crate) fn any_front() -> impl Strategy<Value = String> {
    let any = text().prop_map(|text| text.replace(['\n', '\r', '\u{85}', '\u{2028}'], ""));
    prop_oneof![front(), any]
}

/// Some values.
pub(crate) fn values() -> impl Strategy<Value = Vec<String>> {
    let digits = "-?[0-9]{1,2}|[0-9]\\.[12]{1,2}(E-?1)?";
    prop::collection::vec(prop_oneof![value(), digits], 5)
}

/// The text of a number or boolean.
fn value() -> impl Strategy<Value = String> {
    owned(&["0", "1", "42", "-7", "0.5", "-0.0", "1.0E10", "1.5E-7", "NaN", "Infinity", "-Infinity", "true", "false"])
}
