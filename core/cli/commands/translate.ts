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
import { checkJson, decodingOptions, jsonDetails, jsonOptions, rank, readDecoding } from "../decoding.ts";
import { chooseDevice, deviceOptions, weightsOption } from "../device.ts";
import { DataError, escapeControl, quote, sentence, UsageError } from "../errors.ts";
import { type Line, scanLines, trim } from "../files.ts";
import { load } from "../model_kinds.ts";
import { openModel, readTranslation } from "../models.ts";
import { complain, line } from "../terminal.ts";
import { BEAMS, printAttention, Translator, type Written } from "../translator.ts";

/** `translate`. */
export const command: Command = defineCommand({
  operands: "[SENTENCE…]",
  maxOperands: 10_000,
  details: [
    "Without a sentence it translates standard input, or --data, line by line; every line gets a line,",
    "an empty one if it cannot be translated. Which and why is said on standard error, and the exit code is 1.",
    "A LIST of words has commas between them; each is meant with and without a space before it.",
    ...jsonDetails,
    'It begins with "source", the sentence; what cannot be translated has {"source", "error"}.',
  ],
  options: {
    model: text("FOLDER", "A model saved by train translator", "models/translator"),
    data: text("FILE", "Sentences to translate, one a line"),
    ...decodingOptions,
    seed: number("N", "Where the random numbers of --stochastic come from", { min: 0, max: 2 ** 31, whole: true }),
    maxNewTokens: number("N", "Most tokens of a translation", { min: 1, max: 100_000, whole: true }),
    attention: flag("Draw what each word was read from"),
    ...jsonOptions,
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, sentences) {
    if (sentences.length > 0 && values.data !== undefined) {
      throw new UsageError(`Cannot use --data with ${quote(sentences[0]!, 40)}: one of the two is translated`);
    }
    checkJson(values);
    if (values.json && values.attention) {
      throw new UsageError("Cannot use --attention with --json: it is a drawing, and JSON is read by a program");
    }
    const random = new Random(values.seed ?? 1);
    // The groups that are asked for divide the beams, of which nobody has asked for a number.
    const { numBeamGroups: groups = 1 } = values as { readonly numBeamGroups?: number };
    const numBeams = Math.ceil(BEAMS / groups) * groups;
    const decoding = readDecoding(values, { options: { numBeams }, draws: false, random });
    if (values.seed !== undefined && !decoding.search.random) {
      throw new UsageError("Cannot use --seed without --stochastic: nothing is drawn");
    }
    const saved = await readTranslation(values.model);
    await chooseDevice(values);
    const { source, target } = saved.notes;
    const translator = new Translator(openModel(saved, values.weights ?? "float32"), source, target);
    if (values.attention && !translator.hasAttention) {
      throw new UsageError(
        "Cannot use --attention with this model: its decoder knows one vector of the source, and looks at no word",
      );
    }
    const { search, rules } = decoding.of(target);
    const json = values.json ? await load<typeof import("../json_lines.ts")>("json_lines.ts") : undefined;
    const writer = json && new json.TokenWriter(target);
    const output = values.json ? { alternatives: values.alternatives ?? 0 } : undefined;
    const answer = async (source: string): Promise<void> => {
      const nothing = { text: "", tokens: [], finished: true };
      if (source === "") return line(json?.jsonText(nothing, writer!, undefined, { source }));
      const [translation] = await translator.translate([source], { search, rules }, {
        maxNewTokens: values.maxNewTokens,
        output,
      });
      if (json) {
        const asJson = ({ steps = [], ...found }: Written): string =>
          json.jsonText({ ...found, tokens: steps.slice(0, found.tokens.length) }, writer!, undefined, { source });
        translation!.beams.slice(0, values.allBeams ? Infinity : 1).forEach((each) => line(asJson(each)));
      } else if (values.allBeams) {
        translation!.beams.forEach((each, i) => line(`${i + 1}. ${escapeControl(each.text)}  (${rank(each)})`));
      } else line(escapeControl(translation!.text));
      if (values.attention) await printAttention(translator, source, translation!.tokens);
    };
    if (sentences.length === 1) return await answer(trim(sentences[0]!));
    const fail = (source: string, error: unknown): void => line(json?.jsonLine({ source, error: sentence(error) }));
    await answerAll(sentencesOf(sentences, values.data), sentences.length > 0 ? "sentence" : "line", answer, fail);
  },
});

/** Answers each of many sentences: one that cannot be translated gets an empty line and a message, and costs no other. */
async function answerAll(
  sentences: AsyncIterable<Line>,
  unit: string,
  answer: (sentence: string) => Promise<void>,
  fail: (sentence: string, error: unknown) => void,
): Promise<void> {
  let total = 0, failed = 0;
  for await (const { number, text, fault } of sentences) {
    total++;
    try {
      if (fault) throw new DataError(`Cannot translate this: ${fault}`);
      await answer(trim(text));
    } catch (error) {
      if (!(error instanceof DataError || error instanceof RangeError)) throw error;
      failed++;
      fail(trim(text), error);
      complain(`${unit} ${number}: ${sentence(error)}`);
    }
  }
  if (failed > 0) throw new DataError(`Cannot translate ${failed} of ${total} ${unit}s`);
}

/** What is to be translated: the arguments, a file, or standard input. */
async function* sentencesOf(given: readonly string[], path: string | undefined): AsyncGenerator<Line> {
  if (given.length > 0) return yield* given.map((text, i) => ({ number: i + 1, text }));
  if (path === undefined && Deno.stdin.isTerminal()) line("Write a sentence and press Enter; Ctrl-D ends.");
  yield* scanLines(path ?? "-");
}
