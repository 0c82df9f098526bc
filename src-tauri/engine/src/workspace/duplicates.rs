//! Files that are there already, by size and then by the whole file's hash, and files of a name that is taken: found before
//! anything is sent, and put to the person as one question. Only assets the person can see are looked at: nobody learns
//! what others have.

use super::Workspace;
use super::undo::{AddedFile, Done};
use crate::catalogue::{Candidate, Found, Wanted};
use crate::uploads::{NewUpload, Replaces, whole_file_hash};
use futures::StreamExt as _;
use lectern_shared::change::CacheTag;
use lectern_shared::command::AnswerDuplicatesArguments;
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::ids::{DropId, EditId, OperationId, VideoId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::{Clash, Destination, Duplicate, DuplicateChoice, DuplicateQuestion, IntakeReport};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files hashed at once: the disk is the limit.
const HASHES_MAX: usize = 2;
/// Questions that wait for an answer; of more the oldest are taken for skipped.
const QUESTIONS_MAX: usize = 50;

/// A dropped file that an asset stands against.
#[derive(Clone)]
struct Known {
    file: NewUpload,
    clash: Clash,
    asset: Candidate,
    /// The videos that will show the file when it replaces one of its name.
    uses: Vec<VideoId>,
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
    found: Found,
    after: Before,
    turn: usize,
    next: Option<(usize, VideoId)>,
}

impl Workspace {
    /// Queues what is new at once, then looks into what may be there already: a question about what is, and the rest
    /// takes its place. Answers the queued files too.
    pub(super) async fn queue_what_is_new(
        &self,
        files: Vec<NewUpload>,
    ) -> Result<(Vec<AddedFile>, Option<DuplicateQuestion>), AppError> {
        let found = self.catalogue.candidates(files.iter().map(wanted).collect()).await.map_err(super::app_error)?;
        let (mut new, mut suspects, mut before) = (Vec::new(), Vec::new(), Before::Nothing);
        for (turn, (file, found)) in files.into_iter().zip(found).enumerate() {
            let place = file.video;
            if found.same_size.is_empty() && found.same_name.is_none() {
                new.push(file);
                let next = place.map(|video| (turn, video));
                suspects.iter_mut().for_each(|suspect: &mut Suspect| suspect.next = suspect.next.or(next));
                before = place.map_or(before, Before::Video);
            } else {
                suspects.push(Suspect { file, found, after: before, turn, next: None });
                before = if place.is_some() { Before::Known(suspects.len() - 1) } else { before };
            }
        }
        let mut added: Vec<AddedFile> = new.iter().map(AddedFile::from).collect();
        self.uploads.queue(new).await.map_err(super::uploads_error)?;
        let compared = futures::stream::iter(suspects).map(|suspect| async { (against(&suspect).await, suspect) });
        let compared: Vec<(Option<Against>, Suspect)> = compared.buffered(HASHES_MAX).collect().await;
        let (others, known) = sort_out(compared);
        added.extend(self.carry_out(others).await?.files);
        if known.is_empty() {
            return Ok((added, None));
        }
        let duplicates = known.iter().zip(0..).map(|(known, index)| self.duplicate(known, index)).collect();
        Ok((added, Some(DuplicateQuestion { id: self.questions.ask(known), duplicates })))
    }

    fn duplicate(&self, known: &Known, index: u32) -> Duplicate {
        let asset = &known.asset;
        Duplicate {
            index,
            clash: known.clash,
            name: known.file.name.clone(),
            bytes: known.file.bytes,
            asset: asset.asset,
            asset_name: asset.name.clone(),
            asset_bytes: asset.bytes,
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
            let is_placed = act.makes_place();
            // Behind one that was skipped is behind what that was behind.
            anchors.push(one.file.video.filter(|_| is_placed).or(anchor));
            acts.push(act);
        }
        let mut done = self.carry_out(acts).await.inspect_err(|error| {
            if error.retry {
                self.questions.put_back(answer.question, known);
            }
        })?;
        let operations = done.operations().collect();
        if !done.files.is_empty() {
            self.describer.look();
        }
        done.tags.extend([CacheTag::Workspace, CacheTag::Courses, CacheTag::Assets, CacheTag::Uploads]);
        self.edited(&done.tags);
        let undo = self.remember(done.files, done.inverse);
        Ok(IntakeReport { operations, undo, ..IntakeReport::default() })
    }

    /// One after the other: each may stand behind the one before it. Only a failure of the first may be tried again.
    async fn carry_out(&self, acts: Vec<Act>) -> Result<CarriedOut, AppError> {
        let mut carried_out = CarriedOut::default();
        for (act, done) in acts.into_iter().zip(0_u32..) {
            if let Err(error) = self.do_one(act, &mut carried_out).await {
                return Err(AppError { retry: error.retry && done == 0, ..error });
            }
        }
        Ok(carried_out)
    }

    async fn do_one(&self, act: Act, done: &mut CarriedOut) -> Result<(), AppError> {
        match act {
            Act::Nothing => {}
            Act::Queue(file) => {
                let added = AddedFile::from(&*file);
                self.uploads.queue(vec![*file]).await.map_err(super::uploads_error)?;
                done.files.push(added);
            }
            Act::Show(edit) => {
                let edited = self.catalogue.edit(vec![edit]).await.map_err(super::app_error)?;
                done.tags.extend(edited.tags);
                done.inverse.splice(0..0, edited.inverse.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Files that were added, and edits made with them, are one thing to undo.
    pub(super) fn remember(&self, files: Vec<AddedFile>, inverse: Vec<Mutation>) -> Option<EditId> {
        let is_something = !files.is_empty() || !inverse.is_empty();
        is_something.then(|| self.undo.push(Done::Files { files, inverse }))
    }
}

/// What an answer came to.
#[derive(Default)]
struct CarriedOut {
    files: Vec<AddedFile>,
    tags: Vec<CacheTag>,
    /// Of the edits, the last one first.
    inverse: Vec<Mutation>,
}

impl CarriedOut {
    fn operations(&self) -> impl Iterator<Item = OperationId> {
        self.files.iter().map(|file| file.operation)
    }
}

fn wanted(file: &NewUpload) -> Wanted {
    Wanted {
        bytes: file.bytes,
        modified_ns: file.modified_ns,
        file_id: file.file_id,
        name: file.name.clone(),
        title: file.title.clone(),
        kind: file.kind,
        chapter: match file.destination {
            Destination::Chapter { chapter, .. } => Some(chapter),
            Destination::Library => None,
        },
    }
}

/// What a file is asked about for.
enum Against {
    Bytes(Candidate),
    Name(Candidate, Vec<VideoId>),
}

async fn against(suspect: &Suspect) -> Option<Against> {
    match same_bytes(suspect).await {
        Some(same) => Some(Against::Bytes(same)),
        None => suspect.found.same_name.clone().map(|(other, uses)| Against::Name(other, uses)),
    }
}

/// The candidate that has the file's bytes.
async fn same_bytes(suspect: &Suspect) -> Option<Candidate> {
    let candidates = &suspect.found.same_size;
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
fn sort_out(compared: Vec<(Option<Against>, Suspect)>) -> (Vec<Act>, Vec<Known>) {
    let (mut others, mut known): (Vec<Act>, Vec<Known>) = (Vec::new(), Vec::new());
    // Of each suspect: what stands before the next one, and the last video before it that is there now.
    let mut seen: Vec<(Before, Option<VideoId>)> = Vec::with_capacity(compared.len());
    for (against, Suspect { file, after, turn, next, .. }) in compared {
        let (before, anchor) = match after {
            Before::Nothing => (Before::Nothing, None),
            Before::Video(video) => (Before::Video(video), Some(video)),
            Before::Known(index) => seen.get(index).copied().unwrap_or((Before::Nothing, None)),
        };
        let stands = match against {
            Some(Against::Bytes(asset)) => Some((Clash::SameBytes, asset, Vec::new())),
            Some(Against::Name(asset, uses)) => Some((Clash::SameName, asset, uses)),
            None => None,
        };
        match stands {
            Some((clash, asset, uses)) => {
                seen.push((Before::Known(known.len()), anchor));
                known.push(Known { file, clash, asset, uses, after: before, next });
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
    /// A new asset.
    Queue(Box<NewUpload>),
    /// The place shows the asset that is there.
    Show(Mutation),
}

impl Act {
    /// Whether the file's own place is there afterwards.
    fn makes_place(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Queue(file) => file.video.is_some(),
            Self::Show(_) => true,
        }
    }
}

fn act(known: &Known, choice: DuplicateChoice, anchor: Option<VideoId>) -> Act {
    let (file, asset) = (&known.file, known.asset.asset);
    match (choice, known.clash) {
        (DuplicateChoice::KeepBoth, _) => queued(file, anchor, known.next_video()),
        (DuplicateChoice::Replace, Clash::SameName) => {
            let replaces = Some(Replaces { asset, uses: known.uses.clone() });
            Act::Queue(Box::new(NewUpload { video: None, replaces, ..file.clone() }))
        }
        (DuplicateChoice::UseExisting | DuplicateChoice::Replace, Clash::SameBytes) => shown(known, anchor),
        // The one that is there stays where it is.
        (DuplicateChoice::UseExisting, Clash::SameName) | (DuplicateChoice::Skip, _) => Act::Nothing,
    }
}

fn shown(Known { file, asset, next, .. }: &Known, anchor: Option<VideoId>) -> Act {
    let (Destination::Chapter { course, chapter, after, before }, Some(video)) = (&file.destination, file.video) else {
        return Act::Nothing;
    };
    let place = place(anchor, *after, next.map(|(_, video)| video).or(*before));
    let (course, chapter, asset) = (*course, *chapter, asset.asset);
    Act::Show(Mutation::VideoCreate { video, course, chapter, asset, title: file.title.clone(), place })
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
