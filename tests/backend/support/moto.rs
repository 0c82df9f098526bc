//! moto: the S3 that Python's tests use, written from Amazon's documentation by others than us. It keeps everything in
//! memory and checks no signature, so any key will do.

use crate::support::python::{Server, program};
use std::io;
use std::net::SocketAddr;
use std::process::Command;

/// `cargo xtask test` installs the same ones. The `server` extra would bring every other service of Amazon along.
const PACKAGES: &[&str] = &["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"];

/// A running server. Ends on drop.
pub struct Moto {
    server: Server,
}

impl Moto {
    /// Listens on a free port of 127.0.0.1. Blocks: a few seconds, or as long as an install takes.
    ///
    /// # Errors
    /// When moto cannot be installed or does not start; the text says which.
    pub fn start() -> io::Result<Self> {
        let mut command = Command::new(program("moto_server", "LECTERN_MOTO", PACKAGES)?);
        Ok(Self { server: Server::start(command.args(["-H", "127.0.0.1", "-p", "0"]))? })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Makes a bucket that keeps versions, as B2's do.
    ///
    /// # Errors
    /// When moto does not answer or refuses.
    pub async fn bucket(&self, name: &str) -> reqwest::Result<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let bucket = format!("http://{}/{name}", self.address());
        // It looks at the shape of this alone, for the service and the region.
        let signed =
            "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let send = async |url: &str, body: &'static str| {
            let sent = client.put(url).header("authorization", signed).body(body).send().await?;
            sent.error_for_status().map(drop)
        };
        send(&bucket, "").await?;
        let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        send(&format!("{bucket}?versioning"), enabled).await
    }
}
