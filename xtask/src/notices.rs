//! The licences of everything that is in a package, in full: nearly all of them ask for that.

use crate::run::{Result, Trouble, cargo, io, output_of};
use crate::{place, ui};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// Names of files that hold such a text, in whatever case.
const STARTS: &[&str] = &["license", "licence", "copying", "notice", "unlicense"];

struct Part {
    /// Name, version and what it says its licence is.
    title: String,
    folder: PathBuf,
}

/// Writes one file with every text once, below the names of those that bring it.
pub fn write(to: &Path) -> Result {
    let parts: Vec<Part> = rust()?.into_iter().chain(window()?).collect();
    let mut by_text: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for part in &parts {
        let texts = texts_in(&part.folder);
        let texts = if texts.is_empty() { vec!["(Its package holds no text of it.)".to_owned()] } else { texts };
        for text in texts {
            by_text.entry(text).or_default().insert(&part.title);
        }
    }
    let mut file = String::from("Lectern is made with the following parts.\n");
    for (text, titles) in by_text {
        file += &format!("\n{}\n\n", "=".repeat(80));
        file.extend(titles.iter().map(|title| format!("{title}\n")));
        file += &format!("\n{text}\n");
    }
    fs::write(to, file).map_err(io(to.display()))
}

/// What the app's program is linked from on this system: the graph from the app on, without what only builds or tests.
fn rust() -> Result<Vec<Part>> {
    let failed = || Trouble::Needs("`cargo metadata` failed: is Cargo.toml whole?".into());
    let version = output_of(cargo(&place::root()).args(["version", "--verbose"])).ok_or_else(failed)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or_else(failed)?;
    let mut command = cargo(&place::root());
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
    let text = output_of(&mut command).ok_or_else(failed)?;
    let metadata: Value = serde_json::from_str(&text).map_err(|_| failed())?;
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text_of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: HashMap<String, Value> =
        array(&metadata["packages"]).into_iter().map(|package| (text_of(&package["id"]), package)).collect();
    let linked: HashMap<String, Vec<String>> = array(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let deps = array(&node["deps"]);
            let normal = |dep: &&Value| array(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            (text_of(&node["id"]), deps.iter().filter(normal).map(|dep| text_of(&dep["pkg"])).collect())
        })
        .collect();
    let mut seen = BTreeSet::new();
    let mut next = vec![text_of(&metadata["resolve"]["root"])];
    while let Some(id) = next.pop() {
        if seen.insert(id.clone()) {
            next.extend(linked.get(&id).into_iter().flatten().cloned());
        }
    }
    // Ours have no source, and stand in the package's own licence.
    let foreign = seen.iter().filter_map(|id| packages.get(id)).filter(|package| !package["source"].is_null());
    Ok(foreign.map(|package| part(package, Path::new(&text_of(&package["manifest_path"])))).collect())
}

/// What the window's code was bundled from.
fn window() -> Result<Vec<Part>> {
    let mut command = ui::npm();
    command.args(["ls", "--omit=dev", "--all", "--parseable"]);
    let text = output_of(&mut command).ok_or_else(|| Trouble::Needs("`npm ls` failed".into()))?;
    let mut parts = Vec::new();
    // The first line is the window itself.
    for folder in text.lines().skip(1) {
        let manifest = Path::new(folder).join("package.json");
        let text = fs::read_to_string(&manifest).map_err(io(manifest.display()))?;
        let package: Value = serde_json::from_str(&text).unwrap_or_default();
        parts.push(part(&package, &manifest));
    }
    Ok(parts)
}

fn part(package: &Value, manifest: &Path) -> Part {
    let [name, version, license] = ["name", "version", "license"].map(|key| package[key].as_str().unwrap_or("?"));
    let folder = manifest.parent().unwrap_or(manifest).to_owned();
    Part { title: format!("{name} {version} ({license})"), folder }
}

fn texts_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_text = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        path.is_file() && STARTS.iter().any(|start| name.starts_with(start))
    };
    let texts = entries.filter(is_text).filter_map(|path| fs::read(path).ok());
    let mut texts: Vec<String> = texts.map(|bytes| String::from_utf8_lossy(&bytes).trim().replace('\r', "")).collect();
    texts.sort();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_linked_stands_there_with_its_text_and_one_that_only_tests_does_not() {
        let parts = rust().unwrap();
        let named = |name: &str| parts.iter().find(|part| part.title.starts_with(name));
        let blake3 = named("blake3 ").unwrap();
        assert!(texts_in(&blake3.folder).iter().any(|text| text.contains("Apache License")));
        assert!(named("fantoccini ").is_none() && named("lectern").is_none());
    }
}
