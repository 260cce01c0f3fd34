/** Context-free grammars against a reader that tries everything, on all short texts. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { contextFreeGrammar, readRules } from "../../../core/07_generation/constraints/context_free.ts";
import type { Expression, Rules } from "../../../core/07_generation/constraints/expressions.ts";
import { Random } from "../../../core/engine/random.ts";

/** All texts over an alphabet up to a length. */
function* texts(alphabet: readonly string[], length: number): Generator<string> {
  yield "";
  if (length === 0) return;
  for (const letter of alphabet) for (const rest of texts(alphabet, length - 1)) yield letter + rest;
}

/** Whether a text follows rules: where each rule can end, from each place, until nothing is added. */
function follows(rules: Rules, text: string): boolean {
  const letters = [...text], ends = new Map<string, Set<number>[]>();
  for (const name of rules.keys()) ends.set(name, Array.from({ length: letters.length + 1 }, () => new Set<number>()));
  const from = (one: Expression, start: number): Set<number> => {
    switch (one.kind) {
      case "characters": {
        const point = letters[start]?.codePointAt(0);
        return new Set(one.set.some(([low, high]) => point! >= low && point! <= high) ? [start + 1] : []);
      }
      case "sequence":
        return one.parts.reduce((places, part) => union([...places].map((at) => from(part, at))), new Set([start]));
      case "choice":
        return union(one.parts.map((part) => from(part, start)));
      case "repeat": {
        const found = new Set(one.min === 0 ? [start] : []);
        let places = new Set([start]);
        for (let times = 1; times <= Math.min(one.max, one.min + letters.length + 1); times++) {
          places = union([...places].map((at) => from(one.part, at)));
          if (times >= one.min) places.forEach((at) => found.add(at));
        }
        return found;
      }
      case "rule":
        return ends.get(one.name)![start]!;
      default:
        throw new Error(one.kind);
    }
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const [name, rule] of rules) {
      for (let start = 0; start <= letters.length; start++) {
        const known = ends.get(name)![start]!;
        for (const end of from(rule, start)) if (!known.has(end)) changed = Boolean(known.add(end));
      }
    }
  }
  return ends.get("root")![0]!.has(letters.length);
}

const union = (sets: readonly Set<number>[]): Set<number> => new Set(sets.flatMap((set) => [...set]));

/** Compares on all texts up to a length; what begins an accepted text is a beginning, and nothing else is as far as is known. */
function agrees(source: string, alphabet: readonly string[], length: number): void {
  const rules = readRules(source), all = [...new Set(texts(alphabet, length))];
  const wanted = new Set(all.filter((text) => follows(rules, text)));
  let grammar;
  try {
    grammar = contextFreeGrammar(source);
  } catch (error) {
    assert(error instanceof SyntaxError && /no text follows it/.test(error.message), `${source}: ${error}`);
    assertEquals(wanted.size, 0, source);
    return;
  }
  for (const text of all) assertEquals(grammar.accepts(text), wanted.has(text), `${source} on ${JSON.stringify(text)}`);
  for (const text of wanted) {
    for (let end = 0; end <= text.length; end++) assert(grammar.begins(text.slice(0, end)), `${source}: ${text}`);
  }
}

Deno.test("contextFreeGrammar() accepts what a reader that tries everything accepts", () => {
  const grammars = [
    'root ::= "a" root "b" | ""',
    'root ::= root "a" | "b"',
    'root ::= "a" root | "b"',
    'root ::= root root | "a" | "(" root ")"',
    'root ::= left "b" | "a"\nleft ::= root "a" | right\nright ::= left "(" | "b"',
    'root ::= maybe root "a" | "b"\nmaybe ::= "b"?',
    'root ::= maybe maybe maybe\nmaybe ::= "a" | ("b" maybe)?',
    "root ::= [^a]{2} (root | [a-b]*)",
    'root ::= ws "(" ws inner? ")" ws\ninner ::= root | "a" ("b" inner)*\nws ::= ([b] ws)?',
    'root ::= "(" root | "a" | root "b" ")"? | end\nend ::= end',
    'root ::= (root "a")? | "b" root "b"',
    'root ::= x\nx ::= y | x "a"\ny ::= x "b" | "("',
  ];
  for (const source of grammars) agrees(source, ["a", "b", "(", ")"], 5);
});

Deno.test("contextFreeGrammar() agrees on random grammars, with rules that are empty, useless or begin with themselves", () => {
  const random = new Random(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
  const names = ["root", "x", "y"];
  const atom = (): string => pick(['"a"', '"b"', '""', "[ab]", '"é"', ...names, ...names]);
  const part = (depth: number): string =>
    depth === 0 ? atom() : pick([
      () => `${part(depth - 1)} ${part(depth - 1)}`,
      () => `(${part(depth - 1)} | ${part(depth - 1)})`,
      () => `(${part(depth - 1)})${pick(["*", "?", "+", "{2}", "{0,2}"])}`,
      atom,
    ])();
  for (let i = 0; i < 250; i++) {
    agrees(names.map((name) => `${name} ::= ${part(1 + i % 3)} | ${part(1)}`).join("\n"), ["a", "b", "é"], 4);
  }
});

Deno.test("contextFreeGrammar() reads llama.cpp's grammar of JSON", () => {
  const json = contextFreeGrammar(String.raw`
# The grammar of JSON that comes with llama.cpp, as of 2024
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws

object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws

array  ::=
  "[" ws (
            value
    ("," ws value)*
  )? "]" ws

string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws

number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws

# Optional space: by convention, applied in this grammar after literal chars when allowed
ws ::= | " " | "\n" [ \t]{0,20}
`);
  for (const value of [{}, { a: [1, -2.5e7, { b: "c\n\u00e9" }], d: null }]) {
    assert(json.accepts(JSON.stringify(value)) && json.accepts(JSON.stringify(value, null, 2)));
  }
  for (const text of ["[]", '{"a":}', '{"a" 1}', '{"a": 1,}', '{"a": tru}']) assertEquals(json.accepts(text), false);
  assert(json.begins('{"a": [[[[{"b": "') && !json.begins('{"a": ]'));
});

Deno.test("contextFreeGrammar() reads deep and long texts without a deeper stack than they need", () => {
  const brackets = contextFreeGrammar('root ::= "(" root ")" | "x"');
  const deep = `${"(".repeat(3000)}x${")".repeat(3000)}`;
  assert(brackets.accepts(deep) && !brackets.accepts(`${deep})`));
  for (const list of ['root ::= "a" root | "a"', 'root ::= root "a" | "a"', 'root ::= ("a" root)?']) {
    const grammar = contextFreeGrammar(list);
    assert(grammar.accepts("a".repeat(20_000)));
    // One state comes back for ever.
    const { machine } = grammar, first = machine.step(machine.start, 97)!;
    const states = new Set(
      Array.from({ length: 50 }).reduce<typeof first[]>((all) => [...all, machine.step(all.at(-1)!, 97)!], [first]),
    );
    assert(states.size <= 2, `${list}: ${states.size}`);
  }
});

Deno.test("contextFreeGrammar() names the line and what is wrong there", () => {
  const faults: readonly (readonly [text: string, because: string])[] = [
    ["", "a grammar of no rules"],
    ['x ::= "a"', "it has no rule root"],
    ['root = "a"', "in line 1, column 1, a rule `name ::= …` has to begin"],
    ['root ::= "a', "in line 1, column 10, a text begins that does not end"],
    ["root ::= [a", "in line 1, column 10, a class begins that does not end"],
    ['root ::= ("a"', "in line 1, column 10, a group begins that does not end"],
    ['root ::= "a" )', "in line 1, column 14, a rule"],
    ['root ::= "a"\nx ::= *', 'in line 2, column 7, "*" begins no part'],
    ['root ::= "a"\nroot ::= "b"', 'in line 2, column 1, the rule "root" stands for the second time'],
    ["root ::= x", 'the rule "root": it refers to "x", which is no rule'],
    ["root ::= [z-a]", "in line 1, column 11, the range of a class ends before it begins"],
    ['root ::= "a"{3,2}', "in line 1, column 13, a part is wanted at least 3 and at most 2 times"],
    ['root ::= "\\q"', "in line 1, column 11, \\q has no meaning"],
    ['root ::= "\\ud800"', "in line 1, column 11, an escape stands for no character"],
    ['root ::= root "a"', "no text follows it"],
    ["root ::= []", "no text follows it"],
  ];
  for (const [text, because] of faults) assertThrows(() => contextFreeGrammar(text), SyntaxError, because, text);
});
