// The times that are offered are those that are still to come.
import { expect, test } from "vitest";
import { fieldText, momentError, momentOf, quickTimes } from "./deadlines";

const at = (day: number, hour: number) => new Date(2026, 0, day, hour).getTime();
const labels = (now: number) => quickTimes(now).map(({ label }) => label);

test("tonight is offered until it is there, and Monday once", () => {
  // 7 January 2026 is a Wednesday.
  expect(quickTimes(at(7, 12))).toEqual([
    { label: "Today 18:00", at: at(7, 18) },
    { label: "Tomorrow 08:00", at: at(8, 8) },
    { label: "Monday 08:00", at: at(12, 8) },
  ]);
  expect(labels(at(7, 18))).toEqual(["Tomorrow 08:00", "Monday 08:00"]);
  expect(labels(at(11, 20))).toEqual(["Tomorrow 08:00"]);
  expect(quickTimes(at(12, 7)).at(-1)).toEqual({ label: "Monday 08:00", at: at(19, 8) });
});

test("a time is read as it is written, also from a plain text field", () => {
  expect(momentOf(fieldText(at(7, 8)))).toBe(at(7, 8));
  expect(momentOf("2026-01-07 8:00")).toBe(at(7, 8));
  expect([momentOf(""), momentOf("Monday"), momentOf("2026-02-31T08:00")]).toEqual([null, null, null]);
});

test("what is past or no time is refused with words", () => {
  expect(momentError("2026-01-07T08:00", at(7, 12))).toBe("Choose a time that is still to come.");
  expect(momentError("", at(7, 12))).toBe("Enter a day and a time.");
  expect(momentError("2026-01-07T18:00", at(7, 12))).toBeNull();
});
