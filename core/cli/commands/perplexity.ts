/**
 * # How well a text is predicted
 *
 * `perplexity` lets a language model read a text of any length, in windows that overlap, and says how surprised it was: per token, and in bits per token, character and byte. Models with different tokens are compared by the bits of a byte.
 *
 * @module
 */

import { type LanguageModel, measureScores, type Perplexity, score } from "../../03_language_models/autoregressive.ts";
import type { Tokenizer } from "../../02_words/before_tokens/tokenizer.ts";
import { count } from "../../host/terminal.ts";
import { padEnd } from "../../engine/printing.ts";
import { type ModelValues, openAny } from "../any_model.ts";
import { type Command, defineCommand, flag, number } from "../arguments.ts";
import { deviceOptions, interruption, weightsOption } from "../device.ts";
import { DataError, escapeControl, UsageError } from "../errors.ts";
import { named, readBytes } from "../files.ts";
import { hubOptions, MODEL_DETAILS } from "../places.ts";
import { line, StatusLine } from "../terminal.ts";

/** Tokens of a window where nobody says how many: what a model sees of a text is mostly longer, and its logits are large. */
const USUAL_WINDOW = 512;

/** `perplexity`. */
export const command: Command = defineCommand({
  operands: "MODEL FILE",
  maxOperands: 2,
  details: [
    ...MODEL_DETAILS,
    "FILE is a text in UTF-8, - standard input. The first token is scored if the model's texts begin with a token of their own.",
    "A window ends --stride tokens after the one before, and scores those: all but the first tokens have at least --context minus --stride before them.",
  ],
  options: {
    context: number("N", `Tokens of a window; as many as the model sees, at most ${USUAL_WINDOW}, unless given`, {
      min: 1,
      max: 1e6,
      whole: true,
    }),
    stride: number("N", "Tokens from one window to the next; half a window unless given", {
      min: 1,
      max: 1e6,
      whole: true,
    }),
    json: flag("Write JSON"),
    ...hubOptions,
    ...weightsOption,
    ...deviceOptions,
  },
  async run(values, [name, path]) {
    if (!name || !path) {
      throw new UsageError("Cannot measure without a model and a text: write heed perplexity MODEL FILE");
    }
    const { context, stride, json } = values;
    if (stride !== undefined && stride > (context ?? USUAL_WINDOW)) {
      throw new UsageError(
        `Cannot use --stride ${stride} with windows of ${context ?? USUAL_WINDOW}: tokens would be left out`,
      );
    }
    const text = textOf(path === "-" ? await new Response(Deno.stdin.readable).bytes() : await readBytes(path), path);
    const opened = await openAny(name, values as ModelValues), { vocabulary } = opened;
    const tokens = Int32Array.from(vocabulary.encode(text)), model = opened.model as unknown as LanguageModel;
    const beginToken = opened.encode("").at(-1), least = beginToken === undefined ? 2 : 1;
    if (tokens.length < least) {
      throw new DataError(`Cannot measure on ${named(path)}: it has fewer than ${least} tokens`);
    }
    if (context !== undefined && context > model.contextLength) {
      throw new UsageError(`Cannot use --context ${context}: the model sees ${model.contextLength} tokens`);
    }
    const { signal, stop } = interruption(), status = new StatusLine();
    try {
      // A recurrent model hands its state on, and reads each token once.
      const windows = model.read ? {} : { window: context ?? Math.min(model.contextLength, USUAL_WINDOW) };
      const logs = await score(model, tokens, {
        ...windows,
        ...stride !== undefined && { stride },
        ...beginToken !== undefined && { beginToken },
        signal,
        onProgress: (done) => status.update(`scoring ${count(tokens.length)} tokens: ${Math.round(100 * done)} %`),
      });
      report(measured(logs, text, tokens, vocabulary), { ...windows, stride }, json);
    } finally {
      status.clear();
      stop();
    }
  },
});

/** What was found, with bits per byte only where the tokens give the text back. */
function measured(logs: Float64Array, text: string, tokens: Int32Array, vocabulary: Tokenizer): Perplexity {
  const isWhole = !tokens.includes(vocabulary.unknownToken ?? -1) && vocabulary.decode(tokens) === text;
  if (!isWhole) return measureScores(logs);
  let characters = 0;
  for (const _ of text) characters++;
  return measureScores(logs, { tokens: tokens.length, characters, bytes: new TextEncoder().encode(text).length });
}

function textOf(bytes: Uint8Array<ArrayBuffer>, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataError(`Cannot measure on ${named(path)}: it is no text in UTF-8`, { cause: error });
  }
}

function report(
  found: Perplexity,
  { window, stride }: { readonly window?: number; readonly stride: number | undefined },
  json: boolean,
): void {
  if (json) return line(JSON.stringify({ ...found, window, stride }));
  const { tokens, perplexity, bitsPerToken, bitsPerCharacter, bitsPerByte } = found;
  const write = (value: number | undefined): string => value === undefined ? "–" : value.toFixed(4);
  const rows = [
    ["tokens scored", count(tokens)],
    ["perplexity per token", write(perplexity)],
    ["bits per token", write(bitsPerToken)],
    ["bits per character", write(bitsPerCharacter)],
    ["bits per byte", write(bitsPerByte)],
  ] as const;
  for (const [name, value] of rows) line(`  ${padEnd(name, 22)}${escapeControl(value)}`);
  if (bitsPerByte === undefined) {
    line("The tokens do not give the text back: there are no bits per character and byte.");
  }
}
