/**
 * The library and the program run by URL: an empty cache, no configuration, and a registry that answers, refuses or
 * says nothing.
 *
 * A server on this machine gives out the files of this folder, and plays the registry of `@std/cli` beside it.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testWithFolder } from "../permissions.ts";

const root = new URL("../../", import.meta.url);
const TYPES: Readonly<Record<string, string>> = { ts: "application/typescript", json: "application/json" };

/** What the registry does: it has the package, it lacks it, or it never answers. */
type Registry = "answers" | "refuses" | "is silent";

/** The package `@std/cli` as a registry gives it out, made of the stand-in without its mark. */
async function packageFiles(): Promise<Record<string, string>> {
  const source = await Deno.readTextFile(new URL("core/cli/std/cli/parse_args.ts", root));
  const text = source.replace(/^export const standIn.*$/m, "");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const checksum = `sha256-${new Uint8Array(digest).toHex()}`;
  const size = new TextEncoder().encode(text).length;
  return {
    "@std/cli/meta.json": JSON.stringify({ scope: "std", name: "cli", versions: { "1.0.9": {} } }),
    "@std/cli/1.0.9_meta.json": JSON.stringify({
      manifest: { "/parse_args.ts": { size, checksum } },
      exports: { "./parse-args": "./parse_args.ts" },
    }),
    "@std/cli/1.0.9/parse_args.ts": text,
  };
}

interface Finished {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  /** Paths that were fetched. */
  readonly asked: readonly string[];
}

/** A host of the code, and programs started from it. */
class Host {
  /** What the registry does. */
  registry: Registry = "refuses";
  readonly #folder: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #waiting = new AbortController();
  #asked: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => this.#answer(request));
  }

  /** Where the code lies. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async #answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.slice(1);
    this.#asked.push(path);
    const isPackage = path.startsWith("@std/");
    if (isPackage && this.registry === "is silent") {
      await new Promise((done) => this.#waiting.signal.addEventListener("abort", done));
    }
    const headers = { "content-type": TYPES[path.split(".").at(-1)!] ?? "text/plain" };
    try {
      if (!isPackage) return new Response(await Deno.readTextFile(new URL(path, root)), { headers });
      const body = this.registry === "answers" ? (await packageFiles())[path] : undefined;
      if (body !== undefined) return new Response(body, { headers });
    } catch { /* There is no such file. */ }
    return new Response("not found", { status: 404 });
  }

  /** Runs Deno with an empty cache, or with the one that earlier runs filled. */
  async run(cache: string, ...args: readonly string[]): Promise<Finished> {
    this.#asked = [];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...args],
      cwd: this.#folder,
      env: { NO_COLOR: "1", DENO_DIR: `${this.#folder}/${cache}`, JSR_URL: this.url },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr), asked: this.#asked };
  }

  /** Stops answering. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting.abort();
    await this.#server.shutdown();
  }
}

const test = (name: string, body: (host: Host, folder: string) => Promise<void>): void =>
  testWithFolder(
    name,
    async (folder) => {
      await using host = new Host(folder);
      await body(host, folder);
    },
    "run",
    "net",
  );

test("a program that imports the library by URL loads no CLI and asks no registry", async (host, folder) => {
  const library = `import { tensor } from "${host.url}mod.ts"; const x = tensor([1, 2, 3]);
    console.log((await x.mul(2).read()).join(), x.device.name);`;
  await Deno.writeTextFile(`${folder}/use.ts`, library);
  // The host of a script may be imported from without a flag; a local script names it.
  const { code, output, errors, asked } = await host.run("cache", `--allow-import=${new URL(host.url).host}`, "use.ts");
  assertEquals(code, 0, errors);
  assertStringIncludes(output, "2,4,6 wasm");
  assertEquals(asked.filter((path) => /^core\/cli|^deno.json|^@std/.test(path)), []);
});

test("the program by URL reads its arguments by @std/cli where the registry answers, offline too after that", async (host) => {
  host.registry = "answers";
  const first = await host.run("cache", `${host.url}mod.ts`, "info", "--threads", "1");
  assertEquals(first.code, 0, first.errors);
  assertMatch(first.output, /arguments +read by @std\/cli$/m);
  host.registry = "refuses";
  const again = await host.run("cache", `${host.url}mod.ts`, "info", "--threads", "1");
  assertMatch(again.output, /arguments +read by @std\/cli$/m);
  assertEquals(again.asked, []);
});

for (const registry of ["refuses", "is silent"] as const) {
  test(`the program by URL runs on the stand-in, and says so, where the registry ${registry}`, async (host) => {
    host.registry = registry;
    const { code, output, errors } = await host.run("cache", `${host.url}mod.ts`, "info", "--threads", "1");
    assertEquals(code, 0, errors);
    assertMatch(output, /arguments +read by a stand-in for @std\/cli, whose registry cannot be reached$/m);
    const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
    assertStringIncludes(output, `heed ${version}\n`);
  });
}

/** What a command may fetch besides the library and the files that every command shares. */
const NEVER = {
  every: /experiments|corpora|^docs|^tests|^bench|std\/assert/,
  answering: /cli\/(training|corpus|figures)\.ts|cli\/commands\/(train|experiment)/,
};

test("a command by URL fetches its own file, what that needs, and no experiment", async (host, folder) => {
  const library = (await host.run("library", `${host.url}mod.ts`, "--help")).asked;
  const fetched = async (...args: string[]): Promise<string[]> => {
    const { asked, errors } = await host.run(crypto.randomUUID(), "--allow-read", `${host.url}mod.ts`, ...args);
    assert(!errors.includes("Module not found"), errors);
    return asked.filter((path) => !library.includes(path) && !path.startsWith("@std/"));
  };
  assertEquals(library.filter((path) => NEVER.every.test(path) || path.startsWith("core/cli/commands/")), []);
  for (
    const args of [["info", "--threads", "1"], ["translate", "--help"], ["translate", "x", "--model", folder], [
      "generate",
      "--help",
    ]]
  ) {
    const own = await fetched(...args);
    assertEquals(own.filter((path) => NEVER.every.test(path) || NEVER.answering.test(path)), []);
    assertEquals(own.filter((path) => path.startsWith("core/cli/commands/")), [`core/cli/commands/${args[0]}.ts`]);
    assert(own.length <= 12, `${args.join(" ")} fetches ${own.length} files besides the library: ${own.join(", ")}`);
  }
});
