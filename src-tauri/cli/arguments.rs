//! What may be said on the command line.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Lectern without a window: the same workspaces, the same engine, the same queue.
///
/// Keys come from the system's keychain, or from LECTERN_STORE_KEY_ID and LECTERN_STORE_KEY, or from the file named by
/// LECTERN_STORE_CREDENTIALS (id and key on a line each) – never from arguments, which every user of a computer can see.
///
/// Is Lectern open with the workspace, or another run of this program, the work is handed to it, and it goes on there
/// when this program ends.
///
/// Exit codes: 0 done; 1 some files did not go, or something failed; 2 not understood; 3 whoever has the workspace open
/// cannot be talked to, or has ended; 4 a key is missing or does not work.
#[derive(Debug, Parser)]
#[command(name = "lectern-cli", version)]
pub struct Arguments {
    /// Where workspaces are kept, if not in the system's folder for local app data.
    #[arg(long, global = true, value_name = "FOLDER", env = "LECTERN_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Which workspace.
    #[arg(long, short, global = true, value_name = "NAME", default_value = "local")]
    pub workspace: String,
    /// Print JSON: one object, on stdout. Errors too.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add, list and check workspaces.
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Put files into a chapter, in the order given, and send them.
    Upload {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The course's title. Made when there is none.
        #[arg(long)]
        course: String,
        /// The chapter's title. Made when there is none.
        #[arg(long)]
        chapter: String,
        #[command(flatten)]
        adding: Adding,
    },
    /// The media library.
    #[command(subcommand)]
    Library(LibraryCommand),
    /// Send what is queued, until nothing is left that can go.
    Queue,
    /// Say what is queued, sent and waiting, without sending anything.
    Status,
}

#[derive(Debug, Subcommand)]
pub enum LibraryCommand {
    /// Add files to the library and send them.
    Add {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        adding: Adding,
    },
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Adding {
    /// Queue only: the next run, or the app, sends them.
    #[arg(long)]
    pub no_wait: bool,
    /// What to do with files whose bytes are in the library already.
    #[arg(long, value_enum, default_value_t = Duplicates::Use)]
    pub duplicates: Duplicates,
    /// What to do with other files of a name that the chapter or the library has.
    #[arg(long, value_enum, default_value_t = SameName::Keep)]
    pub same_name: SameName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SameName {
    /// Show the new one in the other's place once it is sent; the other stays as its earlier version.
    Replace,
    /// Send them, as files of their own.
    Keep,
    /// Leave them out.
    Skip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Duplicates {
    /// Show the one that is there; nothing is sent.
    Use,
    /// Send them again, as files of their own.
    Keep,
    /// Leave them out.
    Skip,
}

#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Make a workspace whose files go to a bucket.
    Add(AddArguments),
    /// Open a workspace that lies in a bucket, as another computer left it: courses, order and library.
    Open(OpenArguments),
    /// Join a team's server. Its one-time code is asked for, or taken from LECTERN_CODE.
    Join {
        name: String,
        /// `https://…`
        address: String,
        /// What people call this computer, unless it is its own name.
        #[arg(long)]
        computer: Option<String>,
        /// Also write this computer's token into a new file that only you can read: for LECTERN_DEVICE_TOKEN_FILE, where
        /// there is no keychain.
        #[arg(long)]
        token_file: Option<PathBuf>,
    },
    /// List the workspaces of this computer.
    List,
    /// Upload, list, read and delete a small object in the workspace's bucket.
    Check,
}

#[derive(Debug, clap::Args)]
pub struct OpenArguments {
    /// Which one, where several lie in the bucket.
    #[arg(long, value_name = "ID")]
    pub owner: Option<String>,
    #[command(flatten)]
    pub bucket: AddArguments,
}

/// A bucket on Backblaze B2 (--b2), whose key says where it is, or on another S3-compatible store (--endpoint).
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").required(true).args(["b2", "endpoint"]))]
pub struct AddArguments {
    pub name: String,
    #[arg(long)]
    pub b2: bool,
    /// HTTPS where no scheme is given; plain HTTP to this computer only.
    #[arg(long, requires = "bucket")]
    pub endpoint: Option<String>,
    #[arg(long, default_value = "us-east-1", conflicts_with = "b2")]
    pub region: String,
    /// Not needed with a B2 key that is bound to one bucket.
    #[arg(long)]
    pub bucket: Option<String>,
    /// Everything of this workspace lies below it.
    #[arg(long, default_value = "")]
    pub prefix: String,
}
