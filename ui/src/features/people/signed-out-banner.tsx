// The team's server lets this computer in no more: said over every screen, with what is safe and what can be done.
import { KeyRound } from "lucide-react";
import { plural } from "../../backend/format";
import { openPeople } from "../../backend/people-dialogs";
import { Button } from "../../design/button";
import { listed } from "./people-words";
import { useTeam } from "./use-team";
import "./people.css";

export function SignedOutBanner() {
  const { workspace } = useTeam();
  if (!workspace?.signed_out) return null;
  const { name, edits_waiting, uploads_waiting } = workspace;
  const waiting = listed([
    edits_waiting > 0 && plural(edits_waiting, "edit"),
    uploads_waiting > 0 && plural(uploads_waiting, "upload"),
  ]);
  return (
    <section className="signed-out" aria-label="Signed out" data-testid="signed-out">
      <KeyRound size={18} strokeWidth={1.75} aria-hidden />
      <p role="status">
        <b>This computer was signed out of “{name}”.</b>{" "}
        {waiting === ""
          ? "What you see is the copy that is kept here."
          : `Nothing is lost: ${waiting} wait${edits_waiting + uploads_waiting === 1 ? "s" : ""} here and ${edits_waiting + uploads_waiting === 1 ? "is" : "are"} sent when you sign in again.`}
      </p>
      <Button size="small" look="primary" onClick={() => openPeople({ kind: "sign_in" })}>
        Sign in again…
      </Button>
      <Button size="small" onClick={() => openPeople({ kind: "leave" })}>
        Remove…
      </Button>
    </section>
  );
}
