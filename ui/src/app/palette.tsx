// Ctrl K: goes to any course, or does what the sidebar does, from the keyboard.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { BookOpen, Cloud, Files, Gauge, type LucideIcon, Moon, Plus, Search, Sun } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { useBackend } from "../backend/context";
import { coursesQuery } from "../backend/queries";
import { openRules } from "../backend/sending-dialogs";
import { openStore } from "../backend/store-dialogs";
import { startNewCourse } from "../features/courses/course-nav";
import { setTheme } from "../features/settings/theme";

interface Entry {
  id: string;
  label: string;
  kind: string;
  icon: LucideIcon;
  act: () => void;
}

const ENTRIES_MAX = 12;

/** Open while it is rendered. */
export function Palette({ close }: { close: () => void }) {
  const navigate = useNavigate();
  const { data } = useQuery(coursesQuery(useBackend()));
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();

  const all: Entry[] = [
    ...(data?.courses ?? []).map(({ id, title }) => ({
      ...{ id: id as string, label: title, kind: "Course", icon: BookOpen },
      act: () => void navigate({ to: "/courses/$course", params: { course: id } }),
    })),
    {
      id: "library",
      label: "Media library",
      kind: "Screen",
      icon: Files,
      act: () => void navigate({ to: "/library" }),
    },
    { id: "new", label: "New course", kind: "Command", icon: Plus, act: startNewCourse },
    { id: "rules", label: "Speed limit and timetable", kind: "Command", icon: Gauge, act: openRules },
    { id: "store", label: "Where files are kept", kind: "Command", icon: Cloud, act: openStore },
    { id: "light", label: "Light appearance", kind: "Command", icon: Sun, act: () => setTheme("light") },
    { id: "dark", label: "Dark appearance", kind: "Command", icon: Moon, act: () => setTheme("dark") },
  ];
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .slice(0, ENTRIES_MAX);
  const chosen = Math.min(at, found.length - 1);

  function run(entry: Entry | undefined) {
    if (!entry) return;
    close();
    entry.act();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown") setAt((chosen + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((chosen - 1 + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[chosen]);
    else return;
    event.preventDefault();
  }

  return (
    <ModalOverlay
      className="scrim palette-scrim"
      isOpen
      isDismissable
      onOpenChange={(open) => !open && close()}
    >
      <Modal className="modal palette">
        <Dialog className="dialog" aria-label="Find anything">
          <div className="palette-field">
            <Search size={17} strokeWidth={1.75} aria-hidden />
            <input
              autoFocus
              role="combobox"
              aria-expanded
              aria-controls={listId}
              aria-activedescendant={found.length > 0 ? `${listId}-${chosen}` : undefined}
              aria-label="Find a course or a command"
              placeholder="Find a course or a command"
              spellCheck={false}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={onKeyDown}
            />
          </div>
          <div id={listId} role="listbox" aria-label="Found" className="palette-list">
            {found.map((entry, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
              <div
                key={entry.id}
                id={`${listId}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === chosen}
                className="menu-item"
                data-focused={index === chosen || undefined}
                onPointerMove={() => setAt(index)}
                onClick={() => run(entry)}
              >
                <entry.icon size={15} strokeWidth={1.75} aria-hidden />
                <span className="truncate">{entry.label}</span>
                <kbd>{entry.kind}</kbd>
              </div>
            ))}
          </div>
          {found.length === 0 && <p className="palette-none">No course or command is called that.</p>}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
