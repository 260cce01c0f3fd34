/**
 * What a program in every runtime and page does with the package: the same work on one thread and on two, by instructions that
 * all engines have, so that all of them must find the same bits.
 */
import { createWasmDevice, ones, Random, scaledDotProductAttention, withBackend } from "@heed/heed";

/** A number that stands for the bits of a list of numbers. */
function hash(numbers) {
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  return words.reduce((sum, word) => Math.imul(sum ^ word, 0x01000193) >>> 0, 0x811c9dc5);
}

/** The bits of a product of matrices and of causal attention; with several threads, once these have had time to start. */
async function bits(threads) {
  const device = createWasmDevice({ relaxed: false, threads });
  const random = new Random(1);
  const { left, right, heads } = withBackend(device, () => ({
    left: random.normal([256, 256]),
    right: random.normal([256, 256]),
    heads: random.normal([1, 4, 128, 32]),
  }));
  let product;
  for (let i = 0; i < (threads > 1 ? 40 : 1); i++) {
    product = left.matmul(right);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const attended = scaledDotProductAttention(heads, heads, heads, { causal: true });
  const found = [hash(await product.read()), hash(await attended.read())];
  device.dispose();
  return found;
}

/** What was found, and what computes here by default. */
export async function work() {
  const [alone, together] = [await bits(1), await bits(2)];
  return { alone, together, device: ones([1]).device.name, description: ones([1]).device.description };
}
