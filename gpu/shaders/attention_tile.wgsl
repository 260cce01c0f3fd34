// attention_tile — products of a tile of 32 × 32 by a workgroup of 64 threads
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

// The weights of a thread's four rows for the four columns of thread `column`.
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
