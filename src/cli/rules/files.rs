//! A path in, the rules of the file out.

use std::path::Path;

use crate::rules::{Compat, Rules};

/// The rules of a file that must be good.
///
/// # Errors
/// The file cannot be read, or all that is wrong with it, a line each.
pub(super) fn load(path: &Path, compat: Option<Compat>) -> Result<Rules, String> {
    Rules::load_with(&read(path)?, &path.display().to_string(), compat).map_err(|error| error.to_string())
}

/// The text of a file or of a bundled set.
///
/// # Errors
/// One line with the path and the reason.
pub(super) fn read(path: &Path) -> Result<String, String> {
    crate::rules::read(&path.display().to_string()).map(|text| text.into_owned())
}
