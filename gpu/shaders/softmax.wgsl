// softmax — y[r, :] = exp(x[r, :] − m) / Σ exp(x[r, :] − m), m = max x[r, :], or its logarithm
//
// definition   core/02_words/softmax.ts
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [rows, columns], contiguous
// 1        partial  storage, read         [rows, parts], what softmax_parts found; anything if there is one part
// 2        y        storage, read_write   [rows, columns]
// 3        params   uniform               count = elements of a row, each of 1 or 4 numbers; offset of x in
//                                         elements; length = elements of a part
//
// dispatch   a plane of ⌈rows · parts · WIDTH / 256⌉ workgroups; parts ≤ WIDTH
// threads    WIDTH = 16, 64 or 256 to a row or a part of it, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction
// masked     −∞ gets exactly 0, its logarithm −∞; a row of nothing else yields zeros
// special    a row with NaN or ∞ is NaN throughout

const LOGARITHM = false;

struct Params { rows: u32, count: u32, offset: u32, parts: u32, length: u32 }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> params: Params;

// include softmax_row

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = rowOf(group, groups, lane);
  let live = number < params.rows * params.parts;
  let row = number / params.parts;
  let first = row * params.count;
  let start = number % params.parts * params.length;
  let end = select(0u, min(params.count, start + params.length), live);
  var found = NOTHING;
  if (params.parts == 1u) {
    found = scan(params.offset + first, end, lane);
  } else {
    if (live && lane % WIDTH < params.parts) { found = partial[row * params.parts + lane % WIDTH]; }
    found = together(found, lane);
  }
  // The maximum itself adds 1: only a row without an allowed score stays below.
  let sum = max(found.y, 0.5);
  let factor = 1.0 / sum;
  let shift = logarithm(sum);
  for (var i = start + lane % WIDTH; i < end; i += WIDTH) {
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
