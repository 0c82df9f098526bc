// One upload in the panel: its file, where it goes, how far it is, and what can be done about it.
import { ArrowUpToLine, Check, Pause, Play, RotateCw, X } from "lucide-react";
import { memo } from "react";
import type { Actions } from "../../backend/actions";
import type { UploadSnapshot } from "../../backend/bindings/UploadSnapshot";
import { formatLeft, percentOf } from "../../backend/format";
import { causeWords, UPLOAD_STATE_WORDS } from "../../backend/words";
import { IconButton } from "../../design/button";
import { ProgressBar } from "../../design/progress-bar";

export const UPLOAD_ITEM_HEIGHT = 60;

interface Props {
  upload: UploadSnapshot;
  control: Actions["controlUploads"];
  /** Not already the first that waits. */
  canRise: boolean;
}

export const UploadItem = memo(function UploadItem({ upload, control, canRise }: Props) {
  const { state, cause, file_name: name, bytes, operation } = upload;
  const words = cause && causeWords(cause, [name]);
  const act = (action: Parameters<typeof control>[0]) => () => void control(action, [operation]);
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
      <small className="truncate">{upload.destination || "Media library"}</small>
      <small className="upload-state" data-tone={tone}>
        {state === "uploading" && upload.seconds_left !== null
          ? formatLeft(upload.seconds_left)
          : (words?.short ?? UPLOAD_STATE_WORDS[state])}
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
