/** What the run of three architectures says, in Chinese. */

import { fixed, number } from "../../../core/experiments/numbers.ts";
import type { ArchitecturesWords } from "../../pictures/architectures_run.ts";

/** Stands for the caption of the page. */
export const caption = "三个大小相同的模型，学习同样的句对。";

/** What it says. */
export const words: ArchitecturesWords = {
  names: {
    "encoder and decoder": "编码器与解码器",
    "decoder only": "纯解码器",
    "decoder with a prefix mask": "带前缀掩码的解码器",
  },
  columns: ["模型", "参数量", "损失", "BLEU", "秒"],
  caption: ({ unseen, recipe }) =>
    `训练 ${recipe.steps} 批、每批 ${recipe.batchSize} 对之后：${unseen} 个没见过的句对的交叉熵（每个目标词元的纳特数）、` +
    "贪心译文的 BLEU，以及训练在一个核上所用的秒数。",
  reading: ({ lead, seconds, prefix, longest, layers, layout, recipe, pairs }) => [
    `大小相同时，编码器加解码器的损失比纯解码器${lead > 0 ? "低" : "高"} ${
      fixed(Math.abs(lead), 3)
    } 纳特，用时是它的 ` +
    `${number(seconds, 2)} 倍：每个词元只经过一半的参数。`,
    `源句的词如果能双向互见，解码器的损失${prefix < 0 ? "降低" : "升高"} ${
      fixed(Math.abs(prefix), 3)
    }。每个模型只用一个种子训练，小的差别不说明问题；` +
    `${recipe.steps} 步也很少，所以这里比的是谁学得快，不是谁最后更好。`,
    `三个模型以同样的顺序学习同样的 ${pairs} 个句对，每句都不超过 ${longest} 个词元。两种语言共用 ${recipe.vocabSize} 个词元的词表和一张嵌入表，` +
    `宽度 ${layout.hiddenSize}，${layout.numHeads} 个头，位置向量可学习，前归一化，dropout 为 ${layout.dropout}；` +
    `编码器和解码器各 ${layers.both} 层，纯解码器 ${layers.alone} 层。各按本书讲它的那一节初始化，学习率同为 ${recipe.peak}。` +
    "同一批里的源句长度相同。",
  ],
};
