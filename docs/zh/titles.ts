/**
 * # Titles of the pages, in Chinese
 *
 * Lists, the window and the top of a page have them. The English beside each is what it renders: where a page has another
 * title by now, the build lists it as stale and shows the English.
 *
 * @module
 */

/** English and Chinese titles by the paths of the sources, without `core/`. */
export const CHINESE_TITLES: Readonly<Record<string, readonly [english: string, chinese: string]>> = {
  "02_words/mod.ts": ["Words", "词"],
  "02_words/byte_pair_encoding/mod.ts": ["Byte-pair encoding", "字节对编码"],
  "02_words/byte_pair_encoding/data.ts": ["An encoding in a file", "存进文件的编码"],
  "02_words/byte_pair_encoding/pieces.ts": ["Words first", "先分成词"],
  "02_words/byte_pair_encoding/letters.ts": ["An alphabet for bytes", "字节的字母表"],
  "02_words/byte_pair_encoding/encoding.ts": ["From text to tokens and back", "从文本到词元，再回来"],
  "02_words/byte_pair_encoding/neighbours.ts": ["The neighbourhood of every pair", "每个词元对前后的词元"],
  "02_words/embeddings.ts": ["Embeddings", "词嵌入"],
  "02_words/softmax.ts": ["Softmax: from scores to probabilities", "Softmax：从分数到概率"],
  "03_language_models/mod.ts": ["Language models", "语言模型"],
  "03_language_models/autoregressive.ts": ["Autoregressive models", "自回归模型"],
  "04_attention/mod.ts": ["Attention", "注意力"],
  "04_attention/scaled_dot_product.ts": ["Scaled dot-product attention", "缩放点积注意力"],
  "04_attention/self_and_cross.ts": ["Self-attention and cross-attention", "自注意力与交叉注意力"],
  "04_attention/masks.ts": ["Masks", "掩码"],
  "04_attention/multi_head.ts": ["Multi-head attention", "多头注意力"],
  "04_attention/positions/mod.ts": ["Positions", "位置"],
  "04_attention/positions/scheme.ts": ["What a position scheme is", "什么是位置方案"],
  "04_attention/positions/absolute.ts": ["Absolute positions", "绝对位置"],
  "04_attention/positions/relative.ts": ["Relative positions", "相对位置"],
  "04_attention/positions/rotary.ts": ["Rotary positions", "旋转位置"],
  "04_attention/positions/rotary_scaling.ts": ["Rotation past the trained length", "超出训练长度的旋转"],
  "05_transformer/mod.ts": ["Transformer", "Transformer"],
  "05_transformer/normalization.ts": ["Normalization", "归一化"],
  "05_transformer/residual.ts": ["Residual connections", "残差连接"],
  "05_transformer/feed_forward/mod.ts": ["Feed-forward layers", "前馈层"],
  "05_transformer/feed_forward/activations.ts": ["Activation functions", "激活函数"],
  "05_transformer/encoder.ts": ["Encoder", "编码器"],
  "05_transformer/decoder.ts": ["Decoder", "解码器"],
  "05_transformer/encoder_decoder.ts": ["Encoder and decoder", "编码器与解码器"],
  "05_transformer/decoder_only.ts": ["Decoder only", "纯解码器"],
  "05_transformer/layout.ts": ["The layout of a model", "模型的布局"],
  "06_training/mod.ts": ["Training", "训练"],
  "06_training/loss.ts": ["Loss", "损失"],
  "06_training/batching.ts": ["Batching", "分批"],
  "06_training/optimizers.ts": ["Optimizers", "优化器"],
  "06_training/adagrad_and_rmsprop.ts": ["AdaGrad and RMSProp", "AdaGrad 与 RMSProp"],
  "06_training/adam.ts": ["Adam", "Adam"],
  "06_training/lion.ts": ["Lion", "Lion"],
  "06_training/clipping.ts": ["Clipping", "梯度裁剪"],
  "06_training/schedules.ts": ["Schedules", "学习率调度"],
  "06_training/teacher_forcing.ts": ["Teacher forcing", "教师强制"],
  "06_training/loop.ts": ["The training loop", "训练循环"],
  "06_training/early_stopping.ts": ["Early stopping", "早停"],
  "06_training/state_names.ts": ["State names of other libraries", "别的库里的参数名"],
  "06_training/safetensors.ts": ["Safetensors: writing tensors down", "Safetensors：把张量写进文件"],
  "06_training/checkpoints.ts": ["Checkpoints", "检查点"],
  "06_training/bleu.ts": ["BLEU", "BLEU"],
  "06_training/policy_gradient.ts": ["Policy gradient", "策略梯度"],
  "07_generation/mod.ts": ["Generation", "生成"],
  "07_generation/rules.ts": ["Decoding rules", "解码规则"],
  "07_generation/search.ts": ["What a search is", "什么是搜索"],
  "07_generation/repetition.ts": ["Repetition", "重复"],
  "07_generation/session.ts": ["Session: a model in use", "会话：使用中的模型"],
  "07_generation/sequences.ts": ["Sequences under way", "生成中的序列"],
  "07_generation/options.ts": ["Decoding options", "解码选项"],
  "07_generation/sampling.ts": ["Ancestral sampling", "祖先采样"],
  "07_generation/truncation.ts": ["Truncation", "截断"],
  "07_generation/temperature.ts": ["Temperature", "温度"],
  "07_generation/greedy_and_beam.ts": ["Greedy and beam search", "贪心搜索与束搜索"],
  "07_generation/beam_variants.ts": ["Diverse and stochastic beams", "多样束与随机束"],
  "07_generation/kv_cache.ts": ["Key–value cache", "键值缓存"],
  "07_generation/on_device.ts": ["On the device: choosing without waiting", "在设备上：不等待的选择"],
  "07_generation/generate.ts": ["The generation loop", "生成循环"],
};

/** The questions of chapters whose beginnings are not translated: the hash of the English, and the Chinese. */
export const CHINESE_QUESTIONS: Readonly<Record<string, readonly [hash: string, chinese: string]>> = {
  "02_words/mod.ts": ["9efad782", "网络用数字计算，文本由字符组成。怎样在两者之间来回转换？"],
  "04_attention/mod.ts": [
    "ea4f7565",
    "一个位置能不能一步就从任何别的位置取来它需要的东西，无论相隔多远（长距离依赖）？",
  ],
  "05_transformer/mod.ts": [
    "c60dcb10",
    "注意力让每个位置都能读到其余各个位置。还需要什么，才能把几十个这样的步骤叠起来，训练好，再用来生成？",
  ],
  "06_training/mod.ts": [
    "64c09f70",
    "Transformer 是一个有几百万个参数的函数。怎样在一次可能持续几个小时的训练里，找到让它学会翻译的参数值？",
  ],
  "07_generation/mod.ts": [
    "06fcbe01",
    "训练好的模型给每个序列一个概率。怎样生成一个序列：概率高的、多样的、正确的，而且延迟低？",
  ],
};
