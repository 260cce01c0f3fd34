/**
 * # Steps of recurrent networks
 *
 * What follows the matrix product of one step, for every text of the batch: gates and states forwards, and their gradients backwards. The products stay
 * products, of the kernels for matrices.
 *
 * $$C' = \sigma(f)\, C + \sigma(i) \tanh(g), \qquad h' = \sigma(o) \tanh(C')$$
 *
 * **Shape of the loop.** Four numbers of a state per turn. Each is read, computed and written once; the gates are kept for
 * the way back, so that no exponential is computed there but the tanh of the cell.
 *
 * **Padding.** Where the mask is 0 the states stay what they are; backwards, what arrives is passed on, and the gates have no gradient.
 *
 * @module
 */

import { sigmoid4, tanh4 } from "./functions.ts";
import { integer, loadPart, madd, nmadd, pointer, storePart } from "./simd.ts";
import * as word from "./words/recurrent.ts";

/** Four numbers, or the last `n` of a row. */
// @inline
function get(at: usize, n: i32): v128 {
  return n >= 4 ? v128.load(at) : loadPart(at, n, 0);
}

/** Writes four numbers, or the last `n` of a row. A call, since thirty copies of it would be larger and no faster. */
function put(at: usize, x: v128, n: i32): void {
  if (n >= 4) v128.store(at, x);
  else storePart(at, x, n);
}

/** Four numbers, or zeros if there is no row. */
function getOr0(row: usize, at: usize, n: i32): v128 {
  return row == 0 ? f32x4.splat(0) : get(row + at, n);
}

/** What arrives at a state: from its output, from the step that follows, and past that where a text had no word. */
function arrivingAt(g: usize, carried: usize, passed: usize, at: usize, n: i32): v128 {
  return f32x4.add(f32x4.add(get(g + at, n), getOr0(carried, at, n)), getOr0(passed, at, n));
}

/** A gate: the sigmoid of what two rows sum to, kept for the way back. One function: the exponential is longer than the call. */
function gateOf(gates: usize, x: usize, s: usize, at: usize, n: i32): v128 {
  const gate = sigmoid4(f32x4.add(get(x + at, n), get(s + at, n)));
  put(gates + at, gate, n);
  return gate;
}

/** tanh, once for all steps. */
function tanhOf(x: v128): v128 {
  return tanh4(x);
}

/** Address of what a text has in steps, `width` numbers each. */
function inSteps(args: usize, place: i32, text: i32, width: i32): usize {
  return pointer(args, place) + (<usize> text * <usize> integer(args, word.STEPS) * <usize> width << 2);
}

/** Address of a row of a compact operand, or 0 if there is none. */
function compact(args: usize, place: i32, text: i32, width: i32): usize {
  const start = pointer(args, place);
  return start == 0 ? 0 : start + (<usize> text * <usize> width << 2);
}

/** Whether a text has a word at this step. */
function isWord(args: usize, text: i32): bool {
  return pointer(args, word.MASK) == 0 || load<i32>(inSteps(args, word.MASK, text, 1)) != 0;
}

/** Copies a row of `n` numbers. */
function copyRow(to: usize, from: usize, n: i32): void {
  memory.copy(to, from, <usize> n << 2);
}

/** The slope of the sigmoid where it has the value `y`. */
// @inline
function sigmoidSlope(y: v128): v128 {
  return nmadd(y, y, y);
}

/** The slope of tanh where it has the value `y`. */
// @inline
function tanhSlope(y: v128): v128 {
  return nmadd(y, y, f32x4.splat(1));
}

/** One step of an Elman network. $h' = \tanh(x + s)$. */
export function rnnStep(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), isRelu = integer(args, word.RELU) != 0;
  for (let text = from; text < to; text++) {
    const hidden = inSteps(args, word.HIDDEN, text, width), state = compact(args, word.STATE, text, width);
    if (!isWord(args, text)) {
      copyRow(hidden, state, width);
      continue;
    }
    const x = inSteps(args, word.PROJECTED, text, width), s = compact(args, word.SUMS, text, width);
    for (let j = 0; j < width; j += 4) {
      const at = <usize> j << 2, n = width - j, sum = f32x4.add(get(x + at, n), get(s + at, n));
      const h = isRelu ? v128.and(sum, f32x4.gt(sum, f32x4.splat(0))) : tanhOf(sum);
      put(hidden + at, h, n);
      put(state + at, h, n);
    }
  }
}

/** One step of an Elman network, backwards. $\dot s = \dot h\,(1 - h^2)$. */
export function rnnStepBackward(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), isRelu = integer(args, word.RELU) != 0;
  for (let text = from; text < to; text++) {
    const g = inSteps(args, word.GRADIENT, text, width), hidden = inSteps(args, word.HIDDEN, text, width);
    const carried = compact(args, word.CARRIED, text, width), passed = compact(args, word.PASSED, text, width);
    const dx = inSteps(args, word.TO, text, width), isRead = isWord(args, text);
    for (let j = 0; j < width; j += 4) {
      const at = <usize> j << 2, n = width - j;
      const arriving = arrivingAt(g, carried, passed, at, n);
      const h = get(hidden + at, n);
      const slope = isRelu ? v128.and(f32x4.splat(1), f32x4.gt(h, f32x4.splat(0))) : tanhSlope(h);
      put(dx + at, isRead ? f32x4.mul(arriving, slope) : f32x4.splat(0), n);
      if (passed != 0) put(passed + at, isRead ? f32x4.splat(0) : arriving, n);
    }
  }
}

/** One step of a long short-term memory. Gates are kept as input, forget, candidate, output. */
export function lstmStep(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), row = <usize> width << 2;
  for (let text = from; text < to; text++) {
    const hidden = inSteps(args, word.HIDDEN, text, width), state = compact(args, word.STATE, text, width);
    const cell = inSteps(args, word.CELL, text, width);
    const before = pointer(args, word.CELL_BEFORE) + <usize> text * <usize> integer(args, word.CELL_BEFORE_ROW);
    if (!isWord(args, text)) {
      copyRow(hidden, state, width);
      copyRow(cell, before, width);
      continue;
    }
    const gates = inSteps(args, word.GATES, text, 4 * width);
    const x = inSteps(args, word.PROJECTED, text, 4 * width), s = compact(args, word.SUMS, text, 4 * width);
    for (let j = 0; j < width; j += 4) {
      const at = <usize> j << 2, n = width - j, middle = at + 2 * row;
      const input = gateOf(gates, x, s, at, n), forget = gateOf(gates, x, s, at + row, n);
      const output = gateOf(gates, x, s, middle + row, n);
      const candidate = tanhOf(f32x4.add(get(x + middle, n), get(s + middle, n)));
      put(gates + middle, candidate, n);
      const c = madd(input, candidate, f32x4.mul(forget, get(before + at, n)));
      put(cell + at, c, n);
      const h = f32x4.mul(output, tanhOf(c));
      put(hidden + at, h, n);
      put(state + at, h, n);
    }
  }
}

/** One step of a long short-term memory, backwards. */
export function lstmStepBackward(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), row = <usize> width << 2, zero = f32x4.splat(0);
  for (let text = from; text < to; text++) {
    const g = inSteps(args, word.GRADIENT, text, width), gc = inSteps(args, word.CELL_GRADIENT, text, width);
    const carried = compact(args, word.CARRIED, text, width), passed = compact(args, word.PASSED, text, width);
    const cellPassed = compact(args, word.CELL_PASSED, text, width);
    const before = pointer(args, word.CELL_BEFORE) + <usize> text * <usize> integer(args, word.CELL_BEFORE_ROW);
    const cell = inSteps(args, word.CELL, text, width), gates = inSteps(args, word.GATES, text, 4 * width);
    const dx = inSteps(args, word.TO, text, 4 * width), isRead = isWord(args, text);
    for (let j = 0; j < width; j += 4) {
      const at = <usize> j << 2, n = width - j;
      const dh = arrivingAt(g, carried, passed, at, n);
      const arriving = f32x4.add(get(gc + at, n), get(cellPassed + at, n));
      if (!isRead) {
        put(passed + at, dh, n);
        put(cellPassed + at, arriving, n);
        put(dx + at, zero, n);
        put(dx + at + row, zero, n);
        put(dx + at + 2 * row, zero, n);
        put(dx + at + 3 * row, zero, n);
        continue;
      }
      const input = get(gates + at, n), forget = get(gates + at + row, n);
      const candidate = get(gates + at + 2 * row, n), output = get(gates + at + 3 * row, n);
      const shown = tanhOf(get(cell + at, n));
      const dc = madd(f32x4.mul(dh, output), tanhSlope(shown), arriving);
      put(dx + at, f32x4.mul(f32x4.mul(dc, candidate), sigmoidSlope(input)), n);
      put(dx + at + row, f32x4.mul(f32x4.mul(dc, get(before + at, n)), sigmoidSlope(forget)), n);
      put(dx + at + 2 * row, f32x4.mul(f32x4.mul(dc, input), tanhSlope(candidate)), n);
      put(dx + at + 3 * row, f32x4.mul(f32x4.mul(dh, shown), sigmoidSlope(output)), n);
      put(cellPassed + at, f32x4.mul(dc, forget), n);
      if (passed != 0) put(passed + at, zero, n);
    }
  }
}

/** One step of a gated recurrent unit. Kept are reset gate, update gate, candidate and what the reset gate multiplies. */
export function gruStep(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), row = <usize> width << 2;
  for (let text = from; text < to; text++) {
    const hidden = inSteps(args, word.HIDDEN, text, width), state = compact(args, word.STATE, text, width);
    if (!isWord(args, text)) {
      copyRow(hidden, state, width);
      continue;
    }
    const gates = inSteps(args, word.GATES, text, 4 * width);
    const x = inSteps(args, word.PROJECTED, text, 3 * width), s = compact(args, word.SUMS, text, 3 * width);
    for (let j = 0; j < width; j += 4) {
      const at = <usize> j << 2, n = width - j;
      const reset = gateOf(gates, x, s, at, n);
      const update = gateOf(gates, x, s, at + row, n);
      const memory = get(s + at + 2 * row, n);
      const candidate = tanhOf(madd(reset, memory, get(x + at + 2 * row, n)));
      put(gates + at + 2 * row, candidate, n);
      put(gates + at + 3 * row, memory, n);
      const h = madd(update, f32x4.sub(get(state + at, n), candidate), candidate);
      put(hidden + at, h, n);
      put(state + at, h, n);
    }
  }
}

/** One step of a gated recurrent unit, backwards. */
export function gruStepBackward(args: usize, from: i32, to: i32): void {
  const width = integer(args, word.WIDTH), row = <usize> width << 2, one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let text = from; text < to; text++) {
    const g = inSteps(args, word.GRADIENT, text, width), gates = inSteps(args, word.GATES, text, 4 * width);
    const carried = compact(args, word.CARRIED, text, width), passed = compact(args, word.PASSED, text, width);
    const before = pointer(args, word.HIDDEN_BEFORE) + <usize> text * <usize> integer(args, word.HIDDEN_BEFORE_ROW);
    const dx = inSteps(args, word.TO, text, 3 * width), ds = inSteps(args, word.TO_SUMS, text, 3 * width);
    const isRead = isWord(args, text);
    for (let j = 0; j < width; j += 4) {
      const at = <usize> j << 2, n = width - j;
      const dh = arrivingAt(g, carried, passed, at, n);
      if (!isRead) {
        put(passed + at, dh, n);
        for (let gate = 0; gate < 3; gate++) {
          put(dx + at + <usize> gate * row, zero, n);
          put(ds + at + <usize> gate * row, zero, n);
        }
        continue;
      }
      const reset = get(gates + at, n), update = get(gates + at + row, n);
      const candidate = get(gates + at + 2 * row, n), memory = get(gates + at + 3 * row, n);
      const dn = f32x4.mul(f32x4.mul(dh, f32x4.sub(one, update)), tanhSlope(candidate));
      const dz = f32x4.mul(f32x4.mul(dh, f32x4.sub(get(before + at, n), candidate)), sigmoidSlope(update));
      const dr = f32x4.mul(f32x4.mul(dn, memory), sigmoidSlope(reset));
      put(dx + at, dr, n);
      put(dx + at + row, dz, n);
      put(dx + at + 2 * row, dn, n);
      put(ds + at, dr, n);
      put(ds + at + row, dz, n);
      put(ds + at + 2 * row, f32x4.mul(dn, reset), n);
      put(passed + at, f32x4.mul(dh, update), n);
    }
  }
}
