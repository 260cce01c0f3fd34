// walk — where the elements of up to three views with common axes lie
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

// Offsets of the element number `index` of the common shape.
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
