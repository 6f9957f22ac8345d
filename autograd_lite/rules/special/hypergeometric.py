"""Hypergeometric functions, in the argument: the parameters go up by one (DLMF 13.3, 15.5), and their kin."""

from __future__ import annotations

import numpy as np
from scipy import special

from ...primitive import defvjp, no_rule

defvjp(special.hyp0f1, no_rule, lambda g, out, b, z: g * special.hyp0f1(b + 1, z) / b)
defvjp(special.hyp1f1, no_rule, no_rule, lambda g, out, a, b, z: g * (special.hyp1f1(a + 1, b + 1, z) * a / b))
defvjp(special.hyperu, no_rule, no_rule, lambda g, out, a, b, z: -g * (a * special.hyperu(a + 1, b + 1, z)))
defvjp(
    special.hyp2f1,
    no_rule,
    no_rule,
    no_rule,
    lambda g, out, a, b, c, z: g * (special.hyp2f1(a + 1, b + 1, c + 1, z) * a * b / c),
)
defvjp(special.wright_bessel, no_rule, no_rule, lambda g, out, a, b, x: g * special.wright_bessel(a, a + b, x))
defvjp(
    special.log_wright_bessel,
    no_rule,
    no_rule,
    lambda g, out, a, b, x: g * np.exp(special.log_wright_bessel(a, a + b, x) - out),
)
