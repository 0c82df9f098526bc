// Every read of the window: its key, its command and the tags it provides.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Backend } from "./backend";
import type { AssetQuery } from "./bindings/AssetQuery";
import type { CourseId } from "./bindings/CourseId";

/** What the library asks for, without the page. */
export type AssetFilter = Omit<AssetQuery, "offset" | "limit">;

/** Cards fetched at once. The backend takes up to 500. */
export const ASSETS_PER_PAGE = 200;

export const workspaceQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["workspace"],
    queryFn: () => backend.workspace({}),
    meta: { provides: [{ tag: "workspace" }] },
  });

export const workspacesQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["workspaces"],
    queryFn: () => backend.workspaces({}),
    meta: { provides: [{ tag: "workspace" }] },
  });

export const coursesQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["courses"],
    queryFn: () => backend.list_courses({}),
    meta: { provides: [{ tag: "courses" }] },
  });

export const courseQuery = (backend: Backend, course: CourseId) =>
  queryOptions({
    queryKey: ["course", course],
    queryFn: () => backend.get_course({ course }),
    meta: { provides: [{ tag: "course", id: course }] },
  });

export const assetsQuery = (backend: Backend, filter: AssetFilter, offset: number) =>
  queryOptions({
    queryKey: ["assets", filter, offset],
    queryFn: () => backend.list_assets({ ...filter, offset, limit: ASSETS_PER_PAGE }),
    // The first page carries the counts: they stay while another filter loads.
    placeholderData: offset === 0 ? keepPreviousData : undefined,
    meta: { provides: [{ tag: "assets" }] },
  });

/** The library's size alone, for the sidebar. */
export const libraryCountQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["assets-count"],
    queryFn: async () => {
      const page = await backend.list_assets({
        search: "",
        kind: null,
        usage: null,
        sort: "newest",
        offset: 0,
        limit: 1,
      });
      return page.total;
    },
    meta: { provides: [{ tag: "assets" }] },
  });

export const uploadsQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["uploads"],
    queryFn: () => backend.list_uploads({}),
    meta: { provides: [{ tag: "uploads" }] },
  });

/** Asks the team's server, so it is old after a while and fails without a network. */
export const accountQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["account"],
    queryFn: () => backend.account({}),
    staleTime: 30_000,
    retry: false,
  });

/** The same. What others change in it nobody tells. */
export const membersQuery = (backend: Backend, course: CourseId) =>
  queryOptions({
    queryKey: ["members", course],
    queryFn: () => backend.course_members({ course }),
    staleTime: 30_000,
    retry: false,
  });

/** Counted anew by whoever is about to lose it. */
export const lossesQuery = (backend: Backend, id: string) =>
  queryOptions({
    queryKey: ["losses", id],
    queryFn: () => backend.removal_losses({ id }),
    gcTime: 0,
    staleTime: 0,
    meta: { provides: [{ tag: "workspace" }, { tag: "uploads" }, { tag: "courses" }, { tag: "assets" }] },
  });

export const storeQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["store"],
    queryFn: () => backend.store_details({}),
    meta: { provides: [{ tag: "workspace" }] },
  });

export const sendingRulesQuery = (backend: Backend) =>
  queryOptions({
    queryKey: ["sending-rules"],
    queryFn: () => backend.sending_rules({}),
    // Read anew by each dialog that edits them.
    gcTime: 0,
    staleTime: 0,
    meta: { provides: [{ tag: "uploads" }] },
  });
