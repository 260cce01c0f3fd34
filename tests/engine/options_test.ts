import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { MultiHeadAttention } from "../../core/04_attention/multi_head.ts";
import { DecoderLayer } from "../../core/05_transformer/decoder.ts";
import { EncoderDecoder } from "../../core/05_transformer/encoder_decoder.ts";
import { checkNumbers } from "../../core/engine/arguments.ts";
import { noGrad, ones, pack, parameter, Random, relu, scope } from "../../mod.ts";
import { broadcastShapes, withoutFusion, withRecording } from "../../core/engine/mod.ts";
import {
  abortSignal,
  callback,
  checkOptions,
  type Checks,
  closest,
  either,
  flag,
  group,
  instance,
  integer,
  isWithin,
  list,
  needing,
  numeric,
  object,
  oneOf,
  required,
  string,
} from "../../core/engine/options.ts";

interface Options {
  readonly steps: number;
  readonly rate?: number;
  readonly norm?: "pre" | "post";
  readonly penalty?: number | ((length: number) => number);
  readonly shuffle?: boolean;
  readonly rules?: readonly string[];
  readonly signal?: AbortSignal;
}

const CHECKS: Checks<Options> = {
  steps: required(integer({ min: 1, max: Infinity })),
  rate: numeric({ above: 0, max: 1 }),
  norm: oneOf(["pre", "post"]),
  penalty: either(numeric(), callback<(length: number) => number>()),
  shuffle: flag,
  rules: list<string>(),
  signal: abortSignal,
};

const check = (options: Record<string, unknown>): void => checkOptions("train", options as unknown as Options, CHECKS);

Deno.test("checkOptions() takes what its table allows, and undefined as not given", () => {
  check({ steps: 1 });
  check({ steps: Infinity, rate: 1, norm: "post", penalty: 2, shuffle: false, rules: [], signal: undefined });
  check({ steps: 3, penalty: (n: number) => n, signal: new AbortController().signal });
});

Deno.test("checkOptions() says what was found and what is needed", () => {
  const cases: [Record<string, unknown>, typeof TypeError | typeof RangeError, string][] = [
    [{ steps: 1, rat: 1 }, TypeError, 'Cannot train with option "rat": options are steps, rate, norm, penalty'],
    [{}, TypeError, "Cannot train with steps = undefined: steps must be an integer of at least 1"],
    [{ steps: 1.5 }, RangeError, "Cannot train with steps = 1.5: steps must be an integer of at least 1"],
    [{ steps: NaN }, RangeError, "steps = NaN"],
    [{ steps: "3" }, TypeError, 'steps = "3"'],
    [{ steps: 1, rate: 0 }, RangeError, "rate = 0: rate must be a number greater than 0 and at most 1"],
    [{ steps: 1, rate: Infinity }, RangeError, "rate = Infinity"],
    [{ steps: 1, norm: "both" }, TypeError, 'norm = "both": norm must be one of pre, post'],
    [{ steps: 1, norm: null }, TypeError, "norm = null"],
    [{ steps: 1, penalty: "long" }, TypeError, "penalty must be a number or a function"],
    [{ steps: 1, penalty: NaN }, RangeError, "penalty = NaN"],
    [{ steps: 1, shuffle: 1 }, TypeError, "shuffle must be true or false"],
    [{ steps: 1, rules: "a" }, TypeError, "rules must be a list"],
    [{ steps: 1, signal: {} }, TypeError, "signal = an object: signal must be an AbortSignal"],
    [{ steps: 1, toString: 1 }, TypeError, '"toString"'],
  ];
  for (const [options, type, message] of cases) assertThrows(() => check(options), type, message);
});

interface Range {
  readonly low: number;
  readonly high?: number;
}

interface Nested {
  readonly range?: Range;
  readonly every?: number;
  readonly evaluate?: () => number;
  readonly days?: readonly string[];
  readonly place?: object;
  readonly when?: Date;
}

const NESTED: Checks<Nested> = {
  range: group<Range>({ low: required(numeric()), high: needing("low", numeric({ min: 0 })) }),
  every: needing("evaluate", integer()),
  evaluate: callback(),
  days: list<string>("a list of days", (day) => day.endsWith("day")),
  place: object("a place", (value) => "name" in value),
  when: instance(Date),
};

Deno.test("checkOptions() looks into options that hold options, and names them by their path", () => {
  const check = (range: unknown): void => checkOptions("measure", { range } as Nested, NESTED);
  check({ low: 1 });
  check({ low: 1, high: undefined });
  check(undefined);
  assertThrows(() => check({ low: 1, hihg: 2 }), TypeError, 'option "range.hihg": options are range.low, range.high');
  assertThrows(() => check({ low: 1, high: -1 }), RangeError, "range.high = -1: range.high must be a number of at");
  assertThrows(() => check({}), TypeError, "range.low = undefined");
  assertThrows(() => check(3), TypeError, "range = 3: range must be an object with low, high");
});

Deno.test("checkOptions() refuses an option that has no effect without another", () => {
  checkOptions("train", { every: 2, evaluate: () => 0 }, NESTED);
  checkOptions("train", { every: undefined } as unknown as Nested, NESTED);
  assertThrows(
    () => checkOptions("train", { every: 2 }, NESTED),
    TypeError,
    "Cannot train with every: it has no effect without evaluate",
  );
  // @ts-expect-error there is no option of that name
  const misspelt: Checks<Nested> = { ...NESTED, every: needing("evaluates", integer()) };
  // @ts-expect-error an option has an effect of its own or none
  const itself: Checks<Nested> = { ...NESTED, every: needing("every", integer()) };
  assertEquals([misspelt, itself].length, 2);

  interface Smoothing {
    readonly kind?: "none" | "floor";
    readonly value?: number;
  }
  const checks: Checks<Smoothing> = {
    kind: oneOf(["none", "floor"]),
    value: needing("kind", numeric({ above: 0 }), ["floor"]),
  };
  checkOptions("smooth", { kind: "floor", value: 1 }, checks);
  for (const options of [{ value: 1 }, { kind: "none", value: 1 }] as const) {
    assertThrows(
      () => checkOptions("smooth", options, checks),
      TypeError,
      "Cannot smooth with value: it has no effect without kind = floor",
    );
  }
});

Deno.test("checkOptions() looks at the elements of a list and the kind of an object", () => {
  checkOptions("meet", { days: ["Monday"], place: { name: "here" } }, NESTED);
  assertThrows(() => checkOptions("meet", { days: ["Monday", "May"] }, NESTED), TypeError, "must be a list of days");
  checkOptions("meet", { when: new Date(0) }, NESTED);
  assertThrows(() => checkOptions("meet", { when: 0 } as never, NESTED), TypeError, "when = 0: when must be a Date");
  assertThrows(() => checkOptions("meet", { place: {} }, NESTED), TypeError, "place must be a place");
  assertThrows(() => checkOptions("meet", { place: null } as never, NESTED), TypeError, "place = null");
  assertThrows(
    () => checkOptions<object>("name", { name: 3 }, { name: string } as Checks<object>),
    TypeError,
    "must be a string",
  );
  assertThrows(() => checkOptions("meet", null as never, NESTED), TypeError, "Cannot meet with null for options");
});

Deno.test("a table of checks has a check for every member and none beside", () => {
  interface Two {
    readonly a?: number;
    readonly b: number;
  }
  // @ts-expect-error b is missing
  const missing: Checks<Two> = { a: numeric() };
  // @ts-expect-error b has to be given
  const optional: Checks<Two> = { a: numeric(), b: numeric() };
  // @ts-expect-error c is no option
  const more: Checks<Two> = { a: numeric(), b: required(numeric()), c: numeric() };
  // @ts-expect-error a is a number
  const other: Checks<Two> = { a: flag, b: required(numeric()) };
  assertEquals([missing, optional, more, other].length, 4);
});

Deno.test("isWithin() has infinity only where the limits name it", () => {
  assertEquals([0, 1, 1.5, Infinity, NaN].map((x) => isWithin(x, { min: 1, whole: true })), [
    false,
    true,
    false,
    false,
    false,
  ]);
  assertEquals(isWithin(Infinity, { min: 1, max: Infinity, whole: true }), true);
  assertEquals([0, 1].map((x) => isWithin(x, { above: 0, below: 1 })), [false, false]);
});

Deno.test("checkOptions() guesses which option was meant", () => {
  const names = ["learningRate", "beta1", "epsilon", "weightDecay", "causal", "keepDims", "maxNewTokens"];
  const cases: [string, string | undefined][] = [
    ["isCausal", "causal"],
    ["lr", "learningRate"],
    ["learning_rate", "learningRate"],
    ["eps", "epsilon"],
    ["weight_decay", "weightDecay"],
    ["keepdim", "keepDims"],
    ["maxTokens", "maxNewTokens"],
    ["beta", "beta1"],
    ["zebra", undefined],
    ["", undefined],
    ["x".repeat(100_000), undefined],
  ];
  for (const [written, meant] of cases) assertEquals(closest(written, names), meant, written.slice(0, 20));
  assertThrows(() => check({ steps: 1, stepp: 2 }), TypeError, '"stepp": options are steps');
  assertThrows(() => check({ steps: 1, Norm: 2 }), TypeError, 'did you mean "norm"?');
});

Deno.test("checkOptions() looks at what an object inherits, and refuses what is no object of options", () => {
  check(Object.create({ steps: 1 }));
  assertThrows(() => check(Object.create({ steps: 1, rat: 1 })), TypeError, "for options: they must be an object");
  assertThrows(() => check(Object.assign(Object.create(null), { rat: 1 })), TypeError, 'with option "rat"');
  const others: [unknown, string][] = [
    [[], "a list|\\[\\]"],
    [3, "3"],
    ["steps", '"steps"'],
    [null, "null"],
    [undefined, "undefined"],
    [() => 1, "a function"],
    [new Float32Array(1), "a Float32Array"],
  ];
  for (const [options, found] of others) {
    const error = assertThrows(() => check(options as Record<string, unknown>), TypeError);
    const names = "steps, rate, norm, penalty, shuffle, rules or signal";
    assertMatch(
      error.message,
      new RegExp(`^Cannot train with (${found}) for options: they must be an object with ${names}`),
    );
  }
});

Deno.test("checkOptions() says which option a value in the place of the options fits", () => {
  const cases: [unknown, string][] = [
    [3, "; 3 may be meant as { steps } or { penalty }"],
    [0.5, "; 0.5 may be meant as { rate } or { penalty }"],
    [true, "; true may be meant as { shuffle }"],
    ["steps", "or signal"],
    [null, "or signal"],
  ];
  for (const [given, end] of cases) {
    const { message } = assertThrows(() => check(given as Record<string, unknown>), TypeError);
    assert(message.endsWith(end), message);
  }
  const attention = new MultiHeadAttention(8, 2, new Random(1)), x = new Random(2).normal([1, 3, 8]);
  assertThrows(
    () => attention.forward(x, x as never),
    TypeError,
    "a Tensor may be meant as { context }, { valueContext }, { mask } or { bias }",
  );
  const layer = new DecoderLayer({ hiddenSize: 8, numHeads: 2 }, new Random(1));
  assertThrows(() => layer.forward(x, undefined as never), TypeError, "Cannot pass a layer with memory = undefined");
  const model = new EncoderDecoder({ vocabSize: 9, hiddenSize: 8, numHeads: 2, numLayers: 1 }, new Random(1));
  assertThrows(() => model.forward([[1]], undefined as never), TypeError, "Cannot read with target = undefined");
});

Deno.test("checkOptions() refuses what seems to say nothing: a Map, a class that computes its members", () => {
  class Computing {
    get steps(): number {
      return 1;
    }
  }
  const others = {
    "a Map": new Map([["rate", 1]]),
    "a Set": new Set(),
    "a Date": new Date(0),
    "a Computing": new Computing(),
  };
  for (const [found, options] of Object.entries(others)) {
    assertThrows(() => check(options as never), TypeError, `Cannot train with ${found} for options`);
    assertThrows(() => relu(ones([1])).sum(0, options as never), TypeError, `${found} for options`);
  }
});

Deno.test("An object of the same class from elsewhere is told apart", () => {
  const Elsewhere = { Tensor: class Tensor {}, Linear: class Linear extends class Module {} {} };
  assertThrows(
    () => pack(new Elsewhere.Linear() as never, "float32"),
    TypeError,
    "with model = a Linear: model must be a Module, and this one is of another copy of heed",
  );
  assertThrows(
    () => relu(new Elsewhere.Tensor() as never),
    TypeError,
    "with x = a Tensor: x must be a Tensor, and this one is of another copy of heed",
  );
});

Deno.test("Asynchronous functions are refused wherever they would outlive what surrounds them", async () => {
  for (const run of [scope, noGrad, withoutFusion, <T>(f: () => T): T => withRecording(true, f)]) {
    const error = assertThrows(() => run(() => Promise.reject(new Error("unseen"))), TypeError);
    assertMatch(error.message, /^Cannot .* an asynchronous function: \w/);
    assertThrows(() => run(() => ({ then() {} })), TypeError, "asynchronous");
  }
  await Promise.resolve();
  const weight = parameter(ones([2]));
  assertEquals(weight.mul(2).requiresGrad, true);
});

Deno.test("A list of BigInts is no list of numbers, and a symbol no extent", () => {
  for (const list of [new BigInt64Array(2), new BigUint64Array(2), [1n], new DataView(new ArrayBuffer(2))]) {
    assertThrows(() => checkNumbers("average", "rewards", list), TypeError, "rewards must be a list of numbers");
  }
  checkNumbers("average", "rewards", new Uint8Array(2));
  assertThrows(() => broadcastShapes([2], [Symbol("x")] as never), TypeError, "Cannot broadcast [2] with [Symbol(x)]");
});

Deno.test("closest() knows a word that is abridged", () => {
  assertEquals(closest("srcMask", ["mask", "targetMask", "sourceMask"]), "sourceMask");
});
