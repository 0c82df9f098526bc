// One upload in the panel: its file, where it goes, how far it is, and what can be done about it.
import {
  ArrowUpToLine,
  CalendarClock,
  Check,
  FolderSearch,
  Pause,
  Play,
  RotateCw,
  TriangleAlert,
  X,
} from "lucide-react";
import { memo } from "react";
import type { Actions } from "../../backend/actions";
import type { UploadSnapshot } from "../../backend/bindings/UploadSnapshot";
import { formatLeft, formatMoment, percentOf } from "../../backend/format";
import type { SendingActions } from "../../backend/sending-actions";
import { openNeededBy } from "../../backend/sending-dialogs";
import { causeWords, UPLOAD_STATE_WORDS } from "../../backend/words";
import { IconButton } from "../../design/button";
import { ProgressBar } from "../../design/progress-bar";
import { neededWords } from "./deadlines";

export const UPLOAD_ITEM_HEIGHT = 60;

interface Props {
  upload: UploadSnapshot;
  control: Actions["controlUploads"];
  find: SendingActions["findFile"];
  /** Not already the first that waits. */
  canRise: boolean;
}

/** By when it is needed; a warning, in words and with a sign, when it will be late. */
function Deadline({ upload: { needed_by: at, late } }: { upload: UploadSnapshot }) {
  if (at === null) return null;
  const now = Date.now();
  if (!late) return <span className="deadline"> · {neededWords(at, now)}</span>;
  return (
    <span className="late">
      {" · "}
      <TriangleAlert size={12} strokeWidth={2} aria-hidden />
      late for {formatMoment(at, now)}
    </span>
  );
}

export const UploadItem = memo(function UploadItem({ upload, control, find, canRise }: Props) {
  const { state, cause, file_name: name, bytes, operation } = upload;
  const words = cause && causeWords(cause, [name]);
  const act = (action: Parameters<typeof control>[0]) => () => void control(action, [operation]);
  const needBy = () => openNeededBy({ operation, name, at: upload.needed_by });
  const tone = words?.tone ?? (state === "paused" ? "wait" : state === "queued" ? "quiet" : "busy");
  const part = (value: number) => (bytes > 0 ? value / bytes : 0);
  return (
    <div className="upload-item" data-testid="upload-item" data-state={state} data-operation={operation}>
      <b className="truncate" title={name}>
        {name}
      </b>
      <span className="upload-number">
        {state === "ready" ? (
          <Check size={15} strokeWidth={2} className="upload-done" role="img" aria-label="Sent" />
        ) : (
          `${percentOf(upload.confirmed, bytes)} %`
        )}
      </span>
      <small className="truncate">
        {upload.destination || "Media library"}
        {upload.changed && " · changed, sent anew"}
      </small>
      <small className="upload-state" data-tone={tone}>
        {state === "uploading" && upload.seconds_left !== null
          ? formatLeft(upload.seconds_left)
          : (words?.short ?? UPLOAD_STATE_WORDS[state])}
        {state !== "ready" && <Deadline upload={upload} />}
      </small>
      <div className="upload-controls">
        {state === "queued" && canRise && (
          <IconButton icon={ArrowUpToLine} label={`Send ${name} first`} onClick={act("move_to_top")} />
        )}
        {(state === "uploading" || state === "queued" || state === "hashing") && (
          <IconButton
            icon={Pause}
            label={`Pause ${name}`}
            data-testid="upload-pause"
            onClick={act("pause")}
          />
        )}
        {state === "paused" && (cause === null || cause.code === "by_user") && (
          <IconButton
            icon={Play}
            label={`Resume ${name}`}
            data-testid="upload-resume"
            onClick={act("resume")}
          />
        )}
        {state !== "ready" && (
          <IconButton icon={CalendarClock} label={`Needed by… ${name}`} onClick={needBy} />
        )}
        {words?.remedy === "find" && (
          <IconButton
            icon={FolderSearch}
            label={`Find file… ${name}`}
            onClick={() => void find(operation, name)}
          />
        )}
        {(state === "failed" || state === "paused") && words?.retry && (
          <IconButton
            icon={RotateCw}
            label={`Retry ${name}`}
            data-testid="upload-retry"
            onClick={act("retry")}
          />
        )}
        {state !== "ready" && (
          <IconButton icon={X} label={`Cancel ${name}`} data-testid="upload-cancel" onClick={act("cancel")} />
        )}
      </div>
      {state !== "ready" && (
        <ProgressBar
          label={`${name}: ${words?.short ?? UPLOAD_STATE_WORDS[state]}`}
          sent={part(upload.sent)}
          confirmed={part(upload.confirmed)}
          tone={tone}
        />
      )}
    </div>
  );
});
