//! A pattern as a tree, flags already applied: what the parser makes and all the rest reads.

use regex_syntax::hir::ClassUnicode;

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Empty,
    /// One code point out of a set; case-insensitivity is in the set.
    Set(ClassUnicode),
    /// `\R`: `\r\n` or one vertical white space.
    LineBreak,
    Look(Look),
    /// Brackets; `capture` is the group's number.
    Group {
        capture: Option<usize>,
        inner: Box<Node>,
    },
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        body: Box<Node>,
        min: u32,
        /// `None` = no end.
        max: Option<u32>,
        kind: Kind,
    },
    /// `(?>...)`
    Atomic(Box<Node>),
    /// `(?=...)` and its kin; a look behind tries `min..=max` code points, in this order.
    Around {
        behind: Option<(usize, usize)>,
        negative: bool,
        inner: Box<Node>,
    },
    BackReference {
        group: usize,
        case: Case,
    },
}

/// How a quantifier takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Greedy,
    Lazy,
    Possessive,
}

/// How letters are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Ascii,
    Unicode,
}

/// Assertions of no width. `unix`: only `\n` ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// `^`, `\A`, `\G`
    Start,
    /// `\z`
    End,
    /// `$` and `\Z`: the end, or before the line terminator that ends the text.
    FinalEnd { unix: bool },
    /// `^` with `(?m)`
    LineStart { unix: bool },
    /// `$` with `(?m)`
    LineEnd { unix: bool },
    /// `\b` and `\B`
    WordBoundary { unicode: bool, negative: bool },
}

/// What ends a line, unless `(?d)` leaves only `\n`.
pub(super) const LINE_TERMINATORS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// Whether the set has the character.
pub(super) fn contains(set: &ClassUnicode, c: char) -> bool {
    let order = |range: &regex_syntax::hir::ClassUnicodeRange| {
        if range.end() < c {
            std::cmp::Ordering::Less
        } else if range.start() > c {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    };
    set.ranges().binary_search_by(order).is_ok()
}

/// The only character of a set of one.
pub(super) fn only(set: &ClassUnicode) -> Option<char> {
    match set.ranges() {
        [range] if range.start() == range.end() => Some(range.start()),
        _ => None,
    }
}

impl Node {
    /// Whether it can match the empty text (assertions counted as if they held).
    pub(super) fn is_nullable(&self) -> bool {
        match self {
            Self::Set(_) | Self::LineBreak => false,
            Self::Empty | Self::Look(_) | Self::Around { .. } | Self::BackReference { .. } => true,
            Self::Group { inner, .. } | Self::Atomic(inner) => inner.is_nullable(),
            Self::Concat(parts) => parts.iter().all(Self::is_nullable),
            Self::Alternate(parts) => parts.iter().any(Self::is_nullable),
            Self::Repeat { body, min, .. } => *min == 0 || body.is_nullable(),
        }
    }

    /// Whether any part, itself included, is one that `test` wants.
    pub(super) fn any(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self)
            || match self {
                Self::Empty | Self::Set(_) | Self::LineBreak | Self::Look(_) | Self::BackReference { .. } => false,
                Self::Group { inner, .. } | Self::Atomic(inner) | Self::Around { inner, .. } => inner.any(test),
                Self::Repeat { body, .. } => body.any(test),
                Self::Concat(parts) | Self::Alternate(parts) => parts.iter().any(|part| part.any(test)),
            }
    }

    /// Whether there is a capturing group in it.
    pub(super) fn captures(&self) -> bool {
        self.any(&|part| matches!(part, Self::Group { capture: Some(_), .. }))
    }

    /// Whether Java takes it for "deterministic" when a group around it is repeated: each round is then final, and
    /// groups inside keep what the last tried round gave them.
    pub(super) fn is_deterministic(&self) -> bool {
        match self {
            Self::Alternate(_) => false,
            Self::Repeat { body, min, max, .. } => {
                // `?` is never; a counted round of one character or a deterministic group is.
                *max == Some(*min) && body.is_deterministic()
            }
            Self::Group { inner, .. } => inner.is_deterministic(),
            Self::Concat(parts) => parts.iter().all(Self::is_deterministic),
            _ => true,
        }
    }

    /// Least and most code points it takes; `None` where Java sees "no obvious maximum length".
    pub(super) fn width(&self) -> Option<(usize, usize)> {
        match self {
            Self::Empty | Self::Look(_) | Self::Around { .. } => Some((0, 0)),
            Self::Set(_) => Some((1, 1)),
            Self::LineBreak => Some((1, 2)),
            Self::BackReference { .. } => None,
            Self::Group { inner, .. } | Self::Atomic(inner) => inner.width(),
            Self::Concat(parts) => parts.iter().try_fold((0, 0), |(least, most): (usize, usize), part| {
                let (min, max) = part.width()?;
                Some((least.saturating_add(min), most.saturating_add(max)))
            }),
            Self::Alternate(parts) => {
                let mut widths = parts.iter().map(Self::width);
                let first = widths.next()??;
                widths.try_fold(first, |(least, most), width| width.map(|(min, max)| (least.min(min), most.max(max))))
            }
            Self::Repeat { body, min, max, kind } => {
                let is_loop = matches!(**body, Self::Group { .. })
                    && *kind != Kind::Possessive
                    && (*min, *max) != (0, Some(1))
                    && !body.is_deterministic();
                if is_loop {
                    return None;
                }
                let (least, most) = body.width()?;
                let most = most.saturating_mul((*max)? as usize);
                Some((least.saturating_mul(*min as usize), most))
            }
        }
    }
}
