/** The types of the package, as a strict compiler reads them. */

import { project, tool, write } from "./project.ts";
import { output } from "../running.ts";

const PROGRAM = `
import { createWasmDevice, DecoderOnly, generate, scaledDotProductAttention, type Tensor, tensor, train } from "@heed/heed";
import { type Backend, Tensor as Same } from "@heed/heed/engine";
import * as languageModels from "@heed/heed/language-models";
import * as words from "@heed/heed/words";
import * as attention from "@heed/heed/attention";
import * as transformer from "@heed/heed/transformer";
import * as training from "@heed/heed/training";
import * as generation from "@heed/heed/generation";
import * as host from "@heed/heed/host";
import * as wasm from "@heed/heed/wasm";
import * as webgpu from "@heed/heed/webgpu";

const x: Tensor = tensor([1, 2]).add(1);
const same: Same = x;
const device: Backend = wasm.createWasmDevice({ threads: 1 });
export const parts = [host, words, languageModels, attention, transformer, training, generation, webgpu, device, same];
export const functions = [DecoderOnly, generate, train];
// @ts-expect-error: threads are a number
createWasmDevice({ threads: "two" });
// @ts-expect-error: there is no such option
scaledDotProductAttention(x, x, x, { isCausal: true });
`;

for (const [resolution, module] of [["nodenext", "nodenext"], ["bundler", "esnext"]] as const) {
  Deno.test(`the types of the package pass tsc --strict under ${resolution}`, async () => {
    await write("types.ts", PROGRAM);
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
    const where = ["--module", module, "--moduleResolution", resolution, "--target", "es2022", "--lib", "es2022,dom"];
    await output(
      Deno.execPath(),
      [...tool("typescript", "tsc"), "--noEmit", ...strict, ...where, "types.ts"],
      await project(),
    );
  });
}
