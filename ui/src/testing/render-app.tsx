// Renders the whole window on a fake host, with nothing left over from the test before.
import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "vitest-browser-react";
import { App } from "../app/app";
import { type Connection, connect } from "../backend/context";
import { useFileDrag } from "../backend/drag";
import { useNotices } from "../backend/notices";
import { usePeopleDialog } from "../backend/people-dialogs";
import { useQuestions } from "../backend/questions";
import { useSendingDialog } from "../backend/sending-dialogs";
import { useStoreDialog } from "../backend/store-dialogs";
import { useCourseState } from "../features/courses/course-state";
import { useLibraryState } from "../features/media-library/library-state";
import { usePanel } from "../features/uploads/panel-state";
import type { FakeHost } from "./fake-host";

const stores = [
  useFileDrag,
  useNotices,
  useCourseState,
  useLibraryState,
  usePanel,
  useStoreDialog,
  useSendingDialog,
  useQuestions,
  usePeopleDialog,
];

export async function renderApp(host: FakeHost, path = "/"): Promise<Connection> {
  localStorage.clear();
  for (const store of stores) (store.setState as (state: object) => void)(store.getInitialState());
  document.documentElement.dataset.theme = "light";
  const connection = connect(host);
  const holder = document.createElement("div");
  holder.style.height = "832px";
  document.body.replaceChildren(holder);
  await render(<App connection={connection} history={createMemoryHistory({ initialEntries: [path] })} />, {
    container: holder,
  });
  return connection;
}

/** Titles of the rows on screen, from top to bottom. */
export const rowTitles = (): string[] =>
  [...document.querySelectorAll("[data-testid=video-title]")].map((title) => title.textContent ?? "");

export const rowOf = (title: string): HTMLElement => {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-testid=video-row]")];
  const row = rows.find((element) => element.textContent?.includes(title));
  if (!row) throw new Error(`no row shows “${title}”`);
  return row;
};

export const handleOf = (title: string): HTMLElement => {
  const handle = rowOf(title).querySelector<HTMLElement>("[data-testid=video-handle]");
  if (!handle) throw new Error(`the row of “${title}” has no handle`);
  return handle;
};
