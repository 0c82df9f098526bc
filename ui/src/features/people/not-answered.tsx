// What only the team's server knows could not be read: why, and what to do about it.
import { CloudOff } from "lucide-react";
import { openPeople } from "../../backend/people-dialogs";
import { failureWords, isAppError } from "../../backend/words";
import { Button } from "../../design/button";

interface Props {
  /** Completes "Could not …". */
  what: string;
  /** What is shown beside it was read before. */
  stale?: boolean;
  error: unknown;
  again: () => void;
}

const GONE = "This course is not on the server yet, or you are not in it any more.";
const AWAY = {
  nothing: "The team’s server does not answer, and only it knows. Try again when the network is back.",
  stale: "The team’s server does not answer. This is how it was before.",
};

export function NotAnswered({ what, stale = false, error, again }: Props) {
  const away = isAppError(error) && error.code === "offline";
  const signedOut = isAppError(error) && error.code === "signed_out";
  const gone = isAppError(error) && error.code === "not_found";
  return (
    <div className="not-answered" role="alert">
      <CloudOff size={18} strokeWidth={1.75} aria-hidden />
      <p>{gone ? GONE : away ? AWAY[stale ? "stale" : "nothing"] : failureWords(what, error)}</p>
      {signedOut ? (
        <Button size="small" onClick={() => openPeople({ kind: "sign_in" })}>
          Sign in again…
        </Button>
      ) : (
        <Button size="small" onClick={again}>
          Try again
        </Button>
      )}
    </div>
  );
}
