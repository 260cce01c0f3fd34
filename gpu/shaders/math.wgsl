// math — elementary functions whose error is known
//
// Included by kernels. The language promises little about its own exp, log, tanh, sin, pow, / and sqrt: some
// drivers give infinity for exp(NaN), NaN for tanh(∞), or flush subnormal numbers. These functions use
// additions, multiplications and integers only, and a quotient where its error is corrected afterwards.
//
// error      at most 2 units in the last place, at most 1e-6 relatively for sine, cosine and power;
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
  let r = fma(n, 2.12194440e-4, fma(n, -0.693359375, t));
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
  let u = 1.0 + x, word = bitcast<u32>(u);
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
  let size = min(abs(x), 10.0), z = size * size;
  var p = fma(-5.70498872745e-3, z, 2.06390887954e-2);
  p = fma(p, z, -5.37397155531e-2);
  p = fma(p, z, 1.33314442036e-1);
  p = fma(p, z, -3.33332819422e-1);
  let near = fma(p * z, size, size);
  let far = 1.0 - quotient(2.0, exponential(2.0 * size) + 1.0);
  let word = bitcast<u32>(x), y = bitcast<u32>(select(far, near, size < 0.625)) | (word & SIGN_BIT);
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
  let size = min(abs(x), 4.5), z = size * size;
  var t = fma(7.853861353153693e-5, z, -8.010193625184903e-4);
  t = fma(t, z, 5.188327685732524e-3);
  t = fma(t, z, -2.685381193529856e-2);
  t = fma(t, z, 1.128358514861418e-1);
  t = fma(t, z, -3.761262582423300e-1);
  t = fma(t, z, 1.128379165726710) * size;
  let q = 1.0 / max(size, 0.5), y = q * q;
  var p = fma(2.326819970068386e-2, y, -1.387039388740657e-1);
  p = fma(p, y, 3.687424674597105e-1);
  p = fma(p, y, -5.824733027278666e-1);
  p = fma(p, y, 6.210004621745983e-1);
  p = fma(p, y, -4.944515323274145e-1);
  p = fma(p, y, 3.404879937665872e-1);
  p = fma(p, y, -2.741127028184656e-1);
  p = fma(p, y, 5.638259427386472e-1);
  let far = 1.0 - exponential(-z) * q * p;
  let word = bitcast<u32>(x), r = bitcast<u32>(select(far, t, size < 1.0)) | (word & SIGN_BIT);
  return bitcast<f32>(select(r, NAN_BITS, isNan(x)));
}

fn errorFunction4(x: vec4f) -> vec4f {
  return vec4f(errorFunction(x.x), errorFunction(x.y), errorFunction(x.z), errorFunction(x.w));
}
