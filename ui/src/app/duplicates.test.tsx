// Files that are in the library already, as a person meets them after a drop.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { FakeFile, FakeHost } from "../testing/fake-host";
import { renderApp, rowTitles } from "../testing/render-app";
import { demo } from "../testing/scenarios";

const film = (name: string): FakeFile => ({ name, bytes: 50_000_000, kind: "video" });
const dialog = () => page.getByRole("dialog");
const gone = () => document.querySelector("[role=dialog]") === null;
const toast = () => document.querySelector("[data-testid=toast]")?.textContent ?? "";
const answers = (host: FakeHost) =>
  host.calls.filter(({ name }) => name === "answer_duplicates").map(({ args }) => args);

function known(host: FakeHost, asset: string, name: string): FakeFile {
  const row = [...host.rows.assets.values()].find((one) => one.name.startsWith(asset));
  if (!row) throw new Error(`no file is called ${asset}`);
  return { name, bytes: row.bytes, kind: "video", sameAs: row.id };
}

/** Six files, three of them there under other names: scenario 6. */
async function dropSix() {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  host.drop(700, 60, [
    film("New 1.mp4"),
    known(host, "1.1 Orbitals", "Copy of orbitals.mp4"),
    film("New 2.mp4"),
    known(host, "Lab tour", "Lab.mp4"),
    known(host, "1.3 Acidity", "1.3 Acidity trends.mp4"),
    film("New 3.mp4"),
  ]);
  await expect.element(dialog()).toHaveTextContent("3 of 6 files are in your library already");
  return host;
}

test("files that are there are asked about once, with what is known of them, while the others go on", async () => {
  const host = await dropSix();
  await expect.element(dialog()).toHaveTextContent("is here as “Lab tour, take 3.mp4”");
  await expect.element(dialog()).toHaveTextContent("is here under the same name");
  await expect.element(dialog()).toHaveTextContent("612 MB · added 5 Jan 2026 · not used yet");
  await expect.element(dialog()).toHaveTextContent("used in 1 place");
  await vi.waitFor(() => expect(rowTitles()).toEqual(expect.arrayContaining(["New 1", "New 2", "New 3"])));
  expect(host.transfers.uploads.filter(({ file_name }) => file_name.startsWith("New"))).toHaveLength(3);
});

test("Enter uses the files that are there, each at the place it kept in the drop", async () => {
  const host = await dropSix();
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(18));
  const added = rowTitles().filter((title) => /^(New|Copy|Lab)/.test(title));
  expect(added).toEqual(["New 1", "Copy of orbitals", "New 2", "Lab", "New 3"]);
  expect(host.transfers.uploads.some(({ file_name }) => file_name === "Lab.mp4")).toBe(false);
  await vi.waitFor(() => expect(toast()).toContain("3 videos show files you had already."));
});

test("Escape skips them and says so beforehand, and the three others stay", async () => {
  const host = await dropSix();
  await expect.element(dialog()).toHaveTextContent("Escape skips all of them");
  await userEvent.keyboard("{Escape}");
  await vi.waitFor(() => expect(gone()).toBe(true));
  expect(answers(host)).toMatchObject([{ answers: [0, 1, 2].map((index) => ({ index, choice: "skip" })) }]);
  await vi.waitFor(() => expect(toast()).toContain("3 skipped."));
  expect(rowTitles()).toHaveLength(15);
});

test("each file can have its own answer, or one answer be given for all", async () => {
  const host = await dropSix();
  await page.getByRole("button", { name: "Skip", exact: true }).click();
  await expect.element(page.getByRole("button", { name: "Skip for 3" })).toBeVisible();
  await page.getByRole("combobox", { name: "What to do with Lab.mp4" }).selectOptions("Keep both");
  await page.getByRole("button", { name: "Do this" }).click();
  await vi.waitFor(() => expect(gone()).toBe(true));
  expect(answers(host)).toMatchObject([
    {
      answers: [
        { index: 0, choice: "skip" },
        { index: 1, choice: "keep_both" },
        { index: 2, choice: "skip" },
      ],
    },
  ]);
  await vi.waitFor(() => expect(toast()).toContain("1 added beside the other, 2 skipped."));
  expect(host.transfers.uploads.some(({ file_name }) => file_name === "Lab.mp4")).toBe(true);
});

test("two drops are two questions, one after the other", async () => {
  const host = demo();
  await renderApp(host, "/library");
  await vi.waitFor(() => expect(document.querySelector("[data-testid=asset-card]")).not.toBeNull());
  host.drop(700, 400, [known(host, "Lab tour", "A.mp4")]);
  host.drop(700, 400, [known(host, "Guest", "B.mp4")]);
  await expect.element(dialog()).toHaveTextContent("This file is in your library already");
  await expect.element(dialog()).toHaveTextContent("A.mp4");
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("B.mp4");
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(gone()).toBe(true));
  await vi.waitFor(() => expect(toast()).toContain("1 file was here already."));
});

test("an answer that could not be taken is asked for again, and one that came too late is not", async () => {
  const host = await dropSix();
  host.failures.set("answer_duplicates", { code: "storage", message: "", retry: true });
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(toast()).toContain("Could not answer for these files."));
  await expect.element(dialog()).toHaveTextContent("3 of 6 files");
  host.failures.set("answer_duplicates", { code: "not_found", message: "", retry: false });
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(gone()).toBe(true));
});

function namesake(host: FakeHost, asset: string, bytes: number): FakeFile {
  const row = [...host.rows.assets.values()].find((one) => one.name.startsWith(asset));
  if (!row) throw new Error(`no file is called ${asset}`);
  return { name: row.name, bytes, kind: "video", namesake: row.id };
}

test("a newer file of a video's name replaces it once it is sent, and until then the video is what it was", async () => {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  host.drop(700, 60, [namesake(host, "1.1 Orbitals", 700_000_000), film("New.mp4")]);
  await expect.element(dialog()).toHaveTextContent("1 of 2 files has the name of a video in this chapter");
  await expect.element(dialog()).toHaveTextContent(/is 700 MB, the one here \d/);
  await userEvent.keyboard("{Enter}");
  expect(answers(host)).toMatchObject([{ answers: [{ index: 0, choice: "replace" }] }]);
  await vi.waitFor(() => expect(toast()).toContain("1 file replaces its namesake once it is sent."));
  const row = page.getByTestId("video-row").filter({ hasText: "1.1 Orbitals" }).first();
  await expect.element(row).toHaveTextContent("New version:");
  await expect.element(row).toHaveAttribute("data-state", "ready");
  expect(rowTitles()).toHaveLength(13);
});

test("in the library a name alone replaces nothing unless it is said", async () => {
  const host = demo();
  await renderApp(host, "/library");
  await vi.waitFor(() => expect(document.querySelector("[data-testid=asset-card]")).not.toBeNull());
  host.drop(700, 400, [namesake(host, "Lab tour", 9_000_000)]);
  await expect.element(dialog()).toHaveTextContent("This file has the name of a file in your library");
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() =>
    expect(answers(host)).toMatchObject([{ answers: [{ index: 0, choice: "keep_both" }] }]),
  );
});

test("of a mixed drop each kind has its own choices, and one of them for all of its kind", async () => {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  host.drop(700, 60, [
    known(host, "Lab tour", "Lab.mp4"),
    namesake(host, "1.1 Orbitals", 5_000_000),
    namesake(host, "1.3 Acidity", 6_000_000),
  ]);
  await expect
    .element(dialog())
    .toHaveTextContent("All 3 files are here already, or have a name that is taken");
  await expect.element(dialog()).toHaveTextContent("For the 2 of the same name");
  const group = page.getByRole("group", { name: "What to do with all of the same name" });
  await group.getByRole("button", { name: "Keep both" }).click();
  await page.getByRole("button", { name: "Do this" }).click();
  await vi.waitFor(() =>
    expect(answers(host)).toMatchObject([
      {
        answers: [
          { index: 0, choice: "use_existing" },
          { index: 1, choice: "keep_both" },
          { index: 2, choice: "keep_both" },
        ],
      },
    ]),
  );
});
