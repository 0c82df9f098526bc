// "Open with Lectern": the library comes up and takes the files, with the same words as for a drop.
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useActions } from "../backend/actions";
import { useFileDrag } from "../backend/drag";

export function OpenedFiles() {
  const actions = useActions();
  const navigate = useNavigate();
  const opened = useFileDrag((drag) => drag.opened);
  useEffect(() => {
    // Taken out before anything is awaited: each is placed once, however often this runs.
    const waiting = useFileDrag.getState().opened;
    if (opened.length === 0 || waiting.length === 0) return;
    useFileDrag.setState({ opened: [] });
    void navigate({ to: "/library" });
    for (const drop of waiting) void actions.acceptDrop(drop, { kind: "library" });
  }, [opened, actions, navigate]);
  return null;
}
