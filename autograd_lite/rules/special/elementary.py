"""Functions that a formula or two give: logistic, entropy, losses, Box and Cox, degrees, Lambert's W."""

from __future__ import annotations

from math import log, pi
from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule, plain
from ..elementwise import masked
from .declare import ufunc_behind

# logistic
defvjp(special.expit, lambda g, out, x: g * (out * (1 - out)))
defvjp(special.logit, lambda g, out, x: g / (x * (1 - x)))
defvjp(special.log_expit, lambda g, out, x: g * special.expit(-x))

# powers, exponentials, logarithms; SciPy's own ufuncs beside NumPy's
defvjp(special.cbrt, lambda g, out, x: g / (3 * out * out))
defvjp(special.exp2, lambda g, out, x: g * (log(2) * out))
defvjp(special.exp10, lambda g, out, x: g * (log(10) * out))
defvjp(special.expm1, lambda g, out, x: g * (out + 1))
defvjp(special.log1p, lambda g, out, x: g / (1 + x))
defvjp(special.exprel, lambda g, out, x: g * _exprel_slope(x))
defvjp(
    special.powm1,
    lambda g, out, x, y: g * (y * x ** (np.where(y == 0, 1, y) - 1)),
    lambda g, out, x, y: g * special.xlogy(out + 1, x),
)
plain([special.round])


def _exprel_slope(x: Any) -> Any:
    """((x - 1) exp(x) + 1) / x^2, which would cancel near 0."""
    return special.hyp1f1(2, 3, x) / 2


# x log y and its kin
def _logarithm(x: Any, y: Any) -> Any:
    """log y, and PyTorch's 0 where x is 0 and y has no finite logarithm."""
    flat = (x == 0) & (np.real(y) <= 0)
    return np.where(flat, 0, np.log(np.where(flat, 1, y)))


def _logarithm1p(x: Any, y: Any) -> Any:
    flat = (x == 0) & (np.real(y) <= -1)
    return np.where(flat, 0, np.log1p(np.where(flat, 0, y)))


defvjp(special.xlogy, lambda g, out, x, y: g * _logarithm(x, y), lambda g, out, x, y: g * x / y)
defvjp(special.xlog1py, lambda g, out, x, y: g * _logarithm1p(x, y), lambda g, out, x, y: g * x / (1 + y))
defvjp(special.entr, lambda g, out, x: -g * (np.log(x) + 1))
defvjp(
    special.rel_entr,
    lambda g, out, x, y: g * (np.log(x / y) + 1),
    lambda g, out, x, y: -g * x / y,
)
defvjp(
    special.kl_div,
    lambda g, out, x, y: g * np.log(x / y),
    lambda g, out, x, y: g * (1 - x / y),
)

# losses
defvjp(
    special.huber,
    lambda g, out, delta, r: masked(g * (abs(r) - delta), abs(r) > delta),
    lambda g, out, delta, r: g * np.clip(r, -delta, delta),
)


def _root(delta: Any, r: Any) -> Any:
    return np.hypot(1, r / delta)


defvjp(
    special.pseudo_huber,
    lambda g, out, delta, r: g * (delta * (_root(delta, r) - 1) ** 2 / _root(delta, r)),
    lambda g, out, delta, r: g * (r / _root(delta, r)),
)

# Box and Cox: (x^p - 1) / p = log(x) exprel(p log(x)), smooth at p = 0
defvjp(
    special.boxcox,
    lambda g, out, x, p: g * x ** (p - 1),
    lambda g, out, x, p: g * (np.log(x) ** 2 * _exprel_slope(p * np.log(x))),
)
defvjp(
    special.boxcox1p,
    lambda g, out, x, p: g * (1 + x) ** (p - 1),
    lambda g, out, x, p: g * (np.log1p(x) ** 2 * _exprel_slope(p * np.log1p(x))),
)


def _inverse_in_power(x: Any, y: Any, p: Any) -> Any:
    """Of (1 + p y)^(1/p) = exp(y 2F1(1, 1; 2; -p y)), smooth at p = 0."""
    return -x * y * y / 2 * special.hyp2f1(2, 2, 3, -p * y)


defvjp(
    special.inv_boxcox,
    lambda g, out, y, p: g * (out / (1 + p * y)),
    lambda g, out, y, p: g * _inverse_in_power(out, y, p),
)
defvjp(
    special.inv_boxcox1p,
    lambda g, out, y, p: g * ((1 + out) / (1 + p * y)),
    lambda g, out, y, p: g * _inverse_in_power(1 + out, y, p),
)

# degrees
_DEGREE = pi / 180
defvjp(special.sindg, lambda g, out, x: g * (_DEGREE * special.cosdg(x)))
defvjp(special.cosdg, lambda g, out, x: -g * (_DEGREE * special.sindg(x)))
defvjp(special.tandg, lambda g, out, x: g * (_DEGREE * (1 + out * out)))
defvjp(special.cotdg, lambda g, out, x: -g * (_DEGREE * (1 + out * out)))
defvjp(special.cosm1, lambda g, out, x: -g * np.sin(x))
defvjp(  # degrees, minutes, seconds
    special.radian,
    lambda g, out, d, m, s: g * _DEGREE,
    lambda g, out, d, m, s: g * (_DEGREE / 60),
    lambda g, out, d, m, s: g * (_DEGREE / 3600),
)

# w exp(w) = z, and w + log(w) = z
defvjp(ufunc_behind(special.lambertw), lambda g, out, z, k, tol: g * (np.exp(-out) / (1 + out)), no_rule, no_rule)
defvjp(special.wrightomega, lambda g, out, z: g * (out / (1 + out)))
