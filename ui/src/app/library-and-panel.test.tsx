// The media library and the upload panel as a person uses them.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { renderApp } from "../testing/render-app";
import { demo, failing, large } from "../testing/scenarios";

const cards = () => [...document.querySelectorAll<HTMLElement>("[data-testid=asset-card]")];

test("ten thousand files are a few dozen elements, and any place is one read away", async () => {
  const host = large(10_000);
  await renderApp(host, "/library");
  await vi.waitFor(() => expect(cards().length).toBeGreaterThan(10));
  host.calls.length = 0;
  document.querySelector(".screen-body")?.scrollTo(0, 100_000);
  await vi.waitFor(() => expect(Number(cards()[0]?.dataset.index)).toBeGreaterThan(1000));
  expect(cards().length).toBeLessThan(80);
  expect(host.calls.filter(({ name }) => name === "list_assets").length).toBeLessThan(4);
});

test("a search that finds nothing says so and offers the way back", async () => {
  await renderApp(demo(), "/library");
  await userEvent.fill(page.getByRole("searchbox"), "nowhere");
  await expect.element(page.getByText("Nothing matches “nowhere”")).toBeVisible();
  await page.getByRole("button", { name: "Show all files" }).click();
  await vi.waitFor(() => expect(cards().length).toBeGreaterThan(10));
  await expect.element(page.getByRole("searchbox")).toHaveValue("");
});

test("deleting files in use lists the places and names what goes", async () => {
  const host = demo();
  await renderApp(host, "/library");
  await vi.waitFor(() => expect(cards().length).toBeGreaterThan(10));
  await userEvent.click(cards()[0] as HTMLElement);
  await userEvent.keyboard("{Delete}");
  await expect
    .element(page.getByRole("dialog"))
    .toHaveTextContent("Organic Chemistry II › Spectroscopy › 3.4 Mass spectra");
  await page.getByRole("button", { name: "Delete 1 file and 1 video" }).click();
  await vi.waitFor(() => expect(cards()[0]?.textContent).toContain("3.3 NMR"));
  await page.getByTestId("toast-undo").click();
  await vi.waitFor(() => expect(cards()[0]?.textContent).toContain("3.4 Mass spectra"));
});

test("one cause is said once, and Retry is about its files alone", async () => {
  const host = failing();
  await renderApp(host);
  await expect.element(page.getByText(/2 files wait: not enough space/)).toBeVisible();
  const cause = [...document.querySelectorAll(".cause")].find((element) =>
    element.textContent?.includes("not enough space"),
  );
  cause?.querySelector("button")?.click();
  await vi.waitFor(() => {
    const call = host.calls.find(({ name }) => name === "control_uploads");
    expect(call?.args).toEqual({ action: "retry", operations: [expect.any(String), expect.any(String)] });
  });
});

test("a poster that cannot be drawn is answered with an empty one, and the next is asked for", async () => {
  const host = demo();
  await renderApp(host);
  const [first, second] = [...host.rows.assets.keys()];
  if (!first || !second) throw new Error("the demo has files");
  for (const asset of [first, second])
    host.emit({ kind: "poster_wanted", asset, media_url: "data:video/mp4,no" });
  const empty = { jpeg: "", duration_ms: null, width: null, height: null };
  await vi.waitFor(() =>
    expect(host.calls.filter(({ name }) => name === "save_poster").map(({ args }) => args)).toEqual([
      { asset: first, ...empty },
      { asset: second, ...empty },
    ]),
  );
});

test("hiding the panel cancels nothing, and its badge brings it back", async () => {
  const host = demo();
  await renderApp(host);
  await page.getByTestId("panel-dismiss").click();
  expect(document.querySelector("[data-testid=upload-panel]")).toBeNull();
  await page.getByTestId("panel-reopen").click();
  await expect.element(page.getByTestId("upload-panel")).toBeVisible();
  expect(host.calls.filter(({ name }) => name === "control_uploads")).toEqual([]);
});

test("an upload is paused and resumed from its line", async () => {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(document.querySelector("[data-testid=upload-pause]")).not.toBeNull());
  document.querySelector<HTMLElement>("[data-testid=upload-pause]")?.click();
  await vi.waitFor(() => expect(document.querySelector("[data-testid=upload-resume]")).not.toBeNull());
  document.querySelector<HTMLElement>("[data-testid=upload-resume]")?.click();
  await vi.waitFor(() => expect(document.querySelector("[data-testid=upload-resume]")).toBeNull());
});
