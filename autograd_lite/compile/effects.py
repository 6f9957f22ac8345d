"""Where the inputs of a program come from, and what it does besides computing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..value import Value

# ---- where inputs come from ----


class Argument(NamedTuple):
    """The array at a place among the leaves of the arguments."""

    place: int
    name: str


class Captured(NamedTuple):
    """The array of a Value that the function reads."""

    value: Value


class Gradient(NamedTuple):
    """The gradient that a Value had before the call."""

    value: Value


class Buffer(NamedTuple):
    """An array that is an attribute of a module."""

    module: Any
    name: str


class Cotangent(NamedTuple):
    """The gradient of a result, which the backward pass of the program receives."""

    place: int


# ---- what happens at every call besides computing ----


def write_into(target: Any, new: Any) -> None:
    """`target[...] = new`."""
    target[...] = new


def set_data(value: Any, new: Any) -> None:
    """`value.data = new`."""
    value.data = new


def renew(value: Any) -> None:
    """What assigning an array that was changed in place does: graphs recorded before must not run backward."""
    value.data = value.data


def set_requires_grad(value: Any, wanted: bool) -> None:
    """`value.requires_grad = wanted`."""
    value.requires_grad = wanted


def set_gradient(value: Any, new: Any) -> None:
    """`value.grad = new`."""
    value.grad = new


def set_buffer(module: Any, name: str, new: Any) -> None:
    """`module.name = new`."""
    setattr(module, name, new)


def get_data(value: Any) -> Any:
    """`value.data`."""
    return value.data


def get_gradient(value: Any) -> Any:
    """`value.grad`."""
    return value.grad


def get_buffer(module: Any, name: str) -> Any:
    """`module.name`."""
    return getattr(module, name)


class Decision(Exception):  # noqa: N818 - it is an answer, not a mistake
    """At a call a condition that the program was made for does not hold."""


def require(condition: Any, answer: bool) -> None:
    """Go on only if the condition is what it was in the trace."""
    if bool(condition) is not answer:
        raise Decision


def insist(condition: Any, answer: bool) -> None:
    """Go on only if a condition is what it was in the trace, where it is too late for another program."""
    if bool(condition) is not answer:
        raise RuntimeError(
            "a compiled program came to a branch that hangs on random numbers, or on what a call before has changed, "
            "and they led another way than when it was traced. Leave that branch outside of the compiled function."
        )


def kinds_of(result: Any) -> Any:
    """Shape and dtype of every array of a result."""
    if isinstance(result, tuple | list):
        return tuple([kinds_of(x) for x in result])
    return np.shape(result), np.asarray(result).dtype.str


def are_alike(result: Any, kinds: Any) -> bool:
    """Whether the arrays of a result have these shapes and dtypes."""
    return bool(kinds_of(result) == kinds)
