//! Classes in square brackets: the set of their characters, with Java's unions, intersections and its odd corners.

use regex_syntax::hir::ClassUnicode;

use super::ast::Case;
use super::escape::Escape;
use super::fold;
use super::parse::{Parser, Result};

/// One part of a class.
enum Item {
    /// A single character that Java keeps apart (up to U+00FF).
    Single(ClassUnicode),
    Set(ClassUnicode),
}

impl Parser {
    /// Parses a class from the character behind the cursor on: behind its `[`, or behind an `&&`, where the class's own
    /// `]` stays unread (`takes_bracket` false).
    pub(super) fn class(&mut self, takes_bracket: bool) -> Result<ClassUnicode> {
        self.deeper()?;
        let opened = self.cursor;
        let mut c = self.next();
        // Only right behind the bracket: also white space in comment mode makes it a literal.
        let negated = c == '^' && self.raw(self.cursor - 1) == '[';
        if negated {
            c = self.next();
        }
        let mut set: Option<ClassUnicode> = None;
        let mut after_intersection = false;
        loop {
            match c {
                '[' => {
                    let inner = self.class(true)?;
                    add(&mut set, &inner);
                    c = self.peek();
                    continue;
                }
                '&' => {
                    if self.next() == '&' {
                        self.next();
                        let right = self.right_side()?;
                        let right = right.ok_or_else(|| self.error("nothing stands behind this &&"))?;
                        match &mut set {
                            Some(left) => left.intersect(&right),
                            None => set = Some(right),
                        }
                        after_intersection = true;
                        c = self.peek();
                        continue;
                    }
                    self.cursor -= 1;
                }
                ']' => {
                    if let Some(mut set) = set {
                        if takes_bracket {
                            self.next();
                        }
                        if negated {
                            set.negate();
                        }
                        self.shallower();
                        return Ok(set);
                    }
                }
                '\0' if self.is_at_end() => {
                    self.cursor = opened;
                    return Err(self.error("this [ is never closed: write \\[ for a bracket of the text"));
                }
                _ => {}
            }
            match self.item()? {
                Item::Single(_) if after_intersection => {
                    return Err(self.error_behind("a single character after && and a class: put it into brackets"));
                }
                Item::Single(item) | Item::Set(item) => add(&mut set, &item),
            }
            c = self.peek();
        }
    }

    /// What stands behind `&&`, up to the next `&` or the end of the class.
    fn right_side(&mut self) -> Result<Option<ClassUnicode>> {
        let mut right = None;
        loop {
            match self.peek() {
                ']' | '&' => return Ok(right),
                '[' => {}
                _ => {
                    self.cursor -= 1;
                    let part = self.class(false)?;
                    add(&mut right, &part);
                    continue;
                }
            }
            let part = self.class(true)?;
            add(&mut right, &part);
        }
    }

    /// A character, an escape or a range.
    fn item(&mut self) -> Result<Item> {
        let mut from = self.peek();
        if from == '\\' {
            let before_range = self.raw(self.cursor + 2) == '-';
            from = match self.escape(true, before_range)? {
                Escape::Char(c) => c,
                Escape::Set(set) => return Ok(Item::Set(set)),
                Escape::Node(_) => return Err(self.error_behind("this cannot stand in a class")),
            };
        } else {
            self.next();
        }
        if self.peek() == '-' && !matches!(self.raw(self.cursor + 1), '[' | ']') {
            let to = if self.next() == '\\' {
                match self.escape(true, true)? {
                    Escape::Char(c) => c,
                    _ => return Err(self.error_behind("a range must end with a character")),
                }
            } else {
                let to = self.peek();
                self.next();
                to
            };
            if to < from {
                return Err(self.error_behind("a range must not go backwards: write \\- for a hyphen of the text"));
            }
            return Ok(Item::Set(fold::of_range(from, to, self.case())));
        }
        let set = fold::literal(from, self.case());
        let kept_apart =
            u32::from(from) < 256 && !(self.case() == Case::Unicode && "\u{ff}\u{b5}IiSsKk\u{c5}\u{e5}".contains(from));
        Ok(if kept_apart { Item::Single(set) } else { Item::Set(set) })
    }
}

fn add(set: &mut Option<ClassUnicode>, other: &ClassUnicode) {
    match set {
        Some(set) => set.union(other),
        None => *set = Some(other.clone()),
    }
}
