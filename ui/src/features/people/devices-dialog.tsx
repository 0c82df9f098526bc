// My computers that the team's server lets in: another one can be let in from here, and a lost one locked out.
import { Laptop, Plus } from "lucide-react";
import { useRef, useState } from "react";
import type { Device } from "../../backend/bindings/Device";
import type { OneTimeCode } from "../../backend/bindings/OneTimeCode";
import { usePeopleActions } from "../../backend/people-actions";
import { openPeople } from "../../backend/people-dialogs";
import { failureWords } from "../../backend/words";
import { announce } from "../../design/announcer";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError } from "../../design/fields";
import { HandedCode } from "../../design/handed-code";
import { NotAnswered } from "./not-answered";
import { dayWords, goodWords, letterWords, seenWords } from "./people-words";
import { useAccount, useTeam } from "./use-team";

export function DevicesDialog({ close }: { close: () => void }) {
  const actions = usePeopleActions();
  const { data: account, error, refetch } = useAccount(true);
  const { address } = useTeam();
  const [code, setCode] = useState<OneTimeCode | null>(null);
  const [asking, setAsking] = useState<Device | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLUListElement>(null);

  async function attempt(what: string, act: () => Promise<void>) {
    if (busy) return;
    setBusy(true);
    setFailed(null);
    try {
      await act();
    } catch (problem) {
      setFailed(failureWords(what, problem));
    } finally {
      setBusy(false);
    }
  }
  const makeCode = () => attempt("make a code", async () => setCode(await actions.makeDeviceCode()));
  const lockOut = (device: Device) =>
    attempt(`sign “${device.name}” out`, async () => {
      setAsking(null);
      // A code that was made here is good no more either: the one who has the other computer may have seen it.
      setCode(null);
      await actions.revokeDevice(device.id);
      announce(`“${device.name}” is signed out.`);
      list.current?.focus();
    });

  if (asking)
    return <LockOut device={asking} stay={() => setAsking(null)} lockOut={() => void lockOut(asking)} />;
  const devices = account?.devices ?? [];
  return (
    <Dialog
      title="Your computers"
      close={close}
      width={520}
      status={busy || (!account && !error) ? "Asking the team’s server…" : ""}
      actions={
        <>
          {account && (
            <Button icon={Plus} aria-disabled={busy} onClick={() => void makeCode()}>
              Add a computer
            </Button>
          )}
          <Button look="primary" onClick={close}>
            Done
          </Button>
        </>
      }
    >
      {error && (
        <NotAnswered
          what="read your computers"
          stale={account !== undefined}
          error={error}
          again={() => void refetch()}
        />
      )}
      {failed !== null && (
        <div role="alert" className="form-alert people-alert">
          <FieldError>{failed}</FieldError>
        </div>
      )}
      {account && (
        <p>
          {account.name}
          {account.email !== null && account.email !== account.name && ` · ${account.email}`}
        </p>
      )}
      {code && (
        <div className="device-code">
          <HandedCode code={code.code} letter={letterWords(address, code.code)}>
            <p>
              On the other computer choose “Join a team…”, and enter <b>{address}</b> and this code. It is
              good once, {goodWords(code, Date.now())}. Whoever has it is let in as you.
            </p>
          </HandedCode>
        </div>
      )}
      {account && (
        <ul className="people-list" ref={list} tabIndex={-1} aria-label="Your computers">
          {devices.map((device) => (
            <DeviceRow key={device.id} device={device} lockOut={() => setAsking(device)} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function DeviceRow({ device, lockOut }: { device: Device; lockOut: () => void }) {
  const { name, is_this, created_at, last_seen } = device;
  const seen = is_this ? "Here now" : `Last seen ${seenWords(last_seen, Date.now())}`;
  return (
    <li className="person" data-testid="device">
      <span className="device-mark" aria-hidden>
        <Laptop size={16} strokeWidth={1.75} />
      </span>
      <span className="person-name">
        <b className="truncate">
          {name}
          {is_this && <small> this computer</small>}
        </b>
        <span className="truncate">
          {seen} · added {dayWords(created_at)}
        </span>
      </span>
      {is_this ? (
        <Button look="quiet" size="small" onClick={() => openPeople({ kind: "leave" })}>
          Sign out…
        </Button>
      ) : (
        <Button look="quiet" size="small" danger aria-label={`Sign out ${name}…`} onClick={lockOut}>
          Sign out…
        </Button>
      )}
    </li>
  );
}

function LockOut({ device, stay, lockOut }: { device: Device; stay: () => void; lockOut: () => void }) {
  return (
    <Dialog
      title={`Sign “${device.name}” out?`}
      close={stay}
      actions={
        <>
          <Button autoFocus onClick={stay}>
            Cancel
          </Button>
          <Button look="danger" onClick={lockOut}>
            Sign it out
          </Button>
        </>
      }
    >
      <p>
        The server lets it in no more, at once. What it has not sent stays on it, and is sent if you let it in
        again with a new code. What was copied to it before cannot be taken back from here.
      </p>
    </Dialog>
  );
}
