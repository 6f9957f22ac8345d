"""What all losses share: reductions, targets in the input's dtype, and the refusal of shapes that would broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag


def check_reduction(reduction: str, *more: str) -> None:
    """Refuse a reduction that there is not; `more` names those that only one loss has.

    Raises:
        ValueError: another reduction.
    """
    if reduction not in ("mean", "sum", "none", *more):
        known = ", ".join(map(repr, ("mean", "sum", *more)))
        raise ValueError(f"{reduction} is not a valid value for reduction: it is {known} or 'none'")


def reduced(losses: Any, reduction: str) -> Any:
    """The mean or the sum of the losses, or all of them."""
    if reduction == "mean":
        return losses.mean()
    return losses.sum() if reduction == "sum" else losses


def constant(x: Any, input: Any) -> Any:
    """A plain array in the dtype of `input`, so that a float64 or integer constant does not make the loss float64."""
    dtype = raw(input).dtype
    if x is None or dtype.kind != "f" or (isinstance(x, ag.Value) and x.requires_grad):
        return x
    return raw(x).astype(dtype, copy=False)


def raw(x: Any) -> Any:
    """The plain array of a Value, of a list or of a number."""
    if isinstance(x, ag.Value):
        return x.data
    return x if hasattr(x, "dtype") else np.asarray(x)


def shape_of(x: Any) -> Any:
    """The shape of anything that is an array or may become one."""
    return getattr(x, "shape", None) or np.shape(raw(x))


def check_shapes(input: Any, target: Any, name: str = "target", other: str = "input") -> None:
    """Refuse what would broadcast: `(n, 1)` against `(n,)` gives an n × n matrix of losses.

    Raises:
        ValueError: the shapes differ.
        TypeError: one of them is None.
    """
    given, wanted = shape_of(input), shape_of(target)
    if given == wanted:
        return
    for which, x in ((other, input), (name, target)):
        if x is None:
            raise TypeError(f"the {which} is None, but must be an array.")
    hint = ""
    for which, longer, shorter in ((other, given, wanted), (name, wanted, given)):
        if longer == (*shorter, 1):
            hint = f" Write {which}.squeeze(-1)."
    raise ValueError(f"{name.capitalize()} size {wanted} must be the same as {other} size {given}.{hint}")


def check_broadcast(input: Any, factor: Any, name: str) -> None:
    """Refuse a factor that does not broadcast to the input.

    Raises:
        ValueError: its shape does not fit.
    """
    given, wanted = shape_of(factor), shape_of(input)
    if given != wanted:
        try:
            fits = np.broadcast_shapes(given, wanted) == wanted
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"{name} of shape {given} does not broadcast to the input of shape {wanted}.")


def check_weight(input: Any, weight: Any) -> None:
    """Refuse a weight of another shape than the input's.

    Raises:
        ValueError: the shapes differ.
    """
    given, wanted = shape_of(weight), shape_of(input)
    if given != wanted:
        raise ValueError(
            f"Weights and input must have the same size, got weights of shape {given} and an input of shape {wanted}. "
            f"Write np.broadcast_to(weight, {wanted})."
        )
