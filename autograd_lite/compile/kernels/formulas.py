"""Which calls a compiled kernel can compute, and how it writes them for one element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..passes import is_reduction
from ..regions import is_pointwise, is_thin_view, reduced, summed_rows
from ..traced import Step

# what a kernel calls a dtype
KINDS = {"f": "f32", "d": "f64", "?": "boolean", "i": "i32", "l": "i64"}
_FLOATS = "fd"

_ARITHMETIC: dict[Any, str] = {
    np.add: "{0} + {1}",
    np.subtract: "{0} - {1}",
    np.multiply: "{0} * {1}",
    np.divide: "{0} / {1}",
    np.negative: "-{0}",
    np.positive: "{0}",
    np.square: "{0} * {0}",
    np.absolute: "fabs({0})",
    np.fabs: "fabs({0})",
    np.conjugate: "{0}",
    np.maximum: "maximum({0}, {1})",
    np.minimum: "minimum({0}, {1})",
    np.sqrt: "sqrt({0})",
    np.reciprocal: "one / {0}",
    np.exp: "exp({0})",
    np.expm1: "expm1({0})",
    np.log: "log({0})",
    np.log1p: "log1p({0})",
    np.tanh: "tanh({0})",
    np.floor: "floor({0})",
    np.ceil: "ceil({0})",
    np.rint: "rint({0})",
    np.trunc: "trunc({0})",
    np.copysign: "copysign({0}, {1})",
    np.sign: "select({0} > zero, one, select({0} < zero, -one, {0}))",
    np.clip: "minimum(maximum({0}, {1}), {2})",
}
_COMPARISONS: dict[Any, str] = {
    np.less: "{0} < {1}",
    np.less_equal: "{0} <= {1}",
    np.greater: "{0} > {1}",
    np.greater_equal: "{0} >= {1}",
    np.equal: "{0} == {1}",
    np.not_equal: "{0} != {1}",
    np.isnan: "{0} != {0}",
    np.isfinite: "fabs({0}) < infinity",
    np.isinf: "fabs({0}) == infinity",
}
_LOGIC: dict[Any, str] = {
    np.logical_and: "{0} & {1}",
    np.logical_or: "{0} | {1}",
    np.logical_not: "not {0}",
    np.bitwise_and: "{0} & {1}",
    np.bitwise_or: "{0} | {1}",
    np.invert: "not {0}",
}
_POWERS: dict[float, str] = {
    2: "{0} * {0}",
    3: "{0} * {0} * {0}",
    4: "({0} * {0}) * ({0} * {0})",
    0.5: "sqrt({0})",
    1.5: "select({0} == -infinity, infinity, fabs({0}) * sqrt({0} + zero))",
    -0.5: "select({0} == -infinity, zero, one / sqrt({0} + zero))",
    -1: "one / {0}",
    -1.5: "select({0} == -infinity, zero, one / (fabs({0}) * sqrt({0} + zero)))",
    -2: "one / ({0} * {0})",
}
# how a row is added up, and what is there before
_REDUCTIONS: dict[Any, tuple[str, str]] = {
    np.add: ("plus({0}, {1})", "zero"),
    np.multiply: ("times({0}, {1})", "one"),
    np.maximum: ("highest({0}, {1})", "-infinity"),
    np.minimum: ("lowest({0}, {1})", "infinity"),
}
# functions that exist for each size of floating number
SIZED = ("expm1", "exp", "log1p", "log", "tanh")
_COSTS = {np.divide: 3, np.sqrt: 4, np.reciprocal: 3, np.exp: 9, np.log: 9, np.tanh: 9, np.log1p: 12, np.expm1: 10}


def dtype_of(x: Any) -> Any:
    """The dtype of an argument; None of a Python number, which takes that of the others."""
    return x.out.dtype if isinstance(x, Step) else getattr(x, "dtype", None)


def constant_of(x: Any) -> float | bool | None:
    """The number that an argument is at every call, if it is one."""
    if isinstance(x, Step):
        if x.function is not None or x.source is not None or np.size(x.out) != 1:
            return None
        x = np.asarray(x.out).item()
    elif isinstance(x, np.ndarray | np.generic):
        if x.size != 1:
            return None
        x = x.item()
    return x if isinstance(x, bool | int | float) else None


def takes(step: Step) -> bool:
    """Whether a kernel can compute a call."""
    if any(isinstance(x, Step) and not hasattr(x.out, "dtype") for x in (step, *step.args)):
        return False  # several results, or none
    dtypes = [dtype_of(x) for x in (step, *step.args)]
    if any(dtype is not None and (dtype.char not in KINDS or not dtype.isnative) for dtype in dtypes):
        return False
    if is_thin_view(step):
        return True
    if reduced(step) is not None or summed_rows(step) is not None:
        function = step.function.__self__ if is_reduction(step.function) else np.add
        same = all(dtype_of(x) == step.out.dtype for x in step.args)
        return step.out.dtype.char in _FLOATS and same and function in _REDUCTIONS
    return is_pointwise(step) and formula(step) is not None


def formula(step: Step) -> tuple[str, list[Any]] | None:
    """What a call computes for one element, and in which dtype it takes each argument."""
    function, out, args = step.function, step.out.dtype, step.args
    if any(x is None for x in args):
        return None
    if function in _ARITHMETIC and out.char in _FLOATS:
        return _ARITHMETIC[function], [out] * len(args)
    if function is np.power and out.char in _FLOATS:
        exponent = constant_of(args[1])
        text = None if exponent is None or isinstance(exponent, bool) else _POWERS.get(exponent)
        return None if text is None else (text, [out, out])
    if function in _COMPARISONS:
        common = _common(args)
        if len(args) == 1 and common.char not in _FLOATS:
            return None
        return (_COMPARISONS[function], [common] * len(args)) if common.char in KINDS else None
    if function in _LOGIC and all(dtype_of(x) == np.dtype(bool) for x in args):
        return _LOGIC[function], [np.dtype(bool)] * len(args)
    if function is np.where and dtype_of(args[0]) == np.dtype(bool):
        return "select({0}, {1}, {2})", [np.dtype(bool), out, out]
    if function is np.astype and out.char in _FLOATS:
        return "{0}", [out]
    return None


def _common(args: Any) -> Any:
    """The dtype in which arguments are compared."""
    return np.result_type(*[constant_of(x) if dtype_of(x) is None else dtype_of(x) for x in args])


def accumulation(step: Step) -> tuple[str, str, str]:
    """How a reduction takes one element, what it begins with, and what of the arguments it takes."""
    if is_reduction(step.function):
        text, start = _REDUCTIONS[step.function.__self__]
        return text, start, "{0}"
    return *_REDUCTIONS[np.add], "{0} * {1}"


def cost_of(step: Step) -> int:
    """How long a call takes, as a multiple of an addition."""
    return 0 if step.alias else _COSTS.get(step.function, 6 if step.function is np.power else 1)


def written_number(x: float | bool, dtype: Any) -> str:
    """A constant of a dtype, as a kernel writes it."""
    if dtype.kind == "b":
        return repr(bool(x))
    name = KINDS[dtype.char]
    text = f"{name}({x!r})" if math.isfinite(x) else f"{name}(np.{'nan' if math.isnan(x) else 'inf'})"
    return f"{name}(-np.inf)" if x == -math.inf else text
