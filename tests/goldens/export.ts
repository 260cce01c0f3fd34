/** Writes, for export.py, what heed exports: models with their logits, and tokenizers; the folder is the argument. */

import { fromPretrained } from "../../core/08_pretrained/architecture.ts";
import { saveOnnx } from "../../core/08_pretrained/export/onnx.ts";
import { savePretrained } from "../../core/08_pretrained/export/saving.ts";
import { writeTokenizerJson } from "../../core/08_pretrained/export/tokenizer_json.ts";
import { noGrad } from "../../core/engine/autograd.ts";
import { folderSink, folderSource } from "../../core/host/sources.ts";
import { exactModel, LAYOUTS, TOKENS, UNPUBLISHED } from "../08_pretrained/exported.ts";
import { TEXTS, TOKENIZERS } from "../08_pretrained/exported_tokenizers.ts";

const [folder = "", back] = Deno.args;
const logitsOf = async (model: Awaited<ReturnType<typeof fromPretrained>>) =>
  JSON.stringify([...await noGrad(() => model.forward([TOKENS])).read()]);

if (back !== undefined) {
  // What another program has saved.
  console.log(await logitsOf(await fromPretrained(folderSource(folder))));
  Deno.exit();
}
for (const [name, layout] of Object.entries({ ...LAYOUTS, ...UNPUBLISHED })) {
  const model = exactModel(layout), place = `${folder}/models/${name}`;
  if (name in LAYOUTS) await savePretrained(model, folderSink(place));
  await saveOnnx(model, folderSink(place));
  await saveOnnx(model, folderSink(`${place}/cached`), { cache: true });
  await saveOnnx(model, folderSink(`${place}/float16`), { dtype: "float16" });
  await saveOnnx(model, folderSink(`${place}/bfloat16`), { dtype: "bfloat16", maxModelBytes: 0 });
  await Deno.writeTextFile(`${place}/heed_logits.json`, await logitsOf(model));
}
await Deno.mkdir(`${folder}/tokenizers`);
for (const [name, train] of Object.entries(TOKENIZERS)) {
  const tokenizer = await train();
  const own = TEXTS.map((text) => ({
    text,
    ids: tokenizer.encode(text),
    back: tokenizer.decode(tokenizer.encode(text)),
  }));
  await Deno.writeTextFile(`${folder}/tokenizers/${name}.json`, JSON.stringify(writeTokenizerJson(tokenizer)));
  await Deno.writeTextFile(`${folder}/tokenizers/${name}.own`, JSON.stringify(own));
}
