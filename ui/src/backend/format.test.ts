// Sizes and times as people read them.
import { expect, test } from "vitest";
import {
  formatBytes,
  formatClock,
  formatDay,
  formatLeft,
  formatMoment,
  formatSpan,
  percentOf,
} from "./format";

test("sizes have three digits that count", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [640_000, "640 KB"],
    [999_600, "1.00 MB"],
    [612_000_000, "612 MB"],
    [1_210_000_000, "1.21 GB"],
    [31_400_000_000, "31.4 GB"],
  ];
  for (const [bytes, text] of cases) expect(formatBytes(bytes)).toBe(text);
});

test("times are clocks on pictures, spans in sentences, and rounded when they count down", () => {
  expect(formatClock(1_450_000)).toBe("24:10");
  expect(formatClock(3_753_000)).toBe("1:02:33");
  expect(formatSpan(22_320_000)).toBe("6 h 12 min");
  expect(formatSpan(7_200_000)).toBe("2 h");
  expect(formatLeft(2)).toBe("a few seconds");
  expect(formatLeft(41)).toBe("45 s");
  expect(formatLeft(119)).toBe("2 min");
});

test("a hundred percent means all of it", () => {
  expect(percentOf(999, 1000)).toBe(99);
  expect(percentOf(1000, 1000)).toBe(100);
  expect(percentOf(0, 0)).toBe(0);
});

test("a moment is said as short as it can be", () => {
  const now = new Date(2026, 0, 7, 12, 0).getTime();
  const at = (day: number, hour: number, minute = 0) =>
    formatMoment(new Date(2026, 0, day, hour, minute).getTime(), now);
  expect([at(7, 14, 30), at(8, 8), at(12, 8), at(14, 8), at(6, 18)]).toEqual([
    ...["14:30", "tomorrow 08:00", "Mon 08:00", "14 Jan 08:00", "6 Jan 18:00"],
  ]);
  expect(formatDay(now)).toBe("7 Jan 2026");
});
