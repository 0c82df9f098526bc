// Taking a workspace off this computer: first what would be lost, counted where it is; then a button that says it too.
import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { Losses } from "../../backend/bindings/Losses";
import type { WorkspaceState } from "../../backend/bindings/WorkspaceState";
import { useBackend } from "../../backend/context";
import { notify } from "../../backend/notices";
import { usePeopleActions } from "../../backend/people-actions";
import { lossesQuery } from "../../backend/queries";
import { failureWords } from "../../backend/words";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError } from "../../design/fields";
import { leaveWords } from "./people-words";
import { useTeam } from "./use-team";

interface Props {
  close: () => void;
  home: () => void;
}

export function LeaveDialog({ close, home }: Props) {
  const { workspace, id } = useTeam();
  // Removing shows another workspace under this dialog: it is about the one it was opened for.
  const [subject] = useState(() => (workspace && id !== undefined ? { workspace, id } : null));
  if (subject === null) return null;
  const now = id === subject.id && workspace ? workspace : subject.workspace;
  return <Leaving workspace={now} id={subject.id} close={close} home={home} />;
}

const NOTHING: Losses = { edits: 0, uploads: 0, courses: 0, files: 0, bytes: 0 };

function Leaving({ workspace, id, close, home }: Props & { workspace: WorkspaceState; id: string }) {
  const actions = usePeopleActions();
  const [busy, setBusy] = useState(false);
  // Once it goes there is nothing left to count.
  const { data: losses, error, refetch } = useQuery({ ...lossesQuery(useBackend(), id), enabled: !busy });
  const [problem, setProblem] = useState<string | null>(null);
  const words = leaveWords(workspace.store, workspace, losses ?? NOTHING);

  async function leave(agreed: Losses) {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const answer = await actions.leave(id, agreed, home);
      if (answer.kind === "grown")
        return setProblem("More has come since you were told. Look again at what would be lost.");
      close();
      notify(
        answer.server_told
          ? `“${workspace.name}” is not on this computer any more.`
          : `“${workspace.name}” is not on this computer any more, but its server could not be told. Sign this computer out from another one: “Your computers” in the menu at the top left.`,
        answer.server_told ? {} : { tone: "problem" },
      );
    } catch (failure) {
      setProblem(failureWords(`remove “${workspace.name}”`, failure));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={words.title}
      close={() => !busy && close()}
      width={480}
      status={busy ? words.busy : losses === undefined && !error ? "Counting what was not sent…" : ""}
      actions={
        <>
          <Button autoFocus aria-disabled={busy} onClick={() => !busy && close()}>
            Cancel
          </Button>
          {losses && !busy && (
            <Button look={words.lost === null ? "primary" : "danger"} onClick={() => void leave(losses)}>
              {words.button}
            </Button>
          )}
        </>
      }
    >
      <div className="form">
        <p>{words.about}</p>
        {losses &&
          (words.lost === null ? (
            <p>Nothing here waits to be sent: nothing is lost.</p>
          ) : (
            <div className="losses" role="alert">
              <TriangleAlert size={16} strokeWidth={1.75} aria-hidden />
              <p>
                <b>{words.lost}</b> {words.saving}
              </p>
            </div>
          ))}
        {error && (
          <div role="alert" className="form-alert">
            <FieldError>
              {failureWords("count what would be lost", error)}{" "}
              <button type="button" className="link" onClick={() => void refetch()}>
                Try again
              </button>
            </FieldError>
          </div>
        )}
        {problem !== null && (
          <div role="alert" className="form-alert">
            <FieldError>{problem}</FieldError>
          </div>
        )}
      </div>
    </Dialog>
  );
}
