// One video of a chapter: picture, title, facts of its file, and how far the file is on its way.

import { useDraggable } from "@dnd-kit/core";
import { ArrowDown, ArrowUp, Check, CornerDownRight, GripVertical, Pencil, Trash2 } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, memo, useRef, useState } from "react";
import type { CourseId } from "../../backend/bindings/CourseId";
import type { VideoDetail } from "../../backend/bindings/VideoDetail";
import { useUpload, useUploadState } from "../../backend/context";
import { useProgressElsewhere } from "../../backend/elsewhere";
import { formatBytes, formatClock } from "../../backend/format";
import { ContextMenu, type MenuAction, type MenuPoint, RowMenuButton } from "../../design/menu";
import { NameInput } from "../../design/name-input";
import { ProgressBar } from "../../design/progress-bar";
import { Thumbnail } from "../../design/thumbnail";
import type { CourseCommands } from "./course-commands";
import { setCourse, useCourseState } from "./course-state";
import { cancelLift, onHandleKey } from "./lifting";
import { replacementState, rowState, stateOf } from "./row-state";

interface Props {
  video: VideoDetail;
  commands: CourseCommands;
  /** A line where lifted rows would land. */
  insert: "before" | "after" | undefined;
  first: boolean;
}

export const VideoRow = memo(function VideoRow({ video, commands, insert, first }: Props) {
  const { id } = video;
  const chosen = useCourseState(({ selection }) => selection.chosen.has(id));
  const active = useCourseState((state) => state.active === id || (state.active === null && first));
  const lifted = useCourseState((state) => state.lifted?.ids.includes(id) ?? false);
  const renaming = useCourseState((state) => state.renaming === id);
  const uploadState = useUploadState(video.operation);
  const row = useRef<HTMLDivElement | null>(null);
  const [menuAt, setMenuAt] = useState<MenuPoint | null>(null);
  const { setNodeRef, listeners } = useDraggable({ id });

  const actions: MenuAction[] = [
    { label: "Rename", icon: Pencil, keys: "F2", act: () => setCourse({ renaming: id }) },
    { label: "Move to…", icon: CornerDownRight, act: () => setCourse({ relocating: commands.meant(id) }) },
    { label: "Move up", icon: ArrowUp, keys: "Alt ↑", act: () => commands.nudge(id, -1) },
    { label: "Move down", icon: ArrowDown, keys: "Alt ↓", act: () => commands.nudge(id, 1) },
    {
      ...{ label: "Delete", icon: Trash2, keys: "Del", danger: true, apart: true },
      act: () => commands.remove(commands.meant(id)),
    },
  ];

  function onContextMenu(event: MouseEvent) {
    event.preventDefault();
    if (!chosen) commands.choose(id, { shiftKey: false, ctrlKey: false, metaKey: false });
    setMenuAt({ x: event.clientX, y: event.clientY });
  }

  return (
    <div
      ref={(element) => {
        row.current = element;
        setNodeRef(element);
      }}
      className="video-row"
      role="row"
      tabIndex={active ? 0 : -1}
      aria-selected={chosen}
      data-testid="video-row"
      data-video-id={id}
      data-state={stateOf(video, uploadState)}
      data-place="video"
      data-insert={insert}
      data-lifted={lifted || undefined}
      {...listeners}
      onClick={(event) => !onButton(event) && commands.choose(id, event)}
      onDoubleClick={(event) => !onButton(event) && setCourse({ renaming: id })}
      onContextMenu={onContextMenu}
      onKeyDown={(event) => onRowKey(event, video, commands)}
    >
      <div role="gridcell" className="grip-cell">
        <button
          type="button"
          className="grip"
          data-testid="video-handle"
          tabIndex={active ? 0 : -1}
          aria-label={`Move ${video.title}`}
          aria-describedby="how-to-move"
          aria-pressed={lifted}
          onKeyDown={(event) => onHandleKey(event, id, commands)}
          onBlur={cancelLift}
        >
          <GripVertical size={16} strokeWidth={1.75} aria-hidden />
        </button>
      </div>
      <div role="gridcell" className="picture-cell">
        <Thumbnail
          kind={video.kind}
          url={video.thumbnail_url}
          length={video.duration_ms === null ? null : formatClock(video.duration_ms)}
        />
      </div>
      <div role="gridcell" className="title-cell">
        {renaming ? (
          <NameInput
            label="Title of the video"
            initial={video.title}
            save={(title) => commands.rename(id, title)}
            cancel={() => endRenaming(row.current)}
          />
        ) : (
          <div className="title-line">
            <b className="truncate" data-testid="video-title" title={video.title}>
              {video.title}
            </b>
            {video.pending && <span className="pending-mark">not sent yet</span>}
          </div>
        )}
        <small className="truncate">{facts(video)}</small>
      </div>
      <div role="gridcell" className="size-cell">
        {formatBytes(video.bytes)}
      </div>
      <StateCell video={video} course={commands.course()} />
      <div role="gridcell">
        <RowMenuButton
          label={`Actions for ${video.title}`}
          open={menuAt !== null}
          tabIndex={active ? 0 : -1}
          show={setMenuAt}
        />
        {menuAt && (
          <ContextMenu
            label={`Actions for ${video.title}`}
            actions={actions}
            at={menuAt}
            close={() => setMenuAt(null)}
          />
        )}
      </div>
    </div>
  );
});

/** Progress renders this cell, and nothing else of the row. */
function StateCell({ video, course }: { video: VideoDetail; course: CourseId }) {
  const upload = useUpload(video.replacement ?? video.operation);
  const elsewhere = useProgressElsewhere(course, video.asset);
  const shown = video.replacement === null ? rowState(video, upload, elsewhere) : replacementState(upload);
  return (
    <div role="gridcell" className="state-cell" data-testid="video-state" data-tone={shown.tone}>
      {shown.bar === null ? (
        <span className="state-words">
          {shown.tone === "ready" && <Check size={15} strokeWidth={2} aria-hidden />}
          {shown.words}
        </span>
      ) : (
        <>
          <div className="state-line-words">
            <span className="truncate">{shown.words}</span>
            <span>{shown.percent} %</span>
          </div>
          <ProgressBar
            label={`${video.title}: ${shown.words}`}
            {...shown.bar}
            tone={shown.tone === "ready" ? "busy" : shown.tone}
          />
        </>
      )}
    </div>
  );
}

/** The handle and the menu leave the selection as it is: they may be about all of it. */
const onButton = ({ target }: MouseEvent) => target instanceof Element && target.closest("button") !== null;

function endRenaming(row: HTMLElement | null) {
  setCourse({ renaming: null });
  row?.focus();
}

function facts({ width, height, codec, name, kind }: VideoDetail): string {
  const size = width !== null && height !== null ? `${width} × ${height}` : null;
  const known = [size, codec].filter((fact) => fact !== null);
  // Until the file was looked into, its name is what is known.
  return known.length > 0 ? known.join(" · ") : kind === "audio" ? `Audio · ${name}` : name;
}

function onRowKey(event: KeyboardEvent, { id }: VideoDetail, commands: CourseCommands) {
  // Keys of the handle and the menu are theirs, but for those that mean the row wherever the focus is.
  const onRow = event.target === event.currentTarget;
  const vertical = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
  if (event.altKey && vertical !== 0) commands.nudge(id, vertical);
  else if (event.key === "F2") setCourse({ renaming: id });
  else if (event.key === "Delete" || (event.key === "Backspace" && event.metaKey))
    commands.remove(commands.meant(id));
  else if (!onRow) return;
  else if (event.key === "Enter" && /Mac/.test(navigator.platform)) setCourse({ renaming: id });
  else if (event.key === " ") commands.choose(id, { shiftKey: false, ctrlKey: true, metaKey: false });
  else if (event.key === "a" && (event.ctrlKey || event.metaKey))
    setCourse({ selection: { chosen: new Set(commands.order()), anchor: id } });
  else if (event.key === "ArrowRight" || event.key === "ArrowLeft") focusInside(event);
  else if (vertical !== 0) focusNext(event, vertical, id, commands);
  else return;
  event.preventDefault();
}

/** Left and right reach the handle and the menu of the row. */
function focusInside(event: KeyboardEvent) {
  const buttons = event.currentTarget.querySelectorAll<HTMLElement>("button");
  (event.key === "ArrowRight" ? buttons[buttons.length - 1] : buttons[0])?.focus();
}

function focusNext(event: KeyboardEvent, by: -1 | 1, id: VideoDetail["id"], commands: CourseCommands) {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-testid=video-row]")];
  const next = rows[rows.findIndex((row) => row.dataset.videoId === id) + by];
  const nextId = next?.dataset.videoId as VideoDetail["id"] | undefined;
  if (!next || !nextId) return;
  next.focus();
  if (event.shiftKey) commands.choose(nextId, event);
  else setCourse({ active: nextId });
}
