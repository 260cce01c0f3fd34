// dropout — y[i] = x[i] / (1 − rate) if ⌊word(i) / 2⁸⌋ ≥ rate · 2²⁴, else 0
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
