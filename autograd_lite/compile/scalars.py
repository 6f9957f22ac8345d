"""Programs on single numbers, written as Python's arithmetic: a call of NumPy costs twenty times as much as `a * b`.

Python's floats are NumPy's float64 to the last bit. Where they differ, in dividing by 0 and where powers are too large
Python raises, and the calls of NumPy are run instead.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules import relu
from ..rules.elementwise import masked
from .effects import set_data, set_gradient
from .passes import Steps, is_constant
from .traced import Step

# how each function is written, from the texts of its arguments
WRITTEN: dict[Any, Callable[..., str]] = {
    np.add: "{} + {}".format,
    np.subtract: "{} - {}".format,
    np.multiply: "{} * {}".format,
    np.divide: "{} / {}".format,
    np.negative: "-{}".format,
    np.positive: "{}".format,
    operator.pow: "{} ** {}".format,
    np.greater: "{} > {}".format,
    np.greater_equal: "{} >= {}".format,
    np.less: "{} < {}".format,
    np.less_equal: "{} <= {}".format,
    np.equal: "{} == {}".format,
    np.not_equal: "{} != {}".format,
    relu: "(0.0 if {0} <= 0 else {0})".format,
    masked: "({0} if {1} else 0.0)".format,
    set_data: "{}.data = float64({})".format,
    set_gradient: "{}.grad = float64({})".format,
}


def are_scalar(steps: Steps, kept: list[Any]) -> bool:
    """Whether a program computes with single float64 numbers alone, in functions that Python knows."""
    calls = [step for step in steps if step.function is not None]
    return (
        bool(calls)
        and all(_is_scalar(step) for step in steps)
        and all(isinstance(x, Step) and type(x.out) in (np.float64, np.bool_) for x in kept)
    )


def _is_scalar(step: Step) -> bool:
    kind = type(step.out)
    if step.function in (set_data, set_gradient):
        return type(step.args[1]) is Step
    if kind is not np.float64 and kind is not np.bool_:
        return False
    if step.function is None:
        return True
    if step.effect or step.kwargs:
        return False
    plain = all(isinstance(x, Step) or type(x) in (int, float, np.float64) for x in step.args)
    if step.function is operator.pow:  # of a negative number and a fraction Python makes a complex one
        plain = plain and type(step.args[1]) in (int, float) and float(step.args[1]).is_integer()
    unary = isinstance(step.function, np.ufunc) and step.function.nin == step.function.nout == 1
    return plain and (step.function in WRITTEN or unary)


class ScalarText:
    """The lines of such a program.

    Args:
        text: writes an argument.
        function: writes the name of a function of NumPy.
        new: makes a name for a result.
    """

    def __init__(self, text: Callable[[Any], str], function: Callable[[Any], str], new: Callable[[str], str]) -> None:
        self._text, self._function, self._new = text, function, new

    def line(self, step: Step) -> tuple[str, str]:
        """The name of the result, and the line that computes it."""
        texts = [_bracketed(self._text(x)) for x in step.args]
        written = WRITTEN.get(step.function)
        if step.effect:
            assert written is not None
            return "", written(*texts)
        name = self._new("v")
        if written is None:
            return name, f"{name} = float({self._function(step.function)}({texts[0]}))"
        return name, f"{name} = {written(*texts)}"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def constant_of(step: Step) -> float | None:
    """The number of a constant step."""
    return float(step.out) if is_constant(step) else None
