import { assert, assertEquals } from "@std/assert";
import { chooseOnDevice, type DeviceRules } from "../../core/07_generation/on_device.ts";
import { toLogProbabilities, toProbabilities } from "../../core/07_generation/sampling.ts";
import { repetitionRule, temperatureRule } from "../../core/07_generation/temperature.ts";
import {
  epsilonRule,
  type LogitsRule,
  minPRule,
  topKRule,
  topPRule,
  typicalRule,
} from "../../core/07_generation/truncation.ts";
import { tensor } from "../../core/engine/create.ts";
import { Draws, onEveryBackend } from "../support.ts";

const V = 301, B = 12;

/** The rules on plain numbers that the same options stand for. */
function rulesOf(
  { repetitionPenalty, temperature, topK, topP, minP, epsilonCutoff, typicalP }: DeviceRules,
): LogitsRule[] {
  return [
    repetitionPenalty && repetitionRule(repetitionPenalty),
    temperature && temperatureRule(temperature),
    topK && topKRule(topK),
    topP && topPRule(topP),
    minP && minPRule(minP),
    epsilonCutoff && epsilonRule(epsilonCutoff),
    typicalP && typicalRule(typicalP),
  ].filter((rule) => typeof rule === "function");
}

const CHOICES: readonly DeviceRules[] = [
  {},
  { temperature: 0.7 },
  { topK: 1 },
  { topK: 20 },
  { topK: 1000 },
  { topP: 0.5 },
  { topP: 1 },
  { minP: 0.2 },
  { epsilonCutoff: 0.01 },
  { epsilonCutoff: 0.9 },
  { typicalP: 0.4 },
  { repetitionPenalty: 1.5 },
  { repetitionPenalty: 1.2, temperature: 1.3, topK: 100, topP: 0.9, minP: 0.01, epsilonCutoff: 1e-4, typicalP: 0.95 },
];

for (const rules of CHOICES) {
  onEveryBackend(
    `chooseOnDevice() chooses what the rules on plain numbers choose, ${JSON.stringify(rules)}`,
    async () => {
      const draws = new Draws(1);
      const logits = draws.normal(B, V), u = draws.uniform(0, 1, B), seen = draws.booleans(0.2, B, V);
      logits.data.forEach((x, i) => logits.data[i] = Math.fround(2 * x));
      for (const uniforms of [undefined, u.tensor()]) {
        const choice = chooseOnDevice(logits.tensor(), rules, uniforms, seen.tensor());
        const [tokens, found] = await Promise.all([choice.tokens.read(), choice.logProbabilities.read()]);
        for (let row = 0; row < B; row++) {
          const z = Float64Array.from(logits.data.subarray(row * V, row * V + V));
          const context = { tokens: [...z.keys()].filter((i) => seen.at(row, i) === 1) };
          const allowed = rulesOf(rules).reduce<Float64Array>((left, rule) => rule(left, context), z);
          const token = tokens[row]!;
          if (uniforms) {
            // The draw lies in the token's stretch of the running sum, to within rounding.
            const p = toProbabilities(allowed);
            const before = p.subarray(0, token).reduce((sum, share) => sum + share, 0);
            const target = u.data[row]!;
            assert(p[token]! > 0, `row ${row}: token ${token} is forbidden`);
            assert(before - 1e-5 <= target && target <= before + p[token]! + 1e-5, `row ${row}: token ${token}`);
          } else {
            assertEquals(token, allowed.indexOf(Math.max(...allowed)));
          }
          assert(Math.abs(found[row]! - toLogProbabilities(z)[token]!) < 1e-4);
        }
      }
    },
  );
}

onEveryBackend("chooseOnDevice() never draws what is forbidden", async () => {
  const z = Float32Array.from({ length: 64 * 100 }, (_, i) => i % 3 === 1 ? Math.sin(i) : -Infinity);
  for (const u of [0, 1e-9, 0.5, 1 - 2 ** -24, 1]) {
    const { tokens } = chooseOnDevice(tensor(z, [64, 100]), {}, tensor(new Float32Array(64).fill(u)));
    (await tokens.read()).forEach((token, row) => assert(z[row * 100 + token]! > -Infinity, `${row}: ${token}`));
  }
});

onEveryBackend("chooseOnDevice() reports a logit that is not a number", async () => {
  const { logProbabilities } = chooseOnDevice(tensor([[1, NaN, 2], [1, 2, 3]]), {});
  const found = await logProbabilities.read();
  assert(Number.isNaN(found[0]) && !Number.isNaN(found[1]));
});
