"""Elliptic integrals, Jacobi's elliptic functions, and the arithmetic-geometric mean. DLMF 19.4, 22.13, 19.8."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp
from .declare import several_results


# K and E are hypergeometric, which spares the 0/0 at m = 0
def _ellipk_slope(m: Any) -> Any:
    return pi / 8 * special.hyp2f1(1.5, 1.5, 2, m)


def _ellipkm1(g: Any, out: Any, p: Any) -> Any:
    """-K'(1 - p); for small p by E and K, because 1 - p forgets it."""
    small = p < 0.5
    q = np.where(small, p, 0.5)
    near_one = (special.ellipe(1 - q) - q * special.ellipkm1(q)) / (2 * (1 - q) * q)
    return -g * np.where(small, near_one, _ellipk_slope(np.where(small, 0, 1 - p)))


defvjp(special.ellipk, lambda g, out, m: g * _ellipk_slope(m))
defvjp(special.ellipkm1, _ellipkm1)
defvjp(special.ellipe, lambda g, out, m: -g * (pi / 8 * special.hyp2f1(0.5, 1.5, 2, m)))


def _by_small_m(phi: Any, m: Any, a: float) -> Any:
    """The integral of sin^2 (1 - m sin^2)^(-a) from 0 to phi, as a power series in m."""
    sine, cosine = np.sin(phi), np.cos(phi)
    total, coefficient, power, moment = 0, 1, sine, phi  # moment: the integral of sin^(2k)
    for k in range(1, 11):
        moment = ((2 * k - 1) * moment - power * cosine) / (2 * k)
        total, power = total + coefficient * moment, power * sine * sine
        coefficient = coefficient * m * ((a + k - 1) / k)
    return total


def _width(phi: Any, m: Any) -> Any:
    return np.sqrt(1 - m * np.sin(phi) ** 2)


def _ellipkinc_slope(phi: Any, m: Any) -> Any:
    """dF/dm."""
    small = abs(m) < 0.02  # where the formula is a difference over m
    n = np.where(small, 0.5, m)
    formula = (special.ellipeinc(phi, n) / n - special.ellipkinc(phi, n) * (1 - n) / n) / 2
    formula = (formula - np.sin(phi) * np.cos(phi) / (2 * _width(phi, n))) / (1 - n)
    return np.where(small, _by_small_m(phi, np.where(small, m, 0), 1.5) / 2, formula)


def _ellipeinc_slope(phi: Any, m: Any) -> Any:
    """dE/dm."""
    small = abs(m) < 0.02
    n = np.where(small, 0.5, m)
    formula = (special.ellipeinc(phi, n) - special.ellipkinc(phi, n)) / (2 * n)
    return np.where(small, -_by_small_m(phi, np.where(small, m, 0), 0.5) / 2, formula)


defvjp(
    special.ellipkinc,
    lambda g, out, phi, m: g / _width(phi, m),
    lambda g, out, phi, m: g * _ellipkinc_slope(phi, m),
)
defvjp(
    special.ellipeinc,
    lambda g, out, phi, m: g * _width(phi, m),
    lambda g, out, phi, m: g * _ellipeinc_slope(phi, m),
)


def _amplitude_slope(out: Any, u: Any, m: Any) -> Any:
    """dphi/dm, where u = F(phi, m) stays."""
    return -out[2] * _ellipkinc_slope(out[3], m)


several_results(  # sn, cn, dn, and the amplitude phi
    special.ellipj,
    [
        lambda out, u, m: out[1] * out[2],
        lambda out, u, m: -out[0] * out[2],
        lambda out, u, m: -m * out[0] * out[1],
        lambda out, u, m: out[2],
    ],
    [
        lambda out, u, m: out[1] * _amplitude_slope(out, u, m),
        lambda out, u, m: -out[0] * _amplitude_slope(out, u, m),
        lambda out, u, m: -out[0] * (out[0] / 2 + m * out[1] * _amplitude_slope(out, u, m)) / out[2],
        lambda out, u, m: _amplitude_slope(out, u, m),
    ],
)


def _agm_slope(out: Any, a: Any, b: Any) -> Any:
    """In a, from agm = pi/4 (a + b) / K(m) with m = ((a - b) / (a + b))^2."""
    m = ((a - b) / (a + b)) ** 2
    return out / (a + b) * (1 - 4 * b * (a - b) / (a + b) ** 2 * _ellipk_slope(m) / special.ellipk(m))


defvjp(special.agm, lambda g, out, a, b: g * _agm_slope(out, a, b), lambda g, out, a, b: g * _agm_slope(out, b, a))
