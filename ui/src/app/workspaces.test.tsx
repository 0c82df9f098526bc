// Joining a team and going from one workspace to another, as a person does it.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { FakeHost } from "../testing/fake-host";
import { renderApp, rowTitles } from "../testing/render-app";
import { demo } from "../testing/scenarios";

const dialog = () => page.getByRole("dialog");
const field = (name: string) => page.getByRole("textbox", { name });
const workspace = () => document.querySelector(".workspace")?.textContent ?? "";
const joins = (host: FakeHost) => host.calls.filter(({ name }) => name === "join_workspace");

async function choose(name: string) {
  await page.getByRole("button", { name: /Northfield|lectern\.example\.edu/ }).click();
  await page.getByRole("menuitem", { name }).click();
}

test("an address and a code join a team, which is shown, and the own workspace is a choice away", async () => {
  const host = demo();
  await renderApp(host);
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
  await choose("Join a team…");
  await expect.element(field("Address of the server")).toHaveFocus();
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("Enter the address of the server");
  expect(joins(host)).toEqual([]);
  await userEvent.type(field("Address of the server"), "https://lectern.example.edu");
  await userEvent.type(field("One-time code"), "WRONG-00000{Enter}");
  await expect.element(dialog()).toHaveTextContent("This code is not good, or not any more");
  await expect.element(field("One-time code")).toHaveFocus();
  await userEvent.clear(field("One-time code"));
  await userEvent.type(field("One-time code"), "ABCDE-12345{Enter}");
  await vi.waitFor(() => expect(workspace()).toContain("lectern.example.edu"));
  await vi.waitFor(() => expect(document.querySelector("[role=dialog]")).toBeNull());
  expect(rowTitles()).toEqual([]);
  await page.getByRole("button", { name: /lectern\.example\.edu/ }).click();
  await expect.element(page.getByRole("menuitem", { name: "Connect a bucket…" })).not.toBeInTheDocument();
  await userEvent.keyboard("{Escape}");
  await choose("Northfield Chemistry");
  await vi.waitFor(() => expect(workspace()).toContain("Northfield"));
  await page.getByRole("link", { name: /Organic Chemistry II/ }).click();
  await vi.waitFor(() => expect(rowTitles()).toHaveLength(12));
});

test("without a keychain it is said how long the computer is let in, and a workspace that does not open stays closed", async () => {
  const host = demo();
  host.workspaces.keychain = false;
  await renderApp(host);
  await choose("Join a team…");
  await userEvent.type(field("Address of the server"), "https://lectern.example.edu");
  await userEvent.type(field("One-time code"), "ABCDE-12345{Enter}");
  await expect.element(page.getByText(/let in until Lectern is closed/)).toBeVisible();
  host.failures.set("show_workspace", {
    code: "storage",
    message: "it is open in another Lectern",
    retry: false,
  });
  await choose("Northfield Chemistry");
  await expect.element(page.getByText(/Could not open “Northfield Chemistry”/)).toBeVisible();
  expect(workspace()).toContain("lectern.example.edu");
});
