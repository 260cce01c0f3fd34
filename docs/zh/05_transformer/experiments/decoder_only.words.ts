/**
 * # A small GPT on letters, in Chinese
 *
 * @module
 */

import type { DecoderOnlyFindings, Letters } from "../../../../core/05_transformer/experiments/decoder_only.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { number } from "../../../../core/experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

const written = (stage: string, { shown: { temperature, letters } }: DecoderOnlyFindings): string =>
  `${stage}写出的文本，温度 ${number(temperature, 3)}；学习的文本有 ${number(letters, 3)} 个字母。`;

/** What the experiment says. */
export const words: Words<Letters> = {
  title: "逐字母的小 GPT",
  purpose: "模型逐个字母读英语句子，学习下一个是什么字母。改变训练的步数，或者写文本时的温度。" +
    "拿它的损失与频率表的相比，再读读它在训练前、训练之初和训练结束时写出的文本。",
  controls: {
    steps: { label: "训练步数", description: "每步一批，每批 24 个窗口" },
    layers: { label: "层数", description: "模型有几层" },
    temperature: { label: "温度", description: "采样之前 logits 除以的数" },
    seed: SEED_WORDS,
  },
  constants: {
    width: "隐藏宽度",
    heads: "头数",
    rate: "学习率",
    context: "上下文的字母数",
    batch: "每批窗口",
    sample: "样本的字母数",
  },
  claims: {
    untrained: "没有训练过的模型什么也不知道：它的损失就是均匀猜测的损失，相差不到 5\u202f%",
    pairs: "训练好的模型胜过只看前一个字母所能做到的最好结果",
    spelling: "它学会了拼写：写出的词有四分之一以上出现在训练文本里，是训练前的五倍以上",
  },
  captions: {
    loss: ({ firstLoss, lastLoss, frequencies, pairs, shown: { alphabet } }) =>
      `从每字母 ${number(firstLoss, 3)} 纳特，即在 ${alphabet} 个字母里均匀猜测，降到 ${number(lastLoss, 3)} 纳特。` +
      `字母频率表能做到 ${number(frequencies, 3)}，每个字母之后各字母的频率表能做到 ${number(pairs, 3)}。`,
    before: (findings) => written("训练前", findings),
    during: (findings) => written(`${findings.shown.steps[1]} 步后`, findings),
    after: (findings) => written(`${findings.shown.steps[2]} 步后`, findings),
  },
  labels: {
    step: "步",
    loss: "每字母纳特数",
    model: "模型",
    frequencies: "字母频率",
    pairs: "只看前一个字母",
  },
};
