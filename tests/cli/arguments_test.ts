import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import {
  choice,
  commandHelp,
  defineCommand,
  editDistance,
  findCommand,
  flag,
  flagOf,
  number,
  type ParseArgs,
  programHelp,
  readArguments,
  text,
} from "../../core/cli/arguments.ts";
import { escapeControl, exitCode, Interrupted, quote, sentence, UsageError } from "../../core/cli/errors.ts";

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

const read = (...args: string[]) => readArguments(parseArgs as unknown as ParseArgs, sample, args);

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
  assertEquals(read("-h"), "help");
  assertEquals(read("--seed", "-1", "--help"), "help");
});

const wrong: [args: string[], message: string][] = [
  [["--seed", "x"], 'Cannot use --seed "x": it must be a whole number, at least 0'],
  [["--seed", "-1"], 'Cannot use --seed "-1": it must be a whole number, at least 0'],
  [["--seed", "1.5"], 'Cannot use --seed "1.5": it must be a whole number, at least 0'],
  [["--seed", "1e99"], 'Cannot use --seed "1e99": it must be a whole number, at least 0'],
  [["--seed", "0x10"], 'Cannot use --seed "0x10": it must be a whole number, at least 0'],
  [["--top-p", "1.5"], 'Cannot use --top-p "1.5": it must be a number, greater than 0 and at most 1'],
  [["--top-p", "NaN"], 'Cannot use --top-p "NaN": it must be a number, greater than 0 and at most 1'],
  [["--top-p", "0"], 'Cannot use --top-p "0": it must be a number, greater than 0 and at most 1'],
  [["--device", "gpu"], 'Cannot use --device "gpu": it must be one of auto, wasm'],
  [["--data"], "Cannot use --data without a value: write --data FILE"],
  [["--data", "--attention"], "Cannot use --data without a value: write --data FILE"],
  [["--seed", "1", "--seed", "2"], "Cannot use --seed twice"],
  [["--sed", "1"], 'Cannot understand "--sed": did you mean --seed'],
  [["--sed=1"], 'Cannot understand "--sed=1": did you mean --seed'],
  [["--unheard"], 'Cannot understand "--unheard": "heed train translator --help" lists the options'],
  [["-x"], 'Cannot understand "-x": "heed train translator --help" lists the options'],
  [["a", "b"], 'Cannot understand "b": the usage is "heed train translator [SENTENCE…] [OPTIONS]"'],
  [["--\x1b[31m"], 'Cannot understand "--\\x1b[31m": "heed train translator --help" lists the options'],
];
for (const [args, message] of wrong) {
  Deno.test(`readArguments() refuses ${escapeControl(args.join(" "))}`, () => {
    assertEquals(assertThrows(() => read(...args), UsageError).message, message);
  });
}

Deno.test("findCommand() takes the longest name, and says what is missing or unknown", () => {
  assertEquals(findCommand([sample], ["train", "translator", "x"]).rest, ["x"]);
  assertThrows(() => findCommand([sample], ["train"]), UsageError, 'write "heed train translator"');
  assertThrows(() => findCommand([sample], ["trian"]), UsageError, "the commands are train translator");
});

Deno.test("help names every option and every command", () => {
  const help = commandHelp(sample);
  for (const word of ["--data FILE", "--top-p P", "--device auto|wasm", "[models/x]", "--help", "--debug"]) {
    assertEquals(help.includes(word), true, word);
  }
  assertEquals(programHelp([sample]).includes("train translator"), true);
});

Deno.test("flagOf() writes camelCase with hyphens", () => assertEquals(flagOf("maxNewTokens"), "--max-new-tokens"));

Deno.test("editDistance() counts typed, dropped and replaced letters", () => {
  assertEquals(editDistance("--sed", "--seed"), 1);
  assertEquals(editDistance("--data", "--date"), 1);
  assertEquals(editDistance("a", "abcdefgh"), Infinity);
});

Deno.test("escapeControl() leaves text alone and shows what would move the cursor", () => {
  assertEquals(escapeControl("我是 a student"), "我是 a student");
  assertEquals(escapeControl("a\x1b[2Jb\n\x9b\u202e"), "a\\x1b[2Jb\\x0a\\x9b\\u202e");
  assertEquals(quote("x".repeat(400)).length, 303);
});

Deno.test("sentence() keeps one line and exitCode() tells usage from data", () => {
  assertEquals(sentence(new Error("first\nsecond")), "first");
  assertEquals(sentence("text"), "text");
  assertEquals([new UsageError(), new Error(), new Interrupted()].map(exitCode), [2, 1, 130]);
});
