// Builds the window's code and runs its tests in a real Chromium.
import react from "@vitejs/plugin-react";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

declare const process: { env: Record<string, string | undefined> };

const chromium = {
  // Debian's, or what a machine that is no Debian has.
  executablePath: process.env.LECTERN_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
};

export default defineConfig({
  plugins: [react()],
  // Relative: the app serves the folder from its own scheme.
  base: "./",
  clearScreen: false,
  server: { port: 1420, strictPort: true },
  // WebKitGTK 2.4x is the oldest engine the window runs in.
  build: { target: "safari16.4", outDir: "dist", chunkSizeWarningLimit: 1200 },
  optimizeDeps: {
    // Named, so that the test run never stops to bundle a dependency it has just met.
    include: ["react", "react-dom", "react-dom/client", "react/jsx-dev-runtime", "axe-core"],
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 15_000,
    browser: {
      enabled: true,
      headless: true,
      provider: playwright({ launchOptions: chromium }),
      instances: [{ browser: "chromium" }],
      viewport: { width: 1280, height: 832 },
      screenshotFailures: false,
    },
  },
});
