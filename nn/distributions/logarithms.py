"""x log y and its kin, exact in the corners: where 0 log 0 is 0 and has a gradient, and where e^x would overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from .distribution import raw


def xlogy(x: Any, y: Any) -> Any:
    """x log y, and 0 where both are 0, with gradient 0 there."""
    from scipy import special  # loaded when first used: SciPy takes as long to import as everything else

    return special.xlogy(x, np.where((raw(x) == 0) & (raw(y) == 0), 1, y))


def xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), and 0 where x and 1 + y are 0, with gradient 0 there."""
    from scipy import special

    return special.xlog1py(x, np.where((raw(x) == 0) & (raw(y) == -1), 0, y))


def softplus(x: Any) -> Any:
    """log(1 + e^x), which never overflows; -softplus(-x) is the logarithm of the sigmoid."""
    return np.logaddexp(x, 0)


def weighted(probs: Any, x: Any) -> Any:
    """probs · x, and 0 where the probability is 0, whatever x is."""
    nothing = raw(probs) == 0
    return np.where(nothing, 0, probs * np.where(nothing, 0, x))
