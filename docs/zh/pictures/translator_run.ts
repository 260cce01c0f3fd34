/** What the run of the translator says, in Chinese. */

import { fixed, number } from "../../../core/experiments/numbers.ts";
import type { TranslatorWords } from "../../pictures/translator_run.ts";

/** Stands for the caption of the page. */
export const caption = "同一次训练的几个阶段，翻译同样的没见过的句子。";

/** What it says. */
export const words: TranslatorWords = {
  source: "原文",
  after: (steps) => `${steps} 步`,
  reference: "参考译文",
  bleu: (unseen) => `${unseen} 句的 BLEU`,
  loss: "损失，奈特每词元",
  caption: ({ sentences, credits }) =>
    `同样的没见过的句子在每个阶段的译文，贪心解码：测试集中有 6 到 14 个字的前 ${
      sentences.length - 1
    } 句，没有人工挑选，` +
    `另加笔记里的问题，它没有参考译文。句子和参考译文来自 Tatoeba，${credits}，CC-BY 2.0 FR。`,
  reading: ({ stages, bleu, weights, pairs, unseen, layout, recipe, longest }) => [
    `模型有 ${
      number(weights / 1e4, 3)
    } 万个参数：编码器和解码器各 ${layout.numLayers} 层，宽度 ${layout.hiddenSize}，` +
    `${layout.numHeads} 个头，每种语言有 ${recipe.vocabSize} 个词元的词表和嵌入表。它从两句都不超过 ${longest} 个词元的 ` +
    `${pairs} 个句对中学习，共 ${
      stages.at(-1)
    } 批，每批 ${recipe.batchSize} 对。最后一行的损失是上一阶段以来各步的平均，` +
    `含 ${recipe.labelSmoothing} 的标签平滑。`,
    "表格逐行从左往右读。先出现的是最常见的词，不管原文是什么；然后是像英语、却与原文无关的句子；然后有了原文里的几个词；最后是译文，带着错误。",
    `${unseen} 句上的 BLEU 为 ${fixed(bleu.at(-1)!, 1)}，离好的翻译还很远：模型小，句对少，多数原文只有一个参考译文。` +
    "凡与测试集共有任何一句（不论哪种语言）的句对，都没有用来训练。",
  ],
};
