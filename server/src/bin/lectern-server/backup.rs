//! Copies of the database, the newest few.

use crate::arguments::{Arguments, Backup};
use crate::run::{Failure, database};
use std::path::Path;
use time::OffsetDateTime;

const PREFIX: &str = "lectern-";

/// The copy's name is printed: scripts carry it elsewhere.
pub async fn back_up(arguments: &Arguments, backup: &Backup) -> Result<(), Failure> {
    std::fs::create_dir_all(&backup.folder)?;
    let is_postgres = !arguments.database.starts_with("sqlite:");
    let extension = if is_postgres { "dump" } else { "sqlite" };
    // In UTC, so that names sort by age.
    let now = OffsetDateTime::now_utc();
    let (date, (hour, minute, second, milli)) = (now.date(), now.time().as_hms_milli());
    let name = format!("{PREFIX}{date}-{hour:02}{minute:02}{second:02}-{milli:03}.{extension}");
    let file = backup.folder.join(name);
    match is_postgres {
        true => dump(&arguments.database, &file)?,
        false => {
            let name = arguments.database.trim_start_matches("sqlite:");
            if !Path::new(name).is_file() {
                return Err(Failure::Said(format!("there is no database {name}")));
            }
            database(&arguments.database).await?.back_up(&file).await?;
        }
    }
    forget_old(&backup.folder, extension, usize::from(backup.keep))?;
    println!("{}", file.display());
    Ok(())
}

/// By PostgreSQL's own tools: <https://www.postgresql.org/docs/current/app-pgdump.html>.
fn dump(address: &str, file: &Path) -> Result<(), Failure> {
    let partial = file.with_extension("partial");
    let run = |program: &str, arguments: &[&std::ffi::OsStr]| match std::process::Command::new(program)
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .status()
    {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Said(format!("{program} failed: {status}"))),
        Err(error) => Err(Failure::Said(format!("{program}, of PostgreSQL's client tools, is needed: {error}"))),
    };
    let dumped =
        run("pg_dump", &["--format=custom".as_ref(), "--file".as_ref(), partial.as_os_str(), address.as_ref()])
            // Reads all of its list of contents.
            .and_then(|()| run("pg_restore", &["--list".as_ref(), partial.as_os_str()]));
    match dumped {
        Ok(()) => Ok(std::fs::rename(&partial, file)?),
        Err(failure) => {
            let _ = std::fs::remove_file(&partial);
            Err(failure)
        }
    }
}

/// Only files that we have named.
fn forget_old(folder: &Path, extension: &str, keep: usize) -> Result<(), Failure> {
    let mut copies: Vec<_> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX)))
        .collect();
    copies.sort_unstable();
    let surplus = copies.len().saturating_sub(keep);
    for old in &copies[..surplus] {
        std::fs::remove_file(old)?;
    }
    Ok(())
}
