// softmax — y[r, :] = e^(x[r, :] − m) / Σ e^(x[r, :] − m), m = max x[r, :], or its logarithm
//
// definition   core/02_words/softmax.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [rows, columns], contiguous
// 1        y       storage, read_write   [rows, columns]
// 2        params  uniform               count = elements of a row, each of 1 or 4 numbers; offset of x in elements
//
// dispatch   a plane of ⌈rows · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction
// masked     −∞ gets exactly 0, its logarithm −∞; a row of nothing else yields zeros
// special    a row with NaN or ∞ is NaN throughout

const LOGARITHM = false;

struct Params { rows: u32, count: u32, offset: u32 }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> params: Params;

// include softmax_row

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = rowOf(group, groups, lane);
  let count = select(0u, params.count, row < params.rows);
  let first = row * params.count;
  let found = scan(params.offset + first, count, lane);
  // The maximum itself adds 1: only a row without an allowed score stays below.
  let sum = max(found.y, 0.5);
  let factor = 1.0 / sum;
  let shift = logarithm(sum);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let raw = x[params.offset + first + i];
    let forbidden = bitcast<Word>(raw) == Word(FORBIDDEN_BITS);
    let safe = select(raw, Element(LOWEST), forbidden);
    var value: Element;
    // Two subtractions: the sum of the two numbers would lose the digits of the smaller.
    if (LOGARITHM) { value = select(safe - found.x - shift, Element(fromBits(FORBIDDEN_BITS)), forbidden); }
    else { value = select(exponentials(safe - found.x) * factor, Element(0.0), forbidden); }
    if (found.w == WILD) { value = Element(notANumber()); }
    y[first + i] = value;
  }
}
