/**
 * # One problem, five optimizers, in Chinese
 *
 * @module
 */

import type { Contest, OptimizersFindings } from "../../../../core/06_training/experiments/optimizers.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { fixed, number } from "../../../../core/experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

const TEXTS = { words: "词", letters: "字母" } as const;

/** Names as they are said. */
const named = (names: readonly string[]): readonly string[] => names.map((name) => name === "momentum" ? "动量" : name);

/** Names, each with a number. */
const each = (names: readonly string[], numbers: readonly number[], digits: number): string =>
  named(names).map((name, i) => `${name} ${number(numbers[i]!, digits)}`).join("，");

/** How far momentum runs past the minimum, and how its rates compare with those of SGD. */
function beyond(
  path: OptimizersFindings["shown"]["paths"][number],
  valley: readonly number[],
  model: readonly number[],
): string {
  const past = Math.max(...path.map(([along]) => along));
  const swings = past > 0
    ? `动量冲过最小值，沿谷最多冲出 ${number(past, 2)}，然后折回来。`
    : "在这些步里，动量没有冲过最小值。";
  const rates = valley[0] === valley[1]
    ? `在山谷里，两者的学习率都是 ${number(valley[0]!, 2)}`
    : `在山谷里，SGD 的学习率是 ${number(valley[0]!, 2)}，动量的是 ${number(valley[1]!, 2)}`;
  return `${swings}${rates}；在语言模型上，事先搜索到的最好的学习率，SGD 是 ${number(model[0]!, 2)}，动量是 ${
    number(model[1]!, 2)
  }。`;
}

/** What the experiment says. */
export const words: Words<Contest> = {
  title: "一个问题，五种优化器",
  purpose:
    "五种优化器走下同一条窄谷，又用同样的批次训练同一个语言模型。改变山谷的陡度，或者换一种文本：一千个词，大多罕见；或者字母。" +
    "看谁在哪里领先，罕见词的向量移动多远，Adam 的步子有多长。",
  controls: {
    steepness: { label: "陡度", description: "横穿山谷比沿着山谷陡多少倍，用于前两张图" },
    text: {
      label: "文本",
      description: "语言模型读什么，用于第三、第四张图：一千个词，大多罕见；或者字母",
      choices: { words: "词", letters: "字母" },
    },
    steps: { label: "训练步数", description: "语言模型训练几步，用于第三、第四张图；山谷里总是 100 步" },
    seed: SEED_WORDS,
  },
  constants: {
    start: "山谷里的起点",
    momentum: "动量",
    adam: "Adam 的 β₁ 和 β₂",
    rmsProp: "RMSProp 的 β₂",
    runs: "种子数",
    width: "宽度",
    layers: "层数",
    heads: "头数",
    context: "上下文长度",
    batch: "每批窗口数",
    clip: "梯度裁剪到的最大长度",
    schedule: "语言模型的学习率：在前十分之一的步里上升，然后沿半个余弦降到峰值的",
  },
  claims: {
    valley: "在窄谷里，其余各种剩下的高度都不到 SGD 的十分之一",
    model: "步数相同时，其余各种都把语言模型训练得比 SGD 好",
    rare: "用 AdaGrad、RMSProp 和 Adam，罕见词移动得和常见词差不多远，或者更远；用 SGD 和动量，不到一半",
    further: "因此 Adam 训练得比动量好：最终损失低 0.1 纳特以上",
    firstStep: "有了修正，不论梯度多大，Adam 的第一步都和学习率一样长",
    decay: "不论梯度大小，AdamW 从权重里减去的比例都相同；惩罚则不然",
  },
  captions: {
    paths: ({ shown: { steepness, names, valleyRates } }) =>
      `在横向是沿谷方向的 ${steepness} 倍陡的山谷里走的前 40 步；最低点在 (0, 0)。学习率：${
        each(names, valleyRates, 2)
      }。SGD 超过 2/${steepness} = ${number(2 / steepness, 2)} 就会发散。`,
    heights: ({ valley, shown: { names, valleySteps } }) =>
      `高出最低点多少，起点的高度记为 1。${valleySteps} 步之后剩下：${each(names, valley, 2)}。`,
    losses: ({ losses, shown: { text, names, modelRates, runs, last } }) =>
      `同一个小语言模型，逐${
        TEXTS[text]
      }训练，初始权重相同，批次相同。线是 ${runs} 个种子的平均，带是它们的范围。最后 ${last} 步的平均，每${
        TEXTS[text]
      }纳特数：${each(names, losses, 3)}（纳特是 −log 概率用自然对数时的单位）。学习率：${
        each(names, modelRates, 2)
      }。`,
    moved: ({ shown: { text, names, rareShare, runs } }) =>
      `${TEXTS[text]}的向量移动了多远，这 ${runs} 次训练的平均。最罕见的十分之一移动的距离，与最常见的十分之一之比：${
        each(names, rareShare, 2)
      }。`,
    steps: ({ decayed, penalized, shown: { single: [weight, rate, decay], decayGradients: [none, large] } }) => {
      const off = ([first, second]: readonly number[]): string =>
        `梯度为 ${none} 时减去 ${number(first!, 2)}，梯度为 ${large} 时减去 ${number(second!, 2)}`;
      return `学习率为 ${
        number(rate)
      } 的一步。不论梯度多大，Adam 的第一步都是一个学习率那么长。下面几行是衰减从大小为 ${
        number(weight)
      } 的权重里减去多少：与没有衰减的同一步相比的差。AdamW 的衰减 λ = ${number(decay)}，${
        off(decayed)
      }。惩罚是把 λ 乘以权重加到梯度上；Adam 加上 λ = ${number(decay)} 的惩罚，${
        off(penalized)
      }，因为它的除法把惩罚也变小了。`;
    },
  },
  reading: (
    {
      valley,
      losses,
      lowest,
      highest,
      shown: { valleySteps, steepness, text, names, rareShare, runs, steps, paths, valleyRates, modelRates },
    },
  ) => [
    valley[0]! > valley[1]!
      ? `在这条山谷里，SGD 在两壁之间来回折，${valleySteps} 步之后高度还剩 ${number(valley[0]!, 2)}，动量剩 ${
        number(valley[1]!, 2)
      }，Adam 剩 ${number(valley[4]!, 2)}。把陡度设为 5：那样的山谷谈不上窄，SGD 领先。`
      : `横向只有沿谷方向的 ${steepness} 倍陡，这样的山谷谈不上窄：${valleySteps} 步之后，SGD 剩下的高度最少。`,
    beyond(paths[1]!, valleyRates, modelRates),
    `逐${TEXTS[text]}训练 ${steps} 步之后，损失随种子在这些范围内：${
      named(names).map((name, i) => `${name} ${fixed(lowest[i]!, 2)} 到 ${fixed(highest[i]!, 2)}`).join("，")
    }。` +
    (losses[4]! < losses[1]! - 0.1
      ? "Adam 比动量领先。"
      : "动量只有一个平均，Adam 有两个，两者的损失却降得差不多低。模型小，步数少：在实际大小的 Transformer 上，" +
        "带动量的 SGD 远远落后于 Adam（Zhang 等，2020；Kunstner 等，2024）。"),
    `除以平方根起的作用，看${
      TEXTS[text]
    }的向量移动多远就知道。最罕见的十分之一移动的距离，是最常见的十分之一的多少倍：${
      each(names, rareShare, 2)
    }（${runs} 个种子的平均）。`,
  ],
  labels: {
    SGD: "SGD",
    momentum: "动量",
    AdaGrad: "AdaGrad",
    RMSProp: "RMSProp",
    Adam: "Adam",
    along: "沿谷",
    across: "横向",
    step: "步数",
    height: "高度，起点 = 1",
    distance: "移动的距离，平均",
    frequent: "最常见的十分之一",
    rare: "最罕见的十分之一",
    what: "什么",
    gradient: "梯度",
    result: "结果",
    firstStep: "Adam 的第一步，以学习率为单位",
    decay: "AdamW，衰减减去的",
    penalty: "Adam，惩罚减去的",
    nats: { words: "每词纳特数", letters: "每字母纳特数" },
  },
};
