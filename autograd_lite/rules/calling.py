"""Derivatives of the functions that call a function of the user: along an axis, over axes, and piece by piece."""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..primitive import composed, is_value, plain_array
from .indexing import setitem


@composed(np.apply_along_axis)
def _apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Any:
    axis = normalize_axis_index(axis, arr.ndim)
    last = np.moveaxis(arr, axis, -1)
    outer = last.shape[:-1]
    if 0 in outer:
        raise ValueError(f"np.apply_along_axis finds no line along axis {axis} of shape {arr.shape}")
    results = [func1d(last[i], *args, **kwargs) for i in np.ndindex(outer)]
    results = [r if is_value(r) else np.asanyarray(r) for r in results]
    inner = results[0].shape
    whole = np.reshape(np.stack(results), (*outer, *inner))
    return np.moveaxis(whole, range(len(outer), whole.ndim), range(axis, axis + len(inner)))


@composed(np.apply_over_axes)
def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    for axis in np.atleast_1d(axes).tolist():
        axis = axis + np.ndim(a) if axis < 0 else axis
        result = func(a, axis)
        if np.ndim(result) != np.ndim(a):
            result = np.expand_dims(result, axis)
        if np.ndim(result) != np.ndim(a):
            raise ValueError(f"the function of np.apply_over_axes returned shape {np.shape(result)} for {np.shape(a)}")
        a = result
    return a


@composed(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    conditions = plain_array(condlist)
    if not getattr(conditions, "ndim", not np.isscalar(conditions)) or (np.ndim(x) and not np.ndim(conditions[0])):
        conditions = [conditions]  # NumPy takes a single one, too
    conditions = [c if hasattr(c, "dtype") else np.asarray(c) for c in map(plain_array, conditions)]
    conditions = [c.astype(bool) for c in conditions]
    if len(funclist) == len(conditions) + 1:  # the last is for everywhere else
        conditions.append(~reduce(operator.or_, conditions))
    if len(funclist) != len(conditions):
        n = len(conditions)
        raise ValueError(f"np.piecewise with {n} conditions needs {n} or {n + 1} functions, not {len(funclist)}")
    y = setitem(x, 0, ...)
    for condition, function in zip(conditions, funclist, strict=True):
        if not callable(function):
            y = setitem(y, function, condition)
        else:
            part = x[condition]
            if part.size:
                y = setitem(y, function(part, *args, **kw), condition)
    return y
