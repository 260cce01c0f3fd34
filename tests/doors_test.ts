/** Whatever is handed to a public function, an error speaks of heed and not of the engine that runs it. */

import { assertEquals } from "@std/assert";
import { DeviceUnavailable } from "../core/engine/device.ts";
import { withoutFusion } from "../core/engine/fusable.ts";
import { isPlain, shown } from "../core/engine/options.ts";
import { scope } from "../core/engine/scope.ts";
import { full, ones } from "../core/engine/create.ts";
import { Tensor } from "../core/engine/tensor.ts";
import { withBackend } from "../core/engine/device.ts";
import { FileError } from "../core/host/reasons.ts";
import { type Call, doors, enter, entryPoints } from "./doors.ts";
import { devices } from "./support.ts";

// ## Which doors there are

/** Made by the engine alone, whatever their types say: constructors that are private, abstract, or of errors. */
const INSIDE = [
  ...[
    "Tensor",
    "Storage",
    "PackedMatrix",
    "Weight",
    "Module",
    "LayerStack",
    "ConvolutionLayer",
    "Pool",
    "DeviceUnavailable",
    "DeviceLost",
    "FileError",
  ]
    .map((name) => `new ${name}`),
  "LayerStack.pass",
];

/** The names of the parameters of a function, as its text has them. */
function parametersOf(code: unknown): string[] {
  const text = String(code), start = text.indexOf("(") + 1;
  let depth = 0, from = start;
  const found: string[] = [];
  for (let i = start; i < text.length; i++) {
    const end = depth === 0 && (text[i] === ")" || text[i] === ",");
    if (end && text.slice(from, i).trim() !== "") found.push(text.slice(from, i).trim());
    if (end) from = i + 1;
    if (depth === 0 && text[i] === ")") return found;
    if ("([{".includes(text[i]!)) depth++;
    if (")]}".includes(text[i]!)) depth--;
  }
  return found;
}

const isClass = (value: unknown): value is { prototype: object } =>
  typeof value === "function" && /^class\b/.test(String(value));

function constructorOf(type: object): string {
  const body = String(type), at = body.search(/\bconstructor\s*\(/);
  return at < 0 ? "()" : body.slice(at);
}

/** Every function, constructor and method with parameters, by name. */
function* exported(): Generator<[name: string, parameters: string[]]> {
  for (const exports of Object.values(entryPoints)) {
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value !== "function") continue;
      if (!isClass(value)) {
        yield [name, parametersOf("word" in value ? "(x)" : value)];
        continue;
      }
      yield [`new ${name}`, parametersOf(constructorOf(value))];
      for (const holder of [value, value.prototype]) {
        for (const [method, { value: code }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
          if (typeof code === "function" && method !== "constructor") yield [`${name}.${method}`, parametersOf(code)];
        }
      }
    }
  }
}

Deno.test("every exported function, constructor and method has a door here, with all of its arguments", async () => {
  const wrong = new Set<string>(), known = new Set<string>();
  for (const [name, parameters] of exported()) {
    known.add(name);
    if (parameters.length === 0 || INSIDE.includes(name)) continue;
    const door = doors[name];
    if (!door) wrong.add(`${name} has none`);
    else {
      const { given } = await door();
      const rest = parameters.at(-1)!.startsWith("...");
      if (given.length < parameters.length || (!rest && given.length > parameters.length)) {
        wrong.add(`${name}: ${given.length} arguments for (${parameters.join(", ")})`);
      }
    }
  }
  for (const name of Object.keys(doors)) if (!known.has(name)) wrong.add(`${name} is not exported`);
  assertEquals([...wrong], []);
});

// ## What is said

const ENGINE = new RegExp([
  "Cannot (read propert|destructure|convert|mix|access|set propert|assign to|create propert|perform|redefine|use 'in')",
  "is not (a function|iterable|a constructor|defined|extensible)",
  "(Invalid|invalid) (array|typed array|count|string)",
  "undefined \\(reading|Maximum call stack|Right-hand side|instanceof|allocation failed|out of bounds|object null",
].join("|"));

/** What a call says when it fails, or `undefined`. */
async function complaint(name: string, call: Call, given: readonly unknown[]): Promise<unknown> {
  try {
    const result = enter(name, call, given);
    if (result instanceof Promise) await result;
    const many = result as AsyncIterable<unknown> | undefined;
    // A generator looks at its arguments when it is asked for something.
    if (many && typeof many === "object" && Symbol.asyncIterator in many) { for await (const _ of many) break; }
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether an error says that there is no such device here. */
function isAbsent(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Cannot use webgpu: ");
}

/** Whether an error is one sentence of heed's. */
function isOurs(error: unknown): boolean {
  if (error instanceof DeviceUnavailable || isAbsent(error)) return true;
  const kind = error instanceof FileError || error instanceof TypeError || error instanceof RangeError ||
    error instanceof SyntaxError;
  return kind && error.message.startsWith("Cannot ") && !ENGINE.test(error.message);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);
}

Deno.test("every door opens to the call that stands for it", async () => {
  const wrong: string[] = [];
  for (const [name, door] of Object.entries(doors)) {
    const call = await door(), error = await complaint(name, call, call.given);
    if (error !== undefined && !isAbsent(error)) wrong.push(`${name}: ${describe(error)}`);
  }
  assertEquals(wrong, []);
});

// ## Options

/** Objects without a class that are no options: data, or values with members of their own. */
const DATA: Readonly<Record<string, readonly number[]>> = {
  dims: [2],
  "BagOfWords.update": [2],
  scoreLabels: [0],
  continuationScorer: [0],
  readPart: [2],
  writePart: [0],
  checkOptions: [1, 2],
  fusable: [2],
  fusableUpdate: [3],
  "Random.from": [0],
  "Random.restore": [0],
  "new BytePairEncoding": [0],
  "BytePairEncoding.fromJSON": [0],
  "new Unigram": [0],
  "Unigram.fromJSON": [0],
  readTokenizer: [0],
  byPattern: [0],
  gated: [1],
  "EarlyStopping.watch": [1],
  complete: [0, 1],
  layerOptionsOf: [0],
  "Batches.seek": [0],
  "SequenceWindows.seek": [0],
  "new Optimizer": [1],
  "Optimizer.restore": [0],
  "Optimizer.compare": [0],
  storedNumbers: [0],
  readText: [0],
  fromPretrained: [0],
  encoderFromPretrained: [0],
  openSentenceModel: [0],
  sentenceVectors: [0],
  readTokenizerJson: [0],
  openTokenizer: [0],
  readJson: [0],
  openWeights: [0],
  weightNumbers: [0],
  readGguf: [0],
  saveCheckpoint: [0],
  loadCheckpoint: [0],
  memorySummary: [0],
  intensityOf: [0],
  leastTime: [1],
  applyRules: [2],
  checkTask: [1],
  logitBiasRule: [0],
  jsonSchema: [0],
  judge: [1],
  minimumBayesRisk: [1],
  "new SeveralSequences": [0, 3],
  "new SingleSequence": [0],
};

Deno.test("an option that does not exist is refused by name at every door that takes options", async () => {
  const wrong: string[] = [];
  let tried = 0;
  for (const [name, door] of Object.entries(doors)) {
    const { given } = await door();
    for (let i = 0; i < given.length; i++) {
      const options = given[i];
      if (typeof options !== "object" || options === null || !isPlain(options) || DATA[name]?.includes(i)) continue;
      tried++;
      const call = await door(), spoilt = [...call.given];
      spoilt[i] = { ...call.given[i] as object, isCausall: true };
      const error = await complaint(name, call, spoilt);
      const told = error instanceof TypeError && error.message.includes('"isCausall"');
      if (!told) wrong.push(`${name}: ${describe(error)}`);
    }
  }
  assertEquals(wrong, []);
  assertEquals(tried > 90, true, `only ${tried} doors take options`);
});

/** The options that a door knows, as its own refusal lists them. */
async function optionsOf(name: string, door: () => Call | Promise<Call>, i: number): Promise<string[]> {
  const call = await door(), given = [...call.given];
  given[i] = { ...given[i] as object, isCausall: true };
  const message = String(await complaint(name, call, given));
  return (/options are ([^;]*)/.exec(message)?.[1] ?? "").split(", ").filter((option) => /^\w+$/.test(option));
}

Deno.test("an option of another kind is refused by name, whichever it is", async () => {
  const never: readonly unknown[] = [null, Symbol("s"), new Date(0), 10n];
  const odd: readonly unknown[] = [...never, {}, [], "three", NaN, -1, 0.5, true, () => 1, [null], { three: 3 }];
  const wrong: string[] = [];
  let tried = 0;
  for (const [name, door] of Object.entries(doors)) {
    const { given } = await door();
    for (let i = 0; i < given.length; i++) {
      const options = given[i];
      if (typeof options !== "object" || options === null || !isPlain(options) || DATA[name]?.includes(i)) continue;
      for (const option of await optionsOf(name, door, i)) {
        tried++;
        for (const value of odd) {
          const call = await door(), spoilt = [...call.given];
          spoilt[i] = { ...call.given[i] as object, [option]: value };
          const error = await complaint(name, call, spoilt);
          const found = `${name}({ ${option}: ${shown(value)} }): ${describe(error)}`;
          if (error !== undefined && !isOurs(error)) wrong.push(found);
          // Notes are any JSON, and of a file that is read nobody looks at them.
          if (option === "notes") continue;
          if (never.includes(value) && !(error instanceof Error && error.message.includes(option))) wrong.push(found);
        }
      }
    }
  }
  assertEquals(wrong, []);
  assertEquals(tried > 300, true, `only ${tried} options`);
});

// ## Arguments

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return "list";
  if (typeof value !== "object") return typeof value;
  return isPlain(value) ? "object" : value.constructor.name;
}

const LEFT_OUT = ["createWasmDevice", "createWebgpuDevice", "checkRandom"];

/** What a door takes beside values of the kind in its call. */
const ALSO: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  "new Sequential": { 0: ["function"], 1: ["Linear"] },
  "Tensor.assign": { 0: ["Tensor", "list"] },
  ...{ "new Conv2d": { 2: ["number"] }, "new MaxPool2d": { 0: ["number"] } },
  "Tensor.variance": { 0: ["list"] },
  sentenceBleu: { 1: ["string"] },
  jsonSchema: { 0: ["boolean"] },
};

/** The tensors of a call for which numbers may be written down, by the places of the arguments. */
const LITERAL: Readonly<Record<string, readonly number[]>> = {
  ...Object.fromEntries(
    [
      ...["add", "sub", "mul", "div", "pow", "mod", "maximum", "minimum", "equal", "notEqual"],
      ...["less", "lessEqual", "greater", "greaterEqual", "and", "or", "matmul"],
    ].map((name) => [`Tensor.${name}`, [0]]),
  ),
  "Tensor.where": [0, 1],
  ...{ parameter: [0], take: [1], gather: [2], scatter: [2, 3], oneHot: [0], linear: [0, 1, 2] },
  ...{ "Weight.multiply": [0], "Weight.rows": [0], "Linear.forward": [0], "Sequential.forward": [0] },
  ...{ "Embedding.forward": [0], "BagOfWordsClassifier.forward": [0], "DeepBagOfWordsClassifier.forward": [0] },
  ...{ paddingMask: [0], overKeys: [0], combineMasks: [0, 1], overPairs: [0], additiveMask: [0] },
  ...{ "BatchNorm.forward": [1], shiftRight: [0], "DecoderOnly.forward": [0] },
  ...{ "EncoderOnly.encode": [0], "EncoderOnly.forward": [0] },
  ...{ "EncoderDecoder.encode": [0], "EncoderDecoder.decode": [0], "EncoderDecoder.forward": [0, 1] },
  ...{ "EncoderDecoder.given": [1], crossEntropy: [1], binaryCrossEntropy: [1], meanSquaredError: [1] },
  ...{ klDivergence: [1], policyGradientLoss: [1, 2] },
};

/** Whether a door may take a value of another kind. */
function mayTake(name: string, i: number, value: unknown, good: unknown): boolean {
  // Options may have a class of their own; what counts is what they say.
  const isBag = kindOf(good) === "object" && kindOf(value) === "Date";
  const isLiteral = LITERAL[name]?.includes(i) && ["number", "boolean", "list"].includes(kindOf(value));
  return isBag || isLiteral || value === undefined || LEFT_OUT.includes(name) ||
    (ALSO[name]?.[i]?.includes(kindOf(value)) ?? false);
}

const kinds: readonly unknown[] = [undefined, null, 3, "three", true, [], {}, () => 1, new Date(0), Symbol("s"), 10n];

/** Lists that stand for no tensor, or for none of the right kind. */
function literals(): unknown[] {
  const itself: unknown[] = [];
  itself.push(itself);
  const wrong = [[null], ["a"], [{}], [10n], [1, true], [[1], [2, 3]], [1, [2]], [[1], 2], new Array(2), itself];
  return [
    ...wrong,
    [NaN],
    [0.5],
    [2 ** 31],
    [-1],
    [true],
    new Uint8Array(2),
    new BigInt64Array(2),
    new Float32Array(3),
  ];
}

/** Values of the right kind that are wrong for most doors. */
function strange(value: unknown): unknown[] {
  if (typeof value === "number") return [NaN, -1, 0.5, 2 ** 60, Infinity, -Infinity, 1e300, 2 ** 31];
  if (typeof value === "string") return ["", "no such word", "\u0000", "x".repeat(1000)];
  if (Array.isArray(value)) {
    return [[null], [undefined], ["a"], [NaN], [-1], [0.5], [2 ** 60], [[]], [{}], new Array(2), [10n], [[[1]]]];
  }
  if (value instanceof Map) return [new Map(), new Map([["a", 3]]), new Map([[3, null]])];
  if (value instanceof Tensor) {
    const elsewhere = withBackend(devices[0]!.backend!, () => ones(value.shape));
    let freed: Tensor | undefined;
    scope(() => void (freed = ones(value.shape)));
    const others = ([[], [0], [3], [2, 4], [1, 1, 1, 1, 1]] as number[][]).map((shape) => ones(shape));
    return [freed, elsewhere, full(value.shape, 1, "int32"), full(value.shape, 1, "bool"), ...others, ...literals()];
  }
  if (typeof value === "object" && value !== null && isPlain(value)) {
    const members = Object.keys(value);
    const odd: readonly unknown[] = [undefined, null, "three", 3, NaN, [], {}, -1, 2 ** 60];
    return members.flatMap((name) => odd.map((member) => ({ ...value, [name]: member })));
  }
  return [];
}

Deno.test("whatever stands for an argument, what is said is a sentence of heed's", async () => {
  const wrong = new Map<string, string>();
  for (const [name, door] of Object.entries(doors)) {
    const { given } = await door();
    for (let i = 0; i < given.length; i++) {
      for (const value of [...kinds, ...strange(given[i])]) {
        const call = await door(), spoilt = [...call.given];
        spoilt[i] = value;
        const error = await complaint(name, call, spoilt);
        if (error !== undefined && !isOurs(error)) {
          wrong.set(`${name}(${"·, ".repeat(i)}${shown(value)}): ${describe(error)}`, "");
        }
        const other = kindOf(value) !== kindOf(given[i]) && !mayTake(name, i, value, given[i]);
        if (error === undefined && other) {
          wrong.set(`${name}(${"·, ".repeat(i)}${shown(value)}) is taken for ${kindOf(given[i])}`, "");
        }
      }
    }
    const call = await door(), error = await complaint(name, call, []);
    if (error !== undefined && !isOurs(error)) wrong.set(`${name}(): ${describe(error)}`, "");
  }
  assertEquals([...wrong.keys()], []);
});

/** Where tensors stand among the arguments of a call: in a place, or in a member of the options there. */
function* tensorsIn(given: readonly unknown[]): Generator<{ i: number; member: string | undefined; found: Tensor }> {
  for (const [i, value] of given.entries()) {
    if (value instanceof Tensor) yield { i, member: undefined, found: value };
    if (typeof value !== "object" || value === null || !isPlain(value)) continue;
    for (const [member, found] of Object.entries(value)) if (found instanceof Tensor) yield { i, member, found };
  }
}

/** What a call returns, as text, or that it is refused; with definitions as far as it goes before its first wait. */
async function outcome(enterDoor: () => unknown, isDefined: boolean): Promise<string> {
  try {
    let result: unknown;
    const work = (): void => void (result = enterDoor());
    if (isDefined) withoutFusion(work);
    else work();
    if (result instanceof Promise) result = await result;
    return result instanceof Tensor ? String(await result.detach().read()) : "done";
  } catch {
    return "refused";
  }
}

function isAlike(fast: string, defined: string): boolean {
  const [a, b] = [fast, defined].map((text) => text.split(",").map(Number));
  return fast === defined || a!.every((x, i) => Math.abs(x - b![i]!) <= 1e-5 * Math.max(1, Math.abs(x)));
}

Deno.test("a tensor of another dtype is refused, or computed by kernels as by definitions", async () => {
  const wrong: string[] = [];
  for (const [name, door] of Object.entries(doors)) {
    for (const { i, member, found } of tensorsIn((await door()).given)) {
      for (const dtype of ["float32", "int32", "bool"] as const) {
        const spoil = async (): Promise<() => unknown> => {
          const call = await door(), spoilt = [...call.given], other = full(found.shape, 1, dtype);
          spoilt[i] = member === undefined ? other : { ...spoilt[i] as object, [member]: other };
          return () => enter(name, call, spoilt);
        };
        const [first, second] = [await spoil(), await spoil()];
        const fast = await outcome(first, false), defined = await outcome(second, true);
        if (isAlike(fast, defined)) continue;
        wrong.push(`${name}, ${member ?? `argument ${i}`} as ${dtype}: ${fast} by kernels, ${defined} by definitions`);
      }
    }
  }
  assertEquals(wrong, []);
});
