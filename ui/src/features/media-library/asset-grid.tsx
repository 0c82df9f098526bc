// Thousands of files, a few dozen elements: rows of cards or lines, drawn only where they can be seen.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useState } from "react";
import { AssetItem } from "./asset-item";
import type { Library } from "./asset-pages";
import type { LibraryCommands } from "./library-commands";
import { setLibrary, useLibraryState } from "./library-state";

const CARD_MIN_WIDTH = 176;
const CARD_GAP = 16;
const CARD_TEXT_HEIGHT = 66;
const LINE_HEIGHT = 46;

interface Props {
  library: Library;
  commands: LibraryCommands;
  scroller: RefObject<HTMLDivElement | null>;
  /** Tells which cards are in sight. */
  onSight: (first: number, last: number) => void;
}

export function AssetGrid({ library, commands, scroller, onSight }: Props) {
  const view = useLibraryState((state) => state.view);
  const width = useInnerWidth(scroller);
  const count = library.top?.matching ?? 0;
  const columns =
    view === "list" ? 1 : Math.max(2, Math.floor((width + CARD_GAP) / (CARD_MIN_WIDTH + CARD_GAP)));
  const cardWidth = (width - CARD_GAP * (columns - 1)) / columns;
  const rowHeight = view === "list" ? LINE_HEIGHT : Math.round(cardWidth * 0.6) + CARD_TEXT_HEIGHT;
  const rows = Math.ceil(count / columns);
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 3,
    initialRect: { width: 900, height: 700 },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new row height is what makes measuring necessary
  useLayoutEffect(() => virtual.measure(), [rowHeight, virtual]);
  const items = virtual.getVirtualItems();
  const first = (items[0]?.index ?? 0) * columns;
  const last = Math.min(count - 1, ((items.at(-1)?.index ?? 0) + 1) * columns - 1);
  useEffect(() => onSight(first, last), [onSight, first, last]);

  function focusCard(index: number, event: KeyboardEvent) {
    const to = Math.max(0, Math.min(count - 1, index));
    setLibrary({ active: to });
    virtual.scrollToIndex(Math.floor(to / columns));
    const { shiftKey } = event;
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus();
      const card = library.card(to);
      if (shiftKey && card) void commands.choose(to, card, { shiftKey, ctrlKey: false, metaKey: false });
    });
  }

  return (
    <div
      className="assets"
      data-view={view}
      role="grid"
      aria-label="Files"
      aria-rowcount={rows}
      aria-colcount={columns}
      aria-multiselectable
      style={{ height: virtual.getTotalSize() }}
      onKeyDown={(event) => onGridKey(event, { library, commands, columns, count, focusCard })}
    >
      {items.map(({ index: row, start }) => (
        <div
          key={row}
          className="asset-row"
          role="row"
          aria-rowindex={row + 1}
          style={{
            transform: `translateY(${start}px)`,
            height: rowHeight,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
          }}
        >
          {Array.from({ length: Math.min(columns, count - row * columns) }, (_, column) => {
            const index = row * columns + column;
            const card = library.card(index);
            return card ? (
              <AssetItem key={card.id} index={index} card={card} commands={commands} view={view} />
            ) : (
              <div
                key={`waiting-${index}`}
                role="gridcell"
                className={`${view === "grid" ? "asset-card" : "asset-line"} asset-waiting`}
              >
                <div className="thumbnail" />
                <b />
              </div>
            );
          })}
        </div>
      ))}
    </div>
  );
}

interface KeyContext {
  library: Library;
  commands: LibraryCommands;
  columns: number;
  count: number;
  focusCard: (index: number, event: KeyboardEvent) => void;
}

function onGridKey(event: KeyboardEvent, { library, commands, columns, count, focusCard }: KeyContext) {
  const { active } = useLibraryState.getState();
  const card = library.card(active);
  const onCard = event.target instanceof HTMLElement && event.target.dataset.testid === "asset-card";
  const moves: Record<string, number> = {
    ...{
      ArrowRight: active + 1,
      ArrowLeft: active - 1,
      ArrowDown: active + columns,
      ArrowUp: active - columns,
    },
    ...{ Home: 0, End: count - 1, PageDown: active + columns * 4, PageUp: active - columns * 4 },
  };
  const to = moves[event.key];
  if (!onCard) return;
  if (to !== undefined) focusCard(to, event);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) void commands.chooseAll();
  else if (!card) return;
  else if (event.key === "F2") setLibrary({ renaming: card.id });
  else if (event.key === "Delete" || (event.key === "Backspace" && event.metaKey))
    commands.askDelete(commands.meant(card));
  else if (event.key === " ")
    void commands.choose(active, card, { shiftKey: event.shiftKey, ctrlKey: true, metaKey: false });
  else return;
  event.preventDefault();
}

/** Width of the list inside the scroller's padding, followed as the window changes. */
function useInnerWidth(scroller: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(960);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      setWidth(element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return width;
}
