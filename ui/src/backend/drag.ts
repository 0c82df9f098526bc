// Files from the file manager: where they are over the window, where they would land, and which were opened with Lectern.
import { create } from "zustand";
import type { CourseId } from "./bindings/CourseId";
import type { Destination } from "./bindings/Destination";
import type { DropId } from "./bindings/DropId";

/** Where files would land. A course without a chapter gets one when they do. */
export type DropTarget = Destination | { kind: "first_chapter"; course: CourseId };

export interface Point {
  x: number;
  y: number;
  files: number;
}

interface FileDrag {
  over: Point | null;
  /** Files let go of and not placed yet. */
  dropped: (Point & { drop: DropId })[];
  target: DropTarget | null;
  /** Files opened with Lectern and not placed yet. */
  opened: DropId[];
}

export const useFileDrag = create<FileDrag>(() => ({
  over: null,
  dropped: [],
  target: null,
  opened: [],
}));
