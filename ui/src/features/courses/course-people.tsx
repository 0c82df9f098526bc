// Who is in the course, at a glance, and the way to the list of them. In a workspace of one person there is nobody to show.
import { useQuery } from "@tanstack/react-query";
import { Users } from "lucide-react";
import type { CourseId } from "../../backend/bindings/CourseId";
import { useBackend } from "../../backend/context";
import { plural } from "../../backend/format";
import { openPeople } from "../../backend/people-dialogs";
import { membersQuery, workspaceQuery } from "../../backend/queries";
import { Avatar } from "../../design/avatar";
import { Button } from "../../design/button";

const FACES_MAX = 3;

function useMembers(course: CourseId) {
  const backend = useBackend();
  const { data: workspace } = useQuery(workspaceQuery(backend));
  const isTeam = workspace?.store === "team";
  const asks = isTeam && workspace.server_reachable && !workspace.signed_out;
  const { data } = useQuery({ ...membersQuery(backend, course), enabled: asks });
  const me = data?.members.find(({ user }) => user === workspace?.user);
  return { isTeam, members: data?.members, role: me?.role };
}

export function CoursePeople({ course }: { course: CourseId }) {
  const { isTeam, members } = useMembers(course);
  if (!isTeam) return null;
  const faces = members?.slice(0, FACES_MAX) ?? [];
  const count = members?.length ?? 0;
  return (
    <Button
      data-testid="course-people"
      className="button course-people"
      icon={faces.length > 1 ? undefined : Users}
      title={count > 0 ? plural(count, "person", "people") : undefined}
      aria-label={count > 1 ? `People, ${count}` : "People"}
      aria-haspopup="dialog"
      onClick={() => openPeople({ kind: "members", course })}
    >
      {faces.length > 1 && (
        <span className="faces" aria-hidden>
          {faces.map(({ user, name }) => (
            <Avatar key={user} id={user} name={name} small />
          ))}
        </span>
      )}
      People
      {count > FACES_MAX && <small>{count}</small>}
    </Button>
  );
}

/** Whoever may only watch should not find out by an edit that is refused. */
export function ViewOnly({ course }: { course: CourseId }) {
  const { role } = useMembers(course);
  return role === "viewer" ? <span className="view-only">View only</span> : null;
}
