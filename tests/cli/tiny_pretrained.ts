/** Models of a few thousand weights in the files of other programs: a folder of Hugging Face, and a GGUF. */

import { DecoderOnly } from "../../core/05_transformer/decoder_only.ts";
import { swiGlu } from "../../core/05_transformer/feed_forward/activations.ts";
import { rmsNormalization } from "../../core/05_transformer/normalization.ts";
import { rotary } from "../../core/04_attention/positions/rotary.ts";
import { encodeSafetensors } from "../../core/06_training/safetensors.ts";
import { exportState, type StateNames } from "../../core/06_training/state_names.ts";
import { llamaNames } from "../../core/08_pretrained/llama.ts";
import { Random } from "../../core/engine/random.ts";

/** All bytes as the letters that byte-level tokenizers have for them, in the order of their ids here. */
const printable = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) =>
  byte > 32 && byte < 127 || byte > 160 && byte !== 173
);
const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable.includes(byte));
const letters = [
  ...printable.map((byte) => String.fromCodePoint(byte)),
  ...others.map((_, i) => String.fromCodePoint(256 + i)),
];

/** The special tokens, behind the bytes and one merge. */
export const SPECIAL: readonly string[] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const MERGE = ["h", "e"] as const;
export const TOKENS: readonly string[] = [...letters, MERGE.join(""), ...SPECIAL];
export const CHAT_ML: string =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const SIZES = { hiddenSize: 16, numHeads: 2, numLayers: 1, feedForwardSize: 24, epsilon: 1e-5 };

/** The model in both files, by the seed of its weights. */
export function tinyModel(contextLength: number, interleaved: boolean, vocabSize: number = TOKENS.length): DecoderOnly {
  const { hiddenSize, numHeads, numLayers, feedForwardSize, epsilon } = SIZES;
  return new DecoderOnly({
    ...{ vocabSize, contextLength, hiddenSize, numHeads, numLayers, feedForwardSize },
    numGroups: 1,
    positions: rotary({ base: 10000, interleaved }),
    activation: swiGlu,
    norm: rmsNormalization({ epsilon }),
    bias: false,
    tieHead: true,
  }, new Random(3));
}

/** What a folder has besides the usual. */
export interface TinyFolder {
  readonly contextLength?: number;
  readonly vocabSize?: number;
  readonly template?: string;
  readonly generation?: object;
}

/** The files of a folder of Hugging Face, by their names. */
export async function tinyFiles(options: TinyFolder = {}): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { contextLength = 96, vocabSize = TOKENS.length, template = CHAT_ML, generation } = options;
  const text = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
  const tensors = await exportState(tinyModel(contextLength, false, vocabSize), { names: llamaNames(true) });
  return new Map([
    [
      "config.json",
      text({
        ...{ model_type: "llama", architectures: ["LlamaForCausalLM"], vocab_size: vocabSize, hidden_size: 16 },
        ...{ num_attention_heads: 2, num_key_value_heads: 1, num_hidden_layers: 1, intermediate_size: 24 },
        ...{ max_position_embeddings: contextLength, rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: "silu" },
        ...{ tie_word_embeddings: true, eos_token_id: 257 },
      }),
    ],
    ["model.safetensors", encodeSafetensors({ tensors })],
    [
      "tokenizer.json",
      text({
        model: {
          type: "BPE",
          vocab: Object.fromEntries(TOKENS.slice(0, 257).map((token, id) => [token, id])),
          merges: [[...MERGE]],
        },
        pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
        decoder: { type: "ByteLevel" },
        added_tokens: SPECIAL.map((content, i) => ({ id: 257 + i, content, special: true, normalized: false })),
      }),
    ],
    ["tokenizer_config.json", text({ eos_token: "<|im_end|>", bos_token: "<|im_start|>", chat_template: template })],
    ...generation === undefined ? [] : [["generation_config.json", text(generation)] as const],
  ]);
}

/** Writes a folder of Hugging Face. */
export async function writeTinyFolder(folder: string, options: TinyFolder = {}): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, bytes] of await tinyFiles(options)) await Deno.writeFile(`${folder}/${name}`, bytes);
}

// ## GGUF

const GGUF_NAMES: StateNames = {
  "token_embd": "embedding",
  "output_norm": "norm",
  ...Object.fromEntries(
    Object.entries({
      ...{ attn_norm: "attentionResidual.norm", attn_q: "attention.query", attn_k: "attention.key" },
      ...{ attn_v: "attention.value", attn_output: "attention.output", ffn_norm: "feedForwardResidual.norm" },
      ...{ ffn_gate: "feedForward.gate", ffn_up: "feedForward.up", ffn_down: "feedForward.down" },
    }).map(([theirs, ours]) => [`blk.*.${theirs}`, `layers.*.${ours}`]),
  ),
};

/** A GGUF file, version 3, of float32 tensors. */
export async function tinyGguf(
  { contextLength = 96, template = CHAT_ML }: TinyFolder = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = await exportState(tinyModel(contextLength, true), { names: GGUF_NAMES }), utf8 = new TextEncoder();
  const parts: Uint8Array[] = [];
  const long = (value: number): number => parts.push(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  const u32 = (value: number): number => parts.push(new Uint8Array(Uint32Array.of(value).buffer));
  const string = (value: string): void => {
    const bytes = utf8.encode(value);
    long(bytes.length);
    parts.push(bytes);
  };
  const facts: Record<string, string | number | readonly string[] | readonly number[]> = {
    "general.architecture": "llama",
    "llama.block_count": 1,
    "llama.context_length": contextLength,
    "llama.embedding_length": 16,
    "llama.feed_forward_length": 24,
    "llama.attention.head_count": 2,
    "llama.attention.head_count_kv": 1,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.token_type": TOKENS.map((_, id) => id < 257 ? 1 : 3),
    "tokenizer.ggml.merges": [MERGE.join(" ")],
    "tokenizer.ggml.eos_token_id": 259,
    "tokenizer.chat_template": template,
  };
  parts.push(utf8.encode("GGUF"));
  u32(3);
  long(tensors.size);
  long(Object.keys(facts).length);
  for (const [name, value] of Object.entries(facts)) {
    string(name);
    if (typeof value === "string") {
      u32(8);
      string(value);
    } else if (typeof value === "number") {
      u32(Number.isInteger(value) ? 4 : 6);
      if (Number.isInteger(value)) u32(value);
      else parts.push(new Uint8Array(Float32Array.of(value).buffer));
    } else {
      u32(9);
      u32(typeof value[0] === "string" ? 8 : 4);
      long(value.length);
      for (const one of value) typeof one === "string" ? string(one) : u32(one);
    }
  }
  let offset = 0;
  for (const [name, { shape, bytes }] of tensors) {
    string(name);
    u32(shape.length);
    for (const extent of [...shape].reverse()) long(extent);
    u32(0);
    long(offset);
    offset += Math.ceil(bytes.length / 32) * 32;
  }
  const pad = (): void => {
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    parts.push(new Uint8Array(Math.ceil(size / 32) * 32 - size));
  };
  for (const { bytes } of tensors.values()) {
    pad();
    parts.push(bytes);
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}
