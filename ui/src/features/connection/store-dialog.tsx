// The store of the workspace in facts: where it is, whether it answers, its key, its rule, and what is still to be moved.
import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { CheckAnswer } from "../../backend/bindings/CheckAnswer";
import type { StoreDetails } from "../../backend/bindings/StoreDetails";
import { useBackend } from "../../backend/context";
import { formatBytes, plural } from "../../backend/format";
import { storeQuery } from "../../backend/queries";
import { useStoreActions } from "../../backend/store-actions";
import { closeStoreDialog, openConnect, useStoreDialog } from "../../backend/store-dialogs";
import { failureWords, STORE_WORDS } from "../../backend/words";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError } from "../../design/fields";
import { CleaningRule } from "./cleaning-rule";
import { ConnectDialog } from "./connect-dialog";
import { connectProblemWords } from "./connect-words";
import "./connection.css";

/** Whichever of the two was asked for. */
export function StoreDialogs() {
  const open = useStoreDialog((state) => state.open);
  const { data: store, error } = useQuery({ ...storeQuery(useBackend()), enabled: open !== null });
  if (open !== null && store === undefined && error) {
    return (
      <Dialog
        title="Where files are kept"
        close={closeStoreDialog}
        actions={<Button onClick={closeStoreDialog}>Close</Button>}
      >
        <FieldError>{failureWords("read this", error)}</FieldError>
      </Dialog>
    );
  }
  // The first read takes a moment: a dialog that changed its mind about what it asks would be worse.
  if (open === null || store === undefined) return null;
  if (open === "connect") return <ConnectOnce store={store} />;
  return <StorePage store={store} />;
}

/** What it was at the opening: connecting changes it under the dialog that says so. */
function ConnectOnce({ store }: { store: StoreDetails }) {
  const [atFirst] = useState(store);
  return <ConnectDialog store={atFirst} close={closeStoreDialog} />;
}

const KEY_PLACES = {
  keychain: "In this system’s keychain",
  this_run_only: "For this run only: no keychain is open here",
  missing: "Missing: nothing can be sent",
} as const;

export function leftHereWords({ files, bytes }: NonNullable<StoreDetails["moving"]>): string {
  return `${plural(files, "file")}, ${formatBytes(bytes)} still only on this computer`;
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function StorePage({ store }: { store: StoreDetails }) {
  return (
    <Dialog
      title={store.bucket ?? STORE_WORDS[store.kind].short}
      close={closeStoreDialog}
      width={540}
      actions={
        <>
          <Button onClick={openConnect}>
            {store.bucket === null
              ? "Connect a bucket…"
              : store.key === "missing"
                ? "Give the key…"
                : "New key…"}
          </Button>
          <Button look="primary" onClick={closeStoreDialog}>
            Close
          </Button>
        </>
      }
    >
      <p>{STORE_WORDS[store.kind].about}</p>
      <dl className="store-facts">
        <Row name="Kept at">{STORE_WORDS[store.kind].short}</Row>
        {store.bucket && <Row name="Bucket">{store.bucket}</Row>}
        {store.endpoint && <Row name="Address">{store.endpoint}</Row>}
        {store.bucket && <Row name="Folder">{store.folder || "The whole bucket"}</Row>}
        {store.key && <Row name="Key">{KEY_PLACES[store.key]}</Row>}
        {store.bucket && (
          <Row name="To be moved">
            {store.moving
              ? `${leftHereWords(store.moving)}. Each copy here is deleted only after the bucket’s is confirmed.`
              : "Nothing: all files are in the bucket or on their way as uploads."}
          </Row>
        )}
        {store.cleaning && store.key !== "missing" && (
          <Row name="Cleaning">
            <CleaningRule cleaning={store.cleaning} />
          </Row>
        )}
        {store.bucket && store.key !== "missing" && (
          <Row name="Connection">
            <Check kind={store.kind === "s3_compatible" ? "s3_compatible" : "backblaze_b2"} />
          </Row>
        )}
      </dl>
    </Dialog>
  );
}

type Checked = CheckAnswer | { kind: "failed"; words: string };

function Check({ kind }: { kind: "backblaze_b2" | "s3_compatible" }) {
  const actions = useStoreActions();
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Checked | null>(null);

  async function check() {
    if (busy) return;
    setBusy(true);
    setAnswer(null);
    try {
      setAnswer(await actions.check());
    } catch (error) {
      setAnswer({ kind: "failed", words: failureWords("check the bucket", error) });
    } finally {
      setBusy(false);
    }
  }

  const problem = answer?.kind === "refused" ? connectProblemWords(answer.problem, kind) : null;
  return (
    <div className="check">
      <Button size="small" aria-disabled={busy} onClick={() => void check()}>
        Check connection
      </Button>
      <div role="status">
        {busy && "Writes, lists, reads and deletes a small object…"}
        {answer?.kind === "passed" && (
          <span className="check-passed">
            <CircleCheck size={15} strokeWidth={1.75} aria-hidden /> It writes, lists, reads and deletes.
          </span>
        )}
        {problem && (
          <FieldError>
            {problem.what} {problem.advice}
          </FieldError>
        )}
        {answer?.kind === "failed" && <FieldError>{answer.words}</FieldError>}
      </div>
    </div>
  );
}
