// A chapter: its header with menu, its videos in order, and the zone where dropped files would land.
import {
  ArrowDown,
  ArrowUp,
  ChevronDown,
  ChevronRight,
  Ellipsis,
  FilePlus2,
  Pencil,
  Plus,
  Trash2,
} from "lucide-react";
import type { ChapterDetail } from "../../backend/bindings/ChapterDetail";
import type { VideoId } from "../../backend/bindings/VideoId";
import { useFileDrag } from "../../backend/drag";
import { formatSpan, plural } from "../../backend/format";
import { IconButton } from "../../design/button";
import { Menu, type MenuAction } from "../../design/menu";
import { NameInput } from "../../design/name-input";
import type { CourseCommands } from "./course-commands";
import { setCourse, toggleFolded, useCourseState } from "./course-state";
import { VideoRow } from "./video-row";

interface Props {
  chapter: ChapterDetail;
  index: number;
  count: number;
  commands: CourseCommands;
  /** The very first row of the course, which Tab reaches when none was visited. */
  firstVideo: VideoId | undefined;
}

export function ChapterSection({ chapter, index, count, commands, firstVideo }: Props) {
  const { id, title, videos } = chapter;
  const folded = useCourseState((state) => state.folded.has(id));
  const files = useFilesLanding(chapter);
  const line = useLiftedLanding(chapter);
  const headerId = `chapter-${id}`;

  return (
    <section
      className="chapter"
      aria-labelledby={headerId}
      data-testid="chapter"
      data-chapter-id={id}
      data-place="chapter"
      data-receives={files !== null || (line !== null && (folded || videos.length === 0)) || undefined}
    >
      <ChapterHeader {...{ chapter, index, count, commands, folded, headerId }} />
      {!folded && (
        <div className="chapter-videos" role="grid" aria-labelledby={headerId} aria-multiselectable>
          {videos.map((video, at) => [
            files?.at === at && <DropZone key="zone" words={files.words} />,
            <VideoRow
              key={video.id}
              video={video}
              commands={commands}
              first={video.id === firstVideo}
              insert={
                line === at
                  ? "before"
                  : line === videos.length && at === videos.length - 1
                    ? "after"
                    : undefined
              }
            />,
          ])}
          {files !== null && files.at >= videos.length && <DropZone words={files.words} />}
          {videos.length === 0 && files === null && (
            <div role="row">
              <div role="gridcell" className="chapter-empty">
                <span>{line === null ? "No videos yet. Drop files here, or" : `Move here, to ${title}`}</span>
                {line === null && (
                  <button type="button" className="link" onClick={() => void commands.pickFiles(id)}>
                    add files
                  </button>
                )}
              </div>
            </div>
          )}
        </div>
      )}
      {folded && files !== null && <DropZone words={files.words} />}
    </section>
  );
}

function ChapterHeader(props: Props2) {
  const { chapter, index, count, commands, folded, headerId } = props;
  const { id, title, videos } = chapter;
  const renaming = useCourseState((state) => state.renaming === id);
  const ms = videos.reduce((sum, video) => sum + (video.duration_ms ?? 0), 0);
  const facts = [plural(videos.length, "video"), ...(ms > 0 ? [formatSpan(ms)] : [])];
  const actions: MenuAction[] = [
    { label: "Add files…", icon: FilePlus2, act: () => void commands.pickFiles(id) },
    { label: "Rename", icon: Pencil, act: () => setCourse({ renaming: id }) },
    { label: "Move up", icon: ArrowUp, disabled: index === 0, act: () => commands.moveChapter(id, -1) },
    {
      label: "Move down",
      icon: ArrowDown,
      disabled: index === count - 1,
      act: () => commands.moveChapter(id, 1),
    },
    { label: "Delete", icon: Trash2, danger: true, apart: true, act: () => commands.removeChapter(id) },
  ];
  return (
    <header className="chapter-header">
      <IconButton
        icon={folded ? ChevronRight : ChevronDown}
        label={folded ? `Show the videos of ${title}` : `Hide the videos of ${title}`}
        aria-expanded={!folded}
        className="fold"
        onClick={() => toggleFolded(id)}
      />
      <span className="chapter-number" aria-hidden>
        {index + 1}
      </span>
      {renaming ? (
        <NameInput
          label="Title of the chapter"
          initial={title}
          save={(next) => commands.renameChapter(id, next)}
          cancel={() => setCourse({ renaming: null })}
        />
      ) : (
        <h2 id={headerId} className="truncate">
          <button
            type="button"
            className="editable truncate"
            data-testid="chapter-title"
            title="Rename"
            onClick={() => setCourse({ renaming: id })}
            onKeyDown={(event) => event.key === "F2" && setCourse({ renaming: id })}
          >
            {title}
          </button>
        </h2>
      )}
      {chapter.pending && <span className="pending-mark">not sent yet</span>}
      <small>{facts.join(" · ")}</small>
      <Menu label={`Actions for ${title}`} actions={actions}>
        <IconButton icon={Ellipsis} label={`Actions for ${title}`} className="row-menu" />
      </Menu>
    </header>
  );
}

type Props2 = Omit<Props, "firstVideo"> & { folded: boolean; headerId: string };

function DropZone({ words }: { words: string }) {
  return (
    <div className="drop-zone" data-place="zone" data-testid="drop-zone" aria-hidden>
      <Plus size={16} aria-hidden />
      <span className="truncate">{words}</span>
    </div>
  );
}

/** Index before which dropped files would stand, and the words of the zone. */
function useFilesLanding({ id, title, videos }: ChapterDetail): { at: number; words: string } | null {
  const target = useFileDrag((drag) =>
    drag.over !== null && drag.target?.kind === "chapter" && drag.target.chapter === id ? drag.target : null,
  );
  const count = useFileDrag((drag) => drag.over?.files ?? 0);
  if (target === null) return null;
  const at = indexOf(videos, target);
  const neighbour = videos[at - 1];
  const where = neighbour
    ? `, after ${shortTitle(neighbour.title)}`
    : videos.length > 0
      ? ", at the start"
      : "";
  const what = count > 0 ? plural(count, "file") : "files";
  return { at, words: `Add ${what} to ${title}${where}` };
}

/** Index before which lifted rows would stand. */
function useLiftedLanding({ id, videos }: ChapterDetail): number | null {
  const place = useCourseState(({ lifted }) => (lifted?.place?.chapter === id ? lifted.place : null));
  return place === null ? null : indexOf(videos, place);
}

function indexOf(
  videos: readonly { id: VideoId }[],
  { after, before }: { after: VideoId | null; before: VideoId | null },
): number {
  const behind = videos.findIndex((video) => video.id === after);
  if (behind >= 0) return behind + 1;
  const ahead = videos.findIndex((video) => video.id === before);
  return ahead >= 0 ? ahead : videos.length;
}

/** "2.2" of "2.2 Energy diagrams"; a title without a number whole. */
function shortTitle(title: string): string {
  return /^\d+(\.\d+)+(?=\s)/.exec(title)?.[0] ?? title;
}
