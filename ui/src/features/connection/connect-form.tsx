// The fields of a bucket and its key, and what must be filled in before anything is sent.
import type { Connection } from "../../backend/bindings/Connection";
import type { StoreDetails } from "../../backend/bindings/StoreDetails";
import { FieldError, Segments, TextField } from "../../design/fields";
import type { FieldName, ProblemWords } from "./connect-words";

export interface Draft {
  kind: Connection["kind"];
  key_id: string;
  secret: string;
  bucket: string;
  folder: string;
  endpoint: string;
  region: string;
}

/** A bucket that is connected keeps its place: only the key is asked for. */
export function draftOf(store: StoreDetails | undefined): Draft {
  return {
    kind: store?.kind === "s3_compatible" ? "s3_compatible" : "backblaze_b2",
    ...{ key_id: "", secret: "", endpoint: "", region: "" },
    ...{ bucket: store?.bucket ?? "", folder: store?.folder ?? "" },
  };
}

export function connectionOf(draft: Draft): Connection {
  const text = Object.fromEntries(
    Object.entries(draft).map(([name, value]) => [name, value.trim()]),
  ) as unknown as Draft;
  const { kind, key_id, secret, bucket, folder, endpoint, region } = text;
  return kind === "backblaze_b2"
    ? { kind, key_id, application_key: secret, bucket: bucket || null, folder }
    : { kind, endpoint, region, bucket, folder, key_id, secret_key: secret };
}

/** Words for the fields that are needed and empty. */
export function missing(draft: Draft, again: boolean): Partial<Record<FieldName | "region", string>> {
  const isS3 = draft.kind === "s3_compatible";
  const needed: [FieldName | "region", string, boolean][] = [
    ["endpoint", "Enter the store’s address, such as https://s3.example.org.", isS3 && !again],
    ["region", "Enter the region, such as us-east-1.", isS3 && !again],
    ["bucket", "Enter the bucket’s name.", isS3],
    ["key_id", "Paste the key ID.", true],
    ["secret", isS3 ? "Paste the secret key." : "Paste the application key.", true],
  ];
  return Object.fromEntries(
    needed
      .filter(([name, , asked]) => asked && draft[name].trim() === "")
      .map(([name, words]) => [name, words]),
  );
}

interface Props {
  draft: Draft;
  change: (change: Partial<Draft>) => void;
  /** The bucket is connected already. */
  again: boolean;
  lacking: ReturnType<typeof missing>;
  problem: ProblemWords | null;
}

const KINDS = [
  ["backblaze_b2", "Backblaze B2"],
  ["s3_compatible", "Other S3-compatible"],
] as const;

export function ConnectForm({ draft, change, again, lacking, problem }: Props) {
  const isB2 = draft.kind === "backblaze_b2";
  const shown: FieldName[] = again
    ? ["key_id", "secret"]
    : isB2
      ? ["key_id", "secret"]
      : ["endpoint", "bucket", "key_id", "secret"];
  const here = problem?.field != null && shown.includes(problem.field) ? problem.field : null;
  const errorOf = (name: FieldName | "region") =>
    lacking[name] ?? (problem && here === name ? <ProblemText problem={problem} /> : undefined);
  const field = (name: Exclude<keyof Draft, "kind">) => ({
    value: draft[name],
    change: (value: string) => change({ [name]: value }),
  });
  return (
    <>
      {problem && here === null && (
        <div role="alert" className="form-alert">
          <FieldError>
            <ProblemText problem={problem} />
          </FieldError>
        </div>
      )}
      {!again && (
        <Segments
          label="Where the bucket is"
          choices={KINDS}
          chosen={draft.kind}
          choose={(kind) => change({ kind })}
        />
      )}
      {!again && !isB2 && (
        <div className="form-row">
          <TextField
            label="Endpoint"
            placeholder="https://s3.example.org"
            inputMode="url"
            error={errorOf("endpoint")}
            {...field("endpoint")}
          />
          <TextField label="Region" placeholder="us-east-1" error={errorOf("region")} {...field("region")} />
        </div>
      )}
      {!again && !isB2 && (
        <div className="form-row">
          <TextField label="Bucket" error={errorOf("bucket")} {...field("bucket")} />
          <TextField label="Folder" optional placeholder="Whole bucket" {...field("folder")} />
        </div>
      )}
      <TextField
        label="Key ID"
        hint={isB2 && "In Backblaze: Application Keys, Add a New Application Key, “Read and Write”."}
        error={errorOf("key_id")}
        autoFocus={again || isB2}
        {...field("key_id")}
      />
      <TextField
        label={isB2 ? "Application key" : "Secret key"}
        secret
        error={errorOf("secret")}
        {...field("secret")}
      />
      {!again && isB2 && (
        <TextField
          label="Folder"
          optional
          placeholder="Whole bucket"
          hint="Everything goes below it."
          {...field("folder")}
        />
      )}
    </>
  );
}

export function ProblemText({ problem }: { problem: ProblemWords }) {
  return (
    <>
      {problem.what} {problem.advice}
    </>
  );
}
