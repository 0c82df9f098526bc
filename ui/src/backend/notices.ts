// What the window has to say, in order: one list, shown as toasts by the shell.
import { create } from "zustand";
import type { EditId } from "./bindings/EditId";

export interface Notice {
  id: number;
  tone: "plain" | "problem";
  text: string;
  /** More, one line each: a file and what became of it. */
  lines: readonly string[];
  undo: EditId | null;
}

interface Notices {
  notices: readonly Notice[];
  dismiss(id: number): void;
}

const NOTICES_MAX = 4;
let lastId = 0;

export const useNotices = create<Notices>((set) => ({
  notices: [],
  dismiss: (id) => set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) })),
}));

export function notify(text: string, more: Partial<Omit<Notice, "id" | "text">> = {}): number {
  lastId += 1;
  const notice: Notice = { id: lastId, tone: "plain", text, lines: [], undo: null, ...more };
  useNotices.setState(({ notices }) => ({
    // The same words twice are one notice.
    notices: [...notices.filter((other) => other.text !== text || other.undo !== null), notice].slice(
      -NOTICES_MAX,
    ),
  }));
  return notice.id;
}
