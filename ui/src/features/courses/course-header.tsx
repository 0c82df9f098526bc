// The course's name, its size in numbers, and how much of it students could see today.
import { useQuery } from "@tanstack/react-query";
import { Ellipsis, Pencil, Plus, Trash2 } from "lucide-react";
import type { CourseDetail } from "../../backend/bindings/CourseDetail";
import type { UploadList } from "../../backend/bindings/UploadList";
import { useBackend } from "../../backend/context";
import { formatBytes, formatSpan, plural } from "../../backend/format";
import { uploadOf } from "../../backend/progress";
import { uploadsQuery } from "../../backend/queries";
import { Button, IconButton } from "../../design/button";
import { Menu } from "../../design/menu";
import { NameInput } from "../../design/name-input";
import type { CourseCommands } from "./course-commands";
import { CoursePeople, ViewOnly } from "./course-people";
import { setCourse, useCourseState } from "./course-state";
import { rowState } from "./row-state";

interface Props {
  course: CourseDetail;
  commands: CourseCommands;
  leave: () => void;
}

export function CourseHeader({ course, commands, leave }: Props) {
  const renaming = useCourseState((state) => state.renaming === course.id);
  const rename = () => setCourse({ renaming: course.id });
  return (
    <header className="screen-header">
      <div className="screen-title">
        {renaming ? (
          <h1>
            <NameInput
              label="Title of the course"
              initial={course.title}
              save={(title) => commands.renameCourse(course.id, title)}
              cancel={() => setCourse({ renaming: null })}
            />
          </h1>
        ) : (
          <h1 className="title-line">
            <button
              type="button"
              className="editable truncate"
              data-testid="course-title"
              title="Rename"
              onClick={rename}
              onKeyDown={(event) => event.key === "F2" && rename()}
            >
              {course.title}
            </button>
            {course.pending && <span className="pending-mark">not sent yet</span>}
            <ViewOnly course={course.id} />
          </h1>
        )}
        <p>{sizeWords(course)}</p>
      </div>
      <div className="screen-actions">
        <CoursePeople course={course.id} />
        <Menu
          label="Course"
          actions={[
            { label: "Rename", icon: Pencil, keys: "F2", act: rename },
            {
              ...{ label: "Delete course", icon: Trash2, danger: true, apart: true },
              act: () => {
                void commands.removeCourse();
                leave();
              },
            },
          ]}
        >
          <IconButton icon={Ellipsis} label="Actions for this course" />
        </Menu>
        <Button look="primary" icon={Plus} onClick={() => void commands.pickFiles(null)}>
          Add files
        </Button>
      </div>
      <Readiness course={course} />
    </header>
  );
}

function sizeWords({ chapters }: CourseDetail): string {
  const videos = chapters.flatMap((chapter) => chapter.videos);
  const ms = videos.reduce((sum, video) => sum + (video.duration_ms ?? 0), 0);
  const bytes = videos.reduce((sum, video) => sum + video.bytes, 0);
  return [
    plural(chapters.length, "chapter"),
    plural(videos.length, "video"),
    ...(ms > 0 ? [formatSpan(ms)] : []),
    ...(bytes > 0 ? [formatBytes(bytes)] : []),
  ].join(" · ");
}

interface Counts {
  ready: number;
  moving: number;
  paused: number;
  stuck: number;
  missing: number;
}

function counted(course: CourseDetail, uploads: UploadList | undefined): Counts {
  const counts: Counts = { ready: 0, moving: 0, paused: 0, stuck: 0, missing: 0 };
  for (const video of course.chapters.flatMap((chapter) => chapter.videos)) {
    const upload = uploads && video.operation !== null ? uploadOf(uploads, video.operation) : undefined;
    const { state } = rowState(video, upload);
    if (state === "ready") counts.ready += 1;
    else if (state === "failed") counts.stuck += 1;
    else if (state === "paused") counts.paused += 1;
    else if (state === "expected") counts.missing += 1;
    else counts.moving += 1;
  }
  return counts;
}

function Readiness({ course }: { course: CourseDetail }) {
  const { data: counts } = useQuery({
    ...uploadsQuery(useBackend()),
    // Equal counts are the same object to React Query: progress alone renders nothing here.
    select: (uploads) => counted(course, uploads),
  });
  const { ready, moving, paused, stuck, missing } = counts ?? counted(course, undefined);
  if (ready + moving + paused + stuck + missing === 0) return null;
  return (
    <div className="readiness">
      <span>
        <i className="dot" data-tone="ready" />
        {ready} ready for students
      </span>
      {moving > 0 && (
        <span>
          <i className="dot" data-tone="busy" />
          {moving} on the way
        </span>
      )}
      {paused > 0 && (
        <span>
          <i className="dot" data-tone="wait" />
          {paused} paused
        </span>
      )}
      {stuck > 0 && (
        <span>
          <i className="dot" data-tone="fail" />
          {stuck} {stuck === 1 ? "needs" : "need"} you
        </span>
      )}
      {missing > 0 && (
        <span>
          <i className="dot" />
          {missing} without a file
        </span>
      )}
    </div>
  );
}
