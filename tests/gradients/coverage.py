"""What of NumPy and SciPy the table covers: the facts behind `docs/coverage.md`."""

from __future__ import annotations

import types
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.testing.overrides import get_overridable_numpy_array_functions, get_overridable_numpy_ufuncs

from autograd_lite import Value
from autograd_lite.graph import ancestors
from autograd_lite.primitive import Primitive, describe, is_ufunc

from .table import CASES, Case, results
from .test_duck import RUNNING

UFUNCS = sorted(get_overridable_numpy_ufuncs(), key=describe)
_ALL = sorted(get_overridable_numpy_array_functions(), key=describe)
# np.zeros(3, like=v) is dispatched by `like` alone, and the function that is listed is not the one that users call
MAKERS = sorted({getattr(np, f.__name__) for f in _ALL if "like : array_like" in (f.__doc__ or "")}, key=describe)
FUNCTIONS = [f for f in _ALL if "like : array_like" not in (f.__doc__ or "")]
OVERRIDABLE = [*UFUNCS, *FUNCTIONS, *MAKERS]


class _Spy:
    """NumPy, which notes what is asked of it."""

    def __init__(self, module: Any, seen: set[Any]) -> None:
        self._module, self._seen = module, seen

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, types.ModuleType):
            return _Spy(found, self._seen)
        if callable(found) and not isinstance(found, type):
            self._seen.add(found)
        return found


def functions_of(case: Case) -> set[Any]:
    """The functions of NumPy that a case calls, and the ufuncs of SciPy that it records."""
    seen: set[Any] = set()
    outcome = results(case.function(_Spy(np, seen), *[Value(x) for x in case.inputs]))
    nodes = ancestors([r.node for r in outcome if isinstance(r, Value) and r.requires_grad])
    ran = {getattr(n.function, "forward", n.function) for n in nodes}  # of a primitive: the ufunc that it records
    return seen | {f for f in ran if is_ufunc(f) and "scipy" in describe(f)}


def cases_by_function() -> dict[Any, list[Case]]:
    """For each function the cases that are about it: those that call nothing else, if there are any."""
    alone, among = defaultdict(list), defaultdict(list)
    for case in CASES:
        functions = functions_of(case)
        for function in functions:
            (alone if len(functions) == 1 else among)[function].append(case)
    return {function: alone.get(function) or among[function] for function in {*alone, *among}}


def is_complex(case: Case) -> bool:
    return any(x.dtype.kind == "c" for x in case.inputs)


def on_duck(case: Case) -> bool:
    return id(case) in _RUNNING


_RUNNING = set(map(id, RUNNING))


def ours(function: Any) -> bool:
    """Whether it is a primitive of this library rather than a function of NumPy or SciPy."""
    return isinstance(function, Primitive)
