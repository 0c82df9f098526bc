// One person in a course, with the menu of those who may change something about them.
import { ChevronDown, LogOut, UserMinus } from "lucide-react";
import type { Member } from "../../backend/bindings/Member";
import type { Role } from "../../backend/bindings/Role";
import { Avatar } from "../../design/avatar";
import { Button } from "../../design/button";
import { Menu } from "../../design/menu";
import { ROLE_WORDS, ROLES } from "./people-words";

interface Props {
  member: Member;
  isMe: boolean;
  /** Whoever looks owns the course. */
  owns: boolean;
  onlyOwner: boolean;
  setRole: (role: Role) => void;
  /** Oneself: leaves. */
  remove: () => void;
}

export function MemberRow({ member, isMe, owns, onlyOwner, setRole, remove }: Props) {
  const { user, name, email, role } = member;
  return (
    <li className="person" data-testid="member" data-role={role}>
      <Avatar id={user} name={name} />
      <span className="person-name">
        <b className="truncate">
          {name}
          {isMe && <small> you</small>}
        </b>
        {email !== null && <span className="truncate">{email}</span>}
      </span>
      {owns || isMe ? (
        <Menu
          label={`${name} in this course`}
          note={onlyOwner ? "A course has an owner: make somebody else one first." : undefined}
          actions={[
            ...(owns
              ? ROLES.map((one) => ({
                  ...{ label: ROLE_WORDS[one], chosen: one === role, disabled: onlyOwner && one !== role },
                  act: () => (one === role ? undefined : setRole(one)),
                }))
              : []),
            isMe
              ? {
                  label: "Leave course…",
                  icon: LogOut,
                  danger: true,
                  apart: owns,
                  disabled: onlyOwner,
                  act: remove,
                }
              : { label: "Take out of the course", icon: UserMinus, danger: true, apart: true, act: remove },
          ]}
        >
          <Button look="quiet" size="small" aria-label={`${name}: ${ROLE_WORDS[role]}`}>
            {ROLE_WORDS[role]}
            <ChevronDown size={14} className="chevron" aria-hidden />
          </Button>
        </Menu>
      ) : (
        <span className="person-role">{ROLE_WORDS[role]}</span>
      )}
    </li>
  );
}
