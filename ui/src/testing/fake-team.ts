// The fake backend's team: accounts with devices and codes, and who is in which course. It refuses what the server refuses.
import type { CourseId } from "../backend/bindings/CourseId";
import type { Device } from "../backend/bindings/Device";
import type { DeviceId } from "../backend/bindings/DeviceId";
import type { JoinAnswer } from "../backend/bindings/JoinAnswer";
import type { Me } from "../backend/bindings/Me";
import type { Member } from "../backend/bindings/Member";
import type { MemberAnswer } from "../backend/bindings/MemberAnswer";
import type { MemberArguments } from "../backend/bindings/MemberArguments";
import type { Members } from "../backend/bindings/Members";
import type { OneTimeCode } from "../backend/bindings/OneTimeCode";
import type { UserId } from "../backend/bindings/UserId";
import { fail } from "./rows";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export const ME = "00000000-0000-7000-8000-0000000000ff" as UserId;

export interface FakePerson {
  user: UserId;
  name: string;
  email: string;
}

export const person = (number: number, name: string, email: string): FakePerson => ({
  ...{ name, email },
  user: `00000000-0000-7000-8000-0000000001${String(number).padStart(2, "0")}` as UserId,
});

const device = (number: number, name: string, daysAgo: number, isThis = false): Device => ({
  ...{
    name,
    is_this: isThis,
    id: `00000000-0000-7000-8000-0000000002${String(number).padStart(2, "0")}` as DeviceId,
  },
  ...{ created_at: Date.now() - 40 * DAY, last_seen: Date.now() - daysAgo * DAY },
});

export class FakeTeam {
  /** The server answers. */
  reachable = true;
  /** It lets this computer in. */
  letIn = true;
  admin = true;
  people: FakePerson[] = [
    { user: ME, name: "Ada Lovelace", email: "ada@example.edu" },
    person(1, "Bob Noyce", "bob@example.edu"),
  ];
  devices: Device[] = [device(1, "Office iMac", 0, true), device(2, "Old laptop", 3)];
  readonly members = new Map<CourseId, Member[]>();
  private codes = 0;

  private asked(): void {
    if (!this.reachable) fail("offline", "this needs the team's server, which does not answer");
    if (!this.letIn) fail("signed_out", "sign in first");
  }

  private code(ms: number): OneTimeCode {
    this.codes += 1;
    return { code: `NEW${this.codes}0-CODE${this.codes}`, expires_at: Date.now() + ms };
  }

  account(): Me {
    this.asked();
    const me = this.people.find(({ user }) => user === ME) ?? fail("internal", "nobody is signed in");
    return { ...me, admin: this.admin, devices: this.devices };
  }

  deviceCode(): OneTimeCode {
    this.asked();
    return this.code(15 * MINUTE);
  }

  revoke(id: DeviceId): null {
    this.asked();
    if (!this.devices.some((one) => one.id === id)) fail("not_found", "there is no such device");
    this.devices = this.devices.filter((one) => one.id !== id);
    return null;
  }

  invite(email: string, name: string | null): OneTimeCode {
    this.asked();
    if (!this.admin) fail("rejected", "only admins invite people");
    if (!this.people.some((one) => one.email === email))
      this.people.push(person(10 + this.people.length, name ?? email.split("@")[0] ?? email, email));
    return this.code(7 * DAY);
  }

  in(course: CourseId): Members {
    this.asked();
    const known = this.members.get(course);
    if (known) return { members: known };
    const me = this.people.find(({ user }) => user === ME) ?? fail("not_found", "there is no such course");
    const members: Member[] = [{ ...me, role: "owner" }];
    this.members.set(course, members);
    return { members };
  }

  private owned(course: CourseId): Member[] {
    const { members } = this.in(course);
    const mine = members.find(({ user }) => user === ME) ?? fail("not_found", "there is no such course");
    if (mine.role !== "owner") fail("rejected", "only owners of a course say who is in it");
    return members;
  }

  set({ course, who, role }: MemberArguments): MemberAnswer {
    const members = this.owned(course);
    const known = this.people.find((one) =>
      "user" in who ? one.user === who.user : one.email === who.email,
    );
    if (!known) return { kind: "nobody" };
    this.keepOwner(members, known.user, role === "owner");
    const others = members.filter(({ user }) => user !== known.user);
    this.members.set(
      course,
      [...others, { ...known, role }].toSorted((a, b) => a.name.localeCompare(b.name)),
    );
    return { kind: "done" };
  }

  remove(course: CourseId, user: UserId): null {
    const members = user === ME ? this.in(course).members : this.owned(course);
    this.keepOwner(members, user, false);
    this.members.set(
      course,
      members.filter((one) => one.user !== user),
    );
    return null;
  }

  private keepOwner(members: Member[], user: UserId, stays: boolean) {
    const others = members.some((one) => one.role === "owner" && one.user !== user);
    if (!stays && !others) fail("rejected", "a course needs an owner: name another one first");
  }

  signIn(code: string): JoinAnswer {
    if (code === "BOBBY-00000")
      return { kind: "refused", problem: { code: "other_person", name: "Bob Noyce" } };
    if (code !== "ABCDE-12345") return { kind: "refused", problem: { code: "code" } };
    this.letIn = true;
    return { kind: "joined", in_keychain: true };
  }
}
