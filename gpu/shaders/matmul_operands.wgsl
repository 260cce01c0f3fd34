// matmul_operands — the parameters of all matrix products, and where a workgroup stands
//
// Included by kernels that multiply matrices. Both operands are sets of lines over a common depth: the rows
// of the left matrix, the columns of the right one. A product of a batch may be cut along the depth: each
// part is a product of its own, and `matmul_sum` adds them.

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
