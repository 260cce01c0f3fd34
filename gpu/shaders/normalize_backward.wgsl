// normalize_backward — dx[r, :] = s (g γ − u − h w), h = (x[r, :] − μ) s; w = mean g γ h, and u = mean g γ, or 0
//
// definition   core/05_transformer/normalization.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [rows, columns], contiguous
// 1        g       storage, read         [rows, columns], the gradient of y, contiguous
// 2        gain    storage, read         [columns], γ; anything if it is absent
// 3        found   storage, read         [rows] fours, of the forward kernel: m, c r, r and unit, which make
//                                        h = (unit x − m) r − c r and s = r unit
// 4        dx      storage, read_write   [rows, columns]
// 5        params  uniform               count = elements of a row, each of 1 or 4 numbers; offsets in elements;
//                                        flags of 0 or 1
//
// dispatch   a plane of ⌈rows · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction

alias Element = f32;

struct Params {
  rows: u32, count: u32, columns: f32, centred: u32,
  offset: u32, gradientOffset: u32, gainOffset: u32, hasGain: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> g: array<Element>;
@group(0) @binding(2) var<storage, read> gain: array<Element>;
@group(0) @binding(3) var<storage, read> found: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<Element>;
@group(0) @binding(5) var<uniform> params: Params;

// include team

fn total(x: Element) -> f32 { return x; }
fn combine(a: vec4f, b: vec4f) -> vec4f { return a + b; }

// The gradient of what the gain was multiplied with.
fn slopeAt(first: u32, i: u32) -> Element {
  let slope = g[params.gradientOffset + first + i];
  if (params.hasGain != 0u) { return slope * gain[params.gainOffset + i]; }
  return slope;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = rowOf(group, groups, lane);
  let live = row < params.rows;
  let count = select(0u, params.count, live);
  let first = row * params.count;
  let known = found[select(0u, row, live)];
  var slopes = Element(0.0);
  var products = Element(0.0);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let slope = slopeAt(first, i);
    slopes += slope;
    products += slope * ((x[params.offset + first + i] * known.w - known.x) * known.z - known.y);
  }
  let sums = together(vec4f(total(slopes), total(products), 0.0, 0.0), lane) / params.columns;
  let u = select(0.0, sums.x, params.centred != 0u);
  let w = sums.y;
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let h = (x[params.offset + first + i] * known.w - known.x) * known.z - known.y;
    dx[first + i] = known.z * (slopeAt(first, i) - u - h * w) * known.w;
  }
}
