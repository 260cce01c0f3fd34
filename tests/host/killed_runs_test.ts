import { testWithFolder } from "../permissions.ts";
import { killAndResume } from "./killed_runs.ts";

const address = (path: string): string => new URL(`../../${path}`, import.meta.url).href;

testWithFolder("a run that is killed again and again ends with the bytes of one that never was", async (folder) => {
  await killAndResume({
    command: Deno.execPath(),
    args: ["run", "--no-prompt", "--no-check", "--no-config", `--allow-read=${folder}`, `--allow-write=${folder}`],
    library: address("mod.ts"),
    host: address("core/host/mod.ts"),
  }, folder);
}, "run");
