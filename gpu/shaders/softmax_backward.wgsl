// softmax_backward — dx[r, :] = y (g − Σ g y); of the logarithm: dx[r, :] = g − exp(y) Σ g
//
// definition   core/02_words/softmax.ts
//
// binding  name    type                  shape / meaning
// 0        y       storage, read         [rows, columns], what the forward kernel wrote
// 1        g       storage, read         [rows, columns], the gradient of y, contiguous
// 2        dx      storage, read_write   [rows, columns]
// 3        params  uniform               count = elements of a row, each of 1 or 4 numbers; offset of g in elements
//
// dispatch   a plane of ⌈rows · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction
// masked     a share of 0 passes no gradient back

alias Element = f32;

const LOGARITHM = false;

struct Params { rows: u32, count: u32, offset: u32 }

@group(0) @binding(0) var<storage, read> y: array<Element>;
@group(0) @binding(1) var<storage, read> g: array<Element>;
@group(0) @binding(2) var<storage, read_write> dx: array<Element>;
@group(0) @binding(3) var<uniform> params: Params;

// include math
// include team

fn exponentials(x: Element) -> Element { return exponential(x); }
fn total(x: Element) -> f32 { return x; }
fn combine(a: vec4f, b: vec4f) -> vec4f { return a + b; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = rowOf(group, groups, lane);
  let count = select(0u, params.count, row < params.rows);
  let first = row * params.count;
  var mine = Element(0.0);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let slope = g[params.offset + first + i];
    if (LOGARITHM) { mine += slope; } else { mine += slope * y[first + i]; }
  }
  let sum = together(vec4f(total(mine)), lane).x;
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let slope = g[params.offset + first + i];
    let value = y[first + i];
    if (LOGARITHM) { dx[first + i] = slope - exponentials(value) * sum; } else { dx[first + i] = value * (slope - sum); }
  }
}
