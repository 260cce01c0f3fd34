import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { parseArgs as fromRoot } from "@std/cli";

type Options = Parameters<typeof parseArgs>[1];

/** Arguments, how they are declared, and what they mean. */
const cases: [name: string, args: string[], options: Options, expected: Record<string, unknown>][] = [
  ["plain words", ["train", "translator"], {}, { _: ["train", "translator"] }],
  ["numbers among plain words", ["5", "1e3", "x5"], {}, { _: [5, 1000, "x5"] }],
  ["plain words kept as text", ["5"], { string: ["_"] }, { _: ["5"] }],
  ["an option with a value", ["--seed", "7"], {}, { seed: 7, _: [] }],
  ["an option joined by =", ["--seed=7"], {}, { seed: 7, _: [] }],
  ["a value that contains =", ["--eq=a=b"], {}, { eq: "a=b", _: [] }],
  ["a text option that looks like a number", ["--out", "007"], { string: ["out"] }, { out: "007", _: [] }],
  ["a text option without value", ["--out"], { string: ["out"] }, { out: "", _: [] }],
  ["a text option before another option", ["--out", "--debug"], { string: ["out"], boolean: ["debug"] }, {
    out: "",
    debug: true,
    _: [],
  }],
  ["a switch", ["--debug", "train"], { boolean: ["debug"] }, { debug: true, _: ["train"] }],
  ["a switch that is absent", [], { boolean: ["debug"] }, { debug: false, _: [] }],
  ["a switch given a value", ["--debug=false"], { boolean: ["debug"] }, { debug: false, _: [] }],
  ["a switch followed by false", ["--debug", "false"], { boolean: ["debug"] }, { debug: false, _: [] }],
  ["an undeclared switch", ["--fast", "--seed", "1"], {}, { fast: true, seed: 1, _: [] }],
  ["all switches", ["--fast", "car"], { boolean: true }, { fast: true, _: ["car"] }],
  ["a negated switch", ["--no-color"], { boolean: ["color"], negatable: ["color"], default: { color: true } }, {
    color: false,
    _: [],
  }],
  ["a default", [], { string: ["out"], default: { out: "model" } }, { out: "model", _: [] }],
  ["a default that is not needed", ["--out", "x"], { string: ["out"], default: { out: "model" } }, {
    out: "x",
    _: [],
  }],
  ["a repeated option", ["--stop", "a", "--stop", "b"], { string: ["stop"], collect: ["stop"] }, {
    stop: ["a", "b"],
    _: [],
  }],
  ["a repeated option that is absent", [], { string: ["stop"], collect: ["stop"] }, { stop: [], _: [] }],
  ["an option given twice", ["--out", "a", "--out", "b"], { string: ["out"] }, { out: "b", _: [] }],
  ["an alias", ["-h"], { boolean: ["help"], alias: { help: "h" } }, { help: true, h: true, _: [] }],
  ["the long name of an alias", ["--help"], { boolean: ["help"], alias: { help: "h" } }, {
    help: true,
    h: true,
    _: [],
  }],
  ["a letter with a value", ["-o", "x"], { string: ["out"], alias: { out: "o" } }, { out: "x", o: "x", _: [] }],
  ["a letter with its number", ["-n5"], {}, { n: 5, _: [] }],
  ["a letter joined by =", ["-n=5"], {}, { n: 5, _: [] }],
  ["several letters", ["-abc", "x"], {}, { a: true, b: true, c: "x", _: [] }],
  ["a lone dash", ["-"], {}, { _: ["-"] }],
  ["what follows --", ["a", "--", "--seed", "b"], {}, { _: ["a", "--seed", "b"] }],
  ["what follows --, apart", ["a", "--", "--seed"], { "--": true }, { _: ["a"], "--": ["--seed"] }],
  ["stopping early", ["run", "--seed", "1"], { stopEarly: true }, { _: ["run", "--seed", "1"] }],
  [
    "unknown options dropped",
    ["--typo", "1", "word"],
    { string: ["seed"], unknown: (_word, key) => key === undefined },
    {
      _: ["word"],
    },
  ],
];

for (const [name, args, options, expected] of cases) {
  Deno.test(`parseArgs() reads ${name}`, () => assertEquals({ ...parseArgs(args, options) }, expected));
}

Deno.test("parseArgs() tells the caller about what is not declared", () => {
  const seen: unknown[] = [];
  parseArgs(["--typo=1", "-x", "word", "--seed", "2"], {
    string: ["seed"],
    unknown: (...call) => {
      seen.push(call);
      return false;
    },
  });
  assertEquals(seen, [["--typo=1", "typo", "1"], ["-x", "x", "word"], ["--seed", "seed", "2"]].slice(0, 2));
});

Deno.test("@std/cli exports parseArgs() at its root", () => assertEquals(fromRoot, parseArgs));
