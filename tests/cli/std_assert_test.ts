import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
} from "@std/assert";

/** Pairs that are deeply equal. */
const equalPairs: [name: string, a: unknown, b: unknown][] = [
  ["numbers", 1, 1],
  ["NaN", NaN, NaN],
  ["signed zeros", 0, -0],
  ["strings", "我", "我"],
  ["nested arrays", [1, [2, { a: 3 }]], [1, [2, { a: 3 }]]],
  ["float arrays", new Float32Array([1, NaN, Infinity]), new Float32Array([1, NaN, Infinity])],
  ["integer arrays", new Int32Array([1, 2]), new Int32Array([1, 2])],
  ["64-bit arrays", new BigInt64Array([1n]), new BigInt64Array([1n])],
  ["buffers", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer],
  ["sets of objects", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  ["maps of arrays", new Map([["a", [1]], ["b", [2]]]), new Map([["b", [2]], ["a", [1]]])],
  ["maps keyed by objects", new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 1]])],
  ["dates", new Date(5), new Date(5)],
  ["patterns", /a+/g, /a+/g],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
];

/** Pairs that are not. */
const unequalPairs: [name: string, a: unknown, b: unknown][] = [
  ["numbers", 1, 2],
  ["a number and a string", 1, "1"],
  ["null and undefined", null, undefined],
  ["arrays of different length", [1, 2], [1, 2, 3]],
  ["float arrays", new Float32Array([1, 2]), new Float32Array([1, 3])],
  ["arrays of different kind", new Float32Array([1]), new Float64Array([1])],
  ["a list and a typed array", [1], new Float32Array([1])],
  ["sets", new Set([1, 2]), new Set([1, 3])],
  ["sets of repeated look-alikes", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ["maps", new Map([["a", 1]]), new Map([["a", 2]])],
  ["a missing key and an undefined one", { a: undefined }, {}],
  ["different undefined keys", { a: undefined }, { b: undefined }],
  ["dates", new Date(5), new Date(6)],
  ["patterns", /a/, /a/g],
  ["objects of different classes", new (class A {})(), new (class B {})()],
];

for (const [name, a, b] of equalPairs) {
  Deno.test(`assertEquals() accepts equal ${name}`, () => {
    assert(equal(a, b));
    assertEquals(a, b);
    assertThrows(() => assertNotEquals(a, b), AssertionError);
  });
}

for (const [name, a, b] of unequalPairs) {
  Deno.test(`assertEquals() tells apart: ${name}`, () => {
    assertFalse(equal(a, b));
    assertNotEquals(a, b);
    assertThrows(() => assertEquals(a, b), AssertionError);
  });
}

Deno.test("assertEquals() walks structures that contain themselves", () => {
  const a: { self?: unknown; n: number } = { n: 1 }, b: { self?: unknown; n: number } = { n: 1 };
  a.self = a;
  b.self = b;
  assertEquals(a, b);
  b.n = 2;
  assertThrows(() => assertEquals(a, b), AssertionError);
});

Deno.test("assert() and fail() carry their message", () => {
  assert(1);
  assertThrows(() => assert(0, "zero"), AssertionError, "zero");
  assertThrows(() => fail("stop"), AssertionError, "stop");
  assertThrows(() => assertEquals(1, 2, "sums differ"), AssertionError, "sums differ");
});

Deno.test("assertStrictEquals() compares by Object.is", () => {
  assertStrictEquals(NaN, NaN);
  assertThrows(() => assertStrictEquals(0, -0), AssertionError);
  assertThrows(() => assertStrictEquals([1], [1]), AssertionError);
  assertNotStrictEquals([1], [1]);
  assertThrows(() => assertNotStrictEquals(1, 1), AssertionError);
});

Deno.test("assertAlmostEquals() has a relative default and an absolute tolerance", () => {
  assertAlmostEquals(1, 1 + 1e-8);
  assertThrows(() => assertAlmostEquals(1, 1 + 1e-6), AssertionError);
  assertAlmostEquals(1e9, 1e9 + 10);
  assertAlmostEquals(1, 1.05, 0.1);
  assertThrows(() => assertAlmostEquals(1, 1.2, 0.1), AssertionError);
  assertAlmostEquals(NaN, NaN);
  assertAlmostEquals(Infinity, Infinity);
  assertThrows(() => assertAlmostEquals(Infinity, -Infinity), AssertionError);
  assertThrows(() => assertAlmostEquals(NaN, 0, 1e9), AssertionError);
});

Deno.test("assertThrows() returns the error and checks its class and message", () => {
  const error = assertThrows(
    () => {
      throw new RangeError("topP must be in (0, 1]");
    },
    RangeError,
    "topP",
  );
  assertInstanceOf(error, RangeError);
  assertThrows(() => assertThrows(() => {}), AssertionError, "to throw");
  assertThrows(() =>
    assertThrows(() => {
      throw new RangeError("a");
    }, TypeError), AssertionError);
  assertThrows(() =>
    assertThrows(
      () => {
        throw new TypeError("a");
      },
      TypeError,
      "b",
    ), AssertionError);
  assertEquals(
    assertThrows(() => {
      throw "text";
    }),
    "text",
  );
});

Deno.test("assertRejects() returns the error and checks its class and message", async () => {
  const error = await assertRejects(() => Promise.reject(new SyntaxError("line 3")), SyntaxError, "line 3");
  assertEquals(error.message, "line 3");
  await assertRejects(() => assertRejects(() => Promise.resolve(1)), AssertionError, "to reject");
  await assertRejects(() => assertRejects(() => Promise.reject(new Error("a")), TypeError), AssertionError);
  await assertRejects(
    () =>
      assertRejects(() => {
        throw new Error("thrown at once");
      }),
    AssertionError,
  );
});

Deno.test("assertIsError() takes a pattern as message", () => {
  assertIsError(new TypeError("line 12"), TypeError, /line \d+/);
  assertThrows(() => assertIsError(new TypeError("line x"), TypeError, /line \d+/), AssertionError);
  assertThrows(() => assertIsError("line"), AssertionError);
});

Deno.test("the remaining assertions hold and fail as their names say", () => {
  const holds: (() => void)[] = [
    () => assertExists(0),
    () => assertMatch("a1", /\d/),
    () => assertNotMatch("a", /\d/),
    () => assertStringIncludes("abc", "b"),
    () => assertArrayIncludes([1, [2], 3], [[2], 3]),
    () => assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }),
    () => assertGreater(2, 1),
    () => assertGreaterOrEqual(2, 2),
    () => assertLess(1, 2),
    () => assertLessOrEqual(2, 2),
    () => assertInstanceOf(new Map(), Map),
    () => assertNotInstanceOf(new Map(), Set),
    () => assertFalse(0),
  ];
  const fails: (() => void)[] = [
    () => assertExists(undefined),
    () => assertExists(null),
    () => assertMatch("a", /\d/),
    () => assertNotMatch("a1", /\d/),
    () => assertStringIncludes("abc", "d"),
    () => assertArrayIncludes([1, 2], [3]),
    () => assertObjectMatch({ a: 1 }, { a: 2 }),
    () => assertGreater(1, 1),
    () => assertGreater(NaN, 1),
    () => assertGreaterOrEqual(1, 2),
    () => assertLess(2, 2),
    () => assertLessOrEqual(NaN, 2),
    () => assertInstanceOf({}, Map),
    () => assertNotInstanceOf(new Map(), Map),
    () => assertFalse(1),
  ];
  for (const check of holds) check();
  for (const check of fails) assertThrows(check, AssertionError);
});
