// What the window shows at once for an edit: the same effects the server will have, on the cached reads.
import type { AssetPage } from "./bindings/AssetPage";
import type { ChapterDetail } from "./bindings/ChapterDetail";
import type { CourseDetail } from "./bindings/CourseDetail";
import type { CourseList } from "./bindings/CourseList";
import type { Mutation } from "./bindings/Mutation";
import type { VideoDetail } from "./bindings/VideoDetail";
import { placed } from "./placement";

export function onCourses(list: CourseList, mutation: Mutation): CourseList {
  switch (mutation.name) {
    case "course.create": {
      const { course: id, title } = mutation.args;
      if (list.courses.some((course) => course.id === id)) return list;
      return { courses: [...list.courses, { id, title, videos: 0, pending: true }] };
    }
    case "course.rename": {
      const { course, title } = mutation.args;
      return {
        courses: list.courses.map((item) => (item.id === course ? { ...item, title, pending: true } : item)),
      };
    }
    case "course.delete": {
      const { course } = mutation.args;
      return { courses: list.courses.filter((item) => item.id !== course) };
    }
    default:
      return list;
  }
}

export function onCourse(course: CourseDetail, mutation: Mutation): CourseDetail {
  switch (mutation.name) {
    case "course.rename":
      return mutation.args.course === course.id
        ? { ...course, title: mutation.args.title, pending: true }
        : course;
    case "chapter.create": {
      const { chapter: id, title, place, course: owner } = mutation.args;
      if (owner !== course.id || course.chapters.some((chapter) => chapter.id === id)) return course;
      const created: ChapterDetail = { id, title, pending: true, videos: [] };
      const order = placed(
        course.chapters.map((chapter) => chapter.id),
        [id],
        place,
      );
      return { ...course, chapters: inOrder([...course.chapters, created], order) };
    }
    case "chapter.rename": {
      const { chapter: id, title } = mutation.args;
      return mapChapters(course, (chapter) =>
        chapter.id === id ? { ...chapter, title, pending: true } : chapter,
      );
    }
    case "chapter.move": {
      const { ids, place } = mutation.args;
      const order = placed(
        course.chapters.map((chapter) => chapter.id),
        ids.filter((id) => course.chapters.some((chapter) => chapter.id === id)),
        place,
      );
      return { ...course, chapters: inOrder(course.chapters, order) };
    }
    case "course.describe":
      return mutation.args.course === course.id
        ? { ...course, description: mutation.args.description, pending: true }
        : course;
    case "chapter.delete": {
      const { ids } = mutation.args;
      return { ...course, chapters: course.chapters.filter((chapter) => !ids.includes(chapter.id)) };
    }
    default:
      return onVideos(course, mutation);
  }
}

function onVideos(course: CourseDetail, mutation: Mutation): CourseDetail {
  switch (mutation.name) {
    case "video.rename": {
      const { video: id, title } = mutation.args;
      return mapVideos(course, (video) => (video.id === id ? { ...video, title, pending: true } : video));
    }
    case "video.describe": {
      const { video: id, description } = mutation.args;
      return mapVideos(course, (video) =>
        video.id === id ? { ...video, description, pending: true } : video,
      );
    }
    case "attachment.delete": {
      const { ids } = mutation.args;
      return mapVideos(course, (video) => {
        const attachments = video.attachments.filter((attachment) => !ids.includes(attachment.id));
        return attachments.length === video.attachments.length
          ? video
          : { ...video, attachments, pending: true };
      });
    }
    case "video.move":
      return moveVideos(course, mutation.args);
    case "video.delete": {
      const { ids } = mutation.args;
      return keepVideos(course, (video) => !ids.includes(video.id));
    }
    case "asset.delete": {
      const { uses } = mutation.args;
      return keepVideos(course, (video) => !uses.includes(video.id));
    }
    case "asset.rename": {
      const { asset, name } = mutation.args;
      return mapVideos(course, (video) => (video.asset === asset ? { ...video, name } : video));
    }
    default:
      return course;
  }
}

export function onAssets(page: AssetPage, mutation: Mutation): AssetPage {
  switch (mutation.name) {
    case "asset.rename": {
      const { asset, name } = mutation.args;
      if (!page.items.some((item) => item.id === asset)) return page;
      return {
        ...page,
        items: page.items.map((item) => (item.id === asset ? { ...item, name, pending: true } : item)),
      };
    }
    case "asset.delete": {
      const { ids } = mutation.args;
      const items = page.items.filter((item) => !ids.includes(item.id));
      const gone = page.items.length - items.length;
      return gone === 0 ? page : { ...page, items, matching: page.matching - gone, total: page.total - gone };
    }
    default:
      return page;
  }
}

function moveVideos(
  course: CourseDetail,
  { ids, chapter: target, place }: Extract<Mutation, { name: "video.move" }>["args"],
): CourseDetail {
  const all = new Map(course.chapters.flatMap((chapter) => chapter.videos).map((video) => [video.id, video]));
  const moving = ids.map((id) => all.get(id)).filter((video) => video !== undefined);
  if (moving.length === 0 || !course.chapters.some((chapter) => chapter.id === target)) return course;
  return mapChapters(course, (chapter) => {
    const order = chapter.videos.map((video) => video.id);
    if (chapter.id === target) {
      const wanted = placed(
        order,
        moving.map((video) => video.id),
        place,
      );
      return { ...chapter, videos: inOrder([...chapter.videos, ...moving], wanted) };
    }
    const videos = chapter.videos.filter((video) => !ids.includes(video.id));
    return videos.length === order.length ? chapter : { ...chapter, videos };
  });
}

function inOrder<Row extends { id: string }>(rows: readonly Row[], order: readonly Row["id"][]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return order.map((id) => byId.get(id)).filter((row) => row !== undefined);
}

function mapChapters(course: CourseDetail, change: (chapter: ChapterDetail) => ChapterDetail): CourseDetail {
  return { ...course, chapters: course.chapters.map(change) };
}

function mapVideos(course: CourseDetail, change: (video: VideoDetail) => VideoDetail): CourseDetail {
  return mapChapters(course, (chapter) => ({ ...chapter, videos: chapter.videos.map(change) }));
}

function keepVideos(course: CourseDetail, keep: (video: VideoDetail) => boolean): CourseDetail {
  return mapChapters(course, (chapter) => ({ ...chapter, videos: chapter.videos.filter(keep) }));
}
