import { assert, assertEquals } from "@std/assert";
import { type RuleOptions, rulesOf } from "../../core/07_generation/options.ts";
import { toProbabilities } from "../../core/07_generation/sampling.ts";
import goldens from "../goldens/decoding_rules.json" with { type: "json" };

/** The options of a recorded case. */
function optionsOf({ option, value }: { readonly option: string; readonly value: unknown }): RuleOptions {
  if (option !== "dry") return { [option]: value };
  const [dryMultiplier, dryBase, dryAllowedLength, breakers] = value as [number, number, number, number[]];
  return { dryMultiplier, dryBase, dryAllowedLength, ...breakers.length > 0 && { dryBreakers: breakers } };
}

/** Rules that may have to choose among equal tokens; transformers takes all, or whichever its sort puts first. */
const ORDERED: readonly string[] = ["topK", "topP", "typicalP", "epsilonCutoff", "etaCutoff"];

/** The numbers of a line. */
const numbers = (line: string): number[] =>
  line === "" ? [] : line.split(" ").map((word) => word === "-inf" ? -Infinity : Number(word));

const { cases, promptLength, maxNewTokens, eosToken } = goldens;
const logits = goldens.logits.map(numbers), tokens = goldens.tokens.map(numbers);

for (const recorded of cases) {
  const { option, value, kind, rows } = recorded;
  Deno.test(`${option} = ${JSON.stringify(value)} leaves what transformers leaves, or its formula`, () => {
    const [rule] = rulesOf(optionsOf(recorded));
    rows.map(numbers).forEach((wanted, row) => {
      if (ORDERED.includes(option) && new Set(logits[row]).size < logits[row]!.length / 2) return;
      const context = { tokens: tokens[row]!, promptLength, maxNewTokens, eosToken };
      const left = rule!.onHost(Float64Array.from(logits[row]!), context);
      if (kind === "kept") {
        assertEquals([...left.keys()].filter((token) => left[token]! > -Infinity), wanted, `row ${row}`);
        return;
      }
      const found = kind === "probabilities" ? toProbabilities(left) : left;
      // Recorded with six digits.
      found.forEach((x, token) => {
        const far = Math.abs(x - wanted[token]!);
        assert(far <= 1e-6 + 1e-5 * Math.abs(x), `row ${row}, token ${token}: ${x} and not ${wanted[token]}`);
      });
    });
  });
}
