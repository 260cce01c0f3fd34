/**
 * Every rung of the ladder: what each step from the naive loop to the kernel of the device gains.
 *
 * `bench/ladder.ts` measures the same in turns and puts it into a table.
 *
 * @module
 */

import { KERNELS, Ladder, type Placed } from "../wasm/ladder/mod.ts";

const ladder = new Ladder();

for (const kernel of KERNELS) {
  for (const sizes of kernel.measured) {
    let placed: Placed | undefined;
    kernel.rungs.forEach(({ name }, i) =>
      Deno.bench({
        name,
        group: `${kernel.name} ${sizes.join("×")}`,
        baseline: i === 0,
        fn: () => {
          placed ??= ladder.place(kernel, sizes);
          placed.rungs[i]!.run();
        },
      })
    );
  }
}
