/** What the picture of digits and waves says, in Chinese. */

import type { PictureWords } from "../../pictures.ts";

/** By the English words. */
export const words: PictureWords = {
  "Above, the four binary digits of the numbers 0 to 15: the last digit changes at every number, the first one once. Below, four sine waves: the first turns fastest, the last hardly bends.":
    "上：数 0 到 15 的四位二进制数字，末位每个数都变，首位只变一次。下：四条正弦波，第一条变得最快，最后一条几乎不弯。",
  digit: "数位",
};
