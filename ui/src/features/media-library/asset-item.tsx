// One file of the library, as a card or as a line. It shows state only: progress lives in the panel and in courses.
import { Link2, Pencil, Trash2 } from "lucide-react";
import { type MouseEvent, memo, useState } from "react";
import type { AssetCard } from "../../backend/bindings/AssetCard";
import { formatBytes, formatClock, plural } from "../../backend/format";
import { ContextMenu, type MenuAction, type MenuPoint, RowMenuButton } from "../../design/menu";
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
  const [menuAt, setMenuAt] = useState<MenuPoint | null>(null);
  const actions = menuOf(card, commands);
  const length = card.duration_ms === null ? null : formatClock(card.duration_ms);

  function onContextMenu(event: MouseEvent) {
    event.preventDefault();
    if (!chosen) void commands.choose(index, card, { shiftKey: false, ctrlKey: false, metaKey: false });
    setMenuAt({ x: event.clientX, y: event.clientY });
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
    <RowMenuButton
      label={`Actions for ${card.name}`}
      open={menuAt !== null}
      tabIndex={active ? 0 : -1}
      show={setMenuAt}
    />
  );

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
    <div
      className={view === "grid" ? "asset-card" : "asset-line"}
      role="gridcell"
      tabIndex={active ? 0 : -1}
      aria-selected={chosen}
      data-testid="asset-card"
      data-asset-id={card.id}
      data-index={index}
      data-state={card.state}
      onClick={(event) => !onButton(event) && void commands.choose(index, card, event)}
      onDoubleClick={(event) => !onButton(event) && setLibrary({ renaming: card.id })}
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
            <span className="truncate">
              {[card.state === "ready" && kindWords(card), formatBytes(card.bytes)]
                .filter(Boolean)
                .join(" · ")}
            </span>
            <Tags card={card} />
          </small>
        </>
      ) : (
        <>
          {name}
          <small className="truncate facts">{kindWords(card)}</small>
          <small className="tags">
            <Tags card={card} />
          </small>
          <small className="size">{formatBytes(card.bytes)}</small>
          <small className="date">{new Date(card.created_at).toLocaleDateString()}</small>
          {menu}
        </>
      )}
      {menuAt && (
        <ContextMenu
          label={`Actions for ${card.name}`}
          actions={actions}
          at={menuAt}
          close={() => setMenuAt(null)}
        />
      )}
    </div>
  );
});

/** The menu leaves the selection as it is: it may be about all of it. */
const onButton = ({ target }: MouseEvent) => target instanceof Element && target.closest("button") !== null;

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
      {card.replaced && card.usage === "unused" ? (
        <span className="tag">earlier version</span>
      ) : (
        <span className="tag" data-usage={card.usage}>
          {usageWords(card)}
        </span>
      )}
      {card.state === "expected" && <span className="tag">on its way</span>}
      {card.pending && <span className="pending-mark">not sent yet</span>}
    </>
  );
}

function usageWords({ usage, uses }: AssetCard): string {
  if (usage === "used") return plural(uses.length, "use");
  return usage === "unused" ? "unused" : "uses not known";
}

/** "PNG", "H.264". */
function kindWords({ kind, name, codec }: AssetCard): string | null {
  const extension = /\.([^.]{1,5})$/.exec(name)?.[1]?.toUpperCase();
  return kind === "video" ? codec : (extension ?? codec);
}
