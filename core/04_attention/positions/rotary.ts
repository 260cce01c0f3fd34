/**
 * # Rotary positions
 *
 * **Question.** Added to the score, a distance costs a table as large as the scores. Can it come out of the dot product
 * by itself?
 *
 * **Idea.** Turn each query and each key by an angle that grows with its position. A dot product of two turned vectors
 * depends on the difference of their angles: the distance (rotary position embedding, RoPE).
 *
 * **Formula.** Each pair of coordinates $(a, b)$ of a query or key at position $p$ turns by $p\,\omega_i$, for the pairs
 * $i = 0 \dots d/2 - 1$ of a head of width $d$:
 *
 * $$\begin{pmatrix} a' \\ b' \end{pmatrix} = \begin{pmatrix} \cos p\omega_i & -\sin p\omega_i \\ \sin p\omega_i & \cos p\omega_i \end{pmatrix} \begin{pmatrix} a \\ b \end{pmatrix}, \qquad \omega_i = \mathrm{base}^{-2i/d}$$
 *
 * | symbol          | in code  | shape      |
 * | --------------- | -------- | ---------- |
 * | $\cos p\omega_i$ | `cosine` | `[T, D/2]` |
 * | $\sin p\omega_i$ | `sine`   | `[T, D/2]` |
 *
 * Source: Su et al. 2021, *RoFormer: Enhanced Transformer with Rotary Position Embedding*.
 *
 * @module
 */

import { requireFloat } from "../../engine/refusals.ts";
import { checkSizes } from "../../engine/arguments.ts";
import { fusable } from "../../engine/fusable.ts";
import { GrowingTable, roomFor } from "../../engine/growing.ts";
import { requireRoom, tensor } from "../../engine/create.ts";
import { concat, stack } from "../../engine/joining.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { type Check, checkOptions, type Checks, flag, integer, numeric } from "../../engine/options.ts";
import { partOf, settingsOf } from "../../engine/part.ts";
import { dims } from "../../engine/shape.ts";
import type { PositionRule } from "../multi_head.ts";
import { checkPairs, rotaryFrequencies, type RotaryScaling } from "./rotary_scaling.ts";
import type { PositionScheme } from "./scheme.ts";

// ## Two pairings
//
// Two pairings are in use. The paper pairs neighbours, $(x_0, x_1), (x_2, x_3), \dots$
// (`interleaved`); GPT-NeoX and the LLaMA files of Hugging Face pair the first half with the second,
// $(x_0, x_{d/2}), \dots$. They differ by a fixed order of the coordinates, so both learn the same
// things, and weights trained with one are noise to the other.

/** Which coordinates {@linkcode applyRotary} pairs. */
export interface PairingOptions {
  /** Whether neighbouring coordinates are paired; false by default: halves are paired. */
  readonly interleaved?: boolean | undefined;
}

const PAIRING: Checks<PairingOptions> = { interleaved: flag };

const scalingCheck: Check<RotaryScaling> = partOf(
  "a scaling, such as yarnScaling({ … })",
  ({ frequencies }) => frequencies !== undefined,
);

/** Which angles {@linkcode rotaryAngles} computes. */
export interface AngleOptions {
  /** Position of the first row; 0 by default. */
  readonly start?: number | undefined;
  /** Base of the frequencies; 10000 by default. */
  readonly base?: number | undefined;
  /** What makes pairs turn more slowly; nothing by default. */
  readonly scaling?: RotaryScaling | undefined;
}

const ANGLES: Checks<AngleOptions> = { start: integer({ min: 0 }), base: numeric({ above: 0 }), scaling: scalingCheck };

/**
 * Cosines and sines of the angles by which RoPE turns each pair.
 *
 * @param T number of positions
 * @param width number of coordinates that are turned, even
 * @param options first position, base, scaling
 * @returns `[T, width/2]` each
 * @throws {RangeError} if the coordinates are no whole number of pairs
 */
export function rotaryAngles(
  T: number,
  width: number,
  options: AngleOptions = {},
): { readonly cosine: Tensor; readonly sine: Tensor } {
  checkOptions("turn positions", options, ANGLES);
  checkSizes("turn positions", { T, width });
  const { start = 0, base = 10000, scaling } = options;
  checkPairs(width);
  requireRoom(T * width);
  const frequencies = scaling ? scaling.frequencies(width, base) : rotaryFrequencies(width, base);
  const pairs = frequencies.length, magnitude = scaling?.magnitude ?? 1;
  const table = (wave: (angle: number) => number): Tensor =>
    tensor(
      Float64Array.from({ length: T * pairs }, (_, index) => {
        const position = start + Math.floor(index / pairs);
        return magnitude * wave(position * frequencies[index % pairs]!);
      }),
      [T, pairs],
    );
  return { cosine: table(Math.cos), sine: table(Math.sin) };
}

/**
 * Turns each pair of coordinates by the angle of its position.
 *
 * @param x queries or keys, `[B, H, T, D]`
 * @param cosine of the angles, `[T, D/2]`
 * @param sine of the angles, `[T, D/2]`
 * @param options whether neighbours are paired; halves are by default
 * @returns vectors of the same length, `[B, H, T, D]`
 */
export function applyRotary(
  x: Tensor,
  cosine: Tensor,
  sine: Tensor,
  options: PairingOptions = {},
): Tensor {
  checkOptions("rotate", options, PAIRING);
  const { interleaved = false } = options;
  const { T, D } = dims(x, "B H T D");
  for (const input of [x, cosine, sine]) requireFloat("a rotation", input);
  dims(cosine, "T P", { T, P: D / 2 });
  dims(sine, "T P", { T, P: D / 2 });

  return fusable("rotary", [x, cosine, sine], { interleaved }, () => {
    const first = interleaved ? x.slice(-1, 0, D, 2) : x.slice(-1, 0, D / 2);
    const second = interleaved ? x.slice(-1, 1, D, 2) : x.slice(-1, D / 2, D);
    const turned = [
      first.mul(cosine).sub(second.mul(sine)),
      first.mul(sine).add(second.mul(cosine)),
    ];
    return interleaved ? stack(turned, -1).reshape(x.shape) : concat(turned, -1);
  });
}

/** How a {@linkcode RotaryPositions} turns. */
export interface RotaryOptions extends PairingOptions {
  /** Base of the frequencies; 10000 by default. */
  readonly base?: number | undefined;
  /** Share of a head's coordinates that is turned, the first ones, in (0, 1]; 1 by default. */
  readonly share?: number | undefined;
  /** What makes pairs turn more slowly, for texts longer than in training; nothing by default. */
  readonly scaling?: RotaryScaling | undefined;
}

const ROTARY: Checks<RotaryOptions> = {
  ...PAIRING,
  base: numeric({ above: 0 }),
  share: numeric({ above: 0, max: 1 }),
  scaling: scalingCheck,
};

/** Rotary position embedding (RoPE): turns queries and keys. */
export class RotaryPositions implements PositionRule {
  readonly #interleaved: boolean;
  readonly #width: number;
  readonly #angles: GrowingTable;

  /**
   * Prepares angles for one width of heads.
   *
   * @param headSize width of a head
   * @param options base, pairing, share, scaling
   * @throws {RangeError} if what is turned is no whole number of pairs
   */
  constructor(headSize: number, options: RotaryOptions = {}) {
    checkOptions("rotate", options, ROTARY);
    const { base, interleaved = false, share = 1, scaling } = options;
    checkSizes("rotate", { headSize });
    this.#interleaved = interleaved;
    this.#width = Math.floor(share * headSize);
    checkPairs(this.#width);
    this.#angles = new GrowingTable((T) => {
      const { cosine, sine } = rotaryAngles(T, this.#width, { base, scaling });
      return [cosine, sine];
    });
  }

  /**
   * Turns each vector by the angle of its position.
   *
   * @param x queries or keys, `[B, H, T, D]`
   * @param start position of the first one
   * @returns `[B, H, T, D]`
   */
  mark(x: Tensor, start: number): Tensor {
    checkSizes("rotate", { start });
    const { T, D } = dims(x, "B H T D");
    const [cosine, sine] = this.#angles.of(roomFor(start + T)).map((table) => table.slice(0, start, start + T));
    const turn = (part: Tensor): Tensor => applyRotary(part, cosine!, sine!, { interleaved: this.#interleaved });
    if (this.#width === D) return turn(x);
    return concat([turn(x.slice(-1, 0, this.#width)), x.slice(-1, this.#width)], -1);
  }
}

/**
 * Turns queries and keys in every attention.
 *
 * @param options base, pairs, width and scaling
 * @returns a part for the option `positions` of a model
 */
export function rotary(options: RotaryOptions = {}): PositionScheme {
  checkOptions("rotate", options, ROTARY);
  return {
    word: "rotary",
    ...settingsOf(options),
    attention: ({ headSize }) => new RotaryPositions(headSize, options),
  };
}

// ## Pitfall: the other pairing
//
// Loading weights of one pairing into the other changes no shape. The test "applyRotary() in both
// pairings differs by a fixed order of coordinates" states what has to be permuted.
