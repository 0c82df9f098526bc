// Light, dark, or as the system says: written to the root element before anything is drawn.
import { create } from "zustand";

export type Theme = "system" | "light" | "dark";

const KEY = "lectern.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

export const useTheme = create<{ theme: Theme }>(() => ({ theme: stored() }));

function apply({ theme }: { theme: Theme }) {
  document.documentElement.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
}

export function setTheme(theme: Theme) {
  localStorage.setItem(KEY, theme);
  useTheme.setState({ theme });
}

export function startTheme() {
  apply(useTheme.getState());
  useTheme.subscribe(apply);
  dark.addEventListener("change", () => apply(useTheme.getState()));
}
