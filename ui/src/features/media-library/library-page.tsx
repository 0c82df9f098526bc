// The media library: every file of the workspace, found, sorted, chosen.
import { Files, Plus, Search, SearchX, Trash2, TriangleAlert, Upload, X } from "lucide-react";
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { useFileDrag } from "../../backend/drag";
import { formatBytes, formatCount, plural } from "../../backend/format";
import { failureWords } from "../../backend/words";
import { Button, IconButton } from "../../design/button";
import { EmptyState } from "../../design/empty-state";
import { DeleteDialog, UsesDialog } from "./asset-dialogs";
import { AssetGrid } from "./asset-grid";
import { type Library, useLibrary } from "./asset-pages";
import { type LibraryCommands, useLibraryCommands } from "./library-commands";
import { LibraryFilters } from "./library-filters";
import { ask, setLibrary, useLibraryState } from "./library-state";
import "./media-library.css";

export function LibraryPage() {
  const filter = useLibraryState((state) => state.filter);
  const [sight, setSight] = useState({ first: 0, last: 0 });
  const onSight = useCallback((first: number, last: number) => setSight({ first, last }), []);
  const library = useLibrary(filter, sight.first, sight.last);
  const commands = useLibraryCommands(library);
  const scroller = useRef<HTMLDivElement>(null);
  const dropping = useFileDrag((drag) => drag.over !== null && drag.target?.kind === "library");
  const { top } = library;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another question starts at its top
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [filter]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape") setLibrary({ chosen: new Map() });
  }

  return (
    <main
      className="screen library-page"
      data-place="library"
      data-dropping={dropping || undefined}
      onKeyDown={onKeyDown}
    >
      <header className="screen-header">
        <div className="screen-title">
          <h1>Media library</h1>
          <p>{top ? sizeWords(top) : "\u00a0"}</p>
        </div>
        <div className="screen-actions">
          <SearchField />
          <Button look="primary" icon={Plus} onClick={commands.pickFiles}>
            Add files
          </Button>
        </div>
        {top && top.total > 0 && <LibraryFilters page={top} />}
      </header>
      <div className="screen-body" ref={scroller}>
        <Contents library={library} commands={commands}>
          <AssetGrid library={library} commands={commands} scroller={scroller} onSight={onSight} />
        </Contents>
      </div>
      {dropping && (
        <div className="library-drop" aria-hidden>
          <Upload size={18} strokeWidth={1.75} />
          <DropWords />
        </div>
      )}
      <BatchBar commands={commands} />
      <Dialogs commands={commands} />
    </main>
  );
}

function DropWords() {
  const files = useFileDrag((drag) => drag.over?.files ?? 0);
  return <>Add {files > 0 ? plural(files, "file") : "files"} to the media library</>;
}

function sizeWords({ total, total_bytes, unused }: NonNullable<Library["top"]>): string {
  if (total === 0) return "No files yet";
  return [
    plural(total, "file"),
    formatBytes(total_bytes),
    ...(unused > 0 ? [`${formatCount(unused)} unused`] : []),
  ].join(" · ");
}

/** Waits until typing rests: every question walks the whole library. */
const SEARCH_REST_MS = 140;

function SearchField() {
  const [text, setText] = useState(() => useLibraryState.getState().filter.search);
  useEffect(() => {
    if (text === useLibraryState.getState().filter.search) return;
    const timer = setTimeout(() => ask({ search: text }), SEARCH_REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(
    () =>
      useLibraryState.subscribe(({ filter }, before) => {
        if (filter.search === "" && before.filter.search !== "") setText("");
      }),
    [],
  );
  return (
    <div className="field library-search">
      <Search size={16} strokeWidth={1.75} aria-hidden />
      <input
        type="search"
        aria-label="Search the library"
        placeholder="Search the library"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setText("")}
      />
    </div>
  );
}

function Contents({
  library,
  commands,
  children,
}: {
  library: Library;
  commands: LibraryCommands;
  children: React.ReactNode;
}) {
  const { top, error, again } = library;
  const search = useLibraryState((state) => state.filter.search);
  if (error && !top)
    return (
      <EmptyState
        icon={TriangleAlert}
        title="The library could not be read"
        actions={<Button onClick={again}>Try again</Button>}
      >
        {failureWords("read the library", error)}
      </EmptyState>
    );
  if (!top) return null;
  if (top.total === 0)
    return (
      <EmptyState
        icon={Files}
        title="Nothing in the library yet"
        actions={
          <Button look="primary" icon={Plus} onClick={commands.pickFiles}>
            Add files
          </Button>
        }
      >
        Drop any files here: video, audio, images, documents. Files you drop on a course appear here too.
      </EmptyState>
    );
  if (top.matching === 0)
    return (
      <EmptyState
        icon={SearchX}
        title={search === "" ? "No files of this kind" : `Nothing matches “${search}”`}
        actions={<Button onClick={() => ask({ search: "", kind: null, usage: null })}>Show all files</Button>}
      >
        {search === ""
          ? "The filters above leave nothing to show."
          : "Names, courses, chapters, video titles and codecs were searched."}
      </EmptyState>
    );
  return children;
}

function BatchBar({ commands }: { commands: LibraryCommands }) {
  const chosen = useLibraryState((state) => state.chosen);
  if (chosen.size < 2) return null;
  return (
    <div className="floating-bar" role="toolbar" aria-label="Selected files">
      <b>{plural(chosen.size, "file")} selected</b>
      <Button look="quiet" icon={Trash2} danger onClick={() => commands.askDelete([...chosen.values()])}>
        Delete
      </Button>
      <IconButton icon={X} label="Clear the selection" onClick={() => setLibrary({ chosen: new Map() })} />
    </div>
  );
}

function Dialogs({ commands }: { commands: LibraryCommands }) {
  const deleting = useLibraryState((state) => state.deleting);
  const usesOf = useLibraryState((state) => state.usesOf);
  return (
    <>
      {deleting && (
        <DeleteDialog
          cards={deleting}
          remove={() => commands.remove(deleting)}
          close={() => setLibrary({ deleting: null })}
        />
      )}
      {usesOf && <UsesDialog card={usesOf} close={() => setLibrary({ usesOf: null })} />}
    </>
  );
}
