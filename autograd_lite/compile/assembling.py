"""The gradient of an array that was read in pieces: instead of a sum of arrays that are 0 but for a piece, one array.

`np.split`, and every `x[..., a:b]`, pulls its gradient back into zeros of the whole shape. Where the pieces do not
overlap, their sum is each piece in its place.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..rules.scatter import scatter_add
from .passes import Steps, like
from .traced import Step, steps_in


def assembled(pieces: Any, axis: int, bounds: Any, shape: Any) -> Any:
    """Zeros of a shape, and in it each piece at its bounds along an axis."""
    out = np.zeros_like(pieces[0], shape=shape)
    for piece, place in zip(pieces, places_of(axis, bounds), strict=True):
        np.add(piece, 0.0, out=out[place])  # as the sum does, which makes -0.0 to 0.0
    return out


def places_of(axis: int, bounds: Any) -> list[tuple[slice, ...]]:
    """The index of each piece."""
    return [(*(slice(None),) * axis, slice(start, stop)) for start, stop in bounds]


def covers(bounds: Any, length: int) -> bool:
    """Whether pieces, which do not overlap, leave nothing out."""
    return bool(sum(stop - start for start, stop in bounds) == length)


def assemble(steps: Steps, kept: list[Any]) -> tuple[Steps, list[Any]]:
    """Put sums of pieces together."""
    readers: dict[Step, int] = {}
    for step in steps:
        for parent in step.parents:
            readers[parent] = readers.get(parent, 0) + 1
    for step in steps_in(kept):
        readers[step] = 2  # it is needed as it is
    for step in steps:
        if step.function is not np.add or step.kwargs or not all(isinstance(x, Step) for x in step.args):
            continue
        found = [_pieces(x) for x in step.args if readers[x] == 1]
        if len(found) == 2 and found[0] is not None and found[1] is not None:
            _merge(step, found[0], found[1])
    return steps, kept


def _pieces(step: Step) -> tuple[Any, int, Any, Any] | None:
    """The pieces, axis, bounds and shape of zeros in which something was put; None of anything else."""
    if step.function is assembled:
        pieces, axis, bounds, shape = step.args
        return pieces, axis, bounds, shape
    if step.function is not scatter_add or not isinstance(step.args[0], Step) or step.out.dtype.kind != "f":
        return None
    piece, index, shape = step.args[:3]
    entries = index if isinstance(index, tuple) else (index,)
    if not all(isinstance(entry, slice) and entry.step in (None, 1) for entry in entries):
        return None
    parts = [(axis, entry) for axis, entry in enumerate(entries) if entry != slice(None)]
    if len(parts) != 1:
        return None
    axis, entry = parts[0]
    start, stop, _ = entry.indices(shape[axis])
    return ((piece,), axis, ((start, stop),), shape) if stop > start else None


def _merge(step: Step, a: Any, b: Any) -> None:
    if a[1] != b[1] or a[3] != b[3]:
        return
    bounds = sorted([*a[2], *b[2]])
    if any(before[1] > after[0] for before, after in pairwise(bounds)):
        return
    merged = like(step, assembled, ((*a[0], *b[0]), a[1], (*a[2], *b[2]), a[3]), {}, step.out)
    step.function, step.args, step.kwargs, step.parents = assembled, merged.args, {}, merged.parents
