// The library by pages: only those in sight are read and kept fresh, so any place of a long list is one read away.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import type { AssetCard } from "../../backend/bindings/AssetCard";
import type { AssetPage } from "../../backend/bindings/AssetPage";
import { useConnection } from "../../backend/context";
import { ASSETS_PER_PAGE, type AssetFilter, assetsQuery } from "../../backend/queries";

/** Offsets of the pages that hold the cards from `first` to `last`. */
export function pagesFor(first: number, last: number): number[] {
  const from = Math.floor(Math.max(0, first) / ASSETS_PER_PAGE);
  const to = Math.floor(Math.max(0, last) / ASSETS_PER_PAGE);
  return Array.from({ length: to - from + 1 }, (_, index) => (from + index) * ASSETS_PER_PAGE);
}

export interface Library {
  /** The first page: the counts, and the top of the list. */
  top: AssetPage | undefined;
  error: Error | null;
  again: () => void;
  /** Undefined while its page is on the way. */
  card(index: number): AssetCard | undefined;
  /** Reads what is missing between two places, both included, up to a limit. */
  between(from: number, to: number): Promise<AssetCard[]>;
}

/** Most rows one edit may name. */
export const CHOSEN_MAX = 1_000;

export function useLibrary(filter: AssetFilter, first: number, last: number): Library {
  const { backend, client } = useConnection();
  const top = useQuery(assetsQuery(backend, filter, 0));
  const offsets = pagesFor(first, last).filter((offset) => offset > 0);
  const rest = useQueries({ queries: offsets.map((offset) => assetsQuery(backend, filter, offset)) });

  const between = useCallback(
    async (from: number, to: number) => {
      const end = Math.min(to, from + CHOSEN_MAX - 1);
      const offsets = pagesFor(from, end);
      const pages = await Promise.all(
        offsets.map((offset) => client.ensureQueryData(assetsQuery(backend, filter, offset))),
      );
      const start = from - (offsets[0] ?? 0);
      return pages.flatMap((page) => page.items).slice(start, start + end - from + 1);
    },
    [backend, client, filter],
  );

  return {
    top: top.data,
    error: top.error,
    again: () => void top.refetch(),
    card(index) {
      const offset = Math.floor(index / ASSETS_PER_PAGE) * ASSETS_PER_PAGE;
      const page = offset === 0 ? top.data : rest[offsets.indexOf(offset)]?.data;
      return page?.items[index - offset];
    },
    between,
  };
}
