/**
 * # Rotary positions
 *
 * **Question.** A position that is added to the input mixes with the meaning of the word, and a distance that is added to the
 * score costs a table as large as the scores. Can the distance come out of the dot product by itself?
 *
 * **Idea.** A dot product of two vectors depends on their lengths and the angle between them. Turn each query by an angle that
 * grows with its position, and each key as well. The angle between the two then changes in proportion to the *difference* of their positions
 * (rotary position embedding, RoPE) [旋转位置编码].
 *
 * ```picture rotating_query One query and one key, turned by a third of a radian for each position; grey, q₀ and k₀: where they point at position 0. From left to middle both move
 * three positions on. Both turn by the same angle, the angle between them stays, and so does the score. Right: the
 * key alone is two positions further on. The distance differs, and so does the score.
 * ```
 *
 * **By hand.** One pair of coordinates, with frequency 1. The query (1, 0) stands at position 2 and is turned by 2 radians, to (cos 2, sin 2) =
 * (−0.4161, 0.9093). The key (1, 0) stands at position 5: (0.2837, −0.9589). Their dot product is −0.4161 · 0.2837 − 0.9093 · 0.9589 =
 * −0.9900. That is cos 3, and 3 is the distance. Eight positions further on, at 10 and 13, they are (−0.8391, −0.5440) and
 * (0.9074, 0.4202), and their dot product is −0.8391 · 0.9074 − 0.5440 · 0.4202 = −0.9900 again.
 *
 * ```ts
 * import { applyRotary, rotaryAngles } from "@heed/heed/attention";
 * import { type Tensor, tensor } from "@heed/heed/engine";
 *
 * const turned = (position: number): Tensor => {
 *   const { cosine, sine } = rotaryAngles(1, 2, { start: position });
 *   return applyRotary(tensor([[[[1, 0]]]]), cosine, sine);
 * };
 * const write = async (x: Tensor) => Array.from(await x.read(), (number) => number.toFixed(4)).join(" ");
 *
 * for (const [p, s] of [[2, 5], [10, 13]] as const) {
 *   const query = turned(p), key = turned(s);
 *   console.log(`${p}: ${await write(query)}, ${s}: ${await write(key)}, score ${await write(query.mul(key).sum())}`);
 * }
 * console.log(`cos 3 = ${Math.cos(3).toFixed(4)}`);
 * ```
 *
 * ```text
 * 2: -0.4161 0.9093, 5: 0.2837 -0.9589, score -0.9900
 * 10: -0.8391 -0.5440, 13: 0.9074 0.4202, score -0.9900
 * cos 3 = -0.9900
 * ```
 *
 * **Formula.** Each pair of coordinates $(a, b)$ of a query or key at position $p$ turns by $p\,\omega_i$, for the pairs
 * $i = 0 \dots d/2 - 1$ of a head of width $d$, in the code `D`:
 *
 * $$\begin{pmatrix} a' \\ b' \end{pmatrix} = \begin{pmatrix} \cos p\omega_i & -\sin p\omega_i \\ \sin p\omega_i & \cos p\omega_i \end{pmatrix} \begin{pmatrix} a \\ b \end{pmatrix}, \qquad \omega_i = \mathrm{base}^{-2i/d}$$
 *
 * | symbol           | in code  | shape      |
 * | ---------------- | -------- | ---------- |
 * | $a$              | `first`  | `[…, D/2]` |
 * | $b$              | `second` | `[…, D/2]` |
 * | $\cos p\omega_i$ | `cosine` | `[T, D/2]` |
 * | $\sin p\omega_i$ | `sine`   | `[T, D/2]` |
 * | $\omega_i$       | `frequencies` | `[D/2]` |
 *
 * **Why only the distance is left.** Let $R_p$ be the matrix that turns all pairs of a vector at position $p$. To transpose it changes the signs of the sines only, so
 * $R_p^\top = R_{-p}$, the turn back. A turn by $s$ and one back by $p$ make one turn by $s - p$. The score of a query $q$ at position $p$ and a key $k$ at position $s$ is therefore
 *
 * $$(R_p q)^\top (R_s k) = q^\top R_p^\top R_s\, k = q^\top R_{s-p}\, k$$
 *
 * The last figure of the [experiment](../experiments/positions/rotation.ts) tries it with random vectors. Values are not turned: what is handed over has no
 * position.
 *
 * **Several frequencies.** With one pair alone, two distances that differ by a whole turn give the same score. A head of width $d$ has
 * $d/2$ pairs, as a clock has hands: fast ones for neighbours, slow ones for far positions. The base decides how slow the slowest is: 10000 in the paper,
 * 500000 in Llama 3, whose heads of width 128 have 64 frequencies. Past the trained length the slow pairs reach angles that training
 * never had. The frequencies can be [rescaled](rotary_scaling.ts) for that.
 *
 * Sources: Su et al. 2021, *RoFormer: Enhanced Transformer with Rotary Position Embedding*, §3.2 (complex form) and §3.4.3 (long-term decay); Barbero,
 * Vitvitskyi, Perivolaropoulos, Pascanu and Veličković 2024, *Round and Round We Go! What Makes Rotary Positional Encodings Useful?*; Black et al. 2022, *GPT-NeoX-20B: An Open-Source
 * Autoregressive Language Model* (pairs of halves, a part of the coordinates); Grattafiori et al. 2024, *The Llama 3 Herd of Models* (base).
 *
 * @module
 */

import { requireFloat } from "../../engine/refusals.ts";
import { checkSizes } from "../../engine/arguments.ts";
import { withBackend } from "../../engine/device.ts";
import { fusable } from "../../engine/fusable.ts";
import { GrowingTable, roomFor } from "../../engine/growing.ts";
import { requireRoom, tensor } from "../../engine/create.ts";
import { take } from "../../engine/indexing.ts";
import { concat, stack } from "../../engine/joining.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { type Check, checkOptions, type Checks, flag, integer, numeric } from "../../engine/options.ts";
import { partOf, settingsOf } from "../../engine/part.ts";
import { dims } from "../../engine/shape.ts";
import type { PositionRule } from "../multi_head.ts";
import { checkPairs, rotaryFrequencies, type RotaryScaling } from "./rotary_scaling.ts";
import { type PositionScheme, startsOfRows } from "./scheme.ts";

/** Turns pairs of coordinates: all first ones with all second ones. */
function turn(first: Tensor, second: Tensor, cosine: Tensor, sine: Tensor): [Tensor, Tensor] {
  return [
    // $a'$: the upper row of the matrix.
    first.mul(cosine).sub(second.mul(sine)),
    // $b'$: the lower row.
    first.mul(sine).add(second.mul(cosine)),
  ];
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
    // $a$ and $b$ of all pairs at once: two halves of the coordinates, or every second one.
    const first = interleaved ? x.slice(-1, 0, D, 2) : x.slice(-1, 0, D / 2);
    const second = interleaved ? x.slice(-1, 1, D, 2) : x.slice(-1, D / 2, D);
    const turned = turn(first, second, cosine, sine);
    return interleaved ? stack(turned, -1).reshape(x.shape) : concat(turned, -1);
  });
}

// ## A turn is a complex product
//
// The paper writes the same with complex numbers [复数]. Read a pair $(a, b)$ as the number $z = a + \mathrm{i}b$, where $\mathrm{i}^2 = -1$ (upright; the slanted $i$ counts pairs). With
// $e^{\mathrm{i}\varphi} = \cos\varphi + \mathrm{i}\sin\varphi$ the product $z\,e^{\mathrm{i}\varphi}$ is $(a\cos\varphi - b\sin\varphi) + \mathrm{i}\,(a\sin\varphi + b\cos\varphi)$:
// the two rows of the matrix above. So RoPE multiplies the number of each pair by $e^{\mathrm{i}p\omega_i}$. The dot product of two vectors is the real part
// of $\sum_i z_i \bar w_i$, where the bar changes the sign of the second coordinate (complex conjugate), and $\overline{e^{\mathrm{i}\varphi}} = e^{-\mathrm{i}\varphi}$. Of a query at $p$ and a key
// at $s$, with the complex numbers $q_i$ and $k_i$, it is therefore
//
// $$\mathrm{Re} \sum_i q_i\,e^{\mathrm{i}p\omega_i}\;\overline{k_i\,e^{\mathrm{i}s\omega_i}} = \mathrm{Re} \sum_i q_i \bar k_i\,e^{\mathrm{i}(p-s)\omega_i}$$
//
// Again only the distance of the two positions is left. The released code of Llama multiplies complex numbers; here the two rows are computed, since devices
// compute real numbers. The test "applyRotary() multiplies pairs as complex numbers" checks that both forms agree.

// ## Does a far key score less?
//
// Su et al. give it as a property of RoPE, long-term decay [远程衰减]. Let $h_i = q_i \bar k_i$, $h_{d/2} = 0$ and
// $S_j = \sum_{i<j} e^{\mathrm{i}(p-s)\omega_i}$. Each $e^{\mathrm{i}(p-s)\omega_i}$ is $S_{i+1} - S_i$, so the score of the
// last formula is the real part of $\sum_i h_i\,(S_{i+1} - S_i)$. In it each $S_{i+1}$ stands twice, with $h_i$ and with $-h_{i+1}$; the empty sum $S_0$ is 0. So it is the real part of $\sum_i (h_i - h_{i+1})\,S_{i+1}$ (summation by parts), and no sum is larger than the sum of the sizes of its terms:
//
// $$\Big|\sum_i h_i\,e^{\mathrm{i}(p-s)\omega_i}\Big| \le \max_i\, \lvert h_{i+1} - h_i \rvert \;\sum_{j=1}^{d/2} \lvert S_j \rvert$$
//
// The first factor depends on query and key, the second one on their distance alone. At a distance the terms of $S_j$ point in different directions and
// cancel in part, so the second factor falls.
//
// ```picture rotary_decay Heads of width 128, base 10000; each curve is divided by its own value at distance 0, so only shapes can be compared: undivided, the bound lies far above the scores. Bound: the sum of all |Sⱼ|. Equal vectors: the score of a
// query and a key all of whose coordinates are 1. Random vectors: the standard deviation of the score of 2000
// independent queries and keys, whose coordinates have mean 0 and variance 1.
// ```
//
// A falling bound lets a score fall; it does not make it fall. The score of equal vectors falls, in waves. That of random vectors is as large at a
// large distance as at 0, since a turn changes neither the length of a key nor its independence of the query (Barbero et al. 2024 say the same of Gaussian vectors). Whether a
// trained head looks near or far is in what it learned. The penalty of ALiBi, in contrast, grows with the distance for every query and key,
// and so lowers every score ([section](relative.ts)).

// ## Two pairings
//
// Two pairings are in use. The paper pairs neighbours, $(x_0, x_1), (x_2, x_3), \dots$
// (`interleaved`); GPT-NeoX and the Llama files of Hugging Face pair the first half with the second,
// $(x_0, x_{d/2}), \dots$. They differ by a fixed order of the coordinates, so both learn the same
// things, and weights trained with one are noise to the other.

/** Which coordinates {@linkcode applyRotary} pairs. */
export interface PairingOptions {
  /** Whether neighbouring coordinates are paired; false by default: halves are paired. */
  readonly interleaved?: boolean | undefined;
}

const PAIRING: Checks<PairingOptions> = { interleaved: flag };

// ## Angles
//
// The angles depend on positions alone. They are computed once and serve every layer.

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
  // $\omega_i$: one frequency for each pair, falling from 1; a scaling lowers them further.
  const frequencies = scaling ? scaling.frequencies(width, base) : rotaryFrequencies(width, base);
  // A factor of both tables: 1, but for [YaRN](rotary_scaling.ts), which also lengthens queries and keys.
  const pairs = frequencies.length, magnitude = scaling?.magnitude ?? 1;
  const table = (wave: (angle: number) => number): Tensor =>
    tensor(
      Float64Array.from({ length: T * pairs }, (_, index) => {
        // $p\,\omega_i$: the angle grows with the position.
        const position = start + Math.floor(index / pairs);
        return magnitude * wave(position * frequencies[index % pairs]!);
      }),
      [T, pairs],
    );
  return { cosine: table(Math.cos), sine: table(Math.sin) };
}

// ## Pitfall: the other pairing
//
// Loading weights of one pairing into the other changes no shape. The test "applyRotary() in both
// pairings differs by a fixed order of coordinates" states what has to be permuted.

// ## Pitfall: turned keys in a cache
//
// A [cache](../../07_generation/kv_cache.ts) keeps the keys of the tokens already read, turned as they were when they came. A token that is read later has to be turned by *its* position, counted from the beginning of the
// text and not of the call. The test "RotaryPositions() marks the same with and without a cache" reads a text in parts.

// ## Exercise
//
// Turn queries only, and leave the keys as they are. Does the score still depend on the distance alone? On what does it depend?
//
// **Hint.** Set $s = 0$ in the formula of the score, whatever the position of the key.
//
// **Solution.** The score is $q^\top R_{-p}\, k$: it depends on the position of the query alone. Moving both changes it, and moving the key
// does not.
//
// ```ts
// import { applyRotary, rotaryAngles } from "@heed/heed/attention";
// import { Random } from "@heed/heed/engine";
//
// const random = new Random(1), query = random.normal([1, 1, 1, 8]), key = random.normal([1, 1, 1, 8]);
// for (const [p, s] of [[2, 5], [10, 13], [10, 14]] as const) {
//   const { cosine, sine } = rotaryAngles(1, 8, { start: p });
//   const score = await applyRotary(query, cosine, sine).mul(key).sum().item();
//   console.log(`query at ${p}, key at ${s}: ${score.toFixed(3)}`);
// }
// ```
//
// ```text
// query at 2, key at 5: 7.922
// query at 10, key at 13: 4.320
// query at 10, key at 14: 4.320
// ```

// #region Options of the angles
// Which positions, which base, and what slows the pairs down.

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
// #endregion

// #region As a part of a model
// `rotary()` is a value for the option `positions` of a model ([section](scheme.ts)). `RotaryPositions` keeps the angles of the
// longest text so far.

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
   * @param start position of the first one, or of the first one of each row, below 0 for padding
   * @returns `[B, H, T, D]`
   */
  mark(x: Tensor, start: number | readonly number[]): Tensor {
    const { T, D } = dims(x, "B H T D");
    if (Array.isArray(start)) return this.#markRows(x, start);
    const first = start as number;
    checkSizes("rotate", { start: first });
    const [cosine, sine] = this.#angles.of(roomFor(first + T)).map((table) => table.slice(0, first, first + T));
    const turned = (part: Tensor): Tensor => applyRotary(part, cosine!, sine!, { interleaved: this.#interleaved });
    if (this.#width === D) return turned(x);
    return concat([turned(x.slice(-1, 0, this.#width)), x.slice(-1, this.#width)], -1);
  }

  /** The same where each row starts at a position of its own. */
  #markRows(x: Tensor, starts: readonly number[]): Tensor {
    const { B, H, T, D } = dims(x, "B H T D");
    startsOfRows(B, 0, starts);
    const places = starts.flatMap((start) => Array.from({ length: T }, (_, t) => Math.max(0, start + t)));
    const rows = withBackend(x.device, () => tensor(Int32Array.from(places)));
    const [cosine, sine] = this.#angles.of(roomFor(Math.max(0, ...places) + 1)).map((table) => take(table, rows));
    // The positions of all rows one after the other, as if they were those of one row: `[1, H, B·T, D]`.
    const inRow = x.transpose(0, 1).reshape([1, H, B * T, D]);
    const turned = (part: Tensor): Tensor => applyRotary(part, cosine!, sine!, { interleaved: this.#interleaved });
    const marked = this.#width === D
      ? turned(inRow)
      : concat([turned(inRow.slice(-1, 0, this.#width)), inRow.slice(-1, this.#width)], -1);
    return marked.reshape([H, B, T, D]).transpose(0, 1);
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
// #endregion
