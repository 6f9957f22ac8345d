"""Functions that change flat arrays in place, as one kernel that goes through memory once.

Such a function is written as NumPy calls with `out=`, as the equations of optimizers are. At every call it runs on
symbols that note what it does and with which numbers; equal lists of calls share a kernel, which receives the numbers.
So numbers may be others every time, and a branch on one leads to another kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ...graph import nobody
from ..regions import WHOLE, Fused, fused
from ..traced import Step, steps_in
from .compiling import function_of
from .formulas import takes
from .source import KernelText
from .threads import run_stretches

_LENGTH = 64  # of the arrays that stand for those of a call


class NotNotedError(TypeError):
    """A function does something that no kernel can."""


class _Symbol(NDArrayOperatorsMixin):
    """An array of the function while it is noted."""

    __slots__ = ("notes", "step")
    ndim, shape, size = 1, (_LENGTH,), _LENGTH

    def __init__(self, notes: _Notes, step: Step) -> None:
        self.notes, self.step = notes, step

    @property
    def dtype(self) -> Any:
        return self.step.out.dtype

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, where: Any = True, **kwargs: Any
    ) -> Any:
        if method != "__call__" or kwargs:
            raise NotNotedError(f"{ufunc.__name__}.{method}")
        return self.notes.call(ufunc, inputs, None if out is None else out[0], where)

    def __array_function__(self, function: Any, kinds: Any, args: Any, kwargs: Any) -> Any:
        if function not in (np.clip, np.where) or not kwargs.keys() <= {"out"}:
            raise NotNotedError(function.__name__)
        return self.notes.call(function, args, kwargs.get("out"), True)

    def __setitem__(self, index: Any, x: Any) -> None:
        if isinstance(index, _Symbol):
            self.step = self.notes.call(np.where, (index, x, self), None, True).step
        elif index is ... or index == slice(None):
            self.step = (
                x.step if isinstance(x, _Symbol) else self.notes.call(np.add, (x, self.notes.zero()), None, True).step
            )
        else:
            raise NotNotedError("writing into a part")

    def __bool__(self) -> bool:
        raise NotNotedError("a branch on the numbers of an array")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotNotedError("a plain copy")


class _Notes:
    """What a function does with its arrays.

    Attributes:
        key: the calls, so that equal lists are equal.
        numbers: the numbers in them.
    """

    def __init__(self, dtypes: Sequence[Any]) -> None:
        self.places: dict[Step, Any] = {}
        self.steps: list[Step] = []
        self.numbers: list[float] = []
        self.scalars: list[Step] = []
        self.kind = dtypes[0]
        self.key: list[Any] = list(dtypes)
        self.arrays = [_Symbol(self, self._given(np.ones(_LENGTH, dtype), i)) for i, dtype in enumerate(dtypes)]
        self.starts = [symbol.step for symbol in self.arrays]

    def _given(self, example: Any, place: Any) -> Step:
        step = _step(None, (), example)
        step.source = place
        self.places[step] = place
        return step

    def _number(self, x: float) -> Step:
        step = self._given(np.float64(1), ("number", len(self.numbers)))
        self.numbers.append(float(x))
        self.scalars.append(step)
        return step

    def zero(self) -> _Symbol:
        return self.call(np.multiply, (self.arrays[0], 0.0), None, True)

    def call(self, function: Any, inputs: Any, out: Any, where: Any) -> _Symbol:
        args = []
        for x in inputs:
            if isinstance(x, _Symbol):
                args.append(x.step)
            elif isinstance(x, int | float | np.floating):
                args.append(self._number(float(x)))
            else:
                raise NotNotedError(type(x).__name__)
        kinds = [self.kind if isinstance(step.out, np.generic) else step.out.dtype for step in args]
        examples = [np.ones(_LENGTH, kind) for kind in kinds]
        step = _step(function, tuple(args), function(*examples))
        if not takes(step):
            raise NotNotedError(getattr(function, "__name__", "a function"))
        self._note(step)
        if isinstance(where, _Symbol):
            if not isinstance(out, _Symbol):
                raise NotNotedError("where= without out=")
            step = _step(np.where, (where.step, step, out.step), step.out)
            self._note(step)
        if not isinstance(out, _Symbol):
            if out is not None:
                raise NotNotedError("out= an array that was there before")
            return _Symbol(self, step)
        if out.step.out.dtype != step.out.dtype:
            raise NotNotedError("out= of another dtype")
        out.step = step
        return out

    def _note(self, step: Step) -> None:
        self.key.append((step.function, *[self.places[x] for x in step.args]))
        self.places[step] = len(self.steps)
        self.steps.append(step)


def _step(function: Any, args: tuple[Any, ...], out: Any) -> Step:
    step = Step()
    step.function, step.args, step.kwargs, step.out = function, args, {}, out
    step.parents = tuple(steps_in(args))
    step.name = step.hooks = step.source = step.line = None
    step.handle, step.effect, step.alias, step.backward, step.order, step.scope = nobody, False, False, False, 0, ""
    return step


class _Kernel:
    """The kernel of one list of calls."""

    def __init__(self, notes: _Notes) -> None:
        changed = [(i, symbol.step) for i, symbol in enumerate(notes.arrays) if symbol.step is not notes.starts[i]]
        self.changed = [i for i, _ in changed]
        if not changed:
            return
        self.text = KernelText(_region(notes, [step for _, step in changed]), {s: notes.starts[i] for i, s in changed})
        self.function = function_of(self.text)
        self.given = [notes.places[array.place] for array in self.text.arguments]

    def run(self, stretches: Sequence[Sequence[Any]], numbers: list[float]) -> None:
        if not self.changed:
            return
        picked = [
            [numbers[place[1]] if isinstance(place, tuple) else arrays[place] for place in self.given]
            for arrays in stretches
        ]
        run_stretches(self.function, [arrays[0].size for arrays in stretches], picked, self.text.cost // _LENGTH)


def _region(notes: _Notes, outputs: list[Step]) -> Fused:
    needed, steps = set(outputs), []
    for step in reversed(notes.steps):
        if step in needed:
            needed.update(step.parents)
            steps.append(step)
    region = Fused()
    region.function, region.kwargs, region.out = fused, {}, None
    region.steps, region.outputs, region.space = steps[::-1], outputs, (1, _LENGTH)
    region.roles = dict.fromkeys(region.steps, WHOLE)
    inside = set(region.steps)
    region.args = region.parents = tuple(dict.fromkeys([x for s in steps for x in s.parents if x not in inside]))
    return region


class InPlace:
    """A function that changes arrays in place, compiled.

    Args:
        function: takes arguments, then flat arrays of equal length, then arguments, and changes some of the arrays.
        scratch: which of the arrays are scratch space, so that what is left there is of no account.
    """

    def __init__(self, function: Callable[..., Any], scratch: Sequence[int] = ()) -> None:
        self.function, self.scratch = function, scratch
        self._kernels: dict[Any, _Kernel] = {}

    def __call__(
        self, stretches: Sequence[Sequence[Any]], before: Sequence[Any] = (), after: Sequence[Any] = ()
    ) -> Callable[[], None] | None:
        """What calls the function on each tuple of arrays; None if no kernel can."""
        notes = _Notes([x.dtype for x in stretches[0]])
        try:
            self.function(*before, *notes.arrays, *after)
            for i in self.scratch:
                notes.arrays[i].step = notes.starts[i]
            key = tuple(notes.key), tuple([notes.places[symbol.step] for symbol in notes.arrays])
            kernel = self._kernels.get(key)
            if kernel is None:
                kernel = self._kernels[key] = _Kernel(notes)
        except NotNotedError:
            return None
        return partial(kernel.run, stretches, notes.numbers)
