// The quiet line at the bottom of the sidebar, and the edits the server refused.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useActions } from "../../backend/actions";
import type { WorkspaceState } from "../../backend/bindings/WorkspaceState";
import { useBackend } from "../../backend/context";
import { plural } from "../../backend/format";
import { openPeople } from "../../backend/people-dialogs";
import { uploadsQuery, workspaceQuery } from "../../backend/queries";
import { openConnect } from "../../backend/store-dialogs";
import { rejectedWords } from "../../backend/words";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { type StateWords, stateWords } from "./state-words";

const OFFERS = {
  connect: { label: "Connect a bucket", act: openConnect },
  key: { label: "Give it again", act: openConnect },
  sign_in: { label: "Sign in again", act: () => openPeople({ kind: "sign_in" }) },
} as const;

export function StateLine() {
  const backend = useBackend();
  const { data: workspace } = useQuery(workspaceQuery(backend));
  const { data: totals } = useQuery({ ...uploadsQuery(backend), select: (list) => list.totals });
  const [showing, setShowing] = useState(false);
  const rejected = workspace?.rejected ?? [];
  const words = useCalm(workspace && stateWords(workspace, totals));

  return (
    <>
      <div className="state-line" data-testid="state-line">
        {words && (
          <>
            <i className="dot" data-tone={words.tone} />
            <span>
              {words.first}
              <small>
                {words.second}
                {words.second && words.offer && " · "}
                {words.offer && (
                  <button type="button" className="link" onClick={OFFERS[words.offer].act}>
                    {OFFERS[words.offer].label}
                  </button>
                )}
              </small>
            </span>
          </>
        )}
      </div>
      {rejected.length > 0 && (
        <button type="button" className="rejected-line" onClick={() => setShowing(true)}>
          {plural(rejected.length, "edit")} refused. Show
        </button>
      )}
      {showing && rejected.length > 0 && (
        <RejectedEdits rejected={rejected} close={() => setShowing(false)} />
      )}
    </>
  );
}

/** "Saving 1 edit" for a blink is noise: the words for a few milliseconds of work are those of before. */
function useCalm(words: StateWords | undefined): StateWords | undefined {
  const last = useRef<StateWords | undefined>(undefined);
  const brief = words?.first.startsWith("Saving") && last.current?.tone === "ready";
  if (!brief) last.current = words;
  return brief ? last.current : words;
}

function RejectedEdits({ rejected, close }: { rejected: WorkspaceState["rejected"]; close: () => void }) {
  const actions = useActions();
  return (
    <Dialog
      title={`${plural(rejected.length, "edit")} could not be kept`}
      close={close}
      width={480}
      actions={<Button onClick={close}>Close</Button>}
    >
      <p>The course server refused them. All other edits are safe.</p>
      <ul className="rejected-list">
        {rejected.map((edit) => {
          const { what, why } = rejectedWords(edit);
          return (
            <li key={edit.mutation_id}>
              <span>
                <b>{what}</b>
                {why}
              </span>
              <Button size="small" onClick={() => void actions.discardRejected(edit.mutation_id)}>
                Discard
              </Button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
