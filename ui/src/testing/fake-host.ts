// A stateful stand-in for the Rust side, typed by the same list of commands: for tests, `?fake` and screenshots.
import type { AppEvent } from "../backend/bindings/AppEvent";
import type { AssetId } from "../backend/bindings/AssetId";
import type { AssetKind } from "../backend/bindings/AssetKind";
import type { CacheTag } from "../backend/bindings/CacheTag";
import type { Commands } from "../backend/bindings/commands";
import type { Destination } from "../backend/bindings/Destination";
import type { DropId } from "../backend/bindings/DropId";
import type { Duplicate } from "../backend/bindings/Duplicate";
import type { DuplicateAnswer } from "../backend/bindings/DuplicateAnswer";
import type { EditId } from "../backend/bindings/EditId";
import type { EditReceipt } from "../backend/bindings/EditReceipt";
import type { FindAnswer } from "../backend/bindings/FindAnswer";
import type { IntakeReport } from "../backend/bindings/IntakeReport";
import type { Losses } from "../backend/bindings/Losses";
import type { OperationId } from "../backend/bindings/OperationId";
import type { RefusedFile } from "../backend/bindings/RefusedFile";
import type { RejectedEdit } from "../backend/bindings/RejectedEdit";
import type { UserId } from "../backend/bindings/UserId";
import type { VideoId } from "../backend/bindings/VideoId";
import type { CommandName, Host } from "../backend/host";
import { placed } from "../backend/placement";
import { FakeStore } from "./fake-store";
import { FakeTeam, ME } from "./fake-team";
import { FakeWorkspaces } from "./fake-workspaces";
import { readAssets, readCourse, readCourses } from "./reads";
import { execute, fail, found, Rows } from "./rows";
import { Transfers } from "./transfers";

export interface FakeFile {
  name: string;
  bytes: number;
  kind: AssetKind;
  refused?: RefusedFile["reason"];
  /** The asset that has the same bytes. */
  sameAs?: AssetId;
  /** Its name is that of this asset, its bytes are not. */
  namesake?: AssetId;
}

/** Files of a drop that wait for an answer, each with the place it keeps. */
interface OpenQuestion {
  destination: Destination;
  files: { file: FakeFile; place: Destination }[];
}

type Handlers = {
  [Name in CommandName]: (args: Commands[Name]["args"]) => Commands[Name]["result"];
};

export class FakeHost implements Host {
  readonly workspaces = new FakeWorkspaces(new Rows());
  readonly transfers: Transfers;
  readonly store = new FakeStore();
  readonly team = new FakeTeam();
  readonly calls: { name: CommandName; args: unknown }[] = [];
  /** Set by a test: the next call of this command fails so. */
  readonly failures = new Map<CommandName, unknown>();
  reachable = true;
  editsWaiting = 0;
  rejected: RejectedEdit[] = [];
  /** What the system's dialog would answer. */
  picks: FakeFile[] = [];
  /** What the user would choose when asked for one lost file. */
  finds: FindAnswer = "found";
  latencyMs: number;

  private listener: (event: AppEvent) => void = () => undefined;
  private readonly undos = new Map<EditId, { tags: CacheTag[]; undo: () => void }>();
  private readonly drops = new Map<DropId, FakeFile[]>();
  private readonly questions = new Map<DropId, OpenQuestion>();
  private lastId = 0;

  constructor({ latencyMs = 0, bytesPerSecond = 38_200_000 } = {}) {
    this.latencyMs = latencyMs;
    this.transfers = new Transfers(bytesPerSecond);
  }

  /** Of the workspace that is shown. */
  get rows(): Rows {
    return this.workspaces.shown.rows;
  }

  get name(): string {
    return this.workspaces.shown.name;
  }

  set name(name: string) {
    this.workspaces.shown.name = name;
  }

  id<Id extends string>(): Id {
    this.lastId += 1;
    return `00000000-0000-7000-8000-${String(this.lastId).padStart(12, "0")}` as Id;
  }

  async invoke<Name extends CommandName>(
    name: Name,
    args: Commands[Name]["args"],
  ): Promise<Commands[Name]["result"]> {
    this.calls.push({ name, args });
    await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    const failure = this.failures.get(name);
    if (failure !== undefined) {
      this.failures.delete(name);
      throw failure;
    }
    const handler = this.handlers[name] as (args: Commands[Name]["args"]) => Commands[Name]["result"];
    // As across the real boundary, nothing is shared.
    return structuredClone(handler(args));
  }

  async subscribe(listener: (event: AppEvent) => void): Promise<void> {
    this.listener = listener;
  }

  emit(event: AppEvent) {
    this.listener(structuredClone(event));
  }

  changed(...tags: CacheTag[]) {
    this.emit({ kind: "changed", tags });
  }

  /** Files are let go of over the window. */
  drop(x: number, y: number, files: FakeFile[]) {
    const drop = this.id<DropId>();
    this.drops.set(drop, files);
    this.emit({ kind: "dropped", drop, x, y, files: files.length });
  }

  /** Files are opened with Lectern. */
  open(files: FakeFile[]) {
    const drop = this.id<DropId>();
    this.drops.set(drop, files);
    this.emit({ kind: "opened", drop, files: files.length });
  }

  /** Time passes: uploads move, and their rows follow. */
  advance(ms: number) {
    const snapshots = this.transfers.advance(ms);
    if (snapshots.length === 0) return;
    this.emit({ kind: "progress", snapshots, totals: this.transfers.totals() });
    const ready = snapshots.filter((upload) => upload.state === "ready");
    for (const upload of ready)
      Object.assign(found(this.rows.assets.get(upload.asset), "asset"), { state: "ready" });
    if (ready.length > 0) {
      const courses = ready.flatMap((upload): CacheTag[] =>
        "course" in upload.context ? [{ tag: "course", id: upload.context.course }] : [],
      );
      this.changed({ tag: "assets" }, { tag: "uploads" }, { tag: "workspace" }, ...courses);
    }
  }

  private readonly handlers: Handlers = {
    workspace: () => ({
      name: this.name,
      store: this.workspaces.shown.store ?? this.store.details.kind,
      bucket: this.store.details.bucket,
      key_missing: this.store.details.key === "missing",
      signed_out: this.isTeam() && !this.team.letIn,
      moving: this.store.details.moving,
      user: ME,
      server_reachable: this.reachable && (!this.isTeam() || this.team.reachable),
      edits_waiting: this.editsWaiting,
      uploads_waiting: this.transfers.uploads.filter(({ state }) => state !== "ready").length,
      rejected: this.rejected,
      can_undo: this.undos.size > 0,
    }),
    list_courses: () => readCourses(this.rows),
    get_course: ({ course }) => readCourse(this.rows, course),
    list_assets: (query) => readAssets(this.rows, query),
    list_uploads: () => ({ uploads: this.transfers.uploads, totals: this.transfers.totals() }),
    edit: ({ mutation }) => {
      const { tags, undo } = execute(this.rows, mutation);
      const id = this.id<EditId>();
      this.undos.set(id, { tags, undo });
      return this.receipt(id, tags);
    },
    undo: ({ edit }) => {
      const id = edit ?? [...this.undos.keys()].at(-1) ?? fail("not_found", "there is nothing to undo");
      const { undo, tags } = this.undos.get(id) ?? fail("not_found", "this edit is not there");
      undo();
      this.undos.delete(id);
      return this.receipt(null, tags);
    },
    discard_rejected: ({ mutation_id }) => {
      this.rejected = this.rejected.filter((edit) => edit.mutation_id !== mutation_id);
      return null;
    },
    accept_drop: ({ drop, destination }) => {
      const files = this.drops.get(drop) ?? fail("not_found", "these files are not there any more");
      this.drops.delete(drop);
      return this.take(files, destination);
    },
    pick_files: ({ destination }) => this.take(this.picks, destination),
    control_uploads: ({ action, operations }) => {
      const gone = this.transfers.control(action, operations);
      for (const asset of this.rows.assets.values()) {
        if (asset.operation === null || !gone.includes(asset.operation)) continue;
        asset.operation = null;
        if (asset.state === "expected") asset.deleted = true;
        for (const video of this.rows.videos.values())
          if (video.asset === asset.id && asset.deleted) video.deleted = true;
      }
      this.changed({ tag: "uploads" }, { tag: "workspace" }, { tag: "assets" }, ...this.everyCourse());
      return null;
    },
    answer_duplicates: ({ question, answers }) => this.answer(question, answers),
    find_file: ({ operation }) => {
      if (this.finds === "found") this.transfers.found(operation);
      return this.finds;
    },
    set_needed_by: ({ operations, at }) => {
      this.transfers.needBy(operations, at);
      return null;
    },
    sending_rules: () => this.transfers.rules,
    set_sending_rules: (rules) => {
      this.transfers.rules = rules;
      return null;
    },
    teach: (args) => {
      this.transfers.teach(args);
      return null;
    },
    workspaces: () => ({
      workspaces: this.workspaces.all.map(({ id, name, store, address }) => ({
        ...{ id, name, store: store ?? this.store.details.kind, bucket: null, address },
        shown: id === this.workspaces.shown.id,
      })),
    }),
    show_workspace: ({ id }) => {
      this.workspaces.show(id);
      return null;
    },
    join_workspace: (args) => this.workspaces.join(args),
    sign_in: ({ code }) => this.ofTeam().signIn(code),
    removal_losses: ({ id }) => this.losses(id),
    remove_workspace: ({ id, agreed }) => {
      const losses = this.losses(id);
      if (losses.edits > agreed.edits || losses.uploads > agreed.uploads) return { kind: "grown", losses };
      const told = !this.isTeam() || this.team.reachable;
      this.workspaces.remove(id);
      this.editsWaiting = 0;
      return { kind: "removed", server_told: told };
    },
    account: () => this.ofTeam().account(),
    make_device_code: () => this.ofTeam().deviceCode(),
    revoke_device: ({ device }) => this.ofTeam().revoke(device),
    invite_person: ({ email, name }) => this.ofTeam().invite(email, name),
    course_members: ({ course }) => this.ofTeam().in(course),
    set_member: (args) => this.ofTeam().set(args),
    remove_member: ({ course, user }) => this.ofTeam().remove(course, user),
    store_details: () => this.store.details,
    connect_store: (connection) => {
      const kept = [...this.rows.assets.values()].filter((asset) => asset.state === "ready");
      const bytes = kept.reduce((sum, asset) => sum + asset.bytes, 0);
      return this.store.connect(connection, kept.length > 0 ? { files: kept.length, bytes } : null);
    },
    check_store: () => this.store.check(),
    set_cleaning: () => this.store.setCleaning(),
    save_poster: ({ asset, jpeg }) => {
      const row = found(this.rows.assets.get(asset), "asset");
      if (jpeg !== "") row.thumbnail_url = `data:image/jpeg;base64,${jpeg}`;
      this.changed({ tag: "assets" }, ...this.everyCourse());
      return null;
    },
  };

  private isTeam(): boolean {
    return this.workspaces.shown.store === "team";
  }

  private ofTeam(): FakeTeam {
    return this.isTeam() ? this.team : fail("no_team", "this workspace is yours alone");
  }

  private losses(id: string): Losses {
    const { rows, store } = this.workspaces.all.find((one) => one.id === id) ?? this.workspaces.shown;
    const uploads = this.transfers.uploads.filter(({ state }) => state !== "ready").length;
    if (store === "team") return { edits: this.editsWaiting, uploads, courses: 0, files: 0, bytes: 0 };
    const kept = [...rows.assets.values()].filter(({ state, deleted }) => state === "ready" && !deleted);
    const here = this.store.details.bucket === null ? kept : [];
    return {
      ...{ edits: 0, uploads, courses: [...rows.courses.values()].filter(({ deleted }) => !deleted).length },
      ...{ files: here.length, bytes: here.reduce((sum, { bytes }) => sum + bytes, 0) },
    };
  }

  private everyCourse(): CacheTag[] {
    return [...this.rows.courses.keys()].map((id) => ({ tag: "course", id }));
  }

  private receipt(undo: EditId | null, tags: CacheTag[]): EditReceipt {
    return { undo, tags: [...tags, { tag: "workspace" }] };
  }

  private take(files: FakeFile[], destination: Destination): IntakeReport {
    const report: IntakeReport = { operations: [], refused: [], to_library: [], question: null, undo: null };
    let place = destination;
    const same: OpenQuestion["files"] = [];
    for (const file of files) {
      if (file.refused) {
        report.refused.push({ name: file.name, reason: file.refused });
        continue;
      }
      if (file.sameAs || file.namesake) {
        same.push({ file, place });
        continue;
      }
      const playable = file.kind === "video" || file.kind === "audio";
      const to: Destination = playable ? place : { kind: "library" };
      if (!playable && place.kind === "chapter") report.to_library.push(file.name);
      const { operation, video } = this.accept(file, to);
      report.operations.push(operation);
      // The next file of the same drop stands after this one.
      if (video !== null && place.kind === "chapter") place = { ...place, after: video, before: null };
    }
    if (same.length > 0) {
      const id = this.id<DropId>();
      this.questions.set(id, { destination, files: same });
      report.question = { id, duplicates: same.map(({ file }, index) => this.duplicate(file, index)) };
    }
    this.taken(destination);
    return report;
  }

  private taken(destination: Destination) {
    this.changed({ tag: "uploads" }, { tag: "assets" }, { tag: "courses" }, { tag: "workspace" });
    if (destination.kind === "chapter") this.changed({ tag: "course", id: destination.course });
  }

  private duplicate({ name, bytes, sameAs, namesake }: FakeFile, index: number): Duplicate {
    const id = sameAs ?? namesake;
    const asset = found(id && this.rows.assets.get(id), "asset");
    return {
      ...{ clash: sameAs ? "same_bytes" : "same_name", asset_bytes: asset.bytes },
      ...{ index, name, bytes, asset: asset.id, asset_name: asset.name, added_at: asset.created_at },
      ...{ places: this.rows.usesOf(asset.id).length, thumbnail_url: asset.thumbnail_url },
    };
  }

  private answer(question: DropId, answers: DuplicateAnswer[]): IntakeReport {
    const { destination, files } =
      this.questions.get(question) ?? fail("not_found", "this question is not there any more");
    this.questions.delete(question);
    const report: IntakeReport = { operations: [], refused: [], to_library: [], question: null, undo: null };
    files.forEach(({ file, place }, index) => {
      const choice = answers.find((answer) => answer.index === index)?.choice ?? "skip";
      if (choice === "keep_both") report.operations.push(this.accept(file, place).operation);
      if (choice === "use_existing" && place.kind === "chapter" && file.sameAs)
        this.show(file.name, file.sameAs, place);
      if (choice === "replace" && file.namesake) {
        const { operation } = this.accept(file, { kind: "library" });
        this.rows.usesOf(file.namesake).forEach((video) => {
          video.replacement = operation;
        });
        report.operations.push(operation);
      }
    });
    this.taken(destination);
    return report;
  }

  private show(name: string, asset: AssetId, place: Extract<Destination, { kind: "chapter" }>): VideoId {
    const video = this.id<VideoId>();
    const chapter = found(this.rows.chapters.get(place.chapter), "chapter");
    const title = name.replace(/\.[^.]{1,5}$/, "");
    const row = { id: video, chapter: place.chapter, title, asset, deleted: false, pending: false };
    this.rows.videos.set(video, row);
    chapter.videos = placed(chapter.videos, [video], place);
    return video;
  }

  private accept({ name, bytes, kind }: FakeFile, to: Destination) {
    const asset = this.id<AssetId>();
    const operation = this.id<OperationId>();
    const nothing = { duration_ms: null, width: null, height: null, codec: null, thumbnail_url: null };
    this.rows.assets.set(asset, {
      ...nothing,
      ...{
        id: asset,
        name,
        kind,
        bytes,
        operation,
        state: "expected",
        created_at: Date.now(),
        deleted: false,
      },
    });
    let video: VideoId | null = null;
    let where = "";
    if (to.kind === "chapter") {
      const chapter = found(this.rows.chapters.get(to.chapter), "chapter");
      video = this.show(name, asset, to);
      where = `${found(this.rows.courses.get(to.course), "course").title} › ${chapter.title}`;
    }
    this.transfers.add({
      ...{ operation, name: "upload-progress", asset, video, file_name: name, destination: where },
      context: to.kind === "chapter" ? { course: to.course } : { user: this.id<UserId>() },
      ...{ state: "queued", cause: null, bytes, sent: 0, confirmed: 0, parts_confirmed: 0 },
      ...{ parts: Math.ceil(bytes / (8 * 1024 * 1024)), bytes_per_second: null, seconds_left: null },
      ...{ needed_by: null, late: false, changed: false },
    });
    return { operation, video };
  }
}
