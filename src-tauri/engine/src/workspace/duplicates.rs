//! Files that are there already: found before anything is sent, by size and then by the whole file's hash, and put to the
//! person as one question. Only assets the person can see are looked at: nobody learns what others have.

use super::Workspace;
use super::undo::{AddedFile, Done};
use crate::catalogue::{Candidate, Wanted};
use crate::uploads::{NewUpload, whole_file_hash};
use futures::StreamExt as _;
use lectern_shared::change::CacheTag;
use lectern_shared::command::AnswerDuplicatesArguments;
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::ids::{DropId, OperationId, VideoId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::{Destination, Duplicate, DuplicateChoice, DuplicateQuestion, IntakeReport};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files hashed at once: the disk is the limit.
const HASHES_MAX: usize = 2;
/// Questions that wait for an answer; of more the oldest are taken for skipped.
const QUESTIONS_MAX: usize = 50;

/// A dropped file whose bytes an asset has.
#[derive(Clone)]
struct Known {
    file: NewUpload,
    asset: Candidate,
    /// Its place is behind this one: the file before it in the drop.
    after: Before,
    /// The first new file behind it, for when nothing stands before it: its turn in the drop, and its place.
    next: Option<(usize, VideoId)>,
}

impl Known {
    fn next_video(&self) -> Option<VideoId> {
        self.next.map(|(_, video)| video)
    }
}

/// What stands before a file in its drop.
#[derive(Clone, Copy)]
enum Before {
    /// Nothing of this drop.
    Nothing,
    Video(VideoId),
    /// Another file of the question.
    Known(usize),
}

/// Open questions, oldest first. They live as long as the app: what nobody answered was not added.
#[derive(Default)]
pub(super) struct Questions(Mutex<VecDeque<(DropId, Vec<Known>)>>);

impl Questions {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(DropId, Vec<Known>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, known: Vec<Known>) -> DropId {
        let id = DropId::new();
        let mut questions = self.lock();
        questions.push_back((id, known));
        while questions.len() > QUESTIONS_MAX {
            questions.pop_front();
        }
        id
    }

    fn take(&self, id: DropId) -> Option<Vec<Known>> {
        let mut questions = self.lock();
        let index = questions.iter().position(|(known, _)| *known == id)?;
        questions.remove(index).map(|(_, known)| known)
    }

    fn put_back(&self, id: DropId, known: Vec<Known>) {
        self.lock().push_back((id, known));
    }
}

/// A file that may be there already, and what stands before it.
struct Suspect {
    file: NewUpload,
    candidates: Vec<Candidate>,
    after: Before,
    turn: usize,
    next: Option<(usize, VideoId)>,
}

impl Workspace {
    /// Queues what is new at once, then looks into what may be there already: a question about what is, and the rest
    /// takes its place. Answers the queued uploads too.
    pub(super) async fn queue_what_is_new(
        &self,
        files: Vec<NewUpload>,
    ) -> Result<(Vec<OperationId>, Option<DuplicateQuestion>), AppError> {
        let wanted =
            files.iter().map(|file| Wanted { bytes: file.bytes, modified_ns: file.modified_ns, file_id: file.file_id });
        let candidates = self.catalogue.candidates(wanted.collect()).await.map_err(super::app_error)?;
        let (mut new, mut suspects, mut before) = (Vec::new(), Vec::new(), Before::Nothing);
        for (turn, (file, candidates)) in files.into_iter().zip(candidates).enumerate() {
            let place = file.video;
            if candidates.is_empty() {
                new.push(file);
                let next = place.map(|video| (turn, video));
                suspects.iter_mut().for_each(|suspect: &mut Suspect| suspect.next = suspect.next.or(next));
                before = place.map_or(before, Before::Video);
            } else {
                suspects.push(Suspect { file, candidates, after: before, turn, next: None });
                before = if place.is_some() { Before::Known(suspects.len() - 1) } else { before };
            }
        }
        let mut operations = self.uploads.queue(new).await.map_err(super::uploads_error)?;
        let compared = futures::stream::iter(suspects).map(|suspect| async { (same_bytes(&suspect).await, suspect) });
        let compared: Vec<(Option<Candidate>, Suspect)> = compared.buffered(HASHES_MAX).collect().await;
        let (others, known) = sort_out(compared);
        operations.extend(self.carry_out(others).await?.0);
        if known.is_empty() {
            return Ok((operations, None));
        }
        let duplicates = known.iter().zip(0..).map(|(known, index)| self.duplicate(known, index)).collect();
        Ok((operations, Some(DuplicateQuestion { id: self.questions.ask(known), duplicates })))
    }

    fn duplicate(&self, known: &Known, index: u32) -> Duplicate {
        let asset = &known.asset;
        Duplicate {
            index,
            name: known.file.name.clone(),
            bytes: known.file.bytes,
            asset: asset.asset,
            asset_name: asset.name.clone(),
            added_at: asset.created_at,
            places: asset.places,
            thumbnail_url: (self.thumbnail_urls())(asset.asset, asset.thumbnail),
        }
    }

    /// Does with the files of a question what the person says.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for a question that is not open, [`ErrorCode::Rejected`] when the chapter is gone,
    /// [`ErrorCode::Storage`].
    pub async fn answer_duplicates(&self, answer: AnswerDuplicatesArguments) -> Result<IntakeReport, AppError> {
        let gone = || AppError::new(ErrorCode::NotFound, "this question is not open any more");
        let known = self.questions.take(answer.question).ok_or_else(gone)?;
        let choices: HashMap<u32, DuplicateChoice> =
            answer.answers.iter().map(|answer| (answer.index, answer.choice)).collect();
        let (mut acts, mut anchors) = (Vec::new(), Vec::with_capacity(known.len()));
        for (one, index) in known.iter().zip(0..) {
            let anchor = match one.after {
                Before::Nothing => None,
                Before::Video(video) => Some(video),
                Before::Known(index) => anchors.get(index).copied().flatten(),
            };
            let act = act(one, choices.get(&index).copied().unwrap_or(DuplicateChoice::Skip), anchor);
            let is_placed = !matches!(act, Act::Nothing);
            // Behind one that was skipped is behind what that was behind.
            anchors.push(one.file.video.filter(|_| is_placed).or(anchor));
            acts.push(act);
        }
        let (operations, mut tags) = self.carry_out(acts).await.inspect_err(|error| {
            if error.retry {
                self.questions.put_back(answer.question, known);
            }
        })?;
        if !operations.is_empty() {
            self.remember_files(&operations);
            self.describer.look();
        }
        tags.extend([CacheTag::Workspace, CacheTag::Courses, CacheTag::Assets, CacheTag::Uploads]);
        self.edited(&tags);
        Ok(IntakeReport { operations, ..IntakeReport::default() })
    }

    /// One after the other: each may stand behind the one before it. Only a failure of the first may be tried again.
    async fn carry_out(&self, acts: Vec<Act>) -> Result<(Vec<OperationId>, Vec<CacheTag>), AppError> {
        let (mut operations, mut tags) = (Vec::new(), Vec::new());
        for (act, done) in acts.into_iter().zip(0_u32..) {
            let acted = match act {
                Act::Nothing => Ok(()),
                Act::Queue(file) => self.uploads.queue(vec![*file]).await.map_err(super::uploads_error).map(|queued| {
                    operations.extend(queued);
                }),
                Act::Show(edit) => self.catalogue.edit(vec![edit]).await.map_err(super::app_error).map(|edited| {
                    tags.extend(edited.tags);
                    edited.inverse.map(|inverse| self.undo.push(Done::Edit(inverse)));
                }),
            };
            acted.map_err(|error| AppError { retry: error.retry && done == 0, ..error })?;
        }
        Ok((operations, tags))
    }

    pub(super) fn remember_files(&self, operations: &[OperationId]) {
        let listed = self.uploads.list().uploads;
        let added = listed.iter().filter(|upload| operations.contains(&upload.operation)).map(|upload| AddedFile {
            operation: upload.operation,
            asset: upload.asset,
            video: upload.video,
        });
        self.undo.push(Done::Files(added.collect()));
    }
}

/// The candidate that has the file's bytes.
async fn same_bytes(suspect: &Suspect) -> Option<Candidate> {
    let candidates = &suspect.candidates;
    if let Some(same) = candidates.iter().find(|candidate| candidate.is_same_file) {
        return Some(same.clone());
    }
    if candidates.iter().all(|candidate| candidate.blake3.is_none()) {
        return None;
    }
    // A file that cannot be read says so when it is sent.
    let hash = whole_file_hash(suspect.file.path.clone()).await?;
    candidates.iter().find(|candidate| candidate.blake3.as_ref() == Some(&hash)).cloned()
}

/// What is new after all is queued in its place; what is not is asked about. One that is asked about will go right behind
/// what stands before it, so nobody has to wait for its place.
fn sort_out(compared: Vec<(Option<Candidate>, Suspect)>) -> (Vec<Act>, Vec<Known>) {
    let (mut others, mut known): (Vec<Act>, Vec<Known>) = (Vec::new(), Vec::new());
    // Of each suspect: what stands before the next one, and the last video before it that is there now.
    let mut seen: Vec<(Before, Option<VideoId>)> = Vec::with_capacity(compared.len());
    for (same, Suspect { file, after, turn, next, .. }) in compared {
        let (before, anchor) = match after {
            Before::Nothing => (Before::Nothing, None),
            Before::Video(video) => (Before::Video(video), Some(video)),
            Before::Known(index) => seen.get(index).copied().unwrap_or((Before::Nothing, None)),
        };
        match same {
            Some(asset) => {
                seen.push((Before::Known(known.len()), anchor));
                known.push(Known { file, asset, after: before, next });
            }
            None => {
                seen.push((file.video.map_or(before, Before::Video), file.video.or(anchor)));
                others.push(queued(&file, anchor, next.map(|(_, video)| video)));
                let first = file.video.map(|video| (turn, video));
                for known in &mut known {
                    known.next = known.next.into_iter().chain(first).min_by_key(|(turn, _)| *turn);
                }
            }
        }
    }
    (others, known)
}

/// What becomes of one file.
enum Act {
    Nothing,
    /// A second asset.
    Queue(Box<NewUpload>),
    /// The place shows the asset that is there.
    Show(Mutation),
}

fn act(known: &Known, choice: DuplicateChoice, anchor: Option<VideoId>) -> Act {
    let (file, asset) = (&known.file, known.asset.asset);
    match (choice, &file.destination, file.video) {
        (DuplicateChoice::KeepBoth, _, _) => queued(file, anchor, known.next_video()),
        (DuplicateChoice::UseExisting, Destination::Chapter { course, chapter, after, before }, Some(video)) => {
            let (course, chapter, place) = (*course, *chapter, place(anchor, *after, known.next_video().or(*before)));
            Act::Show(Mutation::VideoCreate { video, course, chapter, asset, title: file.title.clone(), place })
        }
        (DuplicateChoice::UseExisting | DuplicateChoice::Skip, _, _) => Act::Nothing,
    }
}

fn queued(file: &NewUpload, anchor: Option<VideoId>, next: Option<VideoId>) -> Act {
    let destination = match file.destination {
        Destination::Library => Destination::Library,
        Destination::Chapter { course, chapter, after, before } => {
            let place = place(anchor, after, next.or(before));
            Destination::Chapter { course, chapter, after: place.after, before: place.before }
        }
    };
    Act::Queue(Box::new(NewUpload { destination, ..file.clone() }))
}

fn place(anchor: Option<VideoId>, after: Option<VideoId>, before: Option<VideoId>) -> Between<VideoId> {
    match anchor {
        Some(anchor) => Between { after: Some(anchor), before: None },
        None => Between { after, before },
    }
}
