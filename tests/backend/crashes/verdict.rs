//! The end of a workspace: everything the plan asks for is there, once, and nothing else is.

use super::evidence::{Evidence, entries, object_versions, part_files, part_number};
use super::plan::{GROWING, Plan, REPLACED, REPLACEMENT, name, new_title};
use super::{Failure, Tally};
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::LocalWorkspace;
use lectern_shared::media::{AssetCard, AssetQuery, AssetState, Usage};
use lectern_shared::upload::{UploadSnapshot, UploadState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) async fn judge(
    workspace: &Path,
    files: &Path,
    plan: &Plan,
    evidence: &Evidence,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let prober = PathBuf::from("/there/is/no/prober");
    let local = LocalWorkspace::open(workspace, prober, Pace::default(), Arc::new(drop)).await?;
    let uploads = local.workspace.list_uploads().uploads;
    let course = local.workspace.get_course(plan.course).await?;
    let query =
        AssetQuery { search: String::new(), kind: None, usage: None, sort: Default::default(), offset: 0, limit: 500 };
    // What was replaced is among the unused.
    let unused = local.workspace.list_assets(AssetQuery { usage: Some(Usage::Unused), ..query.clone() }).await?;
    let mut assets = local.workspace.list_assets(query).await?.items;
    assets.extend(unused.items.into_iter().filter(|asset| asset.replaced));
    let state = local.workspace.state().await?;
    local.shutdown().await;

    if (evidence.steps as usize, evidence.synced as usize) != (plan.steps.len(), plan.steps.len()) {
        tally.lost(format!("of {} steps {} were done", plan.steps.len(), evidence.steps));
    }
    if state.edits_waiting > 0 || course.pending {
        tally.lost("edits that were confirmed wait again".to_owned());
    }
    for edit in &state.rejected {
        tally.lost(format!("an edit was rejected: {edit:?}"));
    }
    let titles: Vec<Vec<String>> = course
        .chapters
        .iter()
        .map(|chapter| chapter.videos.iter().map(|video| video.title.clone()).collect())
        .collect();
    judge_places(&titles, plan, tally);
    let mut videos = course.chapters.iter().flat_map(|chapter| &chapter.videos);
    if !videos.any(|video| video.title == new_title(REPLACED) && video.name == name(REPLACEMENT)) {
        tally.lost("the new version is not shown".to_owned());
    }
    for (file, bytes) in plan.files.iter().enumerate() {
        judge_file(workspace, (&files.join(name(file)), *bytes), &uploads, &assets, evidence, tally)?;
    }
    judge_leftovers(workspace, &assets, tally)
}

fn judge_places(found: &[Vec<String>], plan: &Plan, tally: &mut Tally) {
    let wanted = plan.outcome();
    if found == wanted.as_slice() {
        return;
    }
    let (all_found, all_wanted) = (found.concat(), wanted.concat());
    for title in &all_wanted {
        if all_found.iter().filter(|other| *other == title).count() > 1 {
            tally.doubled(format!("the place of {title}"));
        }
    }
    tally.lost(format!("the order of places: {found:?} instead of {wanted:?}"));
}

fn judge_file(
    workspace: &Path,
    (file, bytes): (&Path, usize),
    uploads: &[UploadSnapshot],
    assets: &[AssetCard],
    evidence: &Evidence,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let file_name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let ours: Vec<&AssetCard> = assets.iter().filter(|card| card.name == file_name).collect();
    let count = uploads.iter().filter(|upload| upload.file_name == file_name).count();
    if ours.len() > 1 || count > 1 {
        tally.doubled(format!("{file_name}: {} assets, {count} uploads", ours.len()));
    }
    let Some(asset) = ours.first() else {
        tally.lost(format!("{file_name} is not in the library"));
        return Ok(());
    };
    let upload = uploads.iter().find(|upload| upload.asset == asset.id);
    if asset.state != AssetState::Ready || upload.is_none_or(|upload| upload.state != UploadState::Ready) {
        let was_ready = upload.is_some_and(|upload| evidence.ready.contains(&upload.operation.to_string()));
        tally.lost(format!("{file_name} is not ready (shown as ready: {was_ready})"));
    }
    let versions = object_versions(workspace, asset.id.0)?;
    if versions.len() > 1 {
        tally.doubled(format!("{file_name} has {} versions in the store", versions.len()));
    }
    let Some(version) = versions.last() else {
        tally.lost(format!("{file_name} is not in the store"));
        return Ok(());
    };
    let parts = entries(version)?.into_iter().filter(|path| part_number(path).is_some());
    let stored = parts.map(std::fs::read).collect::<Result<Vec<_>, _>>()?.concat();
    let mut content = std::fs::read(file)?;
    // One that grew when all of it was sent is as it was then.
    content.truncate(if file_name == name(GROWING) { stored.len().max(bytes) } else { content.len() });
    if stored != content || asset.bytes != stored.len() as u64 {
        tally.lost(format!("{file_name} has other bytes in the store"));
    }
    let now = part_files(version)?;
    for ((_, number), identity) in evidence.files.iter().filter(|((of, _), _)| *of == asset.id.0) {
        if !now.contains(&(*number, *identity)) {
            tally.sent_again(format!("part {number} of {file_name}"));
        }
    }
    let row = rusqlite::Connection::open(workspace.join("server.sqlite"))?.query_row(
        "SELECT state, blake3 FROM object WHERE asset = ?1",
        [asset.id.0.as_bytes()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)),
    )?;
    if row != ("ready".to_owned(), Some(blake3::hash(&stored).to_hex().to_string())) {
        tally.lost(format!("the course server does not know {file_name}: {row:?}"));
    }
    Ok(())
}

fn judge_leftovers(workspace: &Path, assets: &[AssetCard], tally: &mut Tally) -> Result<(), Failure> {
    for folder in ["store/uploads", "store/scratch"] {
        for left in entries(&workspace.join(folder))? {
            tally.orphan(format!("{} in {folder}", left.display()));
        }
    }
    for object in entries(&workspace.join("store/objects"))? {
        let text = object.to_string_lossy().into_owned();
        if assets.iter().all(|asset| !text.contains(&asset.id.to_string())) {
            tally.orphan(format!("{text} is nobody's"));
        }
    }
    let journal = rusqlite::Connection::open(workspace.join("journal.sqlite"))?;
    for table in ["upload", "part", "failure", "cancelled"] {
        let rows: u32 = journal.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0))?;
        for _ in 0..rows {
            tally.orphan(format!("a row of the journal's table {table}"));
        }
    }
    Ok(())
}
