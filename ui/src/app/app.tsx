// The whole window around one connection: what main.tsx and the tests render.
import { type RouterHistory, RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { type Connection, ConnectionProvider } from "../backend/context";
import { makeRouter } from "./router";
import "../design/tokens.css";
import "../design/base.css";
import "../design/controls.css";
import "../design/fields.css";
import "../design/people.css";

export function App({ connection, history }: { connection: Connection; history?: RouterHistory }) {
  const [router] = useState(() => makeRouter(history));
  return (
    <ConnectionProvider connection={connection}>
      <RouterProvider router={router} />
    </ConnectionProvider>
  );
}
