//! What another program may ask of a workspace whose engine runs here: the command line hands its work to the window that
//! is open. One engine a workspace, so whoever holds its lock listens, and the others ask.
//!
//! A local socket (Unix) or named pipe (Windows) that only the same user can find; a request a line, answered by a line,
//! both JSON.

mod client;
mod host;
mod name;

pub use client::{Client, ClientError};
pub(super) use host::Host;

use super::Workspace;
use crate::catalogue::{path_bytes, path_from};
use lectern_shared::command::{AnswerDuplicatesArguments, WorkspaceState};
use lectern_shared::error::AppError;
use lectern_shared::ids::{ChapterId, CourseId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::{Destination, IntakeReport, UploadList};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest line: 10,000 files with long paths, or the list of as many uploads.
const LINE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// For a server that is slow, or a line that is lost without a word.
const FIRST_PULL: Duration = Duration::from_secs(15);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    State,
    Uploads,
    Add { files: Vec<FilePath>, place: Place },
    AnswerDuplicates(AnswerDuplicatesArguments),
}

/// Where files go, in the words of a person. What has no such name yet is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Library,
    Chapter { course: String, chapter: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    State(WorkspaceState),
    Uploads(UploadList),
    Added(IntakeReport),
    Failed(AppError),
}

/// A path as this system writes it, which need not be text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePath(Vec<u8>);

impl From<&Path> for FilePath {
    fn from(path: &Path) -> Self {
        Self(path_bytes(path))
    }
}

impl From<FilePath> for PathBuf {
    fn from(path: FilePath) -> Self {
        path_from(path.0)
    }
}

impl Workspace {
    /// The same for a request from this program and for one from outside.
    pub async fn answer_to(&self, request: Request) -> Reply {
        let done = match request {
            Request::State => self.state().await.map(Reply::State),
            Request::Uploads => Ok(Reply::Uploads(self.list_uploads())),
            Request::Add { files, place } => self.add_at(files, place).await.map(Reply::Added),
            Request::AnswerDuplicates(answers) => self.answer_duplicates(answers).await.map(Reply::Added),
        };
        done.unwrap_or_else(Reply::Failed)
    }

    async fn add_at(&self, files: Vec<FilePath>, place: Place) -> Result<IntakeReport, AppError> {
        let destination = match place {
            Place::Library => Destination::Library,
            Place::Chapter { course, chapter } => self.end_of_chapter(&course, &chapter).await?,
        };
        self.add_files(files.into_iter().map(PathBuf::from).collect(), destination).await
    }

    /// The place at the chapter's end; course and chapter are made when nobody has.
    async fn end_of_chapter(&self, course: &str, chapter: &str) -> Result<Destination, AppError> {
        // On a new computer, what the others have made is not here yet.
        let _ = tokio::time::timeout(FIRST_PULL, self.sync.tried()).await;
        let known = self.list_courses().await?.courses.into_iter().find(|known| known.title == course);
        let course_id = match known {
            Some(known) => known.id,
            None => {
                let id = CourseId::new();
                self.edit(Mutation::CourseCreate { course: id, title: course.to_owned() }).await?;
                id
            }
        };
        let chapters = self.get_course(course_id).await?.chapters;
        let chapter_id = match chapters.iter().find(|known| known.title == chapter) {
            Some(known) => known.id,
            None => {
                let id = ChapterId::new();
                let place = Between { after: chapters.last().map(|last| last.id), before: None };
                let title = chapter.to_owned();
                self.edit(Mutation::ChapterCreate { chapter: id, course: course_id, title, place }).await?;
                id
            }
        };
        Ok(Destination::Chapter { course: course_id, chapter: chapter_id, after: None, before: None })
    }
}
