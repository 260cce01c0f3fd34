/**
 * # What figures say in Chinese
 *
 * By the English, as the scripts have it. Apart from the other phrases, so that a page fetches it with the first figure that
 * comes alive.
 *
 * @module
 */

/** Words by the English ones; `{}` stands for what is put in. */
export const CHINESE_FIGURES: Readonly<Record<string, string>> = {
  "Run": "运行",
  "Cancel": "取消",
  "Reset": "还原",
  "How much is done": "完成了多少",
  "Changing a control runs the experiment.": "改动任何一项，就会重新运行。",
  "another seed": "换个种子",
  "Computed on": "计算设备",
  "as recorded": "记录的结果",
  "cancelled": "已取消",
  "Cannot save the figure: ": "图没能保存：",
  "its numbers could not be read": "读不到它的数字",
  "default": "默认",
  "chosen": "所选",
  "holds": "成立",
  "refuted": "被否定",
  "fails": "不成立",
  "save figure {} as {}": "把图 {} 存为 {}",
  "data": "数据",
  "Head": "头",
  "largest at": "最大值所在",
  "largest": "最大值",
  "Rows": "行",
  "columns": "列",
  "{} over {}": "{} 随 {} 的变化",
  "{}: {} points, from ({}, {}) to ({}, {})": "{}：{} 个点，从 ({}, {}) 到 ({}, {})",
  ", where the seeds go from {} to {}": "，各随机种子从 {} 到 {}",
  "Most weight": "权重最大的位置",
  "{} prefixes; {} were kept.": "共 {} 个前缀，保留了 {} 个。",
  "Best: {}.": "最好的是 {}。",
  "mean": "平均值",
  "best": "最好",
  "best, pruned": "最好，已剪去",
  "kept": "保留",
  "pruned": "剪去",
  "Your sentence": "你的句子",
  "translate": "翻译",
  "Write a Chinese sentence.": "请写一个中文句子。",
  "Fetching the model, {}, once …": "正在下载模型（{}，只此一次）……",
  "The model is here.": "模型已就绪。",
  "{} ms in this browser.": "在这个浏览器里用了 {} 毫秒。",
  "The model does not know {} of the tokens (UNK), and guesses there.": "有 {} 个词元模型不认识（UNK），只能猜。",
};
