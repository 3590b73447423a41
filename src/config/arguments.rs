//! A command line as kafka_exporter's parser (kingpin) and templates of charts write it; out comes the same in clap's
//! spelling: files of arguments read, `--no-flag` as `--flag=false`, flags without a value left out.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use clap::{Arg, Command};

/// The arguments for `command`, with the program's name first. Everything after `--` stays as it is.
///
/// # Errors
/// When the file of an `@FILE` cannot be read.
pub(super) fn normalized(
    command: &Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Vec<OsString>, String> {
    let arguments = expanded(command, arguments)?;
    let mut kept = Vec::with_capacity(arguments.len());
    let mut arguments = arguments.into_iter().peekable();
    kept.extend(arguments.next());
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            kept.push(argument);
            kept.extend(arguments.by_ref());
            break;
        }
        let name = argument.to_str().and_then(|text| text.strip_prefix("--")).unwrap_or_default();
        // Templates render what was not set like that.
        if name.strip_suffix('=').is_some_and(|name| find(command, name).is_some()) {
            continue;
        }
        if takes_next(command, name) {
            match arguments.next_if(|next| next.is_empty()) {
                Some(_) => continue,
                None => {
                    kept.push(argument);
                    kept.extend(arguments.next());
                    continue;
                }
            }
        }
        match name.strip_prefix("no-").filter(|name| find(command, name).is_some_and(is_boolean)) {
            Some(name) => kept.push(format!("--{name}=false").into()),
            None => kept.push(argument),
        }
    }
    Ok(kept)
}

/// With the lines of FILE in the place of each `@FILE`, but for lines that begin with `#`. What is a flag's value is none,
/// a password for instance; neither is a line of such a file.
fn expanded(command: &Command, arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, String> {
    let mut all = Vec::new();
    let mut arguments = arguments.into_iter();
    all.extend(arguments.next());
    let (mut is_value, mut is_over) = (false, false);
    for argument in arguments {
        let text = argument.to_str().unwrap_or_default();
        match text.strip_prefix('@').filter(|path| !path.is_empty() && !is_value && !is_over) {
            Some(path) => {
                let path = Path::new(path);
                let lines = fs::read_to_string(path).map_err(|error| format!("@{}: {error}", path.display()))?;
                let lines = lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
                all.extend(lines.map(OsString::from));
            }
            None => {
                is_over |= argument == "--" && !is_value;
                is_value = !is_value && !is_over && takes_next(command, text.strip_prefix("--").unwrap_or_default());
                all.push(argument);
            }
        }
    }
    Ok(all)
}

/// The flag of this name that has a value.
fn find<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(name) && arg.get_action().takes_values())
}

/// Whether the flag's value is the next argument.
fn takes_next(command: &Command, name: &str) -> bool {
    find(command, name).is_some_and(|arg| !is_boolean(arg))
}

/// Booleans alone may stand without a value, so theirs is never in an argument of its own.
fn is_boolean(arg: &Arg) -> bool {
    arg.is_require_equals_set()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::Flags;
    use super::*;

    fn normal(arguments: &[&str]) -> Result<String, String> {
        let line = std::iter::once("kafka-vitals").chain(arguments.iter().copied());
        let normal = normalized(&Flags::command(), line.map(OsString::from))?;
        Ok(normal.iter().skip(1).map(|argument| argument.to_str().unwrap()).collect::<Vec<_>>().join(" | "))
    }

    #[test]
    fn every_spelling_of_kingpin_becomes_claps() {
        for (arguments, expected) in [
            (&["--no-offset.show-all"][..], "--offset.show-all=false"),
            (&["--no-tls.enabled", "--tls.enabled"], "--tls.enabled=false | --tls.enabled"),
            (&["--no-kafka.server", "--no-bogus"], "--no-kafka.server | --no-bogus"),
            (&["--tls.ca-file=", "--topic.filter", "", "--log.level=info"], "--log.level=info"),
            (&["--tls.enabled=", "--bogus=", ""], "--bogus= | "),
            (&["--topic.filter", "--no-tls.enabled"], "--topic.filter | --no-tls.enabled"),
            (&["--", "--no-tls.enabled", "--tls.ca-file=", "@x"], "-- | --no-tls.enabled | --tls.ca-file= | @x"),
            (&["--sasl.password", "@hunter2", "@"], "--sasl.password | @hunter2 | @"),
        ] {
            assert_eq!(normal(arguments).as_deref(), Ok(expected), "{arguments:?}");
        }
    }

    #[test]
    fn a_file_of_arguments_stands_for_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arguments");
        fs::write(&path, "# ours\n--kafka.server=a:1\n\n--topic.filter\n@b c\n@nested\n").unwrap();
        let file = format!("@{}", path.display());
        let expected = "--kafka.server=a:1 | --topic.filter | @b c | @nested | --no-bogus";
        assert_eq!(normal(&[&file, "--no-bogus"]).as_deref(), Ok(expected));
        assert!(normal(&["@/nonexistent"]).unwrap_err().starts_with("@/nonexistent: "));
    }
}
