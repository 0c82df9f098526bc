// What connecting a bucket has brought about, said plainly.
import { useQuery } from "@tanstack/react-query";
import { BrushCleaning, CloudUpload, KeyRound, type LucideIcon, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { useActions } from "../../backend/actions";
import type { KeyPlace } from "../../backend/bindings/KeyPlace";
import type { StoreDetails } from "../../backend/bindings/StoreDetails";
import { useBackend } from "../../backend/context";
import { formatBytes, plural } from "../../backend/format";
import { uploadsQuery } from "../../backend/queries";
import { Button } from "../../design/button";
import { CleaningRule } from "./cleaning-rule";

export const KEY_WORDS: Record<KeyPlace, string> = {
  keychain: "The key is in this system’s keychain. You are not asked for it again.",
  this_run_only:
    "The key is kept for this run only: no keychain is open on this computer. At the next start you are asked for it again.",
  missing: "Nobody has the key: nothing can be sent until you give it again.",
};

export function movingWords(moving: StoreDetails["moving"]): string {
  if (moving === null) return "Nothing has to be moved. New files go straight to the bucket.";
  const one = moving.files === 1;
  return `${plural(moving.files, "file")}, ${formatBytes(moving.bytes)}, ${one ? "is" : "are"} on ${one ? "its" : "their"} way from this computer. A copy here is deleted only after the bucket’s copy is confirmed.`;
}

function Fact({ icon: Icon, children }: { icon: LucideIcon; children: ReactNode }) {
  return (
    <li>
      <Icon size={17} strokeWidth={1.75} aria-hidden />
      <div>{children}</div>
    </li>
  );
}

/** Uploads that the key before this one had stopped. */
function Refused() {
  const actions = useActions();
  const { data } = useQuery(uploadsQuery(useBackend()));
  const operations = (data?.uploads ?? [])
    .filter(({ cause }) => cause?.code === "key_refused")
    .map(({ operation }) => operation);
  if (operations.length === 0) return null;
  const one = operations.length === 1;
  return (
    <Fact icon={RotateCw}>
      <div className="cleaning">
        <p>
          {plural(operations.length, "upload")} {one ? "was" : "were"} stopped because the key was not taken.
          What was sent is safe.
        </p>
        <Button size="small" onClick={() => void actions.controlUploads("retry", operations)}>
          Retry {one ? "it" : `all ${operations.length}`}
        </Button>
      </div>
    </Fact>
  );
}

export function Connected({ store }: { store: StoreDetails }) {
  return (
    <ul className="facts">
      <Fact icon={CloudUpload}>{movingWords(store.moving)}</Fact>
      <Refused />
      {store.key && <Fact icon={KeyRound}>{KEY_WORDS[store.key]}</Fact>}
      {store.cleaning && (
        <Fact icon={BrushCleaning}>
          <CleaningRule cleaning={store.cleaning} />
        </Fact>
      )}
    </ul>
  );
}
