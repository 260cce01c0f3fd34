/**
 * # What it costs to open a model, in English
 *
 * @module
 */

import type { Words } from "../../experiments/experiment.ts";
import { percent } from "../../experiments/numbers.ts";
import type { Opening } from "./files.ts";

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** What the experiment says. */
export const words: Words<Opening> = {
  title: "What it costs to open a model",
  purpose:
    "A model of the usual shape lies in a file, with elements of 4, 2 and 1 bytes. It is opened through a source that counts: how many bytes are read until all names and shapes are known, and how many are held " +
    "at most while float32 weights are made of it, as a whole and tensor by tensor.",
  controls: {
    layers: { label: "Layers", description: "Layers of the model" },
    width: { label: "Width", description: "Width of its hidden states" },
  },
  constants: { vocabulary: "vocabulary" },
  claims: {
    listed: "All names, shapes and places are known after less than a twentieth of the file",
    apart: "Tensor by tensor, less is held at once than with the whole file",
    whole: "With a whole file of float32, twice the weights are held",
  },
  captions: {
    memory: ({ weights, apart, whole }) =>
      `Most megabytes held at once. The weights take ${
        megabytes(weights)
      } in float32. Of a float32 file read as a whole, ${megabytes(whole[0]!)} are held, and ${
        megabytes(apart[0]!)
      } tensor by tensor.`,
    listed: ({ listed, size, tensors }) =>
      `To list ${tensors} tensors, ${listed[0]} bytes are read, ${
        percent(listed[0]! / size[0]!, 2)
      } of the float32 file and as many of the others: names and shapes take the same room whatever the elements are.`,
  },
  reading: ({ apart, weights }) => [
    `Beyond the weights, one tensor is held at a time. The largest one, the table of embeddings, comes early, when few weights have been made: at the end only ${
      ((apart[0]! - weights) / 1e3).toFixed(0)
    } kB are held besides. In another order it could be all of the table.`,
  ],
  labels: {
    bytes: "megabytes",
    whole: "whole file",
    apart: "tensor by tensor",
    weights: "weights alone",
    kind: "kind",
    file: "file",
    listed: "bytes read to list it",
  },
};
