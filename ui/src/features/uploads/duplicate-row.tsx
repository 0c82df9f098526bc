// One file of the question: what it stands against, and what is to be done with it.
import type { Destination } from "../../backend/bindings/Destination";
import type { Duplicate } from "../../backend/bindings/Duplicate";
import type { DuplicateChoice } from "../../backend/bindings/DuplicateChoice";
import { Thumbnail } from "../../design/thumbnail";
import { CHOICES, factsOf, standsAgainst } from "./duplicates-words";

interface Props {
  duplicate: Duplicate;
  place: Destination["kind"];
  choice: DuplicateChoice;
  choose: (choice: DuplicateChoice) => void;
}

export function DuplicateRow({ duplicate, place, choice, choose }: Props) {
  const { name, asset_name, clash, thumbnail_url } = duplicate;
  return (
    <li>
      <Thumbnail kind={place === "chapter" ? "video" : "other"} url={thumbnail_url} />
      <div className="duplicate-words">
        <b className="truncate" title={name}>
          {name}
        </b>
        <span className="truncate" title={asset_name}>
          {standsAgainst(duplicate)}
        </span>
        <small>{factsOf(duplicate, place)}</small>
      </div>
      <select
        className="select"
        aria-label={`What to do with ${name}`}
        value={choice}
        onChange={(event) => choose(event.target.value as DuplicateChoice)}
      >
        {CHOICES[clash].map(([id, words]) => (
          <option key={id} value={id}>
            {words}
          </option>
        ))}
      </select>
    </li>
  );
}
