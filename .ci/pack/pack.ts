/**
 * Packs the library for npm.
 *
 * `deno pack` translates the modules and writes down their types. What it leaves open is added here: what the package is about,
 * which Node it needs, and that no module but the first does anything when it is imported, so that a bundler leaves out
 * what a program does not use. Sources that no module loads, and the program, stay out.
 *
 * `deno task pack [--output FILE]` writes the package, by default `heed-heed-VERSION.tgz`; `--dry-run` lists what it would hold.
 * Like `deno pack` it refuses what is not committed, unless `--allow-dirty` is given.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Entry, readTar, writeTar } from "./tar.ts";

/** What `deno pack` does not say of the package. */
const ABOUT = {
  description: "Attention and Transformers as a book that runs: tensors and derivatives on WebAssembly and WebGPU",
  keywords: [
    "transformer",
    "attention",
    "tensor",
    "autograd",
    "machine-learning",
    "webassembly",
    "webgpu",
    "typescript",
  ],
  // The first module makes the CPU device the one that is used; every other one only declares.
  sideEffects: ["./mod.js"],
  // From this version on a module finds Node's threads without importing them, which browsers would refuse.
  engines: { node: ">=20.16" },
};

/** What is given: modules, their types, and what a reader of the package looks for. */
const isGiven = (path: string): boolean =>
  /\.js$|\.d\.ts$|^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(path);

/** The package's description of itself, completed. */
function described(text: string): string {
  const { exports, ...rest } = JSON.parse(text) as { readonly exports: object };
  const all = { ...exports, "./package.json": "./package.json" };
  return JSON.stringify({ ...rest, ...ABOUT, exports: all }, null, 2) + "\n";
}

/** The module without the program, which the package does not have. */
function withoutProgram(text: string): string {
  const library = text.split("\n/** Starts the program")[0]!;
  if (library === text) throw new Error("Cannot pack mod.ts: it does not end with the start of the program");
  return library + "\n";
}

/** The text with the links alone that lead somewhere: what the package does not hold is named, not linked. */
function withoutLinks(text: string): string {
  return text.replaceAll(
    /\[([^\]]+)\]\(((?!https?:|#)[^)]+)\)/g,
    (link, title: string, path: string) => isGiven(path) ? link : title,
  );
}

/** Types that speak of `Symbol.dispose` bring what is known of it, for those who compile for older engines. */
function withDisposal(text: string): string {
  return /\bSymbol\.dispose\b/.test(text) ? `/// <reference lib="esnext.disposable" />\n${text}` : text;
}

/** What becomes of an entry of `deno pack`. */
function completed({ path, bytes }: Entry): Entry {
  const change = { "package.json": described, "mod.js": withoutProgram, "README.md": withoutLinks }[path] ??
    (path.endsWith(".d.ts") ? withDisposal : undefined);
  return change ? { path, bytes: new TextEncoder().encode(change(new TextDecoder().decode(bytes))) } : { path, bytes };
}

/** Passes bytes through a stream that compresses or decompresses them. */
async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: GenericTransformStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** What `deno pack` makes of the library. */
async function translated(flags: readonly string[]): Promise<Entry[]> {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/package.tgz`;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["pack", "--quiet", "--no-source-maps", "--output", output, ...flags],
      cwd: new URL("../../", import.meta.url),
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trim());
    return readTar(await through(await Deno.readFile(output), new DecompressionStream("gzip")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["output"], boolean: ["dry-run", "allow-dirty"] });
  const entries = (await translated(options["allow-dirty"] ? ["--allow-dirty"] : []))
    .filter(({ path }) => isGiven(path)).map(completed).sort((a, b) => a.path < b.path ? -1 : 1);
  const packed = await through(writeTar(entries), new CompressionStream("gzip"));
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const output = options.output ?? `heed-heed-${version}.tgz`;
  if (options["dry-run"]) { for (const { path } of entries) console.log(path); }
  else await Deno.writeFile(output, packed);
  const kilobytes = Math.round(packed.length / 1000);
  console.log(`${options["dry-run"] ? "would be " : ""}${output}: ${entries.length} files, ${kilobytes} kB`);
}
