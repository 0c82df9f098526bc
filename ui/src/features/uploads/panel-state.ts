// Where the upload panel is and how much of it shows: remembered on this computer.
import { create } from "zustand";

export const CORNERS = ["bottom-right", "bottom-left", "top-right", "top-left"] as const;
export type Corner = (typeof CORNERS)[number];

interface PanelState {
  corner: Corner;
  minimised: boolean;
  /** Hidden by the user. Nothing is cancelled by that. */
  dismissed: boolean;
}

const KEY = "lectern.panel";

function stored(): Pick<PanelState, "corner" | "minimised"> {
  const [corner, size] = (localStorage.getItem(KEY) ?? "").split(" ");
  return {
    corner: CORNERS.find((known) => known === corner) ?? "bottom-right",
    minimised: size === "minimised",
  };
}

export const usePanel = create<PanelState>(() => ({ ...stored(), dismissed: false }));

export function setPanel(change: Partial<PanelState>) {
  usePanel.setState(change);
  const { corner, minimised } = usePanel.getState();
  localStorage.setItem(KEY, minimised ? `${corner} minimised` : corner);
}
