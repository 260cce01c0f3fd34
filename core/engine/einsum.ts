/**
 * # Einstein's summation
 *
 * **Question.** A product of tensors with many axes is a transpose, a reshape, a matmul and the way back, and nobody sees
 * any more which axis met which. How can a line say what it multiplies and what it sums over?
 *
 * **Idea.** Name the axes by letters. What stands in several terms is matched, what is missing on the right is summed
 * over (Albert Einstein 1916, *The Foundation of the General Theory of Relativity*):
 *
 * $$C_{ik} = \sum_j A_{ij} B_{jk} \qquad \text{is} \qquad \texttt{ij,jk->ik}$$
 *
 * **Why it costs no more.** The terms are joined in pairs from the left. In each pair shared letters that are still needed
 * become the batch of one matmul, shared letters that nobody needs become its inner axis, the others its rows and columns.
 * Axes that a single term has and nobody needs are summed away first.
 *
 * @module
 */

import { checkTensorList } from "./arguments.ts";
import { shown } from "./options.ts";
import { format } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

interface Operand {
  readonly x: Tensor;
  readonly labels: string;
}

/**
 * Sums of products over named axes (Einstein, 1916).
 *
 * Each letter names an axis. A letter that is missing on the right is summed over; a letter
 * that stands twice in one operand takes the diagonal; `...` stands for leading axes that
 * broadcast.
 *
 * @example
 * ```ts
 * import { ones } from "@heed/heed";
 * import { einsum } from "@heed/heed/engine";
 *
 * const scores = einsum("bhtd,bhsd->bhts", ones([2, 3, 4, 8]), ones([2, 3, 5, 8]));
 * console.assert(String(scores.shape) === "2,3,4,5");
 * ```
 *
 * @param equation such as `"bij,bjk->bik"`; without `->`, letters that stand once are kept,
 *   in alphabetical order
 * @param tensors one per comma-separated term
 * @returns the axes behind the arrow, in their order
 * @throws {SyntaxError} if the equation cannot be read
 * @throws {TypeError} if extents disagree
 */
export function einsum(equation: string, ...tensors: readonly Tensor[]): Tensor {
  if (typeof equation !== "string") throw new TypeError(`Cannot read ${shown(equation)}: an equation is needed`);
  checkTensorList("compute einsum", "tensors", tensors);
  const { terms, output } = parseEquation(equation, tensors);
  let operands: Operand[] = tensors.map((x, i) => takeDiagonals(x, terms[i]!));
  checkExtents(equation, operands);
  while (operands.length > 1) {
    const [a, b, ...rest] = operands as [Operand, Operand, ...Operand[]];
    const needed = new Set([output, ...rest.map(({ labels }) => labels)].join(""));
    operands = [contract(a, b, needed), ...rest];
  }
  const { x, labels } = sumOut(operands[0]!, new Set(output));
  return x.permute([...output].map((label) => labels.indexOf(label)));
}

function parseEquation(equation: string, tensors: readonly Tensor[]): { terms: string[]; output: string } {
  const match = /^([a-zA-Z.,]*)(?:->([a-zA-Z.]*))?$/.exec(equation.replaceAll(" ", ""));
  const terms = match?.[1]?.split(",") ?? [];
  const wellFormed = terms.every((term) => /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(term));
  if (!match || !wellFormed || terms.length !== tensors.length) {
    throw new SyntaxError(`Cannot read einsum("${equation}") for ${tensors.length} tensors`);
  }
  // Axes behind an ellipsis get letters that no equation can contain, aligned at the last one.
  const hidden = Math.max(0, ...terms.map((term, i) => term.includes("...") ? tensors[i]!.rank - term.length + 3 : 0));
  const names = Array.from({ length: hidden }, (_, i) => String.fromCharCode(0xe000 + i)).join("");
  const expanded = terms.map((term, i) => {
    const missing = tensors[i]!.rank - term.replace("...", "").length;
    if (missing < 0 || (missing > 0 && !term.includes("..."))) {
      throw new TypeError(`Cannot name the axes of ${format(tensors[i]!.shape)} by "${term}" in einsum("${equation}")`);
    }
    return term.replace("...", names.slice(hidden - missing));
  });
  const once = [...new Set(expanded.join(""))].filter((label) =>
    expanded.join("").split(label).length === 2 && !names.includes(label)
  ).sort();
  const output = match[2] === undefined ? names + once.join("") : match[2].replace("...", names);
  for (const label of output) {
    if (!expanded.some((term) => term.includes(label)) || output.split(label).length !== 2) {
      throw new SyntaxError(`Cannot read einsum("${equation}"): "${label}" must stand once, and on the left`);
    }
  }
  return { terms: expanded, output };
}

function takeDiagonals(x: Tensor, labels: string): Operand {
  for (const label of labels) {
    const a = labels.indexOf(label), b = labels.lastIndexOf(label);
    if (a !== b) {
      const others = [...labels].filter((_, axis) => axis !== a && axis !== b).join("");
      return takeDiagonals(x.diagonal(a, b), others + label);
    }
  }
  return { x, labels };
}

function checkExtents(equation: string, operands: readonly Operand[]): void {
  const known = new Map<string, number>();
  for (const { x, labels } of operands) {
    [...labels].forEach((label, axis) => {
      const extent = x.shape[axis]!;
      const before = known.get(label) ?? 1;
      if (before !== 1 && extent !== 1 && before !== extent) {
        throw new TypeError(`Cannot compute einsum("${equation}"): axis "${label}" is ${before} and ${extent}`);
      }
      if (extent !== 1 || !known.has(label)) known.set(label, before === 1 ? extent : before);
    });
  }
}

/** Sums over the axes that nobody needs any more. */
function sumOut({ x, labels }: Operand, needed: ReadonlySet<string>): Operand {
  const gone = [...labels].map((_, axis) => axis).filter((axis) => !needed.has(labels[axis]!));
  if (!gone.length) return { x, labels };
  return { x: x.sum(gone), labels: [...labels].filter((label) => needed.has(label)).join("") };
}

/** One pairwise product: shared axes become batch or inner axes of one matmul. */
function contract(first: Operand, second: Operand, needed: ReadonlySet<string>): Operand {
  const a = sumOut(first, new Set([...needed, ...second.labels]));
  const b = sumOut(second, new Set([...needed, ...first.labels]));
  const shared = [...a.labels].filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const left = [...a.labels].filter((label) => !shared.includes(label));
  const right = [...b.labels].filter((label) => !shared.includes(label));

  const extent = ({ x, labels }: Operand, label: string): number => x.shape[labels.indexOf(label)]!;
  const both = (label: string): number => Math.max(extent(a, label), extent(b, label));
  const arrange = (operand: Operand, order: readonly string[]): Tensor => {
    const axes = order.map((label) => operand.labels.indexOf(label));
    const shape = order.map((label) => shared.includes(label) ? both(label) : extent(operand, label));
    return operand.x.permute(axes).expand(shape);
  };
  const size = (labels: readonly string[], of: (label: string) => number): number =>
    labels.reduce((product, label) => product * of(label), 1);
  const [B, K] = [batch.map(both), size(inner, both)];
  const [M, N] = [size(left, (l) => extent(a, l)), size(right, (l) => extent(b, l))];
  const x = arrange(a, [...batch, ...left, ...inner]).reshape([...B, M, K])
    .matmul(arrange(b, [...batch, ...inner, ...right]).reshape([...B, K, N]));
  const shape = [...B, ...left.map((l) => extent(a, l)), ...right.map((l) => extent(b, l))];
  return { x: x.reshape(shape), labels: [...batch, ...left, ...right].join("") };
}
