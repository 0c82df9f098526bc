// The workspace's name, the honest line on where it lives, and the few settings there are.
import { useQuery } from "@tanstack/react-query";
import { Activity, ChevronsUpDown, Cloud, CloudUpload, Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { useBackend, useConnection } from "../../backend/context";
import { workspaceQuery } from "../../backend/queries";
import { openConnect, openStore } from "../../backend/store-dialogs";
import { STORE_WORDS } from "../../backend/words";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Menu } from "../../design/menu";
import { setTheme, type Theme, useTheme } from "./theme";

const THEMES: [Theme, string, typeof Sun][] = [
  ["system", "Look as the system", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
];

export function WorkspaceMenu() {
  const { data: workspace } = useQuery(workspaceQuery(useBackend()));
  const theme = useTheme((state) => state.theme);
  const [diagnosing, setDiagnosing] = useState(false);
  const name = workspace?.name ?? "Lectern";
  const words = STORE_WORDS[workspace?.store ?? "this_computer"];
  return (
    <>
      <Menu
        label="Workspace"
        note={words.about}
        actions={[
          workspace?.bucket
            ? { label: "Storage and key…", icon: Cloud, act: openStore }
            : { label: "Connect a bucket…", icon: CloudUpload, act: openConnect },
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
      {diagnosing && <DiagnosticsDialog close={() => setDiagnosing(false)} />}
    </>
  );
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
