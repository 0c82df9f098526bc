// Connecting a bucket, giving its key again, and the store's page, as a person uses them.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { FakeHost } from "../testing/fake-host";
import { renderApp } from "../testing/render-app";
import { demo, inBucket } from "../testing/scenarios";

const dialog = () => page.getByRole("dialog");
const field = (name: string) => page.getByRole("textbox", { name });
const secret = () => page.getByLabelText(/^(Application|Secret) key$/);
const connects = (host: FakeHost) =>
  host.calls.filter(({ name }) => name === "connect_store").map(({ args }) => args);
const hidden = () => document.querySelector("[role=dialog]") === null;

async function openFromMenu(host: FakeHost, item = "Connect a bucket…") {
  const connection = await renderApp(host);
  await page.getByRole("button", { name: /Northfield/ }).click();
  await page.getByRole("menuitem", { name: item }).click();
  await expect.element(dialog()).toBeVisible();
  return connection;
}

test("a pasted key connects its bucket with Enter, and all that follows is said", async () => {
  const host = demo();
  const { client } = await openFromMenu(host);
  await expect.element(field("Key ID")).toHaveFocus();
  await userEvent.type(field("Key ID"), "  004one ");
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(dialog()).toHaveTextContent("“lectures-2026” is connected");
  await expect.element(dialog()).toHaveTextContent(/18 files, 17\.0 GB, are on their way/);
  await expect.element(dialog()).toHaveTextContent("deleted only after the bucket’s copy is confirmed");
  await expect.element(dialog()).toHaveTextContent("The key is in this system’s keychain");
  expect(connects(host)).toEqual([
    { kind: "backblaze_b2", key_id: "004one", application_key: "K004secret", bucket: null, folder: "" },
  ]);
  await expect.element(page.getByRole("button", { name: "Done" })).toHaveFocus();
  await page.getByRole("button", { name: "End uploads nobody finished after 90 days" }).click();
  await expect.element(dialog()).toHaveTextContent("ends uploads that nobody finished after 90 days");
  await page.getByRole("button", { name: "Done" }).click();
  await vi.waitFor(() =>
    expect(document.querySelector(".workspace")?.textContent).toContain("B2 · lectures-2026"),
  );
  // The secret is in no cache and in no field.
  expect(
    JSON.stringify(
      client
        .getQueryCache()
        .getAll()
        .map((query) => query.state.data),
    ),
  ).not.toContain("K004secret");
  expect(client.getMutationCache().getAll()).toEqual([]);
});

test("without a keychain it is said that the key lasts for this run only", async () => {
  const host = demo();
  host.store.keychain = false;
  await openFromMenu(host);
  await userEvent.fill(field("Key ID"), "004one");
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(dialog()).toHaveTextContent("The key is kept for this run only");
});

test("what is missing or wrong is said at its field, which gets the focus", async () => {
  const host = demo();
  await openFromMenu(host);
  await userEvent.keyboard("{Enter}");
  await expect.element(field("Key ID")).toHaveAccessibleDescription("Paste the key ID.");
  expect(connects(host)).toEqual([]);
  await userEvent.fill(field("Key ID"), "004one");
  await userEvent.type(secret(), "wrong{Enter}");
  await expect.element(field("Key ID")).toHaveAccessibleDescription(/Backblaze does not know this key/);
  await expect.element(field("Key ID")).toHaveFocus();
  await expect.element(secret()).toHaveValue("wrong");
});

test("what is about no field is said above them", async () => {
  const host = demo();
  host.store.problem = { code: "cannot_delete", detail: "access denied" };
  await openFromMenu(host);
  await userEvent.fill(field("Key ID"), "004one");
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(page.getByRole("alert")).toHaveTextContent("deleteFiles");
});

test("a key of several buckets asks which one, and takes a typed name when it may not list them", async () => {
  const host = demo();
  await openFromMenu(host);
  await userEvent.fill(field("Key ID"), "004all");
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(page.getByRole("radio", { name: "lectures-2026" })).toHaveFocus();
  await userEvent.keyboard("{ArrowDown}{ArrowDown}");
  await page.getByRole("button", { name: "Back" }).click();
  await userEvent.fill(field("Key ID"), "004blind");
  await userEvent.keyboard("{Enter}");
  await expect.element(field("Bucket")).toHaveFocus();
  await userEvent.keyboard("lectures{Enter}");
  await expect.element(field("Bucket")).toHaveAccessibleDescription(/There is no bucket of that name/);
  await userEvent.fill(field("Bucket"), "podcasts");
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("“podcasts” is connected");
});

test("another store asks for its address, and says when that is none", async () => {
  const host = demo();
  await openFromMenu(host);
  await page.getByRole("button", { name: "Other S3-compatible" }).click();
  for (const [name, text] of [
    ["Endpoint", "https://"],
    ["Region", "us-east-1"],
    ["Bucket", "lectures-2026"],
    ["Key ID", "004one"],
  ] as const)
    await userEvent.fill(field(name), text);
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(field("Endpoint")).toHaveAccessibleDescription(/This is not the address of a store/);
  await userEvent.fill(field("Endpoint"), "https://s3.example.org");
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("“lectures-2026” is connected");
});

test("a bucket typed for another store is not sent with a key of Backblaze", async () => {
  const host = demo();
  await openFromMenu(host);
  await page.getByRole("button", { name: "Other S3-compatible" }).click();
  await userEvent.fill(field("Bucket"), "elsewhere");
  await page.getByRole("button", { name: "Backblaze B2", exact: true }).click();
  await userEvent.fill(field("Key ID"), "004one");
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(dialog()).toHaveTextContent("“lectures-2026” is connected");
  expect(connects(host)).toMatchObject([{ bucket: null }]);
});

test("a check can be given up; that it had passed already is not kept quiet", async () => {
  const host = demo();
  await openFromMenu(host);
  await userEvent.fill(field("Key ID"), "004one");
  host.latencyMs = 1500;
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(page.getByText("Checking: writes, lists, reads and deletes")).toBeVisible();
  await expect.element(page.getByRole("button", { name: "Cancel", exact: true })).toHaveFocus();
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByRole("button", { name: "Connect", exact: true })).toBeVisible();
  await expect.element(page.getByTestId("toast")).toHaveTextContent("“lectures-2026” is connected.");
});

test("closing forgets what was typed and gives the focus back", async () => {
  const host = new FakeHost();
  await renderApp(host);
  const opener = page.getByRole("button", { name: "Connect Backblaze B2" });
  await opener.click();
  await userEvent.type(secret(), "K004secret");
  await userEvent.keyboard("{Escape}");
  await vi.waitFor(() => expect(hidden()).toBe(true));
  await expect.element(opener).toHaveFocus();
  await page.getByTestId("state-line").getByRole("button", { name: "Connect a bucket" }).click();
  await expect.element(secret()).toHaveValue("");
});

test("a dialog that was opened from a menu gives the focus back to the menu’s button", async () => {
  await openFromMenu(demo());
  await userEvent.keyboard("{Escape}");
  await vi.waitFor(() => expect(hidden()).toBe(true));
  await expect.element(page.getByRole("button", { name: /Northfield/ })).toHaveFocus();
});

test("a missing key is asked for again by the same dialog, with the bucket named and nothing else to fill in", async () => {
  const host = inBucket("missing");
  await renderApp(host);
  await page.getByRole("button", { name: "Give it again" }).click();
  await expect.element(dialog()).toHaveTextContent("Give the key of “lectures-2026” again");
  expect(document.querySelectorAll("[role=dialog] input")).toHaveLength(2);
  await userEvent.fill(field("Key ID"), "004all");
  await userEvent.type(secret(), "K004secret{Enter}");
  await expect.element(dialog()).toHaveTextContent("“lectures-2026” takes the new key");
  expect(connects(host)).toMatchObject([{ bucket: "lectures-2026", folder: "chemistry" }]);
  await page.getByRole("button", { name: "Done" }).click();
  // The line's button has done its work and is gone.
  await expect.element(page.getByRole("button", { name: /Northfield/ })).toHaveFocus();
  await vi.waitFor(() =>
    expect(document.querySelector("[data-testid=state-line]")?.textContent).not.toContain("missing"),
  );
});

test("the store’s page says where files are, what is left to move, and checks on request", async () => {
  const host = inBucket();
  await openFromMenu(host, "Storage and key…");
  for (const text of ["s3.us-west-004.backblazeb2.com", "12 files, 3.40 GB still only on this computer"])
    await expect.element(dialog()).toHaveTextContent(text);
  await page.getByRole("button", { name: "Check connection" }).click();
  await expect.element(dialog()).toHaveTextContent("It writes, lists, reads and deletes.");
  host.store.problem = { code: "cap_reached" };
  await page.getByRole("button", { name: "Check connection" }).click();
  await expect.element(dialog()).toHaveTextContent("The account’s cap for today is used up");
  await page.getByRole("button", { name: "New key…" }).click();
  await expect.element(dialog()).toHaveTextContent("New key for “lectures-2026”");
});
