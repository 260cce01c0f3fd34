/** Generated from `gpu/shaders` by `deno task shaders`. */

/** The text of every shader, by the name of its file. */
export const SHADERS: Readonly<Record<string, string>> = {
  copy: `// copy — y[i] = x[i], between views of any strides, from one type of element to another
//
// definition   core/engine/backend.ts, \`copy\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         the source
// 1        y       storage, read_write   the target
// 2        params  uniform               count = elements; axes of y (first) and x (second)
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one element each

alias From = u32;
alias To = u32;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<From>;
@group(0) @binding(1) var<storage, read_write> y: array<To>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk
// include numbers

fn convert(x: From) -> To { return To(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let at = locate(i);
  y[at.x] = convert(x[at.y]);
}
`,
  numbers: `// numbers — what the language leaves open about numbers, decided
//
// Included by kernels that promise what NaN, infinity and conversions do. A compiler may assume that no
// NaN and no infinity exists, so both are recognized by their bits.

const INFINITY_BITS = 0x7f800000u;

fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > INFINITY_BITS; }

fn isInfinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == INFINITY_BITS; }

// A number from its bits that no compiler knows beforehand: constants must be finite.
fn fromBits(word: u32) -> f32 {
  var hidden = word;
  return bitcast<f32>(hidden);
}

fn notANumber() -> f32 { return fromBits(0x7fc00000u); }

fn infinity() -> f32 { return fromBits(INFINITY_BITS); }

// Towards zero; saturates, and NaN becomes 0.
fn toInteger(x: f32) -> i32 {
  if (isNan(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return -2147483647 - 1; }
  return i32(x);
}

// Everything but zero is true, NaN included.
fn isTrue(x: f32) -> u32 { return select(1u, 0u, (bitcast<u32>(x) & 0x7fffffffu) == 0u); }
`,
  walk: `// walk — where the elements of up to three views with common axes lie
//
// Included by kernels that take views of any strides. The axes are simplified before: neighbours that
// all views step through as one are one axis.

struct Axes {
  // offset of each view's first element; w = number of axes, at most 8
  offsets: vec4u,
  extents: array<vec4u, 2>,
  // elements per step along each axis, one component per view
  strides: array<vec4u, 8>,
}

// Offsets of the element number \`index\` of the common shape.
fn locate(index: u32) -> vec3u {
  var rest = index;
  var at = params.axes.offsets.xyz;
  for (var axis = params.axes.offsets.w; axis > 0u; axis--) {
    let i = axis - 1u;
    let extent = params.axes.extents[i / 4u][i % 4u];
    let step = rest % extent;
    rest = rest / extent;
    at += step * params.axes.strides[i].xyz;
  }
  return at;
}
`,
};
