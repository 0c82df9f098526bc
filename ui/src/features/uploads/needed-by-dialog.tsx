// "Needed by…": when one upload, or all of them, must be there.
import { useEffect, useRef, useState } from "react";
import { useSendingActions } from "../../backend/sending-actions";
import type { NeededBy } from "../../backend/sending-dialogs";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { TextField } from "../../design/fields";
import { fieldText, momentError, momentOf, quickTimes } from "./deadlines";
import "./sending.css";

export function NeededByDialog({ upload, close }: { upload: NeededBy | null; close: () => void }) {
  const actions = useSendingActions();
  const [now] = useState(() => Date.now());
  const quick = quickTimes(now);
  const had = upload?.at ?? null;
  const [text, setText] = useState(() => fieldText(had ?? quick[0]?.at ?? now));
  const [error, setError] = useState<string | null>(null);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error) body.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);

  async function set(at: number | null) {
    if (await actions.setNeededBy(upload && [upload.operation], at)) close();
  }
  function submit() {
    const wrong = momentError(text, Date.now());
    setError(wrong);
    if (wrong === null) void set(momentOf(text));
  }

  return (
    <Dialog
      title={upload ? `When is “${upload.name}” needed?` : "When are all uploads needed?"}
      close={close}
      keep
      submit={submit}
      actions={
        <>
          {(upload === null || had !== null) && (
            <Button look="quiet" onClick={() => void set(null)}>
              {upload ? "Clear the time" : "Clear all times"}
            </Button>
          )}
          <span className="spread" />
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit">
            Set
          </Button>
        </>
      }
    >
      <div className="form" ref={body}>
        <p>What is needed first is sent first. The panel warns you when something will be late.</p>
        <div className="quick-times" role="group" aria-label="Likely times">
          {quick.map(({ label, at }, index) => (
            <Button key={label} autoFocus={index === 0} onClick={() => void set(at)}>
              {label}
            </Button>
          ))}
        </div>
        <TextField
          label="Or another time"
          type="datetime-local"
          value={text}
          min={fieldText(now)}
          change={setText}
          error={error}
        />
      </div>
    </Dialog>
  );
}
