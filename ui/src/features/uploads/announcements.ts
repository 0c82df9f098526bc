// Uploads for ears: the start, each quarter, the end, and failures. Never more than one sentence at a time.
import { useEffect, useRef } from "react";
import type { UploadTotals } from "../../backend/bindings/UploadTotals";
import { percentOf, plural } from "../../backend/format";
import { announce } from "../../design/announcer";

/** What to say when the totals go from one to the next. */
export function announcement(before: UploadTotals, after: UploadTotals): string | null {
  if (after.failed > before.failed)
    return `${plural(after.failed - before.failed, "upload")} failed. The upload panel says why.`;
  if (after.late > before.late)
    return `${plural(after.late - before.late, "upload")} will be late as things go.`;
  if (after.hold !== null && before.hold === null) return "Uploads are on hold.";
  if (after.hold === null && before.hold !== null) return "Uploads go on.";
  const going = (totals: UploadTotals) => totals.uploads - totals.ready - totals.failed;
  if (going(after) > 0 && after.uploads > before.uploads)
    return `Sending ${plural(after.uploads - before.uploads, "file")}.`;
  if (going(after) === 0 && going(before) > 0 && after.ready > before.ready)
    return after.failed > 0
      ? `${plural(after.ready, "file")} sent, ${after.failed} not.`
      : `All ${plural(after.ready, "file")} sent.`;
  const quarter = (totals: UploadTotals) => Math.floor(percentOf(totals.confirmed, totals.bytes) / 25);
  if (going(after) > 0 && after.uploads === before.uploads && quarter(after) > quarter(before))
    return `${quarter(after) * 25} percent sent.`;
  return null;
}

export function useUploadAnnouncements(totals: UploadTotals | undefined) {
  const before = useRef<UploadTotals | undefined>(undefined);
  useEffect(() => {
    if (totals === undefined) return;
    const words = before.current && announcement(before.current, totals);
    before.current = totals;
    if (words) announce(words);
  }, [totals]);
}
