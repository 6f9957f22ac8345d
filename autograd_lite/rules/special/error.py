"""The error function and its kin: normal distribution, Dawson's integral, Faddeeva's and Voigt's functions."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp

_BELL = 2 / sqrt(pi)

defvjp(special.erf, lambda g, out, x: g * (_BELL * np.exp(-x * x)))
defvjp(special.erfc, lambda g, out, x: -g * (_BELL * np.exp(-x * x)))
defvjp(special.erfi, lambda g, out, x: g * (_BELL * np.exp(x * x)))
defvjp(special.erfinv, lambda g, out, y: g * (np.exp(out * out) / _BELL))
defvjp(special.erfcinv, lambda g, out, y: -g * (np.exp(out * out) / _BELL))


def _tail(x: Any, far: Any, sign: float) -> Any:
    """1 - 2 x F(x) for Dawson's integral F (sign 1), and its like for erfcx (-1), where x is large: DLMF 7.12.1."""
    u = sign / (2 * np.where(far, x, 1) ** 2)
    return -sign * u * (1 + 3 * u * (1 + 5 * u * (1 + 7 * u * (1 + 9 * u))))


def _erfcx(g: Any, out: Any, x: Any) -> Any:
    if np.iscomplexobj(x):
        return g * (2 * x * out - _BELL)
    far = x > 50  # the difference cancels there
    return g * np.where(far, _BELL * _tail(x, far, -1), 2 * x * out - _BELL)


def _dawsn(g: Any, out: Any, x: Any) -> Any:
    if np.iscomplexobj(x):
        return g * (1 - 2 * x * out)
    far = abs(x) > 50
    return g * np.where(far, _tail(x, far, 1), 1 - 2 * x * out)


defvjp(special.erfcx, _erfcx)
defvjp(special.dawsn, _dawsn)
defvjp(special.wofz, lambda g, out, z: g * (1j * _BELL - 2 * z * out))


def _voigt_slope(x: Any, sigma: Any, gamma: Any) -> Any:
    """w'(z) / (2 sqrt(pi) sigma^2) at z = (x + i gamma) / (sqrt(2) sigma), where V = Re w(z) / (sqrt(2 pi) sigma)."""
    z = (x + 1j * gamma) / (sqrt(2) * sigma)
    return (1j * _BELL - 2 * z * special.wofz(z)) / (2 * sqrt(pi) * sigma**2)


defvjp(
    special.voigt_profile,
    lambda g, out, x, sigma, gamma: g * np.real(_voigt_slope(x, sigma, gamma)),
    lambda g, out, x, sigma, gamma: -g * (out + np.real(_voigt_slope(x, sigma, gamma) * (x + 1j * gamma))) / sigma,
    lambda g, out, x, sigma, gamma: -g * np.imag(_voigt_slope(x, sigma, gamma)),
)

# the normal distribution
_NORMAL = 1 / sqrt(2 * pi)


def _inverse_mills(x: Any) -> Any:
    """Density over distribution function, exp(-x^2 / 2) / integral up to x: nothing cancels or overflows."""
    return sqrt(2 / pi) / special.erfcx(-x / sqrt(2))


defvjp(special.ndtr, lambda g, out, x: g * (_NORMAL * np.exp(-x * x / 2)))
defvjp(special.log_ndtr, lambda g, out, x: g * _inverse_mills(x))
defvjp(special.ndtri, lambda g, out, y: g * (np.exp(out * out / 2) / _NORMAL))
defvjp(special.ndtri_exp, lambda g, out, y: g / _inverse_mills(out))
defvjp(
    special.owens_t,
    lambda g, out, h, a: -g * (_NORMAL / 2 * np.exp(-h * h / 2) * special.erf(a * h / sqrt(2))),
    lambda g, out, h, a: g * (np.exp(-h * h * (1 + a * a) / 2) / (2 * pi * (1 + a * a))),
)
defvjp(  # mean = x - std Phi^-1(p), and std = (x - mean) / Phi^-1(p)
    special.nrdtrimn,
    lambda g, out, p, std, x: -g * std * (np.exp(special.ndtri(p) ** 2 / 2) / _NORMAL),
    lambda g, out, p, std, x: -g * special.ndtri(p),
    lambda g, out, p, std, x: g,
)
defvjp(
    special.nrdtrisd,
    lambda g, out, mean, p, x: -g / special.ndtri(p),
    lambda g, out, mean, p, x: -g * out / special.ndtri(p) * (np.exp(special.ndtri(p) ** 2 / 2) / _NORMAL),
    lambda g, out, mean, p, x: g / special.ndtri(p),
)
