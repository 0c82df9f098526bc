// Draws the screens with the fake backend, to be looked at: `npm run shots -- FOLDER`.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { createServer } from "vite";

const folder = process.argv[2] ?? "dist/shots";
const only = process.argv[3];
mkdirSync(folder, { recursive: true });

const server = await createServer({ server: { port: 1421, strictPort: true }, logLevel: "error" });
await server.listen();
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
  ],
});

const settle = (page) => page.waitForTimeout(350);
const emit = (page, event) => page.evaluate((value) => window.fakeHost.emit(value), event);

async function choose(page, button, item) {
  await page.getByRole("button", { name: button }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

async function openPeople(page) {
  await page.getByTestId("course-people").click();
  await page.getByTestId("member").first().waitFor();
}

/** name, scenario, hash, size, theme, what to do before the picture */
const shots = [
  ["course-light", "demo", "/", [1280, 832], "light"],
  ["course-dark", "demo", "/", [1280, 832], "dark"],
  ["course-narrow", "demo", "/", [760, 640], "light"],
  ["course-wide", "demo", "/", [1920, 1080], "light"],
  ["failures-library", "failures", "/library", [760, 640], "light"],
  ["library-light", "demo", "/library", [1280, 832], "light"],
  [
    "library-large-dark",
    "large",
    "/library",
    [1920, 1080],
    "dark",
    async (page) => {
      await page.evaluate(() => document.querySelector(".screen-body").scrollTo(0, 60_000));
    },
  ],
  ["library-narrow", "demo", "/library", [760, 640], "dark"],
  [
    "library-list",
    "demo",
    "/library",
    [1280, 832],
    "light",
    async (page) => {
      await page.getByRole("button", { name: "List", exact: true }).click();
      const cards = page.getByTestId("asset-card");
      await cards.nth(1).click();
      await cards.nth(3).click({ modifiers: ["Control"] });
    },
  ],
  ["empty-light", "empty", "/", [1280, 832], "light"],
  ["empty-library-dark", "empty", "/library", [1280, 832], "dark"],
  [
    "no-matches",
    "demo",
    "/library",
    [1280, 832],
    "light",
    async (page) => {
      await page.getByRole("searchbox").fill("quantum chromodynamics");
      await page.waitForTimeout(300);
    },
  ],
  ["failures-light", "failures", "/", [1280, 832], "light"],
  ["failures-dark", "failures", "/", [1280, 832], "dark"],
  [
    "drag-over",
    "demo",
    "/",
    [1280, 832],
    "light",
    async (page) => {
      const box = await page.getByTestId("video-row").nth(2).boundingBox();
      await emit(page, { kind: "drag_over", x: box.x + 200, y: box.y + 40, files: 3 });
    },
  ],
  [
    "drag-over-library",
    "demo",
    "/library",
    [1280, 832],
    "dark",
    (page) => emit(page, { kind: "drag_over", x: 600, y: 400, files: 12 }),
  ],
  [
    "selected",
    "demo",
    "/",
    [1280, 832],
    "light",
    async (page) => {
      await page.getByTestId("panel-minimise").click();
      const rows = page.getByTestId("video-row");
      await rows.nth(1).click();
      await rows.nth(3).click({ modifiers: ["Shift"] });
    },
  ],
  [
    "dragging",
    "demo",
    "/",
    [1280, 832],
    "dark",
    async (page) => {
      await page.getByTestId("panel-dismiss").click();
      const from = await page.getByTestId("video-handle").nth(1).boundingBox();
      const to = await page.getByTestId("video-row").nth(4).boundingBox();
      await page.mouse.move(from.x + 8, from.y + 8);
      await page.mouse.down();
      await page.mouse.move(from.x + 60, from.y + 60, { steps: 4 });
      await page.mouse.move(to.x + 120, to.y + 44, { steps: 6 });
    },
  ],
  [
    "row-menu",
    "demo",
    "/",
    [1280, 832],
    "light",
    async (page) => {
      await page.getByTestId("video-row").nth(1).click({ button: "right" });
    },
  ],
  [
    "delete-used",
    "demo",
    "/library",
    [1280, 832],
    "light",
    async (page) => {
      const cards = page.getByTestId("asset-card");
      await cards.nth(0).click();
      await cards.nth(1).click({ modifiers: ["Control"] });
      await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
    },
  ],
  [
    "deleted-toast",
    "demo",
    "/",
    [1280, 832],
    "light",
    async (page) => {
      await page.getByTestId("video-row").nth(1).click();
      await page.keyboard.press("Delete");
    },
  ],
  ["palette", "demo", "/", [1280, 832], "dark", (page) => page.keyboard.press("Control+k")],
  [
    "move-dialog",
    "demo",
    "/",
    [1280, 832],
    "light",
    async (page) => {
      await page.getByTestId("video-row").nth(1).click({ button: "right" });
      await page.getByRole("menuitem", { name: "Move to…" }).click();
    },
  ],
  [
    "workspace-menu",
    "demo",
    "/library",
    [1280, 832],
    "light",
    (page) => page.getByRole("button", { name: /Northfield/ }).click(),
  ],
  ["people", "faculty", "/", [1280, 832], "light", (page) => openPeople(page)],
  ["people-dark", "faculty", "/", [1280, 832], "dark", (page) => openPeople(page)],
  [
    "people-menu",
    "faculty",
    "/",
    [900, 640],
    "light",
    async (page) => {
      await openPeople(page);
      await page.getByRole("button", { name: /Bob Noyce/ }).click();
    },
  ],
  [
    "people-invited",
    "faculty",
    "/",
    [1280, 832],
    "light",
    async (page) => {
      await openPeople(page);
      await page.getByRole("textbox", { name: "Add by e-mail" }).fill("eve@example.edu");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Invite and add" }).click();
    },
  ],
  [
    "people-away",
    "faculty",
    "/",
    [900, 640],
    "dark",
    async (page) => {
      await page.evaluate(() => {
        window.fakeHost.team.reachable = false;
      });
      await page.getByTestId("course-people").click();
    },
  ],
  [
    "computers",
    "faculty",
    "/",
    [1280, 832],
    "dark",
    async (page) => {
      await choose(page, /Northfield/, "Your computers…");
      await page.getByRole("button", { name: "Add a computer" }).click();
    },
  ],
  [
    "team-menu",
    "faculty",
    "/",
    [1280, 832],
    "light",
    (page) => page.getByRole("button", { name: /Northfield/ }).click(),
  ],
  ["sign-out", "faculty", "/", [1280, 832], "light", (page) => choose(page, /Northfield/, "Sign out…")],
  [
    "remove-local",
    "demo",
    "/",
    [1280, 832],
    "dark",
    (page) => choose(page, /Northfield/, "Remove workspace…"),
  ],
  ["signed-out", "signed-out", "/", [1280, 832], "light"],
  ["signed-out-dark", "signed-out", "/", [900, 640], "dark"],
  ["sign-in", "signed-out", "/", [1280, 832], "dark", (page) => choose(page, /Northfield/, "Sign in again…")],
  ["panel-troubled", "troubled", "/", [900, 640], "dark"],
  ["connect", "demo", "/", [1280, 832], "light", (page) => choose(page, /Northfield/, "Connect a bucket…")],
  ["store", "bucket", "/", [1280, 832], "dark", (page) => choose(page, /Northfield/, "Storage and key…")],
  ["teaching", "demo", "/", [1280, 832], "light", (page) => choose(page, "I’m teaching now", "For 1 hour")],
  [
    "sending-rules",
    "troubled",
    "/",
    [1280, 832],
    "light",
    (page) => choose(page, "More about uploads", "Speed limit and timetable…"),
  ],
  [
    "needed-by",
    "demo",
    "/",
    [900, 640],
    "dark",
    (page) => choose(page, "More about uploads", "All needed by…"),
  ],
  [
    "duplicates",
    "demo",
    "/",
    [1280, 832],
    "light",
    (page) =>
      page.evaluate(() => {
        const [first, second] = window.fakeHost.rows.assets.values();
        const files = [first, second].map(({ id, bytes, kind }) => ({
          ...{ name: "Copy.mp4", bytes, kind, sameAs: id },
        }));
        window.fakeHost.drop(700, 60, [{ name: "New.mp4", bytes: 5e7, kind: "video" }, ...files]);
      }),
  ],
  ...[
    ["duplicates-mixed", [1280, 832], "dark"],
    ["duplicates-narrow", [760, 640], "light"],
  ].map(([name, size, theme]) => [
    name,
    "demo",
    "/",
    size,
    theme,
    (page) =>
      page.evaluate(() => {
        const all = [...window.fakeHost.rows.assets.values()];
        const [first, second, third] = ["2.1", "1.1", "1.3"].map((name) =>
          all.find((one) => one.name.startsWith(name)),
        );
        window.fakeHost.drop(700, 60, [
          { name: "Copy.mp4", bytes: first.bytes, kind: "video", sameAs: first.id },
          { name: second.name, bytes: 7e8, kind: "video", namesake: second.id },
          { name: third.name, bytes: 3e8, kind: "video", namesake: third.id },
          { name: "New.mp4", bytes: 5e7, kind: "video" },
        ]);
      }),
  ]),
  [
    "replacing",
    "demo",
    "/",
    [1280, 832],
    "light",
    async (page) => {
      await page.evaluate(() => {
        const all = [...window.fakeHost.rows.assets.values()];
        const second = all.find((one) => one.name.startsWith("1.1"));
        window.fakeHost.drop(700, 60, [
          { name: second.name, bytes: 7e8, kind: "video", namesake: second.id },
        ]);
      });
      await page.keyboard.press("Enter");
    },
  ],
];

for (const [name, scenario, hash, [width, height], colorScheme, prepare] of shots) {
  if (only && !name.includes(only)) continue;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(name, error.message));
  page.on("console", (message) => message.type() === "error" && console.error(name, message.text()));
  await page.goto(`http://localhost:1421/?fake=${scenario}&still#${hash}`);
  await page.waitForSelector("main h1, main h2");
  await settle(page);
  try {
    await prepare?.(page);
  } catch (error) {
    console.error(name, error.message);
  }
  await settle(page);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await context.close();
}
await browser.close();
await server.close();
