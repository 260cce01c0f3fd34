/** Generated from `gpu/shaders` by `deno task shaders`. */

/** The text of every shader, by the name of its file. */
export const SHADERS: Readonly<Record<string, string>> = {
  activation: `// activation — y[i] = f(x[i])
//
// definition   core/05_transformer/feed_forward.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         fours of numbers
// 1        y       storage, read_write   fours of numbers
// 2        params  uniform               count and offset of x, in fours
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, four numbers each
// special    as f is defined: relu(NaN) is 0, the others keep NaN

const LANES = 256u;

struct Params { count: u32, offset: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// include activation_functions

fn f(x: f32) -> f32 { return relu(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let v = x[params.offset + i];
  y[i] = vec4f(f(v.x), f(v.y), f(v.z), f(v.w));
}
`,
  activation_backward: `// activation_backward — dx[i] = g[i] f'(x[i])
//
// definition   core/05_transformer/feed_forward.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         fours of numbers
// 1        g       storage, read         fours of numbers, the gradient of y
// 2        dx      storage, read_write   fours of numbers
// 3        params  uniform               count, offsets of x and g, in fours
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, four numbers each

const LANES = 256u;

struct Params { count: u32, offset: u32, gradientOffset: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> g: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// include activation_functions

fn through(g: f32, x: f32) -> f32 { return select(0.0, g, x > 0.0); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let v = x[params.offset + i];
  let slope = g[params.gradientOffset + i];
  dx[i] = vec4f(through(slope.x, v.x), through(slope.y, v.y), through(slope.z, v.z), through(slope.w, v.w));
}
`,
  activation_functions: `// activation_functions — the non-linear functions between the layers, and their slopes
//
// name       value                                                      slope
// relu       max(x, 0)                                                  1 where x > 0, else 0
// silu       x σ(x)                                                     σ + x σ (1 − σ)
// gelu       x Φ(x), Φ the normal distribution                          Φ(x) + x φ(x)
// geluTanh   x σ(2u), u = √(2/π) (x + 0.044715 x³)                      σ + x σ (1 − σ) 2u'
//
// The last is usually written x/2 (1 + tanh u), the same number. 1 − σ(x) is taken as σ(−x), which does not
// cancel. Φ comes from the tail of |x|, so that it keeps its relative accuracy left of zero, where
// 1 + erf would cancel. Where a slope is flat, x is bounded: ∞ · 0 must not appear.

// include math

fn relu(x: f32) -> f32 { return select(0.0, x, x > 0.0); }

fn silu(x: f32) -> f32 { return x * logistic(x); }

fn siluSlope(x: f32) -> f32 {
  let s = logistic(x);
  return s + clamp(x, -100.0, 100.0) * s * logistic(-x);
}

// e^(−x²/2).
fn bell(x: f32) -> f32 { return exponential(-0.5 * x * x); }

// Φ(x), given the bell of x: for z = |x| / √2 the tail is e^−z² P(t) / 2 with t = 1 / (1 + 0.3 z), relative error 2e-8.
fn normalShare(x: f32, height: f32) -> f32 {
  let t = quotient(1.0, fma(0.3, min(abs(x), 20.0) * 0.7071067811865476, 1.0));
  var p = fma(-0.12940666728062325, t, 0.4849522351517036);
  p = fma(p, t, -0.5109010956657831);
  p = fma(p, t, 0.545984534526003);
  p = fma(p, t, -0.09331486527405297);
  p = fma(p, t, 0.21428398931076742);
  p = fma(p, t, 0.14852707248662014);
  p = fma(p, t, 0.17068465819695855);
  p = fma(p, t, 0.16919011914409726);
  let tail = 0.5 * height * (p * t);
  return select(1.0 - tail, tail, x < 0.0);
}

fn gelu(x: f32) -> f32 { return x * normalShare(x, bell(x)); }

fn geluSlope(x: f32) -> f32 {
  let height = bell(x);
  return normalShare(x, height) + clamp(x, -20.0, 20.0) * height * 0.3989422804014327;
}

// 2u.
fn tanhArgument(x: f32) -> f32 { return x * fma(x * x, 0.0713548162726, 1.5957691216057308); }

fn geluTanh(x: f32) -> f32 { return x * logistic(tanhArgument(x)); }

fn geluTanhSlope(x: f32) -> f32 {
  let z = tanhArgument(x);
  let s = logistic(z);
  let c = clamp(x, -20.0, 20.0);
  return s + c * s * logistic(-z) * fma(c * c, 0.2140644488178, 1.5957691216057308);
}
`,
  adam_step: `// adam_step — one step of Adam with decoupled weight decay, in place
//
//   m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   p ← (1 − λw) p − λ/c₁ · m / (√v / √c₂ + ε)
//
// definition   core/06_training/optimizers.ts, \`adamStep\`
//
// binding  name    type                  shape / meaning
// 0        p       storage, read_write   the parameter, contiguous
// 1        m       storage, read_write   the first moment, contiguous
// 2        v       storage, read_write   the second moment, contiguous
// 3        g       storage, read         the gradient, contiguous, multiplied with gradientScale first
// 4        params  uniform               count in numbers; offsets in elements, each of 1 or 4 numbers;
//                                        decay = 1 − λw, step = λ/c₁, correction = 1/√c₂
//
// dispatch   a plane of ⌈elements / 256⌉ workgroups
// threads    LANES = 256, one element each
// tail       what a last element of four holds beyond the parameter stays as it is

alias Element = f32;

const LANES = 256u;
const EACH = 1u;

struct Params {
  count: u32, pOffset: u32, mOffset: u32, vOffset: u32,
  gOffset: u32, decay: f32, step: f32, correction: f32,
  epsilon: f32, beta1: f32, rest1: f32, beta2: f32,
  rest2: f32, gradientScale: f32,
}

@group(0) @binding(0) var<storage, read_write> p: array<Element>;
@group(0) @binding(1) var<storage, read_write> m: array<Element>;
@group(0) @binding(2) var<storage, read_write> v: array<Element>;
@group(0) @binding(3) var<storage, read> g: array<Element>;
@group(0) @binding(4) var<uniform> params: Params;

// \`fresh\`, or what was there where the element lies beyond the parameter.
fn within(i: u32, old: Element, fresh: Element) -> Element { return fresh; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i * EACH >= params.count) { return; }
  let gradient = g[params.gOffset + i] * params.gradientScale;
  let first = m[params.mOffset + i] * params.beta1 + gradient * params.rest1;
  let second = v[params.vOffset + i] * params.beta2 + gradient * gradient * params.rest2;
  let direction = first / (sqrt(second) * params.correction + params.epsilon);
  let moved = p[params.pOffset + i] * params.decay - direction * params.step;
  p[params.pOffset + i] = within(i, p[params.pOffset + i], moved);
  m[params.mOffset + i] = within(i, m[params.mOffset + i], first);
  v[params.vOffset + i] = within(i, v[params.vOffset + i], second);
}
`,
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
  cross_entropy: `// cross_entropy — loss[r] = −(1 − ε) ln p[t] − ε / V Σ ln p, with p the softmax of row r and t = targets[r]
//
// definition   core/06_training/loss.ts
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [N, V], the logits, contiguous
// 1        targets  storage, read         [N], int32
// 2        loss     storage, read_write   [N]
// 3        maximum  storage, read_write   [N], m = max x
// 4        sum      storage, read_write   [N], Σ e^(x − m), at least one half
// 5        params   uniform               count = elements of a row, each of 1 or 4 numbers; offsets and step in
//                                         elements of their own; smoothing = ε
//
// dispatch   a plane of ⌈N · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction
// masked     a target equal to \`ignored\` costs 0, whatever its row holds
// special    ∞ where the target's class is forbidden by −∞, or any is and ε > 0; NaN where the row has NaN or
//            ∞, and where the target is no class: a GPU cannot refuse it without waiting

struct Params {
  rows: u32, count: u32, classes: u32, offset: u32,
  targetOffset: u32, targetStep: u32, ignored: i32, smoothing: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> maximum: array<f32>;
@group(0) @binding(4) var<storage, read_write> sum: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// include softmax_row

fn numberAt(i: u32) -> f32 { return x[i]; }

// The loss of a row that is not ignored.
fn surprise(first: u32, id: u32, found: vec4f, s: f32) -> f32 {
  if (id >= params.classes || found.w == WILD) { return notANumber(); }
  let right = numberAt(first * (params.classes / params.count) + id);
  let never = bitcast<u32>(right) == FORBIDDEN_BITS;
  if (never || (params.smoothing > 0.0 && found.w == FORBIDDEN)) { return infinity(); }
  var value = found.x - right;
  if (params.smoothing > 0.0) {
    let spread = found.x - found.z / f32(params.classes);
    value = (1.0 - params.smoothing) * value + params.smoothing * spread;
  }
  return value + logarithm(s);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = rowOf(group, groups, lane);
  let live = row < params.rows;
  let id = targets[params.targetOffset + select(0u, row, live) * params.targetStep];
  let asked = id != params.ignored;
  let first = params.offset + row * params.count;
  let found = scan(first, select(0u, params.count, live && asked), lane);
  if (live && lane % WIDTH == 0u) {
    let s = max(found.y, 0.5);
    var value = 0.0;
    if (asked) { value = surprise(first, u32(id), found, s); }
    loss[row] = value;
    maximum[row] = found.x;
    // What is no number now makes the gradient no number later.
    sum[row] = select(s, notANumber(), isNan(value));
  }
}
`,
  cross_entropy_backward: `// cross_entropy_backward — dx[r, v] = g[r] (p[v] − (1 − ε) [v = t] − ε / V), p the softmax of row r
//
// definition   core/06_training/loss.ts
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [N, V], the logits, contiguous
// 1        targets  storage, read         [N], int32
// 2        maximum  storage, read         [N], of the forward kernel
// 3        sum      storage, read         [N], of the forward kernel
// 4        g        storage, read         [N], the gradient of the losses
// 5        dx       storage, read_write   [N, V]
// 6        params   uniform               count = elements of a row, each of 1 or 4 numbers; offsets and steps in
//                                         elements of their own; smoothing = ε
//
// dispatch   a plane of ⌈N · WIDTH / 256⌉ workgroups
// threads    WIDTH = 16, 64 or 256 to a row, neighbours take neighbouring elements
// masked     the row of an ignored target is 0; −∞ has probability 0
// special    NaN throughout a row whose loss is NaN

alias Element = f32;
alias Word = u32;

const FORBIDDEN_BITS = 0xff800000u;
const LANES = 256u;
const WIDTH = 64u;

struct Params {
  rows: u32, count: u32, classes: u32, offset: u32,
  targetOffset: u32, targetStep: u32, ignored: i32, smoothing: f32,
  gradientOffset: u32, gradientStep: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read> maximum: array<f32>;
@group(0) @binding(3) var<storage, read> sum: array<f32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Element>;
@group(0) @binding(6) var<uniform> params: Params;

// include math

fn exponentials(x: Element) -> Element { return exponential(x); }
fn classesOf(i: u32) -> Word { return i; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * (LANES / WIDTH) + lane / WIDTH;
  if (row >= params.rows) { return; }
  let id = targets[params.targetOffset + row * params.targetStep];
  let asked = id != params.ignored;
  let slope = g[params.gradientOffset + row * params.gradientStep];
  let m = maximum[row];
  let s = sum[row];
  let broken = isNan(s);
  let factor = slope / s;
  let spread = slope * params.smoothing / f32(params.classes);
  let hit = slope * (1.0 - params.smoothing);
  for (var i = lane % WIDTH; i < params.count; i += WIDTH) {
    let raw = x[params.offset + row * params.count + i];
    let forbidden = bitcast<Word>(raw) == Word(FORBIDDEN_BITS);
    let e = select(exponentials(select(raw, Element(m), forbidden) - m), Element(0.0), forbidden);
    var value = e * factor - spread;
    value -= select(Element(0.0), Element(hit), classesOf(i) == Word(u32(id)));
    if (broken) { value = Element(notANumber()); }
    if (!asked) { value = Element(0.0); }
    dx[row * params.count + i] = value;
  }
}
`,
  dropout: `// dropout — y[i] = x[i] / (1 − rate) if ⌊word(i) / 2⁸⌋ ≥ rate · 2²⁴, else x[i] · 0
//
// definition   core/engine/dropout.ts; core/engine/random.ts, whose words these are
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         fours of numbers
// 1        y       storage, read_write   fours of numbers
// 2        params  uniform               count and offset of x, in fours; the two words of key and first block;
//                                        threshold = ⌈rate · 2²⁴⌉, scale = 1 / (1 − rate)
//
// Threefry-2x32 with 20 rounds (Salmon et al. 2011) turns the number of a block into two words; element i takes
// word i mod 2 of block ⌊i/2⌋. Drawing again costs less than keeping the decisions: the backward pass is this
// same kernel on the gradient.
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, two blocks and so four numbers each

const LANES = 256u;

struct Params {
  count: u32, offset: u32, threshold: u32, scale: f32,
  key: vec2u, start: vec2u,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// The words of two blocks: the first words of both, the second words of both.
struct Words { a: vec2u, b: vec2u }

fn turn(w: Words, bits: u32) -> Words {
  let a = w.a + w.b;
  return Words(a, ((w.b << vec2u(bits)) | (w.b >> vec2u(32u - bits))) ^ a);
}

fn oddRounds(w: Words) -> Words { return turn(turn(turn(turn(w, 13u), 15u), 26u), 6u); }

fn evenRounds(w: Words) -> Words { return turn(turn(turn(turn(w, 17u), 29u), 16u), 24u); }

fn inject(w: Words, a: u32, b: u32) -> Words { return Words(w.a + vec2u(a), w.b + vec2u(b)); }

fn threefry(counter: Words) -> Words {
  let k0 = params.key.x;
  let k1 = params.key.y;
  let k2 = k0 ^ k1 ^ 0x1bd11bdau;
  var w = inject(counter, k0, k1);
  w = inject(oddRounds(w), k1, k2 + 1u);
  w = inject(evenRounds(w), k2, k0 + 2u);
  w = inject(oddRounds(w), k0, k1 + 3u);
  w = inject(evenRounds(w), k1, k2 + 4u);
  return inject(oddRounds(w), k2, k0 + 5u);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  // Where the low word passed 2³², the high word is one more.
  let low = vec2u(params.start.x) + vec2u(2u * i, 2u * i + 1u);
  let high = vec2u(params.start.y) + select(vec2u(0u), vec2u(1u), low < vec2u(params.start.x));
  let w = threefry(Words(low, high));
  let words = vec4u(w.a.x, w.b.x, w.a.y, w.b.y) >> vec4u(8u);
  y[i] = x[params.offset + i] * select(vec4f(0.0), vec4f(params.scale), words >= vec4u(params.threshold));
}
`,
  math: `// math — elementary functions whose error is known
//
// Included by kernels. The language promises little about its own exp, log, tanh, sin, pow, / and sqrt: some
// drivers give infinity for exp(NaN), NaN for tanh(∞), or flush subnormal numbers. These functions use
// additions, multiplications and integers only, and a quotient where its error is corrected afterwards.
//
// error      at most 2.5 units in the last place, whether a driver fuses products and sums or not;
//            divide, squareRoot and remainder are exactly rounded, in integers
// special    NaN, ±∞, ±0 and overflow by bits; results below 2^-126 are 0, except of divide, remainder, power
// reduction  Cody–Waite for the exponential; sine and cosine multiply by 2/π in integers (Payne–Hanek),
//            so that every float32 argument keeps all its digits
// sources    logarithm, tangent, error function, sine: Cephes (Moshier 1989); power: fdlibm (Sun 1993)
//
// A compiler may reorder sums; where that would lose digits the head of a number is cut off by a mask,
// which no rule of algebra undoes.

// include numbers

const NAN_BITS = 0x7fc00000u;
const SIGN_BIT = 0x80000000u;

// The quotient of moderate numbers, to about one unit in the last place.
fn quotient(a: f32, b: f32) -> f32 {
  let q = a / b;
  return q + fma(-q, b, a) / b;
}

// e^x. Below −87.33, where the result would be subnormal, it is 0.
fn exponential(x: f32) -> f32 {
  let t = clamp(x, -87.33, 88.72283);
  let n = round(t * 1.44269504);
  // 355 / 512 is the high part of ln 2. The product is taken in integers, or a compiler would add both parts up.
  let r = fma(n, 2.12194440e-4, t - f32(i32(n) * 355) * 0x1p-9f);
  var p = fma(0.0013843592324525, r, 0.0083742079732145);
  p = fma(p, r, 0.0416680055512019);
  p = fma(p, r, 0.1666643065861291);
  p = fma(p, r, 0.4999999418631034);
  p = fma(p, r, 1.0);
  p = fma(p, r, 1.0);
  var y = bitcast<u32>(p) + (bitcast<u32>(i32(n)) << 23u);
  y = select(y, 0u, x < -87.33);
  y = select(y, INFINITY_BITS, x > 88.72283);
  return bitcast<f32>(select(y, NAN_BITS, isNan(x)));
}

fn exponential4(x: vec4f) -> vec4f {
  return vec4f(exponential(x.x), exponential(x.y), exponential(x.z), exponential(x.w));
}

// ln(1 + r) for 1 + r in [√½, √2], plus exponent · ln 2.
fn logarithmNearOne(r: f32, exponent: f32) -> f32 {
  let square = r * r;
  var p = fma(7.0376836292e-2, r, -1.1514610310e-1);
  p = fma(p, r, 1.1676998740e-1);
  p = fma(p, r, -1.2420140846e-1);
  p = fma(p, r, 1.4249322787e-1);
  p = fma(p, r, -1.6668057665e-1);
  p = fma(p, r, 2.0000714765e-1);
  p = fma(p, r, -2.4999993993e-1);
  p = fma(p, r, 3.3333331174e-1);
  p = p * r * square;
  p = fma(exponent, -2.12194440e-4, p);
  p = fma(square, -0.5, p);
  return fma(exponent, 0.693359375, r + p);
}

// ln of a positive finite number given by its bits.
fn logarithmOfBits(word: u32) -> f32 {
  // A subnormal number w · 2^-149 is the float32 number w, an exact conversion, times 2^-149.
  let subnormal = word < 0x00800000u;
  let wide = select(word, bitcast<u32>(f32(word)), subnormal);
  // Subtracting the bits of √½ makes the exponent change there and not at one.
  let shifted = bitcast<i32>(wide) - 0x3f3504f3;
  let exponent = (shifted >> 23u) - select(0, 149, subnormal);
  let m = bitcast<f32>((shifted & 0x007fffff) + 0x3f3504f3);
  return logarithmNearOne(m - 1.0, f32(exponent));
}

// What a logarithm is where its argument is no positive finite number: −∞ of zero, NaN of negative ones.
fn logarithmOfRest(word: u32, y: f32) -> f32 {
  let size = word & 0x7fffffffu;
  var result = select(bitcast<u32>(y), INFINITY_BITS, word == INFINITY_BITS);
  result = select(result, NAN_BITS, word > INFINITY_BITS);
  return bitcast<f32>(select(result, INFINITY_BITS | SIGN_BIT, size == 0u));
}

fn logarithm(x: f32) -> f32 {
  let word = bitcast<u32>(x);
  return logarithmOfRest(word, logarithmOfBits(clamp(word, 1u, INFINITY_BITS - 1u)));
}

fn logarithm4(x: vec4f) -> vec4f {
  return vec4f(logarithm(x.x), logarithm(x.y), logarithm(x.z), logarithm(x.w));
}

// ln(1 + x). Near zero x itself is what exceeds one; elsewhere what rounding took from 1 + x is put back.
fn logarithmOfOnePlus(x: f32) -> f32 {
  let u = 1.0 + x;
  let word = bitcast<u32>(u);
  if (isNan(x)) { return x; }
  if (x > -0.29 && x < 0.41) {
    // The sign of zero and the digits of small numbers are those of x.
    if (abs(x) < 1e-8) { return x; }
    return logarithmNearOne(x, 0.0);
  }
  let y = logarithmOfBits(clamp(word, 1u, INFINITY_BITS - 1u));
  let lost = select(0.0, (x - (u - 1.0)) / u, x > -1.0 && x < 1e9);
  return logarithmOfRest(word, y + lost);
}

// An odd polynomial below 0.625, 1 − 2 / (e^2|x| + 1) above.
fn hyperbolicTangent(x: f32) -> f32 {
  let size = min(abs(x), 10.0);
  let z = size * size;
  var p = fma(-5.70498872745e-3, z, 2.06390887954e-2);
  p = fma(p, z, -5.37397155531e-2);
  p = fma(p, z, 1.33314442036e-1);
  p = fma(p, z, -3.33332819422e-1);
  let near = fma(p * z, size, size);
  let far = 1.0 - quotient(2.0, exponential(2.0 * size) + 1.0);
  let word = bitcast<u32>(x);
  let y = bitcast<u32>(select(far, near, size < 0.625)) | (word & SIGN_BIT);
  return bitcast<f32>(select(y, NAN_BITS, isNan(x)));
}

fn hyperbolicTangent4(x: vec4f) -> vec4f {
  return vec4f(hyperbolicTangent(x.x), hyperbolicTangent(x.y), hyperbolicTangent(x.z), hyperbolicTangent(x.w));
}

// With e = e^−|x| it is 1 / (1 + e) or, for negative x, e / (1 + e).
fn logistic(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return bitcast<f32>(select(bitcast<u32>(quotient(select(1.0, e, x < 0.0), 1.0 + e)), NAN_BITS, isNan(x)));
}

fn logistic4(x: vec4f) -> vec4f {
  return vec4f(logistic(x.x), logistic(x.y), logistic(x.z), logistic(x.w));
}

// An odd polynomial below one, 1 − e^−x² P(1/x²)/x above.
fn errorFunction(x: f32) -> f32 {
  let size = min(abs(x), 4.5);
  let z = size * size;
  var t = fma(7.853861353153693e-5, z, -8.010193625184903e-4);
  t = fma(t, z, 5.188327685732524e-3);
  t = fma(t, z, -2.685381193529856e-2);
  t = fma(t, z, 1.128358514861418e-1);
  t = fma(t, z, -3.761262582423300e-1);
  t = fma(t, z, 1.128379165726710) * size;
  let q = 1.0 / max(size, 0.5);
  let y = q * q;
  var p = fma(2.326819970068386e-2, y, -1.387039388740657e-1);
  p = fma(p, y, 3.687424674597105e-1);
  p = fma(p, y, -5.824733027278666e-1);
  p = fma(p, y, 6.210004621745983e-1);
  p = fma(p, y, -4.944515323274145e-1);
  p = fma(p, y, 3.404879937665872e-1);
  p = fma(p, y, -2.741127028184656e-1);
  p = fma(p, y, 5.638259427386472e-1);
  let far = 1.0 - exponential(-z) * q * p;
  let word = bitcast<u32>(x);
  let r = bitcast<u32>(select(far, t, size < 1.0)) | (word & SIGN_BIT);
  return bitcast<f32>(select(r, NAN_BITS, isNan(x)));
}

fn errorFunction4(x: vec4f) -> vec4f {
  return vec4f(errorFunction(x.x), errorFunction(x.y), errorFunction(x.z), errorFunction(x.w));
}

// The value of x as an integer that orders numbers as they are ordered, zeros of both signs as one. Exact
// where a driver takes a subnormal number for zero; for NaN it means nothing.
fn orderOf(x: f32) -> i32 {
  let word = bitcast<i32>(x);
  return select(word, -(word & 0x7fffffff), word < 0);
}

fn absolute(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & ~SIGN_BIT); }

// −1, 0 or 1; zeros and NaN stay what they are.
fn signOf(x: f32) -> f32 {
  let word = bitcast<u32>(x);
  let same = (word & ~SIGN_BIT) == 0u || isNan(x);
  return bitcast<f32>(select((word & SIGN_BIT) | 0x3f800000u, word, same));
}

// From 2^23 on every number is whole, infinity included.
fn floorOf(x: f32) -> f32 {
  let word = bitcast<u32>(x);
  let size = word & ~SIGN_BIT;
  let whole = size >= 0x4b000000u || size == 0u;
  return bitcast<f32>(select(bitcast<u32>(floor(x)), word, whole));
}

// A positive finite number as significand · 2^(exponent − 150), the significand in [2^23, 2^24).
struct Parts { significand: u32, exponent: i32 }

fn partsOf(size: u32) -> Parts {
  if (size >= 0x00800000u) { return Parts((size & 0x007fffffu) | 0x00800000u, i32(size >> 23u)); }
  let lift = countLeadingZeros(max(size, 1u)) - 8u;
  return Parts(size << lift, 1 - i32(lift));
}

// The bits of significand · 2^(exponent − 150) + a little, where \`above\` says on which side of a half of the
// last place that little lies: −1 below, 0 at the half, 1 above. Rounds to even; overflows to infinity.
fn rounded(significand: u32, exponent: i32, above: i32, inexact: bool) -> u32 {
  if (exponent >= 1) {
    let up = above > 0 || (above == 0 && (significand & 1u) == 1u);
    let word = (u32(min(exponent, 255)) << 23u) + (significand & 0x007fffffu) + select(0u, 1u, up);
    return min(select(word, INFINITY_BITS, exponent >= 255), INFINITY_BITS);
  }
  let shift = u32(min(1 - exponent, 25));
  let kept = significand >> shift;
  let rest = significand & ((1u << shift) - 1u);
  let half = 1u << (shift - 1u);
  let up = rest > half || (rest == half && (inexact || (kept & 1u) == 1u));
  return kept + select(0u, 1u, up);
}

// a / b, exactly rounded: a driver's quotient may be wrong by 2.5 units in the last place. What it leaves
// over is found exactly in integers, which need only be right modulo 2^32.
fn divide(a: f32, b: f32) -> f32 {
  let p = bitcast<u32>(a);
  let q = bitcast<u32>(b);
  let minus = (p ^ q) & SIGN_BIT;
  let m = p & ~SIGN_BIT;
  let n = q & ~SIGN_BIT;
  if (max(m, n) >= INFINITY_BITS || min(m, n) == 0u) {
    let none = max(m, n) > INFINITY_BITS || (m == n);
    let size = select(INFINITY_BITS, 0u, m == 0u || n == INFINITY_BITS);
    return bitcast<f32>(select(size | minus, NAN_BITS, none));
  }
  let x = partsOf(m);
  let y = partsOf(n);
  let less = x.significand < y.significand;
  var s = u32(f32(x.significand) / f32(y.significand) * select(8388608.0, 16777216.0, less));
  var rest = bitcast<i32>((x.significand << select(23u, 24u, less)) - s * y.significand);
  let unit = i32(y.significand);
  for (var i = 0; i < 4 && rest < 0; i++) {
    s--;
    rest += unit;
  }
  for (var i = 0; i < 4 && rest >= unit; i++) {
    s++;
    rest -= unit;
  }
  let exponent = x.exponent - y.exponent + select(127, 126, less);
  return bitcast<f32>(minus | rounded(s, exponent, sign(2 * rest - unit), rest > 0));
}

// The square root, exactly rounded in the same way.
fn squareRoot(x: f32) -> f32 {
  let word = bitcast<u32>(x);
  if ((word & ~SIGN_BIT) == 0u || word >= INFINITY_BITS) {
    return bitcast<f32>(select(NAN_BITS, word, (word & ~SIGN_BIT) == 0u || word == INFINITY_BITS));
  }
  let m = partsOf(word);
  let even = (m.exponent & 1) == 0;
  // significand · 2^23 or 2^24, whichever leaves an even exponent, lies in [2^46, 2^48).
  var s = u32(sqrt(f32(m.significand)) * select(2896.3093757, 4096.0, even));
  var rest = bitcast<i32>((m.significand << select(23u, 24u, even)) - s * s);
  for (var i = 0; i < 8 && rest < 0; i++) {
    s--;
    rest += i32(2u * s + 1u);
  }
  for (var i = 0; i < 8 && rest > i32(2u * s); i++) {
    rest -= i32(2u * s + 1u);
    s++;
  }
  let exponent = u32((m.exponent + select(127, 126, even)) / 2);
  return bitcast<f32>((exponent << 23u) + (s & 0x007fffffu) + select(0u, 1u, rest > i32(s)));
}

// What a / b leaves over when the quotient is rounded towards −∞, exactly: it has the sign of b.
fn remainder(a: f32, b: f32) -> f32 {
  let p = bitcast<u32>(a);
  let q = bitcast<u32>(b);
  let m = p & ~SIGN_BIT;
  let n = q & ~SIGN_BIT;
  if (m >= INFINITY_BITS || n > INFINITY_BITS || n == 0u) { return notANumber(); }
  var size = m;
  if (m >= n) {
    let x = partsOf(m);
    let y = partsOf(n);
    var rest = x.significand % y.significand;
    var left = u32(x.exponent - y.exponent);
    while (left > 0u && rest > 0u) {
      let step = min(left, 8u);
      rest = (rest << step) % y.significand;
      left -= step;
    }
    size = 0u;
    if (rest > 0u) {
      let lift = countLeadingZeros(rest) - 8u;
      size = rounded(rest << lift, y.exponent - i32(lift), -1, false);
    }
  }
  let rest = bitcast<f32>(size | (p & SIGN_BIT));
  if (size == 0u || ((p ^ q) & SIGN_BIT) == 0u) { return rest; }
  return rest + b;
}

// The high and the low word of a product.
fn wideProduct(a: u32, b: u32) -> vec2u {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let low = a0 * b0;
  let middle = a1 * b0 + (low >> 16u);
  let cross = a0 * b1 + (middle & 0xffffu);
  return vec2u(a1 * b1 + (middle >> 16u) + (cross >> 16u), (cross << 16u) | (low & 0xffffu));
}

// The bits of 2/π behind 32 zeros.
fn twoOverPi(i: u32) -> u32 {
  var bits = array<u32, 8>(
    0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu,
  );
  return bits[i];
}

// A quarter turn: the number of quarters modulo 4, and what is left, in [−π/4, π/4].
struct Turn { quarters: u32, angle: f32 }

// |x| · 2/π modulo 4 to 94 binary places: bits of 2/π of more weight contribute whole turns, and the
// significand of x is multiplied by the 96 that follow.
fn turnOf(size: u32) -> Turn {
  if (size < 0x3f490fdbu) { return Turn(0u, bitcast<f32>(size)); }
  let m = (size & 0x007fffffu) | 0x00800000u;
  let start = (size >> 23u) - 120u;
  let word = start / 32u;
  let shift = start % 32u;
  var w = array<u32, 3>(0u, 0u, 0u);
  for (var i = 0u; i < 3u; i++) {
    let high = twoOverPi(word + i);
    let low = twoOverPi(min(word + i + 1u, 7u));
    w[i] = select(high, (high << shift) | (low >> (32u - max(shift, 1u))), shift > 0u);
  }
  let low = wideProduct(m, w[2]);
  let middle = wideProduct(m, w[1]);
  let p1 = middle.y + low.x;
  let carry = select(0u, 1u, p1 < low.x);
  let p0 = m * w[0] + middle.x + carry;
  // Two bits of quarters, then the fraction; from one half on it is counted from the next quarter.
  var f = vec3u((p0 << 2u) | (p1 >> 30u), (p1 << 2u) | (low.y >> 30u), low.y << 2u);
  let minus = (f.x >> 31u) == 1u;
  let quarters = ((p0 >> 30u) + select(0u, 1u, minus)) & 3u;
  f = select(f, ~f, minus);
  // The first 32 bits that are not zero; the fraction of a float32 has no more than 32 zeros before them.
  var unit = 0x1p-32f;
  if (f.x == 0u) {
    f = vec3u(f.y, f.z, 0u);
    unit = 0x1p-64f;
  }
  let lead = countLeadingZeros(f.x);
  let digits = select(f.x, (f.x << lead) | (f.y >> (32u - max(lead, 1u))), lead > 0u);
  let angle = f32(digits) * unit * bitcast<f32>((127u - lead) << 23u) * 1.57079633;
  return Turn(quarters, select(angle, -angle, minus));
}

// Sine (\`quarters\` = 0) or cosine (1) of a positive number.
fn sineOfTurn(turn: Turn, quarters: u32) -> f32 {
  let r = turn.angle;
  let z = r * r;
  let q = turn.quarters + quarters;
  var s = fma(-1.9515295891e-4, z, 8.3321608736e-3);
  s = fma(s, z, -1.6666654611e-1);
  s = fma(s * z, r, r);
  var c = fma(2.443315711809948e-5, z, -1.388731625493765e-3);
  c = fma(c, z, 4.166664568298827e-2);
  c = fma(c * z, z, fma(-0.5, z, 1.0));
  let y = select(s, c, (q & 1u) == 1u);
  return select(y, -y, (q & 2u) == 2u);
}

fn sine(x: f32) -> f32 {
  let word = bitcast<u32>(x);
  let size = word & ~SIGN_BIT;
  if (size >= INFINITY_BITS) { return notANumber(); }
  if (size < 0x39000000u) { return x; }
  return bitcast<f32>(bitcast<u32>(sineOfTurn(turnOf(size), 0u)) ^ (word & SIGN_BIT));
}

fn cosine(x: f32) -> f32 {
  let size = bitcast<u32>(x) & ~SIGN_BIT;
  if (size >= INFINITY_BITS) { return notANumber(); }
  return sineOfTurn(turnOf(size), 1u);
}

// The first twelve bits of a number's significand, whose products with others of the kind are exact.
fn headOf(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }

// |a|^b for finite a ≠ 0 and finite b: log₂ a as the sum of two numbers, then b times it, then two to that.
fn powerOfSize(size: u32, b: f32) -> f32 {
  let parts = partsOf(size);
  let digits = parts.significand & 0x007fffffu;
  // Near 1 or near 1.5, in [√¾, √3).
  let half = digits > 0x1cc471u && digits < 0x5db3d7u;
  let next = digits >= 0x5db3d7u;
  let m = bitcast<f32>(select(0x3f800000u, 0x3f000000u, next) | digits);
  let whole = f32(parts.exponent - 127 + select(0, 1, next));
  let base = select(1.0, 1.5, half);
  let u = m - base;
  let v = 1.0 / (m + base);
  let s = u * v;
  let sHigh = headOf(s);
  let tHigh = headOf(m + base);
  let tLow = m - (tHigh - base);
  let sLow = v * ((u - sHigh * tHigh) - sHigh * tLow);
  let s2 = s * s;
  var r = fma(s2, 0.20697501, 0.23066075);
  r = fma(s2, r, 0.27272811);
  r = fma(s2, r, 0.33333333);
  r = fma(s2, r, 0.42857143);
  r = fma(s2, r, 0.60000002) * s2 * s2;
  r += sLow * (sHigh + s);
  let square = sHigh * sHigh;
  let cHigh = headOf(3.0 + square + r);
  let cLow = r - ((cHigh - 3.0) - square);
  // 2 / (3 ln 2) times s · (3 + s² + …)
  let e = sHigh * cHigh;
  let f = sLow * cHigh + cLow * s;
  let pHigh = headOf(e + f);
  let pLow = f - (pHigh - e);
  let zHigh = 0.96191406 * pHigh;
  let zLow = fma(-1.1736857e-4, pHigh, fma(pLow, 0.9617967, select(0.0, 1.56322085e-6, half)));
  let shift = select(0.0, 0.584960938, half);
  let high = headOf(((zHigh + zLow) + shift) + whole);
  let low = zLow - (((high - whole) - shift) - zHigh);
  // b · log₂ |a|, whose integer part goes to the exponent
  let bHigh = headOf(b);
  let tail = fma(b - bHigh, high, b * low);
  let product = bHigh * high;
  let total = product + tail;
  if (total >= 128.0 || product >= 1e30) { return infinity(); }
  if (total < -151.0 || product <= -1e30) { return 0.0; }
  let n = round(total);
  let rest = (product - n) + tail;
  let g = headOf(rest);
  let h = ((product - n) - g) + tail;
  let y = g * 0.69314575;
  let w = fma(g, 1.42860654e-6, h * 0.69314718);
  let x = y + w;
  var p = fma(0.0013843592324525, x, 0.0083742079732145);
  p = fma(p, x, 0.0416680055512019);
  p = fma(p, x, 0.1666643065861291);
  p = fma(p, x, 0.4999999418631034);
  p = fma(p * x, x, x) + 1.0;
  let q = partsOf(bitcast<u32>(p));
  return bitcast<f32>(rounded(q.significand, q.exponent + i32(n), -1, true));
}

// a^b with the special cases of IEEE 754: whatever to the 0, and 1 to whatever, is 1.
fn power(a: f32, b: f32) -> f32 {
  let size = bitcast<u32>(a) & ~SIGN_BIT;
  let step = bitcast<u32>(b) & ~SIGN_BIT;
  if (step == 0u || bitcast<u32>(a) == 0x3f800000u) { return 1.0; }
  if (size > INFINITY_BITS || step > INFINITY_BITS) { return notANumber(); }
  if (bitcast<u32>(b) == 0x40000000u) { return a * a; }
  // From 2^24 on every float32 is even, infinity included.
  let whole = step >= 0x4b800000u || floor(b) == b;
  let odd = whole && step < 0x4b800000u && (i32(clamp(b, -16777216.0, 16777216.0)) & 1) == 1;
  let negative = bitcast<u32>(a) != size;
  let rises = bitcast<u32>(b) == step;
  let flip = select(0u, SIGN_BIT, odd && negative);
  if (step == INFINITY_BITS) {
    if (size == 0x3f800000u) { return 1.0; }
    return fromBits(select(0u, INFINITY_BITS, (size > 0x3f800000u) == rises));
  }
  if (size == 0u || size == INFINITY_BITS) {
    return fromBits(flip | select(INFINITY_BITS, 0u, (size == 0u) == rises));
  }
  if (negative && !whole) { return notANumber(); }
  return bitcast<f32>(bitcast<u32>(powerOfSize(size, b)) | flip);
}
`,
  normalize: `// normalize — y[r, :] = (x[r, :] − μ) s γ + β, s = 1 / √(mean (x − μ)² + ε); μ the mean, or 0
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
`,
  normalize_backward: `// normalize_backward — dx[r, :] = s (g γ − u − h w), h = (x[r, :] − μ) s; w = mean g γ h, and u = mean g γ, or 0
//
// definition   core/05_transformer/normalization.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [rows, columns], contiguous
// 1        g       storage, read         [rows, columns], the gradient of y, contiguous
// 2        gain    storage, read         [columns], γ; anything if it is absent
// 3        scales  storage, read         [rows, 2], μ and s, of the forward kernel
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
@group(0) @binding(3) var<storage, read> scales: array<vec2f>;
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
  let found = scales[select(0u, row, live)];
  let mean = found.x;
  let scale = found.y;
  var slopes = Element(0.0);
  var products = Element(0.0);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let slope = slopeAt(first, i);
    slopes += slope;
    products += slope * (x[params.offset + first + i] - mean);
  }
  let sums = together(vec4f(total(slopes), total(products), 0.0, 0.0), lane) / params.columns;
  let u = select(0.0, sums.x, params.centred != 0u);
  let w = sums.y * scale;
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let h = (x[params.offset + first + i] - mean) * scale;
    dx[first + i] = scale * (slopeAt(first, i) - u - h * w);
  }
}
`,
  normalize_columns: `// normalize_columns — partial[b, 0, c] = Σ g h and partial[b, 1, c] = Σ g over the rows of block b, h = (x − μ) s
//
// definition   core/05_transformer/normalization.ts, the gradients of gain and bias
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [rows, columns], contiguous
// 1        g        storage, read         [rows, columns], the gradient of y, contiguous
// 2        scales   storage, read         [rows, 2], μ and s, of the forward kernel
// 3        partial  storage, read_write   [blocks, 2, pitch], columns ≤ pitch
// 4        params   uniform               length = rows of a block
//
// dispatch   (⌈columns / 64⌉, blocks)
// threads    64 columns, 4 rows of a block at a time; their sums are added in order
// shared     2 KiB
// barriers   only in uniform control flow

const LANES = 256u;
const COLUMNS = 64u;

struct Params { rows: u32, columns: u32, length: u32, pitch: u32, offset: u32, gradientOffset: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> parts: array<vec2f, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x * COLUMNS + lane % COLUMNS;
  let last = min(params.rows, (group.y + 1u) * params.length);
  var sums = vec2f(0.0);
  if (column < params.columns) {
    for (var row = group.y * params.length + lane / COLUMNS; row < last; row += LANES / COLUMNS) {
      let at = row * params.columns + column;
      let slope = g[params.gradientOffset + at];
      let found = scales[row];
      sums += vec2f(slope * ((x[params.offset + at] - found.x) * found.y), slope);
    }
  }
  parts[lane] = sums;
  workgroupBarrier();
  if (lane < COLUMNS && column < params.columns) {
    for (var i = lane + COLUMNS; i < LANES; i += COLUMNS) { sums += parts[i]; }
    let at = group.y * 2u * params.pitch + column;
    partial[at] = sums.x;
    partial[at + params.pitch] = sums.y;
  }
}
`,
  normalize_sum: `// normalize_sum — y[c] = Σ partial[b, c]
//
// binding  name     type                  shape / meaning
// 0        partial  storage, read         [blocks, columns], of normalize_columns
// 1        y        storage, read_write   [columns]
// 2        params   uniform
//
// dispatch   (⌈columns / 64⌉)
// threads    64 columns, 4 blocks at a time; their sums are added in order
// shared     1 KiB
// barriers   only in uniform control flow

const LANES = 256u;
const COLUMNS = 64u;

struct Params { blocks: u32, columns: u32 }

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> parts: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x * COLUMNS + lane % COLUMNS;
  var sum = 0.0;
  if (column < params.columns) {
    for (var block = lane / COLUMNS; block < params.blocks; block += LANES / COLUMNS) {
      sum += partial[block * params.columns + column];
    }
  }
  parts[lane] = sum;
  workgroupBarrier();
  if (lane < COLUMNS && column < params.columns) {
    for (var i = lane + COLUMNS; i < LANES; i += COLUMNS) { sum += parts[i]; }
    y[column] = sum;
  }
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
  softmax: `// softmax — y[r, :] = e^(x[r, :] − m) / Σ e^(x[r, :] − m), m = max x[r, :], or its logarithm
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
`,
  softmax_backward: `// softmax_backward — dx[r, :] = y (g − Σ g y); of the logarithm: dx[r, :] = g − e^y Σ g
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
`,
  softmax_row: `// softmax_row — maximum and sum of exponentials of a row, in one sweep
//
// Included by kernels that read rows of scores \`x\`: array<Element>.
//
// result     x = m, the maximum, at least LOWEST; y = Σ e^(x − m); z = Σ x of what is allowed;
//            w = the strangest number seen: 1 for −∞, 2 for ∞ or NaN, else 0
// masked     −∞ is recognized by its bits, stands for LOWEST in comparisons and adds nothing to a sum
// rounding   each thread rescales its sum when it meets a greater maximum; the pairs of threads likewise

// include math
// include team

alias Element = f32;
alias Word = u32;

const LOWEST = -3.4028234663852886e38;
const FORBIDDEN_BITS = 0xff800000u;
const FORBIDDEN = 1.0;
const WILD = 2.0;

fn exponentials(x: Element) -> Element { return exponential(x); }
fn total(x: Element) -> f32 { return x; }
fn largest(x: Element) -> f32 { return x; }

fn combine(a: vec4f, b: vec4f) -> vec4f {
  let m = max(a.x, b.x);
  let s = a.y * exponential(a.x - m) + b.y * exponential(b.x - m);
  return vec4f(m, s, a.z + b.z, max(a.w, b.w));
}

// The row of \`count\` elements that begins at \`first\`; a count of 0 changes nothing.
fn scan(first: u32, count: u32, lane: u32) -> vec4f {
  var found = vec4f(LOWEST, 0.0, 0.0, 0.0);
  for (var i = lane % WIDTH; i < count; i += WIDTH) {
    let raw = x[first + i];
    let word = bitcast<Word>(raw);
    let forbidden = word == Word(FORBIDDEN_BITS);
    let wild = (word & Word(0x7fffffffu)) >= Word(INFINITY_BITS);
    let safe = select(raw, Element(LOWEST), wild);
    if (any(wild)) { found.w = max(found.w, select(FORBIDDEN, WILD, any(wild & !forbidden))); }
    let m = max(found.x, largest(safe));
    if (m > found.x) {
      found.y *= exponential(found.x - m);
      found.x = m;
    }
    found.y += total(select(exponentials(safe - m), Element(0.0), forbidden));
    found.z += total(select(safe, Element(0.0), forbidden));
  }
  return together(found, lane);
}
`,
  team: `// team — rows shared out among the threads of a workgroup
//
// Included by kernels that reduce rows. WIDTH neighbouring threads own a row, LANES / WIDTH rows are at work
// in a workgroup; a thread without a row joins with what changes nothing. The includer says what two threads
// found together: fn combine(a: vec4f, b: vec4f) -> vec4f.
//
// shared     16 bytes per thread
// barriers   every thread of the workgroup must call, in uniform control flow
// order      pairs at distance WIDTH / 2, WIDTH / 4, …: the same for every run

const LANES = 256u;
const WIDTH = 64u;

var<workgroup> team: array<vec4f, LANES>;

// What all threads of the row found, the same for each of them.
fn together(mine: vec4f, lane: u32) -> vec4f {
  team[lane] = mine;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (lane % WIDTH < half) { team[lane] = combine(team[lane], team[lane + half]); }
    workgroupBarrier();
  }
  let all = team[lane - lane % WIDTH];
  workgroupBarrier();
  return all;
}

// The number of the row of a thread.
fn rowOf(group: vec3u, groups: vec3u, lane: u32) -> u32 {
  return (group.y * groups.x + group.x) * (LANES / WIDTH) + lane / WIDTH;
}
`,
  unary: `// unary — y[i] = op(x[i]), of a view of any strides
//
// definition   core/engine/backend.ts, \`unary\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         the argument, in cells
// 1        y       storage, read_write   the result, contiguous, in cells
// 2        params  uniform               count = cells; axes of x
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where x lies in fours, else one
// special    as math.wgsl

alias Cell = vec4f;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<Cell>;
@group(0) @binding(1) var<storage, read_write> y: array<Cell>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk
// include math

fn op(x: f32) -> f32 { return -x; }

fn each(x: vec4f) -> vec4f { return vec4f(op(x.x), op(x.y), op(x.z), op(x.w)); }

fn apply(x: Cell) -> Cell { return each(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  y[i] = apply(x[locate(i).x]);
}
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
  for (var axis = params.axes.offsets.w; axis > 1u; axis--) {
    let i = axis - 1u;
    let extent = params.axes.extents[i / 4u][i % 4u];
    let outer = rest / extent;
    at += (rest - outer * extent) * params.axes.strides[i].xyz;
    rest = outer;
  }
  // Nothing is left to divide along the outermost axis; a scalar has none, and strides of zero.
  return at + rest * params.axes.strides[0].xyz;
}
`,
};
