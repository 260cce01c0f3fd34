/**
 * The terms of the notes, read from them once: those of each set that no earlier set has, in Chinese as they stand there, in
 * English where the notes have the English word.
 */

/** Terms, separated by semicolons, by the set of notes that has them first. */
export const NOTES: Readonly<Record<string, string>> = {
  "000": `
    Add & Norm; 加性; 注意力机制; 注意力; attention; 注意力汇聚; 注意力池化; attention pooling; 注意力分数; 注意力权重; 自回归;
    自回归模型; AT; Batch Norm; BEGIN; bias; 分类; 分类问题; 拼接; 矩阵连接; 收敛; CNN; 交叉注意力; 交叉注意力机制;
    cross-attention; 交叉熵; cross-entropy; 解码器; decoder; 对话系统; 点积; 内积; dot product; 编码器; encoder;
    编码器-解码器架构; END; 错误累积; exposure bias; 特征; 前馈神经网络; feed-forward; 文本生成; GPT; 梯度; 正确答案; 真实数据;
    ground truth; 头; head; 隐藏层; 单隐藏层; 图像识别; 推理; 推理阶段; 键; key; 键-值对; 键值对; 正则化; LLM; Layer Norm;
    控制输出长度; 翻译; 多头自注意力机制; multi-head self-attention; 多层感知机; MLP; NLP; 神经网络; 非自回归; NAT; 非线性; 非自主性提示;
    归一化; 标准化; 并行计算; 权重; 位置编码; 位置嵌入; 位置向量; positional encoding; 概率分布; 查询; query; 接受域; 循环神经网络; RNN;
    表示子空间; 子空间; 残差网络; 残差; 采样; sampling; 标量; 计划采样; scheduled sampling; 自注意力; 自注意力机制; self-attention;
    感官输入; sensory input; sequence to sequence; seq2seq; 相似度; softmax; 语音合成; teacher forcing; 词元;
    训练阶段; 训练数据; 训练资料; Transformer; 值; 值向量; value; 梯度消失; 向量空间; 词汇表; 自主性提示; 加权求和
  `,
  "001": `
    BERT; 上下文; 语境; 上下文感知的表示; attention向量; 动态词向量; encoder–decoder attention; 深度学习; 点乘; 下游任务; 梯度爆炸;
    提取特征; 生成式; 生成式任务; 测试阶段; 键向量; 语言模型; 线性组合; 线性层; 全连接层; 线性变换; 长距离依赖; 远距离依赖; LSTM; mask;
    masked self-attention; 多头注意力; 多头注意力机制; 独热编码; 过拟合; 一词多义; 预训练; 查询向量; 问答系统; 相对位置信息; ReLU; 表征; 得分;
    语义特征; 语义信息; 情感分类; 序列to序列; 相似程度; 源语句; 语音识别; 静态词向量; 子层; 文本摘要; 句法特征; 目标语句; 文本分类; 主题分类; 迁移; 词向量;
    word2vec
  `,
  "002": `
    激活函数; 加性注意力; 双向; 丢弃; 特征抽取; 大模型; LayerNorm; 机器学习; 矩阵乘法; 均值; 乘性注意力; 非线性特性; 正态分布; one-hot; 可学习参数;
    固定窗口; 标准差; token; 方差
  `,
  "003": `
    beam search; 起始符; BOS; BLOOM; ChatGLM; copy机制; 语料; decoder block; 一步错步步错; 前向传播; GPT-2; graph;
    长度可控; 损失函数; 填充; padding; 词性标注; 感知野; RL; 舆情分析; 索引; 词表; embedding
  `,
  "004": `
    绝对位置编码; 接受; 拒绝; 接受率; 准确性; 准确度; Adam; AdamW; 业余模型; 祖先采样; ancestral sampling; attention score;
    注意力计算函数; attention score function; 注意力下沉; 注意力汇点; 锚点; attention sink; autoregressive; 反向传播; 梯度回传;
    词袋模型; 词袋; BoW; batch normalization; 束搜索; 偏置; 双向RNN; 二元语法; bigram; 双线性函数; 广度搜索; 字节对编码;
    byte-pair encoding; BPE; 校准; calibration; 候选词; 候选集; 候选句子集合; 候选值; 细胞状态; cell state; 思维链; CoT;
    链式法则; 检查点; checkpoint; 压缩; compression; 计算机视觉; 矩阵拼接; 条件概率; 置信度; confidence; 约束生成;
    constrained generation; 上下文向量; 上下文窗口; context window; 连续词嵌入; 连续词向量; continuous word embedding;
    对比解码; contrastive decoding; 卷积神经网络; 语料库; 累计概率; 数据稀疏; 决策函数; 纯解码器; 纯解码器模型; 全解码模型; decoder-only;
    decoder-only model; 解码算法; 生成算法; decoding algorithm; generation algorithm; 退化; 模型退化; 判别式语言模型;
    判别式; 蒸馏; distillation; 多样性; 多样化; 草稿模型; 起草; epsilon sampling; 误差分析; 专家模型; feature; 前馈神经网络语言模型;
    前馈层; feed-forward layer; 微调; fine-tuning; 遗忘门; 遗忘因子; 正向传播; forward pass; FUDGE; 增益; gain; 评估函数;
    泛化; 生成式语言模型; 显存; 梯度下降; 贪心搜索; 贪心; greedy search; 幻觉; hallucination; 隐藏状态; hidden state; 高阶; 低阶;
    恒等映射; 恒等变换; 图片的文字描述; captioning; 独立性假设; inference; 词语变形; 信息检索; 输入门; 间隔词; 干预词; intervening words;
    键值缓存; 缓存; KV cache; L2正则化; 概率语言模型; 概率模型; language model; 大语言模型; 延迟; 层归一化; layer normalization;
    学习式的位置编码; log参数化; 对数参数化; 长尾; 长尾问题; long tail; 长距离语义依赖; 长期依赖; 查找; look-up; 低精度训练; 小语种;
    machine learning; 机器翻译; 掩码; 掩码注意力; masked attention; 掩码模型; 内存带宽; 内存使用; 隐喻; 小批量; 批处理; mini-batch;
    mini-batching; 最小贝叶斯风险; minimum Bayes risk; MBR; 模式寻优搜索; mode-seeking search;
    multi-layer perceptron; 多模态; n元语言模型; 多元语言模型; n-gram model; n-gram; 自然语言处理;
    natural language processing; 否定词; 否定; neural network; normalization; 独热向量; one-hot vector; 优化器;
    输出集成; output ensembling; 输出门; 过度分割; 模型权重; 参数量; parameter count; 排列不变性; 词组; 后置; 前置; 提示词; prompt;
    提示词工程; 二次方; 低频词; 参考句子集合; 相对位置编码; relative positional encoding; 残差连接; 奖励分数; reward; 奖励模型; 奖励增强解码;
    reward-augmented decoding; 风险; RLHF; RMSNorm; 鲁棒性; rolling KV cache; 规则式; 规则式语言模型;
    scaled dot product; 自洽; self-consistency; SGD; 右移; shifted right; sigmoid; 单头注意力; 单头注意力机制;
    固定式的位置编码; 正余弦函数; 滑动窗口; sliding window; 推测解码; speculative decoding; 加速比; state of the art; SOTA;
    streaming LLM; 子词; 子词表; 子词模型; subword; 子词正则化; 子词分割; 近义词; 目标模型; 温度; temperature; 测试数据; test set;
    tf–idf; 阈值; 大于某个阈值; 吞吐量; throughput; 时间步; top-k; top-p; nucleus sampling; 三元语法; trigram;
    截断式反向传播; 一元语言模型; 单元语言模型; unigram language model; 验证; 视觉特征向量; 最优词汇表; 词嵌入; 词向量化; word embedding;
    词向量库
  `,
};
