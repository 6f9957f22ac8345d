"""exp, log, tanh and their kin without a branch, so that LLVM computes many elements at a time.

Moshier's Cephes library is where the polynomials come from, but for `tanh32`, which is Eigen's. Of float32 the largest
errors are in units of the last place (ulp) of the result: exp 1, log 1, tanh 3, log1p 2, expm1 3; of float64 2 for all.
inf, nan and numbers too small to be normal come out as in NumPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from .access import bits_of, copysign, fabs, number_of, select

_options = {"fastmath": {"contract"}, "error_model": "numpy", "cache": True}
f32, f64, i32, i64 = np.float32, np.float64, np.int32, np.int64
INF32, INF64, NAN32, NAN64 = f32(np.inf), f64(np.inf), f32(np.nan), f64(np.nan)

# adding this leaves a whole number in the last bits
_ROUND32, _ROUND64 = f32(1.5 * 2**23), f64(1.5 * 2**52)
_ROUND32_BITS = int(_ROUND32.view(np.int32))
_ROUND64_BITS = int(_ROUND64.view(np.int64))
_LOG2E32, _LOG2E64 = f32(math.log2(math.e)), f64(math.log2(math.e))


def _exp32(x: Any) -> Any:
    x = select(x > f32(89), f32(89), select(x < f32(-104), f32(-104), x))
    shifted = x * _LOG2E32 + _ROUND32
    n = shifted - _ROUND32
    r = (x - n * f32(0.693359375)) - n * f32(-2.12194440e-4)
    p = f32(1.9875691500e-4)
    p = p * r + f32(1.3981999507e-3)
    p = p * r + f32(8.3334519073e-3)
    p = p * r + f32(4.1665795894e-2)
    p = p * r + f32(1.6666665459e-1)
    p = p * r + f32(5.0000001201e-1)
    p = (p * r) * r + r + f32(1)
    power = i32(bits_of(shifted) - i32(_ROUND32_BITS))  # Numba computes with integers of 64 bits
    half = i32(power >> i32(1))  # in two steps, because 2^n alone may be too large or too small
    return p * number_of(i32((half + i32(127)) << i32(23))) * number_of(i32((power - half + i32(127)) << i32(23)))


def _exp64(x: Any) -> Any:
    x = select(x > f64(710), f64(710), select(x < f64(-746), f64(-746), x))
    shifted = x * _LOG2E64 + _ROUND64
    n = shifted - _ROUND64
    r = (x - n * f64(6.93145751953125e-1)) - n * f64(1.42860682030941723212e-6)
    rr = r * r
    p = (f64(1.26177193074810590878e-4) * rr + f64(3.02994407707441961300e-2)) * rr + f64(9.99999999999999999910e-1)
    q = f64(3.00198505138664455042e-6) * rr + f64(2.52448340349684104192e-3)
    q = (q * rr + f64(2.27265548208155028766e-1)) * rr + f64(2)
    p = p * r
    p = f64(1) + f64(2) * (p / (q - p))
    power = bits_of(shifted) - i64(_ROUND64_BITS)
    half = power >> i64(1)
    return p * number_of((half + i64(1023)) << i64(52)) * number_of((power - half + i64(1023)) << i64(52))


def _log32(x: Any) -> Any:
    small = x < f32(1.17549435e-38)
    scaled = select(small, x * f32(8388608), x)
    bits = bits_of(scaled)
    shift = i32(i32(bits - i32(0x3F3504F3)) >> i32(23))  # so that what remains lies between √½ and √2
    e = f32(shift) - select(small, f32(23), f32(0))
    m = number_of(i32(bits - i32(shift << i32(23)))) - f32(1)
    z = m * m
    p = f32(7.0376836292e-2)
    p = p * m + f32(-1.1514610310e-1)
    p = p * m + f32(1.1676998740e-1)
    p = p * m + f32(-1.2420140846e-1)
    p = p * m + f32(1.4249322787e-1)
    p = p * m + f32(-1.6668057665e-1)
    p = p * m + f32(2.0000714765e-1)
    p = p * m + f32(-2.4999993993e-1)
    p = p * m + f32(3.3333331174e-1)
    y = p * m * z + e * f32(-2.12194440e-4) - f32(0.5) * z
    y = (m + y) + e * f32(0.693359375)
    y = select(x > f32(0), y, select(x == f32(0), -INF32, NAN32))
    return select(x == INF32, x, y)


def _log64(x: Any) -> Any:
    small = x < f64(2.2250738585072014e-308)
    scaled = select(small, x * f64(4503599627370496), x)
    bits = bits_of(scaled)
    shift = (bits - i64(0x3FE6A09E667F3BCD)) >> i64(52)
    e = f64(shift) - select(small, f64(52), f64(0))
    m = number_of(bits - (shift << i64(52))) - f64(1)
    z = m * m
    p = f64(1.01875663804580931796e-4) * m + f64(4.97494994976747001425e-1)
    p = (p * m + f64(4.70579119878881725854e0)) * m + f64(1.44989225341610930846e1)
    p = (p * m + f64(1.79368678507819816313e1)) * m + f64(7.70838733755885391666e0)
    q = (m + f64(1.12873587189167450590e1)) * m + f64(4.52279145837532221105e1)
    q = (q * m + f64(8.29875266912776603211e1)) * m + f64(7.11544750618563894466e1)
    q = q * m + f64(2.31251620126765340583e1)
    y = m * (z * p / q) + e * f64(-2.121944400546905827679e-4) - f64(0.5) * z
    y = (m + y) + e * f64(0.693359375)
    y = select(x > f64(0), y, select(x == f64(0), -INF64, NAN64))
    return select(x == INF64, x, y)


def _tanh32(x: Any) -> Any:
    a = fabs(x)
    c = select(x > f32(7.90531110763549805), f32(7.90531110763549805), x)
    c = select(c < f32(-7.90531110763549805), f32(-7.90531110763549805), c)
    z = c * c
    p = f32(-2.76076847742355e-16) * z + f32(2.00018790482477e-13)
    p = p * z + f32(-8.60467152213735e-11)
    p = p * z + f32(5.12229709037114e-08)
    p = p * z + f32(1.48572235717979e-05)
    p = p * z + f32(6.37261928875436e-04)
    p = p * z + f32(4.89352455891786e-03)
    q = f32(1.19825839466702e-06) * z + f32(1.18534705686654e-04)
    q = q * z + f32(2.26843463243900e-03)
    q = q * z + f32(4.89352518554385e-03)
    near = select(a < f32(0.0004), x, c * p / q)
    return select(a > f32(8.6), copysign(f32(1), x), near)  # so that 1 - tanh² ends in 0


def _tanh64(x: Any) -> Any:
    z = x * x
    p = (f64(-9.64399179425052238628e-1) * z + f64(-9.92877231001918586564e1)) * z + f64(-1.61468768441708447952e3)
    q = (z + f64(1.12811678491632931402e2)) * z + f64(2.23548839060100448583e3)
    q = q * z + f64(4.84406305325125486048e3)
    a = fabs(x)
    far = f64(1) - f64(2) / (exp64(a + a) + f64(1))
    return copysign(select(a < f64(0.625), x + x * (z * p / q), far), x)


def _log1p32(x: Any) -> Any:
    u = f32(1) + x
    y = log32(u) - ((u - f32(1)) - x) / u
    return select((u == f32(1)) | (x == INF32), x, select(u == f32(0), -INF32, y))


def _log1p64(x: Any) -> Any:
    u = f64(1) + x
    y = log64(u) - ((u - f64(1)) - x) / u
    return select((u == f64(1)) | (x == INF64), x, select(u == f64(0), -INF64, y))


def _expm132(x: Any) -> Any:
    u = exp32(x)
    p = f32(1 / 5040)
    p = p * x + f32(1 / 720)
    p = p * x + f32(1 / 120)
    p = p * x + f32(1 / 24)
    p = p * x + f32(1 / 6)
    p = p * x + f32(1 / 2)
    return copysign(select(fabs(x) < f32(0.35), p * x * x + x, u - f32(1)), x)


def _expm164(x: Any) -> Any:
    u = exp64(x)
    xx = x * x
    p = (f64(1.26177193074810590878e-4) * xx + f64(3.02994407707441961300e-2)) * xx + f64(9.99999999999999999910e-1)
    q = f64(3.00198505138664455042e-6) * xx + f64(2.52448340349684104192e-3)
    q = (q * xx + f64(2.27265548208155028766e-1)) * xx + f64(2)
    p = p * x
    near = p / (q - p)
    result = select(fabs(x) < f64(0.5), near + near, u - f64(1))
    return copysign(select(fabs(x) < f64(1e-200), x, result), x)


exp32, exp64 = njit(**_options)(_exp32), njit(**_options)(_exp64)
log32, log64 = njit(**_options)(_log32), njit(**_options)(_log64)
tanh32, tanh64 = njit(**_options)(_tanh32), njit(**_options)(_tanh64)
log1p32, log1p64 = njit(**_options)(_log1p32), njit(**_options)(_log1p64)
expm132, expm164 = njit(**_options)(_expm132), njit(**_options)(_expm164)
