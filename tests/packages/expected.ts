/**
 * What the work of `work.js` finds on the sources themselves.
 *
 * @module
 */

import { ROOT } from "./project.ts";
import { output } from "../running.ts";

/** What the work finds. */
export interface Found {
  readonly alone: readonly number[];
  readonly together: readonly number[];
  readonly device: string;
  readonly description: string;
}

let found: Promise<readonly number[]> | undefined;

/** The bits that every runtime must find: those of Deno, which the tests of the devices hold to the reference. */
export function expected(): Promise<readonly number[]> {
  const work = new URL("work.js", import.meta.url).href;
  const map = `data:application/json,${
    encodeURIComponent(JSON.stringify({ imports: { "@heed/heed": new URL("mod.ts", ROOT).href } }))
  }`;
  const code = `const { work } = await import(${
    JSON.stringify(work)
  }); console.log(JSON.stringify((await work()).alone));`;
  found ??= output(Deno.execPath(), ["eval", "--no-config", "--import-map", map, code], ROOT).then((text) =>
    JSON.parse(text)
  );
  return found;
}
