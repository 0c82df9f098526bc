//! `workspace add|list|check`.

use crate::arguments::{AddArguments, Arguments, WorkspaceCommand};
use crate::failure::Failure;
use crate::open;
use lectern_engine::workspace::{
    BucketSettings, Kept, KeyRing, Provider, Settings, StoreKey, StoreSettings, bucket_store, check_store,
};
use lectern_server::object_store::b2::{self, KeyProblem};
use serde_json::{Value, json};

pub async fn run(arguments: &Arguments, command: &WorkspaceCommand) -> Result<(), Failure> {
    match command {
        WorkspaceCommand::Add(wanted) => add(arguments, wanted).await,
        WorkspaceCommand::List => list(arguments),
        WorkspaceCommand::Check => check(arguments).await,
    }
}

/// A prefix is a folder: without the slash it would also take in its neighbours.
fn with_slash(prefix: &str) -> String {
    let bare = prefix.trim_matches('/');
    if bare.is_empty() { String::new() } else { format!("{bare}/") }
}

/// Nothing is written before the store has passed.
async fn add(arguments: &Arguments, wanted: &AddArguments) -> Result<(), Failure> {
    let name = &wanted.name;
    let folder = open::folder(arguments, name)?;
    if Settings::read(&folder)?.is_some() {
        return Err(Failure::Exists(name.to_owned()));
    }
    let key = open::key_from_outside()?.ok_or(Failure::NoKey)?;
    let bucket = settings(wanted, &key).await?;
    passes(&bucket, key.clone()).await?;
    let settings = Settings::new(name, StoreSettings::Bucket(bucket));
    std::fs::create_dir_all(&folder)?;
    let kept = KeyRing::default().keep(settings.user, key).await;
    settings.write(&folder)?;
    let in_keychain = kept == Kept::Keychain;
    if arguments.json {
        println!("{}", json!({ "workspace": name, "key_in_keychain": in_keychain }));
    } else {
        println!("Workspace {name:?} is ready.");
        if !in_keychain {
            println!("There is no keychain here: give the key with every run.");
        }
    }
    Ok(())
}

async fn settings(wanted: &AddArguments, key: &StoreKey) -> Result<BucketSettings, Failure> {
    let prefix = with_slash(&wanted.prefix);
    if let (Some(endpoint), Some(bucket)) = (&wanted.endpoint, &wanted.bucket) {
        let (endpoint, region, bucket) = (endpoint.clone(), wanted.region.clone(), bucket.clone());
        return Ok(BucketSettings { provider: Provider::S3Compatible, endpoint, region, bucket, prefix });
    }
    // Another address is for tests: Backblaze has one.
    let address = std::env::var("LECTERN_TEST_B2_ADDRESS").unwrap_or_else(|_| b2::ADDRESS.to_owned());
    let address = address.parse().map_err(|_| KeyProblem::NotB2(address))?;
    let access = b2::authorize(&address, &key.id, &key.secret).await?;
    let bucket = match (access.bucket, &wanted.bucket) {
        (Some(bound), Some(named)) if bound != *named => return Err(Failure::OtherBucket(bound)),
        (Some(bound), _) => bound,
        (None, Some(named)) => named.clone(),
        (None, None) => return Err(Failure::NoBucket),
    };
    // The key's own prefix is a text, not a folder: what is below it is ours to name.
    let prefix = if prefix.starts_with(&access.prefix) { prefix } else { format!("{}{prefix}", access.prefix) };
    let (endpoint, region) = (access.endpoint, access.region);
    Ok(BucketSettings { provider: Provider::BackblazeB2, endpoint, region, bucket, prefix })
}

fn list(arguments: &Arguments) -> Result<(), Failure> {
    let mut found: Vec<(String, Settings)> = Vec::new();
    let entries = match std::fs::read_dir(open::data_folder(arguments)?) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return say_list(arguments, &found),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let entry = entry?;
        if let (Some(settings), Ok(name)) = (Settings::read(&entry.path())?, entry.file_name().into_string()) {
            found.push((name, settings));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    say_list(arguments, &found)
}

fn say_list(arguments: &Arguments, found: &[(String, Settings)]) -> Result<(), Failure> {
    if arguments.json {
        let all: Vec<Value> =
            found.iter().map(|(name, settings)| json!({ "name": name, "store": settings.store })).collect();
        println!("{}", json!({ "workspaces": all }));
        return Ok(());
    }
    for (name, settings) in found {
        match &settings.store {
            StoreSettings::ThisComputer => println!("{name}\ton this computer only"),
            StoreSettings::Bucket(bucket) => println!("{name}\t{} at {}", bucket.bucket, bucket.endpoint),
        }
    }
    Ok(())
}

async fn check(arguments: &Arguments) -> Result<(), Failure> {
    let folder = open::folder(arguments, &arguments.workspace)?;
    let settings = Settings::read(&folder)?.ok_or_else(|| Failure::NoWorkspace(arguments.workspace.clone()))?;
    let StoreSettings::Bucket(bucket) = &settings.store else {
        return say_passed(arguments);
    };
    let key = match open::key_from_outside()? {
        Some(key) => key,
        None => KeyRing::default().key(settings.user).await?.ok_or(Failure::NoKey)?,
    };
    passes(bucket, key).await?;
    say_passed(arguments)
}

async fn passes(bucket: &BucketSettings, key: StoreKey) -> Result<(), Failure> {
    check_store(&bucket_store(bucket, key)).await.map_err(|error| Failure::Check(error.to_string()))
}

fn say_passed(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.json {
        println!("{}", json!({ "workspace": arguments.workspace, "passed": true }));
    } else {
        println!("{}: uploads, lists, reads and deletes as it should.", arguments.workspace);
    }
    Ok(())
}
