"""Distribution functions and their inverses, in the variable; in a parameter where a formula is known.

The names are Cephes': `dtr` the distribution function, `dtrc` its complement, `dtri` the inverse (of some, of the
complement).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule
from .gamma import beta_density, gamma_density


def _t_density(df: Any, t: Any) -> Any:
    exponent = -special.xlog1py((df + 1) / 2, t * t / df) - special.betaln(df / 2, 0.5)
    return np.exp(exponent) / np.sqrt(df)


def _f_density(n: Any, d: Any, x: Any) -> Any:
    return n * d / (d + n * x) ** 2 * beta_density(n / 2, d / 2, n * x / (d + n * x))


def _chi2_density(df: Any, x: Any) -> Any:
    return gamma_density(df / 2, x / 2) / 2


def _noncentral_chi2_density(x: Any, df: Any, nc: Any) -> Any:
    root = np.sqrt(nc * x)
    scale = np.exp(root - (x + nc) / 2) * (x / nc) ** (df / 4 - 0.5)
    return scale * special.ive(df / 2 - 1, root) / 2


def _noncentral_chi2_in_nc(x: Any, df: Any, nc: Any) -> Any:
    return (special.chndtr(x, df + 2, nc) - special.chndtr(x, df, nc)) / 2


# Student, F, chi squared
defvjp(special.stdtr, no_rule, lambda g, out, df, t: g * _t_density(df, t))
defvjp(special.stdtrit, no_rule, lambda g, out, df, p: g / _t_density(df, out))
defvjp(special.fdtr, no_rule, no_rule, lambda g, out, n, d, x: g * _f_density(n, d, x))
defvjp(special.fdtrc, no_rule, no_rule, lambda g, out, n, d, x: -g * _f_density(n, d, x))
defvjp(special.fdtri, no_rule, no_rule, lambda g, out, n, d, p: g / _f_density(n, d, out))
defvjp(special.chdtr, no_rule, lambda g, out, df, x: g * _chi2_density(df, x))
defvjp(special.chdtrc, no_rule, lambda g, out, df, x: -g * _chi2_density(df, x))
defvjp(special.chdtri, no_rule, lambda g, out, df, p: -g / _chi2_density(df, out))
defvjp(
    special.chndtr,
    lambda g, out, x, df, nc: g * _noncentral_chi2_density(x, df, nc),
    no_rule,
    lambda g, out, x, df, nc: g * _noncentral_chi2_in_nc(x, df, nc),
)
defvjp(
    special.chndtrix,
    lambda g, out, p, df, nc: g / _noncentral_chi2_density(out, df, nc),
    no_rule,
    lambda g, out, p, df, nc: -g * _noncentral_chi2_in_nc(out, df, nc) / _noncentral_chi2_density(out, df, nc),
)

# gamma with rate a and shape b
defvjp(
    special.gdtr,
    lambda g, out, a, b, x: g * (x * gamma_density(b, a * x)),
    no_rule,
    lambda g, out, a, b, x: g * (a * gamma_density(b, a * x)),
)
defvjp(
    special.gdtrc,
    lambda g, out, a, b, x: -g * (x * gamma_density(b, a * x)),
    no_rule,
    lambda g, out, a, b, x: -g * (a * gamma_density(b, a * x)),
)
defvjp(  # the x, and the a, for which a x is the quantile of p
    special.gdtrix,
    lambda g, out, a, b, p: -g * out / a,
    no_rule,
    lambda g, out, a, b, p: g / (a * gamma_density(b, a * out)),
)
defvjp(
    special.gdtria,
    lambda g, out, p, b, x: g / (x * gamma_density(b, x * out)),
    no_rule,
    lambda g, out, p, b, x: -g * out / x,
)

# Poisson, binomial, negative binomial, in the rate and in the probability
defvjp(special.pdtr, no_rule, lambda g, out, k, m: -g * gamma_density(np.floor(k) + 1, m))
defvjp(special.pdtrc, no_rule, lambda g, out, k, m: g * gamma_density(np.floor(k) + 1, m))
defvjp(special.pdtri, no_rule, lambda g, out, k, y: -g / gamma_density(np.floor(k) + 1, out))


def _binomial_slope(k: Any, n: Any, p: Any) -> Any:
    """Of `bdtrc`; counts are rounded down."""
    k, n = np.floor(k), np.trunc(n)
    return beta_density(k + 1, n - k, p)


def _negative_binomial_slope(k: Any, n: Any, p: Any) -> Any:
    return beta_density(np.trunc(n), np.trunc(k) + 1, p)


defvjp(special.bdtr, no_rule, no_rule, lambda g, out, k, n, p: -g * _binomial_slope(k, n, p))
defvjp(special.bdtrc, no_rule, no_rule, lambda g, out, k, n, p: g * _binomial_slope(k, n, p))
defvjp(special.bdtri, no_rule, no_rule, lambda g, out, k, n, y: -g / _binomial_slope(k, n, out))
defvjp(special.nbdtr, no_rule, no_rule, lambda g, out, k, n, p: g * _negative_binomial_slope(k, n, p))
defvjp(special.nbdtrc, no_rule, no_rule, lambda g, out, k, n, p: -g * _negative_binomial_slope(k, n, p))
defvjp(special.nbdtri, no_rule, no_rule, lambda g, out, k, n, y: g / _negative_binomial_slope(k, n, out))


def _tukey_lambda(g: Any, out: Any, x: Any, shape: Any) -> Any:
    inside = (out > 0) & (out < 1)
    p = np.where(inside, out, 0.5)
    return np.where(inside, g / (p ** (shape - 1) + (1 - p) ** (shape - 1)), 0)


defvjp(special.tklmbda, _tukey_lambda, no_rule)
