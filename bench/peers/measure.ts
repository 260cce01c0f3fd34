/**
 * Measures one workload: every peer is loaded and checked, then all of them run in turns.
 *
 * A turn is a slice of a quarter of a second. What disturbs the machine for longer than that disturbs
 * all peers alike, and only undisturbed slices count as long as there are enough of them.
 *
 * @module
 */

import type { Watch } from "./machine.ts";
import { type Peer, PeerProblem, PeerProcess } from "./peers.ts";
import type { SliceReport } from "./protocol.ts";
import type { Workload } from "./workloads.ts";

/** Largest relative error of a result that is timed. */
const TOLERANCE: Readonly<Record<Workload["kind"], number>> = {
  matmul: 1e-5,
  softmax: 1e-5,
  layernorm: 1e-5,
  attention: 1e-5,
  prefill: 1e-4,
  decode: 1e-4,
  train: 1e-4,
  recurrent: 1e-4,
};

/**
 * The same where weights and features are rounded to integers, and those of the reference as well.
 *
 * Features that lie between two levels go to either side, as float32 or float64 sees them: that remains. It is of
 * the size of what rounding to eight bits costs, of which `bench/quantization.ts` found 1.3 % in a trained model.
 */
const ROUNDED = 2 * 0.0127;

function toleranceOf(work: Workload): number {
  return work.kind === "decode" && work.format ? ROUNDED : TOLERANCE[work.kind];
}

/** Fewest slices of which a figure is made. */
const FEWEST_SLICES = 3;

/** How long everything takes. */
export interface Effort {
  /** Undisturbed seconds wanted of each peer. */
  readonly seconds: number;
  /** Length of a slice in seconds. */
  readonly slice: number;
  /** Most slices of each peer. */
  readonly mostSlices: number;
}

/** A slice, and whether nothing disturbed it. */
export type Slice = SliceReport & { readonly quiet: boolean };

/** What became of one kernel of one peer. */
export interface Lane {
  readonly peer: Peer;
  readonly description: string;
  readonly variant?: string;
  /** Relative error of its result. */
  readonly error: number;
  readonly slices: readonly Slice[];
}

/** A peer that has no figure. */
export interface Absence {
  readonly peer: Peer;
  readonly reason: string;
  /** Whether it declined rather than broke. */
  readonly declined: boolean;
}

interface OpenLane extends Lane {
  readonly process: PeerProcess;
  readonly kernel: number;
  readonly slices: Slice[];
}

/** How peers are started and watched. */
export interface Setting {
  readonly threads: number;
  readonly cache: string;
  /** The core that peers of one thread are bound to, if they can be. */
  readonly core: number | undefined;
  readonly watch: Watch;
  readonly effort: Effort;
}

/**
 * Measures a workload.
 *
 * @param work of the list
 * @param peers who takes part
 * @param setting threads, patience
 */
export async function measure(
  work: Workload,
  peers: readonly Peer[],
  setting: Setting,
): Promise<(Lane | Absence)[]> {
  const absent: Absence[] = [], lanes: OpenLane[] = [], processes: PeerProcess[] = [];
  try {
    for (const peer of peers) {
      if (peer.only && !peer.only.test(work.id)) continue;
      try {
        const process = await PeerProcess.start(peer, setting.threads, setting.cache, setting.core);
        processes.push(process);
        for (const lane of await open(work, peer, process, setting)) {
          if ("reason" in lane) absent.push(lane);
          else lanes.push(lane);
        }
      } catch (error) {
        if (!(error instanceof PeerProblem)) throw error;
        absent.push({ peer, reason: error.message, declined: error.declined });
      }
    }
    setting.watch.reset();
    await takeTurns(lanes, setting);
  } finally {
    for (const process of processes) await process.stop();
  }
  return [...lanes.map(({ process: _process, kernel: _kernel, ...lane }) => lane), ...absent];
}

/** Loads a workload in one peer; its result has to be right. */
async function open(
  work: Workload,
  peer: Peer,
  process: PeerProcess,
  { effort }: Setting,
): Promise<(OpenLane | Absence)[]> {
  const kernels = await process.load(work.id, effort.slice);
  return kernels.map((kernel, index) => {
    if (!(typeof kernel.error === "number" && kernel.error < toleranceOf(work))) {
      return { peer, reason: `wrong result: relative error ${kernel.error}`, declined: false };
    }
    return { peer, description: process.description, process, kernel: index, slices: [], ...kernel };
  });
}

async function takeTurns(lanes: readonly OpenLane[], { threads, watch, effort }: Setting): Promise<void> {
  const enough = ({ slices }: OpenLane): boolean => {
    const quiet = slices.filter((slice) => slice.quiet);
    return quiet.length >= FEWEST_SLICES && quiet.reduce((sum, { wall }) => sum + wall, 0) >= 1000 * effort.seconds;
  };
  for (let turn = 0; turn < effort.mostSlices && !lanes.every(enough); turn++) {
    for (let i = 0; i < lanes.length; i++) {
      // Each turn begins with another peer, so that none always follows the same one.
      const lane = lanes[(i + turn) % lanes.length]!;
      if (enough(lane)) continue;
      // Workers of the peer before may still be spinning.
      if (threads > 1) await new Promise((resolve) => setTimeout(resolve, 250));
      lane.slices.push(await watch.during(() => lane.process.slice(lane.kernel, effort.slice)));
    }
  }
}

/** The samples that count: of the undisturbed slices, or of all where those are too few. */
export function samplesOf(slices: readonly Slice[]): { readonly samples: number[]; readonly noisy: boolean } {
  const quiet = slices.filter((slice) => slice.quiet);
  const noisy = quiet.length < Math.min(FEWEST_SLICES, slices.length);
  return { samples: (noisy ? slices : quiet).flatMap(({ samples }) => samples), noisy };
}
