//! What Linux tells about a process in `/proc`: a pid in, its state, CPU seconds and resident bytes out.

use std::fs;

use crate::{LabError, Result, error::IoContext};

/// `/proc` counts CPU time in 1/100 s on every Linux architecture that has a JDK (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// The state letter of proc_pid_stat(5): `R` and `S` live, `T` stopped, `Z` dead but not yet reaped; `None` when there is no such process.
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    fields(&stat)?.first()?.chars().next()
}

/// User plus system CPU time of all threads since the process started, in seconds.
///
/// # Errors
/// When there is no such process.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).context(|| format!("read {path}"))?;
    parse_cpu_seconds(&stat).ok_or_else(|| LabError::Input(format!("{path} is not as proc_pid_stat(5) has it: {stat}")))
}

/// Resident memory in bytes.
///
/// # Errors
/// When there is no such process.
pub fn rss_bytes(pid: u32) -> Result<u64> {
    status_bytes(pid, "VmRSS:")
}

/// The most that was resident at any time, in bytes.
///
/// # Errors
/// When there is no such process.
pub fn peak_rss_bytes(pid: u32) -> Result<u64> {
    status_bytes(pid, "VmHWM:")
}

fn status_bytes(pid: u32, name: &str) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).context(|| format!("read {path}"))?;
    parse_status_bytes(&status, name)
        .ok_or_else(|| LabError::Input(format!("{path} has no {name} the process is dead")))
}

/// The fields from the third on; the second is the command in brackets and may itself hold blanks and brackets.
fn fields(stat: &str) -> Option<Vec<&str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace().collect())
}

fn parse_cpu_seconds(stat: &str) -> Option<f64> {
    let fields = fields(stat)?;
    let ticks = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    Some((ticks(14)? + ticks(15)?) / TICKS_PER_SECOND)
}

fn parse_status_bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stat_whatever_the_command_is_called() {
        let stat = "42 (a) b)) S 1 42 42 0 -1 4194304 1 2 3 4 250 50 0 0 20 0 1 0 1 1 1";
        assert_eq!(parse_cpu_seconds(stat), Some(3.0));
        assert_eq!(parse_cpu_seconds("42 (short) S 1"), None);
        assert_eq!(parse_status_bytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS:"), Some(2 * 1024 * 1024));
        assert_eq!(parse_status_bytes("Name:\tzombie\n", "VmRSS:"), None);
    }

    #[test]
    fn this_process_is_alive_and_uses_memory() {
        let me = std::process::id();
        assert!(matches!(state(me), Some('R' | 'S')));
        let rss = rss_bytes(me).expect("rss");
        assert!(rss > 100_000 && peak_rss_bytes(me).expect("peak") >= rss);
        assert!(cpu_seconds(me).expect("cpu") >= 0.0);
        // Above the largest pid that Linux gives out.
        assert_eq!(state(u32::MAX), None);
    }
}
