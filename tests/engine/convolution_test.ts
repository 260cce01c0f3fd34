import { assertThrows } from "@std/assert";
import { averagePool1d, conv1d, conv2d, maxPool1d } from "../../core/engine/convolution.ts";
import { ones, zeros } from "../../core/engine/create.ts";
import { assertClose, build, Draws, indices, onEveryBackend, onReference } from "../support.ts";

onReference("conv2d() is the sevenfold loop", async () => {
  const draws = new Draws(9), x = draws.normal(2, 4, 7, 6), w = draws.normal(6, 2, 3, 2);
  const [stride, padding, dilation, groups] = [2, 1, 2, 2];
  const inside = (b: number, c: number, t: number, s: number): number =>
    t >= 0 && t < 7 && s >= 0 && s < 6 ? x.at(b, c, t, s) : 0;
  const expected = build([2, 6, 3, 3], (b, o, t, s) => {
    let sum = 0;
    for (const [c, k, l] of indices([2, 3, 2])) {
      const channel = Math.floor(o! / 3) * 2 + c!;
      const row = t! * stride + k! * dilation - padding, column = s! * stride + l! * dilation - padding;
      sum += w.at(o!, c!, k!, l!) * inside(b!, channel, row, column);
    }
    return sum;
  });
  await assertClose(conv2d(x.tensor(), w.tensor(), { stride, padding, dilation, groups }), expected, { length: 12 });
});

onEveryBackend("convolutions and pools say what disagrees", () => {
  assertThrows(() => conv1d(zeros([1, 4, 9]), zeros([2, 3, 3])), TypeError, "input channels must be");
  assertThrows(() => conv1d(zeros([1, 4, 2]), zeros([2, 4, 3])), RangeError, "Cannot slide windows of 3");
  assertThrows(() => maxPool1d(zeros([1, 4, 9]), 2, { padding: 2 }), RangeError, "at most half a window");
});

onReference("convolutions and pools refuse options that they do not know, and values out of range", () => {
  const [x, kernel] = [ones([1, 2, 8]), ones([2, 2, 3])];
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [() => conv1d(x, kernel, { strides: 2 } as never), TypeError, 'Cannot convolve with option "strides"'],
    [() => conv1d(x, kernel, { stride: 0 }), RangeError, "stride must be an integer of at least 1"],
    [() => conv1d(x, kernel, { padding: -1 }), RangeError, "padding must be an integer of at least 0"],
    [() => conv1d(x, kernel, { bias: 1 } as never), TypeError, "bias must be a Tensor"],
    [() => maxPool1d(x, 2, { pad: 1 } as never), TypeError, 'Cannot pool with option "pad"'],
    [() => averagePool1d(x, 2, { stride: 1.5 }), RangeError, "Cannot pool with stride = 1.5"],
  ];
  for (const [run, type, message] of refused) assertThrows(run, type, message);
});
