/** Whether the packages are there that the site is built and served with. */

import { granted, note } from "../permissions.ts";

function find(): boolean {
  if (!granted("read", "write", "run", "env", "net")) return false;
  try {
    return Deno.statSync(new URL("../../docs/node_modules", import.meta.url)).isDirectory;
  } catch {
    note("tests of the site's tools are ignored: `deno task docs` fetches their packages");
    return false;
  }
}

/** Whether tests may build and serve the site. */
export const hasPackages: boolean = find();
