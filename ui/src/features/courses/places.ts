// Where things land in a course: pure answers from what is under the pointer, or from counting places.
import type { ChapterId } from "../../backend/bindings/ChapterId";
import type { CourseDetail } from "../../backend/bindings/CourseDetail";
import type { VideoId } from "../../backend/bindings/VideoId";

export interface Place {
  chapter: ChapterId;
  after: VideoId | null;
  before: VideoId | null;
}

export type Outline = readonly { id: ChapterId; videos: readonly VideoId[] }[];

/** What lies under a point of the window. */
export type Hit =
  | { on: "video"; video: VideoId; half: "upper" | "lower" }
  | { on: "chapter"; chapter: ChapterId }
  /** The drop zone itself: it stays where it is. */
  | { on: "zone" }
  | { on: "library" }
  | { on: "page" };

export function outlineOf(course: CourseDetail): Outline {
  return course.chapters.map(({ id, videos }) => ({ id, videos: videos.map((video) => video.id) }));
}

/** Reads `data-place` of the nearest element that has one. */
export function hitOf(element: Element | null, y: number): Hit {
  const place = element?.closest<HTMLElement>("[data-place]");
  switch (place?.dataset.place) {
    case "video": {
      const box = place.getBoundingClientRect();
      const half = y < box.top + box.height / 2 ? "upper" : "lower";
      return { on: "video", video: place.dataset.videoId as VideoId, half };
    }
    case "chapter":
      return { on: "chapter", chapter: place.dataset.chapterId as ChapterId };
    case "zone":
      return { on: "zone" };
    case "library":
      return { on: "library" };
    default:
      return { on: "page" };
  }
}

/** None: nowhere in this course (it has no chapter, or the zone keeps its place). */
export function placeAt(hit: Hit, outline: Outline): Place | null {
  if (hit.on === "video") {
    for (const { id: chapter, videos } of outline) {
      const index = videos.indexOf(hit.video);
      if (index < 0) continue;
      const at = hit.half === "upper" ? index : index + 1;
      return { chapter, after: videos[at - 1] ?? null, before: videos[at] ?? null };
    }
  }
  if (hit.on === "chapter") {
    const chapter = outline.find(({ id }) => id === hit.chapter);
    if (chapter) return endOf(chapter);
  }
  const last = outline.at(-1);
  return hit.on === "page" && last ? endOf(last) : null;
}

const endOf = ({ id, videos }: Outline[number]): Place => ({
  chapter: id,
  after: videos.at(-1) ?? null,
  before: null,
});

/** The place with neighbours that are not themselves moving. */
export function besides(place: Place, outline: Outline, moving: readonly VideoId[]): Place {
  const videos = outline.find(({ id }) => id === place.chapter)?.videos ?? [];
  const at =
    place.after !== null
      ? videos.indexOf(place.after) + 1
      : place.before !== null
        ? videos.indexOf(place.before)
        : videos.length;
  const stays = (id: VideoId) => !moving.includes(id);
  return {
    chapter: place.chapter,
    after: videos.slice(0, at).findLast(stays) ?? null,
    before: videos.slice(at).find(stays) ?? null,
  };
}

/** Every place the moving rows could take, from the top of the course to its end. */
export function places(outline: Outline, moving: readonly VideoId[]): Place[] {
  return outline.flatMap(({ id: chapter, videos }) => {
    const staying = videos.filter((id) => !moving.includes(id));
    return Array.from({ length: staying.length + 1 }, (_, at) => ({
      chapter,
      after: staying[at - 1] ?? null,
      before: staying[at] ?? null,
    }));
  });
}

const samePlace = (a: Place, b: Place) =>
  a.chapter === b.chapter && a.after === b.after && a.before === b.before;

/** Index among `places` of where the first moving row stands now. */
export function placeNow(outline: Outline, moving: readonly VideoId[]): number {
  const [first] = moving;
  const chapter = outline.find(({ videos }) => first !== undefined && videos.includes(first));
  if (!chapter || first === undefined) return 0;
  const now = besides({ chapter: chapter.id, after: null, before: first }, outline, moving);
  return Math.max(
    0,
    places(outline, moving).findIndex((place) => samePlace(place, now)),
  );
}

/** Whether moving there would change nothing: the rows stand together at that place already. */
export function standsThere(outline: Outline, moving: readonly VideoId[], place: Place): boolean {
  const videos = outline.find(({ id }) => id === place.chapter)?.videos ?? [];
  const start = place.after === null ? 0 : videos.indexOf(place.after) + 1;
  return moving.every((id, index) => videos[start + index] === id);
}

/** "Position 4 of 12" of the first moving row once it stands there. */
export function positionWords(outline: Outline, moving: readonly VideoId[], place: Place): string {
  const staying = (outline.find(({ id }) => id === place.chapter)?.videos ?? []).filter(
    (id) => !moving.includes(id),
  );
  const position = (place.after === null ? 0 : staying.indexOf(place.after) + 1) + 1;
  return `Position ${position} of ${staying.length + moving.length}`;
}
