// A name edited in place: Enter or leaving keeps it, Escape gives it up, an empty one is no name.
import { type KeyboardEvent, useRef } from "react";

interface Props {
  label: string;
  initial: string;
  placeholder?: string;
  save: (name: string) => void;
  cancel: () => void;
}

/** The limit of names, on both sides of the wire. */
const NAME_BYTES_MAX = 200;

export function cleanName(raw: string): string {
  const text = raw.normalize("NFC").replace(/\s+/g, " ").trim();
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= NAME_BYTES_MAX) return text;
  // A cut character at the end decodes to nothing.
  return new TextDecoder().decode(bytes.slice(0, NAME_BYTES_MAX), { stream: true }).trim();
}

export function NameInput({ label, initial, placeholder, save, cancel }: Props) {
  // Enter unmounts the field, which blurs it: one ending is enough.
  const ended = useRef(false);

  function end(raw: string | null) {
    if (ended.current) return;
    ended.current = true;
    const name = raw === null ? "" : cleanName(raw);
    if (name === "" || name === initial) cancel();
    else save(name);
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    // Keys typed here are text, not commands of the list around.
    event.stopPropagation();
    // While an input method composes, Enter chooses a character.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") end(event.currentTarget.value);
    else if (event.key === "Escape") end(null);
  }

  return (
    <input
      className="name-input"
      data-testid="name-input"
      aria-label={label}
      placeholder={placeholder}
      defaultValue={initial}
      spellCheck={false}
      autoComplete="off"
      // biome-ignore lint/a11y/noAutofocus: the user has just asked to type here
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onKeyDown={onKeyDown}
      onBlur={(event) => end(event.currentTarget.value)}
      onClick={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      onPointerDown={(event) => event.stopPropagation()}
    />
  );
}
