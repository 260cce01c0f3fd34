/**
 * What is measured: one list, read by the JavaScript peers and by PyTorch.
 *
 * @module
 */

/** The layout of a GPT-2-like model: pre-norm, learned positions, tanh-GELU, biases. */
export interface ModelLayout {
  /** $L$ */
  readonly numLayers: number;
  /** $E$ */
  readonly hiddenSize: number;
  /** $H$ */
  readonly numHeads: number;
  /** $V$ */
  readonly vocabSize: number;
  /** Rows of the table of positions. */
  readonly contextLength: number;
  /** Whether the table of tokens also makes the logits. */
  readonly tieHead: boolean;
}

interface Entry {
  /** Kind and size, unique. */
  readonly id: string;
  /** What the figures count; more is better. */
  readonly unit: string;
  /** Least ratio to the best other JavaScript library, on one thread. */
  readonly goal?: number;
  /** Least figure of heed, on one thread, where no other library is compared. */
  readonly least?: number;
}

/** `[M, K] × [K, N]`; with `weights` the right side stays the same and may be prepared once. */
export interface MatmulWorkload extends Entry {
  readonly kind: "matmul";
  readonly M: number;
  readonly K: number;
  readonly N: number;
  readonly weights?: boolean;
}

/** Softmax of every row. */
export interface SoftmaxWorkload extends Entry {
  readonly kind: "softmax";
  readonly rows: number;
  readonly columns: number;
}

/** Layer norm of every row, with gain and bias. */
export interface LayerNormWorkload extends Entry {
  readonly kind: "layernorm";
  readonly rows: number;
  readonly columns: number;
  readonly epsilon: number;
}

/** Causal attention of one text, `[H, T, D]`. */
export interface AttentionWorkload extends Entry {
  readonly kind: "attention";
  readonly H: number;
  readonly T: number;
  readonly D: number;
}

/** Reading a prompt up to the logits after its last token. */
export interface PrefillWorkload extends Entry {
  readonly kind: "prefill";
  readonly model: ModelLayout;
  readonly prompt: number;
}

/** Continuing a prompt token by token with a cache. */
export interface DecodeWorkload extends Entry {
  readonly kind: "decode";
  readonly model: ModelLayout;
  /** To how many bits the weights are rounded; float32 unless given. */
  readonly format?: "int8" | "int4";
  readonly prompt: number;
  readonly steps: number;
}

interface Training extends Entry {
  readonly batch: number;
  readonly optimizer: {
    readonly learningRate: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
  };
  /** Losses of the first steps in float64, from `torch/peer.py --train-reference`. */
  readonly losses: readonly number[];
}

/** A step of training a GPT: forwards, backwards, AdamW. */
export interface TrainWorkload extends Training {
  readonly kind: "train";
  readonly model: ModelLayout;
}

/** The layout of a recurrent language model: a table of tokens, one layer, a matrix that makes the logits. */
export interface RecurrentLayout {
  readonly recurrence: "lstm" | "gru";
  /** $H$, also the width of a row of the table. */
  readonly hiddenSize: number;
  /** $V$ */
  readonly vocabSize: number;
  /** $T$: how far back a step of training goes. */
  readonly contextLength: number;
}

/** A step of training a recurrent language model. */
export interface RecurrentWorkload extends Training {
  readonly kind: "recurrent";
  readonly model: RecurrentLayout;
}

/** Any of them. */
export type Workload =
  | MatmulWorkload
  | SoftmaxWorkload
  | LayerNormWorkload
  | AttentionWorkload
  | PrefillWorkload
  | DecodeWorkload
  | TrainWorkload
  | RecurrentWorkload;

/** All of them, in the order of the tables. */
export const workloads: readonly Workload[] = JSON.parse(
  Deno.readTextFileSync(new URL("workloads.json", import.meta.url)),
);

/**
 * How much one call does, in the workload's unit times seconds.
 *
 * Matrix products count `2MNK`, causal attention `4D` for each of the `T(T + 1) / 2` pairs that are
 * allowed, a single row by a matrix the bytes of the matrix, row-wise functions one read and one write.
 *
 * @param work of the list
 */
export function amountOf(work: Workload): number {
  switch (work.kind) {
    case "matmul":
      return (work.unit === "GB/s" ? 4 * work.K * work.N : 2 * work.M * work.K * work.N) / 1e9;
    case "softmax":
    case "layernorm":
      return 8 * work.rows * work.columns / 1e9;
    case "attention":
      return 4 * work.D * work.H * work.T * (work.T + 1) / 2 / 1e9;
    case "prefill":
      return work.prompt;
    case "decode":
      return 1;
    case "train":
    case "recurrent":
      return work.batch * work.model.contextLength;
  }
}

/** The file of the cache that holds the logits of a model in float64. */
export function logitsFile(work: PrefillWorkload | DecodeWorkload): string {
  const format = work.kind === "decode" ? work.format : undefined;
  return `logits-${work.prompt}${format ? `-${format}` : ""}`;
}
