//! What the owners of groups promise: a YAML file in, per group a team, a lag objective and a runbook out.

use std::path::Path;

use regex::Regex;

use crate::yaml::{self, Spanned, Yaml, written};

/// All entries of the file, in its order.
#[derive(Debug, Default)]
pub struct Objectives(Vec<(Regex, Objective)>);

/// What holds for the groups of one entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// Who is to be told.
    pub team: String,
    /// Most lag that is fine, in seconds.
    pub seconds: Option<f64>,
    /// Most lag that is fine, in records.
    pub records: Option<f64>,
    /// What to read when it is more: an `http` or `https` URL.
    pub runbook: Option<String>,
}

impl Objectives {
    /// Reads the file of `--group.objectives`. The error names file and line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let objectives = text.and_then(|text| Self::parse(&text));
        objectives.map_err(|error| format!("--group.objectives: {}: {error}", path.display()))
    }

    /// Reads a file's text. The error names the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = yaml::parse(text).map_err(|error| error.message)?;
        let Some(root) = root else { return Ok(Self::default()) };
        let Yaml::List(entries) = root.value else {
            return Err(
                "line 1: a list is expected, e.g. `- {group: ^billing, team: payments, seconds: 60}`".to_owned()
            );
        };
        entries.iter().map(|entry| self::entry(entry, text)).collect::<Result<_, _>>().map(Self)
    }

    /// The first entry whose expression is found anywhere in the group's name.
    pub fn of(&self, group: &str) -> Option<&Objective> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(group)).map(|(_, objective)| objective)
    }
}

const KEYS: &str = "group, team, seconds, records and runbook";

fn entry(entry: &Spanned<Yaml>, text: &str) -> Result<(Regex, Objective), String> {
    let line = entry.referenced.line();
    let Yaml::Map(pairs) = &entry.value else {
        return Err(format!("line {line}: an entry is a mapping with the keys {KEYS}"));
    };
    let [mut group, mut team, mut runbook] = [const { None::<String> }; 3];
    let [mut seconds, mut records] = [None; 2];
    for (at, (key, node)) in pairs.iter().enumerate() {
        let (line, key) = (key.referenced.line(), key.value.as_str());
        if pairs[..at].iter().any(|(earlier, _)| earlier.value == key) {
            return Err(format!("line {line}: the key {key} is there a second time"));
        }
        let value = || match written(node, text) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(format!("line {line}: {key}: a plain value is expected")),
        };
        match key {
            "group" => group = Some(value()?.to_owned()),
            "team" => team = Some(value()?.to_owned()),
            "runbook" => runbook = Some(url(value()?).map_err(|reason| format!("line {line}: runbook: {reason}"))?),
            "seconds" => seconds = Some(number(value()?).ok_or_else(|| no_number(line, key, "seconds, e.g. 60"))?),
            "records" => {
                let whole = number(value()?).filter(|number| number.fract() == 0.0);
                records = Some(whole.ok_or_else(|| no_number(line, key, "records, e.g. 10000"))?);
            }
            _ => return Err(format!("line {line}: unknown key {key}; an entry has {KEYS}")),
        }
    }
    let (Some(group), Some(team)) = (group, team) else {
        return Err(format!("line {line}: an entry needs group and team"));
    };
    if seconds.is_none() && records.is_none() {
        return Err(format!("line {line}: an entry needs seconds, records or both"));
    }
    let pattern = Regex::new(&group).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("line {line}: group: {group:?} is no regular expression: {reason}")
    })?;
    Ok((pattern, Objective { team, seconds, records, runbook }))
}

fn no_number(line: u64, key: &str, what: &str) -> String {
    format!("line {line}: {key}: expected a number of {what}")
}

/// A number that lag can be compared with.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// It goes onto a page that many can read, so that it must hold no credentials.
fn url(text: &str) -> Result<String, String> {
    let parsed =
        reqwest::Url::parse(text).map_err(|error| format!("{error}; write it like https://wiki.example/lag"))?;
    if !["http", "https"].contains(&parsed.scheme()) {
        return Err("it is neither http nor https".to_owned());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("credentials do not belong in the URL".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# The first entry that fits counts.
- group: ^billing-
  team: payments
  seconds: 60
  records: 10000
  runbook: https://wiki.example/billing?lag
- {group: audit, team: compliance, seconds: 1.5}
- {group: '.*', team: platform, records: 0}
";

    #[test]
    fn the_first_entry_that_is_found_in_the_name_counts() {
        let objectives = Objectives::parse(FILE).unwrap();
        let of = |group| objectives.of(group).unwrap();
        assert_eq!(
            of("billing-audit"),
            &Objective {
                team: "payments".into(),
                seconds: Some(60.0),
                records: Some(10_000.0),
                runbook: Some("https://wiki.example/billing?lag".into()),
            }
        );
        assert_eq!((of("the-audit-log").team.as_str(), of("the-audit-log").seconds), ("compliance", Some(1.5)));
        assert_eq!((of("billing").team.as_str(), of("billing").records), ("platform", Some(0.0)));
    }

    #[test]
    fn without_entries_no_group_has_an_objective() {
        for text in ["", "# nothing yet\n", "[]"] {
            assert_eq!(Objectives::parse(text).unwrap().of("g"), None);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            ("group: x\n", "line 1: a list is expected"),
            ("- x\n", "line 1: an entry is a mapping with the keys group, team"),
            (
                "- {group: x, team: t, seconds: 1}\n- group: y\n  team: t\n",
                "line 2: an entry needs seconds, records or both",
            ),
            ("- {group: x, seconds: 1}\n", "line 1: an entry needs group and team"),
            ("- group: x\n  teams: t\n", "line 2: unknown key teams; an entry has group, team, seconds"),
            ("- group: x\n  team: t\n  group: y\n", "line 3: the key group is there a second time"),
            ("- group: (\n  team: t\n  seconds: 1\n", "line 1: group: \"(\" is no regular expression: unclosed group"),
            ("- group: x\n  team: t\n  seconds: 1m\n", "line 3: seconds: expected a number of seconds"),
            ("- group: x\n  team: t\n  seconds: -1\n", "line 3: seconds: expected a number"),
            ("- group: x\n  team: t\n  seconds: .nan\n", "line 3: seconds: expected a number"),
            ("- group: x\n  team: t\n  records: 1.5\n", "line 3: records: expected a number of records"),
            ("- group: x\n  team:\n  records: 1\n", "line 2: team: a plain value is expected"),
            ("- group: x\n  team: [a]\n  records: 1\n", "line 2: team: a plain value is expected"),
            ("- group: x\n  team: t\n  records: 1\n  runbook: wiki\n", "line 4: runbook: relative URL"),
            ("- group: x\n  team: t\n  records: 1\n  runbook: ftp://wiki\n", "line 4: runbook: it is neither"),
            ("- group: x\n  team: t\n  records: 1\n  runbook: https://u:hunter2@w\n", "line 4: runbook: credentials"),
            ("- {group: x\n", "line"),
        ] {
            let error = Objectives::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains('\n') && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = Objectives::read(Path::new("/nowhere/objectives.yaml")).unwrap_err();
        assert!(error.starts_with("--group.objectives: /nowhere/objectives.yaml: "), "{error}");
    }
}
