/** Training mode, and where its random numbers come from. */

import { assert, assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Chance } from "../../core/engine/chance.ts";
import { ones } from "../../core/engine/create.ts";
import { Dropout } from "../../core/engine/dropout.ts";
import { Linear } from "../../core/engine/linear.ts";
import { Module } from "../../core/engine/module.ts";
import { Random } from "../../core/engine/random.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { onReference } from "../support.ts";

const REFUSED = "Cannot drop in training mode without random numbers: give a Random at construction, " +
  "call model.train(random), or model.eval() where nothing is to be random";

/** A part that draws in a way of its own. */
class Noise extends Module {
  readonly chance: Chance = new Chance();

  forward(x: Tensor): Tensor {
    return this.training ? x.add(this.chance.random("add noise").normal(x.shape)) : x;
  }
}

/** Parts wherever a field may hold them. */
class Scattered extends Module {
  readonly first: Dropout = new Dropout(0.5);
  readonly table: { readonly inner: Dropout; readonly f: () => void } = { inner: new Dropout(0.25), f: () => {} };
  readonly named: ReadonlyMap<string, readonly Module[]> = new Map([["a", [new Dropout(0.5), new Noise()]]]);
  readonly none: Dropout = new Dropout(0);
  readonly weights: Linear = new Linear(2, 2, new Random(3));

  get parts(): (Dropout | Noise)[] {
    return [this.first, this.table.inner, ...this.named.get("a")! as (Dropout | Noise)[]];
  }

  forward(x: Tensor): Tensor {
    return this.parts.reduce((sum, part) => part.forward(sum), this.none.forward(x));
  }
}

onReference("train(random) reaches every part that draws, and a checkpoint sees one generator", async () => {
  const model = new Scattered(), x = ones([4, 8]);
  assertEquals([...model.randoms()], []);
  assertEquals(model.chances().size, 4);
  assertThrows(() => model.forward(x), TypeError, REFUSED);
  const random = new Random(1);
  assertStrictEquals(model.train(random), model);
  assertEquals([...model.randoms()], [["first.chance", random]]);
  for (const { chance } of model.parts) assertStrictEquals(chance!.generator, random);

  // The same state of the generator, the same bits; without a generator each keeps what it has.
  const state = random.state(), first = await model.forward(x).read(), second = await model.train().forward(x).read();
  random.restore(state);
  assertEquals(await model.forward(x).read(), first);
  assertEquals(await model.train(Random.from(state)).forward(x).read(), first);
  assertNotEquals(second, first);
  assertEquals(await model.eval().forward(x).read(), await x.read());
});

onReference("a part put in training alone drops alone, from the generator that it is given", async () => {
  const random = new Random(1), other = new Random(2), model = new Scattered().train(random).eval(), x = ones([4, 8]);
  model.table.inner.train(other);
  assertEquals([...model.randoms()], [["first.chance", random], ["table.inner.chance", other]]);
  assertEquals(await model.forward(x).read(), await new Dropout(0.25, new Random(2)).forward(x).read());
  assertEquals(random.state().counter, 0);
  assertEquals(model.eval().forward(x), x);
});

onReference("a Dropout that two parents share draws from what it was given last", () => {
  class Parent extends Module {
    readonly drop: Dropout;
    constructor(drop: Dropout) {
      super();
      this.drop = drop;
    }
  }
  const shared = new Dropout(0.5), [a, b] = [new Parent(shared), new Parent(shared)], both = new Scattered();
  const [first, second] = [new Random(1), new Random(2)];
  a.train(first);
  assertEquals([...b.randoms().values()], [first]);
  b.train(second);
  assertEquals([...a.randoms().values()], [second]);
  a.eval();
  assertEquals(shared.training, false);
  Object.assign(both, { a, b, drop: shared });
  assertEquals(both.chances().size, 5);
});

onReference("a frozen part takes a generator, and changes its mode as little as before", () => {
  const drop = Object.freeze(new Dropout(0.5)), random = new Random(1), model = new Scattered();
  drop.train(random);
  assertStrictEquals(drop.chance!.generator, random);
  assert(drop.forward(ones([4])).size === 4);
  assertThrows(() => drop.eval(), TypeError, "Cannot evaluate a Dropout that is frozen");

  // What cannot change its mode is found before anything changes.
  model.eval();
  Object.freeze(model.first);
  assertThrows(() => model.train(random), TypeError, "Cannot train a Dropout that is frozen");
  assertEquals([...model.randoms()], []);
  assertEquals(model.table.inner.training, false);
});

onReference("train() and Chance() refuse what draws nothing, and have changed nothing", () => {
  const model = new Scattered().eval();
  for (const wrong of [1, true, "1", {}, null, Random]) {
    assertThrows(() => model.train(wrong as never), TypeError, "Cannot train a model with random = ");
  }
  assertThrows(() => model.train(Random.none), TypeError, "Cannot train a model with Random.none: it draws nothing");
  assertEquals([model.training, model.randoms().size], [false, 0]);
  assertThrows(() => new Chance().replace(Random.none), TypeError, "Cannot draw with Random.none");
  assertEquals(new Chance(Random.none).generator, undefined);
  assertThrows(() => new Noise().forward(ones([1])), TypeError, "Cannot add noise in training mode without random");
});

Deno.test("fork() leaves a generator where it is, and meets none of its streams", () => {
  const random = new Random(5), before = random.state(), child = random.fork();
  assertEquals(random.state(), before);
  assertEquals(random.fork().state(), child.state());
  random.next();
  assertNotEquals(random.fork().state(), child.state());
  random.restore(before);
  assertNotEquals(random.split().state(), child.state());
  assertStrictEquals(Random.none.fork(), Random.none);
  // The last position that a generator has, where the high word of the counter is largest.
  const last = Random.from({ key: [1, 2], counter: 2 ** 53 - 1 });
  assertNotEquals(last.fork().state().key, Random.from({ key: [1, 2], counter: 2 ** 53 - 1 }).split().state().key);
});
