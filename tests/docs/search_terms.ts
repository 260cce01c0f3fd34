/** What the search of the built site has to find: terms of the notes, each with the page that has to be among the first five. */

import { assertEquals } from "@std/assert";
import { readGlossary } from "../../docs/glossary.ts";

/** Pages and what leads to them. A term that has no section of its own leads to the glossary. */
const FOUND: Readonly<Record<string, string>> = {
  "introduction/tasks_and_shapes.html": "词性标注 语音识别",
  "words/index.html": "词元 词表 词向量 词嵌入 概率分布",
  "words/byte_pair_encoding.html": "字节对编码 子词 语料",
  "words/embeddings.html": "独热向量 连续词嵌入 隐藏层 近义词 词袋模型",
  "words/experiments/embeddings/bags.html": "否定词",
  "words/softmax.html": "归一化 梯度消失",
  "language_models/rnn.html": "循环神经网络",
  "language_models/lstm.html": "长短期记忆",
  "attention/index.html": "注意力机制 查询 键 值 长距离依赖",
  "attention/scaled_dot_product.html":
    "加性注意力 乘性注意力 点积 注意力分数 注意力权重 注意力汇聚 上下文向量 加权求和 缩放点积注意力 为什么要除以",
  "attention/self_and_cross.html": "自注意力 交叉注意力 双线性函数",
  "attention/masks.html": "掩码 掩码注意力 滑动窗口",
  "attention/multi_head.html": "多头注意力 多头自注意力机制",
  "attention/positions.html": "位置编码 绝对位置编码 相对位置编码 排列不变性 泛化",
  "attention/positions/rotary.html": "旋转位置编码",
  "transformer/normalization.html": "层归一化 批归一化 前置 后置 增益",
  "transformer/residual.html": "残差连接 残差网络 恒等映射",
  "transformer/feed_forward.html": "前馈层 前馈神经网络 激活函数",
  "transformer/encoder.html": "编码器 动态词向量 静态词向量 一词多义",
  "transformer/decoder.html": "解码器 自回归 起始符 右移",
  "transformer/encoder_decoder.html": "编码器-解码器架构 机器翻译",
  "transformer/layout.html": "上下文窗口",
  "transformer/decoder_only.html": "纯解码器 提示词 大语言模型",
  "training/loss.html": "交叉熵 损失函数 正确答案 标签平滑",
  "training/batching.html": "填充 小批量",
  "training/optimizers.html": "梯度下降 动量",
  "training/adam.html": "权重衰减",
  "training/clipping.html": "梯度裁剪 梯度爆炸",
  "training/schedules.html": "预热",
  "training/teacher_forcing.html": "教师强制 曝光偏差 计划采样 一步错步步错",
  "training/checkpoints.html": "检查点",
  "training/bleu.html": "简短惩罚",
  "training/policy_gradient.html": "强化学习",
  "generation/sampling.html": "祖先采样 长尾 条件概率",
  "generation/truncation.html": "阈值",
  "generation/temperature.html": "温度 多样性",
  "generation/greedy_and_beam.html": "束搜索 贪心搜索 候选词 最小贝叶斯风险",
  "generation/kv_cache.html": "键值缓存 显存 二次方",
  "engine/autograd.html": "反向传播 前向传播 链式法则",
  "generation/confidence.html": "校准 置信度",
  "generation/hallucination.html": "幻觉",
  "generation/contrastive.html": "对比解码",
  "generation/minimum_bayes_risk.html": "最小贝叶斯风险 输出集成 自洽",
  "generation/speculative.html": "推测解码",
  "generation/windows_and_sinks.html": "注意力下沉 注意力汇点",
  "glossary.html": "非自回归 微调 预训练",
};

/** The same of the other half of the site, how it is made, whose index comes on demand. */
const FOUND_IN_WORKSHOP: Readonly<Record<string, string>> = {
  "words/experiments/embeddings/bags.html": "词袋模型",
  "engine/dropout.html": "dropout",
  "engine/autograd.html": "leavesOf",
  "engine/derivatives.html": "gradientsOf",
  "wasm/assembly/softmax.html": "softmax",
};

interface Result {
  readonly url: string;
  readonly title: string;
}

/**
 * Asks the search of a built site.
 *
 * @param scripts the search and the indices of both halves, as built
 * @param glossary Markdown of the glossary, whose every Chinese name is asked for as well
 * @throws {AssertionError} if an answer is missing
 */
export function assertFound(scripts: readonly string[], glossary: string): void {
  for (const script of scripts) new Function(script)();
  const { heedSearch } = globalThis as unknown as {
    heedSearch: { find(side: string, question: string): readonly Result[] };
  };
  const missing: string[] = [];
  for (const [side, table] of [["book", FOUND], ["workshop", FOUND_IN_WORKSHOP]] as const) {
    for (const [url, terms] of Object.entries(table)) {
      for (const term of terms.split(" ")) {
        const found = heedSearch.find(side, term).slice(0, 5);
        if (!found.some((result) => result.url.split("#")[0] === url)) missing.push(`${side}, ${term}: ${url}`);
      }
    }
  }
  for (const { english: [name], chinese } of readGlossary(glossary)) {
    for (const form of chinese) {
      const found = heedSearch.find("book", form).slice(0, 5);
      if (!found.some(({ title }) => title === `${name} ${chinese[0]}`)) missing.push(`${form}: ${name}`);
    }
  }
  assertEquals(missing, []);
}
