// A key that is good for several buckets: which of them. The name is typed when the key may not list them.
import { FieldError, TextField } from "../../design/fields";
import { ProblemText } from "./connect-form";
import type { ProblemWords } from "./connect-words";

interface Props {
  buckets: readonly string[];
  chosen: string;
  choose: (bucket: string) => void;
  lacking: string | undefined;
  problem: ProblemWords | null;
}

export function BucketChoice({ buckets, chosen, choose, lacking, problem }: Props) {
  const error = lacking ?? (problem ? <ProblemText problem={problem} /> : undefined);
  if (buckets.length === 0)
    return (
      <>
        <p>This key is good for several buckets but may not list them.</p>
        <TextField label="Bucket" value={chosen} change={choose} error={error} autoFocus />
      </>
    );
  return (
    <fieldset className="bucket-choice">
      <legend>This key is good for several buckets. Which one is for this workspace?</legend>
      <div className="bucket-list">
        {buckets.map((bucket, index) => (
          <label key={bucket}>
            <input
              type="radio"
              name="bucket"
              value={bucket}
              checked={bucket === chosen}
              // biome-ignore lint/a11y/noAutofocus: the list has just taken the place of the form
              autoFocus={index === 0}
              onChange={() => choose(bucket)}
            />
            <span className="truncate">{bucket}</span>
          </label>
        ))}
      </div>
      {error && (
        <div role="alert">
          <FieldError>{error}</FieldError>
        </div>
      )}
    </fieldset>
  );
}
