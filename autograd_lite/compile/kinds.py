"""What NumPy's functions do with an array of a trace, where that is not just to be called."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from typing import Any

import numpy as np

from ..primitive import Primitive

# tell about shape and dtype, which are those of every call
STATIC = {
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type, np.common_type, np.may_share_memory,
    np.shares_memory, np.iscomplexobj, np.isrealobj, np.einsum_path,
}  # fmt: skip
# write into their first argument
WRITING = {np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal}
# return as many elements as the numbers say
BY_NUMBERS = {
    np.nonzero, np.flatnonzero, np.argwhere, np.extract, np.compress, np.unique, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d, np.trim_zeros,
}  # fmt: skip
# take a shape, which a program has as a constant
SHAPES = {
    np.reshape, np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.broadcast_to,
    np.flip, np.rot90, np.tile, np.repeat, np.resize, np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit,
}  # fmt: skip
SHAPE_OPTIONS = {"axis", "axes", "shape", "new_shape", "newshape", "num", "repeats", "reps", "indices_or_sections"}
CONSTANT = "What sets a shape must be a constant: write a number, or x.shape[0]"
# of what shape or dtype the result is may depend on the numbers, so a program looks whether it is as in the trace
KIND_BY_NUMBERS = {
    np.bincount, np.delete, np.real_if_close, np.linalg.eig, np.linalg.eigvals, np.linalg.lstsq, np.roots, np.poly,
    np.polymul, np.polydiv, np.polyfit, np.apply_along_axis, np.emath.sqrt, np.emath.log, np.emath.log2, np.emath.log10,
    np.emath.logn, np.emath.power, np.emath.arccos, np.emath.arcsin, np.emath.arctanh,
}  # fmt: skip
# the same where the number of bins is the name of a method
HISTOGRAMS = {np.histogram, np.histogram_bin_edges, np.histogram2d, np.histogramdd}
PRIMITIVES = {"bincount", "characteristic_polynomial", "_sqrtm"}
OURS = {"autograd_lite", "nn"}


def hangs_on_numbers(function: Any, args: Any, kwargs: Any) -> bool:
    """Whether a call on other numbers may return arrays of another shape or dtype, as far as anybody knows."""
    if isinstance(function, Primitive):
        return function.__module__.partition(".")[0] not in OURS or function.__name__ in PRIMITIVES
    if isinstance(function, np.ufunc):
        return False
    return function in KIND_BY_NUMBERS or (
        function in HISTOGRAMS and any(isinstance(x, str) for x in (*args, *kwargs.values()))
    )


@cache
def place_of_out(function: Any) -> int | None:
    """Where `out` stands among the arguments of a function, if it takes one."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    if "out" not in parameters:
        return None
    by_name = parameters["out"].kind is inspect.Parameter.KEYWORD_ONLY
    return sys.maxsize if by_name else list(parameters).index("out")


def overwrites(function: Any, kwargs: Any) -> bool:
    return bool(kwargs.get("overwrite_input")) or (function is np.nan_to_num and kwargs.get("copy") is False)
