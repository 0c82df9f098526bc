// This computer was signed out: a new code lets it in again, and what waited here is sent.
import { useEffect, useRef, useState } from "react";
import { notify } from "../../backend/notices";
import { usePeopleActions } from "../../backend/people-actions";
import { failureWords } from "../../backend/words";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError, TextField } from "../../design/fields";
import { signInProblemWords } from "./sign-in-words";
import { useTeam } from "./use-team";

export function SignInDialog({ close }: { close: () => void }) {
  const actions = usePeopleActions();
  const { workspace, address } = useTeam();
  const name = workspace?.name ?? "the team";
  const [code, setCode] = useState("");
  const [computer, setComputer] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (wrong !== null) body.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [wrong]);

  async function submit() {
    if (busy) return;
    setFailed(null);
    setWrong(code.trim() === "" ? "Enter the code you were given." : null);
    if (code.trim() === "") return;
    setBusy(true);
    try {
      const answer = await actions.signIn({ code, computer });
      if (answer.kind === "refused") return setWrong(signInProblemWords(answer.problem));
      notify(
        answer.in_keychain
          ? `This computer is signed in to “${name}” again. What waited is sent.`
          : "No keychain is open here: this computer is signed in until Lectern is closed, then it needs a new code.",
      );
      close();
    } catch (error) {
      setFailed(failureWords("sign in", error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={`Sign in to “${name}” again`}
      close={close}
      keep
      width={460}
      submit={() => void submit()}
      status={busy ? "Asking the team’s server…" : ""}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          {!busy && (
            <Button look="primary" type="submit">
              Sign in
            </Button>
          )}
        </>
      }
    >
      <div ref={body}>
        <fieldset className="form" disabled={busy}>
          <p>
            Get a code from another computer of yours (“Your computers” in the menu at the top left) or from
            whoever runs <b>{address}</b>. Everything that waits here is sent then.
          </p>
          {failed !== null && (
            <div role="alert" className="form-alert">
              <FieldError>{failed}</FieldError>
            </div>
          )}
          <TextField
            label="One-time code"
            placeholder="XXXXX-XXXXX"
            autoFocus
            value={code}
            change={setCode}
            error={wrong}
          />
          <TextField
            label="Name of this computer"
            optional
            hint="So that you can tell your computers apart."
            value={computer}
            change={setComputer}
          />
        </fieldset>
      </div>
    </Dialog>
  );
}
