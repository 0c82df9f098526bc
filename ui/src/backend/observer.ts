// The one listener of the event stream. Each kind of event has one effect here, and is counted.
import type { QueryClient } from "@tanstack/react-query";
import type { AppEvent } from "./bindings/AppEvent";
import type { UploadList } from "./bindings/UploadList";
import { useFileDrag } from "./drag";
import { heardFromElsewhere } from "./elsewhere";
import { wantPoster } from "./posters";
import { withProgress } from "./progress";
import { sampleSpeed } from "./speed";
import type { Invalidator } from "./tags";

export interface Diagnostics {
  events: Record<AppEvent["kind"], number>;
  listenerErrors: number;
  lastError: string | null;
  /** Longest time from an event's arrival to its effect in the cache. */
  maxLagMs: number;
}

export interface Observer {
  observe(event: AppEvent): void;
  diagnostics(): Readonly<Diagnostics>;
}

export function createObserver(client: QueryClient, invalidator: Invalidator): Observer {
  const counts: Diagnostics = {
    events: {
      changed: 0,
      progress: 0,
      elsewhere: 0,
      drag_over: 0,
      drag_left: 0,
      dropped: 0,
      opened: 0,
      poster_wanted: 0,
    },
    listenerErrors: 0,
    lastError: null,
    maxLagMs: 0,
  };

  return {
    observe(event) {
      const arrived = performance.now();
      try {
        counts.events[event.kind] += 1;
        react(event, client, invalidator);
      } catch (error) {
        // One bad event must not end the stream.
        counts.listenerErrors += 1;
        counts.lastError = error instanceof Error ? error.message : String(error);
      }
      counts.maxLagMs = Math.max(counts.maxLagMs, performance.now() - arrived);
    },
    diagnostics: () => counts,
  };
}

function react(event: AppEvent, client: QueryClient, invalidator: Invalidator) {
  switch (event.kind) {
    case "changed":
      return invalidator.stale(event.tags);
    case "progress":
      sampleSpeed(event.totals.bytes_per_second, performance.now());
      // Before the list was read there is nothing to merge into; the read brings it.
      client.setQueryData<UploadList>(
        ["uploads"],
        (list) => list && withProgress(list, event.snapshots, event.totals),
      );
      return;
    case "elsewhere":
      return heardFromElsewhere(event.progress);
    case "drag_over":
      return useFileDrag.setState({ over: { x: event.x, y: event.y, files: event.files } });
    case "drag_left":
      return useFileDrag.setState({ over: null, target: null });
    case "dropped": {
      const { drop, x, y, files } = event;
      return useFileDrag.setState((state) => ({
        over: null,
        dropped: [...state.dropped, { drop, x, y, files }],
      }));
    }
    case "opened":
      return useFileDrag.setState((state) => ({ opened: [...state.opened, event.drop] }));
    case "poster_wanted":
      return wantPoster({ asset: event.asset, mediaUrl: event.media_url });
  }
}
