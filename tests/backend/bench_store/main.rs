//! A store for benches to send to: `bench_store [--line MBIT/S] local FOLDER | rclone FOLDER | sink [--tls]`. Prints where
//! it is and its key as one JSON object, and serves until its standard input ends. The sink then says how much it was sent,
//! and how many bodies came at once.

mod known;
mod line;
mod sink;

use lectern_backend_tests::support::fault_proxy::certificate;
use lectern_backend_tests::support::mending_proxy::MendingProxy;
use lectern_backend_tests::support::rclone::{self, Rclone};
use lectern_server::object_store::local::LocalStore;
use lectern_server::object_store::s3::S3Config;
use serde_json::json;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::AsyncReadExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (line, store) = match words.as_slice() {
        ["--line", megabits, store @ ..] => (Some(megabits.parse()?), store),
        store => (None, store),
    };
    match store {
        ["local", folder] => {
            let store = LocalStore::start(Path::new(folder)).await?;
            serve(store.config(), line, None).await?;
            store.shutdown().await;
        }
        ["rclone", folder] => {
            std::fs::create_dir_all(folder)?;
            let store = Rclone::start(Path::new(folder))?;
            store.bucket(rclone::BUCKET)?;
            // For everybody alike, though only our client needs it.
            let mended = MendingProxy::start(store.address()).await?;
            let config = S3Config {
                endpoint: mended.endpoint().parse()?,
                region: "us-east-1".to_owned(),
                bucket: rclone::BUCKET.to_owned(),
                access_key: rclone::ACCESS_KEY.to_owned(),
                secret_key: rclone::SECRET_KEY.to_owned(),
            };
            serve(config, line, None).await?;
        }
        ["sink", tls @ ..] => {
            let (acceptor, root) = match tls {
                ["--tls"] => certificate::acceptor().map(|(acceptor, root)| (Some(acceptor), Some(root)))?,
                _ => (None, None),
            };
            let (config, sink) = sink::start(acceptor).await?;
            serve(config, line, root).await?;
            println!("{}", json!({ "received": sink.received(), "most_at_once": sink.most_at_once() }));
        }
        _ => return Err("bench_store [--line MBIT/S] local FOLDER | rclone FOLDER | sink [--tls]".into()),
    }
    Ok(())
}

/// Until the input ends. With a line, through it.
async fn serve(mut config: S3Config, megabits: Option<f64>, root: Option<String>) -> Result<(), Box<dyn Error>> {
    if let Some(megabits) = megabits {
        let port = config.endpoint.port().ok_or("an endpoint has a port")?;
        let line = line::start(SocketAddr::from(([127, 0, 0, 1], port)), megabits).await?;
        config.endpoint.set_port(Some(line.port())).map_err(|()| "an endpoint has a port")?;
    }
    say(&config, root.as_deref());
    until_input_ends().await;
    Ok(())
}

fn say(config: &S3Config, root: Option<&str>) {
    println!(
        "{}",
        json!({
            "endpoint": config.endpoint.as_str(),
            "region": config.region,
            "bucket": config.bucket,
            "access_key": config.access_key,
            "secret_key": config.secret_key,
            "root": root,
        })
    );
}

async fn until_input_ends() {
    let mut rest = Vec::new();
    // An error is an end as well.
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
}
