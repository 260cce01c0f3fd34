/**
 * # A Chinese–English corpus
 *
 * **Question.** A translator learns from pairs of sentences. Which pairs can a newcomer train on without downloading
 * anything, see learned within a minute, and read in full?
 *
 * **Idea.** Write them. The first part below is a list of sentences from everyday life, among them those of the study
 * notes. The second part is a grammar: a lexicon that knows measure words (量词), plurals and irregular verbs, and some
 * hundred sentence patterns that combine it. Drawing from the patterns with a fixed seed gives about five thousand
 * different pairs, the same ones every time.
 *
 * **One rendering each.** A small network cannot guess what a context would decide, so the grammar never asks it to. 了
 * is always the English past, 过 and 已经 the perfect, 正在 the progressive, 会 *will*, 要 *be going to*; a bare verb is
 * a habit; 把 and 被 speak of *the* thing. 一 is *a*. 他 is *he*, 她 *she*, 你 one person. A full stop on one side is a full
 * stop on the other, and a fifth of the statements has none.
 *
 * **What a score on it means.** Test sentences are unseen, but their patterns and words are not: every word of a test
 * sentence occurs at least four times in the training part. BLEU here says that a model has learned to combine, not that it
 * could translate a newspaper.
 *
 * All sentences were written for this project; none is taken from another collection.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";

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
// One line per measure word: `本: 书 book` makes 一本书 *a book* and 三本书 *three books*. A measure word with an English
// unit, `杯=cup`, measures what English does not count. A slash gives an irregular plural, an underscore is a space.

const NOUNS = `
个: 苹果 apple, 橙子 orange, 鸡蛋 egg, 西瓜 watermelon, 包子 bun, 杯子 cup, 盘子 plate, 盒子 box, 包 bag, 故事 story
个: 问题 question, 房间 room, 玩具 toy, 孩子 child/children, 朋友 friend, 男孩 boy, 女孩 girl, 冰箱 fridge, 同学 classmate
本: 书 book, 小说 novel, 字典 dictionary, 杂志 magazine
份: 报纸 newspaper, 礼物 gift
封: 信 letter
张: 票 ticket, 地图 map, 照片 photo, 桌子 table, 床 bed
把: 椅子 chair, 雨伞 umbrella, 钥匙 key, 刀 knife/knives
部: 电影 movie, 手机 phone
台: 电脑 computer, 相机 camera
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
听 listen to: 歌 故事
带 bring: 雨伞 书 礼物 地图 字典 照片 相机
用 use: 电脑 手机 字典 雨伞 地图 刀 相机
做 make: 蛋糕 包子 汤 面包 玩具
养 keep: 猫 狗 鸟 鱼 兔子
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
拿走 take away: 钥匙 雨伞 书 盒子 照片
卖掉 sell: 车 自行车 电脑 画 马
吃掉 eat: 蛋糕 苹果 鱼 西瓜 鸡蛋 面包
喝完 finish: 茶 牛奶 果汁 咖啡 汤
偷走 steal: 手机 车 自行车 包 画
藏起来 hide: 钥匙 礼物 信 玩具 巧克力
`;

// Things to do, and where: home, school, library, park, office, kitchen, restaurant, classroom, beach.
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
wear wore worn, sing sang sung, bring brought brought, make made made, keep kept kept, send sent sent, see saw seen
find found found, lose lost lost, break broke broken, take took taken, steal stole stolen, hide hid hidden, do did done
ride rode ridden, tell told told, have had had, feed fed fed, go went gone, get got got, leave left left, speak spoke spoken
swim swam swum, run ran run, sleep slept slept, give gave given, lend lent lent, teach taught taught, know knew known
think thought thought, say said said, come came come`;

const ADJECTIVES = `
贵 expensive: 手机 电脑 车 大衣 鞋 票 相机
便宜 cheap: 手机 票 衬衫 鞋 面包 自行车
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
干净 clean: 房间 杯子 盘子 衬衫 教室 鞋
脏 dirty: 房间 杯子 盘子 衬衫 教室 鞋
热 hot: 茶 咖啡 水 汤
好吃 delicious: 苹果 蛋糕 包子 鱼 米饭 面包
甜 sweet: 苹果 西瓜 橙子 蛋糕 果汁
难 difficult: 问题
容易 easy: 问题
可爱 cute: 猫 狗 兔子 鸟 孩子
`;
const FEELINGS = `高 tall, 忙 busy, 累 tired, 高兴 happy, 聪明 clever, 年轻 young, 努力 diligent, 友好 friendly, 难过 sad, 生气 angry
有名 famous, 健康 healthy, 安静 quiet, 紧张 nervous, 瘦 thin, 强壮 strong, 勇敢 brave, 懒 lazy`;
// People compare in what lasts.
const TRAITS = ["高", "聪明", "年轻", "努力", "友好", "有名", "健康", "瘦", "强壮", "勇敢", "懒"];
const COMPARED_WITH_MORE =
  /^(expensive|beautiful|interesting|boring|delicious|difficult|diligent|famous|nervous|comfortable|important)$/;

const PRONOUNS = `我 I me my, 你 you you your, 他 he him his, 她 she her her, 我们 we us our, 他们 they them their`;
const KIN = `妈妈 mother, 爸爸 father, 哥哥 older_brother, 姐姐 older_sister, 弟弟 younger_brother, 妹妹 younger_sister
爷爷 grandfather, 奶奶 grandmother`;
const PEOPLE = `老师 the_teacher, 医生 the_doctor, 孩子们 the_children, 学生们 the_students, 小明 Xiaoming, 小红 Xiaohong
李先生 Mr._Li, 王小姐 Miss_Wang, 这个男孩 this_boy, 那个女孩 that_girl, 我的朋友 my_friend, 我们的老师 our_teacher, 他的同学 his_classmate`;

const HABITS = `每天 every_day, 每天早上 every_morning, 每天晚上 every_evening, 每个周末 every_weekend, 每个星期六 every_Saturday
早上 in_the_morning, 下午 in_the_afternoon, 晚上 in_the_evening, 星期日 on_Sunday, 星期三 on_Wednesday`;
const OFTEN = "常常 often, 总是 always, 有时候 sometimes, 很少 rarely, 从来不 never, 通常 usually, 也 also";
const PAST = `昨天 yesterday, 昨天晚上 last_night, 今天早上 this_morning, 上个星期 last_week, 上个月 last_month, 去年 last_year
前天 the_day_before_yesterday, 三天前 three_days_ago, 两年前 two_years_ago, 上个星期一 last_Monday`;
const FUTURE = `明天 tomorrow, 明天早上 tomorrow_morning, 今天晚上 tonight, 下个星期 next_week, 下个月 next_month, 明年 next_year
后天 the_day_after_tomorrow, 下个星期五 next_Friday`;
const WEEK = "星期一 Monday, 星期二 Tuesday, 星期三 Wednesday, 星期四 Thursday, 星期五 Friday, 星期六 Saturday, 星期日 Sunday";
const MONTHS = `一月 January, 二月 February, 三月 March, 四月 April, 五月 May, 六月 June, 七月 July, 八月 August, 九月 September
十月 October, 十一月 November, 十二月 December`;
const SEASONS = `春天 spring 暖和 warm, 春天 spring 漂亮 beautiful, 夏天 summer 热 hot, 夏天 summer 长 long, 秋天 autumn 凉快 cool
秋天 autumn 漂亮 beautiful, 冬天 winter 冷 cold, 冬天 winter 长 long`;
const WEATHER = "冷 cold, 热 hot, 暖和 warm, 凉快 cool";
const COLORS = "红色 red, 蓝色 blue, 绿色 green, 黄色 yellow, 黑色 black, 白色 white";
// Where things happen: name, at the place, to the place.
const PLACES = `家 at_home home, 学校 at_school to_school, 图书馆 at_the_library to_the_library, 公园 in_the_park to_the_park
办公室 in_the_office to_the_office, 厨房 in_the_kitchen to_the_kitchen, 餐厅 at_the_restaurant to_the_restaurant
教室 in_the_classroom to_the_classroom, 海边 at_the_beach to_the_beach, 医院 at_the_hospital to_the_hospital
商店 at_the_store to_the_store, 银行 at_the_bank to_the_bank, 车站 at_the_station to_the_station
机场 at_the_airport to_the_airport, 超市 at_the_supermarket to_the_supermarket`;
const LETTERED_PLACES = "hslpokrcb";
const LETTERED = ["家", "学校", "图书馆", "公园", "办公室", "厨房", "餐厅", "教室", "海边"];
const COUNTRIES = `中国 China 北京 Beijing, 法国 France 巴黎 Paris, 日本 Japan 东京 Tokyo, 英国 Britain 伦敦 London, 德国 Germany 柏林 Berlin
意大利 Italy 罗马 Rome, 俄罗斯 Russia 莫斯科 Moscow, 西班牙 Spain 马德里 Madrid, 加拿大 Canada 渥太华 Ottawa`;
const CITIES = "北京 Beijing, 上海 Shanghai, 南京 Nanjing, 西安 Xi'an, 香港 Hong_Kong, 广州 Guangzhou";
const LANGUAGES = "汉语 Chinese, 英语 English, 法语 French, 日语 Japanese, 德语 German, 俄语 Russian";
const SUBJECTS_TAUGHT = "汉语 Chinese, 英语 English, 数学 math, 历史 history, 音乐 music, 科学 science";
const NEAR = "骑自行车 by_bicycle, 开车 by_car, 走路 on_foot, 坐公共汽车 by_bus";
const FAR = "坐火车 by_train, 坐飞机 by_plane, 开车 by_car, 坐船 by_boat";
// Where things are; the letter says what fits: small things, food, furniture.
const SPOTS = `桌子上 on_the_table s, 椅子上 on_the_chair s, 床上 on_the_bed s, 盒子里 in_the_box s, 包里 in_the_bag s, 桌子下面 under_the_table s
床下面 under_the_bed s, 门旁边 next_to_the_door b, 窗户旁边 next_to_the_window b, 房间里 in_the_room b, 教室里 in_the_classroom b
冰箱里 in_the_fridge f, 厨房里 in_the_kitchen f`;
const FITTING: Readonly<Record<string, string>> = {
  s: "书 钥匙 手机 杯子 信 帽子 照片 地图 雨伞 杂志 票 围巾 字典",
  b: "桌子 椅子 床 电脑 猫 狗 灯 冰箱 自行车",
  f: "苹果 鸡蛋 西瓜 鱼 蛋糕 牛奶 果汁 面包 汤 橙子",
};
const ROUTINES = `起床 get_up, 吃早饭 eat_breakfast, 去学校 go_to_school, 去办公室 go_to_the_office, 吃午饭 eat_lunch, 回家 go_home
做作业 do_homework, 吃晚饭 eat_dinner, 睡觉 sleep, 出门 leave_home`;
const MANNERS = `跑得很快 run very_fast, 跑得很慢 run very_slowly, 走得很快 walk very_fast, 走得很慢 walk very_slowly
唱得很好 sing very_well, 写得很好 write very_well, 写得很慢 write very_slowly, 起得很早 get_up very_early, 起得很晚 get_up very_late
睡得很晚 sleep very_late, 睡得很好 sleep very_well, 工作得很努力 work very_hard, 学得很快 learn very_fast, 说得很慢 speak very_slowly
游得很快 swim very_fast, 画得很好 draw very_well, 做饭做得很好 cook very_well`;
const LASTING = "工作 work, 睡 sleep, 休息 rest, 学习 study, 等 wait, 走 walk, 跑 run, 聊 chat, 开会 have_a_meeting";
// Modal verbs: Chinese, English; a plus marks those that take do and does.
const MODALS = `想 want_to +, 能 can, 应该 should, 可以 may, 喜欢 like_to +, 打算 plan_to +, 需要 need_to +, 希望 hope_to +, 必须 must`;

// ## From lexicon to words

/** A word or phrase in both languages. */
interface Both {
  readonly zh: string;
  readonly en: string;
}

/** Draws one item of a list. */
type Pick = <T>(from: readonly T[]) => T;

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
  readonly person: boolean;
}

const nouns: readonly Noun[] = lines(NOUNS).flatMap(([key, items]) => {
  const [measure, unit] = key.split("=");
  return entries(items).map(([zh, english]) => {
    const [en, plural = pluralOf(en!)] = english!.split("/");
    return { zh: zh!, en: en!, plural, measure: measure!, unit, person: measure === "名" || /child|friend|boy|girl|mate/.test(en!) };
  });
});
const nounNamed = new Map(nouns.map((noun) => [noun.zh, noun]));
const named = (list: string): Noun[] => list.trim().split(" ").map((zh) => nounNamed.get(zh)!);
const jobs = nouns.filter(({ measure }) => measure === "名");
const people = nouns.filter(({ person }) => person);
const things = nouns.filter(({ person, zh }) => !person && !/[河路山桥门]|窗户|教室|故事|问题/.test(zh));

function pluralOf(en: string): string {
  if (/[^aeiou]y$/.test(en)) return `${en.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(en) ? `${en}es` : `${en}s`;
}

function withArticle(en: string): string {
  return `${/^[aeiou]/.test(en) ? "an" : "a"} ${en}`;
}

/** The forms of an English verb; what follows its first word stays. */
type Form = "base" | "third" | "past" | "participle" | "ing";

const irregular = new Map(entries(IRREGULAR).map(([base, ...forms]) => [base!, forms]));

function conjugate(phrase: string, form: Form): string {
  const [verb, ...rest] = phrase.split(" ");
  return [inflect(verb!, form), ...rest].join(" ");
}

function inflect(verb: string, form: Form): string {
  const [past, participle] = irregular.get(verb) ?? [];
  const stem = /^(swim|run|get|chat)$/.test(verb) ? verb + verb.at(-1) : verb.replace(/([^e])e$/, "$1");
  if (form === "ing") return `${stem}ing`;
  if (form === "past" && past) return past;
  if (form === "participle" && participle) return participle;
  if (form === "past" || form === "participle") return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ied` : `${stem}ed`;
  if (form === "base") return verb;
  if (verb === "have") return "has";
  return /(o|s|x|ch|sh|[^aeiou]y)$/.test(verb) ? pluralOf(verb).replace(/os$/, "oes") : `${verb}s`;
}

/** Something to do, its object included. */
interface Deed {
  readonly zh: string;
  say(form: Form): string;
}

function deed(zh: string, phrase: string): Deed {
  return { zh, say: (form) => conjugate(phrase, form) };
}

const activities = lines(ACTIVITIES).map(([key, places]) => {
  const [zh, ...english] = key.split(" ");
  return { ...deed(zh!, english.join(" ")), places: places.split(" ") };
});
const activity = (zh: string): Deed => activities.find((each) => each.zh === zh)!;
const deeds = (text: string): Deed[] => entries(text).map(([zh, en]) => deed(zh!, en!));

/** A verb and the things it can be done to. */
interface Verb {
  readonly zh: string;
  readonly en: string;
  readonly objects: readonly Noun[];
}

function verbs(text: string): Verb[] {
  return lines(text).map(([key, objects]) => {
    const [zh, en] = key.split(" ");
    return { zh: zh!, en: en!.replaceAll("_", " "), objects: named(objects) };
  });
}

const transitive = verbs(VERBS);
const completed = verbs(RESULTS);
// The object of these is somebody's belonging; finding or losing does not suit plans.
const planned = transitive.filter(({ zh }) => !["看见", "找到", "收到", "养"].includes(zh));

/** Who does something. */
interface Subject extends Both {
  readonly third: boolean;
  /** The form after a verb: *me*. */
  readonly me: string;
  /** The owner: *my*; empty for those who own nothing here. */
  readonly my: string;
}

const pronouns: readonly Subject[] = entries(PRONOUNS).map(([zh, en, me, my]) => ({
  ...{ zh: zh!, en: en!, me: me!, my: my! },
  third: /^s?he$/.test(en!),
}));
const plain = ({ zh, en }: Both): Subject => ({ zh, en, me: en, my: "", third: !/(children|students)$/.test(en) });
const kin = pronouns.slice(0, 4).flatMap((owner) =>
  both(KIN).map((member) => plain({ zh: owner.zh + member.zh, en: `${owner.my} ${member.en}` }))
);
const others = both(PEOPLE).map(plain);

const someone = (pick: Pick): Subject => pick(pick([pronouns, pronouns, pronouns, kin, others]));
const third = (pick: Pick): Subject => pick(pick([pronouns.slice(2, 4), kin, others.filter((each) => each.third)]));
/** Somebody to whom something is done: not the doer, and no second pronoun of the same person. */
function receiver(pick: Pick, doer: Subject): Subject {
  for (;;) {
    const other = someone(pick);
    if (other.zh[0] !== doer.zh[0]) return other;
  }
}

const be = ({ en, third }: Subject): string => en === "I" ? "am" : third ? "is" : "are";
const was = ({ en, third }: Subject): string => en === "I" || third ? "was" : "were";
const does = ({ third }: Subject): string => third ? "does" : "do";
const has = ({ third }: Subject): string => third ? "has" : "have";
const now = ({ third }: Subject): Form => third ? "third" : "base";

/** Things as they stand in a sentence; `many` asks for a plural verb. */
interface Things extends Both {
  readonly many: boolean;
}

/** How many, which or whose. */
type Choice = "a" | "number" | "this" | "that" | "these" | "my" | "adjective" | "any" | "the";

const numbers = both("两 two, 三 three, 四 four, 五 five, 六 six, 七 seven, 八 eight, 九 nine, 十 ten");
const adjectives = lines(ADJECTIVES).map(([key, list]) => ({ ...both(key)[0]!, nouns: named(list) }));
const feelings = both(FEELINGS);
const traits = feelings.filter(({ zh }) => TRAITS.includes(zh));

function choose(pick: Pick, noun: Noun, choices: readonly Choice[]): Things {
  const { zh, en, plural, measure, unit } = noun;
  const choice = pick(choices);
  const one = unit ? `${unit} of ${en}` : en;
  const counted = measure + zh;
  const pair = unit === "pair";
  if (choice === "number") {
    const number = pick(numbers);
    return { zh: number.zh + counted, en: `${number.en} ${unit ? `${pluralOf(unit)} of ${en}` : plural}`, many: true };
  }
  if (choice === "this" || (choice === "these" && unit)) return { zh: `这${counted}`, en: `this ${one}`, many: false };
  if (choice === "that") return { zh: `那${counted}`, en: `that ${one}`, many: false };
  if (choice === "these") return { zh: `这些${zh}`, en: `these ${plural}`, many: true };
  if (choice === "my") {
    const owner = pick(pronouns);
    return { zh: `${owner.zh}的${zh}`, en: `${owner.my} ${en}`, many: pair };
  }
  if (choice === "any") return { zh, en: unit ? en : plural, many: !unit || pair };
  if (choice === "the") return { zh, en: `the ${en}`, many: pair };
  const fitting = adjectives.filter((adjective) => adjective.nouns.includes(noun));
  if (choice === "adjective" && fitting.length > 0) {
    const adjective = pick(fitting);
    const described = `${adjective.en} ${en}`;
    const link = adjective.zh.length > 1 ? "的" : "";
    return {
      zh: `一${measure}${adjective.zh}${link}${zh}`,
      en: withArticle(unit ? `${unit} of ${described}` : described),
      many: false,
    };
  }
  return { zh: `一${counted}`, en: withArticle(one), many: false };
}

/** A verb with an object that suits it. */
interface Act {
  readonly verb: string;
  readonly object: Things;
  say(form: Form): string;
}

function act(pick: Pick, choices: readonly Choice[], from: readonly Verb[] = transitive): Act {
  const verb = pick(from);
  const object = choose(pick, pick(verb.objects), choices);
  return { verb: verb.zh, object, say: (form) => `${conjugate(verb.en, form)} ${object.en}` };
}

/** A plan or habit: an activity, or an act with a new object. */
function plan(pick: Pick, choices: readonly Choice[] = ["a", "number", "adjective"]): Deed {
  if (pick([true, false])) return pick(activities);
  const { verb, object, say } = act(pick, choices, planned);
  return { zh: verb + object.zh, say };
}

function comparative(en: string): string {
  if (COMPARED_WITH_MORE.test(en)) return `more ${en}`;
  if (/[^aeiou]y$/.test(en)) return `${en.slice(0, -1)}ier`;
  if (/^(big|hot|thin|sad)$/.test(en)) return `${en}${en.at(-1)}er`;
  return en.endsWith("e") ? `${en}r` : `${en}er`;
}

function superlative(en: string): string {
  return comparative(en).replace(/^more /, "most ").replace(/r$/, "st");
}

/** A number below a hundred in both languages. */
function number(value: number): Both {
  const digits = both("零 zero, 一 one, 二 two, 三 three, 四 four, 五 five, 六 six, 七 seven, 八 eight, 九 nine");
  const teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
  const tens = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
  const [ten, one] = [Math.floor(value / 10), value % 10];
  const zh = (ten > 1 ? digits[ten]!.zh : "") + (ten > 0 ? "十" : "") + (one > 0 || value === 0 ? digits[one]!.zh : "");
  if (ten === 0) return { zh, en: digits[one]!.en };
  if (ten === 1) return { zh, en: teens[one]! };
  return { zh, en: tens[ten - 2]! + (one > 0 ? `-${digits[one]!.en}` : "") };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const clock = (pick: Pick): Both => {
  const { zh, en } = number(pick(range(1, 12)));
  const hour = zh === "二" ? "两" : zh;
  return pick([{ zh: `${hour}点`, en: `${en} o'clock` }, { zh: `${hour}点半`, en: `half past ${en}` }]);
};

const habits = both(HABITS), often = both(OFTEN), past = both(PAST), future = both(FUTURE), weather = both(WEATHER);
const places = entries(PLACES).map(([zh, at, to]) => ({ zh: zh!, at: at!, to: to! }));
const destinations = places.filter(({ zh }) => !["厨房", "教室"].includes(zh));
const placeOf = (letter: string) => places.find(({ zh }) => zh === LETTERED[LETTERED_PLACES.indexOf(letter)])!;
const countries = entries(COUNTRIES).map(([zh, en, capitalZh, capital]) => ({
  ...{ zh: zh!, en: en! },
  capital: { zh: capitalZh!, en: capital! },
}));
const cities = both(CITIES), languages = both(LANGUAGES), week = both(WEEK), months = both(MONTHS), colors = both(COLORS);
const seasons = entries(SEASONS).map(([zh, en, howZh, how]) => ({ zh: zh!, en: en!, how: { zh: howZh!, en: how! } }));
const spots = entries(SPOTS).map(([zh, en, letter]) => ({ zh: zh!, en: en!, nouns: named(FITTING[letter!]!) }));
const near = both(NEAR), far = both(FAR), taught = both(SUBJECTS_TAUGHT);
const routines = deeds(ROUTINES), manners = deeds(MANNERS), lasting = deeds(LASTING);

/** A modal verb, conjugated, with and without *not*. */
const modals = entries(MODALS).map(([zh, en, regular]) => ({
  zh: zh!,
  yes: (who: Subject) => regular ? conjugate(en!, now(who)) : en!,
  no: (who: Subject) => regular ? `${does(who)} not ${en}` : en === "can" ? "cannot" : `${en} not`,
  ask: (who: Subject) => regular ? [does(who), `${who.en} ${en}`] : [en!, who.en],
}));

/** Something done at a place that suits it. */
function placed(pick: Pick): { readonly at: Both; readonly what: Deed } {
  const what = pick(activities);
  const place = placeOf(pick(what.places));
  return { at: { zh: `在${place.zh}`, en: place.at }, what };
}

/** Something that has a quality. */
function quality(pick: Pick, choices: readonly Choice[]): { readonly what: Things; readonly how: Both; readonly noun: Noun } {
  const how = pick(adjectives);
  const noun = pick(how.nouns);
  return { what: choose(pick, noun, choices), how, noun };
}

const isAre = ({ many }: Things): string => many ? "are" : "is";

// ## Patterns
//
// A pattern draws its words and says the sentence twice. The number before it is how many sentences it contributes.

type Sentence = readonly [source: string, target: string];

const say = (zh: string, en: string): Sentence => [`${zh}。`, `${en}.`];
const ask = (zh: string, en: string): Sentence => [`${zh}？`, `${en}?`];

const PATTERNS: readonly (readonly [count: number, make: (pick: Pick) => Sentence])[] = [
];
