"""What a program was made with besides its arguments, and whether that is still so.

A function reads Values, buffers of modules and attributes that are no arguments. Their arrays are read anew at every
call; that they are the same objects, of the same shapes, is looked at before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..graph import Node
from ..value import Value
from .trace import Argument, Buffer, Captured, Gradient, Trace


class Capture:
    """What one trace has read."""

    def __init__(self, function: Callable[..., Any], trace: Trace) -> None:
        self._missing = [value for value in trace.missing]
        self._modules = [[module, attributes, _plain(attributes)] for module, attributes in trace.modules.values()]
        self._names = [(holder, key, x) for holder, key, x in _references(function)]
        self._sources: list[tuple[Any, ...]] = []

    def bind(self, inputs: list[Any]) -> None:
        """These are the inputs of the program, in order."""
        for step in inputs:
            source, out = step.source, step.out
            known = (out.shape, out.dtype, getattr(out, "strides", None))
            if type(source) is Argument:
                self._sources.append((0, source.place))
            elif type(source) is Captured:
                self._sources.append((1, source.value, type(source.value._node) is Node, *known))
            elif type(source) is Gradient:
                self._sources.append((2, source.value, *known))
            else:
                self._sources.append((3, source.module, source.name, *known))

    def given(self, arrays: list[Any]) -> tuple[Any, ...] | None:
        """What the program receives, or None if something is not as it was."""
        found = []
        for source in self._sources:
            kind = source[0]
            if kind == 0:
                x = arrays[source[1]]
                found.append(x._array if isinstance(x, Value) else x)
                continue
            if kind == 1:
                value = source[1]
                x = value._array
                shape, dtype, strides = source[3:]
                if (type(value._node) is Node) is not source[2]:
                    return None
            elif kind == 2:
                x = source[1]._grad
                shape, dtype, strides = source[2:]
                if isinstance(x, Value):
                    x = x._array
            else:
                x = source[1].__dict__.get(source[2])
                shape, dtype, strides = source[3:]
            if getattr(x, "shape", None) != shape or x.dtype is not dtype or getattr(x, "strides", None) != strides:
                return None
            found.append(x)
        for value in self._missing:
            if value._grad is not None:
                return None
        for entry in self._modules:
            module, attributes, plain = entry
            try:
                same = module.__dict__ == attributes
            except ValueError:  # arrays, which are compared element by element
                same = False
            if not same:
                now = _plain(module.__dict__)
                if now.keys() != plain.keys() or any(now[name] is not x and not _equal(now[name], x) for name, x in plain.items()):
                    return None
                entry[1] = dict(module.__dict__)
        for holder, key, x in self._names:
            if _look_up(holder, key) is not x:
                return None
        return tuple(found)


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a module that a trace may hang on: not its bookkeeping, nor its buffers, which are read anew."""
    buffers = attributes.get("_buffers", ())
    return {
        name: x
        for name, x in attributes.items()
        if not name.startswith("_") and not (name in buffers and isinstance(x, np.ndarray))
    }


_SIMPLE = (bool, int, float, str, bytes, complex)


def _equal(a: Any, b: Any) -> bool:
    return type(a) is type(b) and isinstance(a, _SIMPLE) and a == b


_ABSENT = object()


def _references(function: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The variables outside of a function that its code names, with what they hold: cells, and globals by name."""
    seen: set[int] = set()
    waiting = [function]
    while waiting:
        function = waiting.pop()
        function = getattr(function, "__func__", function)
        if not isinstance(function, FunctionType) or id(function) in seen:
            continue
        seen.add(id(function))
        if function.__module__.partition(".")[0] in ("autograd_lite", "nn", "numpy") and function.__closure__ is None:
            continue
        for cell in function.__closure__ or ():
            x = _look_up(cell, None)
            yield cell, None, x
            waiting.append(x)
        space = function.__globals__
        for name in _names_in(function.__code__):
            x = space.get(name, _ABSENT)
            if x is _ABSENT or isinstance(x, ModuleType | type):
                continue
            yield space, name, x
            waiting.append(x)


def _names_in(code: Any) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from _names_in(constant)


def _look_up(holder: Any, key: Any) -> Any:
    if key is None:
        try:
            return holder.cell_contents
        except ValueError:  # it is still empty
            return _ABSENT
    return holder.get(key, _ABSENT)
