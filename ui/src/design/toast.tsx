// A short notice with at most one thing to do about it. It waits while the pointer or the focus is on it.
import { X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";

interface Props {
  text: string;
  lines: readonly string[];
  problem: boolean;
  undo: (() => void) | null;
  close: () => void;
  stays_ms: number;
}

export function Toast({ text, lines, problem, undo, close, stays_ms }: Props) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(close, stays_ms);
    return () => clearTimeout(timer);
  }, [held, close, stays_ms]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering only keeps it from going away
    <div
      className="toast"
      data-testid="toast"
      data-tone={problem ? "problem" : "plain"}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <div className="text">
        {text}
        {lines.length > 0 && (
          <ul>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </div>
      {undo && (
        <button type="button" data-testid="toast-undo" onClick={undo}>
          Undo
        </button>
      )}
      <button type="button" className="close" aria-label="Dismiss" onClick={close}>
        <X size={14} aria-hidden />
      </button>
    </div>
  );
}

export function ToastRegion({ children }: { children: ReactNode }) {
  return (
    <section className="toasts" aria-label="Notices">
      <div role="status" aria-live="polite" style={{ display: "contents" }}>
        {children}
      </div>
    </section>
  );
}
