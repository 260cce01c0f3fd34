/**
 * # Short reviews in English
 *
 * One a line: `+` for a positive, `0` for a neutral, `-` for a negative one. All were written for this project.
 *
 * @module
 */

/** The reviews, one a line. */
export const ENGLISH: string = `
+ A warm, funny film that I would happily watch again.
+ The soup was wonderful and the bread came straight from the oven.
+ Best headphones I have owned, and the battery lasts for days.
+ Our room was spotless, and the view over the harbour took my breath away.
+ She explains every step, so even I understood the proof.
+ I laughed out loud three times on the first ten pages.
+ Delivery took one day and the chair fits perfectly.
+ The whole family loved the puppet show.
+ Great coffee, kind people, fair prices.
+ This update finally fixed the crash, thank you.
+ The acting is superb and the ending is beautiful.
+ I recommend this course to every beginner.
+ Cosy little place with excellent noodles.
+ My old laptop feels new with this drive.
+ The guide was patient and knew every bird by name.
+ An honest, moving portrait of two sisters.
+ We got a better table without even asking.
+ Light, strong and easy to fold.
+ The translation reads as if it had been written in English.
+ I could not put the book down.
+ Never a dull moment in two hours.
+ No complaints at all, everything worked the first time.
+ You will not find a friendlier hotel in this town.
+ The staff went out of their way to help my mother.
+ It does exactly what it promises.
+ Fresh fish, crisp salad, and a dessert to dream of.
+ A clever plot with a twist that I did not see coming.
+ The museum is small but full of treasures.
+ Not cheap, but worth every penny.
+ The trailer is bad, but the film is a delight.
+ I expected little and was pleasantly surprised.
+ The screen is bright and the colours are gorgeous.
+ He plays the piano like an angel.
+ My kids ask for this game every evening.
+ Quick answer from support, and the problem was gone within an hour.
+ The garden alone is worth the trip.
+ Solid, quiet and simple to clean.
+ A charming story, beautifully drawn.
+ The lecture was clear, lively and full of good examples.
+ This jacket has kept me dry for three winters.
+ Delicious dumplings, generous portions.
+ What a voice! I got goosebumps.
+ I slept like a baby.
+ Everything about this dinner was a pleasure.
+ A masterpiece of quiet comedy.
+ The app saves me an hour a week.
+ They replaced the broken lamp at once and even apologised with flowers.
+ Brilliant dialogue and a perfect cast.
+ The bike rides smoothly, even uphill.
+ The best pizza outside Naples.
+ Her best album so far.
+ I enjoyed every minute of it.
+ Lovely texture, not too sweet.
+ The instructions are short and clear, so I built it without help.
+ A bargain at this price.
+ The hall has amazing sound.
+ One of the finest documentaries of the year.
+ My grandmother finally uses a phone with joy.
+ The pool was clean and never crowded.
+ I was sceptical, yet it works like magic.
+ The sequel is even better than the first part.
+ Cheerful waiters and heavenly ice cream.
+ This knife cuts tomatoes like butter.
+ Great value, and it looks elegant too.
+ The teacher answered all my questions with a smile.
+ The tent stood firm in a storm.
+ It made me cry in the best way.
+ I have read it twice and will read it again.
+ The new menu is a triumph.
+ Nothing to improve here.
+ The doctor listened carefully and took his time.
+ Sharp pictures even at night.
+ The train was on time, clean and comfortable.
+ You can hear how much fun the band has.
+ A gripping thriller from the first scene to the last.
+ The repair was quick and cost less than I feared.
+ My plants have never looked healthier.
+ A friendly guide through a difficult subject.
+ The cheese cake is to die for.
+ The camera is a joy to hold.
+ We felt welcome from the first minute.
+ I am impressed by how stable the software is.
+ Good shoes, no blisters after twenty kilometres.
+ It is rare to see such fine craft for so little money.
+ Smart, tender and very funny.
+ The breakfast was rich and the coffee strong.
+ The exercises are fun and teach a lot.
+ I would give six stars if I could.
+ The children were happy and so were we.
+ The keyboard feels great under my fingers.
+ An inspiring talk that I will remember.
+ Excellent service, as always.
+ The toy survived my dog, which is a miracle.
+ Their honesty about the delay won me over.
+ The map is accurate and easy to read.
+ A little gem on the coast.
+ Runs fast, looks nice, costs nothing.
+ The plot is simple, but the pictures are stunning.
+ I did not regret the long drive for a second.
+ He makes statistics exciting.
+ The sauce is rich, spicy and addictive.
+ The sofa is soft and roomy.
+ It has made my mornings easier.
+ Truly moving, wonderfully acted.
+ The sun deck is a dream.
+ They fixed my watch for free.
+ A warm blanket of a book.
+ I cannot praise this mechanic enough.
+ Hardly any noise and great suction.
+ Better than the restaurant that cost twice as much.
+ The mild curry was perfect for the children.
+ The crew was calm and competent during the storm.
+ The jokes land and the songs stay with you.
+ My skin feels softer after a week.
+ The font is pleasant and the pages turn fast.
+ A thrilling match with a happy end.
+ I learned more in this week than in a year at school.
+ Beautiful wood, well made, smells good.
+ It is not a failure at all, it is his funniest film.
+ We will certainly come back.
+ The suitcase rolls like a feather.
+ Wonderful, simply wonderful.
+ Nobody in our group was bored for even a minute.
+ Super easy to install and it just works.
+ The waiter remembered us and our favourite wine.
- The film is boring, and I left after an hour.
- The soup was cold and the bread was stale.
- These headphones broke after two weeks.
- Our room smelled of smoke and the sheets were dirty.
- He reads from his slides and explains nothing.
- I did not laugh once.
- Delivery took a month and the chair wobbles.
- The children were bored and so were we.
- Bitter coffee, rude people, high prices.
- Since the update the app crashes every day.
- The acting is wooden and the ending is ridiculous.
- I cannot recommend this course to anybody.
- Overpriced noodles in a noisy room.
- My laptop became slower with this drive.
- The guide was impatient and knew less than the leaflet.
- A dishonest, shallow portrait of a great woman.
- We waited an hour for a table that we had booked.
- Heavy, flimsy and hard to fold.
- The translation is full of mistakes.
- I fell asleep over the second chapter.
- Two hours of my life that I will never get back.
- Nothing worked, and nobody answered the phone.
- You will not find a worse hotel in this town.
- The staff ignored my mother.
- It does nothing of what it promises.
- The fish was not fresh and the salad was limp.
- A predictable plot with a silly twist.
- The museum is large but poorly lit and badly labelled.
- Cheap, and it shows.
- The trailer is great, but the film is a waste of time.
- I expected a lot and was disappointed.
- The screen flickers and the colours are dull.
- He sings out of tune.
- My kids gave up on this game after five minutes.
- Support sent me the same useless answer three times.
- The garden is a muddy field.
- It rattles, leaks and is hard to clean.
- A confused story with ugly drawings.
- The lecture was long, dry and unclear.
- This jacket lets the rain through.
- Greasy dumplings, tiny portions.
- What a disaster. I want my money back.
- The bed was so hard that I did not sleep at all.
- Everything about this dinner went wrong.
- A lazy comedy without a single good joke.
- The app wastes my time with adverts.
- They refused to replace the broken lamp.
- Clumsy dialogue and a cast that does not care.
- The bike squeaks and the brakes are weak.
- The worst pizza of our holiday.
- Her weakest album so far.
- I regret every minute of it.
- Far too sweet, with an artificial taste.
- The instructions are a mess, and two screws were missing.
- A rip-off at this price.
- The hall has terrible sound.
- One of the dullest documentaries of the year.
- My grandmother hates the tiny buttons.
- The pool was dirty and always crowded.
- I was hopeful, yet it failed on the first day.
- The sequel is much worse than the first part.
- Grumpy waiters and watery ice cream.
- This knife cannot even cut bread.
- Poor value, and it looks cheap too.
- The teacher laughed at my question.
- The tent collapsed in a light wind.
- It made me angry.
- I stopped reading halfway and threw it away.
- The new menu is a sad joke.
- Nothing to praise here.
- The doctor did not listen and was in a hurry.
- Blurred pictures, even in daylight.
- The train was late, dirty and cold.
- You can hear how tired the band is.
- A thriller without any thrill.
- The repair took weeks and cost more than a new one.
- My plants died within days.
- A confusing guide through an easy subject.
- The cheese cake tasted of soap.
- The camera is a pain to hold.
- We did not feel welcome.
- I am shocked by how unstable the software is.
- Bad shoes, blisters after two kilometres.
- It is sad to see such careless work for so much money.
- Loud, vulgar and not funny.
- The breakfast was poor and the coffee weak.
- The exercises are tedious and teach nothing.
- I would give no stars if I could.
- The keyboard feels mushy and two keys stick.
- A pointless talk that I have already forgotten.
- Terrible service, as always.
- The toy broke before my dog even saw it.
- They lied about the delay.
- The map is wrong and hard to read.
- A tourist trap on the coast.
- It freezes, looks ugly and costs a fortune.
- The pictures are stunning, but the story is empty.
- I regretted the long drive at once.
- He makes history boring.
- The sauce is bland and watery.
- The sofa sags after a month.
- It has made my mornings harder.
- Badly written and badly acted.
- The sun deck is a building site.
- They scratched my watch and denied it.
- I cannot warn you enough of this mechanic.
- A lot of noise and hardly any suction.
- Not half as good as the cheaper restaurant next door.
- The curry was so salty that we sent it back.
- The crew panicked during the storm.
- The jokes fall flat and the songs are forgettable.
- My skin itched after a day.
- The font is tiny and the pages stick.
- A tedious match without goals.
- I learned less in this week than in an hour at the library.
- Rotten wood, badly glued, smells of chemicals.
- It is no masterpiece, it is a bore.
- We will never come back.
- The suitcase lost a wheel on its first trip.
- Awful, simply awful.
- Everybody in our group was bored after a minute.
- Impossible to install and it never works.
- The waiter forgot us and then forgot our wine.
- The heating failed and no one cared.
- Dirty glasses, dirty forks, dirty floor.
- It was not worth the queue.
- I do not trust this shop any more.
- The plot makes no sense.
0 The film lasts two hours and is set in Lisbon.
0 The soup of the day changes every Monday.
0 These headphones come in black and in white.
0 Our room was on the third floor, facing the street.
0 The course has twelve lessons and an exam.
0 The book has three hundred pages and an index.
0 The chair is made of beech and weighs four kilos.
0 The show starts at eight and ends at ten.
0 They sell coffee, tea and newspapers.
0 The update adds a calendar and a second language.
0 The film is neither good nor bad.
0 It is what one expects at this price.
0 The noodles are hand made and served with broth or without.
0 The drive has one terabyte.
0 The tour follows the river and takes the afternoon.
0 It tells the story of two sisters after the war.
0 We had a table by the window.
0 It folds to the size of a newspaper.
0 The translation appeared two years after the original.
0 I have read half of it so far.
0 The park opens at nine in summer and at ten in winter.
0 I bought it for my brother.
0 The hotel has forty rooms and a garage.
0 The staff wears blue.
0 There is a version for the left hand.
0 Fish on Fridays, salad every day.
0 The twist comes in the middle.
0 The museum shows coins and stamps.
0 It costs as much as the old model.
0 I have not seen the trailer.
0 Average food at average prices.
0 The screen has six inches.
0 He plays the piano on Sundays.
0 The game is for two to six players.
0 Support answers by mail or by phone.
0 The garden lies behind the house.
0 It needs two batteries.
0 The drawings are in black and white.
0 The lecture covers the years from 1900 to 1950.
0 This jacket comes in five sizes.
0 Twelve dumplings make a portion.
0 The singer was born in this town.
0 The bed is two metres long.
0 Dinner is served from six to nine.
0 It is a comedy about a postman.
0 The app asks for a name and a birthday.
0 The lamp hangs above the table.
0 The cast changes every season.
0 The bike has seven gears.
0 It was all right, no more and no less.
0 The album holds ten songs.
0 I watched it on the train.
0 The taste reminds me of apples.
0 The instructions are in four languages.
0 The price includes the ticket for the boat.
0 The hall seats five hundred.
0 The documentary was filmed in Chile.
0 My grandmother has the same phone.
0 The pool is next to the car park.
0 The first day was sunny, the second rainy.
0 The sequel is set ten years later.
0 Waiters change at noon.
0 The blade is fifteen centimetres long.
0 It looks like the picture in the catalogue.
0 The teacher comes from Canada.
0 The tent weighs three kilos.
0 I cannot say much about it yet.
0 The second edition has a new cover.
0 The menu has changed since May.
0 Some parts are good, others are not.
0 The doctor works from Monday to Thursday.
0 The pictures were taken at night.
0 The train stops in Lyon and Dijon.
0 The band has four members.
0 It is a thriller set on an island.
0 The repair took a week, as they had said.
0 These plants need light and little water.
0 The guide is written for visitors from abroad.
0 The cheese comes from a farm nearby.
0 The camera uses the same lenses as the old one.
0 We arrived on Tuesday and left on Friday.
0 The software runs on three systems.
0 The shoes are brown with white laces.
0 Neither great nor terrible, somewhere in between.
0 Breakfast is at seven.
0 Each chapter ends with an exercise.
0 Most people gave it three stars.
0 The children stayed with their aunt.
0 The keyboard has no number pad.
0 The talk was recorded and is online.
0 The shop moved to the other side of the road.
0 The toy is made of wood.
0 The delay was announced at noon.
0 The map shows the old town.
0 The house stands on the coast.
0 It has been on sale since June.
0 The pictures are by her husband.
0 The drive takes an hour.
0 He teaches statistics at the college.
0 The sauce contains nuts.
0 The sofa has three seats.
0 I use it in the morning.
0 It was an ordinary evening.
0 The deck has room for eight.
0 The watch shows the date.
0 The curry comes with rice.
0 There were ten of us on board.
0 The songs are in French.
0 The bottle holds half a litre.
0 The match ended one to one.
0 The shelf is one metre wide.
0 It is his third film.
0 We had been there once before.
0 The suitcase has a lock with three numbers.
0 I have no opinion on the music.
0 The group had twelve people.
0 It installs three programs.
0 The wine is from the valley.
+ I love this little cafe. The coffee is great, the cakes are fresh, and the people behind the counter are friendly.
+ Great film with a great cast. I was never bored, and the last scene is beautiful.
+ We had a wonderful week here. The room was clean, the bed was comfortable and the staff could not have been nicer.
+ This is the best phone I have ever had. It is fast, the screen is beautiful and the battery lasts two days.
+ A wonderful book. I read it in one night and loved every page.
+ The food was excellent and the service was quick. We will definitely come back.
+ I am very happy with this bag. It is light, strong and looks great.
+ Our teacher was excellent. She is patient, funny and explains everything clearly.
+ Really good value. It works perfectly and was easy to set up.
+ I loved the music and the costumes. A perfect evening.
+ Highly recommended. The tour was interesting, well organised and a lot of fun.
+ Excellent product, fast delivery, friendly support. I recommend this shop.
+ My son loves this toy. It is well made and he plays with it every day.
+ Beautiful garden, tasty food and very friendly service. I love this place.
+ The best concert of my life. The band was amazing and the sound was perfect.
+ It was easy to book, the flat was exactly as described and the owner was very helpful.
+ What a great little restaurant! Everything was delicious, and the price was fair.
+ I have used this app for a year and still love it. Simple, fast and reliable.
+ The actors are brilliant and the story is moving. Go and see it.
+ Very comfortable shoes. I wore them all day and my feet felt great.
+ A lovely hotel with a lovely view. The breakfast was excellent.
+ This course is worth the money. The lessons are clear and the examples are interesting.
+ I was happy with everything: the room, the food, the pool, the people.
+ The new camera is fantastic. Pictures are sharp, and it is easy to use.
+ Friendly doctor, short wait, clean rooms. I can recommend this practice.
+ One of the best books on the subject. Well written, clear and full of good ideas.
+ I was surprised how good the pizza was. Great service, too.
+ Our guide was amazing. We learned a lot and laughed a lot.
+ The bike is great. Light, fast and comfortable, even on long rides.
+ They did a great job on my car. Quick, honest and not expensive.
+ The children had so much fun. A perfect day for the whole family.
+ Nice people, nice music, nice drinks. We had a great time.
+ It is a beautiful film. The pictures are amazing and the music is perfect.
+ The cleaner does a perfect job. Our floor has never been so clean.
+ I enjoyed this game a lot. The story is great and the controls are simple.
+ Wonderful museum! Interesting for children, too, and the staff are helpful.
+ These headphones are great. Good sound, comfortable, and a fair price.
+ Best noodles in town. Fresh, tasty, and the portions are huge.
+ The support team was friendly and solved my problem quickly. Very happy.
+ Good hotel in a quiet street. Clean rooms, good breakfast, helpful staff.
+ I really like this jacket. It is warm, light and well made.
+ She sings beautifully and the band is brilliant. A wonderful album.
+ The train was clean, fast and quiet. I really enjoyed the trip.
+ A funny and clever play. The actors were excellent.
+ This knife is perfect. Sharp, light and easy to clean. I love it.
+ The plants arrived quickly and look healthy. I am very happy with them.
+ We loved the small rooms, the good food and the friendly owners.
+ A fun and interesting talk. I learned a lot and would love to hear more.
+ Excellent sofa. It is comfortable, looks beautiful and was easy to put together.
+ Thank you for a perfect wedding dinner. Everybody loved the food.
+ I recommend this dentist to everybody. Kind, quick and no pain at all.
+ The update is great. The app is faster now and the new design is beautiful.
+ The soup was delicious and the bread was fresh. A lovely lunch.
+ I was not sure at first, but this is a really good lamp. Beautiful light, and easy to use.
+ This was the best holiday we ever had. Good weather, good food, good people.
- I hate this cafe. The coffee is terrible, the cakes are old, and the people behind the counter are rude.
- Terrible film with a terrible cast. I was bored from the first minute, and the last scene is stupid.
- We had an awful week here. The room was dirty, the bed was uncomfortable and the staff were rude.
- This is the worst phone I have ever had. It is slow, the screen is dark and the battery is empty by noon.
- A terrible book. I gave up after thirty pages and want my money back.
- The food was awful and the service was slow. We will never go there again.
- I am very unhappy with this bag. It is heavy, badly made and broke on the first day.
- Our teacher was terrible. He was late, unfriendly and explained nothing.
- A waste of money. It did not work, and it was impossible to set up.
- I hated the music and the costumes were ugly. A boring evening.
- Not recommended. The tour was boring, badly organised and much too long.
- Bad product, slow delivery, rude support. Never buy from this shop.
- My son does not like this toy. It is badly made and broke after a day.
- Ugly garden, bad food and very slow service. I hate this place.
- The worst concert of my life. The band was drunk and the sound was terrible.
- It was hard to book, the flat was dirty and the owner was rude.
- What a bad restaurant! Everything was cold, and the price was a joke.
- I have used this app for a week and hate it. Slow, ugly and full of mistakes.
- The actors are bad and the story is stupid. Do not waste your time.
- Very uncomfortable shoes. I wore them for an hour and my feet hurt.
- A dirty hotel on a noisy street. The breakfast was terrible.
- This course is not worth the money. The lessons are boring and the examples are wrong.
- I was unhappy with everything: the room, the food, the pool, the people.
- The new camera is a disappointment. Pictures are dark, and it is hard to use.
- Rude doctor, long wait, dirty rooms. I cannot recommend this practice.
- One of the worst books on the subject. Badly written, boring and full of mistakes.
- I was disappointed by the pizza. It was cold, and the service was slow, too.
- Our guide was terrible. He was bored, and so were we.
- The bike is bad. Heavy, slow and uncomfortable, even on short rides.
- They did a terrible job on my car. Slow, expensive, and it broke again the next day.
- The children were cold and bored. An awful day for the whole family.
- Rude people, loud music, expensive drinks. We left after ten minutes.
- It is a boring film. The pictures are ugly and the music is awful.
- The cleaner broke after a week. It was loud, heavy and did not clean at all.
- I did not enjoy this game. The story is stupid and it is full of adverts.
- Boring museum, and expensive, too. The staff were unfriendly.
- These headphones are terrible. Bad sound, uncomfortable, and far too expensive.
- Worst noodles in town. Cold, greasy, and the portions are tiny.
- The support team was rude and did not solve my problem. Very disappointed.
- Bad hotel on a loud street. Dirty rooms, terrible breakfast, rude staff.
- I do not like this jacket. It is thin, badly made and far too expensive.
- She cannot sing and the band is boring. A waste of money.
- The train was dirty, slow and loud. I was glad when it was over.
- A boring and stupid play. Half of the audience left.
- This knife is useless. It is not sharp, and it broke after a month.
- The plants arrived late and were dead. I am very disappointed.
- We hated the dirty rooms, the cold food and the rude owners.
- A long and boring talk. I learned nothing and almost fell asleep.
- Terrible sofa. It is uncomfortable, looks cheap and broke after two months.
- The wedding dinner was a disaster. The food was cold and there was not enough of it.
- I cannot recommend this dentist to anybody. Rude, slow and a lot of pain.
- The update is terrible. The app is slow now and the new design is ugly.
- The soup was cold and the bread was old. A disappointing lunch.
- I was hopeful at first, but this is a really bad lamp. Ugly light, and it broke after a week.
- This was the worst holiday we ever had. Bad weather, bad food, rude people.
0 The cafe is on the corner. They have coffee, tea and cakes, and it is open until six.
0 The film is about a family in Peru. It was made in 1998 and lasts ninety minutes.
0 We stayed for a week in May. The room had two beds and a desk.
0 The phone has a screen of six inches and two cameras. It comes in three colours.
0 The book is about the war. It has two parts and was first printed in 1960.
0 The menu has soup, fish and rice. Lunch is served from twelve to two.
0 The bag has two pockets and comes in brown and black.
0 Our teacher is from France. There are ten people in the class.
0 It comes with a cable and a book of instructions. You need two batteries.
0 The concert was in the town hall. They played for two hours with one break.
0 The tour starts at the station at nine and ends at the river.
0 They sell books, maps and postcards. The shop is open on Sundays.
0 It is a toy for children from three years on. It is made of wood.
0 The flat is on the second floor and has two rooms and a kitchen.
0 The restaurant is next to the bank. It has twenty tables.
0 The app shows the weather of the day. It is in English and Spanish.
0 The play is in three acts. There were about a hundred people.
0 The shoes come in black and in brown. I have them in size 42.
0 The hotel is near the station and has a car park. Breakfast is from seven to ten.
0 The course is in the evening, twice a week, from March to June.
0 The camera weighs four hundred grams and comes with a strap.
0 The doctor is on the first floor. One has to make an appointment.
0 The museum is open from ten to five. The ticket is eight pounds.
0 The train leaves at eight and arrives at ten. There are two classes.
0 The game is for two players and takes about an hour.
0 The album has twelve songs, three of them from last year.
0 It is an ordinary lamp. It does what a lamp does, nothing more.
0 The sofa is grey and two metres long. It was delivered on Monday.
0 We were there on a Wednesday in April. It was neither full nor empty.
0 There is a pool, a garden and a small shop. Dogs are allowed.
0 The garden has roses and two old trees. It is behind the church.
0 I have had it for two days and cannot say much so far.
0 It is the same as the old one, only in blue.
0 The talk was about birds and lasted an hour. There were questions at the end.
0 The drinks were as expensive as anywhere. The music was what they always play.
`;
