// What the dialogs about people have in common: which workspace is shown, who I am, and the address that others need.
import { useQuery } from "@tanstack/react-query";
import { useBackend } from "../../backend/context";
import { accountQuery, workspaceQuery, workspacesQuery } from "../../backend/queries";

export function useTeam() {
  const backend = useBackend();
  const { data: workspace } = useQuery(workspaceQuery(backend));
  const { data: list } = useQuery(workspacesQuery(backend));
  const entry = list?.workspaces.find(({ shown }) => shown);
  return { workspace, id: entry?.id, address: entry?.address ?? "" };
}

/** Nobody tells what others, or oneself on another computer, change in what only the server knows. */
export const AGAIN_MS = 5_000;

/** Asks the team's server; `watching`: again and again, so that a computer that was just let in is seen. */
export function useAccount(watching = false) {
  const again = watching ? { staleTime: 0, refetchInterval: AGAIN_MS } : {};
  return useQuery({ ...accountQuery(useBackend()), ...again });
}
