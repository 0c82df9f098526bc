// One polite live region: what a screen reader should say without moving there.
import { create } from "zustand";

const useAnnouncement = create<{ text: string; turn: number }>(() => ({ text: "", turn: 0 }));

export function announce(text: string) {
  // A new turn makes the same words heard again.
  useAnnouncement.setState(({ turn }) => ({ text, turn: turn + 1 }));
}

export function Announcer() {
  const { text, turn } = useAnnouncement();
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      <span key={turn}>{text}</span>
    </div>
  );
}
