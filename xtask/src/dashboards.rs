//! `cargo xtask dashboards`: writes the boards' JSON by their generator, and tells whether what is committed is what it writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::build::workspace;
use crate::cache;
use crate::failure::Failure;
use crate::steps;
use crate::tools::{self, Tool};

const FOLDER: &str = "grafana/dashboards";

/// Writes grafana/dashboards.
pub(crate) fn write() -> Result<(), Failure> {
    tools::ensure(&[&[Tool::Python]])?;
    cache::ensure_python()?;
    let folder = workspace().join(FOLDER);
    generate(&folder)?;
    println!("{FOLDER} is up to date: {} boards", files(&folder)?.len());
    Ok(())
}

/// Fails, and names the files, unless the committed JSON is what the generator writes.
pub(crate) fn check() -> Result<(), Failure> {
    let fresh = workspace().join("target/dashboards-check");
    let _ = fs::remove_dir_all(&fresh);
    generate(&fresh)?;
    let (written, committed) = (files(&fresh)?, files(&workspace().join(FOLDER))?);
    let stale: Vec<_> = written
        .keys()
        .chain(committed.keys().filter(|name| !written.contains_key(*name)))
        .filter(|name| written.get(*name) != committed.get(*name))
        .map(String::as_str)
        .collect();
    if stale.is_empty() && !written.is_empty() {
        return Ok(());
    }
    let stale = if stale.is_empty() { "no board at all".into() } else { stale.join(", ") };
    Err(Failure::new(format!(
        "{FOLDER} is not what the generator writes ({stale}); run `cargo xtask dashboards` and commit the files"
    )))
}

fn generate(folder: &Path) -> Result<(), Failure> {
    steps::run(cache::python()?.current_dir(workspace().join("grafana")).args(["-m", "generator"]).arg(folder))
}

/// The JSON files of a folder: name to content.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let read = || -> std::io::Result<BTreeMap<String, Vec<u8>>> {
        let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        let json = entries.iter().filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"));
        json.map(|entry| Ok((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?))).collect()
    };
    read().map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))
}
