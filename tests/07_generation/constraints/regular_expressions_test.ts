/** Regular expressions against those of the JavaScript engine, text by text. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { regularExpression } from "../../../core/07_generation/constraints/regular_expressions.ts";
import { Random } from "../../../core/engine/random.ts";

/** All texts over an alphabet up to a length. */
function* texts(alphabet: readonly string[], length: number): Generator<string> {
  yield "";
  if (length === 0) return;
  for (const letter of alphabet) for (const rest of texts(alphabet, length - 1)) yield letter + rest;
}

/** Compares with `RegExp` on all texts up to a length; `begins` is compared with the texts that were accepted. */
function agrees(source: string, alphabet: readonly string[], length: number): void {
  const grammar = regularExpression(source), judge = new RegExp(`^(?:${source})$`, "u");
  const accepted = new Set<string>();
  for (const text of new Set(texts(alphabet, length))) {
    const isIn = judge.test(text);
    assertEquals(grammar.accepts(text), isIn, `${source} on ${JSON.stringify(text)}`);
    if (isIn) accepted.add(text);
  }
  // Whatever begins an accepted text is a beginning.
  for (const text of accepted) {
    for (let end = 0; end <= text.length; end++) {
      const start = text.slice(0, end);
      if (start.isWellFormed()) assert(grammar.begins(start), `${source} begins ${start}`);
    }
  }
}

Deno.test("regularExpression() accepts what RegExp matches: every text over small alphabets", () => {
  const ab = ["a", "b", "c"];
  const sources = [
    "",
    "a",
    "abc",
    "a|b",
    "ab|ac",
    "|a",
    "a*",
    "a+b?",
    "(a|b)*abb",
    "(?:a*)*",
    "(?:a|b*)+c",
    "a{2}",
    "a{2,}",
    "a{1,3}b{0,2}",
    "(ab){0}c",
    "(?<name>ab)+",
    "[ab]c|[^ab]",
    "[^a]*?b",
    "[a-b]{2,3}?",
    "^ab$",
    "^a|b$",
    "(a|ab)(c|bcd)?",
    "((a)|(b)|)c",
    "[]|a",
    "[^]",
    "(?:(?:a?){3}b){2}",
  ];
  for (const source of sources) agrees(source, ab, 6);
});

Deno.test("regularExpression() reads classes and escapes as RegExp does", () => {
  const signs = ["0", "z", "_", " ", "\n", "é", "中", "😀", ".", "-", "\\", "\u2028", "\u{10ffff}", "\0", "\x7f", "]"];
  const sources = [
    ".",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "[\\d_]",
    "[^\\w\\s]",
    "\\p{L}",
    "\\P{L}",
    "\\p{Script=Han}",
    "[\\p{L}\\p{Nd}]",
    "[^\\P{L}]",
    "\\u4e2d",
    "\\u{1F600}",
    "\\ud83d\\ude00",
    "[\\u{1F600}-\\u{1F64F}]",
    "\\x7a",
    "\\cJ",
    "\\n|\\t|\\v|\\f|\\r|\\0",
    "[\\b-\\t]",
    "\\.",
    "\\\\",
    "[\\-\\]]",
    "[.-]",
    "[-z]",
    "[z-]",
    "é|😀",
    "[é-中]",
    "[\\u0000-\\u007f]",
    "[\\u0080-\\u{10ffff}]",
    "[\\ue000-\\uffff]",
  ];
  for (const source of sources) agrees(source, signs, 2);
});

Deno.test("regularExpression() agrees with RegExp on random expressions", () => {
  const random = new Random(1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
  const write = (depth: number): string => {
    if (depth === 0) return pick(["a", "b", "c", "[ab]", "[^b]", ".", "é"]);
    const part = (): string => write(depth - 1);
    return pick([
      () => part() + part(),
      () => `(?:${part()}|${part()})`,
      () => `(?:${part()})${pick(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}"])}`,
      part,
    ])();
  };
  for (let i = 0; i < 120; i++) agrees(write(1 + i % 4), ["a", "b", "é"], 5);
});

Deno.test("regularExpression() keeps to whole characters of UTF-8", () => {
  const grammar = regularExpression("[^a]");
  // Every code point at the borders of its length, and none of the surrogates.
  for (const point of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff]) {
    assert(grammar.accepts(String.fromCodePoint(point)), point.toString(16));
  }
  assertEquals(grammar.accepts("\ud800"), false);
  // Bytes that are no UTF-8: overlong forms, surrogates, beyond the end, a lone continuation.
  const { machine } = grammar;
  for (
    const bytes of [[0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xff]]
  ) {
    let state: typeof machine.start | undefined = machine.start;
    for (const byte of bytes) state = state && machine.step(state, byte);
    assertEquals(state, undefined, bytes.join());
  }
});

Deno.test("regularExpression() is as small as it can be", () => {
  for (
    const [source, size] of [
      ["ab|ac", 3],
      ["(a|b)*abb", 4],
      ["a{1000}", 1001],
      ["(?:a|b|ab|ba)*", 1],
      ["(?:a*b*)*", 1],
      ["(?:0|1(?:01*0)*1)*", 3],
      ["[a-z]{1,100}", 101],
    ] as const
  ) assertEquals(regularExpression(source).size, size, source);
});

Deno.test("regularExpression() names the place and the kind of what it does not read", () => {
  const faults: readonly (readonly [source: string, because: string])[] = [
    ["ab(?=c)", "at position 2 a look-ahead begins, which is not supported"],
    ["(?!a)", "at position 0 a look-ahead"],
    ["(?<=a)b", "at position 0 a look-behind"],
    ["(?<!a)b", "at position 0 a look-behind"],
    ["a\\b", "at position 1 a word boundary \\b stands, which is not supported"],
    ["(a)\\1", "at position 3 a reference back \\1 stands, which is not supported"],
    ["(?<n>a)\\k<n>", "at position 7 a reference back \\k"],
    ["a^b", "at position 1 ^ stands inside"],
    ["(a$)", "at position 2 $ stands inside"],
    ["a$b", "at position 2 something follows $"],
    ["(a", "at position 0 a group begins that does not end"],
    ["a)", 'at position 1 ")" has no beginning'],
    ["[a", "at position 0 a class begins that does not end"],
    ["*a", "at position 0 the quantifier * follows nothing"],
    ["a**", "at position 2 a second quantifier"],
    ["a{2", "at position 1 { begins no quantifier"],
    ["a{3,2}", "at position 1 the quantifier asks for at least 3 and at most 2"],
    ["a}", "at position 1 } has to be written \\}"],
    ["[z-a]", "at position 1 the range of a class ends before it begins"],
    ["[\\d-z]", "at position 1 a range of a class needs a character at both ends"],
    ["\\q", "at position 0 \\q has no meaning"],
    ["\\", "at position 0 a backslash is followed by nothing"],
    ["\\p{Nonsense}", "at position 0 {Nonsense} is no property of Unicode"],
    ["\\ud800", "at position 0 half a surrogate pair"],
    ["\\u12", "at position 0 \\u lacks its hexadecimal digits"],
    ["a{9999999}", "at position 1 the quantifier asks for 9999999 times: 100000 are the most"],
    ["(?i:a)", "at position 0 a group with ? begins that is not supported"],
  ];
  for (const [source, because] of faults) {
    assertThrows(() => regularExpression(source), SyntaxError, because, source);
  }
  assertThrows(() => regularExpression("[]"), SyntaxError, "no text follows it");
});

Deno.test("regularExpression() refuses an automaton that is too large", () => {
  assertEquals(regularExpression("(a|b)*a(a|b){8}").size, 512);
  assertThrows(() => regularExpression("(a|b)*a(a|b){20}"), RangeError, "more than 65536 states");
  assertThrows(() => regularExpression("a{100}", { maxStates: 50 }), RangeError, "more than 50 states");
});
