/**
 * # Language models on one text, shown
 *
 * @module
 */

import { fixed, number, percent } from "../../core/experiments/numbers.ts";
import { receptiveField } from "../../core/03_language_models/cnn/mod.ts";
import type { RunFigures } from "../picture.ts";
import type { LanguageModelsRun, Row, TokenKind } from "../runs/language_models.ts";

/** N-gram models of one kind of token by the default method, and networks. */
const ofKind = (rows: readonly Row[], tokens: TokenKind): Row[] =>
  rows.filter((row) => row.tokens === tokens && row.order !== undefined && row.name === `${row.order}-gram, ${tokens}`);
const networksOf = (rows: readonly Row[]): Row[] => rows.filter(({ order }) => order === undefined);
const othersOf = (rows: readonly Row[]): Row[] =>
  rows.filter(({ name, order, tokens }) => order !== undefined && name !== `${order}-gram, ${tokens}`);
const best = (rows: readonly Row[]): Row => rows.reduce((a, b) => b.perplexity < a.perplexity ? b : a);

/** The recorded run. */
export const run: RunFigures<LanguageModelsRun> = {
  figures(findings) {
    const { rows, characters, recipe } = findings,
      byCharacter = ofKind(rows, "characters"),
      bySubword = ofKind(rows, "subwords");
    const points = (some: readonly Row[], value: (row: Row) => number) =>
      some.map((row): [number, number] => [row.order!, value(row)]);
    const top = best(byCharacter), networks = networksOf(rows), bits = networks.map((row) => row.bits!);
    const low = Math.min(...bits), high = Math.max(...bits), lowest = fixed(best(bySubword).bits!, 3);
    const orders = bySubword.filter((row) => fixed(row.bits!, 3) === lowest).map(({ order }) => order);
    return [
      {
        kind: "line",
        caption:
          `Bits per character of the last tenth, ${
            number(characters)
          } characters, by the order of the model. Characters are best at order ` +
          `${top.order} with ${fixed(top.bits!, 3)}, subwords at ${orders.length > 1 ? "orders" : "order"} ${
            orders.join(" and ")
          } with ${lowest}.` +
          (networks.length === 0
            ? ""
            : ` The band holds the ${networks.length} networks, which have no order: they read characters and have ${
              fixed(low, 3)
            } to ${fixed(high, 3)}, as the table says.`),
        x: { title: "order n" },
        y: { title: "bits per character" },
        series: [
          { label: "characters", points: points(byCharacter, ({ bits }) => bits!) },
          { label: "subwords", points: points(bySubword, ({ bits }) => bits!) },
          ...networks.length === 0 ? [] : [{
            label: `${networks.length} networks`,
            points: points(byCharacter, () => (low + high) / 2),
            ranges: byCharacter.map((): [number, number] => [low, high]),
            dashed: true,
          }],
        ],
      },
      {
        kind: "line",
        caption:
          `Size of the tables in megabytes, with all orders up to n. At order ${
            byCharacter.at(-1)!.order
          } the table of characters has ` +
          `${fixed(byCharacter.at(-1)!.bytes / 1e6, 1)} MB, the text ${
            fixed(findings.training.characters / 1e6, 1)
          } million characters.`,
        x: { title: "order n" },
        y: { title: "megabytes" },
        series: (["characters", "subwords", "words"] as const).map((tokens) => ({
          label: tokens,
          points: points(ofKind(rows, tokens), ({ bytes }) => bytes / 1e6),
        })),
      },
      {
        kind: "table",
        caption:
          "All models. Perplexities are per token, so only those of one kind of token can be compared; bits per character can be compared " +
          "wherever they stand. Size counts n-grams of a table and parameters of a network. Seconds of one core for the training." +
          (networks.length === 0
            ? ""
            : ` Each network learns for ${
              number(recipe.steps)
            } steps of ${recipe.batchSize} windows of ${recipe.contextLength} characters.`),
        columns: ["model", "perplexity", "bits per character", "size", "MB", "seconds", "tokens scored per second"],
        rows: rows.map(({ name, perplexity, bits, size, bytes, seconds, tokensPerSecond }) => [
          name,
          fixed(perplexity, 2),
          bits === undefined ? "–" : fixed(bits, 3),
          number(size),
          fixed(bytes / 1e6, 1),
          fixed(seconds, 1),
          number(tokensPerSecond, 2),
        ]),
      },
    ];
  },
  reading({ rows, recipe, transformer, recurrent, feedForward, convolutional, unknown, training, vocabularies }) {
    const byCharacter = ofKind(rows, "characters"), words = ofKind(rows, "words"), top = best(byCharacter);
    const last = byCharacter.at(-1)!,
      others = othersOf(rows),
      same = byCharacter.find(({ order }) => order === others[0]?.order);
    const network = rows.find(({ name }) => name === "Transformer");
    const paragraphs = [
      `More context helps up to order ${top.order}; from there to order ${last.order} the bits per character ` +
      `change from ${fixed(top.bits!, 3)} to ${fixed(last.bits!, 3)}, and the table grows from ${
        fixed(top.bytes / 1e6, 1)
      } to ` +
      `${fixed(last.bytes / 1e6, 1)} MB. It does not grow exponentially: of each order the text has no more than ${
        number(training.characters)
      } n-grams.`,
      `Words have a perplexity of ${fixed(best(words).perplexity, 0)} at order ${
        best(words).order
      }, with a vocabulary of ${number(vocabularies.words)} ` +
      `and ${
        percent(unknown)
      } unknown words in the test. Their bits per character are not shown: the model predicts only that a word is unknown, and would have to spell it as well.`,
    ];
    if (same && others.length > 0) {
      const sorted = others.toSorted((a, b) => a.bits! - b.bits!),
        method = (row: Row): string => row.name.split(", ")[2]!;
      paragraphs.push(
        `At order ${same.order} the methods of smoothing differ: modified Kneser–Ney has ${
          fixed(same.bits!, 3)
        } bits per character, ` +
          `${sorted.map((row) => `${method(row)} ${fixed(row.bits!, 3)}`).join(", ")}.`,
      );
    }
    if (network) {
      paragraphs.push(
        `The Transformer has ${
          number(network.size)
        } parameters in ${transformer.numLayers} layers of width ${transformer.hiddenSize}. After ` +
          `${recipe.steps} steps of ${recipe.batchSize} windows of ${recipe.contextLength} characters it has ${
            fixed(network.bits!, 3)
          } bits per ` +
          `character, ${fixed(Math.abs(network.bits! - top.bits!), 3)} ${
            network.bits! < top.bits! ? "below" : "above"
          } the best table, and took ` +
          `${number(network.seconds / top.seconds, 2)} times the seconds.`,
      );
    }
    const recurrents = networksOf(rows).filter((row) => row !== network);
    if (network && recurrents.length > 0) {
      const sorted = [network, ...recurrents].toSorted((a, b) => a.bits! - b.bits!), lowest = sorted[0]!;
      const layout = ({ name }: Row): string => {
        if (name === "CNN") return `of ${convolutional.numLayers} blocks of width ${convolutional.hiddenSize}`;
        if (name === "Feed-forward") return `model of a window of ${feedForward.windowSize} characters`;
        return `of one layer of width ${recurrent[name as keyof typeof recurrent]}`;
      };
      const has = (name: string): boolean => recurrents.some((row) => row.name === name);
      const field = receptiveField(
        convolutional.kernelSize,
        Array.from({ length: convolutional.numLayers }, (_, i) => 2 ** (i % convolutional.dilationCycle)),
      );
      paragraphs.push(
        `${recurrents.map((row) => `The ${row.name} ${layout(row)} has ${number(row.size)} parameters`).join(". ")}. ` +
          `Each learns from as many windows as the Transformer, with the same optimizer and the same schedule. In bits per character, ` +
          `${
            sorted.map((row) => `the ${row.name} has ${fixed(row.bits!, 3)}`).join(", ")
          }. The ${lowest.name} is the best of them${
            lowest.bits! < top.bits! ? ", and better" : ", and worse"
          } than the best table. The training takes ${
            sorted.map((row) => `${number(row.seconds, 2)} s (${row.name})`).join(", ")
          }. In the test the Transformer sees at most ${recipe.contextLength} characters, and a recurrent network all that its state keeps of a longer window.${
            has("CNN") ? ` The CNN sees ${field} of them.` : ""
          }`,
      );
    }
    if (network) {
      paragraphs.push(
        `All this is for one seed, one learning rate and ${
          number(recipe.steps * recipe.batchSize * recipe.contextLength)
        } characters read, from a text of ${
          number(training.characters)
        }. It says which network has learned most after so few steps, and not which is best after long training.`,
      );
    }
    return paragraphs;
  },
};
