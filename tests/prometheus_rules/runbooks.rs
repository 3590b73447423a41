//! docs/runbooks.md by section.

use std::collections::BTreeMap;

use crate::files;

/// What each section must have.
pub(crate) const PARTS: [&str; 4] = ["**Means:**", "**Look at:**", "**Do:**", "**Harmless when:**"];

/// The text below each heading that is an alert's name.
pub(crate) fn sections() -> BTreeMap<String, String> {
    let text = files::text("docs/runbooks.md");
    let sections = text.split("\n### ").skip(1);
    sections
        .map(|section| {
            let (heading, text) = section.split_once('\n').unwrap();
            (heading.trim().to_owned(), text.to_owned())
        })
        .collect()
}
