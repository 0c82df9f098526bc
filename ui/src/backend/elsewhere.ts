// What others are sending, and oneself on another computer. Nothing of it is kept: without news it is over.
import { create } from "zustand";
import type { AssetId } from "./bindings/AssetId";
import type { ColleagueProgress } from "./bindings/ColleagueProgress";
import type { CourseId } from "./bindings/CourseId";
import type { Progress } from "./bindings/Progress";

/** News comes twice a second while somebody sends. */
const OVER_AFTER_MS = 10_000;

export interface ProgressElsewhere {
  by_name: string;
  item: Progress;
}

const useElsewhere = create<{ byAsset: ReadonlyMap<AssetId, ProgressElsewhere> }>(() => ({
  byAsset: new Map(),
}));
const timers = new Map<AssetId, ReturnType<typeof setTimeout>>();

export function heardFromElsewhere({ by_name, items }: ColleagueProgress) {
  useElsewhere.setState(({ byAsset }) => {
    const all = new Map(byAsset);
    for (const item of items) if (item.asset !== null) all.set(item.asset, { by_name, item });
    return { byAsset: all };
  });
  for (const { asset } of items) {
    if (asset === null) continue;
    clearTimeout(timers.get(asset));
    timers.set(
      asset,
      setTimeout(() => forget(asset), OVER_AFTER_MS),
    );
  }
}

function forget(asset: AssetId) {
  timers.delete(asset);
  useElsewhere.setState(({ byAsset }) => {
    const left = new Map(byAsset);
    left.delete(asset);
    return { byAsset: left };
  });
}

/** How far somebody else is with the file of this asset, in this course. */
export function useProgressElsewhere(course: CourseId, asset: AssetId): ProgressElsewhere | undefined {
  const found = useElsewhere(({ byAsset }) => byAsset.get(asset));
  // Whoever may tell of one course may not tell of another.
  const context = found?.item.context;
  return context !== undefined && "course" in context && context.course === course ? found : undefined;
}
