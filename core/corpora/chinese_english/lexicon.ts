/**
 * # A lexicon
 *
 * The words that patterns are filled with, and what Chinese and English ask of each: measure words on one side, plurals,
 * articles and irregular verbs on the other.
 *
 * One line per measure word: `本: 书 book` makes 一本书 *a book* and 三本书 *three books*. A
 * measure word with an English unit, `杯=cup`, measures what English does not count. A slash
 * gives an irregular plural, an underscore is a space.
 *
 * @module
 */

const NOUNS = `
个: 苹果 apple, 橙子 orange, 鸡蛋 egg, 西瓜 watermelon, 包子 bun, 杯子 cup, 盘子 plate, 盒子 box, 包 bag, 故事 story
个: 问题 question, 房间 room, 玩具 toy, 孩子 child/children, 朋友 friend, 男孩 boy, 女孩 girl, 同学 classmate
本: 书 book, 小说 novel, 字典 dictionary, 杂志 magazine
份: 报纸 newspaper, 礼物 gift
封: 信 letter
张: 票 ticket, 地图 map, 照片 photo, 桌子 table, 床 bed
把: 椅子 chair, 雨伞 umbrella, 钥匙 key, 刀 knife/knives
部: 电影 movie, 手机 phone
台: 电脑 computer, 相机 camera, 冰箱 fridge
辆: 车 car, 自行车 bicycle
件: 衬衫 shirt, 大衣 coat, 毛衣 sweater
条: 裙子 skirt, 鱼 fish/fish, 河 river, 路 road, 围巾 scarf/scarves
顶: 帽子 hat
只: 猫 cat, 狗 dog, 鸟 bird, 兔子 rabbit
匹: 马 horse
朵: 花 flower
棵: 树 tree
盏: 灯 lamp
扇: 门 door, 窗户 window
间: 教室 classroom
座: 山 mountain, 桥 bridge
首: 歌 song, 诗 poem
幅: 画 painting
名: 学生 student, 老师 teacher, 医生 doctor, 护士 nurse, 工程师 engineer, 司机 driver, 警察 police_officer, 律师 lawyer
名: 演员 actor, 歌手 singer, 厨师 cook, 记者 reporter, 科学家 scientist, 作家 writer, 农民 farmer, 经理 manager
杯=cup: 茶 tea, 咖啡 coffee
杯=glass: 水 water, 牛奶 milk, 果汁 juice
碗=bowl: 米饭 rice, 汤 soup
块=piece: 面包 bread, 蛋糕 cake, 巧克力 chocolate
双=pair: 鞋 shoes/shoes, 袜子 socks/socks
`;

// What can be done to which things.
const VERBS = `
吃 eat: 苹果 橙子 鸡蛋 西瓜 包子 鱼 米饭 面包 蛋糕 巧克力
喝 drink: 茶 咖啡 水 牛奶 果汁 汤
看 read: 书 小说 杂志 报纸 信 诗
看 watch: 电影
写 write: 信 小说 故事 诗
买 buy: 苹果 书 字典 票 雨伞 手机 电脑 相机 车 自行车 衬衫 大衣 裙子 帽子 鞋 花 椅子 桌子 面包 鱼 牛奶 礼物 玩具
卖 sell: 车 自行车 花 手机 电脑 马 西瓜 画
洗 wash: 杯子 盘子 衬衫 车 苹果 袜子 毛衣
借 borrow: 书 字典 自行车 雨伞 小说 相机 刀
修 repair: 自行车 电脑 手机 车 椅子 桌子 灯 冰箱 相机
画 draw: 猫 狗 鸟 马 花 树 山 桥
穿 wear: 衬衫 大衣 毛衣 裙子 鞋
唱 sing: 歌
听 listen_to: 歌 故事
带 bring: 雨伞 书 礼物 地图 字典 照片 相机
用 use: 电脑 手机 字典 雨伞 地图 刀 相机
做 make: 蛋糕 包子 汤 面包 玩具
搬 move: 桌子 椅子 盒子 冰箱 床
寄 send: 信 礼物 照片
收到 receive: 信 礼物 票 报纸 照片
看见 see: 猫 狗 鸟 马 兔子 山 桥 河 树 学生 警察 孩子
找到 find: 钥匙 手机 雨伞 票 信 猫 狗 帽子
`;

// Verbs with their result, for 把 and 被.
const RESULTS = `
打开 open: 门 窗户 盒子 信 书
关上 close: 门 窗户 盒子 书
弄丢 lose: 钥匙 手机 票 雨伞 帽子 围巾
打破 break: 杯子 盘子 窗户 灯
修好 fix: 自行车 电脑 手机 车 椅子 冰箱
拿走 take_away: 钥匙 雨伞 书 盒子 照片
卖掉 sell: 车 自行车 电脑 画 马
吃掉 eat: 蛋糕 苹果 鱼 西瓜 鸡蛋 面包
喝完 finish: 茶 牛奶 果汁 咖啡 汤
藏起来 hide: 钥匙 礼物 信 玩具 巧克力
`;

// What passes from hand to hand, and what is done for somebody.
const GIVING = `
给 give: 书 钥匙 手机 票 地图 礼物 玩具 苹果 花 帽子 信
借给 lend: 书 雨伞 字典 自行车 相机 车 小说
`;
const FAVORS = `
买 buy: 书 裙子 手机 票 毛衣 帽子 玩具 花 自行车 蛋糕
做 make: 蛋糕 面包 汤 玩具
写 write: 信 诗
`;
const ERRANDS = `
商店买 to_the_store_to_buy: 雨伞 手机 衬衫 帽子 鞋 字典 玩具
超市买 to_the_supermarket_to_buy: 鸡蛋 苹果 面包 牛奶 鱼 西瓜 蛋糕
图书馆借 to_the_library_to_borrow: 书 小说 字典 杂志
`;

// Things to do, and where: home, school, library, park, office, kitchen, restaurant, classroom,
// beach.
const ACTIVITIES = `
看书 read books: h l p c b
看电视 watch television: h
看电影 watch movies: h
听音乐 listen to music: h p b
喝茶 drink tea: h o r
喝咖啡 drink coffee: h o r
吃早饭 eat breakfast: h s r
吃午饭 eat lunch: h s o r
吃晚饭 eat dinner: h r
吃面条 eat noodles: h r
做饭 cook: h k
做作业 do homework: h s l c
学习汉语 study Chinese: h s l c
学习英语 study English: h s l c
学习数学 study math: h s l c
上网 use the Internet: h l o
打篮球 play basketball: s p
踢足球 play football: s p b
打网球 play tennis: s p
下棋 play chess: h p
弹钢琴 play the piano: h s
玩游戏 play games: h p b
唱歌 sing: h s p
跳舞 dance: h s p
游泳 swim: b
跑步 run: p s b
散步 take a walk: p b
骑自行车 ride a bicycle: p
睡觉 sleep: h
休息 rest: h o p
工作 work: h o
开会 have a meeting: o s
打扫房间 clean the room: h
洗衣服 wash clothes: h
洗碗 wash the dishes: h k
拍照 take photos: p b
画画 draw pictures: h s p
写信 write letters: h o
照顾孩子 take care of the children: h
喂猫 feed the cat: h
浇花 water the flowers: h
聊天 chat: h o p r
打电话 make phone calls: h o
讲故事 tell stories: h s
`;

const IRREGULAR = `
eat ate eaten, drink drank drunk, read read read, write wrote written, buy bought bought, sell sold sold, draw drew drawn
wear wore worn, sing sang sung, bring brought brought, make made made, send sent sent, see saw seen
find found found, lose lost lost, break broke broken, take took taken, hide hid hidden, do did done
ride rode ridden, tell told told, have had had, feed fed fed, go went gone, get got got, leave left left, speak spoke spoken
swim swam swum, run ran run, sleep slept slept, give gave given, lend lent lent, teach taught taught, know knew known
think thought thought, say said said, come came come`;

const ADJECTIVES = `
贵 expensive: 手机 电脑 车 大衣 鞋 票 相机 礼物 字典
便宜 cheap: 手机 票 衬衫 鞋 面包 自行车 雨伞 玩具
大 big: 苹果 西瓜 盒子 房间 桌子 狗 包 床
小 small: 苹果 盒子 房间 桌子 猫 狗 包 鸟
新 new: 车 手机 电脑 自行车 衬衫 书 桌子
旧 old: 车 手机 电脑 自行车 衬衫 书 桌子 照片
漂亮 beautiful: 花 裙子 照片 画 鸟 帽子 毛衣
有趣 interesting: 书 小说 电影 故事 杂志
无聊 boring: 书 小说 电影 故事
重 heavy: 盒子 包 桌子 电脑 冰箱
轻 light: 盒子 包 椅子 电脑 相机
长 long: 信 裙子 河 路 桥 故事
短 short: 信 裙子 路 故事 诗
快 fast: 车 自行车 马 电脑
慢 slow: 车 自行车 马 电脑
干净 clean: 房间 杯子 盘子 衬衫 教室 鞋 袜子
脏 dirty: 房间 杯子 盘子 衬衫 教室 鞋 袜子
热 hot: 茶 咖啡 水 汤 牛奶
好吃 delicious: 鸡蛋 苹果 蛋糕 包子 鱼 米饭 面包
甜 sweet: 苹果 西瓜 橙子 蛋糕 果汁 巧克力
难 difficult: 问题
容易 easy: 问题
可爱 cute: 猫 狗 兔子 鸟 孩子
`;
const FEELINGS =
  `高 tall, 忙 busy, 累 tired, 高兴 happy, 聪明 clever, 年轻 young, 努力 diligent, 友好 friendly, 难过 sad, 生气 angry
有名 famous, 健康 healthy, 安静 quiet, 紧张 nervous, 瘦 thin, 强壮 strong, 勇敢 brave, 懒 lazy`;
// People compare in what lasts.
const TRAITS = ["高", "聪明", "年轻", "努力", "友好", "有名", "健康", "瘦", "强壮", "勇敢", "懒"];
const COMPARED_WITH_MORE =
  /^(expensive|beautiful|interesting|boring|delicious|difficult|diligent|famous|nervous|comfortable|important)$/;

const PRONOUNS = `我 I me my, 你 you you your, 他 he him his, 她 she her her, 我们 we us our, 他们 they them their`;
const KIN = `妈妈 mother, 爸爸 father, 哥哥 older_brother, 姐姐 older_sister, 弟弟 younger_brother, 妹妹 younger_sister
爷爷 grandfather, 奶奶 grandmother`;
const PEOPLE =
  `老师 the_teacher, 医生 the_doctor, 孩子们 the_children, 学生们 the_students, 小明 Xiaoming, 小红 Xiaohong
李先生 Mr._Li, 王小姐 Miss_Wang, 这个男孩 this_boy, 那个女孩 that_girl, 我的朋友 my_friend, 我们的老师 our_teacher, 他的同学 his_classmate`;

const HABITS =
  `每天 every_day, 每天早上 every_morning, 每天晚上 every_evening, 每个周末 every_weekend, 每个星期六 every_Saturday
早上 in_the_morning, 下午 in_the_afternoon, 晚上 in_the_evening, 星期日 on_Sunday, 星期三 on_Wednesday`;
const OFTEN = "常常 often, 总是 always, 有时候 sometimes, 很少 rarely, 从来不 never, 通常 usually, 也 also";
const PAST =
  `昨天 yesterday, 昨天晚上 last_night, 今天早上 this_morning, 前天 the_day_before_yesterday, 三天前 three_days_ago
上个星期 last_week, 上个星期一 last_Monday, 上个月 last_month`;
const LONG_AGO = "上个月 last_month, 去年 last_year, 两年前 two_years_ago, 五年前 five_years_ago";
const FUTURE =
  `明天 tomorrow, 明天早上 tomorrow_morning, 今天晚上 tonight, 后天 the_day_after_tomorrow, 下个星期 next_week
下个星期五 next_Friday`;
const SOME_DAY = "下个月 next_month, 明年 next_year, 下个星期 next_week";
const WEEK =
  "星期一 Monday, 星期二 Tuesday, 星期三 Wednesday, 星期四 Thursday, 星期五 Friday, 星期六 Saturday, 星期日 Sunday";
const MONTHS =
  `一月 January, 二月 February, 三月 March, 四月 April, 五月 May, 六月 June, 七月 July, 八月 August, 九月 September
十月 October, 十一月 November, 十二月 December`;
const SEASONS =
  `春天 spring 暖和 warm, 春天 spring 漂亮 beautiful, 夏天 summer 热 hot, 夏天 summer 长 long, 秋天 autumn 凉快 cool
秋天 autumn 漂亮 beautiful, 冬天 winter 冷 cold, 冬天 winter 长 long`;
const WEATHER = "冷 cold, 热 hot, 暖和 warm, 凉快 cool";
const COLORS = "红色 red, 蓝色 blue, 绿色 green, 黄色 yellow, 黑色 black, 白色 white";
// Where things happen: name, at the place, to the place.
const PLACES =
  `家 at_home home, 学校 at_school to_school, 图书馆 at_the_library to_the_library, 公园 in_the_park to_the_park
办公室 in_the_office to_the_office, 厨房 in_the_kitchen to_the_kitchen, 餐厅 at_the_restaurant to_the_restaurant
教室 in_the_classroom to_the_classroom, 海边 at_the_beach to_the_beach, 医院 at_the_hospital to_the_hospital
商店 at_the_store to_the_store, 银行 at_the_bank to_the_bank, 车站 at_the_station to_the_station
机场 at_the_airport to_the_airport, 超市 at_the_supermarket to_the_supermarket`;
const LETTERS = "h 家, s 学校, l 图书馆, p 公园, o 办公室, k 厨房, r 餐厅, c 教室, b 海边";
const COUNTRIES =
  `中国 China 北京 Beijing, 法国 France 巴黎 Paris, 日本 Japan 东京 Tokyo, 英国 Britain 伦敦 London, 德国 Germany 柏林 Berlin
意大利 Italy 罗马 Rome, 俄罗斯 Russia 莫斯科 Moscow, 西班牙 Spain 马德里 Madrid, 加拿大 Canada 渥太华 Ottawa`;
const CITIES = "北京 Beijing, 上海 Shanghai, 南京 Nanjing, 天津 Tianjin, 香港 Hong_Kong, 广州 Guangzhou";
const LANGUAGES = "汉语 Chinese, 英语 English, 法语 French, 日语 Japanese, 德语 German, 俄语 Russian";
const SUBJECTS_TAUGHT = "汉语 Chinese, 英语 English, 数学 math, 历史 history, 音乐 music, 科学 science";
const NEAR = "骑自行车 by_bicycle, 开车 by_car, 走路 on_foot, 坐公共汽车 by_bus";
const FAR = "坐火车 by_train, 坐飞机 by_plane, 开车 by_car, 坐船 by_boat";
// Where things are; the letter says what fits: small things, food, furniture.
const SPOTS =
  `桌子上 on_the_table s, 椅子上 on_the_chair s, 床上 on_the_bed s, 盒子里 in_the_box s, 包里 in_the_bag s, 桌子下面 under_the_table s
床下面 under_the_bed s, 门旁边 next_to_the_door b, 窗户旁边 next_to_the_window b, 房间里 in_the_room b, 教室里 in_the_classroom b
冰箱里 in_the_fridge f, 厨房里 in_the_kitchen f`;
const FITTING: Readonly<Record<string, string>> = {
  s: "书 钥匙 手机 杯子 信 帽子 照片 地图 雨伞 杂志 票 围巾 字典",
  b: "桌子 椅子 床 电脑 猫 狗 灯 冰箱 自行车",
  f: "苹果 鸡蛋 西瓜 鱼 蛋糕 牛奶 果汁 面包 汤 橙子",
};
const ROUTINES =
  `起床 get_up, 吃早饭 eat_breakfast, 去学校 go_to_school, 去办公室 go_to_the_office, 吃午饭 eat_lunch, 回家 go_home
做作业 do_homework, 吃晚饭 eat_dinner, 睡觉 sleep`;
const MANNERS = `跑得很快 run very_fast, 跑得很慢 run very_slowly, 走得很快 walk very_fast, 走得很慢 walk very_slowly
唱得很好 sing very_well, 写得很好 write very_well, 写得很慢 write very_slowly, 起得很早 get_up very_early, 起得很晚 get_up very_late
睡得很晚 sleep very_late, 睡得很好 sleep very_well, 工作得很努力 work very_hard, 学得很快 learn very_fast, 说得很慢 speak very_slowly
游得很快 swim very_fast, 画得很好 draw very_well, 做饭做得很好 cook very_well`;
const LASTING = "工作 work, 睡 sleep, 休息 rest, 学习 study, 等 wait, 走 walk, 跑 run";
// Modal verbs; a plus marks those that take do and does.
const MODALS =
  `想 want_to +, 能 can, 应该 should, 可以 may, 喜欢 like_to +, 打算 plan_to +, 需要 need_to +, 希望 hope_to +, 必须 must`;

// ## From lines to words

/** A word or phrase in both languages. */
export interface Both {
  readonly zh: string;
  readonly en: string;
}

/** Entries separated by commas or line ends, their fields by spaces. */
function entries(text: string): string[][] {
  return text.trim().split(/,|\n/).map((entry) => entry.trim().split(" ").map((word) => word.replaceAll("_", " ")));
}

function both(text: string): Both[] {
  return entries(text).map(([zh, en]) => ({ zh: zh!, en: en! }));
}

/** Lines of the form `key: items`. */
function lines(text: string): [string, string][] {
  return text.trim().split("\n").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

/** A thing with its measure word; `unit` where English counts by cups or pairs. */
export interface Noun extends Both {
  readonly plural: string;
  readonly measure: string;
  readonly unit: string | undefined;
}

const nouns: readonly Noun[] = lines(NOUNS).flatMap(([key, items]) => {
  const [measure, unit] = key.split("=");
  return entries(items).map(([zh, english]) => {
    const [en, plural = pluralOf(en!)] = english!.split("/");
    return { zh: zh!, en: en!, plural, measure: measure!, unit };
  });
});
const named = (list: string): Noun[] => list.split(" ").map((name) => nouns.find(({ zh }) => zh === name)!);
const jobs = nouns.filter(({ measure }) => measure === "名");
// What people own: neither people nor the landscape.
const things = nouns.filter(({ measure, zh }) =>
  !/名|[河路山桥门]|窗户|教室|故事|问题|孩子|朋友|男孩|女孩|同学/.test(measure + zh)
);
const countable = things.filter(({ unit }) => !unit);

/** A regular plural, and the third person of a verb. */
export function pluralOf(en: string): string {
  if (/[^aeiou]y$/.test(en)) return `${en.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(en) ? `${en}es` : `${en}s`;
}

/** A noun with *a* or *an*. */
export function withArticle(en: string): string {
  return `${/^[aeiou]/.test(en) ? "an" : "a"} ${en}`;
}

const irregular = new Map(entries(IRREGULAR).map(([base, past, participle]) => [base!, { past, participle }]));

/** A form of a verb: `third`, `past`, `participle`, `ing` or the base; what follows stays. */
export function conjugate(phrase: string, form: string): string {
  const [verb = "", ...rest] = phrase.split(" ");
  return [inflect(verb, form), ...rest].join(" ");
}

function inflect(verb: string, form: string): string {
  const stem = /^(swim|run|get|chat)$/.test(verb) ? verb + verb.at(-1) : verb.replace(/([^e])e$/, "$1");
  if (form === "ing") return `${stem}ing`;
  if (form === "third") return verb === "have" ? "has" : /^(go|do)$/.test(verb) ? `${verb}es` : pluralOf(verb);
  if (form !== "past" && form !== "participle") return verb;
  return irregular.get(verb)?.[form] ?? (/[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ied` : `${stem}ed`);
}

/** *More* of an adjective. */
export function comparative(en: string): string {
  if (COMPARED_WITH_MORE.test(en)) return `more ${en}`;
  if (/[^aeiou]y$/.test(en)) return `${en.slice(0, -1)}ier`;
  if (/^(big|hot|thin|sad)$/.test(en)) return `${en}${en.at(-1)}er`;
  return en.endsWith("e") ? `${en}r` : `${en}er`;
}

/** *Most* of an adjective. */
export function superlative(en: string): string {
  return comparative(en).replace(/^more/, "most").replace(/r$/, "st");
}

const DIGITS = both("零 zero, 一 one, 二 two, 三 three, 四 four, 五 five, 六 six, 七 seven, 八 eight, 九 nine");
const TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** A number below a hundred; before a measure word two is 两. */
export function number(value: number): Both {
  if (value === 2) return { zh: "两", en: "two" };
  const [ten, one] = [Math.floor(value / 10), value % 10];
  const zh = (ten > 1 ? DIGITS[ten]!.zh : "") + (ten > 0 ? "十" : "") + (one > 0 ? DIGITS[one]!.zh : "");
  if (ten === 0) return { zh, en: DIGITS[one]!.en };
  if (ten === 1) return { zh, en: TEENS[one]! };
  return { zh, en: TENS[ten - 2]! + (one > 0 ? `-${DIGITS[one]!.en}` : "") };
}

// ## Who and what

/** Who does something: `me` after a verb, `my` before what is owned. */
export interface Person extends Both {
  readonly me: string;
  readonly my: string;
}

/** 我 to 他们. */
export const pronouns: readonly Person[] = entries(PRONOUNS)
  .map(([zh, en, me, my]) => ({ zh: zh!, en: en!, me: me!, my: my! }));
const person = ({ zh, en }: Both): Person => ({ zh, en, me: en, my: "" });
const kin = pronouns.slice(0, 4).flatMap((owner) =>
  both(KIN).map((member) => person({ zh: owner.zh + member.zh, en: `${owner.my} ${member.en}` }))
);
const others = both(PEOPLE).map(person);

/** Whether who acts takes a verb in the third person. */
export function singular({ en }: Both): boolean {
  return !/^(I|you|we|they|.*(children|students))$/.test(en);
}

/** A verb that agrees with who acts. */
export function agree(verb: string, who: Both): string {
  const one = singular(who);
  if (verb === "be") return who.en === "I" ? "am" : one ? "is" : "are";
  if (verb === "was") return one || who.en === "I" ? "was" : "were";
  return conjugate(verb, one ? "third" : "base");
}

/** A verb and what it can be done to. */
export interface Verb extends Both {
  readonly objects: readonly Noun[];
}

const verbs = (text: string): Verb[] =>
  lines(text).map(([key, objects]) => ({ ...both(key)[0]!, objects: named(objects) }));
const transitive = verbs(VERBS);
/** Verbs of what one plans: nobody plans to find or to receive. */
export const planned: readonly Verb[] = transitive.filter(({ zh }) => !/看见|找到|收到/.test(zh));

/** Something to do, and the letters of places. */
export interface Activity extends Both {
  readonly places: readonly string[];
}

/** Things to do without an object. */
export const activities: readonly Activity[] = lines(ACTIVITIES).map(([key, places]) => {
  const [zh, ...en] = key.split(" ");
  return { zh: zh!, en: en.join(" "), places: places.split(" ") };
});
const deeds = (text: string): Both[] => entries(text).map(([zh, ...en]) => ({ zh: zh!, en: en.join(" ") }));

/** A place: being `at` it, going `to` it. */
export interface Place extends Both {
  readonly at: string;
  readonly to: string;
}

/** Places of everyday life. */
export const places: readonly Place[] = entries(PLACES).map(([zh, at, to]) => ({ zh: zh!, en: zh!, at: at!, to: to! }));
/** Places by the letters of activities. */
export const lettered: ReadonlyMap<string, Place> = new Map(
  both(LETTERS).map(({ zh, en }) => [zh, places.find((place) => place.zh === en)!]),
);

/** A country and its capital. */
export interface Country extends Both {
  readonly capital: Both;
}

/** Some countries. */
export const countries: readonly Country[] = entries(COUNTRIES).map(([zh, en, capital, english]) => ({
  ...{ zh: zh!, en: en! },
  capital: { zh: capital!, en: english! },
}));
const cities = both(CITIES);

/** A season and its weather. */
export interface Season extends Both {
  readonly how: Both;
}

/** The four seasons. */
export const seasons: readonly Season[] = entries(SEASONS).map(([zh, en, how, english]) => ({
  zh: zh!,
  en: en!,
  how: { zh: how!, en: english! },
}));

/** A word and the nouns that it suits. */
export interface Fitting extends Both {
  readonly nouns: readonly Noun[];
}

/** Where things lie. */
export const spots: readonly Fitting[] = entries(SPOTS).map(([zh, en, letter]) => ({
  zh: zh!,
  en: en!,
  nouns: named(FITTING[letter!]!),
}));
/** How things are. */
export const adjectives: readonly Fitting[] = lines(ADJECTIVES).map(([key, list]) => ({
  ...both(key)[0]!,
  nouns: named(list),
}));
const feelings = both(FEELINGS);

/** A modal verb; a regular one is denied and asked with *do*. */
export interface Modal extends Both {
  readonly regular: boolean;
}

/** 会, 能, 想 and others. */
export const modals: readonly Modal[] = entries(MODALS)
  .map(([zh, en, regular]) => ({ zh: zh!, en: en!, regular: regular !== undefined }));

/** What a slot of one word may hold. */
export const WORDS: Readonly<Record<string, readonly Both[]>> = {
  habit: both(HABITS),
  daily: both(HABITS).slice(0, 5),
  often: both(OFTEN),
  past: both(PAST),
  ago: both(LONG_AGO),
  future: both(FUTURE),
  someday: both(SOME_DAY),
  weekday: both(WEEK),
  month: both(MONTHS),
  weather: both(WEATHER),
  city: cities,
  town: cities,
  land: [...cities, ...countries],
  language: both(LANGUAGES),
  subject: both(SUBJECTS_TAUGHT),
  onto: both(SPOTS).slice(0, 7),
  near: both(NEAR),
  far: both(FAR),
  color: both(COLORS),
  price: both("贵 expensive, 旧 old"),
  feel: feelings,
  whose: both("我 mine, 你 yours, 他 his, 她 hers, 我们 ours, 他们 theirs"),
  trait: feelings.filter(({ zh }) => TRAITS.includes(zh)),
};

/** What a slot for a thing may hold, when no verb decides. */
export const THINGS: Readonly<Record<string, readonly Noun[]>> = {
  thing: things,
  noun: countable,
  job: jobs,
  reading: named("书 小说 信 报纸 诗"),
  lost: named("钥匙 手机 票 帽子 雨伞"),
  shut: named("门 窗户 盒子 书 信"),
  buyable: named("手机 电脑 车 自行车 大衣 相机 桌子 裙子 帽子 书 雨伞 围巾 杯子"),
  carried: named(FITTING.s!),
  colored: named("衬衫 大衣 毛衣 裙子 帽子 围巾 包 车 雨伞 杯子 自行车"),
};

/** Who may fill a slot for a person. */
export const PERSONS: Readonly<Record<string, readonly (readonly Person[])[]>> = {
  who: [pronouns, pronouns, pronouns, kin, others],
  pronoun: [pronouns],
  aged: [pronouns.slice(0, 4), kin, kin],
  third: [pronouns.slice(2, 4), kin, others.filter(singular)],
  group: [[...pronouns.slice(4), ...others.filter((each) => !singular(each))]],
};

/** Who tells others what to do. */
export const bosses: readonly Person[] = others.filter(({ en }) => /teacher$|Mr|Miss/.test(en));

/** What a slot for something to do may hold. */
export const DEEDS: Readonly<Record<string, readonly Both[]>> = {
  do: activities,
  also: activities,
  routine: deeds(ROUTINES),
  manner: deeds(MANNERS),
  last: deeds(LASTING),
};

/** Verbs of a slot whose object another slot holds. */
export const ACTIONS: Readonly<Record<string, readonly Verb[]>> = {
  verb: transitive,
  buy: planned,
  done: verbs(RESULTS),
  giving: verbs(GIVING),
  favor: verbs(FAVORS),
  errand: verbs(ERRANDS),
};
