/**
 * # Continuing a text from the command line
 *
 * `generate` continues a prompt with a saved language model: drawn at random and shown as it is
 * written, or searched by beams.
 *
 * @module
 */

import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { generate, stream } from "../../07_generation/generate.ts";
import type { LogitsRule } from "../../07_generation/rules.ts";
import type { Decoder } from "../../07_generation/sampling.ts";
import type { PackedFormat } from "../../engine/backend.ts";
import type { DeviceName } from "../../engine/device.ts";
import { Random } from "../../engine/random.ts";
import { type Command, defineCommand, number, text } from "../arguments.ts";
import { constrain, constraintOptions, cutOff, readConstraint } from "../constraints.ts";
import { decodingOptions, printable, rank, readDecoding } from "../decoding.ts";
import { chooseDevice, deviceOptions, weightsOption } from "../device.ts";
import { quote, UsageError } from "../errors.ts";
import { hasNGrams, load } from "../model_kinds.ts";
import { openModel, readTextModel } from "../models.ts";
import { complain, line, standardOutput } from "../terminal.ts";
import { continuation, noSpecialTokensOf } from "../tokenizers.ts";

/** Options of a text that can end; here it is as long as is asked for. */
const { minNewTokens: _, ...options } = { minNewTokens: undefined, ...decodingOptions };

/** `generate`. */
export const command: Command = defineCommand({
  operands: "[PROMPT]",
  maxOperands: 1,
  details: [
    "The text is drawn at random and appears as it is written; --num-beams searches the most probable one instead.",
    "--num-beams with --stochastic draws several different texts; --all-beams prints them.",
    "A LIST of words has commas between them; each is meant with and without a space before it.",
    "--regex, --json-schema and --grammar let only texts of a form follow the prompt.",
  ],
  options: {
    model: text("FOLDER", "A language model that train has saved", "models/lm"),
    maxNewTokens: number("N", "Tokens to write", { min: 1, max: 1_000_000, whole: true }, 300),
    ...constraintOptions,
    ...options,
    seed: number("N", "Where random numbers come from", { min: 0, max: 2 ** 31, whole: true }, 1),
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, [prompt = "\n"]) {
    if (prompt === "") throw new UsageError("Cannot continue an empty text: write at least one character");
    const decoding = readDecoding(values, { draws: true, random: new Random(values.seed) });
    const grammar = await readConstraint(values);
    const { model, vocabulary, options: usual } = await openAny(values);
    const own = grammar ? { ...usual, ...await constrain(grammar, vocabulary) } : usual;
    const ids = vocabulary.encode(prompt);
    if (ids.length === 0) throw new UsageError(`Cannot continue ${quote(prompt)}: it has no token`);
    const { search, rules: asked } = decoding.of(vocabulary), rules = [...own.rules, ...asked];
    const options = { maxNewTokens: values.maxNewTokens, ...own, rules };
    if (!("begin" in search)) {
      standardOutput.write(printable(prompt));
      const tokens = stream(model, ids, { ...options, search });
      const idsOnly = (async function* () {
        for await (const { token } of tokens) yield token;
      })();
      let written = "";
      try {
        for await (const piece of continuation(vocabulary, ids, idsOnly)) {
          written += piece;
          standardOutput.write(printable(piece));
        }
      } finally {
        // What goes wrong on the way is said on a line of its own.
        line();
      }
      if (grammar && !grammar.accepts(written)) complain(cutOff(grammar, values.maxNewTokens));
      return;
    }
    const { tokens, beams, finished } = await generate(model, ids, { ...options, search });
    if (grammar && !finished) complain(cutOff(grammar, values.maxNewTokens));
    const written = async (tokens: readonly number[]): Promise<string> =>
      printable(prompt + (await Array.fromAsync(continuation(vocabulary, ids, tokens))).join(""));
    if (!values.allBeams) return line(await written(tokens));
    for (const [i, each] of beams!.entries()) {
      line(`${i > 0 ? "\n" : ""}${i + 1}. ${rank(each)}\n${await written(each.tokens)}`);
    }
  },
});

/** A language model of either kind, with what the loop needs to know. */
interface Opened {
  readonly model: Decoder;
  readonly vocabulary: Tokenizer;
  readonly options: { readonly rules: readonly LogitsRule[]; readonly slide?: boolean };
}

/** Opens the model that a folder holds: a network, or a table on the CPU. */
async function openAny(
  values: {
    readonly model: string;
    readonly weights: PackedFormat;
    readonly device: DeviceName;
    readonly threads: number | undefined;
  },
): Promise<Opened> {
  if (!await hasNGrams(values.model)) {
    const saved = await readTextModel(values.model);
    await chooseDevice(values);
    const model = openModel(saved, values.weights), { vocabulary } = saved.notes;
    // Recurrent and convolutional models have no context that could be full.
    const slide = model.contextLength < Infinity;
    return { model, vocabulary, options: { rules: [noSpecialTokensOf(vocabulary)], slide } };
  }
  if (values.weights !== "float32") {
    throw new UsageError(`Cannot use --weights ${values.weights} with an n-gram model: it has no weights`);
  }
  if (values.device === "webgpu") {
    throw new UsageError("Cannot use --device webgpu with an n-gram model: its table is on the CPU");
  }
  const { readNGrams } = await load<typeof import("../ngrams.ts")>("ngrams.ts");
  const { model, vocabulary } = await readNGrams(values.model);
  await chooseDevice({ ...values, device: values.device === "auto" ? "wasm" : values.device });
  return { model, vocabulary, options: { rules: [noSpecialTokensOf(vocabulary)] } };
}
