// Files that are in the library already, and files of a name that is taken: asked once for a whole drop, after everything
// else of it is on its way.
import { useState } from "react";
import { useActions } from "../../backend/actions";
import type { Clash } from "../../backend/bindings/Clash";
import type { DuplicateChoice } from "../../backend/bindings/DuplicateChoice";
import { type Asked, useQuestions } from "../../backend/questions";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Segments } from "../../design/fields";
import { DuplicateRow } from "./duplicate-row";
import { adviceOn, CHOICES, CONFIRM, firstChoice, forAllOf, titleOf } from "./duplicates-words";
import "./duplicates.css";

/** The first question that waits; the next comes when it is answered. */
export function DuplicateQuestions() {
  const asked = useQuestions((state) => state.asked[0]);
  return asked ? <DuplicatesDialog key={asked.question.id} asked={asked} /> : null;
}

/** The one choice of all of them, if there is one. */
function common(choices: readonly DuplicateChoice[]): DuplicateChoice | null {
  const [first, ...others] = new Set(choices);
  return first !== undefined && others.length === 0 ? first : null;
}

function DuplicatesDialog({ asked }: { asked: Asked }) {
  const { question, place, files } = asked;
  const { duplicates } = question;
  const actions = useActions();
  const [choices, setChoices] = useState<ReadonlyMap<number, DuplicateChoice>>(
    () => new Map(duplicates.map(({ index, clash }) => [index, firstChoice(clash, place)])),
  );
  const groups = (["same_bytes", "same_name"] as const)
    .map((clash) => ({ clash, rows: duplicates.filter((one) => one.clash === clash) }))
    .filter(({ rows }) => rows.length > 0);
  const all = common([...choices.values()]);
  const others = files - duplicates.length;
  const one = duplicates.length === 1;
  const chosen = (index: number, clash: Clash) => choices.get(index) ?? firstChoice(clash, place);
  const choose = (indices: readonly number[], choice: DuplicateChoice) =>
    setChoices(new Map([...choices, ...indices.map((index) => [index, choice] as const)]));
  const answer = (to: (index: number, clash: Clash) => DuplicateChoice) =>
    void actions.answerDuplicates(
      asked,
      duplicates.map(({ index, clash }) => ({ index, choice: to(index, clash) })),
    );
  const skip = () => answer(() => "skip");

  return (
    <Dialog
      title={titleOf(asked)}
      close={skip}
      keep
      width={660}
      submit={() => answer(chosen)}
      actions={
        <>
          <span className="duplicates-note">Escape skips {one ? "it" : "all of them"}</span>
          <Button onClick={skip}>{one ? "Skip it" : `Skip all ${duplicates.length}`}</Button>
          <Button look="primary" type="submit" autoFocus>
            {all === null ? "Do this" : `${CONFIRM[all]}${one ? "" : ` for ${duplicates.length}`}`}
          </Button>
        </>
      }
    >
      {groups.map(({ clash, rows }) => (
        <section key={clash} className="duplicates-group">
          <p>{adviceOn(clash, place)}</p>
          {rows.length > 1 && (
            <div className="duplicates-all">
              <span>{groups.length === 1 ? "For all" : forAllOf(clash, rows.length)}</span>
              <Segments
                label={
                  clash === "same_bytes"
                    ? "What to do with all of them"
                    : "What to do with all of the same name"
                }
                choices={CHOICES[clash]}
                chosen={common(rows.map(({ index }) => chosen(index, clash)))}
                choose={(choice) =>
                  choose(
                    rows.map(({ index }) => index),
                    choice,
                  )
                }
              />
            </div>
          )}
          <ul className="duplicates">
            {rows.map((duplicate) => (
              <DuplicateRow
                key={duplicate.index}
                duplicate={duplicate}
                place={place}
                choice={chosen(duplicate.index, clash)}
                choose={(choice) => choose([duplicate.index], choice)}
              />
            ))}
          </ul>
        </section>
      ))}
      {others > 0 && (
        <p className="duplicates-others">
          The other {others === 1 ? "file is" : `${others} files are`} on {others === 1 ? "its" : "their"} way
          and not held up by this.
        </p>
      )}
    </Dialog>
  );
}
