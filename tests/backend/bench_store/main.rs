//! A store for benches to send to: `bench_store local FOLDER` or `bench_store sink`. Prints where it is and its key as one
//! JSON object, and serves until its standard input ends.

mod sink;

use lectern_server::object_store::local::LocalStore;
use lectern_server::object_store::s3::S3Config;
use serde_json::json;
use std::error::Error;
use std::path::Path;
use tokio::io::AsyncReadExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["local", folder] => {
            let store = LocalStore::start(Path::new(folder)).await?;
            say(&store.config());
            until_input_ends().await;
            store.shutdown().await;
        }
        ["sink"] => {
            say(&sink::start().await?);
            until_input_ends().await;
        }
        _ => return Err("bench_store local FOLDER, or bench_store sink".into()),
    }
    Ok(())
}

fn say(config: &S3Config) {
    println!(
        "{}",
        json!({
            "endpoint": config.endpoint.as_str(),
            "region": config.region,
            "bucket": config.bucket,
            "access_key": config.access_key,
            "secret_key": config.secret_key,
        })
    );
}

async fn until_input_ends() {
    let mut rest = Vec::new();
    // An error is an end as well.
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
}
