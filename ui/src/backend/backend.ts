// The typed `backend` object: a wrong command or argument does not compile, a missing one neither.
import type { Commands } from "./bindings/commands";
import type { CommandName, Host } from "./host";

export type Backend = {
  readonly [Name in CommandName]: (args: Commands[Name]["args"]) => Promise<Commands[Name]["result"]>;
};

export function createBackend(host: Host): Backend {
  return {
    workspace: (args) => host.invoke("workspace", args),
    list_courses: (args) => host.invoke("list_courses", args),
    get_course: (args) => host.invoke("get_course", args),
    list_assets: (args) => host.invoke("list_assets", args),
    list_uploads: (args) => host.invoke("list_uploads", args),
    edit: (args) => host.invoke("edit", args),
    undo: (args) => host.invoke("undo", args),
    discard_rejected: (args) => host.invoke("discard_rejected", args),
    accept_drop: (args) => host.invoke("accept_drop", args),
    pick_files: (args) => host.invoke("pick_files", args),
    control_uploads: (args) => host.invoke("control_uploads", args),
    save_poster: (args) => host.invoke("save_poster", args),
  };
}
