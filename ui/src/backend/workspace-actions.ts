// Showing another workspace and joining one. A code passes through here and is kept nowhere.
import { useMemo } from "react";
import type { JoinAnswer } from "./bindings/JoinAnswer";
import type { JoinArguments } from "./bindings/JoinArguments";
import { type Connection, useConnection } from "./context";

/** Each fails with what the host says. `home` leaves the screen that was open: what it shows is not in the other one. */
export interface WorkspaceActions {
  show(id: string, home: () => void): Promise<void>;
  join(how: JoinArguments, home: () => void): Promise<JoinAnswer>;
}

/** Reads everything again: another workspace is shown. */
export function showAnew({ client }: Connection, home: () => void): Promise<void> {
  // The way home leads to the first course, which must not be one of before.
  client.removeQueries({ queryKey: ["courses"] });
  home();
  return client.resetQueries();
}

export function createWorkspaceActions(connection: Connection): WorkspaceActions {
  const { backend } = connection;
  const anew = (home: () => void) => showAnew(connection, home);
  return {
    async show(id, home) {
      await backend.show_workspace({ id });
      await anew(home);
    },
    async join(how, home) {
      const answer = await backend.join_workspace(how);
      if (answer.kind === "joined") await anew(home);
      return answer;
    },
  };
}

export function useWorkspaceActions(): WorkspaceActions {
  const connection = useConnection();
  return useMemo(() => createWorkspaceActions(connection), [connection]);
}
