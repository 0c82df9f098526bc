// Draws whichever dialog about people was asked for.
import { useNavigate } from "@tanstack/react-router";
import { closePeople, usePeopleDialog } from "../../backend/people-dialogs";
import { DevicesDialog } from "./devices-dialog";
import { InviteDialog } from "./invite-dialog";
import { LeaveDialog } from "./leave-dialog";
import { MembersDialog } from "./members-dialog";
import { SignInDialog } from "./sign-in-dialog";
import "./people.css";

export function PeopleDialogs() {
  const open = usePeopleDialog((state) => state.open);
  const goTo = useNavigate();
  const home = () => void goTo({ to: "/" });
  switch (open?.kind) {
    case "members":
      return <MembersDialog key={open.course} course={open.course} close={closePeople} home={home} />;
    case "devices":
      return <DevicesDialog close={closePeople} />;
    case "invite":
      return <InviteDialog close={closePeople} />;
    case "sign_in":
      return <SignInDialog close={closePeople} />;
    case "leave":
      return <LeaveDialog close={closePeople} home={home} />;
    default:
      return null;
  }
}
