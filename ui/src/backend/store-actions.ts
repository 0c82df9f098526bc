// What people do about the workspace's store. A key passes through here and is kept nowhere: no cache, no state.
import { useMemo } from "react";
import type { CheckAnswer } from "./bindings/CheckAnswer";
import type { Cleaning } from "./bindings/Cleaning";
import type { ConnectAnswer } from "./bindings/ConnectAnswer";
import type { Connection as BucketAndKey } from "./bindings/Connection";
import { type Connection, useConnection } from "./context";
import { storeQuery } from "./queries";

/** Each fails with what the host says: the words go into the dialog that asked. */
export interface StoreActions {
  connect(bucket: BucketAndKey): Promise<ConnectAnswer>;
  check(): Promise<CheckAnswer>;
  setCleaning(): Promise<Cleaning>;
}

export function createStoreActions({ backend, client, invalidator }: Connection): StoreActions {
  return {
    async connect(bucket) {
      const answer = await backend.connect_store(bucket);
      if (answer.kind === "connected") {
        client.setQueryData(storeQuery(backend).queryKey, answer.store);
        invalidator.stale([{ tag: "workspace" }, { tag: "uploads" }]);
      }
      return answer;
    },
    check: () => backend.check_store({}),
    async setCleaning() {
      const cleaning = await backend.set_cleaning({});
      invalidator.stale([{ tag: "workspace" }]);
      return cleaning;
    },
  };
}

export function useStoreActions(): StoreActions {
  const connection = useConnection();
  return useMemo(() => createStoreActions(connection), [connection]);
}
