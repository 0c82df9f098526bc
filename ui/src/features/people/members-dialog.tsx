// Who is in a course, and what each may do there. Owners take people in and out; everybody may leave.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { CourseId } from "../../backend/bindings/CourseId";
import type { Member } from "../../backend/bindings/Member";
import type { Role } from "../../backend/bindings/Role";
import { useBackend } from "../../backend/context";
import { plural } from "../../backend/format";
import { notify } from "../../backend/notices";
import { usePeopleActions } from "../../backend/people-actions";
import { coursesQuery, membersQuery } from "../../backend/queries";
import { failureWords } from "../../backend/words";
import { announce } from "../../design/announcer";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError } from "../../design/fields";
import { AddMember } from "./add-member";
import { MemberRow } from "./member-row";
import { NotAnswered } from "./not-answered";
import { ROLE_WORDS } from "./people-words";
import { AGAIN_MS, useTeam } from "./use-team";

interface Props {
  course: CourseId;
  close: () => void;
  home: () => void;
}

export function MembersDialog({ course, close, home }: Props) {
  const backend = useBackend();
  const actions = usePeopleActions();
  const { data: courses } = useQuery(coursesQuery(backend));
  const title = courses?.courses.find(({ id }) => id === course)?.title ?? "this course";
  const { data, error, refetch } = useQuery({
    ...membersQuery(backend, course),
    staleTime: 0,
    refetchInterval: AGAIN_MS,
  });
  const { workspace } = useTeam();
  const [failed, setFailed] = useState<string | null>(null);
  const [leaving, setLeaving] = useState(false);
  const list = useRef<HTMLUListElement>(null);

  const members = data?.members ?? [];
  const me = members.find(({ user }) => user === workspace?.user);
  const owns = me?.role === "owner";
  const owners = members.filter(({ role }) => role === "owner").length;

  async function attempt(what: string, done: string, act: () => Promise<unknown>): Promise<boolean> {
    setFailed(null);
    try {
      await act();
      announce(done);
      return true;
    } catch (problem) {
      setFailed(failureWords(what, problem));
      return false;
    }
  }
  const setRole = (member: Member, role: Role) =>
    attempt(`change what ${member.name} may do`, `${member.name}: ${ROLE_WORDS[role]}`, () =>
      actions.setMember(course, { user: member.user }, role),
    );
  async function takeOut(member: Member) {
    const done = `${member.name} is not in the course any more.`;
    const out = await attempt(`take ${member.name} out`, done, () =>
      actions.removeMember(course, member.user),
    );
    // Their row had the focus.
    if (out) list.current?.focus();
  }
  async function leave() {
    setLeaving(false);
    if (me === undefined) return;
    if (
      !(await attempt(`leave “${title}”`, `You left “${title}”.`, () =>
        actions.removeMember(course, me.user),
      ))
    )
      return;
    close();
    home();
    notify(`You left “${title}”.`);
  }

  if (leaving) return <LeaveCourse title={title} stay={() => setLeaving(false)} leave={() => void leave()} />;
  return (
    <Dialog
      title={`People in “${title}”`}
      close={close}
      width={520}
      status={
        data === undefined && !error
          ? "Asking the team’s server…"
          : data && plural(members.length, "person", "people")
      }
      actions={
        <Button look={owns ? "plain" : "primary"} onClick={close}>
          Done
        </Button>
      }
    >
      {error && (
        <NotAnswered
          what="read who is in the course"
          stale={data !== undefined}
          error={error}
          again={() => void refetch()}
        />
      )}
      {failed !== null && (
        <div role="alert" className="form-alert people-alert">
          <FieldError>{failed}</FieldError>
        </div>
      )}
      {owns && !error && <AddMember course={course} members={members} />}
      {data && (
        <ul className="people-list" ref={list} tabIndex={-1} aria-label={`People in ${title}`}>
          {members.map((member) => (
            <MemberRow
              key={member.user}
              member={member}
              isMe={member.user === me?.user}
              owns={owns && !error}
              onlyOwner={member.role === "owner" && owners === 1}
              setRole={(role) => void setRole(member, role)}
              remove={() => (member.user === me?.user ? setLeaving(true) : void takeOut(member))}
            />
          ))}
        </ul>
      )}
      {data && (
        <p className="form-hint">
          Viewers watch. Editors also change chapters and videos. Owners also say who is here, and may delete
          the course.
        </p>
      )}
    </Dialog>
  );
}

function LeaveCourse({ title, stay, leave }: { title: string; stay: () => void; leave: () => void }) {
  return (
    <Dialog
      title={`Leave “${title}”?`}
      close={stay}
      actions={
        <>
          <Button autoFocus onClick={stay}>
            Stay
          </Button>
          <Button look="danger" onClick={leave}>
            Leave course
          </Button>
        </>
      }
    >
      <p>
        You do not see it any more, on none of your computers, until an owner takes you in again. The others
        keep it.
      </p>
    </Dialog>
  );
}
