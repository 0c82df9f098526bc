// Times by which uploads are needed: the likely ones to choose from, and what was typed.
import { formatMoment } from "../../backend/format";

export interface QuickTime {
  label: string;
  at: number;
}

const MONDAY = 1;

function atHour(now: number, days: number, hour: number): number {
  const day = new Date(now);
  // By the calendar, not by 24 hours: clocks change.
  day.setDate(day.getDate() + days);
  return day.setHours(hour, 0, 0, 0);
}

/** Tonight, tomorrow morning, Monday morning: those that are still to come, each once. */
export function quickTimes(now: number): QuickTime[] {
  const untilMonday = (MONDAY - new Date(now).getDay() + 7) % 7 || 7;
  const tonight = atHour(now, 0, 18);
  return [
    ...(tonight > now ? [{ label: "Today 18:00", at: tonight }] : []),
    { label: "Tomorrow 08:00", at: atHour(now, 1, 8) },
    ...(untilMonday > 1 ? [{ label: "Monday 08:00", at: atHour(now, untilMonday, 8) }] : []),
  ];
}

/** For a field of date and time, in local time: "2026-01-05T08:00". */
export function fieldText(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Also "2026-01-05 8:00": where a system has no such field, it is plain text. */
export function momentOf(text: string): number | null {
  const match = /^\s*(\d{4})-(\d{2})-(\d{2})[T ]+(\d{1,2}):(\d{2})/.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map(Number);
  const date = new Date(year, month - 1, day, hour, minute);
  // The 31st of a month with 30 days would be another day.
  return date.getDate() === day && date.getHours() === hour ? date.getTime() : null;
}

/** What is wrong with it, in words. */
export function momentError(text: string, now: number): string | null {
  const at = momentOf(text);
  if (at === null) return "Enter a day and a time.";
  return at <= now ? "Choose a time that is still to come." : null;
}

/** "needed by Mon 08:00". */
export const neededWords = (at: number, now: number): string => `needed by ${formatMoment(at, now)}`;
