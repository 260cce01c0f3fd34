import { assert, assertEquals } from "@std/assert";
import { greedySearch } from "../../core/07_generation/greedy_and_beam.ts";
import { chooseOnDevice, draw } from "../../core/07_generation/on_device.ts";
import { type RuleOptions, rulesOf } from "../../core/07_generation/options.ts";
import { applyRules, type DecodingTask } from "../../core/07_generation/rules.ts";
import { toLogProbabilities, toProbabilities } from "../../core/07_generation/sampling.ts";
import type { TokenSearch } from "../../core/07_generation/search.ts";
import { softmax } from "../../core/02_words/softmax.ts";
import { tensor } from "../../core/engine/create.ts";
import { Draws, onEveryBackend } from "../support.ts";

const V = 301, B = 12, T = 40, PROMPT = 7;

/** What rules may know besides the tokens: at the first step, in the middle, and at the last one. */
const TASKS: readonly DecodingTask[] = [
  { promptLength: PROMPT, eosToken: 2, maxNewTokens: 100 },
  { promptLength: T, eosToken: 2, maxNewTokens: 100 },
  { promptLength: PROMPT, eosToken: 2, maxNewTokens: T - PROMPT + 1 },
  {},
];

/** What an option needs beside it. */
const NEEDED: { readonly [K in keyof RuleOptions]?: RuleOptions } = {
  dryBase: { dryMultiplier: 0.5 },
  dryAllowedLength: { dryMultiplier: 0.5 },
  dryBreakers: { dryMultiplier: 0.5 },
};
/** An option and what it needs. */
const asked = (name: string, value: unknown): RuleOptions => ({ ...NEEDED[name as keyof RuleOptions], [name]: value });

/** Values for every rule of the table; a rule without any does not compile. */
const VALUES: { readonly [K in keyof RuleOptions]-?: readonly NonNullable<RuleOptions[K]>[] } = {
  logitBias: [{ 0: 1.5, 3: -2.25, [V - 1]: 100 }],
  repetitionPenalty: [0.5, 1, 1.5],
  noRepeatNgramSize: [1, 2, 3, T, T + 1, 100],
  frequencyPenalty: [-0.5, 0, 0.25],
  presencePenalty: [-2, 0, 0.5],
  dryMultiplier: [0, 0.5, 1],
  dryBase: [1, 1.5, 100],
  dryAllowedLength: [1, 3, 60],
  dryBreakers: [[0], [1, 2, V - 1]],
  bannedWords: [[[5], [0, 1], [2, 3, 1], [9, 9]], [[5], [V - 1]], [[1, 1], Array.from({ length: T + 2 }, () => 1)]],
  suppressTokens: [[0, V - 1], Array.from({ length: V }, (_, token) => token)],
  minNewTokens: [1, T - PROMPT, T - PROMPT + 1],
  forcedFirstToken: [4],
  forcedLastToken: [4],
  prefix: [[3], Array.from({ length: T }, () => 6)],
  temperature: [0.1, 0.7, 1, 3],
  topNSigma: [0.01, 0.7, 2, 1e30],
  topK: [1, 20, V - 1, V, 1000],
  topP: [1e-6, 0.5, 0.95, 1],
  minP: [0.001, 0.2, 1],
  epsilonCutoff: [1e-4, 0.01, 0.9],
  etaCutoff: [1e-4, 0.01, 0.3, 0.9],
  typicalP: [0.05, 0.4, 0.9, 1],
};

/** Rows of logits that are float32 exactly. */
const LOGITS: Readonly<Record<string, (draws: Draws) => Float32Array>> = {
  normal: (draws) => draws.normal(B, V).data.map((x) => 2 * x) as unknown as Float32Array,
  ties: (draws) => draws.normal(B, V).data.map((x) => Math.round(2 * x)) as unknown as Float32Array,
  equal: () => new Float32Array(B * V).fill(3),
  forbidden: (draws) =>
    draws.normal(B, V).data.map((x, i) => i % 3 === 1 ? 2 * x : -Infinity) as unknown as Float32Array,
  huge: (draws) => draws.normal(B, V).data.map((x, i) => i % 2 ? 1e4 + x : -1e4 - x) as unknown as Float32Array,
};

for (const [name, values] of Object.entries(VALUES)) {
  onEveryBackend(`a rule on tensors leaves what it leaves on plain numbers, ${name}`, async () => {
    for (const [kind, make] of Object.entries(LOGITS)) {
      const draws = new Draws(3), logits = Float32Array.from(make(draws));
      // Few different tokens, so that n-grams repeat.
      const tokens = Int32Array.from({ length: B * T }, () => Math.floor(draws.next() * 4));
      for (const value of values) {
        const [rule, ...others] = rulesOf(asked(name, value));
        assert(rule?.onDevice && others.length === 0, `${name} has a form on the device`);
        for (const [t, task] of TASKS.entries()) {
          const context = { ...task, tokens: tensor(tokens, [B, T]) };
          const found = await rule.onDevice(tensor(logits, [B, V]), context).read();
          for (let b = 0; b < B; b++) {
            const z = Float64Array.from(logits.subarray(b * V, b * V + V));
            const wanted = rule.onHost(z, { ...task, tokens: [...tokens.subarray(b * T, b * T + T)] });
            wanted.forEach((x, v) => {
              const y = found[b * V + v]!, before = Math.abs(z[v]!) < Infinity ? Math.abs(z[v]!) : 0;
              // A difference has the rounding of the larger of its parts.
              const close = x === y || Math.abs(x - y) <= 4 * 2 ** -24 * Math.max(Math.abs(x), before);
              assert(close, `${kind}, ${name} = ${value}, task ${t}, row ${b}, token ${v}: ${y} and not ${x}`);
            });
          }
          // What does not look at the task is the same in all of them.
          if (rule.needsDraw) break;
        }
      }
    }
  });
}

const CHOICES: readonly RuleOptions[] = [
  {},
  ...Object.entries(VALUES).map(([name, values]) => asked(name, values.at(-1)))
    .filter((options) => options.suppressTokens?.length !== V),
  {
    repetitionPenalty: 1.2,
    frequencyPenalty: 0.3,
    presencePenalty: 0.2,
    dryMultiplier: 0.8,
    bannedWords: [[3], [4, 5]],
  },
  { repetitionPenalty: 1.2, temperature: 1.3, topK: 100, topP: 0.9, minP: 0.01, epsilonCutoff: 1e-4, typicalP: 0.95 },
];

for (const options of CHOICES) {
  onEveryBackend(
    `chooseOnDevice() chooses what the rules on plain numbers choose, ${JSON.stringify(options)}`,
    async () => {
      const draws = new Draws(1), rules = rulesOf(options);
      const logits = Float32Array.from(draws.normal(B, V).data, (x) => 2 * x), u = draws.uniform(0, 1, B);
      const texts = Array.from({ length: B }, () => Array.from({ length: T }, () => Math.floor(draws.next() * V)));
      const drawing: TokenSearch = {
        ...greedySearch(),
        onDevice: (allowed) => draw(softmax(allowed), u.tensor()),
      };
      for (const search of [greedySearch(), drawing]) {
        const choose = chooseOnDevice(search, rules)!;
        const choice = choose(tensor(logits, [B, V]), { tokens: tensor(Int32Array.from(texts.flat()), [B, T]) });
        const [tokens, found] = await Promise.all([choice.tokens.read(), choice.logProbabilities.read()]);
        for (let row = 0; row < B; row++) {
          const z = Float64Array.from(logits.subarray(row * V, row * V + V));
          const allowed = applyRules(rules, z, { tokens: texts[row]! }), token = tokens[row]!;
          if (search === drawing) {
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

Deno.test("chooseOnDevice() has no answer if the search or a rule has no form on the device", () => {
  const { onDevice: _, ...onHost } = greedySearch(), rule = { name: "own", onHost: (logits: Float64Array) => logits };
  assert(chooseOnDevice(greedySearch(), rulesOf({ topK: 3 })));
  assertEquals(chooseOnDevice(onHost, []), undefined);
  assertEquals(chooseOnDevice(greedySearch(), rulesOf({ topK: 3, rules: [rule] })), undefined);
});

onEveryBackend("draw() never draws what is forbidden", async () => {
  const z = Float32Array.from({ length: 64 * 100 }, (_, i) => i % 3 === 1 ? Math.sin(i) : -Infinity);
  for (const u of [0, 1e-9, 0.5, 1 - 2 ** -24, 1]) {
    const tokens = draw(softmax(tensor(z, [64, 100])), tensor(new Float32Array(64).fill(u)));
    (await tokens.read()).forEach((token, row) => assert(z[row * 100 + token]! > -Infinity, `${row}: ${token}`));
  }
});

onEveryBackend("chooseOnDevice() reports a logit that is not a number", async () => {
  const choose = chooseOnDevice(greedySearch(), [])!, tokens = tensor(new Int32Array(2), [2, 1]);
  const { logProbabilities } = choose(tensor([[1, NaN, 2], [1, 2, 3]]), { tokens });
  const found = await logProbabilities.read();
  assert(Number.isNaN(found[0]) && !Number.isNaN(found[1]));
});
