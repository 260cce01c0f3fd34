/**
 * # A translator in seconds, in Chinese
 *
 * @module
 */

import type { Translating, TranslatorFindings } from "../../../../core/05_transformer/experiments/encoder_decoder.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { fixed, number } from "../../../../core/experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

/** Where the largest weights of the map fall, piece by piece. */
function mapRead({ from, to, weights }: TranslatorFindings["shown"]["attention"], translation: string): string {
  // The last row asks for the token after the translation.
  const places = weights.slice(0, -1).map((row) => row.indexOf(Math.max(...row)));
  // Neighbouring rows that look at one place stand together.
  const groups = places.flatMap((place, i) => place === places[i - 1] ? [] : [{ place, start: i }]);
  const list = groups.map(({ place, start }, i) => {
    const pieces = from.slice(start, groups[i + 1]?.start ?? places.length).map((piece) => `“${piece}”`).join("");
    return `写出${pieces}时是“${to[place]}”`;
  }).join("，");
  return `在“${translation}”的图里，权重最大的位置：${list}。损失从未要求这张图逐词跟随译文。`;
}

/** What the experiment says. */
export const words: Words<Translating> = {
  title: "几秒钟学会翻译",
  purpose: "一个小小的翻译模型从零开始，用几秒钟学习汉语短句。改变句对个数、步数或层数，看损失怎样下降，" +
    "每个英语词是从哪些汉字读来的，没见过的句子又译成什么样。",
  controls: {
    pairs: { label: "句对个数", description: "用来学习的短句对" },
    steps: { label: "训练步数", description: "每步一批，每批 32 对" },
    layers: { label: "层数", description: "编码器和解码器各有几层" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "宽度",
    heads: "头数",
    batch: "每批句对",
    rate: "最高学习率",
    dropout: "dropout",
    norms: "归一化",
    characters: "源句最多字数",
    words: "目标句最多词数",
  },
  claims: {
    loss: "损失降到只知道词频的模型的一半以下",
    bleu: "它能翻译没见过的句子：BLEU 超过 20",
    once: "一次翻译不管写多少个词，编码器只运行一次",
  },
  captions: {
    loss: ({ weights, firstLoss, lastLoss, frequencies, shown: { pairs } }) =>
      `${number(weights, 3)} 个权重、${number(pairs, 3)} 个句对，损失从每词元 ${number(firstLoss, 3)} 纳特降到 ` +
      `${number(lastLoss, 3)} 纳特。只知道词频的模型是 ${number(frequencies, 3)} 纳特。`,
    attention: ({ shown: { source, translation, heads } }) =>
      `“${translation}”的每个词元是从“${source}”的哪里读来的：最后一层的交叉注意力，${heads} 个头的平均。` +
      "左边是每一步的查询：读入箭头前的词元，写出箭头后的词元。右边是键。",
    examples: ({ bleu, shown: { unseen } }) =>
      `没见过的句子，按次序取最前面的几句，没有挑选；只训练了几秒，错误都照样列出。${unseen} 句的 BLEU 为 ${
        number(bleu, 3)
      }。`,
  },
  reading: ({ bleu, near, frequencies, lastLoss, passes, shown: { unseen, pairs, attention, translation } }) => [
    `损失最后是每词元 ${fixed(lastLoss, 2)} 纳特。只凭词频是 ${fixed(frequencies, 2)} 纳特，` +
    "所以模型知道的，大部分是从源句和前面的词里读到的。",
    mapRead(attention, translation),
    `几秒钟就能有 ${fixed(bleu, 1)} 的 BLEU，是因为语料按句型造出：${unseen} 个没见过的句子里，有 ${
      number(100 * near, 2)
    } % ` +
    `与学过的 ${pairs} 个英语句子之一至多差一个词。句对少了，这两个数都会下降。人写的句子是另一回事，见本节记录的那次训练。`,
    `整个译文写下来，编码器运行了${passes === 1 ? "一" : ` ${passes} `}次。`,
  ],
  labels: {
    step: "步",
    loss: "每词元纳特数",
    training: "训练",
    frequencies: "只知道词频",
    source: "源句",
    translation: "译文",
    corpus: "语料里的译文",
    mean: (heads) => `${heads} 个头的平均`,
  },
};
