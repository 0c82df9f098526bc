// The dialogs about sending, whoever asked for them.
import { closeSendingDialog, useSendingDialog } from "../../backend/sending-dialogs";
import { NeededByDialog } from "./needed-by-dialog";
import { SendingRulesDialog } from "./sending-rules-dialog";

export function SendingDialogs() {
  const open = useSendingDialog((state) => state.open);
  if (open === null) return null;
  if (open.kind === "rules") return <SendingRulesDialog close={closeSendingDialog} />;
  return <NeededByDialog upload={open.upload} close={closeSendingDialog} />;
}
