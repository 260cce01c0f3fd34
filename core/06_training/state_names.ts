/**
 * # State names of other libraries
 *
 * **Question.** A file of weights from PyTorch holds the numbers that a model here needs, under other names and partly in
 * another order. Who translates?
 *
 * **Idea.** A table of names, and nothing else. Each part of a model says what PyTorch calls its tensors; what a program
 * calls its own parts otherwise is a row of two paths, theirs and ours. From the rows follows for every tensor of the file
 * which of ours it holds. Three things happen on the way: nothing, a transposition, or several of ours lie in one tensor.
 *
 * **Formula.** PyTorch keeps the matrix of a linear layer as outputs by inputs, and the three projections of an attention
 * in one:
 *
 * $$W^{\text{theirs}} = W^\top, \qquad W^{\text{theirs}}_{\text{in}} = [\,W_Q \; W_K \; W_V\,]^\top, \qquad b^{\text{theirs}}_{\text{in}} = [\,b_Q \; b_K \; b_V\,]$$
 *
 * | PyTorch                                      | here                                  | its tensors                                              |
 * | -------------------------------------------- | ------------------------------------- | -------------------------------------------------------- |
 * | `nn.Linear`                                  | `Linear`                              | `weight` is transposed, `bias`                           |
 * | `nn.Embedding`, `nn.Conv1d`, `nn.Conv2d`     | `Embedding`, `Conv1d`, `Conv2d`       | as they are                                              |
 * | `nn.LayerNorm`, `nn.RMSNorm`                 | `LayerNorm`, `RMSNorm`                | `weight` is `gain`, `bias`                               |
 * | `nn.BatchNorm1d`                             | `BatchNorm`                           | the same, `running_mean`, `running_var`                  |
 * | `nn.MultiheadAttention`                      | `MultiHeadAttention`                  | `in_proj_weight` is `query`, `key`, `value`; `in_proj_bias`; `out_proj` is `output` |
 * | the same with `kdim`, `vdim`                 | `contextSize`, `valueContextSize`     | `q_proj_weight`, `k_proj_weight`, `v_proj_weight` instead |
 * | `nn.TransformerEncoderLayer`, `…DecoderLayer` | `EncoderLayer`, `DecoderLayer`        | `self_attn`, `multihead_attn`, `linear1`, `linear2`, `norm1`, `norm2`, `norm3` |
 * | `nn.TransformerEncoder`, `nn.TransformerDecoder` | `Encoder`, `DecoderStack`         | `layers.0`…, `norm` if there is a `closingNorm`          |
 * | `nn.RNN`, `nn.LSTM`, `nn.GRU`                | `RNN`, `LSTM`, `GRU`                  | `weight_ih_l0` is `layers.0.forwards.input.weight`, transposed; `_hh_`, `bias_`, `_reverse` |
 * | `nn.Sequential`                              | `Sequential`                          | `0`, `1`, …                                              |
 *
 * A field that is in no row of the table has the same name on both sides. `nn.Transformer` has an `encoder` and a `decoder`, both
 * with a closing norm: a module with two such fields has its names.
 *
 * **Why all problems at once.** A model of a hundred tensors with one wrong prefix has a hundred missing and a hundred
 * unexpected ones. An error that names the first is corrected a hundred times; one that shows some of each kind shows the
 * prefix.
 *
 * ## From PyTorch and back
 *
 * In Python, `save_file(model.state_dict(), "model.safetensors")` of the package safetensors writes the file, and
 * `model.load_state_dict(load_file("model.safetensors"))` reads one. Here:
 *
 * ```ts
 * import { decodeSafetensors, encodeSafetensors, Encoder, exportState, importState, Random } from "@heed/heed";
 *
 * // nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, norm_first=True), 2)
 * const layout = { hiddenSize: 8, numHeads: 2, feedForwardSize: 16, numLayers: 2, placement: "pre", closingNorm: false } as const;
 * const trained = new Encoder(layout, new Random(1));
 * const file = encodeSafetensors({ tensors: await exportState(trained) });
 *
 * const model = new Encoder(layout, Random.none);
 * importState(model, decodeSafetensors(file).tensors);
 * ```
 *
 * Where the fields have other names, `names` says so, theirs first. A row names a tensor, or a part with all that is in it;
 * `*` stands for an index. `null` is said of what is left alone. A row with `paths` says by itself what becomes of a tensor, as
 * for GPT-2, whose file has matrices the way round that they have here:
 *
 * ```ts
 * import type { StateNames } from "@heed/heed/training";
 *
 * const gpt2: StateNames = {
 *   "wte": "embedding",
 *   "lm_head": "embedding",
 *   "wpe": "positions",
 *   "h.*.ln_1": "layers.*.attentionResidual.norm",
 *   "h.*.attn.bias": null,
 *   "h.*.attn.c_attn.weight": {
 *     paths: ["query", "key", "value"].map((part) => `layers.*.attention.${part}.weight`),
 *   },
 *   "h.*.attn.c_attn.bias": { paths: ["query", "key", "value"].map((part) => `layers.*.attention.${part}.bias`) },
 *   "h.*.attn.c_proj.weight": { paths: ["layers.*.attention.output.weight"] },
 *   "h.*.attn.c_proj.bias": "layers.*.attention.output.bias",
 * };
 * ```
 *
 * The rest of a model that is fine-tuned stays as it is with `strict: false`, and what was left is returned.
 *
 * @module
 */

import { checkInstance } from "../engine/arguments.ts";
import type { Numbers } from "../engine/backend.ts";
import { noGrad } from "../engine/autograd.ts";
import { tensor } from "../engine/create.ts";
import { withBackend } from "../engine/device.ts";
import { concat } from "../engine/joining.ts";
import { quote } from "../engine/json.ts";
import { Linear } from "../engine/linear.ts";
import { Module, type StateEntry } from "../engine/module.ts";
import {
  type Check,
  checkOptions,
  type Checks,
  checkValue,
  flag,
  isPlain,
  mapByName,
  object,
} from "../engine/options.ts";
import { type LevelSource, packLevels } from "../engine/levels.ts";
import { scope } from "../engine/scope.ts";
import { format, sameShape } from "../engine/shape.ts";
import { Tensor } from "../engine/tensor.ts";
import type { Weight } from "../engine/weight.ts";
import { GRU } from "../03_language_models/lstm/gru.ts";
import { LSTM } from "../03_language_models/lstm/mod.ts";
import { RNN } from "../03_language_models/rnn.ts";
import { MultiHeadAttention } from "../04_attention/multi_head.ts";
import { DecoderLayer } from "../05_transformer/decoder.ts";
import { EncoderLayer } from "../05_transformer/encoder.ts";
import { BatchNorm, LayerNorm, RMSNorm } from "../05_transformer/normalization.ts";
import { checkStored, storedNumbers, type StoredTensor, storeTensors } from "./safetensors.ts";

/** What one tensor of another library holds, where no rule says it. */
export interface NamedTensors {
  /** Paths of ours; several lie beside each other along the last axis. */
  readonly paths: readonly string[];
  /** Whether the two axes of theirs are exchanged, as in `nn.Linear`; false by default. */
  readonly transposed?: boolean | undefined;
}

/**
 * What another library calls the parts of a model, theirs first.
 *
 * A row leads from a path of theirs to one of ours, each of a tensor or of a part, with `*` for an index; `""` is the whole. With
 * `null` a part of theirs is left alone. Where several rows fit, the longest path of ours counts; rows of one path are names
 * of a tensor that is there twice.
 */
export type StateNames = Readonly<Record<string, string | NamedTensors | null>>;

/** How {@linkcode exportState} names tensors. */
export interface ExportOptions {
  /** What is not called as PyTorch calls it; nothing by default. */
  readonly names?: StateNames | undefined;
}

/** How {@linkcode importState} names tensors, and what may be left out. */
export interface ImportOptions extends ExportOptions {
  /** Whether every tensor of the model must be there, and no other; true by default. */
  readonly strict?: boolean | undefined;
}

/** What {@linkcode importState} left as it was. */
export interface ImportReport {
  /** Tensors of the model that the file does not hold, by our path. */
  readonly missing: readonly string[];
  /** Tensors of the file that the model does not have, by their name. */
  readonly unexpected: readonly string[];
}

const namesCheck: Check<StateNames> = object(
  "an object of paths",
  (rows) =>
    isPlain(rows) && Object.values(rows).every((row) => typeof row === "string" || row === null || isNamedTensors(row)),
);

function isNamedTensors(row: unknown): boolean {
  const { paths, transposed = false, ...rest } = (row ?? {}) as Partial<NamedTensors>;
  return Array.isArray(paths) && paths.length > 0 && paths.every((path) => typeof path === "string") &&
    typeof transposed === "boolean" && Object.keys(rest).length === 0;
}

const EXPORT: Checks<ExportOptions> = { names: namesCheck };
const IMPORT: Checks<ImportOptions> = { ...EXPORT, strict: flag };

// ## What PyTorch calls the parts
//
// Paths within a part of a kind, ours first. What is not in the table keeps its name.

const ENCODER_LAYER = {
  "attention": "self_attn",
  "attentionResidual.norm": "norm1",
  "feedForward.up": "linear1",
  "feedForward.down": "linear2",
  "feedForwardResidual.norm": "norm2",
};

const DECODER_LAYER = {
  "selfAttention": "self_attn",
  "selfAttentionResidual.norm": "norm1",
  "crossAttention": "multihead_attn",
  "crossAttentionResidual.norm": "norm2",
  "feedForward.up": "linear1",
  "feedForward.down": "linear2",
  "feedForwardResidual.norm": "norm3",
};

/** The names within a part, by the paths that we have for them. */
function namesWithin(part: unknown): Readonly<Record<string, string>> {
  if (part instanceof MultiHeadAttention) return attentionNames(part);
  if (part instanceof EncoderLayer) return ENCODER_LAYER;
  if (part instanceof DecoderLayer) return DECODER_LAYER;
  if (part instanceof LayerNorm || part instanceof RMSNorm) return { gain: "weight" };
  if (part instanceof RNN || part instanceof LSTM || part instanceof GRU) return recurrentNames(part);
  if (part instanceof BatchNorm) {
    return { gain: "weight", runningMean: "running_mean", runningVariance: "running_var" };
  }
  return {};
}

/** All weights of a recurrent network stand in one row, with layer and direction in their names. */
function recurrentNames({ layers }: RNN | LSTM | GRU): Readonly<Record<string, string>> {
  const names: Record<string, string> = {};
  for (const layer of layers.keys()) {
    for (const [direction, suffix] of [["forwards", ""], ["backwards", "_reverse"]]) {
      for (const [map, letters] of [["input", "ih"], ["hidden", "hh"]]) {
        for (const part of ["weight", "bias"]) {
          names[`layers.${layer}.${direction}.${map}.${part}`] = `${part}_${letters}_l${layer}${suffix}`;
        }
      }
    }
  }
  return names;
}

function attentionNames({ query, key, value }: MultiHeadAttention): Readonly<Record<string, string>> {
  const isOne = [key, value].every(({ weight }) => weight.shape[0] === query.weight.shape[0]);
  const weight = (letter: string): string => isOne ? "in_proj_weight" : `${letter}_proj_weight`;
  return {
    ...{ "query.weight": weight("q"), "key.weight": weight("k"), "value.weight": weight("v") },
    ...{ "query.bias": "in_proj_bias", "key.bias": "in_proj_bias", "value.bias": "in_proj_bias" },
    output: "out_proj",
  };
}

// ## From paths to names

/** One tensor of theirs and what it holds of ours. */
interface Row {
  readonly name: string;
  readonly transposed: boolean;
  /** In the order in which they lie beside each other. */
  readonly parts: (readonly [path: string, entry: StateEntry])[];
}

/** A row of the caller's, with the path of ours that it is about. */
interface Rule {
  readonly theirs: string;
  readonly ours: readonly string[];
  /** Which of `paths` it is, and the whole row; undefined where the kinds of parts decide. */
  readonly among?: { readonly index: number; readonly row: NamedTensors };
}

const splitPath = (path: string): string[] => path === "" ? [] : path.split(".");

function rulesOf(names: StateNames): Rule[] {
  return Object.entries(names).flatMap(([theirs, row]): Rule[] => {
    if (row === null) return [];
    const paths = typeof row === "string" ? [row] : row.paths, stars = starsIn(theirs);
    const wrong = paths.find((path) => starsIn(path) !== stars);
    if (wrong !== undefined) {
      throw new TypeError(
        `Cannot name ${quote(wrong)} as ${quote(theirs)}: both must have the same number of indices *`,
      );
    }
    return paths.map((path, index) => ({
      theirs,
      ours: splitPath(path),
      ...(typeof row !== "string" && { among: { index, row } }),
    }));
  });
}

const starsIn = (path: string): number => splitPath(path).filter((segment) => segment === "*").length;

/** The indices for which a pattern stands, if a path begins with it. */
function match(pattern: readonly string[], path: readonly string[]): string[] | undefined {
  const indices: string[] = [];
  for (const [at, segment] of pattern.entries()) {
    const found = path[at];
    if (segment !== "*" && segment !== found) return undefined;
    if (segment !== "*") continue;
    // A key of a Map may be a star as well, and is no index.
    if (found === undefined || !/^\d+$/.test(found)) return undefined;
    indices.push(found);
  }
  return indices;
}

/** What a holder of parts has under a segment of a path. */
function partAt(holder: unknown, segment: string): unknown {
  if (holder instanceof Map) return [...holder].find(([key]) => String(key) === segment)?.[1];
  if (holder instanceof Set) return [...holder][Number(segment)];
  return (holder as Readonly<Record<string, unknown>> | undefined)?.[segment];
}

/** The name of what a path leads to from a part, by the kinds of the parts on the way. */
function nameWithin(part: unknown, path: readonly string[]): string[] {
  if (path.length === 0) return [];
  const names = namesWithin(part);
  for (let length = path.length; length > 0; length--) {
    const within = path.slice(0, length), key = within.join(".");
    const known = Object.hasOwn(names, key) ? names[key] : undefined;
    if (known === undefined && length > 1) continue;
    return [known ?? path[0]!, ...nameWithin(within.reduce(partAt, part), path.slice(length))];
  }
  return [];
}

/** What one tensor of ours is called: the whole of a tensor of theirs, or a part of it. */
interface Named {
  readonly name: string;
  readonly transposed: boolean;
  /** Which part it is, where the caller's row says so. */
  readonly index?: number;
}

/** What a tensor of ours is called; more than one name if it is there more than once. */
function namesOf(model: Module, path: readonly string[], rules: readonly Rule[], used: Set<Rule>): Named[] {
  const fitting = rules.filter(({ ours, among }) =>
    (!among || ours.length === path.length) && match(ours, path) !== undefined
  );
  const length = Math.max(0, ...fitting.map(({ ours }) => ours.length));
  const chosen = fitting.filter(({ ours }) => ours.length === length);
  const at = (end: number): unknown => path.slice(0, end).reduce<unknown>(partAt, model);
  if (at(path.length) === undefined) {
    throw new TypeError(`Cannot name ${quote(path.join("."))}: a key with a dot in it must be renamed`);
  }
  const transposed = at(path.length - 1) instanceof Linear && path[path.length - 1] === "weight";
  const rest = nameWithin(at(length), path.slice(length));
  if (chosen.length === 0) return [{ name: rest.join("."), transposed }];
  return chosen.map((rule) => {
    used.add(rule);
    const indices = match(rule.ours, path)!;
    const start = splitPath(rule.theirs).map((segment) => segment === "*" ? indices.shift()! : segment);
    const name = [...start, ...rest].join("."), { among } = rule;
    return among ? { name, transposed: among.row.transposed ?? false, index: among.index } : { name, transposed };
  });
}

/** Every tensor of theirs that a model is made of, by name, but what is left alone. */
function rowsOf(model: Module, names: StateNames): Map<string, Row> {
  const rules = rulesOf(names), used = new Set<Rule>(), rows = new Map<string, Row>();
  for (const [path, entry] of model.stateDict()) {
    const segments = splitPath(path);
    for (const { name, transposed, index } of namesOf(model, segments, rules, used)) {
      if (isLeftAlone(names, name)) continue;
      const row = rows.get(name) ?? { name, transposed, parts: [] };
      rows.set(name, row);
      const beside = row.parts[0]?.[0], place = index ?? row.parts.length;
      // Only the projections of one attention lie beside each other without being told to.
      if (beside !== undefined && (row.parts[place] || (index === undefined && !areOne(model, beside, path)))) {
        throw new TypeError(`Cannot name both ${quote(beside)} and ${quote(path)} as ${quote(name)}`);
      }
      row.parts[place] = [path, entry];
    }
  }
  const idle = rules.find((rule) => !used.has(rule));
  if (idle) {
    const ours = quote(idle.ours.join("."));
    throw new TypeError(`Cannot name ${ours} as ${quote(idle.theirs)}: the model has no such tensor or part`);
  }
  for (const row of rows.values()) shapeOf(row);
  return rows;
}

/** Whether two paths lead to projections of one attention. */
function areOne(model: Module, a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => splitPath(path).slice(0, -2).reduce<unknown>(partAt, model));
  return one === other && one instanceof MultiHeadAttention;
}

function isLeftAlone(names: StateNames, name: string): boolean {
  const path = splitPath(name);
  return Object.entries(names).some(([theirs, row]) => row === null && match(splitPath(theirs), path) !== undefined);
}

/** The shape that a tensor of theirs must have. */
function shapeOf({ name, transposed, parts }: Row): readonly number[] {
  const [first, ...others] = parts.map(([, entry]) => entry.shape), last = first!.length - 1;
  const isBeside = others.every((shape) => shape.every((extent, axis) => axis === last || extent === first![axis]));
  if (!isBeside || (others.length > 0 && last < 0) || (transposed && last !== 1)) {
    const shapes = parts.map(([path, { shape }]) => `${quote(path)} ${format(shape)}`).join(", ");
    throw new TypeError(
      `Cannot name ${shapes} as ${quote(name)}: they must lie beside each other, and two axes be exchanged`,
    );
  }
  const shape = others.length === 0 ? [...first!] : [
    ...first!.slice(0, -1),
    parts.reduce((sum, [, entry]) => sum + entry.shape[last]!, 0),
  ];
  return transposed ? shape.reverse() : shape;
}

// ## In

/**
 * Overwrites the state of a model by that of another library, in place.
 *
 * Nothing is changed unless everything fits. Numbers of other precision are converted, one tensor after the other, and a
 * model made with `Random.none` has values from then on.
 *
 * @param model whose tensors are overwritten
 * @param tensors of a file, by the names of the other library, as `decodeSafetensors` returns them
 * @param options what is not called as PyTorch calls it; whether all must be there
 * @returns what was left as it was: nothing, unless `strict` is false or a name is left alone
 * @throws {TypeError} if a tensor is missing, unexpected, of another shape or kind, or a name leads nowhere; all of them are named
 */
export function importState(
  model: Module,
  tensors: ReadonlyMap<string, StoredTensor>,
  options: ImportOptions = {},
): ImportReport {
  const { present, report } = compare(model, tensors, options, (present) => [
    ["unfit", present.flatMap((row) => misfit(row, tensors.get(row.name)!))],
    ["there twice and unlike", twins(present, tensors)],
  ]);
  for (const row of present) overwrite(row, tensors.get(row.name)!);
  return report;
}

/** What is wrong with tensors, by what it is. */
type Problems = readonly (readonly [what: string, found: readonly string[]])[];

/** Compares what a file has with what a model needs, and refuses it with all that is wrong. */
function compare(
  model: Module,
  tensors: ReadonlyMap<string, unknown>,
  options: ImportOptions,
  others: (present: readonly Row[]) => Problems,
): { readonly present: readonly Row[]; readonly report: ImportReport } {
  checkInstance("import a state", "model", model, Module);
  checkValue("import a state", "tensors", tensors, mapByName());
  checkOptions("import a state", options, IMPORT);
  const { names = {}, strict = true } = options, rows = rowsOf(model, names);
  const present = [...rows.values()].filter(({ name }) => tensors.has(name));
  const covered = new Set(present.flatMap(({ parts }) => parts.map(([path]) => path)));
  const lacking = [...rows.values()].filter(({ parts }) => parts.some(([path]) => !covered.has(path)));
  const unexpected = [...tensors.keys()].filter((name) => !rows.has(name) && !isNeedless(name, names, rows));
  // Where nothing fits, what is missing and what is there instead shows why.
  const isStrict = strict || present.length === 0;
  refuse([
    ["missing", isStrict ? lacking.map(({ name }) => quote(name)) : []],
    ["unexpected", isStrict ? unexpected.map((name) => quote(name)) : []],
    ...others(present),
  ], remedy(lacking.map(({ name }) => name), unexpected));
  return {
    present,
    report: { missing: [...model.stateDict().keys()].filter((path) => !covered.has(path)), unexpected },
  };
}

/** What the header of a file says of a tensor. */
export interface AnnouncedTensor {
  /** Its kind of element, `F32` or a block of quantised weights. */
  readonly kind: string;
  /** Extent of each axis. */
  readonly shape: readonly number[];
}

/** An import of which nothing has been read. */
export interface ImportPlan extends ImportReport {
  /** Names of the tensors that are needed, in the order of the file. */
  readonly names: readonly string[];
  /**
   * Overwrites what one tensor holds.
   *
   * @param name one of {@linkcode names}
   * @param stored its elements
   * @throws {TypeError} if it is not what the header said
   */
  write(name: string, stored: StoredTensor): void;
  /**
   * Keeps a tensor in levels, as the file has it.
   *
   * It has to be a matrix that the model multiplies by or looks rows up in, on a device that has a layout for levels.
   *
   * @param name one of {@linkcode names}
   * @param source its levels
   * @returns whether it is kept; if not, its numbers have to be written
   */
  keep(name: string, source: LevelSource): boolean;
}

/**
 * Compares the header of a file with a model, before a tensor is read.
 *
 * With it a model is filled tensor by tensor: nothing is read if not everything fits, and no more than one is held.
 *
 * @param model whose tensors will be overwritten
 * @param announced what the header says of each tensor
 * @param options what is not called as PyTorch calls it; whether all must be there
 * @returns which tensors are needed, and what takes them
 * @throws {TypeError} if a tensor is missing, unexpected, of another shape or kind, or a name leads nowhere; all of them are named
 */
export function planImport(
  model: Module,
  announced: ReadonlyMap<string, AnnouncedTensor>,
  options: ImportOptions = {},
): ImportPlan {
  const { present, report } = compare(model, announced, options, (present) => [
    ["unfit", present.flatMap((row) => unfit(row, announced.get(row.name)!))],
  ]);
  const rows = new Map(present.map((row) => [row.name, row])), weights = model.packable();
  return {
    ...report,
    names: [...announced.keys()].filter((name) => rows.has(name)),
    write(name, stored) {
      const row = rows.get(name);
      if (!row) throw new TypeError(`Cannot import ${quote(String(name))}: it is not a tensor of the plan`);
      const [problem] = misfit(row, stored);
      if (problem !== undefined) throw new TypeError(`Cannot import a tensor: ${problem}`);
      overwrite(row, stored);
    },
    keep: (name, source) => rows.has(name) && keepLevels(weights, rows.get(name)!, source),
  };
}

/** Keeps levels where a device has a layout for them: rows of the file are columns of matrices, or rows of a table. */
function keepLevels(weights: ReadonlyMap<string, Weight>, { transposed, parts }: Row, source: LevelSource): boolean {
  const kept = parts.map(([path, entry]) => {
    const weight = weights.get(path);
    const isFit = weight?.form === entry && weight.isTable !== transposed && weight.storage.device.levels;
    return isFit ? weight : undefined;
  });
  if (!kept.every((weight) => weight !== undefined) || (!transposed && kept.length > 1)) return false;
  let from = 0;
  for (const weight of kept) {
    const [K, N] = weight.isTable ? [weight.shape[1]!, weight.shape[0]!] : [weight.shape[0]!, weight.shape[1]!];
    const start = from, rows = { ...source, shape: [N, K] as const };
    const part = { ...rows, rows: (row: number, count: number) => source.rows(start + row, count) };
    const { storage } = weight, packed = packLevels(part, weight.isTable, storage.device);
    weight.replace(packed);
    storage.release();
    from += N;
  }
  return true;
}

/** Whether a name needs no tensor of ours: it is left alone, or counts what `BatchNorm` does not. */
function isNeedless(name: string, names: StateNames, rows: ReadonlyMap<string, Row>): boolean {
  const counted = name.replace(/num_batches_tracked$/, "running_mean");
  return isLeftAlone(names, name) || (counted !== name && rows.has(counted));
}

/** How a tensor of theirs differs from what is needed. */
function misfit(row: Row, stored: StoredTensor): string[] {
  checkStored("import", row.name, stored);
  const wrong = unfit(row, stored);
  // Numbers that may be out of range are looked at before anything is overwritten.
  if (wrong.length === 0 && row.parts[0]![1].dtype !== "float32") storedNumbers(stored, row.name);
  return wrong;
}

/** The same, of what a header says. */
function unfit(row: Row, { kind, shape }: AnnouncedTensor): string[] {
  const { dtype } = row.parts[0]![1], needed = shapeOf(row);
  const found = kind === "BOOL" ? "bool" : /^[IU]\d+$/.test(kind) ? "int32" : "float32";
  if (found === dtype && sameShape(shape, needed)) return [];
  return [`${quote(row.name)} is ${kind} ${format(shape)} instead of ${dtype} ${format(needed)}`];
}

/** Second names of tensors, whose numbers are others. */
function twins(present: readonly Row[], tensors: ReadonlyMap<string, StoredTensor>): string[] {
  const first = new Map<string, Row>();
  return present.flatMap((row) => {
    const path = row.parts.map(([path]) => path).join(), before = first.get(path);
    first.set(path, before ?? row);
    if (!before || before.transposed !== row.transposed) return [];
    const [a, b] = [before, row].map(({ name }) => storedNumbers(tensors.get(name)!, name)) as [Numbers, Numbers];
    const isLike = a.length === b.length && a.every((number, i) => Object.is(number, b[i]));
    return isLike ? [] : [`${quote(before.name)} and ${quote(row.name)}`];
  });
}

/** Most problems of a kind that are shown. */
const SHOWN = 4;

/** What to do where all that is missing is there under a prefix, such as that of a wrapper. */
function remedy(missing: readonly string[], unexpected: readonly string[]): string {
  const there = new Set(unexpected), [first] = missing;
  const found = unexpected.find((name) => first !== undefined && name.endsWith(`.${first}`));
  const prefix = found?.slice(0, -first!.length - 1);
  if (prefix === undefined || !missing.every((name) => there.has(`${prefix}.${name}`))) return "";
  return `; with names = { ${quote(prefix)}: "" } all are found`;
}

/** Refuses a state with all that is wrong with it. */
function refuse(problems: Problems, remedy: string): void {
  const parts = problems.filter(([, found]) => found.length > 0).map(([what, found]) => {
    const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : "";
    return `${found.length} ${found.length === 1 ? "is" : "are"} ${what} (${found.slice(0, SHOWN).join(", ")}${more})`;
  });
  if (parts.length > 0) throw new TypeError(`Cannot import a state: of its tensors ${parts.join(", ")}${remedy}`);
}

function overwrite({ name, transposed, parts }: Row, stored: StoredTensor): void {
  withBackend(parts[0]![1].storage.device, () =>
    scope(() => {
      const dtype = stored.kind === "BOOL" ? "bool" : undefined;
      const theirs = tensor(storedNumbers(stored, name), stored.shape, dtype);
      const whole = transposed ? theirs.transpose() : theirs;
      let from = 0;
      for (const [, entry] of parts) {
        const to = from + (entry.shape[entry.shape.length - 1] ?? 0);
        entry.assign(parts.length === 1 ? whole : whole.slice(-1, from, to));
        from = to;
      }
    }));
}

// ## Out

/**
 * The state of a model as another library names and keeps it.
 *
 * Read before anything else happens to the model: training may go on while it arrives. What a device holds beside the model
 * is one tensor.
 *
 * @param model whose tensors are read
 * @param options what is not called as PyTorch calls it
 * @returns tensors by the names of the other library, for `encodeSafetensors`
 * @throws {TypeError} if a name leads nowhere
 */
export async function exportState(model: Module, options: ExportOptions = {}): Promise<Map<string, StoredTensor>> {
  checkInstance("export a state", "model", model, Module);
  checkOptions("export a state", options, EXPORT);
  const reading = [...rowsOf(model, options.names ?? {}).values()].map((row) => {
    let stored: Promise<Map<string, StoredTensor>> | undefined;
    scope(() =>
      noGrad(() => {
        const ours = row.parts.map(([, entry]) => entry instanceof Tensor ? entry : entry.unpack());
        const whole = ours.length === 1 ? ours[0]! : concat(ours, -1);
        stored = storeTensors(new Map([[row.name, row.transposed ? whole.transpose() : whole]]));
      })
    );
    return stored!;
  });
  return new Map((await Promise.all(reading)).flatMap((stored) => [...stored]));
}

// ## Pitfall: a square matrix
//
// A matrix of as many inputs as outputs has the same shape either way round, and loads without an error where it should have
// been transposed: the model answers, and answers nonsense. The test "importState() computes what PyTorch computes, and
// exportState() gives its bytes back" has projections of four by four.

// ## Exercise
//
// Llama's files have `model.layers.*.self_attn.q_proj.weight`, `mlp.gate_proj`, `mlp.up_proj`, `mlp.down_proj`,
// `input_layernorm` and `post_attention_layernorm`. Which rows make a `DecoderOnly` with `norm: rmsNormalization()`,
// `activation: swiGlu`, `bias: false` and `tieHead: false` read them?
