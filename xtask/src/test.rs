//! `cargo xtask test`: everything that must hold before a change is done, the quick checks first.

use crate::build::cargo;
use crate::cache;
use crate::dashboards;
use crate::failure::Failure;
use crate::steps::{run as run_command, step};
use crate::summary::Summary;
use crate::tools::{self, KAFKA, NATIVE_BUILD, Tool};

/// The feature that has the tests built that take long.
const FULL: [&str; 2] = ["--features", "kafka-vitals/full-tests,kafka-lab/full-tests,kafka-admin-tests/full-tests"];
/// For how long each reader is attacked among the long tests, in seconds; as many at a time as there are processors.
const FUZZ: (&str, &str) = ("KAFKA_VITALS_FUZZ_SECONDS", "30");

/// Runs all steps up to the first that fails. The last line on standard output sums up the tests, if any ran.
pub(crate) fn run(full: bool) -> Result<(), Failure> {
    step("tools", || {
        let others = [Tool::Prometheus, Tool::Alertmanager, Tool::Python, Tool::OpenSslCommand];
        tools::ensure(&[NATIVE_BUILD, KAFKA, &others])?;
        if full {
            tools::ensure(&[&[Tool::Kerberos]])?;
        }
        cache::ensure_python()?;
        cache::ensure_cargo_deny()
    })?;
    step("dashboards are what their generator writes", dashboards::check)?;
    step("format", || run_command(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("clippy", || {
        let lints = ["clippy", "--workspace", "--all-targets", FULL[0], FULL[1], "--", "--deny", "warnings"];
        run_command(&mut cargo(&lints))
    })?;
    step("licences and sources", || run_command(&mut cache::cargo_deny(&["check", "bans", "licenses", "sources"])?))?;
    step("build", || run_command(&mut cargo(&["build", "--workspace", "--all-targets"])))?;

    let mut summary = Summary::default();
    let result = test_steps(full, &mut summary);
    println!("\n{} passed, {} failed", summary.passed, summary.failed);
    result
}

fn test_steps(full: bool, summary: &mut Summary) -> Result<(), Failure> {
    let mut tests = |name: &str, targets: &[&str]| {
        step(name, || {
            // All test binaries run, one after another, even if one fails.
            let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
            command.args(targets);
            if full {
                command.args(FULL).env(FUZZ.0, FUZZ.1);
            }
            summary.run(&mut command)
        })
    };
    tests("unit tests", &["--lib", "--bins", "--examples"])?;
    tests("documentation tests", &["--doc"])?;
    tests(
        if full { "integration tests" } else { "integration tests (without the long ones, see --full)" },
        &["--test", "*"],
    )?;
    if full {
        // Apart: librdkafka is built once more, with cyrus-sasl and krb5 from source, which takes minutes.
        let kerberos = ["test", "--package", "kafka-admin-librdkafka", "--features", "gssapi", "--test", "kerberos"];
        step("Kerberos", || summary.run(&mut cargo(&kerberos)))?;
    }
    Ok(())
}
