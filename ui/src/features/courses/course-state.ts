// What the course screen holds that is nobody else's: what is chosen, lifted, renamed, folded.
import { create } from "zustand";
import type { ChapterId } from "../../backend/bindings/ChapterId";
import type { CourseId } from "../../backend/bindings/CourseId";
import type { VideoId } from "../../backend/bindings/VideoId";
import { nothingChosen, type Selection } from "../../design/selection";
import type { Place } from "./places";

export interface CourseState {
  course: CourseId | null;
  selection: Selection<VideoId>;
  /** The row that Tab reaches. */
  active: VideoId | null;
  lifted: { ids: readonly VideoId[]; place: Place | null; by: "pointer" | "keys" } | null;
  renaming: CourseId | ChapterId | VideoId | null;
  folded: ReadonlySet<ChapterId>;
  /** Rows the "Move to…" dialog is about. */
  relocating: readonly VideoId[] | null;
  addingChapter: boolean;
}

const fresh: CourseState = {
  course: null,
  selection: nothingChosen,
  active: null,
  lifted: null,
  renaming: null,
  folded: new Set(),
  relocating: null,
  addingChapter: false,
};

export const useCourseState = create<CourseState>(() => fresh);

export const setCourse = (change: Partial<CourseState>) => useCourseState.setState(change);

/** Another course starts with nothing chosen; what is folded stays so. */
export function openCourse(course: CourseId) {
  useCourseState.setState((state) =>
    state.course === course ? {} : { ...fresh, course, folded: state.folded },
  );
}

export function toggleFolded(chapter: ChapterId) {
  useCourseState.setState(({ folded }) => {
    const next = new Set(folded);
    if (!next.delete(chapter)) next.add(chapter);
    return { folded: next };
  });
}
