// Words about people, computers and leaving: what each role may do, and what would be lost.
import type { Losses } from "../../backend/bindings/Losses";
import type { OneTimeCode } from "../../backend/bindings/OneTimeCode";
import type { Role } from "../../backend/bindings/Role";
import type { StoreKind } from "../../backend/bindings/StoreKind";
import type { WorkspaceState } from "../../backend/bindings/WorkspaceState";
import { formatBytes, plural } from "../../backend/format";

export const ROLES: readonly Role[] = ["owner", "editor", "viewer"];

export const ROLE_WORDS: Record<Role, string> = { owner: "Owner", editor: "Editor", viewer: "Viewer" };

/** "2 edits and 1 upload". */
export function listed(parts: readonly (string | false)[]): string {
  const said = parts.filter((part) => part !== false);
  const last = said.at(-1) ?? "";
  return said.length < 2 ? last : `${said.slice(0, -1).join(", ")} and ${last}`;
}

export interface LeaveWords {
  title: string;
  /** What goes, what stays, and how to come back. */
  about: string;
  /** What is nowhere else. None: nothing is lost. */
  lost: string | null;
  /** What would save it. */
  saving: string | null;
  button: string;
  busy: string;
}

type Facts = Pick<WorkspaceState, "server_reachable" | "signed_out" | "bucket"> & { name: string };

export function leaveWords(store: StoreKind, facts: Facts, losses: Losses): LeaveWords {
  if (store === "team") return signOutWords(facts, losses);
  const { name, bucket } = facts;
  const courses = losses.courses > 0 && plural(losses.courses, "course");
  const files = losses.files > 0 && plural(losses.files, "file");
  const uploads =
    losses.uploads > 0 &&
    `${plural(losses.uploads, "upload")} that ${losses.uploads === 1 ? "is" : "are"} not finished`;
  const what = listed([courses, files && `${files} (${formatBytes(losses.bytes)})`, uploads]);
  const goes = listed([courses, files]);
  return {
    title: `Remove “${name}” from this computer?`,
    about:
      bucket === null
        ? "This workspace is on this computer only. An empty one takes its place. The files you once dropped on it stay where they are on your disk."
        : `Files that are in the bucket ${bucket} stay there. An empty workspace takes the place of this one.`,
    lost:
      what === ""
        ? null
        : `${what} ${isOne(losses) ? "is" : "are"} kept nowhere else, and cannot be brought back.`,
    saving: null,
    button: goes === "" ? "Remove workspace" : `Remove and delete ${goes}`,
    busy: "Removing…",
  };
}

const isOne = ({ courses, files, uploads }: Losses) => courses + files + uploads === 1;

function signOutWords({ name, server_reachable, signed_out }: Facts, losses: Losses): LeaveWords {
  const what = listed([
    losses.edits > 0 && plural(losses.edits, "edit"),
    losses.uploads > 0 && plural(losses.uploads, "upload"),
  ]);
  const one = losses.edits + losses.uploads === 1;
  const [it, goes] = one ? ["it", "goes"] : ["they", "go"];
  const saving = signed_out
    ? `Sign in again with a new code, and ${it} ${one ? "is" : "are"} sent.`
    : server_reachable
      ? `Wait until ${it} ${one ? "is" : "are"} sent, and nothing is lost.`
      : `When the server answers again ${it} ${goes} by ${one ? "itself" : "themselves"}: wait for that, and nothing is lost.`;
  const files = losses.uploads > 0 ? " The files themselves stay where they are on your disk." : "";
  return {
    title: signed_out ? `Remove “${name}” from this computer?` : `Sign out of “${name}”?`,
    about: `Its courses stay on the team’s server, for you and for everybody in them. The copy on this computer is deleted. To come back you need a new code.${files}`,
    lost: what === "" ? null : `${what} ${one ? "is" : "are"} not on the server yet.`,
    saving: what === "" ? null : saving,
    button: `${signed_out ? "Remove" : "Sign out"}${what === "" ? "" : ` and discard ${what}`}`,
    busy: signed_out ? "Removing…" : "Signing out…",
  };
}

const DAY_MS = 86_400_000;

/** "just now", "3 hours ago", "12 March 2026". */
export function seenWords(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 2) return "just now";
  if (minutes < 60) return `${minutes} minutes ago`;
  if (minutes < 24 * 60) return `${plural(Math.floor(minutes / 60), "hour")} ago`;
  if (now - at < 7 * DAY_MS) return `${plural(Math.floor((now - at) / DAY_MS), "day")} ago`;
  return dayWords(at);
}

export const dayWords = (at: number): string =>
  new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" }).format(at);

/** How long a code is good: "for 15 minutes", "until 12 March 2026". */
export function goodWords({ expires_at }: OneTimeCode, now: number): string {
  const minutes = Math.max(1, Math.round((expires_at - now) / 60_000));
  return minutes <= 120 ? `for ${plural(minutes, "minute")}` : `until ${dayWords(expires_at)}`;
}

/** What somebody elsewhere needs to get in, to be sent as it is. */
export const letterWords = (address: string, code: string): string =>
  `Lectern: open the menu at the top left, choose “Join a team…”.\nAddress of the server: ${address}\nOne-time code: ${code}`;
