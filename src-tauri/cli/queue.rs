//! Puts files into the queue and waits for it.

use crate::arguments::{Adding, Arguments, Duplicates, SameName};
use crate::failure::Failure;
use crate::open::Engine;
use crate::progress::{self, Progress};
use lectern_engine::workspace::control::{ClientError, FilePath, Place, Reply, Request};
use lectern_shared::command::{AnswerDuplicatesArguments, DuplicateAnswer, WorkspaceState};
use lectern_shared::ids::OperationId;
use lectern_shared::upload::{
    Cause, Clash, Duplicate, DuplicateChoice, DuplicateQuestion, IntakeReport, RefusedReason, UploadList,
    UploadSnapshot, UploadState,
};
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

pub async fn upload(
    arguments: &Arguments,
    files: &[PathBuf],
    course: &str,
    chapter: &str,
    adding: Adding,
) -> Result<(), Failure> {
    let place = Place::Chapter { course: course.to_owned(), chapter: chapter.to_owned() };
    with_engine(arguments, false, async |engine| add(arguments, engine, files, place, adding).await).await
}

pub async fn add_to_library(arguments: &Arguments, files: &[PathBuf], adding: Adding) -> Result<(), Failure> {
    with_engine(arguments, false, async |engine| add(arguments, engine, files, Place::Library, adding).await).await
}

/// Sends what is queued.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    with_engine(arguments, false, async |engine| {
        let list = until_still(arguments, engine, None).await?;
        end(arguments, &list.uploads, 0)
    })
    .await
}

pub async fn status(arguments: &Arguments) -> Result<(), Failure> {
    with_engine(arguments, true, async |engine| {
        let list = uploads(engine).await?;
        if arguments.json {
            let workspace = state(engine).await?;
            return say(&Status { workspace, list });
        }
        for upload in &list.uploads {
            println!("{}", progress::line(upload));
        }
        println!("{} of {} ready", list.totals.ready, list.totals.uploads);
        Ok(())
    })
    .await
}

#[derive(Serialize)]
struct Status {
    workspace: WorkspaceState,
    #[serde(flatten)]
    list: UploadList,
}

#[derive(Serialize)]
struct Ended<'a> {
    ready: usize,
    uploads: &'a [UploadSnapshot],
    refused: usize,
}

/// Written as it is made: ten thousand uploads are megabytes.
fn say(what: &impl Serialize) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, what).map_err(std::io::Error::from)?;
    Ok(writeln!(out).and_then(|()| out.flush())?)
}

async fn with_engine(
    arguments: &Arguments,
    idle: bool,
    work: impl AsyncFnOnce(&Engine) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let engine = Engine::reach(arguments, idle).await?;
    let done = tokio::select! {
        done = work(&engine) => done,
        _ = tokio::signal::ctrl_c() => {
            match engine {
                Engine::Here { .. } => eprintln!("Stopped. The queue is kept: `lectern-cli queue`, or the app, goes on."),
                Engine::There(_) => eprintln!("Stopped looking. The Lectern that is open goes on."),
            }
            Ok(())
        }
    };
    engine.close().await;
    done
}

async fn uploads(engine: &Engine) -> Result<UploadList, Failure> {
    match engine.ask(Request::Uploads).await? {
        Reply::Uploads(list) => Ok(list),
        _ => Err(ClientError::Strange.into()),
    }
}

async fn state(engine: &Engine) -> Result<WorkspaceState, Failure> {
    match engine.ask(Request::State).await? {
        Reply::State(state) => Ok(state),
        _ => Err(ClientError::Strange.into()),
    }
}

async fn added(engine: &Engine, request: Request) -> Result<IntakeReport, Failure> {
    match engine.ask(request).await? {
        Reply::Added(report) => Ok(report),
        _ => Err(ClientError::Strange.into()),
    }
}

async fn add(
    arguments: &Arguments,
    engine: &Engine,
    files: &[PathBuf],
    place: Place,
    adding: Adding,
) -> Result<(), Failure> {
    // Whoever has the engine stands in another folder.
    let files = files.iter().map(|file| std::path::absolute(file).map(|file| FilePath::from(file.as_path())));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let mut report = added(engine, Request::Add { files, place }).await?;
    let is_there = |one: &&Duplicate| one.clash == Clash::SameBytes;
    let there = report.question.as_ref().map_or(0, |asked| asked.duplicates.iter().filter(is_there).count());
    if let Some(question) = report.question.take() {
        report.operations.extend(answer(arguments, engine, &question, adding).await?);
    }
    say_refused(arguments, &report);
    if adding.no_wait {
        if arguments.json {
            println!("{}", json!({ "queued": report.operations, "refused": report.refused, "in_library": there }));
        }
        return if report.refused.is_empty() { Ok(()) } else { Err(Failure::NotAll(report.refused.len())) };
    }
    let added: HashSet<OperationId> = report.operations.iter().copied().collect();
    let list = until_still(arguments, engine, Some(&added)).await?;
    let ours: Vec<UploadSnapshot> =
        list.uploads.into_iter().filter(|upload| added.contains(&upload.operation)).collect();
    end(arguments, &ours, report.refused.len())
}

/// One answer for all files that are there already, and one for all of a name that is taken. Answers those that are sent.
async fn answer(
    arguments: &Arguments,
    engine: &Engine,
    question: &DuplicateQuestion,
    adding: Adding,
) -> Result<Vec<OperationId>, Failure> {
    let mut answers = Vec::with_capacity(question.duplicates.len());
    for one in &question.duplicates {
        let (choice, words) = chosen(one.clash, adding);
        if !arguments.json {
            eprintln!("{} {words} ({})", one.name, one.asset_name);
        }
        answers.push(DuplicateAnswer { index: one.index, choice });
    }
    let answers = AnswerDuplicatesArguments { question: question.id, answers };
    Ok(added(engine, Request::AnswerDuplicates(answers)).await?.operations)
}

fn chosen(clash: Clash, adding: Adding) -> (DuplicateChoice, &'static str) {
    match (clash, adding.duplicates, adding.same_name) {
        (Clash::SameBytes, Duplicates::Use, _) => {
            (DuplicateChoice::UseExisting, "is in the library already, and is used from there")
        }
        (Clash::SameBytes, Duplicates::Keep, _) => {
            (DuplicateChoice::KeepBoth, "is in the library already, and is sent again")
        }
        (Clash::SameBytes, Duplicates::Skip, _) => {
            (DuplicateChoice::Skip, "is in the library already, and is left out")
        }
        (Clash::SameName, _, SameName::Replace) => (DuplicateChoice::Replace, "replaces a file of its name"),
        (Clash::SameName, _, SameName::Keep) => (DuplicateChoice::KeepBoth, "is sent beside another file of its name"),
        (Clash::SameName, _, SameName::Skip) => {
            (DuplicateChoice::Skip, "has the name of a file that is there, and is left out")
        }
    }
}

/// Until nothing of these (or of all) can go on without a person.
async fn until_still(
    arguments: &Arguments,
    engine: &Engine,
    of: Option<&HashSet<OperationId>>,
) -> Result<UploadList, Failure> {
    let mut shown = Progress::new(arguments.json);
    loop {
        let list = uploads(engine).await?;
        shown.show(&list);
        let waits = |upload: &&UploadSnapshot| of.is_none_or(|of| of.contains(&upload.operation)) && goes_on(upload);
        if !list.uploads.iter().any(|upload| waits(&upload)) {
            shown.end();
            return Ok(list);
        }
        engine.news().await;
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
        say(&Ended { ready: uploads.len() - left.len(), uploads, refused })?;
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
