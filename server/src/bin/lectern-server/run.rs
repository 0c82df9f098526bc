//! What the commands do.

use crate::arguments::{Arguments, Files, Gc, Serve};
use lectern_server::access::Team;
use lectern_server::cleaning::{Cleaned, Keep};
use lectern_server::object_store::ObjectStore;
use lectern_server::object_store::keyless::Keyless;
use lectern_server::object_store::local::LocalStore;
use lectern_server::object_store::prefixed::Prefixed;
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_server::{Server, Store};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use url::Url;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Said(String),
    #[error("the database: {0}")]
    Database(#[from] lectern_server::StoreFailure),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Backup(#[from] lectern_server::BackupError),
}

pub async fn serve(arguments: &Arguments, serve: &Serve) -> Result<(), Failure> {
    let database = database(&arguments.database).await?;
    let (objects, _local) = objects(&serve.files).await?;
    let server = Server::new(database, objects);
    let team = Team::open(server.clone()).await?;
    server.join_nodes().await?;
    let listener = TcpListener::bind(serve.listen).await?;
    let asked = asked_to_stop();
    // For scripts that let the system choose the port.
    println!("listening on {}", listener.local_addr()?);
    if let Some(address) = serve.metrics {
        let listener = TcpListener::bind(address).await?;
        println!("metrics on {}", listener.local_addr()?);
        let metrics = team.metrics_router();
        tokio::spawn(async move { axum::serve(listener, metrics).await });
    }
    io::stdout().flush()?;
    let (stopped, cleaning) = (server.clone(), server.clone());
    let cleaning = tokio::spawn(async move { cleaning.clean_daily().await });
    let stop = async move {
        asked.await;
        tracing::info!("stopping: calls that are being answered are finished");
        stopped.stop();
    };
    axum::serve(listener, team.router()).with_graceful_shutdown(stop).await?;
    cleaning.abort();
    server.close().await;
    Ok(())
}

pub async fn gc(arguments: &Arguments, gc: &Gc) -> Result<(), Failure> {
    let (objects, _local) = objects(&gc.files).await?;
    let server = Server::new(database(&arguments.database).await?, objects);
    let keep = Keep { bytes_days: gc.files_days, rows_days: gc.rows_days };
    let cleaned = server.clean(keep).await.map_err(said)?;
    if cleaned.is_too_soon {
        let words = "nothing is removed for 30 days after a restore: apps may still send what the backup did not know";
        return Err(Failure::Said(words.to_owned()));
    }
    let Cleaned { files, bytes, courses, rows, .. } = cleaned;
    println!("{files} files of {bytes} bytes, {courses} courses, {rows} other rows");
    server.close().await;
    Ok(())
}

pub async fn invite(arguments: &Arguments, email: &str, name: Option<&str>, admin: bool) -> Result<(), Failure> {
    let code = team(arguments).await?.invite(email, name, admin).await.map_err(said)?;
    println!("{}", code.code);
    eprintln!("Good once, for seven days. In Lectern: Join a team, with this server's address and this code.");
    Ok(())
}

pub async fn revoke(arguments: &Arguments, email: &str) -> Result<(), Failure> {
    let devices = team(arguments).await?.revoke(email).await.map_err(said)?;
    println!("{devices}");
    Ok(())
}

pub async fn users(arguments: &Arguments) -> Result<(), Failure> {
    for person in team(arguments).await?.people().await? {
        let (email, admin) = (person.email.unwrap_or_default(), if person.admin { "admin" } else { "" });
        println!("{email}\t{}\t{} devices\t{admin}", person.name, person.devices);
    }
    Ok(())
}

pub async fn restored(arguments: &Arguments) -> Result<(), Failure> {
    Ok(database(&arguments.database).await?.declare_restored().await?)
}

fn said(error: lectern_server::api::ApiError) -> Failure {
    let problem: lectern_shared::protocol::Problem = error.into();
    Failure::Said(problem.detail)
}

/// For commands that send and read no bytes.
async fn team(arguments: &Arguments) -> Result<Team, Failure> {
    let server = Server::new(database(&arguments.database).await?, Arc::new(Keyless));
    Ok(Team::open(server).await?)
}

pub async fn database(address: &str) -> Result<Store, Failure> {
    match address.strip_prefix("sqlite:") {
        Some(file) => Ok(Store::open(Path::new(file)).await?),
        None if address.starts_with("postgres://") || address.starts_with("postgresql://") => {
            Ok(Store::connect(address).await?)
        }
        None => Err(Failure::Said("a database is postgres://… or sqlite:FILE".to_owned())),
    }
}

/// The store, and what must live as long as it.
async fn objects(files: &Files) -> Result<(Arc<dyn ObjectStore>, Option<LocalStore>), Failure> {
    if let Some(folder) = &files.store_folder {
        let local = LocalStore::start(folder).await.map_err(|error| Failure::Said(error.to_string()))?;
        return Ok((Arc::new(local.store()), Some(local)));
    }
    let bucket = Bucket::of(files.store.as_deref().unwrap_or_default())
        .ok_or_else(|| Failure::Said("a store is s3://BUCKET[/PREFIX]?endpoint=HOST[&region=REGION]".to_owned()))?;
    let (access_key, secret_key) = key(files.credentials.as_deref())?;
    let Bucket { endpoint, region, bucket, prefix } = bucket;
    let store = S3Store::new(S3Config { endpoint, region, bucket, access_key, secret_key });
    Ok((Arc::new(Prefixed::new(store, prefix)), None))
}

struct Bucket {
    endpoint: Url,
    region: String,
    bucket: String,
    prefix: String,
}

impl Bucket {
    fn of(text: &str) -> Option<Self> {
        let url: Url = text.parse().ok()?;
        let bucket = url.host_str().filter(|_| url.scheme() == "s3")?.to_owned();
        let option = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let endpoint = option("endpoint")?;
        let endpoint = if endpoint.contains("://") { endpoint } else { format!("https://{endpoint}") };
        let prefix = match url.path().trim_matches('/') {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let region = option("region").unwrap_or_else(|| "us-east-1".to_owned());
        Some(Self { endpoint: endpoint.parse().ok()?, region, bucket, prefix })
    }
}

fn key(file: Option<&Path>) -> Result<(String, String), Failure> {
    let missing = || {
        Failure::Said(
            "the bucket's key is missing: LECTERN_STORE_KEY_ID and LECTERN_STORE_KEY, or --credentials".into(),
        )
    };
    let Some(file) = file else {
        let half = |name| std::env::var(name).ok().filter(|half| !half.is_empty());
        return half("LECTERN_STORE_KEY_ID").zip(half("LECTERN_STORE_KEY")).ok_or_else(missing);
    };
    let text = std::fs::read_to_string(file)?;
    let mut halves = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    halves.next().zip(halves.next()).ok_or_else(missing)
}

/// Waits for Ctrl+C, or what a service manager sends: from this call on, not from the first poll.
fn asked_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        #[cfg(unix)]
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}
