// Cache tags: reads say what they provide, edits and events say what went stale, nobody names a query.
import type { Query, QueryClient } from "@tanstack/react-query";
import type { CacheTag } from "./bindings/CacheTag";

declare module "@tanstack/react-query" {
  interface Register {
    queryMeta: { provides?: readonly CacheTag[] };
  }
}

/** Equal tags have equal keys. */
export const tagKey = (tag: CacheTag): string => ("id" in tag ? `${tag.tag}:${tag.id}` : tag.tag);

function provides(query: Query, stale: ReadonlySet<string>): boolean {
  return query.meta?.provides?.some((tag) => stale.has(tagKey(tag))) ?? false;
}

const isFirstRead = ({ state }: Query) => state.data === undefined && state.fetchStatus === "fetching";

export interface Invalidator {
  /** Reads that provide these tags are fetched again, soon and once. */
  stale(tags: readonly CacheTag[]): void;
  /** Holds fetching back while the cache shows edits that the host has not taken yet. */
  hold(): void;
  release(): void;
}

/** Shortest time between two rounds of refetching: a burst of events must not cancel its own reads for ever. */
const ROUND_MS = 120;

export function createInvalidator(client: QueryClient): Invalidator {
  const waiting = new Set<string>();
  let holds = 0;
  let scheduled = false;
  let lastRound = Number.NEGATIVE_INFINITY;

  function flush() {
    scheduled = false;
    if (holds > 0 || waiting.size === 0) return;
    const stale = new Set(waiting);
    waiting.clear();
    lastRound = performance.now();
    const isStale = (query: Query) => provides(query, stale);
    const firstReads = client.getQueryCache().findAll({ predicate: isStale }).filter(isFirstRead);
    void client.invalidateQueries({ predicate: isStale });
    for (const query of firstReads) again(query);
  }

  /** A first read is not begun anew by that: its answer, made before the change, would be taken for fresh. */
  function again(query: Query) {
    const { queryKey, promise } = query;
    const after = () => client.invalidateQueries({ queryKey, exact: true });
    promise?.then(after, () => undefined);
  }

  function schedule() {
    if (scheduled || holds > 0 || waiting.size === 0) return;
    scheduled = true;
    const rest = lastRound + ROUND_MS - performance.now();
    if (rest <= 0) queueMicrotask(flush);
    else setTimeout(flush, rest);
  }

  return {
    stale(tags) {
      for (const tag of tags) waiting.add(tagKey(tag));
      schedule();
    },
    hold() {
      holds += 1;
    },
    release() {
      holds -= 1;
      schedule();
    },
  };
}
