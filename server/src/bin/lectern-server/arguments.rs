//! The command line. No secret is ever an argument: other users of the machine see those.

use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The course server of a team.
#[derive(Debug, Parser)]
#[command(name = "lectern-server", version)]
pub struct Arguments {
    /// `postgres://user@host/database` (its password from PGPASSWORD or a password file) or `sqlite:FILE`.
    #[arg(
        long,
        env = "LECTERN_DATABASE",
        hide_env_values = true,
        global = true,
        default_value = "sqlite:lectern-server.sqlite"
    )]
    pub database: String,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer the apps of a team.
    Serve(Serve),
    /// Make a one-time code for somebody, or for another computer of somebody who is there.
    Invite {
        email: String,
        #[arg(long)]
        name: Option<String>,
        /// They may invite others. The first one may anyway.
        #[arg(long)]
        admin: bool,
    },
    /// Lock all computers of somebody out.
    Revoke { email: String },
    /// List who is there.
    Users,
    /// Remove what was deleted long ago: files after 30 days, everything else after 180. Serving does it once a day.
    Gc(Gc),
    /// Copy the database into a folder. The newest copies are kept, older ones deleted.
    Backup(Backup),
    /// To be run once, before serving, on a database that comes from a backup: the apps send again what it has lost.
    Restored,
}

#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Where to listen. In front of it belongs a proxy that speaks TLS.
    #[arg(long, env = "LECTERN_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where to answer `/metrics` for Prometheus: an address that only operators reach.
    #[arg(long, env = "LECTERN_METRICS")]
    pub metrics: Option<SocketAddr>,
    #[command(flatten)]
    pub files: Files,
}

#[derive(Debug, clap::Args)]
pub struct Gc {
    /// Days for which the bytes of a deleted file are kept.
    #[arg(long, default_value_t = 30)]
    pub files_days: u32,
    /// Days for which it is known that something was deleted. Apps that were away for longer read everything anew.
    #[arg(long, default_value_t = 180)]
    pub rows_days: u32,
    #[command(flatten)]
    pub files: Files,
}

#[derive(Debug, clap::Args)]
pub struct Backup {
    pub folder: PathBuf,
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    pub keep: u16,
}

/// Where the files are.
#[derive(Debug, clap::Args)]
pub struct Files {
    /// A bucket: `s3://BUCKET[/PREFIX]?endpoint=HOST[&region=REGION]`. Its key comes from `--credentials`, or from
    /// LECTERN_STORE_KEY_ID and LECTERN_STORE_KEY.
    #[arg(long, env = "LECTERN_STORE", conflicts_with = "store_folder", required_unless_present = "store_folder")]
    pub store: Option<String>,
    /// A folder on this computer, for trying it out: its files can be sent and read from this computer only.
    #[arg(long)]
    pub store_folder: Option<PathBuf>,
    /// A file with the two halves of the bucket's key, one a line.
    #[arg(long, env = "LECTERN_STORE_CREDENTIALS")]
    pub credentials: Option<PathBuf>,
}
