//! Escapes, in a class and outside: what stands behind a backslash in, the character, set or assertion it means out.

use regex_syntax::hir::ClassUnicode;

use super::ast::{Look, Node};
use super::parse::{Parser, Result};
use super::property;

/// What an escape stands for.
pub(super) enum Escape {
    Char(char),
    Set(ClassUnicode),
    Node(Node),
}

/// `\v`
pub(super) const LINE_BREAKS: &str = r"[\n-\r\x{85}\x{2028}\x{2029}]";

impl Parser {
    /// What stands behind the backslash at the cursor. In a class, `before_range` makes `\v` the vertical tab.
    pub(super) fn escape(&mut self, in_class: bool, before_range: bool) -> Result<Escape> {
        let c = self.skip();
        let set = |class: &str| property::set(class);
        let word = if self.flags.unicode_classes { property::WORD } else { "[0-9A-Za-z_]" };
        let digit = if self.flags.unicode_classes { r"\p{Nd}" } else { "[0-9]" };
        let space = if self.flags.unicode_classes { r"[\p{Z}\t-\r\x{85}]" } else { r"[ \t-\r]" };
        let across = r"[ \t\xa0\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]";
        let class = match c {
            'd' | 'D' => set(digit),
            'w' | 'W' => set(word),
            's' | 'S' => set(space),
            'h' | 'H' => set(across),
            'v' if before_range => return Ok(Escape::Char('\u{b}')),
            'v' | 'V' => set(LINE_BREAKS),
            'p' | 'P' => Some(self.property()?),
            _ => None,
        };
        if let Some(mut class) = class {
            if c.is_ascii_uppercase() {
                class.negate();
            }
            return Ok(Escape::Set(class));
        }
        let unicode = self.flags.unicode_classes;
        let node = match c {
            'A' | 'G' => Node::Look(Look::Start),
            'z' => Node::Look(Look::End),
            'Z' => Node::Look(Look::FinalEnd { unix: self.flags.unix_lines }),
            'b' if !in_class && self.raw(self.cursor) == '{' && self.raw(self.cursor + 1) == 'g' => {
                return Err(self.error_behind("\\b{g} is not supported: use \\b"));
            }
            'B' | 'b' => Node::Look(Look::WordBoundary { unicode, negative: c == 'B' }),
            'R' => Node::LineBreak,
            'X' => return Err(self.error_behind("\\X is not supported: use . or a class")),
            '1'..='9' if !in_class => self.back_reference(c),
            'k' if !in_class => self.named_back_reference()?,
            _ => return self.character(c).map(Escape::Char),
        };
        if in_class { Err(self.error_behind(format!("\\{c} cannot stand in a class"))) } else { Ok(Escape::Node(node)) }
    }

    fn back_reference(&mut self, first: char) -> Node {
        let mut group = first.to_digit(10).unwrap_or_default() as usize;
        while let Some(digit) = self.peek().to_digit(10) {
            // A further digit belongs to it only if there is such a group in front of it.
            let longer = group * 10 + digit as usize;
            if longer > self.groups.len() {
                break;
            }
            group = longer;
            self.read();
        }
        Node::BackReference { group, case: self.case() }
    }

    fn named_back_reference(&mut self) -> Result<Node> {
        if self.read() != '<' {
            return Err(self.error_behind("\\k must be followed by the name of a group, as in \\k<name>"));
        }
        let first = self.read();
        let name = self.group_name(first)?;
        match self.groups.iter().position(|group| group.as_ref() == Some(&name)) {
            Some(at) => Ok(Node::BackReference { group: at + 1, case: self.case() }),
            None => Err(self.error_behind(format!("there is no group <{name}> in front of this"))),
        }
    }

    /// The character that an escape stands for.
    fn character(&mut self, c: char) -> Result<char> {
        let code = match c {
            'a' => 7,
            'e' => 0x1b,
            'f' => 0xc,
            'n' => 0xa,
            'r' => 0xd,
            't' => 9,
            '0' => self.octal()?,
            'x' => self.hex()?,
            'u' => self.utf16()?,
            'c' if self.is_at_end() => return Err(self.error_behind("\\c must be followed by a letter")),
            'c' => u32::from(self.read()) ^ 64,
            'N' => return Err(self.error_behind("\\N{...} is not supported: write the character itself")),
            '0'..='9' | 'a'..='z' | 'A'..='Z' => {
                return Err(self.error_behind(format!("there is no escape \\{c}: write {c} for the letter")));
            }
            '\0' if self.cursor > self.text.len() => {
                return Err(self.error_behind("a backslash at the end: write \\\\ for a backslash of the text"));
            }
            _ => return Ok(c),
        };
        char::from_u32(code).ok_or_else(|| self.error_behind(format!("U+{code:04X} is not a whole character")))
    }

    fn octal(&mut self) -> Result<u32> {
        let mut code = 0;
        for place in 0..3 {
            match self.read().to_digit(8) {
                // Three digits only up to \0377.
                Some(digit) if place < 2 || code < 32 => code = code * 8 + digit,
                _ if place == 0 => return Err(self.error_behind("\\0 must be followed by a number in octal")),
                _ => {
                    self.cursor -= 1;
                    break;
                }
            }
        }
        Ok(code)
    }

    fn hex(&mut self) -> Result<u32> {
        let wrong = "\\x must be followed by two hexadecimal digits, or by some in {}";
        let mut c = self.read();
        if let Some(high) = c.to_digit(16) {
            let low = self.read().to_digit(16).ok_or_else(|| self.error_behind(wrong))?;
            return Ok(high * 16 + low);
        }
        if c != '{' || !self.peek().is_ascii_hexdigit() {
            return Err(self.error_behind(wrong));
        }
        let mut code = 0;
        loop {
            c = self.read();
            let Some(digit) = c.to_digit(16) else { break };
            code = code * 16 + digit;
            if code > u32::from(char::MAX) {
                return Err(self.error_behind("there is no character with so large a number"));
            }
        }
        if c == '}' { Ok(code) } else { Err(self.error_behind(wrong)) }
    }

    /// `\uhhhh`, two of them for a character beyond U+FFFF.
    fn utf16(&mut self) -> Result<u32> {
        let high = self.four_digits()?;
        if (0xd800..0xdc00).contains(&high) && self.raw(self.cursor) == '\\' && self.raw(self.cursor + 1) == 'u' {
            let before = self.cursor;
            self.cursor += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                return Ok(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            self.cursor = before;
        }
        Ok(high)
    }

    fn four_digits(&mut self) -> Result<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.read().to_digit(16);
            code = code * 16
                + digit.ok_or_else(|| self.error_behind("\\u must be followed by four hexadecimal digits"))?;
        }
        Ok(code)
    }

    /// The class behind `\p` or `\P`.
    fn property(&mut self) -> Result<ClassUnicode> {
        let at = self.cursor;
        let name: String = if self.peek() == '{' {
            let from = self.cursor + 1;
            let length = (from..self.text.len()).position(|at| self.raw(at) == '}');
            let to = from + length.ok_or_else(|| self.error("the } of \\p{...} is missing"))?;
            self.cursor = to + 1;
            (from..to).map(|at| self.raw(at)).collect()
        } else {
            self.read().to_string()
        };
        property::named(&name, self.flags.ignore_case, self.flags.unicode_classes)
            .map_err(|reason| self.error_at(at, reason))
    }
}
