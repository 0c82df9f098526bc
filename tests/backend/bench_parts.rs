//! Sends a file with so many parts at once for so long, and ends as the app does when it is closed: its memory is somebody
//! else's to measure. `bench_parts WORKSPACE FILE PARTS SECONDS STORE`; the store as `bench_store` tells it.

use lectern_engine::remote::{Line, RootCertificate};
use lectern_engine::workspace::LocalWorkspace;
use lectern_server::object_store::s3::{S3Config, S3Line, S3Store};
use lectern_shared::upload::Destination;
use serde_json::Value;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, parts, seconds, told] = &arguments[..] else {
        return Err("bench_parts WORKSPACE FILE PARTS SECONDS STORE".into());
    };
    let told: Value = serde_json::from_str(told)?;
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let roots: Vec<Vec<u8>> = told["root"].as_str().map(|root| root.as_bytes().to_vec()).into_iter().collect();
    let config = S3Config {
        endpoint: text("endpoint").parse()?,
        region: text("region"),
        bucket: text("bucket"),
        access_key: text("access_key"),
        secret_key: text("secret_key"),
    };
    let store = S3Store::over(config, S3Line { roots: roots.clone(), ..S3Line::default() });
    let roots = roots.into_iter().map(RootCertificate).collect();
    let line = Line { slots: Some(parts.parse()?), roots, ..Line::default() };
    let prober = PathBuf::from("/there/is/no/prober");
    let opening = LocalWorkspace::open_with_store(Path::new(folder), prober, line, Arc::new(drop), Arc::new(store));
    let local = opening.await?;
    local.workspace.add_files(vec![file.into()], Destination::Library).await?;
    tokio::time::sleep(Duration::from_secs(seconds.parse()?)).await;
    local.shutdown().await;
    Ok(())
}
