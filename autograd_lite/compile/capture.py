"""What a program was made with besides its arguments, and whether that is still so.

A function reads Values, their gradients and buffers of modules that are no arguments. Their arrays are read anew at
every call; that they are of the same shapes, and that all else is as it was, is looked at before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Node
from ..value import Value
from .effects import Argument, Buffer, Captured, Gradient
from .passes import Steps
from .surroundings import Surroundings
from .trace import Trace

_NOTHING = object()
_ARGUMENT, _VALUE_ARGUMENT, _CAPTURED, _GRADIENT, _BUFFER = range(5)


class Source:
    """Where one input of a program comes from.

    Attributes:
        kind: one of the numbers above.
        owner: a place among the arguments, a Value or the dict of a module.
        name: of a buffer.
        seen: the array that it was last, which therefore fits.
        fits: shape, dtype and strides that it must have.
        state: of a Value whether it wants a gradient, and its hooks.
    """

    __slots__ = ("fits", "kind", "label", "name", "owner", "seen", "state")

    kind: int
    owner: Any
    state: Any

    def __init__(self, step: Any, example: Any) -> None:
        source = step.source
        self.name, self.state, self.seen, self.label = None, None, _NOTHING, step.name or "a Value"
        self.fits = example.shape, example.dtype, getattr(example, "strides", None)
        if type(source) is Argument:
            self.kind, self.owner = _ARGUMENT, source.place
        elif type(source) is Captured:
            self.kind, self.owner, self.state = _CAPTURED, source.value, _state_of(source.value)
        elif type(source) is Gradient:
            self.kind, self.owner = _GRADIENT, source.value
        else:
            self.kind, self.owner, self.name = _BUFFER, source.module.__dict__, source.name
            self.label = f"{type(source.module).__name__}.{source.name}"


def _state_of(value: Value) -> Any:
    """Whether a Value wants a gradient, and the functions that see it."""
    node = value._node
    return type(node) is Node, None if node is None or not node.hooks else tuple(node.hooks)


class Capture:
    """What one trace has read.

    Args:
        trace: the trace, before its steps are rewritten.
        surroundings: what the function could see before it was traced.
    """

    def __init__(self, trace: Trace, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self._entries = surroundings.entries
        self._missing = list(trace.missing)
        self._sources: list[Source] = []
        known = (Argument, Captured, Gradient, Buffer)
        self._all = {step: Source(step, step.out) for step in trace.steps if isinstance(step.source, known)}

    def bind(self, inputs: Steps, are_values: list[bool]) -> None:
        """These are the inputs of the program, in order; of the arguments some are Values."""
        self._sources = [self._all[step] for step in inputs]
        used = set(map(id, self._sources))
        # what the program does not read may still have led the way, by its shape for example
        self._others = [s for s in self._all.values() if id(s) not in used and s.kind != _ARGUMENT]
        for source in self._sources:
            if source.kind == _ARGUMENT and are_values[source.owner]:
                source.kind = _VALUE_ARGUMENT
        del self._all

    def given(self, arrays: list[Any]) -> list[Any] | None:
        """What the program receives, or None if something is not as it was."""
        found = []
        for source in self._sources:
            kind = source.kind
            if kind == _ARGUMENT:
                found.append(arrays[source.owner])
                continue
            if kind == _CAPTURED:
                value = source.owner
                x, node = value._array, value._node
                wanted, hooks = source.state
                if (type(node) is Node) is not wanted:
                    return None
                if (hooks or (node is not None and node.hooks)) and _state_of(value) != source.state:
                    return None
            elif kind == _VALUE_ARGUMENT:
                found.append(arrays[source.owner]._array)
                continue
            else:
                x = _read(source)
            if x is not source.seen:
                if not _fits(source, x):
                    return None
                source.seen = x
            found.append(x)
        for source in self._others:
            if not _fits(source, _read(source)) or (
                source.kind == _CAPTURED and _state_of(source.owner) != source.state
            ):
                return None
        for value in self._missing:
            if value._grad is not None:
                return None
        for entry in self._entries:
            if not entry.same():
                return None
        return found

    def read(self, arrays: list[Any]) -> list[Any]:
        """What the program receives right after it was made."""
        return [
            _plain(arrays[source.owner]) if source.kind in (_ARGUMENT, _VALUE_ARGUMENT) else _read(source)
            for source in self._sources
        ]

    def change(self) -> str:
        """What is not as it was, in words."""
        for source in (*self._sources, *self._others):
            if source.kind in (_ARGUMENT, _VALUE_ARGUMENT):
                continue
            x = _read(source)
            if not _fits(source, x):
                what = "gradient" if source.kind == _GRADIENT else "array"
                return f"the {what} of {source.label} is of another shape or dtype"
            if source.kind == _CAPTURED and _state_of(source.owner) != source.state:
                return f"requires_grad or the hooks of {source.label} are others"
        if any(value._grad is not None for value in self._missing):
            return "a Value that had no gradient has one"
        return self.surroundings.change() or ""


def _plain(x: Any) -> Any:
    return x._array if isinstance(x, Value) else x


def _read(source: Source) -> Any:
    if source.kind == _CAPTURED:
        return source.owner._array
    if source.kind == _GRADIENT:
        gradient = source.owner._grad
        return gradient._array if isinstance(gradient, Value) else gradient
    return source.owner.get(source.name)


def _fits(source: Source, x: Any) -> bool:
    if not isinstance(x, np.ndarray | np.generic):
        return False
    return (x.shape, x.dtype, getattr(x, "strides", None)) == source.fits
