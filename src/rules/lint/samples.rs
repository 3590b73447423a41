//! A rule's pattern in, match strings that it matches out: what the lint tries other rules with.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use crate::rules::Pattern;

/// What stands for a run of any characters, as Kafka's names have it. None is a word of a bean that exists, so that a
/// pattern that names one does not match by chance.
const WORDS: [&str; 7] = ["Zeta", "x7", "Alpha-b", "name_1", "Qq", "some.thing", "5yy"];

/// What stands for the value.
const VALUES: [&str; 3] = ["7351.25", "-8", "true"];

/// Attributes that a pattern names in full; others may go on where the pattern ends.
const WHOLE_ATTRIBUTES: [&str; 9] =
    ["Value", "Count", "Mean", "Max", "Min", "StdDev", "MeanRate", "OneMinuteRate", "FiveMinuteRate"];

/// Longest sample, in bytes.
const MAX_LENGTH: usize = 2_000;

/// Most samples of a pattern.
const MAX_SAMPLES: usize = 24;

/// Match strings that the pattern matches, different ones as far as it allows; none if it does not speak of domain, keys
/// and attribute in their places or cannot be looked into.
pub(super) fn samples(pattern: &Pattern) -> Vec<String> {
    let Some(hir) = parsed(pattern) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for variant in 0..MAX_SAMPLES.min(8.max(alternatives(&hir))) {
        let Some(sample) = raw(&hir, variant).and_then(|raw| complete(raw, variant)) else { continue };
        // Where the pattern takes any value it shall be one that can be told from names.
        let plain = sample.rsplit_once(": ").map(|(head, _)| format!("{head}: {}", VALUES[variant % VALUES.len()]));
        let matching = plain.into_iter().chain([sample]).find(|text| matches!(pattern.matches(text), Ok(Some(_))));
        found.extend(matching.filter(|sample| !found.contains(sample)));
    }
    found
}

/// Texts that are in every string that the pattern matches.
pub(super) fn required(pattern: &Pattern) -> Vec<String> {
    fn collect(hir: &Hir, found: &mut Vec<String>) {
        match hir.kind() {
            HirKind::Literal(literal) => found.extend(String::from_utf8(literal.0.to_vec())),
            HirKind::Capture(capture) => collect(&capture.sub, found),
            HirKind::Concat(parts) => parts.iter().for_each(|part| collect(part, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Some(hir) = parsed(pattern) {
        collect(&hir, &mut found);
    }
    found.sort_by_key(|text| std::cmp::Reverse(text.len()));
    found
}

/// What the pattern describes, without what the match string needs before and after it.
pub(super) fn raw_samples(pattern: &Pattern) -> Vec<String> {
    let hir = parsed(pattern);
    hir.map(|hir| (0..4).filter_map(|variant| raw(&hir, variant)).collect()).unwrap_or_default()
}

/// Rust's reading of a pattern is near enough: what comes of it is tried with the pattern itself.
fn parsed(pattern: &Pattern) -> Option<Hir> {
    let java = pattern.as_java().replace("\\<", "<").replace("\\>", ">");
    regex_syntax::ParserBuilder::new().nest_limit(50).build().parse(&java).ok()
}

/// How many branches the widest choice has.
fn alternatives(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Alternation(branches) => branches.len().max(branches.iter().map(alternatives).max().unwrap_or(0)),
        HirKind::Concat(parts) => parts.iter().map(alternatives).max().unwrap_or(0),
        HirKind::Capture(capture) => alternatives(&capture.sub),
        HirKind::Repetition(repetition) => alternatives(&repetition.sub),
        // Branches of one letter become a class.
        HirKind::Class(class) => few(class).map_or(0, |letters| letters.len()),
        _ => 0,
    }
}

fn raw(hir: &Hir, variant: usize) -> Option<String> {
    let mut writer = Writer { text: String::new(), variant, place: 0 };
    writer.write(hir)?;
    Some(writer.text)
}

struct Writer {
    text: String,
    variant: usize,
    /// How many runs of any characters there were, so that neighbours differ.
    place: usize,
}

impl Writer {
    fn write(&mut self, hir: &Hir) -> Option<()> {
        if self.text.len() > MAX_LENGTH {
            return None;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(std::str::from_utf8(&literal.0).ok()?),
            HirKind::Class(class) => self.text.push(self.letter(class)?),
            HirKind::Repetition(repetition) => self.repeat(repetition)?,
            HirKind::Capture(capture) => self.write(&capture.sub)?,
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.write(part))?,
            HirKind::Alternation(branches) => self.write(branches.get(self.variant % branches.len())?)?,
        }
        Some(())
    }

    fn repeat(&mut self, repetition: &Repetition) -> Option<()> {
        let most = repetition.max.map_or(usize::MAX, |max| max as usize);
        let least = repetition.min as usize;
        if let HirKind::Class(class) = repetition.sub.kind() {
            self.place += 1;
            if least == 0 && (most == 1 || self.variant % 4 == 3) {
                return if most == 1 && self.variant.is_multiple_of(2) {
                    self.write(&repetition.sub)
                } else {
                    Some(())
                };
            }
            let words = (0..WORDS.len()).map(|at| WORDS[(self.variant + self.place + at) % WORDS.len()]);
            let fits = |word: &&str| word.len() >= least && word.len() <= most && word.chars().all(|c| holds(class, c));
            if let Some(word) = words.into_iter().find(fits) {
                self.text.push_str(word);
                return Some(());
            }
        }
        let count = (least + self.variant % 2).clamp(least, most.min(least.saturating_add(1)));
        for _ in 0..count.min(MAX_LENGTH) {
            self.write(&repetition.sub)?;
        }
        Some(())
    }

    /// A character of the class: a dot where any may stand, as the dots of domain names are seldom escaped.
    fn letter(&self, class: &Class) -> Option<char> {
        const LIKELY: &str = ".a7Z_-1b";
        if let Some(letters) = few(class) {
            return letters.get(self.variant % letters.len().max(1)).copied();
        }
        let any = holds(class, '.') && holds(class, 'a');
        if any {
            return Some('.');
        }
        let likely: Vec<char> = LIKELY.chars().filter(|&character| holds(class, character)).collect();
        if !likely.is_empty() {
            return likely.get(self.variant % likely.len()).copied();
        }
        match class {
            Class::Unicode(class) => class.ranges().first().map(|range| range.start()),
            Class::Bytes(class) => class.ranges().first().map(|range| char::from(range.start())),
        }
    }
}

/// The letters of a class that has but a few.
fn few(class: &Class) -> Option<Vec<char>> {
    let Class::Unicode(class) = class else { return None };
    let letters: Vec<char> = class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(9).collect();
    (letters.len() < 9).then_some(letters)
}

fn holds(class: &Class, character: char) -> bool {
    match class {
        Class::Unicode(class) => {
            class.ranges().iter().any(|range| range.start() <= character && character <= range.end())
        }
        Class::Bytes(class) => u8::try_from(u32::from(character))
            .is_ok_and(|byte| class.ranges().iter().any(|range| range.start() <= byte && byte <= range.end())),
    }
}

/// A whole match string around what a pattern describes.
fn complete(mut text: String, variant: usize) -> Option<String> {
    let keys = text.find('<')?;
    if !text[keys..].contains("><") {
        text.push_str(if text.ends_with('>') { "<" } else { "><" });
    }
    let path = text.find("><")? + 2;
    let attribute = match text[path..].find('>') {
        Some(end) => path + end + 1,
        None => {
            text.push('>');
            text.len()
        }
    };
    if text.len() == attribute {
        text.push_str("Zattr");
    }
    if !text[attribute..].contains(": ") {
        if !text.ends_with(':') {
            if variant % 2 == 1 && !WHOLE_ATTRIBUTES.contains(&&text[attribute..]) {
                text.push_str("Zz");
            }
            text.push(':');
        }
        text.push(' ');
        text.push_str(VALUES[variant % VALUES.len()]);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_whole_match_strings_that_the_pattern_matches() {
        let whole = regex::Regex::new(r"^[^<]+<[^>]*><[^>]*>[^:]+: .+$").unwrap();
        for java in [
            r"kafka.(\w+)<type=(.+), name=(.+)PerSec\w*, (.+)=(.+)><>Count",
            r"kafka.server<type=(.+), name=(.+), clientId=(.+), topic=(.+), partition=(.*)><>Value",
            r"java.lang<type=(.+)><(\w+)>(\w+): (.+)",
            r"kafka\.(server|network|log)<type=([^,]+)",
            r"a\.b<type=x><>(\d{2,4})thPercentile",
            r"kafka.server<type=(.+), listener=(.+), networkProcessor=(.+)><>(.+):",
            r"^kafka.coordinator.(\w+)<type=(.+), name=(.+)><>Value$|x<y=z><>w",
        ] {
            let pattern = Pattern::compile(java).unwrap();
            let found = samples(&pattern);
            assert!(!found.is_empty(), "{java}");
            assert!(found.iter().all(|sample| whole.is_match(sample)), "{java}: {found:?}");
        }
        let found = samples(&Pattern::compile(r"kafka\.(server|network|log)<type=([^,]+)").unwrap());
        assert!(["server", "network", "log"].iter().all(|part| found.iter().any(|sample| sample.contains(part))));
    }

    #[test]
    fn patterns_that_name_no_keys_have_no_samples() {
        for java in [".*", "Count", "", "(?i)x"] {
            assert_eq!(samples(&Pattern::compile(java).unwrap()), Vec::<String>::new(), "{java}");
        }
        assert!(samples(&Pattern::compile("a<b=(x{1000}y{500}){10}").unwrap()).is_empty(), "too long");
    }
}
