// What the library screen holds: the question asked of it, how it is shown, and what is chosen.
import { create } from "zustand";
import type { AssetCard } from "../../backend/bindings/AssetCard";
import type { AssetId } from "../../backend/bindings/AssetId";
import type { AssetFilter } from "../../backend/queries";

interface LibraryState {
  filter: AssetFilter;
  view: "grid" | "list";
  /** With their cards: a chosen file may be out of sight when something is done with it. */
  chosen: ReadonlyMap<AssetId, AssetCard>;
  /** Index where a range starts, and the card that Tab reaches. */
  anchor: number;
  active: number;
  renaming: AssetId | null;
  deleting: readonly AssetCard[] | null;
  usesOf: AssetCard | null;
}

const KEY = "lectern.library-view";

export const useLibraryState = create<LibraryState>(() => ({
  filter: { search: "", kind: null, usage: null, sort: "newest" },
  view: localStorage.getItem(KEY) === "list" ? "list" : "grid",
  chosen: new Map(),
  anchor: 0,
  active: 0,
  renaming: null,
  deleting: null,
  usesOf: null,
}));

export const setLibrary = (change: Partial<LibraryState>) => useLibraryState.setState(change);

/** Another question starts at its top with nothing chosen. */
export function ask(change: Partial<AssetFilter>) {
  useLibraryState.setState(({ filter }) => ({
    filter: { ...filter, ...change },
    chosen: new Map(),
    anchor: 0,
    active: 0,
  }));
}

export function setView(view: LibraryState["view"]) {
  localStorage.setItem(KEY, view);
  setLibrary({ view });
}
