/** The package in bundles: how small they are, and that they compute the same. */

import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { assert, assertEquals } from "../../core/cli/std/assert/mod.ts";
import { expected, type Found } from "./expected.ts";
import { missing, project, testUnless, write } from "./project.ts";
import { output } from "../running.ts";

/** What is used of what esbuild says about a bundle. */
interface Result {
  readonly warnings: readonly { readonly text: string }[];
  readonly outputFiles: readonly { readonly path: string; readonly contents: Uint8Array<ArrayBuffer> }[];
  readonly metafile: {
    readonly outputs: Readonly<
      Record<string, {
        readonly entryPoint?: string;
        readonly imports: readonly { readonly path: string; readonly kind: string }[];
        readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
      }>
    >;
  };
}
interface Bundler {
  build(options: Readonly<Record<string, unknown>>): Promise<Result>;
  stop(): Promise<void>;
}

/** Bundles a file of the project, minified. */
async function build(entry: string, options: Readonly<Record<string, unknown>>): Promise<Result> {
  // Named at run time, so that checking the repository does not ask for the package.
  const name: string = "esbuild";
  const esbuild = await import(name) as Bundler;
  try {
    const common = { entryPoints: [entry], bundle: true, minify: true, metafile: true, logLevel: "silent" };
    return await esbuild.build({ absWorkingDir: await project(), ...common, ...options });
  } finally {
    await esbuild.stop();
  }
}

/** Bundles a file of the project as a page would load it: modules, and apart what is only loaded when asked for. */
export function bundle(entry: string, outdir: string, write = false): Promise<Result> {
  return build(entry, { format: "esm", splitting: true, outdir, write });
}

/** The outputs that are loaded at once: the entry, and what it imports. */
function atOnce({ metafile: { outputs } }: Result): Set<string> {
  const found = new Set(Object.keys(outputs).filter((path) => outputs[path]!.entryPoint !== undefined && first(path)));
  for (const path of found) {
    for (const { path: next, kind } of outputs[path]!.imports) if (kind === "import-statement") found.add(next);
  }
  return found;
}

/** Whether an output is the program's own, not a part that it loads later. */
const first = (path: string): boolean => /\/program\w*\.js$/.test(path);

/** Bytes after gzip of what a program loads at once that uses these names of the package. */
async function sizeOf(names: string): Promise<{ readonly size: number; readonly files: readonly string[] }> {
  const imported = names === EVERYTHING ? `* as ${names}` : `{ ${names} }`;
  await write("program.js", `import ${imported} from "@heed/heed";\nconsole.log(${names});\n`);
  const result = await bundle("program.js", "unwritten"), loaded = atOnce(result);
  const paths = [...loaded].map((path) => path.replace(/^.*\//, ""));
  const files = result.outputFiles.filter(({ path }) => paths.includes(path.replace(/^.*[\\/]/, "")));
  const size = gzipSync(Buffer.concat(files.map(({ contents }) => contents)), { level: 9 }).length;
  const inputs = [...loaded].flatMap((path) => Object.entries(result.metafile.outputs[path]!.inputs));
  return { size, files: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path) };
}

/** What a program calls all that there is. */
const EVERYTHING = "everything";

/** What programs use, and how many bytes they may load at once after gzip. */
const LIMITS: readonly (readonly [names: string, limit: number])[] = [
  ["softmax", 61_000],
  ["scaledDotProductAttention", 64_000],
  ["DecoderOnly, generate", 100_000],
  ["DecoderOnly, adamW, Optimizer, train", 95_000],
  // It grows with the book.
  [EVERYTHING, 147_000],
];

for (const [names, limit] of LIMITS) {
  Deno.test(`a page that uses ${names} loads at most ${limit / 1000} kB, and no shader`, async () => {
    const { size, files } = await sizeOf(names);
    console.log(`${names}: ${(size / 1000).toFixed(1)} kB after gzip`);
    assert(size <= limit, `${size} bytes`);
    assertEquals(files.filter((path) => /\/gpu\//.test(path)), []);
  });
}

testUnless(missing("node"), "a bundle by esbuild computes the bits of Deno in Node, with threads", async () => {
  await write("work.js", await Deno.readTextFile(new URL("work.js", import.meta.url)));
  await write("program.js", `import { work } from "./work.js";\nconsole.log(JSON.stringify(await work()));\n`);
  await bundle("program.js", "bundled", true);
  const found = JSON.parse(await output("node", ["bundled/program.js"], await project())) as Found;
  assertEquals([found.alone, found.together], [await expected(), await expected()]);
});

testUnless(missing("node"), "a bundle in one file is the program it was bundled into, in every format", async () => {
  await write(
    "program.js",
    'import { softmax, tensor } from "@heed/heed";\nsoftmax(tensor([0, 0])).read().then(console.log);\n',
  );
  for (const format of ["esm", "cjs", "iife"]) {
    const outfile = `bundled/one.${format === "esm" ? "mjs" : "cjs"}`;
    assertEquals((await build("program.js", { format, outfile })).warnings, []);
    // Deno, and Node since 24, say of the bundle's one file that it is the program.
    for (const command of [["node"], [Deno.execPath(), "run", "--no-prompt", "--no-config"]]) {
      const printed = await output(command[0]!, [...command.slice(1), outfile], await project());
      assertEquals(printed.replaceAll(/\s/g, ""), "Float32Array(2)[0.5,0.5]", format);
    }
  }
});
