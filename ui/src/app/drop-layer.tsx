// Files from the file manager: finds where they would land while they hover, and puts them there when let go of.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Actions, useActions } from "../backend/actions";
import type { CourseDetail } from "../backend/bindings/CourseDetail";
import type { CourseId } from "../backend/bindings/CourseId";
import type { DropId } from "../backend/bindings/DropId";
import { type DropTarget, useFileDrag } from "../backend/drag";
import { newChapterId } from "../backend/ids";
import { notify } from "../backend/notices";
import { hitOf, outlineOf, placeAt } from "../features/courses/places";

/** Where files let go of here would land. `before` keeps its place while they are over its own zone. */
export function targetAt(
  element: Element | null,
  y: number,
  course: CourseDetail | null,
  before: DropTarget | null,
): DropTarget | null {
  const hit = hitOf(element, y);
  if (hit.on === "library") return { kind: "library" };
  if (hit.on === "zone") return before;
  // Beside the list, on the panel or the sidebar: the screen decides.
  if (course === null) return document.querySelector("main[data-place=library]") ? { kind: "library" } : null;
  const place = placeAt(hit, outlineOf(course)) ?? placeAt({ on: "page" }, outlineOf(course));
  return place
    ? { kind: "chapter", course: course.id, ...place }
    : { kind: "first_chapter", course: course.id };
}

async function place(drop: DropId, target: DropTarget | null, actions: Actions) {
  if (target === null) {
    notify("Files go to a course or to the media library. Open one of them and drop again.");
    return;
  }
  if (target.kind !== "first_chapter") return actions.acceptDrop(drop, target);
  const { course } = target;
  const chapter = newChapterId();
  const args = { chapter, course, title: "Chapter 1", place: { after: null, before: null } };
  const made = await actions.edit({ name: "chapter.create", args }, "make a first chapter");
  if (made) await actions.acceptDrop(drop, { kind: "chapter", course, chapter, after: null, before: null });
}

function courseShown(client: QueryClient, course: CourseId | null): CourseDetail | null {
  return course === null ? null : (client.getQueryData<CourseDetail>(["course", course]) ?? null);
}

interface Props {
  /** The course on screen. */
  course: CourseId | null;
}

export function DropLayer({ course }: Props) {
  const client = useQueryClient();
  const actions = useActions();
  useEffect(() => {
    const under = (x: number, y: number) => document.elementFromPoint(x, y);
    return useFileDrag.subscribe((drag, before) => {
      if (drag.over !== null && drag.over !== before.over) {
        const { x, y } = drag.over;
        const target = targetAt(under(x, y), y, courseShown(client, course), drag.target);
        if (JSON.stringify(target) !== JSON.stringify(drag.target)) useFileDrag.setState({ target });
      }
      const [dropped] = drag.dropped;
      if (dropped) {
        // Read before the zone goes away: what the user saw is where the files go.
        const target = targetAt(
          under(dropped.x, dropped.y),
          dropped.y,
          courseShown(client, course),
          drag.target,
        );
        useFileDrag.setState({ dropped: drag.dropped.slice(1), target: null });
        void place(dropped.drop, target, actions);
      }
    });
  }, [client, actions, course]);
  return null;
}
