// A person as a round mark: initials on a colour that is theirs everywhere. Always beside the name, so it says nothing aloud.
import type { CSSProperties } from "react";

/** "Ada Lovelace": AL; "bob@example.edu": B. */
export function initialsOf(name: string): string {
  const words =
    name
      .split(/@/)[0]
      ?.split(/[\s._-]+/)
      .filter(Boolean) ?? [];
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words.slice(0, 1);
  return ends.map((word) => [...(word ?? "")][0]?.toUpperCase() ?? "").join("");
}

/** `id` decides the colour. */
function hueOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  // Ids that differ in their last letter only are far apart.
  return (sum * 137) % 360;
}

export function Avatar({ id, name, small = false }: { id: string; name: string; small?: boolean }) {
  return (
    <span
      className="avatar"
      data-small={small || undefined}
      style={{ "--hue": hueOf(id) } as CSSProperties}
      aria-hidden
    >
      {small ? [...initialsOf(name)][0] : initialsOf(name)}
    </span>
  );
}
