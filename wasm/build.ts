/**
 * Compiles `assembly/` into `kernels.ts` and `ladder/assembly/` into `ladder/kernels.ts`, two builds each, as text
 * ([binary.ts](binary.ts)). Of the build for engines without fused multiply-adds only the edits are kept that make it from the
 * other one.
 *
 * Before, it writes down what sources and engine agree on: codes of operations, numbers and cases of fused jobs.
 *
 * `deno task wasm` writes the files; with `--check` it compares instead and fails on any
 * difference. The compiler is reproducible to the byte.
 *
 * Optimization stays at `-O1`: beyond it the optimizer interleaves unrolled steps, the
 * engine runs out of its fifteen vector registers, and the inner loops slow down by half.
 *
 * @module
 */

import { ACTIVATION, ARITHMETIC, COMPARISON, REDUCTION, UNARY } from "../core/engine/operations.ts";
import { decode, edited, encode } from "./binary.ts";
import { missingCases } from "./every_case.ts";
import { fusedJobs, jobsSource, numbersSource } from "./fused_jobs.ts";

/** The part of the compiler's interface that is used here. */
interface Compiler {
  main(
    options: readonly string[],
    files: {
      readFile(name: string): string | null;
      writeFile(name: string, data: string | Uint8Array): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

// Named at run time, so that checking the whole repository does not ask for the compiler.
const compiler: string = "assemblyscript/asc";
const { default: asc }: { default: Compiler } = await import(compiler);

/** Where the sources lie: beside this file, or in the folder that a test names. */
const here = Deno.args.includes("--from")
  ? new URL(`${Deno.args[Deno.args.indexOf("--from") + 1]}/`, import.meta.url)
  : new URL("./", import.meta.url);

/** A folder of AssemblyScript and the file it becomes. */
interface Part {
  readonly folder: string;
  readonly target: string;
  readonly what: string;
  readonly flags: readonly string[];
}

const PARTS: readonly Part[] = [
  { folder: "assembly/", target: "kernels.ts", what: "kernels", flags: [] },
  {
    folder: "ladder/assembly/",
    target: "ladder/kernels.ts",
    what: "ladder",
    // Its tables lie between the scratch of the last thread and the first buffer; see `assembly/layout.ts`.
    flags: ["--memoryBase=139264"],
  },
];

const COMMON = [
  "-O1",
  "--noAssert",
  "--runtime=stub",
  "--enable=simd",
  "--enable=threads",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory=4",
  "--maximumMemory=65536",
];

/**
 * The text of a source as the compiler wants it: imports without their extension, and `@inline` before a function whose
 * body takes the place of its calls.
 *
 * TypeScript has no decorators of functions, and its tools delete them: in the sources a comment says it.
 */
function sourceOf(name: string): string {
  const text = Deno.readTextFileSync(new URL(name, here));
  return text.replace(/^( *)\/\/ @inline$/gm, "$1@inline").replace(/^(.*\bfrom "\.[^"]*)\.ts";$/gm, '$1";');
}

/** Compiles the entry file of a folder under the given extra flags. */
async function compile(folder: string, flags: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([`${folder}index.ts`, "--outFile=kernels.wasm", ...COMMON, ...flags], {
    readFile: (name: string) => {
      try {
        return sourceOf(name);
      } catch {
        return null;
      }
    },
    writeFile: (name: string, data: string | Uint8Array) => {
      if (name === "kernels.wasm") binary = new Uint8Array(data as Uint8Array);
    },
    listFiles: () => [],
  });
  const messages = stderr.toString();
  if (error) console.error(messages);
  if (error || !binary) throw error ?? new Error(`Cannot compile ${folder}index.ts: no output`);
  return binary;
}

/** Bytes after gzip. */
async function compressedSize(bytes: Uint8Array): Promise<number> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

/** A long string constant, cut into lines of 4000 characters. */
function quoted(text: string): string {
  return (text.match(/.{1,4000}/g) ?? []).map((line) => `  "${line}",`).join("\n");
}

/** A module cut before its first function, between functions, and after the last one. */
function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const CODE = 10;
  let at = 8, from = 0;
  const number = () => {
    let result = 0, shift = 0, byte: number;
    do {
      byte = bytes[at++]!;
      result |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    return result;
  };
  const pieces: Uint8Array[] = [];
  const cut = () => {
    pieces.push(bytes.subarray(from, at));
    from = at;
  };
  while (at < bytes.length) {
    const section = bytes[at++]!, length = number();
    if (section !== CODE) {
      at += length;
      continue;
    }
    const count = number();
    cut();
    for (let i = 0; i < count; i++) {
      const size = number();
      at += size;
      cut();
    }
  }
  cut();
  return pieces;
}

/** What makes one module from another: bytes to keep, bytes to leave out, and bytes that come instead. */
interface Edit {
  kept: number;
  dropped: number;
  added: number[];
}

/** Fewer bytes than these between two changes are written again. */
const LEAST_KEPT = 3;

/** Appends the edits that make `to` from `from`, by their longest common subsequence. */
function appendEdits(edits: Edit[], from: Uint8Array, to: Uint8Array): void {
  const width = to.length + 1, common = new Uint16Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      common[i * width + j] = from[i] === to[j]
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  for (let i = 0, j = 0; i < from.length || j < to.length;) {
    let same = 0;
    while (i + same < from.length && from[i + same] === to[j + same]) same++;
    const last = edits.at(-1)!, isChanged = last.dropped + last.added.length > 0;
    const atEnd = i + same === from.length && j + same === to.length;
    if (same > 0 && (!isChanged || same >= LEAST_KEPT || atEnd)) {
      if (isChanged) edits.push({ kept: same, dropped: 0, added: [] });
      else last.kept += same;
    } else if (same > 0) {
      last.dropped += same;
      last.added.push(...to.subarray(j, j + same));
    } else if (j === to.length || i < from.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!) {
      last.dropped++;
      i++;
    } else last.added.push(to[j++]!);
    i += same;
    j += same;
  }
}

/** What {@linkcode edited} makes one module from another by, function by function. */
function editsOf(from: Uint8Array, to: Uint8Array): string {
  const [ours, theirs] = [piecesOf(from), piecesOf(to)];
  if (ours.length !== theirs.length) throw new Error(`Cannot compare ${ours.length} functions with ${theirs.length}`);
  const edits: Edit[] = [{ kept: 0, dropped: 0, added: [] }];
  ours.forEach((piece, i) => appendEdits(edits, piece, theirs[i]!));
  return edits.map(({ kept, dropped, added }) => `${kept} ${dropped} ${encode(Uint8Array.from(added))}`).join(" ");
}

/** The operations of the engine as constants for the kernels. */
function codesSource(): string {
  const tables = { UNARY, ARITHMETIC, COMPARISON, REDUCTION, ACTIVATION };
  const lines = Object.entries(tables).flatMap(([table, codes]) =>
    Object.entries(codes).map(([name, code]) => {
      const constant = `${table}_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
      return `/** The code of \`${name}\`. */\nexport const ${constant} = ${code};\n`;
    })
  );
  return `/**
 * # Codes of the operations
 *
 * The names and numbers of \`core/engine/operations.ts\` as constants. Generated by \`deno task wasm\`; not edited by hand.
 *
 * @module
 */

${lines.join("")}`;
}

/** The texts of a folder by the names of their files. */
function sourcesIn(folder: string): Map<string, string> {
  const names = [...Deno.readDirSync(new URL(folder, here))].map(({ name }) => name).filter((name) =>
    /\.ts$/.test(name)
  );
  return new Map(names.map((name) => [name, Deno.readTextFileSync(new URL(folder + name, here))]));
}

/** Writes a generated file, or with `--check` compares it; says what came of it. */
async function put(path: string, source: string, origin: string, made: string): Promise<void> {
  const file = new URL(path, here);
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(file, source);
    console.log(`wasm/${path}: ${made}`);
  } else if (await Deno.readTextFile(file).catch(() => "") === source) {
    console.log(`wasm/${path} is what ${origin} compiles to`);
  } else {
    console.error(`wasm/${path} differs from what ${origin} compiles to: run \`deno task wasm\``);
    Deno.exitCode = 1;
  }
}

await put("assembly/codes.ts", codesSource(), "core/engine/operations.ts", "constants");
const jobs = fusedJobs(sourcesIn("assembly/"));
await put("assembly/fused_opcodes.ts", numbersSource(jobs), "wasm/assembly/", `${jobs.length} numbers`);
await put("assembly/fused_jobs.ts", jobsSource(jobs), "wasm/assembly/", `${jobs.length} cases`);
for (const { folder, target, what, flags } of PARTS) {
  const relaxed = await compile(folder, ["--enable=relaxed-simd", ...flags]);
  const strict = await compile(folder, flags);
  const missing = what === "kernels" ? [...new Set([relaxed, strict].flatMap(missingCases))] : [];
  if (missing.length > 0) {
    console.error(`wasm/${folder} has no case for ${missing.join("; ")}`);
    Deno.exit(1);
  }
  const text = encode(relaxed), edits = editsOf(relaxed, strict);
  if (encode(edited(decode(text), edits)) !== encode(strict)) {
    throw new Error(`Cannot keep the edits of ${target}: they fail`);
  }
  const source = `// deno-fmt-ignore-file
/**
 * The compiled ${what} of \`wasm/${folder}\`. Generated by \`deno task wasm\`; not edited by hand.
 *
 * @module
 */

/** The build that uses fused multiply-adds (relaxed SIMD). */
export const RELAXED: string = [
${quoted(text)}
].join("");

/** The build for engines without them, as edits of the other: so many bytes kept, so many left out, those that come instead. */
export const STRICT: string = [
${quoted(edits)}
].join("");
`;
  const sizes = await Promise.all([relaxed, strict].map(async (x) => `${x.length} (${await compressedSize(x)})`));
  await put(target, source, `wasm/${folder}`, `relaxed ${sizes[0]} and strict ${sizes[1]} bytes (compressed)`);
}
