//! What we depend on: licences, bans and sources by cargo-deny, known holes of the window's packages by npm, and lists of
//! everything that is in a build (CycloneDX).

use crate::run::{Result, Trouble, cargo, io, run, say};
use crate::{place, ui};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Programs from Cargo's registry, built once in the folder of tools.
const DENY: (&str, &str) = ("cargo-deny", "0.20.2");
const CYCLONEDX: (&str, &str) = ("cargo-cyclonedx", "0.5.9");

/// `advisories`: also look for known holes. That asks services on the network, which not every machine reaches.
pub fn audit(advisories: bool) -> Result {
    ui::install()?;
    let mut deny = Command::new(tool(DENY)?);
    deny.args(["--workspace", "--locked", "check", "--show-stats", "--hide-inclusion-graph"])
        .current_dir(place::root());
    run(deny.args(["licenses", "bans", "sources"]).args(advisories.then_some("advisories")))?;
    if advisories {
        // From which level on it fails stands in ui/.npmrc.
        run(ui::npm().args(["audit", "signatures"]))?;
        run(ui::npm().arg("audit"))?;
    }
    Ok(())
}

/// Writes `target/sbom/*.cdx.json`, one for the app's Rust side and one for the window.
pub fn sbom() -> Result {
    ui::install()?;
    let folder = place::target()?.join("sbom");
    fs::create_dir_all(&folder).map_err(io(folder.display()))?;
    rust(&folder.join("lectern.cdx.json"))?;
    window(&folder.join("lectern-ui.cdx.json"))
}

/// It writes beside each package's manifest, and for all of them: the app's is kept.
fn rust(to: &Path) -> Result {
    let root = place::root();
    let mut command = Command::new(tool(CYCLONEDX)?);
    // Called as Cargo calls it.
    command.args(["cyclonedx", "--format", "json", "--spec-version", "1.5", "--override-filename", NAME]);
    run(command.current_dir(&root))?;
    let made = root.join(format!("{NAME}.json"));
    let text = fs::read_to_string(&made).map_err(io(made.display()))?;
    // Where it was built is nobody's business, and would make the same build look like another.
    let here = root.to_string_lossy().replace('\\', "/");
    fs::write(to, text.replace(&here, "/lectern")).map_err(io(to.display()))?;
    say(&to.display().to_string());
    for folder in members()? {
        drop(fs::remove_file(folder.join(format!("{NAME}.json"))));
    }
    Ok(())
}

/// Ignored by git, should something end us in between.
const NAME: &str = "lectern.cdx";

fn members() -> Result<Vec<PathBuf>> {
    let metadata = place::metadata()?;
    let manifests = metadata["packages"].as_array().into_iter().flatten();
    let manifests = manifests.filter_map(|package| package["manifest_path"].as_str().map(PathBuf::from));
    Ok(manifests.filter_map(|manifest| manifest.parent().map(Path::to_owned)).collect())
}

fn window(to: &Path) -> Result {
    let mut command = ui::npm();
    command.args(["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--omit", "dev"]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(io("npm sbom"))?;
    if !output.status.success() {
        return Err(Trouble::Failed("npm sbom".into(), output.status));
    }
    fs::write(to, output.stdout).map_err(io(to.display()))?;
    say(&to.display().to_string());
    Ok(())
}

/// Where a tool is, installed when it is not there in this version.
fn tool((name, version): (&str, &str)) -> Result<PathBuf> {
    let folder = place::tools().join(format!("{name}-{version}"));
    let program = folder.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    say(&format!("building {name} {version} in {}, which takes some minutes", folder.display()));
    let mut install = cargo(&place::root());
    install.args(["install", "--locked", "--quiet", "--version", version, "--root"]).arg(&folder).arg(name);
    // Its own target folder, away from ours.
    run(install.env("CARGO_TARGET_DIR", folder.join("target")))?;
    drop(fs::remove_dir_all(folder.join("target")));
    Ok(program)
}
