//! The literals that patterns need in, for a match string the few rules that may match it out.

use aho_corasick::AhoCorasick;

/// One rule as it is searched for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs<'r> {
    /// Texts that every match string holds that the rule matches.
    pub(super) literals: &'r [String],
    /// Whether a literal, wherever it stands in a match string with a number, cannot touch the number.
    pub(super) is_value_free: fn(&str) -> bool,
}

/// Finds rules by their literals, in one pass over a text however many rules there are.
#[derive(Debug)]
pub(super) struct Candidates {
    /// `None` = no rule has a literal.
    automaton: Option<AhoCorasick>,
    /// Per literal: the rules that are looked at when it is found.
    keyed: Vec<Vec<usize>>,
    /// Rules that no literal rules out whatever the value is.
    always: Vec<usize>,
    /// Per rule its literals.
    rules: Vec<RuleLiterals>,
}

#[derive(Debug, Default)]
struct RuleLiterals {
    value_free: Vec<usize>,
    others: Vec<usize>,
}

/// A rule that is not ruled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// Its place among the rules given.
    pub(super) rule: usize,
    /// Whether all of its literals are there. If not, those are lacking alone that may be part of a number.
    pub(super) may_match: bool,
}

/// Which literals a text holds.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Per literal the number of the last search that found it.
    stamps: Vec<u32>,
    search: u32,
}

impl Candidates {
    /// For rules in order; `None` = no rule at this place. When the automaton cannot be built (it would be too large), every
    /// rule is always a candidate.
    pub(super) fn new<'r>(needs: impl Iterator<Item = Option<Needs<'r>>>) -> Self {
        let needs: Vec<Option<Needs<'r>>> = needs.collect();
        let mut literals: Vec<&str> = needs
            .iter()
            .flatten()
            .flat_map(|needs| needs.literals)
            .map(String::as_str)
            .filter(|l| !l.is_empty())
            .collect();
        literals.sort_unstable();
        literals.dedup();
        let automaton = (!literals.is_empty()).then(|| AhoCorasick::new(&literals).ok()).flatten();
        let mut candidates =
            Self { automaton, keyed: vec![Vec::new(); literals.len()], always: Vec::new(), rules: Vec::new() };
        let mut used = vec![0_usize; literals.len()];
        for needs in &needs {
            let mut rule = RuleLiterals::default();
            if let Some(needs) = needs
                && candidates.automaton.is_some()
            {
                for literal in needs.literals {
                    let Ok(id) = literals.binary_search(&literal.as_str()) else { continue };
                    used[id] += 1;
                    let list = if (needs.is_value_free)(literal) { &mut rule.value_free } else { &mut rule.others };
                    list.push(id);
                }
            }
            candidates.rules.push(rule);
        }
        for (at, needs) in needs.iter().enumerate() {
            if needs.is_none() {
                continue;
            }
            // The literal that the fewest rules share says most; of equal ones the longest.
            let by_use = |&&id: &&usize| (used[id], usize::MAX - literals[id].len());
            match candidates.rules[at].value_free.iter().min_by_key(by_use) {
                Some(&id) => candidates.keyed[id].push(at),
                None => candidates.always.push(at),
            }
        }
        candidates
    }

    /// Appends the rules that may match `text`, or that may match it with another number in it.
    pub(super) fn find(&self, text: &str, seen: &mut Seen, out: &mut Vec<Candidate>) {
        seen.search = seen.search.wrapping_add(1);
        if seen.search == 0 || seen.stamps.len() != self.keyed.len() {
            seen.stamps = vec![0; self.keyed.len()];
            seen.search = 1;
        }
        let start = out.len();
        if let Some(automaton) = &self.automaton {
            for found in automaton.find_overlapping_iter(text) {
                let id = found.pattern().as_usize();
                if seen.stamps[id] != seen.search {
                    seen.stamps[id] = seen.search;
                    out.extend(self.keyed[id].iter().map(|&rule| Candidate { rule, may_match: true }));
                }
            }
        }
        out.extend(self.always.iter().map(|&rule| Candidate { rule, may_match: true }));
        let there = |id: &usize| seen.stamps[*id] == seen.search;
        let mut kept = start;
        for at in start..out.len() {
            let rule = out[at].rule;
            let RuleLiterals { value_free, others } = &self.rules[rule];
            if value_free.iter().all(there) {
                out[kept] = Candidate { rule, may_match: others.iter().all(there) };
                kept += 1;
            }
        }
        out.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules by their literals separated by blanks; those with digits may be part of a number.
    fn found(rules: &[&str], text: &str) -> Vec<(usize, bool)> {
        let literals: Vec<Vec<String>> =
            rules.iter().map(|rule| rule.split_whitespace().map(str::to_owned).collect()).collect();
        let is_value_free = |literal: &str| !literal.contains(|character: char| character.is_ascii_digit());
        let candidates = Candidates::new(literals.iter().map(|literals| Some(Needs { literals, is_value_free })));
        let (mut seen, mut twice) = (Seen::default(), Vec::new());
        candidates.find("something else entirely", &mut seen, &mut twice);
        twice.clear();
        candidates.find(text, &mut seen, &mut twice);
        let mut found: Vec<_> = twice.iter().map(|candidate| (candidate.rule, candidate.may_match)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn a_rule_is_a_candidate_if_all_its_literals_are_there() {
        let rules = ["ab", "ab cd", "b", "abc", "", "x"];
        assert_eq!(found(&rules, "_abcd_"), [(0, true), (1, true), (2, true), (3, true), (4, true)]);
        assert_eq!(found(&rules, "_ab_"), [(0, true), (2, true), (4, true)]);
        assert_eq!(found(&rules, ""), [(4, true)]);
        assert_eq!(found(&[], "ab"), []);
        assert_eq!(found(&["", ""], "ab"), [(0, true), (1, true)]);
    }

    #[test]
    fn what_another_number_may_bring_rules_nothing_out_for_good() {
        let rules = ["ab 42", "42", "cd 42"];
        assert_eq!(found(&rules, "ab: 42"), [(0, true), (1, true)]);
        assert_eq!(found(&rules, "ab: 7"), [(0, false), (1, false)]);
    }
}
