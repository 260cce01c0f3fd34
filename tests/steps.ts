/** How much work a loop over a text does, counted: the same on a busy machine as on a free one. */

import { Heap } from "../core/engine/heap.ts";

/** What such a loop does at every step: ask a table, write into it, use a queue. */
const counted: readonly (readonly [object, string])[] = [
  [Map.prototype, "get"],
  [Map.prototype, "set"],
  [Heap.prototype, "push"],
  [Heap.prototype, "pop"],
];

/** Counts the look-ups in tables and the uses of queues while `run` works. */
export async function countSteps(run: () => unknown): Promise<number> {
  let steps = 0;
  const restore = counted.map(([owner, name]) => {
    const methods = owner as Record<string, (...values: unknown[]) => unknown>, method = methods[name]!;
    methods[name] = function (...values: unknown[]) {
      steps++;
      return method.apply(this, values);
    };
    return () => void (methods[name] = method);
  });
  try {
    await run();
  } finally {
    for (const back of restore) back();
  }
  return steps;
}
