// Words for every code the host can send: what happened, what is safe, what to do. The host sends facts.
import type { AppError } from "./bindings/AppError";
import type { Cause } from "./bindings/Cause";
import type { Destination } from "./bindings/Destination";
import type { DuplicateAnswer } from "./bindings/DuplicateAnswer";
import type { ErrorCode } from "./bindings/ErrorCode";
import type { FindAnswer } from "./bindings/FindAnswer";
import type { IntakeReport } from "./bindings/IntakeReport";
import type { Mutation } from "./bindings/Mutation";
import type { RefusedReason } from "./bindings/RefusedReason";
import type { RejectedEdit } from "./bindings/RejectedEdit";
import type { StoreKind } from "./bindings/StoreKind";
import type { UploadSnapshot } from "./bindings/UploadSnapshot";
import type { UploadState } from "./bindings/UploadState";
import { formatBytes, formatCount, plural } from "./format";

export interface CauseWords {
  /** One sentence for a list: what happened, to which files. */
  happened: string;
  /** What is safe and what to do. */
  advice: string;
  /** A few words for a course row. */
  short: string;
  /** Trying again can work. */
  retry: boolean;
  /** What helps before that: naming where the file is now, or giving the bucket's key again. */
  remedy?: "find" | "connect";
  tone: "quiet" | "wait" | "fail";
}

type CauseOf<Code extends Cause["code"]> = Extract<Cause, { code: Code }>;
type Subject = { name: string; one: boolean; safe: string };

/** A detail from below, as a sentence of its own. */
const because = (detail: string) => {
  const text = detail.trim();
  if (text === "") return "";
  return ` ${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
};

const s = ({ one }: Subject) => (one ? "s" : "");
const file = ({ one }: Subject) => (one ? "the file" : "the files");

const CAUSES: { [Code in Cause["code"]]: (cause: CauseOf<Code>, subject: Subject) => CauseWords } = {
  by_user: (_, it) => ({
    happened: `${it.name} ${it.one ? "is" : "are"} paused.`,
    advice: "What was sent is safe. Resume when you like.",
    short: "Paused",
    retry: false,
    tone: "wait",
  }),
  server_unreachable: (_, it) => ({
    happened: `${it.name} wait${s(it)}: the course server does not answer.`,
    advice: "The place in the course is kept. Sending goes on by itself.",
    short: "Waits for the server",
    retry: false,
    tone: "quiet",
  }),
  store_unreachable: (_, it) => ({
    happened: `${it.name} wait${s(it)}: the storage does not answer.`,
    advice: `${it.safe} Sending goes on by itself.`,
    short: "Waits for the storage",
    retry: false,
    tone: "quiet",
  }),
  source_gone: (_, it) => ({
    happened: `${it.name} ${it.one ? "is" : "are"} not where ${it.one ? "it was" : "they were"}: moved or renamed.`,
    advice: `${it.safe} Put ${file(it)} back, and sending goes on by itself, or say where ${it.one ? "it is" : "they are"} now.`,
    short: "File not found",
    retry: false,
    remedy: "find",
    tone: "fail",
  }),
  drive_gone: ({ drive }, it) => ({
    happened: `${it.name} ${it.one ? "is" : "are"} paused: drive ${drive} was removed.`,
    advice: `${it.safe} Connect it again, and sending goes on by itself.`,
    short: "Drive removed",
    retry: false,
    remedy: "find",
    tone: "fail",
  }),
  cloud_only: (_, it) => ({
    happened: `${it.name} ${it.one ? "is" : "are"} in the cloud only: this computer has a placeholder.`,
    advice: `${it.safe} Choose “Always keep on this device” for ${file(it)} in your file manager, then retry.`,
    short: "In the cloud only",
    retry: true,
    tone: "fail",
  }),
  access_denied: (_, it) => ({
    happened: `The system does not let Lectern read ${it.name}.`,
    advice: `${it.safe} Give yourself the right to read ${file(it)}, or let Lectern into the folder in the system’s privacy settings, then retry.`,
    short: "No right to read it",
    retry: true,
    tone: "fail",
  }),
  source_unreadable: ({ detail }, it) => ({
    happened: `${it.name} cannot be read.${because(detail)}`,
    advice: `${it.safe} Check that you may open ${file(it)}, then retry.`,
    short: "Cannot be read",
    retry: true,
    tone: "fail",
  }),
  still_written: (_, it) => ({
    happened: `${it.name} ${it.one ? "is" : "are"} still being written.`,
    advice: `Nothing to do: ${it.one ? "it is" : "they are"} sent when nothing has written to ${it.one ? "it" : "them"} for a while.`,
    short: "Still being written",
    retry: false,
    tone: "quiet",
  }),
  source_changed: (_, it) => ({
    happened: `${it.name} changed and cannot be sent any more: empty, or over 10 TB.`,
    advice: `Nothing half-sent is shown to anybody. Mend ${file(it)} and retry, or cancel.`,
    short: "File changed",
    retry: true,
    tone: "fail",
  }),
  not_enough_space: ({ needed, free }, it) => ({
    happened: `${it.name} wait${s(it)}: not enough space on this computer.`,
    advice: `${it.one ? "It needs" : "The next one needs"} ${formatBytes(needed)}, ${formatBytes(free)} is free. Make room, then retry.`,
    short: "Not enough space",
    retry: true,
    tone: "fail",
  }),
  corrupted: ({ detail }, it) => ({
    happened: `${it.name} arrived damaged, more than once.${because(detail)}`,
    advice: `Your ${it.one ? "file is" : "files are"} untouched. Check the drive, then retry.`,
    short: "Arrived damaged",
    retry: true,
    tone: "fail",
  }),
  key_refused: (_, it) => ({
    happened: `${it.name} wait${s(it)}: the bucket does not take its key any more.`,
    advice: `${it.safe} Give a key that works, then retry.`,
    short: "Key not accepted",
    retry: true,
    remedy: "connect",
    tone: "fail",
  }),
  cap_reached: (_, it) => ({
    happened: `${it.name} wait${s(it)}: a cap of the storage account is used up.`,
    advice: `${it.safe} Raise the cap at your provider (Backblaze: Caps & Alerts) or wait until the day’s cap starts over, then retry.`,
    short: "Cap used up",
    retry: true,
    tone: "fail",
  }),
  refused: ({ detail }, it) => ({
    happened: `${it.name} ${it.one ? "was" : "were"} refused.${because(detail)}`,
    advice: `Your ${it.one ? "file is" : "files are"} untouched. Trying again will not help: cancel, and add ${it.one ? "it" : "them"} again.`,
    short: "Refused",
    retry: false,
    tone: "fail",
  }),
};

/** Of the files together, where it is known. */
export type SafePart = Pick<UploadSnapshot, "confirmed" | "bytes">;

/** "1.20 of 4.00 GB is safe." */
function safeWords(part: SafePart | undefined): string {
  if (part === undefined || part.confirmed === 0) return "What was sent is safe.";
  const [safe, all] = [formatBytes(part.confirmed), formatBytes(part.bytes)];
  const [, unit] = all.split(" ");
  return `${safe.endsWith(` ${unit}`) ? safe.split(" ")[0] : safe} of ${all} is safe.`;
}

export function causeWords(cause: Cause, files: readonly string[], part?: SafePart): CauseWords {
  const one = files.length === 1;
  const name = one ? `“${files[0]}”` : plural(files.length, "file");
  const words = CAUSES[cause.code] as (cause: Cause, subject: Subject) => CauseWords;
  return words(cause, { name, one, safe: safeWords(part) });
}

const REASONS: {
  [Code in RefusedReason["code"]]: (reason: Extract<RefusedReason, { code: Code }>) => string;
} = {
  empty: () => "is empty: it has no bytes to send",
  folder: () => "is a folder: open it and drop the files in it, or drop it on the media library",
  empty_folder: () => "is a folder with no files in it",
  too_many_files: ({ most }) => `has more than ${formatCount(most)} files in it: choose a smaller folder`,
  gone: () => "is not there any more",
  unreadable: ({ detail }) => `cannot be read.${because(detail)}`,
  not_a_file: () => "is not a file that can be sent",
  too_large: () => "is over 10 TB, the most one file can have",
};

export function refusedWords(name: string, reason: RefusedReason): string {
  const words = REASONS[reason.code] as (reason: RefusedReason) => string;
  const text = `“${name}” ${words(reason)}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What to say of a drop or a pick. None: all went where it was meant to go, which can be seen. */
export function intakeWords(
  report: IntakeReport,
): { text: string; lines: string[]; problem: boolean } | null {
  const { operations, refused, to_library, question } = report;
  if (refused.length === 0 && to_library.length === 0) return null;
  const lines = refused.map(({ name, reason }) => refusedWords(name, reason));
  if (to_library.length > 0) {
    const names =
      to_library.length === 1 ? `“${to_library[0]}” is` : `${plural(to_library.length, "file")} are`;
    lines.push(`${names} in the media library: chapters show video and audio only.`);
  }
  const text =
    refused.length === 0
      ? `${plural(operations.length, "file")} added, ${to_library.length} to the media library.`
      : operations.length === 0
        ? question
          ? `${plural(refused.length, "file")} cannot be added.`
          : `Nothing was added.`
        : `${plural(operations.length, "file")} added, ${refused.length} not.`;
  return { text, lines, problem: refused.length > 0 };
}

/** What became of files that were there already. */
export function duplicateWords(answers: readonly DuplicateAnswer[], place: Destination["kind"]): string {
  const count = (choice: DuplicateAnswer["choice"]) =>
    answers.filter((answer) => answer.choice === choice).length;
  const [used, replaced] = [count("use_existing"), count("replace")];
  const [copies, skipped] = [count("keep_both"), count("skip")];
  const parts = [
    used > 0 &&
      (place === "chapter"
        ? `${plural(used, "video")} ${used === 1 ? "shows a file" : "show files"} you had already`
        : `${plural(used, "file")} ${used === 1 ? "was" : "were"} here already`),
    replaced > 0 &&
      `${plural(replaced, "file")} ${replaced === 1 ? "replaces its namesake once it is" : "replace their namesakes once they are"} sent`,
    copies > 0 && `${copies} added beside ${copies === 1 ? "the other" : "the others"}`,
    skipped > 0 && `${skipped} skipped`,
  ].filter((part) => part !== false);
  return `${parts.join(", ")}.`;
}

/** What the file that was chosen turned out to be. */
export function foundWords(answer: Exclude<FindAnswer, "cancelled">, name: string): string {
  return answer === "found"
    ? `“${name}” is found. Sending goes on where it stopped.`
    : `That is another file than the “${name}” that was added: its bytes differ. The upload waits as before. Choose the right one, or add this one as a new file.`;
}

const ERRORS: Record<ErrorCode, (message: string) => string> = {
  not_found: () => "It is not there any more. The list shows what is.",
  rejected: (message) => sentence(message, "A rule of the course stands against it."),
  invalid: (message) => sentence(message, "What was entered is not within the limits."),
  storage: () =>
    "This computer’s disk did not take it. Nothing was changed. Check the free space, then try again.",
  offline: () =>
    "This needs the team’s server, and it does not answer. Nothing was changed. Try again when the network is back.",
  signed_out: () =>
    "The team’s server does not let this computer in any more. Sign in again with a new code.",
  no_team: () => "This workspace is yours alone: it has no team.",
  internal: () => "Something went wrong in Lectern. Nothing was changed. Try again.",
};

const sentence = (message: string, otherwise: string) => because(message).trim() || otherwise;

export function isAppError(error: unknown): error is AppError {
  return (
    typeof error === "object" && error !== null && "code" in error && "message" in error && "retry" in error
  );
}

/** "Could not rename 'x'. …" */
export function failureWords(attempt: string, error: unknown): string {
  const why = isAppError(error) ? ERRORS[error.code](error.message) : ERRORS.internal("");
  return `Could not ${attempt}. ${why}`;
}

const MUTATIONS: Record<Mutation["name"], string> = {
  "course.create": "Making a course",
  "course.rename": "Renaming a course",
  "course.describe": "Describing a course",
  "course.publish": "Publishing a course",
  "course.unpublish": "Taking a course back from readers",
  "course.delete": "Deleting a course",
  "course.restore": "Bringing back a course",
  "chapter.create": "Making a chapter",
  "chapter.rename": "Renaming a chapter",
  "chapter.move": "Moving chapters",
  "chapter.delete": "Deleting chapters",
  "chapter.restore": "Bringing back chapters",
  "video.create": "Placing a video",
  "video.rename": "Renaming a video",
  "video.describe": "Describing a video",
  "video.move": "Moving videos",
  "video.delete": "Deleting videos",
  "video.restore": "Bringing back videos",
  "video.attach": "Attaching a file",
  "attachment.label": "Naming a language",
  "attachment.delete": "Removing attachments",
  "attachment.restore": "Bringing back attachments",
  "asset.create": "Adding a file",
  "asset.rename": "Renaming a file",
  "asset.describe": "Describing a file",
  "asset.replace": "Replacing a file",
  "asset.delete": "Deleting files",
  "asset.restore": "Bringing back files",
};

export function rejectedWords(edit: RejectedEdit): { what: string; why: string } {
  const known: Record<string, string> = MUTATIONS;
  return {
    what: `${known[edit.name] ?? "An edit"} was refused`,
    why: sentence(edit.detail, "The course server gave no reason."),
  };
}

export const STORE_WORDS: Record<StoreKind, { short: string; tag: string; saved: string; about: string }> = {
  this_computer: {
    short: "On this computer only",
    tag: "Here",
    saved: "Saved on this computer",
    about:
      "This workspace lives on this computer only: courses and files are kept here, and nothing is sent anywhere else.",
  },
  backblaze_b2: {
    short: "Backblaze B2",
    tag: "B2",
    saved: "All sent",
    about: "Courses are kept on this computer, and every file goes to your bucket on Backblaze B2.",
  },
  team: {
    short: "A team's server",
    tag: "Team",
    saved: "All sent",
    about: "Courses are shared on your team's server. What you do offline is kept here and goes when it can.",
  },
  s3_compatible: {
    short: "S3 bucket",
    tag: "S3",
    saved: "All sent",
    about: "Courses are kept on this computer, and every file goes to your bucket.",
  },
};

export const UPLOAD_STATE_WORDS: Record<UploadState, string> = {
  queued: "Waiting its turn",
  hashing: "Checking the file",
  uploading: "Sending",
  paused: "Paused",
  verifying: "Checking",
  ready: "Ready",
  failed: "Failed",
};
