// matmul_blocks — how the threads of a workgroup bring tiles of both operands into shared memory
//
// Included by the kernels that multiply by tiles. A tile is QUADS × 4 lines and QUADS_DEEP × 4 terms, term by
// term. One half of the threads fetches the left tile, the other the right one, each 4 lines × 4 terms. Lines
// beyond the last repeat it; terms beyond the last are zero in both tiles, so that no infinity meets a zero.
//
// Neighbouring threads fetch neighbouring vectors, and write them without meeting in a bank of the shared
// memory: the vectors of a term change places, by `turnOf`.

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

// Four terms, each of four lines, from term number `first` + `source.term` on.
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
