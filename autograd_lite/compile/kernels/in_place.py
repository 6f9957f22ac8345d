"""Functions that change flat arrays in place, as one kernel that goes through memory once.

Such a function is written as NumPy calls with `out=`, as the equations of optimizers are. At every call it runs on
symbols that note what it does and with which numbers; equal lists of calls share a kernel, which receives the numbers.
So numbers may be others every time, and a branch on one leads to another kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ...graph import nobody
from ..regions import WHOLE, Fused, fused
from ..traced import Step, steps_in
from .compiling import function_of
from .formulas import takes
from .source import KernelText
from .threads import run_stretches

Place: TypeAlias = int | tuple[str, int]

_LENGTH = 64  # of the arrays that stand for those of a call


class NotNotedError(TypeError):
    """A function does something that no kernel can."""


class _Symbol(NDArrayOperatorsMixin):
    """An array of the function while it is noted.

    Attributes:
        place: what it holds now: the number of a call, or that of an array that is given.
        dtype: of its numbers.
    """

    __slots__ = ("dtype", "notes", "place")
    ndim, shape, size = 1, (_LENGTH,), _LENGTH

    def __init__(self, notes: _Notes, place: Place, dtype: Any) -> None:
        self.notes, self.place, self.dtype = notes, place, dtype

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
            self.place = self.notes.call(np.where, (index, x, self), None, True).place
        elif index is not ... and index != slice(None):
            raise NotNotedError("writing into a part")
        elif isinstance(x, _Symbol):
            self.place = x.place
        else:
            self.place = self.notes.call(np.add, (x, self.notes.zero()), None, True).place

    def __bool__(self) -> bool:
        raise NotNotedError("a branch on the numbers of an array")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotNotedError("a plain copy")


@cache
def _dtype_of_result(function: Any, *dtypes: Any) -> Any:
    """The dtype of what a call returns."""
    examples = [np.ones(_LENGTH, dtype) for dtype in dtypes]
    step = _step(function, tuple([_step(None, (), example) for example in examples]), function(*examples))
    if not takes(step):
        raise NotNotedError(getattr(function, "__name__", "a function"))
    return step.out.dtype


class _Notes:
    """What a function does with its arrays.

    Attributes:
        calls: functions, the places of their arguments and the dtypes of their results.
        numbers: the numbers in them.
    """

    def __init__(self, dtypes: Sequence[Any]) -> None:
        self.calls: list[tuple[Any, tuple[Place, ...], Any]] = []
        self.numbers: list[float] = []
        self.dtypes = tuple(dtypes)
        self.arrays = [_Symbol(self, ("array", i), dtype) for i, dtype in enumerate(dtypes)]

    def key(self) -> Any:
        """The same for functions that do the same, whatever the numbers."""
        return self.dtypes, tuple(self.calls), tuple([symbol.place for symbol in self.arrays])

    def zero(self) -> _Symbol:
        return self.call(np.multiply, (self.arrays[0], 0.0), None, True)

    def call(self, function: Any, inputs: Any, out: Any, where: Any) -> _Symbol:
        places: list[Place] = []
        dtypes = []
        for x in inputs:
            if isinstance(x, _Symbol):
                places.append(x.place)
                dtypes.append(x.dtype)
            elif isinstance(x, int | float | np.floating):
                places.append(("number", len(self.numbers)))
                dtypes.append(self.dtypes[0])
                self.numbers.append(float(x))
            else:
                raise NotNotedError(type(x).__name__)
        dtype = _dtype_of_result(function, *dtypes)
        place = self._noted(function, tuple(places), dtype)
        if not isinstance(out, _Symbol):
            if out is not None or where is not True:
                raise NotNotedError("out= an array that was there before, or where= without out=")
            return _Symbol(self, place, dtype)
        if isinstance(where, _Symbol):
            place = self._noted(np.where, (where.place, place, out.place), dtype)
        if out.dtype != dtype:
            raise NotNotedError("out= of another dtype")
        out.place = place
        return out

    def _noted(self, function: Any, places: tuple[Place, ...], dtype: Any) -> int:
        self.calls.append((function, places, dtype))
        return len(self.calls) - 1


def _step(function: Any, args: tuple[Any, ...], out: Any) -> Step:
    step = Step()
    step.function, step.args, step.kwargs, step.out = function, args, {}, out
    step.parents = tuple(steps_in(args))
    step.name = step.hooks = step.line = None
    step.source = "given" if function is None else None
    step.handle, step.effect, step.alias, step.backward, step.order, step.scope = nobody, False, False, False, 0, ""
    return step


class _Kernel:
    """The kernel of one list of calls."""

    def __init__(self, notes: _Notes) -> None:
        changed = [i for i, symbol in enumerate(notes.arrays) if symbol.place != ("array", i)]
        self.changes = bool(changed)
        if not changed:
            return
        given: dict[tuple[str, int], Step] = {
            **{("array", i): _step(None, (), np.ones(_LENGTH, dtype)) for i, dtype in enumerate(notes.dtypes)},
            **{("number", i): _step(None, (), np.float64(1)) for i in range(len(notes.numbers))},
        }
        steps: dict[Place, Step] = dict(given.items())
        for place, (function, places, dtype) in enumerate(notes.calls):
            steps[place] = _step(function, tuple([steps[x] for x in places]), np.ones(_LENGTH, dtype))
        outputs: list[Step] = []
        for i in changed:
            step = steps[notes.arrays[i].place]
            if step in outputs or step.function is None:  # two arrays of the same numbers: each is written alone
                step = _step(np.positive, (step,), step.out)
                steps[len(steps)] = step
            outputs.append(step)
        region = _region([step for step in steps.values() if step.function is not None], outputs)
        in_place = {step: given["array", i] for step, i in zip(outputs, changed, strict=True)}
        self.text = KernelText(region, in_place)
        self.function = function_of(self.text)
        place_of = {step: place for place, step in given.items()}
        self.given: list[tuple[str, int]] = [place_of[array.place] for array in self.text.arguments]

    def run(self, stretches: Sequence[Sequence[Any]], numbers: list[float]) -> None:
        if not self.changes:
            return
        picked = [[numbers[i] if kind == "number" else arrays[i] for kind, i in self.given] for arrays in stretches]
        run_stretches(self.function, [arrays[0].size for arrays in stretches], picked, self.text.cost // _LENGTH)


def _region(calls: list[Step], outputs: list[Step]) -> Fused:
    needed, steps = set(outputs), []
    for step in reversed(calls):
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
                notes.arrays[i].place = "array", i
            key = notes.key()
            kernel = self._kernels.get(key)
            if kernel is None:
                kernel = self._kernels[key] = _Kernel(notes)
        except NotNotedError:
            return None
        return partial(kernel.run, stretches, notes.numbers)
