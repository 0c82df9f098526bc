// Takes somebody into a course by their address. Whom the server does not know can be invited on the way, by those who may.
import { type FormEvent, useId, useState } from "react";
import type { CourseId } from "../../backend/bindings/CourseId";
import type { Member } from "../../backend/bindings/Member";
import type { OneTimeCode } from "../../backend/bindings/OneTimeCode";
import type { Role } from "../../backend/bindings/Role";
import { usePeopleActions } from "../../backend/people-actions";
import { failureWords } from "../../backend/words";
import { announce } from "../../design/announcer";
import { Button } from "../../design/button";
import { TextField } from "../../design/fields";
import { InvitationCode } from "./invitation-code";
import { ROLE_WORDS, ROLES } from "./people-words";
import { useAccount } from "./use-team";

interface Props {
  course: CourseId;
  members: readonly Member[];
}

export function AddMember({ course, members }: Props) {
  const actions = usePeopleActions();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const [error, setError] = useState<string | null>(null);
  /** An address that nobody on the server has. */
  const [stranger, setStranger] = useState<string | null>(null);
  const [invited, setInvited] = useState<{ email: string; code: OneTimeCode } | null>(null);
  const [busy, setBusy] = useState(false);
  const roleId = useId();

  async function attempt(what: string, act: () => Promise<void>) {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (problem) {
      setError(failureWords(what, problem));
    } finally {
      setBusy(false);
    }
  }
  async function add(address: string) {
    const answer = await actions.setMember(course, { email: address }, role);
    if (answer.kind === "nobody") return setStranger(address);
    setStranger(null);
    setEmail("");
    announce(`${address} is in the course: ${ROLE_WORDS[role]}`);
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation();
    const address = email.trim().toLowerCase();
    setStranger(null);
    setInvited(null);
    if (!/^\S+@\S+\.\S+$/.test(address)) return setError("Enter an e-mail address, such as ada@example.edu.");
    if (members.some((one) => one.email === address))
      return setError(`${address} is in this course already.`);
    void attempt(`take ${address} in`, () => add(address));
  }
  const invite = (address: string) =>
    attempt(`invite ${address}`, async () => {
      const code = await actions.invite(address, "");
      setInvited({ email: address, code });
      await add(address);
    });

  return (
    <form className="add-member" noValidate onSubmit={submit}>
      <div className="add-member-row">
        <TextField
          label="Add by e-mail"
          type="email"
          placeholder="ada@example.edu"
          value={email}
          change={setEmail}
          error={error}
          autoFocus
        />
        <select
          id={roleId}
          className="select"
          aria-label="Role"
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        >
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {ROLE_WORDS[one]}
            </option>
          ))}
        </select>
        <Button look="primary" type="submit" aria-disabled={busy}>
          Add
        </Button>
      </div>
      {stranger !== null && invited === null && (
        <Stranger address={stranger} busy={busy} invite={() => void invite(stranger)} />
      )}
      {invited && <InvitationCode email={invited.email} code={invited.code} />}
    </form>
  );
}

function Stranger({ address, busy, invite }: { address: string; busy: boolean; invite: () => void }) {
  const { data: account } = useAccount();
  return (
    <div className="stranger" role="alert">
      <p>
        <b>{address}</b> is not on this server yet.{" "}
        {account?.admin ? "" : "Ask whoever runs the server to invite them, then add them here."}
      </p>
      {account?.admin && (
        <Button size="small" aria-disabled={busy} onClick={invite}>
          Invite and add
        </Button>
      )}
    </div>
  );
}
