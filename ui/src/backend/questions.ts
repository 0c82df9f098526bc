// Questions about files that are in the library already, in the order they came up. One is asked at a time.
import { create } from "zustand";
import type { Destination } from "./bindings/Destination";
import type { DuplicateQuestion } from "./bindings/DuplicateQuestion";

export interface Asked {
  question: DuplicateQuestion;
  /** Where the files were dropped, for the words. */
  place: Destination["kind"];
  /** All files of the drop, those that raised no question included. */
  files: number;
}

export const useQuestions = create<{ asked: readonly Asked[] }>(() => ({ asked: [] }));

export const ask = (next: Asked) => useQuestions.setState(({ asked }) => ({ asked: [...asked, next] }));

export const forget = (answered: Asked) =>
  useQuestions.setState(({ asked }) => ({ asked: asked.filter((one) => one !== answered) }));
