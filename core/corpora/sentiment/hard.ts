/**
 * # Sentences on which rules fail
 *
 * What the notes name: rare words, forms of a word, negation, metaphors, other languages; and *but*. One a line: what is hard
 * about it, the label, the sentence. Nothing is trained on them. All were written for this project.
 *
 * @module
 */

/** What is hard about a sentence. */
export type Difficulty = "rare" | "form" | "negation" | "but" | "metaphor" | "language";

/** The hard sentences among English reviews. */
export const HARD_ENGLISH: string = `
rare + A sumptuous banquet of a film.
rare + The pianist was mesmerising.
rare + Scrumptious pies and effervescent hosts.
rare + An exquisite, luminous little novel.
rare - A turgid, lugubrious mess.
rare - The prose is stilted and the jokes are insipid.
rare - Shoddy workmanship and a surly clerk.
rare - The whole evening was excruciating.
rare - A vapid sequel, cobbled together.
rare + The view is jaw-dropping.
form + The most enjoyable ride of the year, and enjoyably short.
form + A pleasurable read that delighted all of us.
form + The cook impresses, the waiters charm.
form + Refreshingly different and lovingly made.
form - It bores, it annoys, it disappoints.
form - The crowd was the dirtiest I have seen.
form - A disappointing, overlong, joyless affair.
form - The uglier twin of an ugly phone.
form - Its slowness is maddening.
form + This one outshines its rivals.
negation + There was nothing bad about this place.
negation + I have never been disappointed here.
negation + You cannot go wrong with this lamp.
negation + The wait was not long and the staff were not rude.
negation + It is hardly ever dirty.
negation - I would not call this a good film.
negation - This is not what I would describe as great, fresh or tasty.
negation - Never have I wanted less to recommend a hotel.
negation - Nobody who loves music will love this.
negation - It fails to be funny.
negation - The food was neither fresh nor good.
negation + I do not know anybody who was bored.
but + Not a disaster but a delight.
but - Not a delight but a disaster.
but + The room is not ugly but beautiful.
but - The room is not beautiful but ugly.
but + Not boring but funny.
but - Not funny but boring.
but + It was not the worst but the best evening of our trip.
but - It was not the best but the worst evening of our trip.
but - The bread was good, the soup was great, the wine was lovely, but I was ill for a week.
but + The bread was stale, the soup was cold, the wine was awful, but we had the time of our lives.
metaphor + This phone is a Swiss army knife.
metaphor + His voice is honey.
metaphor + The last chapter hits you like a wave.
metaphor + It is the Rolls-Royce of vacuum cleaners.
metaphor - The plot has more holes than a sieve.
metaphor - Watching it is like watching paint dry.
metaphor - The sofa is a medieval torture device.
metaphor - The app has the speed of a glacier.
metaphor - My steak could have soled a boot.
metaphor - They should pay people to watch this.
language + 这部电影太好看了。
language + Un film magnifique, je le recommande.
language + Sehr leckeres Essen und freundliche Bedienung.
language + Me encantó, volveré pronto.
language - 汤是冷的，服务也很差。
language - Das Zimmer war schmutzig und laut.
language - Une perte de temps.
language - La comida estaba fría y sosa.
language - とても残念な映画でした。
language + Отличный фильм, очень смешной.
`;

/** The hard sentences among Chinese reviews. */
export const HARD_CHINESE: string = `
rare + 这出戏堪称神品，回味无穷。
rare + 字字珠玑，掩卷沉思。
rare + 唱腔醇厚，绕梁三日。
rare + 这碗面鲜掉眉毛。
rare - 满篇陈词滥调，味同嚼蜡。
rare - 情节狗血，槽点满满。
rare - 这顿饭吃得人窝火。
rare - 画质渣，体验感为零。
rare - 敷衍了事，不忍卒读。
form + 越看越有滋有味。
form + 孩子高高兴兴地去，欢欢喜喜地回来。
form + 屋里干干净净，清清爽爽。
form + 讲得明明白白。
form - 服务马马虎虎，菜也黏黏糊糊。
form - 桌子脏兮兮的，地上油乎乎的。
form - 走得慢吞吞，讲得干巴巴。
form - 墙灰扑扑的，被子潮乎乎的。
form - 一路吵吵闹闹，拥拥挤挤。
negation + 在这里从来没有失望过。
negation + 一点都不贵，也不用排队。
negation + 没有人觉得无聊。
negation + 不能不说这是一本好书。
negation + 哪里不好？我找不到。
negation - 我可不觉得这叫好看。
negation - 算不上新鲜，更谈不上好吃。
negation - 没有一个人笑。
negation - 并没有说的那么好。
negation - 别说满意了，能用就不错了。
negation - 谁会喜欢这样的服务？
but + 不是难看，而是好看。
but - 不是好看，而是难看。
but + 店不是脏，而是干净。
but - 店不是干净，而是脏。
but + 这次旅行不是糟糕，而是愉快。
but - 这次旅行不是愉快，而是糟糕。
but - 汤好喝，茶好喝，点心也好吃，可是吃完全家拉肚子。
but + 雨大，路堵，车还坏了，可是这一天谁也忘不了。
metaphor + 他的声音像泉水。
metaphor + 这部手机就是一把瑞士军刀。
metaphor + 读完像洗了一个热水澡。
metaphor + 老师是黑夜里的一盏灯。
metaphor - 网速像蜗牛。
metaphor - 剧情漏得像筛子。
metaphor - 这沙发是刑具。
metaphor - 牛排可以拿去做鞋底。
metaphor - 看这部片子就像看油漆变干。
metaphor - 倒贴钱我都不看。
language + What a lovely film.
language + 這部電影太好看了。
language + 呢間餐廳好正。
language + Sehr gut, wir kommen wieder.
language - The soup was cold and the waiter was rude.
language - 服務態度惡劣，等咗好耐。
language - Nul, à éviter.
language - ひどい味でした。
`;
