"""Functions defined by an integral, whose derivative is what is integrated."""

from __future__ import annotations

import cmath
from math import pi, sqrt
from typing import Any

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule
from .declare import several_results

defvjp(special.expi, lambda g, out, x: g * (np.exp(x) / x))
defvjp(special.exp1, lambda g, out, x: -g * (np.exp(-x) / x))


def _expn(g: Any, out: Any, n: Any, x: Any) -> Any:
    """-E_(n-1); for n = 0 by the recurrence, because SciPy has no negative order."""
    n = np.trunc(n)  # as SciPy does
    below = special.expn(np.maximum(n - 1, 0), x)
    return -g * np.where(np.equal(n, 0), (np.exp(-x) + below) / x, below)


defvjp(special.expn, no_rule, _expn)
several_results(special.sici, [lambda out, x: np.sinc(x / pi), lambda out, x: np.cos(x) / x])
several_results(  # sinh(x) / x, cosh(x) / x
    special.shichi, [lambda out, x: special.hyp0f1(1.5, x * x / 4), lambda out, x: np.cosh(x) / x]
)
several_results(special.fresnel, [lambda out, x: np.sin(pi / 2 * x * x), lambda out, x: np.cos(pi / 2 * x * x)])
# F = integral of exp(+- i t^2) from x on, and K = exp(-+ i (x^2 + pi/4)) F / sqrt(pi)
for _function, _i in ((special.modfresnelp, 1j), (special.modfresnelm, -1j)):
    several_results(
        _function,
        [
            lambda out, x, i=_i: -np.exp(i * x * x),
            lambda out, x, i=_i: -2 * i * x * out[1] - cmath.exp(-i * pi / 4) / sqrt(pi),
        ],
    )
defvjp(special.spence, lambda g, out, z: -g * special.hyp2f1(1, 1, 2, 1 - z))  # log(z) / (1 - z)

# integrals of Bessel functions; those named it2 are of f(t) / t
several_results(special.itj0y0, [lambda out, x: special.j0(x), lambda out, x: special.y0(x)])
several_results(special.iti0k0, [lambda out, x: special.i0(x), lambda out, x: special.k0(x)])
several_results(special.it2j0y0, [lambda out, x: (1 - special.j0(x)) / x, lambda out, x: -special.y0(x) / x])
several_results(special.it2i0k0, [lambda out, x: (special.i0(x) - 1) / x, lambda out, x: -special.k0(x) / x])
defvjp(special.itstruve0, lambda g, out, x: g * special.struve(0, x))
defvjp(special.itmodstruve0, lambda g, out, x: g * special.modstruve(0, x))
defvjp(special.it2struve0, lambda g, out, x: -g * special.struve(0, x) / x)
several_results(  # of Ai(t), Bi(t), Ai(-t), Bi(-t)
    special.itairy,
    [
        lambda out, x: special.airy(x)[0],
        lambda out, x: special.airy(x)[2],
        lambda out, x: special.airy(-x)[0],
        lambda out, x: special.airy(-x)[2],
    ],
)
