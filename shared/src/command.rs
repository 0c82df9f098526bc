//! The one list of commands: names, arguments, results. The app's handlers, the window's typed `backend` and the
//! permissions are all made from it, so none of them can drift.

use crate::change::CacheTag;
use crate::error::AppError;
use crate::ids::{AssetId, CourseId, DropId, EditId, OperationId, UserId};
use crate::mutation::Mutation;
use crate::upload::{Destination, DuplicateChoice, UploadAction};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Calls `$with!` with the list: `verb name(Arguments) -> Result;`. Verbs are `query`, `mutate` and `trigger`.
#[macro_export]
macro_rules! for_each_command {
    ($with:ident) => {
        $with! {
            /// The workspace, what waits, and whether it is safe to close.
            query workspace($crate::command::NoArguments) -> $crate::command::WorkspaceState;
            query list_courses($crate::command::NoArguments) -> $crate::course::CourseList;
            query get_course($crate::command::CourseArguments) -> $crate::course::CourseDetail;
            query list_assets($crate::media::AssetQuery) -> $crate::media::AssetPage;
            query list_uploads($crate::command::NoArguments) -> $crate::upload::UploadList;
            /// One edit: shown at once, kept for the server, undoable.
            mutate edit($crate::command::EditArguments) -> $crate::command::EditReceipt;
            /// Undoes an edit of this session, or the last one.
            mutate undo($crate::command::UndoArguments) -> $crate::command::EditReceipt;
            /// Forgets an edit the server refused.
            mutate discard_rejected($crate::command::RejectedArguments) -> ();
            /// Puts dropped files where they were dropped.
            mutate accept_drop($crate::command::AcceptDropArguments) -> $crate::upload::IntakeReport;
            /// Asks for files in the system's dialog and puts them there. An empty report when the user cancels.
            trigger pick_files($crate::command::PickArguments) -> $crate::upload::IntakeReport;
            mutate control_uploads($crate::command::ControlArguments) -> ();
            /// Says what to do with files that are there already. The report is of those files alone.
            mutate answer_duplicates($crate::command::AnswerDuplicatesArguments) -> $crate::upload::IntakeReport;
            /// Asks in the system's dialog for the file of an upload that lost it.
            trigger find_file($crate::command::FindFileArguments) -> $crate::command::FindAnswer;
            mutate set_needed_by($crate::command::NeededByArguments) -> ();
            query sending_rules($crate::command::NoArguments) -> $crate::upload::SendingRules;
            mutate set_sending_rules($crate::upload::SendingRules) -> ();
            /// "I'm teaching now": nothing is sent, within two seconds.
            mutate teach($crate::command::TeachArguments) -> ();
            query workspaces($crate::command::NoArguments) -> $crate::command::WorkspaceList;
            /// Shows another workspace. What is being sent goes on.
            mutate show_workspace($crate::command::ShowWorkspaceArguments) -> ();
            /// Joins a team with a one-time code, and shows its workspace.
            mutate join_workspace($crate::command::JoinArguments) -> $crate::command::JoinAnswer;
            /// Signs this computer in to the team it was in before, with a new code. What is kept here stays.
            mutate sign_in($crate::people::SignInArguments) -> $crate::command::JoinAnswer;
            /// What taking a workspace off this computer would lose for good.
            query removal_losses($crate::people::WorkspaceArguments) -> $crate::people::Losses;
            /// Takes a workspace off this computer. More would be lost than was said: then nothing is done.
            mutate remove_workspace($crate::people::RemoveArguments) -> $crate::people::RemoveAnswer;
            /// Who I am to the team, and my computers.
            query account($crate::command::NoArguments) -> $crate::access::Me;
            /// A code for my next computer.
            mutate make_device_code($crate::command::NoArguments) -> $crate::access::OneTimeCode;
            mutate revoke_device($crate::people::DeviceArguments) -> ();
            /// A code for somebody new, from those who run the server.
            mutate invite_person($crate::access::Invite) -> $crate::access::OneTimeCode;
            query course_members($crate::command::CourseArguments) -> $crate::access::Members;
            mutate set_member($crate::people::MemberArguments) -> $crate::people::MemberAnswer;
            /// Takes somebody out of a course; oneself: leaves it.
            mutate remove_member($crate::people::RemoveMemberArguments) -> ();
            query store_details($crate::command::NoArguments) -> $crate::connect::StoreDetails;
            /// Checks a bucket and makes it the workspace's store; with the bucket it has, a new key for it.
            mutate connect_store($crate::connect::Connection) -> $crate::connect::ConnectAnswer;
            query check_store($crate::command::NoArguments) -> $crate::connect::CheckAnswer;
            /// Adds our rule to the bucket's; answers what the bucket has afterwards.
            mutate set_cleaning($crate::command::NoArguments) -> $crate::connect::Cleaning;
            /// A poster frame the window drew: JPEG, base64, at most 512 KiB.
            mutate save_poster($crate::command::PosterArguments) -> ();
        }
    };
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NoArguments {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CourseArguments {
    pub course: CourseId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditArguments {
    pub mutation: Mutation,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditReceipt {
    /// Undoes it, when it can be undone.
    pub undo: Option<EditId>,
    pub tags: Vec<CacheTag>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UndoArguments {
    /// None: the last edit that has not been undone.
    pub edit: Option<EditId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RejectedArguments {
    pub mutation_id: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AcceptDropArguments {
    pub drop: DropId,
    pub destination: Destination,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PickArguments {
    pub destination: Destination,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ControlArguments {
    pub action: UploadAction,
    /// None: all of them.
    pub operations: Option<Vec<OperationId>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AnswerDuplicatesArguments {
    pub question: DropId,
    /// One for each; a file without an answer is skipped.
    pub answers: Vec<DuplicateAnswer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DuplicateAnswer {
    pub index: u32,
    pub choice: DuplicateChoice,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FindFileArguments {
    pub operation: OperationId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FindAnswer {
    /// The same bytes: the upload goes on.
    Found,
    /// Not the file that was queued. The upload waits as before.
    OtherFile,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NeededByArguments {
    /// None: all that are not ready.
    pub operations: Option<Vec<OperationId>>,
    /// None: no time.
    pub at: Option<crate::Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TeachArguments {
    For {
        minutes: u32,
    },
    UntilISay,
    Over,
    /// Lifts a stop of the timetable, until it would have ended by itself.
    SendAnyway,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PosterArguments {
    pub asset: AssetId,
    /// Base64 of a JPEG; empty when the window could not draw one.
    pub jpeg: String,
    /// What the window's player found, for containers the probe does not read.
    pub duration_ms: Option<u64>,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// What kind of place the workspace keeps its bytes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// A folder on this computer: nothing is backed up elsewhere.
    ThisComputer,
    BackblazeB2,
    S3Compatible,
    /// What a team's server keeps bytes in: its affair.
    Team,
}

/// Every workspace of this computer, the local one first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WorkspaceList {
    pub workspaces: Vec<WorkspaceEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WorkspaceEntry {
    /// A name on this computer.
    pub id: String,
    pub name: String,
    pub store: StoreKind,
    pub bucket: Option<String>,
    /// Of a team's server.
    pub address: Option<String>,
    pub shown: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ShowWorkspaceArguments {
    pub id: String,
}

/// What somebody was given by those who run a team's server, and what they call their computer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JoinArguments {
    pub address: String,
    pub code: String,
    pub computer: String,
    /// Of the workspace; empty: the server's host.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JoinAnswer {
    Joined {
        /// Else this computer is let in until Lectern is closed.
        in_keychain: bool,
    },
    Refused {
        problem: JoinProblem,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum JoinProblem {
    /// It is none, or not a safe one.
    Address { detail: String },
    /// The code was not right, was used, or has ended.
    Code,
    /// Too many wrong ones were tried there, by whomever.
    TooMany,
    /// It does not answer, or not as a course server does.
    Server { detail: String },
    /// The code is somebody else's than whose workspace this is. That person's name.
    OtherPerson { name: String },
}

/// The state line, in facts. The words are the window's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WorkspaceState {
    pub name: String,
    pub store: StoreKind,
    /// The bucket's name, where the bytes go to one.
    pub bucket: Option<String>,
    /// Nobody has the bucket's key: edits and drops wait until it is given again.
    pub key_missing: bool,
    /// Files on their way from this computer to the bucket that was connected.
    pub moving: Option<crate::connect::Moving>,
    pub user: UserId,
    /// The course server answered the last call.
    pub server_reachable: bool,
    /// The team's server does not let this computer in any more; what is here stays here until it does.
    pub signed_out: bool,
    /// Edits made here that the server has not confirmed.
    pub edits_waiting: u32,
    /// Uploads that are not ready, paused ones included.
    pub uploads_waiting: u32,
    /// Edits the server refused, for the user to see.
    pub rejected: Vec<RejectedEdit>,
    /// The edit that Ctrl+Z would undo.
    pub can_undo: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RejectedEdit {
    pub mutation_id: u64,
    /// The mutation's name: `video.move`.
    pub name: String,
    pub code: String,
    pub detail: String,
}

macro_rules! names {
    ($($(#[$doc:meta])* $verb:ident $name:ident($arguments:ty) -> $result:ty;)*) => {
        /// Every command the window may call.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// TypeScript of the list: one line a command.
        #[must_use]
        pub fn typescript(config: &ts_rs::Config) -> String {
            let mut lines = Vec::new();
            $(lines.push(format!(
                "  {}: {{ verb: \"{}\"; args: {}; result: {} }};",
                stringify!($name), stringify!($verb),
                <$arguments as TS>::name(config), <$result as TS>::name(config),
            ));)*
            lines.join("\n")
        }

        /// Writes every type the commands use, with all that those use, into `config`'s folder.
        ///
        /// # Errors
        /// When a file cannot be written.
        pub fn export_types(config: &ts_rs::Config) -> Result<(), ts_rs::ExportError> {
            $(export::<$arguments>(config)?; export::<$result>(config)?;)*
            Ok(())
        }
    };
}

fn export<T: TS + 'static>(config: &ts_rs::Config) -> Result<(), ts_rs::ExportError> {
    match T::export_all(config) {
        // `()` and other built-in types have no file of their own.
        Err(ts_rs::ExportError::CannotBeExported(_)) => Ok(()),
        other => other,
    }
}

for_each_command!(names);

/// Writes all bindings into `folder`: a file a type, and `commands.ts` with the list.
///
/// # Errors
/// When a file cannot be written.
pub fn export_bindings(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let config = ts_rs::Config::new().with_large_int("number").with_out_dir(folder);
    export_types(&config)?;
    <crate::event::AppEvent as TS>::export_all(&config)?;
    <AppError as TS>::export_all(&config)?;
    let list = typescript(&config);
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "commands")
        .collect();
    names.sort_unstable();
    let is_used = |name: &String| list.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
    let imports: Vec<String> = names
        .iter()
        .filter(|name| is_used(name))
        .map(|name| format!("import type {{ {name} }} from \"./{name}\";"))
        .collect();
    let text = format!(
        "// This file was generated from the list of commands in shared/. Do not edit it.\n{}\n\nexport interface Commands {{\n{list}\n}}\n",
        imports.join("\n")
    );
    std::fs::write(folder.join("commands.ts"), text)?;
    Ok(())
}
