// The workspace's name, the honest line on where it lives, and the few settings there are.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  Activity,
  ChevronsUpDown,
  Cloud,
  CloudUpload,
  HardDrive,
  KeyRound,
  Laptop,
  LogOut,
  MailPlus,
  Monitor,
  Moon,
  Sun,
  Trash2,
  UserPlus,
  Users,
} from "lucide-react";
import { useState } from "react";
import type { StoreKind } from "../../backend/bindings/StoreKind";
import type { WorkspaceEntry } from "../../backend/bindings/WorkspaceEntry";
import type { WorkspaceState } from "../../backend/bindings/WorkspaceState";
import { useBackend, useConnection } from "../../backend/context";
import { notify } from "../../backend/notices";
import { openPeople } from "../../backend/people-dialogs";
import { accountQuery, workspaceQuery, workspacesQuery } from "../../backend/queries";
import { openConnect, openStore } from "../../backend/store-dialogs";
import { failureWords, STORE_WORDS } from "../../backend/words";
import { useWorkspaceActions } from "../../backend/workspace-actions";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Menu, type MenuAction } from "../../design/menu";
import { JoinDialog } from "./join-dialog";
import { setTheme, type Theme, useTheme } from "./theme";

const ICONS: Record<StoreKind, typeof Sun> = {
  ...{ this_computer: HardDrive, backblaze_b2: Cloud, s3_compatible: Cloud, team: Users },
};

const THEMES: [Theme, string, typeof Sun][] = [
  ["system", "Look as the system", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
];

export function WorkspaceMenu() {
  const backend = useBackend();
  const { data: workspace } = useQuery(workspaceQuery(backend));
  const { data: list } = useQuery(workspacesQuery(backend));
  // Who may invite is the server's to say; without it nobody may.
  const isTeam = workspace?.store === "team" && !workspace.signed_out;
  const { data: account } = useQuery({ ...accountQuery(backend), enabled: isTeam });
  const { show } = useWorkspaceActions();
  const goTo = useNavigate();
  const [joining, setJoining] = useState(false);
  const theme = useTheme((state) => state.theme);
  const [diagnosing, setDiagnosing] = useState(false);
  const name = workspace?.name ?? "Lectern";
  const words = STORE_WORDS[workspace?.store ?? "this_computer"];
  const all = list?.workspaces ?? [];

  /** What was open is not in the other workspace. */
  const home = () => void goTo({ to: "/" });
  function showOther({ id, name: other }: WorkspaceEntry) {
    show(id, home).catch((error: unknown) => notify(failureWords(`open “${other}”`, error)));
  }
  return (
    <>
      <Menu
        label="Workspace"
        note={words.about}
        actions={[
          ...(all.length > 1 ? all : []).map((entry) => ({
            ...{ label: labelOf(entry, all), icon: ICONS[entry.store], chosen: entry.shown },
            act: () => (entry.shown ? undefined : showOther(entry)),
          })),
          { label: "Join a team…", icon: UserPlus, act: () => setJoining(true) },
          ...storeActions(workspace),
          ...peopleActions(workspace, account?.admin ?? false),
          ...THEMES.map(([id, label, icon], index) => ({
            ...{ label, icon, chosen: theme === id, apart: index === 0 },
            act: () => setTheme(id),
          })),
          { label: "Diagnostics", icon: Activity, apart: true, act: () => setDiagnosing(true) },
        ]}
      >
        <button type="button" className="workspace" data-focus-home>
          <b aria-hidden>{[...name][0]?.toUpperCase()}</b>
          <span>
            <span className="truncate">{name}</span>
            <small>{workspace?.bucket ? `${words.tag} · ${workspace.bucket}` : words.short}</small>
          </span>
          <ChevronsUpDown size={14} aria-hidden />
        </button>
      </Menu>
      {joining && <JoinDialog close={() => setJoining(false)} home={home} />}
      {diagnosing && <DiagnosticsDialog close={() => setDiagnosing(false)} />}
    </>
  );
}

/** Of two with one name, each with what tells them apart. */
function labelOf({ id, name }: WorkspaceEntry, all: readonly WorkspaceEntry[]): string {
  return all.some((other) => other.id !== id && other.name === name) ? `${name} (${id})` : name;
}

/** Where a team keeps its files is its server's affair. */
function storeActions(workspace: WorkspaceState | undefined): MenuAction[] {
  if (workspace?.store === "team") return [];
  return workspace?.bucket
    ? [{ label: "Storage and key…", icon: Cloud, apart: true, act: openStore }]
    : [{ label: "Connect a bucket…", icon: CloudUpload, apart: true, act: openConnect }];
}

function peopleActions(workspace: WorkspaceState | undefined, mayInvite: boolean): MenuAction[] {
  if (workspace === undefined) return [];
  const leave = { icon: LogOut, act: () => openPeople({ kind: "leave" }) };
  if (workspace.store !== "team") return [{ ...leave, label: "Remove workspace…", icon: Trash2 }];
  if (workspace.signed_out)
    return [
      { label: "Sign in again…", icon: KeyRound, apart: true, act: () => openPeople({ kind: "sign_in" }) },
      { ...leave, label: "Remove workspace…" },
    ];
  return [
    { label: "Your computers…", icon: Laptop, apart: true, act: () => openPeople({ kind: "devices" }) },
    ...(mayInvite
      ? [{ label: "Invite someone…", icon: MailPlus, act: () => openPeople({ kind: "invite" }) }]
      : []),
    { ...leave, label: "Sign out…" },
  ];
}

function DiagnosticsDialog({ close }: { close: () => void }) {
  const { observer } = useConnection();
  const { events, listenerErrors, lastError, maxLagMs } = observer.diagnostics();
  const lines: [string, string][] = [
    ...Object.entries(events).map(([kind, count]): [string, string] => [`Events: ${kind}`, String(count)]),
    ["Events that failed here", String(listenerErrors)],
    ["Last failure", lastError ?? "none"],
    ["Longest handling", `${maxLagMs.toFixed(1)} ms`],
  ];
  const text = lines.map(([name, value]) => `${name}: ${value}`).join("\n");
  return (
    <Dialog
      title="Diagnostics"
      close={close}
      actions={
        <>
          <Button onClick={() => void navigator.clipboard.writeText(text)}>Copy</Button>
          <Button look="primary" onClick={close}>
            Close
          </Button>
        </>
      }
    >
      <p>Numbers about this window. They stay on this computer unless you copy them.</p>
      <dl className="diagnostics">
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
