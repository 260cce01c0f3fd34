/**
 * # Recurrent networks on the GPU
 *
 * One direction of one layer, all of its steps. A step is a product of the states with the matrix and one dispatch over what follows, instead of a dozen
 * of operations. The next step needs its result, so the dispatches of all steps are recorded one after the other; none of them waits for the program.
 * Backwards, a step is one dispatch and one product with the transposed matrix. The gradient of the matrix is one product for all steps.
 *
 * @module
 */

import type { FusedBackward, FusedForward, FusedKernels, View } from "../../core/engine/backend.ts";
import { turned } from "../../core/engine/kernel_device.ts";
import { recurrentCall, rowsOfSteps, statesBefore, viewOf } from "../../core/engine/recurrent_call.ts";
import { LANES } from "../copy.ts";
import { binary } from "../elementwise.ts";
import { matmul, multiplyViews } from "../matmul.ts";
import { reduce } from "../reduce.ts";
import { plane, type Runtime } from "../runtime.ts";
import type { Variant } from "../template.ts";
import { biasOf } from "./linear.ts";

type Kind = "rnn" | "lstm" | "gru";

/** What the shaders call a kind, and how many columns it has for each number of a state. */
const KINDS: Readonly<Record<Kind | "relu", { readonly KIND: number; readonly GATES: number }>> = {
  rnn: { KIND: 0, GATES: 1 },
  relu: { KIND: 1, GATES: 1 },
  lstm: { KIND: 2, GATES: 4 },
  gru: { KIND: 3, GATES: 3 },
};

function variantOf(kind: Kind, attributes: { readonly reverse: boolean; readonly relu?: boolean }): Variant {
  return { ...KINDS[attributes.relu ? "relu" : kind] };
}

/** The states at one step, `[B, H]`, where they stand among all. */
function statesAt(states: View, t: number): View {
  const [B, T, H] = states.shape.slice(-3) as [number, number, number];
  return { ...states, buffer: states.buffer, shape: [B, H], strides: [T * H, 1], offset: states.offset + t * H };
}

/** An input as it lies in order, or what stands for one that is absent. */
function operand(runtime: Runtime, view: View | undefined): Pick<View, "buffer" | "offset"> {
  return view ? runtime.contiguous(view) : { buffer: runtime.nothing, offset: 0 };
}

function forwards<K extends Kind>(runtime: Runtime, kind: K): FusedForward<K> {
  return (inputs, attributes) => {
    const call = recurrentCall(inputs, kind === "lstm", attributes.reverse);
    if (!call) return undefined;
    const { B, T, H, order, weight } = call, variant = variantOf(kind, attributes), G = KINDS[kind].GATES;
    const states = runtime.make("float32", kind === "lstm" ? [2, B, T, H] : [B, T, H]);
    const kept = kind === "rnn" ? undefined : runtime.make("float32", [B, T, 4 * H]);
    const [projected, mask, hidden, cell] = [call.projected, call.mask, call.hidden, call.cell].map((view) =>
      operand(runtime, view)
    ) as [View, View, View, View];
    const bias = biasOf(runtime, call.bias), sums = runtime.temporary(B * G * H);
    // A shader that writes nothing there still binds something that is bound nowhere else.
    const aside = kept?.buffer ?? runtime.temporary(1);
    order.forEach((t, i) => {
      const earlier = order[i - 1];
      multiplyViews(runtime, earlier === undefined ? call.hidden : statesAt(states, earlier), weight, bias, sums);
      const words = [
        ...[B * H, H, T, t, earlier ?? 0, Number(earlier === undefined), Number(call.mask !== undefined)],
        ...[projected, mask, hidden, cell].map(({ offset }) => offset),
      ];
      const buffers = [projected.buffer, sums, mask.buffer, hidden.buffer, cell.buffer, states.buffer, aside];
      runtime.run("recurrent_step", buffers, words, plane(Math.ceil(B * H / LANES)), variant);
    });
    return kept ? [states, kept] : [states];
  };
}

function backwards<K extends Kind>(runtime: Runtime, kind: K): FusedBackward<K> {
  return (inputs, [states, kept], arriving, wanted, attributes) => {
    const call = recurrentCall(inputs, kind === "lstm", attributes.reverse)!;
    const { B, T, H, order, weight, bias, hidden } = call, variant = variantOf(kind, attributes), G = KINDS[kind].GATES;
    const gradient = runtime.contiguous(arriving), across = turned(weight);
    const mask = operand(runtime, call.mask), initial = operand(runtime, kind === "lstm" ? call.cell : hidden);
    const carried = runtime.temporary(B * H), passed = runtime.temporary(2 * B * H);
    const { buffer: to } = runtime.make("float32", [kind === "gru" ? 2 : 1, B, T, G * H]);
    const toProjected = viewOf(to, [B, T, G * H]);
    const toSums = kind === "gru" ? { ...toProjected, buffer: to, offset: B * T * G * H } : toProjected;
    for (let i = T - 1; i >= 0; i--) {
      const t = order[i]!, earlier = order[i - 1];
      const words = [
        ...[B * H, H, T, t, earlier ?? 0, Number(i === 0), Number(i === T - 1), Number(call.mask !== undefined)],
        ...[gradient, mask, initial].map(({ offset }) => offset),
      ];
      const kernels = kept?.buffer ?? runtime.nothing;
      const buffers = [gradient.buffer, mask.buffer, states.buffer, kernels, initial.buffer, carried, passed, to];
      runtime.run("recurrent_step_backward", buffers, words, plane(Math.ceil(B * H / LANES)), variant);
      const columns: View = { ...toSums, buffer: to, shape: [B, G * H], strides: [T * G * H, 1] };
      multiplyViews(runtime, { ...columns, buffer: to, offset: toSums.offset + t * G * H }, across, undefined, carried);
    }
    const rows = rowsOfSteps(toSums, B * T, G * H), past = viewOf(passed, [B, H]);
    const toCell = wanted[4] && kind === "lstm" ? runtime.make("float32", [B, H]) : undefined;
    if (toCell) runtime.copy({ ...past, buffer: passed, offset: B * H }, toCell);
    const before = (): View => {
      const shifted = viewOf(runtime.temporary(B * T * H), [B, T, H]);
      return statesBefore(runtime, { states, initial: hidden, order, shifted });
    };
    const result: (View | undefined)[] = [
      toProjected,
      wanted[1] ? viewOf(matmul(runtime, turned(before()), rows), weight.shape) : undefined,
      wanted[2] && bias ? viewOf(reduce(runtime, "sum", turned(rows), 1), bias.shape) : undefined,
      wanted[3] ? viewOf(binary(runtime, "add", viewOf(carried, [B, H]), past), [B, H]) : undefined,
      toCell,
    ];
    return kind === "lstm" ? result : result.slice(0, 4);
  };
}

/** The kernels of this file. */
export function recurrent(runtime: Runtime): Partial<FusedKernels> {
  return {
    forward: { rnn: forwards(runtime, "rnn"), lstm: forwards(runtime, "lstm"), gru: forwards(runtime, "gru") },
    backward: { rnn: backwards(runtime, "rnn"), lstm: backwards(runtime, "lstm"), gru: backwards(runtime, "gru") },
  };
}
