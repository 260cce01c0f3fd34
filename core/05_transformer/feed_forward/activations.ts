/**
 * # Activation functions
 *
 * **Question.** Two matrices in a row are one matrix. What has to stand between them, so that they are more?
 *
 * **Idea.** A nonlinear function of one number (激活函数). It keeps positive numbers and weakens negative
 * ones. The kinds differ in how sharp the bend is. A gated form reads the input twice: one matrix computes what passes, the
 * other one, through an activation, how much of it passes.
 *
 * **Formula.** With the sigmoid $\sigma(z) = 1 / (1 + e^{-z})$, and the smooth relative of $\max(0, z)$ that BERT and GPT
 * use, in which $\tfrac{1}{2}(1 + \mathrm{erf}(z / \sqrt 2))$ is the probability that a normal draw lies below $z$,
 *
 * $$\mathrm{relu}(z) = \max(0, z), \qquad \mathrm{silu}(z) = z\,\sigma(z)$$
 *
 * $$\mathrm{gelu}(z) = \tfrac{z}{2}\left(1 + \mathrm{erf}\tfrac{z}{\sqrt{2}}\right) \approx \tfrac{z}{2}\left(1 + \tanh\!\left(\sqrt{\tfrac{2}{\pi}}\,(z + 0.044715\,z^3)\right)\right)$$
 *
 * Each is a function, and a part of a model as it stands: `activation: silu`. It knows the word that files have for it;
 * {@linkcode activations} is the way back.
 *
 * Sources: Hendrycks and Gimpel 2016, *Gaussian Error Linear Units*; Shazeer 2020, *GLU Variants Improve Transformer*.
 *
 * @module
 */

import { fusable } from "../../engine/fusable.ts";
import { checkTensors, checkText } from "../../engine/arguments.ts";
import { type Check, checkFunction } from "../../engine/options.ts";
import { type Part, partOf, partsByWord, type PartTable } from "../../engine/part.ts";
import type { Tensor } from "../../engine/tensor.ts";

/** A function of one number, applied to each element, as a part of a model. */
export interface Activation extends Part {
  /** Bends each number of a tensor of any shape. */
  (x: Tensor): Tensor;
}

/**
 * Makes a part of a function.
 *
 * @param word what files call it
 * @param bend from a tensor of any shape to one of the same
 * @returns a part that can be called
 */
export function activation(word: string, bend: (x: Tensor) => Tensor): Activation {
  checkText("name an activation", "word", word);
  checkFunction("bend by", bend);
  const applied = (x: Tensor): Tensor => {
    checkTensors(word, { x });
    return bend(x);
  };
  return Object.assign(applied, { word });
}

/** Cuts off what is negative, and lets NaN pass; the slope is 0 up to 0. */
export const relu: Activation = activation("relu", (x) => fusable("relu", [x], {}, () => x.relu()));

/** Beyond it, the fraction of a number that passes is 0 or 1 in any precision. */
const FAR = 1000;

/** Each number times the fraction of it that passes. Bounded, neither $-\infty \cdot 0$ nor an infinite $z^3$ can appear. */
function weigh(x: Tensor, share: (z: Tensor) => Tensor): Tensor {
  return x.maximum(-FAR).mul(share(x.clamp(-FAR, FAR)));
}

/** Weighs each number by the probability that a normal draw lies below it. */
export const gelu: Activation = activation(
  "gelu",
  (x) => fusable("gelu", [x], {}, () => weigh(x, (z) => z.mul(Math.SQRT1_2).erf().add(1).mul(0.5))),
);

/** The same by way of the tanh, as GPT-2 does. */
export const geluTanh: Activation = activation("geluTanh", (x) =>
  fusable("geluTanh", [x], {}, () =>
    weigh(x, (z) => {
      const bend = z.add(z.square().mul(z).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh();
      return bend.add(1).mul(0.5);
    })));

/** Weighs each number by its own sigmoid; also known as swish. */
export const silu: Activation = activation("silu", (x) => fusable("silu", [x], {}, () => weigh(x, (z) => z.sigmoid())));

// ## With a gate

/** A feed-forward with three matrices: what one makes is weighed by another, through an activation. */
export interface GatedActivation extends Part {
  /** What the gate passes through. */
  readonly gate: Activation;
}

/**
 * Makes a gated form of an activation.
 *
 * @param word what files call it
 * @param gate what the gate passes through
 * @returns a part for the option `activation` of a model
 */
export function gated(word: string, gate: Activation): GatedActivation {
  checkText("name an activation", "word", word);
  checkFunction("open a gate by", gate);
  return { word, gate };
}

/** The gated form with silu, that of LLaMA. */
export const swiGlu: GatedActivation = gated("swiglu", silu);

/** The gated form with gelu. */
export const geGlu: GatedActivation = gated("geglu", gelu);

/** The gated form with the tanh form of gelu, that of later T5 models and of Gemma. */
export const geGluTanh: GatedActivation = gated("gegluTanh", geluTanh);

/** The gated form with relu. */
export const reGlu: GatedActivation = gated("reglu", relu);

/** Activations by the word that a file has for them. */
export const activations: PartTable<Activation | GatedActivation> = partsByWord([
  relu,
  gelu,
  geluTanh,
  silu,
  swiGlu,
  geGlu,
  geGluTanh,
  reGlu,
]);

/** An activation as an option. */
export const activationCheck: Check<Activation | GatedActivation> = partOf(
  "an activation, such as relu or swiGlu",
  (part) => typeof part === "function" || "gate" in part,
);

// ## Pitfall: two functions of one name
//
// `gelu` with erf and `gelu` with tanh differ slightly: enough to make a loaded model
// disagree with its source, and too little to make it fail. GPT-2 was trained with the tanh, BERT
// with erf. The test "gelu() and geluTanh() differ" states by how much.
