// Files from the file manager land where the zone was seen.
import { expect, test, vi } from "vitest";
import { type FakeFile, FakeHost } from "../testing/fake-host";
import { renderApp, rowOf, rowTitles } from "../testing/render-app";
import { addCourse, demo } from "../testing/scenarios";

const film = (name: string): FakeFile => ({ name, bytes: 50_000_000, kind: "video" });
const zone = () => document.querySelector("[data-testid=drop-zone]");

test("files dropped between two rows stand there, in their order, whatever the zone pushes aside", async () => {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  const box = rowOf("1.1 Orbitals").getBoundingClientRect();
  const [x, y] = [box.left + 200, box.bottom - 4];
  host.emit({ kind: "drag_over", x, y, files: 2 });
  await vi.waitFor(() => expect(zone()?.textContent).toBe("Add 2 files to Structure and bonding, after 1.1"));
  host.emit({ kind: "drag_over", x, y: y + 20, files: 2 });
  await vi.waitFor(() => expect(zone()?.textContent).toContain("after 1.1"));
  host.drop(x, y + 20, [film("New A.mp4"), film("New B.mp4")]);
  await vi.waitFor(() =>
    expect(rowTitles().slice(0, 4)).toEqual([
      ...["1.1 Orbitals revisited", "New A", "New B", "1.2 Resonance, honestly"],
    ]),
  );
  expect(zone()).toBeNull();
});

test("a course without chapters gets one for the files dropped on it", async () => {
  const host = new FakeHost();
  addCourse(host, "Botany", []);
  await renderApp(host);
  await vi.waitFor(() => expect(document.body.textContent).toContain("A course starts with a chapter"));
  host.drop(700, 400, [film("One.mp4")]);
  await vi.waitFor(() => expect(rowTitles()).toEqual(["One"]));
  expect(document.querySelector("[data-testid=chapter-title]")?.textContent).toBe("Chapter 1");
});

test("files that were refused, and those for the library, are named with the reason", async () => {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  host.drop(700, 60, [
    { ...film("Empty.mp4"), refused: { code: "empty" } },
    { name: "Notes.pdf", bytes: 10, kind: "document" },
  ]);
  await vi.waitFor(() => {
    const toast = document.querySelector("[data-testid=toast]")?.textContent;
    expect(toast).toContain("“Empty.mp4” is empty");
    expect(toast).toContain("“Notes.pdf” is in the media library");
  });
});

test("files opened with Lectern bring up the library, which takes them and says what it refused", async () => {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  host.open([film("From the file manager.mp4"), { ...film("Week 3"), refused: { code: "empty_folder" } }]);
  await vi.waitFor(() => {
    const library = document.querySelector("main[data-place=library]")?.textContent;
    expect(library).toContain("From the file manager.mp4");
    expect(document.querySelector("[data-testid=toast]")?.textContent).toContain("“Week 3” is a folder");
  });
  expect(host.calls.filter(({ name }) => name === "accept_drop")).toHaveLength(1);
});
