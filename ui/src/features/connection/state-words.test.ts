// The state line says the most important thing first.
import { expect, test } from "vitest";
import type { UploadTotals } from "../../backend/bindings/UploadTotals";
import type { UserId } from "../../backend/bindings/UserId";
import type { WorkspaceState } from "../../backend/bindings/WorkspaceState";
import { stateWords } from "./state-words";

const workspace: WorkspaceState = {
  ...{
    name: "Chemistry",
    store: "backblaze_b2",
    bucket: "lectures-2026",
    key_missing: false,
    signed_out: false,
    moving: null,
  },
  ...{ user: "u" as UserId, server_reachable: true, edits_waiting: 0, uploads_waiting: 0 },
  ...{ rejected: [], can_undo: false },
};
const totals: UploadTotals = {
  ...{ ready: 0, failed: 0, uploads: 2, bytes: 10, confirmed: 0, bytes_per_second: 0, seconds_left: null },
  ...{ paused: false, late: 0, still_written: 0, hold: null, limit: null },
};

test("a missing key is said before anything else, with the bucket’s name and what to do", () => {
  expect(stateWords({ ...workspace, key_missing: true, server_reachable: false }, totals)).toEqual({
    ...{ first: "The key of lectures-2026 is missing", second: "Everything is kept here" },
    ...{ tone: "fail", offer: "key" },
  });
});

test("a computer that was signed out says so first, with what waits, and offers to sign in", () => {
  const out = { ...workspace, store: "team" as const, key_missing: true, signed_out: true };
  expect(stateWords({ ...out, edits_waiting: 3, uploads_waiting: 1 }, totals)).toEqual({
    ...{ first: "Signed out · 1 upload and 3 edits waiting", second: "All is kept here" },
    ...{ tone: "fail", offer: "sign_in" },
  });
  expect(stateWords(out, totals).first).toBe("Signed out");
});

test("files on their way from this computer are counted until they are gone", () => {
  const moving = { files: 12, bytes: 3_400_000_000 };
  const { first, second } = stateWords({ ...workspace, moving }, undefined);
  expect(`${first}. ${second}`).toBe("Moving 12 files to the bucket. 3.40 GB still only here");
  expect(stateWords(workspace, undefined).second).toBe("Safe to close");
});

test("a hold is a state with its reason", () => {
  const hold = (kind: "teaching" | "timetable") =>
    stateWords(workspace, { ...totals, hold: { kind, until: null } });
  expect(hold("teaching")).toEqual({
    first: "Paused while you teach",
    second: "2 files wait",
    tone: "wait",
  });
  expect(hold("timetable").first).toBe("Paused by the timetable");
});

test("files that are all still being written are not called sent", () => {
  expect(stateWords(workspace, { ...totals, still_written: 2 })).toEqual({
    first: "2 files are still being written",
    second: "They are sent when they are finished",
    tone: "wait",
  });
  expect(stateWords(workspace, { ...totals, still_written: 1 }).first).toBe("Sending 2 files");
});

test("a bucket is offered where there is none, and not beside files that need the person", () => {
  const here: WorkspaceState = { ...workspace, store: "this_computer", bucket: null };
  expect(stateWords(here, undefined).offer).toBe("connect");
  expect(stateWords(here, { ...totals, failed: 1 }).offer).toBeUndefined();
  expect(stateWords(workspace, undefined).offer).toBeUndefined();
});
