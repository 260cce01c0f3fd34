/**
 * # A model that continues a text
 *
 * **Question.** A reader writes a line and sees a model go on. What is done between the two, so that every token can be asked where it
 * came from?
 *
 * **Idea.** The functions of the book are called: the [tokenizer](../../../core/08_pretrained/tokenizer_files/mod.ts) of the model, the
 * [model](../../../core/08_pretrained/architecture.ts) itself, the [loop](../../../core/07_generation/generate.ts) that keeps the alternatives of each step. A
 * [cache](../../../core/07_generation/prompt_cache.ts) goes from answer to answer, so that of a conversation only what is new is read.
 *
 * @module
 */

import { suppressRule } from "../../../core/07_generation/forbidden_and_forced.ts";
import { generate, stream } from "../../../core/07_generation/generate.ts";
import { PromptCache } from "../../../core/07_generation/prompt_cache.ts";
import type { LogitsRule } from "../../../core/07_generation/rules.ts";
import { ancestralSampling, greedySearch } from "../../../core/07_generation/mod.ts";
import type { Alternative as Candidate } from "../../../core/07_generation/search.ts";
import { TokenWriter } from "../../../core/cli/json_lines.ts";
import type { DecoderOnly } from "../../../core/05_transformer/decoder_only.ts";
import { fromPretrained } from "../../../core/08_pretrained/architecture.ts";
import { encodeConversation } from "../../../core/08_pretrained/tokenizer_files/conversation.ts";
import { openTokenizer } from "../../../core/08_pretrained/tokenizer_files/opening.ts";
import type { PretrainedTokenizer } from "../../../core/08_pretrained/tokenizer_files/tokenizer.ts";
import { noGrad } from "../../../core/engine/autograd.ts";
import { tensor } from "../../../core/engine/create.ts";
import { pack, quantize } from "../../../core/engine/inference.ts";
import { Random } from "../../../core/engine/random.ts";
import { memory, scope } from "../../../core/engine/scope.ts";
import type { Tensor } from "../../../core/engine/tensor.ts";
import { shaping } from "../../playground/shaping.ts";
import { cutText, endsOf, templateOf } from "../beside.ts";
import type { Alternative, Attention, ModelAsk, Result, ShownToken, Start, WrittenToken } from "../protocol.ts";
import type { Call, Kind, OpenModel, Template } from "./kind.ts";

/** Alternatives of a token that are kept. */
const ALTERNATIVES = 8;

/** Tokens of a prompt that are read at once: between two parts a reader may stop it. */
const PART = 128;

/** Positions whose attention is drawn as lines. */
const SIDE = 24;

/** A model with everything that writing needs. */
interface Parts {
  readonly model: DecoderOnly;
  readonly tokenizer: PretrainedTokenizer;
  readonly writer: TokenWriter;
  readonly ends: readonly number[];
  /** Rules that every text is written by. */
  readonly always: readonly LogitsRule[];
  readonly template: Template | undefined;
  /** What was read for a text, and for a conversation. */
  readonly caches: { readonly prompt: PromptCache; readonly turns: PromptCache };
}

/** Models of the layouts that {@linkcode fromPretrained} knows. */
export const decoderKind: Kind = {
  name: "decoder",
  // Who knows no architecture refuses it by name.
  knows: () => true,
  async open(found, { format, signal, onProgress, template }) {
    const { source, weights } = found, tokenizer = await openTokenizer(source, { signal });
    const jinja = await templateOf(found), render = jinja === undefined ? undefined : await template(jinja);
    const model = await fromPretrained(source, {
      opened: weights,
      signal,
      weights: format === "stored" ? "stored" : "float32",
      onProgress: ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total),
    });
    if (format === "int8" || format === "int4") quantize(model, format);
    else pack(model, format === "float16" ? "float16" : "float32");
    const nameless = Array.from({ length: model.vocabSize }, (_, id) => id).filter((id) => !tokenizer.tokens[id]);
    return opened({
      model,
      tokenizer,
      writer: new TokenWriter(tokenizer),
      ends: await endsOf({ ...found, weights }, tokenizer),
      // Tables are often larger than the vocabulary.
      always: nameless.length === 0 ? [] : [suppressRule(nameless)],
      template: render,
      caches: { prompt: new PromptCache(), turns: new PromptCache() },
    });
  },
};

function opened(parts: Parts): OpenModel {
  const { model: { options, contextLength, vocabSize }, template } = parts;
  return {
    facts: {
      kind: "decoder",
      numLayers: options.numLayers,
      numHeads: options.numHeads,
      contextLength,
      vocabSize,
      chats: template !== undefined,
    },
    async answer(ask, call) {
      if (ask.kind === "tokens") return { kind: "tokens", tokens: cutText(parts.tokenizer, ask.text) };
      if (ask.kind === "write") return await write(parts, ask, call);
      if (ask.kind === "attention") return { kind: "attention", attention: await attend(parts, ask.ids) };
      throw new RangeError("Cannot compare texts with this model: it continues a text, and makes no vectors");
    },
  };
}

// ## Names of tokens

/** Tokens as they read one after the other; special ones by their names. */
function namesOf({ tokenizer, writer }: Parts, ids: readonly number[]): ShownToken[] {
  return ids.map((id, i) => ({ id, text: nameOf({ tokenizer, writer }, id, ids[i - 1]) }));
}

function nameOf({ tokenizer, writer }: Pick<Parts, "tokenizer" | "writer">, id: number, before?: number): string {
  const text = writer.text(id, before), name = tokenizer.tokens[id] ?? String(id);
  return text === "" || text.includes("\ufffd") ? name : text;
}

// ## Writing

type WriteAsk = ModelAsk & { readonly kind: "write" };

/** The tokens that a text follows. */
function promptOf({ tokenizer, template }: Parts, start: Start): number[] {
  if ("prompt" in start) {
    const parts = tokenizer.parts.template?.single ?? [], place = parts.findIndex(({ text }) => text !== undefined);
    const begin = parts.slice(0, Math.max(0, place)).flatMap(({ ids = [] }) => ids);
    const ids = [...begin, ...tokenizer.encode(start.prompt)];
    if (ids.length === 0) throw new RangeError("Cannot continue an empty text: write at least one character");
    return ids;
  }
  if (!template) throw new RangeError("Cannot chat with this model: it has no chat template");
  const { tokens, beginToken, endToken, padToken, unknownToken } = tokenizer;
  const roles = { bos: beginToken, eos: endToken, pad: padToken, unk: unknownToken };
  const named = Object.entries(roles).flatMap(([role, id]) => id === undefined ? [] : [[`${role}_token`, tokens[id]!]]);
  // What looks like a special token in a message is text.
  return encodeConversation(tokenizer, start.turns, (turns) => template(turns, Object.fromEntries(named)));
}

/** Reads a long prompt part by part, so that the cache holds it. */
async function readAhead({ model, caches }: Parts, cache: keyof Parts["caches"], ids: readonly number[], call: Call) {
  const own = caches[cache];
  let held = commonLength(own.tokens, ids);
  while (ids.length - held > PART) {
    held += PART;
    await generate(model, ids.slice(0, held), { maxNewTokens: 1, cache: own, signal: call.signal });
    call.tell({ kind: "progress", done: held / ids.length });
  }
}

/** How many tokens two lists begin with alike. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Writes a text, and tells of every token. */
async function write(parts: Parts, { start, writing }: WriteAsk, call: Call): Promise<Result> {
  const { model, tokenizer, ends, always, caches } = parts, { signal, tell } = call;
  const which = "prompt" in start ? "prompt" : "turns", cache = caches[which], prompt = promptOf(parts, start);
  const room = model.contextLength - prompt.length;
  if (room < 1) {
    throw new RangeError(
      `Cannot go on after ${prompt.length} tokens: this model sees ${model.contextLength}; begin a shorter text`,
    );
  }
  tell({ kind: "started", ids: prompt });
  const begun = performance.now(), cached = Math.min(commonLength(cache.tokens, prompt), prompt.length - 1);
  await readAhead(parts, which, prompt, call);
  const { rules, isGreedy } = shaping(writing.places);
  const steps = stream(model, prompt, {
    maxNewTokens: Math.min(writing.maxNewTokens, room),
    eosToken: ends,
    cache,
    signal,
    search: isGreedy ? greedySearch() : ancestralSampling(new Random(writing.seed)),
    rules: [...always, ...rules],
    output: { alternatives: ALTERNATIVES },
  });
  const ids: number[] = [], told = tellerOf(parts, prompt.at(-1)!);
  let first = 0, last = 0;
  for await (const { token, output } of steps) {
    last = performance.now();
    if (ids.length === 0) first = last;
    ids.push(token);
    tell({ kind: "token", token: told(token, output!, output!.alternatives!) });
  }
  const seconds = (last - first) / 1000;
  return {
    kind: "written",
    // A word needs a space before it: so it is written behind what was there.
    text: tokenizer.decode([...prompt, ...ids]).slice(tokenizer.decode(prompt).length),
    ...ids.length < Math.min(writing.maxNewTokens, room) && { end: "end" },
    pace: {
      prompt: prompt.length,
      cached,
      first: ((ids.length > 0 ? first : performance.now()) - begun) / 1000,
      tokens: ids.length,
      ...ids.length > 1 && seconds > 0 && { rate: (ids.length - 1) / seconds },
      memory: memory().bytes,
      caches: caches.prompt.bytes + caches.turns.bytes,
    },
  };
}

/** Makes what is shown of each token that follows another. */
function tellerOf(
  parts: Parts,
  before: number,
): (id: number, chosen: Candidate, others: readonly Candidate[]) => WrittenToken {
  const whole = new TextDecoder("utf-8", { ignoreBOM: true });
  return (id, chosen, others) => {
    const shown = ({ token, logProbability, processedLogProbability }: Candidate): Alternative => ({
      id: token,
      text: nameOf(parts, token, before),
      model: Math.exp(logProbability),
      shaped: Math.exp(processedLogProbability),
    });
    const alternatives = others.map(shown), own = shown({ ...chosen, token: id });
    const piece = whole.decode(parts.writer.bytes(id, before), { stream: true });
    before = id;
    return { ...own, piece, alternatives };
  };
}

// ## Where a position looked

/** The attention of the last of some tokens in all layers and heads, and that of the last few. */
async function attend(parts: Parts, ids: readonly number[]): Promise<Attention> {
  const { model } = parts, T = ids.length, side = Math.min(SIDE, T);
  const reading: Promise<[rows: ArrayLike<number>, squares: ArrayLike<number>]>[] = [];
  scope(() =>
    noGrad((): void => {
      const observe = (_: string, weights: Tensor): void => {
        const recent = weights.slice(2, T - side, T);
        const rows = recent.slice(2, side - 1, side).read(), squares = recent.slice(3, T - side, T).read();
        reading.push(Promise.all([rows, squares]));
      };
      model.forward(tensor(Int32Array.from(ids), [1, T]), { observe, lastOnly: true });
    })
  );
  const layers = await Promise.all(reading);
  const heads = (numbers: ArrayLike<number>, size: number): Float32Array[] =>
    Array.from({ length: numbers.length / size }, (_, h) => Float32Array.from(numbers).slice(h * size, (h + 1) * size));
  return {
    tokens: namesOf(parts, ids),
    rows: layers.map(([rows]) => heads(rows, T)),
    squares: layers.map(([, squares]) => heads(squares, side * side)),
    side,
  };
}
