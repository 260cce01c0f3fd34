/**
 * Holds the house rules by reading the sources: who may import whom, and what every page promises its reader.
 *
 * Reading needs permission; without it (`deno test` with everything denied) these tests are reported as ignored.
 */

import { assertEquals, assertThrows } from "@std/assert";
import { CONTENTS, numberOf, withNumbers } from "../core/contents.ts";
import { ACTIVATION } from "../core/engine/operations.ts";
import { regionProblems } from "../docs/split.ts";
import { KERNELS } from "../wasm/ladder/mod.ts";
import { granted } from "./permissions.ts";
import { privateWords, sentencesOf, typedResults } from "./prose.ts";

const root = new URL("../", import.meta.url);
const ignore = !granted("read");

/** All TypeScript and AssemblyScript files below a folder, as paths from the root. */
function* files(folder: string): Generator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(new URL(folder, root))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (isDirectory) {
      if (name !== "node_modules") yield* files(`${folder}${name}/`);
    } else if (name.endsWith(".ts")) yield folder + name;
  }
}

const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isFile;
  } catch {
    return false;
  }
}

/** The lines of a source that are code. */
function codeOf(source: string): string {
  return source.split("\n").filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line)).join("\n");
}

interface Import {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  /** Loaded when it is asked for. */
  readonly lazy: boolean;
}

/** The import and re-export lines of a source, static and dynamic. */
function importsOf(code: string): Import[] {
  const found: Import[] = [];
  for (const [, typeOnly, specifier] of code.matchAll(/^(?:import|export)(\s+type)?\s[^;"']*?from\s+"([^"]+)"/gm)) {
    found.push({ specifier: specifier!, typeOnly: typeOnly !== undefined, lazy: false });
  }
  for (const [, specifier] of code.matchAll(/^import\s+"([^"]+)"/gm)) {
    found.push({ specifier: specifier!, typeOnly: false, lazy: false });
  }
  for (const [, specifier] of code.matchAll(/\bimport\(\s*(?:new URL\(\s*)?["'`]([^"'`$]+)["'`]/g)) {
    found.push({ specifier: specifier!, typeOnly: false, lazy: true });
  }
  return found;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
  readonly imports: readonly (Import & { readonly target: string | undefined })[];
}

function resolve(specifier: string, from: string): string | undefined {
  if (!/^\.\.?\//.test(specifier)) return undefined;
  return new URL(specifier, new URL(from, root)).href.slice(root.href.length);
}

/** Compiled kernels and gathered shaders. */
const isGenerated = (path: string): boolean => /^wasm\/(ladder\/)?kernels\.ts$|^gpu\/shaders\.ts$/.test(path);

function load(path: string): Source {
  const text = read(path);
  const code = isGenerated(path) ? "" : codeOf(text);
  const imports = importsOf(code).map((line) => ({ ...line, target: resolve(line.specifier, path) }));
  return { path, text, code, imports };
}

const sources = new Map<string, Source>();
if (!ignore) {
  for (const folder of ["core/", "wasm/", "gpu/", "bench/", "tests/", "docs/", ".ci/"]) {
    for (const path of files(folder)) sources.set(path, load(path));
  }
  sources.set("mod.ts", load("mod.ts"));
}

/** What readers and programmers load: everything but tests, benches, documentation tools and build scripts. */
function* library(): Generator<Source> {
  for (const source of sources.values()) {
    if (/^(core|wasm|gpu)\/|^mod\.ts$/.test(source.path) && !isBuild(source.path)) yield source;
  }
}

/** What runs when a file is imported, without what it does as the program. */
const imported = (code: string): string => code.split("async function start(): Promise<void> {")[0]!;

const isHost = (path: string): boolean => path.startsWith("core/host/");
const isFigures = (path: string): boolean => path.startsWith("core/figures/");
const isProgram = (path: string): boolean => /^core\/cli(\.ts$|\/)/.test(path);
const isExperiment = (path: string): boolean => /\/experiments(\/|\.ts$)/.test(path);
const isCorpus = (path: string): boolean => path.startsWith("core/corpora/");
const chapterOf = (path: string): number => Number(/^core\/(\d\d)_/.exec(path)?.[1] ?? NaN);
const isBuild = (path: string): boolean => /^(wasm|gpu|core\/experiments)\/build\.ts$/.test(path);
const isTool = (path: string): boolean =>
  /^(tests|bench|docs|\.ci|core\/cli\/std\/assert)\//.test(path) || isBuild(path);

/** What the engine and its devices agree on; it knows nothing of either. */
const isContract = (path: string): boolean =>
  /^core\/engine\/(backend|operations|numbers|options|shape|shown|printing|requirements|kernel_device|recurrent_call)\.ts$/
    .test(path);

/** Whether a file may import another: the table "The house" of CONTRIBUTING.md. */
function mayImport(from: string, to: string): boolean {
  if (isTool(from)) return true;
  if (isTool(to)) return false;
  if (to === "mod.ts") return isProgram(from);
  if (from === "mod.ts") return !isExperiment(to) && !isCorpus(to) && !isHost(to) && !isFigures(to);
  if (isProgram(from)) return true;
  if (isProgram(to)) return false;
  if (isFigures(from)) return !isExperiment(to) && !isCorpus(to) && !isHost(to);
  if (isFigures(to)) return false;
  if (isHost(from)) return !isExperiment(to) && !isCorpus(to);
  if (isHost(to)) return false;
  if (/^(wasm|gpu)\//.test(from)) {
    const folder = from.slice(0, from.indexOf("/") + 1);
    return to.startsWith(folder) || isContract(to);
  }
  if (isContract(from)) return isContract(to);
  if (from.startsWith("core/engine/")) return to.startsWith("core/engine/");
  if (isCorpus(from)) return isCorpus(to) || to.startsWith("core/engine/");
  if (isExperiment(from)) return to.startsWith("core/");
  const chapter = chapterOf(from);
  if (Number.isNaN(chapter)) return false;
  if (to.startsWith("core/engine/")) return true;
  return !isExperiment(to) && chapterOf(to) <= chapter;
}

Deno.test("the import lines follow the table of CONTRIBUTING.md", { ignore }, () => {
  const wrong: string[] = [];
  for (const { path, imports } of sources.values()) {
    for (const { target } of imports) {
      if (target !== undefined && !mayImport(path, target)) wrong.push(`${path} → ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("every import names a file that exists", { ignore }, () => {
  const wrong: string[] = [];
  for (const { path, imports } of sources.values()) {
    for (const { target } of imports) {
      if (target !== undefined && !exists(target)) wrong.push(`${path} → ${target}`);
    }
  }
  assertEquals(wrong, []);
});

/** Files that cannot be told apart without naming one another's types; everything else has one direction. */
const KNOTS: readonly (readonly string[])[] = [
  ["core/engine/autograd.ts", "core/engine/elementwise.ts", "core/engine/tensor.ts"],
];

Deno.test("no import goes in circles, of types neither but for the knots that are named", { ignore }, () => {
  const done = new Set<string>(), open: string[] = [], circles: string[] = [];
  const visit = (path: string): void => {
    if (done.has(path)) return;
    const at = open.indexOf(path);
    if (at >= 0) {
      circles.push([...open.slice(at), path].join(" → "));
      return;
    }
    open.push(path);
    // cli.ts runs last: naming it cannot close a circle.
    for (const { target, typeOnly } of sources.get(path)?.imports ?? []) {
      if (target === undefined || isProgram(target)) continue;
      if (!typeOnly || !KNOTS.some((knot) => knot.includes(path) && knot.includes(target))) visit(target);
    }
    open.pop();
    done.add(path);
  };
  for (const { path } of library()) visit(path);
  assertEquals(circles, []);
});

Deno.test("everything behind mod.ts is imported by a relative path with its extension", { ignore }, () => {
  const wrong: string[] = [], seen = new Set<string>(), queue = ["mod.ts"];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { specifier, target } of sources.get(path)?.imports ?? []) {
      if (target === undefined || !target.endsWith(".ts")) wrong.push(`${path}: ${specifier}`);
      else queue.push(target);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("nothing behind mod.ts loads the ladder", { ignore }, () => {
  const wrong = [...sources.values()].filter(({ path, imports }) =>
    !isTool(path) && !path.startsWith("wasm/ladder/") &&
    imports.some(({ target }) => target?.startsWith("wasm/ladder/"))
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("every page of the ladder names its ceiling and explains the rungs of the table in order", { ignore }, () => {
  const wrong: string[] = [];
  for (const { name, rungs } of KERNELS) {
    const path = `wasm/ladder/assembly/${name}.ts`, text = read(path);
    if (!text.startsWith("/**\n * # ") || !/^ \* @module$/m.test(text)) wrong.push(`${path} has no page`);
    if (!text.includes("**Ceiling.**")) wrong.push(`${path} names no ceiling`);
    const explained = [...text.matchAll(/^\/\/ ## Rung (\d+) · (.+)\n\/\/\n\/\/ \S/gm)].map(([, i, rung]) =>
      `${i} ${rung}`
    );
    assertEquals(explained, rungs.map((rung, i) => `${i + 1} ${rung.name}`), path);
  }
  const pages = [...Deno.readDirSync(new URL("wasm/ladder/assembly/", root))].map((entry) => entry.name);
  const known = ["index.ts", "limits.ts", "peak.ts", ...KERNELS.map(({ name }) => `${name}.ts`)];
  assertEquals([...wrong, ...pages.filter((page) => !known.includes(page))], []);
});

/** Every file that importing one fetches and runs, itself included; the program is loaded by name, when it runs. */
function reached(from: string): Set<string> {
  const seen = new Set<string>(), queue = [from];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { target, typeOnly } of sources.get(path)?.imports ?? []) {
      if (target !== undefined && !typeOnly) queue.push(target);
    }
  }
  return seen;
}

Deno.test("an import of one chapter loads the engine and earlier chapters, and no device", { ignore }, () => {
  const { exports } = JSON.parse(read("deno.json")) as { exports: Record<string, string> };
  const wrong: string[] = [];
  for (const path of Object.values(exports).map((path) => path.replace("./", ""))) {
    const chapter = chapterOf(path);
    for (const other of reached(path)) {
      const fits = path === "mod.ts"
        ? !isTool(other) && !isProgram(other) && !isExperiment(other) && !isCorpus(other)
        : /^(wasm|gpu|core\/(host|figures))\//.test(path)
        ? other.startsWith(path.slice(0, path.lastIndexOf("/") + 1)) || other.startsWith("core/engine/")
        : other.startsWith("core/engine/") || chapterOf(other) <= chapter && !isExperiment(other);
      if (!fits) wrong.push(`${path} → ${other}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("an experiment is loaded when it is asked for, and nothing else brings one along", { ignore }, () => {
  const isOne = (path: string): boolean => isExperiment(path) && !path.startsWith("core/experiments/");
  const wrong: string[] = [];
  for (const { path, imports } of sources.values()) {
    if (isOne(path) || /^(tests|docs\/zh)\//.test(path)) continue;
    for (const { target, typeOnly, lazy } of imports) {
      // What the program names by a literal is fetched with it, lazy or not; a bundler needs literals.
      const allowed = typeOnly || lazy && path.startsWith("docs/");
      if (target !== undefined && isOne(target) && !allowed) wrong.push(`${path} → ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("the chapter on words loads nothing of attention, and only the CPU device loads kernels", { ignore }, () => {
  const words = [...reached("core/02_words/mod.ts")];
  assertEquals(words.filter((path) => chapterOf(path) > 2), []);
  const loading = [...sources.keys()].filter((path) => /\/mod\.ts$/.test(path) && reached(path).has("wasm/kernels.ts"));
  assertEquals(loading, ["wasm/ladder/mod.ts", "wasm/mod.ts"]);
});

Deno.test("no source draws from Math.random", { ignore }, () => {
  const wrong = [...sources.values()].filter(({ path, code }) =>
    path !== "tests/architecture_test.ts" && /\bMath\s*\.\s*random\b/.test(code)
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("only the program touches Deno", { ignore }, () => {
  const wrong = [...library()].filter(({ path, code }) =>
    !isProgram(path) && /(?<!")\bDeno\s*(\.|\[|\?\.)/.test(imported(code))
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("only the program and the room for files and terminals import what a host brings", { ignore }, () => {
  const wrong = [...library()].filter(({ path, imports }) =>
    !isProgram(path) && !isHost(path) && imports.some(({ specifier }) => /^\w+:/.test(specifier))
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("the library prints nothing", { ignore }, () => {
  const wrong = [...library()].filter(({ code }) => /\bconsole\s*\./.test(imported(code)));
  assertEquals(wrong.map(({ path }) => path), []);
});

/** A declaration that is exported under its own name. */
const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(function\*?|class|interface|type|const|let|enum|namespace) (\w+)/;

/** Every name a file exports, and the file that declares it. */
function exportsOf(path: string, above: readonly string[] = []): [name: string, origin: string][] {
  const source = sources.get(path);
  if (source === undefined || above.includes(path)) return [];
  const found = new Map<string, [string, string]>();
  const add = (name: string, origin: string): void => void found.set(`${name} ${origin}`, [name, origin]);
  for (const line of source.code.split("\n")) {
    const name = DECLARATION.exec(line)?.[2];
    if (name !== undefined) add(name, path);
  }
  for (const [, list, specifier] of source.code.matchAll(/^export (?:type )?\{([^}]*)\}(?:\s*from\s*"([^"]+)")?/gm)) {
    for (const item of list!.split(",").map((x) => x.trim()).filter(Boolean)) {
      const [local, name] = item.replace(/^type /, "").split(/\s+as\s+/) as [string, string?];
      const target = specifier === undefined ? undefined : resolve(specifier, path);
      const origins = target === undefined ? [] : exportsOf(target, [...above, path]).filter(([n]) => n === local);
      if (origins.length === 0) add(name ?? local, target ?? path);
      for (const [, origin] of origins) add(name ?? local, origin);
    }
  }
  for (const [, specifier] of source.code.matchAll(/^export (?:type )?\* from\s*"([^"]+)"/gm)) {
    const target = resolve(specifier!, path);
    if (target !== undefined) { for (const [name, origin] of exportsOf(target, [...above, path])) add(name, origin); }
  }
  return [...found.values()];
}

Deno.test("mod.ts exports every name once", { ignore }, () => {
  const homes = new Map<string, Set<string>>();
  for (const [name, origin] of exportsOf("mod.ts")) {
    homes.set(name, (homes.get(name) ?? new Set()).add(origin));
  }
  const wrong = [...homes].filter(([, origins]) => origins.size > 1);
  assertEquals(wrong.map(([name, origins]) => `${name}: ${[...origins].join(", ")}`), []);
});

Deno.test("mod.ts exports at most 136 names, by lists in the order of the book", { ignore }, () => {
  const { code } = sources.get("mod.ts")!;
  const lists = [...code.matchAll(/^export (?:type )?(\*|\{[^}]*\}) from "\.\/([^"]+)"/gm)];
  assertEquals(lists.filter(([, list]) => list === "*").map(([, , path]) => path), []);
  const homes = [...new Set(lists.map(([, , path]) => path!))];
  const numbered = homes.filter((path) => !Number.isNaN(chapterOf(path)));
  assertEquals(homes, [...numbered.toSorted(), "core/engine/mod.ts", "wasm/mod.ts", "gpu/adapter.ts"]);
  const names = new Set(exportsOf("mod.ts").map(([name]) => name));
  assertEquals(names.size <= 136, true, `mod.ts exports ${names.size} names`);
});

/** The first sentence of the doc comment that ends just above a line, or undefined if there is none. */
function docAbove(lines: readonly string[], at: number): string | undefined {
  let end = at - 1;
  while (end >= 0 && /^(\/\/|@)/.test(lines[end]!)) end--;
  if (end < 0 || !lines[end]!.trimEnd().endsWith("*/")) return undefined;
  let start = end;
  while (start >= 0 && !lines[start]!.startsWith("/**")) start--;
  const words: string[] = [];
  for (const line of lines.slice(start, end + 1)) {
    const text = line.replace(/^\s*(\/\*\*|\*\/|\*)\s?/, "").replace(/\s*\*\/\s*$/, "").trim();
    if (text === "" && words.length === 0) continue;
    if (text === "" || text.startsWith("@")) break;
    words.push(text);
  }
  return words.join(" ").split(/(?<=[.:])\s/)[0] ?? "";
}

Deno.test("every export is documented, in a first sentence of at most 90 plain characters", { ignore }, () => {
  const wrong: string[] = [];
  for (const { path, text } of library()) {
    if (isGenerated(path)) continue;
    const lines = text.split("\n");
    const named = new Set<string>();
    lines.forEach((line, at) => {
      const name = DECLARATION.exec(line)?.[2];
      if (name === undefined) return;
      const sentence = docAbove(lines, at);
      if (!sentence) {
        if (!named.has(name)) wrong.push(`${path}:${at + 1} ${name} has no doc comment`);
      } else {
        if (sentence.length > 90) wrong.push(`${path}:${at + 1} ${name}: ${sentence.length} characters`);
        if (/(^|[^\\])\$/.test(sentence)) wrong.push(`${path}:${at + 1} ${name}: a formula in the first sentence`);
      }
      named.add(name);
    });
  }
  assertEquals(wrong, []);
});

/** The pages that a chapter exports, without endings, in order. */
function pagesOf(folder: string): string[] {
  const inside = (sources.get(`core/${folder}/mod.ts`)?.imports ?? []).map(({ specifier }) =>
    /^\.\/(\w+)(?:\.ts|\/mod\.ts)$/.exec(specifier)?.[1]
  );
  return [...new Set(inside.filter((name) => name !== undefined))];
}

Deno.test(
  "every chapter exports the pages that the contents plan and that are written, in their order",
  { ignore },
  () => {
    const written = [...Deno.readDirSync(new URL("core/", root))].map(({ name }) => name).filter((name) =>
      /^\d\d_/.test(name)
    );
    assertEquals(written.filter((name) => !CONTENTS.some(({ folder }) => folder === name)), []);
    for (const [at, { folder, title, sections }] of CONTENTS.entries()) {
      assertEquals(Number(folder.slice(0, 2)), at + 1, "core/contents.ts");
      if (!written.includes(folder)) continue;
      const isWritten = (name: string): boolean =>
        exists(`core/${folder}/${name}.ts`) || exists(`core/${folder}/${name}/mod.ts`);
      const planned = sections.flatMap(({ pages }) => pages).filter((name) => !name.includes("/") && isWritten(name));
      assertEquals(pagesOf(folder), planned, `core/${folder}/mod.ts exports other pages than core/contents.ts has`);
      const text = read(`core/${folder}/mod.ts`), heading = /^\/\*\*\n \* # (.*)$/m.exec(text)?.[1];
      assertEquals(heading, `${at + 1} · ${title}`, `core/${folder}/mod.ts`);
      // The chapter's table of pages is its first table.
      const [table = ""] = /(?:^ \* \|.*\n)+/m.exec(text) ?? [];
      const rows = [...table.matchAll(/^ \* \| `(\w+)`/gm)].map(([, name]) => name);
      assertEquals(rows, planned, `the table of core/${folder}/mod.ts has other rows than the chapter has pages`);
    }
  },
);

Deno.test("the contents have every file of a section that is a folder, in the order of its exports", { ignore }, () => {
  for (const { folder, sections } of CONTENTS) {
    for (const { pages } of sections) {
      const inside = pages.filter((name) => name.includes("/"));
      const folders = pages.filter((name) => exists(`core/${folder}/${name}/mod.ts`));
      for (const root of folders) {
        const path = `core/${folder}/${root}/`, written = [...files(path)].map((file) => file.slice(path.length));
        const parts = inside.filter((name) => name.startsWith(`${root}/`)).map((name) =>
          `${name.slice(root.length + 1)}.ts`
        );
        assertEquals(
          [...parts].sort(),
          written.filter((name) => name !== "mod.ts").sort(),
          `core/contents.ts has other files of ${path}`,
        );
        const order = [...read(`${path}mod.ts`).matchAll(/^export\b[^;"]*?from "\.\/(\w+\.ts)";/gm)].map(([, name]) =>
          name!
        );
        assertEquals(parts.filter((name) => order.includes(name)), order, `${path}mod.ts`);
      }
    }
  }
});

Deno.test("every written chapter is in deno.json and in the table of the README", { ignore }, () => {
  const { exports } = JSON.parse(read("deno.json")) as { exports: Record<string, string> };
  const written = CONTENTS.filter(({ folder }) => exists(`core/${folder}/mod.ts`));
  const entries = Object.entries(exports).filter(([, path]) => !Number.isNaN(chapterOf(path.replace("./", ""))));
  assertEquals(
    entries,
    written.map(({ folder }) => [`./${folder.slice(3).replaceAll("_", "-")}`, `./core/${folder}/mod.ts`]),
  );
  const rows = [...read("README.md").matchAll(/^\| `core\/(\d\d_\w+)` *\| (.*?) *\|/gm)].map(([, ...row]) => row);
  assertEquals(rows, written.map(({ folder, title }) => [folder, title]));
});

/** What readers and programmers read, as prose or as strings that become prose. */
function* proseFiles(): Generator<[path: string, text: string]> {
  for (const { path, text } of sources.values()) {
    if (/^(core|wasm|gpu|docs)\/|^mod\.ts$/.test(path) && !isGenerated(path)) yield [path, text];
  }
  for (
    const [folder, ending] of [["wasm/assembly/", ".ts"], ["gpu/shaders/", ".wgsl"], ["docs/pages/", ".md"]] as const
  ) {
    for (const { name } of Deno.readDirSync(new URL(folder, root))) {
      if (name.endsWith(ending)) yield [folder + name, read(folder + name)];
    }
  }
  for (const path of ["README.md", "docs/README.md"]) yield [path, read(path)];
}

Deno.test("no prose types the number of a chapter or section: it links to the file", { ignore }, () => {
  const wrong: string[] = [];
  for (const [path, text] of proseFiles()) {
    const lines = text.replace(/\n\s*(?:\*|\/\/)? */g, "\n");
    for (const [found] of lines.matchAll(/\b(?:section|chapter)s?\s+\d+(?:\.\d+)*/gi)) wrong.push(`${path}: ${found}`);
  }
  assertEquals(wrong, []);
});

/** Sentences of chapters that hold a number which no experiment finds, by a part of each, and why. */
const NOT_MEASURED: Readonly<Record<string, string>> = {
  "a step is up to ten times as long as one of SGD": "the limit of a geometric series",
  "three words with 30, 20 and 10 %": "the distribution that the notes give",
  "together they have a probability of 40 %": "the rest of that distribution",
};

/** The sources of the chapters' pages. */
function* chapters(): Generator<string> {
  for (const path of files("core/")) if (/^core\/\d\d_\w+\/(?!experiments\/)/.test(path)) yield path;
}

Deno.test("typedResults() finds what was measured, and no constant, definition, example or formula", () => {
  const typed = (...lines: string[]): number => typedResults(lines.map((line) => `// ${line}\n`).join("")).length;
  assertEquals(typed("Its loss is 0.42 nats."), 1);
  assertEquals(typed("With most", "seeds it fails."), 1);
  assertEquals(typed("The gradient is 31 times as long."), 1);
  assertEquals(typed("It gains a point of BLEU and takes 3 seconds."), 1);
  assertEquals(typed("More than 70 in 100 are right."), 1);
  assertEquals(typed("With every seed it reaches BLEU 97.", "It keeps 5 % of them."), 2);
  assertEquals(typed("Wu et al. 2016 use 0.2.", "The rate is 0.9 by default.", "At `0.9`, and with $p = 0.9$."), 0);
  assertEquals(typed("**By hand.** The score is 0.57.", "", "It becomes 0.61.", "", "**Formula.** It is 0.61."), 1);
  assertEquals(typed("## Exercise", "", "Set it to 0.1."), 0);
  assertEquals(typed("```ts", "const x = 0.1;", "```", "| 0.5 | 50 % |", "**The notes, 004.27.** So it is."), 0);
});

Deno.test("no prose of a chapter types a result: figures, captions and readings compute them", { ignore }, () => {
  const found = [...chapters()].flatMap((path) =>
    typedResults(read(path)).map(({ text, line }) => ({ text, where: `${path}:${line}: ${text}` }))
  );
  const known = Object.keys(NOT_MEASURED);
  assertEquals(found.filter(({ text }) => !known.some((part) => text.includes(part))).map(({ where }) => where), []);
  assertEquals(known.filter((part) => !found.some(({ text }) => text.includes(part))), [], "no sentence needs it");
});

Deno.test("privateWords() finds the words of this house, and no other uses of them", () => {
  assertEquals(privateWords("It keeps the likeliest beginnings.").length, 2);
  assertEquals(privateWords("Their spread is the share of a finished text in its box.").length, 4);
  assertEquals(privateWords("Quadruples of the truth. To change it is to run it.").length, 3);
  assertEquals(privateWords("Heads share keys; it spreads the mass evenly, at the beginning of a text.").length, 0);
});

Deno.test("prose and captions use the words of the field", { ignore }, () => {
  const wrong: string[] = [];
  for (const path of files("core/")) {
    if (!/^core\/(?:\d\d_\w+|experiments)\//.test(path)) continue;
    const source = read(path), said = sentencesOf(source).map(({ text, line }) => ({ text, line }));
    if (path.endsWith(".words.ts")) {
      source.split("\n").forEach((text, i) => {
        if (!/^\s*(?:\/\*|\*|\/\/)/.test(text)) said.push({ text, line: i + 1 });
      });
    }
    for (const { text, line } of said) wrong.push(...privateWords(text).map((word) => `${path}:${line}: ${word}`));
  }
  read("docs/pages/glossary.md").split("\n").forEach((text, i) =>
    wrong.push(...privateWords(text).map((word) => `docs/pages/glossary.md:${i + 1}: ${word}`))
  );
  assertEquals(wrong, []);
});

Deno.test("every reference to a chapter or section leads to one that is written", { ignore }, () => {
  const wrong: string[] = [];
  for (const [path, text] of proseFiles()) {
    if (path === "core/contents.ts") continue;
    try {
      withNumbers(text, path, (_, href) => {
        const target = new URL(href, new URL(path, root)).pathname.slice(root.pathname.length);
        if (!exists(target)) wrong.push(`${path}: ${target} is not there`);
        return "";
      });
    } catch (error) {
      wrong.push((error as Error).message);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("withNumbers() writes a section's number from its place in the contents", () => {
  assertEquals(numberOf("core/02_words/mod.ts"), "2");
  assertEquals(numberOf("core/02_words/softmax.ts"), undefined);
  const from = "core/05_transformer/decoder.ts";
  assertEquals(
    withNumbers("See [section](../04_attention/positions/rotary.ts#x), [Chapter](../04_attention/mod.ts).", from),
    "See section 4.7.3, Chapter 4.",
  );
  assertEquals(
    withNumbers("[section](encoder.ts)", from, (words, href) => `[${words}](${href})`),
    "[section 5.4](encoder.ts)",
  );
  assertEquals(withNumbers("[a section](encoder.ts)", from), "[a section](encoder.ts)");
  for (
    const text of ["[section](../engine/mod.ts)", "[section](mod.ts)", "[chapter](encoder.ts)", "[section](none.ts)"]
  ) {
    assertThrows(() => withNumbers(text, from), RangeError, "Cannot refer to core/");
  }
});

Deno.test("every chapter file opens with its page", { ignore }, () => {
  const wrong = [...library()].filter(({ path, text }) =>
    !Number.isNaN(chapterOf(path)) && !(text.startsWith("/**\n * # ") && /^ \* @module$/m.test(text))
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("regions have titles, stand around whole declarations, and end", { ignore }, () => {
  const wrong = [...library()].flatMap(({ path, text }) => regionProblems(text).map((one) => `${path}:${one}`));
  assertEquals(wrong, []);
});

Deno.test("every file of assembly opens with its title and says what it is", { ignore }, () => {
  const wrong = [...sources.values()].filter(({ path, text }) =>
    /\/assembly\//.test(path) && !(/^\/\*\*\n \* # \S.*\n \*\n \* \S/.test(text) && /^ \* @module$/m.test(text))
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("every pitfall names a test that exists", { ignore }, () => {
  const tests = [...sources.values()].filter(({ path }) => path.startsWith("tests/"))
    .map(({ text }) => text.replaceAll('\\"', '"')).join("\n");
  const wrong: string[] = [];
  for (const { path, text } of library()) {
    for (const [block] of text.matchAll(/^\/\/ ## Pitfall.*\n(?:\/\/.*\n?)*/gm)) {
      const paragraph = block.split("\n").slice(1).filter((line) => !line.startsWith("// ## "))
        .map((line) => line.replace(/^\/\/ ?/, "")).join(" ").replace(/\s+/g, " ");
      const title = block.split("\n")[0]!.slice(6);
      const names = [...paragraph.matchAll(/\btests? (?:"([^"]+)"(?:(?:,| and|, and) "([^"]+)")*)/g)]
        .flatMap(([all]) => [...all.matchAll(/"([^"]+)"/g)].map(([, name]) => name!));
      if (names.length === 0) wrong.push(`${path}: "${title}" names no test`);
      for (const name of names) if (!tests.includes(name)) wrong.push(`${path}: no test is named "${name}"`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("every kernel names what it computes, and that asks for the kernel", { ignore }, () => {
  const wrong: string[] = [];
  const [, fused = ""] =
    /^export interface FusedFunctions [^{]*\{([\s\S]*?)^export type /m.exec(read("core/engine/backend.ts")) ?? [];
  const kernels = [...fused.matchAll(/\{@linkcode (\w+)\}[^/]*\*\/\n {2}readonly (\w+):/g)];
  const [activations = ""] = /Activations that devices[^;]*^export type ActivationName/m.exec(
    read("core/engine/operations.ts"),
  ) ?? [];
  const named = [...activations.matchAll(/\{@linkcode (\w+)\}/g)].map(([, name]) => name!);
  assertEquals([kernels.length > 8, named.toSorted()], [true, Object.keys(ACTIVATION).toSorted()]);
  for (const [, symbol = "", name = ""] of [...kernels, ...named.map((name) => ["", name, name])]) {
    const defines = new RegExp(`^export (?:function|const|class) ${symbol}\\b`, "m");
    const asks = new RegExp(`"${name}"|update\\.${name}\\b`);
    if (![...library()].some(({ text }) => defines.test(text) && asks.test(text))) {
      wrong.push(`a fused kernel: nothing that defines ${symbol} asks for ${name}`);
    }
  }
  for (const { name: file } of Deno.readDirSync(new URL("gpu/shaders/", root))) {
    const [definition = ""] = /^\/\/ definition .*$/m.exec(read(`gpu/shaders/${file}`)) ?? [];
    for (const [, path = "", name = ""] of definition.matchAll(/(core\/[\w/]+\.ts)(?:, `([\w.]+)`)?/g)) {
      const word = new RegExp(`\\b${name.split(".").at(-1)}\\b`);
      if (!exists(path) || !word.test(read(path))) wrong.push(`${file}: ${name} is not in ${path}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("deno.json exports files that exist and declares tasks that run files that exist", { ignore }, () => {
  const { exports, tasks } = JSON.parse(read("deno.json")) as {
    exports: Record<string, string>;
    tasks: Record<string, { command: string }>;
  };
  const missing: string[] = [];
  for (const [name, path] of Object.entries(exports)) if (!exists(path)) missing.push(`${name}: ${path}`);
  for (const [name, { command }] of Object.entries(tasks)) {
    for (const [path] of command.matchAll(/(?<= )[\w./]+\.(?:ts|json|md)\b/g)) {
      if (!exists(path)) missing.push(`${name}: ${path}`);
    }
  }
  assertEquals(missing, []);
});

const commandsOf = (): Record<string, string> => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, { command: string }> };
  return Object.fromEntries(Object.entries(tasks).map(([name, { command }]) => [name, command]));
};

Deno.test("what test and test:fast leave out is there, and test:rest runs what test leaves out", { ignore }, () => {
  const tasks = commandsOf(), left = (name: string): string[] => /--ignore=(\S+)/.exec(tasks[name]!)![1]!.split(",");
  const isThere = (path: string): boolean =>
    sources.has(path) || [...sources.keys()].some((one) => one.startsWith(`${path}/`));
  assertEquals([...left("test"), ...left("test:fast")].filter((path) => !isThere(path)), []);
  assertEquals(tasks["test"]!.replace(/ --ignore=\S+ tests/, ` ${left("test").join(" ")}`), tasks["test:rest"]);
  assertEquals(left("test").filter((path) => !left("test:fast").includes(path)), []);
});

/** Permissions without a scope, by task, with the reason; every other permission names what it is for. */
const UNSCOPED: Readonly<Record<string, string>> = {
  // Temporary folders lie where the system has them. Tests stop the programs that they start, and npx starts Deno by another
  // program: they start it by its path, which no list knows.
  "test": "read write run",
  "test:all": "read write run",
  "test:fast": "read write run",
  "test:rest": "read write run",
  "test:jsr": "read write run",
  // The browser is where the machine has it, and keeps its profile in a temporary folder.
  "test:browser": "read write run",
  // Projects lie in temporary folders; Node, npm, Bun and the browser are where the machine has them.
  "test:packages": "read write run env",
  // The package is written where one wants it, and Deno packs it first.
  "pack": "read write run",
  // The other libraries load native code, which no permission holds.
  "bench:peers": "all",
};

Deno.test("every task is granted what it names and no more, and packages are those of a lock", { ignore }, () => {
  const wrong: string[] = [];
  for (const [name, command] of Object.entries(commandsOf())) {
    for (const part of command.split(/ && | \| /)) {
      if (!/\bdeno (run|test|bench|check) /.test(part)) continue;
      const all = /(^| )(-A|--allow-all)( |$)/.test(part) ? ["all"] : [];
      const open = [...part.matchAll(/--allow-(\w+)(?= |$)/g)].map(([, kind]) => kind!);
      const allowed = UNSCOPED[name]?.split(" ") ?? [];
      for (const kind of [...all, ...open]) if (!allowed.includes(kind)) wrong.push(`${name}: --allow-${kind}`);
      if (all.length === 0 && !/deno check|--no-prompt/.test(part)) wrong.push(`${name}: no --no-prompt`);
      // The repository is not the place for what tests write.
      if (open.includes("write") && /--parallel/.test(part) && !part.includes("--deny-write=.")) {
        wrong.push(`${name}: writes`);
      }
      const [, config] = /--config (\S+)/.exec(part) ?? [];
      // In the root Deno writes one for the package of chat templates, where somebody has met one; it is not committed.
      const needsLock = config?.includes("/") === true && exists(config.replace(/[^/]*$/, "deno.lock"));
      if (needsLock && !part.includes("--frozen")) wrong.push(`${name}: no --frozen`);
    }
  }
  assertEquals(wrong, []);
  // The program that bundles the scripts of the site is the one of the lock.
  const { esbuild = "" } = (JSON.parse(read("docs/deno.json")) as { imports: Record<string, string> }).imports;
  const versions = [...commandsOf()["docs"]!.matchAll(/@esbuild\+[\w-]+@([\d.]+)/g)].map(([, version]) => version);
  assertEquals([...new Set(versions)], [esbuild.split("@").at(-1)]);
});

Deno.test("deno.json needs no npm package", { ignore }, () => {
  const { imports } = JSON.parse(read("deno.json")) as { imports: Record<string, string> };
  assertEquals(Object.values(imports).filter((target) => target.startsWith("npm:")), []);
});
