/**
 * # Three small languages
 *
 * **Question.** A vocabulary for several languages treats those badly of which it saw little. Which little texts can a
 * newcomer see this with, beside the [Chinese and English](chinese_english.ts) ones?
 *
 * **Idea.** A short grammar each, for Spanish, German and Russian: somebody does something with a thing somewhere. Every combination of its parts is a correct
 * sentence. A fixed seed draws some of them; the languages get fewer and fewer. Test sentences are unseen, their words are not.
 *
 * All sentences were written for this project.
 *
 * @module
 */

import { Random } from "../engine/random.ts";

/** A language with little text, in two parts that share no sentence. */
export interface SmallLanguage {
  /** What it is called in English. */
  readonly name: string;
  /** What a vocabulary learns from. */
  readonly training: readonly string[];
  /** What it is judged by. */
  readonly test: readonly string[];
}

/** Parts that follow one another; each is one of a list. */
type Grammar = readonly (readonly string[])[];

const SPANISH: Grammar = [
  [
    "Mi hermana",
    "La profesora",
    "El médico",
    "Nuestro vecino",
    "El estudiante",
    "La cocinera",
    "Mi abuelo",
    "Su amiga",
    "El conductor",
    "La niña",
    "Un viejo pescador",
    "La enfermera",
  ],
  [
    "compra",
    "busca",
    "encuentra",
    "necesita",
    "olvida",
    "limpia",
    "dibuja",
    "vende",
    "prepara",
    "recibe",
    "pierde",
    "guarda",
  ],
  [
    "una manzana",
    "los libros",
    "el periódico",
    "las llaves",
    "un sombrero",
    "dos sillas",
    "la maleta",
    "un regalo",
    "las botellas",
    "el paraguas",
    "una camisa blanca",
    "los zapatos nuevos",
  ],
  [
    "en la cocina",
    "en el mercado",
    "cerca de la estación",
    "delante de la escuela",
    "en el jardín",
    "por la mañana",
    "todos los días",
    "después del trabajo",
  ],
];

const GERMAN: Grammar = [
  [
    "Meine Schwester",
    "Die Lehrerin",
    "Der Arzt",
    "Unser Nachbar",
    "Der Student",
    "Die Köchin",
    "Mein Großvater",
    "Seine Freundin",
    "Der Fahrer",
    "Das Mädchen",
    "Ein alter Fischer",
    "Die Krankenschwester",
  ],
  [
    "kauft",
    "sucht",
    "findet",
    "braucht",
    "vergisst",
    "putzt",
    "zeichnet",
    "verkauft",
    "bekommt",
    "verliert",
    "bezahlt",
    "zeigt",
  ],
  [
    "jeden Morgen",
    "nach der Arbeit",
    "vor der Schule",
    "in der Küche",
    "auf dem Markt",
    "neben dem Bahnhof",
    "im Garten",
    "am Nachmittag",
  ],
  [
    "einen Apfel",
    "die Bücher",
    "die Zeitung",
    "den Schlüssel",
    "einen Hut",
    "zwei Stühle",
    "den Koffer",
    "ein Geschenk",
    "die Flaschen",
    "den Regenschirm",
    "ein weißes Hemd",
    "die neuen Schuhe",
  ],
];

const RUSSIAN: Grammar = [
  [
    "Моя сестра",
    "Учительница",
    "Врач",
    "Наш сосед",
    "Студент",
    "Мой дедушка",
    "Его подруга",
    "Водитель",
    "Девочка",
    "Старый рыбак",
    "Медсестра",
    "Мой брат",
  ],
  [
    "покупает",
    "ищет",
    "находит",
    "забывает",
    "чистит",
    "рисует",
    "продаёт",
    "получает",
    "теряет",
    "показывает",
    "берёт",
    "приносит",
  ],
  [
    "яблоко",
    "книги",
    "газету",
    "ключи",
    "шляпу",
    "два стула",
    "чемодан",
    "подарок",
    "бутылки",
    "зонт",
    "белую рубашку",
    "новые ботинки",
  ],
  ["на кухне", "на рынке", "около вокзала", "перед школой", "в саду", "каждое утро", "после работы", "вечером"],
];

/** How many sentences are learned from, and how many judge. */
const SIZES: readonly (readonly [name: string, grammar: Grammar, training: number])[] = [
  ["Spanish", SPANISH, 400],
  ["German", GERMAN, 120],
  ["Russian", RUSSIAN, 40],
];
const TEST = 100;

/**
 * Draws the sentences, the same on every call.
 *
 * @returns the languages, from the largest to the smallest
 */
export function smallLanguages(): SmallLanguage[] {
  return SIZES.map(([name, grammar, training], i) => {
    const random = new Random(1954 + i), drawn = new Set<string>();
    while (drawn.size < training + TEST) {
      drawn.add(`${grammar.map((part) => part[random.integer(part.length)]!).join(" ")}.`);
    }
    const sentences = [...drawn];
    return { name, training: sentences.slice(0, training), test: sentences.slice(training) };
  });
}
