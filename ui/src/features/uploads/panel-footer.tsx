// What can be done with all uploads at once.
import { useActions } from "../../backend/actions";
import type { OperationId } from "../../backend/bindings/OperationId";
import type { UploadTotals } from "../../backend/bindings/UploadTotals";
import { useSendingActions } from "../../backend/sending-actions";
import { Button } from "../../design/button";
import { Menu } from "../../design/menu";

interface Props {
  totals: UploadTotals;
  retryable: OperationId[];
}

export function PanelFooter({ totals, retryable }: Props) {
  const actions = useActions();
  const going = totals.uploads - totals.ready - totals.failed;
  return (
    <footer>
      {going > 0 && (
        <Button
          look="quiet"
          size="small"
          onClick={() => void actions.controlUploads(totals.paused ? "resume" : "pause", null)}
        >
          {totals.paused ? "Resume all" : "Pause all"}
        </Button>
      )}
      {retryable.length > 0 && (
        <Button look="quiet" size="small" onClick={() => void actions.controlUploads("retry", retryable)}>
          Retry failed
        </Button>
      )}
      {going > 0 && totals.hold?.kind !== "teaching" && <TeachMenu />}
      {totals.ready > 0 && (
        <Button
          look="quiet"
          size="small"
          className="button clear"
          onClick={() => void actions.controlUploads("clear", null)}
        >
          Clear finished
        </Button>
      )}
    </footer>
  );
}

function TeachMenu() {
  const { teach } = useSendingActions();
  return (
    <Menu
      label="Hold the uploads while you teach"
      actions={[
        { label: "For 30 minutes", act: () => void teach({ kind: "for", minutes: 30 }) },
        { label: "For 1 hour", act: () => void teach({ kind: "for", minutes: 60 }) },
        { label: "Until I say", act: () => void teach({ kind: "until_i_say" }) },
      ]}
    >
      <Button look="quiet" size="small">
        I’m teaching now
      </Button>
    </Menu>
  );
}
