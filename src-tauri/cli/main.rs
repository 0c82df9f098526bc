//! `lectern-cli`: Lectern's workspaces without a window. What it queues is in the same queue as what was dropped on the
//! window, and goes on there when this program ends.

mod arguments;
mod failure;
mod open;
mod progress;
mod queue;
mod workspaces;

use arguments::{Arguments, Command};
use clap::Parser as _;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A file is looked into by this program run again, so that a hostile one cannot take the queue down.
    if let Some(code) = lectern_engine::media::child_main(std::env::args_os().skip(1)) {
        return code;
    }
    let arguments = Arguments::parse();
    log();
    let done = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&arguments)),
        Err(error) => Err(Failure::Io(error)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.say(arguments.json);
            failure.exit_code()
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Workspace(command) => workspaces::run(arguments, command).await,
        Command::Upload { files, course, chapter, adding } => {
            queue::upload(arguments, files, course, chapter, *adding).await
        }
        Command::Library(arguments::LibraryCommand::Add { files, adding }) => {
            queue::add_to_library(arguments, files, *adding).await
        }
        Command::Queue => queue::run(arguments).await,
        Command::Status => queue::status(arguments).await,
    }
}

/// Silent unless asked: stdout is for scripts, stderr for people. No library that prints signed URLs is let in.
fn log() {
    let Ok(wanted) = std::env::var("LECTERN_LOG") else { return };
    let filter = lectern_server::object_store::log_filter_without_secrets(&wanted);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
