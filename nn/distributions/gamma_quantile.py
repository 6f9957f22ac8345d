"""The quantile of the gamma distribution as a function of its concentration, with derivatives of every order.

SciPy has the quantile, `gammaincinv`, but no derivative in the concentration a. At a fixed probability u = P(a, x)
it is

    dx/da = -(∂P/∂a) / p(x),    p the density,

the implicit reparameterization of Figurnov, Mohamed & Mnih, 2018. With P = ∫_0^x p(t) dt and t = x e^{-w} this is

    dx/da = -x ((log x - ψ(a)) I_0 - I_1),    I_k(a, x) = ∫_0^∞ w^k e^{x (1 - e^{-w}) - a w} dw,

and with the integral over the other tail, from -∞ to 0 and with the other sign, where x is above a. On its own side of
a the integrand falls off from w = 0 on and nothing cancels, so one Gauss-Legendre rule gives 12 digits.
Derivatives of I_k are I_k's again:

    ∂I_k/∂a = -I_{k+1},    ∂I_k/∂x = I_k - (a I_k - k I_{k-1} - [k = 0]) / x,    by parts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import autograd_lite as ag

_NODES = 64
_FOLDS = 42.0  # e^-42 is below the precision of float64


@ag.primitive
def gamma_quantile(a: Any, u: Any) -> Any:
    """Where the gamma distribution of concentration `a` and rate 1 reaches the probability `u`, in the dtype of a."""
    from scipy.special import gammaincinv

    return gammaincinv(np.asarray(a, np.float64), u).astype(a.dtype)[()]


ag.defvjp(gamma_quantile, lambda g, out, a, u: g * quantile_slope(a, out), None)


def quantile_slope(a: Any, x: Any) -> Any:
    """dx/da of the quantile x at a fixed probability."""
    from scipy.special import digamma

    tiny = np.finfo(x.dtype).tiny  # x underflows for a small a, and so does its derivative
    x = np.where((x.data if isinstance(x, ag.Value) else x) < tiny, tiny, x)
    return -x * ((np.log(x) - digamma(a)) * _moment(a, x, 0) - _moment(a, x, 1))


@ag.primitive
def _moment(a: Any, x: Any, k: int) -> Any:
    """I_k(a, x)."""
    dtype = np.result_type(a, x)
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    lower = x <= a
    small = lower & (a < 1)  # there the integrand has a narrow bend: by parts, a I_k(a) = x I_k(a + 1) + k I_{k-1}(a)
    if not small.any():
        return _integral(a, x, k, lower).astype(dtype)[()]
    moment: Any = 1.0
    for j in range(k + 1):
        above = _integral(a + small, x, j, lower)
        moment = np.where(small, (x * above + (j * moment if j else 1)) / a, above)
    return moment.astype(dtype)[()]


def _integral(a: Any, x: Any, k: int, lower: Any) -> Any:
    sign = np.where(lower, 1.0, -1.0)
    above = _upper_end(np.where(lower, 1, a), np.where(lower, 2, x))
    end = np.where(lower, _lower_end(a, np.where(lower, x, a)), above)
    total = np.zeros(x.shape)
    for node, weight in zip(*_legendre(), strict=True):
        w = sign * (node * end)
        total += weight * w**k * np.exp(-x * np.expm1(-w) - a * w)
    return sign * end * total


def _lower_end(a: Any, x: Any) -> Any:
    """A w where the exponent is below -42: it is at most -(a - x) w - x w² / (2 + w)."""
    b = 2 * (a - x) - _FOLDS
    root = np.sqrt(b * b + 8 * a * _FOLDS)
    return np.where(b > 0, 4 * _FOLDS / np.where(b > 0, b + root, 1), (root - b) / (2 * a))


def _upper_end(a: Any, x: Any) -> Any:
    """A -w where the exponent is below -42: with e^w - 1 at least w + w² / 2, or at least w + e^w / 2 for w above 2."""
    d = x - a
    parabola = 2 * _FOLDS / (d + np.sqrt(d * d + 2 * x * _FOLDS))
    return np.minimum(parabola, np.maximum(2, np.log(2 * _FOLDS / x)))


@lru_cache(maxsize=1)
def _legendre() -> tuple[Any, Any]:
    """Nodes and weights of Gauss and Legendre on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2


def _moment_x(g: Any, out: Any, a: Any, x: Any, k: int) -> Any:
    boundary = k * _moment(a, x, k - 1) if k else 1
    return g * (out - (a * out - boundary) / x)


ag.defvjp(_moment, lambda g, out, a, x, k: -g * _moment(a, x, k + 1), _moment_x)
