import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import {
  choice,
  commandHelp,
  defineCommand,
  findCommand,
  flag,
  flagOf,
  number,
  type ParseArgs,
  programHelp,
  readArguments,
  text,
} from "../../core/cli/arguments.ts";
import { programName, shellWord } from "../../core/cli/calling.ts";
import { editDistance, suggestions } from "../../core/cli/suggestions.ts";
import {
  escapeControl,
  exitCode,
  Interrupted,
  OutputLost,
  quote,
  sentence,
  UsageError,
} from "../../core/cli/errors.ts";

const sample = {
  name: "train translator",
  summary: "Train a translator",
  ...defineCommand({
    operands: "[SENTENCE…]",
    maxOperands: 1,
    details: [],
    options: {
      data: text("FILE", "Pairs"),
      out: text("FOLDER", "Where to save", "models/x"),
      device: choice(["auto", "wasm"], "Device", "auto"),
      seed: number("N", "Seed", { min: 0, whole: true }, 1),
      topP: number("P", "Nucleus", { above: 0, max: 1 }),
      attention: flag("Show attention"),
    },
    run: () => Promise.resolve(),
  }),
};

const parser = parseArgs as unknown as ParseArgs;
const ask = (...args: string[]) => readArguments(parser, sample, args);
const read = (...args: string[]) => ask(...args) as Exclude<ReturnType<typeof ask>, "help">;

Deno.test("readArguments() gives defaults where nothing is given", () => {
  assertEquals(read(), {
    values: { data: undefined, out: "models/x", device: "auto", seed: 1, topP: undefined, attention: false },
    operands: [],
  });
});

Deno.test("readArguments() reads values of every kind", () => {
  assertEquals(
    read("--data", "7", "--out=a=b", "--device", "wasm", "--seed", "3", "--top-p", "0.5", "--attention", "12"),
    {
      values: { data: "7", out: "a=b", device: "wasm", seed: 3, topP: 0.5, attention: true },
      operands: ["12"],
    },
  );
});

Deno.test("readArguments() answers -h and --help before anything else is checked", () => {
  assertEquals(ask("-h"), "help");
  assertEquals(ask("--seed", "-1", "--help"), "help");
  assertEquals(ask("--unheard", "--data", "--help"), "help");
  assertEquals(read("--", "--help"), { values: read().values, operands: ["--help"] });
});

Deno.test("readArguments() takes what begins with a hyphen where it can be meant", () => {
  assertEquals(read("--data", "-").values["data"], "-");
  assertEquals(read("--data=--x").values["data"], "--x");
  assertEquals(read("--data", "true").values["data"], "true");
  assertEquals(read("--data=a\nb=c").values["data"], "a\nb=c");
  assertEquals(read("-").operands, ["-"]);
  assertEquals(read("--", "-5").operands, ["-5"]);
  assertEquals(read("--seed", "1e3").values["seed"], 1000);
  assertEquals(Object.is(read("--seed", "-0").values["seed"], 0), true);
});

Deno.test("readArguments() reads an option whose name begins with no-", () => {
  const named = { ...sample, options: { noRepeatNgramSize: number("N", "No repetition", { min: -5, max: 9 }) } };
  for (const args of [["--no-repeat-ngram-size", "3"], ["--no-repeat-ngram-size=3"]]) {
    assertEquals(readArguments(parser, named, args), { values: { noRepeatNgramSize: 3 }, operands: [] });
  }
  assertThrows(() => readArguments(parser, named, ["--no-repeat-ngram-size", "-9"]), UsageError, '"-9"');
});

const SEED = "it must be a whole number, at least 0", TOP_P = "it must be a number, greater than 0 and at most 1";
const HELP = '"heed train translator --help" lists the options; a word that begins with a hyphen comes after --';
const wrong: [args: string[], message: string][] = [
  ...["x", "-1", "1.5", "1e99", "0x10", "Infinity", "1_000", "１", "٣", "1e", "--1", "1,5", "- 1"].map((
    text,
  ): [string[], string] => [[`--seed=${text}`], `Cannot use --seed "${text}": ${SEED}`]),
  [["--seed", "-1"], `Cannot use --seed "-1": ${SEED}`],
  ...["1.5", "NaN", "0", "-0", "1e-400", "1e400", "-Infinity"].map((text): [string[], string] => [
    [`--top-p=${text}`],
    `Cannot use --top-p "${text}": ${TOP_P}`,
  ]),
  [["--device", "gpu"], 'Cannot use --device "gpu": it must be one of auto, wasm'],
  [["--data"], "Cannot use --data without a value: write --data FILE"],
  [["--data="], "Cannot use --data without a value: write --data FILE"],
  [["--data", ""], "Cannot use --data without a value: write --data FILE"],
  [["--data", "--"], "Cannot use --data without a value: write --data FILE"],
  [["--data", "--attention"], "Cannot use --data without a value: write --data FILE"],
  [["--seed", "1", "--seed", "2"], "Cannot use --seed twice"],
  [["--attention=false"], 'Cannot use "--attention=false": --attention takes no value'],
  [["--no-attention"], 'Cannot understand "--no-attention": leave out --attention instead'],
  [["--sed", "1"], 'Cannot understand "--sed": did you mean --seed'],
  [["--sed=1"], 'Cannot understand "--sed=1": did you mean --seed'],
  [["--DEVICE", "wasm"], 'Cannot understand "--DEVICE": did you mean --device'],
  [["-seed", "1"], 'Cannot understand "-seed": did you mean --seed'],
  [["--topP=1"], 'Cannot understand "--topP=1": did you mean --top-p'],
  [["--top_p=1"], 'Cannot understand "--top_p=1": did you mean --top-p'],
  ...["--unheard", "-x", "-_", "--_", "--_=1", "---", "--=", "-=", "--toString", "--__proto__", "--constructor.name"]
    .map((
      word,
    ): [string[], string] => [[word], `Cannot understand "${word}": ${HELP}`]),
  [["--\x1b[31m"], `Cannot understand "--\\x1b[31m": ${HELP}`],
  [["a", "b"], 'Cannot understand "b": the usage is "heed train translator [SENTENCE…] [OPTIONS]"'],
];
for (const [args, message] of wrong) {
  Deno.test(`readArguments() refuses ${escapeControl(args.join(" "))}`, () => {
    assertEquals(assertThrows(() => read(...args), UsageError).message, message);
  });
}

Deno.test("findCommand() takes the longest name, and says what is missing or unknown", () => {
  assertEquals(findCommand([sample], ["train", "translator", "x"]).rest, ["x"]);
  assertThrows(() => findCommand([sample], ["train"]), UsageError, 'write "heed train translator"');
  const commands = ["train translator", "train lm", "translate", "generate", "info"].map((name) => ({
    ...sample,
    name,
  }));
  const refused = (...args: string[]): string => assertThrows(() => findCommand(commands, args), UsageError).message;
  assertEquals(refused("trian"), 'Cannot understand "trian": did you mean train');
  assertEquals(refused("trian", "lm"), 'Cannot understand "trian lm": did you mean train lm');
  assertEquals(refused("train", "translater"), 'Cannot understand "train translater": did you mean train translator');
  assertEquals(refused("train", "rnn"), 'Cannot train "rnn": write "heed train translator|lm"');
  assertEquals(refused("train", "--steps", "1"), 'Cannot train without saying what: write "heed train translator|lm"');
  assertEquals(refused("Translate"), 'Cannot understand "Translate": did you mean translate');
  for (const word of ["dance", "-_", "--__proto__", ""]) {
    const all = word.startsWith("-") ? "a command comes first, one of" : "the commands are";
    assertEquals(refused(word), `Cannot understand "${word}": ${all} ${commands.map(({ name }) => name).join(", ")}`);
  }
});

Deno.test("suggestions() knows words of other programs, initials, beginnings and parts, and no short word by chance", () => {
  const known = [
    "steps",
    "batchSize",
    "learningRate",
    "hiddenSize",
    "numLayers",
    "topK",
    "topP",
    "out",
    "seed",
    "data",
  ];
  const meant: [typed: string, known: string[]][] = [
    ["--lr", ["learningRate"]],
    ["--LR", ["learningRate"]],
    ["--bs", ["batchSize"]],
    ["--batch_size", ["batchSize"]],
    ["--epochs", ["steps"]],
    ["--n-embd", ["hiddenSize"]],
    ["--layers", ["numLayers"]],
    ["--hidden", ["hiddenSize"]],
    ["--top", ["topK", "topP"]],
    ["--output", ["out"]],
    ["--stpes", ["steps"]],
    ["--learing-rate", ["learningRate"]],
    ["--zz", []],
    ["--xyz", []],
    ["--", []],
    ["--toString", []],
  ];
  for (const [typed, names] of meant) assertEquals(suggestions(typed, known), names, typed);
});

Deno.test("programName() names the Deno that runs and the module from where the reader is", () => {
  const local = new URL("file:///books/a%20b/heed/mod.ts");
  const run = "run --allow-read --allow-write";
  assertEquals(programName("/bin/deno", local, "/books/a b/heed"), `deno ${run} mod.ts`);
  assertEquals(programName("/bin/deno", local, "/books"), `deno ${run} ${shellWord("a b/heed/mod.ts")}`);
  assertEquals(
    programName("/npm/_npx/25ff/node_modules/deno/deno", local, "/books/a b/heed/"),
    `npx --yes deno@2 ${run} mod.ts`,
  );
  const windows = new URL("file:///C:/heed/mod.ts");
  assertEquals(programName("C:\\npm-cache\\_npx\\1\\deno.exe", windows, "C:\\heed"), `npx --yes deno@2 ${run} mod.ts`);
  assertEquals(programName("", new URL("https://a.b/mod.ts"), "/"), `deno ${run} https://a.b/mod.ts`);
});

Deno.test("shellWord() quotes what a shell would take apart", () => {
  assertEquals(shellWord("models/a-b.c", false), "models/a-b.c");
  assertEquals(shellWord("it's $HOME", false), "'it'\\''s $HOME'");
  assertEquals(shellWord("她 `x`", true), '"她 `x`"');
  assertEquals(shellWord("", false), "''");
  assertEquals(shellWord("a\x1b[2J", false), "'a\\x1b[2J'");
});

Deno.test("help names every option and every command", () => {
  const help = commandHelp(sample);
  for (const word of ["--data FILE", "--top-p P", "--device auto|wasm", "[models/x]", "--help", "--debug"]) {
    assertEquals(help.includes(word), true, word);
  }
  assertEquals(programHelp([sample]).includes("train translator"), true);
});

Deno.test("flagOf() writes camelCase with hyphens", () => assertEquals(flagOf("maxNewTokens"), "--max-new-tokens"));

Deno.test("editDistance() counts typed, dropped, replaced and swapped letters", () => {
  assertEquals(editDistance("--sed", "--seed"), 1);
  assertEquals(editDistance("--data", "--date"), 1);
  assertEquals(editDistance("trian", "train"), 1);
  assertEquals(editDistance("a", "abcdefgh"), 7);
});

Deno.test("escapeControl() leaves text alone and shows what would move the cursor", () => {
  assertEquals(escapeControl("我是 a student"), "我是 a student");
  assertEquals(escapeControl("a\x1b[2Jb\n\x9b\u202e"), "a\\x1b[2Jb\\x0a\\x9b\\u202e");
  assertEquals(quote("x".repeat(400)).length, 303);
});

Deno.test("sentence() keeps one line and exitCode() tells usage from data", () => {
  assertEquals(sentence(new Error("first\nsecond")), "first");
  assertEquals(sentence("text"), "text");
  const errors = [
    new UsageError(),
    new Error(),
    new Interrupted(),
    new Interrupted("SIGTERM"),
    new Interrupted("SIGHUP"),
    new OutputLost(new Error()),
  ];
  assertEquals(errors.map(exitCode), [2, 1, 130, 143, 129, 3]);
});
