/** What the run of the schedules says, in Chinese. */

import { fixed, number } from "../../../core/experiments/numbers.ts";
import { type Range, rangeOf, written } from "../../../core/experiments/seeds.ts";
import { lossOf, type SchedulesWords } from "../../pictures/schedules_run.ts";

/** Stands for the caption of the page. */
export const caption = "同一个 Transformer，用同样的批次，五种学习率调度，每种取各自最好的峰值。";

const nats = (range: Range): string => written(range, (x) => fixed(x, 3)).replace(" to ", " 到 ");

/** What it says. */
export const words: SchedulesWords = {
  names: {
    noWarmup: "常数，无预热",
    constant: "常数",
    inverseSquareRoot: "平方根倒数",
    cosine: "余弦",
    linear: "直线",
  },
  step: "步数",
  loss: "每字符纳特数",
  columns: (peaks, seeds) => ["调度", ...peaks.map((peak) => `峰值 ${peak}`), "最好的峰值", `${seeds} 个种子`],
  captions: {
    curves: ({ seeds, results }) =>
      `训练损失随步数的变化，${seeds} 个种子的平均和范围，每种调度取最好的峰值：${
        results.map(({ name, best }) => `${words.names[name]} ${number(best)}`).join("；")
      }。`,
    table: ({ seeds, recipe }) =>
      `${recipe.steps} 步之后验证文本上的损失：每个峰值用一个种子，最好的峰值用 ${seeds} 个种子。`,
  },
  range: nats,
  reading({ peaks, without, warmed, falling, ahead, isLowest, layout, recipe }) {
    const pairs = peaks.map((peak, i) =>
      `峰值 ${number(peak)} 时，无预热 ${lossOf(without.losses[i])}，有预热 ${lossOf(warmed.losses[i])}`
    );
    return [
      `预热有多大好处，取决于峰值。用一个种子，常数学习率最后的损失：${pairs.join("；")}。`,
      `各取最好的峰值，常数学习率最后的损失，无预热是 ${nats(rangeOf(without.seeds))}，有预热是 ${
        nats(rangeOf(warmed.seeds))
      }。下降的调度：${falling.map(({ name, seeds }) => `${words.names[name]} ${nats(rangeOf(seeds))}`).join("，")}。${
        ahead.length === falling.length
          ? "每个种子上，它们都比常数学习率好。"
          : ahead.length === 0
          ? "没有一种在每个种子上都比常数学习率好。"
          : `每个种子上都比常数学习率好的：${ahead.map(({ name }) => words.names[name]).join("、")}。`
      }`,
      ...isLowest
        ? ["常数学习率最好的峰值，是试过的最低的一个。再低一些也许更好：常数学习率既要长得走完路程，又要短得适合结尾。"]
        : [],
      `共同的设置：${layout.numLayers} 个前归一化的层，宽度 ${layout.hiddenSize}，${layout.numHeads} 个头，每批 ${recipe.batchSize} 个长 ` +
      `${layout.contextLength} 个字符的窗口，AdamW（β₂ 为 ${recipe.beta2}，权重衰减为 ${recipe.weightDecay}），梯度裁剪到 ${recipe.clipNorm}；` +
      `除第一种外都预热 ${recipe.warmupSteps} 步；余弦和直线降到 0。`,
    ];
  },
};
