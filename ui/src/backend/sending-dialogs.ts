// Which dialog about sending is open: asked for from rows, the panel and the palette, drawn in one place.
import { create } from "zustand";
import type { OperationId } from "./bindings/OperationId";

/** The upload that is needed by some time; none: all of them. */
export interface NeededBy {
  operation: OperationId;
  name: string;
  at: number | null;
}

export type SendingDialog = { kind: "rules" } | { kind: "needed_by"; upload: NeededBy | null } | null;

export const useSendingDialog = create<{ open: SendingDialog }>(() => ({ open: null }));

export const openRules = () => useSendingDialog.setState({ open: { kind: "rules" } });
export const openNeededBy = (upload: NeededBy | null) =>
  useSendingDialog.setState({ open: { kind: "needed_by", upload } });
export const closeSendingDialog = () => useSendingDialog.setState({ open: null });
