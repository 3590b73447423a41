//! The tools that the commands need, how to see whether they are there, and which Debian package brings them.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::apt;
use crate::failure::Failure;

/// Something that has to be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Java 17 or later.
    Java,
    Maven,
    CCompiler,
    Make,
    PkgConfig,
    Zlib,
    OpenSsl,
    /// Makes the certificates of tests.
    OpenSslCommand,
    /// Python 3 that can make virtual environments.
    Python,
    /// The server and promtool.
    Prometheus,
    /// The server and amtool.
    Alertmanager,
    /// A KDC, its administration and a client.
    Kerberos,
    /// Node.js 18.19 or later.
    Node,
    Npm,
    Chromium,
}

/// What compiling librdkafka takes.
pub(crate) const NATIVE_BUILD: &[Tool] = &[Tool::CCompiler, Tool::Make, Tool::PkgConfig, Tool::Zlib, Tool::OpenSsl];

/// What fetching and running Kafka takes.
pub(crate) const KAFKA: &[Tool] = &[Tool::Java, Tool::Maven];

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Java => "Java 17 or later",
            Self::Maven => "Maven",
            Self::CCompiler => "a C compiler",
            Self::Make => "make",
            Self::PkgConfig => "pkg-config",
            Self::Zlib => "zlib's headers",
            Self::OpenSsl => "OpenSSL's headers",
            Self::OpenSslCommand => "the openssl command",
            Self::Python => "Python 3 with venv",
            Self::Prometheus => "Prometheus and promtool",
            Self::Alertmanager => "Alertmanager and amtool",
            Self::Kerberos => "MIT Kerberos' KDC and kinit",
            Self::Node => "Node.js 18.19 or later",
            Self::Npm => "npm",
            Self::Chromium => "Chromium",
        }
    }

    /// Debian packages, the first known one of each list.
    fn packages(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Java => &[&["openjdk-21-jdk-headless", "openjdk-17-jdk-headless"]],
            Self::Maven => &[&["maven"]],
            Self::CCompiler => &[&["gcc"], &["libc6-dev"]],
            Self::Make => &[&["make"]],
            Self::PkgConfig => &[&["pkg-config"]],
            Self::Zlib => &[&["zlib1g-dev"]],
            Self::OpenSsl => &[&["libssl-dev"]],
            Self::OpenSslCommand => &[&["openssl"]],
            Self::Python => &[&["python3"], &["python3-venv"]],
            Self::Prometheus => &[&["prometheus"]],
            Self::Alertmanager => &[&["prometheus-alertmanager"]],
            Self::Kerberos => &[&["krb5-kdc"], &["krb5-admin-server"], &["krb5-user"]],
            Self::Node => &[&["nodejs"]],
            Self::Npm => &[&["npm"]],
            Self::Chromium => &[&["chromium"]],
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Java => java_version().is_some_and(|version| version >= 17),
            Self::Maven => find_in_path("mvn").is_some(),
            Self::CCompiler => find_in_path("cc").is_some(),
            Self::Make => find_in_path("make").is_some(),
            Self::PkgConfig => find_in_path("pkg-config").is_some(),
            Self::Zlib => compiles("#include <zlib.h>"),
            Self::OpenSsl => compiles("#include <openssl/ssl.h>"),
            Self::OpenSslCommand => find_in_path("openssl").is_some(),
            Self::Python => Command::new("python3")
                .args(["-c", "import ensurepip, venv"])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
            Self::Prometheus => find_in_path("prometheus").is_some() && find_in_path("promtool").is_some(),
            Self::Alertmanager => {
                let server = ["prometheus-alertmanager", "alertmanager"].into_iter().find_map(find_in_path);
                server.is_some() && find_in_path("amtool").is_some()
            }
            // Debian has the server's programs where only root looks.
            Self::Kerberos => {
                let is_installed =
                    |name: &str| find_in_path(name).is_some() || Path::new("/usr/sbin").join(name).is_file();
                ["krb5kdc", "kdb5_util", "kadmin.local", "kinit"].into_iter().all(is_installed)
            }
            Self::Node => node_version().is_some_and(|version| version >= (18, 19)),
            Self::Npm => find_in_path("npm").is_some(),
            Self::Chromium => find_in_path("chromium").is_some(),
        }
    }
}

/// Makes sure that all of `tools` are there: installs what is missing, or says how to.
pub(crate) fn ensure(tools: &[&[Tool]]) -> Result<(), Failure> {
    let missing: Vec<Tool> = tools.concat().into_iter().filter(|tool| !tool.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().flat_map(|tool| tool.packages()).copied().collect();
    apt::install(&names(&missing), &packages)?;
    let missing: Vec<Tool> = missing.into_iter().filter(|tool| !tool.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{} still missing after its package was installed; is it in PATH?", names(&missing))))
}

fn names(tools: &[Tool]) -> String {
    tools.iter().map(|tool| tool.name()).collect::<Vec<_>>().join(", ")
}

/// The executable of this name in `PATH`.
pub(crate) fn find_in_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let executable = |path: &PathBuf| {
        path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(executable)
}

/// Whether the C compiler takes `source`, by its preprocessor alone: enough to see that a header is there.
fn compiles(source: &str) -> bool {
    let child = Command::new("cc")
        .args(["-E", "-x", "c", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let written = child.stdin.take().is_some_and(|mut stdin| writeln!(stdin, "{source}").is_ok());
    child.wait().is_ok_and(|status| status.success()) && written
}

/// The major version of the Java that Kafka will run on: that of `JAVA_HOME`, else that in `PATH`.
fn java_version() -> Option<u32> {
    let home = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java")).filter(|java| java.is_file());
    let output = Command::new(home.unwrap_or_else(|| "java".into())).arg("-version").output().ok()?;
    major_version(&String::from_utf8_lossy(&output.stderr))
}

/// The major version in what `java -version` prints, `openjdk version "17.0.15" 2025-04-15` or `"1.8.0_402"`.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split('"').nth(1)?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    match numbers.next()?? {
        1 => numbers.next()?,
        major => Some(major),
    }
}

/// The major and minor version of Node.js, from `v20.20.2`.
fn node_version() -> Option<(u32, u32)> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javas_major_version_is_read() {
        for (text, expected) in [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime Environment", Some(17)),
            ("openjdk version \"21\" 2023-09-19", Some(21)),
            ("openjdk version \"25-ea\" 2025-09-16", Some(25)),
            ("java version \"1.8.0_402\"", Some(8)),
            ("command not found", None),
            ("version \"\"", None),
        ] {
            assert_eq!(major_version(text), expected, "{text}");
        }
    }

    #[test]
    fn headers_are_found_by_the_compiler() {
        assert!(compiles("#include <stdio.h>"));
        assert!(!compiles("#include <no/such/header.h>"));
    }
}
