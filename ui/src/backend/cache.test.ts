// The cache: events refetch only what provides their tags, progress refetches nothing, refused edits leave no trace.
import { QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { demo } from "../testing/scenarios";
import type { CourseDetail } from "./bindings/CourseDetail";
import type { CourseId } from "./bindings/CourseId";
import type { UploadList } from "./bindings/UploadList";
import { connect } from "./context";
import { courseQuery, coursesQuery, uploadsQuery, workspaceQuery } from "./queries";

async function opened() {
  const host = demo();
  const connection = connect(host);
  const { backend, client } = connection;
  const [course, other] = [...host.rows.courses.keys()] as [CourseId, CourseId];
  const watch = [
    new QueryObserver(client, courseQuery(backend, course)),
    new QueryObserver(client, courseQuery(backend, other)),
  ].map((observer) => observer.subscribe(() => undefined));
  watch.push(new QueryObserver(client, coursesQuery(backend)).subscribe(() => undefined));
  watch.push(new QueryObserver(client, uploadsQuery(backend)).subscribe(() => undefined));
  watch.push(new QueryObserver(client, workspaceQuery(backend)).subscribe(() => undefined));
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
  host.calls.length = 0;
  const detail = () => client.getQueryData<CourseDetail>(["course", course]) as CourseDetail;
  const titles = () => detail().chapters.flatMap(({ videos }) => videos.map((video) => video.title));
  return { host, connection, client, course, detail, titles };
}

test("a changed tag refetches only the reads that provide it, once for a burst", async () => {
  const { host, course } = await opened();
  for (let i = 0; i < 20; i += 1) host.changed({ tag: "course", id: course });
  await vi.waitFor(() => expect(host.calls.length).toBeGreaterThan(0));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(host.calls).toEqual([{ name: "get_course", args: { course } }]);
});

test("what changes while something is read for the first time is read once more", async () => {
  const host = demo();
  const { backend, client } = connect(host);
  const invoke = host.invoke.bind(host);
  const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  let reads = 0;
  vi.spyOn(host, "invoke").mockImplementation(async (name, args) => {
    const answer = await invoke(name, args);
    reads += 1;
    // The first answer was made before the change, and comes after the news of it.
    if (reads === 1) await rest(80);
    return answer;
  });
  new QueryObserver(client, coursesQuery(backend)).subscribe(() => undefined);
  await vi.waitFor(() => expect(reads).toBe(1));
  for (const course of host.rows.courses.values()) course.title = "Botany";
  host.changed({ tag: "courses" });
  await vi.waitFor(() =>
    expect(client.getQueryData(["courses"])).toMatchObject({ courses: Array(4).fill({ title: "Botany" }) }),
  );
  expect(reads).toBe(2);
});

test("progress is written into the list of uploads without a fetch", async () => {
  const { host, client } = await opened();
  const before = client.getQueryData<UploadList>(["uploads"])?.totals.confirmed ?? 0;
  host.transfers.uploads = host.transfers.uploads.map((upload) => ({ ...upload }));
  host.advance(500);
  expect(client.getQueryData<UploadList>(["uploads"])?.totals.confirmed).toBeGreaterThan(before);
  expect(host.calls.filter(({ name }) => name === "list_uploads")).toEqual([]);
});

test("an edit shows at once, and is taken back with the rest kept when the host refuses it", async () => {
  const { host, connection, detail, titles } = await opened();
  host.latencyMs = 30;
  const [first, second] = detail().chapters[0]?.videos ?? [];
  if (!first || !second) throw new Error("the demo has videos");
  host.failures.set("edit", { code: "rejected", message: "no", retry: false });
  const refused = connection.editor.edit({ name: "video.rename", args: { video: first.id, title: "A" } });
  const taken = connection.editor.edit({ name: "video.rename", args: { video: second.id, title: "B" } });
  expect(titles().slice(0, 2)).toEqual(["A", "B"]);
  await expect(refused).rejects.toMatchObject({ code: "rejected" });
  expect(titles().slice(0, 2)).toEqual([first.title, "B"]);
  await taken;
  await vi.waitFor(() => expect(connection.client.isFetching()).toBe(0));
  expect(titles().slice(0, 2)).toEqual([first.title, "B"]);
});

test("rows do not jump back while an earlier read is still on its way", async () => {
  const { host, connection, course, detail, titles } = await opened();
  host.latencyMs = 40;
  host.changed({ tag: "course", id: course });
  await new Promise((resolve) => setTimeout(resolve, 10));
  const [chapter] = detail().chapters;
  if (!chapter) throw new Error("the demo has chapters");
  const seen: string[][] = [];
  const stop = connection.client.getQueryCache().subscribe(() => seen.push(titles().slice(0, 3)));
  const [a, b, c] = chapter.videos.map((video) => video.title);
  await connection.editor.edit({
    name: "video.move",
    args: {
      ids: [chapter.videos[2]?.id as never],
      chapter: chapter.id,
      place: { after: null, before: chapter.videos[0]?.id ?? null },
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  stop();
  const moved = seen.findIndex((order) => order[0] === c);
  expect(seen.slice(moved).every((order) => order.join() === [c, a, b].join())).toBe(true);
});

test("an event that cannot be handled is counted and the stream goes on", async () => {
  const { host, connection } = await opened();
  host.emit({ kind: "progress", snapshots: null as never, totals: null as never });
  host.emit({ kind: "changed", tags: [{ tag: "courses" }] });
  expect(connection.observer.diagnostics()).toMatchObject({
    listenerErrors: 1,
    events: { progress: 1, changed: 1 },
  });
});
