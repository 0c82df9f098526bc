// The upload panel: on every screen, in the corner it was put in. Hiding it never cancels anything.
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { CalendarClock, ChevronUp, Ellipsis, Gauge, Minus, TriangleAlert, Upload, X } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { useActions } from "../../backend/actions";
import type { UploadList } from "../../backend/bindings/UploadList";
import type { UploadSnapshot } from "../../backend/bindings/UploadSnapshot";
import { useBackend } from "../../backend/context";
import { formatLeft, plural } from "../../backend/format";
import { uploadsQuery } from "../../backend/queries";
import { useSendingActions } from "../../backend/sending-actions";
import { openNeededBy, openRules } from "../../backend/sending-dialogs";
import { IconButton } from "../../design/button";
import { Menu } from "../../design/menu";
import { useUploadAnnouncements } from "./announcements";
import { HoldBanner } from "./hold-banner";
import { PanelFooter } from "./panel-footer";
import { CORNERS, setPanel, usePanel } from "./panel-state";
import { SpeedGraph } from "./speed-graph";
import { Causes } from "./upload-causes";
import { causeGroups, inPanelOrder } from "./upload-groups";
import { UPLOAD_ITEM_HEIGHT, UploadItem } from "./upload-item";
import "./uploads.css";

const CORNER_WORDS: Record<(typeof CORNERS)[number], string> = {
  "bottom-right": "Bottom right",
  "bottom-left": "Bottom left",
  "top-right": "Top right",
  "top-left": "Top left",
};

export function UploadPanel() {
  const { data } = useQuery(uploadsQuery(useBackend()));
  const dismissed = usePanel((state) => state.dismissed);
  useUploadAnnouncements(data?.totals);
  useReopenForNew(data?.totals.uploads);
  if (!data || data.uploads.length === 0 || dismissed) return null;
  return <OpenPanel list={data} />;
}

/** New uploads are what the user has just asked for: they are shown. */
function useReopenForNew(uploads: number | undefined) {
  const before = useRef(uploads);
  useEffect(() => {
    if (uploads !== undefined && before.current !== undefined && uploads > before.current)
      usePanel.setState({ dismissed: false });
    before.current = uploads;
  }, [uploads]);
}

function OpenPanel({ list }: { list: UploadList }) {
  const { uploads, totals } = list;
  const { corner, minimised } = usePanel();
  const panel = useRef<HTMLElement>(null);
  useClearance(panel, corner);
  const order = useMemo(() => inPanelOrder(uploads), [uploads]);
  const groups = useMemo(() => causeGroups(uploads), [uploads]);
  const going = totals.uploads - totals.ready - totals.failed;
  const retryable = groups.filter(({ words }) => words.retry).flatMap(({ operations }) => operations);

  return (
    <aside
      ref={panel}
      className="upload-panel"
      data-testid="upload-panel"
      data-corner={corner}
      aria-label="Uploads"
    >
      <header>
        <h2>{formatTitle(totals.ready, totals.uploads)}</h2>
        <span className="truncate">{summary(list)}</span>
        {totals.late > 0 && (
          <em className="late" title={`${plural(totals.late, "upload")} will be late`}>
            <TriangleAlert size={13} strokeWidth={2} aria-hidden />
            {totals.late} late
          </em>
        )}
        <PanelMenu />
        <IconButton
          icon={minimised ? ChevronUp : Minus}
          label={minimised ? "Show the uploads" : "Minimise"}
          data-testid="panel-minimise"
          aria-expanded={!minimised}
          onClick={() => setPanel({ minimised: !minimised })}
        />
        <IconButton
          icon={X}
          label="Hide. Uploads go on."
          data-testid="panel-dismiss"
          onClick={() => setPanel({ dismissed: true })}
        />
      </header>
      {totals.hold && <HoldBanner hold={totals.hold} />}
      {!minimised &&
        going > 0 &&
        (totals.bytes_per_second > 0 || (totals.limit !== null && !totals.hold)) && (
          <SpeedGraph bytesPerSecond={totals.bytes_per_second} limit={totals.limit} changeLimit={openRules} />
        )}
      <Causes groups={groups} brief={minimised} />
      {!minimised && <Items order={order} />}
      {!minimised && <PanelFooter totals={totals} retryable={retryable} />}
    </aside>
  );
}

function PanelMenu() {
  const corner = usePanel((state) => state.corner);
  return (
    <Menu
      label="More about uploads"
      actions={[
        { label: "Speed limit and timetable…", icon: Gauge, act: openRules },
        { label: "All needed by…", icon: CalendarClock, act: () => openNeededBy(null) },
        ...CORNERS.map((id, index) => ({
          ...{ label: CORNER_WORDS[id], chosen: corner === id, apart: index === 0 },
          act: () => setPanel({ corner: id }),
        })),
      ]}
    >
      <IconButton icon={Ellipsis} label="More about uploads" />
    </Menu>
  );
}

const formatTitle = (ready: number, all: number) => `${ready} of ${all}`;

function summary({ totals, uploads }: UploadList): string {
  if (totals.hold && totals.uploads > totals.ready) return "On hold";
  if (totals.paused) return "Paused";
  if (totals.ready === totals.uploads) return "All sent";
  if (totals.seconds_left !== null) return `${formatLeft(totals.seconds_left)} left`;
  // No rate yet, but bytes may be going.
  if (uploads.some(({ state }) => state === "uploading" || state === "verifying")) return "Sending";
  return totals.failed > 0 ? `${plural(totals.failed, "file")} failed` : "Waiting";
}

function Items({ order }: { order: readonly UploadSnapshot[] }) {
  const { controlUploads } = useActions();
  const { findFile } = useSendingActions();
  const scroller = useRef<HTMLDivElement>(null);
  const firstWaiting = order.findIndex((upload) => upload.state === "queued");
  const virtual = useVirtualizer({
    count: order.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => UPLOAD_ITEM_HEIGHT,
    overscan: 6,
    initialRect: { width: 372, height: 300 },
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
    <div className="upload-items" ref={scroller} tabIndex={0} role="group" aria-label="Files">
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const upload = order[index];
          return (
            upload && (
              <div
                key={upload.operation}
                className="upload-slot"
                style={{ transform: `translateY(${start}px)` }}
              >
                <UploadItem
                  upload={upload}
                  control={controlUploads}
                  find={findFile}
                  canRise={index !== firstWaiting}
                />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

/** Tells the lists how much of them the panel covers, so that they scroll clear of it. */
function useClearance(panel: React.RefObject<HTMLElement | null>, corner: string) {
  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    const root = document.documentElement.style;
    const side = corner.startsWith("top") ? "--clear-top" : "--clear-bottom";
    const observer = new ResizeObserver(() => {
      root.setProperty(side, `${element.offsetHeight + 32}px`);
      const shift = (element.offsetWidth + 20) / 2;
      if (corner.startsWith("bottom"))
        root.setProperty("--bar-shift", `${corner.endsWith("right") ? -shift : shift}px`);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      root.removeProperty(side);
      root.removeProperty("--bar-shift");
    };
  }, [panel, corner]);
}

/** Opens a hidden panel again. Shown only while there is something to open. */
export function PanelBadge() {
  const { data: totals } = useQuery({ ...uploadsQuery(useBackend()), select: (list) => list.totals });
  const dismissed = usePanel((state) => state.dismissed);
  if (!totals || totals.uploads === 0 || !dismissed) return null;
  return (
    <button
      type="button"
      className="nav-item"
      data-testid="panel-reopen"
      onClick={() => setPanel({ dismissed: false })}
    >
      <Upload size={16} strokeWidth={1.75} aria-hidden />
      <span className="truncate">Uploads</span>
      <em>{formatTitle(totals.ready, totals.uploads)}</em>
      {totals.failed > 0 && <i className="dot" data-tone="fail" title={`${totals.failed} failed`} />}
    </button>
  );
}
