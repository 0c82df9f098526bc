// Rows under the pointer: dnd-kit's pointer events lift them, what lies below decides where they land.
import {
  DndContext,
  type DragMoveEvent,
  DragOverlay,
  type DragStartEvent,
  PointerSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { type ReactNode, useCallback } from "react";
import type { VideoId } from "../../backend/bindings/VideoId";
import { plural } from "../../backend/format";
import type { CourseCommands } from "./course-commands";
import { setCourse, useCourseState } from "./course-state";
import { besides, hitOf, placeAt } from "./places";

// Our own live region announces; dnd-kit's would say the same twice.
const silent = {
  announcements: {
    onDragStart: () => undefined,
    onDragOver: () => undefined,
    onDragEnd: () => undefined,
    onDragCancel: () => undefined,
  },
  screenReaderInstructions: { draggable: "" },
};

export function RowDragging({ commands, children }: { commands: CourseCommands; children: ReactNode }) {
  // A few pixels of travel tell a drag from a click.
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 5 } }));
  const lifted = useCourseState((state) => (state.lifted?.by === "pointer" ? state.lifted : null));

  const onDragStart = useCallback(
    ({ active }: DragStartEvent) => {
      const id = active.id as VideoId;
      const { selection } = useCourseState.getState();
      if (!selection.chosen.has(id)) commands.choose(id, { shiftKey: false, ctrlKey: false, metaKey: false });
      setCourse({ lifted: { ids: commands.meant(id), place: null, by: "pointer" } });
    },
    [commands],
  );

  const onDragMove = useCallback(
    ({ activatorEvent, delta }: DragMoveEvent) => {
      const { lifted } = useCourseState.getState();
      if (lifted === null || !(activatorEvent instanceof PointerEvent)) return;
      const y = activatorEvent.clientY + delta.y;
      const under = document.elementFromPoint(activatorEvent.clientX + delta.x, y);
      const hit = hitOf(under, y);
      const at = under?.closest(".course-page") ? placeAt(hit, commands.outline()) : null;
      const place = at === null ? null : besides(at, commands.outline(), lifted.ids);
      setCourse({ lifted: { ...lifted, place } });
    },
    [commands],
  );

  function onDragEnd() {
    const { lifted } = useCourseState.getState();
    setCourse({ lifted: null });
    if (lifted?.place) commands.move(lifted.ids, lifted.place);
  }

  const [first] = lifted?.ids ?? [];
  return (
    <DndContext
      sensors={sensors}
      accessibility={silent}
      onDragStart={onDragStart}
      onDragMove={onDragMove}
      onDragEnd={onDragEnd}
      onDragCancel={() => setCourse({ lifted: null })}
    >
      {children}
      <DragOverlay dropAnimation={null} className="drag-overlay">
        {lifted && first && (
          <div className="drag-ghost">
            <span className="truncate">{commands.named([first])}</span>
            {lifted.ids.length > 1 && <b>{plural(lifted.ids.length, "video")}</b>}
          </div>
        )}
      </DragOverlay>
    </DndContext>
  );
}
