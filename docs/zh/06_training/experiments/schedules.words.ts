/**
 * # Four schedules, five peaks, in Chinese
 *
 * @module
 */

import type { Schedules } from "../../../../core/06_training/experiments/schedules.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { fixed, number } from "../../../../core/experiments/numbers.ts";
import { type Range, written } from "../../../../core/experiments/seeds.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

const nats = (range: Range): string => written(range, (x) => fixed(x, 3)).replace(" to ", " 到 ");

const NAMES = {
  constant: "预热后为常数",
  inverseSquareRoot: "平方根倒数",
  cosine: "余弦",
  linear: "直线",
} as const;

/** What the experiment says. */
export const words: Words<Schedules> = {
  title: "四种调度，五个峰值",
  purpose: "一张打分的表学习哪个字母跟在哪个后面，用 Adam，每步 64 对字母。最好的表损失是多少，可以精确算出。" +
    "看每种调度从五个峰值出发，最后各比它高多少。改变步数：训练很短时，常数学习率最好。",
  controls: {
    steps: { label: "训练步数", description: "每次训练的步数；前十分之一是预热" },
    peak: { label: "峰值", description: "最高的学习率，用于第二张图" },
    seed: SEED_WORDS,
  },
  constants: {
    batch: "每批对数",
    beta2: "Adam 的 β₂",
    warmup: "预热占全部步数",
    peaks: "峰值",
    short: "短训练的步数",
    seeds: "种子数",
  },
  claims: {
    falls: "各取最好的峰值，三种下降的调度都比常数学习率更接近最好的表，每个种子都是如此",
    high: "从最高的峰值出发，常数学习率最后的距离是余弦和直线的四倍以上",
    shapes: "沿余弦下降还是沿直线下降，大有关系：各取最好的峰值，一种的任何种子都不如另一种",
    short: "只训练 50 步时，各取最好的峰值，常数学习率比余弦更接近，每个种子都是如此",
  },
  captions: {
    peaks: ({ best, bestPeak, seeds, entropy, shown: { names, steps } }) =>
      `${steps} 步之后到了哪里：比最好的表高多少纳特；最好的表每字母 ${
        fixed(entropy, 3)
      } 纳特。点是 ${seeds} 个种子的平均，带是它们的范围。各自最好的：${
        names.map((name, i) => `${NAMES[name]} ${fixed(best[i]!, 3)}（峰值 ${number(bestPeak[i]!)}）`).join("，")
      }。`,
    curves: ({ seeds, shown: { peak } }) =>
      `同样的量随步数的变化，峰值都是 ${
        number(peak)
      }；${seeds} 个种子的平均和范围。常数学习率很快就不再接近。余弦和直线随着学习率下降，降到它下面。`,
  },
  reading: ({ bestRange, short, entropy, guess, seeds, shown: { steps, shortSteps } }) => [
    "步子长，就跟着那几对字母的噪声走。学习率不变，表就一直在最好的表周围移动，学习率越大，离得越远。学习率下降，最后就把噪声平均掉了。",
    `各取最好的峰值，${seeds} 个种子，${steps} 步之后比最好的表高：常数 ${nats(bestRange[0]!)} 纳特，平方根倒数 ${
      nats(bestRange[1]!)
    }，余弦 ${nats(bestRange[2]!)}，直线 ${nats(bestRange[3]!)}。瞎猜比最好的表高 ${fixed(guess - entropy, 3)}。`,
    `${shortSteps} 步之后则相反：常数 ${nats(short[0]!)}，余弦 ${
      nats(short[1]!)
    }。表离最好的还很远，学习率降了就走不动。所以训练要长到进入噪声的范围，下降的调度才合算。`,
    "打分的表，损失只有一个谷。Transformer 不是这样，但它的批次的梯度同样有噪声：本页记录的运行训练了一个。",
  ],
  labels: { ...NAMES, peak: "峰值学习率", excess: "比最好的表高多少纳特", step: "步数" },
};
