// Which dialog about people, computers and leaving is open: asked for from many places, drawn in one.
import { create } from "zustand";
import type { CourseId } from "./bindings/CourseId";

export type PeopleDialog =
  | { kind: "members"; course: CourseId }
  | { kind: "devices" }
  | { kind: "invite" }
  | { kind: "sign_in" }
  | { kind: "leave" };

export const usePeopleDialog = create<{ open: PeopleDialog | null }>(() => ({ open: null }));

export const openPeople = (open: PeopleDialog) => usePeopleDialog.setState({ open });
export const closePeople = () => usePeopleDialog.setState({ open: null });
