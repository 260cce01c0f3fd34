/**
 * # Recurrent networks on the CPU
 *
 * One direction of one layer, all of its steps. A step is a product of the states with the matrix, which is packed once for all steps, and
 * one sweep over what follows, instead of a dozen operations with a buffer each. Backwards, a step is one sweep and one product with the
 * transposed matrix. The gradient of the matrix is the product of all states before with all gradients of the sums, at once.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import { turned } from "../../core/engine/kernel_device.ts";
import { recurrentCall, rowsOfSteps, statesBefore, viewOf } from "../../core/engine/recurrent_call.ts";
import { sizeOf } from "../../core/engine/shape.ts";
import * as job from "../assembly/fused_opcodes.ts";
import * as word from "../assembly/words/recurrent.ts";
import { matmul, multiply, multiplyPacked, packWhole, wholeBytes } from "../matmul.ts";
import { reduce } from "../reduce.ts";
import type { Runtime } from "../runtime.ts";
import { placed } from "../views.ts";

type Kind = "rnn" | "lstm" | "gru";

/** How many columns for each number of a state, the jobs, and what an element costs. */
const KINDS = {
  rnn: { gates: 1, forward: job.RNN_STEP, backward: job.RNN_STEP_BACKWARD, cost: 2 },
  lstm: { gates: 4, forward: job.LSTM_STEP, backward: job.LSTM_STEP_BACKWARD, cost: 6 },
  gru: { gates: 3, forward: job.GRU_STEP, backward: job.GRU_STEP_BACKWARD, cost: 5 },
} as const;

/** Elements of a matrix that is worth a second copy. */
const AT_REST = 65536;

/** Steps for which packing the matrix pays. */
const SEVERAL = 4;

/** Multiplies compact rows by a matrix `[depth, columns]`, again and again. */
function multiplier(
  runtime: Runtime,
  { weight, steps, rows, bias }: {
    readonly weight: View;
    readonly steps: number;
    readonly rows: number;
    readonly bias: number;
  },
): (to: number, from: number, fromRow: number) => void {
  const [depth, columns] = weight.shape as [number, number], [row, column] = weight.strides as [number, number];
  const right = { address: runtime.address(weight), row, column };
  const atRest = column === 1 && depth * columns >= AT_REST
    ? runtime.panelsOf(weight, wholeBytes(columns, depth), (to) => packWhole(runtime, to, right, columns, depth))
    : 0;
  let panels = atRest;
  if (panels === 0 && steps >= SEVERAL) {
    panels = runtime.temporary(wholeBytes(columns, depth) / 4).address;
    packWhole(runtime, panels, right, columns, depth);
  }
  return (to, from, fromRow) => {
    const left = { address: from, row: fromRow, column: 1 };
    if (panels > 0) multiplyPacked(runtime, to, left, panels, rows, columns, depth, bias);
    else multiply(runtime, to, left, right, rows, columns, depth, bias);
  };
}

/** The weight as a view that a product can walk. */
function walkable(runtime: Runtime, weight: View): View {
  return weight.strides.includes(1) ? weight : runtime.contiguous(weight);
}

function forwards<K extends Kind>(runtime: Runtime, kind: K): FusedForward<K> {
  const { gates: G, forward, cost } = KINDS[kind];
  return (inputs, attributes) => {
    const { reverse, relu = false } = attributes as { readonly reverse: boolean; readonly relu?: boolean };
    const call = recurrentCall(inputs, kind === "lstm", reverse);
    if (!call) return undefined;
    const { B, T, H, order, bias, mask } = call, isLstm = kind === "lstm";
    const states = runtime.make("float32", isLstm ? [2, B, T, H] : [B, T, H]), hidden = runtime.address(states);
    const kept = kind === "rnn" ? undefined : runtime.make("float32", [B, T, 4 * H]);
    const cells = hidden + 4 * B * T * H, state = runtime.make("float32", [B, H]);
    runtime.copy(call.hidden, state);
    const sums = runtime.temporary(B * G * H).address, at = runtime.address(state);
    const times = multiplier(runtime, {
      weight: walkable(runtime, call.weight),
      steps: T,
      rows: B,
      bias: bias ? runtime.inOrder(bias) : 0,
    });
    const projected = runtime.inOrder(call.projected), masked = mask ? runtime.inOrder(mask) : 0;
    let before = call.cell ? runtime.inOrder(call.cell) : 0, beforeRow = 4 * H;
    for (const t of order) {
      times(sums, at, H);
      const words = placed(
        [word.WIDTH, H],
        [word.STEPS, T],
        [word.PROJECTED, projected + 4 * t * G * H],
        [word.SUMS, sums],
        [word.HIDDEN, hidden + 4 * t * H],
        [word.CELL, cells + 4 * t * H],
        [word.GATES, kept ? runtime.address(kept) + 16 * t * H : 0],
        [word.STATE, at],
        [word.CELL_BEFORE, before],
        [word.CELL_BEFORE_ROW, beforeRow],
        [word.MASK, masked && masked + 4 * t],
        [word.RELU, Number(relu)],
      );
      runtime.run(forward, words, B, H * cost + 10);
      [before, beforeRow] = [cells + 4 * t * H, 4 * T * H];
    }
    runtime.release(state.buffer);
    return kept ? [states, kept] : [states];
  };
}

function backwards<K extends Kind>(runtime: Runtime, kind: K): FusedBackward<K> {
  const { gates: G, backward, cost } = KINDS[kind];
  return (inputs, [states, kept], gradient, wanted, attributes) => {
    const { reverse, relu = false } = attributes as { readonly reverse: boolean; readonly relu?: boolean };
    const { B, T, H, order, weight, bias, hidden, cell, mask } = recurrentCall(inputs, kind === "lstm", reverse)!;
    const zeros = (count: number): number => {
      const { address } = runtime.temporary(count);
      runtime.memory.float32.fill(0, address / 4, address / 4 + count);
      return address;
    };
    const toProjected = runtime.make("float32", [B, T, G * H]);
    const toSums = kind === "gru" ? viewOf(runtime.temporary(B * T * G * H), [B, T, G * H]) : toProjected;
    const [to, toSumsAt, cells] = [runtime.address(toProjected), runtime.address(toSums), 4 * B * T * H];
    const arriving = runtime.inOrder(gradient),
      own = runtime.address(states),
      masked = mask ? runtime.inOrder(mask) : 0;
    const carried = runtime.temporary(B * H).address, passed = mask || kind === "gru" ? zeros(B * H) : 0;
    const cellPassed = kind === "lstm" ? zeros(B * H) : 0, gates = kept ? runtime.address(kept) : 0;
    const first = { hidden: runtime.inOrder(hidden), cell: cell ? runtime.inOrder(cell) : 0 };
    const times = multiplier(runtime, { weight: turned(walkable(runtime, weight)), steps: T, rows: B, bias: 0 });
    for (let i = T - 1; i >= 0; i--) {
      const t = order[i]!, earlier = order[i - 1], row = earlier === undefined ? 4 * H : 4 * T * H;
      const words = placed(
        [word.WIDTH, H],
        [word.STEPS, T],
        [word.HIDDEN, own + 4 * t * H],
        [word.CELL, own + cells + 4 * t * H],
        [word.GATES, gates + 16 * t * H],
        [word.HIDDEN_BEFORE, earlier === undefined ? first.hidden : own + 4 * earlier * H],
        [word.HIDDEN_BEFORE_ROW, row],
        [word.CELL_BEFORE, earlier === undefined ? first.cell : own + cells + 4 * earlier * H],
        [word.CELL_BEFORE_ROW, row],
        [word.MASK, masked && masked + 4 * t],
        [word.RELU, Number(relu)],
        [word.GRADIENT, arriving + 4 * t * H],
        [word.CELL_GRADIENT, arriving + cells + 4 * t * H],
        [word.CARRIED, i === T - 1 ? 0 : carried],
        [word.PASSED, passed],
        [word.CELL_PASSED, cellPassed],
        [word.TO, to + 4 * t * G * H],
        [word.TO_SUMS, toSumsAt + 4 * t * G * H],
      );
      runtime.run(backward, words, B, H * cost * 0.5 + 10);
      times(carried, toSumsAt + 4 * t * G * H, T * G * H);
    }
    const rows = rowsOfSteps(toSums, B * T, G * H), place = kind === "lstm" ? 5 : 4;
    const before = (): View => {
      const shifted = viewOf(runtime.temporary(B * T * H), [B, T, H]);
      return statesBefore(runtime, { states, initial: hidden, order, shifted });
    };
    const result: (View | undefined)[] = [
      toProjected,
      wanted[1] ? viewOf(matmul(runtime, turned(before()), rows), weight.shape) : undefined,
      wanted[2] && bias ? viewOf(reduce(runtime, "sum", turned(rows), 1), bias.shape) : undefined,
      wanted[3] ? sumOf(runtime, carried, passed, [B, H]) : undefined,
      kind === "lstm" && wanted[4] ? sumOf(runtime, cellPassed, 0, [B, H]) : undefined,
    ];
    return result.slice(0, place);
  };
}

/** The sum of two compact operands, of which the second may be missing. */
function sumOf(runtime: Runtime, a: number, b: number, shape: readonly number[]): View {
  const sum = runtime.make("float32", shape), count = sizeOf(shape), { float32 } = runtime.memory;
  const at = runtime.address(sum) / 4;
  for (let i = 0; i < count; i++) float32[at + i] = float32[a / 4 + i]! + (b ? float32[b / 4 + i]! : 0);
  return sum;
}

/** The kernels of this file. */
export function recurrent(runtime: Runtime): Partial<FusedKernels> {
  return {
    forward: { rnn: forwards(runtime, "rnn"), lstm: forwards(runtime, "lstm"), gru: forwards(runtime, "gru") },
    backward: { rnn: backwards(runtime, "rnn"), lstm: backwards(runtime, "lstm"), gru: backwards(runtime, "gru") },
  };
}
