"""Derivatives of sorting: a permutation, the same for the values and for the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed


@composed(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    if axis is None:
        a, axis = np.ravel(a), -1
    if kind is None and stable is None:
        kind = "stable"  # so that ties keep their order
    return np.take_along_axis(a, np.argsort(a, axis=axis, kind=kind, stable=stable), axis)
