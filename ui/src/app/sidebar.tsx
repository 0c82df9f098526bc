// The left side of every screen: workspace, places to go, and the state line.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { LayoutGrid, Search } from "lucide-react";
import { useBackend } from "../backend/context";
import { formatCount } from "../backend/format";
import { libraryCountQuery } from "../backend/queries";
import { StateLine } from "../features/connection/state-line";
import { CourseNav } from "../features/courses/course-nav";
import { WorkspaceMenu } from "../features/settings/workspace-menu";
import { PanelBadge } from "../features/uploads/upload-panel";

const FIND_KEYS = /Mac/.test(navigator.platform) ? "⌘ K" : "Ctrl K";

export function Sidebar({ find }: { find: () => void }) {
  const { data: files } = useQuery(libraryCountQuery(useBackend()));
  return (
    <nav className="sidebar" aria-label="Workspace">
      <WorkspaceMenu />
      <button type="button" className="find" onClick={find}>
        <Search size={16} strokeWidth={1.75} aria-hidden />
        Find anything
        <kbd aria-hidden>{FIND_KEYS}</kbd>
      </button>
      <Link
        to="/library"
        className="nav-item"
        data-testid="nav-library"
        data-place="library"
        draggable={false}
      >
        <LayoutGrid size={16} strokeWidth={1.75} aria-hidden />
        <span className="truncate">Media library</span>
        {files !== undefined && files > 0 && <em>{formatCount(files)}</em>}
      </Link>
      <CourseNav />
      <div className="sidebar-foot">
        <PanelBadge />
        <StateLine />
      </div>
    </nav>
  );
}
