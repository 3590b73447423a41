//! A path in, what tells one state of its file from another out.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Device, inode, size, time of the last change.
pub(crate) type Stamp = (u64, u64, u64, i64, i64);

/// The stamp of the file, if there is one. A link is followed: a mounted ConfigMap or Secret changes by one.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok()?;
    Some((data.dev(), data.ino(), data.size(), data.ctime(), data.ctime_nsec()))
}
