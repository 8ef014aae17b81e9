import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

if (!process.env.VITEST && !existsSync(new URL("public/data/machines.json", import.meta.url))) {
  throw new Error("page/public/data is missing: make it with `python -m research.live page/public/data`");
}

export default defineConfig({
  base: "./", // the page works in any folder of a site
  build: { target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 200, modulePreload: { polyfill: false } },
  test: { include: ["tests/**/*.test.ts"] },
});
