/**
 * An empty project that has the package, and the programs that are there to work on it.
 *
 * @module
 */

import { fileURLToPath as fromFileUrl } from "node:url";
import { output } from "../running.ts";

/** The root of the sources. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** How Deno starts a program of a package of `deno.json`. */
export function tool(name: string, program: string): string[] {
  const config = new URL("deno.json", import.meta.url);
  const { imports } = JSON.parse(Deno.readTextFileSync(config)) as { imports: Record<string, string> };
  return ["run", "-A", "--quiet", "--frozen", "--config", fromFileUrl(config), `${imports[name]}/${program}`];
}

/** The version of a program, as it says it itself; `undefined` where there is no such program. */
function versionOf(program: string): string | undefined {
  try {
    const { code, stdout } = new Deno.Command(program, { args: ["--version"], stdout: "piped", stderr: "null" })
      .outputSync();
    return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** What runs JavaScript here besides Deno, and what installs packages. */
export const versions: Readonly<Record<"node" | "npm" | "bun", string | undefined>> = {
  node: versionOf("node"),
  npm: versionOf("npm"),
  bun: versionOf("bun"),
};

/** Why tests that need a program are ignored; `undefined` where it is there. */
export function missing(...programs: readonly (keyof typeof versions)[]): string | undefined {
  const absent = programs.filter((program) => versions[program] === undefined);
  return absent.length > 0 ? `there is no ${absent.join(" and no ")} here` : undefined;
}

/** Registers a test that is reported as ignored, with the reason, where there is one. */
export function testUnless(reason: string | undefined, name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({ name: reason ? `${name} (ignored: ${reason})` : name, ignore: reason !== undefined, fn });
}

/** Packs the library and installs it in a folder of its own. */
async function install(): Promise<string> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "heed-" })), packed = `${folder}/heed.tgz`;
  await output(Deno.execPath(), ["task", "--quiet", "pack", "--allow-dirty", "--output", packed], ROOT);
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ name: "empty", private: true, type: "module" }));
  if (missing("npm")) {
    const installed = `${folder}/node_modules/@heed/heed`;
    await Deno.mkdir(installed, { recursive: true });
    await output("tar", ["xzf", packed, "-C", installed, "--strip-components=1"], folder);
  } else await output("npm", ["install", "--offline", "--no-audit", "--no-fund", packed], folder);
  return folder;
}

let made: Promise<string> | undefined;

/** The folder that all projects lie in, with the package installed; made when it is first asked for. */
export function project(): Promise<string> {
  return made ??= install();
}

/** Writes a file of the project and gives back its path. */
export async function write(name: string, text: string): Promise<string> {
  const path = `${await project()}/${name}`;
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test.afterAll(async () => {
  if (made) await Deno.remove(await made, { recursive: true });
});
