/**
 * # The dog bites the man, the man bites the dog, in Chinese
 *
 * @module
 */

import type { Shuffled } from "../../../../core/04_attention/experiments/positions.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { fixed } from "../../../../core/experiments/numbers.ts";
import { small } from "../../experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

/** What the experiment says. */
export const words: Words<Shuffled> = {
  title: "狗咬人，人咬狗",
  purpose:
    "the dog bites the man（狗咬人）和 the man bites the dog（人咬狗）经过同一个权重随机的注意力，先不加位置，再用每一种方案。" +
    "条形表示从一句到另一句，各个词的向量移动了多少。换个种子就换一组权重：看哪一条始终是零。",
  controls: { seed: SEED_WORDS },
  claims: {
    without: "没有位置时，句子打乱以后，每个词得到的向量和原来一样",
    with: "用任何一种位置方案，每个词得到的向量都和原来不同",
    causal: "没有位置但有因果掩码时（如[笔记](notes:001.29)里的解码器），每个词得到的向量也和原来一样",
  },
  captions: {
    moved: ({ moved, causal, shown: { hiddenSize, heads } }) =>
      `一个 ${heads} 头的注意力，权重随机，词是宽度 ${hiddenSize} 的随机向量。图中是两个词交换位置时，` +
      `各个词的向量移动了多少。没有位置时，移动的距离与向量长度之比：${small(moved[0]!)}。只加因果掩码时：${
        fixed(causal, 2)
      }，因为谁看得到谁取决于次序。所以还没有加位置，解码器对位置就已经有所了解。`,
    words: ({ shown: { sentence } }) => `第二句。颜色表示每个词的向量离它在“${sentence.join(" ")}”里的向量有多远。`,
  },
  labels: {
    none: "没有位置",
    learned: "可学习",
    sinusoidal: "正弦",
    Shaw: "Shaw",
    T5: "T5",
    RoPE: "RoPE",
    ALiBi: "ALiBi",
    causal: "没有位置，因果",
    distance: "平均移动距离 / 长度",
  },
};
