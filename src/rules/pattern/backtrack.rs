//! Matching by trying, step by step as Java does: for look-around, back-references, possessive quantifiers and those
//! repetitions whose groups an automaton would find elsewhere. It does not recurse with the text, and steps are counted.
//!
//! Why not `fancy-regex`: it hands all that looks regular to an automaton, whose groups differ from Java's in repetitions
//! of what may be empty, and it ends those in its own way.

use super::TooManySteps;
use super::ast::{Case, Kind, contains};
use super::fold;
use super::looks::holds;
use super::program::{Inst, Program, Repetition};

/// Enough for any sane pattern on texts of some thousand characters, and some ten milliseconds.
const MAX_STEPS: u32 = 500_000;

impl Program {
    /// The slots of all groups (two each, starts and ends in bytes) if all of `text` matches.
    pub(super) fn matches(&self, text: &str) -> Result<Option<Vec<Option<usize>>>, TooManySteps> {
        let mut run = Run {
            program: self,
            text,
            groups: vec![None; 2 * (self.groups + 1)],
            locals: vec![0; self.locals],
            stack: Vec::new(),
            steps: 0,
        };
        let end = run.run(0, 0, Some(text.len()))?;
        Ok(end.map(|end| {
            run.groups[0] = Some(0);
            run.groups[1] = Some(end);
            run.groups
        }))
    }
}

struct Run<'a> {
    program: &'a Program,
    text: &'a str,
    groups: Vec<Option<usize>>,
    locals: Vec<usize>,
    stack: Vec<Undo>,
    steps: u32,
}

/// What to go back to, youngest last.
enum Undo {
    Branch { inst: usize, at: usize },
    Group { slot: usize, was: Option<usize> },
    Local { local: usize, was: usize },
}

type Step<T> = Result<T, TooManySteps>;

impl Run<'_> {
    /// Runs from `inst` at `at` to an `Accept` (at `end`, if given) and says where that was. Nothing in between is tried
    /// again, and what groups hold stays, as in Java also when what follows fails.
    ///
    /// Recurses as deep as the pattern's parts are nested.
    fn run(&mut self, mut inst: usize, mut at: usize, end: Option<usize>) -> Step<Option<usize>> {
        let base = self.stack.len();
        let program = self.program;
        loop {
            self.count()?;
            let next = match &program.code[inst] {
                Inst::Accept if end.is_none_or(|end| end == at) => {
                    self.stack.truncate(base);
                    return Ok(Some(at));
                }
                Inst::Accept => None,
                Inst::Set(set) => {
                    let c = self.text[at..].chars().next().filter(|&c| contains(set, c));
                    c.map(|c| (inst + 1, at + c.len_utf8()))
                }
                Inst::Look(look) => holds(*look, self.text, at).then_some((inst + 1, at)),
                Inst::BackReference(group, case) => self.same_again(*group, *case, at)?.map(|at| (inst + 1, at)),
                Inst::Open { local } => {
                    self.set_local(*local, at);
                    Some((inst + 1, at))
                }
                Inst::Close { local, group } => {
                    self.set_group(*group, self.locals[*local], at);
                    Some((inst + 1, at))
                }
                Inst::Split { first, second } => {
                    self.stack.push(Undo::Branch { inst: *second, at });
                    Some((*first, at))
                }
                Inst::Jump(to) => Some((*to, at)),
                Inst::Atomic { end } => self.run(inst + 1, at, None)?.map(|at| (*end, at)),
                Inst::Around { behind, negative, end } => {
                    let found = match behind {
                        None => self.run(inst + 1, at, None)?.is_some(),
                        Some((min, max)) => self.is_behind(inst + 1, at, *min, *max)?,
                    };
                    (found != *negative).then_some((*end, at))
                }
                Inst::Each(each) => self.each(program.repetitions[*each], at)?,
                Inst::EachMore(each) => self.each_more(program.repetitions[*each], at)?,
                Inst::Loop(number) => self.loop_first(program.repetitions[*number], at),
                Inst::LoopBegin(number) => {
                    self.set_local(program.repetitions[*number].local + 1, at);
                    Some((inst + 1, at))
                }
                Inst::LoopEnd(number) => self.loop_again(program.repetitions[*number], at),
                Inst::LoopMore(number) => Some(self.loop_more(program.repetitions[*number], at)),
            };
            match next.or_else(|| self.back(base)) {
                Some(next) => (inst, at) = next,
                None => return Ok(None),
            }
        }
    }

    fn count(&mut self) -> Step<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err(TooManySteps) } else { Ok(()) }
    }

    /// Undoes what was done since the youngest branch, and takes that.
    fn back(&mut self, base: usize) -> Option<(usize, usize)> {
        while self.stack.len() > base {
            match self.stack.pop()? {
                Undo::Branch { inst, at } => return Some((inst, at)),
                Undo::Group { slot, was } => self.groups[slot] = was,
                Undo::Local { local, was } => self.locals[local] = was,
            }
        }
        None
    }

    fn set_local(&mut self, local: usize, value: usize) {
        self.stack.push(Undo::Local { local, was: self.locals[local] });
        self.locals[local] = value;
    }

    fn set_group(&mut self, group: usize, from: usize, to: usize) {
        for (slot, value) in [(2 * group, from), (2 * group + 1, to)] {
            self.stack.push(Undo::Group { slot, was: self.groups[slot] });
            self.groups[slot] = Some(value);
        }
    }

    /// Where a back-reference ends; a group that took no part matches nothing, not even the empty text.
    fn same_again(&mut self, group: usize, case: Case, at: usize) -> Step<Option<usize>> {
        let slot = |slot| self.groups.get(slot).copied().flatten();
        let (Some(from), Some(to)) = (slot(2 * group), slot(2 * group + 1)) else { return Ok(None) };
        let mut rest = self.text[at..].chars();
        for c in self.text[from..to].chars() {
            self.count()?;
            if !rest.next().is_some_and(|other| fold::equal(c, other, case)) {
                return Ok(None);
            }
        }
        Ok(Some(self.text.len() - rest.as_str().len()))
    }

    /// Whether the part ends at `at` if begun `min..=max` characters before, nearest first.
    fn is_behind(&mut self, part: usize, at: usize, min: usize, max: usize) -> Step<bool> {
        let starts = self.text[..at].char_indices().rev().map(|(start, _)| start);
        for (_, start) in (0..=max).zip(std::iter::once(at).chain(starts)).skip(min) {
            if self.run(part, start, Some(at))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All rounds that must be, then as many as `kind` wants.
    fn each(&mut self, each: Repetition, start: usize) -> Step<Option<(usize, usize)>> {
        let mut at = start;
        let mut rounds = 0;
        while rounds < each.min {
            self.count()?;
            let Some(to) = self.run(each.body, at, None)? else { return Ok(None) };
            self.round(each, at, to);
            rounds += 1;
            at = to;
        }
        if each.kind == Kind::Lazy {
            self.set_local(each.local, rounds as usize);
            self.stack.push(Undo::Branch { inst: each.end - 1, at });
            return Ok(Some((each.end, at)));
        }
        while rounds < each.max {
            let before = self.stack.len();
            if each.kind == Kind::Greedy {
                self.stack.push(Undo::Branch { inst: each.end, at });
            }
            let to = self.run(each.body, at, None)?;
            if to.is_none_or(|to| to == at) {
                self.stack.truncate(before);
            }
            let Some(to) = to else { break };
            self.round(each, at, to);
            if to == at {
                break;
            }
            rounds += 1;
            at = to;
        }
        Ok(Some((each.end, at)))
    }

    /// The next round of a lazy repetition.
    fn each_more(&mut self, each: Repetition, at: usize) -> Step<Option<(usize, usize)>> {
        let rounds = self.locals[each.local];
        if rounds >= each.max as usize {
            return Ok(None);
        }
        let Some(to) = self.run(each.body, at, None)?.filter(|&to| to != at) else { return Ok(None) };
        self.round(each, at, to);
        self.set_local(each.local, rounds + 1);
        self.stack.push(Undo::Branch { inst: each.end - 1, at: to });
        Ok(Some((each.end, to)))
    }

    fn round(&mut self, each: Repetition, from: usize, to: usize) {
        if let Some(group) = each.group {
            self.set_group(group, from, to);
        }
    }
    fn loop_first(&mut self, repetition: Repetition, at: usize) -> Option<(usize, usize)> {
        let Repetition { min, max, kind, local, end, .. } = repetition;
        if max == 0 {
            return Some((end, at));
        }
        if min == 0 && kind == Kind::Lazy {
            self.set_local(local, 0);
            self.stack.push(Undo::Branch { inst: end - 1, at });
            return Some((end, at));
        }
        if min == 0 {
            self.stack.push(Undo::Branch { inst: end, at });
        }
        self.set_local(local, 1);
        Some((repetition.body, at))
    }

    /// Behind a round: a round of nothing is the last, whatever the numbers say.
    fn loop_again(&mut self, repetition: Repetition, at: usize) -> Option<(usize, usize)> {
        let Repetition { min, max, kind, local, end, .. } = repetition;
        let rounds = self.locals[local];
        if at == self.locals[local + 1] || rounds >= max as usize {
            return Some((end, at));
        }
        if rounds >= min as usize {
            let (now, later) = if kind == Kind::Lazy { (end, end - 1) } else { (end - 1, end) };
            self.stack.push(Undo::Branch { inst: later, at });
            return Some((now, at));
        }
        Some(self.loop_more(repetition, at))
    }

    fn loop_more(&mut self, repetition: Repetition, at: usize) -> (usize, usize) {
        self.set_local(repetition.local, self.locals[repetition.local] + 1);
        (repetition.body, at)
    }
}
