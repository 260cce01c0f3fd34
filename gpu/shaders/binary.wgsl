// binary — y[i] = op(a[i], b[i]), of views of any strides
//
// definition   core/engine/backend.ts, `binary`; rules in core/engine/elementwise.ts
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         an operand: cells, or one number for each where it repeats
// 1        b       storage, read         the other
// 2        y       storage, read_write   the result, contiguous, in cells
// 3        params  uniform               count = cells; axes of a and b
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where both operands lie in fours or repeat, else one
// special    NaN as the rules say, also where a compiler may assume that there is none; comparisons are made
//            in integers, exact for subnormal numbers; a quotient is exactly rounded

alias Element = f32;
alias Result = f32;
alias Cell = vec4<Element>;
alias ResultCell = vec4<Result>;
alias Left = vec4<Element>;
alias Right = vec4<Element>;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> a: array<Left>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read_write> y: array<ResultCell>;
@group(0) @binding(3) var<uniform> params: Params;

// include walk
// include math

fn comparable(a: f32, b: f32) -> bool { return !(isNan(a) || isNan(b)); }

// Of two zeros the positive one is the greater, and equal numbers have equal bits.
fn greater(a: f32, b: f32) -> f32 {
  let p = bitcast<u32>(a);
  let q = bitcast<u32>(b);
  let found = select(select(q, p, orderOf(a) > orderOf(b)), p & q, orderOf(a) == orderOf(b));
  return bitcast<f32>(select(NAN_BITS, found, comparable(a, b)));
}

fn lesser(a: f32, b: f32) -> f32 {
  let p = bitcast<u32>(a);
  let q = bitcast<u32>(b);
  let found = select(select(q, p, orderOf(a) < orderOf(b)), p | q, orderOf(a) == orderOf(b));
  return bitcast<f32>(select(NAN_BITS, found, comparable(a, b)));
}

// The size of an integer; drivers are wrong about quotients and remainders of negative ones.
fn sizeOf(a: i32) -> u32 { return bitcast<u32>(select(a, -a, a < 0)); }

// Rounded towards −∞, wrapping around; 0 where b is 0.
fn integerQuotient(a: i32, b: i32) -> i32 {
  if (b == 0) { return 0; }
  let q = sizeOf(a) / sizeOf(b);
  let up = select(0u, 1u, q * sizeOf(b) != sizeOf(a));
  return select(bitcast<i32>(q), -bitcast<i32>(q + up), (a < 0) != (b < 0));
}

// What that quotient leaves over, with the sign of b; 0 where b is 0.
fn integerRemainder(a: i32, b: i32) -> i32 { return select(a - integerQuotient(a, b) * b, 0, b == 0); }

// By repeated squaring, wrapping around. Of a quotient 1 / a^|b| the integer part.
fn integerPower(a: i32, b: i32) -> i32 {
  if (b < 0) { return select(0, select(1, a, (b & 1) == 1), a == 1 || a == -1); }
  var result = 1;
  var square = a;
  for (var rest = b; rest > 0; rest = rest >> 1u) {
    if ((rest & 1) == 1) { result = result * square; }
    square = square * square;
  }
  return result;
}

fn op(a: Element, b: Element) -> Result { return a + b; }

fn each(a: vec4<Element>, b: vec4<Element>) -> vec4<Result> {
  return vec4<Result>(op(a.x, b.x), op(a.y, b.y), op(a.z, b.z), op(a.w, b.w));
}

fn apply(a: Cell, b: Cell) -> ResultCell { return each(a, b); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let at = locate(i);
  y[i] = apply(Cell(a[at.x]), Cell(b[at.y]));
}
