// The course screen: title and readiness, chapters with their videos, and what can be done with several at once.
import { useQuery } from "@tanstack/react-query";
import { BookOpen, CornerDownRight, Layers, Plus, Trash2, TriangleAlert, X } from "lucide-react";
import { type KeyboardEvent, useEffect } from "react";
import type { CourseDetail } from "../../backend/bindings/CourseDetail";
import type { CourseId } from "../../backend/bindings/CourseId";
import type { VideoId } from "../../backend/bindings/VideoId";
import { useBackend } from "../../backend/context";
import { useFileDrag } from "../../backend/drag";
import { plural } from "../../backend/format";
import { courseQuery } from "../../backend/queries";
import { failureWords, isAppError } from "../../backend/words";
import { Button, IconButton } from "../../design/button";
import { EmptyState } from "../../design/empty-state";
import { NameInput } from "../../design/name-input";
import { nothingChosen } from "../../design/selection";
import { ChapterSection } from "./chapter-section";
import { type CourseCommands, refocus, useCourseCommands } from "./course-commands";
import { CourseHeader } from "./course-header";
import { openCourse, setCourse, useCourseState } from "./course-state";
import { MoveDialog } from "./move-dialog";
import { RowDragging } from "./row-dragging";
import "./courses.css";

interface Props {
  course: CourseId;
  /** A video to show and choose on arrival. */
  video?: VideoId | undefined;
  /** The course is gone: somewhere else. */
  leave: () => void;
}

export function CoursePage({ course, video, leave }: Props) {
  const { data, error, isPending, refetch } = useQuery(courseQuery(useBackend(), course));
  useEffect(() => openCourse(course), [course]);
  const loaded = data !== undefined;
  useEffect(() => {
    if (!loaded || video === undefined) return;
    setCourse({ selection: { chosen: new Set([video]), anchor: video }, active: video });
    refocus(video);
  }, [loaded, video]);

  if (error && !data) return <NotShown error={error} again={() => void refetch()} leave={leave} />;
  // A local read takes a few milliseconds: a spinner would only flicker.
  if (isPending) return <main className="screen" aria-busy />;
  return <LoadedCourse course={data} leave={leave} />;
}

function NotShown({ error, again, leave }: { error: unknown; again: () => void; leave: () => void }) {
  const gone = isAppError(error) && error.code === "not_found";
  return (
    <main className="screen">
      {gone ? (
        <EmptyState
          icon={BookOpen}
          title="This course is not here any more"
          actions={<Button onClick={leave}>Show my courses</Button>}
        >
          It was deleted. Undo brings it back: press Ctrl Z.
        </EmptyState>
      ) : (
        <EmptyState
          icon={TriangleAlert}
          title="The course could not be read"
          actions={<Button onClick={again}>Try again</Button>}
        >
          {failureWords("read the course", error)}
        </EmptyState>
      )}
    </main>
  );
}

function LoadedCourse({ course, leave }: { course: CourseDetail; leave: () => void }) {
  const commands = useCourseCommands(course);
  const relocating = useCourseState((state) => state.relocating);
  const firstVideo = course.chapters.find(({ videos }) => videos.length > 0)?.videos[0]?.id;

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape" && useCourseState.getState().lifted === null)
      setCourse({ selection: nothingChosen });
  }

  return (
    <main className="screen course-page" onKeyDown={onKeyDown}>
      <CourseHeader course={course} commands={commands} leave={leave} />
      <div className="screen-body">
        <p id="how-to-move" className="visually-hidden">
          Space lifts, arrow keys move, Space drops, Escape cancels.
        </p>
        <RowDragging commands={commands}>
          {course.chapters.map((chapter, index) => (
            <ChapterSection
              key={chapter.id}
              chapter={chapter}
              index={index}
              count={course.chapters.length}
              commands={commands}
              firstVideo={firstVideo}
            />
          ))}
        </RowDragging>
        {course.chapters.length === 0 && <NoChapter commands={commands} />}
        {course.chapters.length > 0 && <AddChapter commands={commands} />}
      </div>
      <BatchBar commands={commands} />
      {relocating && (
        <MoveDialog
          course={course}
          ids={relocating}
          commands={commands}
          close={() => setCourse({ relocating: null })}
        />
      )}
    </main>
  );
}

function NoChapter({ commands }: { commands: CourseCommands }) {
  const adding = useCourseState((state) => state.addingChapter);
  const files = useFileDrag((drag) =>
    drag.over !== null && drag.target?.kind === "first_chapter" ? drag.over.files : null,
  );
  if (adding) return <AddChapter commands={commands} />;
  if (files !== null)
    return (
      <div className="drop-zone" data-place="page" aria-hidden>
        <Plus size={16} aria-hidden />
        Add {files > 0 ? plural(files, "file") : "files"} to a first chapter
      </div>
    );
  return (
    <EmptyState
      icon={Layers}
      title="A course starts with a chapter"
      actions={
        <>
          <Button
            look="primary"
            icon={Plus}
            data-testid="add-chapter"
            onClick={() => setCourse({ addingChapter: true })}
          >
            Add a chapter
          </Button>
          <Button onClick={() => void commands.pickFiles(null)}>Add files…</Button>
        </>
      }
    >
      Chapters hold your videos in order. Or drop the files of the first lecture here: they get a chapter of
      their own.
    </EmptyState>
  );
}

function AddChapter({ commands }: { commands: CourseCommands }) {
  const adding = useCourseState((state) => state.addingChapter);
  if (!adding)
    return (
      <button
        type="button"
        className="add-chapter"
        data-testid="add-chapter"
        onClick={() => setCourse({ addingChapter: true })}
      >
        <Plus size={16} strokeWidth={1.75} aria-hidden />
        Add a chapter
      </button>
    );
  return (
    <div className="add-chapter" data-adding>
      <NameInput
        label="Title of the new chapter"
        placeholder="Chapter title"
        initial=""
        save={(title) => {
          setCourse({ addingChapter: false });
          void commands.addChapter(title);
        }}
        cancel={() => setCourse({ addingChapter: false })}
      />
    </div>
  );
}

function BatchBar({ commands }: { commands: CourseCommands }) {
  const chosen = useCourseState(({ selection }) => selection.chosen);
  const dragging = useCourseState(({ lifted }) => lifted !== null);
  const ids = commands.order().filter((id) => chosen.has(id));
  const [first] = ids;
  // One row has its menu; the bar is for several.
  if (ids.length < 2 || dragging || first === undefined) return null;
  return (
    <div className="floating-bar" role="toolbar" aria-label="Selected videos">
      <b>{plural(ids.length, "video")} selected</b>
      <Button look="quiet" icon={CornerDownRight} onClick={() => setCourse({ relocating: ids })}>
        Move to…
      </Button>
      <Button look="quiet" icon={Trash2} danger onClick={() => commands.remove(ids)}>
        Delete
      </Button>
      <IconButton
        icon={X}
        label="Clear the selection"
        onClick={() => setCourse({ selection: nothingChosen })}
      />
    </div>
  );
}
