// What is said before something is lost: numbers, one and many, and what would save it.
import { expect, test } from "vitest";
import { initialsOf } from "../../design/avatar";
import { goodWords, leaveWords, listed, seenWords } from "./people-words";

const facts = { name: "Faculty", server_reachable: true, signed_out: false, bucket: null };
const none = { edits: 0, uploads: 0, courses: 0, files: 0, bytes: 0 };

test("signing out says what is discarded, on the button too, and what would save it", () => {
  const clean = leaveWords("team", facts, none);
  expect([clean.lost, clean.saving, clean.button]).toEqual([null, null, "Sign out"]);
  const some = leaveWords("team", facts, { ...none, edits: 3, uploads: 1 });
  expect(some.lost).toBe("3 edits and 1 upload are not on the server yet.");
  expect(some.saving).toBe("Wait until they are sent, and nothing is lost.");
  expect(some.button).toBe("Sign out and discard 3 edits and 1 upload");
  expect(some.about).toContain("stay where they are on your disk");
  const away = leaveWords("team", { ...facts, server_reachable: false }, { ...none, edits: 1 });
  expect(away.lost).toBe("1 edit is not on the server yet.");
  expect(away.saving).toContain("When the server answers again it goes by itself");
  const out = leaveWords("team", { ...facts, signed_out: true }, { ...none, edits: 2 });
  expect([out.title, out.button]).toEqual([
    "Remove “Faculty” from this computer?",
    "Remove and discard 2 edits",
  ]);
  expect(out.saving).toContain("Sign in again with a new code");
});

test("removing says what is kept nowhere else, and with a bucket what stays there", () => {
  const here = leaveWords("this_computer", facts, { ...none, courses: 4, files: 12, bytes: 3.4e9 });
  expect(here.lost).toBe(
    "4 courses and 12 files (3.40 GB) are kept nowhere else, and cannot be brought back.",
  );
  expect(here.button).toBe("Remove and delete 4 courses and 12 files");
  const empty = leaveWords("this_computer", facts, none);
  expect([empty.lost, empty.button]).toEqual([null, "Remove workspace"]);
  const bucket = leaveWords("backblaze_b2", { ...facts, bucket: "lectures" }, { ...none, courses: 1 });
  expect(bucket.about).toContain("Files that are in the bucket lectures stay there.");
  expect(bucket.lost).toBe("1 course is kept nowhere else, and cannot be brought back.");
});

test("times, lists and initials read as people write them", () => {
  expect([listed([]), listed(["a"]), listed(["a", false, "b"]), listed(["a", "b", "c"])]).toEqual([
    ...["", "a", "a and b", "a, b and c"],
  ]);
  const now = Date.UTC(2026, 2, 12, 12);
  const ago = [30e3, 20 * 60e3, 3_600e3, 5 * 3_600e3, 30 * 3_600e3].map((ms) => seenWords(now - ms, now));
  expect(ago).toEqual(["just now", "20 minutes ago", "1 hour ago", "5 hours ago", "1 day ago"]);
  expect(seenWords(now - 30 * 86_400e3, now)).toMatch(/February 10, 2026/);
  expect(goodWords({ code: "", expires_at: now + 15 * 60e3 }, now)).toBe("for 15 minutes");
  expect(goodWords({ code: "", expires_at: now + 7 * 86_400e3 }, now)).toMatch(/^until March 19, 2026$/);
  expect(["Ada Lovelace", "bob", "eve.m.smith@example.edu", ""].map(initialsOf)).toEqual([
    "AL",
    "B",
    "ES",
    "",
  ]);
});
