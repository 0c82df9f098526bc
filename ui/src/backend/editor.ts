// Edits, shown at once: the cache is what the host confirmed plus the edits it has not taken yet, replayed.
import type { Query, QueryClient, QueryKey } from "@tanstack/react-query";
import type { Backend } from "./backend";
import type { AssetPage } from "./bindings/AssetPage";
import type { CourseDetail } from "./bindings/CourseDetail";
import type { CourseList } from "./bindings/CourseList";
import type { EditReceipt } from "./bindings/EditReceipt";
import type { Mutation } from "./bindings/Mutation";
import { onAssets, onCourse, onCourses } from "./optimistic";
import type { Invalidator } from "./tags";

export interface Editor {
  /** Shows the edit, sends it after those before it, and takes it back when the host refuses. */
  edit(mutation: Mutation): Promise<EditReceipt>;
}

type Entry = { key: QueryKey; data: unknown };

/** The cached read with the edit applied. */
function applied({ key, data }: Entry, mutation: Mutation): Entry {
  switch (key[0]) {
    case "courses":
      return { key, data: onCourses(data as CourseList, mutation) };
    case "course":
      return { key, data: onCourse(data as CourseDetail, mutation) };
    case "assets":
      return { key, data: onAssets(data as AssetPage, mutation) };
    default:
      return { key, data };
  }
}

const EDITABLE = new Set<unknown>(["courses", "course", "assets"]);

/** The cached reads that edits show in. */
function editableCache(client: QueryClient, invalidator: Invalidator) {
  const editable = (query: Query) => EDITABLE.has(query.queryKey[0]) && query.state.data !== undefined;
  return {
    snapshot: (): Entry[] =>
      client
        .getQueryCache()
        .findAll({ predicate: editable })
        .map((query) => ({ key: query.queryKey, data: query.state.data })),
    show(entries: Entry[]) {
      for (const { key, data } of entries) {
        if (client.getQueryData(key) !== data) client.setQueryData(key, data);
      }
    },
    /** A read that is under way would bring rows from before this edit: it is made again after it. */
    stopReads() {
      for (const query of client.getQueryCache().findAll({ fetchStatus: "fetching", predicate: editable })) {
        void query.cancel({ revert: true, silent: true });
        invalidator.stale(query.meta?.provides ?? []);
      }
    },
  };
}

export function createEditor(client: QueryClient, backend: Backend, invalidator: Invalidator): Editor {
  const { snapshot, show, stopReads } = editableCache(client, invalidator);
  let base: Entry[] = [];
  const waiting: Mutation[] = [];
  let tail: Promise<unknown> = Promise.resolve();

  function begin(mutation: Mutation) {
    if (waiting.length === 0) {
      base = snapshot();
    }
    invalidator.hold();
    stopReads();
    waiting.push(mutation);
    if (mutation.name === "course.create") {
      const { course: id, title } = mutation.args;
      const created: CourseDetail = {
        id,
        title,
        pending: true,
        description: "",
        published_at: null,
        chapters: [],
      };
      client.setQueryData(["course", id], created);
      base.push({ key: ["course", id], data: created });
    }
    show(snapshot().map((entry) => applied(entry, mutation)));
  }

  /** The oldest edit leaves: into the base when it was taken, out of sight when it was not. */
  function end(mutation: Mutation, taken: boolean) {
    waiting.shift();
    if (taken) base = base.map((entry) => applied(entry, mutation));
    else {
      show(base.map((entry) => waiting.reduce(applied, entry)));
      if (mutation.name === "course.create") {
        base = base.filter(({ key }) => key[1] !== mutation.args.course);
        client.removeQueries({ queryKey: ["course", mutation.args.course] });
      }
    }
  }

  async function send(mutation: Mutation): Promise<EditReceipt> {
    try {
      const receipt = await backend.edit({ mutation });
      end(mutation, true);
      invalidator.stale(receipt.tags);
      return receipt;
    } catch (error) {
      end(mutation, false);
      throw error;
    } finally {
      invalidator.release();
    }
  }

  return {
    edit(mutation) {
      begin(mutation);
      // One after the other: the host must see edits in the order they were made.
      const sent = tail.then(() => send(mutation));
      tail = sent.catch(() => undefined);
      return sent;
    },
  };
}
