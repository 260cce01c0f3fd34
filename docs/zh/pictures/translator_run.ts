/** What the run of the translator says, in Chinese. */

import { fixed, number } from "../../../core/experiments/numbers.ts";
import type { TranslatorWords } from "../../pictures/translator_run.ts";

/** Stands for the caption of the page. */
export const caption = "一次训练的四个阶段，用贪心解码翻译同一组没见过的句子。";

/** What it says. */
export const words: TranslatorWords = {
  source: "源句",
  after: (steps) => `${steps} 步`,
  reference: "参考译文",
  bleu: (unseen) => `${unseen} 句的 BLEU`,
  loss: "损失（每词元纳特数）",
  caption: ({ sentences, credits }) =>
    `同一组没见过的句子在各阶段的译文，都用贪心解码：取测试集中 6 到 14 个字符（标点也算）的前 ${
      sentences.length - 1
    } 句，没有人工挑选；` +
    `另加笔记里的那个问句，它没有参考译文。句子和参考译文来自 Tatoeba，${credits}，CC-BY 2.0 FR。`,
  reading: ({ stages, bleu, weights, pairs, unseen, layout, recipe, longest }) => [
    `模型有 ${
      number(weights / 1e4, 3)
    } 万个参数：编码器和解码器各 ${layout.numLayers} 层，宽度 ${layout.hiddenSize}，` +
    `${layout.numHeads} 个头；每种语言各有一个 ${recipe.vocabSize} 个词元的词表和一张嵌入表。它学习 ${pairs} 个句对，` +
    `每句都不超过 ${longest} 个词元，共 ${
      stages.at(-1)
    } 批，每批 ${recipe.batchSize} 对。最后一行的损失是上一阶段以来各步的平均，` +
    `用了 ${recipe.labelSmoothing} 的标签平滑。`,
    "表格逐行从左往右读。先是最常见的几个词，从中只看得出源句的长短和问号；然后是英语句子，但与源句关系不大；" +
    "然后有了源句里的几个词；最后是译文，还带着错误。",
    `${unseen} 句上的 BLEU 为 ${fixed(bleu.at(-1)!, 1)}，离好的翻译还很远：模型小，句对少，多数源句只有一个参考译文。` +
    "一个句对只要有一句（不论哪种语言）也在测试集里，就没有用来训练。",
  ],
};
