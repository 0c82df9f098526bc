// The state line in words, from facts: what is safe, what is moving, what waits, what needs a person.
import type { UploadTotals } from "../../backend/bindings/UploadTotals";
import type { WorkspaceState } from "../../backend/bindings/WorkspaceState";
import { formatBytes, formatLeft, plural } from "../../backend/format";
import { STORE_WORDS } from "../../backend/words";

export interface StateWords {
  first: string;
  second: string | null;
  tone: "ready" | "busy" | "wait" | "fail";
  /** What the line offers to do about it. */
  offer?: "connect" | "key" | "sign_in";
}

export function stateWords(workspace: WorkspaceState, totals: UploadTotals | undefined): StateWords {
  if (workspace.signed_out) return signedOut(workspace);
  if (workspace.key_missing)
    return {
      first: `The key of ${workspace.bucket ?? "the bucket"} is missing`,
      second: "Everything is kept here",
      tone: "fail",
      offer: "key",
    };
  const words = movement(workspace, totals);
  // Not beside files that need the person: one thing at a time.
  const calm = workspace.store === "this_computer" && (totals?.failed ?? 0) === 0;
  return calm ? { ...words, offer: "connect" } : words;
}

function signedOut({ edits_waiting, uploads_waiting }: WorkspaceState): StateWords {
  const waiting = [
    ...(uploads_waiting > 0 ? [plural(uploads_waiting, "upload")] : []),
    ...(edits_waiting > 0 ? [plural(edits_waiting, "edit")] : []),
  ].join(" and ");
  return {
    first: waiting === "" ? "Signed out" : `Signed out · ${waiting} waiting`,
    second: "All is kept here",
    tone: "fail",
    offer: "sign_in",
  };
}

function movement(workspace: WorkspaceState, totals: UploadTotals | undefined): StateWords {
  const { server_reachable, edits_waiting, uploads_waiting, store, moving } = workspace;
  const failed = totals?.failed ?? 0;
  const going = totals ? totals.uploads - totals.ready - totals.failed : uploads_waiting;
  const stuck = failed > 0 ? `${plural(failed, "file")} ${failed === 1 ? "needs" : "need"} you` : null;

  if (!server_reachable) {
    const waiting = [
      ...(going + failed > 0 ? [plural(going + failed, "upload")] : []),
      ...(edits_waiting > 0 ? [plural(edits_waiting, "edit")] : []),
    ].join(" and ");
    return {
      first: waiting === "" ? "Offline" : `Offline · ${waiting} waiting`,
      second: "Everything is kept here",
      tone: "wait",
    };
  }
  if (going > 0) {
    const left = totals?.seconds_left;
    const hold = totals?.hold;
    if (hold)
      return {
        first: hold.kind === "teaching" ? "Paused while you teach" : "Paused by the timetable",
        second: stuck ?? `${plural(going, "file")} ${going === 1 ? "waits" : "wait"}`,
        tone: "wait",
      };
    if (totals?.still_written === going) {
      const one = going === 1;
      return {
        first: `${plural(going, "file")} ${one ? "is" : "are"} still being written`,
        second: stuck ?? (one ? "It is sent when it is finished" : "They are sent when they are finished"),
        tone: "wait",
      };
    }
    const first = totals?.paused
      ? `Paused · ${plural(going, "file")} ${going === 1 ? "waits" : "wait"}`
      : `Sending ${plural(going, "file")}${left == null ? "" : ` · ${formatLeft(left)} left`}`;
    return { first, second: stuck, tone: totals?.paused ? "wait" : "busy" };
  }
  if (stuck !== null) return { first: stuck, second: "The rest is saved", tone: "fail" };
  if (moving !== null)
    return {
      first: `Moving ${plural(moving.files, "file")} to the bucket`,
      second: `${formatBytes(moving.bytes)} still only here`,
      tone: "busy",
    };
  if (edits_waiting > 0)
    return { first: `Saving ${plural(edits_waiting, "edit")}`, second: null, tone: "busy" };
  return { first: STORE_WORDS[store].saved, second: "Safe to close", tone: "ready" };
}
