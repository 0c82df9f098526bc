//! The child's side: goes through the plan from where it is, and says what it was promised, a line each:
//!
//! ```text
//! step 3                       the drop or edit was answered: it is committed
//! parts <operation> 2          so many parts are shown as confirmed
//! ready <operation>            the file is shown as ready
//! anew <operation> <asset>     its file is about to change: what was confirmed of it counts no more
//! synced 4                     the course server has confirmed all edits of so many steps
//! ```

use super::Failure;
use super::plan::{Chapter, GROWING, Plan, REPLACEMENT, Step, name, new_title};
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::{LocalWorkspace, Workspace};
use lectern_shared::command::{AnswerDuplicatesArguments, DuplicateAnswer};
use lectern_shared::course::{CourseDetail, VideoDetail};
use lectern_shared::event::AppEvent;
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::{Destination, Duplicate, DuplicateChoice, DuplicateQuestion, UploadSnapshot, UploadState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Works until all is done, or until it is killed.
///
/// # Errors
/// What the workspace refuses or fails at; nothing should.
pub async fn work(folder: &Path, files: &Path, seed: u64) -> Result<(), Failure> {
    let plan = Plan::of(seed);
    let pace = Pace::default();
    pace.limit(Some(plan.bytes_per_second));
    let prober = PathBuf::from("/there/is/no/prober");
    let local = LocalWorkspace::open(folder, prober, pace, Arc::new(say)).await?;
    let workspace = &local.workspace;
    set_up(workspace, &plan).await?;
    for (number, step) in plan.steps.iter().enumerate() {
        if !is_done(workspace, &plan, files, step).await? {
            act(workspace, &plan, files, step).await?;
        }
        println!("step {number}");
        // Some edits fall into the uploads of files dropped before them.
        tokio::time::sleep(LOOK_EVERY).await;
        if workspace.state().await?.edits_waiting == 0 {
            println!("synced {}", number + 1);
        }
    }
    loop {
        let (state, list) = (workspace.state().await?, workspace.list_uploads());
        if let Some(failed) = list.uploads.iter().find(|upload| upload.state == UploadState::Failed) {
            return Err(format!("an upload failed: {failed:?}").into());
        }
        if state.edits_waiting == 0 && list.uploads.iter().all(|upload| upload.state == UploadState::Ready) {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    println!("synced {}", plan.steps.len());
    local.shutdown().await;
    Ok(())
}

async fn set_up(workspace: &Workspace, plan: &Plan) -> Result<(), Failure> {
    let courses = workspace.list_courses().await?.courses;
    if courses.iter().all(|course| course.id != plan.course) {
        workspace.edit(Mutation::CourseCreate { course: plan.course, title: "Chemistry".to_owned() }).await?;
    }
    for chapter in plan.chapters {
        let there = workspace.get_course(plan.course).await?.chapters;
        if there.iter().all(|other| other.id != chapter) {
            let (course, place) = (plan.course, Between::default());
            workspace.edit(Mutation::ChapterCreate { chapter, course, title: "Kinetics".to_owned(), place }).await?;
        }
    }
    Ok(())
}

async fn is_done(workspace: &Workspace, plan: &Plan, folder: &Path, step: &Step) -> Result<bool, Failure> {
    let course = workspace.get_course(plan.course).await?;
    Ok(match step {
        Step::Drop { files, .. } => {
            let listed = workspace.list_uploads().uploads;
            let is_listed = |file: &&usize| listed.iter().any(|upload| upload.file_name == name(**file));
            let count = files.iter().filter(is_listed).count();
            // A drop is one transaction.
            if count != 0 && count != files.len() {
                return Err(format!("half of a drop is there: {count} of {files:?}").into());
            }
            count == files.len()
        }
        Step::Rename { file } => find(&course, *file)?.title == new_title(*file),
        Step::Replace => find_upload(workspace, REPLACEMENT).is_some(),
        Step::Grow => plan.has_grown(folder)?,
        Step::Move { file, .. } => {
            let second = plan.chapter(Chapter::Second);
            let is_there = |video: &VideoDetail| video.name == name(*file);
            course.chapters.iter().any(|chapter| chapter.id == second && chapter.videos.iter().any(is_there))
        }
    })
}

fn find(course: &CourseDetail, file: usize) -> Result<&VideoDetail, Failure> {
    let mut videos = course.chapters.iter().flat_map(|chapter| &chapter.videos);
    let found = videos.find(|video| video.name == name(file) || video.title == new_title(file));
    found.ok_or_else(|| format!("{} has lost its place", name(file)).into())
}

fn find_upload(workspace: &Workspace, file: usize) -> Option<UploadSnapshot> {
    workspace.list_uploads().uploads.into_iter().find(|upload| upload.file_name == name(file))
}

async fn act(workspace: &Workspace, plan: &Plan, folder: &Path, step: &Step) -> Result<(), Failure> {
    let course = workspace.get_course(plan.course).await?;
    match step {
        Step::Drop { files, to } => {
            let destination = to.map_or(Destination::Library, |chapter| Destination::Chapter {
                course: plan.course,
                chapter: plan.chapter(chapter),
                after: None,
                before: None,
            });
            let paths = files.iter().map(|file| folder.join(name(*file))).collect();
            let report = workspace.add_files(paths, destination).await?;
            let is_elsewhere = !report.to_library.is_empty() || report.question.is_some();
            if report.operations.len() != files.len() || is_elsewhere {
                return Err(format!("not all were taken in, or not in their place: {report:?}").into());
            }
        }
        Step::Replace => replace(workspace, plan, folder).await?,
        Step::Grow => {
            let upload = find_upload(workspace, GROWING).ok_or("what grows was not queued")?;
            println!("anew {} {}", upload.operation, upload.asset);
            Plan::grow(folder)?;
        }
        Step::Rename { file } => {
            let video = find(&course, *file)?.id;
            workspace.edit(Mutation::VideoRename { video, title: new_title(*file) }).await?;
        }
        Step::Move { file, to_start } => {
            let chapter = plan.chapter(Chapter::Second);
            let there = course.chapters.iter().find(|other| other.id == chapter);
            let first = there.and_then(|chapter| chapter.videos.first()).map(|video| video.id);
            let place = Between { after: None, before: first.filter(|_| *to_start) };
            let ids = vec![find(&course, *file)?.id];
            workspace.edit(Mutation::VideoMove { ids, chapter, place }).await?;
        }
    }
    Ok(())
}

/// The question is asked and answered; one that is open when the app is killed is asked again.
async fn replace(workspace: &Workspace, plan: &Plan, folder: &Path) -> Result<(), Failure> {
    let (course, chapter) = (plan.course, plan.chapter(Chapter::First));
    let destination = Destination::Chapter { course, chapter, after: None, before: None };
    let report = workspace.add_files(vec![folder.join(name(REPLACEMENT))], destination).await?;
    let Some(DuplicateQuestion { id: question, duplicates }) = report.question else {
        return Err(format!("a new version was not asked about: {report:?}").into());
    };
    let answer = |one: &Duplicate| DuplicateAnswer { index: one.index, choice: DuplicateChoice::Replace };
    let answers = duplicates.iter().map(answer).collect();
    workspace.answer_duplicates(AnswerDuplicatesArguments { question, answers }).await?;
    Ok(())
}

fn say(event: AppEvent) {
    if let AppEvent::Progress { snapshots, .. } = event {
        for shown in snapshots {
            match shown.state {
                UploadState::Ready => println!("ready {}", shown.operation),
                _ if shown.parts_confirmed > 0 => println!("parts {} {}", shown.operation, shown.parts_confirmed),
                _ => {}
            }
        }
    }
}
