// The code of somebody who was invited: shown once, to be handed over by whoever invited them.
import type { OneTimeCode } from "../../backend/bindings/OneTimeCode";
import { HandedCode } from "../../design/handed-code";
import { goodWords, letterWords } from "./people-words";
import { useTeam } from "./use-team";

export function InvitationCode({ email, code }: { email: string; code: OneTimeCode }) {
  const { address } = useTeam();
  return (
    <HandedCode code={code.code} letter={letterWords(address, code.code)}>
      <p>
        Give this to <b>{email}</b>: Lectern sends no mail. It lets one computer in, once, and is good{" "}
        {goodWords(code, Date.now())}. It is not shown again.
      </p>
    </HandedCode>
  );
}
