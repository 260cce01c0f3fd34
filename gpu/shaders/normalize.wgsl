// normalize — y[r, :] = (x[r, :] − μ) s γ + β, s = 1 / √(mean (x − μ)² + ε); μ the mean, or 0
//
// definition   core/05_transformer/normalization.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [rows, columns], contiguous
// 1        gain    storage, read         [columns], γ; anything if it is absent
// 2        bias    storage, read         [columns], β; anything if it is absent
// 3        y       storage, read_write   [rows, columns]
// 4        found   storage, read_write   [rows] fours, for the backward kernels: m, c r, r and unit
// 5        params  uniform               count = elements of a row, each of 1 or 4 numbers; offsets in elements;
//                                        flags of 0 or 1
//
// dispatch   a plane of ⌈rows · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction
// rounding   the variance of differences has no cancellation; E[x²] − E[x]² does. The mean m of large numbers is off by
//            its rounding; the rest c of it is the mean of the differences
// range      a row is multiplied by a power of two, unit, and ε by its square, which changes no other bit: squares
//            leave float32 long before the numbers do

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
@group(0) @binding(4) var<storage, read_write> found: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

// include team

fn total(x: Element) -> f32 { return x; }
fn largest(x: Element) -> f32 { return x; }
fn combine(a: vec4f, b: vec4f) -> vec4f { return vec4f(a.xyz + b.xyz, max(a.w, b.w)); }

// Leaves room for sums of large numbers.
const SMALL = 0x1p-24f;
// Less than the variance of any numbers of size 1 that differ.
const EQUAL = 1e-24;

// A power of two that brings numbers of a size into [1, 4), or as near as float32 allows.
fn unitFor(size: f32) -> f32 {
  let exponent = (bitcast<u32>(size) & 0x7fffffffu) >> 23u;
  return bitcast<f32>((254u - min(exponent, 253u)) << 23u);
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
  var small = Element(0.0);
  var size = Element(0.0);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let value = x[params.offset + first + i];
    small += value * SMALL;
    size = max(size, abs(value));
  }
  let whole = together(vec4f(total(small), 0.0, 0.0, largest(size)), lane);
  var unit = unitFor(max(whole.w, sqrt(params.epsilon)));
  var mean = 0.0;
  if (params.centred != 0u) { mean = whole.x / params.columns * unit / SMALL; }
  var squares = Element(0.0);
  var rests = Element(0.0);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let rest = x[params.offset + first + i] * unit - mean;
    squares += rest * rest;
    rests += rest;
  }
  let moments = together(vec4f(total(squares), total(rests), 0.0, 0.0), lane) / params.columns;
  var rest = 0.0;
  if (params.centred != 0u) { rest = moments.y; }
  // Not by `max`, which may lose NaN.
  let apart = moments.x - rest * rest;
  let variance = select(apart, 0.0, apart < 0.0) + params.epsilon * unit * unit;
  var scale = 1.0 / sqrt(variance);
  var shift = rest * scale;
  if (params.centred != 0u && params.epsilon > 0.0 && variance < EQUAL) {
    // The numbers are equal, and their mean is one of them: only epsilon is left to divide by.
    mean = (mean + rest) * unitFor(unit);
    unit = 1.0;
    scale = 1.0 / sqrt(params.epsilon);
    shift = 0.0;
  }
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    var value = (x[params.offset + first + i] * unit - mean) * scale - shift;
    if (params.hasGain != 0u) { value *= gain[params.gainOffset + i]; }
    if (params.hasBias != 0u) { value += bias[params.biasOffset + i]; }
    y[first + i] = value;
  }
  if (live && lane % WIDTH == 0u) { found[row] = vec4f(mean, shift, scale, unit); }
}
