/**
 * # What the square root prevents, in Chinese
 *
 * @module
 */

import type { Scaling } from "../../../../core/04_attention/experiments/scaled_dot_product.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { fixed, number, percent } from "../../../../core/experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

/** What the experiment says. */
export const words: Words<Scaling> = {
  title: "根号防住了什么",
  purpose: "随机的查询遇上随机的键和值，向量越来越宽，不做任何训练。分数一次直接用，一次除以 √d。改变键的个数试试，" +
    "看每张图里哪些线随宽度而变。",
  controls: {
    queries: { label: "查询个数", description: "对多少个随机查询取平均" },
    keys: { label: "键的个数", description: "每个查询与多少个随机的键比较" },
    alignment: { label: "对齐程度", description: "查询与其中一个键的相关系数，只影响第二张图里“有一个键对齐”那条虚线" },
    seed: SEED_WORDS,
  },
  claims: {
    variance: "不缩放的点积，方差就是宽度，误差在 15\u202f% 以内",
    largest: "不缩放时，宽度 1024 下一个查询的最大权重平均超过 0.9",
    vanishes: "不缩放时，宽度 1024 下查询所得梯度的中位数不到缩放时的十分之一",
    explodes: "不缩放时，宽度 1024 下最大的梯度超过缩放时的十倍，平均值超过两倍",
    scaled: "缩放以后，方差和最大权重随宽度的变化都小于 15\u202f%",
    aligned: "缩放以后，即使有一个键与查询对齐，最大权重在任何宽度下也一样",
  },
  captions: {
    variance: ({ variance, scaledVariance }) =>
      `不缩放的分数，方差大约等于宽度：宽度 1024 时为 ${number(Math.round(variance.at(-1)!))}。` +
      `除以 √d 之后，同样的宽度下为 ${fixed(scaledVariance.at(-1)!, 2)}。查询和键互相独立，坐标的均值为 0，方差为 1。`,
    largest: ({ largest, scaledLargest, alignedLargest, shown: { keys, alignment } }) =>
      `不缩放时，宽度 1024 下 ${keys} 个键中的一个平均独占 ${percent(largest.at(-1)!)} 的权重；缩放以后，` +
      `不论宽度，都在 ${percent(Math.min(...scaledLargest))} 到 ${percent(Math.max(...scaledLargest))} 之间。` +
      `有一个键对齐：这个键是查询的 ${fixed(alignment, 1)} 倍加上独立的噪声（相关系数 ${
        fixed(alignment, 1)
      }）；从宽度 4 到宽度 1024，缩放后的最大权重从 ` +
      `${percent(alignedLargest[0]!)} 变到 ${percent(alignedLargest.at(-1)!, 3)}。`,
    gradient: ({ gradient, scaledGradient, shown: { queries, keys } }) =>
      `传到一个查询的梯度，取各坐标的均方根：${queries} 个查询（每个配 ${keys} 个键）的中位数、平均值和最大值。` +
      `这里没有损失：用坐标方差为 1 的随机向量充当损失对每个输出的导数，再由链式法则传回查询；值的方差也为 1。不缩放时，宽度 1024 下中位数为 ${
        number(gradient.median.at(-1)!, 2)
      }，` +
      `平均值为 ${number(gradient.mean.at(-1)!, 2)}，最大值为 ${number(gradient.largest.at(-1)!, 2)}；` +
      `缩放时（虚线）分别为 ${number(scaledGradient.median.at(-1)!, 2)}、${
        number(scaledGradient.mean.at(-1)!, 2)
      } 和 ` +
      `${number(scaledGradient.largest.at(-1)!, 2)}。`,
  },
  reading: ({ gradient, scaledGradient, alignedLargest, shown: { alignment } }) => {
    const vanishes = gradient.median.at(-1)! < scaledGradient.median.at(-1)! / 10;
    const explodes = gradient.largest.at(-1)! > 10 * scaledGradient.largest.at(-1)!;
    return [
      `不缩放时，梯度是消失还是爆炸？${
        vanishes && explodes
          ? "两者都有，发生在不同的查询上。大多数行里有一个权重几乎为 1，这个查询几乎得不到梯度。少数行里有两个键的分数几乎相等，" +
            "稍有变动，全部权重就从一个跳到另一个，这样的查询得到的梯度过大。"
          : vanishes
          ? "在这组设置下，大多数查询的梯度消失，没有哪个查询的梯度过大。"
          : "在这组设置下，两种现象都不明显。"
      }宽度 1024 下，平均值是缩放时的 ${
        number(gradient.mean.at(-1)! / scaledGradient.mean.at(-1)!, 2)
      } 倍。只看平均值，既看不出大多数查询几乎得不到梯度，也看不出少数查询的梯度大得多。`,
      "除以根号的前提是查询与键互相独立，训练之前正是如此。" +
      `与查询的相关系数为 ${fixed(alignment, 1)} 的键，缩放以后分数是 ${fixed(alignment, 1)}·√d：仍随宽度增长，` +
      `在宽度 1024 下占去 ${percent(alignedLargest.at(-1)!, 3)} 的权重。训练会让查询与它要找的键对齐。` +
      "Yang 等（2022）因此改为除以 d。",
    ];
  },
  labels: {
    width: "查询和键的宽度 d",
    variance: "分数的方差",
    expected: "预期值 d",
    largest: "最大权重",
    uniform: "平均分配，1 / 键数",
    aligned: "有一个键对齐",
    gradient: "传到一个查询的梯度",
    median: "中位数",
    mean: "平均值",
    most: "最大值",
  },
};
