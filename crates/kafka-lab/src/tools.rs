//! The programs that the lab runs: a name in, its path or an error that says what to install out.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{LabError, Result, error::IoContext};

/// Kafka 4 runs on 17 or newer.
const JAVA: u32 = 17;

/// Looks `program` up: as it is when it holds a slash, else in PATH.
///
/// # Errors
/// [`LabError::Missing`], naming the Debian `package`.
pub fn find(program: &str, package: &'static str) -> Result<PathBuf> {
    let named = Path::new(program);
    if named.components().count() > 1 && named.is_file() {
        // Absolute, since the child may be started in another folder.
        return named.canonicalize().context(|| format!("resolve {program}"));
    }
    env::var_os("PATH")
        .iter()
        .flat_map(env::split_paths)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .ok_or_else(|| LabError::Missing { program: program.into(), package })
}

/// A program of the JDK: `$JAVA_HOME/bin/<program>`, else from PATH.
///
/// # Errors
/// [`LabError::Missing`].
pub fn jdk(program: &str) -> Result<PathBuf> {
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin").join(program));
    match home.filter(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => find(program, "openjdk-17-jdk-headless"),
    }
}

/// The JVM to run Kafka on: `$JAVA_HOME/bin/java`, else `java` from PATH, checked to be 17 or newer.
///
/// # Errors
/// [`LabError::Missing`] or [`LabError::OldJava`].
pub fn java() -> Result<PathBuf> {
    let java = jdk("java")?;
    let output = Command::new(&java).arg("-version").output().context(|| format!("run {} -version", java.display()))?;
    let text = String::from_utf8_lossy(&output.stderr);
    match feature_version(&text) {
        Some(version) if version >= JAVA => Ok(java),
        Some(version) => Err(LabError::OldJava { java, found: version.to_string() }),
        None => Err(LabError::OldJava { java, found: text.lines().next().unwrap_or_default().to_owned() }),
    }
}

/// The 17 of `openjdk version "17.0.15" ...`, the 8 of `java version "1.8.0_392"`, the 26 of `"26-ea"`.
fn feature_version(text: &str) -> Option<u32> {
    let quoted = text.split('"').nth(1)?;
    let mut parts = quoted.split(|c: char| !c.is_ascii_digit());
    match parts.next()?.parse().ok()? {
        1 => parts.next()?.parse().ok(),
        version => Some(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_feature_version_of_old_and_new_jdks() {
        for (text, version) in [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime", Some(17)),
            ("java version \"1.8.0_392\"", Some(8)),
            ("openjdk version \"26-ea\" 2026-03-17", Some(26)),
            ("The operation couldn't be completed", None),
        ] {
            assert_eq!(feature_version(text), version, "{text}");
        }
    }

    #[test]
    fn a_missing_program_names_its_package() {
        let error = find("no-such-program-here", "prometheus").expect_err("not there");
        assert_eq!(
            error.to_string(),
            "`no-such-program-here` was not found in PATH: install it (Debian: apt-get install prometheus)"
        );
    }
}
