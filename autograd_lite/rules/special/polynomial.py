"""Orthogonal polynomials, in the argument: one degree less, and the weight's parameters one more (DLMF 18.9)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule


def _chebyu(n: Any, x: Any) -> Any:
    return 2 * special.eval_gegenbauer(n - 1, 2, x)


def _legendre(n: Any, x: Any) -> Any:
    return special.eval_gegenbauer(n - 1, 1.5, x)


def _jacobi(n: Any, a: Any, b: Any, x: Any) -> Any:
    return (n + a + b + 1) / 2 * special.eval_jacobi(n - 1, a + 1, b + 1, x)


# T, U, and their spellings on other intervals
defvjp(special.eval_chebyt, no_rule, lambda g, out, n, x: g * (n * special.eval_chebyu(n - 1, x)))
defvjp(special.eval_chebyu, no_rule, lambda g, out, n, x: g * _chebyu(n, x))
defvjp(special.eval_chebyc, no_rule, lambda g, out, n, x: g * (n * special.eval_chebyu(n - 1, x / 2)))
defvjp(special.eval_chebys, no_rule, lambda g, out, n, x: g * (_chebyu(n, x / 2) / 2))
defvjp(special.eval_sh_chebyt, no_rule, lambda g, out, n, x: g * (2 * n * special.eval_chebyu(n - 1, 2 * x - 1)))
defvjp(special.eval_sh_chebyu, no_rule, lambda g, out, n, x: g * (2 * _chebyu(n, 2 * x - 1)))

defvjp(special.eval_legendre, no_rule, lambda g, out, n, x: g * _legendre(n, x))
defvjp(special.eval_sh_legendre, no_rule, lambda g, out, n, x: g * (2 * _legendre(n, 2 * x - 1)))
defvjp(
    special.lpmv,
    no_rule,
    no_rule,
    lambda g, out, m, v, x: g * (((v + m) * special.lpmv(m, v - 1, x) - v * x * out) / ((1 - x) * (1 + x))),
)
defvjp(
    special.eval_gegenbauer,
    no_rule,
    no_rule,
    lambda g, out, n, alpha, x: g * (2 * alpha * special.eval_gegenbauer(n - 1, alpha + 1, x)),
)
defvjp(special.eval_jacobi, no_rule, no_rule, no_rule, lambda g, out, n, a, b, x: g * _jacobi(n, a, b, x))
defvjp(
    special.eval_sh_jacobi,
    no_rule,
    no_rule,
    no_rule,
    lambda g, out, n, p, q, x: g * (2 * _jacobi(n, p - q, q - 1, 2 * x - 1) / special.binom(2 * n + p - 1, n)),
)

defvjp(special.eval_laguerre, no_rule, lambda g, out, n, x: -g * special.eval_genlaguerre(n - 1, 1, x))
defvjp(
    special.eval_genlaguerre,
    no_rule,
    no_rule,
    lambda g, out, n, alpha, x: -g * special.eval_genlaguerre(n - 1, alpha + 1, x),
)
# SciPy's Hermite polynomials are nan below degree 0, where the factor is 0
defvjp(special.eval_hermite, no_rule, lambda g, out, n, x: g * (2 * n * special.eval_hermite(np.maximum(n - 1, 0), x)))
defvjp(
    special.eval_hermitenorm,
    no_rule,
    lambda g, out, n, x: g * (n * special.eval_hermitenorm(np.maximum(n - 1, 0), x)),
)
