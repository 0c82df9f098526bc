//! What the screens ask for, read from the view in one snapshot each.

use super::{Catalogue, CatalogueFailure};
use lectern_shared::course::{
    AttachmentDetail, ChapterDetail, Course, CourseDetail, CourseList, CourseListItem, VideoDetail,
};
use lectern_shared::ids::{AssetId, ChapterId, CourseId, OperationId, VideoId};
use lectern_shared::media::{
    AssetCard, AssetPage, AssetQuery, AssetSort, AssetState, AssetUse, AttachedAs, KindCount, Usage,
};
use lectern_shared::{change, media};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, Transaction, params_from_iter};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the window finds an asset's picture. Told whether the store has one.
pub type ThumbnailUrl = Arc<dyn Fn(AssetId, bool) -> Option<String> + Send + Sync>;

/// Most assets in one page.
const PAGE_MAX: u32 = 500;
/// Most words of a search.
const WORDS_MAX: usize = 8;

const PENDING: &str = "EXISTS (SELECT 1 FROM outbox_row o WHERE o.kind = ";
/// A live video of a live chapter of a live course.
const LIVE_USE: &str = "FROM video v JOIN chapter h ON h.id = v.parent JOIN course c ON c.id = v.course
    WHERE v.deleted_at IS NULL AND h.deleted_at IS NULL AND c.deleted_at IS NULL";
/// What is attached to such a video.
const LIVE_TIE: &str = "FROM attachment t JOIN video v ON v.id = t.parent JOIN chapter h ON h.id = v.parent
    JOIN course c ON c.id = v.course
    WHERE t.deleted_at IS NULL AND v.deleted_at IS NULL AND h.deleted_at IS NULL AND c.deleted_at IS NULL";
/// A newer version of the asset has its bytes.
const REPLACED: &str =
    "EXISTS (SELECT 1 FROM asset n WHERE n.predecessor = a.id AND n.state = 'ready' AND n.deleted_at IS NULL)";
const UPLOAD: &str = "(SELECT operation FROM upload u WHERE u.asset = ";

impl Catalogue {
    /// # Errors
    /// When the database fails.
    pub async fn courses(&self) -> Result<CourseList, CatalogueFailure> {
        self.database
            .read(|tx| {
                let sql = format!(
                    "SELECT k.id, k.title, (SELECT count(*) {LIVE_USE} AND c.id = k.id), {PENDING}'course' AND o.id = k.id)
                     FROM course k WHERE k.deleted_at IS NULL ORDER BY k.created_at, k.id"
                );
                let mut statement = tx.prepare_cached(&sql)?;
                let rows = statement.query_map([], |row| {
                    Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?;
                let courses = rows.map(|row| {
                    let (id, title, videos, pending) = row?;
                    Ok(CourseListItem { id: CourseId(id.parse()?), title, videos, pending })
                });
                Ok(CourseList { courses: courses.collect::<Result<_, CatalogueFailure>>()? })
            })
            .await
    }

    /// # Errors
    /// When there is no such live course, or the database fails.
    pub async fn course(&self, id: CourseId, thumbnail: ThumbnailUrl) -> Result<CourseDetail, CatalogueFailure> {
        self.database.read(move |tx| course(tx, id, &thumbnail)).await
    }

    /// # Errors
    /// When the database fails.
    pub async fn assets(&self, query: AssetQuery, thumbnail: ThumbnailUrl) -> Result<AssetPage, CatalogueFailure> {
        self.database.read(move |tx| assets(tx, &query, &thumbnail)).await
    }

    /// The asset's row as the view has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asset(&self, id: AssetId) -> Result<Option<media::Asset>, CatalogueFailure> {
        self.database
            .read(move |tx| {
                let key = change::RowKey { kind: change::RowKind::Asset, id: id.0 };
                Ok(match super::rows::read(tx, lectern_shared::sync::Read::Row(key))?.pop() {
                    Some(change::Row::Asset(asset)) => Some(asset),
                    _ => None,
                })
            })
            .await
    }
}

fn course(tx: &Transaction<'_>, id: CourseId, thumbnail: &ThumbnailUrl) -> Result<CourseDetail, CatalogueFailure> {
    let sql = format!(
        "SELECT body, {PENDING}'course' AND o.id = k.id) FROM course k WHERE k.id = ?1 AND k.deleted_at IS NULL"
    );
    let found: Option<(String, bool)> =
        tx.prepare_cached(&sql)?.query_row([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (body, pending) = found.ok_or(CatalogueFailure::NotFound("this course"))?;
    let change::Row::Course(course) = serde_json::from_str(&body)? else {
        return Err(CatalogueFailure::NotFound("this course"));
    };
    let sql = format!(
        "SELECT id, title, {PENDING}'chapter' AND o.id = k.id) FROM chapter k
         WHERE k.parent = ?1 AND k.deleted_at IS NULL ORDER BY k.position, k.id"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([id.to_string()], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    let (mut chapters, mut attached) = (Vec::new(), attachments(tx, id)?);
    for row in rows {
        let (chapter, title, pending) = row?;
        let videos = videos(tx, &chapter, &mut attached, thumbnail)?;
        chapters.push(ChapterDetail { id: ChapterId(chapter.parse()?), title, pending, videos });
    }
    let Course { title, description, published_at, .. } = course;
    Ok(CourseDetail { id, title, description, published_at, pending, chapters })
}

/// Of all videos of the course.
fn attachments(
    tx: &Transaction<'_>,
    course: CourseId,
) -> Result<BTreeMap<VideoId, Vec<AttachmentDetail>>, CatalogueFailure> {
    let sql = format!(
        "SELECT t.body, s.body, {PENDING}'attachment' AND o.id = t.id)
         FROM video v JOIN attachment t ON t.parent = v.id JOIN summary s ON s.asset = t.asset AND s.course = v.course
         WHERE v.course = ?1 AND v.deleted_at IS NULL AND t.deleted_at IS NULL"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([course.to_string()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
    })?;
    let mut attached: BTreeMap<VideoId, Vec<AttachmentDetail>> = BTreeMap::new();
    for row in rows {
        let (tied, shown, pending) = row?;
        let (change::Row::Attachment(tied), change::Row::Summary(shown)) =
            (serde_json::from_str(&tied)?, serde_json::from_str(&shown)?)
        else {
            continue;
        };
        let media::Attachment { id, video, asset, role, language, .. } = tied;
        let media::AssetSummary { name, bytes, state, .. } = shown;
        let detail = AttachmentDetail { id, role, language, pending, asset, name, bytes, state };
        attached.entry(video).or_default().push(detail);
    }
    for of_one in attached.values_mut() {
        of_one.sort_by(|a, b| (a.role, &a.language, &a.name, a.id).cmp(&(b.role, &b.language, &b.name, b.id)));
    }
    Ok(attached)
}

fn videos(
    tx: &Transaction<'_>,
    chapter: &str,
    attached: &mut BTreeMap<VideoId, Vec<AttachmentDetail>>,
    thumbnail: &ThumbnailUrl,
) -> Result<Vec<VideoDetail>, CatalogueFailure> {
    let sql = format!(
        "SELECT v.body, {PENDING}'video' AND o.id = v.id), s.body, {UPLOAD}v.asset ORDER BY seq DESC LIMIT 1),
             (SELECT x.operation FROM upload_use x JOIN upload w ON w.operation = x.operation
              WHERE x.video = v.id ORDER BY w.seq DESC LIMIT 1)
         FROM video v JOIN summary s ON s.asset = v.asset AND s.course = v.course
         WHERE v.parent = ?1 AND v.deleted_at IS NULL ORDER BY v.position, v.id"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([chapter], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, bool>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, Option<String>>(3)?,
            row.get::<_, Option<String>>(4)?,
        ))
    })?;
    let mut videos = Vec::new();
    for row in rows {
        let (video, pending, shown, operation, replacement) = row?;
        let (change::Row::Video(video), change::Row::Summary(summary)) =
            (serde_json::from_str(&video)?, serde_json::from_str(&shown)?)
        else {
            continue;
        };
        videos.push(VideoDetail {
            id: video.id,
            title: video.title,
            description: video.description,
            pending,
            asset: summary.asset,
            kind: summary.kind,
            name: summary.name,
            bytes: summary.bytes,
            state: summary.state,
            duration_ms: summary.duration_ms,
            width: summary.width,
            height: summary.height,
            codec: summary.codec,
            thumbnail_url: thumbnail(summary.asset, summary.thumbnail),
            operation: operation.map(|id| id.parse().map(OperationId)).transpose()?,
            replacement: replacement.map(|id| id.parse().map(OperationId)).transpose()?,
            attachments: attached.remove(&video.id).unwrap_or_default(),
        });
    }
    Ok(videos)
}

/// The WHERE clause of a library query and its values.
struct Filter {
    sql: String,
    values: Vec<Value>,
}

/// What the library lists: an earlier version only where something shows it still. Those nothing shows are listed among
/// the unused.
fn listed() -> String {
    format!("a.deleted_at IS NULL AND (NOT {REPLACED} OR {})", used())
}

/// Something live shows it, or has it attached.
fn used() -> String {
    format!("(EXISTS (SELECT 1 {LIVE_USE} AND v.asset = a.id) OR EXISTS (SELECT 1 {LIVE_TIE} AND t.asset = a.id))")
}

fn filter(query: &AssetQuery) -> Result<Filter, CatalogueFailure> {
    let mut sql = if query.usage == Some(Usage::Unused) { "a.deleted_at IS NULL".to_owned() } else { listed() };
    let mut values = Vec::new();
    if let Some(kind) = query.kind {
        sql.push_str(" AND a.kind = ?");
        values.push(Value::Text(super::duplicates::kind_name(kind).to_owned()));
    }
    match query.usage {
        Some(Usage::Used) => sql.push_str(&format!(" AND {}", used())),
        Some(Usage::Unused) => sql.push_str(&format!(" AND NOT {}", used())),
        Some(Usage::Unknown) | None => {}
    }
    for word in query.search.split_whitespace().take(WORDS_MAX) {
        sql.push_str(&format!(
            " AND (a.name LIKE ? ESCAPE '\\' OR a.codec LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 {LIVE_USE} AND v.asset = a.id
               AND (v.title LIKE ? ESCAPE '\\' OR h.title LIKE ? ESCAPE '\\' OR c.title LIKE ? ESCAPE '\\')))"
        ));
        let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        values.extend(std::iter::repeat_n(Value::Text(format!("%{escaped}%")), 5));
    }
    Ok(Filter { sql, values })
}

fn assets(tx: &Transaction<'_>, query: &AssetQuery, thumbnail: &ThumbnailUrl) -> Result<AssetPage, CatalogueFailure> {
    let filter = filter(query)?;
    let order = match query.sort {
        AssetSort::Newest => "a.created_at DESC, a.id DESC",
        AssetSort::Oldest => "a.created_at, a.id",
        AssetSort::Name => "a.name COLLATE NOCASE, a.id",
        AssetSort::Largest => "a.bytes DESC, a.id",
        AssetSort::Longest => "a.duration_ms DESC, a.id",
    };
    let matching = tx.query_row(
        &format!("SELECT count(*) FROM asset a WHERE {}", filter.sql),
        params_from_iter(filter.values.iter()),
        |row| row.get(0),
    )?;
    let sql = format!(
        "SELECT a.body, {PENDING}'asset' AND o.id = a.id), {UPLOAD}a.id ORDER BY seq DESC LIMIT 1), {REPLACED}
         FROM asset a WHERE {} ORDER BY {order} LIMIT {} OFFSET {}",
        filter.sql,
        query.limit.min(PAGE_MAX),
        query.offset
    );
    let mut statement = tx.prepare(&sql)?;
    let rows = statement.query_map(params_from_iter(filter.values.iter()), |row: &Row<'_>| {
        let body: String = row.get(0)?;
        Ok((body, row.get::<_, bool>(1)?, row.get::<_, Option<String>>(2)?, row.get::<_, bool>(3)?))
    })?;
    let mut items = Vec::new();
    for row in rows {
        let (body, pending, operation, replaced) = row?;
        let change::Row::Asset(asset) = serde_json::from_str(&body)? else { continue };
        let uses = uses(tx, asset.id)?;
        items.push(AssetCard { replaced, pending, ..card(asset, operation, uses, thumbnail)? });
    }
    let (total, total_bytes, unused): (u32, i64, u32) = tx.query_row(
        &format!(
            "SELECT coalesce(sum({listed}), 0), coalesce(sum(a.bytes), 0),
                 coalesce(sum(NOT {used}), 0)
             FROM asset a WHERE a.deleted_at IS NULL",
            listed = listed(),
            used = used()
        ),
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(AssetPage { items, matching, total, total_bytes: total_bytes.cast_unsigned(), unused, kinds: kinds(tx)? })
}

fn card(
    asset: media::Asset,
    operation: Option<String>,
    uses: Vec<AssetUse>,
    thumbnail: &ThumbnailUrl,
) -> Result<AssetCard, CatalogueFailure> {
    Ok(AssetCard {
        id: asset.id,
        name: asset.name,
        kind: asset.kind,
        bytes: asset.bytes,
        state: asset.state,
        pending: false,
        replaced: false,
        duration_ms: asset.probe.duration_ms,
        width: asset.probe.width,
        height: asset.probe.height,
        codec: asset.probe.video_codec.or(asset.probe.audio_codec),
        thumbnail_url: thumbnail(asset.id, asset.thumbnail),
        usage: if uses.is_empty() { Usage::Unused } else { Usage::Used },
        uses,
        // An upload that is done has nothing more to say of the asset.
        operation: operation
            .filter(|_| asset.state == AssetState::Expected)
            .map(|id| id.parse().map(OperationId))
            .transpose()?,
        created_at: asset.created_at,
    })
}

fn uses(tx: &Transaction<'_>, asset: AssetId) -> Result<Vec<AssetUse>, CatalogueFailure> {
    let sql = format!(
        "SELECT c.id, c.title, h.id, h.title, v.id, v.title, NULL, c.created_at, h.position, v.position
             {LIVE_USE} AND v.asset = ?1
         UNION ALL
         SELECT c.id, c.title, h.id, h.title, v.id, v.title, t.body, c.created_at, h.position, v.position
             {LIVE_TIE} AND t.asset = ?1
         ORDER BY 8, 9, 10 LIMIT 100"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([asset.to_string()], |row| {
        let text = |index: usize| row.get::<_, String>(index);
        Ok((text(0)?, text(1)?, text(2)?, text(3)?, text(4)?, text(5)?, row.get::<_, Option<String>>(6)?))
    })?;
    rows.map(|row| {
        let (course, course_title, chapter, chapter_title, video, video_title, tied) = row?;
        let attached = match tied.as_deref().map(serde_json::from_str).transpose()? {
            Some(change::Row::Attachment(tied)) => Some(AttachedAs { attachment: tied.id, role: tied.role }),
            _ => None,
        };
        Ok(AssetUse {
            course: CourseId(course.parse()?),
            course_title,
            chapter: ChapterId(chapter.parse()?),
            chapter_title,
            video: VideoId(video.parse()?),
            video_title,
            attached,
        })
    })
    .collect()
}

fn kinds(tx: &Transaction<'_>) -> Result<Vec<KindCount>, CatalogueFailure> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT kind, count(*) FROM asset a WHERE {} GROUP BY kind ORDER BY kind",
        listed()
    ))?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (kind, count) = row?;
        Ok(KindCount { kind: serde_json::from_value(kind.into())?, count })
    })
    .collect()
}
