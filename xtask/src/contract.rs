//! Asks every object store for the one contract, and prints who keeps which sentence of it.

use crate::run::{Result, cargo, run};
use crate::{place, python};
use std::process::Command;

/// `arguments` name a bucket of the user's own; with none, the stores of this computer are asked.
pub fn ask(arguments: &[&str]) -> Result {
    if arguments.is_empty() {
        python::install()?;
    }
    run(cargo(&place::root()).args(["build", "--quiet", "-p", "lectern-backend-tests", "--bin", "contract"]))?;
    run(python::show(Command::new(place::built("contract")?).args(arguments)))
}
