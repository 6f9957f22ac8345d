"""Derivatives of `scipy.special`'s functions; loaded when SciPy is first used."""

from __future__ import annotations

import numpy as np
from scipy import special

from ..primitive import defvjp

_TWO_OVER_SQRT_PI = 2 / np.sqrt(np.pi)

defvjp(special.erf, lambda g, out, x: g * (_TWO_OVER_SQRT_PI * np.exp(-x * x)))
defvjp(special.erfc, lambda g, out, x: -g * (_TWO_OVER_SQRT_PI * np.exp(-x * x)))
defvjp(special.expit, lambda g, out, x: g * (out * (1 - out)))
defvjp(special.logit, lambda g, out, x: g / (x * (1 - x)))
defvjp(special.log_expit, lambda g, out, x: g * special.expit(-x))
