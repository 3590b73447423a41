//! Where temporary folders go: the environment in, a parent folder out.

use std::{env, path::PathBuf, process::Command};

/// A cluster with thousands of partitions needs about one; what is full must not be the machine's memory.
const ENOUGH_KIB: u64 = 4 << 20;
const MEMORY: &str = "/dev/shm";

/// `$TMPDIR` where it is set, else /dev/shm if there is room, else /tmp.
///
/// Kafka syncs directories and checkpoints to disk for each new partition: ten thousand of them, or several clusters on one disk, take
/// minutes where memory takes seconds, and a JVM killed meanwhile waits for the disk before it is gone.
pub(crate) fn parent() -> PathBuf {
    if env::var_os("TMPDIR").is_some() || free_kib(MEMORY).is_none_or(|free| free < ENOUGH_KIB) {
        return env::temp_dir();
    }
    MEMORY.into()
}

fn free_kib(folder: &str) -> Option<u64> {
    let output = Command::new("df").args(["-P", "-k", folder]).output().ok()?;
    parse_df(&String::from_utf8_lossy(&output.stdout))
}

/// The fourth column of the second line (POSIX df -P).
fn parse_df(text: &str) -> Option<u64> {
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_df() {
        let text = "Filesystem     1024-blocks  Used Available Capacity Mounted on\ntmpfs             24670000   100  24669900       1% /dev/shm\n";
        assert_eq!(parse_df(text), Some(24_669_900));
        assert_eq!(parse_df("df: /dev/shm: No such file or directory\n"), None);
        assert_eq!(parse_df(""), None);
        assert!(free_kib("/").is_some());
    }
}
