//! A pattern's tree in, the instructions that [`super::backtrack`] runs out. Java's nodes are followed in what is tried
//! again and in what groups hold afterwards.

use regex_syntax::hir::ClassUnicode;

use super::ast::{Case, Kind, Look, Node};
use super::{escape, fold, property};

/// A pattern as instructions.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) code: Vec<Inst>,
    pub(super) repetitions: Vec<Repetition>,
    /// How many groups there are, group 0 not counted.
    pub(super) groups: usize,
    /// How many places there are to remember counts and positions in.
    pub(super) locals: usize,
}

/// One instruction; unless it says otherwise the next one follows.
#[derive(Debug)]
pub(super) enum Inst {
    Set(ClassUnicode),
    Look(Look),
    BackReference(usize, Case),
    /// Remembers where a group begins.
    Open {
        local: usize,
    },
    Close {
        local: usize,
        group: usize,
    },
    /// Tries `first`, then `second`.
    Split {
        first: usize,
        second: usize,
    },
    Jump(usize),
    /// Ends the program or the part that is run on its own.
    Accept,
    /// The part that follows, run on its own; nothing in it is tried again.
    Atomic {
        end: usize,
    },
    Around {
        behind: Option<(usize, usize)>,
        negative: bool,
        end: usize,
    },
    /// Repeats the part that follows, each round run on its own. The number is that of the repetition.
    Each(usize),
    /// One more round of a lazy `Each`; stands last in it.
    EachMore(usize),
    /// Begins a repetition whose rounds can be tried again.
    Loop(usize),
    /// Stands in front of a round and comes first behind `Loop`.
    LoopBegin(usize),
    /// Stands behind a round.
    LoopEnd(usize),
    /// One more round; stands last in it.
    LoopMore(usize),
}

/// What is the same for all rounds of a repetition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repetition {
    pub(super) min: u32,
    /// `u32::MAX` = no end.
    pub(super) max: u32,
    pub(super) kind: Kind,
    /// The group that each round of an `Each` sets.
    pub(super) group: Option<usize>,
    /// The first of two locals: rounds done, where the last began.
    pub(super) local: usize,
    /// The instruction that a round begins with, and the one behind it all.
    pub(super) body: usize,
    pub(super) end: usize,
}

impl Program {
    /// Compiles a pattern with so many groups, group 0 not counted.
    pub(super) fn new(root: &Node, groups: usize) -> Self {
        let mut program = Self { code: Vec::new(), repetitions: Vec::new(), groups, locals: 0 };
        program.add(root);
        program.code.push(Inst::Accept);
        program
    }

    fn local(&mut self) -> usize {
        self.locals += 1;
        self.locals - 1
    }

    fn add(&mut self, node: &Node) {
        match node {
            Node::Empty => {}
            Node::Set(set) => self.code.push(Inst::Set(set.clone())),
            Node::LineBreak => {
                let char = |c| Node::Set(fold::range(c, c));
                let single = property::set(escape::LINE_BREAKS).map_or(Node::Empty, Node::Set);
                self.add(&Node::Alternate(vec![Node::Concat(vec![char('\r'), char('\n')]), single]));
            }
            Node::Look(look) => self.code.push(Inst::Look(*look)),
            Node::Group { capture: None, inner } => self.add(inner),
            Node::Group { capture: Some(group), inner } => {
                let local = self.local();
                self.code.push(Inst::Open { local });
                self.add(inner);
                self.code.push(Inst::Close { local, group: *group });
            }
            Node::Concat(parts) => parts.iter().for_each(|part| self.add(part)),
            Node::Alternate(parts) => {
                let mut jumps = Vec::new();
                for (at, part) in parts.iter().enumerate() {
                    let split = self.code.len();
                    let is_last = at + 1 == parts.len();
                    if !is_last {
                        self.code.push(Inst::Split { first: split + 1, second: 0 });
                    }
                    self.add(part);
                    if !is_last {
                        jumps.push(self.code.len());
                        self.code.push(Inst::Jump(0));
                        self.code[split] = Inst::Split { first: split + 1, second: self.code.len() };
                    }
                }
                for jump in jumps {
                    self.code[jump] = Inst::Jump(self.code.len());
                }
            }
            Node::Repeat { body, min, max, kind } => self.add_repeat(body, *min, max.unwrap_or(u32::MAX), *kind),
            Node::Atomic(inner) => self.add_part(inner, |end| Inst::Atomic { end }),
            Node::Around { behind, negative, inner } => {
                let (behind, negative) = (*behind, *negative);
                self.add_part(inner, |end| Inst::Around { behind, negative, end });
            }
            Node::BackReference { group, case } => self.code.push(Inst::BackReference(*group, *case)),
        }
    }

    /// A part that is run on its own.
    fn add_part(&mut self, body: &Node, head: impl FnOnce(usize) -> Inst) {
        let at = self.code.len();
        self.code.push(Inst::Accept);
        self.add(body);
        self.code.push(Inst::Accept);
        self.code[at] = head(self.code.len());
    }

    /// Java's ways to repeat: they differ in what is tried again and in what groups hold afterwards.
    fn add_repeat(&mut self, body: &Node, min: u32, max: u32, kind: Kind) {
        let (local, at) = (self.local(), self.code.len());
        self.local();
        match body {
            Node::Group { .. } if kind != Kind::Possessive && (min, max) == (0, 1) => {
                self.code.push(Inst::Accept);
                self.add(body);
                let (body, end) = (at + 1, self.code.len());
                self.code[at] = match kind {
                    Kind::Lazy => Inst::Split { first: end, second: body },
                    _ => Inst::Split { first: body, second: end },
                };
                return;
            }
            _ => {}
        }
        let number = self.repetitions.len();
        self.repetitions.push(Repetition { min, max, kind, group: None, local, body: at + 1, end: 0 });
        match body {
            Node::Group { inner, .. } if kind != Kind::Possessive && !inner.is_deterministic() => {
                self.code.extend([Inst::Loop(number), Inst::LoopBegin(number)]);
                self.add(body);
                self.code.extend([Inst::LoopEnd(number), Inst::LoopMore(number)]);
            }
            Node::Group { inner, capture } if kind != Kind::Possessive => {
                self.repetitions[number].group = *capture;
                self.add_part(inner, |_| Inst::Each(number));
                self.code.push(Inst::EachMore(number));
            }
            _ => {
                self.add_part(body, |_| Inst::Each(number));
                self.code.push(Inst::EachMore(number));
            }
        }
        self.repetitions[number].end = self.code.len();
    }
}
