/** Without a GPU: every operation has a formula, and every formula calls what its shader declares. */

import { assertEquals } from "@std/assert";
import { type ReduceOp, REDUCTION } from "../../core/engine/operations.ts";
import { ARITHMETIC, COMPARISONS, INTEGER_COMPARISONS, INTEGERS, UNARY } from "../../gpu/elementwise.ts";
import { ACTIVATIONS } from "../../gpu/fused/activations.ts";
import { ruleOf } from "../../gpu/reduce.ts";
import { SHADERS } from "../../gpu/shaders.ts";
import { expand } from "../../gpu/template.ts";

/** Functions and types of WGSL itself that formulas call. */
const BUILT_IN: readonly string[] = ["select", "max", "min", "vec2u"];

/** Formulas by the shader that they are put into, and the name that they take the place of there. */
const formulas: readonly (readonly [shader: string, name: string, formula: string])[] = [
  ...Object.values(UNARY).map((formula) => ["unary", "op", formula] as const),
  ...[ARITHMETIC, INTEGERS, COMPARISONS, INTEGER_COMPARISONS].flatMap((table) =>
    Object.values<string>(table).map((formula) => ["binary", "op", formula] as const)
  ),
  ...Object.values(ACTIVATIONS).flatMap(({ f, through }) =>
    [["activation", "f", f], ["activation_backward", "through", through]] as const
  ),
  ...(Object.keys(REDUCTION) as ReduceOp[]).flatMap((op) =>
    (["float32", "int32"] as const).flatMap((dtype) => {
      const { entry, join, outcome } = ruleOf(op, dtype);
      return Object.entries({ entry, join, outcome }).flatMap(([name, formula]) =>
        ["reduce_rows", "reduce_columns"].map((shader) => [shader, name, formula] as const)
      );
    })
  ),
];

Deno.test("every formula of the GPU device calls what its shader declares", () => {
  const wrong: string[] = [];
  for (const [shader, name, formula] of formulas) {
    const text = expand(shader, { [name]: formula }, SHADERS);
    for (const [, called] of formula.matchAll(/\b([A-Za-z_]\w*)\(/g)) {
      if (BUILT_IN.includes(called!) || new RegExp(`^fn ${called}\\(`, "m").test(text)) continue;
      wrong.push(`${shader}: ${formula} calls ${called}`);
    }
  }
  assertEquals(wrong, []);
});
