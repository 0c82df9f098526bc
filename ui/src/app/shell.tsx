// The window's frame: sidebar, the screen of the moment, and what floats over all of them.
import { Outlet, useParams } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import type { CourseId } from "../backend/bindings/CourseId";
import { Announcer } from "../design/announcer";
import { StoreDialogs } from "../features/connection/store-dialog";
import { PosterMaker } from "../features/media-library/poster-maker";
import { PeopleDialogs } from "../features/people/people-dialogs";
import { SignedOutBanner } from "../features/people/signed-out-banner";
import { DuplicateQuestions } from "../features/uploads/duplicates-dialog";
import { SendingDialogs } from "../features/uploads/sending-dialogs";
import { UploadPanel } from "../features/uploads/upload-panel";
import { DropLayer } from "./drop-layer";
import { Notices } from "./notices";
import { OpenedFiles } from "./opened-files";
import { Palette } from "./palette";
import { useShortcuts } from "./shortcuts";
import { Sidebar } from "./sidebar";
import "./shell.css";

export function Shell() {
  const [finding, setFinding] = useState(false);
  const find = useCallback(() => setFinding(true), []);
  useShortcuts(find);
  const { course } = useParams({ strict: false });
  return (
    <div className="shell">
      <Sidebar find={find} />
      <div className="stage">
        <SignedOutBanner />
        <Outlet />
        <UploadPanel />
      </div>
      <Notices />
      <Announcer />
      <PosterMaker />
      <DropLayer course={(course as CourseId | undefined) ?? null} />
      <OpenedFiles />
      <StoreDialogs />
      <DuplicateQuestions />
      <SendingDialogs />
      <PeopleDialogs />
      {finding && <Palette close={() => setFinding(false)} />}
    </div>
  );
}
