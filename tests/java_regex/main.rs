//! Patterns match as in Java's own engine, groups included, or are refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod constructs;
mod generated;
mod java;

use std::cell::{Cell, RefCell};

use java::{Java, Outcome, Verdict};
use kafka_vitals::rules::{Groups, Pattern, TooManySteps};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// What we refuse though Java takes it; all that the message must say.
const REFUSED: [&str; 8] = [
    "nothing stands behind this &&",
    "maximum length",
    "not supported",
    "put it into brackets",
    "not a whole character",
    "too much memory",
    "is not known",
    "brackets in brackets",
];

fn runner(cases: u32) -> TestRunner {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let seed = number("JAVA_REGEX_SEED").unwrap_or(1);
    let cases = number("JAVA_REGEX_CASES").unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    let seed: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(32).collect();
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

fn groups(pattern: &Pattern, text: &str) -> Result<Option<Vec<Option<String>>>, TooManySteps> {
    let text_of =
        |groups: Groups| (0..=pattern.group_count()).map(|group| groups.text(group, text).map(str::to_owned)).collect();
    Ok(pattern.matches(text)?.map(text_of))
}

/// Compares one pattern; how many texts matched.
fn compare(java: &mut Java, pattern: &str, texts: &[String]) -> Result<usize, String> {
    let ours = Pattern::compile(pattern);
    let outcomes = match (ours.as_ref(), java.ask(pattern, texts)) {
        (Err(_), Verdict::Refused(_)) => return Ok(0),
        (Ok(_), Verdict::Refused(reason)) => return Err(format!("{pattern:?}: Java refuses it: {reason}")),
        (Err(error), Verdict::Compiled(_)) => {
            let is_known = REFUSED.iter().any(|part| error.0.contains(part));
            return if is_known { Ok(0) } else { Err(format!("{pattern:?}: Java takes it, but: {error}")) };
        }
        (Ok(_), Verdict::Compiled(outcomes)) => outcomes,
    };
    let ours = ours.unwrap();
    let mut matched = 0;
    for (text, theirs) in texts.iter().zip(outcomes) {
        let Ok(found) = groups(&ours, text) else { continue };
        // Java before 19 has other word boundaries beside letters that are not ASCII.
        let has_boundary = (pattern.contains("\\b") || pattern.contains("\\B")) && !pattern.starts_with("(?U)");
        // Java looks behind into half a character beyond U+FFFF, unless the pattern has such a one itself.
        let looks_behind = pattern.contains("(?<=") || pattern.contains("(?<!");
        let is_java_alone = (has_boundary && !text.is_ascii())
            || (looks_behind && pattern.chars().all(|c| c <= '\u{ffff}') && text.chars().any(|c| c > '\u{ffff}'));
        if theirs == Outcome::GivenUp || is_java_alone {
            continue;
        }
        let found = found.map_or(Outcome::NoMatch, Outcome::Match);
        if found != theirs {
            return Err(format!("{pattern:?} with {text:?}: {found:?}, Java: {theirs:?}\n{ours:?}"));
        }
        if found != Outcome::NoMatch {
            matched += 1;
            if let Some(absent) = ours.required().iter().find(|literal| !text.contains(literal.as_str())) {
                return Err(format!("{pattern:?} matches {text:?} without its literal {absent:?}"));
            }
        }
    }
    Ok(matched)
}

#[test]
fn generated_patterns_match_as_in_java() {
    let mut runner = runner(3_000);
    let cases = runner.config().cases as usize;
    let java = RefCell::new(Java::start());
    let matched = Cell::new(0);
    let outcome = runner.run(&generated::case(), |(pattern, texts)| {
        let count = compare(&mut java.borrow_mut(), &pattern, &texts).map_err(TestCaseError::fail)?;
        matched.set(matched.get() + count);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(matched.get() > cases / 2, "the texts should match often, not {} times", matched.get());
}

#[test]
fn every_construct_matches_as_in_java() {
    let mut java = Java::start();
    let mut failures = Vec::new();
    for (pattern, texts) in constructs::TABLE {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        match compare(&mut java, pattern, &texts) {
            Ok(0) if Pattern::compile(pattern).is_ok() => {
                failures.push(format!("{pattern:?} matches none of its texts"))
            }
            Ok(_) => {}
            Err(failure) => failures.push(failure),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn patterns_of_real_rules_match_as_in_java() {
    let mut java = Java::start();
    let texts: Vec<String> = constructs::MATCH_STRINGS.iter().map(|&text| text.to_owned()).collect();
    for pattern in constructs::RULES {
        let matched = compare(&mut java, pattern, &texts).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(matched > 0, "{pattern:?} matches no text");
    }
}

#[test]
fn letters_of_either_case_match_as_in_java() {
    let mut java = Java::start();
    // All that has another case, in rows of a hundred characters, each looked for in all.
    let cased: Vec<char> = ('\0'..='\u{1ffff}').filter(|c| c.is_alphabetic() && *c < '\u{2c00}').collect();
    let cased: Vec<char> = cased.into_iter().filter(|c| c.is_lowercase() || c.is_uppercase()).collect();
    let texts: Vec<String> = cased.iter().map(char::to_string).collect();
    for letter in ['i', 'I', 'k', 's', 'ı', 'İ', 'µ', 'å', 'ÿ', 'ᾳ', 'ς', 'я', 'ǆ', 'ẞ', '\u{212a}', '\u{345}']
    {
        for pattern in [format!("(?iu){letter}"), format!("(?iu)[{letter}]"), format!("(?iu)[{letter}-{letter}]")] {
            let matched = compare(&mut java, &pattern, &texts).unwrap_or_else(|failure| panic!("{failure}"));
            assert!(matched > 0 || letter == '\u{345}', "{pattern}");
        }
    }
}

#[test]
fn a_pattern_said_to_be_blind_gives_the_same_whatever_the_value() {
    let blind = Cell::new(0);
    let matched = Cell::new(0);
    let strategy = (generated::pattern(), proptest::collection::vec(generated::any_front(), 4), generated::values());
    let outcome = runner(4_000).run(&strategy, |(pattern, fronts, values)| {
        let Ok(compiled) = Pattern::compile(&pattern) else { return Ok(()) };
        if compiled.can_see_number() {
            return Ok(());
        }
        blind.set(blind.get() + 1);
        for front in fronts {
            let found: Vec<_> = values.iter().map(|value| groups(&compiled, &format!("{front}: {value}"))).collect();
            // Group 0 is all of the text.
            let parts: Vec<_> = found
                .iter()
                .map(|found| found.as_ref().map(|found| found.as_ref().map(|groups| &groups[1..])))
                .collect();
            matched.set(matched.get() + usize::from(matches!(parts[0], Ok(Some(_)))));
            if parts.iter().any(|part| *part != parts[0]) {
                return Err(TestCaseError::fail(format!("{pattern:?} sees the value behind {front:?}: {found:?}")));
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(blind.get() > 1_000 && matched.get() > 1_000, "{} blind, {} matches", blind.get(), matched.get());
}
