import { assert, assertEquals } from "@std/assert";
import { patterns } from "../../../core/02_words/before_tokens/patterns.ts";
import { Random } from "../../../core/engine/random.ts";
import recorded from "../../goldens/before_tokens.json" with { type: "json" };

/** The published expression as JavaScript writes it: `\s` is Unicode's white space, and `(?i:…)` holds for ſ too. */
function expression(source: string): RegExp {
  const unicode = source.replaceAll(String.raw`[^\s\p{L}`, String.raw`[^\p{White_Space}\p{L}`)
    .replaceAll(String.raw`(?!\S)`, String.raw`(?!\P{White_Space})`).replaceAll(
      String.raw`\s`,
      String.raw`\p{White_Space}`,
    )
    .replaceAll(
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
      "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
    );
  return new RegExp(unicode, "gu");
}

const LETTERS = [..." \n\r\t\u00a0\u0085\ufeff'sStTrReEvVmMlLdDſaBcÉ学生ǅʰ\u0301\u093f12Ⅷ½.,/!-_@🙂𝒳𝟙\ud800\udfff"];

for (const { name, source, end } of patterns) {
  Deno.test(`pattern ${name} cuts where its published expression does`, () => {
    const whole = expression(source), random = new Random(7);
    const babble = Array.from({ length: 4000 }, (_, i) => {
      const letters = i % 3 === 0 ? LETTERS : Array.from({ length: 4 }, () => LETTERS[random.integer(LETTERS.length)]!);
      return Array.from({ length: 12 }, () => letters[random.integer(letters.length)]!).join("");
    });
    for (const text of [...recorded.texts, ...babble]) {
      const cuts: string[] = [];
      for (let start = 0; start < text.length;) {
        const stop = end(text, start);
        assert(stop > start);
        cuts.push(text.slice(start, stop));
        start = stop;
      }
      assertEquals(cuts, text.match(whole) ?? [], JSON.stringify(text));
    }
  });
}
