/**
 * # Vectors from the command line
 *
 * `embed` makes a vector of each text: of its arguments, of a file, or of standard input. Lines are read and written in blocks, so a file may have any length.
 *
 * @module
 */

import { type SentenceModel, sentenceVectors } from "../../08_pretrained/sentence_vectors.ts";
import { type Command, defineCommand, flag, number, text } from "../arguments.ts";
import { encoderOptions, openSentences, readingStatus } from "../encoders.ts";
import { quote, UsageError } from "../errors.ts";
import { readLines } from "../files.ts";
import { jsonLine } from "../json_lines.ts";
import { line } from "../terminal.ts";

/** Texts between two writings. */
const BLOCK = 1024;

/** `embed`. */
export const command: Command = defineCommand({
  operands: "MODEL [TEXT…]",
  maxOperands: 10_000,
  details: [
    "MODEL is a folder with an encoder, such as all-MiniLM-L6-v2, or a GGUF file. Without a text it reads standard input, or --data, line by line.",
    "A line of the output is the vector of a text, its numbers separated by spaces; with --json an object with text and vector.",
    "How tokens become one vector is what modules.json of the model says; without it, their mean.",
  ],
  options: {
    data: text("FILE", "Texts, one a line"),
    prompt: text("TEXT", "What is written in front of every text; what the model says unless given"),
    batchSize: number("N", "Texts that are read at once", { min: 1, max: 4096, whole: true }, 32),
    json: flag("Write a line of JSON for each text"),
    ...encoderOptions,
  },
  async run(values, [path, ...texts]) {
    if (path === undefined) throw new UsageError("Cannot embed without a model: write its folder first");
    if (texts.length > 0 && values.data !== undefined) {
      throw new UsageError(`Cannot use --data with ${quote(texts[0]!, 40)}: one of the two is read`);
    }
    const model = await openSentences(path, values), { prompt, batchSize, json } = values;
    for await (const block of blocksOf(texts, values.data)) {
      await write(model, block, { prompt, batchSize }, json);
    }
  },
});

/** The arguments, a file, or standard input, in blocks. */
async function* blocksOf(given: readonly string[], path: string | undefined): AsyncGenerator<readonly string[]> {
  if (given.length > 0) return yield given;
  const isTyped = path === undefined && Deno.stdin.isTerminal();
  if (isTyped) line("Write a text and press Enter; Ctrl-D ends.");
  let block: string[] = [];
  for await (const { text } of readLines(path ?? "-")) {
    block.push(text);
    if (block.length < BLOCK && !isTyped) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}

/** Writes the vectors of some texts. */
async function write(
  model: SentenceModel,
  texts: readonly string[],
  options: { readonly prompt: string | undefined; readonly batchSize: number },
  json: boolean,
): Promise<void> {
  const status = readingStatus();
  const vectors = await sentenceVectors(model, texts, { ...options, onProgress: status.told });
  status.clear();
  vectors.forEach((vector, i) => {
    const numbers = Array.from(vector, (number) => Number(number.toPrecision(7)));
    line(json ? jsonLine({ text: texts[i], vector: numbers }) : numbers.join(" "));
  });
}
