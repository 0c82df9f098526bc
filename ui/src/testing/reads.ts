// The fake backend's reads: the same shapes and rules as the real ones, over plain rows.
import type { AssetCard } from "../backend/bindings/AssetCard";
import type { AssetKind } from "../backend/bindings/AssetKind";
import type { AssetPage } from "../backend/bindings/AssetPage";
import type { AssetQuery } from "../backend/bindings/AssetQuery";
import type { AssetSort } from "../backend/bindings/AssetSort";
import type { AssetUse } from "../backend/bindings/AssetUse";
import type { CourseDetail } from "../backend/bindings/CourseDetail";
import type { CourseId } from "../backend/bindings/CourseId";
import type { CourseList } from "../backend/bindings/CourseList";
import type { VideoDetail } from "../backend/bindings/VideoDetail";
import { type AssetRow, found, type Rows, type VideoRow } from "./rows";

export function readCourses(rows: Rows): CourseList {
  const courses = [...rows.courses.values()].filter((course) => !course.deleted);
  return {
    courses: courses.map(({ id, title }) => ({
      id,
      title,
      videos: readCourse(rows, id).chapters.reduce((sum, chapter) => sum + chapter.videos.length, 0),
      pending: false,
    })),
  };
}

export function readCourse(rows: Rows, id: CourseId): CourseDetail {
  const course = found(rows.courses.get(id), "course");
  if (course.deleted) found(undefined, "course");
  const chapters = course.chapters
    .map((chapter) => found(rows.chapters.get(chapter), "chapter"))
    .filter((chapter) => !chapter.deleted);
  return {
    id,
    title: course.title,
    description: "",
    published_at: null,
    pending: false,
    chapters: chapters.map(({ id, title, videos }) => ({
      id,
      title,
      pending: false,
      videos: videos
        .map((video) => found(rows.videos.get(video), "video"))
        .filter((video) => !video.deleted)
        .map((video) => detail(video, found(rows.assets.get(video.asset), "asset"))),
    })),
  };
}

function detail(video: VideoRow, asset: AssetRow): VideoDetail {
  const { name, kind, bytes, state, duration_ms, width, height, codec, thumbnail_url, operation } = asset;
  const media = { name, kind, bytes, state, duration_ms, width, height, codec, thumbnail_url, operation };
  const { id, title, pending, replacement = null } = video;
  return { id, title, description: "", pending, replacement, attachments: [], asset: asset.id, ...media };
}

const ORDER: Record<AssetSort, (a: AssetRow, b: AssetRow) => number> = {
  newest: (a, b) => b.created_at - a.created_at,
  oldest: (a, b) => a.created_at - b.created_at,
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  largest: (a, b) => b.bytes - a.bytes,
  longest: (a, b) => (b.duration_ms ?? 0) - (a.duration_ms ?? 0),
};

const KINDS: AssetKind[] = ["video", "audio", "image", "document", "other"];

export function readAssets(rows: Rows, query: AssetQuery): AssetPage {
  const live = [...rows.assets.values()].filter((asset) => !asset.deleted);
  const uses = usesByAsset(rows);
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = live.filter((asset) => {
    const usedBy = uses.get(asset.id) ?? [];
    if (query.kind !== null && asset.kind !== query.kind) return false;
    if (query.usage !== null && (usedBy.length > 0 ? "used" : "unused") !== query.usage) return false;
    const text = [asset.name, asset.codec, ...usedBy.flatMap((use) => [use.course_title, use.video_title])]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
  matches.sort(ORDER[query.sort]);
  return {
    items: matches
      .slice(query.offset, query.offset + query.limit)
      .map((asset) => card(asset, uses.get(asset.id) ?? [])),
    matching: matches.length,
    total: live.length,
    total_bytes: live.reduce((sum, asset) => sum + asset.bytes, 0),
    unused: live.filter((asset) => !uses.has(asset.id)).length,
    kinds: KINDS.map((kind) => ({ kind, count: live.filter((asset) => asset.kind === kind).length })),
  };
}

function card({ deleted: _, ...asset }: AssetRow, uses: AssetUse[]): AssetCard {
  return { ...asset, pending: false, replaced: false, usage: uses.length > 0 ? "used" : "unused", uses };
}

function usesByAsset(rows: Rows): Map<string, AssetUse[]> {
  const uses = new Map<string, AssetUse[]>();
  for (const video of rows.videos.values()) {
    if (!rows.isLive(video)) continue;
    const chapter = found(rows.chapters.get(video.chapter), "chapter");
    const course = found(rows.courses.get(chapter.course), "course");
    const use: AssetUse = {
      course: course.id,
      course_title: course.title,
      chapter: chapter.id,
      chapter_title: chapter.title,
      video: video.id,
      video_title: video.title,
      attached: null,
    };
    uses.set(video.asset, [...(uses.get(video.asset) ?? []), use]);
  }
  return uses;
}
