/**
 * # Filling the slots
 *
 * What stands in the braces of a pattern is drawn from the lexicon, once, and said in both languages. Later slots look at
 * earlier ones: a pronoun at who acts, an adjective at the thing, a verb at both.
 *
 * @module
 */

import {
  ACTIONS,
  activities,
  type Activity,
  adjectives,
  agree,
  bosses,
  type Both,
  comparative,
  conjugate,
  countries,
  DEEDS,
  type Fitting,
  lettered,
  modals,
  type Noun,
  number,
  type Person,
  PERSONS,
  type Place,
  places,
  planned,
  pluralOf,
  pronouns,
  seasons,
  singular,
  spots,
  superlative,
  THINGS,
  withArticle,
  WORDS,
} from "./lexicon.ts";

/** Draws one item of a list. */
export type Pick = <T>(from: readonly T[]) => T;

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
    if ("places" in what) this.#deed = what as Activity;
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

  #with(item: Fitting): Filling {
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

function location({ zh, at, to }: Place): Filling {
  const go = zh === "家" ? "回家" : `去${zh}`;
  return { zh: (form) => form === "go" ? go : form === "in" ? `在${zh}` : zh, en: (form) => form === "to" ? to : at };
}

/** The sentence that a pattern makes, with capital and full stop. */
export function fill(
  chinese: string,
  english: string,
  pick: Pick,
): { readonly source: string; readonly target: string } {
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
