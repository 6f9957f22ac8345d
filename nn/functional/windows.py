"""Windows that slide over the last axes of an array: their arguments, how many there are, and where they lie.

Convolution, pooling and unfolding share them. What is done with the content of a window lives there.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

Lengths: TypeAlias = tuple[int, ...]


def per_axis(name: str, value: Any, axes: int, minimum: int = 0) -> Lengths:
    """One integer for each of the `axes`, from one for all of them or from a sequence.

    Raises:
        ValueError: the sequence has another length, or a number is less than `minimum`.
        TypeError: something is not an integer.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        given = [operator.index(n) for n in value]
        if len(given) == 1:
            given *= axes
    else:
        try:
            given = [operator.index(value)] * axes
        except TypeError:
            raise TypeError(f"{name} must be an integer or a tuple of {axes}, got {value!r}.") from None
    if len(given) != axes:
        raise ValueError(f"{name} must be a single integer or {axes} of them, got {value!r}.")
    if min(given, default=minimum) < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}.")
    return tuple(given)


def batched(name: str, x: Any, axes: int) -> tuple[Any, bool]:
    """`x` with a batch axis, and whether it had one.

    Raises:
        ValueError: `x` has neither `axes + 1` nor `axes + 2` axes.
    """
    if x.ndim == axes + 2:
        return x, True
    if x.ndim == axes + 1:
        return x[None], False
    raise ValueError(
        f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {name}, "
        f"but got input of size: {list(x.shape)}"
    )


def times(lengths: Sequence[int]) -> str:
    """`(3 x 3)`, as PyTorch writes lengths."""
    return f"({' x '.join(map(str, lengths))})"


def brief(lengths: Sequence[int]) -> str:
    """`3` or `3 x 5`: lengths in a drawing."""
    return str(lengths[0]) if len(set(lengths)) == 1 else " x ".join(map(str, lengths))


def reaches(counts: Lengths, kernel: Lengths, stride: Lengths, dilation: Lengths) -> Lengths:
    """How many elements of each axis `counts` windows cover, from the first to the last."""
    return tuple(
        [max((n - 1) * s + d * (k - 1) + 1, 0) for n, k, s, d in zip(counts, kernel, stride, dilation, strict=True)]
    )


def positions(counts: Lengths, kernel: Lengths, stride: Lengths, dilation: Lengths) -> Iterator[tuple[slice, ...]]:
    """For each place in the kernel, in order, the elements that it meets in all windows."""
    along = [
        [slice(i * d, i * d + (n - 1) * s + 1 if n else i * d, s) for i in range(k)]
        for n, k, s, d in zip(counts, kernel, stride, dilation, strict=True)
    ]
    return itertools.product(*along)
