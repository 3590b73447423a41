//! The text of a pattern in the dialect of `java.util.regex.Pattern` in, its tree out. What Java refuses is refused, and
//! so is what cannot be had here; the error says what stands where.

use regex_syntax::hir::ClassUnicode;

use super::ast::{Case, Kind, LINE_TERMINATORS, Look, Node};
use super::escape::Escape;
use super::fold;

/// Brackets in brackets, classes in classes: deeper than any rule, and safe for the stack.
const MAX_DEPTH: usize = 60;

/// Longer than any rule by far.
const MAX_CHARS: usize = 10_000;

/// A parsed pattern.
pub(super) struct Parsed {
    pub(super) root: Node,
    /// Groups in the order of their numbers, group 0 left out, with their names.
    pub(super) groups: Vec<Option<String>>,
}

/// What is wrong, and at which character of the text (from 0).
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) at: usize,
    pub(super) reason: String,
}

impl SyntaxError {
    /// The same, counted from so many characters further on.
    pub(super) fn shifted(self, by: usize) -> Self {
        Self { at: self.at.saturating_sub(by), ..self }
    }
}

pub(super) type Result<T> = std::result::Result<T, SyntaxError>;

/// Parses a pattern.
pub(super) fn parse(text: &str) -> Result<Parsed> {
    if text.chars().nth(MAX_CHARS).is_some() {
        return Err(SyntaxError { at: MAX_CHARS, reason: format!("it is longer than {MAX_CHARS} characters") });
    }
    let mut parser = Parser { text: unquoted(text), cursor: 0, flags: Flags::default(), groups: Vec::new(), depth: 0 };
    let root = parser.alternatives()?;
    match parser.peek() {
        ')' => Err(parser.error("a ) that closes nothing: write \\) for a bracket of the text")),
        _ if parser.cursor < parser.text.len() => Err(parser.error("this cannot stand here")),
        _ => Ok(Parsed { root, groups: parser.groups }),
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) unicode_case: bool,
    pub(super) unicode_classes: bool,
    pub(super) comments: bool,
    multi_line: bool,
    dot_all: bool,
    pub(super) unix_lines: bool,
}

pub(super) struct Parser {
    /// Characters, each with its place in the text; `\Q...\E` is undone.
    pub(super) text: Vec<(char, usize)>,
    /// May stand behind the end, where all reads give NUL.
    pub(super) cursor: usize,
    pub(super) flags: Flags,
    pub(super) groups: Vec<Option<String>>,
    depth: usize,
}

/// Writes what stands in `\Q...\E` with backslashes instead.
fn unquoted(text: &str) -> Vec<(char, usize)> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.chars().enumerate().map(|(at, c)| (c, at)).peekable();
    while let Some((c, at)) = rest.next() {
        if c != '\\' {
            out.push((c, at));
            continue;
        }
        if rest.next_if(|next| next.0 == 'Q').is_none() {
            out.push((c, at));
            out.extend(rest.next());
            continue;
        }
        let mut is_first = true;
        while let Some((c, at)) = rest.next() {
            if c == '\\' && rest.next_if(|next| next.0 == 'E').is_some() {
                break;
            }
            match c {
                // A digit at the start must not lengthen an escape in front of it, such as a back-reference.
                '0'..='9' if is_first => out.extend(['\\', 'x', '3', c].map(|c| (c, at))),
                _ if c.is_ascii() && !c.is_ascii_alphanumeric() => out.extend(['\\', c].map(|c| (c, at))),
                _ => out.push((c, at)),
            }
            is_first = false;
        }
    }
    out
}

/// Java's white space in comment mode.
fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

// The primitives skip white space and comments where Java's do, which is not everywhere.
impl Parser {
    /// The character at a place, as it stands; NUL behind the end.
    pub(super) fn raw(&self, at: usize) -> char {
        self.text.get(at).map_or('\0', |&(c, _)| c)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.cursor >= self.text.len()
    }

    /// The next character, not taken.
    pub(super) fn peek(&mut self) -> char {
        if self.flags.comments {
            while is_space(self.raw(self.cursor)) || self.raw(self.cursor) == '#' {
                if self.raw(self.cursor) == '#' {
                    while !self.is_at_end() && self.raw(self.cursor) != '\0' && !self.is_line_end() {
                        self.cursor += 1;
                    }
                } else {
                    self.cursor += 1;
                }
            }
        }
        self.raw(self.cursor)
    }

    fn is_line_end(&self) -> bool {
        let c = self.raw(self.cursor);
        if self.flags.unix_lines { c == '\n' } else { LINE_TERMINATORS.contains(&c) }
    }

    /// Goes on by one and looks.
    pub(super) fn next(&mut self) -> char {
        self.cursor += 1;
        self.peek()
    }

    /// Takes the next character.
    pub(super) fn read(&mut self) -> char {
        let c = self.peek();
        self.cursor += 1;
        c
    }

    /// Takes two characters as they stand and gives the second.
    pub(super) fn skip(&mut self) -> char {
        self.cursor += 2;
        self.raw(self.cursor - 1)
    }

    /// An error at the character taken last.
    pub(super) fn error_behind<S: Into<String>>(&self, reason: S) -> SyntaxError {
        self.error_at(self.cursor.saturating_sub(1), reason)
    }

    /// An error at the next character.
    pub(super) fn error<S: Into<String>>(&self, reason: S) -> SyntaxError {
        self.error_at(self.cursor, reason)
    }

    pub(super) fn error_at<S: Into<String>>(&self, at: usize, reason: S) -> SyntaxError {
        let end = self.text.last().map_or(0, |&(_, at)| at + 1);
        SyntaxError { at: self.text.get(at).map_or(end, |&(_, at)| at), reason: reason.into() }
    }

    pub(super) fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err(self.error(format!("more than {MAX_DEPTH} brackets in brackets")))
        } else {
            Ok(())
        }
    }

    pub(super) fn shallower(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn case(&self) -> Case {
        match (self.flags.ignore_case, self.flags.unicode_case) {
            (false, _) => Case::Sensitive,
            (true, false) => Case::Ascii,
            (true, true) => Case::Unicode,
        }
    }
}

impl Parser {
    fn alternatives(&mut self) -> Result<Node> {
        let mut branches = vec![self.sequence()?];
        while self.peek() == '|' {
            self.next();
            branches.push(self.sequence()?);
        }
        Ok(if branches.len() == 1 { branches.swap_remove(0) } else { Node::Alternate(branches) })
    }

    fn sequence(&mut self) -> Result<Node> {
        let mut parts = Vec::new();
        loop {
            let atom = match self.peek() {
                '|' | ')' => break,
                '\0' if self.is_at_end() => break,
                '(' => match self.group()? {
                    Some(group) => group,
                    // Flags alone are nothing that a quantifier could follow.
                    None => continue,
                },
                c @ ('?' | '*' | '+') => {
                    return Err(self.error(format!("nothing stands in front of this {c} that it could repeat")));
                }
                _ => self.atom()?,
            };
            let part = self.quantified(atom)?;
            parts.push(part);
        }
        Ok(match parts.len() {
            0 => Node::Empty,
            1 => parts.swap_remove(0),
            _ => Node::Concat(parts),
        })
    }

    fn atom(&mut self) -> Result<Node> {
        let flags = self.flags;
        let node = match self.peek() {
            '[' => return Ok(Node::Set(self.class(true)?)),
            '\\' => {
                return Ok(match self.escape(false, false)? {
                    Escape::Char(c) => self.literal(c)?,
                    Escape::Set(set) => Node::Set(set),
                    Escape::Node(node) => node,
                });
            }
            // Java repeats the nothing in front of it.
            '{' => return Ok(Node::Empty),
            '^' if flags.multi_line => Node::Look(Look::LineStart { unix: flags.unix_lines }),
            '^' => Node::Look(Look::Start),
            '$' if flags.multi_line => Node::Look(Look::LineEnd { unix: flags.unix_lines }),
            '$' => Node::Look(Look::FinalEnd { unix: flags.unix_lines }),
            '.' => Node::Set(dot(flags)),
            c => self.literal(c)?,
        };
        self.next();
        Ok(node)
    }

    fn literal(&self, c: char) -> Result<Node> {
        if c == 'ß' && self.case() == Case::Unicode {
            // Java takes ẞ for it only if it has another literal beside it.
            return Err(self.error("ß with the flags i and u is not supported: write [ßẞ]"));
        }
        Ok(Node::Set(fold::literal(c, self.case())))
    }

    /// Adds the quantifier that follows, if one does.
    fn quantified(&mut self, body: Node) -> Result<Node> {
        let (min, max) = match self.peek() {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            '{' => self.bounds()?,
            _ => return Ok(body),
        };
        let kind = match self.next() {
            '?' => Kind::Lazy,
            '+' => Kind::Possessive,
            _ => Kind::Greedy,
        };
        if kind != Kind::Greedy {
            self.next();
        }
        Ok(Node::Repeat { body: Box::new(body), min, max, kind })
    }

    /// `{n}`, `{n,}` or `{n,m}`; the cursor stays on the `}`.
    fn bounds(&mut self) -> Result<(u32, Option<u32>)> {
        let mut c = self.skip();
        if !c.is_ascii_digit() {
            return Err(self.error_behind("a { must be followed by a number: write \\{ for a bracket of the text"));
        }
        let min = self.number(&mut c)?;
        let mut max = Some(min);
        if c == ',' {
            c = self.read();
            max = if c == '}' { None } else { Some(self.number(&mut c)?) };
        }
        if c != '}' {
            return Err(self.error_behind("a } is missing here"));
        }
        if max.is_some_and(|max| max < min) {
            return Err(self.error_behind("the second number of a repetition is less than the first"));
        }
        self.cursor -= 1;
        Ok((min, max))
    }

    /// The number whose first digit is `c`; leaves what follows it in `c`. No digit is 0.
    fn number(&mut self, c: &mut char) -> Result<u32> {
        let mut number: u32 = 0;
        while let Some(digit) = c.to_digit(10) {
            let longer = number.checked_mul(10).and_then(|number| number.checked_add(digit));
            // What the unbounded repetition is inside of Java.
            number = longer
                .filter(|&number| number < i32::MAX.unsigned_abs())
                .ok_or_else(|| self.error_behind("a number of repetitions is too large"))?;
            *c = self.read();
        }
        Ok(number)
    }

    /// A group with what it holds; `None` for flags alone, as in `(?i)`.
    fn group(&mut self) -> Result<Option<Node>> {
        self.deeper()?;
        let opened = self.cursor;
        let flags = self.flags;
        let mut capture = None;
        let mut around = None;
        let mut is_atomic = false;
        if self.next() == '?' {
            match self.skip() {
                ':' => {}
                '=' => around = Some((false, false)),
                '!' => around = Some((false, true)),
                '>' => is_atomic = true,
                '<' => match self.read() {
                    '=' => around = Some((true, false)),
                    '!' => around = Some((true, true)),
                    c => {
                        let name = self.group_name(c)?;
                        if self.groups.iter().flatten().any(|other| *other == name) {
                            return Err(self.error_behind(format!("there is a group <{name}> already")));
                        }
                        self.groups.push(Some(name));
                        capture = Some(self.groups.len());
                    }
                },
                _ => {
                    self.cursor -= 1;
                    self.read_flags()?;
                    match self.read() {
                        ')' => {
                            self.shallower();
                            return Ok(None);
                        }
                        ':' => {}
                        _ => return Err(self.error_behind("not a kind of group, nor a flag, that there is")),
                    }
                }
            }
        } else {
            self.groups.push(None);
            capture = Some(self.groups.len());
        }
        let inner = Box::new(self.alternatives()?);
        if self.read() != ')' {
            return Err(self.error_at(opened, "this ( is never closed: write \\( for a bracket of the text"));
        }
        self.flags = flags;
        self.shallower();
        Ok(Some(match around {
            Some((false, negative)) => Node::Around { behind: None, negative, inner },
            Some((true, negative)) => {
                let width = inner.width();
                let reason = "a look-behind must have a maximum length: use {0,100} in place of * and +";
                Node::Around { behind: Some(width.ok_or_else(|| self.error_at(opened, reason))?), negative, inner }
            }
            None if is_atomic => Node::Atomic(inner),
            None => Node::Group { capture, inner },
        }))
    }

    pub(super) fn group_name(&mut self, first: char) -> Result<String> {
        let mut name = String::new();
        let mut c = first;
        if !c.is_ascii_alphabetic() {
            return Err(self.error_behind("the name of a group must begin with a letter from A to Z"));
        }
        while c.is_ascii_alphanumeric() {
            name.push(c);
            c = self.read();
        }
        if c == '>' {
            Ok(name)
        } else {
            Err(self.error_behind("the name of a group may hold A-Z, a-z, 0-9 and ends with >"))
        }
    }

    fn read_flags(&mut self) -> Result<()> {
        let mut on = true;
        let mut c = self.peek();
        loop {
            match c {
                'i' => self.flags.ignore_case = on,
                'm' => self.flags.multi_line = on,
                's' => self.flags.dot_all = on,
                'd' => self.flags.unix_lines = on,
                'u' => self.flags.unicode_case = on,
                'x' => self.flags.comments = on,
                'U' => {
                    self.flags.unicode_classes = on;
                    self.flags.unicode_case = on;
                }
                'c' if on => {
                    return Err(self.error("the flag c (canonical equivalence) is not supported: leave it out"));
                }
                'c' => {}
                '-' if on => on = false,
                _ => return Ok(()),
            }
            c = self.next();
        }
    }
}

fn dot(flags: Flags) -> ClassUnicode {
    let excluded: &[char] = match flags {
        Flags { dot_all: true, .. } => &[],
        Flags { unix_lines: true, .. } => &['\n'],
        _ => &LINE_TERMINATORS,
    };
    let mut set = ClassUnicode::empty();
    for &c in excluded {
        set.union(&fold::range(c, c));
    }
    set.negate();
    set
}
