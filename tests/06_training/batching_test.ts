import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Batches,
  type BatchPosition,
  paddedShare,
  padSequences,
  SequenceWindows,
} from "../../core/06_training/batching.ts";
import { Random } from "../../core/engine/random.ts";
import { onEveryBackend, onReference } from "../support.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

onEveryBackend("padSequences() fills the right or the left side and masks it", async () => {
  const right = padSequences([[5, 6, 7], [8], []], { padToken: 9 });
  assertEquals(right.tokens.shape, [3, 3]);
  assertEquals([...await right.tokens.read()], [5, 6, 7, 8, 9, 9, 9, 9, 9]);
  assertEquals([...await right.mask.read()], [1, 1, 1, 1, 0, 0, 0, 0, 0]);
  const left = padSequences([[5, 6], [8]], { padToken: 0, side: "left", length: 3 });
  assertEquals([...await left.tokens.read()], [0, 5, 6, 0, 0, 8]);
  assertEquals([...await left.mask.read()], [0, 1, 1, 0, 0, 1]);
  assertEquals(left.mask.dtype, "bool");
  assertEquals(left.tokens.dtype, "int32");
});

onReference("padSequences() refuses a length that is too small", () => {
  assertThrows(
    () => padSequences([[1, 2, 3]], { padToken: 0, length: 2 }),
    RangeError,
    "Cannot pad a sentence of 3 tokens to 2",
  );
});

const WINDOWS = { contextLength: 8, random: new Random(3) };

Deno.test("paddedShare() is what the formula says", () => {
  assertEquals(paddedShare([[3, 1], [2]]), 1 - 6 / 8);
  assertEquals(paddedShare([[4, 4]]), 0);
  assertEquals(paddedShare([]), 0);
  assertEquals(paddedShare([[0, 0]]), 0);
});

Deno.test("Batches hand out every example once per pass", () => {
  for (const length of [undefined, (example: number) => example % 13]) {
    const batches = new Batches(numbers(103), {
      batchSize: 10,
      random: new Random(1),
      ...(length && { length, pool: 3 }),
    });
    const seen = [];
    for (let pass = 0; pass < 3; pass++) {
      const members = [];
      for (let i = 0; i < batches.batchesPerEpoch; i++) members.push(...batches.next());
      assertEquals([...members].sort((a, b) => a - b), numbers(103));
      seen.push(members.join());
    }
    assertEquals(new Set(seen).size, 3, "passes differ in order");
    assertEquals(batches.position().epoch, 2);
  }
});

Deno.test("Batches of the same seed are the same", () => {
  const run = (): number[][] => {
    const batches = new Batches(numbers(50), { batchSize: 7, random: new Random(5) });
    return numbers(20).map(() => [...batches.next()]);
  };
  assertEquals(run(), run());
});

Deno.test("Batches with maxTokens never exceed it, filling included", () => {
  const random = new Random(2);
  const examples = numbers(500).map(() => 1 + random.integer(30));
  const batches = new Batches(examples, { maxTokens: 64, length: (n) => n, random: new Random(3) });
  for (let i = 0; i < batches.batchesPerEpoch; i++) {
    const batch = batches.next();
    assert(batch.length * Math.max(...batch) <= 64);
  }
  const tooLong = new Batches([100], { maxTokens: 64, length: (n) => n, random: new Random(3) });
  assertEquals(tooLong.next(), [100], "an example that does not fit goes alone");
});

Deno.test("Batches sorted in pools waste less than shuffled ones", () => {
  const random = new Random(2);
  const examples = numbers(2000).map(() => 1 + random.integer(40));
  const waste = (options: { pool?: number; length?: (n: number) => number }): number => {
    const batches = new Batches(examples, { batchSize: 20, random: new Random(3), ...options });
    return paddedShare(numbers(batches.batchesPerEpoch).map(() => batches.next()));
  };
  const [shuffled, pooled] = [waste({}), waste({ length: (n) => n, pool: 16 })];
  assert(shuffled > 0.4 && pooled < 0.1, `shuffled ${shuffled}, pooled ${pooled}`);
});

Deno.test("Batches hand out short and long examples in every part of a pass", () => {
  const batches = new Batches(numbers(6400), { batchSize: 16, length: (n) => n, pool: 8, random: new Random(4) });
  for (let tenth = 0; tenth < 10; tenth++) {
    const longest = numbers(40).map(() => Math.max(...batches.next()));
    assert(Math.min(...longest) < 2500 && Math.max(...longest) > 3900, `part ${tenth}: ${longest}`);
  }
});

Deno.test("Batches continue in the middle of a pass with the batch that would have come next", () => {
  for (const start of [0, 3, 10, 11, 25]) {
    const make = (seed: number): Batches<number> =>
      new Batches(numbers(100), { batchSize: 10, length: (n) => n % 7, pool: 2, random: new Random(seed) });
    const one = make(1);
    for (let i = 0; i < start; i++) one.next();
    const position = JSON.parse(JSON.stringify(one.position())) as BatchPosition;
    const other = make(2);
    other.next();
    other.seek(position);
    for (let i = 0; i < 30; i++) assertEquals(other.next(), one.next(), `start ${start}, batch ${i}`);
    assertEquals(other.position(), one.position());
  }
});

Deno.test("Batches refuse a position that is not in their data", () => {
  const batches = new Batches(numbers(10), { batchSize: 5, random: new Random(1) });
  const before = batches.position();
  assertThrows(
    () => batches.seek({ ...before, batch: 3 }),
    RangeError,
    "Cannot continue at batch 3 of pass 0: a pass over this data has 2 batches",
  );
  assertEquals(batches.position(), before);
});

Deno.test("Batches refuse a position in other data, or in batches of another size", () => {
  const make = (count: number, batchSize: number): Batches<number> =>
    new Batches(numbers(count), { batchSize, random: new Random(1) });
  const saved = make(10, 2), windows = new SequenceWindows(numbers(100), { ...WINDOWS, batchSize: 2 });
  saved.next();
  const position = saved.position();
  for (const other of [make(10, 5), make(12, 2)]) {
    const before = other.position();
    assertThrows(() => other.seek(position), TypeError, "that pass has 5 batches and one here has ");
    assertEquals(other.position(), before);
  }
  assertThrows(
    () => new SequenceWindows(numbers(100), { ...WINDOWS, batchSize: 3 }).seek(windows.position()),
    TypeError,
    "the size of a batch is another",
  );
  // Older files do not say how many there are.
  const { batches: _, ...older } = position;
  make(10, 5).seek(older);
});

Deno.test("a loop over Batches or SequenceWindows is one pass, or what is left of it", () => {
  const batches = new Batches(numbers(10), { batchSize: 4, random: new Random(1) });
  const pass = (): number[] => [...batches].flat();
  for (let epoch = 0; epoch < 3; epoch++) {
    assertEquals(pass().sort((a, b) => a - b), numbers(10));
    assertEquals(batches.position().epoch, epoch);
  }
  const first = batches.next();
  assertEquals([...first, ...pass()].sort((a, b) => a - b), numbers(10));
  for (const batch of batches) if (batch.length > 0) break;
  assertEquals([...batches].length, 2, "a loop that was left hands out the rest");
  const windows = new SequenceWindows(numbers(100), { ...WINDOWS, batchSize: 2 });
  const count = windows.position().batches!;
  assertEquals([[...windows].length, windows.position().epoch], [count, 0]);
  assert([...windows].length > 0 && windows.position().epoch === 1);
});

Deno.test("Batches refuse options that are out of range or have no effect", () => {
  const random = new Random(1);
  assertThrows(() => new Batches([], { batchSize: 1, random }), RangeError, "Cannot make batches of no examples");
  assertThrows(
    () => new Batches([1], { random }),
    TypeError,
    "Cannot make batches: exactly one of batchSize and maxTokens must be given",
  );
  assertThrows(
    () => new Batches([1], { batchSize: 1, maxTokens: 2, length: Number, random }),
    TypeError,
    "exactly one",
  );
  for (const options of [{ batchSize: 1, pool: 2, random }, { maxTokens: 9, random }]) {
    assertThrows(() => new Batches([1], options), TypeError, "it has no effect without length");
  }
  assertThrows(() => new Batches([1], { batchSize: 1, shuffle: true, random } as never), TypeError, '"shuffle"');
  assertThrows(() => new Batches([1], { batchSize: 1 } as never), TypeError, "random must be a Random");
  assertThrows(
    () => new Batches([1], { batchSize: 1.5, random }),
    RangeError,
    "Cannot make batches with batchSize = 1.5: batchSize must be an integer of at least 1",
  );
});

Deno.test("SequenceWindows cover the text once per pass, at another offset each time", () => {
  const text = Int32Array.from(numbers(1000));
  const windows = new SequenceWindows(text, { contextLength: 16, batchSize: 4, random: new Random(1) });
  const offsets = new Set<number>();
  for (let pass = 0; pass < 5; pass++) {
    const targets: number[] = [];
    let first: number | undefined;
    while (windows.position().epoch === pass || first === undefined) {
      const batch = windows.next();
      if (windows.position().epoch !== pass) break;
      for (const window of batch) {
        assertEquals(window.length, 17);
        first = window[0]! % 16;
        offsets.add(first);
        targets.push(...window.subarray(1));
      }
    }
    assertEquals(new Set(targets).size, targets.length, "no token is predicted twice in a pass");
    if (pass === 0) assert(targets.length > 1000 - 16 * 6);
  }
  assert(offsets.size > 1);
});

Deno.test("SequenceWindows takes any list of ids, and refuses what is no id", () => {
  const options = () => ({ contextLength: 8, batchSize: 4, random: new Random(1) });
  const expected = new SequenceWindows(Int32Array.from(numbers(60)), options()).next();
  for (const list of [numbers(60), Uint16Array.from(numbers(60)), Float32Array.from(numbers(60))]) {
    assertEquals(new SequenceWindows(list, options()).next(), expected);
  }
  for (const wrong of [0.5, NaN, 2 ** 31]) {
    const text = [...numbers(20), wrong];
    assertThrows(
      () => new SequenceWindows(text, options()),
      TypeError,
      `Cannot make batches with token ${wrong} at 20`,
    );
  }
});

Deno.test("SequenceWindows continue where they stopped and repeat a text shorter than a batch", () => {
  const make = (seed: number): SequenceWindows =>
    new SequenceWindows(Int32Array.from(numbers(50)), { contextLength: 8, batchSize: 16, random: new Random(seed) });
  const one = make(1), other = make(2);
  for (let i = 0; i < 7; i++) assertEquals(one.next().length, 16);
  other.seek(one.position());
  for (let i = 0; i < 9; i++) assertEquals(other.next(), one.next());
  const exact = new SequenceWindows(Int32Array.from(numbers(9)), {
    contextLength: 8,
    batchSize: 1,
    random: new Random(1),
  });
  assertEquals([...exact.next()[0]!], numbers(9));
  assertThrows(
    () => new SequenceWindows(new Int32Array(8), { contextLength: 8, batchSize: 1, random: new Random(1) }),
    RangeError,
    "Cannot cut windows of 8 + 1 tokens from a text of 8",
  );
});
