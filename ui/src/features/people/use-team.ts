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

/** Asks the team's server. */
export function useAccount() {
  return useQuery(accountQuery(useBackend()));
}
