// Why a bucket cannot be used, in words: what is wrong, what to do, and which field it is about.

import type { Connection } from "../../backend/bindings/Connection";
import type { ConnectProblem } from "../../backend/bindings/ConnectProblem";
import { failureWords } from "../../backend/words";

export type FieldName = "key_id" | "secret" | "bucket" | "endpoint";

export interface ProblemWords {
  what: string;
  advice: string;
  /** None: it is about the whole. */
  field: FieldName | null;
}

type Kind = Connection["kind"];
type ProblemOf<Code extends ConnectProblem["code"]> = Extract<ConnectProblem, { code: Code }>;

/** A detail from below, as a sentence of its own. */
const because = (detail: string) => {
  const text = detail.trim();
  return text === ""
    ? ""
    : ` ${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
};

const NEW_KEY =
  "In Backblaze, under Application Keys, add a key for the bucket with “Read and Write” access, and use that.";

/** A step of the check that the bucket did not allow. */
const step =
  (what: string, b2: string, s3: string, left = "Nothing was changed.") =>
  ({ detail }: { detail: string }, kind: Kind): ProblemWords => ({
    what: `The check could not ${what} a small object in this bucket.${because(detail)}`,
    advice: `The key needs the right to: ${kind === "backblaze_b2" ? b2 : s3}. ${left}`,
    field: null,
  });

const PROBLEMS: {
  [Code in ConnectProblem["code"]]: (problem: ProblemOf<Code>, kind: Kind) => ProblemWords;
} = {
  unknown_key: (_, kind) =>
    kind === "backblaze_b2"
      ? {
          what: "Backblaze does not know this key, or its two halves do not belong together.",
          advice:
            "Paste both again. Backblaze shows the application key only once: if it is lost, expired or deleted, add a new one.",
          field: "key_id",
        }
      : {
          what: "The store does not know this key, or its two halves do not belong together.",
          advice: "Paste both again, or make a new key at your provider.",
          field: "key_id",
        },
  master_key: () => ({
    what: "This is the account’s master key, which Backblaze does not take for sending files.",
    advice: NEW_KEY,
    field: "key_id",
  }),
  lacks_capabilities: ({ names }, kind) => ({
    what: `This key may not do all that is needed. It lacks: ${names.join(", ")}.`,
    advice: kind === "backblaze_b2" ? NEW_KEY : "Give the key these rights at your provider, then try again.",
    field: "key_id",
  }),
  bucket_gone: () => ({
    what: "The bucket that this key was made for has been deleted.",
    advice: "Use a key of a bucket that is still there.",
    field: "key_id",
  }),
  other_bucket: ({ bucket }) => ({
    what: `This key is for the bucket “${bucket}” alone.`,
    advice: "Name that bucket, or use a key of the one you want.",
    field: "bucket",
  }),
  no_such_bucket: () => ({
    what: "There is no bucket of that name that this key could use.",
    advice: "Check the spelling: names of buckets have small letters, digits and hyphens.",
    field: "bucket",
  }),
  cap_reached: () => ({
    what: "The account’s cap for today is used up, so the bucket takes nothing.",
    advice:
      "Raise it at your provider (Backblaze: Caps & Alerts), or try again when the day’s cap starts over, at midnight GMT.",
    field: null,
  }),
  unreachable: ({ detail }, kind) => ({
    what: `${kind === "backblaze_b2" ? "Backblaze" : "The store"} does not answer.${because(detail)}`,
    advice:
      kind === "backblaze_b2"
        ? "Check this computer’s network, then try again."
        : "Check the endpoint and this computer’s network, then try again.",
    field: kind === "backblaze_b2" ? null : "endpoint",
  }),
  not_backblaze: ({ detail }) => ({
    what: `Something else answers at Backblaze’s address.${because(detail)}`,
    advice:
      "It may be the sign-in page of this network, or a proxy. Open any page in a browser, sign in there, then try again.",
    field: null,
  }),
  invalid_endpoint: () => ({
    what: "This is not the address of a store.",
    advice: "It looks like https://s3.example.org, without the bucket’s name.",
    field: "endpoint",
  }),
  cannot_write: step("write", "writeFiles", "s3:PutObject"),
  cannot_list: step("list", "listFiles", "s3:ListBucket"),
  cannot_read: step("read", "readFiles", "s3:GetObject"),
  cannot_delete: step("delete", "deleteFiles", "s3:DeleteObject", "The small object may still be there."),
  other_etag: () => ({
    what: "This bucket does not answer with the MD5 of what it was sent, so that no part of a file could be checked.",
    advice:
      "Turn off encryption with your own keys (SSE-KMS or SSE-C) for the bucket, or use another bucket or store.",
    field: "bucket",
  }),
  already_connected: ({ bucket }) => ({
    what: `This workspace keeps its files in the bucket “${bucket}”, and this is another one.`,
    advice: `Use a key of “${bucket}”. Nothing was changed.`,
    field: "bucket",
  }),
};

export function connectProblemWords(problem: ConnectProblem, kind: Kind): ProblemWords {
  const words = PROBLEMS[problem.code] as (problem: ConnectProblem, kind: Kind) => ProblemWords;
  return words(problem, kind);
}

/** The host itself failed. */
export const failedWords = (error: unknown): ProblemWords => ({
  what: failureWords("check the bucket", error),
  advice: "",
  field: null,
});
