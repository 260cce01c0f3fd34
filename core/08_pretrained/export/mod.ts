/**
 * # Export
 *
 * **Question.** A model has outgrown this machine, or this program. How does it go on elsewhere, on eight processors or in another language, and how does anybody know that it is still the same model?
 *
 * **Idea.** The tables by which models come in are read backwards. An [architecture](../architecture.ts) that says which setting means which option, and which tensor of a file is which part of a model, says it in both directions. The folder that comes out is one that Python's `transformers` opens without a word about this book: whoever trains with `torchrun` or
 * serves with vLLM begins there. Whoever knows neither gets the computation itself, as [ONNX](onnx.ts). That it is the same model is not believed but compared, by its logits.
 *
 * ```diagram
 * config.json, model.safetensors, tokenizer.json
 * [where files go](sink.ts)
 * bytes, a tensor at a time
 * [files of a size](shards.ts) <- names of theirs
 * model
 *
 * names of theirs
 * [first layout that fits](saving.ts)
 * options of the model
 * ```
 *
 * **Which layout says it.** The families are tried one after the other. An option for which a family has no word is a reason to try the next; if none is left, all of them are named.
 *
 * | here                                              | in the file of settings |
 * | ------------------------------------------------- | ----------------------- |
 * | learned positions, layer norms, GELU              | `gpt2`                  |
 * | rotary positions, RMS norms, SwiGLU, no biases    | `llama`                 |
 * | the same with a window                            | `mistral`               |
 * | rotary positions, layer norms, GELU               | `starcoder2`            |
 * | norms behind the addition, sines, ALiBi           | none, but most of it as [ONNX](onnx.ts) |
 *
 * **Formula.** A model of $N$ weights in $k$ bytes each takes $kN$ bytes, in at least so many files of $M$ bytes:
 *
 * $$\left\lceil \frac{k N}{M} \right\rceil$$
 *
 * | letter | option          | meaning                                            |
 * | ------ | --------------- | -------------------------------------------------- |
 * | $N$    | none            | one number: weights of the model                   |
 * | $k$    | `dtype`         | one number: bytes of a weight, 4 or 2              |
 * | $M$    | `maxShardBytes` | one number: most bytes in a file                   |
 *
 * **By hand.** One of the later Llamas has a table of 128256 tokens and width 4096, and a head of the same shape. A layer has $4096 \cdot 4096 \cdot 2$ weights in queries and output, $4096 \cdot 1024 \cdot 2$ in keys and values, $3 \cdot 4096 \cdot 14336$ in its feed-forward and $2 \cdot 4096$ in its norms, together 218112000. With 32 layers and the last norm that makes
 * 8030261248 weights, and 16060522496 bytes as bfloat16. Files of five gigabytes: four.
 *
 * ```ts
 * const E = 4096, F = 14336, V = 128256, groups = 1024, width = 2, M = 5e9;
 * const layer = 2 * E * E + 2 * E * groups + 3 * E * F + 2 * E, weights = 2 * V * E + 32 * layer + E;
 * console.log(layer, weights, weights * width);
 * console.log(`${Math.ceil(weights * width / M)} files`);
 * ```
 *
 * ```text
 * 218112000 8030261248 16060522496
 * 4 files
 * ```
 *
 * ## Out and back
 *
 * A model with random weights is saved in memory, in files of at most 4000 bytes of numbers, and opened again: every number is the same.
 *
 * ```ts
 * import { DecoderOnly, Random } from "@heed/heed";
 * import { bytesSink, bytesSource, fromPretrained, savePretrained } from "@heed/heed/pretrained";
 *
 * const layout = { vocabSize: 20, contextLength: 16, hiddenSize: 8, numLayers: 2, numHeads: 2 };
 * const model = new DecoderOnly(layout, new Random(1)).eval(), place = bytesSink();
 * const { architecture, files } = await savePretrained(model, place, { maxShardBytes: 4000 });
 * console.log(architecture);
 * for (const file of files) console.log(file, place.files.get(file)!.length);
 *
 * const back = await fromPretrained(bytesSource(place.files));
 * const [before, after] = [await model.forward([[3, 1, 4]]).read(), await back.forward([[3, 1, 4]]).read()];
 * console.log(before.every((logit, i) => logit === after[i]));
 * ```
 *
 * ```text
 * gpt2
 * model-00001-of-00003.safetensors 4440
 * model-00002-of-00003.safetensors 4584
 * model-00003-of-00003.safetensors 1720
 * model.safetensors.index.json 2109
 * generation_config.json 75
 * config.json 432
 * true
 * ```
 *
 * ## In Python
 *
 * `heed export MODEL --out FOLDER` writes the folder. A language model of 135 million weights, which somebody has stored in four bits:
 *
 * ```sh
 * heed export SmolLM2-135M-Instruct.Q4_1.gguf --out smollm2 --dtype bfloat16
 * ```
 *
 * ```text
 * Saved in smollm2 as llama: model.safetensors, tokenizer.json, tokenizer_config.json, chat_template.jinja, generation_config.json, config.json
 * To open it in Python:
 *   AutoModelForCausalLM.from_pretrained("smollm2")
 * ```
 *
 * Three lines open it:
 *
 * ```py
 * from transformers import AutoModelForCausalLM, AutoTokenizer
 *
 * model, tokenizer = AutoModelForCausalLM.from_pretrained("smollm2"), AutoTokenizer.from_pretrained("smollm2")
 * print(tokenizer.decode(model.generate(**tokenizer("The cat", return_tensors="pt"))[0]))
 * ```
 *
 * From there on it is a model like any other: `torchrun --nproc-per-node 8 train.py` trains it on eight processors, `vllm serve smollm2` answers with it, and what they save is [opened](../architecture.ts) here again. The tests hold what a recipe has found: `transformers` computes the logits of this book, saves the bytes that it has read, and two processes of
 * `torchrun` make a step, after which the logits agree here again.
 *
 * Sources: Thomas Wolf and others 2020, *Transformers: State-of-the-Art Natural Language Processing*; the format *safetensors* (Hugging Face, 2022); *Open Neural Network Exchange* (2017).
 *
 * @module
 */

export { type SavedPretrained, type SaveOptions, savePretrained, type SaveProgress } from "./saving.ts";
export type { ExportKind } from "./shards.ts";
export { bytesSink, type MemorySink, type ModelSink } from "./sink.ts";
export { writeTokenizerJson } from "./tokenizer_json.ts";
export { type OnnxOptions, saveOnnx } from "./onnx.ts";

// ## Pitfall: a matrix that lies the other way round
//
// GPT-2's program has a layer that is called `Conv1D` and is none: it is a linear layer whose matrix lies as it is used, inputs by outputs. PyTorch's own has outputs by inputs. Of a wide matrix a wrong shape is refused; a square one loads, and the model talks nonsense. The test
// "transposed matrices: GPT-2's lie as they are used, and those of others the other way round" looks at both.

// ## Pitfall: a head that is written twice
//
// Where scores are products with the table of embeddings, head and table are one matrix. A loop over all names of a model writes it under both. The file grows by the largest matrix of a small model, and the two are separate from then on: a program that trains one of them reads the other. The test "a tied head is written once" lists the names.

// ## Pitfall: a text without an end
//
// The tokenizer knows which token ends a text, and a loop that generates does not ask it: it reads `generation_config.json`, and where that says nothing, the settings of the model. Where those say nothing either, the class of the model has numbers of its own: of GPT-2 it is token 50256, which a small vocabulary does not have, and no text ever ends. The test
// "generation ends: the end token stands in both files of settings, and is null where there is none" reads both files.

// ## Pitfall: settings that are left out
//
// What a file of settings does not say means what the class of the model says, and not nothing. The class of GPT-2 drops then: the logits are the same, since nothing is dropped when a model is used, and training goes another way. The test "dropout stands in the settings of GPT-2 even where it is 0" holds it.

// ## What half of the bits costs
//
// A float16 and a bfloat16 take two bytes. The first has ten bits of mantissa and ends at 65504, the second seven and the range of a float32. The experiment trains a small model, saves it three times, and opens it again.

// ## Exercise
//
// A model was trained with `placement: "post"` and `positions: sinusoidal`, and is to be opened in Python all the same. Which of the two could be said in the files of GPT-2, and how?
//
// **Hint.** Learned positions are a table that is added to the embeddings. What stands in its rows is nobody's business.
//
// **Solution.** The sines: their rows, written as the table `wpe`, are added as the sines are. The norms behind the addition cannot be said: no setting of GPT-2 moves them. [ONNX](onnx.ts) says both.
