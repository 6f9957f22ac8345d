"""Derivatives of polynomials, given by their coefficients from the highest power to the constant, or by their roots."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..primitive import composed, defvjp, primitive
from ..tracing import expected
from .calculus import array, counted
from .elementwise import is_complex, masked


def _coefficients(p: Any) -> Any:
    """The coefficients as an array; an `np.poly1d` would ask for an `np.poly1d` as the result.

    Raises:
        TypeError: it is an `np.poly1d`.
    """
    if isinstance(p, np.poly1d):
        raise TypeError("an np.poly1d together with a Value has no gradient rule. Pass its coefficients, p.coeffs.")
    return array(p)


def _powers_from(n: int, p: Any) -> Any:
    """n, n - 1, ..., 1 as integers, in the array library of `p`."""
    return np.flip(counted(n, p, int))


# ---- values ----


@primitive
def polyval(p: Any, x: Any) -> Any:
    """The polynomial with coefficients `p`, along one axis, at each `x`."""
    return np.polyval(p, x)


def _polyval_coefficients(g: Any, out: Any, p: Any, x: Any) -> Any:
    return np.ravel(g) @ np.vander(np.ravel(x), p.size)


def _polyval_slope(g: Any, out: Any, p: Any, x: Any) -> Any:
    return g * np.polyval(_polyder(p), x)


defvjp(polyval, _polyval_coefficients, _polyval_slope)


@composed(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    p, x = array(p.coeffs if isinstance(p, np.poly1d) else p), _coefficients(x)
    if p.ndim == 1:
        return polyval(p, x)
    y = masked(x, False)
    for coefficient in p:
        y = y * x + coefficient
    return y


def _vander(g: Any, out: Any, x: Any, N: Any = None, increasing: Any = False) -> Any:
    """The columns are 1, x, x^2, ..., or the other way round."""
    if not increasing:
        g, out = np.flip(g, -1), np.flip(out, -1)
    return np.sum(g[:, 1:] * counted(out.shape[1] - 1, out) * out[:, :-1], axis=-1)


defvjp(np.vander, _vander)


# ---- arithmetic ----


def _added(a1: Any, a2: Any, function: Any) -> Any:
    a1, a2 = np.atleast_1d(_coefficients(a1)), np.atleast_1d(_coefficients(a2))
    n = max(len(a1), len(a2))
    return function(*[_preceded_by_zeros(a, n - len(a)) for a in (a1, a2)])


def _preceded_by_zeros(p: Any, count: int) -> Any:
    return np.concatenate([np.zeros_like(p, shape=(count,)), p]) if count else p


@composed(np.polyadd)
def _polyadd(a1: Any, a2: Any) -> Any:
    return _added(a1, a2, np.add)


@composed(np.polysub)
def _polysub(a1: Any, a2: Any) -> Any:
    return _added(a1, a2, np.subtract)


def _without_leading_zeros(p: Any) -> Any:
    """The coefficients from the first that is not 0, at least one; those in front get no gradient."""
    p = np.atleast_1d(_coefficients(p))
    if p.ndim > 1:
        raise ValueError(f"np.polymul takes coefficients along one axis, but they have shape {p.shape}")
    while len(p) > 1 and expected(p[0] == 0):
        p = p[1:]
    return p if len(p) else np.zeros_like(p, shape=(1,))


@composed(np.polymul)
def _polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(_without_leading_zeros(a1), _without_leading_zeros(a2))


@composed(np.polydiv)
def _polydiv(u: Any, v: Any) -> Any:
    """Long division, step by step."""
    r, v = np.atleast_1d(_coefficients(u)) + 0.0, np.atleast_1d(_coefficients(v)) + 0.0
    m, n = len(r) - 1, len(v) - 1
    common = r[:1] + v[:1]
    scale = 1.0 / v[0]
    q = []
    r = r + masked(common, False)
    for k in range(m - n + 1):
        d = scale * r[k]
        q.append(np.reshape(d, (1,)))
        r = np.concatenate([r[:k], r[k : k + n + 1] - d * v, r[k + n + 1 :]])
    while len(r) > 1 and expected(np.allclose(r[0], 0, rtol=1e-14)):
        r = r[1:]
    return np.concatenate(q) if q else masked(common, False), r


# ---- derivative and integral ----


@composed(np.polyder)
def _polyder(p: Any, m: Any = 1) -> Any:
    p, m = _coefficients(p), int(m)
    if m < 0:
        raise ValueError(f"np.polyder takes derivatives of order m >= 0, not {m}. To integrate write np.polyint.")
    for _ in range(m):
        p = p[:-1] * _powers_from(len(p) - 1, p)
    return p


@composed(np.polyint)
def _polyint(p: Any, m: Any = 1, k: Any = None) -> Any:
    p, m = _coefficients(p), int(m)
    if m < 0:
        raise ValueError(f"np.polyint integrates m >= 0 times, not {m}. To differentiate write np.polyder.")
    constants = np.zeros_like(p, shape=(m,), dtype=float) if k is None else np.atleast_1d(array(k))
    if len(constants) == 1 and m > 1:
        constants = np.broadcast_to(constants, (m,))
    if len(constants) < m:
        raise ValueError(f"np.polyint integrates {m} times, which takes 1 or {m} constants, not {len(constants)}")
    for i in range(m):
        p = np.concatenate([p / _powers_from(len(p), p), constants[i : i + 1]])
    return p


# ---- roots ----


def _roots(g: Any, out: Any, p: Any) -> Any:
    """From P(r) = 0: dr = -sum_k r^(n-k) dp_k / P'(r), infinite where roots fall together."""
    return -(g / np.polyval(_polyder(p), out)) @ np.vander(out, p.size)


defvjp(np.roots, _roots)


@primitive
def characteristic_polynomial(a: Any) -> Any:
    """The coefficients of det(t I - a)."""
    return np.poly(a)


def _characteristic_polynomial(g: Any, out: Any, a: Any) -> Any:
    """d det(t I - a) = -tr(adj(t I - a) da), and the adjugate is sum_k t^(n-1-k) N_k by Faddeev and LeVerrier:

    N_0 = I, N_k = a N_(k-1) + c_k I. No eigenvalue is asked for, so they may fall together.
    """
    identity = np.diag(np.ones_like(a, shape=(len(a),)))
    adjugate = identity
    share = g[1] * identity
    for k in range(1, len(a)):
        adjugate = a @ adjugate + out[k] * identity
        share = share + g[k + 1] * np.transpose(adjugate)
    return -share


defvjp(characteristic_polynomial, _characteristic_polynomial)


@composed(np.poly)
def _poly(seq_of_zeros: Any) -> Any:
    zeros = np.atleast_1d(_coefficients(seq_of_zeros))
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        return characteristic_polynomial(zeros)
    if zeros.ndim != 1:
        raise ValueError(f"np.poly takes roots of shape (n,) or a matrix of shape (n, n), not {zeros.shape}")
    if not len(zeros):
        return 1.0
    one = np.ones_like(zeros, shape=(1,))
    p = one
    for i in range(len(zeros)):
        p = np.convolve(p, np.concatenate([one, -zeros[i : i + 1]]))
    if is_complex(p) and expected(np.all(np.sort(zeros) == np.sort(np.conjugate(zeros)))):
        p = np.real(p)  # roots in conjugate pairs
    return p


# ---- least squares ----


@composed(np.polyfit)
def _polyfit(x: Any, y: Any, deg: Any, rcond: Any = None, full: Any = False, w: Any = None, cov: Any = False) -> Any:
    x, y, order = array(x) + 0.0, array(y) + 0.0, int(deg) + 1
    if deg < 0:
        raise ValueError(f"np.polyfit fits a degree of 0 or more, not {deg}")
    if x.ndim != 1 or not x.size or y.ndim not in (1, 2) or len(x) != len(y):
        raise TypeError(
            f"np.polyfit needs x of shape (n,), n > 0, and y of shape (n,) or (n, k), not {x.shape} and {y.shape}"
        )
    if rcond is None:
        rcond = len(x) * np.finfo(x.dtype).eps
    left, right = np.vander(x, order), y
    if w is not None:
        w = array(w) + 0.0
        if w.shape != x.shape:
            raise TypeError(f"np.polyfit needs one weight for each of the {len(x)} points; w has shape {w.shape}")
        left, right = left * w[:, None], right * (w[:, None] if y.ndim == 2 else w)
    scale = np.sqrt(np.sum(left * left, axis=0))
    left = left / scale
    c, residuals, rank, singular = np.linalg.lstsq(left, right, rcond)
    c = np.transpose(np.transpose(c) / scale)
    if full:
        return c, residuals, rank, singular, rcond
    if expected(rank != order):
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=3)
    if not cov:
        return c
    base = np.linalg.inv(np.transpose(left) @ left) / np.outer(scale, scale)
    if cov == "unscaled":
        factor = 1
    elif len(x) <= order:
        raise ValueError(
            f"np.polyfit scales the covariance by the residuals of more points than coefficients, but there are "
            f"{len(x)} and {order}. Write cov='unscaled'."
        )
    else:
        factor = residuals / (len(x) - order)
    return c, base * factor if y.ndim == 1 else base[:, :, None] * factor
