// The panel's order and its messages: failures first, one message for one cause however many files have it.
import type { Cause } from "../../backend/bindings/Cause";
import type { OperationId } from "../../backend/bindings/OperationId";
import type { UploadSnapshot } from "../../backend/bindings/UploadSnapshot";
import { type CauseWords, causeWords } from "../../backend/words";

export interface CauseGroup {
  code: Cause["code"];
  words: CauseWords;
  operations: OperationId[];
  /** Their files, in the same order. */
  names: string[];
}

const RANK: Record<UploadSnapshot["state"], number> = {
  failed: 0,
  verifying: 1,
  hashing: 1,
  uploading: 1,
  queued: 2,
  paused: 2,
  ready: 3,
};

/** Paused, but not on purpose: only the person can help. */
const needsPerson = ({ state, cause }: UploadSnapshot) =>
  state === "paused" && cause !== null && cause.code !== "by_user";
const rankOf = (upload: UploadSnapshot) => (needsPerson(upload) ? RANK.failed : RANK[upload.state]);

/** Failed, moving, waiting, done; within each as the queue has them. */
export function inPanelOrder(uploads: readonly UploadSnapshot[]): UploadSnapshot[] {
  return uploads.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** Different details and drives are different causes; different sizes of the same shortage are one. */
function keyOf(cause: Cause): string {
  if ("detail" in cause) return `${cause.code} ${cause.detail}`;
  return cause.code === "drive_gone" ? `${cause.code} ${cause.drive}` : cause.code;
}

/** One group for each cause that is worth words: what the user paused on purpose is not. */
export function causeGroups(uploads: readonly UploadSnapshot[]): CauseGroup[] {
  const byKey = new Map<string, UploadSnapshot[]>();
  for (const upload of uploads) {
    if (upload.cause === null || upload.cause.code === "by_user" || upload.state === "ready") continue;
    const key = keyOf(upload.cause);
    byKey.set(key, [...(byKey.get(key) ?? []), upload]);
  }
  const groups = [...byKey.values()].flatMap((same) => {
    const cause = same[0]?.cause;
    if (!cause) return [];
    const names = same.map((upload) => upload.file_name);
    const sum = (value: (upload: UploadSnapshot) => number) =>
      same.reduce((total, upload) => total + value(upload), 0);
    const part = { confirmed: sum(({ confirmed }) => confirmed), bytes: sum(({ bytes }) => bytes) };
    const words = causeWords(cause, names, part);
    return [{ code: cause.code, words, operations: same.map((upload) => upload.operation), names }];
  });
  const tones = ["fail", "wait", "quiet"];
  return groups.sort((a, b) => tones.indexOf(a.words.tone) - tones.indexOf(b.words.tone));
}
