"""Where results live: one piece of memory for a whole program, in which a place is used again when its array is free.

A result that leaves the program is not planned here: NumPy makes a new array for it at every call, because the user may
hold on to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .traced import Step

ALIGNMENT = 64  # bytes: a line of the cache


@dataclass(slots=True, eq=False)
class Place:
    """A stretch of the memory.

    Attributes:
        offset: where it starts, in bytes.
        size: how many bytes it has, a multiple of `ALIGNMENT`.
    """

    offset: int
    size: int


class Memory:
    """Hands out places and takes them back.

    Attributes:
        size: the bytes that were needed at the same time, at most.
    """

    def __init__(self) -> None:
        self.size = 0
        self._free: list[Place] = []  # by offset, never side by side

    def take(self, nbytes: int) -> Place:
        """A free place: the smallest that is large enough, else one at the end."""
        size = max(-(-nbytes // ALIGNMENT), 1) * ALIGNMENT
        fitting = [place for place in self._free if place.size >= size]
        if fitting:
            best = min(fitting, key=lambda place: (place.size, place.offset))
            taken = Place(best.offset, size)
            if best.size == size:
                self._free.remove(best)
            else:
                best.offset += size
                best.size -= size
            return taken
        start = self.size
        if self._free and self._free[-1].offset + self._free[-1].size == self.size:
            start = self._free.pop().offset  # the free end grows
        self.size = start + size
        return Place(start, size)

    def give(self, place: Place) -> None:
        """Take a place back."""
        free = [*self._free, Place(place.offset, place.size)]
        free.sort(key=lambda each: each.offset)
        merged = [free[0]]
        for following in free[1:]:
            last = merged[-1]
            if last.offset + last.size == following.offset:
                last.size += following.size
            else:
                merged.append(following)
        self._free = merged


def aligned(nbytes: int) -> Any:
    """Memory that starts with a line of the cache."""
    memory = np.empty(nbytes + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]


class Spec:
    """What is left of an example's array when the program is written: its shape and dtype, without the numbers."""

    __slots__ = ("dtype", "itemsize", "nbytes", "ndim", "shape", "size", "strides")

    def __init__(self, array: Any) -> None:
        self.shape, self.dtype, self.strides = array.shape, array.dtype, array.strides
        self.ndim, self.size, self.nbytes, self.itemsize = array.ndim, array.size, array.nbytes, array.itemsize


def forget(steps: list[Step]) -> None:
    """Drop the numbers of the example, which a program does not need; constants stay."""
    for step in steps:
        if isinstance(step.out, np.ndarray) and (step.function is not None or step.source is not None):
            step.out = Spec(step.out)
        elif isinstance(step.out, tuple | list):
            step.out = tuple([Spec(x) if isinstance(x, np.ndarray) else x for x in step.out])


def is_packed(array: Any) -> bool:
    """Whether the elements of an array lie side by side, in whatever order of axes."""
    if not isinstance(array, np.ndarray) or not array.ndim or not array.size or array.dtype.hasobject:
        return False
    expected = array.itemsize
    for stride, length in sorted(zip(array.strides, array.shape, strict=True)):
        if length == 1:
            continue
        if stride != expected:
            return False
        expected *= length
    return True


def is_contiguous(x: Any) -> bool:
    """Whether the elements of an array lie side by side, those of the last axis first."""
    expected = x.itemsize
    for length, stride in zip(reversed(x.shape), reversed(x.strides), strict=True):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def same_layout(a: Any, b: Any) -> bool:
    """Whether two arrays of an example have their elements in the same bytes, one by one."""
    return bool(a.shape == b.shape and a.strides == b.strides and a.itemsize == b.itemsize)


def owners_of(steps: list[Step]) -> dict[Step, set[Step]]:
    """For each step the steps in whose memory its result may lie: itself, or if it is a view those that it shows."""
    owners: dict[Step, set[Step]] = {}
    for step in steps:
        if step.alias:
            owners[step] = set().union(*[owners.get(parent, {parent}) for parent in step.parents])
        else:
            owners[step] = {step}
    return owners


def last_uses(steps: list[Step], owners: dict[Step, set[Step]]) -> dict[Step, int]:
    """For each step with memory of its own the number of the last step that reads it, or a view of it."""
    last: dict[Step, int] = {}
    for number, step in enumerate(steps):
        for parent in step.parents:
            for owner in owners.get(parent, {parent}):
                last[owner] = number
    return last
