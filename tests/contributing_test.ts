/**
 * Holds CONTRIBUTING.md to the code: what its table names is there, and what it tells to touch is enough.
 *
 * A few things are really added, each in the places of the table and no other, in a copy of the sources that is thrown
 * away. Reading, writing and starting programs need permission; without it these tests are reported as ignored.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { granted, testWithFolder } from "./permissions.ts";

const root = new URL("../", import.meta.url);
const ignore = !granted("read");
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

function isThere(path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch {
    return false;
  }
}

/** A row of the table: what is added, and the places to touch. */
interface Row {
  readonly what: string;
  /** A file, or where files of that kind are, and a name in it. */
  readonly places: readonly { readonly path: string; readonly symbol: string | undefined }[];
}

/** The rows of the table "To add something". A place is `path`, or `symbol` in `path`. */
function rows(): Row[] {
  const table = /^\| to add +\|.*\n\|[- |]*\n((?:\|.*\n)+)/m.exec(read("CONTRIBUTING.md"))![1]!;
  return table.trim().split("\n").map((line) => {
    const [, what = "", touch = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const places = [...touch.matchAll(/(?:`(\w+)`[^`·]*? in )?`([\w./…-]*[/.][\w./…-]*)`/g)];
    return { what, places: places.map(([, symbol, path]) => ({ path: path!, symbol })) };
  });
}

Deno.test("every file and every name in the table of CONTRIBUTING.md is there", { ignore }, () => {
  const wrong: string[] = [];
  for (const { what, places } of rows()) {
    if (places.length === 0) wrong.push(`${what}: no place to touch`);
    for (const { path, symbol } of places) {
      // What is added has no name yet: its folder is there.
      const known = path.includes("…") ? path.slice(0, path.lastIndexOf("/", path.indexOf("…")) + 1) : path;
      if (!isThere(known)) wrong.push(`${what}: ${known} is not there`);
      else if (symbol !== undefined && !new RegExp(`\\b${symbol}\\b`).test(read(path))) {
        wrong.push(`${what}: ${path} has no ${symbol}`);
      }
    }
  }
  assertEquals(wrong, []);
});

/** A copy of the sources in which something is added, and what is run there. */
class Copy {
  readonly #folder: URL;

  constructor(folder: string) {
    this.#folder = new URL(`file://${folder}/`);
    for (const path of ["deno.json", "mod.ts", "core", "wasm", "gpu"]) this.#copy(path);
  }

  #copy(path: string): void {
    if (/node_modules|\/assembly$/.test(path) && path !== "wasm/assembly") return;
    if (!Deno.statSync(new URL(path, root)).isDirectory) {
      return Deno.copyFileSync(new URL(path, root), new URL(path, this.#folder));
    }
    Deno.mkdirSync(new URL(path, this.#folder));
    for (const { name } of Deno.readDirSync(new URL(path, root))) this.#copy(`${path}/${name}`);
  }

  /** Writes a file of its own. */
  write(path: string, text: string): void {
    Deno.mkdirSync(new URL(".", new URL(path, this.#folder)), { recursive: true });
    Deno.writeTextFileSync(new URL(path, this.#folder), text);
  }

  /** Adds a line after the first one that matches. */
  addLine(path: string, after: RegExp, line: string): void {
    const lines = Deno.readTextFileSync(new URL(path, this.#folder)).split("\n");
    const at = lines.findIndex((text) => after.test(text));
    if (at < 0) throw new Error(`Cannot add a line to ${path}: no line matches ${after}`);
    lines.splice(at + 1, 0, line);
    this.write(path, lines.join("\n"));
  }

  /** Runs Deno here and gives back what it printed. */
  async deno(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: this.#folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    return decoder.decode(stdout) + decoder.decode(stderr);
  }

  /** Runs a module here that imports from `./mod.ts`. */
  async run(text: string): Promise<string> {
    this.write("use.ts", text);
    return await this.deno("run", "--no-prompt", "--allow-read", "use.ts");
  }
}

const testCopy = (name: string, body: (copy: Copy) => Promise<void>): void =>
  testWithFolder(name, (folder) => body(new Copy(folder)), "run");

testCopy("a command is its file and a line of the list", async (copy) => {
  copy.write(
    "core/cli/commands/greet.ts",
    `  import { type Command, defineCommand, text } from "../arguments.ts";
  import { line } from "../terminal.ts";

  export const command: Command = defineCommand({
  operands: "",
  maxOperands: 0,
  details: [],
  options: { name: text("NAME", "Who is greeted", "reader") },
  run: ({ name }) => Promise.resolve(line(\`Good day, \${name}\`)),
});
`,
  );
  copy.addLine("core/cli.ts", /name: "info"/, `  { name: "greet", summary: "Greet a reader" },`);
  const heed = (...args: string[]): Promise<string> =>
    copy.deno("run", "--no-prompt", "--allow-read", "mod.ts", ...args);
  assertMatch(await heed("--help"), /^ {2}greet +Greet a reader$/m);
  assertStringIncludes(await heed("greet", "--help"), "--name NAME  Who is greeted [reader]");
  assertEquals(await heed("greet", "--name", "you"), "Good day, you\n");
});

testCopy("an activation is its value and its word in the list that files read", async (copy) => {
  const home = "core/05_transformer/feed_forward/activations.ts";
  const value = `export const cube: Activation = activation("cube", (x) => x.square().mul(x));`;
  copy.addLine(home, /^export const silu/, value);
  copy.addLine(home, /^export const activations/, "  cube,");
  const printed = await copy.run(`  import { DecoderOnly, Random, tensor } from "./mod.ts";
  import { activations, cube } from "./core/05_transformer/mod.ts";
  import { readPart } from "./core/engine/part.ts";

console.log((await cube(tensor([-2, 3])).read()).join(), readPart("an activation", "cube", activations) === cube);
const sizes = { vocabSize: 5, contextLength: 4, hiddenSize: 8, numHeads: 2, numLayers: 1 };
const model = new DecoderOnly({ ...sizes, activation: cube }, new Random(1));
console.log(String(model.forward(tensor(Int32Array.of(1, 2), [1, 2])).shape));
`);
  assertEquals(printed, "-8,27 true\n1,2,5\n");
});

const OPTIONS = "core/07_generation/options.ts";

/** A model to generate with. */
const SMALL_MODEL = `  import { DecoderOnly, generate, Random } from "./mod.ts";

const sizes = { vocabSize: 9, contextLength: 32, hiddenSize: 8, numHeads: 2, numLayers: 1 };
const model = new DecoderOnly(sizes, new Random(1));
`;

testCopy("a decoding rule is its file and its place in the table of options", async (copy) => {
  copy.write(
    "core/07_generation/odd.ts",
    `  import { type Check, flag } from "../engine/options.ts";
  import type { LogitsRule } from "./rules.ts";

  export const oddCheck: Check<boolean> = flag;

  export function noOddRule(): LogitsRule {
  return {
    name: "noOdd",
    onHost: (logits) => logits.map((logit, token) => token % 2 === 1 ? -Infinity : logit),
  };
}
`,
  );
  copy.addLine(OPTIONS, /^import { Random }/, `import { noOddRule, oddCheck } from "./odd.ts";`);
  copy.addLine(OPTIONS, /^export interface RuleOptions/, "  readonly noOdd?: boolean;");
  // Without its row an option does not compile.
  assertStringIncludes(await copy.deno("check", OPTIONS), "Property 'noOdd' is missing");
  copy.addLine(
    OPTIONS,
    /^const RULES/,
    `  noOdd: { ...oddCheck, rule: noOddRule, help: "Forbid odd tokens", none: false },`,
  );
  assertStringIncludes(
    await copy.deno("run", "--no-prompt", "--allow-read", "mod.ts", "generate", "--help"),
    "--no-odd",
  );
  const printed = await copy.run(`${SMALL_MODEL}
for (const options of [{}, { random: new Random(2) }, { numBeams: 3 }]) {
  const { tokens } = await generate(model, [1], { maxNewTokens: 20, noOdd: true, ...options });
  console.log(tokens.length, tokens.every((token) => token % 2 === 0));
}
`);
  assertEquals(printed, "20 true\n20 true\n20 true\n");
});

testCopy("a search is its file and its place in the table of options", async (copy) => {
  copy.write(
    "core/07_generation/worst.ts",
    `  import type { TokenSearch } from "./search.ts";

  export function worstSearch(): TokenSearch {
  return { name: "worst search", onHost: (allowed) => allowed.indexOf(Math.min(...allowed)) };
}
`,
  );
  copy.addLine(OPTIONS, /^import { Random }/, `import { worstSearch } from "./worst.ts";`);
  copy.addLine(OPTIONS, /^export interface SearchOptions/, "  readonly worst?: boolean;");
  copy.addLine(OPTIONS, /^const SEARCHING/, `  worst: { ...flag, help: "Take the least likely token", none: false },`);
  copy.addLine(OPTIONS, /^const SEARCHES/, `  from(["worst"], [], worstSearch),`);
  const printed = await copy.run(`${SMALL_MODEL}
const found = async (options: object): Promise<string> =>
  (await generate(model, [1], { maxNewTokens: 9, ...options })).tokens.join();
console.log(await found({ worst: true }) !== await found({}));
console.log(await found({ worst: true, numBeams: 2 }).catch(({ message }) => message));
`);
  assertEquals(printed, "true\nCannot use worst with numBeams\n");
});

testCopy("an experiment is its file and its words; the list is written from the folders", async (copy) => {
  copy.write(
    "core/02_words/experiments/softmax/halves.ts",
    `  import { tensor } from "../../../engine/mod.ts";
  import type { Experiment, Labels, Parts } from "../../../experiments/experiment.ts";
  import { softmax } from "../../softmax.ts";

  export interface Halves extends Parts {
  findings: { readonly shares: readonly number[] };
  controls: "score";
  claims: "even";
  captions: "shares";
  labels: Labels<"share">;
}

  export const experiment: Experiment<Halves> = {
  controls: { score: { default: 3, min: 0, max: 9 } },
  claims: { even: { holds: ({ shares }) => shares[0] === 0.5 } },
  measure: async ({ score }) => ({ shares: Array.from(await softmax(tensor([score, score])).read()) }),
  draw: (findings, { captions, labels }) => [
    { kind: "table", caption: captions.shares(findings), columns: [labels.share], rows: findings.shares.map((x) => [x]) },
  ],
};
`,
  );
  copy.write(
    "core/02_words/experiments/softmax/halves.words.ts",
    `  import type { Words } from "../../../experiments/experiment.ts";
  import type { Halves } from "./halves.ts";

  export const words: Words<Halves> = {
  title: "Equal scores",
  purpose: "Two equal scores become shares.",
  controls: { score: { label: "Score", description: "Both of them" } },
  claims: { even: "Equal scores have equal shares" },
  captions: { shares: ({ shares }) => \`The shares are \${shares.join(" and ")}.\` },
  labels: { share: "share" },
};
`,
  );
  await copy.deno("task", "registry");
  const name = "words/softmax/halves";
  const heed = (...args: string[]): Promise<string> =>
    copy.deno("run", "--no-prompt", "--allow-read", "mod.ts", ...args);
  assertStringIncludes(await heed("experiment"), `${name}\n`);
  const printed = await heed("experiment", name, "--device", "reference");
  assertStringIncludes(printed, "The shares are 0.5 and 0.5.");
  assertStringIncludes(printed, "holds    Equal scores have equal shares");
});
