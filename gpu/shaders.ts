/** Generated from `gpu/shaders` by `deno task shaders`. */

/** The text of every shader, by the name of its file. */
export const SHADERS: Readonly<Record<string, string>> = {
  activation: `// activation — y[i] = f(x[i])
//
// definition   core/05_transformer/feed_forward/activations.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         fours of numbers
// 1        y       storage, read_write   fours of numbers
// 2        params  uniform               count and offset of x, in fours
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, four numbers each
// special    NaN stays; 0 at −∞, ∞ at ∞

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
// definition   core/05_transformer/feed_forward/activations.ts
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

fn through(g: f32, x: f32) -> f32 { return reluBackward(g, x); }

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
  activation_functions: `// activation_functions — the non-linear functions between the layers, and their gradients
//
// name       value                                                      slope
// relu       max(x, 0)                                                  0 where x ≤ 0, else 1
// silu       x σ(x)                                                     σ + x σ (1 − σ)
// gelu       x Φ(x), Φ the normal distribution                          Φ(x) + x φ(x)
// geluTanh   x σ(2u), u = √(2/π) (x + 0.044715 x³)                      σ + x σ (1 − σ) 2u'
//
// NAME(x) is the value, NAMEBackward(g, x) the gradient g of the value times the slope, for each NAME of ACTIVATION
// (core/engine/operations.ts).
//
// The last is usually written x/2 (1 + tanh u), the same number. 1 − σ(x) is taken as σ(−x), which does not
// cancel. Φ comes from the tail of |x|, so that it keeps its relative accuracy left of zero, where
// 1 + erf would cancel. At −∞ value and slope are 0, at ∞ they are ∞ and 1; NaN stays. Where a slope is flat, x is
// bounded: ∞ · 0 must not appear.

// include math

// Whether x is at most zero, in bits: NaN is not.
fn isFlat(x: f32) -> bool {
  let word = bitcast<u32>(x);
  return word == 0u || (word >= SIGN_BIT && word <= (SIGN_BIT | INFINITY_BITS));
}

fn relu(x: f32) -> f32 { return bitcast<f32>(select(bitcast<u32>(x), 0u, isFlat(x))); }

fn reluBackward(g: f32, x: f32) -> f32 { return bitcast<f32>(select(bitcast<u32>(g), 0u, isFlat(x))); }

// x, or the lowest number in the place of −∞.
fn finiteBelow(x: f32) -> f32 { return max(x, -3.4028234663852886e38); }

fn silu(x: f32) -> f32 { return finiteBelow(x) * logistic(x); }

fn siluBackward(g: f32, x: f32) -> f32 {
  let s = logistic(x);
  return g * (s + clamp(x, -100.0, 100.0) * s * logistic(-x));
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

fn gelu(x: f32) -> f32 { return finiteBelow(x) * normalShare(x, bell(x)); }

fn geluBackward(g: f32, x: f32) -> f32 {
  let height = bell(x);
  return g * (normalShare(x, height) + clamp(x, -20.0, 20.0) * height * 0.3989422804014327);
}

// 2u.
fn tanhArgument(x: f32) -> f32 { return x * fma(x * x, 0.0713548162726, 1.5957691216057308); }

fn geluTanh(x: f32) -> f32 { return finiteBelow(x) * logistic(tanhArgument(x)); }

fn geluTanhBackward(g: f32, x: f32) -> f32 {
  let z = tanhArgument(x);
  let s = logistic(z);
  let c = clamp(x, -20.0, 20.0);
  return g * (s + c * s * logistic(-z) * fma(c * c, 0.2140644488178, 1.5957691216057308));
}
`,
  adam_step: `// adam_step — one step of Adam with decoupled weight decay, in place
//
//   m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   p ← (1 − λw) p − λ/c₁ · m / (√v / √c₂ + ε)
//
// definition   core/06_training/adam.ts, \`adamStep\`
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
// range      a number of the gradient beyond 2⁶³ counts as 2⁶³, and what is divided by 0 is 0
// tail       what a last element of four holds beyond the parameter stays as it is

alias Element = f32;
alias Word = u32;

const LANES = 256u;
const EACH = 1u;
const LONGEST = 0x1p63f;

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
  let raw = g[params.gOffset + i] * params.gradientScale;
  let broken = (bitcast<Word>(raw) & Word(0x7fffffffu)) > Word(0x7f800000u);
  let gradient = select(clamp(raw, Element(-LONGEST), Element(LONGEST)), raw, broken);
  let first = m[params.mOffset + i] * params.beta1 + gradient * params.rest1;
  let second = v[params.vOffset + i] * params.beta2 + gradient * gradient * params.rest2;
  let size = sqrt(second) * params.correction + params.epsilon;
  let direction = select(first / size, Element(0.0), size == Element(0.0));
  let moved = p[params.pOffset + i] * params.decay - direction * params.step;
  p[params.pOffset + i] = within(i, p[params.pOffset + i], moved);
  m[params.mOffset + i] = within(i, m[params.mOffset + i], first);
  v[params.vOffset + i] = within(i, v[params.vOffset + i], second);
}
`,
  argsort_blocks: `// argsort_blocks — sorts rows, or blocks of long rows, by a bitonic network
//
// definition   core/engine/backend.ts, \`argsort\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [R, width], contiguous
// 1        y       storage, read_write   [R, width]: places in a row; for rows of several blocks key and place
// 2        params  uniform               count = slots; width; span = slots of a sorted piece, a power of two up
//                                        to SLOTS; padded = slots of a row; offset of x
//
// dispatch   a plane of ⌈count / SLOTS⌉ workgroups; a workgroup holds SLOTS / span short rows or a block of a long one
// threads    LANES = 256, two pairs of slots each
// shared     SLOTS × 8 bytes
// barriers   the loops depend on \`span\` alone
//
// A slot holds a key and a place, no two alike, so equal elements keep their order; slots without an element
// are greater than all others.

alias Element = f32;
alias Outcome = u32;
const LANES = 256u;
const SLOTS = 1024u;

struct Params { count: u32, width: u32, span: u32, padded: u32, offset: u32 }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

// include keys

var<workgroup> slots: array<vec2u, SLOTS>;

fn key(x: Element) -> u32 { return keyOf(x); }

fn outcome(slot: vec2u) -> Outcome { return slot.y; }

fn exceeds(a: vec2u, b: vec2u) -> bool { return a.x > b.x || (a.x == b.x && a.y > b.y); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let start = (group.y * groups.x + group.x) * SLOTS;
  if (start >= params.count) { return; }
  for (var s = lane; s < SLOTS; s += LANES) {
    let row = (start + s) / params.padded;
    let i = start + s - row * params.padded;
    slots[s] = vec2u(NAN_KEY, NAN_KEY);
    if (i < params.width && start + s < params.count) {
      slots[s] = vec2u(key(x[params.offset + row * params.width + i]), i);
    }
  }
  for (var piece = 2u; piece <= params.span; piece = piece * 2u) {
    for (var gap = piece / 2u; gap > 0u; gap = gap / 2u) {
      workgroupBarrier();
      for (var pair = lane; pair < SLOTS / 2u; pair += LANES) {
        let low = 2u * pair - (pair & (gap - 1u));
        let a = slots[low];
        let b = slots[low + gap];
        // Pieces alternate in direction until one is left.
        let falling = piece < params.span && (low & piece) != 0u;
        if (exceeds(a, b) != falling) {
          slots[low] = b;
          slots[low + gap] = a;
        }
      }
    }
  }
  workgroupBarrier();
  for (var s = lane; s < SLOTS; s += LANES) {
    let row = (start + s) / params.padded;
    let i = start + s - row * params.padded;
    if (i < params.width && start + s < params.count) { y[row * params.width + i] = outcome(slots[s]); }
  }
}
`,
  argsort_merge: `// argsort_merge — merges neighbouring sorted blocks of each row
//
// definition   core/engine/backend.ts, \`argsort\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [R, width]: key and place, sorted in blocks of \`block\`
// 1        y       storage, read_write   [R, width]: the same, sorted in blocks of 2 · block; or places alone
// 2        params  uniform               count = R · width; width; block
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one element each: it lands behind those of its own block that precede it, and behind
//            those of the neighbour that are less, which a binary search counts

alias Outcome = vec2u;
const LANES = 256u;

struct Params { count: u32, width: u32, block: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

fn outcome(slot: vec2u) -> Outcome { return slot; }

fn exceeds(a: vec2u, b: vec2u) -> bool { return a.x > b.x || (a.x == b.x && a.y > b.y); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = (group.y * groups.x + group.x) * LANES + lane;
  if (item >= params.count) { return; }
  let row = item / params.width;
  let i = item - row * params.width;
  let base = row * params.width;
  let slot = x[item];
  let block = i / params.block;
  // The other block of the pair, and where the pair begins.
  let other = (block ^ 1u) * params.block;
  let first = (block & ~1u) * params.block;
  let start = min(other, params.width);
  var low = start;
  var high = min(other + params.block, params.width);
  while (low < high) {
    let middle = (low + high) / 2u;
    if (exceeds(slot, x[base + middle])) { low = middle + 1u; } else { high = middle; }
  }
  y[base + first + (i - block * params.block) + (low - start)] = outcome(slot);
}
`,
  attention: `// attention — O = softmax(scale · Q Kᵀ + bias, where allowed) V, one pass over keys and values
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0        query       storage, read         [B, H, T, D], any strides but the last
// 1        key         storage, read         [B, G, S, D], the same
// 2        value       storage, read         [B, G, S, D], the same
// 3        mask        storage, read         broadcast to [B, H, T, S]; 0 forbids; not read unless MASKED
// 4        bias        storage, read         broadcast to [B, H, T, S]; not read unless BIASED
// 5        output      storage, read_write   [B, H, T, D], or that of each part of the keys
// 6        sums        storage, read_write   [parts, B, H, T] pairs: m, the maximum of z, and Σ exp(z − m)
// 7        params      uniform               attention_common.wgsl
//
// dispatch   a plane of B · G · parts · cuts · tiles workgroups; each owns 32 rows and 32 COLUMNS elements of the width
// threads    64 as 8 × 8, see attention_tile.wgsl
// shared     14848 bytes
// barriers   bounds of all loops come from params and the number of the workgroup alone
// masked     see attention_common.wgsl; keys that no row of the tile may see are not read

alias Element = f32;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(7) var<uniform> params: Params;

// include attention_tile

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }

// One number per row and thread x.
var<workgroup> partials: array<f32, 256>;

fn putPartials(x: u32, y: u32, rows: vec4f) {
  let at = y * 8u + x;
  partials[at] = rows.x;
  partials[at + 64u] = rows.y;
  partials[at + 128u] = rows.z;
  partials[at + 192u] = rows.w;
}

fn highest(y: u32) -> vec4f {
  var m = vec4f(LOWEST);
  for (var i = y * 8u; i < y * 8u + 8u; i++) {
    m = max(m, vec4f(partials[i], partials[i + 64u], partials[i + 128u], partials[i + 192u]));
  }
  return m;
}

fn totals(y: u32) -> vec4f {
  var sum = vec4f();
  for (var i = y * 8u; i < y * 8u + 8u; i++) {
    sum += vec4f(partials[i], partials[i + 64u], partials[i + 128u], partials[i + 192u]);
  }
  return sum;
}

// As much of four numbers as the width has.
fn store(at: u32, d: u32, v: vec4f) {
  if (d < params.D) { output[at + d] = v.x; }
  if (d + 1u < params.D) { output[at + d + 1u] = v.y; }
  if (d + 2u < params.D) { output[at + d + 2u] = v.z; }
  if (d + 3u < params.D) { output[at + d + 3u] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  // Under a causal limit the last rows take longest: they come first.
  let first = (params.tiles - 1u - number % params.tiles) * TILE;
  let cut = number / params.tiles % params.cuts * (8u * COLUMNS);
  let part = number / params.tiles / params.cuts % params.parts;
  let pair = number / params.tiles / params.cuts / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let x = lane % 8u;
  let y = lane / 8u;

  let rows = first + y + STEPS;
  let real = rows < vec4u(params.M);
  let inside = min(rows, vec4u(params.M - 1u));
  let h = g * (params.H / params.G) + inside / params.T;
  let t = inside % params.T;
  let limits = limitsOf(t);
  let queryRows = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + t * params.queryAt.w;
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z;

  let begin = part * params.run;
  let end = min(begin + params.run, limitOfRows(first, min(first + TILE, params.M) - 1u));
  let chunks = (params.D + 31u) / 32u;
  var m = vec4f(LOWEST);
  var l = vec4f();
  var o: array<mat4x4f, COLUMNS>;
  for (var tile = begin; tile < end; tile += TILE) {
    // Scores of 32 rows and 32 keys.
    let keys = tile + x + STEPS;
    let loaded = tile + y + STEPS;
    var s = mat4x4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let d = chunk * 32u + x * 4u;
      // Queries that fit at once stay.
      if (chunks > 1u || tile == begin) { put(LEFT, x, y, queryPart(queryRows, real, d)); }
      put(RIGHT, x, y, keyPart(keyRows + loaded * params.keyAt.w, loaded < vec4u(end), d));
      workgroupBarrier();
      s = meet(s, x, y);
      workgroupBarrier();
    }
    s = mat4x4f(
      scoresOf(s[0], b, vec4u(h.x), vec4u(t.x), keys, vec4u(limits.x)),
      scoresOf(s[1], b, vec4u(h.y), vec4u(t.y), keys, vec4u(limits.y)),
      scoresOf(s[2], b, vec4u(h.z), vec4u(t.z), keys, vec4u(limits.z)),
      scoresOf(s[3], b, vec4u(h.w), vec4u(t.w), keys, vec4u(limits.w)),
    );

    // Shares under the highest score so far; what is summed already is brought down to it.
    putPartials(x, y, vec4f(maxOf(s[0]), maxOf(s[1]), maxOf(s[2]), maxOf(s[3])));
    workgroupBarrier();
    let now = max(m, highest(y));
    let factors = vec4f(factorOf(m.x, now.x), factorOf(m.y, now.y), factorOf(m.z, now.z), factorOf(m.w, now.w));
    let p = mat4x4f(
      weightsOf(s[0], vec4f(now.x)),
      weightsOf(s[1], vec4f(now.y)),
      weightsOf(s[2], vec4f(now.z)),
      weightsOf(s[3], vec4f(now.w)),
    );
    putWeights(x, y, p);
    m = now;
    l = l * factors + vec4f(sumOf(p[0]), sumOf(p[1]), sumOf(p[2]), sumOf(p[3]));
    for (var c = 0u; c < COLUMNS; c++) {
      o[c] = mat4x4f(o[c][0] * factors.x, o[c][1] * factors.y, o[c][2] * factors.z, o[c][3] * factors.w);
    }

    // The values, mixed.
    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < end && d < params.D) {
          v = valueQuad(valueRows + position * params.valueAt.w + d, params.D - d);
        }
        staged[i] = v;
      }
      workgroupBarrier();
      for (var i = 0u; i < STAGED / 4u; i++) {
        let share = weightsAt(start + i, y);
        for (var c = 0u; c < COLUMNS; c++) { o[c] = multiplied(o[c], share, fourRows(i * 4u, c * 8u + x)); }
      }
      workgroupBarrier();
    }
  }

  putPartials(x, y, l);
  workgroupBarrier();
  let total = totals(y);
  let shares = vec4f(inverse(total.x), inverse(total.y), inverse(total.z), inverse(total.w));
  for (var r = 0u; r < 4u; r++) {
    var strange = false;
    for (var c = 0u; c < COLUMNS; c++) {
      o[c][r] *= shares[r];
      strange = strange || !areFinite(o[c][r]);
    }
    // A row whose weights are NaN is NaN throughout.
    if (!strange || isNan(total[r]) || !real[r]) { continue; }
    for (var c = 0u; c < COLUMNS; c++) { o[c][r] = vec4f(); }
    for (var s = begin; s < end; s++) {
      let z = scoreAgain(queryRows[r], keyRows + s * params.keyAt.w, b, h[r], t[r], s);
      if (!isAllowed(z)) { continue; }
      let p = exponential(z - m[r]) * shares[r];
      for (var c = 0u; c < COLUMNS; c++) {
        let d = (cut + c * 8u + x) * 4u;
        if (d < params.D) { o[c][r] += p * valueQuad(valueRows + s * params.valueAt.w + d, params.D - d); }
      }
    }
  }
  let at = part * params.outputAt.x + b * params.outputAt.y + h * params.outputAt.z + t * params.outputAt.w;
  for (var c = 0u; c < COLUMNS; c++) {
    let d = (cut + c * 8u + x) * 4u;
    if (real.x) { store(at.x, d, o[c][0]); }
    if (real.y) { store(at.y, d, o[c][1]); }
    if (real.z) { store(at.z, d, o[c][2]); }
    if (real.w) { store(at.w, d, o[c][3]); }
  }
  if (x == 0u && cut == 0u) {
    let number = ((part * params.B + b) * params.H + h) * params.T + t;
    if (real.x) { sums[number.x] = vec2f(m.x, total.x); }
    if (real.y) { sums[number.y] = vec2f(m.y, total.y); }
    if (real.z) { sums[number.z] = vec2f(m.z, total.z); }
    if (real.w) { sums[number.w] = vec2f(m.w, total.w); }
  }
}
`,
  attention_back: `// attention_back — what the derivatives of attention share
//
// Included by kernels that also declare gradient and rows. With P the weights,
//
//   dV = Pᵀ dO,   dP = dO Vᵀ,   dZ = P ∘ (dP − δ),   δ = rowsum(dO ∘ O),   dQ = scale · dZ K,   dK = scale · dZᵀ Q
//
// P is computed again from the scores, and from maximum and sum of each row, which the forward pass left behind. The two
// are kept apart: in m + ln l a large maximum would leave no digits for the sum.

// include attention_tile

fn gradientPart(at: vec4u, valid: vec4<bool>, d: u32) -> mat4x4f {
  var quads = mat4x4f();
  if (d < params.D) {
    let n = params.D - d;
    if (valid.x) { quads[0] = gradientQuad(at.x + d, n); }
    if (valid.y) { quads[1] = gradientQuad(at.y + d, n); }
    if (valid.z) { quads[2] = gradientQuad(at.z + d, n); }
    if (valid.w) { quads[3] = gradientQuad(at.w + d, n); }
  }
  return quads;
}

fn valuePart(at: vec4u, valid: vec4<bool>, d: u32) -> mat4x4f {
  var quads = mat4x4f();
  if (d < params.D) {
    let n = params.D - d;
    if (valid.x) { quads[0] = valueQuad(at.x + d, n); }
    if (valid.y) { quads[1] = valueQuad(at.y + d, n); }
    if (valid.z) { quads[2] = valueQuad(at.z + d, n); }
    if (valid.w) { quads[3] = valueQuad(at.w + d, n); }
  }
  return quads;
}

// Rows of a tensor such as query: heads and positions at \`at\`.
fn rowsOf(at: vec4u, b: u32, h: vec4u, t: vec4u) -> vec4u { return at.x + b * at.y + h * at.z + t * at.w; }

// P of four pairs from their scores, and from m and 1 / l of their rows.
fn sharesOf(z: vec4f, m: vec4f, share: vec4f) -> vec4f {
  return select(exponential4(z - m) * share, vec4f(), bitcast<vec4u>(z) == vec4u(FORBIDDEN_BITS));
}

// dZ for four pairs; what weighs nothing has no slope.
fn slopesOf(p: vec4f, dp: vec4f, delta: vec4f) -> vec4f { return select(p * (dp - delta), vec4f(), p == vec4f()); }

// P and dZ of one pair, added up anew: both 0 if it is forbidden, and then z for whoever asks is −∞.
struct Pair { z: f32, p: f32, slope: f32 }

fn pairAgain(queryRow: u32, gradientRow: u32, keyRow: u32, valueRow: u32, b: u32, h: u32, t: u32, s: u32) -> Pair {
  let z = scoreAgain(queryRow, keyRow, b, h, t, s);
  if (!isAllowed(z)) { return Pair(z, 0.0, 0.0); }
  var dp = vec4f();
  for (var d = 0u; d < params.D; d += 4u) {
    dp += gradientQuad(gradientRow + d, params.D - d) * valueQuad(valueRow + d, params.D - d);
  }
  let known = rows[(b * params.H + h) * params.T + t];
  let p = exponential(z - known.x) * known.y;
  return Pair(z, p, p * (sumOf(dp) - known.z));
}
`,
  attention_bias: `// attention_bias — gradient of what is added to the scores: dZ, summed over the batch and heads that share it
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–4      as in attention.wgsl
// 5        gradient    storage, read         dO, [B, H, T, D], any strides but the last
// 6        rows        storage, read         [B, H, T] fours, see attention_delta.wgsl
// 7        result      storage, read_write   [biasB, biasH, T, S]
// 8        params      uniform               attention_common.wgsl; biasB, biasH = extents of the bias
//
// dispatch   a plane of biasB · biasH · ⌈T / 32⌉ · tiles workgroups; each owns 32 queries and 32 keys
// threads    64 as 8 × 8, see attention_tile.wgsl
// shared     9216 bytes
// barriers   bounds of all loops come from params and the number of the workgroup alone

alias Element = f32;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> gradient: array<Element>;
@group(0) @binding(6) var<storage, read> rows: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> result: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

// include attention_back

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }
fn gradientQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(gradient[at], gradient[at + 1u], gradient[at + 2u], gradient[at + 3u]), n); }

// dZ of one query and four keys, 0 where the pair is forbidden.
fn slopes(dots: vec4f, dp: vec4f, b: u32, h: u32, t: u32, keys: vec4u, limit: u32) -> vec4f {
  let known = rows[(b * params.H + h) * params.T + t];
  let z = scoresOf(dots, b, vec4u(h), vec4u(t), keys, vec4u(limit));
  return slopesOf(sharesOf(z, vec4f(known.x), vec4f(known.y)), dp, vec4f(known.z));
}

fn store(row: u32, keys: vec4u, v: vec4f) {
  if (keys.x < params.S) { result[row * params.S + keys.x] = v.x; }
  if (keys.y < params.S) { result[row * params.S + keys.y] = v.y; }
  if (keys.z < params.S) { result[row * params.S + keys.z] = v.z; }
  if (keys.w < params.S) { result[row * params.S + keys.w] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let firstKey = number % params.tiles * TILE;
  let queryTiles = (params.T + TILE - 1u) / TILE;
  let first = number / params.tiles % queryTiles * TILE;
  let rest = number / params.tiles / queryTiles;
  let headsOfBias = params.biasH;
  let x = lane % 8u;
  let y = lane / 8u;

  let mine = first + y + STEPS;
  let real = mine < vec4u(params.T);
  let t = min(mine, vec4u(params.T - 1u));
  let limits = limitsOf(t);
  let keys = firstKey + x + STEPS;
  let loaded = firstKey + y + STEPS;
  let there = loaded < vec4u(params.S);
  let chunks = (params.D + 31u) / 32u;

  // Heads and batch elements that share the bias are a step apart.
  let batchEnd = select(params.B, rest / headsOfBias + 1u, params.biasB > 1u);
  let headEnd = select(params.H, rest % headsOfBias + 1u, headsOfBias > 1u);
  var sum = mat4x4f();
  for (var b = rest / headsOfBias; b < batchEnd; b++) {
    for (var h = rest % headsOfBias; h < headEnd; h++) {
      let g = h / (params.H / params.G);
      let queryRows = rowsOf(params.queryAt, b, vec4u(h), t);
      let gradientRows = rowsOf(params.gradientAt, b, vec4u(h), t);
      let keyRows = rowsOf(params.keyAt, b, vec4u(g), loaded);
      let valueRows = rowsOf(params.valueAt, b, vec4u(g), loaded);
      var s = mat4x4f();
      var dp = mat4x4f();
      for (var chunk = 0u; chunk < chunks; chunk++) {
        let d = chunk * 32u + x * 4u;
        put(LEFT, x, y, queryPart(queryRows, real, d));
        put(RIGHT, x, y, keyPart(keyRows, there, d));
        workgroupBarrier();
        s = meet(s, x, y);
        workgroupBarrier();
        put(LEFT, x, y, gradientPart(gradientRows, real, d));
        put(RIGHT, x, y, valuePart(valueRows, there, d));
        workgroupBarrier();
        dp = meet(dp, x, y);
        workgroupBarrier();
      }
      sum += mat4x4f(
        slopes(s[0], dp[0], b, h, t.x, keys, limits.x),
        slopes(s[1], dp[1], b, h, t.y, keys, limits.y),
        slopes(s[2], dp[2], b, h, t.z, keys, limits.z),
        slopes(s[3], dp[3], b, h, t.w, keys, limits.w),
      );
    }
  }

  let row = rest * params.T + mine;
  if (real.x) { store(row.x, keys, sum[0]); }
  if (real.y) { store(row.y, keys, sum[1]); }
  if (real.z) { store(row.z, keys, sum[2]); }
  if (real.w) { store(row.w, keys, sum[3]); }
}
`,
  attention_combine: `// attention_combine — the output over all keys from those over parts of them: O = Σ wᵢ Oᵢ / Σ wᵢ, wᵢ = lᵢ exp(mᵢ − max m)
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0        outputs     storage, read         [parts, R, D], R = B · H · T
// 1        parts       storage, read         [parts, R] pairs: m, the maximum of z, and l = Σ exp(z − m)
// 2        output      storage, read_write   [B, T, H, D]
// 3        sums        storage, read_write   [R] pairs, of all keys
// 4        params      uniform
//
// dispatch   a plane of R workgroups, one row each
// threads    64; thread t takes parts, and then elements of the width, t, t + 64, …
// shared     2304 bytes; parts ≤ 512

// include math

const LANES = 64u;
const LOWEST = -3.4028234663852886e38;

struct Params { R: u32, H: u32, T: u32, D: u32, parts: u32 }

@group(0) @binding(0) var<storage, read> outputs: array<f32>;
@group(0) @binding(1) var<storage, read> parts: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> weights: array<f32, 512>;
var<workgroup> partials: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.R) { return; }
  var m = LOWEST;
  for (var i = lane; i < params.parts; i += LANES) { m = max(m, parts[i * params.R + row].x); }
  partials[lane] = m;
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) { m = max(m, partials[i]); }
  workgroupBarrier();

  var sum = 0.0;
  for (var i = lane; i < params.parts; i += LANES) {
    let found = parts[i * params.R + row];
    let weight = select(found.y * exponential(found.x - m), 0.0, found.y == 0.0);
    weights[i] = weight;
    sum += weight;
  }
  partials[lane] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < LANES; i++) { total += partials[i]; }
  let scale = select(quotient(1.0, total), 0.0, total == 0.0);

  let t = row % params.T;
  let h = row / params.T % params.H;
  let b = row / params.T / params.H;
  let at = ((b * params.T + t) * params.H + h) * params.D;
  for (var d = lane; d < params.D; d += LANES) {
    var o = 0.0;
    for (var i = 0u; i < params.parts; i++) { o += weights[i] * scale * outputs[(i * params.R + row) * params.D + d]; }
    output[at + d] = o;
  }
  if (lane == 0u) { sums[row] = vec2f(m, total); }
}
`,
  attention_common: `// attention_common — which key a query may see, with what handicap, and what it then weighs
//
// Included by the kernels of attention, which declare query, key, value, mask, bias and params.
//
// rows       the queries of all heads that read one group of keys, head by head: row = head in group · T + t
// masked     a forbidden score is −∞, known by its bits, and weighs 0; −∞ in a bias forbids as well
// strange    zero times what is infinite or NaN is NaN: a sum that is no finite number is therefore added up again over
//            the pairs that are allowed, which also keeps averages of large numbers finite

// include math

const LOWEST = -3.4028234663852886e38;
const FORBIDDEN_BITS = 0xff800000u;
const CAUSAL = 1u;
const MASKED = 2u;
const BIASED = 4u;

struct Params {
  // heads, groups of keys, queries, keys
  H: u32, G: u32, T: u32, S: u32,
  // width, rows of a group, what of CAUSAL, MASKED, BIASED holds, factor of the dot products
  D: u32, M: u32, flags: u32, scale: f32,
  // offset, then elements per step of batch, head, position
  queryAt: vec4u, keyAt: vec4u, valueAt: vec4u,
  // elements per step of part, batch, head, position
  outputAt: vec4u,
  // as queryAt
  gradientAt: vec4u,
  // elements per step of batch, head, query, key
  maskAt: vec4u, biasAt: vec4u,
  maskOffset: u32, biasOffset: u32,
  // parts into which the keys are cut (the rows, where keys are owned), length of a part
  parts: u32, run: u32,
  // tiles of rows or keys, cuts of the width, workgroups, batch
  tiles: u32, cuts: u32, count: u32, B: u32,
  // extents of batch and heads of a bias
  biasB: u32, biasH: u32, rest0: u32, rest1: u32,
}

// Keeps the first n components.
fn kept(x: vec4f, n: u32) -> vec4f { return select(vec4f(), x, vec4u(0u, 1u, 2u, 3u) < vec4u(n)); }

// o + p₀ v₀ + p₁ v₁ + p₂ v₂ + p₃ v₃
fn mixed(o: vec4f, p: vec4f, v: mat4x4f) -> vec4f { return o + p.x * v[0] + p.y * v[1] + p.z * v[2] + p.w * v[3]; }

fn sumOf(x: vec4f) -> f32 { return (x.x + x.y) + (x.z + x.w); }

fn maxOf(x: vec4f) -> f32 { return max(max(x.x, x.y), max(x.z, x.w)); }

// Keys that queries may see as far as causality goes: the last query sees all.
fn limitsOf(t: vec4u) -> vec4u {
  if ((params.flags & CAUSAL) == 0u) { return vec4u(params.S); }
  let seen = t + params.S + 1u;
  return select(vec4u(), seen - params.T, seen > vec4u(params.T));
}

// The most that one of the rows \`first\` to \`last\` may see.
fn limitOfRows(first: u32, last: u32) -> u32 {
  let t = select(last % params.T, params.T - 1u, first / params.T != last / params.T);
  return limitsOf(vec4u(t)).x;
}

// Scores of four pairs from their dot products.
fn scoresOf(dots: vec4f, b: u32, h: vec4u, t: vec4u, keys: vec4u, limits: vec4u) -> vec4f {
  var z = dots * params.scale;
  if ((params.flags & BIASED) != 0u) {
    let at = params.biasOffset + b * params.biasAt.x + h * params.biasAt.y + t * params.biasAt.z +
      keys * params.biasAt.w;
    let more = vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
    z = select(z + more, more, bitcast<vec4u>(more) == vec4u(FORBIDDEN_BITS));
  }
  let never = vec4f(fromBits(FORBIDDEN_BITS));
  if ((params.flags & MASKED) != 0u) {
    let at = params.maskOffset + b * params.maskAt.x + h * params.maskAt.y + t * params.maskAt.z +
      keys * params.maskAt.w;
    let allowed = vec4u(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
    z = select(z, never, allowed == vec4u());
  }
  return select(z, never, keys >= limits);
}

// exp(z − m), and 0 for a forbidden score.
fn weightsOf(z: vec4f, m: vec4f) -> vec4f {
  return select(exponential4(z - m), vec4f(), bitcast<vec4u>(z) == vec4u(FORBIDDEN_BITS));
}

// What sums under the old maximum are worth under the new one.
fn factorOf(before: f32, now: f32) -> f32 { return exponential(before - now); }

// 1 / x, and 0 for 0.
fn inverse(x: f32) -> f32 { return select(quotient(1.0, x), 0.0, x == 0.0); }

// Whether four numbers are finite.
fn areFinite(x: vec4f) -> bool { return all((bitcast<vec4u>(x) & vec4u(0x7fffffffu)) < vec4u(0x7f800000u)); }

// The score of one pair, added up anew; −∞ if it is forbidden.
fn scoreAgain(queryRow: u32, keyRow: u32, b: u32, h: u32, t: u32, s: u32) -> f32 {
  var dot = vec4f();
  for (var d = 0u; d < params.D; d += 4u) {
    dot += queryQuad(queryRow + d, params.D - d) * keyQuad(keyRow + d, params.D - d);
  }
  return scoresOf(vec4f(sumOf(dot)), b, vec4u(h), vec4u(t), vec4u(s), limitsOf(vec4u(t))).x;
}

// Whether a score is of a pair that is allowed.
fn isAllowed(z: f32) -> bool { return bitcast<u32>(z) != FORBIDDEN_BITS; }
`,
  attention_delta: `// attention_delta — δ = rowsum(dO ∘ O), beside maximum and sum of its row
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0        output      storage, read         O, [B, H, T, D], any strides but the last
// 1        gradient    storage, read         dO, the same
// 2        sums        storage, read         [B, H, T] pairs: m and Σ exp(z − m)
// 3        rows        storage, read_write   [B, H, T] fours: m, 1 / Σ exp(z − m) or 0, δ, 0
// 4        params      uniform               R = B · H · T
//
// dispatch   a plane of ⌈R / 4⌉ workgroups
// threads    64: 16 for each of four rows; thread t takes elements t, t + 16, …
// shared     256 bytes

struct Params {
  R: u32, H: u32, T: u32, D: u32,
  // offset, elements per step of batch, head, position
  outputAt: vec4u, gradientAt: vec4u,
}

@group(0) @binding(0) var<storage, read> output: array<f32>;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> sums: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> rows: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

// include math

var<workgroup> products: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * 4u + lane / 16u;
  let real = row < params.R;
  let inside = min(row, params.R - 1u);
  let t = inside % params.T;
  let h = inside / params.T % params.H;
  let b = inside / params.T / params.H;
  let o = params.outputAt.x + b * params.outputAt.y + h * params.outputAt.z + t * params.outputAt.w;
  let g = params.gradientAt.x + b * params.gradientAt.y + h * params.gradientAt.z + t * params.gradientAt.w;
  var sum = 0.0;
  for (var d = lane % 16u; d < params.D; d += 16u) { sum += output[o + d] * gradient[g + d]; }
  products[lane] = sum;
  workgroupBarrier();
  if (real && lane % 16u == 0u) {
    for (var i = 1u; i < 16u; i++) { sum += products[lane + i]; }
    let found = sums[row];
    rows[row] = vec4f(found.x, select(quotient(1.0, found.y), 0.0, found.y == 0.0), sum, 0.0);
  }
}
`,
  attention_few: `// attention_few — attention of a few rows over many keys, cut into parts so that one token keeps a GPU busy
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–7      as in attention.wgsl
//
// dispatch   a plane of B · G · parts · tiles workgroups; each owns ROWS rows of a group and \`run\` keys,
//            a multiple of 64; attention_combine.wgsl brings the parts together
// threads    128; scores: 8 threads share a key, 64 keys at a time; values: ⌈D / 4⌉ threads share a key
// shared     at most 14608 bytes; D ≤ 256
// barriers   bounds of all loops that contain one come from params and the number of the workgroup alone
// masked     see attention_common.wgsl

alias Element = f32;
const ROWS = 1u;
const LANES = 128u;
const KEYS = 64u;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(7) var<uniform> params: Params;

// include attention_common

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }

// [ROWS][64 vectors]
var<workgroup> queries: array<vec4f, ROWS * 64u>;
// Parts of the dot products, [ROWS][16 keys][9]: a vector holds the keys k, k + 16, k + 32, k + 48.
// In the end parts of the output.
var<workgroup> products: array<vec4f, ROWS * 144u>;
// [ROWS][16 keys], as above
var<workgroup> weights: array<vec4f, ROWS * 16u>;
var<workgroup> partials: array<f32, ROWS * 16u>;
var<workgroup> factors: array<f32, ROWS>;

// As much of four numbers as the width has.
fn store(at: u32, d: u32, v: vec4f) {
  if (d < params.D) { output[at + d] = v.x; }
  if (d + 1u < params.D) { output[at + d + 1u] = v.y; }
  if (d + 2u < params.D) { output[at + d + 2u] = v.z; }
  if (d + 3u < params.D) { output[at + d + 3u] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let first = number % params.tiles * ROWS;
  let part = number / params.tiles % params.parts;
  let pair = number / params.tiles / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let D = params.D;
  let quads = (D + 3u) / 4u;
  let last = max(params.S, 1u) - 1u;

  for (var i = lane; i < ROWS * quads; i += LANES) {
    let row = min(first + i / quads, params.M - 1u);
    let d = i % quads * 4u;
    let h = g * (params.H / params.G) + row / params.T;
    let at = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + row % params.T * params.queryAt.w;
    queries[i / quads * 64u + i % quads] = queryQuad(at + d, D - d);
  }

  // The row and the four keys whose scores this thread finishes, if lane < 16 ROWS.
  let finishes = lane < 16u * ROWS;
  let slot = lane % 16u;
  let mine = min(lane / 16u, ROWS - 1u);
  let row = min(first + mine, params.M - 1u);
  let h = g * (params.H / params.G) + row / params.T;
  let t = row % params.T;
  let limit = limitsOf(vec4u(t));
  var m = LOWEST;
  var l = 0.0;

  // Thread x of key y in products with keys; vector c of the values, of every \`teams\`-th key.
  let x = lane % 8u;
  let y = lane / 8u;
  let c = lane % quads;
  let team = lane / quads;
  let teams = LANES / quads;
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z;
  const STEPS = vec4u(0u, 16u, 32u, 48u);
  var o: array<vec4f, ROWS>;
  workgroupBarrier();

  let end = min((part + 1u) * params.run, params.S);
  for (var tile = part * params.run; tile < end; tile += KEYS) {
    let at = keyRows + min(tile + y + STEPS, vec4u(last)) * params.keyAt.w;
    // Set to zero in words: some compilers do so only once for a variable inside a loop.
    var dots = array<vec4f, ROWS>();
    for (var i = x; i < quads; i += 8u) {
      let d = i * 4u;
      let n = D - d;
      let k = transpose(
        mat4x4f(keyQuad(at.x + d, n), keyQuad(at.y + d, n), keyQuad(at.z + d, n), keyQuad(at.w + d, n)),
      );
      for (var r = 0u; r < ROWS; r++) { dots[r] = mixed(dots[r], queries[r * 64u + i], k); }
    }
    for (var r = 0u; r < ROWS; r++) { products[r * 144u + y * 9u + x] = dots[r]; }
    workgroupBarrier();

    var z = vec4f(LOWEST);
    if (finishes) {
      var dot = vec4f();
      for (var i = 0u; i < 8u; i++) { dot += products[mine * 144u + slot * 9u + i]; }
      z = scoresOf(dot, b, vec4u(h), vec4u(t), tile + slot + STEPS, limit);
      partials[lane] = maxOf(z);
    }
    workgroupBarrier();
    if (finishes) {
      var now = m;
      for (var i = 0u; i < 16u; i++) { now = max(now, partials[mine * 16u + i]); }
      let factor = factorOf(m, now);
      let p = weightsOf(z, vec4f(now));
      l = l * factor + sumOf(p);
      m = now;
      weights[lane] = p;
      if (slot == 0u) { factors[mine] = factor; }
    }
    workgroupBarrier();

    for (var r = 0u; r < ROWS; r++) { o[r] *= factors[r]; }
    if (team < teams) {
      for (var i = team; i < 16u; i += teams) {
        let start = valueRows + min(tile + i + STEPS, vec4u(last)) * params.valueAt.w + c * 4u;
        let n = D - c * 4u;
        let v = mat4x4f(valueQuad(start.x, n), valueQuad(start.y, n), valueQuad(start.z, n), valueQuad(start.w, n));
        for (var r = 0u; r < ROWS; r++) { o[r] = mixed(o[r], weights[r * 16u + i], v); }
      }
    }
  }

  workgroupBarrier();
  for (var r = 0u; r < ROWS; r++) { products[r * LANES + lane] = o[r]; }
  if (finishes) {
    partials[lane] = l;
    if (slot == 0u) { factors[mine] = m; }
  }
  workgroupBarrier();
  for (var i = lane; i < ROWS * quads; i += LANES) {
    let r = i / quads;
    if (first + r >= params.M) { continue; }
    var total = 0.0;
    for (var k = 0u; k < 16u; k++) { total += partials[r * 16u + k]; }
    var sum = vec4f();
    for (var k = 0u; k < teams; k++) { sum += products[r * LANES + k * quads + i % quads]; }
    let head = g * (params.H / params.G) + (first + r) / params.T;
    let position = (first + r) % params.T;
    let share = inverse(total);
    sum *= share;
    // A row whose weights are NaN is NaN throughout.
    if (!areFinite(sum) && !isNan(total)) {
      sum = vec4f();
      let queryRow = params.queryAt.x + b * params.queryAt.y + head * params.queryAt.z + position * params.queryAt.w;
      for (var s = part * params.run; s < end; s++) {
        let z = scoreAgain(queryRow, keyRows + s * params.keyAt.w, b, head, position, s);
        if (!isAllowed(z)) { continue; }
        let d = i % quads * 4u;
        sum += exponential(z - factors[r]) * share * valueQuad(valueRows + s * params.valueAt.w + d, D - d);
      }
    }
    let at = part * params.outputAt.x + b * params.outputAt.y + head * params.outputAt.z + position * params.outputAt.w;
    store(at, i % quads * 4u, sum);
  }
  if (finishes && slot == 0u && first + mine < params.M) {
    var total = 0.0;
    for (var k = 0u; k < 16u; k++) { total += partials[mine * 16u + k]; }
    sums[((part * params.B + b) * params.H + h) * params.T + t] = vec2f(m, total);
  }
}
`,
  attention_keys: `// attention_keys — dK = scale · dZᵀ Q and dV = Pᵀ dO, by tiles of keys, all heads of a group in one sum
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–4      as in attention.wgsl
// 5        gradient    storage, read         dO, [B, H, T, D], any strides but the last
// 6        rows        storage, read         [B, H, T] fours, see attention_delta.wgsl
// 7        result      storage, read_write   dK, [B, S, G, D], then dV, the same; or those of each part of the rows
// 8        params      uniform               attention_common.wgsl; outputAt.x = where dV starts
//
// dispatch   a plane of B · G · parts · cuts · tiles workgroups; each owns 32 keys and 32 COLUMNS elements of the width
// threads    64 as 8 × 8, see attention_tile.wgsl; rows of a tile are keys, columns are queries
// shared     13824 bytes
// barriers   bounds of all loops come from params and the number of the workgroup alone
// order      sums run over heads and queries in their order, whoever computes them

alias Element = f32;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> gradient: array<Element>;
@group(0) @binding(6) var<storage, read> rows: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> result: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

// include attention_back

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }
fn gradientQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(gradient[at], gradient[at + 1u], gradient[at + 2u], gradient[at + 3u]), n); }

// As much of four numbers as the width has.
fn store(at: u32, d: u32, v: vec4f) {
  if (d < params.D) { result[at + d] = v.x; }
  if (d + 1u < params.D) { result[at + d + 1u] = v.y; }
  if (d + 2u < params.D) { result[at + d + 2u] = v.z; }
  if (d + 3u < params.D) { result[at + d + 3u] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  // Under a causal limit the first keys take longest: they come first.
  let first = number % params.tiles * TILE;
  let cut = number / params.tiles % params.cuts * (8u * COLUMNS);
  let part = number / params.tiles / params.cuts % params.parts;
  let pair = number / params.tiles / params.cuts / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let x = lane % 8u;
  let y = lane / 8u;

  let mine = first + y + STEPS;
  let real = mine < vec4u(params.S);
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z + mine * params.keyAt.w;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z + mine * params.valueAt.w;
  let heads = params.H / params.G;

  let chunks = (params.D + 31u) / 32u;
  var dk: array<mat4x4f, COLUMNS>;
  var dv: array<mat4x4f, COLUMNS>;
  let end = min((part + 1u) * params.run, params.M);
  for (var tile = part * params.run; tile < end; tile += TILE) {
    if (limitOfRows(tile, min(tile + TILE, params.M) - 1u) <= first) { continue; }

    // Rows that this thread stages.
    let loaded = tile + y + STEPS;
    let there = loaded < vec4u(params.M);
    let inside = min(loaded, vec4u(params.M - 1u));
    let queryRows = rowsOf(params.queryAt, b, g * heads + inside / params.T, inside % params.T);
    let gradientRows = rowsOf(params.gradientAt, b, g * heads + inside / params.T, inside % params.T);
    var s = mat4x4f();
    var dp = mat4x4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let d = chunk * 32u + x * 4u;
      put(LEFT, x, y, keyPart(keyRows, real, d));
      put(RIGHT, x, y, queryPart(queryRows, there, d));
      workgroupBarrier();
      s = meet(s, x, y);
      workgroupBarrier();
      put(LEFT, x, y, valuePart(valueRows, real, d));
      put(RIGHT, x, y, gradientPart(gradientRows, there, d));
      workgroupBarrier();
      dp = meet(dp, x, y);
      workgroupBarrier();
    }

    // The four queries whose scores this thread holds.
    let column = tile + x + STEPS;
    let row = min(column, vec4u(params.M - 1u));
    let h = g * heads + row / params.T;
    let t = row % params.T;
    let limits = select(vec4u(), limitsOf(t), column < vec4u(params.M));
    let numbers = (b * params.H + h) * params.T + t;
    let known = transpose(mat4x4f(rows[numbers.x], rows[numbers.y], rows[numbers.z], rows[numbers.w]));
    let p = mat4x4f(
      sharesOf(scoresOf(s[0], b, h, t, vec4u(mine.x), limits), known[0], known[1]),
      sharesOf(scoresOf(s[1], b, h, t, vec4u(mine.y), limits), known[0], known[1]),
      sharesOf(scoresOf(s[2], b, h, t, vec4u(mine.z), limits), known[0], known[1]),
      sharesOf(scoresOf(s[3], b, h, t, vec4u(mine.w), limits), known[0], known[1]),
    );

    putWeights(x, y, p);
    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < params.M && d < params.D) {
          let h = g * heads + position / params.T;
          let at = params.gradientAt.x + b * params.gradientAt.y + h * params.gradientAt.z +
            position % params.T * params.gradientAt.w;
          v = gradientQuad(at + d, params.D - d);
        }
        staged[i] = v;
      }
      workgroupBarrier();
      for (var i = 0u; i < STAGED / 4u; i++) {
        let share = weightsAt(start + i, y);
        for (var c = 0u; c < COLUMNS; c++) { dv[c] = multiplied(dv[c], share, fourRows(i * 4u, c * 8u + x)); }
      }
      workgroupBarrier();
    }

    putWeights(
      x,
      y,
      mat4x4f(
        slopesOf(p[0], dp[0], known[2]),
        slopesOf(p[1], dp[1], known[2]),
        slopesOf(p[2], dp[2], known[2]),
        slopesOf(p[3], dp[3], known[2]),
      ),
    );
    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < params.M && d < params.D) {
          let h = g * heads + position / params.T;
          let at = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + position % params.T * params.queryAt.w;
          v = queryQuad(at + d, params.D - d);
        }
        staged[i] = v;
      }
      workgroupBarrier();
      for (var i = 0u; i < STAGED / 4u; i++) {
        let share = weightsAt(start + i, y);
        for (var c = 0u; c < COLUMNS; c++) { dk[c] = multiplied(dk[c], share, fourRows(i * 4u, c * 8u + x)); }
      }
      workgroupBarrier();
    }
  }

  for (var r = 0u; r < 4u; r++) {
    var strange = false;
    for (var c = 0u; c < COLUMNS; c++) {
      dk[c][r] *= params.scale;
      strange = strange || !areFinite(dk[c][r]) || !areFinite(dv[c][r]);
    }
    if (!strange || !real[r]) { continue; }
    for (var c = 0u; c < COLUMNS; c++) {
      dk[c][r] = vec4f();
      dv[c][r] = vec4f();
    }
    for (var row = part * params.run; row < end; row++) {
      let h = g * heads + row / params.T;
      let t = row % params.T;
      let q = params.queryAt.x + b * params.queryAt.y + h * params.queryAt.z + t * params.queryAt.w;
      let slope = params.gradientAt.x + b * params.gradientAt.y + h * params.gradientAt.z + t * params.gradientAt.w;
      let pair = pairAgain(q, slope, keyRows[r], valueRows[r], b, h, t, mine[r]);
      if (!isAllowed(pair.z)) { continue; }
      for (var c = 0u; c < COLUMNS; c++) {
        let d = (cut + c * 8u + x) * 4u;
        if (d >= params.D) { continue; }
        dk[c][r] += pair.slope * params.scale * queryQuad(q + d, params.D - d);
        dv[c][r] += pair.p * gradientQuad(slope + d, params.D - d);
      }
    }
  }

  let size = params.outputAt.x;
  let forKeys = 2u * part * size + b * params.outputAt.y + g * params.outputAt.z + mine * params.outputAt.w;
  let forValues = forKeys + size;
  for (var c = 0u; c < COLUMNS; c++) {
    let d = (cut + c * 8u + x) * 4u;
    if (real.x) {
      store(forKeys.x, d, dk[c][0]);
      store(forValues.x, d, dv[c][0]);
    }
    if (real.y) {
      store(forKeys.y, d, dk[c][1]);
      store(forValues.y, d, dv[c][1]);
    }
    if (real.z) {
      store(forKeys.z, d, dk[c][2]);
      store(forValues.z, d, dv[c][2]);
    }
    if (real.w) {
      store(forKeys.w, d, dk[c][3]);
      store(forValues.w, d, dv[c][3]);
    }
  }
}
`,
  attention_queries: `// attention_queries — dQ = scale · dZ K, by tiles of queries
//
// definition   core/04_attention/scaled_dot_product.ts
//
// binding  name        type                  shape / meaning
// 0–4      as in attention.wgsl
// 5        gradient    storage, read         dO, [B, H, T, D], any strides but the last
// 6        rows        storage, read         [B, H, T] fours, see attention_delta.wgsl
// 7        result      storage, read_write   dQ, [B, T, H, D], or that of each part of the keys
// 8        params      uniform               attention_common.wgsl
//
// dispatch   a plane of B · G · parts · cuts · tiles workgroups; each owns 32 rows and 32 COLUMNS elements of the width
// threads    64 as 8 × 8, see attention_tile.wgsl
// shared     13824 bytes
// barriers   bounds of all loops come from params and the number of the workgroup alone

alias Element = f32;

@group(0) @binding(0) var<storage, read> query: array<Element>;
@group(0) @binding(1) var<storage, read> key: array<Element>;
@group(0) @binding(2) var<storage, read> value: array<Element>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> gradient: array<Element>;
@group(0) @binding(6) var<storage, read> rows: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> result: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

// include attention_back

fn queryQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(query[at], query[at + 1u], query[at + 2u], query[at + 3u]), n); }
fn keyQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(key[at], key[at + 1u], key[at + 2u], key[at + 3u]), n); }
fn valueQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(value[at], value[at + 1u], value[at + 2u], value[at + 3u]), n); }
fn gradientQuad(at: u32, n: u32) -> vec4f { return kept(vec4f(gradient[at], gradient[at + 1u], gradient[at + 2u], gradient[at + 3u]), n); }

// As much of four numbers as the width has.
fn store(at: u32, d: u32, v: vec4f) {
  if (d < params.D) { result[at + d] = v.x; }
  if (d + 1u < params.D) { result[at + d + 1u] = v.y; }
  if (d + 2u < params.D) { result[at + d + 2u] = v.z; }
  if (d + 3u < params.D) { result[at + d + 3u] = v.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let first = (params.tiles - 1u - number % params.tiles) * TILE;
  let cut = number / params.tiles % params.cuts * (8u * COLUMNS);
  let part = number / params.tiles / params.cuts % params.parts;
  let pair = number / params.tiles / params.cuts / params.parts;
  let b = pair / params.G;
  let g = pair % params.G;
  let x = lane % 8u;
  let y = lane / 8u;

  let mine = first + y + STEPS;
  let real = mine < vec4u(params.M);
  let inside = min(mine, vec4u(params.M - 1u));
  let h = g * (params.H / params.G) + inside / params.T;
  let t = inside % params.T;
  let limits = limitsOf(t);
  let queryRows = rowsOf(params.queryAt, b, h, t);
  let gradientRows = rowsOf(params.gradientAt, b, h, t);
  let keyRows = params.keyAt.x + b * params.keyAt.y + g * params.keyAt.z;
  let valueRows = params.valueAt.x + b * params.valueAt.y + g * params.valueAt.z;
  let numbers = (b * params.H + h) * params.T + t;
  let known = array<vec4f, 4>(rows[numbers.x], rows[numbers.y], rows[numbers.z], rows[numbers.w]);

  let begin = part * params.run;
  let end = min(begin + params.run, limitOfRows(first, min(first + TILE, params.M) - 1u));
  let chunks = (params.D + 31u) / 32u;
  var o: array<mat4x4f, COLUMNS>;
  for (var tile = begin; tile < end; tile += TILE) {
    let keys = tile + x + STEPS;
    let loaded = tile + y + STEPS;
    var s = mat4x4f();
    var dp = mat4x4f();
    for (var chunk = 0u; chunk < chunks; chunk++) {
      let d = chunk * 32u + x * 4u;
      put(LEFT, x, y, queryPart(queryRows, real, d));
      put(RIGHT, x, y, keyPart(keyRows + loaded * params.keyAt.w, loaded < vec4u(end), d));
      workgroupBarrier();
      s = meet(s, x, y);
      workgroupBarrier();
      put(LEFT, x, y, gradientPart(gradientRows, real, d));
      put(RIGHT, x, y, valuePart(valueRows + loaded * params.valueAt.w, loaded < vec4u(end), d));
      workgroupBarrier();
      dp = meet(dp, x, y);
      workgroupBarrier();
    }
    s = mat4x4f(
      scoresOf(s[0], b, vec4u(h.x), vec4u(t.x), keys, vec4u(limits.x)),
      scoresOf(s[1], b, vec4u(h.y), vec4u(t.y), keys, vec4u(limits.y)),
      scoresOf(s[2], b, vec4u(h.z), vec4u(t.z), keys, vec4u(limits.z)),
      scoresOf(s[3], b, vec4u(h.w), vec4u(t.w), keys, vec4u(limits.w)),
    );
    putWeights(
      x,
      y,
      mat4x4f(
        slopesOf(sharesOf(s[0], vec4f(known[0].x), vec4f(known[0].y)), dp[0], vec4f(known[0].z)),
        slopesOf(sharesOf(s[1], vec4f(known[1].x), vec4f(known[1].y)), dp[1], vec4f(known[1].z)),
        slopesOf(sharesOf(s[2], vec4f(known[2].x), vec4f(known[2].y)), dp[2], vec4f(known[2].z)),
        slopesOf(sharesOf(s[3], vec4f(known[3].x), vec4f(known[3].y)), dp[3], vec4f(known[3].z)),
      ),
    );

    for (var start = 0u; start < 8u; start += STAGED / 4u) {
      for (var i = lane; i < STAGED * 8u * COLUMNS; i += LANES) {
        let position = tile + columnOf(i / (8u * COLUMNS), start);
        let d = (cut + i % (8u * COLUMNS)) * 4u;
        var v = vec4f();
        if (position < end && d < params.D) {
          v = keyQuad(keyRows + position * params.keyAt.w + d, params.D - d);
        }
        staged[i] = v;
      }
      workgroupBarrier();
      for (var i = 0u; i < STAGED / 4u; i++) {
        let share = weightsAt(start + i, y);
        for (var c = 0u; c < COLUMNS; c++) { o[c] = multiplied(o[c], share, fourRows(i * 4u, c * 8u + x)); }
      }
      workgroupBarrier();
    }
  }

  for (var r = 0u; r < 4u; r++) {
    var strange = false;
    for (var c = 0u; c < COLUMNS; c++) {
      o[c][r] *= params.scale;
      strange = strange || !areFinite(o[c][r]);
    }
    if (!strange || isNan(known[r].y) || !real[r]) { continue; }
    for (var c = 0u; c < COLUMNS; c++) { o[c][r] = vec4f(); }
    for (var s = begin; s < end; s++) {
      let k = keyRows + s * params.keyAt.w;
      let pair = pairAgain(queryRows[r], gradientRows[r], k, valueRows + s * params.valueAt.w, b, h[r], t[r], s);
      if (!isAllowed(pair.z)) { continue; }
      for (var c = 0u; c < COLUMNS; c++) {
        let d = (cut + c * 8u + x) * 4u;
        if (d < params.D) { o[c][r] += pair.slope * params.scale * keyQuad(k + d, params.D - d); }
      }
    }
  }
  let at = part * params.outputAt.x + b * params.outputAt.y + h * params.outputAt.z + t * params.outputAt.w;
  for (var c = 0u; c < COLUMNS; c++) {
    let d = (cut + c * 8u + x) * 4u;
    if (real.x) { store(at.x, d, o[c][0]); }
    if (real.y) { store(at.y, d, o[c][1]); }
    if (real.z) { store(at.z, d, o[c][2]); }
    if (real.w) { store(at.w, d, o[c][3]); }
  }
}
`,
  attention_tile: `// attention_tile — products of a tile of 32 × 32 by a workgroup of 64 threads
//
// Included by kernels of attention that meet tiles of queries and keys.
//
// threads    thread (x, y) of 8 × 8 owns the rows y, y + 8, y + 16, y + 24 of a tile and the columns
//            x, x + 8, x + 16, x + 24: neighbours then read neighbouring banks of the workgroup's memory
// staged     operands come 32 elements of the width at a time, as rows of PITCH vectors: left, then right
// weights    [32 rows][8 threads x]: the vector of thread x holds its four columns of that row
// shared     9216 + 4608 bytes

// include attention_common

const LANES = 64u;
const TILE = 32u;
const PITCH = 9u;
const LEFT = 288u;
const RIGHT = 0u;
const STEPS = vec4u(0u, 8u, 16u, 24u);
// Vectors of the result that a thread owns in each of its rows: 32 COLUMNS elements of the width per workgroup.
const COLUMNS = 1u;
// Rows of the right operand of a second product that are staged at once.
const STAGED = 32u;

var<workgroup> staged: array<vec4f, 576>;
var<workgroup> weights: array<vec4f, 288>;

// Four rows of one thread: columns of the result are rows of the tile.
fn multiplied(o: mat4x4f, p: mat4x4f, v: mat4x4f) -> mat4x4f {
  return mat4x4f(mixed(o[0], p[0], v), mixed(o[1], p[1], v), mixed(o[2], p[2], v), mixed(o[3], p[3], v));
}

// Puts one vector of each of four rows in its place.
fn put(area: u32, x: u32, y: u32, rows: mat4x4f) {
  let at = area + y * PITCH + x;
  staged[at] = rows[0];
  staged[at + 8u * PITCH] = rows[1];
  staged[at + 16u * PITCH] = rows[2];
  staged[at + 24u * PITCH] = rows[3];
}

// Adds the product of what is staged: left · rightᵀ.
fn meet(s: mat4x4f, x: u32, y: u32) -> mat4x4f {
  var sum = s;
  var a = LEFT + y * PITCH;
  var b = RIGHT + x * PITCH;
  for (var i = 0u; i < 8u; i++) {
    let left = mat4x4f(staged[a], staged[a + 8u * PITCH], staged[a + 16u * PITCH], staged[a + 24u * PITCH]);
    let right = mat4x4f(staged[b], staged[b + 8u * PITCH], staged[b + 16u * PITCH], staged[b + 24u * PITCH]);
    sum = multiplied(sum, left, transpose(right));
    a++;
    b++;
  }
  return sum;
}

// The four vectors of a thread become part of the weights.
fn putWeights(x: u32, y: u32, rows: mat4x4f) {
  let at = y * PITCH + x;
  weights[at] = rows[0];
  weights[at + 8u * PITCH] = rows[1];
  weights[at + 16u * PITCH] = rows[2];
  weights[at + 24u * PITCH] = rows[3];
}

// The weights of a thread's four rows for the four columns of thread \`column\`.
fn weightsAt(column: u32, y: u32) -> mat4x4f {
  let at = y * PITCH + column;
  return mat4x4f(weights[at], weights[at + 8u * PITCH], weights[at + 16u * PITCH], weights[at + 24u * PITCH]);
}

// Which column of the tile a staged row of the second product belongs to: the order of the weights.
fn columnOf(row: u32, first: u32) -> u32 { return row % 4u * 8u + first + row / 4u; }

// Four staged rows of the second product, at one vector of the width.
fn fourRows(row: u32, column: u32) -> mat4x4f {
  let at = row * 8u * COLUMNS + column;
  return mat4x4f(
    staged[at],
    staged[at + 8u * COLUMNS],
    staged[at + 16u * COLUMNS],
    staged[at + 24u * COLUMNS],
  );
}

fn queryPart(at: vec4u, valid: vec4<bool>, d: u32) -> mat4x4f {
  var rows = mat4x4f();
  if (d < params.D) {
    let n = params.D - d;
    if (valid.x) { rows[0] = queryQuad(at.x + d, n); }
    if (valid.y) { rows[1] = queryQuad(at.y + d, n); }
    if (valid.z) { rows[2] = queryQuad(at.z + d, n); }
    if (valid.w) { rows[3] = queryQuad(at.w + d, n); }
  }
  return rows;
}

fn keyPart(at: vec4u, valid: vec4<bool>, d: u32) -> mat4x4f {
  var rows = mat4x4f();
  if (d < params.D) {
    let n = params.D - d;
    if (valid.x) { rows[0] = keyQuad(at.x + d, n); }
    if (valid.y) { rows[1] = keyQuad(at.y + d, n); }
    if (valid.z) { rows[2] = keyQuad(at.z + d, n); }
    if (valid.w) { rows[3] = keyQuad(at.w + d, n); }
  }
  return rows;
}
`,
  binary: `// binary — y[i] = op(a[i], b[i]), of views of any strides
//
// definition   core/engine/backend.ts, \`binary\`; rules in core/engine/elementwise.ts
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
// threads    LANES = 256, one element each; or four, where both views lie in fours and no type changes

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
  copy_tiles: `// copy_tiles — y[…, b, a] = x[…, a, b]: a copy between views whose memory runs along different axes
//
// definition   core/engine/backend.ts, \`copy\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         the source, in which neighbours along b lie side by side
// 1        y       storage, read_write   the target, in which neighbours along a lie side by side
// 2        params  uniform               count = tiles; extents A and B; tiles along each; steps of x along a, of
//                                        y along b; axes of y (first) and x (second) without a and b
//
// dispatch   a plane of \`count\` workgroups, one tile of SIDE × SIDE each
// threads    LANES = 256: they read rows of x and write rows of y, SIDE words at a time
// shared     SIDE × (SIDE + 1) words; the odd length keeps threads of a column in different banks
// barriers   one, which every thread reaches

alias From = u32;
alias To = u32;
const LANES = 256u;
const SIDE = 32u;

struct Params {
  count: u32,
  A: u32,
  B: u32,
  tilesA: u32,
  tilesB: u32,
  stepA: u32,
  stepB: u32,
  axes: Axes,
}

@group(0) @binding(0) var<storage, read> x: array<From>;
@group(0) @binding(1) var<storage, read_write> y: array<To>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk
// include numbers

var<workgroup> tile: array<From, SIDE * (SIDE + 1u)>;

fn convert(x: From) -> To { return To(x); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let row = number / params.tilesB;
  let batch = row / params.tilesA;
  let at = locate(batch);
  let a0 = (row - batch * params.tilesA) * SIDE;
  let b0 = (number - row * params.tilesB) * SIDE;
  let across = lane % SIDE;
  for (var k = lane / SIDE; k < SIDE; k += LANES / SIDE) {
    if (a0 + k < params.A && b0 + across < params.B) {
      tile[k * (SIDE + 1u) + across] = x[at.y + (a0 + k) * params.stepA + b0 + across];
    }
  }
  workgroupBarrier();
  for (var k = lane / SIDE; k < SIDE; k += LANES / SIDE) {
    if (b0 + k < params.B && a0 + across < params.A) {
      y[at.x + (b0 + k) * params.stepB + a0 + across] = convert(tile[across * (SIDE + 1u) + k]);
    }
  }
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
// 4        sum      storage, read_write   [N], Σ exp(x − m), at least one half
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
  let m = found.x * SMALL;
  var value = (m - right * SMALL) * ((1.0 - params.smoothing) / SMALL);
  if (params.smoothing > 0.0) { value += (m - found.z / f32(params.classes)) * (params.smoothing / SMALL); }
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
  dropout: `// dropout — y[i] = x[i] / (1 − rate) if ⌊word(i) / 2⁸⌋ ≥ rate · 2²⁴, else 0
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
  y[i] = select(vec4f(0.0), x[params.offset + i] * params.scale, words >= vec4u(params.threshold));
}
`,
  gather: `// gather — y[i, :] = table[ids[i], :], elements of any type
//
// definition   core/engine/backend.ts, \`gather\`
//
// binding  name    type                  shape / meaning
// 0        table   storage, read         N rows \`stride\` cells apart, the cells of a row \`step\` apart
// 1        ids     storage, read         which row
// 2        y       storage, read_write   the rows, contiguous, in cells
// 3        params  uniform               count = cells of y; width = cells of a row; N; offset, stride and step of
//                                        the table; offset of the ids; outside = word of a row that is not there
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where rows lie in fours, else one

alias Cell = vec4u;
const LANES = 256u;

struct Params {
  count: u32,
  width: u32,
  N: u32,
  offset: u32,
  stride: u32,
  step: u32,
  ids: u32,
  outside: u32,
}

@group(0) @binding(0) var<storage, read> table: array<Cell>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<Cell>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let row = i / params.width;
  // A negative id is a large one here.
  let id = ids[params.ids + row];
  if (id >= params.N) {
    y[i] = Cell(params.outside);
    return;
  }
  y[i] = table[params.offset + id * params.stride + (i - row * params.width) * params.step];
}
`,
  in_place: `// in_place — x[i] = op(x[i], y[i])
//
// definition   core/engine/autograd.ts, \`accumulate\`; core/06_training/clipping.ts, \`scale\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read_write   what is overwritten, contiguous
// 1        y       storage, read         the other operand: cells, or one number for each where it repeats
// 2        params  uniform               count = cells; axes of x and y
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where both lie in fours or y repeats, else one

alias Cell = f32;
alias Other = f32;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read_write> x: array<Cell>;
@group(0) @binding(1) var<storage, read> y: array<Other>;
@group(0) @binding(2) var<uniform> params: Params;

// include walk

fn op(x: Cell, y: Other) -> Cell { return x + y; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let at = locate(i);
  x[at.x] = op(x[at.x], y[at.y]);
}
`,
  keys: `// keys — unsigned integers that are ordered as numbers are
//
// Included by kernels that compare: an integer has no NaN, no subnormal and one zero. NaN has the greatest
// key; the low key orders in reverse, NaN being the greatest there too.

// include numbers

const NAN_KEY = 0xffffffffu;
const LEAST_KEY = 0x00800000u;
const GREATEST_KEY = 0xff800000u;

fn keyOf(x: f32) -> u32 { return select(bitcast<u32>(orderOf(x)) ^ SIGN_BIT, NAN_KEY, isNan(x)); }

fn lowKeyOf(x: f32) -> u32 { return select(~(bitcast<u32>(orderOf(x)) ^ SIGN_BIT), NAN_KEY, isNan(x)); }

fn integerKeyOf(x: i32) -> u32 { return bitcast<u32>(x) ^ SIGN_BIT; }

// The key of nothing lies below −∞ and stands for it.
fn numberOf(key: u32) -> f32 {
  let order = bitcast<i32>(clamp(key, LEAST_KEY, GREATEST_KEY) ^ SIGN_BIT);
  let word = select(bitcast<u32>(order), SIGN_BIT | bitcast<u32>(-order), order < 0);
  return fromBits(select(word, NAN_BITS, key == NAN_KEY));
}

fn lowNumberOf(key: u32) -> f32 {
  // Nothing has the complement of NaN's key.
  return numberOf(select(min(~key, GREATEST_KEY), NAN_KEY, key == NAN_KEY));
}

fn integerOf(key: u32) -> i32 { return bitcast<i32>(key ^ SIGN_BIT); }
`,
  math: `// math — elementary functions whose error is known
//
// Included by kernels. The language promises little about its own exp, log, tanh, sin, pow, / and sqrt: some
// drivers give infinity for exp(NaN), NaN for tanh(∞), or flush subnormal numbers. These functions use
// additions, multiplications and integers only, and a quotient where its error is corrected afterwards.
//
// error      at most 2.6 units in the last place, whether a driver fuses products and sums or not;
//            divide, squareRoot and remainder are exactly rounded, in integers
// special    NaN, ±∞, ±0 and overflow by bits; results below 2^-126 are 0, except of divide, remainder, power
// reduction  Cody–Waite for the exponential; sine and cosine multiply by 2/π in integers (Payne–Hanek),
//            so that every float32 argument keeps all its digits
// sources    logarithm, tangent, error function, sine: Cephes (Moshier 1989); power: fdlibm (Sun 1993)
//
// A compiler may reorder sums; where that would lose digits the head of a number is cut off by a mask,
// which no rule of algebra undoes.

// include numbers


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
  if (size >= 0x4b000000u || size == 0u) { return x; }
  // A driver may take a subnormal number for zero.
  if (size < 0x3f800000u) { return select(0.0, -1.0, word != size); }
  return floor(x);
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
  // Eight of the 32 digits would be rounded away; they are multiplied on their own, as is the rest of π/2.
  let scale = unit * bitcast<f32>((127u - lead) << 23u);
  let head = f32(digits & 0xffffff00u);
  let angle = fma(head, 1.57079637, fma(head, -4.37113883e-8, f32(digits & 0xffu) * 1.57079637)) * scale;
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
  // Rounded, the sum may be 128 where the power is still a number.
  if (total >= 129.0 || product >= 1e30) { return infinity(); }
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
  let whole = step >= 0x4b800000u || (step >= 0x3f800000u && floor(b) == b);
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
  matmul: `// matmul — C = A B (+ bias), by tiles of which each thread makes 4 × 4 numbers
//
// definition   core/engine/backend.ts, \`matmul\`; core/engine/weight.ts, \`linear\`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices; Left = f32, any strides, or vec4f, whole vectors
// 1        b       storage, read         right matrices, likewise; or packed weights, see \`packed_blocks\`
// 2        steps   storage, read         steps of packed weights, one per 32 numbers of b; else not read
// 3        bias    storage, read         [N], added to every row; not read if there is none
// 4        c       storage, read_write   [parts, batch, M, N]
// 5        params  uniform               see \`matmul_operands\`
//
// dispatch   a plane of parts × batch × ⌈M / (4 QUADS)⌉ × ⌈N / (4 QUADS)⌉ workgroups
// threads    QUADS² = 2 QUADS × QUADS_DEEP; eight neighbours share rows, four share columns
// shared     128 × QUADS × QUADS_DEEP bytes: 16 KiB for tiles of 64, 4 KiB for tiles of 32
// barriers   only in uniform control flow: the loop over tiles depends on the workgroup
// order      each number is summed term by term in its part, whatever the layout of the operands

alias Left = f32;
alias Right = f32;
alias Cell = f32;
// whether four neighbours of an operand follow each other along the depth, or across the lines
const LEFT_ALONG = true;
const RIGHT_ALONG = true;
// numbers that are stored at once
const WIDTH = 1u;
// a tile has 4 QUADS lines and 4 QUADS_DEEP terms
const QUADS = 8u;
const QUADS_DEEP = 4u;

@group(0) @binding(0) var<storage, read> a: array<Left>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read> steps: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<Cell>;
@group(0) @binding(5) var<uniform> params: Params;

// include matmul_operands
// include matmul_blocks

// Four neighbours from an offset on.
fn left(at: u32) -> vec4f { return vec4f(a[at], a[at + params.left.z], a[at + 2u * params.left.z], a[at + 3u * params.left.z]); }
fn right(at: u32) -> vec4f { return vec4f(b[at], b[at + params.right.z], b[at + 2u * params.right.z], b[at + 3u * params.right.z]); }
// Where the steps of packed weights begin is in params.right.w.
fn stepAt(i: u32) -> f32 { return steps[params.right.w + i]; }
fn part(v: vec4f, j: u32) -> Cell { return v[j]; }

@compute @workgroup_size(QUADS * QUADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= workgroups()) { return; }
  let place = placeOf(number);
  let corner = tileOf(place.block) * 4u * QUADS;
  let source = sourceOf(place, corner, lane);
  // Thirty-two neighbours make 4 × 8 blocks of the result.
  let wave = lane / 32u;
  let down = wave / (QUADS / 8u) * 4u + lane % 32u / 8u;
  let across = wave % (QUADS / 8u) * 8u + lane % 8u;

  var sums: mat4x4f;
  var block = fetch(source, place.first, place.end);
  for (var first = place.first; first < place.end; first += DEEP) {
    keep(source.slot, block);
    workgroupBarrier();
    // On its way while this tile is multiplied.
    if (first + DEEP < place.end) { block = fetch(source, first + DEEP, place.end); }
    for (var k = 0u; k < DEEP; k += 4u) {
      let x = k * QUADS + (down ^ turnOf(k));
      let y = SIDE + k * QUADS + (across ^ turnOf(k));
      sums = outer(sums, tile[x], tile[y]);
      sums = outer(sums, tile[x + QUADS], tile[y + QUADS]);
      sums = outer(sums, tile[x + 2u * QUADS], tile[y + 2u * QUADS]);
      sums = outer(sums, tile[x + 3u * QUADS], tile[y + 3u * QUADS]);
    }
    workgroupBarrier();
  }
  let column = corner.y + 4u * across;
  storeFour(place.result, corner.x + 4u * down, column, sums, biasOf(column));
}
`,
  matmul_blocks: `// matmul_blocks — how the threads of a workgroup bring tiles of both operands into shared memory
//
// Included by the kernels that multiply by tiles. A tile is QUADS × 4 lines and QUADS_DEEP × 4 terms, term by
// term. One half of the threads fetches the left tile, the other the right one, each 4 lines × 4 terms. Lines
// beyond the last repeat it; terms beyond the last are zero in both tiles, so that no infinity meets a zero.
//
// Neighbouring threads fetch neighbouring vectors, and write them without meeting in a bank of the shared
// memory: the vectors of a term change places, by \`turnOf\`.

const HALF = QUADS * QUADS_DEEP;
const DEEP = 4u * QUADS_DEEP;
const SIDE = QUADS * DEEP;

// What the number of a vector is combined with (exclusive or) in four terms from a multiple of four on.
fn turnOf(term: u32) -> u32 { return term / 4u * (8u / QUADS_DEEP); }

var<workgroup> tile: array<vec4f, 2u * SIDE>;

// What a thread fetches, over and over.
struct Source {
  // whether it belongs to the left tile
  isLeft: bool,
  // offsets of the four vectors at term 0; elements from term to term
  starts: vec4u,
  step: u32,
  // its first term within a tile, and its place there
  term: u32,
  slot: u32,
}

// The first of four neighbours and the steps between vectors, for vectors along the depth or across the lines.
fn startsOf(offset: u32, line: u32, lines: u32, strides: vec4u, term: u32, along: bool) -> vec4u {
  let four = vec4u(0u, 1u, 2u, 3u);
  if (along) { return offset + min(line + four, vec4u(lines - 1u)) * strides.y + term * strides.z; }
  return offset + min(line, (lines - 1u) & ~3u) + (term + four) * strides.z;
}

fn sourceOf(place: Place, corner: vec2u, lane: u32) -> Source {
  var source: Source;
  source.isLeft = lane < HALF;
  let i = lane % HALF;
  let along = select(RIGHT_ALONG, LEFT_ALONG, source.isLeft);
  let quad = select(i % QUADS, i / QUADS_DEEP, along);
  source.term = 4u * select(i / QUADS, i % QUADS_DEEP, along);
  source.slot = source.term * QUADS + (quad ^ turnOf(source.term));
  if (source.isLeft) {
    source.starts = startsOf(place.left, corner.x + 4u * quad, params.rows, params.left, source.term, LEFT_ALONG);
    source.step = params.left.z;
  } else {
    source.starts = startsOf(place.right, corner.y + 4u * quad, params.columns, params.right, source.term, RIGHT_ALONG);
    source.step = params.right.z;
    source.slot += SIDE;
  }
  return source;
}

// Four terms, each of four lines, from term number \`first\` + \`source.term\` on.
fn fetch(source: Source, first: u32, end: u32) -> mat4x4f {
  let at = source.starts + first * source.step;
  var block: mat4x4f;
  if (source.isLeft) {
    block = mat4x4f(left(at.x), left(at.y), left(at.z), left(at.w));
    if (LEFT_ALONG) { block = transpose(block); }
  } else {
    block = mat4x4f(right(at.x), right(at.y), right(at.z), right(at.w));
    if (RIGHT_ALONG) { block = transpose(block); }
  }
  let term = first + source.term;
  if (term + 4u > end) {
    block[0] = select(vec4f(), block[0], term < end);
    block[1] = select(vec4f(), block[1], term + 1u < end);
    block[2] = select(vec4f(), block[2], term + 2u < end);
    block[3] = vec4f();
  }
  return block;
}

fn keep(slot: u32, block: mat4x4f) {
  tile[slot] = block[0];
  tile[slot + QUADS] = block[1];
  tile[slot + 2u * QUADS] = block[2];
  tile[slot + 3u * QUADS] = block[3];
}

// Four neighbouring biases.
fn biasOf(column: u32) -> vec4f {
  if (params.bias.w == 0u) { return vec4f(); }
  let at = params.bias.x + min(column + vec4u(0u, 1u, 2u, 3u), vec4u(params.columns - 1u));
  return vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
}

fn store(result: u32, row: u32, column: u32, v: vec4f) {
  if (row >= params.rows) { return; }
  let at = result + row * params.columns + column;
  for (var j = 0u; j < 4u; j += WIDTH) {
    if (column + j < params.columns) { c[(at + j) / WIDTH] = part(v, j); }
  }
}

// Four rows of four columns.
fn storeFour(result: u32, row: u32, column: u32, sums: mat4x4f, plus: vec4f) {
  store(result, row, column, sums[0] + plus);
  store(result, row + 1u, column, sums[1] + plus);
  store(result, row + 2u, column, sums[2] + plus);
  store(result, row + 3u, column, sums[3] + plus);
}
`,
  matmul_each: `// matmul_each — C = A B (+ bias), each number by a thread of its own: small matrices and short sums
//
// definition   core/engine/backend.ts, \`matmul\`; core/engine/weight.ts, \`linear\`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices, any strides
// 1        b       storage, read         right matrices, any strides
// 2        bias    storage, read         [N], added to every row; not read if there is none
// 3        c       storage, read_write   [batch, M, N]
// 4        params  uniform               see \`matmul_operands\`; one block per matrix
//
// dispatch   a plane of ⌈batch × M N / 256⌉ workgroups
// threads    256, one number each

const LANES = 256u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include matmul_operands

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  let size = params.rows * params.columns;
  if (i >= size * params.grid.z) { return; }
  let place = placeOf(i / size);
  let row = i % size / params.columns;
  let column = i % params.columns;
  var x = place.left + row * params.left.y;
  var y = place.right + column * params.right.y;
  var sum = 0.0;
  for (var k = 0u; k < params.depth; k++) {
    sum = fma(a[x], b[y], sum);
    x += params.left.z;
    y += params.right.z;
  }
  if (params.bias.w != 0u) { sum += bias[params.bias.x + column]; }
  c[i] = sum;
}
`,
  matmul_large: `// matmul_large — C = A B (+ bias), by tiles of 128 × 128 of which each thread makes 8 × 8 numbers
//
// definition   core/engine/backend.ts, \`matmul\`; core/engine/weight.ts, \`linear\`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices; Left = f32, any strides, or vec4f, whole vectors
// 1        b       storage, read         right matrices, likewise; or packed weights, see \`packed_blocks\`
// 2        steps   storage, read         steps of packed weights, one per 32 numbers of b; else not read
// 3        bias    storage, read         [N], added to every row; not read if there is none
// 4        c       storage, read_write   [parts, batch, M, N]
// 5        params  uniform               see \`matmul_operands\`
//
// dispatch   a plane of parts × batch × ⌈M / 128⌉ × ⌈N / 128⌉ workgroups
// threads    256: each makes rows 4i … 4i + 3 and 64 + 4i … 64 + 4i + 3, and columns likewise, so that
//            neighbours read neighbouring vectors of the tiles
// shared     16 KiB
// barriers   only in uniform control flow: the loop over tiles depends on the workgroup
// order      each number is summed term by term in its part, whatever the layout of the operands

alias Left = f32;
alias Right = f32;
alias Cell = f32;
// whether four neighbours of an operand follow each other along the depth, or across the lines
const LEFT_ALONG = true;
const RIGHT_ALONG = true;
// numbers that are stored at once
const WIDTH = 1u;
const QUADS = 32u;
const QUADS_DEEP = 4u;

@group(0) @binding(0) var<storage, read> a: array<Left>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read> steps: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> c: array<Cell>;
@group(0) @binding(5) var<uniform> params: Params;

// include matmul_operands
// include matmul_blocks

// Four neighbours from an offset on.
fn left(at: u32) -> vec4f { return vec4f(a[at], a[at + params.left.z], a[at + 2u * params.left.z], a[at + 3u * params.left.z]); }
fn right(at: u32) -> vec4f { return vec4f(b[at], b[at + params.right.z], b[at + 2u * params.right.z], b[at + 3u * params.right.z]); }
// Where the steps of packed weights begin is in params.right.w.
fn stepAt(i: u32) -> f32 { return steps[params.right.w + i]; }
fn part(v: vec4f, j: u32) -> Cell { return v[j]; }

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= workgroups()) { return; }
  let place = placeOf(number);
  let corner = tileOf(place.block) * 4u * QUADS;
  let source = sourceOf(place, corner, lane);
  // Thirty-two neighbours make 4 × 8 blocks of the result.
  let wave = lane / 32u;
  let down = wave / 2u * 4u + lane % 32u / 8u;
  let across = wave % 2u * 8u + lane % 8u;

  // Upper and lower rows, left and right columns.
  var upperLeft: mat4x4f;
  var upperRight: mat4x4f;
  var lowerLeft: mat4x4f;
  var lowerRight: mat4x4f;
  var block = fetch(source, place.first, place.end);
  for (var first = place.first; first < place.end; first += DEEP) {
    keep(source.slot, block);
    workgroupBarrier();
    // On its way while this tile is multiplied.
    if (first + DEEP < place.end) { block = fetch(source, first + DEEP, place.end); }
    for (var k = 0u; k < DEEP; k += 2u) {
      let x = k * QUADS + (down ^ turnOf(k));
      let y = SIDE + k * QUADS + (across ^ turnOf(k));
      var upper = tile[x];
      var lower = tile[x + 16u];
      var west = tile[y];
      var east = tile[y + 16u];
      upperLeft = outer(upperLeft, upper, west);
      upperRight = outer(upperRight, upper, east);
      lowerLeft = outer(lowerLeft, lower, west);
      lowerRight = outer(lowerRight, lower, east);
      upper = tile[x + QUADS];
      lower = tile[x + QUADS + 16u];
      west = tile[y + QUADS];
      east = tile[y + QUADS + 16u];
      upperLeft = outer(upperLeft, upper, west);
      upperRight = outer(upperRight, upper, east);
      lowerLeft = outer(lowerLeft, lower, west);
      lowerRight = outer(lowerRight, lower, east);
    }
    workgroupBarrier();
  }
  let row = corner.x + 4u * down;
  let column = corner.y + 4u * across;
  let plusLeft = biasOf(column);
  let plusRight = biasOf(column + 64u);
  storeFour(place.result, row, column, upperLeft, plusLeft);
  storeFour(place.result, row, column + 64u, upperRight, plusRight);
  storeFour(place.result, row + 64u, column, lowerLeft, plusLeft);
  storeFour(place.result, row + 64u, column + 64u, lowerRight, plusRight);
}
`,
  matmul_operands: `// matmul_operands — the parameters of all matrix products, and where a workgroup stands
//
// Included by kernels that multiply matrices. Both operands are sets of lines over a common depth: the rows
// of the left matrix, the columns of the right one. A product of a batch may be cut along the depth: each
// part is a product of its own, and \`matmul_sum\` adds them.

struct Params {
  rows: u32,
  columns: u32,
  depth: u32,
  // terms of one part; a multiple of 32
  part: u32,
  // offset, elements from line to line, from term to term
  left: vec4u,
  right: vec4u,
  // elements of the result from row to row, from column to column, from matrix to matrix, from part to part
  result: vec4u,
  // offset of the bias, elements from row to row, from column to column; w = 1 if there is one
  bias: vec4u,
  // blocks down, blocks across, matrices in the batch, parts
  grid: vec4u,
  // axes of the batch, innermost last
  extents: vec4u,
  leftSteps: vec4u,
  rightSteps: vec4u,
}

struct Place {
  // number of the block within its matrix
  block: u32,
  // offsets of the first elements
  left: u32,
  right: u32,
  result: u32,
  // terms
  first: u32,
  end: u32,
}

fn workgroups() -> u32 { return params.grid.x * params.grid.y * params.grid.z * params.grid.w; }

fn placeOf(number: u32) -> Place {
  let blocks = params.grid.x * params.grid.y;
  let matrix = number / blocks;
  let part = matrix / params.grid.z;
  var rest = matrix % params.grid.z;
  let i = rest % params.extents.w;
  rest = rest / params.extents.w;
  let j = rest % params.extents.z;
  rest = rest / params.extents.z;
  let index = vec4u(rest / params.extents.y, rest % params.extents.y, j, i);
  let left = index * params.leftSteps;
  let right = index * params.rightSteps;
  var place: Place;
  place.block = number % blocks;
  place.left = params.left.x + left.x + left.y + left.z + left.w;
  place.right = params.right.x + right.x + right.y + right.z + right.w;
  place.result = part * params.result.w + (matrix % params.grid.z) * params.result.z;
  place.first = part * params.part;
  place.end = min(place.first + params.part, params.depth);
  return place;
}

// Row and column of the block: bands of eight rows, so that neighbours in time share what they read.
fn tileOf(block: u32) -> vec2u {
  let band = block / (8u * params.grid.y);
  let height = min(8u, params.grid.x - 8u * band);
  let inside = block - 8u * band * params.grid.y;
  return vec2u(8u * band + inside % height, inside / height);
}

// Four rows of sums, each grown by a number times the same four columns.
fn outer(sums: mat4x4f, x: vec4f, y: vec4f) -> mat4x4f {
  return mat4x4f(
    fma(vec4f(x.x), y, sums[0]),
    fma(vec4f(x.y), y, sums[1]),
    fma(vec4f(x.z), y, sums[2]),
    fma(vec4f(x.w), y, sums[3]),
  );
}
`,
  matmul_sum: `// matmul_sum — y[i] = Σ over the parts of x[part, i] (+ bias): the second step of a product cut along its depth
//
// definition   core/engine/backend.ts, \`matmul\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [parts, count]
// 1        bias    storage, read         [N]; not read if there is none
// 2        y       storage, read_write   [count], of N columns
// 3        params  uniform               count, parts, N, offset of the bias, and whether there is one
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    256, one number each; the parts are added in order

const LANES = 256u;

struct Params { count: u32, parts: u32, columns: u32, offset: u32, biased: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  var sum = x[i];
  for (var part = 1u; part < params.parts; part++) { sum += x[part * params.count + i]; }
  if (params.biased != 0u) { sum += bias[params.offset + i % params.columns]; }
  y[i] = sum;
}
`,
  matvec_columns: `// matvec_columns — a few rows times a matrix stored column by column: every weight is read once
//
// definition   core/engine/backend.ts, \`matmul\`; core/engine/weight.ts, \`linear\`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices [M, K]; Left = f32, any strides, or vec4f; M ≤ ROWS
// 1        b       storage, read         right matrices [K, N]; Right = f32, any strides, or whole vectors
// 2        bias    storage, read         [N]; not read if there is none
// 3        c       storage, read_write   [parts, batch, M, N], or with M and N exchanged
// 4        params  uniform               see \`matmul_operands\`
//
// dispatch   a plane of parts × batch × ⌈N LANES / 256⌉ workgroups
// threads    256: LANES neighbours share a column, 4 terms each at a time
// shared     8 KiB: the sums of up to eight rows, added pairwise
// barriers   only in uniform control flow: every thread joins every reduction
// order      that of the sums does not depend on the layout of the operands

alias Left = f32;
alias Right = f32;
// rows at most: 1, 4 or 8
const ROWS = 1u;
// threads that share a column: a power of two up to 256
const LANES = 32u;

@group(0) @binding(0) var<storage, read> a: array<Left>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include matmul_operands

var<workgroup> upper: array<vec4f, 256>;
var<workgroup> lower: array<vec4f, 256>;

// Four neighbouring terms from an offset on.
fn left(at: u32) -> vec4f { return vec4f(a[at], a[at + params.left.z], a[at + 2u * params.left.z], a[at + 3u * params.left.z]); }
fn right(at: u32) -> vec4f { return vec4f(b[at], b[at + params.right.z], b[at + 2u * params.right.z], b[at + 3u * params.right.z]); }

// Zeros where there are no terms.
fn known(v: vec4f, term: u32) -> vec4f {
  if (term + 4u <= params.depth) { return v; }
  return select(vec4f(), v, vec4u(term) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.depth));
}

// Four terms of four rows, added to their sums.
fn grown(sums: mat4x4f, at: vec4u, term: u32, w: vec4f) -> mat4x4f {
  let i = at + term * params.left.z;
  if (ROWS == 1u) { return mat4x4f(fma(known(left(i.x), term), w, sums[0]), vec4f(), vec4f(), vec4f()); }
  return mat4x4f(
    fma(known(left(i.x), term), w, sums[0]),
    fma(known(left(i.y), term), w, sums[1]),
    fma(known(left(i.z), term), w, sums[2]),
    fma(known(left(i.w), term), w, sums[3]),
  );
}

// One number for each row.
fn total(sums: mat4x4f) -> vec4f {
  let byTerm = transpose(sums);
  return (byTerm[0] + byTerm[1]) + (byTerm[2] + byTerm[3]);
}

fn store(v: vec4f, firstRow: u32, column: u32, result: u32) {
  for (var i = 0u; i < min(4u, ROWS); i++) {
    let row = firstRow + i;
    if (row < params.rows) {
      var sum = v[i];
      if (params.bias.w != 0u) { sum += bias[params.bias.x + row * params.bias.y + column * params.bias.z]; }
      c[result + row * params.result.x + column * params.result.y] = sum;
    }
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= workgroups()) { return; }
  let place = placeOf(number);
  let column = place.block * (256u / LANES) + lane / LANES;
  let start = place.right + min(column, params.columns - 1u) * params.right.y;
  let last = vec4u(params.rows - 1u);
  let first = place.left + min(vec4u(0u, 1u, 2u, 3u), last) * params.left.y;
  let second = place.left + min(vec4u(4u, 5u, 6u, 7u), last) * params.left.y;

  const STEP = 4u * LANES;
  var sums: mat4x4f;
  var more: mat4x4f;
  var k = place.first + 4u * (lane % LANES);
  // Four vectors are on their way at a time.
  for (; k + 3u * STEP < place.end; k += 4u * STEP) {
    let w0 = right(start + k * params.right.z);
    let w1 = right(start + (k + STEP) * params.right.z);
    let w2 = right(start + (k + 2u * STEP) * params.right.z);
    let w3 = known(right(start + (k + 3u * STEP) * params.right.z), k + 3u * STEP);
    sums = grown(sums, first, k, w0);
    sums = grown(sums, first, k + STEP, w1);
    sums = grown(sums, first, k + 2u * STEP, w2);
    sums = grown(sums, first, k + 3u * STEP, w3);
    if (ROWS > 4u) {
      more = grown(more, second, k, w0);
      more = grown(more, second, k + STEP, w1);
      more = grown(more, second, k + 2u * STEP, w2);
      more = grown(more, second, k + 3u * STEP, w3);
    }
  }
  for (; k < place.end; k += STEP) {
    let w = known(right(start + k * params.right.z), k);
    sums = grown(sums, first, k, w);
    if (ROWS > 4u) { more = grown(more, second, k, w); }
  }
  upper[lane] = total(sums);
  if (ROWS > 4u) { lower[lane] = total(more); }
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane % LANES < reach) {
      upper[lane] += upper[lane + reach];
      if (ROWS > 4u) { lower[lane] += lower[lane + reach]; }
    }
    workgroupBarrier();
  }
  if (lane % LANES == 0u && column < params.columns) {
    store(upper[lane], 0u, column, place.result);
    if (ROWS > 4u) { store(lower[lane], 4u, column, place.result); }
  }
}
`,
  matvec_rows: `// matvec_rows — a few rows times a matrix stored row by row: every weight is read once
//
// definition   core/engine/backend.ts, \`matmul\`; core/engine/weight.ts, \`linear\`
//
// binding  name    type                  shape / meaning
// 0        a       storage, read         left matrices [M, K], any strides; M ≤ ROWS
// 1        b       storage, read         right matrices [K, N]; Right = f32, any strides, or vec4f, whole vectors
// 2        bias    storage, read         [N]; not read if there is none
// 3        c       storage, read_write   [parts, batch, M, N], or with M and N exchanged
// 4        params  uniform               see \`matmul_operands\`
//
// dispatch   a plane of parts × batch × ⌈N / (4 QUADS)⌉ workgroups
// threads    256: QUADS neighbours take 4 columns each, of every (256 / QUADS)th row of the matrix
// shared     16 KiB: the sums of four rows, added pairwise
// barriers   only in uniform control flow: every thread joins every reduction

alias Right = f32;
// rows at most: 1, 4 or 8
const ROWS = 1u;
// vectors of four columns that lie side by side in a workgroup
const QUADS = 8u;
const LANES = 256u;
const SLICES = LANES / QUADS;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<Right>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include matmul_operands

var<workgroup> partial: array<vec4f, 4u * LANES>;

// Four neighbouring columns from an offset on.
fn right(at: u32) -> vec4f { return vec4f(b[at], b[at + params.right.y], b[at + 2u * params.right.y], b[at + 3u * params.right.y]); }

// One term of four rows.
fn left(at: vec4u, term: u32) -> vec4f {
  let i = at + term * params.left.z;
  if (ROWS == 1u) { return vec4f(a[i.x], 0.0, 0.0, 0.0); }
  return vec4f(a[i.x], a[i.y], a[i.z], a[i.w]);
}

// Adds up the sums of four rows and stores them.
fn settle(sums: mat4x4f, firstRow: u32, place: Place, lane: u32) {
  partial[lane] = sums[0];
  if (ROWS > 1u) {
    partial[LANES + lane] = sums[1];
    partial[2u * LANES + lane] = sums[2];
    partial[3u * LANES + lane] = sums[3];
  }
  workgroupBarrier();
  for (var reach = LANES / 2u; reach >= QUADS; reach /= 2u) {
    if (lane < reach) {
      partial[lane] += partial[lane + reach];
      if (ROWS > 1u) {
        partial[LANES + lane] += partial[LANES + lane + reach];
        partial[2u * LANES + lane] += partial[2u * LANES + lane + reach];
        partial[3u * LANES + lane] += partial[3u * LANES + lane + reach];
      }
    }
    workgroupBarrier();
  }
  for (var i = lane; i < min(4u, ROWS) * 4u * QUADS; i += LANES) {
    let row = firstRow + i / (4u * QUADS);
    let inside = i % (4u * QUADS);
    let column = place.block * 4u * QUADS + inside;
    if (row < params.rows && column < params.columns) {
      var sum = partial[i / (4u * QUADS) * LANES + inside / 4u][inside % 4u];
      if (params.bias.w != 0u) { sum += bias[params.bias.x + row * params.bias.y + column * params.bias.z]; }
      c[place.result + row * params.result.x + column * params.result.y] = sum;
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= workgroups()) { return; }
  let place = placeOf(number);
  let column = (place.block * QUADS + lane % QUADS) * 4u;
  let start = place.right + min(column, (params.columns - 1u) & ~3u) * params.right.y;
  let last = vec4u(params.rows - 1u);
  let upper = place.left + min(vec4u(0u, 1u, 2u, 3u), last) * params.left.y;
  let lower = place.left + min(vec4u(4u, 5u, 6u, 7u), last) * params.left.y;

  var sums: mat4x4f;
  var more: mat4x4f;
  var k = place.first + lane / QUADS;
  // Four vectors are on their way at a time.
  for (; k + 3u * SLICES < place.end; k += 4u * SLICES) {
    let w0 = right(start + k * params.right.z);
    let w1 = right(start + (k + SLICES) * params.right.z);
    let w2 = right(start + (k + 2u * SLICES) * params.right.z);
    let w3 = right(start + (k + 3u * SLICES) * params.right.z);
    sums = outer(sums, left(upper, k), w0);
    sums = outer(sums, left(upper, k + SLICES), w1);
    sums = outer(sums, left(upper, k + 2u * SLICES), w2);
    sums = outer(sums, left(upper, k + 3u * SLICES), w3);
    if (ROWS > 4u) {
      more = outer(more, left(lower, k), w0);
      more = outer(more, left(lower, k + SLICES), w1);
      more = outer(more, left(lower, k + 2u * SLICES), w2);
      more = outer(more, left(lower, k + 3u * SLICES), w3);
    }
  }
  for (; k < place.end; k += SLICES) {
    let w = right(start + k * params.right.z);
    sums = outer(sums, left(upper, k), w);
    if (ROWS > 4u) { more = outer(more, left(lower, k), w); }
  }
  settle(sums, 0u, place, lane);
  if (ROWS > 4u) { settle(more, 4u, place, lane); }
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
  // Not by \`max\`, which may lose NaN.
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
`,
  normalize_backward: `// normalize_backward — dx[r, :] = s (g γ − u − h w), h = (x[r, :] − μ) s; w = mean g γ h, and u = mean g γ, or 0
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
`,
  normalize_columns: `// normalize_columns — partial[b, 0, c] = Σ g h and partial[b, 1, c] = Σ g over the rows of block b, h = (x − μ) s
//
// definition   core/05_transformer/normalization.ts, the gradients of gain and bias
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [rows, columns], contiguous
// 1        g        storage, read         [rows, columns], the gradient of y, contiguous
// 2        known    storage, read         [rows] fours, of the forward kernel: m, c r, r and unit, which make
//                                         h = (unit x − m) r − c r
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
@group(0) @binding(2) var<storage, read> known: array<vec4f>;
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
      let found = known[row];
      sums += vec2f(slope * ((x[params.offset + at] * found.w - found.x) * found.z - found.y), slope);
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
// definition   core/05_transformer/normalization.ts, the gradients of gain and bias
//
// binding  name     type                  shape / meaning
// 0        partial  storage, read         [blocks, columns], of normalize_columns
// 1        y        storage, read_write   [columns]
// 2        params   uniform               blocks, columns
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
const NAN_BITS = 0x7fc00000u;
const SIGN_BIT = 0x80000000u;

fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > INFINITY_BITS; }

fn isInfinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == INFINITY_BITS; }

// A number from its bits that no compiler knows beforehand: constants must be finite.
fn fromBits(word: u32) -> f32 {
  var hidden = word;
  return bitcast<f32>(hidden);
}

fn notANumber() -> f32 { return fromBits(NAN_BITS); }

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

// The value of x as an integer that orders numbers as they are ordered, zeros of both signs as one. Exact
// where a driver takes a subnormal number for zero; for NaN it means nothing.
fn orderOf(x: f32) -> i32 {
  let word = bitcast<i32>(x);
  return select(word, -(word & 0x7fffffff), word < 0);
}
`,
  packed_blocks: `// packed_blocks — rounds a matrix of weights to levels of 8 or 4 bits in blocks of 32 along the depth
//
// definition   core/engine/packed.ts, \`roundWeights\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [K, N], any strides
// 1        packed  storage, read_write   [N, blocks] blocks of levels, then [N, blocks] steps, float32
// 2        params  uniform               K, N, blocks in a column; offset of x and its strides
//
// dispatch   a plane of ⌈N × blocks / 32⌉ workgroups
// threads    256: eight neighbours share a block
// shared     4 KiB
// special    a block with NaN or infinity has the step NaN, and with it the whole column
//
// A block of 8 bits is 8 words of four levels with sign. A block of 4 bits is 4 words of eight levels 0 … 15,
// eight more than what they stand for: terms 8 w … 8 w + 3 in the low halves of the bytes of word w, the
// four after them in the high halves.

// levels on either side of zero: 64, or 8 for levels of 4 bits
const HALF = 64u;
const LANES = 256u;

struct Params { depth: u32, columns: u32, blocks: u32, offset: u32, term: u32, column: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

// include packed_levels

var<workgroup> high: array<f32, LANES>;
var<workgroup> low: array<f32, LANES>;
var<workgroup> sizes: array<u32, LANES>;
var<workgroup> words: array<u32, LANES>;

fn at(column: u32, k: u32) -> f32 {
  if (column >= params.columns || k >= params.depth) { return 0.0; }
  return x[params.offset + column * params.column + k * params.term];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = (group.y * groups.x + group.x) * (LANES / 8u) + lane / 8u;
  let column = block / params.blocks;
  let k = block % params.blocks * 32u + lane % 8u * 4u;
  let v = vec4f(at(column, k), at(column, k + 1u), at(column, k + 2u), at(column, k + 3u));
  high[lane] = max(max(v.x, v.y), max(v.z, v.w));
  low[lane] = min(min(v.x, v.y), min(v.z, v.w));
  // As integers, sizes have the order of the numbers; infinity and NaN are above.
  let size = bitcast<vec4u>(v) & vec4u(0x7fffffffu);
  sizes[lane] = max(max(size.x, size.y), max(size.z, size.w));
  workgroupBarrier();
  let first = lane & ~7u;
  var most = high[first];
  var least = low[first];
  var largest = sizes[first];
  for (var i = 1u; i < 8u; i++) {
    most = max(most, high[first + i]);
    least = min(least, low[first + i]);
    largest = max(largest, sizes[first + i]);
  }
  // The number farthest from zero becomes the lowest level.
  var step = select(least, most, most >= -least) * (-1.0 / f32(HALF));
  var levels = vec4i();
  if (largest >= INFINITY_BITS) {
    step = notANumber();
  } else {
    levels = levelsOf(v, step, f32(HALF), f32(2u * HALF - 1u));
  }
  words[lane] = bytes(select(levels, levels - 64, HALF == 64u));
  workgroupBarrier();
  if (column >= params.columns) { return; }
  let all = params.columns * params.blocks;
  if (HALF == 64u) {
    packed[block * 8u + lane % 8u] = words[lane];
    if (lane == first) { packed[all * 8u + block] = bitcast<u32>(step); }
  } else {
    if (lane % 2u == 0u) { packed[block * 4u + lane % 8u / 2u] = words[lane] | (words[lane + 1u] << 4u); }
    if (lane == first) { packed[all * 4u + block] = bitcast<u32>(step); }
  }
}
`,
  packed_columns: `// packed_columns — columns of packed weights by number, each as a row of float32
//
// definition   core/engine/backend.ts, \`Packing.columns\`
//
// binding  name    type                  shape / meaning
// 0        b       storage, read         packed weights; four numbers from \`right\`
// 1        steps   storage, read         the same buffer, for steps
// 2        ids     storage, read         [count], int32
// 3        y       storage, read_write   [count, K]
// 4        params  uniform               count, K, N, numbers from column to column, offset of the ids, of the steps
//
// dispatch   a plane of ⌈count K / 256⌉ workgroups
// threads    256, one number each
// special    a number outside [0, N) yields NaN

alias Right = u32;
const LANES = 256u;

struct Params { count: u32, depth: u32, columns: u32, pitch: u32, ids: u32, steps: u32 }

@group(0) @binding(0) var<storage, read> b: array<Right>;
@group(0) @binding(1) var<storage, read> steps: array<f32>;
@group(0) @binding(2) var<storage, read> ids: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// include numbers

fn stepAt(i: u32) -> f32 { return steps[params.steps + i]; }

// Four numbers from a multiple of four on.
fn right(at: u32) -> vec4f { return vec4f(unpack4xI8(b[at / 4u])) * stepAt(at / 32u); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count * params.depth) { return; }
  let id = ids[params.ids + i / params.depth];
  let k = i % params.depth;
  if (id < 0 || u32(id) >= params.columns) {
    y[i] = notANumber();
    return;
  }
  y[i] = right(u32(id) * params.pitch + k / 4u * 4u)[k % 4u];
}
`,
  packed_halves: `// packed_halves — a matrix of weights in float16, column by column
//
// definition   core/engine/packed.ts, \`roundHalves\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [K, N], any strides
// 1        packed  storage, read_write   [N, W], two numbers in a word, zeros behind the last
// 2        params  uniform               K, N, W; offset of x and its strides
//
// dispatch   a plane of ⌈N W / 256⌉ workgroups
// threads    256, one word each

const LANES = 256u;

struct Params { depth: u32, columns: u32, words: u32, offset: u32, term: u32, column: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

// Bits of the nearest float16, ties away from zero, at most 65504; NaN stays.
fn halved(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  // Ten bits of fraction, and the exponent from where it is to where it has five bits.
  var found = (size + 0x1000u - (112u << 23u)) >> 13u;
  // Below 2⁻¹⁴ the numbers are whole steps of 2⁻²⁴.
  if (size < 0x38800000u) { found = u32(bitcast<f32>(size) * 16777216.0 + 0.5); }
  return select(min(found, 0x7bffu), 0x7e00u, size > 0x7f800000u) | ((bits >> 16u) & 0x8000u);
}

fn at(column: u32, k: u32) -> u32 {
  if (k >= params.depth) { return 0u; }
  return halved(x[params.offset + column * params.column + k * params.term]);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.columns * params.words) { return; }
  let column = i / params.words;
  let k = i % params.words * 2u;
  packed[i] = at(column, k) | (at(column, k + 1u) << 16u);
}
`,
  packed_levels: `// packed_levels — numbers as multiples of a step
//
// Included by the kernels that round to integers.

// include math

// ⌊x / step + middle + 1/2⌋ in [0, most], as the definition rounds; zeros where all are zero.
fn levelsOf(x: vec4f, step: f32, middle: f32, most: f32) -> vec4i {
  let d = select(step, 1.0, step == 0.0);
  let q = vec4f(divide(x.x, d), divide(x.y, d), divide(x.z, d), divide(x.w, d));
  return vec4i(clamp(floor(q + (middle + 0.5)), vec4f(), vec4f(most)));
}

fn bytes(levels: vec4i) -> u32 {
  let v = vec4u(levels) & vec4u(255u);
  return v.x | (v.y << 8u) | (v.z << 16u) | (v.w << 24u);
}
`,
  packed_matvec: `// packed_matvec — a few rounded rows times weights in blocks of integers: every weight is read once
//
// definition   core/engine/packed.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [M, blocks, 2]: rounded rows, see \`packed_rows\`; M ≤ ROWS
// 1        scales  storage, read         [M, blocks]: step, sum of the levels
// 2        w       storage, read         [N, blocks] blocks of levels, see \`packed_blocks\`
// 3        steps   storage, read         the same buffer: [N, blocks] steps from params.steps on
// 4        bias    storage, read         [N]; not read if there is none
// 5        y       storage, read_write   [M, N]
// 6        params  uniform               M, N, blocks, offset of the steps, offset of the bias, whether there is one
//
// dispatch   a plane of ⌈N LANES / 256⌉ workgroups
// threads    256: LANES neighbours share a column, a block each at a time
// shared     8 KiB: the sums of up to eight rows, added pairwise
// barriers   only in uniform control flow: every thread joins every reduction
// order      sums over a block are exact; blocks are added in an order that does not depend on the rows

// rows at most: 1, 4 or 8
const ROWS = 1u;
// threads that share a column: a power of two up to 256
const LANES = 8u;
// whether a level has half a byte
const NIBBLES = false;

struct Params { rows: u32, columns: u32, blocks: u32, steps: u32, bias: u32, biased: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> scales: array<vec2f>;
@group(0) @binding(2) var<storage, read> w: array<vec4u>;
@group(0) @binding(3) var<storage, read> steps: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

var<workgroup> upper: array<vec4f, 256>;
var<workgroup> lower: array<vec4f, 256>;

struct Levels { first: vec4u, second: vec4u }

// Eight words of four levels.
fn levelsOf(block: u32) -> Levels {
  if (NIBBLES) {
    let v = w[block];
    let even = v & vec4u(0x0f0f0f0fu);
    let odd = (v >> vec4u(4u)) & vec4u(0x0f0f0f0fu);
    return Levels(vec4u(even.x, odd.x, even.y, odd.y), vec4u(even.z, odd.z, even.w, odd.w));
  }
  return Levels(w[2u * block], w[2u * block + 1u]);
}

// One block of one row, in the steps of both; they are multiplied first, or numbers near the largest would overflow.
fn product(row: u32, block: u32, levels: Levels, step: f32) -> f32 {
  let i = min(row, params.rows - 1u) * params.blocks + block;
  let p = x[2u * i];
  let q = x[2u * i + 1u];
  var sum = dot4I8Packed(p.x, levels.first.x) + dot4I8Packed(p.y, levels.first.y) +
    dot4I8Packed(p.z, levels.first.z) + dot4I8Packed(p.w, levels.first.w) +
    dot4I8Packed(q.x, levels.second.x) + dot4I8Packed(q.y, levels.second.y) +
    dot4I8Packed(q.z, levels.second.z) + dot4I8Packed(q.w, levels.second.w);
  let scale = scales[i];
  // Levels of half a byte are kept eight too high.
  if (NIBBLES) { sum -= 8 * i32(scale.y); }
  return f32(sum) * (scale.x * step);
}

fn products(row: u32, block: u32, levels: Levels, step: f32) -> vec4f {
  if (ROWS == 1u) { return vec4f(product(0u, block, levels, step), 0.0, 0.0, 0.0); }
  return vec4f(
    product(row, block, levels, step),
    product(row + 1u, block, levels, step),
    product(row + 2u, block, levels, step),
    product(row + 3u, block, levels, step),
  );
}

fn store(v: vec4f, firstRow: u32, column: u32) {
  for (var i = 0u; i < min(4u, ROWS); i++) {
    let row = firstRow + i;
    if (row < params.rows) {
      var sum = v[i];
      if (params.biased != 0u) { sum += bias[params.bias + column]; }
      y[row * params.columns + column] = sum;
    }
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number * (256u / LANES) >= params.columns) { return; }
  let column = number * (256u / LANES) + lane / LANES;
  let start = min(column, params.columns - 1u) * params.blocks;
  var sums: vec4f;
  var more: vec4f;
  var i = lane % LANES;
  // Two blocks are on their way at a time.
  for (; i + LANES < params.blocks; i += 2u * LANES) {
    let a = levelsOf(start + i);
    let b = levelsOf(start + i + LANES);
    let s = steps[params.steps + start + i];
    let t = steps[params.steps + start + i + LANES];
    sums += products(0u, i, a, s);
    sums += products(0u, i + LANES, b, t);
    if (ROWS > 4u) {
      more += products(4u, i, a, s);
      more += products(4u, i + LANES, b, t);
    }
  }
  if (i < params.blocks) {
    let a = levelsOf(start + i);
    let s = steps[params.steps + start + i];
    sums += products(0u, i, a, s);
    if (ROWS > 4u) { more += products(4u, i, a, s); }
  }
  upper[lane] = sums;
  if (ROWS > 4u) { lower[lane] = more; }
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane % LANES < reach) {
      upper[lane] += upper[lane + reach];
      if (ROWS > 4u) { lower[lane] += lower[lane + reach]; }
    }
    workgroupBarrier();
  }
  if (lane % LANES == 0u && column < params.columns) {
    store(upper[lane], 0u, column);
    if (ROWS > 4u) { store(lower[lane], 4u, column); }
  }
}
`,
  packed_rows: `// packed_rows — rounds rows of features to 255 levels per block of 32
//
// definition   core/engine/packed.ts, \`roundRows\`
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [R, K], any strides
// 1        kept     storage, read_write   [R, blocks, 8]: four levels of 8 bits, or four numbers
// 2        scales   storage, read_write   [R, blocks]: step, sum of the levels
// 3        params   uniform               R, K, blocks in a row; offset of x and its strides
//
// dispatch   a plane of ⌈R × blocks / 32⌉ workgroups
// threads    256: eight neighbours share a block
// shared     2 KiB
// special    a block with NaN or infinity has the step NaN, and with it the whole row

alias Rounded = u32;
const LANES = 256u;

struct Params { rows: u32, depth: u32, blocks: u32, offset: u32, row: u32, term: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> kept: array<Rounded>;
@group(0) @binding(2) var<storage, read_write> scales: array<vec2f>;
@group(0) @binding(3) var<uniform> params: Params;

// include numbers
// include packed_levels

var<workgroup> largest: array<u32, LANES>;
var<workgroup> sums: array<i32, LANES>;

// What is kept of four levels.
fn form(levels: vec4i, step: f32) -> Rounded { return bytes(levels); }

fn at(row: u32, k: u32) -> f32 {
  if (row >= params.rows || k >= params.depth) { return 0.0; }
  return x[params.offset + row * params.row + k * params.term];
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = (group.y * groups.x + group.x) * (LANES / 8u) + lane / 8u;
  let row = block / params.blocks;
  let k = block % params.blocks * 32u + lane % 8u * 4u;
  let v = vec4f(at(row, k), at(row, k + 1u), at(row, k + 2u), at(row, k + 3u));
  // As integers, sizes have the order of the numbers; infinity and NaN are above.
  let size = bitcast<vec4u>(v) & vec4u(0x7fffffffu);
  largest[lane] = max(max(size.x, size.y), max(size.z, size.w));
  workgroupBarrier();
  let first = lane & ~7u;
  var most = 0u;
  for (var i = 0u; i < 8u; i++) { most = max(most, largest[first + i]); }
  var step = divide(bitcast<f32>(most), 127.0);
  var levels = vec4i();
  if (most >= INFINITY_BITS) {
    step = notANumber();
  } else {
    levels = levelsOf(v, step, 127.0, 254.0) - 127;
  }
  sums[lane] = levels.x + levels.y + levels.z + levels.w;
  workgroupBarrier();
  if (row >= params.rows) { return; }
  kept[block * 8u + lane % 8u] = form(levels, step);
  if (lane == first) {
    var sum = 0;
    for (var i = 0u; i < 8u; i++) { sum += sums[first + i]; }
    scales[block] = vec2f(step, f32(sum));
  }
}
`,
  recurrent_step: `// recurrent_step — one step of a recurrent network, for every text of a batch
//
//   RNN    h′ = tanh(x + s), or relu
//   LSTM   C′ = σ(f) C + σ(i) tanh(g),   h′ = σ(o) tanh(C′)
//   GRU    n = tanh(x_n + σ(r) s_n),   h′ = n + σ(z) (h − n)
//
// definition   core/03_language_models/rnn.ts, core/03_language_models/lstm/mod.ts, core/03_language_models/lstm/gru.ts
//
// binding  name       type                  shape / meaning
// 0        projected  storage, read         [B, T, G·H]: what the words say, x
// 1        sums       storage, read         [B, G·H]: what the state before says, s; a product made it
// 2        mask       storage, read         [B, T], 0 where a text has no word; read if \`masked\`
// 3        hidden     storage, read         [B, H]: the state before the first step
// 4        cell       storage, read         [B, H]: of an LSTM, the cell before the first step
// 5        states     storage, read_write   [B, T, H]; of an LSTM, the cells behind them
// 6        kept       storage, read_write   [B, T, 4·H], for the way back: the gates of an LSTM; reset, update,
//                                           candidate and what the reset gate multiplies of a GRU
// 7        params     uniform               t and earlier are positions; count = B·H; the rest are offsets
//
// dispatch   a plane of ⌈B·H / 256⌉ workgroups, once for each step, after the product of the step
// threads    LANES = 256, one number of a state each
// padding    where a text has no word its states stay what they are, and nothing is kept

// include math

const LANES = 256u;
const RNN = 0u;
const RELU = 1u;
const LSTM = 2u;
const GRU = 3u;
const KIND = 0u;
const GATES = 1u;

struct Params {
  count: u32, H: u32, T: u32, t: u32,
  earlier: u32, isFirst: u32, masked: u32, projectedAt: u32,
  maskAt: u32, hiddenAt: u32, cellAt: u32,
}

@group(0) @binding(0) var<storage, read> projected: array<f32>;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> hidden: array<f32>;
@group(0) @binding(4) var<storage, read> cell: array<f32>;
@group(0) @binding(5) var<storage, read_write> states: array<f32>;
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let H = params.H;
  let text = i / H;
  let j = i % H;
  let place = text * params.T + params.t;
  let at = place * H + j;
  let back = (text * params.T + params.earlier) * H + j;
  let cells = params.count * params.T;

  var before = 0.0;
  var cellBefore = 0.0;
  if (params.isFirst == 1u) {
    before = hidden[params.hiddenAt + i];
    if (KIND == LSTM) { cellBefore = cell[params.cellAt + i]; }
  } else {
    before = states[back];
    if (KIND == LSTM) { cellBefore = states[cells + back]; }
  }
  if (params.masked == 1u && mask[params.maskAt + place] == 0u) {
    states[at] = before;
    if (KIND == LSTM) { states[cells + at] = cellBefore; }
    return;
  }

  let x = params.projectedAt + place * GATES * H + j;
  let s = text * GATES * H + j;
  let keep = place * 4u * H + j;
  if (KIND == LSTM) {
    let input = logistic(projected[x] + sums[s]);
    let forget = logistic(projected[x + H] + sums[s + H]);
    let candidate = hyperbolicTangent(projected[x + 2u * H] + sums[s + 2u * H]);
    let output = logistic(projected[x + 3u * H] + sums[s + 3u * H]);
    let c = fma(input, candidate, forget * cellBefore);
    kept[keep] = input;
    kept[keep + H] = forget;
    kept[keep + 2u * H] = candidate;
    kept[keep + 3u * H] = output;
    states[cells + at] = c;
    states[at] = output * hyperbolicTangent(c);
  } else if (KIND == GRU) {
    let reset = logistic(projected[x] + sums[s]);
    let update = logistic(projected[x + H] + sums[s + H]);
    let memory = sums[s + 2u * H];
    let candidate = hyperbolicTangent(fma(reset, memory, projected[x + 2u * H]));
    kept[keep] = reset;
    kept[keep + H] = update;
    kept[keep + 2u * H] = candidate;
    kept[keep + 3u * H] = memory;
    states[at] = fma(update, before - candidate, candidate);
  } else {
    let sum = projected[x] + sums[s];
    if (KIND == RELU) { states[at] = select(0.0, sum, sum > 0.0); } else { states[at] = hyperbolicTangent(sum); }
  }
}
`,
  recurrent_step_backward: `// recurrent_step_backward — the gradients of one step of a recurrent network
//
//   RNN    ṡ = ḣ (1 − h²), or ḣ where h > 0
//   LSTM   Ċ += ḣ o (1 − tanh² C),   i̇ = Ċ g i (1 − i),   ḟ = Ċ C₋ f (1 − f),   ġ = Ċ i (1 − g²),   ȯ = ḣ tanh(C) o (1 − o)
//   GRU    ṅ = ḣ (1 − z) (1 − n²),   ż = ḣ (h₋ − n) z (1 − z),   ṙ = ṅ m r (1 − r)
//
// definition   core/03_language_models/rnn.ts, core/03_language_models/lstm/mod.ts, core/03_language_models/lstm/gru.ts
//
// binding  name      type                  shape / meaning
// 0        gradient  storage, read         as the states: what arrives from outside
// 1        mask      storage, read         [B, T], 0 where a text has no word; read if \`masked\`
// 2        states    storage, read         what the way forward made
// 3        kept      storage, read         the same; see recurrent_step
// 4        initial   storage, read         [B, H]: the state before the first step, of an LSTM the cell
// 5        carried   storage, read         [B, H]: through the matrix of the step that follows
// 6        passed    storage, read_write   [B, H]: past that matrix; of an LSTM, what arrives at the cell behind it
// 7        to        storage, read_write   [B, T, G·H]: for what the words say; of a GRU, that for the sums behind it
// 8        params    uniform               t and earlier are positions; count = B·H; the rest are offsets
//
// dispatch   a plane of ⌈B·H / 256⌉ workgroups, once for each step, before the product of the step
// threads    LANES = 256, one number of a state each
// padding    where a text has no word the gradient is passed on, and that of the gates is 0
// start      at the last step nothing is carried or passed: \`isLast\`

// include math

const LANES = 256u;
const RNN = 0u;
const RELU = 1u;
const LSTM = 2u;
const GRU = 3u;
const KIND = 0u;
const GATES = 1u;

struct Params {
  count: u32, H: u32, T: u32, t: u32,
  earlier: u32, isFirst: u32, isLast: u32, masked: u32,
  gradientAt: u32, maskAt: u32, initialAt: u32,
}

@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read> mask: array<u32>;
@group(0) @binding(2) var<storage, read> states: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>;
@group(0) @binding(4) var<storage, read> initial: array<f32>;
@group(0) @binding(5) var<storage, read> carried: array<f32>;
@group(0) @binding(6) var<storage, read_write> passed: array<f32>;
@group(0) @binding(7) var<storage, read_write> to: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

fn slopeOfSigmoid(y: f32) -> f32 { return fma(-y, y, y); }

fn slopeOfTanh(y: f32) -> f32 { return fma(-y, y, 1.0); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let H = params.H;
  let text = i / H;
  let j = i % H;
  let place = text * params.T + params.t;
  let at = place * H + j;
  let back = (text * params.T + params.earlier) * H + j;
  // Where cells begin behind states, and gradients of the sums behind those of the words.
  let cells = params.count * params.T;
  let second = cells * GATES;

  var arriving = gradient[params.gradientAt + at];
  var atCell = 0.0;
  if (KIND == LSTM) { atCell = gradient[params.gradientAt + cells + at]; }
  if (params.isLast == 0u) {
    arriving += carried[i] + passed[i];
    if (KIND == LSTM) { atCell += passed[params.count + i]; }
  }
  let x = place * GATES * H + j;
  if (params.masked == 1u && mask[params.maskAt + place] == 0u) {
    passed[i] = arriving;
    if (KIND == LSTM) { passed[params.count + i] = atCell; }
    for (var gate = 0u; gate < GATES; gate++) {
      to[x + gate * H] = 0.0;
      if (KIND == GRU) { to[second + x + gate * H] = 0.0; }
    }
    return;
  }

  let keep = place * 4u * H + j;
  if (KIND == LSTM) {
    let input = kept[keep];
    let forget = kept[keep + H];
    let candidate = kept[keep + 2u * H];
    let output = kept[keep + 3u * H];
    var before = 0.0;
    if (params.isFirst == 1u) { before = initial[params.initialAt + i]; } else { before = states[cells + back]; }
    let shown = hyperbolicTangent(states[cells + at]);
    let d = fma(arriving * output, slopeOfTanh(shown), atCell);
    to[x] = d * candidate * slopeOfSigmoid(input);
    to[x + H] = d * before * slopeOfSigmoid(forget);
    to[x + 2u * H] = d * input * slopeOfTanh(candidate);
    to[x + 3u * H] = arriving * shown * slopeOfSigmoid(output);
    passed[i] = 0.0;
    passed[params.count + i] = d * forget;
  } else if (KIND == GRU) {
    let reset = kept[keep];
    let update = kept[keep + H];
    let candidate = kept[keep + 2u * H];
    let memory = kept[keep + 3u * H];
    var before = 0.0;
    if (params.isFirst == 1u) { before = initial[params.initialAt + i]; } else { before = states[back]; }
    let toCandidate = arriving * (1.0 - update) * slopeOfTanh(candidate);
    let toUpdate = arriving * (before - candidate) * slopeOfSigmoid(update);
    let toReset = toCandidate * memory * slopeOfSigmoid(reset);
    to[x] = toReset;
    to[x + H] = toUpdate;
    to[x + 2u * H] = toCandidate;
    to[second + x] = toReset;
    to[second + x + H] = toUpdate;
    to[second + x + 2u * H] = toCandidate * reset;
    passed[i] = arriving * update;
  } else {
    let h = states[at];
    if (KIND == RELU) { to[x] = select(0.0, arriving, h > 0.0); } else { to[x] = arriving * slopeOfTanh(h); }
    passed[i] = 0.0;
  }
}
`,
  reduce: `// reduce — what the two shaders that collapse axes have in common
//
// Included by reduce_rows and reduce_columns. An element becomes a total, totals are joined in a fixed order,
// and the last total becomes the outcome:
//
//        total                        join                          outcome
// sum    the number                   +                             itself
// max    a key that orders numbers    the greater                   the number of that key
// min    its complement               the greater                   likewise
// argmax key and place                the greater, then the first   the place
//
// NaN has the greatest key of all in every case; the total zero, of which joining starts, stands for nothing.

// include keys

alias Element = f32;
alias Total = f32;
alias Outcome = f32;

fn greaterOf(a: vec2u, b: vec2u) -> vec2u { return select(b, a, a.x > b.x || (a.x == b.x && a.y <= b.y)); }

// The total of the element that lies at place i of its row.
fn entry(x: Element, i: u32) -> Total { return x; }

fn join(a: Total, b: Total) -> Total { return a + b; }

fn outcome(total: Total) -> Outcome { return total; }
`,
  reduce_columns: `// reduce_columns — y[m, c] = outcome of joining x[m, :, c], or one part of it
//
// definition   core/engine/backend.ts, \`reduce\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         M matrices anywhere [R, C], rows \`step\` apart, columns side by side
// 1        y       storage, read_write   [M, parts, C]
// 2        params  uniform               count = workgroups; rows R; step; parts of a column; length of a part;
//                                        columns C; blocks of columns = ⌈C / WIDE⌉; axes of the matrices
//
// dispatch   a plane of M · parts · blocks workgroups
// threads    LANES = 256: WIDE neighbouring columns times LANES / WIDE rows, so that reads lie side by side
// shared     LANES totals
// barriers   only in uniform control flow: a thread outside the matrix joins nothing

// include walk
// include reduce

const LANES = 256u;
const WIDE = 32u;

struct Params { count: u32, rows: u32, step: u32, parts: u32, length: u32, columns: u32, blocks: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> totals: array<Total, LANES>;

fn at(start: u32, i: u32) -> Total { return entry(x[start + i * params.step], i); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = group.y * groups.x + group.x;
  if (number >= params.count) { return; }
  let part = number / params.blocks;
  let matrix = part / params.parts;
  let column = (number - part * params.blocks) * WIDE + lane % WIDE;
  var total = Total();
  if (column < params.columns) {
    let first = (part - matrix * params.parts) * params.length;
    let end = min(first + params.length, params.rows);
    let start = locate(matrix).x + column;
    let team = LANES / WIDE;
    var i = first + lane / WIDE;
    for (; i + 3u * team < end; i += 4u * team) {
      let low = join(at(start, i), at(start, i + team));
      let high = join(at(start, i + 2u * team), at(start, i + 3u * team));
      total = join(total, join(low, high));
    }
    for (; i < end; i += team) { total = join(total, at(start, i)); }
  }
  totals[lane] = total;
  for (var half = LANES / 2u; half >= WIDE; half = half / 2u) {
    workgroupBarrier();
    if (lane < half) { totals[lane] = join(totals[lane], totals[lane + half]); }
  }
  if (lane < WIDE && column < params.columns) { y[part * params.columns + column] = outcome(totals[lane]); }
}
`,
  reduce_rows: `// reduce_rows — y[r] = outcome of joining x[r, :], or one part of it
//
// definition   core/engine/backend.ts, \`reduce\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         R rows anywhere, elements \`step\` apart
// 1        y       storage, read_write   [R, parts]
// 2        params  uniform               count = R · parts; width of a row; step; parts of a row; length of a part;
//                                        axes of the rows
//
// dispatch   a plane of ⌈count / (256 / TEAM)⌉ workgroups
// threads    LANES = 256 in teams of TEAM, a team for each part; a thread takes every TEAM-th element, and what
//            the threads found is joined pairwise: rounding errors grow with the square root of a few dozens
// shared     LANES totals
// barriers   only in uniform control flow: a team without a part joins nothing

// include walk
// include reduce

const LANES = 256u;
const TEAM = 256u;

struct Params { count: u32, width: u32, step: u32, parts: u32, length: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Outcome>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> totals: array<Total, LANES>;

fn at(start: u32, i: u32) -> Total { return entry(x[start + i * params.step], i); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = (group.y * groups.x + group.x) * (LANES / TEAM) + lane / TEAM;
  var total = Total();
  if (item < params.count) {
    let row = item / params.parts;
    let first = (item - row * params.parts) * params.length;
    let end = min(first + params.length, params.width);
    let start = locate(row).x;
    var i = first + lane % TEAM;
    for (; i + 3u * TEAM < end; i += 4u * TEAM) {
      let low = join(at(start, i), at(start, i + TEAM));
      let high = join(at(start, i + 2u * TEAM), at(start, i + 3u * TEAM));
      total = join(total, join(low, high));
    }
    for (; i < end; i += TEAM) { total = join(total, at(start, i)); }
  }
  totals[lane] = total;
  for (var half = TEAM / 2u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (lane % TEAM < half) { totals[lane] = join(totals[lane], totals[lane + half]); }
  }
  if (lane % TEAM == 0u && item < params.count) { y[item] = outcome(totals[lane]); }
}
`,
  rotary: `// rotary — turns each pair of coordinates by the angle of its position, forwards or back
//
// definition   core/04_attention/positions/rotary.ts, \`applyRotary\`
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         [B, H, T, 2 P], any strides
// 1        cosine  storage, read         [T, P], any strides
// 2        sine    storage, read         [T, P], any strides
// 3        y       storage, read_write   [B, T, H, 2 P]
// 4        params  uniform               pairs p start at element p · step, their second coordinate lies \`gap\` further:
//                                        step 2 and gap 1 for neighbours, step 1 and gap P for halves
//
// dispatch   a plane of ⌈B · T · H · P / 256⌉ workgroups
// threads    LANES = 256, one pair each

const LANES = 256u;

struct Params {
  count: u32, H: u32, T: u32, P: u32,
  step: u32, gap: u32, sign: f32, rest: u32,
  // elements per step of batch, head, position, coordinate
  strides: vec4u,
  // offset, elements per step of position and pair
  cosineAt: vec4u, sineAt: vec4u,
  offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> cosine: array<f32>;
@group(0) @binding(2) var<storage, read> sine: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let p = i % params.P;
  let row = i / params.P;
  let h = row % params.H;
  let t = row / params.H % params.T;
  let b = row / params.H / params.T;
  let start = params.offset + b * params.strides.x + h * params.strides.y + t * params.strides.z;
  let first = p * params.step;
  let second = first + params.gap;
  let one = x[start + first * params.strides.w];
  let other = x[start + second * params.strides.w];
  let c = cosine[params.cosineAt.x + t * params.cosineAt.y + p * params.cosineAt.z];
  let s = sine[params.sineAt.x + t * params.sineAt.y + p * params.sineAt.z] * params.sign;
  let to = row * params.P * 2u;
  y[to + first] = one * c - other * s;
  y[to + second] = one * s + other * c;
}
`,
  scatter_add: `// scatter_add — table[id, :] += rows[i, :] for every i with ids[i] = id, in the order of i
//
// definition   core/engine/backend.ts, \`scatterAdd\`
//
// binding  name    type                  shape / meaning
// 0        rows    storage, read         [n, width], contiguous
// 1        ids     storage, read         [n]
// 2        order   storage, read         [n], the stable order that sorts the ids
// 3        table   storage, read_write   [N, width], contiguous
// 4        params  uniform               count = n · width; width = cells of a row; N; n; offsets of rows, ids, table
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256; one for each place of the order and each cell of a row. The thread at the first
//            place of an id adds up all rows of that id, the others have nothing to do: no two threads write
//            one cell, and the order of every sum is fixed
// outside    an id outside [0, N) is left out

alias Cell = vec4f;
const LANES = 256u;

struct Params { count: u32, width: u32, N: u32, n: u32, rows: u32, ids: u32, table: u32 }

@group(0) @binding(0) var<storage, read> rows: array<Cell>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> table: array<Cell>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let place = i / params.width;
  let column = i - place * params.width;
  let id = ids[params.ids + order[place]];
  if (id >= params.N) { return; }
  if (place > 0u && ids[params.ids + order[place - 1u]] == id) { return; }
  // How many rows there are is found first, so that their reads need not wait for one another.
  var low = place + 1u;
  var high = params.n;
  if (low < high && ids[params.ids + order[low]] != id) { high = low; }
  while (low < high) {
    let middle = (low + high) / 2u;
    if (bitcast<i32>(ids[params.ids + order[middle]]) > bitcast<i32>(id)) { high = middle; } else { low = middle + 1u; }
  }
  let at = params.table + id * params.width + column;
  let source = params.rows + column;
  var sum = table[at];
  var next = place;
  for (; next + 3u < low; next += 4u) {
    let a = rows[source + order[next] * params.width];
    let b = rows[source + order[next + 1u] * params.width];
    let c = rows[source + order[next + 2u] * params.width];
    let d = rows[source + order[next + 3u] * params.width];
    sum = (((sum + a) + b) + c) + d;
  }
  for (; next < low; next++) { sum += rows[source + order[next] * params.width]; }
  table[at] = sum;
}
`,
  select: `// select — y[i] = choose[i] ? a[i] : b[i], of views of any strides and elements of any type
//
// definition   core/engine/backend.ts, \`select\`
//
// binding  name    type                  shape / meaning
// 0        choose  storage, read         0 or 1: cells, or one number for each where it repeats
// 1        a       storage, read         what is taken where it is 1
// 2        b       storage, read         what is taken where it is 0
// 3        y       storage, read_write   the result, contiguous, in cells
// 4        params  uniform               count = cells; axes of choose, a and b
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where all views lie in fours or repeat, else one

alias Cell = vec4u;
alias Choose = vec4u;
alias Left = vec4u;
alias Right = vec4u;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> choose: array<Choose>;
@group(0) @binding(1) var<storage, read> a: array<Left>;
@group(0) @binding(2) var<storage, read> b: array<Right>;
@group(0) @binding(3) var<storage, read_write> y: array<Cell>;
@group(0) @binding(4) var<uniform> params: Params;

// include walk

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count) { return; }
  let at = locate(i);
  y[i] = select(Cell(b[at.z]), Cell(a[at.y]), Cell(choose[at.x]) != Cell(0u));
}
`,
  softmax: `// softmax — y[r, :] = exp(x[r, :] − m) / Σ exp(x[r, :] − m), m = max x[r, :], or its logarithm
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
`,
  softmax_backward: `// softmax_backward — dx[r, :] = y (g − Σ g y); of the logarithm: dx[r, :] = g − exp(y) Σ g
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
  softmax_parts: `// softmax_parts — maximum and sum of exponentials of each part of a row, for few rows that are long
//
// definition   core/02_words/softmax.ts
//
// binding  name     type                  shape / meaning
// 0        x        storage, read         [rows, columns], contiguous
// 1        partial  storage, read_write   [rows, parts], as softmax_row has it
// 2        params   uniform               as in softmax
//
// dispatch   a plane of ⌈rows · parts · WIDTH / 256⌉ workgroups
// threads    WIDTH to a part, neighbours take neighbouring elements
// shared     4 KiB
// barriers   only in uniform control flow: every thread joins every reduction

struct Params { rows: u32, count: u32, offset: u32, parts: u32, length: u32 }

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// include softmax_row

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = rowOf(group, groups, lane);
  let live = number < params.rows * params.parts;
  let start = number % params.parts * params.length;
  let count = min(params.count, start + params.length) - min(params.count, start);
  let first = params.offset + number / params.parts * params.count + start;
  let found = scan(first, select(0u, count, live), lane);
  if (live && lane % WIDTH == 0u) { partial[number] = found; }
}
`,
  softmax_row: `// softmax_row — maximum and sum of exponentials of a row, in one sweep
//
// Included by kernels that read rows of scores \`x\`: array<Element>.
//
// result     x = m, the maximum, at least LOWEST; y = Σ exp(x − m); z = Σ x / 2²⁴ of what is allowed;
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
// Leaves room for sums of large numbers, and is exact.
const SMALL = 0x1p-24f;
const WILD = 2.0;
const NOTHING = vec4f(LOWEST, 0.0, 0.0, 0.0);

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
  var found = NOTHING;
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
    // Multiplied before the choice: a compiler may take a common factor out of a sum, and then the sum overflows.
    found.z += total(select(safe * SMALL, Element(0.0), forbidden));
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
// definition   core/engine/backend.ts, \`unary\`; rules in core/engine/elementwise.ts
//
// binding  name    type                  shape / meaning
// 0        x       storage, read         the argument: cells, or one number for each where it repeats
// 1        y       storage, read_write   the result, contiguous, in cells
// 2        params  uniform               count = cells; axes of x
//
// dispatch   a plane of ⌈count / 256⌉ workgroups
// threads    LANES = 256, one cell each: four elements where x lies in fours, else one
// special    as math.wgsl

alias Cell = vec4f;
alias Argument = vec4f;
const LANES = 256u;

struct Params { count: u32, axes: Axes }

@group(0) @binding(0) var<storage, read> x: array<Argument>;
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
  y[i] = apply(Cell(x[locate(i).x]));
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
