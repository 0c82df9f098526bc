// Every code the host can send has words; the types below stop compiling when a code is added.
import { expect, test } from "vitest";
import type { Cause } from "./bindings/Cause";
import type { ErrorCode } from "./bindings/ErrorCode";
import type { RefusedReason } from "./bindings/RefusedReason";
import { causeWords, failureWords, intakeWords, refusedWords } from "./words";

const causes: { [Code in Cause["code"]]: Extract<Cause, { code: Code }> } = {
  by_user: { code: "by_user" },
  server_unreachable: { code: "server_unreachable" },
  store_unreachable: { code: "store_unreachable" },
  source_gone: { code: "source_gone" },
  drive_gone: { code: "drive_gone", drive: "LECTURES" },
  cloud_only: { code: "cloud_only" },
  access_denied: { code: "access_denied" },
  still_written: { code: "still_written" },
  key_refused: { code: "key_refused" },
  cap_reached: { code: "cap_reached" },
  source_unreadable: { code: "source_unreadable", detail: "permission denied" },
  source_changed: { code: "source_changed" },
  not_enough_space: { code: "not_enough_space", needed: 4_100_000_000, free: 1_200_000_000 },
  corrupted: { code: "corrupted", detail: "part 3 differs" },
  refused: { code: "refused", detail: "" },
};

const reasons: { [Code in RefusedReason["code"]]: Extract<RefusedReason, { code: Code }> } = {
  empty: { code: "empty" },
  folder: { code: "folder" },
  empty_folder: { code: "empty_folder" },
  too_many_files: { code: "too_many_files", most: 10_000 },
  gone: { code: "gone" },
  unreadable: { code: "unreadable", detail: "permission denied" },
  not_a_file: { code: "not_a_file" },
  too_large: { code: "too_large" },
};

const errors: Record<ErrorCode, true> = {
  not_found: true,
  rejected: true,
  invalid: true,
  storage: true,
  internal: true,
  offline: true,
  signed_out: true,
  no_team: true,
};

test("every cause says what happened, what is safe and what to do, for one file and for many", () => {
  for (const cause of Object.values(causes)) {
    for (const files of [["Week 3.mp4"], ["a.mp4", "b.mp4"]]) {
      const words = causeWords(cause, files);
      expect(words.happened).toContain(files.length === 1 ? "“Week 3.mp4”" : "2 files");
      for (const text of [words.happened, words.advice]) expect(text).toMatch(/^[“A-Z0-9].*\.$/);
      expect(words.short.length).toBeLessThan(24);
      expect(`${words.happened} ${words.advice}`).not.toMatch(/undefined|null|\.\.| {2}/);
    }
  }
});

test("a shortage of space names both sizes", () => {
  const { happened, advice } = causeWords(causes.not_enough_space, ["Week 3.mp4"]);
  expect(`${happened} ${advice}`).toBe(
    "“Week 3.mp4” waits: not enough space on this computer. It needs 4.10 GB, 1.20 GB is free. Make room, then retry.",
  );
});

test("a drive that was removed is named, with what is safe and what to do", () => {
  const part = { confirmed: 1_200_000_000, bytes: 4_000_000_000 };
  const { happened, advice } = causeWords(causes.drive_gone, ["Week 3.mp4"], part);
  expect(`${happened} ${advice}`).toBe(
    "“Week 3.mp4” is paused: drive LECTURES was removed. 1.20 of 4.00 GB is safe. Connect it again, and sending goes on by itself.",
  );
});

test("what only the person can mend says how: the file's new place, or the key", () => {
  const remedies = Object.values(causes).map((cause) => [cause.code, causeWords(cause, ["a"]).remedy]);
  expect(remedies.filter(([, remedy]) => remedy !== undefined)).toEqual([
    ["source_gone", "find"],
    ["drive_gone", "find"],
    ["key_refused", "connect"],
  ]);
});

test("retry is offered only where it can work", () => {
  const offered = Object.values(causes).filter((cause) => causeWords(cause, ["a"]).retry);
  expect(offered.map(({ code }) => code).sort()).toEqual(
    [
      ...["access_denied", "cap_reached", "cloud_only", "corrupted", "key_refused", "not_enough_space"],
      ...["source_changed", "source_unreadable"],
    ].sort(),
  );
});

test("every reason for a refused file makes a sentence with its name", () => {
  for (const reason of Object.values(reasons))
    expect(refusedWords("x.mp4", reason)).toMatch(/^“x\.mp4” .+[^.]\.$/);
});

test("every error code makes words, and an unknown failure does too", () => {
  for (const code of Object.keys(errors))
    expect(failureWords("rename it", { code, message: "the title is empty", retry: false })).toMatch(
      /^Could not rename it\. .+\.$/,
    );
  expect(failureWords("rename it", new Error("boom"))).toMatch(/^Could not rename it\. .+\.$/);
});

test("a drop that went well says nothing, and one that did not says it file by file", () => {
  expect(intakeWords({ operations: [], refused: [], to_library: [], question: null, undo: null })).toBeNull();
  const words = intakeWords({
    operations: [],
    refused: [{ name: "Old", reason: reasons.folder }],
    to_library: ["NMR.pdf"],
    question: null,
    undo: null,
  });
  expect(words?.problem).toBe(true);
  expect(words?.lines).toHaveLength(2);
});
