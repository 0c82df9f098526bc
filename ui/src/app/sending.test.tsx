// Holding uploads while teaching, speed, timetable, deadlines, and what only the person can mend.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { FakeHost } from "../testing/fake-host";
import { renderApp } from "../testing/render-app";
import { demo, inBucket, troubled } from "../testing/scenarios";

const panel = () => document.querySelector("[data-testid=upload-panel]")?.textContent ?? "";
const toast = () => document.querySelector("[data-testid=toast]")?.textContent ?? "";
const dialog = () => page.getByRole("dialog");
const calls = (host: FakeHost, name: string) =>
  host.calls.filter((call) => call.name === name).map(({ args }) => args);
const causeOf = (words: string) => {
  const found = [...document.querySelectorAll<HTMLElement>(".cause")].find((cause) =>
    cause.textContent?.includes(words),
  );
  if (!found) throw new Error(`no cause says “${words}”`);
  return found;
};
const link = (words: string, name: string) =>
  [...causeOf(words).querySelectorAll("button")].find((button) => button.textContent?.startsWith(name));

async function open(host: FakeHost) {
  await renderApp(host);
  await vi.waitFor(() => expect(panel()).toContain("of"));
  return host;
}

async function fromPanel(item: string) {
  await page.getByRole("button", { name: "More about uploads" }).click();
  await page.getByRole("menuitem", { name: item }).click();
  await expect.element(dialog()).toBeVisible();
}

test("uploads are held while teaching, with the time they go on, until a click says so", async () => {
  const host = await open(demo());
  await page.getByRole("button", { name: "I’m teaching now" }).click();
  await page.getByRole("menuitem", { name: "For 1 hour" }).click();
  await expect
    .element(page.getByTestId("hold"))
    .toHaveTextContent(/Paused while you teach · until .*\d\d:\d\d/);
  await vi.waitFor(() =>
    expect(document.querySelector("[data-testid=state-line]")?.textContent).toContain(
      "Paused while you teach",
    ),
  );
  expect(host.transfers.advance(1000)).toEqual([]);
  await page.getByTestId("panel-minimise").click();
  await page.getByRole("button", { name: "Resume now" }).click();
  await vi.waitFor(() => expect(document.querySelector("[data-testid=hold]")).toBeNull());
  expect(calls(host, "teach")).toEqual([{ kind: "for", minutes: 60 }, { kind: "over" }]);
});

test("a hold without an end says that it waits for the person", async () => {
  await open(demo());
  await page.getByRole("button", { name: "I’m teaching now" }).click();
  await page.getByRole("menuitem", { name: "Until I say" }).click();
  await expect.element(page.getByTestId("hold")).toHaveTextContent("until you say");
});

test("a hold of the timetable says so and leads to the timetable", async () => {
  const host = demo();
  host.transfers.hold = { kind: "timetable", until: new Date().setHours(23, 59, 0, 0) };
  await open(host);
  await expect.element(page.getByTestId("hold")).toHaveTextContent("Paused by the timetable · until 23:59");
  await page.getByRole("button", { name: "Change…" }).click();
  await expect.element(dialog()).toHaveTextContent("Speed limit and timetable");
});

test("a stop of the timetable can be ended at once", async () => {
  const host = demo();
  host.transfers.hold = { kind: "timetable", until: Date.now() + 3_600_000 };
  await open(host);
  await page.getByRole("button", { name: "Resume now" }).click();
  await vi.waitFor(() => expect(document.querySelector("[data-testid=hold]")).toBeNull());
  expect(calls(host, "teach")).toEqual([{ kind: "send_anyway" }]);
});

test("a limit and a timetable are kept as they were entered, and the limit shows beside the speed", async () => {
  const host = await open(demo());
  await fromPanel("Speed limit and timetable…");
  await page.getByRole("button", { name: "Limit to" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  const limit = page.getByRole("textbox", { name: "Speed limit in megabytes a second" });
  await expect.element(limit).toHaveFocus();
  await expect.element(dialog()).toHaveTextContent("such as 4 or 0.5");
  await userEvent.fill(limit, "2,5");
  await page.getByRole("button", { name: "Stop while I teach each week" }).click();
  await page.getByRole("button", { name: "Friday" }).click();
  await userEvent.fill(page.getByLabelText("To", { exact: true }), "12:30");
  await page.getByRole("button", { name: "Save" }).click();
  await vi.waitFor(() => expect(document.querySelector("[role=dialog]")).toBeNull());
  expect(calls(host, "set_sending_rules")).toEqual([
    {
      limit: 2_500_000,
      timetable: [{ days: [1, 2, 3, 4], from_minute: 540, to_minute: 750, speed: { kind: "stop" } }],
    },
  ]);
  await vi.waitFor(() => expect(panel()).toContain("limit 2.5 MB/s"));
  await page.getByRole("button", { name: "limit 2.5 MB/s" }).click();
  await page.getByRole("button", { name: "Remove time 1" }).click();
  await page.getByRole("button", { name: "Off", exact: true }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await vi.waitFor(() =>
    expect(calls(host, "set_sending_rules").at(-1)).toEqual({ limit: null, timetable: [] }),
  );
});

test("rules that cannot be kept leave the dialog open with what was entered", async () => {
  const host = await open(demo());
  await fromPanel("Speed limit and timetable…");
  host.failures.set("set_sending_rules", { code: "storage", message: "", retry: true });
  await page.getByRole("button", { name: "Save" }).click();
  await vi.waitFor(() => expect(toast()).toContain("Could not keep the speed and the timetable."));
  await expect.element(dialog()).toBeVisible();
});

test("one upload gets its time from its row, all get theirs from the panel, and late ones are counted", async () => {
  const host = await open(demo());
  const button = page.getByRole("button", { name: /Needed by… 2\.4/ });
  await button.click();
  await expect.element(dialog()).toHaveTextContent("When is “2.4 Worked examples.mp4” needed?");
  await page.getByRole("button", { name: "Tomorrow 08:00" }).click();
  await vi.waitFor(() => expect(panel()).toContain("needed by tomorrow 08:00"));
  const [first] = calls(host, "set_needed_by") as { operations: string[] | null }[];
  expect(first?.operations).toHaveLength(1);
  await fromPanel("All needed by…");
  const field = page.getByLabelText("Or another time");
  await userEvent.fill(field, "2020-01-01T08:00");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await expect.element(field).toHaveAccessibleDescription("Choose a time that is still to come.");
  await page.getByRole("button", { name: "Clear all times" }).click();
  await vi.waitFor(() => expect(calls(host, "set_needed_by").at(-1)).toEqual({ operations: null, at: null }));
  await vi.waitFor(() => expect(panel()).not.toContain("needed by"));
  host.transfers.needBy(null, Date.now() + 60_000);
  host.changed({ tag: "uploads" });
  await vi.waitFor(() => expect(panel()).toMatch(/\d late/));
  expect(panel()).toMatch(/late for .*\d\d:\d\d/);
});

test("a file that changed is said to be sent anew", async () => {
  const host = await open(demo());
  expect(panel()).not.toContain("sent anew");
  host.transfers.uploads = host.transfers.uploads.map((upload) => ({ ...upload, changed: true }));
  host.changed({ tag: "uploads" });
  await vi.waitFor(() => expect(panel()).toContain("changed, sent anew"));
});

test("each cause is said once with what is safe, and one retry is about all it stopped", async () => {
  const host = await open(troubled());
  expect(causeOf("drive LECTURES").textContent).toContain("1.20 of 4.00 GB is safe.");
  expect(document.querySelectorAll(".cause")).toHaveLength(7);
  link("3 files wait: the bucket does not take its key", "Retry")?.click();
  await vi.waitFor(() => {
    const [call] = calls(host, "control_uploads") as { operations: string[] }[];
    expect(call?.operations).toHaveLength(3);
  });
});

test("a key that is not taken leads to the dialog that asks for it, and what it had stopped is retried", async () => {
  const host = await open(troubled());
  link("the bucket does not take its key", "Connect again")?.click();
  await expect.element(dialog()).toHaveTextContent("New key for “lectures-2026”");
  await userEvent.fill(page.getByRole("textbox", { name: "Key ID" }), "004one");
  await userEvent.type(page.getByLabelText("Application key"), "K004secret{Enter}");
  await expect.element(dialog()).toHaveTextContent("3 uploads were stopped because the key was not taken.");
  await page.getByRole("button", { name: "Retry all 3" }).click();
  await vi.waitFor(() => expect(panel()).not.toContain("the bucket does not take its key"));
  expect(calls(host, "control_uploads")).toHaveLength(1);
});

test("a file that was moved is found again; another one is not taken for it", async () => {
  const host = await open(inBucket());
  host.finds = "cancelled";
  link("2.5 Catalysis", "Find file…")?.click();
  await vi.waitFor(() => expect(calls(host, "find_file")).toHaveLength(1));
  host.finds = "other_file";
  link("2.5 Catalysis", "Find file…")?.click();
  await vi.waitFor(() => expect(toast()).toContain("That is another file"));
  host.finds = "found";
  await page.getByRole("button", { name: /Find file… 2\.5/ }).click();
  await vi.waitFor(() => expect(document.body.textContent).toContain("is found. Sending goes on"));
  await vi.waitFor(() => expect(document.querySelector(".cause")).toBeNull());
});
