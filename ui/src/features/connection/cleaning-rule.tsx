// The bucket's rule that ends uploads which nobody finished: offered with one button, never set by itself.
import { useState } from "react";
import type { Cleaning } from "../../backend/bindings/Cleaning";
import { plural } from "../../backend/format";
import { useStoreActions } from "../../backend/store-actions";
import { failureWords } from "../../backend/words";
import { Button } from "../../design/button";
import { FieldError } from "../../design/fields";

export function cleaningWords(cleaning: Cleaning): string {
  switch (cleaning.kind) {
    case "offered":
      return "An upload that is given up can leave parts in the bucket, which cost storage. A rule of the bucket can remove them. Its other rules stay as they are.";
    case "in_place":
      return `The bucket ends uploads that nobody finished after ${plural(cleaning.days, "day")}.`;
    case "other_rule":
      return `The bucket has a rule of its own for ${cleaning.prefix === "" ? "all its files" : `“${cleaning.prefix}”`} and takes no second one. It was left as it is: parts of uploads that are given up may stay.`;
    case "not_allowed":
      return "This key may not read or set the bucket’s rules. Sending works without them; parts of uploads that are given up may stay in the bucket.";
  }
}

export function CleaningRule({ cleaning }: { cleaning: Cleaning }) {
  const actions = useStoreActions();
  const [now, setNow] = useState<Cleaning | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const shown = now ?? cleaning;

  async function set() {
    setBusy(true);
    setFailure(null);
    try {
      setNow(await actions.setCleaning());
    } catch (error) {
      setFailure(failureWords("set the rule", error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="cleaning">
      <p role="status">{cleaningWords(shown)}</p>
      {shown.kind === "offered" && (
        <Button size="small" aria-disabled={busy} onClick={() => !busy && void set()}>
          End uploads nobody finished after {plural(shown.days, "day")}
        </Button>
      )}
      {failure && <FieldError>{failure}</FieldError>}
    </div>
  );
}
