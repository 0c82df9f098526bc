// The fake backend's rows and its edits: each edit answers how to take it back, as the real one does.
import type { AssetId } from "../backend/bindings/AssetId";
import type { AssetKind } from "../backend/bindings/AssetKind";
import type { AssetState } from "../backend/bindings/AssetState";
import type { CacheTag } from "../backend/bindings/CacheTag";
import type { ChapterId } from "../backend/bindings/ChapterId";
import type { CourseId } from "../backend/bindings/CourseId";
import type { ErrorCode } from "../backend/bindings/ErrorCode";
import type { Mutation } from "../backend/bindings/Mutation";
import type { OperationId } from "../backend/bindings/OperationId";
import type { VideoId } from "../backend/bindings/VideoId";
import { placed } from "../backend/placement";

export interface CourseRow {
  id: CourseId;
  title: string;
  deleted: boolean;
  /** In order, deleted ones included. */
  chapters: ChapterId[];
}
export interface ChapterRow {
  id: ChapterId;
  course: CourseId;
  title: string;
  deleted: boolean;
  videos: VideoId[];
}
export interface VideoRow {
  id: VideoId;
  chapter: ChapterId;
  title: string;
  asset: AssetId;
  deleted: boolean;
  pending: boolean;
  replacement?: OperationId;
}
export interface AssetRow {
  id: AssetId;
  name: string;
  kind: AssetKind;
  bytes: number;
  state: AssetState;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  codec: string | null;
  thumbnail_url: string | null;
  operation: OperationId | null;
  created_at: number;
  deleted: boolean;
}

export class Rows {
  readonly courses = new Map<CourseId, CourseRow>();
  readonly chapters = new Map<ChapterId, ChapterRow>();
  readonly videos = new Map<VideoId, VideoRow>();
  readonly assets = new Map<AssetId, AssetRow>();

  courseOf(video: VideoRow): CourseId {
    return found(this.chapters.get(video.chapter), "chapter").course;
  }

  isLive(video: VideoRow): boolean {
    const chapter = this.chapters.get(video.chapter);
    return (
      !video.deleted &&
      chapter !== undefined &&
      !chapter.deleted &&
      this.courses.get(chapter.course)?.deleted === false
    );
  }

  usesOf(asset: AssetId): VideoRow[] {
    return [...this.videos.values()].filter((video) => video.asset === asset && this.isLive(video));
  }
}

export interface Effect {
  tags: CacheTag[];
  undo: () => void;
}

export function fail(code: ErrorCode, message: string): never {
  throw { code, message, retry: code === "storage" || code === "internal" };
}

export function found<Row>(row: Row | undefined, what: string): Row {
  return row ?? fail("not_found", `this ${what} is not there`);
}

function cleaned(title: string): string {
  const text = title.trim();
  return text === "" ? fail("rejected", "a title has at least one character") : text;
}

/** Sets fields and answers how to set them back. */
function set<Row extends object>(row: Row, change: Partial<Row>): () => void {
  const before = { ...row };
  Object.assign(row, change);
  return () => Object.assign(row, before);
}

const all = (undos: (() => void)[]) => () => {
  for (const undo of undos.toReversed()) undo();
};

export function execute(rows: Rows, mutation: Mutation): Effect {
  const [entity] = mutation.name.split(".");
  if (entity === "course") return onCourse(rows, mutation);
  if (entity === "chapter") return onChapter(rows, mutation);
  if (entity === "video") return onVideo(rows, mutation);
  return onAsset(rows, mutation);
}

const courseTags = (id: CourseId): CacheTag[] => [{ tag: "courses" }, { tag: "course", id }];

function onCourse(rows: Rows, mutation: Mutation): Effect {
  switch (mutation.name) {
    case "course.create": {
      const { course: id } = mutation.args;
      const row: CourseRow = { id, title: cleaned(mutation.args.title), deleted: false, chapters: [] };
      rows.courses.set(id, row);
      return { tags: courseTags(id), undo: () => Object.assign(row, { deleted: true }) };
    }
    case "course.rename": {
      const row = found(rows.courses.get(mutation.args.course), "course");
      return { tags: courseTags(row.id), undo: set(row, { title: cleaned(mutation.args.title) }) };
    }
    case "course.delete":
    case "course.restore": {
      const row = found(rows.courses.get(mutation.args.course), "course");
      const undo = set(row, { deleted: mutation.name === "course.delete" });
      return { tags: [...courseTags(row.id), { tag: "assets" }], undo };
    }
    default:
      return fail("invalid", `${mutation.name} is not for people`);
  }
}

function onChapter(rows: Rows, mutation: Mutation): Effect {
  switch (mutation.name) {
    case "chapter.create": {
      const { chapter: id, course, title, place } = mutation.args;
      const owner = found(rows.courses.get(course), "course");
      const row: ChapterRow = { id, course, title: cleaned(title), deleted: false, videos: [] };
      rows.chapters.set(id, row);
      owner.chapters = placed(owner.chapters, [id], place);
      return { tags: courseTags(course), undo: () => Object.assign(row, { deleted: true }) };
    }
    case "chapter.rename": {
      const row = found(rows.chapters.get(mutation.args.chapter), "chapter");
      return { tags: courseTags(row.course), undo: set(row, { title: cleaned(mutation.args.title) }) };
    }
    case "chapter.move": {
      const { ids, course, place } = mutation.args;
      const owner = found(rows.courses.get(course), "course");
      return { tags: courseTags(course), undo: set(owner, { chapters: placed(owner.chapters, ids, place) }) };
    }
    case "chapter.delete":
    case "chapter.restore": {
      const chapters = mutation.args.ids.map((id) => found(rows.chapters.get(id), "chapter"));
      const undo = all(chapters.map((row) => set(row, { deleted: mutation.name === "chapter.delete" })));
      return { tags: [...chapters.flatMap((row) => courseTags(row.course)), { tag: "assets" }], undo };
    }
    default:
      return fail("invalid", `${mutation.name} is not for people`);
  }
}

function onVideo(rows: Rows, mutation: Mutation): Effect {
  switch (mutation.name) {
    case "video.rename": {
      const row = found(rows.videos.get(mutation.args.video), "video");
      const undo = set(row, { title: cleaned(mutation.args.title) });
      return { tags: [...courseTags(rows.courseOf(row)), { tag: "assets" }], undo };
    }
    case "video.move": {
      const { ids, chapter, place } = mutation.args;
      const target = found(rows.chapters.get(chapter), "chapter");
      const undos: (() => void)[] = [];
      for (const row of rows.chapters.values()) {
        if (row !== target && row.videos.some((id) => ids.includes(id)))
          undos.push(set(row, { videos: row.videos.filter((id) => !ids.includes(id)) }));
      }
      undos.push(set(target, { videos: placed(target.videos, ids, place) }));
      for (const id of ids) undos.push(set(found(rows.videos.get(id), "video"), { chapter }));
      return { tags: [...courseTags(target.course), { tag: "assets" }], undo: all(undos) };
    }
    case "video.delete":
    case "video.restore": {
      const videos = mutation.args.ids.map((id) => found(rows.videos.get(id), "video"));
      const undo = all(videos.map((row) => set(row, { deleted: mutation.name === "video.delete" })));
      return { tags: [...videos.flatMap((row) => courseTags(rows.courseOf(row))), { tag: "assets" }], undo };
    }
    default:
      return fail("invalid", `${mutation.name} is not for people`);
  }
}

function onAsset(rows: Rows, mutation: Mutation): Effect {
  const usedBy = (ids: AssetId[]): CacheTag[] =>
    ids.flatMap((id) => rows.usesOf(id).flatMap((video) => courseTags(rows.courseOf(video))));
  switch (mutation.name) {
    case "asset.rename": {
      const row = found(rows.assets.get(mutation.args.asset), "asset");
      const undo = set(row, { name: cleaned(mutation.args.name) });
      return { tags: [{ tag: "assets" }, ...usedBy([row.id])], undo };
    }
    case "asset.delete": {
      const { ids, uses } = mutation.args;
      const tags: CacheTag[] = [{ tag: "assets" }, ...usedBy(ids)];
      const undos: (() => void)[] = [];
      for (const id of ids) {
        for (const video of rows.usesOf(id)) {
          if (!uses.includes(video.id)) fail("rejected", `“${video.title}” still shows this file`);
          undos.push(set(video, { deleted: true }));
        }
        undos.push(set(found(rows.assets.get(id), "asset"), { deleted: true }));
      }
      return { tags, undo: all(undos) };
    }
    default:
      return fail("invalid", `${mutation.name} is not for people`);
  }
}
