/**
 * # Past the trained length, in Chinese
 *
 * @module
 */

import type { Extrapolation } from "../../../../../core/04_attention/experiments/positions/extrapolation.ts";
import type { Words } from "../../../../../core/experiments/experiment.ts";
import { fixed, number, percent } from "../../../../../core/experiments/numbers.ts";
import { SEED_WORDS } from "../../../experiments/seed.words.ts";

/** The schemes in the order of the findings. */
const SCHEMES = {
  none: "没有位置",
  learned: "可学习",
  sinusoidal: "正弦",
  Shaw: "Shaw",
  T5: "T5",
  RoPE: "RoPE",
  ALiBi: "ALiBi",
} as const;

const SCALINGS = ["不缩放", "线性", "NTK-aware", "Llama 3"];

/** What the experiment says. */
export const words: Words<Extrapolation> = {
  title: "超出训练长度",
  purpose: "读一串赋值，例如 a = 3、b = 1、a = 5。每个赋值占一个位置，它的向量是变量的向量与数值的向量之和。" +
    "问的是：这个变量在此之前是多少？在 a = 5 处答案是 3；变量第一次出现时不提问。每个位置只看得到它前面的赋值，看不到自己。" +
    "测试用的串是训练时的四倍长。改变训练长度试试。",
  controls: {
    trained: { label: "训练长度", description: "训练用的一串有几个赋值；测试用的串是它的四倍长" },
    apart: {
      label: "分辨得出的距离",
      description: "Shaw 和 T5 分辨得出多大的距离，以训练长度为单位；更大的距离一律相同",
    },
    steps: { label: "步数", description: "训练多少步，每步 16 串" },
    seed: SEED_WORDS,
  },
  claims: {
    within: "在训练长度的后一半，每种方案都答对 85\u202f% 以上；没有位置时不到 60\u202f%",
    absolute: "绝对位置，不论可学习还是正弦，都不能泛化：超过训练长度的两倍，答对不到 40\u202f%",
    relative: "ALiBi 能泛化；Shaw 和 T5 若只分辨到训练长度的一半，也能泛化：答对 70\u202f% 以上",
    always: "Shaw 和 T5 若分辨到训练长度的两倍，也都答对 70\u202f% 以上",
    enough: "只要是相对位置就能泛化：RoPE 也答对 70\u202f% 以上",
    turn:
      "RoPE 看的是第二对坐标快要转满一圈的地方：那里的权重比半圈以内所有距离的权重之和还大；这一对若不旋转，那里的权重剩下不到一半",
    rescaled: "用线性缩放或 Llama 3 的缩放，超过训练长度的两倍时，RoPE 比不缩放至少多答对 30 个百分点",
  },
  captions: {
    right: ({ beyond, wide, shown: { trained, steps, clipped, wideClipped, tested, headSize, variables, values } }) =>
      `串中各个位置答对的比例，共 ${variables} 个变量、${values} 个数值；随便猜，答对 ${
        percent(1 / values, 3)
      }。用 ${trained} 个赋值的串训练 ${steps} 步，4 个头，每个头宽 ${headSize}。Shaw 和 T5（8 个桶）把大于 ${clipped} 的距离一律看作相同。` +
      `位置 ${2 * trained} 到 ${tested} 之间：${
        Object.values(SCHEMES).map((name, i) => `${name} ${percent(beyond[i]!)}`).join("，")
      }。分辨到距离 ${wideClipped} 时：Shaw ${percent(wide[0]!)}，T5 ${percent(wide[1]!)}。`,
    reach({ turned: [, round, still], shown: { trained, turn, far, middles, reaches } }) {
      const [, learned, , , , rope, alibi] = far.map((weight) => percent(weight));
      const half = middles[0]!;
      const between = (bins: readonly number[]): string =>
        `${fixed(middles[bins[0]!]! - half, 0)} 到 ${fixed(middles[bins.at(-1)!]! + half, 0)}`;
      const weights = reaches[Object.keys(SCHEMES).indexOf("RoPE")]!;
      const around = [...weights.keys()].filter((bin) => middles[bin]! >= 0.6 * turn && middles[bin]! < 1.2 * turn);
      const most = around.reduce((best, bin) => weights[bin]! > weights[best]! ? bin : best, around[0] ?? 0);
      // What is drawn ends at three times the trained length.
      const place = 3 * trained < turn
        ? `图画到的距离不到 ${fixed(turn, 0)}，即 RoPE 第二对坐标转满一圈的距离`
        : `RoPE 全部权重的 ${percent(round!)} 落在距离 ${between(around)}，其中 ${
          between([most])
        } 最多：这里是第二对坐标第一圈快要转满的地方，一圈是 ${
          fixed(turn, 0)
        } 个位置。若单单不旋转这一对，那里的权重剩下 ${percent(still!)}`;
      return `长串最后四分之一的位置看向哪里：权重随距离的分布。大于 ${trained} 的距离在训练中没有出现过；在那里，ALiBi 放了 ${alibi} 的权重，` +
        `可学习的编码放了 ${learned}，RoPE 放了 ${rope}。图画到距离 ${
          3 * trained
        } 为止：在此以内，最后四分之一的每个位置都有键可看。${place}。`;
    },
    rescaled: ({ rescaled, shown: { trained, tested } }) =>
      `训练好的 RoPE，读的时候按 ${tested / trained} 倍长的串缩放频率（倍数 ${tested / trained}），不再训练。位置 ${
        2 * trained
      } 到 ${tested} 之间：${
        SCALINGS.map((name, i) => `${name} ${percent(rescaled[i]!.beyond)}`).join("，")
      }。在训练长度 ${trained} 的后一半：${
        SCALINGS.map((name, i) => `${name} ${percent(rescaled[i]!.within)}`).join("，")
      }。`,
  },
  reading: (
    {
      beyond,
      wide,
      rescaled,
      shown: { trained, tested, clipped, wideClipped, turn, turns, headSize, base, frequencies },
    },
  ) => {
    const [, , , shaw, t5, rope] = beyond, [unscaled, linear, ntk, llama] = rescaled;
    return [
      `光是相对位置还不够。大于 ${clipped} 的距离若一律相同，Shaw 和 T5 答对 ${percent(shaw!)} 和 ${
        percent(t5!)
      }；若分辨到距离 ${wideClipped}，则是 ${percent(wide[0]!)} 和 ${
        percent(wide[1]!)
      }。后一种情形里，大于 ${trained} 的距离用的是另外的向量（Shaw，每个距离一个）或另外的桶（T5，合用最后几个），而训练的串只有 ${trained} 个赋值，从来用不到它们：它们还是初始值。${
        wide[1]! < 0.65 && Math.abs(wide[0]! - 0.7) < 0.05
          ? "上面有一条说法：分辨到训练长度的两倍时，Shaw 和 T5 也都答对 70\u202f% 以上。Shaw 只差一点，T5 差得远：这条说法被否定，主要是因为 T5。"
          : ""
      }ALiBi 什么都不用学，惩罚均匀地增大。`,
      `RoPE 答对 ${percent(rope!)}。它的头宽 ${headSize}，有 ${headSize / 2} 对坐标。第 i 对（从 0 数起）每个位置转 ${
        number(base)
      }^(−2i/${headSize}) 弧度：${frequencies.map((frequency) => number(frequency)).join("、")}；其中 ${
        number(base)
      } 是底数（base）。第二对转满一圈要 2π / ${fixed(2 * Math.PI / turn, 1)} ≈ ${fixed(turn, 0)} 个位置。${
        trained < turn
          ? `训练的串长 ${trained}，只见过一圈的一部分。转角只取决于距离。距离略小于 ${fixed(turn, 0)}，例如 ${
            Math.round(turn) - 8
          } 时，再转 8 位就满一圈。所以就第二对坐标来说，查询与它的夹角，几乎等于查询与排在自己之后 8 位的键的夹角。训练时，查询后面的键都被掩码遮住，所以模型从未学过给这种方向低分。`
          : "训练的串里，它转得满一圈。"
      }Llama 的头宽 128，有 64 对坐标，其中一些从来转不满一圈；有多少，由底数决定。`,
      `线性缩放把每个频率除以 ${tested / trained}。于是第二对转满一圈要 ${
        fixed(turns[1]!, 0)
      } 个位置，长 ${tested} 的串转到的角几乎都在训练时的范围以内（最大的距离 ${tested - 1} 相当于 ${
        number((tested - 1) * trained / tested)
      }，训练时最大是 ${trained - 1}），只是大多落在训练时见过的角之间：超过训练长度的两倍，答对 ${
        percent(linear!.beyond)
      }。在训练长度以内，答对的却从 ${percent(unscaled!.within)} 变为 ${
        percent(linear!.within)
      }，因为相邻的位置更难分辨。Llama 3 的缩放不动最快的一对，其余的都除：${percent(llama!.beyond)} 和 ${
        percent(llama!.within)
      }。NTK-aware 缩放把第二对除得少些，转满一圈要 ${fixed(turns[2]!, 0)} 个位置，${
        turns[2]! < tested ? "比串短" : "比串长"
      }：${percent(ntk!.beyond)}。实际使用时，会用这样的频率再训练一小段，这里没有。`,
    ];
  },
  labels: {
    ...SCHEMES,
    unscaled: "不缩放",
    linear: "线性",
    NTK: "NTK-aware",
    "Llama 3": "Llama 3",
    position: "在串中的位置",
    right: "答对的比例",
    trained: "训练长度",
    chance: "随便猜",
    distance: "所看之处的距离",
    weight: "权重",
  },
};
