// Nothing is sent for a while, on purpose: why, until when, and how to end it.
import { CalendarClock, Presentation } from "lucide-react";
import type { Hold } from "../../backend/bindings/Hold";
import { formatMoment } from "../../backend/format";
import { useSendingActions } from "../../backend/sending-actions";
import { openRules } from "../../backend/sending-dialogs";
import { Button } from "../../design/button";

export function holdWords(hold: Hold, now: number): { why: string; until: string } {
  const until = hold.until === null ? null : `until ${formatMoment(hold.until, now)}`;
  return hold.kind === "teaching"
    ? { why: "Paused while you teach", until: until ?? "until you say" }
    : { why: "Paused by the timetable", until: until ?? "until it is changed" };
}

export function HoldBanner({ hold }: { hold: Hold }) {
  const actions = useSendingActions();
  const { why, until } = holdWords(hold, Date.now());
  const teaching = hold.kind === "teaching";
  const Icon = teaching ? Presentation : CalendarClock;
  return (
    <div className="hold" data-testid="hold">
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      <p>
        <b>{why}</b> · {until}{" "}
        {!teaching && (
          <button type="button" className="link" onClick={openRules}>
            Change…
          </button>
        )}
      </p>
      <Button size="small" onClick={() => void actions.teach({ kind: teaching ? "over" : "send_anyway" })}>
        Resume now
      </Button>
    </div>
  );
}
