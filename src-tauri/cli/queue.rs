//! Puts files into the queue and waits for it.

use crate::arguments::{Adding, Arguments, Duplicates};
use crate::failure::Failure;
use crate::open;
use crate::progress::{self, Progress};
use lectern_engine::workspace::{LocalWorkspace, Workspace};
use lectern_shared::command::{AnswerDuplicatesArguments, DuplicateAnswer};
use lectern_shared::ids::{ChapterId, CourseId, OperationId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::{
    Cause, Destination, DuplicateChoice, DuplicateQuestion, IntakeReport, RefusedReason, UploadList, UploadSnapshot,
    UploadState,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Looks at the queue this often at least.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub async fn upload(
    arguments: &Arguments,
    files: &[PathBuf],
    course: &str,
    chapter: &str,
    adding: Adding,
) -> Result<(), Failure> {
    with_workspace(arguments, false, async |local, news| {
        let place = place(&local.workspace, course, chapter).await?;
        add(arguments, local, news, files, place, adding).await
    })
    .await
}

pub async fn add_to_library(arguments: &Arguments, files: &[PathBuf], adding: Adding) -> Result<(), Failure> {
    with_workspace(arguments, false, async |local, news| {
        add(arguments, local, news, files, Destination::Library, adding).await
    })
    .await
}

/// Sends what is queued.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    with_workspace(arguments, false, async |local, news| {
        let list = until_still(arguments, &local.workspace, news, None).await;
        end(arguments, &list.uploads, 0)
    })
    .await
}

pub async fn status(arguments: &Arguments) -> Result<(), Failure> {
    with_workspace(arguments, true, async |local, _| {
        let list = local.workspace.list_uploads();
        if arguments.json {
            let state = local.workspace.state().await?;
            println!("{}", json!({ "workspace": state, "totals": list.totals, "uploads": list.uploads }));
            return Ok(());
        }
        for upload in &list.uploads {
            println!("{}", progress::line(upload));
        }
        println!("{} of {} ready", list.totals.ready, list.totals.uploads);
        Ok(())
    })
    .await
}

/// Opens, works, and always shuts down: what was begun is flushed, and the next run goes on from there.
async fn with_workspace(
    arguments: &Arguments,
    idle: bool,
    work: impl AsyncFnOnce(&LocalWorkspace, &Notify) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let news = Arc::new(Notify::new());
    let bell = news.clone();
    let local = open::open(arguments, Arc::new(move |_| bell.notify_one()), idle).await?;
    let done = tokio::select! {
        done = work(&local, &news) => done,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("Stopped. The queue is kept: `lectern-cli queue`, or the app, goes on.");
            Ok(())
        }
    };
    local.shutdown().await;
    done
}

async fn add(
    arguments: &Arguments,
    local: &LocalWorkspace,
    news: &Notify,
    files: &[PathBuf],
    destination: Destination,
    adding: Adding,
) -> Result<(), Failure> {
    let files = files.iter().map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
    let mut report = local.workspace.add_files(files, destination).await?;
    let there = report.question.as_ref().map_or(0, |question| question.duplicates.len());
    if let Some(question) = report.question.take() {
        report.operations.extend(answer(arguments, &local.workspace, &question, adding.duplicates).await?);
    }
    say_refused(arguments, &report);
    if adding.no_wait {
        if arguments.json {
            println!("{}", json!({ "queued": report.operations, "refused": report.refused, "in_library": there }));
        }
        return if report.refused.is_empty() { Ok(()) } else { Err(Failure::NotAll(report.refused.len())) };
    }
    let list = until_still(arguments, &local.workspace, news, Some(&report.operations)).await;
    let ours: Vec<UploadSnapshot> =
        list.uploads.into_iter().filter(|upload| report.operations.contains(&upload.operation)).collect();
    end(arguments, &ours, report.refused.len())
}

/// One answer for all files that are there already. Answers those that are sent all the same.
async fn answer(
    arguments: &Arguments,
    workspace: &Workspace,
    question: &DuplicateQuestion,
    duplicates: Duplicates,
) -> Result<Vec<OperationId>, Failure> {
    let (choice, words) = match duplicates {
        Duplicates::Use => (DuplicateChoice::UseExisting, "is in the library already, and is used from there"),
        Duplicates::Keep => (DuplicateChoice::KeepBoth, "is in the library already, and is sent again"),
        Duplicates::Skip => (DuplicateChoice::Skip, "is in the library already, and is left out"),
    };
    if !arguments.json {
        for one in &question.duplicates {
            eprintln!("{} {words} ({})", one.name, one.asset_name);
        }
    }
    let answers = question.duplicates.iter().map(|one| DuplicateAnswer { index: one.index, choice }).collect();
    Ok(workspace.answer_duplicates(AnswerDuplicatesArguments { question: question.id, answers }).await?.operations)
}

/// The place at the chapter's end; course and chapter are made when nobody has.
async fn place(workspace: &Workspace, course: &str, chapter: &str) -> Result<Destination, Failure> {
    let known = workspace.list_courses().await?.courses.into_iter().find(|known| known.title == course);
    let course_id = match known {
        Some(known) => known.id,
        None => {
            let id = CourseId::new();
            workspace.edit(Mutation::CourseCreate { course: id, title: course.to_owned() }).await?;
            id
        }
    };
    let chapters = workspace.get_course(course_id).await?.chapters;
    let chapter_id = match chapters.iter().find(|known| known.title == chapter) {
        Some(known) => known.id,
        None => {
            let (id, last) = (ChapterId::new(), chapters.last().map(|last| last.id));
            let place = Between { after: last, before: None };
            let title = chapter.to_owned();
            workspace.edit(Mutation::ChapterCreate { chapter: id, course: course_id, title, place }).await?;
            id
        }
    };
    Ok(Destination::Chapter { course: course_id, chapter: chapter_id, after: None, before: None })
}

/// Until nothing of these (or of all) can go on without a person.
async fn until_still(
    arguments: &Arguments,
    workspace: &Workspace,
    news: &Notify,
    of: Option<&[OperationId]>,
) -> UploadList {
    let mut shown = Progress::new(arguments.json);
    loop {
        let list = workspace.list_uploads();
        shown.show(&list);
        let waits = |upload: &&UploadSnapshot| of.is_none_or(|of| of.contains(&upload.operation)) && goes_on(upload);
        if !list.uploads.iter().any(|upload| waits(&upload)) {
            shown.end();
            return list;
        }
        // Every event rings; the clock is for what changes without one.
        let _ = tokio::time::timeout(LOOK_EVERY, news.notified()).await;
    }
}

fn goes_on(upload: &UploadSnapshot) -> bool {
    match upload.state {
        UploadState::Ready | UploadState::Failed => false,
        UploadState::Paused => {
            matches!(upload.cause, Some(Cause::ServerUnreachable | Cause::StoreUnreachable))
        }
        _ => true,
    }
}

fn end(arguments: &Arguments, uploads: &[UploadSnapshot], refused: usize) -> Result<(), Failure> {
    let left: Vec<&UploadSnapshot> = uploads.iter().filter(|upload| upload.state != UploadState::Ready).collect();
    if arguments.json {
        println!("{}", json!({ "ready": uploads.len() - left.len(), "uploads": uploads, "refused": refused }));
    } else {
        for upload in &left {
            eprintln!("{}", progress::line(upload));
        }
        println!("{} of {} ready", uploads.len() - left.len(), uploads.len() + refused);
    }
    if left.is_empty() && refused == 0 { Ok(()) } else { Err(Failure::NotAll(left.len() + refused)) }
}

fn say_refused(arguments: &Arguments, report: &IntakeReport) {
    if arguments.json {
        return;
    }
    for file in &report.refused {
        let why = match &file.reason {
            RefusedReason::Empty => "is empty".to_owned(),
            RefusedReason::Folder => "is a folder".to_owned(),
            RefusedReason::EmptyFolder => "has no files in it".to_owned(),
            RefusedReason::TooManyFiles { most } => format!("has more than {most} files in it"),
            RefusedReason::Gone => "is not there".to_owned(),
            RefusedReason::Unreadable { detail } => format!("cannot be read: {detail}"),
            RefusedReason::NotAFile => "is not a file".to_owned(),
            RefusedReason::TooLarge => "is larger than a store takes".to_owned(),
        };
        eprintln!("{} {why}", Path::new(&file.name).display());
    }
    for name in &report.to_library {
        eprintln!("{name} went to the library: a chapter shows video and audio");
    }
}
