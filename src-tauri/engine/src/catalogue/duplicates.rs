//! Which assets may have the bytes of a file, among those the person can see.

use super::{Catalogue, CatalogueFailure};
use lectern_shared::Millis;
use lectern_shared::change;
use lectern_shared::ids::AssetId;
use rusqlite::{OptionalExtension, Transaction, params};

/// Of one size: two different lectures of exactly the same length are rare, a hundred are a test.
const CANDIDATES_MAX: u32 = 20;

/// A file as it is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub bytes: u64,
    pub modified_ns: i64,
    pub file_id: (u64, u64),
}

/// An asset of the same size.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub asset: AssetId,
    pub name: String,
    /// Hex; none while its bytes are on their way.
    pub blake3: Option<String>,
    pub created_at: Millis,
    pub thumbnail: bool,
    pub places: u32,
    /// It was made from this very file, which has not been touched since.
    pub is_same_file: bool,
}

impl Catalogue {
    /// Candidates for each file, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn candidates(&self, wanted: Vec<Wanted>) -> Result<Vec<Vec<Candidate>>, CatalogueFailure> {
        self.database.read(move |tx| wanted.iter().map(|wanted| candidates(tx, *wanted)).collect()).await
    }
}

fn candidates(tx: &Transaction<'_>, wanted: Wanted) -> Result<Vec<Candidate>, CatalogueFailure> {
    let mut statement = tx.prepare_cached(
        "SELECT body, (SELECT count(*) FROM video v WHERE v.asset = a.id AND v.deleted_at IS NULL)
         FROM asset a WHERE bytes = ?1 AND deleted_at IS NULL ORDER BY created_at LIMIT ?2",
    )?;
    let rows = statement.query_map(params![wanted.bytes.cast_signed(), CANDIDATES_MAX], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (body, places) = row?;
        let change::Row::Asset(asset) = serde_json::from_str(&body)? else { continue };
        found.push(Candidate {
            asset: asset.id,
            is_same_file: is_made_from(tx, asset.id, wanted)?,
            name: asset.name,
            blake3: asset.blake3,
            created_at: asset.created_at,
            thumbnail: asset.thumbnail,
            places,
        });
    }
    Ok(found)
}

fn is_made_from(tx: &Transaction<'_>, asset: AssetId, wanted: Wanted) -> Result<bool, CatalogueFailure> {
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
