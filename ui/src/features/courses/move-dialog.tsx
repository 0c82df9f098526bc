// "Move to…": any chapter, any position, without dragging.
import { useState } from "react";
import type { ChapterId } from "../../backend/bindings/ChapterId";
import type { CourseDetail } from "../../backend/bindings/CourseDetail";
import type { VideoId } from "../../backend/bindings/VideoId";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import type { CourseCommands } from "./course-commands";

interface Props {
  course: CourseDetail;
  ids: readonly VideoId[];
  commands: CourseCommands;
  close: () => void;
}

const START = "start";
const END = "end";

export function MoveDialog({ course, ids, commands, close }: Props) {
  const home = course.chapters.find(({ videos }) => videos.some((video) => video.id === ids[0]));
  const [chapterId, setChapter] = useState<ChapterId | undefined>(home?.id ?? course.chapters[0]?.id);
  const [position, setPosition] = useState<string>(END);
  const chapter = course.chapters.find(({ id }) => id === chapterId);
  const staying = chapter?.videos.filter((video) => !ids.includes(video.id)) ?? [];

  function move() {
    if (chapter) {
      const after = position === END ? staying.at(-1)?.id : staying.find(({ id }) => id === position)?.id;
      const before = position === START ? staying[0]?.id : undefined;
      commands.move(ids, { chapter: chapter.id, after: after ?? null, before: before ?? null });
    }
    close();
  }

  return (
    <Dialog
      title={`Move ${commands.named(ids)}`}
      close={close}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" onClick={move}>
            Move
          </Button>
        </>
      }
    >
      <div className="move-fields">
        <label>
          Chapter
          <select
            value={chapterId}
            onChange={(event) => {
              setChapter(event.target.value as ChapterId);
              setPosition(END);
            }}
          >
            {course.chapters.map(({ id, title }, index) => (
              <option key={id} value={id}>
                {index + 1} · {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          Position
          <select value={position} onChange={(event) => setPosition(event.target.value)}>
            <option value={START}>At the start</option>
            {staying.slice(0, -1).map(({ id, title }) => (
              <option key={id} value={id}>
                After {title}
              </option>
            ))}
            <option value={END}>At the end</option>
          </select>
        </label>
      </div>
    </Dialog>
  );
}
