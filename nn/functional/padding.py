"""Padding the last axes of an array, with PyTorch's arguments."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """Extend, or shorten, the last axes.

    Args:
        input: of any shape.
        pad: how many elements before and after the last axis, then the last but one, and so on:
            `(left, right, top, bottom)`. A negative number cuts off.
        mode: what is put there: `"constant"` for `value`, `"reflect"` for the array mirrored at its last element,
            `"replicate"` for its last element, `"circular"` for its other end.
        value: with `mode="constant"`, by default 0.

    Raises:
        ValueError: `pad` has an odd number of elements or too many, `mode` is unknown or takes no `value`, or an axis
            is too short to be mirrored or to go around.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.pad(np.array([1.0, 2.0, 3.0]), (2, 1))
        array([0., 0., 1., 2., 3., 0.])
        >>> nn.functional.pad(np.array([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect")
        array([[3., 2., 1., 2., 3., 2.]])
    """
    widths = [operator.index(n) for n in pad]
    if len(widths) % 2:
        raise ValueError(f"Padding length must be divisible by 2, got {tuple(widths)}.")
    if len(widths) > 2 * input.ndim:
        raise ValueError(
            f"Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {input.ndim}"
        )
    if mode not in _MODES:
        raise ValueError(f"Unrecognised padding mode {mode!r}, expected one of {', '.join(_MODES)}.")
    pairs = [(0, 0)] * (input.ndim - len(widths) // 2)
    pairs += [(widths[i], widths[i + 1]) for i in range(len(widths) - 2, -2, -2)]
    if mode == "constant":
        return _constant(input, pairs, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument, got {value!r}.')
    _check(mode, input.shape, pairs)
    if mode == "circular":  # goes around what is left
        input, pairs = _cut(input, pairs), [(max(b, 0), max(a, 0)) for b, a in pairs]
    sides = [(max(b, 0), max(a, 0)) for b, a in pairs]
    return _cut(np.pad(input, sides, _MODES[mode]), pairs)  # type: ignore[call-overload, unused-ignore]


def _constant(x: Any, pairs: list[tuple[int, int]], value: float) -> Any:
    lengths = [n + before + after for n, (before, after) in zip(x.shape, pairs, strict=True)]
    if min(lengths, default=0) < 0:
        raise ValueError(f"The input of shape {x.shape} plus padding resulted in negative lengths: {tuple(lengths)}.")
    x = _cut(x, pairs)
    return np.pad(x, [(max(b, 0), max(a, 0)) for b, a in pairs], constant_values=value)


def _cut(x: Any, pairs: list[tuple[int, int]]) -> Any:
    """Without what negative numbers cut off."""
    if min(min(pair) for pair in pairs) >= 0:
        return x
    return x[tuple([slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, pairs, strict=True)])]


def _check(mode: str, shape: tuple[int, ...], pairs: list[tuple[int, int]]) -> None:
    for axis, (n, pair) in enumerate(zip(shape, pairs, strict=True)):
        longest = {"reflect": n - 1, "circular": n}.get(mode)
        if longest is not None and max(pair) > max(longest, 0):
            raise ValueError(
                f"Padding size should be less than the corresponding input dimension, but got: padding {pair} at "
                f"dimension {axis} of input {list(shape)}, where mode={mode!r} can add at most {longest} on a side."
            )
        if n == 0 and max(pair) > 0:
            raise ValueError(f"mode={mode!r} cannot extend dimension {axis} of input {list(shape)}: it is empty.")
