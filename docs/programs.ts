/**
 * # Programs of a page
 *
 * **Question.** A page works an example by hand, and says that its code prints the same numbers. Who runs that code?
 *
 * **Idea.** A block of `ts` in the comments of a chapter, followed by a block of `text`, is a program and what it prints:
 *
 * ````md
 * ```ts
 * import { softmax } from "@heed/heed/words";
 * import { tensor } from "@heed/heed/engine";
 *
 * const weights = await softmax(tensor([1, 3])).read();
 * console.log(Array.from(weights, (weight) => weight.toFixed(3)).join(" "));
 * ```
 *
 * ```text
 * 0.119 0.881
 * ```
 * ````
 *
 * One process runs all programs: `deno task library` writes what they print into the sources, a test compares it. In a browser
 * a worker runs them, [live/programs.ts](live/programs.ts). To be run again, and anywhere, a program becomes a function of its
 * `console`.
 *
 * @module
 */

import { DENO } from "./followed.ts";
import { ENTRIES } from "./live/entries.ts";

const root = new URL("../", import.meta.url);

/** A program in the comments of a source. */
export interface PageProgram {
  readonly code: string;
  /** What the page says it prints. */
  readonly shown: string;
  /** Lines of the source that say so, counted from 0: the first, and the one after the last. */
  readonly lines: readonly [number, number];
  /** What these lines begin with: ` *` or `//`. */
  readonly margin: string;
}

/** A program of the book. */
export interface NamedProgram extends PageProgram {
  /** The source. */
  readonly path: string;
  /** Of its file in the site: no two are the same. */
  readonly name: string;
}

/** The programs of a source, in order: a block of `ts` at the left edge of a comment, and the block of `text` after it. */
export function programsIn(source: string): PageProgram[] {
  const lines = source.split("\n"), found: PageProgram[] = [];
  const end = (from: number, margin: string): number => {
    let at = from;
    while (at < lines.length && lines[at] !== `${margin} \`\`\``) at++;
    return at;
  };
  for (let at = 0; at < lines.length; at++) {
    const [, margin] = /^( \*|\/\/) ```ts$/.exec(lines[at]!) ?? [];
    if (margin === undefined) continue;
    const text = (from: number, to: number): string =>
      lines.slice(from, to).map((line) => `${line.slice(margin.length + 1)}\n`).join("");
    const last = end(at + 1, margin);
    let next = last + 1;
    while (lines[next] === margin) next++;
    if (lines[next] === `${margin} \`\`\`text`) {
      const first = next + 1, after = end(first, margin);
      found.push({ code: text(at + 1, last), shown: text(first, after), lines: [first, after], margin });
      next = after;
    }
    at = next;
  }
  return found;
}

/** The name of a program's file. */
export const programName = (path: string, at: number): string =>
  `${path.replace(/^core\/(\d\d_)?|(\/mod)?\.ts$/g, "").replace(/\W+/g, "-")}-${at + 1}`;

/** The programs of a source with their names. */
export const named = (path: string, source: string): NamedProgram[] =>
  programsIn(source).map((program, at) => ({ ...program, path, name: programName(path, at) }));

/** All sources of the book's pages, from the root of the repository. */
export function* sources(folder = "core/"): Generator<string> {
  const entries = [...Deno.readDirSync(new URL(folder, root))].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* sources(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield folder + name;
  }
}

/** All programs of the book. */
export function programsOfBook(): NamedProgram[] {
  return [...sources()].flatMap((path) => named(path, Deno.readTextFileSync(new URL(path, root))));
}

/** Where the names lie that programs import from. */
export function entriesOf(): ReadonlyMap<string, string> {
  const { name, exports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root))) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string>>;
  };
  return new Map(Object.entries(exports).map(([key, path]) => [name + key.slice(1), new URL(path, root).href]));
}

/**
 * A program as a module whose default export runs it.
 *
 * @param code as the page has it
 * @param entries addresses by what is imported from
 * @throws {SyntaxError} if it imports from anything else
 */
export function moduleOf(code: string, entries: ReadonlyMap<string, string>): string {
  const imports: string[] = [];
  const body = code.replace(/^import [^;]*? from "([^"]+)";\n/gm, (line, specifier: string) => {
    const address = entries.get(specifier);
    if (address === undefined) {
      throw new SyntaxError(`Cannot import from "${specifier}": a program of a page imports from @heed/heed`);
    }
    imports.push(line.replace(`"${specifier}"`, JSON.stringify(address)));
    return "";
  });
  return `${
    imports.join("")
  }export default async (console: { log(...values: readonly unknown[]): void }): Promise<void> => {
${body}};
`;
}

/**
 * A program as a module without imports, for browsers: what it imports from is asked for when it runs.
 *
 * @param code as the page has it
 * @returns TypeScript whose default export takes a console, and a function from specifiers to modules
 */
export function portableOf(code: string): string {
  const body = code.replace(
    /^import (type )?([^;]*?) from ("[^"]+");\n/gm,
    (_, type, names: string, specifier: string) => {
      if (type) return "";
      const all = /^\* as (\w+)$/.exec(names)?.[1];
      const listed = names.replace(/\btype \w+( as \w+)?,?/g, "").replace(/(\w+) as (\w+)/g, "$1: $2");
      return `const ${all ?? listed} = await load(${specifier}) as any;\n`;
    },
  );
  return `export default async (console: any, load: (specifier: string) => Promise<unknown>): Promise<void> => {
${body}};
`;
}

/** Whether all that a program imports from runs in a browser. */
export function isPortable(code: string): boolean {
  return [...code.matchAll(/^import [^;]*? from "([^"]+)";/gm)].every(([, specifier]) =>
    Object.hasOwn(ENTRIES, specifier!)
  );
}

/** What a program printed, or why it ended. */
export interface Printed {
  readonly printed: string;
  readonly error?: string;
}

/**
 * Runs programs one after the other, all in one process.
 *
 * @param programs as pages have them
 * @param folder where their files are made
 * @param check whether their types are checked too
 * @returns what each of them printed
 */
export async function runPrograms(
  programs: readonly Pick<NamedProgram, "code" | "name">[],
  folder: string,
  { check = false }: { readonly check?: boolean } = {},
): Promise<Printed[]> {
  if (programs.length === 0) return [];
  const entries = entriesOf(), files: string[] = [];
  for (const { code, name } of programs) {
    files.push(`./${name}.ts`);
    await Deno.writeTextFile(`${folder}/${name}.ts`, moduleOf(code, entries));
  }
  const runner = `import { printed } from ${JSON.stringify(new URL("docs/live/printing.ts", root).href)};
${files.map((file, i) => `import program${i} from ${JSON.stringify(file)};`).join("\n")}
const found: { printed: string; error?: string }[] = [];
for (const program of [${files.map((_, i) => `program${i}`).join(", ")}]) {
  let text = "";
  try {
    await program({ log: (...values) => void (text += printed(values)) });
    found.push({ printed: text });
  } catch (error) {
    found.push({ printed: text, error: error instanceof Error ? error.message : String(error) });
  }
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(found)));
`;
  await Deno.writeTextFile(`${folder}/run_programs.ts`, runner);
  const { code, stdout, stderr } = await new Deno.Command(DENO, {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      ...check ? ["--check", "--config", decodeURIComponent(new URL("deno.json", root).pathname)] : ["--no-config"],
      `${folder}/run_programs.ts`,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`The programs cannot be run:\n${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/**
 * A source whose programs print what they printed.
 *
 * @param source as it is
 * @param outputs what its programs printed, in order
 */
export function withOutputs(source: string, outputs: readonly string[]): string {
  const lines = source.split("\n");
  programsIn(source).map((program, at) => ({ ...program, text: outputs[at]! })).toReversed()
    .forEach(({ lines: [first, after], margin, text }) => {
      const written = text.replace(/\n$/, "").split("\n").map((line) => `${margin} ${line}`.trimEnd());
      lines.splice(first, after - first, ...text === "" ? [] : written);
    });
  return lines.join("\n");
}
