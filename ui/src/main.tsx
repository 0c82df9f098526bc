// Starts the window: on the real backend, or on the fake one in development with `?fake`.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { connect } from "./backend/context";
import { type Host, tauriHost } from "./backend/host";
import { startTheme } from "./features/settings/theme";

async function chooseHost(): Promise<Host> {
  const scenario = new URLSearchParams(location.search).get("fake");
  // The condition is constant in a build: nothing of the fake is shipped.
  if (!import.meta.env.DEV || scenario === null) return tauriHost;
  const { scenarios } = await import("./testing/scenarios");
  const host = (scenarios[scenario] ?? scenarios.demo)?.();
  if (!host) return tauriHost;
  Object.assign(window, { fakeHost: host });
  if (!new URLSearchParams(location.search).has("still")) setInterval(() => host.advance(250), 250);
  return host;
}

startTheme();
const root = document.getElementById("root");
if (root) {
  const connection = connect(await chooseHost());
  createRoot(root).render(
    <StrictMode>
      <App connection={connection} />
    </StrictMode>,
  );
}
