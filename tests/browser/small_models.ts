/** Tiny models with a tokenizer, made here: a folder as Hugging Face has it, and a GGUF. */

import { EncoderOnly } from "../../core/05_transformer/encoder_only.ts";
import { bertNames } from "../../core/08_pretrained/bert.ts";
import { llamaNames } from "../../core/08_pretrained/llama.ts";
import { encodeSafetensors } from "../../core/06_training/safetensors.ts";
import { exportState } from "../../core/06_training/state_names.ts";
import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import { multiHead } from "../../core/04_attention/multi_head.ts";
import { setBackend } from "../../core/engine/device.ts";
import { Random } from "../../core/engine/random.ts";
import { createWasmDevice } from "../../wasm/mod.ts";
import golden from "../goldens/pretrained.json" with { type: "json" };

/** Files by name. */
export type Files = Readonly<Record<string, Uint8Array>>;

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Letters that stand for the bytes of plain texts. */
const LETTERS = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?!'-:", "Ġ", "Ċ"];
const MERGES = [["t", "h"], ["th", "e"], ["Ġ", "the"], ["Ġ", "c"], ["i", "n"], ["a", "t"], ["Ġc", "at"]] as const;
const SPECIAL = ["<|im_start|>", "<|im_end|>"];

/** ChatML, as many models have it. */
const TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** Two layers with random weights, bytes as tokens, and a form for conversations. */
export async function smallFolder(): Promise<Files> {
  const tokens = [...LETTERS, ...MERGES.map((pair) => pair.join(""))], vocabSize = tokens.length + SPECIAL.length;
  // Its weights are float32, as those of files are.
  setBackend(createWasmDevice({ threads: 1 }));
  const sizes = { hidden_size: 32, intermediate_size: 48, num_attention_heads: 4, num_key_value_heads: 2 };
  const model = new DecoderOnly({
    vocabSize,
    contextLength: 256,
    hiddenSize: 32,
    numHeads: 4,
    numGroups: 2,
    numLayers: 2,
    feedForwardSize: 48,
    positions: rotary({ base: 10000 }),
    attention: multiHead({}),
    activation: swiGlu,
    norm: rmsNormalization({ epsilon: 1e-6 }),
    bias: false,
    tieHead: true,
  }, new Random(4));
  return {
    "config.json": json({
      ...sizes,
      model_type: "llama",
      vocab_size: vocabSize,
      num_hidden_layers: 2,
      max_position_embeddings: 256,
      hidden_act: "silu",
      tie_word_embeddings: true,
    }),
    "model.safetensors": encodeSafetensors({ tensors: await exportState(model, { names: llamaNames(true) }) }),
    "tokenizer.json": json({
      model: {
        type: "BPE",
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: MERGES.map((pair) => pair.join(" ")),
      },
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
      decoder: { type: "ByteLevel" },
      added_tokens: SPECIAL.map((content, i) => ({ id: tokens.length + i, content, special: true, normalized: false })),
    }),
    "tokenizer_config.json": json({ eos_token: "<|im_end|>", chat_template: TEMPLATE }),
  };
}

/** An encoder of one layer with random weights, and words of its own. */
export async function smallEncoder(): Promise<Files> {
  setBackend(createWasmDevice({ threads: 1 }));
  const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "the", "cat", "sleeps", "."], size = words.length;
  const sizes = { vocabSize: size, contextLength: 16, hiddenSize: 16, numLayers: 1, numHeads: 2 };
  const model = new EncoderOnly(sizes, new Random(2));
  return {
    "config.json": json({
      model_type: "bert",
      vocab_size: size,
      max_position_embeddings: 16,
      hidden_size: 16,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 64,
    }),
    "model.safetensors": encodeSafetensors({ tensors: await exportState(model, { names: bertNames }) }),
    "vocab.txt": new TextEncoder().encode(`${words.join("\n")}\n`),
  };
}

/** A model of the goldens as a GGUF, with a tokenizer put into it. */
export function smallGguf(): Uint8Array {
  const bytes = Uint8Array.from(atob(golden.cases["llama, tied"].gguf), (letter) => letter.charCodeAt(0));
  const tokens = [..."abcdefghijklmnopqrst", "Ġ", "Ċ", ...SPECIAL];
  const facts = [
    text("tokenizer.ggml.model", "gpt2"),
    text("tokenizer.ggml.pre", "default"),
    list("tokenizer.ggml.tokens", 8, tokens.map(stringOf)),
    list("tokenizer.ggml.token_type", 5, tokens.map((token) => uint32(token.startsWith("<|") ? 3 : 1))),
    list("tokenizer.ggml.merges", 8, []),
  ];
  // The weights behind stay where they are counted from: by steps of 32 bytes.
  const length = facts.reduce((sum, fact) => sum + fact.length, 0), name = "general.description";
  const filled = length + 8 + name.length + 4 + 8;
  facts.push(text(name, "-".repeat((32 - filled % 32) % 32)));
  const count = new DataView(bytes.buffer).getBigUint64(16, true) + BigInt(facts.length), head = bytes.slice(0, 24);
  new DataView(head.buffer).setBigUint64(16, count, true);
  return joined([head, ...facts, bytes.subarray(24)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
function uint32(x: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(x).buffer);
}
function uint64(x: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(x)).buffer);
}
function stringOf(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return joined([uint64(bytes.length), bytes]);
}
function text(name: string, value: string): Uint8Array {
  return joined([stringOf(name), uint32(8), stringOf(value)]);
}
function list(name: string, kind: number, items: readonly Uint8Array[]): Uint8Array {
  return joined([stringOf(name), uint32(9), uint32(kind), uint64(items.length), ...items]);
}
