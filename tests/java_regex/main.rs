//! Patterns match as in Java's own engine, groups included, or are refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod generated;
mod java;

use std::cell::{Cell, RefCell};

use java::{Java, Outcome, Verdict};
use kafka_vitals::rules::Pattern;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// What we refuse though Java takes it; all that the message must say.
const REFUSED: [&str; 8] =
    ["nothing stands behind this &&", "maximum length", "not supported", "put it into brackets", "not a whole character", "too much memory", "is not known", "brackets in brackets"];

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
        let Ok(found) = ours.matches(text) else { continue };
        // Java before 19 has other word boundaries beside letters that are not ASCII.
        let is_older_java = !text.is_ascii() && (pattern.contains("\\b") || pattern.contains("\\B"));
        if theirs == Outcome::GivenUp || is_older_java {
            continue;
        }
        let found = match &found {
            None => Outcome::NoMatch,
            Some(groups) => Outcome::Match(
                (0..=ours.group_count()).map(|group| groups.text(group, text).map(str::to_owned)).collect(),
            ),
        };
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
    let cases: u32 = std::env::var("JAVA_REGEX_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(4_000);
    let seed: u8 = std::env::var("JAVA_REGEX_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
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
    assert!(matched.get() > cases as usize / 2, "the texts should match often, not {} times", matched.get());
}
