// Kinds with their counts, used or unused, the order, and grid or list.
import { ChevronDown } from "lucide-react";
import type { AssetKind } from "../../backend/bindings/AssetKind";
import type { AssetPage } from "../../backend/bindings/AssetPage";
import type { AssetSort } from "../../backend/bindings/AssetSort";
import type { Usage } from "../../backend/bindings/Usage";
import { formatCount } from "../../backend/format";
import { Menu } from "../../design/menu";
import { ask, setView, useLibraryState } from "./library-state";

const KINDS: Record<AssetKind, string> = {
  video: "Video",
  image: "Images",
  document: "Documents",
  audio: "Audio",
  other: "Other",
};

const USAGES: [Exclude<Usage, "unknown"> | null, string][] = [
  [null, "Used and unused"],
  ["used", "Used"],
  ["unused", "Unused"],
];

const SORTS: Record<AssetSort, string> = {
  newest: "Newest first",
  oldest: "Oldest first",
  name: "By name",
  largest: "Largest first",
  longest: "Longest first",
};

export function LibraryFilters({ page }: { page: AssetPage }) {
  const { kind, usage, sort } = useLibraryState((state) => state.filter);
  const view = useLibraryState((state) => state.view);
  const counts = new Map(page.kinds.map((item) => [item.kind, item.count]));
  const kinds = (Object.keys(KINDS) as AssetKind[]).filter((id) => (counts.get(id) ?? 0) > 0 || id === kind);
  return (
    <div className="library-filters">
      <div className="segments" role="group" aria-label="Kind">
        <button type="button" aria-pressed={kind === null} onClick={() => ask({ kind: null })}>
          All <em>{formatCount(page.total)}</em>
        </button>
        {kinds.map((id) => (
          <button key={id} type="button" aria-pressed={kind === id} onClick={() => ask({ kind: id })}>
            {KINDS[id]} <em>{formatCount(counts.get(id) ?? 0)}</em>
          </button>
        ))}
      </div>
      <Menu
        label="Use"
        actions={USAGES.map(([id, label]) => ({
          label,
          chosen: usage === id,
          act: () => ask({ usage: id }),
        }))}
      >
        <button type="button" className="button">
          {USAGES.find(([id]) => id === usage)?.[1]}
          <ChevronDown size={15} className="chevron" aria-hidden />
        </button>
      </Menu>
      <Menu
        label="Order"
        actions={(Object.keys(SORTS) as AssetSort[]).map((id) => ({
          ...{ label: SORTS[id], chosen: sort === id },
          act: () => ask({ sort: id }),
        }))}
      >
        <button type="button" className="button">
          {SORTS[sort]}
          <ChevronDown size={15} className="chevron" aria-hidden />
        </button>
      </Menu>
      <div className="segments view-switch" role="group" aria-label="View">
        <button type="button" aria-pressed={view === "grid"} onClick={() => setView("grid")}>
          Grid
        </button>
        <button type="button" aria-pressed={view === "list"} onClick={() => setView("list")}>
          List
        </button>
      </div>
    </div>
  );
}
