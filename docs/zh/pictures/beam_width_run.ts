/** What the run of wider beams says, in Chinese. */

import { fixed, number } from "../../../core/experiments/numbers.ts";
import { type BeamWidthWords, signed } from "../../pictures/beam_width_run.ts";

/** Stands for the caption of the page. */
export const caption = "一个汉译英的翻译模型，用越来越宽的束来搜索。";

/** What it says. */
export const words: BeamWidthWords = {
  beams: "束宽",
  length: "长度，参考译文 = 1",
  columns: ["束宽", "句子及其译文", "log P"],
  source: "原文",
  reference: "参考译文",
  captions: {
    bleu: ({ run: { sentences }, first, last, widest }) =>
      `${sentences} 个没见过的句子的 BLEU，随束宽的变化，长度惩罚取上文公式的第二种形式。不加惩罚（α = 0）时，` +
      `束宽为 1 得 ${fixed(first.bleu, 1)}，束宽为 ${widest} 得 ${fixed(last.bleu, 1)}。`,
    length: ({ first, last, widest }) =>
      `译文的词元数除以参考译文的词元数。不加惩罚（α = 0）时，它从束宽 1 的 ${fixed(first.length, 2)} 变到` +
      `束宽 ${widest} 的 ${fixed(last.length, 2)}。`,
    examples: ({ run: { examples }, credits }) =>
      `不加惩罚时的译文，以及模型给每句译文的对数概率。表中是没见过的句子里符合条件的前 ${examples.length} 句：` +
      `至少 8 个字符（标点也算），且各束宽的译文不全相同；没有人工挑选。句子和参考译文来自 Tatoeba，${credits}，CC-BY 2.0 FR。`,
  },
  reading({ run, widest, first, last, best, wide, isGain, empty }) {
    const { pairs, sentences, steps, hiddenSize, numLayers, draws } = run;
    return [
      `搜索做到了它该做的事：不加惩罚（α = 0）时，整句译文的对数概率（对 ${sentences} 句取平均）从束宽 1 的 ${
        fixed(first.logProbability, 2)
      } 纳特升到束宽 ${widest} 的 ${fixed(last.logProbability, 2)} 纳特。译文的质量却没有同样提高。BLEU 最高处：${
        best.map(({ width, alpha, bleu }) => `α = ${alpha} 时束宽 ${width}（${fixed(bleu, 1)}）`).join("，")
      }；束宽 ${widest} 时依次为 ${wide.map(({ bleu }) => fixed(bleu, 1)).join("、")}。`,
      `束宽 ${widest} 的 BLEU 比贪心搜索高出（95 % 区间）：${
        wide.map(({ gain, alpha }) => `${signed(gain[0])} 到 ${signed(gain[1])}（α = ${alpha}）`).join("，")
      }。${
        isGain ? "所以束搜索比贪心搜索好。" : ""
      }超过最好的束宽以后，BLEU 的下降太小，这次运行不足以证明它真的下降。`,
      `不加惩罚时，概率更大的译文更短。${
        empty === 0 ? "没有一句是空的：模型小，句子短。" : `其中 ${empty} 句是空的。`
      }Koehn 和 Knowles、Stahlberg 和 Byrne 用的是大模型和长句子，效应更明显。`,
      `模型的编码器和解码器各 ${numLayers} 层，宽度 ${hiddenSize}，在 ${
        number(pairs)
      } 个句对上训练了 ${steps} 步。区间这样得到：从 ${sentences} 个句子中有放回地抽取 ${sentences} 句，` +
      `在抽到的句子上算两种束宽的 BLEU 之差；重复 ${number(draws)} 次，取中间 95 % 的差。` +
      "区间不能推广到别的模型，因为只训练了一个。",
    ];
  },
};
