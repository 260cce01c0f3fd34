/** What the picture of every attention says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "self-attention of the encoder": "编码器的自注意力",
  "causal self-attention of the decoder": "解码器的因果自注意力",
  "cross-attention of the decoder": "解码器的交叉注意力",
  "layer {}, head {}": "第 {} 层第 {} 个头",
};
