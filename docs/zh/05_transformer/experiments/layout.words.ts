/**
 * # How large the paper’s models are, in Chinese
 *
 * @module
 */

import type { Size } from "../../../../core/05_transformer/experiments/layout.ts";
import type { Words } from "../../../../core/experiments/experiment.ts";
import { fixed, number } from "../../../../core/experiments/numbers.ts";

/** Millions, as Chinese counts them: in ten thousands. */
const tenThousands = (x: number): string => `${fixed(x / 1e4, 0)} 万`;

/** What the experiment says. */
export const words: Words<Size> = {
  title: "论文的模型有多大",
  purpose: "由形状逐个部件计算论文两个模型的权重。改变词表的大小，看哪个部件随它增长。再比较基础模型和宽一倍的大模型。",
  controls: {
    vocabulary: { label: "词表大小", description: "两种语言共用的词表有多少个词元" },
  },
  constants: { tableBase: "论文表中的基础模型", tableBig: "大模型" },
  claims: {
    base: "基础模型有 6500 万个权重，与论文的表格相差不到 4\u202f%",
    big: "大模型有 2.13 亿个权重，相差不到 1\u202f%",
    sum: "各部件之和等于总数",
  },
  captions: {
    parts: ({ base, big }) =>
      `基础模型有 ${tenThousands(base)}个权重，大模型有 ${tenThousands(big)}个：宽度加倍，每一层的权重是四倍，` +
      "嵌入的权重是两倍。",
    shapes: () => "两个模型的形状。",
  },
  reading: ({ base, big, needed }) => [
    `论文的表 3 写的是 6500 万和 2.13 亿；由形状算出的是 ${tenThousands(base)}和 ${tenThousands(big)}。` +
    "论文只说词表约有 37000 个词元，没有说权重是怎样数的。",
    `没有一个词表能同时说明这两个数：基础模型需要 ${number(needed[0]!, 3)} 个词元，大模型需要 ${
      number(needed[1]!, 3)
    } 个。` +
    "原因不明。",
  ],
  labels: {
    embeddings: "嵌入",
    selfAttention: "自注意力",
    crossAttention: "交叉注意力",
    feedForward: "前馈网络",
    norms: "归一化",
    base: "基础",
    big: "大",
    trained: "参与训练的数",
    model: "模型",
    layers: "层数",
    width: "宽度",
    heads: "头数",
    inside: "前馈宽度",
    weights: "权重",
  },
};
