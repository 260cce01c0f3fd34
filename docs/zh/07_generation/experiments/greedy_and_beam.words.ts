/**
 * # What greedy search misses, in Chinese
 *
 * @module
 */

import type { Search } from "../../../../core/07_generation/experiments/greedy_and_beam.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { number, percent } from "../../../../core/experiments/numbers.ts";
import { SEED_WORDS } from "../../experiments/seed.words.ts";

/** What the experiment says. */
export const words: Words<Search> = {
  title: "贪心搜索错过了什么",
  purpose: "这里的模型是一张表：每个前缀之后，四个词各有一个随机的 logit，经 softmax 变成概率，所以每个序列都能打分。" +
    "贪心搜索和束搜索的结果，都与概率最大的序列比较。改变树图里的束宽，看它剪去哪些前缀。曲线统计每种束宽有多常找到那个序列，代价是多少。",
  controls: {
    beams: { label: "束宽", description: "第一张图和最后一张图里的束宽" },
    length: { label: "长度", description: "序列有几个词；树图最多画三个" },
    sharpness: { label: "标准差", description: "随机 logits 的标准差：值大，模型对每个词就有把握" },
    seed: SEED_WORDS,
  },
  constants: { words: "词数", models: "模型数" },
  claims: {
    greedy: "这些模型里，贪心搜索在超过四分之一的模型中错过了概率最大的序列",
    one: "在每个模型里，宽度为 1 的束找到的都与贪心搜索相同",
    wider: "对这些模型取平均，束越宽，找到的序列概率越大，至少不会变小",
    two: "宽度为 2 的束在每个模型里都找到概率最大的序列",
    full: "束宽等于前缀的个数时，每个模型里都找到概率最大的序列",
    sharp: "标准差最大时，贪心搜索在超过四分之三的模型里找到它",
  },
  captions: {
    tree: ({ shown: { deviation, tree: { length, width, missed, greedy, best, beam } } }) =>
      `一个模型（logits 的标准差为 ${deviation}）的长为 ${length} 个词的序列：宽度为 ${width} 的束遇到的前缀，以及各自的概率。` +
      `${missed ? "贪心搜索错过了概率最大的序列，它找到的是" : "贪心搜索找到"} ${greedy.text}（${
        percent(greedy.probability, 2)
      }）；概率最大的是 ${best.text}（${percent(best.probability, 2)}）；束搜索找到 ${beam.text}（${
        percent(beam.probability, 2)
      }）。`,
    found: ({ widths, found, error, shown: { models, length, deviation } }) =>
      `${models} 个模型，logits 的标准差为 ${deviation}，序列长 ${length} 个词。找到概率最大的序列的模型所占的比例：贪心搜索 ${
        percent(found[0]!, 2)
      }（±\u202f${percent(error[0]!, 2)}），束宽 ${widths[1]} 时 ${percent(found[1]!, 2)}（±\u202f${
        percent(error[1]!, 2)
      }），束宽 ${widths.at(-1)} 时 ${percent(found.at(-1)!, 3)}。± 给出 95\u202f% 置信区间。`,
    work: ({ widths, work, exhaustive, shown: { words, length } }) =>
      `代价。束宽为 ${widths[1]} 时，要给 ${number(work[1]!, 3)} 个假设排序：第一步只有一个前缀，${words} 个；其余 ${
        length - 1
      } 步每步 ${widths[1]! * words} 个。束宽为 ${widths.at(-1)} 时要排 ${number(work.at(-1)!, 4)} 个，穷举搜索要排 ${
        number(exhaustive, 4)
      } 个：全部 ${number(words ** length, 4)} 个序列，加上它们的所有前缀。`,
    sharpness: ({ sharpness, greedyAt, beamAt, shown: { width } }) =>
      `模型对每个词有把握时，搜索容易。logits 的标准差为 ${sharpness[0]} 时，贪心搜索在 ${
        percent(greedyAt[0]!, 2)
      } 的模型里找到概率最大的序列，宽度为 ${width} 的束在 ${percent(beamAt[0]!, 2)} 的模型里找到；标准差为 ${
        sharpness.at(-1)
      } 时，分别是 ${percent(greedyAt.at(-1)!, 2)} 和 ${percent(beamAt.at(-1)!, 2)}。`,
  },
  reading: ({ widths, found, quality, sharpness, greedyAt, work, exhaustive }) => {
    const surest = sharpness.filter((_, i) => greedyAt[i]! >= 0.75)[0];
    const narrow = widths.findIndex((_, i) => quality[i]! > 0.99);
    return [
      `贪心搜索在 ${
        percent(1 - found[0]!, 2)
      } 的模型里错过了概率最大的序列，但它找到的很少是差的：平均而言，概率是最大者的 ${percent(quality[0]!, 2)}。` +
      (narrow < 0
        ? ""
        : `束宽为 ${widths[narrow]} 时，是最大者的 ${percent(quality[narrow]!, 3)}，而排序的假设只有穷举搜索的 ${
          percent(work[narrow]! / exhaustive, 2)
        }。`),
      "贪心搜索有多常错过，取决于模型：“在超过四分之一的模型中错过”这一说法，" +
      (surest === undefined
        ? "在图中各个标准差下都成立。"
        : `到标准差 ${surest} 就不成立了，那时模型对每个词更有把握。`),
    ];
  },
  labels: {
    begin: "BEGIN",
    beams: "束宽",
    fraction: "比例",
    ofModels: "占模型的比例",
    found: "找到最好的序列",
    quality: "所找到的概率，最好 = 1，平均",
    hypotheses: "排序的假设数",
    beamSearch: "束搜索",
    exhaustive: "穷举搜索",
    deviation: "logits 的标准差",
    greedy: "贪心搜索",
  },
};
