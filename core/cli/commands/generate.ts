/**
 * # Continuing a text from the command line
 *
 * `generate` continues a prompt with a saved language model: drawn at random and shown as it is
 * written, or searched by beams.
 *
 * @module
 */

import { generate, stream } from "../../07_generation/generate.ts";
import { Random } from "../../engine/random.ts";
import { type Command, defineCommand, number, text } from "../arguments.ts";
import { decodingOptions, noSpecialTokens, printable, rank, readDecoding } from "../decoding.ts";
import { chooseDevice, deviceOptions, weightsOption } from "../device.ts";
import { UsageError } from "../errors.ts";
import { openTextModel, readTextModel } from "../models.ts";
import { line, standardOutput } from "../terminal.ts";

/** `generate`. */
export const command: Command = defineCommand({
  operands: "[PROMPT]",
  maxOperands: 1,
  details: [
    "The text is drawn at random and appears as it is written; --num-beams searches the most probable one instead.",
    "--num-beams with --stochastic draws several different texts; --all-beams prints them.",
  ],
  options: {
    model: text("FOLDER", "A model saved by train lm, rnn, lstm or gru", "models/lm"),
    maxNewTokens: number("N", "Tokens to write", { min: 1, max: 1_000_000, whole: true }, 300),
    ...decodingOptions,
    seed: number("N", "Where random numbers come from", { min: 0, max: 2 ** 31, whole: true }, 1),
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, [prompt = "\n"]) {
    if (prompt === "") throw new UsageError("Cannot continue an empty text: write at least one character");
    const { search, rules } = readDecoding(values, { draws: true, random: new Random(values.seed) });
    const saved = await readTextModel(values.model);
    await chooseDevice(values);
    const model = openTextModel(saved, values.weights);
    const { vocabulary } = saved.notes;
    const ids = vocabulary.encode(prompt);
    // A recurrent model has no context that could be full.
    const slide = model.contextLength < Infinity;
    const options = { maxNewTokens: values.maxNewTokens, rules: [noSpecialTokens, ...rules], slide };
    if (!("begin" in search)) {
      standardOutput.write(printable(prompt));
      const tokens = stream(model, ids, { ...options, search });
      const idsOnly = (async function* () {
        for await (const { token } of tokens) yield token;
      })();
      try {
        for await (const piece of vocabulary.decodeStream(idsOnly)) standardOutput.write(printable(piece));
      } finally {
        // What goes wrong on the way is said on a line of its own.
        line();
      }
      return;
    }
    const { tokens, beams } = await generate(model, ids, { ...options, search });
    const written = (tokens: readonly number[]): string => printable(prompt + vocabulary.decode(tokens));
    if (!values.allBeams) return line(written(tokens));
    beams!.forEach((each, i) => line(`${i > 0 ? "\n" : ""}${i + 1}. ${rank(each)}\n${written(each.tokens)}`));
  },
});
