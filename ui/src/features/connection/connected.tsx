// What connecting a bucket has brought about, said plainly.
import { BrushCleaning, CloudUpload, KeyRound, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { KeyPlace } from "../../backend/bindings/KeyPlace";
import type { StoreDetails } from "../../backend/bindings/StoreDetails";
import { formatBytes, plural } from "../../backend/format";
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

export function Connected({ store }: { store: StoreDetails }) {
  return (
    <ul className="facts">
      <Fact icon={CloudUpload}>{movingWords(store.moving)}</Fact>
      {store.key && <Fact icon={KeyRound}>{KEY_WORDS[store.key]}</Fact>}
      {store.cleaning && (
        <Fact icon={BrushCleaning}>
          <CleaningRule cleaning={store.cleaning} />
        </Fact>
      )}
    </ul>
  );
}
