"""Bessel functions and their kin: Hankel, Airy, Kelvin, Struve, spherical, parabolic cylinder.

In the argument, never in the order: there no formula is known. The recurrences of DLMF 10.6 and 10.29 that have no
division by z serve at z = 0 too.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule, primitive
from .declare import of_real_numbers, several_results

_function: Any

# C' = (C_(v-1) - C_(v+1)) / 2; SciPy takes the integer part of an order n
defvjp(special.j0, lambda g, out, x: -g * special.j1(x))
defvjp(special.j1, lambda g, out, x: g * (special.j0(x) - special.jv(2, x)) / 2)
defvjp(special.y0, lambda g, out, x: -g * special.y1(x))
defvjp(special.y1, lambda g, out, x: g * (special.y0(x) - special.yn(2, x)) / 2)
for _function in (special.jv, special.yv, special.hankel1, special.hankel2):
    defvjp(_function, no_rule, lambda g, out, v, z, C=_function: g * (C(v - 1, z) - C(v + 1, z)) / 2)
defvjp(
    special.yn,
    no_rule,
    lambda g, out, n, x: g * (special.yn(np.trunc(n) - 1, x) - special.yn(np.trunc(n) + 1, x)) / 2,
)

# I' = (I_(v-1) + I_(v+1)) / 2, and K' = -(K_(v-1) + K_(v+1)) / 2
defvjp(special.i0, lambda g, out, x: g * special.i1(x))
defvjp(special.i1, lambda g, out, x: g * (special.i0(x) + special.iv(2, x)) / 2)
defvjp(special.k0, lambda g, out, x: -g * special.k1(x))
defvjp(special.k1, lambda g, out, x: -g * (special.k0(x) + special.kn(2, x)) / 2)
defvjp(special.iv, no_rule, lambda g, out, v, z: g * (special.iv(v - 1, z) + special.iv(v + 1, z)) / 2)
defvjp(special.kv, no_rule, lambda g, out, v, z: -g * (special.kv(v - 1, z) + special.kv(v + 1, z)) / 2)
defvjp(
    special.kn,
    no_rule,
    lambda g, out, n, x: -g * (special.kn(np.trunc(n) - 1, x) + special.kn(np.trunc(n) + 1, x)) / 2,
)

# the same times exp(-|x|), exp(x), exp(-+ i z)
defvjp(special.i0e, lambda g, out, x: g * (special.i1e(x) - np.sign(x) * out))
defvjp(special.i1e, lambda g, out, x: g * ((special.i0e(x) + special.ive(2, x)) / 2 - np.sign(x) * out))
defvjp(special.k0e, lambda g, out, x: g * (out - special.k1e(x)))
defvjp(special.k1e, lambda g, out, x: g * (out - (special.k0e(x) + special.kve(2, x)) / 2))
defvjp(special.kve, no_rule, lambda g, out, v, z: g * (out - (special.kve(v - 1, z) + special.kve(v + 1, z)) / 2))
for _function, _turn in ((special.hankel1e, -1j), (special.hankel2e, 1j)):
    defvjp(
        _function,
        no_rule,
        lambda g, out, v, z, H=_function, turn=_turn: g * ((H(v - 1, z) - H(v + 1, z)) / 2 + turn * out),
    )
_ABSOLUTE = "its scale is the exponential of an absolute value, which has no complex derivative."
for _function in (special.jve, special.yve):
    of_real_numbers(
        _function, _ABSOLUTE, no_rule, lambda g, out, v, x, C=_function: g * (C(v - 1, x) - C(v + 1, x)) / 2
    )
of_real_numbers(
    special.ive,
    _ABSOLUTE,
    no_rule,
    lambda g, out, v, x: g * ((special.ive(v - 1, x) + special.ive(v + 1, x)) / 2 - np.sign(x) * out),
)

# spherical, DLMF 10.51; Python functions in SciPy, primitives here
spherical_jn, spherical_yn = primitive(special.spherical_jn), primitive(special.spherical_yn)
spherical_in, spherical_kn = primitive(special.spherical_in), primitive(special.spherical_kn)


def _neighbours(function: Any, n: Any, z: Any, sign: int) -> Any:
    """(n f_(n-1) + sign (n+1) f_(n+1)) / (2n + 1); below order 0 the factor is 0."""
    return (n * function(np.maximum(n - 1, 0), z) + sign * (n + 1) * function(n + 1, z)) / (2 * n + 1)


for _function, _sign, _factor in (
    (spherical_jn, -1, 1), (spherical_yn, -1, 1), (spherical_in, 1, 1), (spherical_kn, 1, -1),
):  # fmt: skip
    defvjp(
        _function,
        no_rule,
        lambda g, out, n, z, f=_function, sign=_sign, factor=_factor: g * (factor * _neighbours(f, n, z, sign)),
    )

# Airy: y'' = z y, and scaled by exp(2/3 z^(3/2)), exp(-|Re 2/3 z^(3/2)|)
several_results(
    special.airy,
    [lambda out, z: out[1], lambda out, z: z * out[0], lambda out, z: out[3], lambda out, z: z * out[2]],
)


def _root(x: Any) -> Any:
    return np.sqrt(np.maximum(x, 0))


several_results(
    special.airye,
    [
        lambda out, x: out[1] + _root(x) * out[0],
        lambda out, x: x * out[0] + _root(x) * out[1],
        lambda out, x: out[3] - _root(x) * out[2],
        lambda out, x: x * out[2] - _root(x) * out[3],
    ],
    not_complex=_ABSOLUTE,
)

# Kelvin: f = ber + i bei solves f'' = i f - f' / x, and so does ker + i kei


def _over(y: Any, x: Any, at_zero: complex) -> Any:
    zero = x == 0
    return np.where(zero, at_zero, y / np.where(zero, 1, x))


defvjp(special.ber, lambda g, out, x: g * special.berp(x))
defvjp(special.bei, lambda g, out, x: g * special.beip(x))
defvjp(special.ker, lambda g, out, x: g * special.kerp(x))
defvjp(special.kei, lambda g, out, x: g * special.keip(x))
defvjp(special.berp, lambda g, out, x: -g * (special.bei(x) + _over(out, x, 0.0)))
defvjp(special.beip, lambda g, out, x: g * (special.ber(x) - _over(out, x, 0.5)))
defvjp(special.kerp, lambda g, out, x: -g * (special.kei(x) + out / x))
defvjp(special.keip, lambda g, out, x: g * (special.ker(x) - out / x))
several_results(
    special.kelvin,
    [
        lambda out, x: out[2],
        lambda out, x: out[3],
        lambda out, x: 1j * out[0] - _over(out[2], x, 0.5j),
        lambda out, x: 1j * out[1] - out[3] / x,
    ],
)

# Struve, DLMF 11.4


def _struve_source(v: Any, x: Any) -> Any:
    return (x / 2) ** v * special.rgamma(v + 1.5) / (2 * sqrt(pi))


defvjp(
    special.struve,
    no_rule,
    lambda g, out, v, x: g * ((special.struve(v - 1, x) - special.struve(v + 1, x)) / 2 + _struve_source(v, x)),
)
defvjp(
    special.modstruve,
    no_rule,
    lambda g, out, v, x: g * ((special.modstruve(v - 1, x) + special.modstruve(v + 1, x)) / 2 + _struve_source(v, x)),
)

# functions that come with their derivative y', and an equation for y''
for _function in (special.pbdv, special.pbvv):
    several_results(_function, no_rule, [lambda out, v, x: out[1], lambda out, v, x: (x * x / 4 - v - 0.5) * out[0]])
several_results(special.pbwa, no_rule, [lambda out, a, x: out[1], lambda out, a, x: (a - x * x / 4) * out[0]])
