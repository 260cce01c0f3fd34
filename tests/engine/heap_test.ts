import { assertEquals } from "@std/assert";
import { Heap } from "../../core/engine/heap.ts";
import { Random } from "../../core/engine/random.ts";

const smaller = (a: number, b: number): boolean => a < b;

function drain<T>(heap: Heap<T>): T[] {
  const items: T[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) items.push(item);
  return items;
}

const SIZES = [0, 1, 2, 3, 15, 16, 17, 64, 1000];

Deno.test("Heap hands out in order what it was given at once", () => {
  const random = new Random(1);
  for (const size of SIZES) {
    const items = Array.from({ length: size }, () => random.integer(50));
    assertEquals(drain(new Heap(smaller, items)), items.toSorted((a, b) => a - b));
  }
});

Deno.test("Heap hands out in order what was pushed one by one", () => {
  const random = new Random(2);
  for (const size of SIZES) {
    const heap = new Heap(smaller);
    const items = Array.from({ length: size }, () => random.integer(50));
    for (const item of items) heap.push(item);
    assertEquals([heap.size, heap.first], [size, size ? Math.min(...items) : undefined]);
    assertEquals(drain(heap), items.toSorted((a, b) => a - b));
  }
});

Deno.test("Heap stays in order while items arrive, leave and are replaced", () => {
  const random = new Random(3);
  const heap = new Heap(smaller), list: number[] = [];
  for (let step = 0; step < 2000; step++) {
    const item = random.integer(100), action = random.integer(4);
    if (action < 2) {
      heap.push(item);
      list.push(item);
    } else if (action === 2) {
      assertEquals(heap.pop(), list.shift());
    } else {
      heap.replaceFirst(item);
      list.splice(0, 1, item);
    }
    list.sort((a, b) => a - b);
    assertEquals([heap.size, heap.first], [list.length, list[0]]);
  }
  assertEquals([...heap].sort((a, b) => a - b), list);
});

Deno.test("Heap takes any items and any order", () => {
  const longest = new Heap<string>((a, b) => a.length > b.length, ["a", "four", "two"]);
  longest.push("three");
  assertEquals(drain(longest), ["three", "four", "two", "a"]);
  assertEquals([longest.pop(), longest.first, longest.size], [undefined, undefined, 0]);
});
