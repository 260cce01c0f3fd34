/**
 * # Translating from the command line
 *
 * `translate` uses a saved translator for the sentences of its arguments, of a file, or of
 * standard input.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";
import { type Command, defineCommand, flag, number, text } from "../arguments.ts";
import { decodingOptions, readDecoding } from "../decoding.ts";
import { chooseDevice, deviceOptions, interruption, weightsOption } from "../device.ts";
import { escapeControl, Interrupted, UsageError } from "../errors.ts";
import { readLines } from "../files.ts";
import { openTranslator, readTranslator } from "../models.ts";
import { line } from "../terminal.ts";
import { BEAMS, printAttention, Translator } from "../translator.ts";

/** `translate`. */
export const command: Command = defineCommand({
  operands: "[SENTENCE…]",
  maxOperands: 10_000,
  details: ["Without a sentence it translates standard input, or --data, line by line."],
  options: {
    model: text("FOLDER", "A model saved by train translator", "models/translator"),
    data: text("FILE", "Sentences to translate, one a line"),
    ...decodingOptions,
    seed: number("N", "Where the random numbers of --stochastic come from", { min: 0, max: 2 ** 31, whole: true }),
    maxNewTokens: number("N", "Most tokens of a translation", { min: 1, max: 100_000, whole: true }),
    attention: flag("Draw what each word was read from"),
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, sentences) {
    const random = new Random(values.seed ?? 1);
    const decoding = readDecoding(values, { options: { numBeams: BEAMS }, draws: false, random });
    if (values.seed !== undefined && !decoding.search.random) {
      throw new UsageError("Cannot use --seed without --stochastic: nothing is drawn");
    }
    const saved = await readTranslator(values.model);
    await chooseDevice(values);
    const { source, target } = saved.notes;
    const translator = new Translator(openTranslator(saved, values.weights), source, target);
    const { signal, stop } = interruption();
    try {
      for await (const sentence of sentencesOf(sentences, values.data)) {
        if (sentence.trim() === "") {
          line();
          continue;
        }
        const { maxNewTokens } = values;
        const [translation] = await translator.translate([sentence.trim()], decoding, { maxNewTokens, signal });
        if (values.allBeams) {
          for (const each of translation!.beams) {
            line(`${escapeControl(each.text)}  ${each.logProbability.toFixed(2)}`);
          }
        } else line(escapeControl(translation!.text));
        if (values.attention) await printAttention(translator, sentence.trim(), translation!.tokens);
      }
    } catch (error) {
      throw signal.aborted ? new Interrupted("") : error;
    } finally {
      stop();
    }
  },
});

/** What is to be translated: the arguments, a file, or standard input. */
async function* sentencesOf(given: readonly string[], path: string | undefined): AsyncGenerator<string> {
  if (given.length > 0) return yield* given;
  if (path === undefined && Deno.stdin.isTerminal()) line("Write a sentence and press Enter; Ctrl-D ends.");
  for await (const { text } of readLines(path ?? "-")) yield text;
}
