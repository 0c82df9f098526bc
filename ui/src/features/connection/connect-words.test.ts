// Every reason against a bucket has words; the types below stop compiling when a code is added.
import { expect, test } from "vitest";
import type { Cleaning } from "../../backend/bindings/Cleaning";
import type { ConnectProblem } from "../../backend/bindings/ConnectProblem";
import { cleaningWords } from "./cleaning-rule";
import { connectProblemWords } from "./connect-words";
import { KEY_WORDS, movingWords } from "./connected";

const detail = "connection refused";
const problems: { [Code in ConnectProblem["code"]]: Extract<ConnectProblem, { code: Code }> } = {
  unknown_key: { code: "unknown_key" },
  master_key: { code: "master_key" },
  lacks_capabilities: { code: "lacks_capabilities", names: ["listBuckets", "deleteFiles"] },
  bucket_gone: { code: "bucket_gone" },
  other_bucket: { code: "other_bucket", bucket: "podcasts" },
  no_such_bucket: { code: "no_such_bucket" },
  cap_reached: { code: "cap_reached" },
  unreachable: { code: "unreachable", detail },
  not_backblaze: { code: "not_backblaze", detail },
  invalid_endpoint: { code: "invalid_endpoint" },
  cannot_write: { code: "cannot_write", detail },
  cannot_list: { code: "cannot_list", detail },
  cannot_read: { code: "cannot_read", detail: "" },
  cannot_delete: { code: "cannot_delete", detail },
  other_etag: { code: "other_etag" },
  already_connected: { code: "already_connected", bucket: "podcasts" },
};

const cleanings: { [Kind in Cleaning["kind"]]: Extract<Cleaning, { kind: Kind }> } = {
  offered: { kind: "offered", days: 90 },
  in_place: { kind: "in_place", days: 1 },
  other_rule: { kind: "other_rule", prefix: "chemistry/" },
  not_allowed: { kind: "not_allowed" },
};

test("every problem with a bucket says what is wrong and what to do, for Backblaze and for others", () => {
  for (const problem of Object.values(problems)) {
    for (const kind of ["backblaze_b2", "s3_compatible"] as const) {
      const { what, advice } = connectProblemWords(problem, kind);
      for (const text of [what, advice]) expect(text).toMatch(/^[A-Z].*[.]$/);
      expect(`${what} ${advice}`).not.toMatch(/undefined|null|\.\.| {2}|_/);
      if ("detail" in problem && problem.detail) expect(what).toContain("Connection refused.");
      if ("bucket" in problem) expect(what).toContain("“podcasts”");
    }
  }
  expect(connectProblemWords(problems.lacks_capabilities, "backblaze_b2").what).toContain(
    "listBuckets, deleteFiles",
  );
});

test("a problem stands next to the field it is about", () => {
  const field = (code: ConnectProblem["code"]) => connectProblemWords(problems[code], "s3_compatible").field;
  expect(field("unknown_key")).toBe("key_id");
  expect(field("no_such_bucket")).toBe("bucket");
  expect(field("unreachable")).toBe("endpoint");
  expect(field("invalid_endpoint")).toBe("endpoint");
  expect(field("cap_reached")).toBeNull();
  // Backblaze's address is not the person's to mend.
  expect(connectProblemWords(problems.unreachable, "backblaze_b2").field).toBeNull();
});

test("each state of the cleaning rule is said plainly", () => {
  expect(cleaningWords(cleanings.offered)).toContain("Its other rules stay as they are.");
  expect(cleaningWords(cleanings.in_place)).toBe("The bucket ends uploads that nobody finished after 1 day.");
  expect(cleaningWords(cleanings.other_rule)).toContain("“chemistry/”");
  expect(cleaningWords({ kind: "other_rule", prefix: "" })).toContain("all its files");
  expect(cleaningWords(cleanings.not_allowed)).toContain("Sending works without them");
});

test("it is said where the key is and what becomes of the copies here", () => {
  expect(KEY_WORDS.keychain).toContain("keychain");
  expect(KEY_WORDS.this_run_only).toContain("At the next start you are asked for it again.");
  expect(movingWords({ files: 1, bytes: 3_400_000_000 })).toBe(
    "1 file, 3.40 GB, is on its way from this computer. A copy here is deleted only after the bucket’s copy is confirmed.",
  );
});
