"""Regions: calls of elementwise functions and of reductions along rows that are made together, row by row.

All arrays of a region are seen as `rows` rows of `width` elements: whole arrays have all of them, columns of numbers
one for each row. A region is one entry in the list of calls. How it runs, in blocks of rows or as one compiled kernel,
is told elsewhere.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Iterable
from heapq import heapify, heappop, heappush
from math import prod
from typing import Any, TypeAlias

import numpy as np

from ..graph import nobody
from .layout import Spec
from .passes import Steps, is_constant, is_elementwise, is_reduction
from .traced import Step, steps_in

# Elements of the smallest whole array for which a region of NumPy calls can pay.
SMALLEST = 1 << 12

WHOLE, ROW, COLUMN = "whole", "row", "column"
Space: TypeAlias = tuple[int, int]


class Fused(Step):
    """A region in the place of the calls that it consists of.

    Attributes:
        steps: the calls, in order.
        outputs: those of them that others read.
        space: how many rows there are, and how wide they are.
        roles: for each call whether its result is WHOLE, a number for each ROW, or what each COLUMN adds up to.
    """

    __slots__ = ("outputs", "roles", "space", "steps")

    steps: Steps
    outputs: Steps
    space: Space
    roles: dict[Step, str]


def fused(*parents: Any) -> Any:
    """What a region is called with: the arrays that it reads."""
    raise NotImplementedError("a region is written by the program that it is a part of")


def fuse(
    steps: Steps, kept: Iterable[Any], smallest: int = SMALLEST, takes: Callable[[Step], bool] | None = None
) -> Steps:
    """Group calls into regions.

    Args:
        steps: the calls.
        kept: what is returned.
        smallest: elements of the whole arrays of a region, at least.
        takes: whether a call may be a part of a region; by default if it is the same to the bit on a few rows.

    Returns:
        The same calls, those of a region as one, in an order that fits; none has changed places with an effect.
    """
    if not any(_space_of(step) for step in steps):
        return steps
    kept = set(steps_in(list(kept)))
    done: Steps = []
    takes = takes or _is_exact
    users = _users(steps)
    for stretch in _between_effects(steps):
        done += _Stretch(stretch, users, kept, smallest, takes).grouped() if len(stretch) > 1 else stretch
    return done


def _users(steps: Steps) -> dict[Step, Steps]:
    users: dict[Step, Steps] = {}
    for step in steps:
        for parent in step.parents:
            users.setdefault(parent, []).append(step)
    return users


def _between_effects(steps: Steps) -> Iterable[Steps]:
    """The list cut before and behind each effect."""
    stretch: Steps = []
    for step in steps:
        if step.effect:
            if stretch:
                yield stretch
            yield [step]
            stretch = []
        else:
            stretch.append(step)
    if stretch:
        yield stretch


# ---- what a call is to a region ----


def is_pointwise(step: Step) -> bool:
    """Whether each element of the result hangs on one element of each argument."""
    function = step.function
    if step.alias or not isinstance(step.out, np.ndarray | Spec):
        return False
    if function is np.where:
        return len(step.args) == 3 and not step.kwargs
    if function is np.clip:
        return len(step.args) == 3 and not step.kwargs
    if function is np.astype:
        return not step.kwargs
    return is_elementwise(function) and not step.kwargs


def reduced(step: Step) -> Any:
    """The array whose rows a call reduces to a number each, or None."""
    function, args, kwargs = step.function, step.args, step.kwargs
    if not args or not isinstance(args[0], Step) or not getattr(args[0].out, "ndim", 0):
        return None
    array, out = args[0].out, step.out
    if not getattr(out, "ndim", 0):
        return None
    if is_reduction(function):
        axis = kwargs.get("axis", 0)
        axis = axis[0] if type(axis) is tuple and len(axis) == 1 else axis
        plain = len(args) == 1 and kwargs.keys() <= {"axis", "dtype", "keepdims"} and kwargs.get("dtype") is None
        return args[0] if plain and type(axis) is int and axis % array.ndim == array.ndim - 1 else None
    if function is np.matmul and not kwargs and len(args) == 2 and np.ndim(_array(args[1])) == 1 and array.ndim > 1:
        return args[0]  # with one vector, for every row
    if function is np.vecdot and not kwargs and len(args) == 2 and np.shape(_array(args[1])) == array.shape:
        return args[0]
    return None


def summed_rows(step: Step) -> Any:
    """The array that a call adds up to one row, or None."""
    function, args, kwargs = step.function, step.args, step.kwargs
    if (
        not is_reduction(function)
        or function.__self__ is not np.add
        or len(args) != 1
        or kwargs.get("dtype") is not None
    ):
        return None
    ndim = getattr(args[0].out, "ndim", 0) if isinstance(args[0], Step) else 0
    if ndim < 2 or not kwargs.keys() <= {"axis", "dtype", "keepdims"} or not getattr(step.out, "ndim", 0):
        return None
    axis = kwargs.get("axis", 0)
    axes = axis if type(axis) is tuple else (axis,)
    if any(type(i) is not int for i in axes):
        return None
    return args[0] if {i % ndim for i in axes} == set(range(ndim - 1)) else None


def _is_exact(step: Step) -> bool:
    """Whether a call gives the same to the bit if it is made on a few rows at a time."""
    return step.function is not np.matmul and summed_rows(step) is None


def is_thin_view(step: Step) -> bool:
    """Whether a call only adds or drops axes of length 1, or joins or parts those of rows."""
    if not step.alias or not step.args or not isinstance(step.args[0], Step):
        return False
    if step.function is np.reshape:
        return True
    if step.function is not operator.getitem:
        return False
    index = step.args[1] if type(step.args[1]) is tuple else (step.args[1],)
    return all(entry is None or entry is ... or entry == slice(None) for entry in index)


def _array(x: Any) -> Any:
    return x.out if isinstance(x, Step) else x


def _space_of(step: Step) -> Space | None:
    """The rows that a call begins a region with."""
    if step.effect or step.function is None:
        return None
    over = reduced(step) or summed_rows(step)
    shape = over.out.shape if over is not None else step.out.shape if is_pointwise(step) else ()
    return (prod(shape[:-1]), shape[-1]) if shape and prod(shape) else None


def _is_row(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array has one number for each row of an array, and broadcasts to it."""
    return shape == (*whole[:-1], 1)


class _Group:
    """A region that is being put together."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.members: dict[Step, str] = {}  # with their roles

    def role(self, step: Step) -> str | None:
        """What a call would be in this region; None if it cannot belong to it."""
        rows, over = self.space[0], reduced(step)
        below = over or summed_rows(step)
        if below is not None:
            shape = below.out.shape
            fits = (prod(shape[:-1]), shape[-1]) == self.space
            operands = [x for x in step.args if isinstance(x, Step) and x in self.members]
            wholes = all(self.members[x] is WHOLE and x.out.shape == shape for x in operands)
            return (COLUMN if over is None else ROW) if fits and wholes else None
        inside = [x for x in step.parents if x in self.members]
        shape = step.out.shape
        if is_thin_view(step):
            if not inside:
                return None
            if self.members[inside[0]] is WHOLE:
                return WHOLE if shape and (prod(shape[:-1]), shape[-1]) == self.space else None
            if self.members[inside[0]] is COLUMN:
                return None
            return ROW if prod(shape) == rows else None
        if not is_pointwise(step) or not shape:
            return None
        if (prod(shape[:-1]), shape[-1]) == self.space and all(self._fits(x, shape) for x in inside):
            return WHOLE
        if inside and prod(shape) == rows and all(self.members[x] is ROW and x.out.shape == shape for x in inside):
            return ROW
        return None

    def _fits(self, x: Step, shape: tuple[int, ...]) -> bool:
        role = self.members[x]
        return x.out.shape == shape if role is WHOLE else role is ROW and _is_row(x.out.shape, shape)


class _Stretch:
    """Calls without an effect between them.

    Args:
        steps: the calls.
        users: for each call of the whole list those that read its result.
        kept: what is returned.
        smallest, takes: see `fuse`.
    """

    def __init__(
        self, steps: Steps, users: dict[Step, Steps], kept: set[Step], smallest: int, takes: Callable[[Step], bool]
    ) -> None:
        self.steps, self.users, self.kept, self.smallest, self.takes = steps, users, kept, smallest, takes
        self.place = {step: number for number, step in enumerate(steps)}
        self.group_of: dict[Step, _Group] = {}

    def grouped(self) -> Steps:
        for step in self.steps:
            self._join(step)
        groups = list(dict.fromkeys(self.group_of.values()))
        for group in groups:
            if not self._pays(group):
                for step in group.members:
                    del self.group_of[step]
        return self._in_order()

    def _pays(self, group: _Group) -> bool:
        calls = [step for step in group.members if not step.alias]
        if len(calls) < 2 or prod(group.space) < self.smallest:
            return False
        return any(self._leaves(step, group.members) for step in group.members)

    def _leaves(self, step: Step, within: Container[Step]) -> bool:
        """Whether somebody outside of a region reads a result."""
        return step in self.kept or any(user not in within for user in self.users.get(step, ()))

    # ---- which calls belong together ----

    def _join(self, step: Step) -> None:
        if step.effect or step.function is None or not self.takes(step):
            return
        space = _space_of(step)
        if space is None and not is_thin_view(step):
            return
        mine: _Group | None = None
        for group in self._neighbours(step):
            if mine is None:
                role = group.role(step)
                if role is not None and not self._comes_round(group, [step]):
                    group.members[step] = role
                    self.group_of[step] = mine = group
            elif group.space == mine.space and self._may_merge(mine, group):
                self._merge(mine, group)
        if mine is None and space is not None:
            mine = _Group(space)
            mine.members[step] = ROW if reduced(step) else COLUMN if summed_rows(step) else WHOLE
            self.group_of[step] = mine

    def _neighbours(self, step: Step) -> Iterable[_Group]:
        """The regions whose results a call reads, the latest first, then those that read what it reads."""
        parents = sorted([x for x in step.parents if x in self.group_of], key=self.place.__getitem__, reverse=True)
        found = [self.group_of[x] for x in parents]
        for parent in step.parents:
            if getattr(parent.out, "size", 0) >= self.smallest and not is_constant(parent):
                found += [self.group_of[x] for x in self.users[parent] if x in self.group_of]
        return list(dict.fromkeys(found))

    def _may_merge(self, mine: _Group, other: _Group) -> bool:
        """Whether two regions may be one: what they read of each other fits, and nothing comes between."""
        both = _Group(mine.space)
        both.members = mine.members | other.members
        if any(both.role(step) is not both.members[step] for step in both.members):
            return False
        return not self._comes_round(mine, other.members) and not self._comes_round(other, mine.members)

    def _merge(self, mine: _Group, other: _Group) -> None:
        members = mine.members | other.members
        mine.members = {step: members[step] for step in sorted(members, key=self.place.__getitem__)}
        for step in other.members:
            self.group_of[step] = mine

    def _comes_round(self, group: _Group, steps: Iterable[Step]) -> bool:
        """Whether calls hang on a region through others that would have to run in between."""
        first = min(self.place[step] for step in group.members)
        joining = set(steps)
        waiting = [x for step in joining for x in step.parents if x not in group.members and x not in joining]
        seen: set[Step] = set()
        while waiting:
            step = waiting.pop()
            if step in seen or step not in self.place:
                continue
            if step in group.members:
                return True
            other = self.group_of.get(step)
            if other is not None and not seen.isdisjoint(other.members):
                continue
            seen.add(step)
            if other is None:
                if self.place[step] > first:
                    waiting += step.parents
            else:
                waiting += [x for member in other.members for x in member.parents if x not in other.members]
        return False

    # ---- the new list ----

    def _in_order(self) -> Steps:
        """The list with regions in place of their calls: each as late as its last call was, behind what it reads."""
        regions: dict[_Group, Fused] = {}
        standing: dict[Step, Step] = {}  # for each call the entry that computes it
        places: dict[Step, int] = {}
        entries: Steps = []
        for step in self.steps:
            group = self.group_of.get(step)
            if group is None:
                standing[step], places[step] = step, self.place[step]
                entries.append(step)
                continue
            if group not in regions:
                region, views = self._region(group)
                last = max(self.place[member] for member in group.members)
                regions[group] = region
                places[region] = last
                for member in group.members:
                    standing[member] = region
                for view in views:  # within a region, and outside of it once more
                    standing[view], places[view] = view, last
                entries += [region, *views]
        return _sorted(entries, standing, places)

    def _region(self, group: _Group) -> tuple[Fused, Steps]:
        """The region, and the views of its results that others read."""
        members = sorted(group.members, key=self.place.__getitem__)
        within = set(members)
        read = set(within)  # without views that others read; what these show may be a view as well
        for step in reversed(members):
            if step.alias and self._leaves(step, read):
                read.discard(step)
        outputs = [step for step in members if not step.alias and self._leaves(step, read)]
        region = Fused()
        region.function, region.kwargs, region.out = fused, {}, None
        region.steps, region.outputs, region.space = _needed(members, outputs), outputs, group.space
        region.roles = {step: group.members[step] for step in region.steps}
        inside = set(region.steps)
        given = [x for step in region.steps for x in step.parents if x not in inside]
        region.args = region.parents = tuple(dict.fromkeys(given))
        last = region.steps[-1]
        region.order, region.scope, region.line, region.backward = last.order, last.scope, last.line, last.backward
        region.name = region.hooks = region.source = None
        region.handle, region.effect, region.alias = nobody, False, False
        return region, [step for step in members if step not in read]


def _needed(steps: Steps, outputs: Steps) -> Steps:
    """The calls that the results of a region hang on."""
    needed, remaining = set(outputs), []
    for step in reversed(steps):
        if step in needed:
            needed.update(step.parents)
            remaining.append(step)
    return remaining[::-1]


def _sorted(entries: Steps, standing: dict[Step, Step], places: dict[Step, int]) -> Steps:
    """The entries with each behind what it reads, otherwise by their places."""
    waits: dict[Step, int] = {}
    after: dict[Step, Steps] = {}
    for entry in entries:
        before = {standing[x] for x in entry.parents if x in standing} - {entry}
        waits[entry] = len(before)
        for other in before:
            after.setdefault(other, []).append(entry)
    number = {entry: i for i, entry in enumerate(entries)}
    ready = [(places[entry], number[entry]) for entry in entries if not waits[entry]]
    heapify(ready)
    done: Steps = []
    while ready:
        entry = entries[heappop(ready)[1]]
        done.append(entry)
        for other in after.get(entry, ()):
            waits[other] -= 1
            if not waits[other]:
                heappush(ready, (places[other], number[other]))
    assert len(done) == len(entries), "regions wait for each other"
    return done
