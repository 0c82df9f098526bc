//! A store for benches to send to: `bench_store [--tls | --line] local FOLDER | rclone FOLDER | sink`. Prints where it is
//! and its key as one JSON object, and serves until its standard input ends. The sink then says how much it was sent.

mod line;
mod sink;

use lectern_backend_tests::support::fault_proxy::FaultProxy;
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
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let way = match words.first() {
        Some(way @ (&"--tls" | &"--line")) => {
            let way = *way;
            words.remove(0);
            Some(way)
        }
        _ => None,
    };
    match words.as_slice() {
        ["local", folder] => {
            let store = LocalStore::start(Path::new(folder)).await?;
            serve(store.config(), way).await?;
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
            serve(config, way).await?;
        }
        ["sink"] => {
            let (config, sink) = sink::start().await?;
            serve(config, way).await?;
            println!("{}", json!({ "received": sink.received() }));
        }
        _ => return Err("bench_store [--tls | --line] local FOLDER | rclone FOLDER | sink".into()),
    }
    Ok(())
}

/// Over TLS, over a line, or as it is.
async fn serve(config: S3Config, way: Option<&str>) -> Result<(), Box<dyn Error>> {
    let port = config.endpoint.port().ok_or("an endpoint has a port")?;
    let upstream = SocketAddr::from(([127, 0, 0, 1], port));
    match way {
        Some("--tls") => {
            let proxy = FaultProxy::start_tls(upstream).await?;
            say(&S3Config { endpoint: proxy.endpoint().parse()?, ..config }, proxy.root());
            until_input_ends().await;
        }
        Some(_) => {
            let address = line::start(upstream).await?;
            say(&S3Config { endpoint: format!("http://{address}").parse()?, ..config }, None);
            until_input_ends().await;
        }
        None => {
            say(&config, None);
            until_input_ends().await;
        }
    }
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
