// Where files are used, each place a link; and the question before a delete that takes videos along.
import { Link } from "@tanstack/react-router";
import type { AssetCard } from "../../backend/bindings/AssetCard";
import type { AssetUse } from "../../backend/bindings/AssetUse";
import { plural } from "../../backend/format";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { fileWords } from "./library-commands";

/** More would not be read: the rest is counted. */
const USES_SHOWN_MAX = 200;

function Uses({ uses, close }: { uses: readonly AssetUse[]; close: () => void }) {
  return (
    <ul className="uses">
      {uses.slice(0, USES_SHOWN_MAX).map((use) => (
        <li key={use.video}>
          <Link
            to="/courses/$course"
            params={{ course: use.course }}
            search={{ video: use.video }}
            onClick={close}
          >
            {use.course_title} › {use.chapter_title} › {use.video_title}
          </Link>
        </li>
      ))}
      {uses.length > USES_SHOWN_MAX && <li>and {plural(uses.length - USES_SHOWN_MAX, "more", "more")}</li>}
    </ul>
  );
}

export function UsesDialog({ card, close }: { card: AssetCard; close: () => void }) {
  return (
    <Dialog
      title={`Where “${card.name}” is used`}
      close={close}
      width={520}
      actions={<Button onClick={close}>Close</Button>}
    >
      <Uses uses={card.uses} close={close} />
    </Dialog>
  );
}

interface DeleteProps {
  cards: readonly AssetCard[];
  remove: () => void;
  close: () => void;
}

export function DeleteDialog({ cards, remove, close }: DeleteProps) {
  const uses = cards.flatMap((card) => card.uses);
  const label = `Delete ${plural(cards.length, "file")} and ${plural(uses.length, "video")}`;
  return (
    <Dialog
      title={`Delete ${fileWords(cards)}?`}
      close={close}
      width={520}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="danger" onClick={remove}>
            {label}
          </Button>
        </>
      }
    >
      <p>
        {uses.length === 1 ? "This video shows" : `These ${plural(uses.length, "video")} show`}{" "}
        {cards.length === 1 ? "it" : "them"} and would go too. You can undo this.
      </p>
      <Uses uses={uses} close={close} />
    </Dialog>
  );
}
