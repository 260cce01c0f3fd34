/**
 * # What Adam's corrections correct
 *
 * Both averages for a gradient that is 1 at every step, and their quotient, as the library's rule computes them.
 *
 * @module
 */

import { adam } from "../../core/06_training/adam.ts";
import { Optimizer } from "../../core/06_training/optimizer.ts";
import { parameter, tensor } from "../../core/engine/create.ts";
import { plotted } from "../figures/plot.ts";
import type { Picture } from "../picture.ts";

const STEPS = 1000;

interface Course {
  /** First average, root of the second, and their quotient, by step. */
  readonly first: readonly (readonly [number, number])[];
  readonly root: readonly (readonly [number, number])[];
  readonly quotient: readonly (readonly [number, number])[];
  /** Length of the steps that were made. */
  readonly corrected: readonly (readonly [number, number])[];
}

/** The picture. */
export const picture: Picture<Course> = {
  alternative: ({ quotient, corrected }, say) => {
    const longest = Math.max(...quotient.map(([, y]) => y)), at = quotient.find(([, y]) => y === longest)![0];
    return `${say("Four curves over the step. Both averages rise to 1, the root of the second far later.")} ` +
      `${say("Their quotient")}: ${quotient[0]![1].toFixed(2)} ${say("at step")} 1, ${longest.toFixed(2)} ${
        say("at step")
      } ${at}, ${quotient.at(-1)![1].toFixed(2)} ${say("at step")} ${STEPS}. ${say("With corrections")}: ${
        corrected[0]![1].toFixed(2)
      }, ${corrected.at(-1)![1].toFixed(2)}.`;
  },
  async measure() {
    const weight = parameter(tensor([0])),
      optimizer = new Optimizer(new Map([["w", weight]]), adam({ learningRate: 1 }));
    const course = { first: [], root: [], quotient: [], corrected: [] } as { [K in keyof Course]: [number, number][] };
    weight.grad = tensor([1]);
    for (let step = 1, before = 0; step <= STEPS; step++) {
      optimizer.step();
      const { tensors } = optimizer.state();
      const m = await tensors.get("w.firstMoment")!.item(), v = await tensors.get("w.secondMoment")!.item();
      const after = await weight.item();
      // Equal factors are equal distances: later steps need fewer points.
      if (step <= 20 || step % Math.ceil(step / 20) === 0) {
        course.first.push([step, m]);
        course.root.push([step, Math.sqrt(v)]);
        course.quotient.push([step, m / Math.sqrt(v)]);
        course.corrected.push([step, before - after]);
      }
      before = after;
    }
    return course;
  },
  draw: ({ say, ...canvas }, { first, root, quotient, corrected }) =>
    plotted({
      kind: "line",
      caption: "",
      x: { title: say("step"), logarithmic: true, domain: [1, STEPS] },
      y: { title: say("for a gradient of 1") },
      series: [
        { label: say("quotient, uncorrected"), points: quotient },
        { label: say("quotient, corrected"), points: corrected },
        { label: say("first average"), points: first, quantity: "m" },
        { label: say("root of the second"), points: root, quantity: "v" },
      ],
    }, canvas),
};
