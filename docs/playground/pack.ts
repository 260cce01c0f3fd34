/**
 * # A translator in half a megabyte
 *
 * **Question.** The playground's model travels with the page. How small is it without becoming another model?
 *
 * **Idea.** Each row of a matrix is stored as whole numbers from −127 to 127 and one factor; vectors stay as they are. The
 * vocabularies and the layout are notes of the same file. What is measured and recorded is measured with these numbers.
 *
 * @module
 */

import type { SequenceTokenizer } from "../../core/02_words/before_tokens/tokenizer.ts";
import { leastWeights, readLayout, writeLayout } from "../../core/cli/layouts.ts";
import { parseJson, readFields } from "../../core/engine/json.ts";
import { type Checks, object, required } from "../../core/engine/options.ts";
import {
  BytePairEncoding,
  decodeSafetensors,
  EncoderDecoder,
  encodeSafetensors,
  Random,
  scope,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { storedNumbers, type StoredTensor, storeTensors } from "../../core/06_training/mod.ts";

/** A model between two vocabularies. */
export interface Translator {
  readonly model: EncoderDecoder;
  readonly source: SequenceTokenizer;
  readonly target: SequenceTokenizer;
}

/** What the notes of the file hold. */
interface Notes {
  readonly layout: object;
  readonly source: object;
  readonly target: object;
}

const noteChecks: Checks<Notes> = {
  layout: required(object("a layout")),
  source: required(object("a byte-pair encoding")),
  target: required(object("a byte-pair encoding")),
};

/** Ends the names of the factors of the rows. */
const SCALE = ":scale";

/** The bytes of numbers. */
const bytesOf = (numbers: Int8Array | Float32Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/**
 * Writes a translator down, a byte for each weight of a matrix.
 *
 * @param translator model and vocabularies
 * @returns a safetensors file
 */
export async function packTranslator({ model, source, target }: Translator): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, stored] of await storeTensors(model.stateDict())) {
    const [rows = 0, columns = 0] = stored.shape;
    const numbers = Float32Array.from(storedNumbers(stored));
    if (stored.shape.length !== 2) {
      tensors.set(name, { kind: "F32", shape: stored.shape, bytes: bytesOf(numbers) });
      continue;
    }
    const scales = new Float32Array(rows);
    const whole = new Int8Array(numbers.length);
    for (let r = 0; r < rows; r++) {
      const row = numbers.subarray(r * columns, (r + 1) * columns);
      const scale = scales[r] = row.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127 || 1;
      row.forEach((x, c) => whole[r * columns + c] = Math.round(x / scale));
    }
    tensors.set(name, { kind: "I8", shape: stored.shape, bytes: bytesOf(whole) });
    tensors.set(name + SCALE, { kind: "F32", shape: [rows], bytes: bytesOf(scales) });
  }
  const notes = { layout: writeLayout(model.options), source: source.toJSON(), target: target.toJSON() };
  return encodeSafetensors({ tensors, metadata: new Map([["translator", JSON.stringify(notes)]]) });
}

/**
 * Reads what {@linkcode packTranslator} wrote, onto the current device.
 *
 * @param bytes the file
 * @returns model and vocabularies, ready for use
 * @throws {SyntaxError} if the file is damaged or holds no translator
 */
export function openTranslator(bytes: Uint8Array): Translator {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const written = metadata.get("translator");
  if (written === undefined) throw new SyntaxError("Cannot read the file: it holds no translator");
  const notes = readFields("the notes", parseJson(written, "the notes"), noteChecks);
  const layout = readLayout(notes.layout), least = leastWeights(layout);
  if (!(least <= bytes.length)) {
    throw new SyntaxError(`Cannot read the file: ${bytes.length} bytes do not hold the ${least} weights of its layout`);
  }
  const [source, target] = [BytePairEncoding.fromJSON(notes.source), BytePairEncoding.fromJSON(notes.target)];
  if (source.vocabSize !== layout.sourceVocabSize || target.vocabSize !== layout.vocabSize) {
    throw new SyntaxError(
      `Cannot read the file: its vocabularies have ${source.vocabSize} and ${target.vocabSize} tokens, ` +
        `its layout states ${layout.sourceVocabSize ?? "none"} and ${layout.vocabSize}`,
    );
  }
  const model = new EncoderDecoder(layout, Random.none);
  scope(() => {
    const state = new Map<string, Tensor>();
    for (const [name, stored] of tensors) {
      if (name.endsWith(SCALE)) continue;
      const scale = tensors.get(name + SCALE), columns = stored.shape.at(-1) ?? 1;
      const factors = scale && storedNumbers(scale, name + SCALE), numbers = storedNumbers(stored, name);
      const rows = factors && numbers.length / columns;
      if (factors && factors.length !== rows) {
        throw new SyntaxError(`Cannot read tensor "${name}": it has ${factors.length} factors for ${rows} rows`);
      }
      const values = Float32Array.from(numbers, (x, i) => factors ? x * factors[Math.floor(i / columns)]! : x);
      state.set(name, tensor(values, stored.shape));
    }
    model.loadStateDict(state);
  });
  model.eval();
  return { model, source, target };
}
