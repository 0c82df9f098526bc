// What is typed becomes rules, or is said to be wrong where it is.
import { expect, test } from "vitest";
import type { SendingRules } from "../../backend/bindings/SendingRules";
import { draftOf, errorsOf, minuteOf, newRow, rateOf, rulesOf, spanWords } from "./sending-rules";

const rules: SendingRules = {
  limit: 4_000_000,
  timetable: [
    { days: [1, 2, 3, 4, 5], from_minute: 540, to_minute: 1020, speed: { kind: "stop" } },
    { days: [6], from_minute: 1320, to_minute: 360, speed: { kind: "limit", bytes_per_second: 500_000 } },
    { days: [7], from_minute: 0, to_minute: 0, speed: { kind: "full" } },
  ],
};

test("rules come back from the form as they went in", () => {
  expect(rulesOf(draftOf(rules))).toEqual(rules);
  expect(errorsOf(draftOf(rules))).toBeNull();
  expect(rulesOf(draftOf({ limit: null, timetable: [] }))).toEqual({ limit: null, timetable: [] });
});

test("speeds are megabytes a second with a point or a comma, and never nothing", () => {
  expect([rateOf("4"), rateOf(" 0,5 "), rateOf("12.5")]).toEqual([4_000_000, 500_000, 12_500_000]);
  expect(["", "0", "-1", "fast", "0.001", "1e9", "NaN"].map(rateOf)).toEqual(Array(7).fill(null));
});

test("times are read with and without a leading zero", () => {
  expect([minuteOf("09:05"), minuteOf("9:05"), minuteOf("23:59:30")]).toEqual([545, 545, 1439]);
  expect(["24:00", "9", "", "12:60"].map(minuteOf)).toEqual([null, null, null, null]);
});

test("each mistake is said at its row, and a limit that is off needs no number", () => {
  const row = { ...newRow([]), days: [], from: "", speed: "limit" as const };
  const errors = errorsOf({ limited: true, limit: "much", rows: [newRow([row]), row] });
  expect(errors?.limit).toContain("such as 4 or 0.5");
  expect(Object.keys(errors?.rows[0] ?? {})).toEqual(["days", "times", "rate"]);
  expect(errors?.rows[1]).toEqual({});
  expect(errorsOf({ limited: false, limit: "much", rows: [] })).toBeNull();
});

test("a row that crosses midnight says so", () => {
  const row = newRow([]);
  expect(spanWords(row)).toBeNull();
  expect(spanWords({ ...row, from: "22:00", to: "06:00" })).toBe("Until the next day");
  expect(spanWords({ ...row, from: "06:00", to: "06:00" })).toBe("For 24 hours");
});
