// Connecting a bucket, or giving the key of the connected one again: the same dialog, with the bucket named.
import { useEffect, useRef } from "react";
import type { StoreDetails } from "../../backend/bindings/StoreDetails";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { BucketChoice } from "./bucket-choice";
import { ConnectForm } from "./connect-form";
import { Connected } from "./connected";
import { useConnecting } from "./connecting";
import "./connection.css";

const CHECKING = "Checking: writes, lists, reads and deletes a small object…";

function titleOf(store: StoreDetails | undefined): string {
  if (store?.bucket == null) return "Connect a bucket";
  return store.key === "missing"
    ? `Give the key of “${store.bucket}” again`
    : `New key for “${store.bucket}”`;
}

export function ConnectDialog({ store, close }: { store: StoreDetails | undefined; close: () => void }) {
  const connecting = useConnecting(store);
  const { again, checking, step, draft, lacking, problem } = connecting;
  const body = useRef<HTMLDivElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const done = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    // The fields are locked while the check runs: what can be done is to stop it.
    if (checking) cancel.current?.focus();
    else if (step.at === "connected") done.current?.focus();
    else
      body.current
        ?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert] ~ * input, input:checked")
        ?.focus();
  }, [checking, step]);
  useEffect(() => {
    if (Object.keys(lacking).length > 0)
      body.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [lacking]);

  if (step.at === "connected") {
    const words = again ? `“${step.store.bucket}” takes the new key` : `“${step.store.bucket}” is connected`;
    return (
      <Dialog
        title={words}
        close={close}
        width={500}
        actions={
          <Button ref={done} look="primary" onClick={close}>
            Done
          </Button>
        }
        status={<span className="visually-hidden">{words}</span>}
      >
        <Connected store={step.store} />
      </Dialog>
    );
  }
  return (
    <Dialog
      title={titleOf(store)}
      close={close}
      keep
      width={500}
      submit={() => void connecting.submit()}
      status={checking ? CHECKING : ""}
      actions={
        <>
          {step.at === "choosing" && !checking && <Button onClick={connecting.back}>Back</Button>}
          <Button ref={cancel} onClick={checking ? connecting.stop : close}>
            Cancel
          </Button>
          {!checking && (
            <Button look="primary" type="submit">
              {again ? "Use this key" : "Connect"}
            </Button>
          )}
        </>
      }
    >
      <div ref={body}>
        <fieldset className="form" disabled={checking}>
          {step.at === "choosing" ? (
            <BucketChoice
              buckets={step.buckets}
              chosen={draft.bucket}
              choose={(bucket) => connecting.change({ bucket })}
              lacking={lacking.bucket}
              problem={problem}
            />
          ) : (
            <>
              <p>
                {!again
                  ? "Files are sent to a bucket of your own. The key goes to this system’s keychain and is never shown again."
                  : store?.key === "missing"
                    ? "Edits and uploads wait for it. Nothing on this computer is lost meanwhile."
                    : "It takes the place of the key in use. The bucket and everything in it stay as they are."}
              </p>
              <ConnectForm
                draft={draft}
                change={connecting.change}
                again={again}
                lacking={lacking}
                problem={problem}
              />
            </>
          )}
        </fieldset>
      </div>
    </Dialog>
  );
}
