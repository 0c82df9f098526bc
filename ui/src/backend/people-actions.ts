// What people do about each other and their computers. A code passes through here and is kept nowhere.
import { useMemo } from "react";
import type { CourseId } from "./bindings/CourseId";
import type { DeviceId } from "./bindings/DeviceId";
import type { JoinAnswer } from "./bindings/JoinAnswer";
import type { Losses } from "./bindings/Losses";
import type { MemberAnswer } from "./bindings/MemberAnswer";
import type { OneTimeCode } from "./bindings/OneTimeCode";
import type { RemoveAnswer } from "./bindings/RemoveAnswer";
import type { Role } from "./bindings/Role";
import type { SignInArguments } from "./bindings/SignInArguments";
import type { UserId } from "./bindings/UserId";
import type { Who } from "./bindings/Who";
import { type Connection, useConnection } from "./context";
import { accountQuery, lossesQuery, membersQuery } from "./queries";
import { showAnew } from "./workspace-actions";

/** Each fails with what the host says: the words go into the dialog that asked. */
export interface PeopleActions {
  setMember(course: CourseId, who: Who, role: Role): Promise<MemberAnswer>;
  removeMember(course: CourseId, user: UserId): Promise<void>;
  invite(email: string, name: string): Promise<OneTimeCode>;
  makeDeviceCode(): Promise<OneTimeCode>;
  revokeDevice(device: DeviceId): Promise<void>;
  signIn(how: SignInArguments): Promise<JoinAnswer>;
  /** `home` leaves the screen that was open: what it shows is not in the next workspace. */
  leave(id: string, agreed: Losses, home: () => void): Promise<RemoveAnswer>;
}

export function createPeopleActions(connection: Connection): PeopleActions {
  const { backend, client, invalidator } = connection;
  const membersAgain = (course: CourseId) => client.invalidateQueries(membersQuery(backend, course));
  return {
    async setMember(course, who, role) {
      const answer = await backend.set_member({ course, who, role });
      if (answer.kind === "done") await membersAgain(course);
      return answer;
    },
    async removeMember(course, user) {
      await backend.remove_member({ course, user });
      await membersAgain(course);
    },
    invite: (email, name) => backend.invite_person({ email, name: name.trim() === "" ? null : name }),
    makeDeviceCode: () => backend.make_device_code({}),
    async revokeDevice(device) {
      await backend.revoke_device({ device });
      await client.invalidateQueries(accountQuery(backend));
    },
    async signIn(how) {
      const answer = await backend.sign_in(how);
      if (answer.kind === "joined") {
        client.removeQueries(accountQuery(backend));
        invalidator.stale([{ tag: "workspace" }, { tag: "uploads" }]);
      }
      return answer;
    },
    async leave(id, agreed, home) {
      const answer = await backend.remove_workspace({ id, agreed });
      if (answer.kind === "grown") client.setQueryData(lossesQuery(backend, id).queryKey, answer.losses);
      else await showAnew(connection, home);
      return answer;
    },
  };
}

export function usePeopleActions(): PeopleActions {
  const connection = useConnection();
  return useMemo(() => createPeopleActions(connection), [connection]);
}
