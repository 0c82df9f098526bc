// Keys that work anywhere in the window, but never in a text field, whose own undo and letters come first.
import { useEffect } from "react";
import { useActions } from "../backend/actions";
import { useBackend, useConnection } from "../backend/context";
import { notify } from "../backend/notices";
import { workspaceQuery } from "../backend/queries";

const isText = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement);

export function useShortcuts(openPalette: () => void) {
  const actions = useActions();
  const backend = useBackend();
  const { client } = useConnection();
  useEffect(() => {
    async function undo() {
      const { can_undo } = await client.fetchQuery({ ...workspaceQuery(backend), staleTime: 0 });
      if (can_undo) await actions.undo(null);
      else notify("There is nothing to undo.");
    }
    function onKeyDown(event: KeyboardEvent) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      const key = event.key.toLowerCase();
      if (key === "k") openPalette();
      else if (key === "z" && !isText(event.target)) void undo();
      else return;
      event.preventDefault();
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [actions, backend, client, openPalette]);
}
