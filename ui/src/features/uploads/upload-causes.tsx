// What stopped uploads: one message a cause, with one way out for everything it stopped.
import { CircleAlert } from "lucide-react";
import { useActions } from "../../backend/actions";
import { useSendingActions } from "../../backend/sending-actions";
import { openConnect } from "../../backend/store-dialogs";
import type { CauseGroup } from "./upload-groups";

export function Causes({ groups, brief }: { groups: readonly CauseGroup[]; brief: boolean }) {
  if (groups.length === 0) return null;
  return (
    <div className="causes">
      {groups.map((group) => (
        <div key={group.words.happened} className="cause" data-tone={group.words.tone}>
          <CircleAlert size={16} strokeWidth={1.75} aria-hidden />
          <p>
            {group.words.happened} {!brief && `${group.words.advice} `}
            <WaysOut group={group} />
          </p>
        </div>
      ))}
    </div>
  );
}

function WaysOut({ group: { words, operations, names } }: { group: CauseGroup }) {
  const actions = useActions();
  const sending = useSendingActions();
  const [operation] = operations;
  const [name] = names;
  return (
    <span className="ways-out">
      {words.remedy === "connect" && (
        <button type="button" className="link" onClick={openConnect}>
          Connect again…
        </button>
      )}
      {words.remedy === "find" && operation !== undefined && name !== undefined && (
        <button type="button" className="link" onClick={() => void sending.findFile(operation, name)}>
          {/* The system's dialog asks for one file: which of them must be clear before it opens. */}
          {operations.length === 1 ? "Find file…" : `Find “${name}”…`}
        </button>
      )}
      {words.retry && (
        <button
          type="button"
          className="link"
          onClick={() => void actions.controlUploads("retry", operations)}
        >
          Retry
        </button>
      )}
    </span>
  );
}
