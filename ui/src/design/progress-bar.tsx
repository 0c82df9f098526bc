// Two numbers in one bar: strong is confirmed, pale is sent.
interface Props {
  label: string;
  /** 0 to 1. */
  sent: number;
  confirmed: number;
  tone?: "busy" | "wait" | "fail" | "quiet";
}

export function ProgressBar({ label, sent, confirmed, tone = "busy" }: Props) {
  return (
    <div
      className="progress"
      data-tone={tone}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(confirmed * 100)}
    >
      <span style={{ transform: `scaleX(${sent})` }} />
      <span style={{ transform: `scaleX(${confirmed})` }} />
    </div>
  );
}
