//! Installs Debian packages as root, or says what root has to run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::steps;
use crate::tools::find_in_path;

/// Packages that bring a service of the same name.
const SERVERS: [&str; 4] = ["prometheus", "prometheus-alertmanager", "krb5-kdc", "krb5-admin-server"];

/// Installs one package of each list in `packages`, the first that apt knows. `missing` is what they are for.
pub(crate) fn install(missing: &str, packages: &[&[&str]]) -> Result<(), Failure> {
    if find_in_path("apt-get").is_none() {
        let packages: Vec<_> = packages.iter().map(|names| names.join(" or ")).collect();
        return Err(Failure::new(format!(
            "missing: {missing}; install what your system calls Debian's packages {}",
            packages.join(", ")
        )));
    }
    if !is_root() {
        return Err(Failure::new(format!(
            "missing: {missing}; run `sudo apt-get update && sudo apt-get install -y --no-install-recommends {}`",
            known(packages).join(" ")
        )));
    }
    println!("Missing: {missing}");
    run_apt(&["update", "--quiet"])?;
    let packages = known(packages);
    println!("Installing the Debian packages {}", packages.join(" "));
    let _no_services = NoServices::begin();
    run_apt(&[&["install", "--yes", "--no-install-recommends"], &packages[..]].concat())?;
    if find_in_path("systemctl").is_some() {
        // We need the programs only; the services would take their ports from the next boot on.
        for package in SERVERS.iter().filter(|package| packages.contains(package)) {
            steps::run(Command::new("systemctl").args(["--quiet", "disable", &format!("{package}.service")]))?;
        }
    }
    Ok(())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Of each list the first package that apt knows; the first of all if it knows none, for its error to name.
fn known<'a>(packages: &[&[&'a str]]) -> Vec<&'a str> {
    let is_known = |name: &&&str| {
        let mut show = Command::new("apt-cache");
        show.args(["show", **name]).stdout(Stdio::null()).stderr(Stdio::null());
        show.status().is_ok_and(|status| status.success())
    };
    packages.iter().filter_map(|names| names.iter().find(is_known).or(names.first())).copied().collect()
}

fn run_apt(args: &[&str]) -> Result<(), Failure> {
    steps::run(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Keeps packages from starting services while it lives, by the file that Debian has for this. A machine's own policy
/// is left alone.
struct NoServices;

const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_TEXT: &str = "#!/bin/sh\n# Written by kafka-vitals' `cargo xtask` while it installs packages.\nexit 101\n";

impl NoServices {
    fn begin() -> Option<Self> {
        // One that an interrupted run left behind is ours to remove.
        if Path::new(POLICY).exists() && fs::read_to_string(POLICY).is_ok_and(|text| text != POLICY_TEXT) {
            return None;
        }
        let written = fs::write(POLICY, POLICY_TEXT)
            .and_then(|()| fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755)));
        written.is_ok().then_some(Self)
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(POLICY) {
            eprintln!("cannot remove {POLICY}: {error}");
        }
    }
}
