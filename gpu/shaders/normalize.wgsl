// normalize — y[r, :] = (x[r, :] − μ) s γ + β, s = 1 / √(mean (x − μ)² + ε); μ the mean, or 0
//
// definition   core/05_transformer/normalization.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [rows, columns], contiguous
// 1        gain    storage, read         [columns], γ; anything if it is absent
// 2        bias    storage, read         [columns], β; anything if it is absent
// 3        y       storage, read_write   [rows, columns]
// 4        scales  storage, read_write   [rows, 2], μ and s, for the backward kernels
// 5        params  uniform               count = elements of a row, each of 1 or 4 numbers; offsets in elements;
//                                        flags of 0 or 1
//
// dispatch   a plane of ⌈rows · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction
// rounding   the variance of differences has no cancellation; E[x²] − E[x]² does

alias Element = f32;

struct Params {
  rows: u32, count: u32, columns: f32, epsilon: f32,
  offset: u32, gainOffset: u32, biasOffset: u32, centred: u32,
  hasGain: u32, hasBias: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> gain: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<Element>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;
@group(0) @binding(4) var<storage, read_write> scales: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

// include team

fn total(x: Element) -> f32 { return x; }
fn combine(a: vec4f, b: vec4f) -> vec4f { return a + b; }

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
  var mean = 0.0;
  if (params.centred != 0u) {
    var mine = Element(0.0);
    for (var i = lane % WIDTH; i < count; i += WIDTH) { mine += x[params.offset + first + i]; }
    mean = together(vec4f(total(mine)), lane).x / params.columns;
  }
  var squares = Element(0.0);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let rest = x[params.offset + first + i] - mean;
    squares += rest * rest;
  }
  let scale = 1.0 / sqrt(together(vec4f(total(squares)), lane).x / params.columns + params.epsilon);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    var value = (x[params.offset + first + i] - mean) * scale;
    if (params.hasGain != 0u) { value *= gain[params.gainOffset + i]; }
    if (params.hasBias != 0u) { value += bias[params.biasOffset + i]; }
    y[first + i] = value;
  }
  if (live && lane % WIDTH == 0u) { scales[row] = vec2f(mean, scale); }
}
