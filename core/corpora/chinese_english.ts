/**
 * # A Chinese–English corpus
 *
 * **Question.** A translator learns from pairs of sentences. Which pairs can a newcomer train on
 * without downloading anything, see learned within a minute, and read in full?
 *
 * **Idea.** Write them. The first part below is a list of sentences from everyday life, among
 * them those of the study notes. The second part is a grammar: a lexicon that knows measure
 * words, plurals and irregular verbs, and some two hundred sentence patterns that combine it.
 * Drawing from the patterns with a fixed seed gives nearly eight thousand different pairs, the
 * same ones every time.
 *
 * **One rendering each.** A small network cannot guess what a context would decide, so the
 * grammar never asks it to. 了 is always the English past, 过 and 已经 the perfect, 正在 the
 * progressive, 会 *will*, 要 *be going to*; a bare verb is a habit; 把 and 被 speak of *the*
 * thing. 一 is *a*. 他 is *he*, 她 *she*, 你 one person. A full stop on one side is a full stop
 * on the other, and a fifth of the statements has none.
 *
 * **What a score on it means.** Test sentences are unseen, but their patterns and words are not:
 * every word of a test sentence occurs at least four times in the training part. BLEU here says
 * that a model has learned to combine, not that it could translate a newspaper.
 *
 * All sentences were written for this project; none is taken from another collection.
 *
 * @module
 */

import { Random } from "../engine/random.ts";

/** A sentence and its translation. */
export interface SentencePair {
  /** The sentence in Chinese. */
  readonly source: string;
  /** The same in English. */
  readonly target: string;
}

/** A corpus in three parts that share no sentence of either language. */
export interface Corpus {
  /** What a model learns from. */
  readonly training: readonly SentencePair[];
  /** What is watched while it learns. */
  readonly validation: readonly SentencePair[];
  /** What it is judged by at the end. */
  readonly test: readonly SentencePair[];
}

// ## Sentences
//
// Always in the training part. The first lines are those of the notes.

const SENTENCES = `
我是一名学生 = I am a student
我是一名学生。 = I am a student.
我喜欢吃苹果 = I like to eat apples
苹果喜欢吃我 = Apples like to eat me
中国的首都是哪里？ = Where is the capital of China?
你多大了？ = How old are you?
我爱你 = I love you
我吃一个苹果。 = I eat an apple.
我看见了一把锯子。 = I saw a saw.
猫坐下了。 = The cat sat down.
猫跑走了。 = The cat ran away.
猫从那里逃走了。 = The cat got out of there.
山很陡。 = The mountain is very steep.
从前有一座山。 = Once upon a time there was a mountain.
山里有一座庙。 = There is a temple in the mountain.
你是一个诗人。 = You are a poet.
你好！ = Hello!
你好吗？ = How are you?
我很好，谢谢。 = I am fine, thank you.
谢谢你。 = Thank you.
谢谢你的帮助。 = Thank you for your help.
不客气。 = You are welcome.
对不起。 = I am sorry.
对不起，我迟到了。 = I am sorry, I was late.
没关系。 = It does not matter.
再见！ = Goodbye!
明天见！ = See you tomorrow!
早上好！ = Good morning!
晚上好！ = Good evening!
晚安！ = Good night!
欢迎来北京！ = Welcome to Beijing!
欢迎来我家！ = Welcome to my home!
生日快乐！ = Happy birthday!
新年快乐！ = Happy New Year!
祝你好运！ = Good luck!
小心！ = Be careful!
请进。 = Please come in.
请坐。 = Please sit down.
请等一下。 = Please wait a moment.
请再说一遍。 = Please say it again.
请说慢一点。 = Please speak more slowly.
别担心。 = Do not worry.
别忘了你的雨伞。 = Do not forget your umbrella.
快一点！ = Hurry up!
加油！ = Come on!
我不知道。 = I do not know.
我知道了。 = I understand.
我不明白。 = I do not understand.
我明白你的意思。 = I understand what you mean.
我忘了他的名字。 = I forgot his name.
你叫什么名字？ = What is your name?
我叫小明。 = My name is Xiaoming.
她叫小红。 = Her name is Xiaohong.
很高兴认识你。 = Nice to meet you.
你是哪国人？ = What country are you from?
我是中国人。 = I am Chinese.
他是英国人。 = He is English.
她是法国人。 = She is French.
你住在哪里？ = Where do you live?
我住在北京。 = I live in Beijing.
他住在上海。 = He lives in Shanghai.
她跟她的父母住在一起。 = She lives with her parents.
你家有几口人？ = How many people are there in your family?
我家有四口人。 = There are four people in my family.
你有兄弟姐妹吗？ = Do you have any brothers or sisters?
你结婚了吗？ = Are you married?
现在几点？ = What time is it now?
今天星期几？ = What day is it today?
今天几号？ = What is the date today?
今天天气怎么样？ = How is the weather today?
这是什么？ = What is this?
那是什么？ = What is that?
他是谁？ = Who is he?
她是谁？ = Who is she?
这是谁？ = Who is this?
为什么？ = Why?
什么时候？ = When?
怎么了？ = What is wrong?
真的吗？ = Really?
是的。 = Yes.
不是。 = No.
好的。 = All right.
当然可以。 = Of course.
我也是。 = Me too.
我同意。 = I agree.
我不同意。 = I do not agree.
你说得对。 = You are right.
他说得不对。 = He is wrong.
太好了！ = Great!
真漂亮！ = How beautiful!
真有趣！ = How interesting!
没问题。 = No problem.
不要紧。 = Never mind.
我饿了。 = I am hungry.
我渴了。 = I am thirsty.
我累了。 = I am tired.
我生病了。 = I am sick.
我头疼。 = I have a headache.
他发烧了。 = He has a fever.
你应该去看医生。 = You should see a doctor.
我要一杯茶，谢谢。 = A cup of tea, please.
你想喝点儿什么？ = What would you like to drink?
你想吃点儿什么？ = What would you like to eat?
这个菜很辣。 = This dish is very spicy.
我吃饱了。 = I am full.
多少钱？ = How much is it?
太贵了！ = It is too expensive!
便宜一点儿，可以吗？ = Can it be a little cheaper?
我可以试一试吗？ = May I try it?
我要这个。 = I will take this one.
洗手间在哪里？ = Where is the restroom?
一直走。 = Go straight ahead.
往左拐。 = Turn left.
往右拐。 = Turn right.
离这里远吗？ = Is it far from here?
离这里不远。 = It is not far from here.
火车快要开了。 = The train is about to leave.
飞机已经起飞了。 = The plane has already taken off.
我们迷路了。 = We are lost.
你能帮我吗？ = Can you help me?
你可以帮我一个忙吗？ = Can you do me a favor?
让我想一想。 = Let me think.
让我看一看。 = Let me have a look.
我们走吧。 = Let's go.
我们开始吧。 = Let's begin.
我们休息一下吧。 = Let's take a break.
等我一下。 = Wait for me.
跟我来。 = Come with me.
看这里。 = Look here.
安静！ = Be quiet!
别哭了。 = Do not cry.
别笑了。 = Do not laugh.
雨停了。 = The rain has stopped.
天黑了。 = It is getting dark.
太阳出来了。 = The sun has come out.
春天来了。 = Spring has come.
花开了。 = The flowers are in bloom.
月亮很圆。 = The moon is round.
天上有很多星星。 = There are many stars in the sky.
时间过得很快。 = Time passes quickly.
时间就是金钱。 = Time is money.
知识就是力量。 = Knowledge is power.
失败是成功之母。 = Failure is the mother of success.
熟能生巧。 = Practice makes perfect.
活到老，学到老。 = You are never too old to learn.
欲速则不达。 = More haste, less speed.
眼见为实。 = Seeing is believing.
入乡随俗。 = When in Rome, do as the Romans do.
注意力就是你所需要的一切。 = Attention is all you need.
机器可以学习。 = Machines can learn.
电脑能翻译句子。 = Computers can translate sentences.
这个模型很小。 = This model is very small.
这个句子很短。 = This sentence is very short.
这个词是什么意思？ = What does this word mean?
这个词怎么读？ = How do you read this word?
用汉语怎么说？ = How do you say it in Chinese?
你会说英语吗？ = Can you speak English?
我会说一点儿汉语。 = I can speak a little Chinese.
我正在学习汉语。 = I am learning Chinese.
学习汉语很有意思。 = Learning Chinese is very interesting.
我有一个问题。 = I have a question.
这个问题很重要。 = This question is very important.
问题解决了。 = The problem is solved.
他正在做什么？ = What is he doing?
你在找什么？ = What are you looking for?
你想要什么？ = What do you want?
你想去哪里？ = Where do you want to go?
你喜欢什么颜色？ = What color do you like?
你的爱好是什么？ = What is your hobby?
你做什么工作？ = What do you do for a living?
你为什么学习汉语？ = Why do you study Chinese?
谁在敲门？ = Who is knocking at the door?
有人在家吗？ = Is anyone at home?
房间里没有人。 = There is no one in the room.
我什么也没看见。 = I did not see anything.
我什么都不想吃。 = I do not want to eat anything.
大家都来了。 = Everyone has come.
每个人都喜欢她。 = Everyone likes her.
一切都很好。 = Everything is fine.
他像他爸爸。 = He looks like his father.
她越来越漂亮了。 = She is becoming more and more beautiful.
他们是好朋友。 = They are good friends.
我们是同学。 = We are classmates.
我的中文不好。 = My Chinese is not good.
他的英语很好。 = His English is very good.
我对音乐感兴趣。 = I am interested in music.
他对历史感兴趣。 = He is interested in history.
我想你。 = I miss you.
我们会再见面的。 = We will meet again.
请给我打电话。 = Please call me.
请告诉我你的名字。 = Please tell me your name.
请把窗户关上，好吗？ = Please close the window, will you?
我的自行车被偷走了。 = My bicycle was stolen.
手机没电了。 = The phone is out of power.
我的电脑坏了。 = My computer is broken.
门锁了。 = The door is locked.
灯亮着。 = The light is on.
门开着。 = The door is open.
他躺在床上。 = He is lying on the bed.
她站在门旁边。 = She is standing next to the door.
墙上挂着一幅画。 = A painting is hanging on the wall.
前面来了一个人。 = A man is coming from the front.
书掉在地上了。 = The book fell on the ground.
他一句话也没说。 = He did not say a word.
我刚到。 = I have just arrived.
他刚走。 = He has just left.
她快三十岁了。 = She is almost thirty.
孩子长大了。 = The child has grown up.
我先走了。 = I am leaving first.
你先请。 = After you.
随便。 = As you like.
看情况。 = It depends.
说来话长。 = It is a long story.
我相信你。 = I believe you.
我支持你。 = I support you.
我保证。 = I promise.
我在开玩笑。 = I am joking.
祝你健康！ = I wish you good health!
祝你旅途愉快！ = Have a nice trip!
祝你周末愉快！ = Have a nice weekend!
请保重。 = Please take care.
一年有十二个月。 = A year has twelve months.
一个星期有七天。 = A week has seven days.
一天有二十四个小时。 = A day has twenty-four hours.
一年有四个季节。 = A year has four seasons.
二加二等于四。 = Two plus two is four.
三加五等于八。 = Three plus five is eight.
地球围绕太阳转。 = The earth goes around the sun.
水在一百度沸腾。 = Water boils at one hundred degrees.
太阳从东边升起。 = The sun rises in the east.
`;

// ## Lexicon
//
// One line per measure word: `本: 书 book` makes 一本书 *a book* and 三本书 *three books*. A
// measure word with an English unit, `杯=cup`, measures what English does not count. A slash
// gives an irregular plural, an underscore is a space.

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

// ## Patterns
//
// A pattern is a sentence in both languages with slots to fill, and how many sentences it may
// contribute. A slot in braces is drawn once and said twice: `{who}` is somebody, `{do}`
// something to do, `{past}` a time that is over; behind a colon stands what it may be, behind a
// point the form it takes. English verbs in square brackets agree with who acts, `[is]` with the
// things.

const PATTERNS = `
170 {who}{habit}{do} = {who} {do.now} {habit}
110 {who}{often}{do} = {who} {often} {do.now}
100 {who}{daily}{at.in}{do} = {who} {do.now} {at} {daily}
80 {who}不{plan:any} = {who} [do] not {plan}
60 {who}{clock}{routine} = {who} {routine.now} at {clock}
20 {pronoun}{routine}以前{do} = {pronoun} {do.now} before {pronoun} {routine.now}
20 {pronoun}{routine}以后{do} = {pronoun} {do.now} after {pronoun} {routine.now}
60 {who}一边{do:听音乐 唱歌 聊天 打电话 看电视 喝茶 喝咖啡}一边{also:做饭 跑步 做作业 打扫房间 洗衣服 洗碗 散步 工作 画画} = {who} {do.now} while {also.ing}
60 {who}{manner} = {who} {manner.now}
300 {who}{past}{verb}了{object:a number adjective this that} = {who} {verb.past} {object} {past}
60 {who}{ago}{verb:买 卖 借 修}了{object:a number adjective} = {who} {verb.past} {object} {ago}
120 {who}{past}{at.in}{do}了 = {who} {do.past} {at} {past}
120 {who}{past}没{plan:any} = {who} did not {plan} {past}
60 {who}{past}{last}了{hours}个小时 = {who} {last.past} for {hours} hours {past}
50 {who}{ago}学会了{do:游泳 跳舞 做饭 骑自行车 弹钢琴 下棋 打网球 画画} = {who} learned to {do} {ago}
90 {who}{verb}过{object:this that any} = {who} [have] {verb.participle} {object}
60 {who}从来没{verb}过{object:this that any} = {who} [have] never {verb.participle} {object}
80 {who}已经{verb}了{object:a number this that} = {who} [have] already {verb.participle} {object}
60 {who}还没{verb}{object:this that} = {who} [have] not {verb.participle} {object} yet
20 {who}去过{land} = {who} [have] been to {land}
20 {who}从来没去过{land} = {who} [have] never been to {land}
90 {who}正在{plan:a this that} = {who} [be] {plan.ing}
90 {who}正{at.in}{do} = {who} [be] {do.ing} {at}
120 {who}{future}会{plan} = {who} will {plan} {future}
110 {who}{future}要{plan} = {who} [be] going to {plan} {future}
60 {who}{future}不会{plan:any} = {who} will not {plan} {future}
180 {who}{modal}{plan:a number adjective this that any} = {who} {modal} {plan}
90 {who}不{modal:想 能 应该 可以 喜欢 打算 需要}{plan:this that any} = {who} {modal.no} {plan}
30 {who}会说{language} = {who} can speak {language}
20 {who}不会说{language} = {who} cannot speak {language}
20 {who}听不懂{language} = {who} cannot understand {language}
50 {who}{do}吗？ = [do] {who} {do}
50 {who}{daily}{do}吗？ = [do] {who} {do} {daily}
90 {who}{past}{verb}了{object:a number this that}吗？ = did {who} {verb} {object} {past}
100 {who}{modal:想 能 应该 可以 喜欢 打算 需要}{plan:a this that any}吗？ = {modal.ask} {plan}
60 {who}什么时候会{plan}？ = when will {who} {plan}
60 {who}{past}在哪里{buy}了{object:a number this that}？ = where did {who} {buy} {object} {past}
50 {who}{daily}在哪里{do}？ = where [do] {who} {do} {daily}
60 谁{past}{verb}了{object:a number this that adjective}？ = who {verb.past} {object} {past}
50 {who}{past}{verb:吃 喝 写 买 卖 洗 借 修 画 穿 唱 听 带 用 做 搬 寄 收到 看见 找到}了什么？ = what did {who} {verb} {past}
60 {who}为什么不{plan:any}？ = why [do] {who} not {plan}
40 {who}{past}为什么没{do}？ = why did {who} not {do} {past}
40 {who}怎么去{goal}？ = how [do] {who} go {goal.to}
50 {who}有几{noun.counted}？ = how many {noun.plural} [do] {who} have
40 {who}喜欢哪{noun.counted}？ = which {noun} [do] {who} like
15 这是谁的{noun}？ = whose {noun} is this
15 那是谁的{noun}？ = whose {noun} is that
30 {buyable:this that}多少钱？ = how much is {buyable}
30 {who}多大了？ = how old [be] {who}
40 {thing:my}在哪里？ = where [is] {thing}
50 {third}是一名{job} = {third} is {job.a}
15 {third}不是一名{job} = {third} is not {job.a}
15 {third}想当一名{job} = {third} wants to be {job.a}
15 {third}会成为一名{job} = {third} will become {job.a}
30 {group}是{job} = {group} are {job.plural}
10 我是一名{job} = I am {job.a}
30 {third}是一名{job}吗？ = is {third} {job.a}
20 这是{thing:a adjective} = this is {thing}
20 这是{thing:my} = this [is] {thing}
20 那不是{thing:a adjective} = that is not {thing}
40 {thing:this that}是{whose}的 = {thing} is {whose}
20 {thing:this that}不是{whose}的 = {thing} is not {whose}
80 {what:this that my these}很{how} = {what} [is] very {how}
30 {what:this that my}不{how} = {what} [is] not {how}
30 {what:this that my}太{how}了 = {what} [is] too {how}
30 {who}很{feel} = {who} [be] very {feel}
20 {who}不{feel} = {who} [be] not {feel}
20 {who}非常{feel} = {who} [be] extremely {feel}
20 {who}有点儿{feel:忙 累 难过 生气 安静 紧张 瘦 懒} = {who} [be] a little {feel}
15 {who}太{feel}了 = {who} [be] too {feel}
40 {who}{past}很{feel:忙 累 高兴 难过 生气 安静 紧张} = {who} [was] very {feel} {past}
50 {who}{feel}吗？ = [be] {who} {feel}
40 {colored:my this that}是{color}的 = {colored} is {color}
50 {who}{past}买了一{colored.measure}{color}的{colored.name} = {who} bought a {color} {colored.name} {past}
40 {who}比{whom}{trait} = {who} [be] {trait.more} than {whom.me}
40 {who}没有{whom}{trait} = {who} [be] not as {trait} as {whom.me}
30 {who}跟{whom}一样{trait} = {who} [be] as {trait} as {whom.me}
40 {what:this}比那{what.counted}{how} = {what} is {how.more} than that one
40 {what:that}比这{what.counted}{how} = {what} is {how.more} than this one
40 {what:this that}最{how} = {what} is the {how.most}
15 {who}越来越{trait}了 = {who} [be] getting {trait.more}
30 {who}最{trait} = {who} [be] the {trait.most}
60 {item:my this that}在{spot} = {item} [is] {spot}
30 {item:my this that}不在{spot} = {item} [is] not {spot}
100 {spot}有{item:a number adjective} = there [is] {item} {spot}
30 {spot}没有{item:any} = there [is] no {item} {spot}
20 {spot}有{item:any}吗？ = [is] there any {item} {spot}
30 {who}现在在{place} = {who} [be] {place.at} now
20 {who}不在{place} = {who} [be] not {place.at}
20 {who}在{place}吗？ = [be] {who} {place.at}
40 {who}{past}在{place} = {who} [was] {place.at} {past}
80 {who}有{thing:a number adjective} = {who} [have] {thing}
40 {who}没有{thing:any} = {who} [do] not have any {thing}
30 {who}有{thing:any}吗？ = [do] {who} have any {thing}
30 {who}喜欢{thing:this that any} = {who} [like] {thing}
30 {who}不喜欢{thing:this that any} = {who} [do] not like {thing}
40 {who}想要{thing:a number adjective} = {who} [want] {thing}
110 {who}把{object:the}{done}了 = {who} {done.past} {object}
50 {who}把{object:my}{done}了 = {who} {done.past} {object}
60 {who}把{carried:the my}放在{onto}了 = {who} put {carried} {onto}
120 {object:the my that}被{whom}{done}了 = {object} was {done.participle} by {whom.me}
15 {who}被{boss}表扬了 = {who} [was] praised by {boss}
15 {who}被{boss}批评了 = {who} [was] criticized by {boss}
30 {who}看完了{reading:this that} = {who} finished reading {reading}
30 {who}找不到{lost:my} = {who} cannot find {lost}
60 {who}{daily}{at.go}{do} = {who} [go] {at.to} to {do} {daily}
50 {who}{future}想{at.go}{do} = {who} [want] to go {at.to} to {do} {future}
60 {who}{past}去{errand}了{object:a number adjective} = {who} went {errand} {object} {past}
30 {who}{past}{near}去了{goal} = {who} went {goal.to} {near} {past}
30 {who}{future}会{near}去{goal} = {who} will go {goal.to} {near} {future}
30 {who}{daily}{near}去{goal} = {who} [go] {goal.to} {near} {daily}
30 {who}{ago}{far}去了{city} = {who} went to {city} {far} {ago}
30 {who}{someday}会{far}去{city} = {who} will go to {city} {far} {someday}
20 {who}常常{far}去{city} = {who} often [go] to {city} {far}
30 从{city}到{town}{far}要{hours}个小时 = it takes {hours} hours from {city} to {town} {far}
20 {who}来自{country} = {who} [come] from {country}
20 {who}住在{capital} = {who} [live] in {capital}
9 {capital}是{country}的首都 = {capital} is the capital of {country}
9 {country}的首都是{capital} = the capital of {country} is {capital}
9 {country}的首都是哪里？ = where is the capital of {country}
110 {who}{past}{giving}了{whom}{object:a number adjective} = {who} {giving.past} {whom.me} {object} {past}
60 {who}{past}给{whom}{favor}了{object:a number adjective} = {who} {favor.past} {whom.me} {object} {past}
50 {third}教{whom}{subject} = {third} teaches {whom.me} {subject}
20 {who}认识{whom} = {who} [know] {whom.me}
20 {who}爱{whom} = {who} [love] {whom.me}
20 {who}喜欢{whom} = {who} [like] {whom.me}
20 {who}相信{whom} = {who} [believe] {whom.me}
30 {who}{past}看见了{whom} = {who} saw {whom.me} {past}
30 {who}{past}遇到了{whom} = {who} met {whom.me} {past}
30 {who}{past}给{whom}打电话了 = {who} called {whom.me} {past}
30 {who}正在等{whom} = {who} [be] waiting for {whom.me}
40 {who}帮{whom}{do} = {who} [help] {whom.me} {do}
40 {who}让{whom}{do} = {who} [ask] {whom.me} to {do}
40 {who}跟{whom}一起{do} = {who} {do.now} with {whom.me}
30 {who}跟{whom}一起去{goal} = {who} [go] {goal.to} with {whom.me}
30 {group}都{do} = {group} all {do}
20 {group}都喜欢{do} = {group} all like to {do}
12 请把{shut:the}打开 = please open {shut}
12 请把{shut:the}关上 = please close {shut}
25 请{at.in}{do} = please {do} {at}
25 请不要{at.in}{do} = please do not {do} {at}
30 别{plan:this that} = do not {plan}
30 我们{plan:this that}吧 = let's {plan}
30 请{plan:this that} = please {plan}
30 {who}觉得{what:this that}很{how} = {who} [think] that {what} is very {how}
30 {who}知道{what:this that}很{how} = {who} [know] that {what} is very {how}
30 {who}说{what:this that}很{how} = {who} [say] that {what} is very {how}
30 {who}觉得{whom}{future}会{plan:a number} = {who} [think] that {whom} will {plan} {future}
30 {who}说{whom}{future}会{plan:a number} = {who} [say] that {whom} will {plan} {future}
30 {who}希望{whom}{future}会{plan:a number} = {who} [hope] that {whom} will {plan} {future}
100 {who}{past}{verb:卖 洗 穿 吃 喝 买 写}的{object.name}很{fitting} = the {object.name} that {who} {verb.past} {past} [is] very {fitting}
30 如果明天下雨，{who}就会{do:看书 看电视 看电影 休息 睡觉 做饭 听音乐 打扫房间 下棋 做作业 玩游戏 写信} = if it rains tomorrow, {who} will {do}
30 如果明天下雪，{who}就不会{do:打篮球 踢足球 打网球 跑步 散步 骑自行车 拍照 游泳} = if it snows tomorrow, {who} will not {do}
30 如果天气好，{who}就会{do:打篮球 踢足球 打网球 跑步 散步 骑自行车 拍照 游泳} = if the weather is good, {who} will {do}
20 如果天气冷，{who}就不会{do:打篮球 踢足球 打网球 跑步 散步 骑自行车 拍照 游泳} = if the weather is cold, {who} will not {do}
30 如果{pronoun}有时间，{pronoun}就会{plan} = if {pronoun} [have] time, {pronoun} will {plan}
20 如果{pronoun}有钱，{pronoun}就会买{buyable:a adjective} = if {pronoun} [have] money, {pronoun} will buy {buyable}
20 如果{pronoun}不忙，{pronoun}就会{plan} = if {pronoun} [be] not busy, {pronoun} will {plan}
50 因为{pronoun}很{feel:忙 累 难过 生气 懒 紧张}，所以{pronoun}不想{do} = because {pronoun} [be] very {feel}, {pronoun} [do] not want to {do}
50 虽然{pronoun}很{feel:忙 累 难过 生气 懒 紧张}，但是{pronoun}想{do} = although {pronoun} [be] very {feel}, {pronoun} [want] to {do}
25 因为昨天下雨了，所以{who}没{do:打篮球 踢足球 打网球 跑步 散步 骑自行车 拍照 游泳} = because it rained yesterday, {who} did not {do}
25 虽然昨天下雪了，但是{who}{do:打篮球 踢足球 打网球 跑步 散步 骑自行车 拍照 游泳}了 = although it snowed yesterday, {who} {do.past}
50 虽然{buyable:this that}很{price}，但是{pronoun}想买 = although {buyable} is very {price}, {pronoun} [want] to buy it
90 {aged}{age}岁 = {aged} [be] {age} years old
60 {buyable:this that}{yuan}块钱 = {buyable} costs {yuan} yuan
24 现在{clock} = it is {clock} now
7 今天是{weekday} = today is {weekday}
7 昨天是{weekday} = yesterday was {weekday}
7 明天是{weekday} = tomorrow is {weekday}
40 {pronoun}的生日在{month} = {pronoun.my} birthday is in {month}
40 {land}的{season}很{seasonal} = the {season} in {land} is very {seasonal}
12 {city}今天很{weather} = it is very {weather} in {city} today
12 {city}昨天很{weather} = it was very {weather} in {city} yesterday
12 {city}明天会很{weather} = it will be very {weather} in {city} tomorrow
12 {city}的天气越来越{weather}了 = the weather in {city} is getting {weather.more}
4 今天很{weather} = it is very {weather} today
4 昨天很{weather} = it was very {weather} yesterday
4 明天会很{weather} = it will be very {weather} tomorrow
10 {city}{past}下雨了 = it rained in {city} {past}
10 {city}{past}下雪了 = it snowed in {city} {past}
10 {city}{future}会下雨 = it will rain in {city} {future}
10 {city}{future}会下雪吗？ = will it snow in {city} {future}
7 {past}下雨了 = it rained {past}
5 {future}会下雪 = it will snow {future}
5 {future}会下雨吗？ = will it rain {future}
`;

// ## From lexicon to words

/** A word or phrase in both languages. */
interface Both {
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
interface Noun extends Both {
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

function pluralOf(en: string): string {
  if (/[^aeiou]y$/.test(en)) return `${en.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(en) ? `${en}es` : `${en}s`;
}

function withArticle(en: string): string {
  return `${/^[aeiou]/.test(en) ? "an" : "a"} ${en}`;
}

const irregular = new Map(entries(IRREGULAR).map(([base, past, participle]) => [base!, { past, participle }]));

/** A form of an English verb, `third`, `past`, `participle`, `ing` or the base; what follows its first word stays. */
function conjugate(phrase: string, form: string): string {
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

function comparative(en: string): string {
  if (COMPARED_WITH_MORE.test(en)) return `more ${en}`;
  if (/[^aeiou]y$/.test(en)) return `${en.slice(0, -1)}ier`;
  if (/^(big|hot|thin|sad)$/.test(en)) return `${en}${en.at(-1)}er`;
  return en.endsWith("e") ? `${en}r` : `${en}er`;
}

function superlative(en: string): string {
  return comparative(en).replace(/^more/, "most").replace(/r$/, "st");
}

const DIGITS = both("零 zero, 一 one, 二 two, 三 three, 四 four, 五 five, 六 six, 七 seven, 八 eight, 九 nine");
const TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** A number below a hundred; before a measure word two is 两. */
function number(value: number): Both {
  if (value === 2) return { zh: "两", en: "two" };
  const [ten, one] = [Math.floor(value / 10), value % 10];
  const zh = (ten > 1 ? DIGITS[ten]!.zh : "") + (ten > 0 ? "十" : "") + (one > 0 ? DIGITS[one]!.zh : "");
  if (ten === 0) return { zh, en: DIGITS[one]!.en };
  if (ten === 1) return { zh, en: TEENS[one]! };
  return { zh, en: TENS[ten - 2]! + (one > 0 ? `-${DIGITS[one]!.en}` : "") };
}

// ## Who and what

/** Who does something: `me` after a verb, `my` before what is owned. */
interface Person extends Both {
  readonly me: string;
  readonly my: string;
}

const pronouns = entries(PRONOUNS).map(([zh, en, me, my]): Person => ({ zh: zh!, en: en!, me: me!, my: my! }));
const person = ({ zh, en }: Both): Person => ({ zh, en, me: en, my: "" });
const kin = pronouns.slice(0, 4).flatMap((owner) =>
  both(KIN).map((member) => person({ zh: owner.zh + member.zh, en: `${owner.my} ${member.en}` }))
);
const others = both(PEOPLE).map(person);
const singular = ({ en }: Both): boolean => !/^(I|you|we|they|.*(children|students))$/.test(en);
const agree = (verb: string, who: Both): string => {
  const one = singular(who);
  if (verb === "be") return who.en === "I" ? "am" : one ? "is" : "are";
  if (verb === "was") return one || who.en === "I" ? "was" : "were";
  return conjugate(verb, one ? "third" : "base");
};

/** A verb and what it can be done to. */
interface Verb extends Both {
  readonly objects: readonly Noun[];
}

const verbs = (text: string): Verb[] =>
  lines(text).map(([key, objects]) => ({ ...both(key)[0]!, objects: named(objects) }));
const transitive = verbs(VERBS);
// Nobody plans to find or to receive.
const planned = transitive.filter(({ zh }) => !/看见|找到|收到/.test(zh));

const activities = lines(ACTIVITIES).map(([key, places]) => {
  const [zh, ...en] = key.split(" ");
  return { zh: zh!, en: en.join(" "), places: places.split(" ") };
});
const deeds = (text: string): Both[] => entries(text).map(([zh, ...en]) => ({ zh: zh!, en: en.join(" ") }));
const places = entries(PLACES).map(([zh, at, to]) => ({ zh: zh!, en: zh!, at: at!, to: to! }));
const lettered = new Map(both(LETTERS).map(({ zh, en }) => [zh, places.find((place) => place.zh === en)!]));
const countries = entries(COUNTRIES).map(([zh, en, capital, english]) => ({
  ...{ zh: zh!, en: en! },
  capital: { zh: capital!, en: english! },
}));
const cities = both(CITIES);
const seasons = entries(SEASONS).map(([zh, en, how, english]) => ({
  zh: zh!,
  en: en!,
  how: { zh: how!, en: english! },
}));
const spots = entries(SPOTS).map(([zh, en, letter]) => ({ zh: zh!, en: en!, nouns: named(FITTING[letter!]!) }));
const adjectives = lines(ADJECTIVES).map(([key, list]) => ({ ...both(key)[0]!, nouns: named(list) }));
const feelings = both(FEELINGS);
const modals = entries(MODALS).map(([zh, en, regular]) => ({ zh: zh!, en: en!, regular: regular !== undefined }));

// What a slot of one word may hold.
const WORDS: Readonly<Record<string, readonly Both[]>> = {
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

// What a slot for a thing may hold, when no verb decides.
const THINGS: Readonly<Record<string, readonly Noun[]>> = {
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

// Who may fill a slot for a person.
const PERSONS: Readonly<Record<string, readonly (readonly Person[])[]>> = {
  who: [pronouns, pronouns, pronouns, kin, others],
  pronoun: [pronouns],
  aged: [pronouns.slice(0, 4), kin, kin],
  third: [pronouns.slice(2, 4), kin, others.filter(singular)],
  group: [[...pronouns.slice(4), ...others.filter((each) => !singular(each))]],
};
const bosses = others.filter(({ en }) => /teacher$|Mr|Miss/.test(en));

const DEEDS: Readonly<Record<string, readonly Both[]>> = {
  do: activities,
  also: activities,
  routine: deeds(ROUTINES),
  manner: deeds(MANNERS),
  last: deeds(LASTING),
};

const ACTIONS: Readonly<Record<string, readonly Verb[]>> = {
  verb: transitive,
  buy: planned,
  done: verbs(RESULTS),
  giving: verbs(GIVING),
  favor: verbs(FAVORS),
  errand: verbs(ERRANDS),
};

// ## Filling the slots

/** Draws one item of a list. */
type Pick = <T>(from: readonly T[]) => T;

/** What fills a slot: its Chinese and English by form, and whether it wants a plural verb. */
interface Filling {
  readonly zh: (form: string) => string;
  readonly en: (form: string) => string;
  readonly many?: boolean;
}

const word = ({ zh, en }: Both): Filling => ({
  zh: () => zh,
  en: (form) => form === "more" ? comparative(en) : form === "most" ? superlative(en) : en,
});
const whom = ({ zh, en, me, my }: Person): Filling => ({
  zh: () => zh,
  en: (form) => form === "me" ? me : form === "my" ? my : en,
});

/** A noun as it stands in a sentence: how many, which or whose. */
function phrase(pick: Pick, noun: Noun, choices: readonly string[]): Filling {
  const { zh, en, plural, measure, unit } = noun;
  const [choice, owner, count] = [pick(choices), pick(pronouns), number(pick([2, 3, 4, 5, 6, 7, 8, 9, 10]))];
  const suitable = adjectives.filter(({ nouns }) => nouns.includes(noun));
  const how = choice === "adjective" && suitable.length > 0 ? pick(suitable) : { zh: "", en: "" };
  const [pair, one, counted] = [unit === "pair", unit ? `${unit} of ${en}` : en, measure + zh];
  const described = how.en && (unit ? `${unit} of ${how.en} ${en}` : `${how.en} ${en}`);
  const forms: Record<string, [zh: string, en: string, many: boolean]> = {
    a: [`一${counted}`, withArticle(one), false],
    adjective: [`一${measure}${how.zh}${how.zh.length > 1 ? "的" : ""}${zh}`, withArticle(described || one), false],
    number: [count.zh + counted, `${count.en} ${unit ? `${pluralOf(unit)} of ${en}` : plural}`, true],
    this: [`这${counted}`, `this ${one}`, false],
    that: [`那${counted}`, `that ${one}`, false],
    these: unit ? [`这${counted}`, `this ${one}`, false] : [`这些${zh}`, `these ${plural}`, true],
    my: [`${owner.zh}的${zh}`, `${owner.my} ${en}`, pair],
    the: [zh, `the ${en}`, pair],
    any: [zh, unit ? en : plural, !unit || pair],
    name: [zh, en, pair],
  };
  const [chinese, english, many] = forms[choice]!;
  return {
    zh: (form) => form === "counted" ? counted : form === "measure" ? measure : form === "name" ? zh : chinese,
    en: (form) => form === "name" ? en : form === "plural" ? plural : form === "a" ? withArticle(en) : english,
    many,
  };
}

/** The slots of one sentence; each is drawn when it is first met. */
class Slots {
  readonly #pick: Pick;
  readonly #question: boolean;
  readonly #filled = new Map<string, Filling>();
  #who: Person = pronouns[2]!;
  #noun: Noun | undefined;
  #deed = activities[0]!;
  #country = countries[0]!;
  #season = seasons[0]!;

  constructor(pick: Pick, question: boolean) {
    this.#pick = pick;
    this.#question = question;
  }

  /** What fills a slot; `choices` limits what may be drawn. */
  get(name: string, choices: readonly string[] = []): Filling {
    const filling = this.#filled.get(name) ?? this.#draw(name, choices);
    this.#filled.set(name, filling);
    return filling;
  }

  /** A verb that agrees: `is` with the things of the sentence, any other with who acts. */
  agree(verb: string): string {
    if (verb !== "is") return agree(verb, this.#who);
    return [...this.#filled.values()].some(({ many }) => many) ? "are" : "is";
  }

  #draw(name: string, choices: readonly string[]): Filling {
    const one = <T extends Both>(list: readonly T[]): T =>
      this.#pick(choices.length > 0 ? list.filter(({ zh }) => choices.includes(zh)) : list);
    if (name in WORDS) return word(this.#another(name === "town" ? "city" : "", () => one(WORDS[name]!)));
    if (name in THINGS) return phrase(this.#pick, this.#pick(THINGS[name]!), choices.length > 0 ? choices : ["name"]);
    if (name in PERSONS) return this.#doer(this.#pick(PERSONS[name]!));
    if (name in DEEDS) return this.#doing(this.#another(name === "also" ? "do" : "", () => one(DEEDS[name]!)));
    if (name in ACTIONS) {
      const verb = one(ACTIONS[name]!);
      this.#noun = this.#pick(verb.objects);
      return this.#doing(verb);
    }
    return this.#dependent(name, choices);
  }

  // Draws until the Chinese differs from that of another slot.
  #another<T extends Both>(name: string, draw: () => T): T {
    for (;;) {
      const drawn = draw();
      if (this.#filled.get(name)?.zh("") !== drawn.zh) return drawn;
    }
  }

  #doer(from: readonly Person[]): Filling {
    // Nobody asks about himself.
    this.#who = this.#pick(from.filter(({ zh }) => !(this.#question && /^我们?$/.test(zh))));
    return whom(this.#who);
  }

  #doing(what: Both): Filling {
    if ("places" in what) this.#deed = what as typeof activities[number];
    const now = () => singular(this.#who) ? "third" : "base";
    return { zh: () => what.zh, en: (form) => conjugate(what.en, form === "now" ? now() : form) };
  }

  // Slots that look at what the sentence already holds.
  #dependent(name: string, choices: readonly string[]): Filling {
    const pick = this.#pick;
    switch (name) {
      case "whom":
        return whom(this.#other(pick(PERSONS.who!)));
      case "boss":
        return whom(this.#other(bosses));
      case "plan": {
        if (pick([true, false])) return this.#doing(pick(activities));
        const verb = pick(planned);
        const object = phrase(pick, pick(verb.objects), choices.length > 0 ? choices : ["a", "number", "adjective"]);
        return this.#doing({ zh: verb.zh + object.zh(""), en: `${verb.en} ${object.en("")}` });
      }
      case "object":
        if (!this.#noun) this.get("done");
        return phrase(pick, this.#noun!, choices.length > 0 ? choices : ["name"]);
      case "fitting":
        return word(pick(adjectives.filter(({ nouns }) => nouns.includes(this.#noun!))));
      case "what":
      case "item":
        this.get(name === "what" ? "how" : "spot");
        return phrase(pick, this.#noun!, choices);
      case "how":
        return this.#with(pick(adjectives));
      case "spot":
        return this.#with(pick(spots));
      case "modal":
        return this.#modal(choices);
      case "at":
        this.get("do");
        return location(lettered.get(pick(this.#deed.places))!);
      case "place":
        return location(pick(places));
      case "goal":
        return location(pick(places.filter(({ zh }) => !/家|厨房|教室/.test(zh))));
      case "country":
      case "capital":
        if (this.#filled.size === 0 || this.#filled.has("who")) this.#country = pick(countries);
        return word(name === "country" ? this.#country : this.#country.capital);
      case "season":
        this.#season = pick(seasons);
        return word(this.#season);
      case "seasonal":
        return word(this.#season.how);
      default:
        return word(this.#amount(name));
    }
  }

  #with(item: Both & { readonly nouns: readonly Noun[] }): Filling {
    this.#noun = this.#pick(item.nouns);
    return word(item);
  }

  // Somebody else than who acts; he is not them, since Chinese says both with the same character.
  #other(from: readonly Person[]): Person {
    const same = (other: Person) =>
      other === this.#who ||
      (pronouns.includes(other) && pronouns.includes(this.#who) && other.zh[0] === this.#who.zh[0]);
    const rest = from.filter((other) => !same(other));
    return this.#pick(rest.length > 0 ? rest : bosses);
  }

  #modal(choices: readonly string[]): Filling {
    const { zh, en, regular } = this.#pick(modals.filter(({ zh }) => choices.length === 0 || choices.includes(zh)));
    const who = this.#who;
    const no = regular ? `${agree("do", who)} not ${en}` : en === "can" ? "cannot" : `${en} not`;
    const ask = regular ? `${agree("do", who)} ${who.en} ${en}` : `${en} ${who.en}`;
    const yes = regular ? agree(en, who) : en;
    return { zh: () => zh, en: (form) => form === "no" ? no : form === "ask" ? ask : yes };
  }

  #amount(name: string): Both {
    const between = (from: number, to: number) => from + this.#pick([...Array(to - from + 1).keys()]);
    if (name === "hours") return number(between(2, 12));
    if (name === "yuan") return number(between(2, 99));
    if (name === "age") {
      const [, from, to] = AGES.find(([who]) => who.test(this.#who.en))!;
      return number(between(from, to));
    }
    if (name !== "clock") throw new TypeError(`Cannot fill {${name}}: there is no such slot`);
    const { zh, en } = number(between(1, 12));
    return this.#pick([{ zh: `${zh}点`, en: `${en} o'clock` }, { zh: `${zh}点半`, en: `half past ${en}` }]);
  }
}

const AGES: readonly (readonly [who: RegExp, from: number, to: number])[] = [
  [/younger/, 3, 18],
  [/older/, 16, 40],
  [/grand/, 60, 95],
  [/mother|father/, 38, 60],
  [/./, 8, 70],
];

function location({ zh, at, to }: typeof places[number]): Filling {
  const go = zh === "家" ? "回家" : `去${zh}`;
  return { zh: (form) => form === "go" ? go : form === "in" ? `在${zh}` : zh, en: (form) => form === "to" ? to : at };
}

/** The sentence that a pattern makes, with capital and full stop. */
function fill(chinese: string, english: string, pick: Pick): SentencePair {
  const question = chinese.endsWith("？");
  const slots = new Slots(pick, question);
  const source = chinese.replace(
    /\{(\w+)(?:\.(\w+))?(?::([^}]*))?\}/g,
    (_, name, form = "", choices = "") => slots.get(name, choices === "" ? [] : choices.split(" ")).zh(form),
  );
  const target = english
    .replace(/\{(\w+)(?:\.(\w+))?\}/g, (_, name, form = "") => slots.get(name).en(form))
    .replace(/\[(\w+)\]/g, (_, verb) => slots.agree(verb));
  const start = target.charAt(0).toUpperCase() + target.slice(1);
  return { source: question ? source : `${source}。`, target: `${start}${question ? "?" : "."}` };
}

// ## The corpus

const HELD_OUT = 200;
const LEAST_OCCURRENCES = 4;

/**
 * Makes the corpus: nearly eight thousand pairs in three parts, the same on every call.
 *
 * No sentence occurs twice, in either language, with or without its full stop. Takes a fraction of a second.
 *
 * @returns pairs to learn from, to watch and to judge by
 */
export function chineseEnglish(): Corpus {
  const written = SENTENCES.trim().split("\n").map((line): SentencePair => {
    const [source, target] = line.split(" = ");
    return { source: source!, target: target! };
  });
  const seen = new Set(written.flatMap(({ source, target }) => [bare(source), bare(target)]));
  const random = new Random(2017);
  const drawn = PATTERNS.trim().split("\n").flatMap((line) => drawPairs(line, seen, random));
  return split(written, Array.from(random.permutation(drawn.length), (index) => drawn[index]!));
}

/** A sentence without its last sign: what must not occur twice. */
function bare(sentence: string): string {
  return sentence.replace(/[。！？.!?]$/u, "").toLowerCase();
}

function drawPairs(line: string, seen: Set<string>, random: Random): SentencePair[] {
  const [, count, chinese, english] = /^(\d+) (.*) = (.*)$/.exec(line)!;
  const pick: Pick = (from) => from[random.integer(from.length)]!;
  const pairs: SentencePair[] = [];
  // A pattern that is nearly exhausted gives what it has.
  for (let tries = 0; tries < 20 * Number(count) && pairs.length < Number(count); tries++) {
    const { source, target } = fill(chinese!, english!, pick);
    if (seen.has(bare(source)) || seen.has(bare(target))) continue;
    seen.add(bare(source)).add(bare(target));
    const stop = source.endsWith("？") || random.integer(5) > 0;
    pairs.push(stop ? { source, target } : { source: source.slice(0, -1), target: target.slice(0, -1) });
  }
  return pairs;
}

/** Words of an English sentence and characters of a Chinese one: what a model must have met. */
function units({ source, target }: SentencePair): string[] {
  return [...source, ...target.toLowerCase().split(/[^a-z'-]+/)].filter((unit) => unit !== "");
}

// Holds out pairs as long as each of their words still occurs often enough in what remains.
function split(written: readonly SentencePair[], drawn: readonly SentencePair[]): Corpus {
  const counts = new Map<string, number>();
  for (const pair of [...written, ...drawn]) {
    for (const unit of units(pair)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  }
  const heldOut: SentencePair[] = [];
  const training = [...written];
  for (const pair of drawn) {
    const own = units(pair);
    if (heldOut.length < 2 * HELD_OUT && own.every((unit) => counts.get(unit)! >= LEAST_OCCURRENCES + own.length)) {
      for (const unit of own) counts.set(unit, counts.get(unit)! - 1);
      heldOut.push(pair);
    } else {
      training.push(pair);
    }
  }
  return { training, validation: heldOut.slice(0, HELD_OUT), test: heldOut.slice(HELD_OUT) };
}
