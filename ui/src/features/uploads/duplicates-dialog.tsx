// Files that are in the library already: asked once for a whole drop, after everything else of it is on its way.
import { useState } from "react";
import { useActions } from "../../backend/actions";
import type { Duplicate } from "../../backend/bindings/Duplicate";
import type { DuplicateChoice } from "../../backend/bindings/DuplicateChoice";
import { formatBytes, formatDay, plural } from "../../backend/format";
import { type Asked, useQuestions } from "../../backend/questions";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Segments } from "../../design/fields";
import { Thumbnail } from "../../design/thumbnail";
import "./duplicates.css";

const CHOICES = [
  ["use_existing", "Use existing"],
  ["keep_both", "Keep both"],
  ["skip", "Skip"],
] as const satisfies readonly (readonly [DuplicateChoice, string])[];

/** The first question that waits; the next comes when it is answered. */
export function DuplicateQuestions() {
  const asked = useQuestions((state) => state.asked[0]);
  return asked ? <DuplicatesDialog key={asked.question.id} asked={asked} /> : null;
}

/** "3 of 6 files are in your library already". */
export function titleOf({ question, files }: Pick<Asked, "files" | "question">): string {
  const { length } = question.duplicates;
  if (files === 1) return "This file is in your library already";
  if (length === files) return `All ${plural(files, "file")} are in your library already`;
  return `${length} of ${plural(files, "file")} ${length === 1 ? "is" : "are"} in your library already`;
}

/** The one choice of all of them, if there is one. */
function common(choices: ReadonlyMap<number, DuplicateChoice>): DuplicateChoice | null {
  const [first, ...others] = new Set(choices.values());
  return first !== undefined && others.length === 0 ? first : null;
}

function DuplicatesDialog({ asked }: { asked: Asked }) {
  const { question, place, files } = asked;
  const { duplicates } = question;
  const actions = useActions();
  const every = (choice: DuplicateChoice) => new Map(duplicates.map(({ index }) => [index, choice]));
  const [choices, setChoices] = useState<ReadonlyMap<number, DuplicateChoice>>(() => every("use_existing"));
  const all = common(choices);
  const others = files - duplicates.length;
  const one = duplicates.length === 1;
  const answer = (from: ReadonlyMap<number, DuplicateChoice>) =>
    void actions.answerDuplicates(
      asked,
      [...from].map(([index, choice]) => ({ index, choice })),
    );
  const skip = () => answer(every("skip"));
  const confirm = { use_existing: "Use existing", keep_both: "Keep both", skip: "Skip" };

  return (
    <Dialog
      title={titleOf(asked)}
      close={skip}
      keep
      width={660}
      submit={() => answer(choices)}
      actions={
        <>
          <span className="duplicates-note">Escape skips {one ? "it" : "all of them"}</span>
          <Button onClick={skip}>{one ? "Skip it" : `Skip all ${duplicates.length}`}</Button>
          <Button look="primary" type="submit" autoFocus>
            {all === null ? "Do this" : `${confirm[all]}${one ? "" : ` for ${duplicates.length}`}`}
          </Button>
        </>
      }
    >
      <p>
        {place === "chapter"
          ? "“Use existing” puts the file you have into the chapter and sends nothing."
          : "“Use existing” leaves the file you have as it is and sends nothing."}{" "}
        “Keep both” sends a second copy.
        {others > 0 && ` The other ${others === 1 ? "file is" : `${others} are`} not held up by this.`}
      </p>
      {!one && (
        <div className="duplicates-all">
          <span>For all</span>
          <Segments
            label="What to do with all of them"
            choices={CHOICES}
            chosen={all}
            choose={(choice) => setChoices(every(choice))}
          />
        </div>
      )}
      <ul className="duplicates">
        {duplicates.map((duplicate) => (
          <DuplicateRow
            key={duplicate.index}
            duplicate={duplicate}
            video={place === "chapter"}
            choice={choices.get(duplicate.index) ?? "use_existing"}
            choose={(choice) => setChoices(new Map(choices).set(duplicate.index, choice))}
          />
        ))}
      </ul>
    </Dialog>
  );
}

interface RowProps {
  duplicate: Duplicate;
  video: boolean;
  choice: DuplicateChoice;
  choose: (choice: DuplicateChoice) => void;
}

function DuplicateRow({ duplicate, video, choice, choose }: RowProps) {
  const { name, asset_name, bytes, added_at, places, thumbnail_url } = duplicate;
  const facts = [
    formatBytes(bytes),
    `added ${formatDay(added_at)}`,
    places === 0 ? "not used yet" : `used in ${plural(places, "place")}`,
  ];
  return (
    <li>
      <Thumbnail kind={video ? "video" : "other"} url={thumbnail_url} />
      <div className="duplicate-words">
        <b className="truncate" title={name}>
          {name}
        </b>
        <span className="truncate" title={asset_name}>
          {asset_name === name ? "is here under the same name" : `is here as “${asset_name}”`}
        </span>
        <small>{facts.join(" · ")}</small>
      </div>
      <select
        className="select"
        aria-label={`What to do with ${name}`}
        value={choice}
        onChange={(event) => choose(event.target.value as DuplicateChoice)}
      >
        {CHOICES.map(([id, words]) => (
          <option key={id} value={id}>
            {words}
          </option>
        ))}
      </select>
    </li>
  );
}
