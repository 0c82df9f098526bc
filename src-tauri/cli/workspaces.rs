//! `workspace add|open|join|list|check`.

use crate::arguments::{AddArguments, Arguments, OpenArguments, WorkspaceCommand};
use crate::failure::Failure;
use crate::open;
use lectern_engine::remote::Line;
use lectern_engine::workspace::{
    BucketSettings, Chosen, Kept, KeyRing, Settings, StoreKey, StoreSettings, choose, computer_name, find_workspaces,
    join as join_team, open_from_bucket, try_bucket,
};
use lectern_server::object_store::b2;
use lectern_shared::access::PairRequest;
use lectern_shared::connect::{ConnectProblem, Connection};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use url::Url;

pub async fn run(arguments: &Arguments, command: &WorkspaceCommand) -> Result<(), Failure> {
    match command {
        WorkspaceCommand::Add(wanted) => add(arguments, wanted).await,
        WorkspaceCommand::Open(wanted) => open_from(arguments, wanted).await,
        WorkspaceCommand::Join { name, address, computer, token_file } => {
            join(arguments, name, address, computer.as_deref(), token_file.as_deref()).await
        }
        WorkspaceCommand::List => list(arguments),
        WorkspaceCommand::Check => check(arguments).await,
    }
}

/// Another address than Backblaze's own is for tests.
fn b2_address() -> Result<Url, Failure> {
    let address = std::env::var("LECTERN_TEST_B2_ADDRESS").unwrap_or_else(|_| b2::ADDRESS.to_owned());
    address.parse().map_err(|_| Failure::Store(ConnectProblem::NotBackblaze { detail: address }))
}

/// Nothing is written before the store has passed.
async fn add(arguments: &Arguments, wanted: &AddArguments) -> Result<(), Failure> {
    let name = &wanted.name;
    let (folder, bucket, key) = passing(arguments, wanted).await?;
    let settings = Settings::new(name, StoreSettings::Bucket(bucket));
    std::fs::create_dir_all(&folder)?;
    let kept = KeyRing::default().keep(settings.user, key).await;
    settings.write(&folder)?;
    say_ready(arguments, name, kept);
    Ok(())
}

/// A folder that is free, and a bucket that has passed.
async fn passing(arguments: &Arguments, wanted: &AddArguments) -> Result<(PathBuf, BucketSettings, StoreKey), Failure> {
    let folder = open::folder(arguments, &wanted.name)?;
    if Settings::read(&folder)?.is_some() {
        return Err(Failure::Exists(wanted.name.clone()));
    }
    let key = open::key_from_outside()?.ok_or(Failure::NoKey)?;
    let b2 = b2_address()?;
    let (bucket, key) = match choose(&connection(wanted, &key), &b2, None).await.map_err(Failure::Store)? {
        Chosen::Bucket(bucket, key) => (bucket, key),
        Chosen::Several(buckets) => return Err(Failure::NoBucket(buckets)),
    };
    passes(&bucket, key.clone(), &b2).await?;
    Ok((folder, bucket, key))
}

fn say_ready(arguments: &Arguments, name: &str, kept: Kept) {
    let in_keychain = kept == Kept::Keychain;
    if arguments.json {
        println!("{}", json!({ "workspace": name, "key_in_keychain": in_keychain }));
    } else {
        println!("Workspace {name:?} is ready.");
        if !in_keychain {
            println!("There is no keychain here: give the key with every run.");
        }
    }
}

async fn open_from(arguments: &Arguments, wanted: &OpenArguments) -> Result<(), Failure> {
    let (folder, bucket, key) = passing(arguments, &wanted.bucket).await?;
    let found = find_workspaces(&bucket, &key).await?;
    let chosen = match &wanted.owner {
        Some(owner) => found.iter().find(|workspace| workspace.owner.to_string() == *owner),
        None if found.len() > 1 => {
            return Err(Failure::SeveralThere(found.iter().map(|workspace| workspace.owner.to_string()).collect()));
        }
        None => found.first(),
    };
    let owner = chosen.ok_or(Failure::NothingThere)?.owner;
    let opened = open_from_bucket(&folder, &bucket, key, owner, &[], &KeyRing::default()).await?;
    say_ready(arguments, &wanted.bucket.name, opened.key);
    Ok(())
}

/// The code comes from outside: who looks at the list of programs must not find it.
async fn join(
    arguments: &Arguments,
    name: &str,
    address: &str,
    computer: Option<&str>,
    token_file: Option<&Path>,
) -> Result<(), Failure> {
    let folder = open::folder(arguments, name)?;
    // Before the code is used up.
    let opened = token_file.map(new_private_file).transpose()?;
    let code = match std::env::var("LECTERN_CODE") {
        Ok(code) => code,
        Err(_) => {
            eprint!("Code: ");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            line
        }
    };
    let device_name = computer.map_or_else(computer_name, str::to_owned);
    let keys = KeyRing::default();
    let request = PairRequest { code, device_name };
    let joined = join_team(&folder, name, address, &request, &Line::default(), &keys).await;
    if let (Err(_), Some(empty)) = (&joined, token_file) {
        std::fs::remove_file(empty)?;
    }
    let (kept, token) = joined?;
    let in_keychain = kept == Kept::Keychain;
    let is_kept = in_keychain || opened.is_some();
    if let Some(mut file) = opened {
        writeln!(file, "{}", token.0)?;
    }
    if arguments.json {
        println!("{}", json!({ "workspace": name, "key_in_keychain": in_keychain }));
        return Ok(());
    }
    println!("Workspace {name:?} is ready.");
    if !is_kept {
        println!(
            "There is no keychain here: join again with --token-file, or this computer is not let in a second time."
        );
    }
    Ok(())
}

/// One that is there is left as it is.
fn new_private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn connection(wanted: &AddArguments, key: &StoreKey) -> Connection {
    let (key_id, secret, folder) = (key.id.clone(), key.secret.clone(), wanted.prefix.clone());
    match &wanted.endpoint {
        None => Connection::BackblazeB2 { key_id, application_key: secret, bucket: wanted.bucket.clone(), folder },
        Some(endpoint) => Connection::S3Compatible {
            endpoint: endpoint.clone(),
            region: wanted.region.clone(),
            bucket: wanted.bucket.clone().unwrap_or_default(),
            folder,
            key_id,
            secret_key: secret,
        },
    }
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
            StoreSettings::Team(team) => println!("{name}\ta team's, at {}", team.address),
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
    passes(bucket, key, &b2_address()?).await?;
    say_passed(arguments)
}

async fn passes(bucket: &BucketSettings, key: StoreKey, b2: &Url) -> Result<(), Failure> {
    try_bucket(bucket, key, b2).await.map_err(Failure::Store)
}

fn say_passed(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.json {
        println!("{}", json!({ "workspace": arguments.workspace, "passed": true }));
    } else {
        println!("{}: uploads, lists, reads and deletes as it should.", arguments.workspace);
    }
    Ok(())
}
