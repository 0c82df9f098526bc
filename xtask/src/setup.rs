//! Looks for what a command needs, says what is missing, and installs it where that is possible without a question.

use crate::packages::{BENCH, BUILD, CHECK, DATABASE, HEADLESS, TEST};
use crate::run::{Result, Trouble, find_program, output_of, run, say};
use crate::{python, ui};
use std::process::Command;

/// Vite's and Vitest's oldest.
const NODE_OLDEST: (u32, u32) = (20, 19);

pub fn for_start(window: bool) -> Result {
    let wanted: Vec<&str> = if window { BUILD.to_vec() } else { [BUILD, HEADLESS].concat() };
    system(&wanted)?;
    ui::install()
}

pub fn for_tests() -> Result {
    // A Chromium that is named is there; Ubuntu has none among its packages.
    let named = std::env::var_os("LECTERN_CHROMIUM").is_some();
    let test: Vec<&str> = TEST.iter().copied().filter(|package| !named || *package != "chromium").collect();
    system(&[BUILD, HEADLESS, &test].concat())?;
    python::install()?;
    ui::install()
}

pub fn for_bench() -> Result {
    system(&[BUILD, BENCH].concat())
}

pub fn for_server_bench() -> Result {
    system(&[BUILD, DATABASE].concat())
}

pub fn for_check() -> Result {
    system(&[BUILD, HEADLESS, CHECK].concat())?;
    ui::install()
}

pub fn everything() -> Result {
    for_tests()?;
    say("everything is there");
    Ok(())
}

fn system(packages: &[&str]) -> Result {
    if cfg!(target_os = "linux") {
        debian(packages)?;
    } else {
        elsewhere()?;
    }
    node()
}

/// macOS and Windows bring the web view with them; the compiler's tools cannot be installed without questions.
fn elsewhere() -> Result {
    if cfg!(windows) {
        // We are a Rust program that was just built, so the linker is there. The web view cannot be seen from here.
        say("Windows: the WebView2 runtime is needed; Windows 11 has it, for Windows 10 Microsoft offers it.");
        return Ok(());
    }
    if output_of(Command::new("xcode-select").arg("-p")).is_some() {
        return Ok(());
    }
    let words = "Xcode's command line tools are needed: run `xcode-select --install`, then this command again.";
    Err(Trouble::Needs(words.to_owned()))
}

fn node() -> Result {
    let version = output_of(Command::new("node").arg("--version")).unwrap_or_default();
    if at_least(&version, NODE_OLDEST) {
        return Ok(());
    }
    let (major, minor) = NODE_OLDEST;
    let found = if version.is_empty() { "none was found".to_owned() } else { format!("found {}", version.trim()) };
    Err(Trouble::Needs(format!(
        "Node {major}.{minor} or newer is needed to build the window ({found}). Install it from https://nodejs.org or \
         your system's packages, and run this command again."
    )))
}

fn at_least(version: &str, oldest: (u32, u32)) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= oldest
}

fn debian(packages: &[&str]) -> Result {
    if find_program("dpkg-query").is_none() {
        // Another Linux names its packages differently. What the compiler misses it will say itself.
        if output_of(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"])).is_some() {
            return Ok(());
        }
        let list = packages.join(" ");
        return Err(Trouble::Needs(format!("Install what these Debian packages hold, then run this again: {list}")));
    }
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let (Some(mut update), Some(mut install)) = (apt(), apt()) else {
        return Err(Trouble::Needs(format!(
            "These packages are missing. Install them, then run this command again:\n\n  sudo apt-get install {list}"
        )));
    };
    say(&format!("installing {} Debian packages: {list}", missing.len()));
    // Without a list of packages, or with an old one, the install below says so itself.
    drop(run(update.args(["update", "--quiet"])));
    run(install.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(&missing))
}

fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    // It ends with an error when a package is unknown, and lists the others all the same.
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status} ${Package}\n"]).args(packages);
    let output = query.output().map(|output| output.stdout).unwrap_or_default();
    let installed = String::from_utf8_lossy(&output).into_owned();
    let is_installed = |package: &&str| installed.lines().any(|line| line == format!("installed {package}"));
    packages.iter().copied().filter(|package| !is_installed(package)).collect()
}

/// Installs the package files that follow, with what they depend on.
pub fn apt_install() -> Result<Command> {
    let mut command = may_install()?;
    command.args(["install", "--yes", "--quiet", "--no-install-recommends"]);
    Ok(command)
}

/// Takes away the packages that follow.
pub fn apt_remove() -> Result<Command> {
    let mut command = may_install()?;
    command.args(["purge", "--yes", "--quiet"]);
    Ok(command)
}

fn may_install() -> Result<Command> {
    apt().ok_or_else(|| Trouble::Needs("apt-get is needed, as root or through sudo without a question.".into()))
}

/// `apt-get` with the right to install, when that can be had without a question.
fn apt() -> Option<Command> {
    let is_root = output_of(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let mut command = if is_root {
        Command::new("apt-get")
    } else if output_of(Command::new("sudo").args(["-n", "true"])).is_some() {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    } else {
        return None;
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(at_least("v20.19.0\n", (20, 19)));
        assert!(at_least("v22.1.0", (20, 19)));
        assert!(!at_least("v20.9.1", (20, 19)));
        assert!(!at_least("", (20, 19)));
    }
}
