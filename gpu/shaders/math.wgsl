// math — elementary functions whose error is known
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

// The bits of significand · 2^(exponent − 150) + a little, where `above` says on which side of a half of the
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

// Sine (`quarters` = 0) or cosine (1) of a positive number.
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
