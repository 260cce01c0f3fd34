/** What the run of the optimizers says, in Chinese. */

import { fixed, number } from "../../../core/experiments/numbers.ts";
import type { OptimizersWords } from "../../pictures/optimizers_run.ts";

/** Stands for the caption of the page. */
export const caption =
  "带动量的 SGD、Adam 和 AdamW 用同样的批次训练莎士比亚语言模型，一次逐字符，一次逐词元；每种方法取各自最好的学习率。";

const texts = { characters: "字符", tokens: "词元" } as const;

/** What it says. */
export const words: OptimizersWords = {
  methods: { momentum: "带动量的 SGD", Adam: "Adam", AdamW: "AdamW" },
  texts,
  step: "步数",
  loss: { characters: "每字符纳特数", tokens: "每词元纳特数" },
  columns: (seeds) => ["文本", "方法", "学习率", "各自的损失", "最好的学习率", `${seeds} 个种子`],
  captions: {
    curves: (text, seeds, rates) =>
      `逐${text}的训练损失随步数的变化，${seeds} 个种子的平均，每种方法取最好的学习率：${rates.join("，")}。`,
    table: (steps, seeds) =>
      `${steps} 步之后验证文本上的损失：每个学习率用一个种子，最好的学习率用 ${seeds} 个种子。词元由字节对编码得到。`,
  },
  reading({ texts: found, layout, recipe }) {
    const [characters, tokens] = found.map(({ lead }) => lead);
    return [
      found.map(({ text, vocabSize, rare, lead, widest }) =>
        `逐${texts[text]}时（词表 ${vocabSize} 个，其中 ${
          fixed(100 * rare, 0)
        } % 的频率低于千分之一），Adam 的最终损失比动量每${texts[text]}${lead > 0 ? "低" : "高"} ${
          fixed(Math.abs(lead), 3)
        } 纳特；换种子时，各方法的变化不超过 ${fixed(widest, 3)}。`
      ).join(""),
      tokens! > characters!
        ? `词表里大多是罕见词元时，领先是另一种的 ${number(tokens! / characters!, 2)} 倍，与 Kunstner 等人的预期一致。`
        : `词表里大多是罕见词元时，领先并没有变大（每词元 ${fixed(tokens!, 3)} 纳特，每字符 ${
          fixed(characters!, 3)
        } 纳特），与 Kunstner 等人的预期相反。两者单位不同，但一个词元有几个字符：按字符算，词元上的领先还要更小。` +
          "逐字符的莎士比亚也不是没有罕见类别的文本，模型又小。",
      `共同的设置：${layout.numLayers} 层，宽度 ${layout.hiddenSize}，${layout.numHeads} 个头，每批 ${recipe.batchSize} 个长 ` +
      `${layout.contextLength} 的窗口，预热 ${recipe.warmupSteps} 步，再按余弦降到峰值的十分之一，梯度裁剪到 ${recipe.clipNorm}；` +
      `动量 ${recipe.momentum}，β₂ 为 ${recipe.beta2}，AdamW 的权重衰减为 ${recipe.weightDecay}。裁剪对 SGD 的帮助也许最大：` +
      "它限制了那些重尾的梯度，Zhang 等人（2020）认为 SGD 的失败正由此而来。",
    ];
  },
};
