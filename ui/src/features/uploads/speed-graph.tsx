// The last two minutes of speed, as a line. A picture for the eye; the number beside it says the same.
import { formatLimit, formatSpeed } from "../../backend/format";
import { useSpeed } from "../../backend/speed";

const WIDTH = 240;
const HEIGHT = 28;

interface Props {
  bytesPerSecond: number;
  /** In force now, bytes a second. */
  limit: number | null;
  changeLimit: () => void;
}

export function SpeedGraph({ bytesPerSecond, limit, changeLimit }: Props) {
  const samples = useSpeed((state) => state.samples);
  // One number is no line yet.
  if (samples.length < 2 && limit === null) return null;
  const top = Math.max(1, ...samples) * 1.1;
  const step = WIDTH / Math.max(1, samples.length - 1);
  const points = samples.map(
    (value, i) => `${(i * step).toFixed(1)} ${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`,
  );
  return (
    <div className="speed">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
        {samples.length > 1 && (
          <>
            <path d={`M0 ${HEIGHT}L${points.join("L")}L${WIDTH} ${HEIGHT}Z`} fill="var(--accent-soft)" />
            <path
              d={`M${points.join("L")}`}
              fill="none"
              stroke="var(--accent)"
              strokeWidth="1.5"
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
            />
          </>
        )}
      </svg>
      <span>
        {formatSpeed(bytesPerSecond)}
        {limit !== null && (
          <>
            {" · "}
            <button type="button" className="link" title="Speed limit and timetable" onClick={changeLimit}>
              limit {formatLimit(limit)}
            </button>
          </>
        )}
      </span>
    </div>
  );
}
