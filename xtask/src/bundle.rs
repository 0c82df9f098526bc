//! Packages for people: a release build, bundled for the system we run on. `--check` installs the Debian package, uses it
//! in a virtual desktop and takes it away again.

use crate::run::{Result, Trouble, cargo, find_program, io, output_of, run, say};
use crate::{notices, place, setup, ui};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The binary's path once the Debian package is installed, and its entry in the menu.
const INSTALLED: &str = "/usr/bin/lectern";
const MENU_ENTRY: &str = "/usr/share/applications/Lectern.desktop";

/// Builds every package of this system.
pub fn bundle() -> Result {
    setup::for_start(true)?;
    ui::build()?;
    run(tauri("build").args(["--ci", "--no-bundle"]))?;
    let work = place::target()?.join("lectern-packages");
    fs::create_dir_all(&work).map_err(io(work.display()))?;
    // Unpatched: the same program in every package. Only an updater would want to know which one it came in.
    let mut pack = tauri("bundle");
    pack.args(["--ci", "--no-binary-patching"]);
    if cfg!(windows) {
        pack.arg("--config").arg(place::root().join("src-tauri/bundle/windows.json"));
    }
    pack.arg("--config").arg(contents(&work)?.to_string());
    run(&mut pack)?;
    for package in packages()? {
        let bytes = fs::metadata(&package).map_err(io(package.display()))?.len();
        say(&format!("{} ({:.1} MB)", package.display(), bytes as f64 / 1e6));
    }
    Ok(())
}

/// What is known only once the program is built.
fn contents(work: &Path) -> Result<serde_json::Value> {
    let notices = work.join("third-party.txt");
    notices::write(&notices)?;
    if !cfg!(target_os = "linux") {
        // Besides the program, wherever the system keeps such things.
        let resources = BTreeMap::from([(notices.display().to_string(), "third-party.txt")]);
        return Ok(json!({"bundle": {"resources": resources}}));
    }
    let mut deb = json!({"files": {"/usr/share/doc/lectern/third-party.txt": notices}});
    if let Some(depends) = debian_dependencies(work)? {
        deb["depends"] = json!(depends);
        // The tools would put it beside the package's folder of documents: they name theirs for the product.
        deb["files"]["/usr/share/doc/lectern/changelog.gz"] = json!(changelog(work)?);
    }
    let rpm = json!({"files": {"/usr/share/licenses/lectern/third-party.txt": notices}});
    Ok(json!({"bundle": {"linux": {"deb": deb, "rpm": rpm}}}))
}

/// The packages that hold the libraries the program is linked to, each with the oldest version that has what it uses: what
/// dpkg-shlibdeps(1) finds out for every package of Debian. None where there is no such program.
fn debian_dependencies(work: &Path) -> Result<Option<Vec<String>>> {
    if find_program("dpkg-shlibdeps").is_none() {
        return Ok(None);
    }
    let control = work.join("debian/control");
    fs::create_dir_all(work.join("debian")).map_err(io(work.display()))?;
    // It wants to be in a source package.
    fs::write(&control, "Source: lectern\n\nPackage: lectern\nArchitecture: any\n").map_err(io(control.display()))?;
    let mut command = Command::new("dpkg-shlibdeps");
    let found = output_of(command.arg("-O").arg(place::target()?.join("release/lectern")).current_dir(work));
    let list = found.as_deref().and_then(|text| text.trim().strip_prefix("shlibs:Depends="));
    let list = list.ok_or_else(|| Trouble::Needs("dpkg-shlibdeps names no packages".into()))?;
    Ok(Some(list.split(", ").map(str::to_owned).collect()))
}

/// Compressed as <https://www.debian.org/doc/debian-policy/ch-docs.html#changelog-files-and-release-notes> wants it.
fn changelog(work: &Path) -> Result<PathBuf> {
    let file = work.join("changelog");
    fs::copy(place::root().join("CHANGELOG.md"), &file).map_err(io(file.display()))?;
    run(Command::new("gzip").args(["--best", "--no-name", "--force"]).arg(&file))?;
    Ok(file.with_extension("gz"))
}

/// Installs the Debian package, starts what it installed, opens a file with it, and uninstalls it.
pub fn check() -> Result {
    if !cfg!(target_os = "linux") {
        return Err(Trouble::Needs("--check installs a Debian package: it needs Debian.".into()));
    }
    setup::for_check()?;
    bundle()?;
    let all = packages()?;
    let package = |end: &str| all.iter().find(|path| path.extension().is_some_and(|extension| extension == end));
    let (Some(deb), Some(rpm)) = (package("deb"), package("rpm")) else {
        return Err(Trouble::Needs("the .deb or the .rpm was not made".into()));
    };
    if Path::new(INSTALLED).exists() {
        return Err(Trouble::Needs(format!("{INSTALLED} is there already: remove that Lectern first")));
    }
    run(Command::new("dpkg-deb").arg("--info").arg(deb))?;
    same_binary(deb, rpm)?;
    run(cargo(&place::root()).args(["build", "--package", "lectern-window-tests", "--bin", "installed"]))?;
    run(setup::apt_install()?.arg(deb))?;
    let used = use_installed();
    // Taken away also when the check failed.
    run(setup::apt_remove()?.arg("lectern"))?;
    used?;
    let left: Vec<&str> = [INSTALLED, MENU_ENTRY].into_iter().filter(|path| Path::new(path).exists()).collect();
    if left.is_empty() { Ok(()) } else { Err(Trouble::Needs(format!("uninstalling left {}", left.join(", ")))) }
}

fn use_installed() -> Result {
    run(Command::new("desktop-file-validate").arg(MENU_ENTRY))?;
    run(Command::new(place::built("installed")?).args([INSTALLED, MENU_ENTRY]))
}

/// An .rpm cannot be installed here. It has the binary that the .deb has, and that one is started.
fn same_binary(deb: &Path, rpm: &Path) -> Result {
    let folder = place::target()?.join("lectern-packages");
    drop(fs::remove_dir_all(folder.join("deb")));
    drop(fs::remove_dir_all(folder.join("rpm")));
    let (from_deb, from_rpm) = (folder.join("deb"), folder.join("rpm"));
    fs::create_dir_all(&from_rpm).map_err(io(from_rpm.display()))?;
    run(Command::new("dpkg-deb").arg("--extract").arg(deb).arg(&from_deb))?;
    run(Command::new("bsdtar").arg("-xf").arg(rpm).arg("-C").arg(&from_rpm))?;
    let read = |folder: &Path| {
        let file = folder.join("usr/bin/lectern");
        fs::read(&file).map_err(io(file.display()))
    };
    if read(&from_deb)? == read(&from_rpm)? {
        return Ok(());
    }
    Err(Trouble::Needs("the .rpm has another binary than the .deb".into()))
}

/// A command of the Tauri tools, pinned in ui/package.json and prebuilt there.
pub fn tauri(command: &str) -> Command {
    let mut tauri = Command::new("node");
    tauri.arg(place::ui().join("node_modules/@tauri-apps/cli/tauri.js")).arg(command).current_dir(place::root());
    tauri
}

/// What lies in the bundler's folder, of this version.
fn packages() -> Result<Vec<PathBuf>> {
    // Of another version or system, when the folder was used before.
    let version = env!("CARGO_PKG_VERSION");
    let folder = place::target()?.join("release/bundle");
    let mut found = Vec::new();
    for kind in ["deb", "rpm", "macos", "dmg", "nsis"] {
        let Ok(entries) = fs::read_dir(folder.join(kind)) else { continue };
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        found.extend(paths.filter(|path| path.is_file() && path.to_string_lossy().contains(version)));
    }
    found.sort();
    if found.is_empty() { Err(Trouble::Needs(format!("no package in {}", folder.display()))) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_offers_lectern_for_the_same_types_as_the_other_systems() {
        let root = place::root();
        let text = fs::read_to_string(root.join("tauri.conf.json")).unwrap();
        let configuration: serde_json::Value = serde_json::from_str(&text).unwrap();
        let associations = configuration["bundle"]["fileAssociations"].as_array().unwrap();
        let extensions = associations.iter().flat_map(|association| association["ext"].as_array().unwrap());
        let wanted: Vec<&str> = extensions.map(|extension| extension.as_str().unwrap()).collect();
        let hooks = fs::read_to_string(root.join("src-tauri/bundle/windows-open-with.nsh")).unwrap();
        let offered = hooks.lines().filter_map(|line| line.trim().strip_prefix("!insertmacro LECTERN_SUPPORTS "));
        assert_eq!(offered.map(|name| name.trim_matches('"')).collect::<Vec<_>>(), wanted);
        // One that says nothing of its rank would be made the first choice on macOS.
        assert!(associations.iter().all(|association| association["rank"] == "Alternate"), "nobody's player");
    }
}
