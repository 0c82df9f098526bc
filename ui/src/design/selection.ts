// Choosing rows as file managers do: click, Ctrl or Cmd for one more, Shift for all between.
export interface Selection<Id> {
  chosen: ReadonlySet<Id>;
  /** Where a range starts. */
  anchor: Id | null;
}

export const nothingChosen: Selection<never> = { chosen: new Set(), anchor: null };

export interface Modifiers {
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}

export function choose<Id>(
  { chosen, anchor }: Selection<Id>,
  order: readonly Id[],
  id: Id,
  keys: Modifiers,
): Selection<Id> {
  const more = keys.ctrlKey || keys.metaKey;
  if (keys.shiftKey && anchor !== null && order.includes(anchor)) {
    const [from, to] = [order.indexOf(anchor), order.indexOf(id)].sort((a, b) => a - b) as [number, number];
    const range = order.slice(from, to + 1);
    return { chosen: new Set(more ? [...chosen, ...range] : range), anchor };
  }
  if (more) {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    return { chosen: next, anchor: id };
  }
  return { chosen: new Set([id]), anchor: id };
}
