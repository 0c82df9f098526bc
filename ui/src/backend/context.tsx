// Brings the backend, the editor and the observer to the components, and connects the event stream once.
import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { type Backend, createBackend } from "./backend";
import type { OperationId } from "./bindings/OperationId";
import type { UploadSnapshot } from "./bindings/UploadSnapshot";
import { createEditor, type Editor } from "./editor";
import type { Host } from "./host";
import { createObserver, type Observer } from "./observer";
import { uploadOf } from "./progress";
import { uploadsQuery } from "./queries";
import { createInvalidator, type Invalidator } from "./tags";

export interface Connection {
  backend: Backend;
  client: QueryClient;
  editor: Editor;
  invalidator: Invalidator;
  observer: Observer;
}

/** Wires the parts around one host. */
export function connect(host: Host): Connection {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        // Events say when something is stale; time, focus and networks do not.
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 10 * 60_000,
        networkMode: "always",
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        retry: 1,
        retryDelay: 200,
      },
      mutations: { networkMode: "always" },
    },
  });
  const backend = createBackend(host);
  const invalidator = createInvalidator(client);
  const observer = createObserver(client, invalidator);
  const editor = createEditor(client, backend, invalidator);
  void host.subscribe(observer.observe);
  return { backend, client, editor, invalidator, observer };
}

const ConnectionContext = createContext<Connection | null>(null);

export function ConnectionProvider({
  connection,
  children,
}: {
  connection: Connection;
  children: ReactNode;
}) {
  return (
    <QueryClientProvider client={connection.client}>
      <ConnectionContext value={connection}>{children}</ConnectionContext>
    </QueryClientProvider>
  );
}

export function useConnection(): Connection {
  const connection = useContext(ConnectionContext);
  if (connection === null) throw new Error("no ConnectionProvider above this component");
  return connection;
}

export const useBackend = (): Backend => useConnection().backend;

/** The state of one upload: renders again only when that changed, not with each step of its progress. */
export function useUploadState(operation: OperationId | null): UploadSnapshot["state"] | undefined {
  const backend = useBackend();
  const { data } = useQuery({
    ...uploadsQuery(backend),
    select: (list) => (operation === null ? undefined : uploadOf(list, operation)?.state),
    enabled: operation !== null,
  });
  return data;
}

/** How far one upload is: renders again only when that upload moved. */
export function useUpload(operation: OperationId | null): UploadSnapshot | undefined {
  const backend = useBackend();
  const { data } = useQuery({
    ...uploadsQuery(backend),
    select: (list) => (operation === null ? undefined : uploadOf(list, operation)),
    // Rows that carry no upload do not listen at all.
    enabled: operation !== null,
  });
  return data;
}
