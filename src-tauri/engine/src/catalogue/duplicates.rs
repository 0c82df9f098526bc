//! What stands against a file that is about to be added: assets that may have its bytes, and another file of its name,
//! among those the person can see.

use super::{Catalogue, CatalogueFailure};
use lectern_shared::Millis;
use lectern_shared::change;
use lectern_shared::ids::{AssetId, AttachmentId, ChapterId, VideoId};
use lectern_shared::media::AssetKind;
use lectern_shared::mutation::IDS_MAX;
use rusqlite::{OptionalExtension, Transaction, params};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Of one size: two different lectures of exactly the same length are rare, a hundred are a test.
const CANDIDATES_MAX: u32 = 20;
const LIVE_PLACES: &str = "(SELECT count(*) FROM video v WHERE v.asset = a.id AND v.deleted_at IS NULL)";

/// A file as it is looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub bytes: u64,
    pub modified_ns: i64,
    pub file_id: (u64, u64),
    pub name: String,
    pub title: String,
    pub kind: AssetKind,
    /// Where it gets a place; none in the library.
    pub chapter: Option<ChapterId>,
}

/// An asset that stands against a file.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub asset: AssetId,
    pub name: String,
    pub bytes: u64,
    /// Hex; none while its bytes are on their way.
    pub blake3: Option<String>,
    pub created_at: Millis,
    pub thumbnail: bool,
    pub places: u32,
    /// It was made from this very file, which has not been touched since.
    pub is_same_file: bool,
}

/// What stands against one file.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// They may have its bytes.
    pub same_size: Vec<Candidate>,
    /// It has its name, and is shown by these videos, which are those a newer version would be shown by.
    pub same_name: Option<(Candidate, Vec<VideoId>)>,
}

impl Catalogue {
    /// What stands against each file, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn candidates(&self, wanted: Vec<Wanted>) -> Result<Vec<Found>, CatalogueFailure> {
        self.database
            .read(move |tx| {
                // The first files of all stand against nothing.
                if !tx.prepare_cached("SELECT 1 FROM asset UNION ALL SELECT 1 FROM summary LIMIT 1")?.exists([])? {
                    return Ok(wanted.iter().map(|_| Found::default()).collect());
                }
                let mut chapters: HashMap<ChapterId, Namesakes> = HashMap::new();
                let mut found = Vec::with_capacity(wanted.len());
                for wanted in &wanted {
                    let same_name = match wanted.chapter {
                        Some(chapter) => match chapters.entry(chapter) {
                            Entry::Occupied(shown) => shown.into_mut(),
                            Entry::Vacant(unread) => unread.insert(namesakes(tx, chapter)?),
                        }
                        .of(wanted)
                        .cloned(),
                        None => in_library(tx, wanted)?,
                    };
                    found.push(Found { same_size: of_size(tx, wanted)?, same_name });
                }
                Ok(found)
            })
            .await
    }

    /// Videos that show an asset, deleted ones too: they show it again when they are restored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_places_of(&self, asset: AssetId) -> Result<Vec<VideoId>, CatalogueFailure> {
        self.database
            .read(move |tx| {
                let mut statement = tx.prepare_cached("SELECT id FROM video WHERE asset = ?1 ORDER BY id")?;
                let ids = statement.query_map([asset.to_string()], |row| row.get::<_, String>(0))?;
                ids.map(|id| Ok(VideoId(id?.parse()?))).collect()
            })
            .await
    }
}

pub(super) fn places_of(tx: &Transaction<'_>, asset: AssetId) -> Result<Vec<VideoId>, CatalogueFailure> {
    tx.prepare_cached("SELECT id FROM video WHERE asset = ?1 AND deleted_at IS NULL ORDER BY id")?
        .query_map([asset.to_string()], |row| row.get::<_, String>(0))?
        .map(|id| Ok(VideoId(id?.parse()?)))
        .collect()
}

pub(super) fn attachments_of(tx: &Transaction<'_>, asset: AssetId) -> Result<Vec<AttachmentId>, CatalogueFailure> {
    tx.prepare_cached("SELECT id FROM attachment WHERE asset = ?1 AND deleted_at IS NULL ORDER BY id")?
        .query_map([asset.to_string()], |row| row.get::<_, String>(0))?
        .map(|id| Ok(AttachmentId(id?.parse()?)))
        .collect()
}

fn of_size(tx: &Transaction<'_>, wanted: &Wanted) -> Result<Vec<Candidate>, CatalogueFailure> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT body, {LIVE_PLACES} FROM asset a
         WHERE bytes = ?1 AND deleted_at IS NULL ORDER BY created_at LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![wanted.bytes.cast_signed(), CANDIDATES_MAX], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (body, places) = row?;
        let Some(candidate) = candidate(&body, places)? else { continue };
        found.push(Candidate { is_same_file: is_made_from(tx, candidate.asset, wanted)?, ..candidate });
    }
    Ok(found)
}

/// The newest file of this name and kind. Another of the same bytes is found by them.
fn in_library(tx: &Transaction<'_>, wanted: &Wanted) -> Result<Option<(Candidate, Vec<VideoId>)>, CatalogueFailure> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT body, {LIVE_PLACES} FROM asset a
         WHERE name = ?1 COLLATE NOCASE AND kind = ?2 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1"
    ))?;
    let kind = kind_name(wanted.kind);
    let found = statement.query_row(params![wanted.name, kind], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
    let Some((body, places)) = found.optional()? else { return Ok(None) };
    let Some(candidate) = candidate(&body, places)? else { return Ok(None) };
    let mut uses = places_of(tx, candidate.asset)?;
    // It may be on its way to some.
    let mut waiting = tx.prepare_cached(
        "SELECT x.video FROM upload_use x JOIN upload u ON u.operation = x.operation WHERE u.asset = ?1",
    )?;
    for video in waiting.query_map([candidate.asset.to_string()], |row| row.get::<_, String>(0))? {
        uses.push(VideoId(video?.parse()?));
    }
    uses.truncate(IDS_MAX);
    Ok(Some((candidate, uses)))
}

/// As it stands in the row's JSON.
pub(super) fn kind_name(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Video => "video",
        AssetKind::Audio => "audio",
        AssetKind::Image => "image",
        AssetKind::Document => "document",
        AssetKind::Other => "other",
    }
}

fn candidate(body: &str, places: u32) -> Result<Option<Candidate>, CatalogueFailure> {
    let change::Row::Asset(asset) = serde_json::from_str(body)? else { return Ok(None) };
    Ok(Some(Candidate {
        asset: asset.id,
        is_same_file: false,
        name: asset.name,
        bytes: asset.bytes,
        blake3: asset.blake3,
        created_at: asset.created_at,
        thumbnail: asset.thumbnail,
        places,
    }))
}

/// The videos of a chapter by what a file may be called that is a newer version of theirs: its name, or their title.
#[derive(Default)]
struct Namesakes {
    names: HashMap<String, (Candidate, Vec<VideoId>)>,
    titles: HashMap<String, (Candidate, Vec<VideoId>)>,
}

impl Namesakes {
    fn of(&self, wanted: &Wanted) -> Option<&(Candidate, Vec<VideoId>)> {
        self.names.get(&wanted.name.to_lowercase()).or_else(|| self.titles.get(&wanted.title.to_lowercase()))
    }
}

fn namesakes(tx: &Transaction<'_>, chapter: ChapterId) -> Result<Namesakes, CatalogueFailure> {
    let mut statement = tx.prepare_cached(
        "SELECT v.id, v.title, v.body ->> '$.body.created_at', s.body,
             (SELECT count(*) FROM video o WHERE o.asset = v.asset AND o.deleted_at IS NULL)
         FROM video v JOIN summary s ON s.asset = v.asset AND s.course = v.course
         WHERE v.parent = ?1 AND v.deleted_at IS NULL ORDER BY v.position, v.id",
    )?;
    let rows = statement.query_map([chapter.to_string()], |row| {
        let text = |index: usize| row.get::<_, String>(index);
        Ok((text(0)?, text(1)?, row.get::<_, Millis>(2)?, text(3)?, row.get::<_, u32>(4)?))
    })?;
    let mut found = Namesakes::default();
    for row in rows {
        let (video, title, created_at, body, places) = row?;
        let change::Row::Summary(shown) = serde_json::from_str(&body)? else { continue };
        let (name, title) = (shown.name.to_lowercase(), title.to_lowercase());
        let candidate = Candidate {
            asset: shown.asset,
            name: shown.name,
            bytes: shown.bytes,
            blake3: None,
            created_at,
            thumbnail: shown.thumbnail,
            places,
            is_same_file: false,
        };
        let one = (candidate, vec![VideoId(video.parse()?)]);
        found.titles.entry(title).or_insert_with(|| one.clone());
        found.names.entry(name).or_insert(one);
    }
    Ok(found)
}

fn is_made_from(tx: &Transaction<'_>, asset: AssetId, wanted: &Wanted) -> Result<bool, CatalogueFailure> {
    if wanted.file_id == (0, 0) {
        return Ok(false);
    }
    let mut statement = tx.prepare_cached(
        "SELECT 1 FROM upload WHERE asset = ?1 AND file_device = ?2 AND file_number = ?3 AND modified_ns = ?4",
    )?;
    let (device, number) = (wanted.file_id.0.cast_signed(), wanted.file_id.1.cast_signed());
    let found: Option<i64> = statement
        .query_row(params![asset.to_string(), device, number, wanted.modified_ns], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}
