/**
 * # What a warm-up allows, in Chinese
 *
 * @module
 */

import type { Warmup } from "../../../../../core/06_training/experiments/schedules/warmup.ts";
import type { Words } from "../../../../../core/experiments/experiment.ts";
import { fixed, number } from "../../../../../core/experiments/numbers.ts";
import { type Range, written } from "../../../../../core/experiments/seeds.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";

const nats = (range: Range): string => written(range, (x) => fixed(x, 2)).replace(" to ", " 到 ");

/** What the experiment says. */
export const words: Words<Warmup> = {
  title: "预热使什么成为可能",
  purpose:
    "后归一化的编码器学习说出自己读到的词，有预热和没有预热，学习率取高的，也取它的一半。前归一化的编码器做同样的事，没有预热。" +
    "改变学习率或层数，看哪些学得会。",
  controls: {
    layers: { label: "层数", description: "每个编码器的层数" },
    rate: { label: "学习率", description: "较高的那个；另一个是它的一半" },
    warmup: { label: "预热", description: "升到学习率要几步，全部是 60 步" },
    seed: SEED_WORDS,
  },
  constants: {
    steps: "步数",
    width: "宽度",
    heads: "头数",
    words: "词的种类",
    length: "序列的词数",
    batch: "每批序列数",
    beta2: "Adam 的 β₂",
    clip: "梯度裁剪到长度",
    seeds: "种子数",
  },
  claims: {
    needed: "学习率高、没有预热时，后归一化的损失停在瞎猜的 70\u202f% 以上，每个种子都是如此",
    enough: "有了预热，就降到瞎猜的 20\u202f% 以下，每个种子都是如此",
    half: "学习率减半，有没有预热都学得会：降到瞎猜的百分之一以下，每个种子都是如此",
    pre: "前归一化在高学习率下，没有预热也学得会，每个种子都是如此",
  },
  captions: {
    curves: ({ guess, seeds, shown: { layers, rate, warmup } }) =>
      `${layers} 层，学习率 ${
        number(rate)
      }，预热 ${warmup} 步和没有预热：${seeds} 个种子的平均，以及它们的范围。瞎猜的损失是 ${fixed(guess, 2)} 纳特。`,
    ends: ({ ranges, seeds, shown: { rate } }) =>
      `最后五步的平均损失；条形末端的线是 ${seeds} 个种子的范围。学习率为 ${
        number(rate)
      } 时，后归一化最后的损失，没有预热是 ${nats(ranges[0]!)}，有预热是 ${nats(ranges[1]!)}；学习率为 ${
        number(rate / 2)
      } 时，分别是 ${nats(ranges[2]!)} 和 ${nats(ranges[3]!)}。`,
  },
  reading: ({ ranges, guess, shown: { layers, rate, warmup, steps } }) => [
    ranges[0]![0] > ranges[1]![1] && ranges[2]![1] < guess / 10
      ? `要学会，不一定需要预热：学习率减半，没有预热也很好。预热使更高的学习率成为可能。在这里，学习率为 ${
        number(rate)
      } 时，后归一化只有预热才学得会，前归一化则不需要。`
      : "在这组设置下，有没有预热没有差别，或者差别不如预期。",
    "需要预热的是后归一化，这与 Xiong 等（2020）一致。但这分不清是他们的理由，还是 Liu 等（2020）的：这些训练的最初几步都是 Adam 的。",
    `模型小，只有 ${layers} 层，任务也小：一次训练 ${steps} 步，其中 ${warmup} 步是预热。最初的 Transformer 在 4000 步之后达到峰值 ${
      number(1 / Math.sqrt(512 * 4000), 1)
    }。`,
  ],
  labels: {
    step: "步数",
    loss: "每词纳特数",
    name: (name, rate) =>
      ({
        abrupt: `后归一化，${number(rate)}`,
        warmed: `后归一化，${number(rate)}，预热`,
        halfAbrupt: `后归一化，${number(rate / 2)}`,
        halfWarmed: `后归一化，${number(rate / 2)}，预热`,
        pre: `前归一化，${number(rate)}`,
      })[name],
  },
};
