/**
 * Random chains of views under random operations: what no table of cases thinks of.
 *
 * Each program is drawn from a seed, run on every device and on the reference device. A
 * failure names its seed and its steps.
 */

import { parameter } from "../../core/engine/create.ts";
import { take } from "../../core/engine/indexing.ts";
import { concat, flip } from "../../core/engine/joining.ts";
import type { Tensor } from "../../core/engine/tensor.ts";
import { withBackend } from "../../core/engine/device.ts";
import { scope } from "../../core/engine/scope.ts";
import { format } from "../../core/engine/shape.ts";
import { assertClose, devices, Draws, HostArray, reference } from "../support.ts";

/** Programs per run. */
const PROGRAMS = 400;
const EXTENTS = [0, 1, 1, 2, 3, 4, 5, 8, 17];

/** Chooses by the generator of one program. */
class Chooser {
  readonly draws: Draws;
  readonly steps: string[] = [];

  constructor(seed: number) {
    this.draws = new Draws(seed);
  }

  below(n: number): number {
    return Math.floor(n * this.draws.next());
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  note(name: string, x: Tensor): Tensor {
    this.steps.push(`${name} ${format(x.shape)}`);
    return x;
  }

  shape(rank: number): number[] {
    return Array.from({ length: rank }, () => this.of(EXTENTS));
  }
}

/** One view after another. */
function look(x: Tensor, choose: Chooser): Tensor {
  for (let n = choose.below(4); n > 0; n--) {
    const axis = choose.below(Math.max(1, x.rank)), extent = x.shape[axis] ?? 0;
    const kind = choose.of(["permute", "slice", "expand", "unfold", "diagonal", "reshape", "at"] as const);
    if (kind === "permute") x = x.permute(choose.draws.permutation(x.rank));
    else if (kind === "reshape") x = x.size > 0 ? x.reshape([x.size]).reshape(factors(x.size, choose)) : x;
    else if (kind === "slice" && x.rank) {
      const start = choose.below(extent + 1), end = start + choose.below(extent + 1 - start);
      x = x.slice(axis, start, end, 1 + choose.below(3));
    } else if (kind === "expand" && x.rank < 4 && x.size < 500) {
      x = x.unsqueeze(axis);
      x = x.expand(x.shape.map((size, i) => i === axis ? 1 + choose.below(4) : size));
    } else if (kind === "unfold" && x.rank && x.rank < 4 && extent > 1) x = x.unfold(axis, 2, 1 + choose.below(2));
    else if (kind === "diagonal" && x.rank > 1 && x.shape.at(-1) === x.shape.at(-2)) x = x.diagonal();
    else if (kind === "at" && x.rank && extent > 0) x = x.at(axis, choose.below(extent));
    else continue;
    choose.note(kind, x);
  }
  return x;
}

/** A shape that holds `size` elements. */
function factors(size: number, choose: Chooser): number[] {
  const divisors = [2, 3, 4, 5].filter((n) => size % n === 0);
  if (divisors.length === 0 || choose.below(3) === 0) return [size];
  const first = choose.of(divisors);
  return choose.below(2) ? [first, size / first] : [size / first, first];
}

/** An operation on everything that was looked at. */
function compute(x: Tensor, choose: Chooser): Tensor {
  const rank = x.rank, axis = choose.below(Math.max(1, rank));
  const kind = choose.of(["unary", "binary", "reduce", "matmul", "concat", "where", "take", "copy", "flip"] as const);
  choose.note(kind, x);
  if (kind === "unary") return choose.of([() => x.tanh(), () => x.exp(), () => x.abs(), () => x.relu()])();
  if (kind === "binary") {
    const other = x.permute(choose.draws.permutation(rank));
    const fits = other.shape.every((extent, i) => extent === x.shape[i] || extent === 1 || x.shape[i] === 1);
    const y = fits ? other : x;
    return choose.of([() => x.add(y), () => x.mul(y), () => x.sub(y), () => x.maximum(y)])();
  }
  if (kind === "reduce" && rank) {
    const axes = [...new Set([axis, choose.below(rank)])];
    if (axes.some((i) => x.shape[i] === 0)) return x.sum(axes);
    return choose.of([() => x.sum(axes), () => x.max(axes), () => x.mean(axes), () => x.logSumExp(axes)])();
  }
  if (kind === "matmul" && rank > 1) return choose.below(2) ? x.matmul(x.transpose()) : x.transpose().matmul(x);
  if (kind === "concat" && rank) return concat([x, x.slice(axis, 0, 1), x], axis);
  if (kind === "where") return x.where(x.greater(0.25), choose.below(2) ? -1 : x.mul(2));
  if (kind === "take" && rank > 0 && x.shape[0]! > 0) {
    const ids = new HostArray(Int32Array.from({ length: 4 }, () => choose.below(x.shape[0]!)), [4], "int32");
    return take(x, withBackend(x.device, () => ids.tensor()));
  }
  if (kind === "flip" && rank) return flip(x, axis);
  return x.mul(1).contiguous();
}

/** The value and the gradient of the program of a seed. */
async function run(seed: number): Promise<{ results: HostArray[]; steps: readonly string[] }> {
  const choose = new Chooser(seed);
  const array = choose.draws.normal(...choose.shape(1 + choose.below(4)));
  const leaf = parameter(array.tensor());
  choose.note("input", leaf);
  const value = scope(() => {
    const result = compute(look(compute(look(leaf, choose), choose), choose), choose);
    result.backward(choose.draws.normal(...result.shape).tensor());
    return result.detach().clone();
  });
  return { results: [await HostArray.of(value), await HostArray.of(leaf.grad!)], steps: choose.steps };
}

for (const { name, backend } of devices) {
  if (backend === reference) continue;
  Deno.test({
    name: `chains of views and operations on ${name} agree with the reference device, forwards and backwards`,
    ignore: backend === undefined,
    fn: async () => {
      for (let seed = 0; seed < PROGRAMS; seed++) {
        const expected = await withBackend(reference, () => run(seed));
        const actual = await withBackend(backend!, () => run(seed));
        const said = `program ${seed}: ${expected.steps.join(" → ")}`;
        for (const [i, result] of actual.results.entries()) {
          await assertClose(result, expected.results[i]!, { rtol: 1e-4, atol: 1e-3 }).catch((error) => {
            throw new Error(`${said}: ${i ? "gradient" : "value"}: ${error.message}`);
          });
        }
      }
    },
  });
}
