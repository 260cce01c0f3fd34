/**
 * # One job, several threads
 *
 * A *job* is a kernel together with a number of independent *units* (rows, blocks, batch
 * elements). Threads draw *tickets*; ticket $t$ stands for the units
 * $[t \cdot g, (t + 1) \cdot g)$, where $g$ is the grain. Which thread draws which ticket
 * is left to chance; what a unit computes is not, so the result has the same bits for any
 * number of threads.
 *
 * **The gate.** The main thread writes the job, opens the gate, raises the sequence number
 * and starts drawing tickets itself. A worker enters only while the gate is open. Having
 * run out of tickets, main closes the gate and waits for those who entered. A worker that
 * wakes up late finds the gate closed: it neither delays main nor touches finished work.
 *
 * **Sleep.** Both sides look for a short time and then sleep. A side that spins on forever
 * occupies the very core that the thread it waits for may need.
 *
 * `layout.ts` says where the words lie through which threads agree, `words/job.ts` what is said of a job.
 *
 * @module
 */

import { job } from "./jobs.ts";
import {
  ARGS,
  ASLEEP,
  CONTROL,
  GATE,
  JOB,
  LEFT,
  MAIN_ASLEEP,
  PRIVATE,
  PRIVATE_BYTES,
  STARTED,
  TICKET,
} from "./layout.ts";
import { integer, pointer } from "./simd.ts";
import * as word from "./words/job.ts";

const OPEN: i32 = 1 << 30;
/** Nanoseconds after which a worker that still has a ticket has most likely lost its core to another program. */
const LATE: i64 = 2000000;

/** Scratch of one thread: its private page, or its share of the larger block of this job. */
function scratchOf(thread: i32): usize {
  const bytes = pointer(JOB, word.SCRATCH_BYTES);
  return bytes ? pointer(JOB, word.SCRATCH) + <usize> thread * bytes : <usize> (PRIVATE + thread * PRIVATE_BYTES);
}

/** Runs a whole job on the calling thread. */
export function runAlone(op: i32, units: i32): void {
  job(op, ARGS, 0, units, scratchOf(0));
}

/** Draws tickets until none is left. */
function work(thread: i32): void {
  const op = integer(JOB, word.OPERATION),
    units = integer(JOB, word.UNITS),
    grain = integer(JOB, word.GRAIN),
    scratch = scratchOf(thread);
  while (true) {
    const from = atomic.add<i32>(TICKET, 1) * grain;
    if (from >= units) return;
    job(op, ARGS, from, min(from + grain, units), scratch);
  }
}

/** Runs the job in the control block together with every worker that is awake in time. */
export function runTogether(): void {
  atomic.store<i32>(TICKET, 0);
  atomic.store<i32>(LEFT, 0);
  atomic.store<i32>(GATE, OPEN);
  atomic.add<i32>(CONTROL, 1);
  if (atomic.load<i32>(ASLEEP) > 0) atomic.notify(CONTROL, -1);
  work(0);
  const entered = atomic.and<i32>(GATE, OPEN - 1) & (OPEN - 1);
  let turns = integer(JOB, word.JOIN_TURNS);
  let left = atomic.load<i32>(LEFT);
  // The main thread of a page must not sleep; it looks on.
  const awake = integer(JOB, word.AWAKE);
  while (left < entered && (turns > 0 || awake)) {
    left = atomic.load<i32>(LEFT);
    turns--;
  }
  if (left >= entered) return;
  atomic.store<i32>(MAIN_ASLEEP, 1);
  left = atomic.load<i32>(LEFT);
  while (left < entered) {
    if (atomic.wait<i32>(LEFT, left, LATE) == 2) store<i32>(JOB + (word.LATE << 2), integer(JOB, word.LATE) + 1);
    left = atomic.load<i32>(LEFT);
  }
  atomic.store<i32>(MAIN_ASLEEP, 0);
}

/** Enters while the gate is open. */
function enter(): bool {
  let gate = atomic.load<i32>(GATE);
  while (gate & OPEN) {
    const seen = atomic.cmpxchg<i32>(GATE, gate, gate + 1);
    if (seen == gate) return true;
    gate = seen;
  }
  return false;
}

/**
 * The life of a worker: wait for the sequence number to change, take part, repeat.
 *
 * Returns when the memory has grown, because a function that is running does not learn of
 * it; the worker calls again at once.
 *
 * | argument  | meaning                                                      |
 * | --------- | ------------------------------------------------------------ |
 * | `thread`  | 1 for the first worker; main is 0                            |
 * | `growths` | growths of the memory so far; -1 on the very first call      |
 */
export function serve(thread: i32, growths: i32): i32 {
  let last = atomic.load<i32>(CONTROL) - 1;
  if (growths < 0) atomic.add<i32>(STARTED, 1);
  while (true) {
    let turns = integer(JOB, word.IDLE_TURNS);
    let sequence = atomic.load<i32>(CONTROL);
    while (sequence == last && turns > 0) {
      sequence = atomic.load<i32>(CONTROL);
      turns--;
    }
    if (sequence == last) {
      // The count is raised before the number is read again; otherwise main could look in between and let it sleep.
      atomic.add<i32>(ASLEEP, 1);
      sequence = atomic.load<i32>(CONTROL);
      while (sequence == last) {
        atomic.wait<i32>(CONTROL, last, -1);
        sequence = atomic.load<i32>(CONTROL);
      }
      atomic.sub<i32>(ASLEEP, 1);
    }
    last = sequence;
    const now = atomic.load<i32>(JOB + (word.GROWTHS << 2));
    if (now != growths) return now;
    if (thread >= atomic.load<i32>(JOB + (word.THREADS << 2)) || !enter()) continue;
    work(thread);
    atomic.add<i32>(LEFT, 1);
    if (atomic.load<i32>(MAIN_ASLEEP)) atomic.notify(LEFT, 1);
  }
}
