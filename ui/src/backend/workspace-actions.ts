// Showing another workspace and joining one. A code passes through here and is kept nowhere.
import { useMemo } from "react";
import type { JoinAnswer } from "./bindings/JoinAnswer";
import type { JoinArguments } from "./bindings/JoinArguments";
import { type Connection, useConnection } from "./context";

/** Each fails with what the host says. */
export interface WorkspaceActions {
  show(id: string): Promise<void>;
  join(how: JoinArguments): Promise<JoinAnswer>;
}

export function createWorkspaceActions({ backend, client }: Connection): WorkspaceActions {
  // Nothing that was read is about the workspace that is shown now.
  const anew = () => client.resetQueries();
  return {
    async show(id) {
      await backend.show_workspace({ id });
      await anew();
    },
    async join(how) {
      const answer = await backend.join_workspace(how);
      if (answer.kind === "joined") await anew();
      return answer;
    },
  };
}

export function useWorkspaceActions(): WorkspaceActions {
  const connection = useConnection();
  return useMemo(() => createWorkspaceActions(connection), [connection]);
}
