// Order by intent, as the server places rows: after one neighbour, else before the other, else at the end.
import type { Between } from "./bindings/Between";

/** `siblings` with `moving` put together at the place, in the order given. */
export function placed<Id>(siblings: readonly Id[], moving: readonly Id[], place: Between<Id>): Id[] {
  const staying = siblings.filter((id) => !moving.includes(id));
  const after = place.after === null ? -1 : staying.indexOf(place.after);
  const before = place.before === null ? -1 : staying.indexOf(place.before);
  const index = after >= 0 ? after + 1 : before >= 0 ? before : staying.length;
  return [...staying.slice(0, index), ...moving, ...staying.slice(index)];
}
