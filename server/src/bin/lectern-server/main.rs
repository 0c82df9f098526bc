//! `lectern-server`: the course server of a team, on PostgreSQL or SQLite and a bucket. Nodes come and go: what they know
//! is in the database and the bucket alone.

mod arguments;
mod backup;
mod run;

use arguments::{Arguments, Command};
use clap::Parser as _;
use lectern_server::object_store::log_filter_without_secrets;
use std::io::IsTerminal as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().any(|argument| has_password(&argument)) {
        eprintln!("lectern-server: everybody on this computer sees its arguments: put the password into PGPASSWORD");
        return ExitCode::from(2);
    }
    let arguments = Arguments::parse();
    log();
    let done = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&arguments)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("lectern-server: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Of a database's address.
fn has_password(argument: &str) -> bool {
    let address = argument.split_once('=').map_or(argument, |(_, value)| value);
    [argument, address].iter().any(|text| url::Url::parse(text).is_ok_and(|url| url.password().is_some()))
}

async fn run(arguments: &Arguments) -> Result<(), run::Failure> {
    match &arguments.command {
        Command::Serve(serve) => run::serve(arguments, serve).await,
        Command::Invite { email, name, admin } => run::invite(arguments, email, name.as_deref(), *admin).await,
        Command::Revoke { email } => run::revoke(arguments, email).await,
        Command::Users => run::users(arguments).await,
        Command::Gc(gc) => run::gc(arguments, gc).await,
        Command::Backup(backup) => backup::back_up(arguments, backup).await,
        Command::Restored => run::restored(arguments).await,
    }
}

/// For people on a terminal, for programs everywhere else: a JSON object a line. No library that prints signed URLs is let
/// in.
fn log() {
    let wanted = std::env::var("LECTERN_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = log_filter_without_secrets(&wanted);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() { log.init() } else { log.json().init() }
}
