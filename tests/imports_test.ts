/**
 * The ways to import the library, done as the README says: in an empty folder, by a copy of the files and by URL, under
 * the options of a project that is not this one. `tests/packages` has those by npm and through a bundler.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testWithFolder } from "./permissions.ts";

const root = new URL("../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));
const decoder = new TextDecoder();

interface Finished {
  readonly code: number;
  readonly output: string;
  /** What it complained of, without what Deno says while it checks types. */
  readonly complaints: string;
}

/** Runs a program in a folder. */
async function run(program: string, cwd: string, args: readonly string[], env = {}): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const complaints = decoder.decode(stderr).split("\n").filter((line) => !/^(Check|Checked|Download) /.test(line));
  return { code, output: decoder.decode(stdout), complaints: complaints.join("\n").trim() };
}
const deno = (cwd: string, ...args: readonly string[]): Promise<Finished> => run(Deno.execPath(), cwd, args);

/** Copies what a clone has. */
async function copy(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (name.startsWith(".") || ["node_modules", "models", "site", "results"].includes(name)) continue;
    if (isDirectory) await copy(new URL(`${name}/`, from), `${to}/${name}`);
    else await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

/** The blocks of code of the README's section on imports. */
function blocks(language: string): string[] {
  const [, section = ""] = /^### Import it\n([\s\S]*?)^### /m.exec(read("README.md")) ?? [];
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, kind]) => kind === language).map((
    [, , text],
  ) => text!);
}

/** What may be imported, after the package's name. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(read("deno.json")) as { exports: Record<string, string> };
  return Object.keys(exports).map((entry) => entry.slice(1));
}

/** A program that imports every entry point, and the README's example. */
async function writePrograms(folder: string, address: (entry: string) => string): Promise<void> {
  const entries = entryPoints();
  const imports = entries.map((entry, i) => `import * as entry${i} from "${address(entry)}";\n`).join("");
  const counts = entries.map((_, i) => `console.log(Object.keys(entry${i}).length);\n`).join("");
  await Deno.writeTextFile(`${folder}/every.ts`, `${imports}\n${counts}`);
  await Deno.writeTextFile(`${folder}/example.ts`, blocks("ts")[0]!.replace("./mod.ts", address("")));
}

/** Options of the projects that a copy has to type-check in; Deno's own are the first. */
const OPTIONS: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { strict: false, lib: ["esnext", "dom"] },
  {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitOverride: true },
    ...{ noPropertyAccessFromIndexSignature: true, noImplicitReturns: true, noFallthroughCasesInSwitch: true },
    ...{ noUnusedLocals: true, noUnusedParameters: true, isolatedDeclarations: true, erasableSyntaxOnly: true },
    ...{ verbatimModuleSyntax: true, lib: ["esnext", "webworker"] },
  },
  { strictNullChecks: false },
];

testWithFolder(
  "a copied folder is imported as the README says, under any options, and without a word",
  async (folder) => {
    await copy(root, `${folder}/heed`);
    await writePrograms(folder, (entry) => `@heed/heed${entry}`);
    const config = JSON.parse(blocks("json")[0]!);
    for (const compilerOptions of OPTIONS) {
      await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ ...config, compilerOptions }));
      const files = "lib" in compilerOptions ? ["every.ts"] : ["every.ts", "example.ts"];
      assertEquals(await deno(folder, "check", ...files), { code: 0, output: "", complaints: "" });
    }
    await Deno.writeTextFile(`${folder}/deno.json`, blocks("json")[0]!);
    const example = await deno(folder, "run", "--no-prompt", "example.ts");
    assertEquals(example, { code: 0, output: "[ 1, 4, 16, 32 ]\n", complaints: "" });
    const every = await deno(folder, "run", "--no-prompt", "every.ts");
    assertMatch(every.output, /^(\d+\n)+$/);
    assertEquals(every.output.trimEnd().split("\n").length, entryPoints().length);
    assertEquals(every.complaints, "");
    // None of Deno's tools walks into the copy.
    await Deno.writeTextFile(`${folder}/own_test.ts`, 'Deno.test("own", () => {});\n');
    for (const tool of [["lint"], ["fmt", "--check", "--line-width", "120"]]) {
      assertEquals(await deno(folder, ...tool), { code: 0, output: "", complaints: "" }, tool[0]);
    }
    assertStringIncludes((await deno(folder, "test", "--no-prompt")).output, "ok | 1 passed | 0 failed");
  },
  "run",
);

testWithFolder(
  "a copied folder is imported by path under the name that one line of imports gives it",
  async (folder) => {
    await copy(root, `${folder}/heed`);
    await writePrograms(folder, () => "@heed/heed");
    await Deno.writeTextFile(`${folder}/deno.json`, '{ "imports": { "@heed/heed": "./heed/mod.ts" } }');
    assertEquals(await deno(folder, "check", "every.ts", "example.ts"), { code: 0, output: "", complaints: "" });
  },
  "run",
);

testWithFolder(
  "by URL the library is imported as the README says, from a host that is allowed",
  async (folder) => {
    const { exports } = JSON.parse(read("deno.json")) as { exports: Record<string, string> };
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const headers = { "content-type": "application/typescript" };
      const body = await Deno.readTextFile(new URL(`.${new URL(request.url).pathname}`, root)).catch(() => undefined);
      return body === undefined ? new Response("not found", { status: 404 }) : new Response(body, { headers });
    });
    const host = `127.0.0.1:${server.addr.port}`;
    await writePrograms(folder, (entry) => `http://${host}/${exports[`.${entry}`]!.slice(2)}`);
    const env = { DENO_DIR: `${folder}/cache` };
    const flag = /--allow-import=(\S+)/.exec(blocks("sh")[0]!)!;
    const start = (...args: string[]): Promise<Finished> =>
      run(Deno.execPath(), folder, ["run", "--no-prompt", "--check", ...args], env);
    const example = await start(flag[0].replace(flag[1]!, host), "example.ts");
    assertEquals(example, { code: 0, output: "[ 1, 4, 16, 32 ]\n", complaints: "" });
    assertEquals((await start(`--allow-import=${host}`, "every.ts")).complaints, "");
    const refused = await start("example.ts");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.complaints, "--allow-import");
  },
  "run",
  "net",
);
