/** Writes, for export.py, what heed exports: models with their logits, and tokenizers; the folder is the argument. */

import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { savePretrained } from "../../core/08_pretrained/export/saving.ts";
import { writeTokenizerJson } from "../../core/08_pretrained/export/tokenizer_json.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { folderSink, folderSource } from "../../core/host/sources.ts";
import { exactModel, LAYOUTS, TOKENS } from "../08_pretrained/exported.ts";
import { TEXTS, TOKENIZERS } from "../08_pretrained/exported_tokenizers.ts";

const [folder = "", back] = Deno.args;
const logitsOf = async (model: Awaited<ReturnType<typeof fromPretrained>>) =>
  JSON.stringify([...await noGrad(() => model.forward([TOKENS])).read()]);

if (back !== undefined) {
  // What another program has saved.
  console.log(await logitsOf(await fromPretrained(folderSource(folder))));
  Deno.exit();
}
for (const [name, layout] of Object.entries(LAYOUTS)) {
  const model = exactModel(layout);
  await savePretrained(model, folderSink(`${folder}/models/${name}`));
  await Deno.writeTextFile(`${folder}/models/${name}/heed_logits.json`, await logitsOf(model));
}
await Deno.mkdir(`${folder}/tokenizers`);
for (const [name, train] of Object.entries(TOKENIZERS)) {
  const tokenizer = await train();
  const own = TEXTS.map((text) => ({ text, ids: tokenizer.encode(text), back: tokenizer.decode(tokenizer.encode(text)) }));
  await Deno.writeTextFile(`${folder}/tokenizers/${name}.json`, JSON.stringify(writeTokenizerJson(tokenizer)));
  await Deno.writeTextFile(`${folder}/tokenizers/${name}.own`, JSON.stringify(own));
}
