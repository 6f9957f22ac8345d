"""Functions of `scipy.special` that are no ufuncs, for Values and arrays: sums of exponentials, polygamma and its kin.

SciPy's own ufuncs (`scipy.special.erf`, `jv`, `gammainc`, ...) take Values as they are. Its Python functions turn their
arguments into plain arrays first, which would lose the gradient; so those are here, with the same arguments. SciPy is
imported when one that needs it is first called.

Example:
    >>> import numpy as np
    >>> from autograd_lite import Value, special
    >>> x = Value([0.0, 1.0, 2.0])
    >>> special.logsumexp(x).backward()
    >>> np.allclose(x.grad, special.softmax(x.data))
    True
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import floating
from .primitive import defvjp, is_value, plain_array, primitive
from .rules.reduction import spread
from .tracing import expected

__all__ = [
    "log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax", "spherical_in", "spherical_jn",
    "spherical_kn", "spherical_yn",
]  # fmt: skip


# ---- sums of exponentials ----


def _logarithm_and_sign(a: Any, b: Any, axis: Any, keepdims: bool) -> tuple[Any, Any]:
    """log |sum b exp(a)| and the sign of the sum, of raw arrays; nothing overflows, and nothing is lost near 0."""
    if not a.size:
        total = np.sum(a, axis=axis, keepdims=keepdims)
        return total - np.inf, total
    with np.errstate(divide="ignore", invalid="ignore"):
        if b is not None:  # a weight of 0 takes its element out, infinite or not
            a = np.where(b == 0, -np.inf, a)
        largest = np.max(np.real(a), axis=axis, keepdims=True)
        shift = np.where(np.isfinite(largest), largest, 0)
        terms = np.exp(a - shift) if b is None else b * np.exp(a - shift)
        chosen = np.real(a) == largest
        first = np.sum(np.where(chosen, terms, 0), axis=axis, keepdims=True)
        rest = np.sum(np.where(chosen, 0, terms), axis=axis, keepdims=True)
        total = first + rest
        if np.iscomplexobj(a):
            logarithm, sign = np.log(total), total
        else:  # log1p keeps what log(1 + small) would round off
            dominant = 2 * np.abs(rest) < np.abs(first)
            near = np.log(np.abs(first)) + np.log1p(np.where(dominant, rest / first, 0))
            logarithm, sign = np.where(dominant, near, np.log(np.abs(total))), np.sign(total)
        logarithm = logarithm + shift
    return (logarithm, sign) if keepdims else (np.squeeze(logarithm, axis)[()], np.squeeze(sign, axis)[()])


@primitive
def _logsumexp(a: Any, b: Any, axis: Any, keepdims: bool, absolute: bool) -> Any:
    logarithm, sign = _logarithm_and_sign(a, b, axis, keepdims)
    return logarithm if absolute or np.iscomplexobj(a) else np.where(sign < 0, np.nan, logarithm)[()]


def _share(g: Any, out: Any, a: Any, b: Any, axis: Any, keepdims: bool, absolute: bool) -> Any:
    """g exp(a) over the sum; where only the sum's absolute value was taken, its sign comes back."""
    terms = np.exp(a - spread(out, axis, keepdims, a))
    if absolute and b is not None:
        g = g * np.sign(np.sum(b * terms, axis=axis, keepdims=keepdims))
    return spread(g, axis, keepdims, a) * terms


defvjp(
    _logsumexp,
    lambda g, out, a, b, axis, keepdims, absolute: (
        _share(g, out, a, b, axis, keepdims, absolute) * (1 if b is None else b)
    ),
    lambda g, out, a, b, axis, keepdims, absolute: _share(g, out, a, b, axis, keepdims, absolute),
)


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """`log(sum(b * exp(a)))`, without overflow. SciPy's `logsumexp`.

    The gradient is `softmax(a)`. Where all elements are -inf, and at an element that is inf, it is nan, as in PyTorch
    and JAX: there is no limit.

    Args:
        a: real or complex numbers of any shape.
        axis: one axis or several; None for all.
        b: weights that broadcast with `a`; they get a gradient too. A weight of 0 takes its element out.
        keepdims: keep the summed axes with length 1.
        return_sign: return the logarithm of the absolute value, and the sign (a plain array), of real numbers.

    Raises:
        TypeError: `return_sign` for complex numbers.

    Example:
        >>> import autograd_lite as ag
        >>> ag.special.logsumexp(ag.Value([1000.0, 1000.0])).item()
        1000.6931471805599
    """
    a = floating(a)
    if b is not None:
        a, b = np.broadcast_arrays(a, floating(b))
    if not return_sign:
        return _logsumexp(a, b, axis, keepdims, False)
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        raise TypeError("logsumexp(return_sign=True) takes real numbers alone. Write s = np.sum(b * np.exp(a)).")
    raw_a, raw_b = [plain_array(x) for x in (a, b)]
    return _logsumexp(a, b, axis, keepdims, True), _logarithm_and_sign(raw_a, raw_b, axis, keepdims)[1]


@primitive
def _softmax(x: Any, axis: Any) -> Any:
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


@primitive
def _log_softmax(x: Any, axis: Any) -> Any:
    largest = np.max(x, axis=axis, keepdims=True)
    shifted = x - np.where(np.isfinite(largest), largest, 0)
    with np.errstate(divide="ignore"):
        return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


defvjp(_softmax, lambda g, out, x, axis: out * (g - np.sum(g * out, axis=axis, keepdims=True)))
defvjp(_log_softmax, lambda g, out, x, axis: g - np.exp(out) * np.sum(g, axis=axis, keepdims=True))


def softmax(x: Any, axis: Any = None) -> Any:
    """`exp(x) / sum(exp(x))` along `axis`, by default over all elements. SciPy's `softmax`, of `x`'s shape.

    Example:
        >>> import autograd_lite as ag
        >>> ag.special.softmax(ag.Value([0.0, 0.0]))
        Value([0.5, 0.5])
    """
    return _softmax(floating(x), axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """`log(softmax(x))`, finite where softmax rounds to 0. SciPy's `log_softmax`, of `x`'s shape.

    Example:
        >>> import autograd_lite as ag
        >>> ag.special.log_softmax(ag.Value([1000.0, 0.0]))
        Value([    0., -1000.])
    """
    return _log_softmax(floating(x), axis)


# ---- gamma ----


def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order `n` of digamma at `x`. SciPy's `polygamma`, with a gradient in `x`.

    Args:
        n: non-negative integers.
        x: real numbers that broadcast with `n`.

    Raises:
        TypeError: `n` is a Value that wants a gradient.
        ValueError: `n` is negative or no integer.

    Example:
        >>> import autograd_lite as ag
        >>> x = ag.Value(1.0)
        >>> ag.special.polygamma(0, x).backward()
        >>> x.grad == ag.special.polygamma(1, 1.0)
        np.True_
    """
    from .rules.special.gamma import polygamma as recorded

    order = n.data if is_value(n) else np.asarray(n)
    if np.any(order < 0) or np.any(order != np.floor(order)):
        raise ValueError(f"polygamma takes orders 0, 1, 2, ..., not {n}")
    return recorded(n, floating(x))


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension `d`. SciPy's `multigammaln`.

    `d (d-1) / 4 log(pi) + sum of gammaln(a - j / 2) for j = 0, ..., d-1`

    Raises:
        ValueError: `d` is not 1, 2, ..., or some `a` is not above `(d - 1) / 2`.

    Example:
        >>> import autograd_lite as ag
        >>> ag.special.multigammaln(ag.Value(2.0), 1).item()
        0.0
    """
    from scipy.special import gammaln

    a = floating(a)
    if d != np.floor(d) or d < 1:
        raise ValueError(f"multigammaln takes a dimension d of 1, 2, ..., not {d}")
    if expected(np.any(a <= (d - 1) / 2)):
        raise ValueError(f"multigammaln of dimension {d} takes a > (d - 1) / 2 = {(d - 1) / 2}")
    return sum([gammaln(a - j / 2) for j in range(int(d))], d * (d - 1) / 4 * np.log(np.pi))


# ---- spherical Bessel functions ----


def spherical_jn(n: Any, z: Any) -> Any:
    """The spherical Bessel function of the first kind, of order `n`. SciPy's, with a gradient in `z`.

    Example:
        >>> import autograd_lite as ag
        >>> ag.special.spherical_jn(0, ag.Value(0.0)).item()
        1.0
    """
    from .rules.special.bessel import spherical_jn as recorded

    return recorded(n, floating(z))


def spherical_yn(n: Any, z: Any) -> Any:
    """The spherical Bessel function of the second kind, of order `n`. SciPy's, with a gradient in `z`.

    Example:
        >>> import autograd_lite as ag
        >>> round(ag.special.spherical_yn(0, ag.Value(1.0)).item(), 4)
        -0.5403
    """
    from .rules.special.bessel import spherical_yn as recorded

    return recorded(n, floating(z))


def spherical_in(n: Any, z: Any) -> Any:
    """The modified spherical Bessel function of the first kind, of order `n`. SciPy's, with a gradient in `z`.

    Example:
        >>> import autograd_lite as ag
        >>> ag.special.spherical_in(0, ag.Value(0.0)).item()
        1.0
    """
    from .rules.special.bessel import spherical_in as recorded

    return recorded(n, floating(z))


def spherical_kn(n: Any, z: Any) -> Any:
    """The modified spherical Bessel function of the second kind, of order `n`. SciPy's, with a gradient in `z`.

    Example:
        >>> import autograd_lite as ag
        >>> round(ag.special.spherical_kn(0, ag.Value(1.0)).item(), 4)
        0.5779
    """
    from .rules.special.bessel import spherical_kn as recorded

    return recorded(n, floating(z))
