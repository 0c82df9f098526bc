// Joining a team: the server's address and a one-time code, as whoever runs the server gave them.
import { useEffect, useRef, useState } from "react";
import { notify } from "../../backend/notices";
import { failureWords } from "../../backend/words";
import { useWorkspaceActions } from "../../backend/workspace-actions";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError, TextField } from "../../design/fields";
import { type JoinWords, joinProblemWords } from "./join-words";

interface Props {
  close: () => void;
  /** Leaves the screen that is open. */
  home: () => void;
}

export function JoinDialog({ close, home }: Props) {
  const actions = useWorkspaceActions();
  const [draft, setDraft] = useState({ address: "", code: "", computer: "" });
  const [problem, setProblem] = useState<JoinWords | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const body = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (problem !== null) body.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [problem]);

  const field = (name: keyof typeof draft) => ({
    value: draft[name],
    change: (value: string) => setDraft((now) => ({ ...now, [name]: value })),
    error: problem?.field === name ? problem.words : undefined,
  });

  async function submit() {
    if (asking) return;
    const empty = draft.address.trim() === "" ? "address" : draft.code.trim() === "" ? "code" : null;
    setFailed(null);
    setProblem(empty && { field: empty, words: EMPTY[empty] });
    if (empty !== null) return;
    setAsking(true);
    try {
      const answer = await actions.join({ ...draft, name: "" }, home);
      if (answer.kind === "refused") return setProblem(joinProblemWords(answer.problem));
      if (!answer.in_keychain)
        notify(
          "No keychain is open here: this computer is let in until Lectern is closed, then it needs a new code.",
        );
      close();
    } catch (error) {
      setFailed(failureWords("join this team", error));
    } finally {
      setAsking(false);
    }
  }

  return (
    <Dialog
      title="Join a team"
      close={close}
      keep
      width={460}
      submit={() => void submit()}
      status={asking ? "Asking the server…" : ""}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          {!asking && (
            <Button look="primary" type="submit">
              Join
            </Button>
          )}
        </>
      }
    >
      <div ref={body}>
        <fieldset className="form" disabled={asking}>
          <p>Its courses are shared with the people in them. Your own workspace stays as it is, beside it.</p>
          {failed !== null && (
            <div role="alert" className="form-alert">
              <FieldError>{failed}</FieldError>
            </div>
          )}
          <TextField
            label="Address of the server"
            placeholder="https://lectern.example.edu"
            inputMode="url"
            autoFocus
            {...field("address")}
          />
          <TextField
            label="One-time code"
            placeholder="XXXXX-XXXXX"
            hint="From whoever runs the server, or from another computer of yours that is in the team."
            {...field("code")}
          />
          <TextField
            label="Name of this computer"
            optional
            hint="So that you can tell your computers apart."
            {...field("computer")}
          />
        </fieldset>
      </div>
    </Dialog>
  );
}

const EMPTY = {
  address: "Enter the address of the server, such as https://lectern.example.edu.",
  code: "Enter the code you were given.",
} as const;
