// What people do about sending: how fast, when, by when, and where a lost file is now.
import { useMemo } from "react";
import { attempt } from "./attempt";
import type { OperationId } from "./bindings/OperationId";
import type { SendingRules } from "./bindings/SendingRules";
import type { TeachArguments } from "./bindings/TeachArguments";
import { type Connection, useConnection } from "./context";
import { notify } from "./notices";
import { foundWords } from "./words";

export interface SendingActions {
  teach(args: TeachArguments): Promise<boolean>;
  /** None: all that are not ready; no time takes it away. */
  setNeededBy(operations: OperationId[] | null, at: number | null): Promise<boolean>;
  saveRules(rules: SendingRules): Promise<boolean>;
  findFile(operation: OperationId, name: string): Promise<void>;
}

export function createSendingActions({ backend, invalidator }: Connection): SendingActions {
  const stale = () => invalidator.stale([{ tag: "uploads" }]);
  return {
    teach: (args) =>
      attempt(args.kind === "over" ? "go on sending" : "hold the uploads", async () => {
        await backend.teach(args);
        stale();
      }),
    setNeededBy: (operations, at) =>
      attempt("keep that time", async () => {
        await backend.set_needed_by({ operations, at });
        stale();
      }),
    saveRules: (rules) =>
      attempt("keep the speed and the timetable", async () => {
        await backend.set_sending_rules(rules);
        stale();
      }),
    async findFile(operation, name) {
      await attempt(`look for “${name}”`, async () => {
        const answer = await backend.find_file({ operation });
        if (answer === "cancelled") return;
        if (answer === "found") stale();
        notify(foundWords(answer, name), { tone: answer === "found" ? "plain" : "problem" });
      });
    },
  };
}

export function useSendingActions(): SendingActions {
  const connection = useConnection();
  return useMemo(() => createSendingActions(connection), [connection]);
}
