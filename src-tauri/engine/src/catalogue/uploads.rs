//! Table `upload`: what the user asked to be sent. Written with the edits that announce it, in one transaction.

use super::{Catalogue, CatalogueFailure, outbox};
use crate::uploads::{Announced, CatalogueError, NewUpload, Outcome, SourceFacts, UploadCatalogue, UploadRecord};
use lectern_shared::ids::{AssetId, CourseId, OperationId, VideoId};
use lectern_shared::media::{AssetKind, Probe};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::sync::Actor;
use lectern_shared::upload::Destination;
use lectern_shared::{Millis, SCHEMA};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::path::{Path, PathBuf};

const COLUMNS: &str = "operation, asset, video, course, path, name, kind, bytes, modified_ns, file_device, file_number,
    destination, paused, outcome, needed_by";

impl From<CatalogueFailure> for CatalogueError {
    fn from(failure: CatalogueFailure) -> Self {
        match failure {
            CatalogueFailure::Rejected(rejection) => Self::Rejected(rejection),
            other => Self::Storage(other.to_string()),
        }
    }
}

#[async_trait::async_trait]
impl UploadCatalogue for Catalogue {
    async fn queue(&self, files: Vec<NewUpload>) -> Result<Vec<UploadRecord>, CatalogueError> {
        let by = self.actor();
        let records = self.database.write(move |tx| queue(tx, by, &files)).await?;
        self.changed();
        Ok(records)
    }

    async fn uploads(&self) -> Result<Vec<UploadRecord>, CatalogueError> {
        let all = self.database.read(|tx| {
            let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM upload ORDER BY seq"))?;
            let rows = statement.query_map([], |row| Ok(record(row)))?;
            rows.map(|row| row?).collect()
        });
        Ok(all.await?)
    }

    async fn announced(&self, assets: &[AssetId]) -> Result<Vec<(AssetId, Announced)>, CatalogueError> {
        self.until_announced(assets).await
    }

    async fn set_paused(&self, operation: OperationId, paused: bool) -> Result<(), CatalogueError> {
        self.update("UPDATE upload SET paused = ?2 WHERE operation = ?1", operation, i64::from(paused)).await
    }

    async fn set_source(
        &self,
        operation: OperationId,
        path: PathBuf,
        facts: SourceFacts,
    ) -> Result<(), CatalogueError> {
        let SourceFacts { bytes, modified_ns, file_id } = facts;
        let written = self.database.write(move |tx| {
            let sql = "UPDATE upload SET path = ?2, modified_ns = ?3, file_device = ?4, file_number = ?5, bytes = ?6,
                           described = CASE WHEN bytes = ?6 AND modified_ns = ?3 THEN described ELSE 0 END
                       WHERE operation = ?1";
            let (device, number) = (file_id.0.cast_signed(), file_id.1.cast_signed());
            let values =
                params![operation.to_string(), path_bytes(&path), modified_ns, device, number, bytes.cast_signed()];
            tx.execute(sql, values)?;
            Ok(())
        });
        written.await?;
        self.resized.notify_one();
        Ok(())
    }

    async fn set_needed_by(&self, operations: &[OperationId], at: Option<Millis>) -> Result<(), CatalogueError> {
        let operations = operations.to_vec();
        let written = self.database.write(move |tx| {
            let mut update = tx.prepare_cached("UPDATE upload SET needed_by = ?2 WHERE operation = ?1")?;
            for operation in operations {
                update.execute(params![operation.to_string(), at])?;
            }
            Ok(())
        });
        Ok(written.await?)
    }

    async fn set_outcome(&self, operation: OperationId, outcome: Option<Outcome>) -> Result<(), CatalogueError> {
        let name = outcome.map(|outcome| match outcome {
            Outcome::Ready => "ready",
            Outcome::Failed => "failed",
        });
        let by = self.actor();
        let replaced = self.database.write(move |tx| {
            // Nobody waits for nearly all of them: a thousand small files are looked at in the same statement.
            let waits: Option<bool> = tx
                .prepare_cached(
                    "UPDATE upload SET outcome = ?2 WHERE operation = ?1
                     RETURNING EXISTS (SELECT 1 FROM upload_use x WHERE x.operation = ?1)",
                )?
                .query_row(params![operation.to_string(), name], |row| row.get(0))
                .optional()?;
            if outcome == Some(Outcome::Ready) && waits == Some(true) { replace(tx, by, operation) } else { Ok(false) }
        });
        if replaced.await? {
            self.unsent.notify_one();
        }
        self.changed();
        Ok(())
    }

    async fn cancel(&self, operation: OperationId) -> Result<(), CatalogueError> {
        let by = self.actor();
        self.database.write(move |tx| cancel(tx, by, operation)).await?;
        self.changed();
        Ok(())
    }

    async fn clear(&self, operation: OperationId) -> Result<(), CatalogueError> {
        self.update("DELETE FROM upload WHERE operation = ?1 AND outcome = ?2", operation, "ready").await
    }

    async fn describe(&self, asset: AssetId, probe: Probe, thumbnail: bool) -> Result<(), CatalogueError> {
        self.edit(vec![Mutation::AssetDescribe { asset, probe, thumbnail }]).await?;
        Ok(())
    }
}

impl Catalogue {
    async fn update(
        &self,
        sql: &'static str,
        operation: OperationId,
        value: impl rusqlite::ToSql + Send + 'static,
    ) -> Result<(), CatalogueError> {
        let written = self.database.write(move |tx| {
            tx.prepare_cached(sql)?.execute(params![operation.to_string(), value])?;
            Ok(())
        });
        Ok(written.await?)
    }

    /// Uploads whose file nobody has looked into yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn undescribed(&self) -> Result<Vec<UploadRecord>, CatalogueFailure> {
        self.database
            .read(|tx| {
                let sql = format!("SELECT {COLUMNS} FROM upload WHERE described = 0 ORDER BY seq");
                let mut statement = tx.prepare_cached(&sql)?;
                let rows = statement.query_map([], |row| Ok(record(row)))?;
                rows.map(|row| row?).collect()
            })
            .await
    }

    /// Only when the file is as it was looked into.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_described(&self, record: &UploadRecord) -> Result<(), CatalogueFailure> {
        let (operation, bytes, modified_ns) = (record.operation, record.bytes, record.modified_ns);
        self.database
            .write(move |tx| {
                tx.execute(
                    "UPDATE upload SET described = 1 WHERE operation = ?1 AND bytes = ?2 AND modified_ns = ?3",
                    params![operation.to_string(), bytes.cast_signed(), modified_ns],
                )?;
                Ok(())
            })
            .await
    }
}

fn queue(tx: &Transaction<'_>, by: Actor, files: &[NewUpload]) -> Result<Vec<UploadRecord>, CatalogueFailure> {
    // Several files of one drop stand one after the other: each goes behind the one before it.
    let mut previous: Option<VideoId> = None;
    let mut records = Vec::with_capacity(files.len());
    for file in files {
        let mut mutations = vec![Mutation::AssetCreate {
            asset: file.asset,
            name: file.name.clone(),
            kind: file.kind,
            bytes: file.bytes,
            predecessor: file.replaces.as_ref().map(|replaces| replaces.asset),
        }];
        if let (Some(video), Destination::Chapter { course, chapter, after, before }) = (file.video, &file.destination)
        {
            let place = Between { after: previous.or(*after), before: if previous.is_some() { None } else { *before } };
            let (course, chapter, asset) = (*course, *chapter, file.asset);
            mutations.push(Mutation::VideoCreate { video, course, chapter, asset, title: file.title.clone(), place });
            previous = Some(video);
        }
        outbox::apply(tx, by, &mutations)?;
        records.push(insert(tx, file)?);
        for video in file.replaces.iter().flat_map(|replaces| &replaces.uses) {
            tx.prepare_cached("INSERT OR IGNORE INTO upload_use (video, operation) VALUES (?1, ?2)")?
                .execute([video.to_string(), file.operation.to_string()])?;
        }
    }
    Ok(records)
}

fn insert(tx: &Transaction<'_>, file: &NewUpload) -> Result<UploadRecord, CatalogueFailure> {
    let (course, label) = match &file.destination {
        Destination::Chapter { course, chapter, .. } => {
            let label = tx
                .query_row(
                    "SELECT course.title || ' › ' || chapter.title FROM chapter JOIN course ON course.id = chapter.parent
                     WHERE chapter.id = ?1",
                    [chapter.to_string()],
                    |row| row.get(0),
                )
                .optional()?;
            (Some(*course), label.unwrap_or_default())
        }
        Destination::Library => (None, String::new()),
    };
    let sql = format!(
        "INSERT INTO upload (operation, schema_number, asset, video, course, path, name, kind, bytes, modified_ns,
             file_device, file_number, destination)
         VALUES (?1, {SCHEMA}, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING {COLUMNS}"
    );
    tx.prepare_cached(&sql)?.query_row(
        params![
            file.operation.to_string(),
            file.asset.to_string(),
            file.video.map(|id| id.to_string()),
            course.map(|id| id.to_string()),
            path_bytes(&file.path),
            file.name,
            serde_json::to_string(&file.kind)?,
            file.bytes.cast_signed(),
            file.modified_ns,
            file.file_id.0.cast_signed(),
            file.file_id.1.cast_signed(),
            label,
        ],
        |row| Ok(record(row)),
    )?
}

/// The places that waited for the file show it. Answers whether there were any.
fn replace(tx: &Transaction<'_>, by: Actor, operation: OperationId) -> Result<bool, CatalogueFailure> {
    // Those that wait for an earlier one of theirs wait no more. What shows something newer stays: this folder may come from
    // a backup, and the file have been ready long ago.
    tx.prepare_cached(
        "DELETE FROM upload_use AS earlier WHERE operation <> ?1
         AND EXISTS (SELECT 1 FROM upload_use mine WHERE mine.operation = ?1 AND mine.video = earlier.video)
         AND (SELECT seq FROM upload WHERE operation = earlier.operation) < (SELECT seq FROM upload WHERE operation = ?1)",
    )?
    .execute([operation.to_string()])?;
    let found = tx
        .prepare_cached(
            "SELECT x.video, u.asset FROM upload_use x JOIN upload u ON u.operation = x.operation
             JOIN video v ON v.id = x.video LEFT JOIN asset shown ON shown.id = v.asset
             LEFT JOIN asset new ON new.id = u.asset
             WHERE x.operation = ?1 AND coalesce(shown.created_at <= new.created_at, 1)",
        )?
        .query_map([operation.to_string()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    tx.prepare_cached("DELETE FROM upload_use WHERE operation = ?1")?.execute([operation.to_string()])?;
    let Some((_, successor)) = found.first() else { return Ok(false) };
    let successor = AssetId(successor.parse()?);
    let uses = found.iter().map(|(video, _)| Ok(VideoId(video.parse()?))).collect::<Result<_, CatalogueFailure>>()?;
    match outbox::apply(tx, by, &[Mutation::AssetReplace { successor, uses }]) {
        Ok(_) => Ok(true),
        // The new file was deleted while it was on its way, or the places are gone for good.
        Err(CatalogueFailure::Rejected(_)) => Ok(false),
        Err(failure) => Err(failure),
    }
}

fn cancel(tx: &Transaction<'_>, by: Actor, operation: OperationId) -> Result<(), CatalogueFailure> {
    let found: Option<String> = tx
        .query_row(
            "DELETE FROM upload WHERE operation = ?1 AND outcome IS NOT 'ready' RETURNING asset",
            [operation.to_string()],
            |row| row.get(0),
        )
        .optional()?;
    let Some(asset) = found else { return Ok(()) };
    // Every place goes with it, also those it was given since: none of them would ever have bytes.
    let asset = AssetId(asset.parse()?);
    let (uses, attachments) = (super::duplicates::places_of(tx, asset)?, super::duplicates::attachments_of(tx, asset)?);
    let delete = Mutation::AssetDelete { ids: vec![asset], uses, attachments };
    match outbox::apply(tx, by, &[delete]) {
        // It is gone already: the upload ends, the rest is done.
        Ok(_) | Err(CatalogueFailure::Rejected(_)) => Ok(()),
        Err(failure) => Err(failure),
    }
}

fn record(row: &Row<'_>) -> Result<UploadRecord, CatalogueFailure> {
    let text = |index: usize| row.get::<_, Option<String>>(index);
    let id = |index: usize| -> Result<uuid::Uuid, CatalogueFailure> { Ok(row.get::<_, String>(index)?.parse()?) };
    let number = |index: usize| row.get::<_, i64>(index);
    Ok(UploadRecord {
        operation: OperationId(id(0)?),
        asset: AssetId(id(1)?),
        video: text(2)?.map(|id| id.parse().map(VideoId)).transpose()?,
        course: text(3)?.map(|id| id.parse().map(CourseId)).transpose()?,
        path: path_from(row.get(4)?),
        name: row.get(5)?,
        kind: serde_json::from_str::<AssetKind>(&row.get::<_, String>(6)?)?,
        bytes: number(7)?.cast_unsigned(),
        modified_ns: number(8)?,
        file_id: (number(9)?.cast_unsigned(), number(10)?.cast_unsigned()),
        destination: row.get(11)?,
        paused: number(12)? != 0,
        outcome: match text(13)?.as_deref() {
            Some("ready") => Some(Outcome::Ready),
            Some(_) => Some(Outcome::Failed),
            None => None,
        },
        needed_by: row.get(14)?,
    })
}

#[cfg(unix)]
pub(crate) fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
pub(crate) fn path_from(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// UTF-16 code units, little-endian: a Windows path may hold unpaired surrogates
/// (<https://doc.rust-lang.org/std/os/windows/ffi/index.html>).
#[cfg(windows)]
pub(crate) fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    path.as_os_str().encode_wide().flat_map(u16::to_le_bytes).collect()
}

#[cfg(windows)]
pub(crate) fn path_from(bytes: Vec<u8>) -> PathBuf {
    use std::os::windows::ffi::OsStringExt;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    PathBuf::from(std::ffi::OsString::from_wide(&units))
}
