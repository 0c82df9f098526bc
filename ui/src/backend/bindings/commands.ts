// This file was generated from the list of commands in shared/. Do not edit it.
import type { AcceptDropArguments } from "./AcceptDropArguments";
import type { AssetPage } from "./AssetPage";
import type { AssetQuery } from "./AssetQuery";
import type { ControlArguments } from "./ControlArguments";
import type { CourseArguments } from "./CourseArguments";
import type { CourseDetail } from "./CourseDetail";
import type { CourseList } from "./CourseList";
import type { EditArguments } from "./EditArguments";
import type { EditReceipt } from "./EditReceipt";
import type { IntakeReport } from "./IntakeReport";
import type { NoArguments } from "./NoArguments";
import type { PickArguments } from "./PickArguments";
import type { PosterArguments } from "./PosterArguments";
import type { RejectedArguments } from "./RejectedArguments";
import type { UndoArguments } from "./UndoArguments";
import type { UploadList } from "./UploadList";
import type { WorkspaceState } from "./WorkspaceState";

export interface Commands {
  workspace: { verb: "query"; args: NoArguments; result: WorkspaceState };
  list_courses: { verb: "query"; args: NoArguments; result: CourseList };
  get_course: { verb: "query"; args: CourseArguments; result: CourseDetail };
  list_assets: { verb: "query"; args: AssetQuery; result: AssetPage };
  list_uploads: { verb: "query"; args: NoArguments; result: UploadList };
  edit: { verb: "mutate"; args: EditArguments; result: EditReceipt };
  undo: { verb: "mutate"; args: UndoArguments; result: EditReceipt };
  discard_rejected: { verb: "mutate"; args: RejectedArguments; result: null };
  accept_drop: { verb: "mutate"; args: AcceptDropArguments; result: IntakeReport };
  pick_files: { verb: "trigger"; args: PickArguments; result: IntakeReport };
  control_uploads: { verb: "mutate"; args: ControlArguments; result: null };
  save_poster: { verb: "mutate"; args: PosterArguments; result: null };
}
