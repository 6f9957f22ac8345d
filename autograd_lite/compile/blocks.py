"""How a region is cut into blocks of rows, so that what lies between its calls stays in the cache.

The numbers are those of the calls on whole arrays, to the last bit: elementwise functions and reductions along a row do
the same for a row wherever it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

import numpy as np

from .layout import is_contiguous
from .passes import is_reduction
from .regions import WHOLE, Fused, is_thin_view, reduced
from .traced import Step

Shape: TypeAlias = tuple[int, ...]

# Elements of the whole arrays in a block: with a few of them a block stays in the second-level cache.
BLOCK = 1 << 16
# Regions of fewer elements stay in the cache anyway.
SMALLEST = 1 << 17
# A block of fewer elements spends more on calls than it saves.
LEAST = 1 << 12


@dataclass(slots=True)
class Blocks:
    """How a region is cut.

    Attributes:
        flat: all axes but the last count as one axis of rows; else the first axis is cut, the others stay whole.
        count: how long the axis is that is cut.
        step: how much of it is in a block.
        shapes: for each call of the region the shape of its result in a block.
        cuts: for each argument of a call, by call and position, the shape whose first axis is cut; None if every block
            reads all of it.
    """

    flat: bool
    count: int
    step: int
    shapes: dict[Step, Shape] = field(default_factory=dict)
    cuts: dict[tuple[Step, int], Shape | None] = field(default_factory=dict)

    def as_rows(self, step: Step) -> Shape:
        """The shape of a result of the region as it is cut."""
        return (self.count, *self.shapes[step][1:])


def blocks_of(region: Fused) -> Blocks | None:
    """How to cut a region; None if that is not worth it, or not possible."""
    rows, width = region.space
    if rows * width < SMALLEST or not all(is_contiguous(step.out) for step in region.steps):
        return None  # sums along rows that lie otherwise in memory round otherwise
    for flat in (True, False):
        whole = next((step.out.shape for step in region.steps if region.roles[step] == WHOLE), None)
        count = rows if flat else whole[0] if whole else 0
        step = _step(count, rows * width // count) if count else None
        if step is not None:
            blocks = Blocks(flat, count, step)
            if all(_settled(blocks, region, inner) for inner in region.steps):
                return blocks
    return None


def _step(count: int, width: int) -> int | None:
    """The largest part of an axis that fits the cache and leaves no rest; None if it is too small or too large."""
    if width > 4 * BLOCK:
        return None
    most = min(max(BLOCK // width, 1), count - 1)
    step = next((n for n in range(most, 0, -1) if count % n == 0), 0)
    return step if step * width >= LEAST else None


def _settled(blocks: Blocks, region: Fused, step: Step) -> bool:
    """Work out the shapes of one call in a block; False if it cannot be cut."""
    shape = _result_shape(blocks, region, step)
    if shape is None:
        return False
    operands: list[Shape] = []
    over = reduced(step)
    like = step.out.shape if over is None else over.out.shape
    for i, x in enumerate(step.args):
        array = x.out if isinstance(x, Step) else x
        if isinstance(x, Step) and x in blocks.shapes:
            operands.append(blocks.shapes[x])
        elif getattr(array, "ndim", 0):
            cut = _cut(blocks, array, like, shape if over is None else None)
            if cut is False:
                return False
            blocks.cuts[step, i] = cut
            operands.append(array.shape if cut is None else (blocks.step, *cut[1:]))
    if over is None and not is_thin_view(step) and _broadcast(operands) != shape:
        return False
    if over is not None and (len(operands[0]) < 2 or any(x != operands[0] for x in operands)):
        return False
    blocks.shapes[step] = shape
    return True


def _broadcast(shapes: list[Shape]) -> Shape | None:
    """What shapes make together; None if they do not fit, as those of a part of one and all of another."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _result_shape(blocks: Blocks, region: Fused, step: Step) -> Shape | None:
    """The shape of the result in a block."""
    if not blocks.flat:
        whole = next(s for s in region.steps if region.roles[s] == WHOLE).out.shape
        if step.out.shape[:1] != whole[:1] or step.out.ndim not in (len(whole), len(whole) - 1) or is_thin_view(step):
            thin = is_thin_view(step) and step.out.shape[:1] == whole[:1] and step.out.ndim == len(whole)
            return (blocks.step, *step.out.shape[1:]) if thin else None
        return (blocks.step, *step.out.shape[1:])
    if region.roles[step] == WHOLE:
        return blocks.step, region.space[1]
    column, flat = (blocks.step, 1), (blocks.step,)
    inside = [blocks.shapes[x] for x in step.parents if x in blocks.shapes]
    if reduced(step) is not None:
        return column if is_reduction(step.function) and step.kwargs.get("keepdims") else flat
    if is_thin_view(step):
        before = step.args[0].out.ndim
        if step.out.ndim == before:
            return inside[0] if inside else None
        return column if step.out.ndim > before and step.out.shape[-1] == 1 else flat
    return inside[0] if inside else None


def _cut(blocks: Blocks, array: Any, like: Shape, shape: Shape | None) -> Any:
    """How an array that the region reads is cut, for a call whose result (or what it reduces) has the shape `like`."""
    whole = array.shape == like
    if not blocks.flat:
        if array.ndim == len(like) and array.shape[0] == like[0]:
            return array.shape
        return None if array.ndim < len(like) or array.shape[0] == 1 else False
    if all(n == 1 for n in array.shape[:-1]) and not (whole and prod(array.shape[:-1]) == blocks.count):
        return None if array.ndim <= 2 else False
    if not is_contiguous(array):
        return False
    if whole:
        return (blocks.count, *(shape[1:] if shape is not None else like[-1:]))
    return (blocks.count, 1) if array.shape == (*like[:-1], 1) else False
