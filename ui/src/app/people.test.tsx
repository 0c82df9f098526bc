// A course's people, one's computers, inviting, and leaving a workspace, as a person does it.
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { CommandName } from "../backend/host";
import type { FakeHost } from "../testing/fake-host";
import { person } from "../testing/fake-team";
import { renderApp } from "../testing/render-app";
import { demo, faculty, inBucket, signedOut } from "../testing/scenarios";

const dialog = () => page.getByRole("dialog");
const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
const calls = (host: FakeHost, wanted: CommandName) =>
  host.calls.filter(({ name }) => name === wanted).map(({ args }) => args);
const people = () =>
  [...document.querySelectorAll("[data-testid=member]")].map(
    (row) => `${row.querySelector("b")?.firstChild?.textContent}: ${row.getAttribute("data-role")}`,
  );
const ALL = ["Ada Lovelace: owner", "Bob Noyce: editor", "Chen Ning Yang: editor", "Dorothy Hodgkin: viewer"];

async function fromMenu(item: string) {
  await button(/Northfield/).click();
  await page.getByRole("menuitem", { name: item }).click();
}

async function openPeople(host: FakeHost) {
  await renderApp(host);
  await button(/^People/).click();
  await vi.waitFor(() => expect(people().length).toBeGreaterThan(0));
}

async function choose(person: RegExp, item: string) {
  await button(person).click();
  await page.getByRole("menuitem", { name: item }).click();
}

test("an owner sees who is in a course, gives another role and takes somebody out, and the focus stays inside", async () => {
  const host = faculty();
  await openPeople(host);
  expect(people()).toEqual(ALL);
  await expect.element(page.getByRole("textbox", { name: "Add by e-mail" })).toHaveFocus();
  await choose(/Dorothy Hodgkin/, "Editor");
  await vi.waitFor(() => expect(people()[3]).toBe("Dorothy Hodgkin: editor"));
  await expect.element(page.getByTestId("announcer")).toHaveTextContent("Dorothy Hodgkin: Editor");
  await choose(/Bob Noyce/, "Take out of the course");
  await vi.waitFor(() => expect(people()).toHaveLength(3));
  await expect.element(page.getByRole("list", { name: /People in/ })).toHaveFocus();
});

test("the only owner can neither leave nor become less, and is told why", async () => {
  const host = faculty();
  await openPeople(host);
  await button(/Ada Lovelace: Owner/).click();
  await expect.element(page.getByText("make somebody else one first")).toBeVisible();
  for (const name of ["Editor", "Viewer", "Leave course…"])
    await expect.element(page.getByRole("menuitem", { name })).toHaveAttribute("aria-disabled", "true");
  await userEvent.keyboard("{Escape}");
  await choose(/Bob Noyce/, "Owner");
  await vi.waitFor(() => expect(people()[1]).toBe("Bob Noyce: owner"));
  await choose(/Ada Lovelace/, "Leave course…");
  await expect.element(dialog()).toHaveTextContent("You do not see it any more");
  await expect.element(button("Stay")).toHaveFocus();
  await button("Leave course").click();
  await expect.element(page.getByText("You left “Organic Chemistry II”.").first()).toBeVisible();
  expect(calls(host, "remove_member")).toHaveLength(1);
});

test("an editor sees everybody, changes nobody, and may leave; a viewer knows it before an edit is refused", async () => {
  const host = faculty();
  const [course] = host.rows.courses.keys();
  if (!course) throw new Error("no course");
  const members = host.team.members.get(course) ?? [];
  host.team.members.set(
    course,
    members.map((one) => ({ ...one, role: one.name.startsWith("Ada") ? "viewer" : "owner" })),
  );
  await openPeople(host);
  expect(document.querySelector(".view-only")?.textContent).toBe("View only");
  await expect.element(page.getByRole("textbox", { name: "Add by e-mail" })).not.toBeInTheDocument();
  await expect.element(button(/Bob Noyce/)).not.toBeInTheDocument();
  await button(/Ada Lovelace: Viewer/).click();
  const items = [...document.querySelectorAll("[role=menuitem]")].map((item) => item.textContent);
  expect(items).toEqual(["Leave course…"]);
});

test("an address that is known is taken in at once; a stranger is invited on the way, by who may, with a code shown once", async () => {
  const host = faculty();
  host.team.people.push(person(7, "Eve", "eve@example.edu"));
  await openPeople(host);
  const field = page.getByRole("textbox", { name: "Add by e-mail" });
  await userEvent.type(field, "eve{Enter}");
  await expect.element(dialog()).toHaveTextContent("Enter an e-mail address");
  await userEvent.fill(field, "Bob@example.edu");
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("is in this course already");
  await userEvent.fill(field, "eve@example.edu");
  await page.getByRole("combobox", { name: "Role" }).selectOptions("viewer");
  await userEvent.type(field, "{Enter}");
  await vi.waitFor(() => expect(people()).toContain("Eve: viewer"));
  await userEvent.fill(field, "frances@example.edu");
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("frances@example.edu is not on this server yet.");
  await button("Invite and add").click();
  await expect.element(page.getByTestId("one-time-code")).toHaveTextContent("NEW10-CODE1");
  await vi.waitFor(() => expect(people()).toContain("frances: viewer"));
});

test("a stranger is invited by nobody who may not", async () => {
  const host = faculty();
  host.team.admin = false;
  await openPeople(host);
  await userEvent.fill(page.getByRole("textbox", { name: "Add by e-mail" }), "gus@example.edu");
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("Ask whoever runs the server to invite them");
  await expect.element(button("Invite and add")).not.toBeInTheDocument();
});

test("without the server it is said what cannot be read, and trying again reads it", async () => {
  const host = faculty();
  host.team.reachable = false;
  await renderApp(host);
  await button(/^People/).click();
  await expect.element(dialog()).toHaveTextContent("The team’s server does not answer, and only it knows.");
  host.team.reachable = true;
  await button("Try again").click();
  await vi.waitFor(() => expect(people()).toEqual(ALL));
});

test("a change that the server refuses is said, and the list stays as it is", async () => {
  const host = faculty();
  await openPeople(host);
  host.failures.set("set_member", {
    ...{ code: "rejected", message: "only owners of a course say who is in it", retry: false },
  });
  await choose(/Bob Noyce/, "Viewer");
  await expect.element(dialog()).toHaveTextContent("Only owners of a course say who is in it.");
  expect(people()).toEqual(ALL);
});

test("in a workspace of one person nothing of this is offered", async () => {
  await renderApp(demo());
  await expect.element(button(/Actions for this course/)).toBeVisible();
  await expect.element(button(/^People/)).not.toBeInTheDocument();
  await button(/Northfield/).click();
  for (const name of ["Your computers…", "Invite someone…", "Sign out…"])
    await expect.element(page.getByRole("menuitem", { name })).not.toBeInTheDocument();
});

test("who may invite gets a code to hand over, to copy alone or with what to do with it", async () => {
  const host = faculty();
  const copied = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await renderApp(host);
  await vi.waitFor(() => expect(calls(host, "account")).not.toEqual([]));
  await fromMenu("Invite someone…");
  await userEvent.keyboard("{Enter}");
  await expect.element(dialog()).toHaveTextContent("Enter an e-mail address");
  await userEvent.type(page.getByRole("textbox", { name: "E-mail address" }), "Eve@Example.edu{Enter}");
  await expect.element(page.getByTestId("one-time-code")).toHaveFocus();
  expect(calls(host, "invite_person")).toEqual([{ email: "eve@example.edu", name: null }]);
  await button("Copy code").click();
  await button("Copy with instructions").click();
  expect(copied.mock.calls[0]).toEqual(["NEW10-CODE1"]);
  expect(copied.mock.calls[1]?.[0]).toContain("https://lectern.example.edu");
  await expect.element(page.getByText("Copied")).toBeVisible();
  copied.mockRejectedValueOnce(new Error("not here"));
  await button("Copy code").click();
  await expect.element(page.getByText("copy it by hand")).toBeVisible();
  copied.mockRestore();
});

test("who may not invite is not offered it", async () => {
  const host = faculty();
  host.team.admin = false;
  await renderApp(host);
  await vi.waitFor(() => expect(calls(host, "account")).not.toEqual([]));
  await button(/Northfield/).click();
  await expect.element(page.getByRole("menuitem", { name: "Your computers…" })).toBeVisible();
  await expect.element(page.getByRole("menuitem", { name: "Invite someone…" })).not.toBeInTheDocument();
});

test("a code lets the next computer in, and a lost one is signed out after a question", async () => {
  const host = faculty();
  await renderApp(host);
  await fromMenu("Your computers…");
  await vi.waitFor(() => expect(document.querySelectorAll("[data-testid=device]")).toHaveLength(2));
  await button("Add a computer").click();
  await expect.element(page.getByTestId("one-time-code")).toHaveTextContent("NEW10-CODE1");
  await expect.element(dialog()).toHaveTextContent("good once, for 15 minutes");
  // The other computer has used it.
  const [first] = host.team.devices;
  if (first) host.team.devices.push({ ...first, id: host.id(), name: "New laptop", is_this: false });
  await vi.waitFor(() => expect(document.querySelectorAll("[data-testid=device]")).toHaveLength(3), 8_000);
  await button("Sign out Old laptop…").click();
  await expect.element(button("Cancel")).toHaveFocus();
  await button("Sign it out").click();
  await vi.waitFor(() => expect(document.querySelectorAll("[data-testid=device]")).toHaveLength(2));
  expect(host.team.devices.map(({ name }) => name)).toEqual(["Office iMac", "New laptop"]);
});

test("signing out counts what was not sent, and the button says what is discarded", async () => {
  const host = faculty();
  host.editsWaiting = 3;
  host.transfers.uploads.splice(0, host.transfers.uploads.length);
  await renderApp(host);
  await fromMenu("Sign out…");
  await expect.element(dialog()).toHaveTextContent("3 edits are not on the server yet.");
  await expect.element(button("Cancel")).toHaveFocus();
  host.editsWaiting = 5;
  await button("Sign out and discard 3 edits").click();
  await expect.element(dialog()).toHaveTextContent("More has come since you were told.");
  await button("Sign out and discard 5 edits").click();
  await vi.waitFor(() => expect(document.querySelector(".workspace")?.textContent).toContain("My courses"));
  await vi.waitFor(() => expect(document.querySelector("[role=dialog]")).toBeNull());
  await expect.element(page.getByText("is not on this computer any more.")).toBeVisible();
  expect(host.workspaces.all.map(({ id }) => id)).toEqual(["local"]);
});

test("signed out without the server, it is said how the token is taken back", async () => {
  const host = faculty();
  host.team.reachable = false;
  host.transfers.uploads.splice(0, host.transfers.uploads.length);
  await renderApp(host);
  await fromMenu("Sign out…");
  await expect.element(dialog()).toHaveTextContent("nothing is lost");
  await button("Sign out").click();
  await expect.element(page.getByText(/its server could not be told/)).toBeVisible();
});

test("what cannot be counted is not discarded", async () => {
  const host = faculty();
  const failure = { code: "storage", message: "the disk", retry: true };
  host.failures.set("removal_losses", failure);
  await renderApp(host);
  const once = host.invoke.bind(host);
  vi.spyOn(host, "invoke").mockImplementation((name, args) =>
    name === "removal_losses" ? Promise.reject(failure) : once(name, args),
  );
  await fromMenu("Sign out…");
  await expect.element(dialog()).toHaveTextContent("Could not count what would be lost.");
  await expect.element(button(/^Sign out/)).not.toBeInTheDocument();
  vi.mocked(host.invoke).mockRestore();
  host.failures.clear();
  await button("Try again").click();
  await expect.element(button(/^Sign out/)).toBeVisible();
});

test("removing a workspace of this computer says what is kept nowhere else, and an empty one takes its place", async () => {
  const host = demo();
  await renderApp(host);
  await fromMenu("Remove workspace…");
  await expect.element(dialog()).toHaveTextContent("4 courses");
  await expect.element(dialog()).toHaveTextContent("cannot be brought back");
  await button("Cancel").click();
  expect(calls(host, "remove_workspace")).toEqual([]);
  await fromMenu("Remove workspace…");
  await button(/^Remove and delete 4 courses and \d+ files$/).click();
  await vi.waitFor(() => expect(document.querySelector(".workspace")?.textContent).toContain("My courses"));
  await expect.element(page.getByText("Make your first course")).toBeVisible();
});

test("removing a workspace with a bucket leaves the bucket's files where they are, and says so", async () => {
  await renderApp(inBucket());
  await fromMenu("Remove workspace…");
  await expect.element(dialog()).toHaveTextContent("Files that are in the bucket lectures-2026 stay there.");
});

test("a computer that was signed out says so with what waits, and a code of the same person lets it in again", async () => {
  const host = signedOut();
  host.transfers.uploads.splice(0, host.transfers.uploads.length);
  await renderApp(host);
  await expect
    .element(page.getByTestId("signed-out"))
    .toHaveTextContent(
      "This computer was signed out of “Northfield Faculty”. Nothing is lost: 3 edits wait here",
    );
  await expect.element(page.getByTestId("state-line")).toHaveTextContent("Signed out · 3 edits waiting");
  await button("Sign in again…").click();
  const field = page.getByRole("textbox", { name: "One-time code" });
  await expect.element(field).toHaveFocus();
  await userEvent.type(field, "BOBBY-00000{Enter}");
  await expect.element(dialog()).toHaveTextContent("This code is for Bob Noyce");
  await userEvent.fill(field, "ABCDE-12345");
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(document.querySelector("[data-testid=signed-out]")).toBeNull());
  await expect.element(page.getByText(/signed in to “Northfield Faculty” again/)).toBeVisible();
});
