//! One function a command, made from the list, so that names, arguments and results cannot drift.

use crate::app::App;
use crate::platform::dialogs;
use lectern_shared::access::{Invite, Me, Members, OneTimeCode};
use lectern_shared::command::{
    AcceptDropArguments, AnswerDuplicatesArguments, ControlArguments, CourseArguments, EditArguments, EditReceipt,
    FindAnswer, FindFileArguments, JoinAnswer, JoinArguments, NeededByArguments, NoArguments, PickArguments,
    PosterArguments, RejectedArguments, ShowWorkspaceArguments, TeachArguments, UndoArguments, WorkspaceList,
    WorkspaceState,
};
use lectern_shared::connect::{CheckAnswer, Cleaning, ConnectAnswer, Connection, StoreDetails};
use lectern_shared::course::{CourseDetail, CourseList};
use lectern_shared::error::AppError;
use lectern_shared::event::AppEvent;
use lectern_shared::media::{AssetPage, AssetQuery};
use lectern_shared::people::{
    DeviceArguments, Losses, MemberAnswer, MemberArguments, RemoveAnswer, RemoveArguments, RemoveMemberArguments,
    SignInArguments, WorkspaceArguments,
};
use lectern_shared::upload::{IntakeReport, SendingRules, UploadList};
use tauri::State;
use tauri::ipc::{Channel, Invoke};

macro_rules! commands {
    ($($(#[$doc:meta])* $verb:ident $name:ident($arguments:ty) -> $result:ty;)*) => {
        mod command {
            use super::{App, AppError, State};

            $(#[tauri::command]
            pub async fn $name(app: State<'_, App>, args: $arguments) -> Result<$result, AppError> {
                app.$name(args).await
            })*
        }

        /// Answers every command of the list, and `subscribe`.
        pub fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$(command::$name,)* subscribe]
        }
    };
}

lectern_shared::for_each_command!(commands);

#[tauri::command]
async fn subscribe(app: State<'_, App>, channel: Channel<AppEvent>) -> Result<(), AppError> {
    app.drops.listen(channel, &app.events);
    app.with(async |workspace| {
        workspace.window_is_ready();
        Ok(())
    })
    .await
}

impl App {
    async fn workspace(&self, _: NoArguments) -> Result<WorkspaceState, AppError> {
        self.with(async |workspace| workspace.state().await).await
    }

    async fn list_courses(&self, _: NoArguments) -> Result<CourseList, AppError> {
        self.with(async |workspace| workspace.list_courses().await).await
    }

    async fn get_course(&self, args: CourseArguments) -> Result<CourseDetail, AppError> {
        self.with(async |workspace| workspace.get_course(args.course).await).await
    }

    async fn list_assets(&self, args: AssetQuery) -> Result<AssetPage, AppError> {
        self.with(async |workspace| workspace.list_assets(args).await).await
    }

    async fn list_uploads(&self, _: NoArguments) -> Result<UploadList, AppError> {
        self.with(async |workspace| Ok(workspace.list_uploads())).await
    }

    async fn edit(&self, args: EditArguments) -> Result<EditReceipt, AppError> {
        self.with(async |workspace| workspace.edit(args.mutation).await).await
    }

    async fn undo(&self, args: UndoArguments) -> Result<EditReceipt, AppError> {
        self.with(async |workspace| workspace.undo(args.edit).await).await
    }

    async fn discard_rejected(&self, args: RejectedArguments) -> Result<(), AppError> {
        self.with(async |workspace| workspace.discard_rejected(args.mutation_id).await).await
    }

    async fn accept_drop(&self, args: AcceptDropArguments) -> Result<IntakeReport, AppError> {
        let paths = self.drops.take(args.drop)?;
        self.with(async |workspace| workspace.add_files(paths, args.destination).await).await
    }

    async fn pick_files(&self, args: PickArguments) -> Result<IntakeReport, AppError> {
        let paths = dialogs::pick_files(&self.handle).await;
        self.with(async |workspace| workspace.add_files(paths, args.destination).await).await
    }

    async fn control_uploads(&self, args: ControlArguments) -> Result<(), AppError> {
        self.with(async |workspace| workspace.control_uploads(args.action, args.operations).await).await
    }

    async fn answer_duplicates(&self, args: AnswerDuplicatesArguments) -> Result<IntakeReport, AppError> {
        self.with(async |workspace| workspace.answer_duplicates(args).await).await
    }

    async fn find_file(&self, args: FindFileArguments) -> Result<FindAnswer, AppError> {
        let name = self.with(async |workspace| Ok(workspace.name_of_upload(args.operation))).await?;
        let Some(path) = dialogs::pick_file_named(&self.handle, &name).await else { return Ok(FindAnswer::Cancelled) };
        self.with(async |workspace| workspace.found_file(args.operation, path).await).await
    }

    async fn set_needed_by(&self, args: NeededByArguments) -> Result<(), AppError> {
        self.with(async |workspace| workspace.set_needed_by(args.operations, args.at).await).await
    }

    async fn sending_rules(&self, _: NoArguments) -> Result<SendingRules, AppError> {
        self.with(async |workspace| Ok(workspace.sending_rules())).await
    }

    async fn set_sending_rules(&self, args: SendingRules) -> Result<(), AppError> {
        self.with(async |workspace| workspace.set_sending_rules(args).await).await
    }

    async fn teach(&self, args: TeachArguments) -> Result<(), AppError> {
        self.with(async |workspace| workspace.teach(args).await).await
    }

    async fn workspaces(&self, _: NoArguments) -> Result<WorkspaceList, AppError> {
        self.workspaces.list()
    }

    async fn show_workspace(&self, args: ShowWorkspaceArguments) -> Result<(), AppError> {
        self.workspaces.show(&args.id).await
    }

    async fn join_workspace(&self, args: JoinArguments) -> Result<JoinAnswer, AppError> {
        self.workspaces.join(args).await
    }

    async fn sign_in(&self, args: SignInArguments) -> Result<JoinAnswer, AppError> {
        self.connection().await?.sign_in(args).await
    }

    async fn removal_losses(&self, args: WorkspaceArguments) -> Result<Losses, AppError> {
        self.workspaces.losses(&args.id).await
    }

    async fn remove_workspace(&self, args: RemoveArguments) -> Result<RemoveAnswer, AppError> {
        self.workspaces.remove(args).await
    }

    async fn account(&self, _: NoArguments) -> Result<Me, AppError> {
        self.connection().await?.account().await
    }

    async fn make_device_code(&self, _: NoArguments) -> Result<OneTimeCode, AppError> {
        self.connection().await?.make_device_code().await
    }

    async fn revoke_device(&self, args: DeviceArguments) -> Result<(), AppError> {
        self.connection().await?.revoke_device(args.device).await
    }

    async fn invite_person(&self, args: Invite) -> Result<OneTimeCode, AppError> {
        self.connection().await?.invite_person(args).await
    }

    async fn course_members(&self, args: CourseArguments) -> Result<Members, AppError> {
        self.connection().await?.course_members(args.course).await
    }

    async fn set_member(&self, args: MemberArguments) -> Result<MemberAnswer, AppError> {
        self.connection().await?.set_member(args).await
    }

    async fn remove_member(&self, args: RemoveMemberArguments) -> Result<(), AppError> {
        self.connection().await?.remove_member(args.course, args.user).await
    }

    async fn store_details(&self, _: NoArguments) -> Result<StoreDetails, AppError> {
        self.connection().await?.details().await
    }

    async fn connect_store(&self, args: Connection) -> Result<ConnectAnswer, AppError> {
        self.connection().await?.connect(args).await
    }

    async fn check_store(&self, _: NoArguments) -> Result<CheckAnswer, AppError> {
        self.connection().await?.check().await
    }

    async fn set_cleaning(&self, _: NoArguments) -> Result<Cleaning, AppError> {
        self.connection().await?.set_cleaning().await
    }

    async fn save_poster(&self, args: PosterArguments) -> Result<(), AppError> {
        self.with(async |workspace| workspace.save_poster(args).await).await
    }
}
