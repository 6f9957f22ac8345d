"""Derivatives of the functions that leave out nan: those of `reduction` and `accumulation`, with nan masked.

A nan gets a gradient of exactly 0. NumPy's warnings, such as that of a slice of nothing but nan, come from NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..primitive import defvjp
from .accumulation import cumprod_share, cumsum_share
from .elementwise import masked
from .reduction import extremum_share, mean_share, prod_share, std_share, sum_share, var_share


def _of_numbers(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a reduction, with every nan among the elements that are left out."""

    @wraps(rule)  # which also makes the arguments those of the rule
    def share(g: Any, out: Any, x: Any, *args: Any, where: Any = True, **kwargs: Any) -> Any:
        return rule(g, out, x, *args, where=where & ~np.isnan(x), **kwargs)

    return share


defvjp(np.nansum, _of_numbers(sum_share))
defvjp(np.nanprod, _of_numbers(prod_share))
defvjp(np.nanmean, _of_numbers(mean_share))
defvjp(np.nanvar, _of_numbers(var_share))
defvjp(np.nanstd, _of_numbers(std_share))
defvjp(np.nanmax, _of_numbers(extremum_share))
defvjp(np.nanmin, _of_numbers(extremum_share))


def _nancumprod(g: Any, out: Any, x: Any, axis: Any = None, dtype: Any = None) -> Any:
    nan = np.isnan(x)
    return masked(cumprod_share(g, out, np.where(nan, 1, x), axis, dtype), ~nan)


defvjp(
    np.nancumsum,
    lambda g, out, x, axis=None, dtype=None: masked(cumsum_share(g, out, x, axis), ~np.isnan(x)),
)
defvjp(np.nancumprod, _nancumprod)
