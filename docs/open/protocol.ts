/**
 * What the page "Open a model" and its worker say to each other.
 *
 * @module
 */

/** What kinds of models there are: one continues a text, the other makes vectors of texts. */
export type ModelKind = "decoder" | "encoder";

/** A file, and its place in the folder that was dropped. */
export interface PlacedFile {
  /** Such as `config.json`. */
  readonly path: string;
  /** Its bytes, not yet read. */
  readonly file: Blob;
}

/** What computes, and how weights are kept: as the files have them, or otherwise. */
export interface Means {
  readonly device: "wasm" | "webgpu";
  /** Threads of the CPU. */
  readonly threads: number;
  readonly weights: "stored" | "float32" | "float16" | "int8" | "int4";
}

/** A turn of a conversation. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** How a text is written. */
export interface Writing {
  /** Places of the sliders, by the options that they set. */
  readonly places: Readonly<Record<string, number>>;
  /** Where chance starts. */
  readonly seed: number;
  /** Most tokens. */
  readonly maxNewTokens: number;
}

/** What a text follows: a text, or a conversation. */
export type Start = { readonly prompt: string } | { readonly turns: readonly Turn[] };

/** What the page asks for. */
export type Ask =
  | { readonly kind: "open"; readonly name: string; readonly files: readonly PlacedFile[]; readonly means: Means }
  | { readonly kind: "keep"; readonly name: string; readonly files: readonly PlacedFile[] }
  | { readonly kind: "tokens"; readonly text: string }
  | { readonly kind: "write"; readonly start: Start; readonly writing: Writing }
  | { readonly kind: "attention"; readonly ids: readonly number[] }
  | { readonly kind: "compare"; readonly texts: readonly string[] };

/** What can be asked of a model that is open. */
export type ModelAsk = Exclude<Ask, { readonly kind: "open" | "keep" }>;

/** From the page. */
export type Message = (Ask & { readonly run: number }) | {
  /** The run to stop. */
  readonly cancel: number;
};

/** What is known of a model. */
export interface Facts {
  readonly kind: ModelKind;
  readonly name: string;
  /** The word for its architecture. */
  readonly architecture: string;
  readonly weights: number;
  /** Kinds of elements in its files, most weights first. */
  readonly stored: readonly string[];
  readonly numLayers: number;
  readonly numHeads: number;
  readonly contextLength: number;
  readonly vocabSize: number;
  /** Whether it knows the form of a conversation. */
  readonly chats: boolean;
  /** One sentence about what computes. */
  readonly device: string;
  /** Bytes that its tensors take. */
  readonly memory: number;
  /** How long it took to open. */
  readonly seconds: number;
}

/** A token as it is shown. */
export interface ShownToken {
  readonly id: number;
  readonly text: string;
}

/** A token that could have stood in the place of another. */
export interface Alternative extends ShownToken {
  /** The probability that the model gives it. */
  readonly model: number;
  /** What the rules make of that. */
  readonly shaped: number;
}

/** A token that was written. */
export interface WrittenToken extends Alternative {
  /** What it adds to the text; nothing where a character is not yet whole. */
  readonly piece: string;
  /** The most probable tokens of its place. */
  readonly alternatives: readonly Alternative[];
}

/** How fast a text was written. */
export interface Pace {
  /** Tokens that came before, and how many of them the cache held. */
  readonly prompt: number;
  readonly cached: number;
  /** Seconds until the first token was there. */
  readonly first: number;
  /** Tokens that were written. */
  readonly tokens: number;
  /** Tokens per second from the first on; absent for fewer than two. */
  readonly rate?: number;
  /** Bytes of all tensors, and of the caches among them. */
  readonly memory: number;
  readonly caches: number;
}

/** Where a position looked, in all layers and heads. */
export interface Attention {
  /** The tokens that it could look at; the last is the position itself. */
  readonly tokens: readonly ShownToken[];
  /** By layer and head, the weight of each token. */
  readonly rows: readonly (readonly Float32Array[])[];
  /** The same for the last positions, each of which looks at the others: by layer and head, row after row. */
  readonly squares: readonly (readonly Float32Array[])[];
  /** How many positions these are. */
  readonly side: number;
}

/** What a model answers at the end. */
export type Result =
  | { readonly kind: "tokens"; readonly tokens: readonly ShownToken[] }
  /** Which token ended the text; absent where the length did. */
  | { readonly kind: "written"; readonly text: string; readonly end?: string; readonly pace: Pace }
  | { readonly kind: "attention"; readonly attention: Attention }
  | { readonly kind: "compared"; readonly matrix: readonly (readonly number[])[]; readonly seconds: number };

/** What a model says on the way. */
export type News =
  /** How much is done; nothing of the text where it is not there yet. */
  | { readonly kind: "progress"; readonly done: number }
  /** What the text follows, once it is cut. */
  | { readonly kind: "started"; readonly ids: readonly number[] }
  | { readonly kind: "token"; readonly token: WrittenToken };

/** Kinds of answers after which a run goes on. */
export const GOES_ON: readonly string[] = ["progress", "started", "token"] satisfies readonly News["kind"][];

/** From the worker. */
export type Answer =
  & { readonly run: number }
  & (News | Result | { readonly kind: "opened"; readonly facts: Facts } | {
    readonly kind: "kept";
  });
