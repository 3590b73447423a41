//! Java's engine in a process of its own, asked over a pipe.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running JVM.
pub(crate) struct Java {
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// What Java says of a pattern.
#[derive(Debug)]
pub(crate) enum Verdict {
    Refused(String),
    /// One for each text.
    Compiled(Vec<Outcome>),
}

/// What became of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    NoMatch,
    /// Group 0 first; `None` took no part.
    Match(Vec<Option<String>>),
    GivenUp,
}

impl Java {
    pub(crate) fn start() -> Self {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/java_regex/JavaRegex.java");
        let mut process = Command::new("java")
            .args(["-Xmx128m", "-Xss4m", source])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("these tests ask Java's own engine: install a JDK 17 or later (Debian: openjdk-17-jdk-headless)");
        let to = process.stdin.take();
        let from = BufReader::new(process.stdout.take().unwrap());
        Self { process, to, from }
    }

    /// Asks for `^.*(?:pattern).*$`, matched with the whole of each text.
    pub(crate) fn ask(&mut self, pattern: &str, texts: &[String]) -> Verdict {
        let mut line = encode(pattern);
        for text in texts {
            line.push('\t');
            line.push_str(&encode(text));
        }
        line.push('\n');
        self.to.as_mut().unwrap().write_all(line.as_bytes()).expect("Java takes a line");
        let mut answer = String::new();
        self.from.read_line(&mut answer).expect("Java answers in UTF-8");
        assert!(!answer.is_empty(), "Java ended at pattern {pattern:?}");
        let answer = answer.trim_end_matches('\n');
        if let Some(message) = answer.strip_prefix("E\t") {
            return Verdict::Refused(decode(message));
        }
        let outcomes: Vec<Outcome> = answer.split('\t').map(outcome).collect();
        assert!(texts.is_empty() || outcomes.len() == texts.len(), "an answer for each text: {answer}");
        Verdict::Compiled(outcomes)
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        drop(self.to.take());
        let _ = self.process.wait();
    }
}

fn outcome(answer: &str) -> Outcome {
    match answer {
        "!" => Outcome::NoMatch,
        "!!" => Outcome::GivenUp,
        groups => Outcome::Match(groups.split(',').map(|group| (group != "~").then(|| decode(group))).collect()),
    }
}

fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        let _ = if byte.is_ascii_alphanumeric() { write!(out, "{}", byte as char) } else { write!(out, "%{byte:02X}") };
    }
    out
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
