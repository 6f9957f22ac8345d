"""Functions defined by an integral, whose derivative is what is integrated."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule
from .declare import several_results, through

defvjp(special.expi, lambda g, out, x: g * (np.exp(x) / x))
defvjp(special.exp1, lambda g, out, x: -g * (np.exp(-x) / x))


def _expn(g: Any, out: Any, n: Any, x: Any) -> Any:
    """-E_(n-1); for n = 0 by the recurrence, because SciPy has no negative order."""
    lowest = np.asarray(n) == 0
    below = special.expn(np.where(lowest, 0, n - 1), x)
    return -g * np.where(lowest, (np.exp(-x) + below) / x, below)


defvjp(special.expn, no_rule, _expn)
several_results(special.sici, lambda g, out, x: through(g, np.sinc(x / pi), np.cos(x) / x))
several_results(
    special.shichi,
    lambda g, out, x: through(g, special.hyp0f1(1.5, x * x / 4), np.cosh(x) / x),  # sinh(x) / x
)
several_results(
    special.fresnel, lambda g, out, x: through(g, np.sin(pi / 2 * x * x), np.cos(pi / 2 * x * x))
)


def _modified_fresnel(g: Any, out: Any, x: Any, i: complex) -> Any:
    """F = integral of exp(i t^2) from x on, and K = exp(-i (x^2 + pi/4)) F / sqrt(pi)."""
    turn = np.exp(-i * pi / 4) / sqrt(pi)
    return through(g, -np.exp(i * x * x), -2 * i * x * out[1] - turn)


several_results(special.modfresnelp, lambda g, out, x: _modified_fresnel(g, out, x, 1j))
several_results(special.modfresnelm, lambda g, out, x: _modified_fresnel(g, out, x, -1j))
defvjp(special.spence, lambda g, out, z: -g * special.hyp2f1(1, 1, 2, 1 - z))  # log(z) / (1 - z)

# integrals of Bessel functions; those named it2 are of f(t) / t
several_results(special.itj0y0, lambda g, out, x: through(g, special.j0(x), special.y0(x)))
several_results(special.iti0k0, lambda g, out, x: through(g, special.i0(x), special.k0(x)))
several_results(special.it2j0y0, lambda g, out, x: through(g, (1 - special.j0(x)) / x, -special.y0(x) / x))
several_results(special.it2i0k0, lambda g, out, x: through(g, (special.i0(x) - 1) / x, -special.k0(x) / x))
defvjp(special.itstruve0, lambda g, out, x: g * special.struve(0, x))
defvjp(special.itmodstruve0, lambda g, out, x: g * special.modstruve(0, x))
defvjp(special.it2struve0, lambda g, out, x: -g * special.struve(0, x) / x)


def _itairy(g: Any, out: Any, x: Any) -> Any:
    ai, _, bi, _ = special.airy(x)
    reflected_ai, _, reflected_bi, _ = special.airy(-x)
    return through(g, ai, bi, reflected_ai, reflected_bi)


several_results(special.itairy, _itairy)
