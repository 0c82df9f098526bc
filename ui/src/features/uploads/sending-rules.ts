// The speed limit and the timetable as they are typed, and what is wrong with them.
import type { SendingRules } from "../../backend/bindings/SendingRules";
import type { Speed } from "../../backend/bindings/Speed";
import type { TimetableRow } from "../../backend/bindings/TimetableRow";

export interface RowDraft {
  id: number;
  /** 1 is Monday. */
  days: readonly number[];
  /** "09:00". */
  from: string;
  to: string;
  speed: Speed["kind"];
  /** MB/s, while the speed is a limit. */
  rate: string;
}

export interface RulesDraft {
  limited: boolean;
  limit: string;
  rows: readonly RowDraft[];
}

export interface RowErrors {
  days?: string;
  times?: string;
  rate?: string;
}

export interface RulesErrors {
  limit?: string;
  rows: Readonly<Record<number, RowErrors>>;
}

const MB = 1_000_000;
const RATE_MIN_MB = 0.01;
const RATE_MAX_MB = 100_000;
const RATE_WORDS = "Enter megabytes a second as a number, such as 4 or 0.5.";

const two = (value: number) => String(value).padStart(2, "0");
const timeText = (minute: number) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
const rateText = (bytesPerSecond: number) => String(Math.round(bytesPerSecond / 10_000) / 100);

/** "9:05" and "09:05" alike: where a system has no time field, it is plain text. */
export function minuteOf(text: string): number | null {
  const match = /^\s*(\d{1,2}):(\d{2})/.exec(text);
  const [hours, minutes] = [Number(match?.[1]), Number(match?.[2])];
  return match && hours < 24 && minutes < 60 ? hours * 60 + minutes : null;
}

/** Bytes a second. */
export function rateOf(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  if (text.trim() === "" || !(value >= RATE_MIN_MB && value <= RATE_MAX_MB)) return null;
  return Math.round(value * MB);
}

export function draftOf({ limit, timetable }: SendingRules): RulesDraft {
  return {
    limited: limit !== null,
    limit: limit === null ? "" : rateText(limit),
    rows: timetable.map(({ days, from_minute, to_minute, speed }, id) => ({
      ...{ id, days, from: timeText(from_minute), to: timeText(to_minute), speed: speed.kind },
      rate: speed.kind === "limit" ? rateText(speed.bytes_per_second) : "",
    })),
  };
}

/** A teaching day, the most likely wish. */
export function newRow(rows: readonly RowDraft[]): RowDraft {
  const id = Math.max(-1, ...rows.map((row) => row.id)) + 1;
  return { id, days: [1, 2, 3, 4, 5], from: "09:00", to: "17:00", speed: "stop", rate: "" };
}

function rowErrors({ days, from, to, speed, rate }: RowDraft): RowErrors {
  return {
    ...(days.length === 0 && { days: "Choose at least one day." }),
    ...((minuteOf(from) === null || minuteOf(to) === null) && {
      times: "Enter both times, such as 09:00 and 17:30.",
    }),
    ...(speed === "limit" && rateOf(rate) === null && { rate: RATE_WORDS }),
  };
}

/** None when the draft can be kept. */
export function errorsOf({ limited, limit, rows }: RulesDraft): RulesErrors | null {
  const found: RulesErrors = {
    ...(limited && rateOf(limit) === null && { limit: RATE_WORDS }),
    rows: Object.fromEntries(rows.map((row) => [row.id, rowErrors(row)])),
  };
  const none =
    found.limit === undefined && Object.values(found.rows).every((row) => Object.keys(row).length === 0);
  return none ? null : found;
}

function speedOf({ speed, rate }: RowDraft): Speed {
  return speed === "limit" ? { kind: "limit", bytes_per_second: rateOf(rate) ?? 0 } : { kind: speed };
}

/** Of a draft without errors. */
export function rulesOf({ limited, limit, rows }: RulesDraft): SendingRules {
  return {
    limit: limited ? rateOf(limit) : null,
    timetable: rows.map(
      (row): TimetableRow => ({
        days: row.days.toSorted((a, b) => a - b),
        from_minute: minuteOf(row.from) ?? 0,
        to_minute: minuteOf(row.to) ?? 0,
        speed: speedOf(row),
      }),
    ),
  };
}

/** What a row's times mean when they cross midnight. */
export function spanWords({ from, to }: RowDraft): string | null {
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (start === null || end === null || end > start) return null;
  return end === start ? "For 24 hours" : "Until the next day";
}
