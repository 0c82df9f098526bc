// The fake backend's uploads: they advance when told to, confirm behind what they send, and obey their controls.
import type { Hold } from "../backend/bindings/Hold";
import type { OperationId } from "../backend/bindings/OperationId";
import type { SendingRules } from "../backend/bindings/SendingRules";
import type { TeachArguments } from "../backend/bindings/TeachArguments";
import type { UploadAction } from "../backend/bindings/UploadAction";
import type { UploadSnapshot } from "../backend/bindings/UploadSnapshot";
import type { UploadTotals } from "../backend/bindings/UploadTotals";

const MIB = 1024 * 1024;
const IN_FLIGHT_MAX = 3;

export class Transfers {
  uploads: UploadSnapshot[] = [];
  hold: Hold | null = null;
  rules: SendingRules = { limit: null, timetable: [] };

  constructor(private readonly bytesPerSecond: number) {}

  add(upload: UploadSnapshot) {
    this.uploads.push(upload);
  }

  /** Time passes. Answers the snapshots that moved. */
  advance(ms: number): UploadSnapshot[] {
    if (this.hold !== null) return [];
    const line = Math.min(this.bytesPerSecond, this.rules.limit ?? Number.POSITIVE_INFINITY);
    const moving = this.uploads
      .filter(({ state }) => state === "queued" || state === "uploading" || state === "verifying")
      .slice(0, IN_FLIGHT_MAX);
    const share = (line * ms) / 1000 / Math.max(1, moving.length);
    return moving.map((upload) => this.replace(stepped(upload, share, line / moving.length)));
  }

  private replace(next: UploadSnapshot): UploadSnapshot {
    this.uploads = this.uploads.map((upload) => (upload.operation === next.operation ? next : upload));
    return next;
  }

  /** Answers the operations that are gone. */
  control(action: UploadAction, operations: readonly OperationId[] | null): OperationId[] {
    const meant = (upload: UploadSnapshot) => operations?.includes(upload.operation) ?? true;
    const before = this.uploads;
    switch (action) {
      case "cancel":
        this.uploads = before.filter((upload) => !meant(upload) || upload.state === "ready");
        break;
      case "clear":
        this.uploads = before.filter((upload) => !meant(upload) || upload.state !== "ready");
        break;
      case "move_to_top":
        this.uploads = [...before.filter(meant), ...before.filter((upload) => !meant(upload))];
        break;
      default:
        this.uploads = before.map((upload) => (meant(upload) ? steered(upload, action) : upload));
    }
    const left = new Set(this.uploads.map(({ operation }) => operation));
    return before.map(({ operation }) => operation).filter((operation) => !left.has(operation));
  }

  teach(args: TeachArguments) {
    this.hold =
      args.kind === "over" || args.kind === "send_anyway"
        ? null
        : { kind: "teaching", until: args.kind === "for" ? Date.now() + args.minutes * 60_000 : null };
    if (this.hold !== null)
      this.uploads = this.uploads.map((upload) =>
        upload.state === "uploading"
          ? { ...upload, ...still, state: "queued", sent: upload.confirmed }
          : upload,
      );
  }

  needBy(operations: readonly OperationId[] | null, at: number | null) {
    let before = 0;
    this.uploads = this.uploads.map((upload) => {
      if (upload.state === "ready") return upload;
      before += upload.bytes - upload.confirmed;
      if (!(operations?.includes(upload.operation) ?? true)) return upload;
      const there = Date.now() + (before / this.bytesPerSecond) * 1000;
      return { ...upload, needed_by: at, late: at !== null && there > at };
    });
  }

  /** The file is where it can be read again. */
  found(operation: OperationId) {
    this.uploads = this.uploads.map((upload) =>
      upload.operation === operation ? { ...upload, state: "queued", cause: null } : upload,
    );
  }

  totals(): UploadTotals {
    const sum = (value: (upload: UploadSnapshot) => number) =>
      this.uploads.reduce((total, upload) => total + value(upload), 0);
    const waiting = this.uploads.filter(({ state }) => state !== "ready" && state !== "failed");
    const speed = sum((upload) => upload.bytes_per_second ?? 0);
    const left = waiting.reduce((total, upload) => total + upload.bytes - upload.confirmed, 0);
    return {
      ready: this.uploads.filter(({ state }) => state === "ready").length,
      failed: this.uploads.filter(({ state }) => state === "failed").length,
      uploads: this.uploads.length,
      bytes: sum((upload) => upload.bytes),
      confirmed: sum((upload) => upload.confirmed),
      bytes_per_second: speed,
      seconds_left: speed > 0 ? Math.ceil(left / speed) : null,
      paused: waiting.length > 0 && waiting.every(({ cause }) => cause?.code === "by_user"),
      late: waiting.filter((upload) => upload.late).length,
      still_written: waiting.filter(({ cause }) => cause?.code === "still_written").length,
      hold: this.hold,
      limit: this.rules.limit,
    };
  }
}

const still = { bytes_per_second: null, seconds_left: null };

function stepped(upload: UploadSnapshot, bytes: number, speed: number): UploadSnapshot {
  if (upload.state === "verifying") return { ...upload, ...still, state: "ready", name: "upload-complete" };
  const sent = Math.min(upload.bytes, Math.round(upload.sent + bytes));
  const behind = Math.min(8 * MIB * 2, upload.bytes * 0.1);
  const confirmed = sent === upload.bytes ? sent : Math.max(upload.confirmed, Math.round(sent - behind));
  const done = confirmed === upload.bytes;
  return {
    ...upload,
    state: done ? "verifying" : "uploading",
    sent,
    confirmed,
    parts_confirmed: Math.floor((confirmed / upload.bytes) * upload.parts),
    bytes_per_second: done ? null : Math.round(speed),
    seconds_left: done ? null : Math.ceil((upload.bytes - confirmed) / speed),
  };
}

function steered(upload: UploadSnapshot, action: UploadAction): UploadSnapshot {
  const { state } = upload;
  if (action === "pause" && (state === "queued" || state === "uploading"))
    return { ...upload, ...still, state: "paused", cause: { code: "by_user" }, sent: upload.confirmed };
  if (action === "resume" && state === "paused") return { ...upload, state: "queued", cause: null };
  if (action === "retry" && (state === "failed" || state === "paused"))
    return { ...upload, state: "queued", cause: null };
  return upload;
}
