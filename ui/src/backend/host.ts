// The one place that reaches the Rust side: a host answers commands and sends events. Tests bring their own.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { AppEvent } from "./bindings/AppEvent";
import type { Commands } from "./bindings/commands";

export type CommandName = keyof Commands;

export interface Host {
  invoke<Name extends CommandName>(
    name: Name,
    args: Commands[Name]["args"],
  ): Promise<Commands[Name]["result"]>;
  /** One subscription for the life of the window. */
  subscribe(listener: (event: AppEvent) => void): Promise<void>;
}

export const tauriHost: Host = {
  invoke: (name, args) => invoke(name, { args }),
  async subscribe(listener) {
    const channel = new Channel<AppEvent>();
    channel.onmessage = listener;
    await invoke("subscribe", { channel });
  },
};
