// The panel's order and its messages: failures first, one message for one cause however many files have it.
import type { Cause } from "../../backend/bindings/Cause";
import type { OperationId } from "../../backend/bindings/OperationId";
import type { UploadSnapshot } from "../../backend/bindings/UploadSnapshot";
import { type CauseWords, causeWords } from "../../backend/words";

export interface CauseGroup {
  code: Cause["code"];
  words: CauseWords;
  operations: OperationId[];
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

/** Failed, moving, waiting, done; within each as the queue has them. */
export function inPanelOrder(uploads: readonly UploadSnapshot[]): UploadSnapshot[] {
  return uploads.toSorted((a, b) => RANK[a.state] - RANK[b.state]);
}

/** One group for each cause that is worth words: what the user paused on purpose is not. */
export function causeGroups(uploads: readonly UploadSnapshot[]): CauseGroup[] {
  const byKey = new Map<string, UploadSnapshot[]>();
  for (const upload of uploads) {
    if (upload.cause === null || upload.cause.code === "by_user" || upload.state === "ready") continue;
    // Different details are different causes; different sizes of the same shortage are one.
    const key = "detail" in upload.cause ? `${upload.cause.code} ${upload.cause.detail}` : upload.cause.code;
    byKey.set(key, [...(byKey.get(key) ?? []), upload]);
  }
  const groups = [...byKey.values()].flatMap((same) => {
    const cause = same[0]?.cause;
    if (!cause) return [];
    const words = causeWords(
      cause,
      same.map((upload) => upload.file_name),
    );
    return [{ code: cause.code, words, operations: same.map((upload) => upload.operation) }];
  });
  const tones = ["fail", "wait", "quiet"];
  return groups.sort((a, b) => tones.indexOf(a.words.tone) - tones.indexOf(b.words.tone));
}
