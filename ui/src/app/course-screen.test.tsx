// The course screen as a person uses it, on the stateful fake.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { FakeHost } from "../testing/fake-host";
import { handleOf, renderApp, rowOf, rowTitles } from "../testing/render-app";
import { demo } from "../testing/scenarios";

const announced = () => document.querySelector("[data-testid=announcer]")?.textContent ?? "";
const edits = (host: FakeHost) => host.calls.filter(({ name }) => name === "edit").map(({ args }) => args);

/** A drag as the system sends it: many small moves, so that lifting has happened before landing. */
async function drag(from: HTMLElement, x: number, y: number) {
  const box = from.getBoundingClientRect();
  const [startX, startY] = [box.left + 5, box.top + 5];
  const send = (type: string, clientX: number, clientY: number) =>
    from.dispatchEvent(
      new PointerEvent(type, { bubbles: true, isPrimary: true, button: 0, clientX, clientY }),
    );
  send("pointerdown", startX, startY);
  for (let step = 1; step <= 8; step += 1) {
    send("pointermove", startX + ((x - startX) * step) / 8, startY + ((y - startY) * step) / 8);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  send("pointerup", x, y);
}

async function openDemo() {
  const host = demo();
  const connection = await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  return { host, connection };
}

test("a new course is named, made, opened and gets its first chapter", async () => {
  const host = new FakeHost();
  await renderApp(host);
  await page.getByTestId("new-course").click();
  await userEvent.type(page.getByTestId("name-input"), "Botany{Enter}");
  await expect.element(page.getByTestId("course-title")).toHaveTextContent("Botany");
  await page.getByTestId("add-chapter").click();
  await userEvent.type(page.getByTestId("name-input"), "Roots{Enter}");
  await expect.element(page.getByTestId("chapter-title")).toHaveTextContent("Roots");
  expect([...host.rows.chapters.values()].map(({ title }) => title)).toEqual(["Roots"]);
});

test("a row moves by keys from its handle, and every position is said", async () => {
  await openDemo();
  handleOf("1.1 Orbitals").focus();
  await userEvent.keyboard(" ");
  await vi.waitFor(() => expect(announced()).toContain("Position 1 of 3"));
  await userEvent.keyboard("{ArrowDown}");
  await vi.waitFor(() => expect(announced()).toBe("Position 2 of 3 in Structure and bonding"));
  await userEvent.keyboard("{ArrowDown} ");
  await vi.waitFor(() =>
    expect(
      rowTitles()
        .slice(0, 3)
        .map((title) => title.slice(0, 3)),
    ).toEqual(["1.2", "1.3", "1.1"]),
  );
  await vi.waitFor(() => expect(document.activeElement).toBe(handleOf("1.1 Orbitals")));
});

test("Escape puts a lifted row back, and Alt with arrows moves it across chapters", async () => {
  const { host } = await openDemo();
  handleOf("1.3 Acidity").focus();
  await userEvent.keyboard(" {ArrowDown}{Escape}");
  await vi.waitFor(() => expect(announced()).toContain("Cancelled"));
  expect(edits(host)).toEqual([]);
  rowOf("1.3 Acidity").focus();
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  await vi.waitFor(() => expect(rowOf("1.3 Acidity").closest("section")?.textContent).toContain("Kinetics"));
  await vi.waitFor(() => expect(document.activeElement).toBe(rowOf("1.3 Acidity")));
});

test("several chosen rows are dragged together with the pointer", async () => {
  const { host } = await openDemo();
  await page.getByTestId("panel-dismiss").click();
  await userEvent.click(rowOf("1.1 Orbitals"));
  await userEvent.click(rowOf("1.2 Resonance"), { modifiers: ["Control"] });
  const target = rowOf("2.2 Energy").getBoundingClientRect();
  await drag(handleOf("1.1 Orbitals"), target.left + 300, target.bottom - 6);
  await vi.waitFor(() =>
    expect(
      rowTitles()
        .slice(0, 5)
        .map((title) => title.slice(0, 3)),
    ).toEqual(["1.3", "2.1", "2.2", "1.1", "1.2"]),
  );
  expect(edits(host)).toHaveLength(1);
});

test("the menu of one chosen row is about all of them", async () => {
  await openDemo();
  await userEvent.click(rowOf("1.1 Orbitals"));
  await userEvent.click(rowOf("1.3 Acidity"), { modifiers: ["Shift"] });
  await userEvent.click(rowOf("1.2 Resonance"), { button: "right" });
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await vi.waitFor(() => expect(rowTitles()[0]).toBe("2.1 Rates and mechanisms"));
  await expect.element(page.getByTestId("toast")).toHaveTextContent("Deleted 3 videos.");
});

test("a rename shows at once and comes back with words when it is refused", async () => {
  const { host } = await openDemo();
  host.latencyMs = 120;
  host.failures.set("edit", { code: "rejected", message: "the chapter was deleted", retry: false });
  rowOf("1.1 Orbitals").focus();
  await userEvent.keyboard("{F2}");
  await userEvent.fill(page.getByTestId("name-input"), "Orbitals, again");
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(rowTitles()[0]).toBe("Orbitals, again"));
  await expect.element(page.getByTestId("toast")).toHaveTextContent("The chapter was deleted.");
  expect(rowTitles()[0]).toBe("1.1 Orbitals revisited");
});

test("a delete is one key and one Undo", async () => {
  const { host } = await openDemo();
  await userEvent.click(rowOf("1.2 Resonance"));
  await userEvent.keyboard("{Delete}");
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(11));
  await page.getByTestId("toast-undo").click();
  await vi.waitFor(() => expect(rowTitles()[1]).toBe("1.2 Resonance, honestly"));
  await userEvent.keyboard("{Control>}z{/Control}");
  await vi.waitFor(() => expect(document.body.textContent).toContain("There is nothing to undo."));
  expect(host.calls.filter(({ name }) => name === "undo")).toHaveLength(1);
});

test("progress reaches the row without a read", async () => {
  const { host } = await openDemo();
  const row = rowOf("2.3 Hammond");
  expect(row.dataset.state).toBe("uploading");
  await vi.waitFor(() => expect(row.textContent).toContain("43 %"));
  host.calls.length = 0;
  const [moving] = host.transfers.uploads.filter((upload) => upload.video === row.dataset.videoId);
  if (!moving) throw new Error("2.3 is being sent");
  host.emit({
    kind: "progress",
    snapshots: [{ ...moving, confirmed: moving.bytes * 0.8, sent: moving.bytes * 0.9 }],
    totals: host.transfers.totals(),
  });
  await vi.waitFor(() => expect(row.textContent).toContain("80 %"));
  expect(host.calls).toEqual([]);
});
