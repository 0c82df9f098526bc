// Every screen passes axe, in light and in dark.
import axe from "axe-core";
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { FakeHost } from "../testing/fake-host";
import { renderApp } from "../testing/render-app";
import { addCourse, demo, faculty, failing, inBucket, signedOut, troubled } from "../testing/scenarios";

async function problems(): Promise<string[]> {
  const { violations } = await axe.run(document.body, {
    // The page around the window is the test runner's.
    rules: { region: { enabled: false }, "page-has-heading-one": { enabled: false } },
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`),
  );
}

const bare = () => {
  const host = new FakeHost();
  addCourse(host, "Botany", []);
  return host;
};

const withDuplicates = () => {
  const host = demo();
  host.picks = [...host.rows.assets.values()]
    .slice(0, 3)
    .map(({ id, name, bytes, kind }) => ({ name, bytes, kind, sameAs: id }));
  return host;
};

const held = () => {
  const host = demo();
  host.transfers.teach({ kind: "for", minutes: 60 });
  return host;
};

async function fromWorkspace(item: string) {
  await page.getByRole("button", { name: /Northfield/ }).click();
  await page.getByRole("menuitem", { name: item }).click();
  await expect.element(page.getByRole("dialog")).toBeVisible();
}

const people = async () => {
  await page.getByRole("button", { name: /^People/ }).click();
  await expect.element(page.getByTestId("member").first()).toBeVisible();
};

const away = () => {
  const host = faculty();
  host.team.reachable = false;
  return host;
};

async function fromPanel(item: string) {
  await page.getByRole("button", { name: "More about uploads" }).click();
  await page.getByRole("menuitem", { name: item }).click();
  await expect.element(page.getByRole("dialog")).toBeVisible();
}

const screens: [string, () => FakeHost, string, (() => Promise<void>)?][] = [
  ["a course", demo, "/"],
  ["a course with everything wrong", failing, "/"],
  ["a course without chapters", bare, "/"],
  ["the first run", () => new FakeHost(), "/"],
  ["the library", demo, "/library"],
  [
    "the library as a list",
    demo,
    "/library",
    async () => {
      await page.getByRole("button", { name: "List", exact: true }).click();
    },
  ],
  ["an empty library", () => new FakeHost(), "/library"],
  [
    "connecting a bucket",
    () => new FakeHost(),
    "/",
    async () => {
      await page.getByRole("button", { name: "Connect Backblaze B2" }).click();
      await page.getByRole("button", { name: "Connect", exact: true }).click();
    },
  ],
  [
    "choosing a bucket",
    () => new FakeHost(),
    "/",
    async () => {
      await page.getByRole("button", { name: "Connect Backblaze B2" }).click();
      await page.getByRole("textbox", { name: "Key ID" }).fill("004all");
      await userEvent.type(page.getByLabelText("Application key"), "K004secret{Enter}");
      await expect.element(page.getByRole("radio", { name: "podcasts" })).toBeVisible();
    },
  ],
  [
    "the store’s page",
    inBucket,
    "/",
    async () => {
      await page.getByRole("button", { name: /Northfield/ }).click();
      await page.getByRole("menuitem", { name: "Storage and key…" }).click();
      await page.getByRole("button", { name: "Check connection" }).click();
    },
  ],
  [
    "the question about files that are there",
    withDuplicates,
    "/",
    async () => {
      await page.getByRole("button", { name: "Add files" }).first().click();
      await expect.element(page.getByRole("dialog")).toBeVisible();
    },
  ],
  ["uploads that need the person", troubled, "/"],
  ["uploads on hold", held, "/"],
  ["the speed limit and the timetable", troubled, "/", () => fromPanel("Speed limit and timetable…")],
  ["the time that uploads are needed by", troubled, "/", () => fromPanel("All needed by…")],
  ["who is in a course", faculty, "/", people],
  [
    "the menu of somebody in a course",
    faculty,
    "/",
    async () => {
      await people();
      await page.getByRole("button", { name: /Bob Noyce/ }).click();
    },
  ],
  [
    "a stranger who is invited",
    faculty,
    "/",
    async () => {
      await people();
      await userEvent.type(page.getByRole("textbox", { name: "Add by e-mail" }), "eve@example.edu{Enter}");
      await page.getByRole("button", { name: "Invite and add" }).click();
      await expect.element(page.getByTestId("one-time-code")).toBeVisible();
    },
  ],
  [
    "who is in a course, without the server",
    away,
    "/",
    async () => {
      await page.getByRole("button", { name: /^People/ }).click();
      await expect.element(page.getByRole("button", { name: "Try again" })).toBeVisible();
    },
  ],
  [
    "one’s computers and a code",
    faculty,
    "/",
    async () => {
      await fromWorkspace("Your computers…");
      await page.getByRole("button", { name: "Add a computer" }).click();
      await expect.element(page.getByTestId("one-time-code")).toBeVisible();
    },
  ],
  ["inviting", faculty, "/", () => fromWorkspace("Invite someone…")],
  ["signing out", faculty, "/", () => fromWorkspace("Sign out…")],
  ["removing a workspace", demo, "/", () => fromWorkspace("Remove workspace…")],
  ["a computer that was signed out", signedOut, "/"],
  ["signing in again", signedOut, "/", () => fromWorkspace("Sign in again…")],
  [
    "the menu of a row",
    demo,
    "/",
    async () => {
      await page.getByTestId("video-row").first().click({ button: "right" });
    },
  ],
];

/** No colour is on its way to another one: contrast half-way through a transition is nobody's. */
async function settled() {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  await frame();
  await vi.waitFor(
    () => {
      const moving = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
      expect(moving).toEqual([]);
    },
    { timeout: 20_000 },
  );
}

for (const [name, host, path, prepare] of screens) {
  for (const theme of ["light", "dark"]) {
    test(`${name} is accessible in ${theme}`, async () => {
      await renderApp(host(), path);
      document.documentElement.dataset.theme = theme;
      const heading = () => expect(document.querySelector("main h1, main h2")).not.toBeNull();
      await vi.waitFor(heading, { timeout: 20_000 });
      await prepare?.();
      await settled();
      expect(await problems()).toEqual([]);
    });
  }
}
