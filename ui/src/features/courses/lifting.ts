// Moving rows by keys from their handle: Space lifts, arrows move, Space drops, Escape cancels.
import type { KeyboardEvent } from "react";
import type { VideoId } from "../../backend/bindings/VideoId";
import { announce } from "../../design/announcer";
import { type CourseCommands, refocus } from "./course-commands";
import { setCourse, useCourseState } from "./course-state";
import { placeNow, places, positionWords } from "./places";

function lift(id: VideoId, commands: CourseCommands) {
  const ids = commands.meant(id);
  const place = places(commands.outline(), ids)[placeNow(commands.outline(), ids)] ?? null;
  setCourse({ lifted: { ids, place, by: "keys" } });
  const where = place ? positionWords(commands.outline(), ids, place) : "";
  announce(`Lifted ${commands.named(ids)}. ${where}. Arrows move, Space drops, Escape cancels.`);
}

function step(by: -1 | 1, commands: CourseCommands) {
  const { lifted } = useCourseState.getState();
  if (lifted?.place == null) return;
  const { chapter, after, before } = lifted.place;
  const all = places(commands.outline(), lifted.ids);
  const now = all.findIndex(
    (place) => place.chapter === chapter && place.after === after && place.before === before,
  );
  const place = all[now + by];
  if (!place) return announce(by < 0 ? "Top of the course" : "End of the course");
  setCourse({ lifted: { ...lifted, place } });
  const title = commands.chapterOf(place.chapter)?.title ?? "";
  announce(`${positionWords(commands.outline(), lifted.ids, place)} in ${title}`);
  requestAnimationFrame(() =>
    document.querySelector("[data-insert], .insertion-end")?.scrollIntoView({ block: "nearest" }),
  );
}

export function cancelLift() {
  const { lifted } = useCourseState.getState();
  // The pointer may leave the handle it lifted by.
  if (lifted?.by !== "keys") return;
  setCourse({ lifted: null });
  announce("Cancelled. Everything stands where it was.");
}

export function onHandleKey(event: KeyboardEvent, id: VideoId, commands: CourseCommands) {
  const { lifted } = useCourseState.getState();
  const isLifted = lifted?.by === "keys";
  const take = () => {
    event.preventDefault();
    event.stopPropagation();
  };
  if (event.key === " " || event.key === "Enter") {
    take();
    if (!isLifted) return lift(id, commands);
    setCourse({ lifted: null });
    if (lifted.place) commands.move(lifted.ids, lifted.place);
    refocus(id, "handle");
  } else if (isLifted && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    take();
    step(event.key === "ArrowUp" ? -1 : 1, commands);
  } else if (isLifted && event.key === "Escape") {
    take();
    cancelLift();
  }
}
