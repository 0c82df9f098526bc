// What the question about files that are there already says.
import type { Clash } from "../../backend/bindings/Clash";
import type { Destination } from "../../backend/bindings/Destination";
import type { Duplicate } from "../../backend/bindings/Duplicate";
import type { DuplicateChoice } from "../../backend/bindings/DuplicateChoice";
import { formatBytes, formatDay, plural } from "../../backend/format";
import type { Asked } from "../../backend/questions";

type Place = Destination["kind"];

export const CHOICES = {
  same_bytes: [
    ["use_existing", "Use existing"],
    ["keep_both", "Keep both"],
    ["skip", "Skip"],
  ],
  same_name: [
    ["replace", "Replace"],
    ["keep_both", "Keep both"],
    ["skip", "Skip"],
  ],
} as const satisfies Record<Clash, readonly (readonly [DuplicateChoice, string])[]>;

export const CONFIRM: Record<DuplicateChoice, string> = {
  use_existing: "Use existing",
  replace: "Replace",
  keep_both: "Keep both",
  skip: "Skip",
};

/**
 * Who drops a file on a chapter that has one of its name has recorded it anew. In the library a name says little: cameras
 * give the same ones again and again.
 */
export function firstChoice(clash: Clash, place: Place): DuplicateChoice {
  if (clash === "same_bytes") return "use_existing";
  return place === "chapter" ? "replace" : "keep_both";
}

/** "3 of 6 files are in your library already". */
export function titleOf({ question, files, place }: Asked): string {
  const { duplicates } = question;
  const { length } = duplicates;
  const clashes = new Set(duplicates.map(({ clash }) => clash));
  const some = length === files ? `All ${plural(files, "file")}` : `${length} of ${plural(files, "file")}`;
  const are = length === 1 ? "is" : "are";
  const have = length === 1 ? "has" : "have";
  if (clashes.size > 1) return `${some} are here already, or have a name that is taken`;
  if (clashes.has("same_bytes"))
    return files === 1 ? "This file is in your library already" : `${some} ${are} in your library already`;
  const owner = place === "chapter" ? "a video in this chapter" : "a file in your library";
  return files === 1 ? `This file has the name of ${owner}` : `${some} ${have} the name of ${owner}`;
}

export function adviceOn(clash: Clash, place: Place): string {
  if (clash === "same_bytes")
    return place === "chapter"
      ? "“Use existing” puts the file you have into the chapter and sends nothing. “Keep both” sends a second copy."
      : "“Use existing” leaves the file you have as it is and sends nothing. “Keep both” sends a second copy.";
  return place === "chapter"
    ? "“Replace” shows the new file in the old one’s place once it is sent: title and captions stay, and so does the old file, in your library."
    : "“Replace” shows the new file wherever the old one is used, once it is sent. The old one stays in your library.";
}

export const forAllOf = (clash: Clash, count: number) =>
  clash === "same_bytes" ? `For the ${count} that are here already` : `For the ${count} of the same name`;

/** What the file stands against. */
export function standsAgainst({ clash, name, asset_name, bytes, asset_bytes }: Duplicate): string {
  if (clash === "same_bytes")
    return asset_name === name ? "is here under the same name" : `is here as “${asset_name}”`;
  const [ours, theirs] = [formatBytes(bytes), formatBytes(asset_bytes)];
  const size = ours === theirs ? `is another file of ${ours}` : `is ${ours}, the one here ${theirs}`;
  return asset_name.toLowerCase() === name.toLowerCase() ? size : `${size} (“${asset_name}”)`;
}

export function factsOf({ clash, bytes, added_at, places }: Duplicate, place: Place): string {
  const used = places === 0 ? "not used yet" : `used in ${plural(places, "place")}`;
  const others = clash === "same_name" && place === "chapter" && places > 1;
  return [
    ...(clash === "same_bytes" ? [formatBytes(bytes)] : []),
    `added ${formatDay(added_at)}`,
    others ? `${plural(places - 1, "other place")} ${places === 2 ? "keeps" : "keep"} the old one` : used,
  ].join(" · ");
}
