/**
 * # Seven ways to misread a BERT, in Chinese
 *
 * @module
 */

import type { BertTraps } from "../../../../core/08_pretrained/experiments/bert.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { percent } from "../../../../core/experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

/** What the experiment says. */
export const words: Words<BertTraps> = {
  title: "读错 BERT 的七种方式",
  purpose:
    "一个小的 BERT 在成对的文本上学习被遮住的词。文本由成双的词组成，第二段文本里的搭配不同。把它的权重按文件中的名字写出，再读回来：一次照原样，然后每次犯一个错误。其他文本中被遮住的词的损失说明错误的代价。",
  controls: {
    steps: { label: "步数", description: "训练的步数" },
    seed: SEED_WORDS,
  },
  constants: { couples: "词对", width: "宽度" },
  claims: {
    loud: "位置晚一行开始，或没有词元类型，损失各增加超过半个纳特",
    order: "归一化放在步骤之内，损失增加超过十分之一纳特，模型仍找到多数的词",
    silent: "读了填充，或漏了词的偏置，在这里增加不到十分之一纳特",
    quiet: "另一种 GELU 和 1e-5 的 epsilon 增加不到 0.01 纳特：任何句子都看不出来",
  },
  captions: {
    nats: ({ nats }) =>
      `其他文本中被遮住的词的损失：照原样读是 ${nats[0]!.toFixed(2)} 纳特；有错误时依次是 ${
        nats.slice(1).map((loss) => loss.toFixed(2)).join("、")
      }。`,
    table: ({ same }) =>
      `概率最大的词与正确读法相同的比例依次是 ${same.slice(1).map((part) => percent(part, 3)).join("、")}。`,
  },
  reading: ({ nats, same }) => [
    `另一种 GELU 在这里使损失改变 ${Math.abs(nats[6]! - nats[0]!).toFixed(4)} 纳特，${
      percent(same[6]!, 3)
    } 的词相同。这样的错误只有与原库的向量比较才能发现。填充在这里代价小，因为每行都短，填充不多；一批文本长短不一时，读到的可能多半是填充。`,
  ],
  labels: {
    right: "照原样",
    preNorm: "归一化在步骤之内",
    positions: "位置晚一行",
    padding: "读了填充",
    types: "没有词元类型",
    bias: "没有词的偏置",
    gelu: "用 tanh 的 GELU",
    epsilon: "epsilon 用 1e-5 而不是 1e-12",
    nats: "纳特",
    same: "相同的词",
    reading: "读法",
  },
};
