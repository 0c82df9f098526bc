// Somebody new: those who run the server make a code for them.
import { useEffect, useRef, useState } from "react";
import type { OneTimeCode } from "../../backend/bindings/OneTimeCode";
import { usePeopleActions } from "../../backend/people-actions";
import { failureWords } from "../../backend/words";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError, TextField } from "../../design/fields";
import { InvitationCode } from "./invitation-code";

export function InviteDialog({ close }: { close: () => void }) {
  const actions = usePeopleActions();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [invited, setInvited] = useState<{ email: string; code: OneTimeCode } | null>(null);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (wrong !== null) body.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [wrong]);

  async function submit() {
    if (busy || invited) return;
    const address = email.trim().toLowerCase();
    setFailed(null);
    const isAddress = /^\S+@\S+\.\S+$/.test(address);
    setWrong(isAddress ? null : "Enter an e-mail address, such as ada@example.edu.");
    if (!isAddress) return;
    setBusy(true);
    try {
      setInvited({ email: address, code: await actions.invite(address, name) });
    } catch (error) {
      setFailed(failureWords(`invite ${address}`, error));
    } finally {
      setBusy(false);
    }
  }

  if (invited)
    return (
      <Dialog
        title={`${invited.email} is invited`}
        close={close}
        keep
        width={460}
        actions={
          <Button look="primary" onClick={close}>
            Done
          </Button>
        }
      >
        <InvitationCode email={invited.email} code={invited.code} />
      </Dialog>
    );
  return (
    <Dialog
      title="Invite someone"
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
              Make a code
            </Button>
          )}
        </>
      }
    >
      <div ref={body}>
        <fieldset className="form" disabled={busy}>
          <p>
            You get a code to hand over. With it they join the team; which courses they see is said in each
            course, under People.
          </p>
          {failed !== null && (
            <div role="alert" className="form-alert">
              <FieldError>{failed}</FieldError>
            </div>
          )}
          <TextField
            label="E-mail address"
            type="email"
            placeholder="ada@example.edu"
            autoFocus
            value={email}
            change={setEmail}
            error={wrong}
          />
          <TextField
            label="Name"
            optional
            hint="As others see it. Else the part before the @."
            value={name}
            change={setName}
          />
        </fieldset>
      </div>
    </Dialog>
  );
}
