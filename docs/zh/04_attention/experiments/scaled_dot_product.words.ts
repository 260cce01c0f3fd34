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
  purpose: "随机的查询遇上随机的键，头越来越宽，什么都不训练。分数一次直接用，一次除以 √d。改变键的个数试试，" +
    "看每张图里，两条线中哪一条随宽度而变。",
  controls: {
    queries: { label: "查询个数", description: "对多少个随机查询取平均" },
    keys: { label: "键的个数", description: "每个查询与多少个随机的键比较" },
    seed: SEED_WORDS,
  },
  claims: {
    variance: "不缩放的点积，方差就是宽度，误差在 15\u202f% 以内",
    largest: "不缩放时，宽度 1024 下一个查询的最大权重平均超过 0.9",
    gradient: "不缩放时，权重在宽度 1024 下的响应不到宽度 4 时的三分之一",
    scaled: "缩放以后，最大权重和权重的响应随宽度的变化都小于 15\u202f%",
  },
  captions: {
    variance: ({ variance, scaledVariance }) =>
      `不缩放的分数，方差大约等于宽度：宽度 1024 时为 ${number(Math.round(variance.at(-1)!))}。` +
      `除以 √d 之后，同样的宽度下为 ${fixed(scaledVariance.at(-1)!, 2)}。`,
    largest: ({ largest, scaledLargest, shown: { keys } }) =>
      `不缩放时，宽度 1024 下 ${keys} 个键中的一个平均独占 ${percent(largest.at(-1)!)} 的权重；缩放以后，` +
      `不论宽度，都在 ${percent(Math.min(...scaledLargest))} 到 ${percent(Math.max(...scaledLargest))} 之间。`,
    gradient: ({ shown: { answer } }) =>
      "分数变动时，权重响应得有多强：一个查询的权重对分数的所有导数，平方、求和、再开方。不缩放时，" +
      `从宽度 4 到宽度 1024，响应降到原来的 ${percent(answer)}。`,
  },
  labels: {
    width: "头的宽度 d",
    variance: "分数的方差",
    expected: "预期值 d",
    largest: "最大权重",
    uniform: "平均分配，1 / 键数",
    answer: "权重对分数的响应",
  },
};
