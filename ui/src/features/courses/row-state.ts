// What a course row says of its file: the asset's state, or how far its upload is.
import type { UploadSnapshot } from "../../backend/bindings/UploadSnapshot";
import type { VideoDetail } from "../../backend/bindings/VideoDetail";
import type { ProgressElsewhere } from "../../backend/elsewhere";
import { formatLeft, percentOf } from "../../backend/format";
import { causeWords, UPLOAD_STATE_WORDS } from "../../backend/words";

export interface RowState {
  /** For tests and styles: an upload's state, `ready`, or `expected` when no upload is known here. */
  state: UploadSnapshot["state"] | "expected";
  words: string;
  percent: number | null;
  tone: "ready" | "busy" | "wait" | "fail" | "quiet";
  bar: { sent: number; confirmed: number } | null;
}

export function stateOf(
  video: Pick<VideoDetail, "state">,
  upload: UploadSnapshot["state"] | undefined,
): RowState["state"] {
  return video.state === "ready" || upload === "ready" ? "ready" : (upload ?? "expected");
}

const WAITING: RowState = {
  ...{ state: "expected", words: "Waiting for its file", percent: null, tone: "quiet", bar: null },
};

/** What is handed to the network there: only its sender knows what is confirmed. */
function sentElsewhere({ by_name, item }: ProgressElsewhere): RowState {
  const sent = item.bytes > 0 ? item.sent / item.bytes : 0;
  return {
    ...{ state: "expected", words: `${by_name} is sending it`, tone: "busy" },
    ...{ percent: percentOf(item.sent, item.bytes), bar: { sent, confirmed: sent } },
  };
}

export function rowState(
  video: Pick<VideoDetail, "state" | "bytes">,
  upload: UploadSnapshot | undefined,
  elsewhere?: ProgressElsewhere | undefined,
): RowState {
  if (stateOf(video, upload?.state) === "ready")
    return { state: "ready", words: "Ready", percent: null, tone: "ready", bar: null };
  if (upload === undefined) return elsewhere ? sentElsewhere(elsewhere) : WAITING;

  const { state, cause } = upload;
  const bar =
    upload.bytes > 0
      ? { sent: upload.sent / upload.bytes, confirmed: upload.confirmed / upload.bytes }
      : { sent: 0, confirmed: 0 };
  const percent = percentOf(upload.confirmed, upload.bytes);
  if (cause !== null) {
    const { short, tone } = causeWords(cause, [upload.file_name]);
    return { state, words: short, percent, tone, bar };
  }
  const left = upload.seconds_left;
  const words =
    state === "uploading" && left !== null ? `Sending, ${formatLeft(left)} left` : UPLOAD_STATE_WORDS[state];
  const tone =
    state === "failed" ? "fail" : state === "paused" ? "wait" : state === "queued" ? "quiet" : "busy";
  return { state, words, percent, tone, bar };
}

/** How far the file is that will be shown instead. Until then the video is what it was. */
export function replacementState(upload: UploadSnapshot | undefined): RowState {
  const shown = rowState({ state: "expected", bytes: upload?.bytes ?? 0 }, upload);
  const words =
    upload === undefined ? "on its way" : shown.words.charAt(0).toLowerCase() + shown.words.slice(1);
  return { ...shown, words: `New version: ${words}` };
}
