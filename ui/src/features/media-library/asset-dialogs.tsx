// Where files are used, each place a link; and the question before a delete that takes videos along.
import { Link } from "@tanstack/react-router";
import type { AssetCard } from "../../backend/bindings/AssetCard";
import type { AssetUse } from "../../backend/bindings/AssetUse";
import type { AttachmentRole } from "../../backend/bindings/AttachmentRole";
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
        <li key={use.attached?.attachment ?? use.video}>
          <Link
            to="/courses/$course"
            params={{ course: use.course }}
            search={{ video: use.video }}
            onClick={close}
          >
            {use.course_title} › {use.chapter_title} › {use.video_title}
          </Link>
          {use.attached && ` (${ROLE_WORDS[use.attached.role]})`}
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

const ROLE_WORDS: Record<AttachmentRole, string> = {
  captions: "as captions",
  handout: "as a handout",
  poster: "as the poster",
};

interface DeleteProps {
  cards: readonly AssetCard[];
  remove: () => void;
  close: () => void;
}

export function DeleteDialog({ cards, remove, close }: DeleteProps) {
  const uses = cards.flatMap((card) => card.uses);
  const files = plural(cards.length, "file");
  const videos = uses.filter((use) => use.attached === null).length;
  const ties = uses.length - videos;
  const label = videos > 0 ? `Delete ${files} and ${plural(videos, "video")}` : `Delete ${files}`;
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
      {videos > 0 && (
        <p>
          {videos === 1 ? "This video shows" : `These ${plural(videos, "video")} show`}{" "}
          {cards.length === 1 ? "it" : "them"} and would go too. You can undo this.
        </p>
      )}
      {ties > 0 && (
        <p>
          {ties === 1 ? "One video has" : `${plural(ties, "video")} have`}{" "}
          {cards.length === 1 ? "it" : "them"} attached, and would be without. You can undo this.
        </p>
      )}
      <Uses uses={uses} close={close} />
    </Dialog>
  );
}
