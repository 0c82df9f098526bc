// What can be done on the course screen, by mouse, keys and menus alike. One set a screen; rows share it.
import { useMemo, useRef } from "react";
import { type Actions, useActions } from "../../backend/actions";
import type { ChapterId } from "../../backend/bindings/ChapterId";
import type { CourseDetail } from "../../backend/bindings/CourseDetail";
import type { CourseId } from "../../backend/bindings/CourseId";
import type { VideoId } from "../../backend/bindings/VideoId";
import { plural } from "../../backend/format";
import { newChapterId } from "../../backend/ids";
import { announce } from "../../design/announcer";
import { choose, type Modifiers, nothingChosen } from "../../design/selection";
import { setCourse, useCourseState } from "./course-state";
import { besides, outlineOf, type Place, placeNow, places, positionWords, standsThere } from "./places";

export type CourseCommands = ReturnType<typeof courseCommands>;

const state = () => useCourseState.getState();

/** Questions to the course as it is now. */
function courseReader(read: () => CourseDetail) {
  const outline = () => outlineOf(read());
  const order = () => outline().flatMap(({ videos }) => videos);
  const titleOf = (id: VideoId) =>
    read()
      .chapters.flatMap((chapter) => chapter.videos)
      .find((video) => video.id === id)?.title ?? "video";
  return {
    read,
    outline,
    order,
    chapterOf: (id: ChapterId) => read().chapters.find((chapter) => chapter.id === id),
    /** The chosen rows when this is one of them, else this one: in the order they stand. */
    meant(id: VideoId): VideoId[] {
      const { chosen } = state().selection;
      return chosen.has(id) ? order().filter((other) => chosen.has(other)) : [id];
    },
    named(ids: readonly VideoId[]): string {
      const [first] = ids;
      return ids.length === 1 && first ? `“${titleOf(first)}”` : plural(ids.length, "video");
    },
  };
}

type Reader = ReturnType<typeof courseReader>;

function videoCommands({ outline, order, meant, named, chapterOf }: Reader, actions: Actions) {
  function move(ids: readonly VideoId[], place: Place) {
    const there = besides(place, outline(), ids);
    if (standsThere(outline(), ids, there)) return;
    const words = positionWords(outline(), ids, there);
    const { chapter, after, before } = there;
    announce(`Moved. ${words} in ${chapterOf(chapter)?.title ?? "the chapter"}.`);
    void actions.edit(
      { name: "video.move", args: { ids: [...ids], chapter, place: { after, before } } },
      `move ${named(ids)}`,
    );
  }

  return {
    move,
    choose(id: VideoId, keys: Modifiers) {
      setCourse({ selection: choose(state().selection, order(), id, keys), active: id });
    },
    /** One place up or down, into the next chapter at the ends. */
    nudge(id: VideoId, step: -1 | 1) {
      const ids = meant(id);
      const to = places(outline(), ids)[placeNow(outline(), ids) + step];
      if (to) move(ids, to);
      refocus(id);
    },
    remove(ids: readonly VideoId[]) {
      const what = named(ids);
      const rows = order();
      const last = Math.max(...ids.map((id) => rows.indexOf(id)));
      const next = rows.slice(last + 1).find((id) => !ids.includes(id));
      setCourse({ selection: nothingChosen, active: next ?? null });
      void actions.edit(
        { name: "video.delete", args: { ids: [...ids] } },
        `delete ${what}`,
        `Deleted ${what}. ${ids.length === 1 ? "Its file stays" : "Their files stay"} in the media library.`,
      );
      if (next) refocus(next);
    },
    rename(video: VideoId, title: string) {
      setCourse({ renaming: null });
      void actions.edit({ name: "video.rename", args: { video, title } }, `rename ${named([video])}`);
      refocus(video);
    },
  };
}

function chapterCommands({ read, chapterOf }: Reader, actions: Actions) {
  function addChapter(title: string) {
    const { id: course, chapters } = read();
    const chapter = newChapterId();
    const place = { after: chapters.at(-1)?.id ?? null, before: null };
    const sent = actions.edit(
      { name: "chapter.create", args: { chapter, course, title, place } },
      `add the chapter “${title}”`,
    );
    return { chapter, sent };
  }

  return {
    addChapter,
    renameChapter(chapter: ChapterId, title: string) {
      setCourse({ renaming: null });
      void actions.edit({ name: "chapter.rename", args: { chapter, title } }, "rename the chapter");
    },
    moveChapter(chapter: ChapterId, step: -1 | 1) {
      const ids = read().chapters.map(({ id }) => id);
      const at = ids.indexOf(chapter);
      const neighbour = ids[at + step];
      if (neighbour === undefined) return;
      const place =
        step < 0 ? { after: ids[at - 2] ?? null, before: neighbour } : { after: neighbour, before: null };
      announce(`Chapter ${at + step + 1} of ${ids.length}`);
      void actions.edit(
        { name: "chapter.move", args: { ids: [chapter], course: read().id, place } },
        "move the chapter",
      );
    },
    removeChapter(chapter: ChapterId) {
      const row = chapterOf(chapter);
      const videos = row && row.videos.length > 0 ? ` and its ${plural(row.videos.length, "video")}` : "";
      void actions.edit(
        { name: "chapter.delete", args: { ids: [chapter] } },
        "delete the chapter",
        `Deleted “${row?.title ?? "chapter"}”${videos}.`,
      );
    },
    renameCourse(course: CourseId, title: string) {
      setCourse({ renaming: null });
      void actions.edit({ name: "course.rename", args: { course, title } }, "rename the course");
    },
    removeCourse: () =>
      actions.edit(
        { name: "course.delete", args: { course: read().id } },
        `delete “${read().title}”`,
        `Deleted “${read().title}”.`,
      ),
    /** Into the chapter, else the last one; a course without chapters gets one. */
    async pickFiles(chapter: ChapterId | null) {
      const { id: course, chapters } = read();
      let target = chapter ?? chapters.at(-1)?.id;
      if (target === undefined) {
        const created = addChapter("Chapter 1");
        if (!(await created.sent)) return;
        target = created.chapter;
      }
      await actions.pickFiles({ kind: "chapter", course, chapter: target, after: null, before: null });
    },
  };
}

function courseCommands(read: () => CourseDetail, actions: Actions) {
  const reader = courseReader(read);
  return {
    course: () => read().id,
    ...reader,
    ...videoCommands(reader, actions),
    ...chapterCommands(reader, actions),
  };
}

/** Frames in which a moved row may still be on its way into the page. */
const REFOCUS_FRAMES = 12;

/** A row that moves in the page loses the focus: it is given back as soon as the row stands. */
export function refocus(id: VideoId, part: "row" | "handle" = "row", frames = REFOCUS_FRAMES) {
  requestAnimationFrame(() => {
    const row = document.querySelector<HTMLElement>(`[data-video-id="${CSS.escape(id)}"]`);
    const target = part === "row" ? row : row?.querySelector<HTMLElement>("[data-testid=video-handle]");
    const free = document.activeElement === null || document.activeElement === document.body;
    // Somebody who went elsewhere meanwhile is left there.
    if (target && (free || frames === REFOCUS_FRAMES)) {
      target.focus();
      row?.scrollIntoView({ block: "nearest" });
    }
    if (frames > 1) refocus(id, part, frames - 1);
  });
}

export function useCourseCommands(course: CourseDetail): CourseCommands {
  const actions = useActions();
  // Commands read the course as it is when they run, and stay the same for the rows.
  const latest = useRef(course);
  latest.current = course;
  return useMemo(() => courseCommands(() => latest.current, actions), [actions]);
}
