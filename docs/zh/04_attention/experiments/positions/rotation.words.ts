/**
 * # Walking is turning, in Chinese
 *
 * @module
 */

import type { Rotation } from "../../../../../core/04_attention/experiments/positions/rotation.ts";
import type { Words } from "../../../../../core/experiments/experiment.ts";
import { fixed, number } from "../../../../../core/experiments/numbers.ts";
import { small } from "../../../experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";

/** What the experiment says. */
export const words: Words<Rotation> = {
  title: "前进就是旋转",
  purpose:
    "一个位置的正弦编码是几个圆上的点，每个圆上一个。改变前进的步数：每个圆转过自己的一个角，与从哪里出发无关。" +
    "然后在文本的三个地方，用点积比较编码，也比较 RoPE 转过的查询和键。看结果与地方有关，还是只与距离有关。",
  controls: {
    width: { label: "宽度", description: "一个编码的宽度，也是一个头的宽度" },
    step: { label: "前进步数", description: "前进几个位置，n" },
    seed: SEED_WORDS,
  },
  claims: {
    linear: "位置 p + n 的编码是位置 p 的编码的线性函数，对每个 p 都是同一个函数",
    distance: "两个编码的点积只取决于它们的距离；两行随机数的点积则不然",
    rotary: "查询和键经 RoPE 旋转以后，分数里只剩下距离",
  },
  captions: {
    codes: ({ shown: { codes } }) =>
      `前 ${codes.length} 个位置的编码：正弦和余弦成对，左边的变得快，右边的变得慢。画斜线的格子是负数。`,
    circle: ({ wrongStep, shown: { step, width, frequency, positions, miss, circle } }) =>
      `宽度 ${width} 的编码有 ${width / 2} 对坐标 sin pωᵢ 和 cos pωᵢ，每对有自己的频率 ωᵢ = 10000^(−2i/${width})` +
      `（手算的例子只有一对，ω₀ = 1）。图中是第二对，ω₁ = ${number(frequency, 3)}：位置 p = 0 到 ${
        circle.length - 1
      }，以及前进 ${step} 步之后的位置。每个点都转过同样的角，${step} · ${number(frequency, 3)} = ${
        fixed(step * frequency, 2)
      } 弧度。转过角 nω 就是乘一个 2 × 2 矩阵，每对坐标一个。把 n = ${step} 的矩阵用在 ${positions} 个位置的全部 ${
        width / 2
      } 对坐标上，与 ${step} 步之后的编码相比，最大误差：${small(miss)}。换成 n = ${step + 1} 的矩阵，最大误差是 ${
        fixed(wrongStep, 2)
      }；坐标都在 −1 与 1 之间。`,
    dots: ({ spread }) =>
      `位置 p 的编码与后面一个位置的编码的点积，按距离画出：三个 p 的三条曲线重合（相差${
        small(spread)
      }）。点积随距离下降，但不是一路下降，也不均匀。`,
    rotary: ({ rotarySpread, shown: { width } }) =>
      `一个宽度 ${width} 的随机查询由 RoPE 转到位置 p，一个随机的键转到后面一个位置：三个 p 的三条曲线重合（相差${
        small(rotarySpread)
      }）。分数取决于距离，与 p 无关。`,
  },
  labels: {
    position: "位置 p",
    coordinate: "坐标",
    cosine: "余弦",
    sine: "正弦",
    distance: "距离",
    product: "点积",
    score: "分数",
  },
};
