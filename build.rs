//! Tells the binary what it was built from and with.

use std::process::Command;

fn first_line(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn main() {
    // The commit moves with the branch's own file, not with HEAD.
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/refs/heads");
    let revision = first_line("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let rustc = std::env::var("RUSTC").ok().and_then(|rustc| first_line(&rustc, &["--version"]));
    println!("cargo::rustc-env=KAFKA_VITALS_REVISION={revision}");
    println!("cargo::rustc-env=KAFKA_VITALS_RUSTC={}", rustc.unwrap_or_else(|| "rustc".to_owned()));
    println!("cargo::rustc-env=KAFKA_VITALS_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
