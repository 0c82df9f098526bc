// Poster frames the engine asks the window to draw, one after the other.
import { create } from "zustand";
import type { AssetId } from "./bindings/AssetId";

export interface PosterRequest {
  asset: AssetId;
  mediaUrl: string;
}

interface Posters {
  queue: PosterRequest[];
  /** The first request is answered. */
  next(): void;
}

export const usePosters = create<Posters>((set) => ({
  queue: [],
  next: () => set(({ queue }) => ({ queue: queue.slice(1) })),
}));

export function wantPoster(request: PosterRequest) {
  usePosters.setState(({ queue }) =>
    queue.some(({ asset }) => asset === request.asset) ? { queue } : { queue: [...queue, request] },
  );
}
