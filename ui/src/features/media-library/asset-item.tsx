// One file of the library, as a card or as a line. It shows state only: progress lives in the panel and in courses.
import { Ellipsis, Link2, Pencil, Trash2 } from "lucide-react";
import { type MouseEvent, memo, useRef, useState } from "react";
import type { AssetCard } from "../../backend/bindings/AssetCard";
import { formatBytes, formatClock, plural } from "../../backend/format";
import { IconButton } from "../../design/button";
import { ContextMenu, Menu, type MenuAction } from "../../design/menu";
import { NameInput } from "../../design/name-input";
import { Thumbnail } from "../../design/thumbnail";
import type { LibraryCommands } from "./library-commands";
import { setLibrary, useLibraryState } from "./library-state";

interface Props {
  index: number;
  card: AssetCard;
  commands: LibraryCommands;
  view: "grid" | "list";
}

export const AssetItem = memo(function AssetItem({ index, card, commands, view }: Props) {
  const chosen = useLibraryState((state) => state.chosen.has(card.id));
  const active = useLibraryState((state) => state.active === index);
  const renaming = useLibraryState((state) => state.renaming === card.id);
  const item = useRef<HTMLDivElement>(null);
  const [menuOpen, setMenuOpen] = useState(false);
  const actions = menuOf(card, commands);
  const length = card.duration_ms === null ? null : formatClock(card.duration_ms);

  function onContextMenu(event: MouseEvent) {
    event.preventDefault();
    if (!chosen) void commands.choose(index, card, { shiftKey: false, ctrlKey: false, metaKey: false });
    setMenuOpen(true);
  }

  const name = renaming ? (
    <NameInput
      label="Name of the file"
      initial={card.name}
      save={(next) => commands.rename(card, next)}
      cancel={() => setLibrary({ renaming: null })}
    />
  ) : (
    <b className="truncate" title={card.name}>
      {card.name}
    </b>
  );
  const menu = (
    <Menu label={`Actions for ${card.name}`} actions={actions}>
      <IconButton
        icon={Ellipsis}
        label={`Actions for ${card.name}`}
        className="row-menu"
        tabIndex={active ? 0 : -1}
      />
    </Menu>
  );

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
    <div
      ref={item}
      className={view === "grid" ? "asset-card" : "asset-line"}
      role="gridcell"
      tabIndex={active ? 0 : -1}
      aria-selected={chosen}
      aria-label={[card.name, formatBytes(card.bytes), usageWords(card)].join(", ")}
      data-testid="asset-card"
      data-asset-id={card.id}
      data-index={index}
      data-state={card.state}
      onClick={(event) => void commands.choose(index, card, event)}
      onDoubleClick={() => setLibrary({ renaming: card.id })}
      onContextMenu={onContextMenu}
    >
      <Thumbnail
        kind={card.kind}
        url={card.thumbnail_url}
        length={length}
        iconSize={view === "grid" ? 28 : 16}
      />
      {view === "grid" ? (
        <>
          <div className="asset-name">
            {name}
            {menu}
          </div>
          <small>
            <span className="truncate">{factWords(card)}</span>
            <Tags card={card} />
          </small>
        </>
      ) : (
        <>
          {name}
          <small className="truncate facts">{factWords(card)}</small>
          <small className="tags">
            <Tags card={card} />
          </small>
          <small className="size">{formatBytes(card.bytes)}</small>
          <small className="date">{new Date(card.created_at).toLocaleDateString()}</small>
          {menu}
        </>
      )}
      {menuOpen && (
        <ContextMenu
          label={`Actions for ${card.name}`}
          actions={actions}
          anchor={item}
          close={() => setMenuOpen(false)}
        />
      )}
    </div>
  );
});

function menuOf(card: AssetCard, commands: LibraryCommands): MenuAction[] {
  return [
    { label: "Rename", icon: Pencil, keys: "F2", act: () => setLibrary({ renaming: card.id }) },
    {
      ...{ label: "Show where used", icon: Link2, disabled: card.uses.length === 0 },
      act: () => setLibrary({ usesOf: card }),
    },
    {
      ...{ label: "Delete", icon: Trash2, keys: "Del", danger: true, apart: true },
      act: () => commands.askDelete(commands.meant(card)),
    },
  ];
}

function Tags({ card }: { card: AssetCard }) {
  return (
    <>
      <span className="tag" data-usage={card.usage}>
        {usageWords(card)}
      </span>
      {card.state === "expected" && <span className="tag">on its way</span>}
      {card.pending && <span className="pending-mark">not sent yet</span>}
    </>
  );
}

function usageWords({ usage, uses }: AssetCard): string {
  if (usage === "used") return plural(uses.length, "use");
  return usage === "unused" ? "unused" : "uses not known";
}

/** "PNG · 1.1 MB", "1.92 GB". */
function factWords({ kind, name, bytes, codec }: AssetCard): string {
  const extension = /\.([^.]{1,5})$/.exec(name)?.[1]?.toUpperCase();
  const what = kind === "video" ? codec : (extension ?? codec);
  return [what, formatBytes(bytes)].filter(Boolean).join(" · ");
}
