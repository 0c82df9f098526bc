// What people do, with the words that follow: edits with Undo, undo itself, adding files, steering uploads.
import { useMemo } from "react";
import { attempt } from "./attempt";
import type { Destination } from "./bindings/Destination";
import type { DropId } from "./bindings/DropId";
import type { DuplicateAnswer } from "./bindings/DuplicateAnswer";
import type { EditId } from "./bindings/EditId";
import type { IntakeReport } from "./bindings/IntakeReport";
import type { Mutation } from "./bindings/Mutation";
import type { OperationId } from "./bindings/OperationId";
import type { UploadAction } from "./bindings/UploadAction";
import { type Connection, useConnection } from "./context";
import { notify } from "./notices";
import { type Asked, ask, forget } from "./questions";
import { duplicateWords, intakeWords, isAppError } from "./words";

export interface Actions {
  /** `attempt` completes "Could not …"; `done` is said with an Undo. True when the host took it. */
  edit(mutation: Mutation, attempt: string, done?: string): Promise<boolean>;
  undo(edit: EditId | null): Promise<void>;
  pickFiles(destination: Destination): Promise<void>;
  acceptDrop(drop: DropId, destination: Destination): Promise<void>;
  /** Taken off the list first: a question is asked once, whatever becomes of the answer. */
  answerDuplicates(asked: Asked, answers: DuplicateAnswer[]): Promise<void>;
  controlUploads(action: UploadAction, operations: OperationId[] | null): Promise<void>;
  discardRejected(mutationId: number): Promise<void>;
}

export function createActions({ backend, editor, invalidator }: Connection): Actions {
  function reportIntake(report: IntakeReport, place: Destination["kind"]) {
    const { operations, refused, question } = report;
    if (operations.length > 0) invalidator.stale([{ tag: "uploads" }]);
    const words = intakeWords(report);
    if (words)
      notify(words.text, {
        lines: words.lines,
        tone: words.problem ? "problem" : "plain",
        undo: report.undo,
      });
    if (question)
      ask({ question, place, files: operations.length + refused.length + question.duplicates.length });
  }

  return {
    edit: (mutation, what, done) =>
      attempt(what, async () => {
        const receipt = await editor.edit(mutation);
        if (done !== undefined) notify(done, { undo: receipt.undo });
      }),
    async undo(edit) {
      await attempt("undo that", async () => {
        const receipt = await backend.undo({ edit });
        invalidator.stale(receipt.tags);
        notify("Undone.", { undo: receipt.undo });
      });
    },
    async pickFiles(destination) {
      await attempt("add files", async () =>
        reportIntake(await backend.pick_files({ destination }), destination.kind),
      );
    },
    async acceptDrop(drop, destination) {
      await attempt("add the files", async () =>
        reportIntake(await backend.accept_drop({ drop, destination }), destination.kind),
      );
    },
    async answerDuplicates(asked, answers) {
      forget(asked);
      await attempt("answer for these files", async () => {
        const report = await backend
          .answer_duplicates({ question: asked.question.id, answers })
          .catch((error: unknown) => {
            // The files still wait for it. One that is not there any more would be asked for ever.
            if (isAppError(error) && error.retry) ask(asked);
            throw error;
          });
        if (report.operations.length > 0) invalidator.stale([{ tag: "uploads" }]);
        notify(duplicateWords(answers, asked.place), { undo: report.undo });
      });
    },
    async controlUploads(action, operations) {
      await attempt(`${action.replaceAll("_", " ")} the uploads`, async () => {
        await backend.control_uploads({ action, operations });
        invalidator.stale([{ tag: "uploads" }]);
      });
    },
    async discardRejected(mutationId) {
      await attempt("discard the edit", async () => {
        await backend.discard_rejected({ mutation_id: mutationId });
        invalidator.stale([{ tag: "workspace" }]);
      });
    },
  };
}

export function useActions(): Actions {
  const connection = useConnection();
  return useMemo(() => createActions(connection), [connection]);
}
