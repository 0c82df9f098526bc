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
    answer_duplicates: (args) => host.invoke("answer_duplicates", args),
    find_file: (args) => host.invoke("find_file", args),
    set_needed_by: (args) => host.invoke("set_needed_by", args),
    sending_rules: (args) => host.invoke("sending_rules", args),
    set_sending_rules: (args) => host.invoke("set_sending_rules", args),
    teach: (args) => host.invoke("teach", args),
    workspaces: (args) => host.invoke("workspaces", args),
    show_workspace: (args) => host.invoke("show_workspace", args),
    join_workspace: (args) => host.invoke("join_workspace", args),
    sign_in: (args) => host.invoke("sign_in", args),
    removal_losses: (args) => host.invoke("removal_losses", args),
    remove_workspace: (args) => host.invoke("remove_workspace", args),
    account: (args) => host.invoke("account", args),
    make_device_code: (args) => host.invoke("make_device_code", args),
    revoke_device: (args) => host.invoke("revoke_device", args),
    invite_person: (args) => host.invoke("invite_person", args),
    course_members: (args) => host.invoke("course_members", args),
    set_member: (args) => host.invoke("set_member", args),
    remove_member: (args) => host.invoke("remove_member", args),
    store_details: (args) => host.invoke("store_details", args),
    connect_store: (args) => host.invoke("connect_store", args),
    check_store: (args) => host.invoke("check_store", args),
    set_cleaning: (args) => host.invoke("set_cleaning", args),
    save_poster: (args) => host.invoke("save_poster", args),
  };
}
