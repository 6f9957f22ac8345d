"""The gamma and beta functions, complete and incomplete, and zeta's Hurwitz form."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule, plain, primitive, refused
from .declare import ufunc_behind


@primitive
def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order n of digamma."""
    n = np.asarray(n)
    return np.where(n == 0, special.digamma(x), (-1.0) ** (n + 1) * special.gamma(n + 1.0) * special.zeta(n + 1, x))


defvjp(polygamma, no_rule, lambda g, out, n, x: g * polygamma(n + 1, x))

defvjp(special.gamma, lambda g, out, x: g * (out * special.digamma(x)))
defvjp(special.gammaln, lambda g, out, x: g * special.digamma(x))
defvjp(special.loggamma, lambda g, out, x: g * special.digamma(x))
defvjp(special.digamma, lambda g, out, x: g * _trigamma(x))
plain([special.gammasgn])


def _trigamma(z: Any) -> Any:
    """The sum of 1 / (z + k)^2 over k = 0, 1, ...: zeta(2, z), which SciPy has for real numbers.

    On complex ones fifteen terms and Stirling's series for the rest, DLMF 5.15.8, mirrored left of 1/2.
    """
    if not np.iscomplexobj(z):
        return special.zeta(2, z)
    left = np.real(z) < 0.5
    w, total = np.where(left, 1 - z, z), 0
    for _ in range(15):
        w, total = w + 1, total + 1 / w**2
    u = 1 / w**2
    bernoulli = 1 / 6 - u * (1 / 30 - u * (1 / 42 - u * (1 / 30 - u * (5 / 66 - u * (691 / 2730)))))
    total = total + 1 / w + u / 2 + u / w * bernoulli
    return np.where(left, (pi / np.sin(pi * np.where(left, z, 0.25))) ** 2 - total, total)


def _rgamma(g: Any, out: Any, x: Any) -> Any:
    """-psi(x) / Gamma(x), and left of 1/2 the same reflected, where psi has poles but 1 / Gamma has none."""
    left = np.real(x) < 0.5
    y = np.where(left, 1 - x, 1)
    reflected = special.gamma(y) * (np.cos(pi * x) - np.sin(pi * x) * special.digamma(y) / pi)
    return g * np.where(left, reflected, -out * special.digamma(np.where(left, 1, x)))


defvjp(special.rgamma, _rgamma)

defvjp(ufunc_behind(special.zeta, 2.0), no_rule, lambda g, out, x, q: -g * (x * special.zeta(x + 1, q)))
refused("of Riemann's zeta no formula for the derivative is known. Compute with v.data.", [ufunc_behind(special.zeta)])

defvjp(
    special.beta,
    lambda g, out, a, b: g * (out * (special.digamma(a) - special.digamma(a + b))),
    lambda g, out, a, b: g * (out * (special.digamma(b) - special.digamma(a + b))),
)
defvjp(
    special.betaln,
    lambda g, out, a, b: g * (special.digamma(a) - special.digamma(a + b)),
    lambda g, out, a, b: g * (special.digamma(b) - special.digamma(a + b)),
)
defvjp(
    special.poch,
    lambda g, out, z, m: g * (out * (special.digamma(z + m) - special.digamma(z))),
    lambda g, out, z, m: g * (out * special.digamma(z + m)),
)
defvjp(
    special.binom,
    lambda g, out, n, k: g * (out * (special.digamma(n + 1) - special.digamma(n - k + 1))),
    lambda g, out, n, k: g * (out * (special.digamma(n - k + 1) - special.digamma(k + 1))),
)


def gamma_density(a: Any, x: Any) -> Any:
    """x^(a-1) exp(-x) / Gamma(a), the derivative of `gammainc` in x."""
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """x^(a-1) (1-x)^(b-1) / B(a, b), the derivative of `betainc` in x."""
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


defvjp(special.gammainc, no_rule, lambda g, out, a, x: g * gamma_density(a, x))
defvjp(special.gammaincc, no_rule, lambda g, out, a, x: -g * gamma_density(a, x))
defvjp(special.gammaincinv, no_rule, lambda g, out, a, y: g / gamma_density(a, out))
defvjp(special.gammainccinv, no_rule, lambda g, out, a, y: -g / gamma_density(a, out))
defvjp(special.betainc, no_rule, no_rule, lambda g, out, a, b, x: g * beta_density(a, b, x))
defvjp(special.betaincc, no_rule, no_rule, lambda g, out, a, b, x: -g * beta_density(a, b, x))
defvjp(special.betaincinv, no_rule, no_rule, lambda g, out, a, b, y: g / beta_density(a, b, out))
defvjp(special.betainccinv, no_rule, no_rule, lambda g, out, a, b, y: -g / beta_density(a, b, out))
