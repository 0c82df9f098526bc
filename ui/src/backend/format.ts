// Sizes, times and counts as people read them. Decimal units, as file managers show them.

const whole = new Intl.NumberFormat("en");

export const formatCount = (count: number): string => whole.format(count);

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

const UNITS = ["KB", "MB", "GB", "TB", "PB"] as const;

/** Three digits that count: "640 KB", "1.21 GB", "31.4 GB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

export const formatSpeed = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

/** A speed that somebody has set: "4 MB/s", "0.5 MB/s". */
export const formatLimit = (bytesPerSecond: number): string =>
  bytesPerSecond < 100_000
    ? formatSpeed(bytesPerSecond)
    : `${Number((bytesPerSecond / 1e6).toFixed(2))} MB/s`;

/** "24:10", "1:02:33". */
export function formatClock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}

/** "6 h 12 min", "42 min", "8 s". */
export function formatSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** How long it takes still, rounded so that it does not jump: "a few seconds", "40 s", "12 min". */
export function formatLeft(seconds: number): string {
  if (seconds < 5) return "a few seconds";
  if (seconds < 60) return `${Math.ceil(seconds / 5) * 5} s`;
  return formatSpan(Math.ceil(seconds / 60) * 60_000);
}

/** Whole percent; 100 only when all of it is there. */
export function percentOf(part: number, whole: number): number {
  if (whole <= 0) return 0;
  return Math.max(0, Math.min(100, Math.floor((part / whole) * 100)));
}

const timeOf = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const weekdayOf = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const dayOf = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dateOf = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** "5 Jan 2026". */
export const formatDay = (at: number): string => dateOf.format(at);

/** A time soon or long ago, as short as it can be said: "14:30", "tomorrow 08:00", "Mon 08:00", "5 Jan 08:00". */
export function formatMoment(at: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  // Rounded: a day on which the clocks change has 23 or 25 hours.
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - midnight) / 86_400_000);
  const time = timeOf.format(at);
  if (days === 0) return time;
  if (days === 1) return `tomorrow ${time}`;
  if (days > 1 && days < 7) return `${weekdayOf.format(at)} ${time}`;
  return `${dayOf.format(at)} ${time}`;
}
