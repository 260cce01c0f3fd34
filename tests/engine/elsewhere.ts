/** Operations while another device is current than that of their arguments. */

import { assertEquals } from "@std/assert";
import type { Backend } from "../../core/engine/backend.ts";
import { withBackend } from "../../core/engine/device.ts";
import { createReferenceDevice } from "../../core/engine/reference.ts";
import type { Tensor } from "../../core/engine/tensor.ts";

/** Asserts that all results lie on the device of the arguments, although another one is current. */
export function assertStayOn(device: Backend, run: () => readonly Tensor[]): void {
  for (const result of withBackend(createReferenceDevice(), run)) assertEquals(result.device, device);
}
