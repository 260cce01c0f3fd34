/**
 * heed beside other libraries, on the same inputs, in the same run.
 *
 *     deno task bench:peers [FILTER] [OPTIONS]
 *
 * | argument          | meaning                                                             |
 * | ----------------- | ------------------------------------------------------------------- |
 * | `FILTER`          | a regular expression on the workloads' names, such as `^gpt2`       |
 * | `--threads 1,2`   | how many threads; by default one, then one per core (8 at most)     |
 * | `--peers REGEX`   | who takes part; the results file is not written then                |
 * | `--passes N`      | how often everything is repeated; 2 by default                      |
 * | `--starred`       | only what has a star in the results file                            |
 * | `--quick`         | one short pass, results only on the terminal                        |
 * | `--table`         | measures nothing; makes the tables from the results file again      |
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gptTokens, gptWeights, referenceLogits } from "./inputs/gpt.ts";
import { describeMachine, has, Limits, Watch } from "./machine.ts";
import { type Absence, type Effort, type Lane, measure } from "./measure.ts";
import { availablePeers, type Peer } from "./peers.ts";
import { merge, type Results, type Row, toMarkdown, toRows } from "./results.ts";
import { logitsFile, type Workload, workloads } from "./workloads.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const RESULTS = here("results.json"), TABLES = here("RESULTS.md"), CACHE = here("cache");
const THOROUGH: Effort = { seconds: 1.5, slice: 0.25, mostSlices: 12 };
const QUICK: Effort = { seconds: 0.4, slice: 0.15, mostSlices: 5 };

const { values: options, positionals: [filter = "."] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    threads: { type: "string" },
    peers: { type: "string" },
    passes: { type: "string" },
    starred: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});

/** Makes the float64 logits that peers are compared with, if they are not there yet. */
function prepareLogits(work: Workload): void {
  if (work.kind !== "prefill" && work.kind !== "decode") return;
  const { model, prompt } = work, format = work.kind === "decode" ? work.format : undefined;
  const file = `${CACHE}/${logitsFile(work)}`;
  try {
    Deno.statSync(file);
  } catch {
    console.error("computing the logits of GPT-2 in float64, once");
    const tokens = gptTokens(prompt, 2, model.vocabSize);
    const logits = referenceLogits(model, gptWeights(model), tokens, prompt - 1, format);
    Deno.writeFileSync(file, new Uint8Array(logits.buffer));
  }
}

function report(row: Row): void {
  const { workload, threads, peer, variant, value, milliseconds, quiet, slices, noisy, absent } = row;
  const figure = value === undefined
    ? absent
    : `${value} (${milliseconds} ms, ${quiet} of ${slices} slices quiet${noisy ? ", NOISY" : ""})`;
  console.error(`${workload} ×${threads} ${peer}${variant ? ` [${variant}]` : ""}: ${figure}`);
}

function previous(): Results | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(RESULTS));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Writes what there is so far, so that an interrupted run is not lost. */
function save(results: Results): Results {
  if (options.quick || options.peers) return results;
  const old = previous();
  const [before, now] = [old?.runs.at(-1)?.machine, results.runs[0]!.machine];
  const same = before?.processor === now.processor && before.cores === now.cores;
  const merged = same ? merge(old!, results) : results;
  Deno.writeTextFileSync(RESULTS, JSON.stringify(merged, null, 1) + "\n");
  Deno.writeTextFileSync(TABLES, toMarkdown(merged));
  return merged;
}

async function run(peers: readonly Peer[]): Promise<Results> {
  const cores = Math.min(8, navigator.hardwareConcurrency);
  const counts = options.threads ? options.threads.split(",").map(Number) : [...new Set([1, cores])];
  const passes = options.quick ? 1 : Number(options.passes ?? 2);
  const chosen = workloads.filter(({ id }) => new RegExp(filter).test(id));
  const noisy = previous()?.rows.filter((row) => row.noisy) ?? [];
  const starred = options.starred && new Set(noisy.map(({ workload, threads }) => `${workload}/${threads}`));
  const limits = await Limits.open(CACHE), pinning = await has("taskset");
  const rows: Row[] = [], versions: Record<string, string> = {};
  const date = new Date().toISOString().slice(0, 10);
  const results = { runs: [{ date, machine: await describeMachine(limits), versions }], rows };
  for (const threads of counts) {
    const watch = new Watch(limits, threads, CACHE);
    const core = threads === 1 && pinning ? navigator.hardwareConcurrency - 1 : undefined;
    const setting = { threads, cache: CACHE, core, watch, effort: options.quick ? QUICK : THOROUGH };
    const wanted = starred ? chosen.filter(({ id }) => starred.has(`${id}/${threads}`)) : chosen;
    const found = new Map<Workload, (Lane | Absence)[][]>(wanted.map((work) => [work, []]));
    for (let pass = 1; pass <= passes; pass++) {
      for (const [work, earlier] of found) {
        prepareLogits(work);
        const lanes = await measure(work, peers, setting);
        earlier.push(lanes);
        for (const lane of lanes) if ("description" in lane) versions[lane.peer.name] ??= lane.description;
        if (pass < passes) {
          console.error(`${work.id} ×${threads}: pass ${pass} of ${passes}`);
          continue;
        }
        const made = toRows(work, { threads, run: date }, earlier);
        made.forEach(report);
        rows.push(...made);
        save(results);
      }
    }
  }
  return results;
}

if (options.table) {
  const results = previous();
  if (results) Deno.writeTextFileSync(TABLES, toMarkdown(results));
} else {
  Deno.mkdirSync(CACHE, { recursive: true });
  const all = await availablePeers();
  const results = await run(all.filter(({ name }) => new RegExp(options.peers ?? ".").test(name)));
  console.log(toMarkdown(save(results)));
}
Deno.exit(0);
