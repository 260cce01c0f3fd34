/** What tests may do: those that need more than nothing are reported as ignored where it is not granted. */

/** Kinds of access that some tests need. */
export type Access = "read" | "write" | "run" | "env" | "net";

/** What of each kind: this folder, Deno, the net of this machine, a name of the environment. Files are written elsewhere. */
const ASKED: Readonly<Record<Access, Deno.PermissionDescriptor>> = {
  read: { name: "read", path: new URL("../", import.meta.url) },
  write: { name: "write" },
  run: { name: "run", command: "deno" },
  net: { name: "net", host: "127.0.0.1" },
  env: { name: "env", variable: "XDG_RUNTIME_DIR" },
};

/** Whether all of these kinds of access are granted; asks nobody. */
export function granted(...kinds: readonly Access[]): boolean {
  const missing = kinds.filter((kind) => Deno.permissions.querySync(ASKED[kind]).state !== "granted");
  if (missing.length > 0) note(`tests that need --allow-${missing.join(" --allow-")} are ignored`);
  return missing.length === 0;
}

const noted = new Set<string>();

/** Says something about the whole run; `deno task test` prints it once, however many files say it. */
export function note(text: string): void {
  if (!noted.has(text)) console.log(`note: ${text}`);
  noted.add(text);
}

/** A test with a folder of its own, which needs to read and write, and whatever else is named. */
export function testWithFolder(
  name: string,
  body: (folder: string) => Promise<void>,
  ...kinds: readonly Access[]
): void {
  Deno.test({
    name,
    ignore: !granted("read", "write", ...kinds),
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "heed-" });
      try {
        await body(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** The folder in which a model lies that somebody trained; nothing where none is given. */
function realModel(name: string): string | undefined {
  const variable = { name: "env", variable: "HEED_MODELS" } as const;
  if (Deno.permissions.querySync(variable).state !== "granted") return undefined;
  const folder = Deno.env.get("HEED_MODELS");
  if (folder === undefined || !granted("read")) return undefined;
  try {
    return Deno.statSync(`${folder}/${name}`) && `${folder}/${name}`;
  } catch {
    return undefined;
  }
}

/** A test of a real model, which lies in the folder that the variable `HEED_MODELS` names; ignored where it does not. */
export function testWithModels(name: string, model: string, body: (path: string) => Promise<void>): void {
  const path = realModel(model);
  if (path === undefined) note(`tests of real models are ignored: HEED_MODELS names no folder with ${model}`);
  Deno.test({ name, ignore: path === undefined, fn: () => body(path!) });
}

/** Makes a socket that nobody listens to, which outlives the program that made it. The net of tests has no sockets. */
export async function makeSocket(path: string): Promise<void> {
  const code = `Deno.listen({ transport: "unix", path: ${
    JSON.stringify(path)
  } }); setInterval(() => {}, 1e6); console.log("it listens");`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "--no-config", code], stdout: "piped" }).spawn();
  for await (const _ of child.stdout) child.kill("SIGKILL");
  await child.status;
}
