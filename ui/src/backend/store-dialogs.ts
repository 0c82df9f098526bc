// Which dialog about the workspace's store is open: asked for from many places, drawn in one.
import { create } from "zustand";

export type StoreDialog = "connect" | "details" | null;

export const useStoreDialog = create<{ open: StoreDialog }>(() => ({ open: null }));

/** A bucket for a workspace without one, a new key for one that has it. */
export const openConnect = () => useStoreDialog.setState({ open: "connect" });
export const openStore = () => useStoreDialog.setState({ open: "details" });
export const closeStoreDialog = () => useStoreDialog.setState({ open: null });
