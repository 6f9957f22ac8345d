"""What a function returns: how its result is put together from what a program returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..graph import Node
from ..tree import flatten
from ..value import Value
from .slots import held_array
from .trace import Trace
from .traced import Traced

Kind = tuple[str, Any]


class Outputs:
    """The leaves of the result of a function, as it came out of its trace.

    Args:
        trace: the trace.
        result: what the function returned.
        place_of: says of an object the place of the argument that it is, or None.
        was_there: says of an array whether the function has found it.

    Attributes:
        steps: what the program is to return.
        values: the Values that want a gradient.
        numbers: for each of these which of `steps` it is.
        names: and its name.
        only: the kind of the result and its number, if it is a single array or Value.
    """

    def __init__(
        self,
        trace: Trace,
        result: Any,
        place_of: Callable[[Any], int | None],
        was_there: Callable[[Any], bool],
    ) -> None:
        self._trace, self._place_of, self._was_there = trace, place_of, was_there
        self.steps: list[Any] = []
        self.values: list[Value] = []
        self.numbers: list[int] = []
        self._constants: list[tuple[int, str | None]] = []  # Values that want no gradient, and their names
        self._gradients: list[tuple[str, int, int, bool]] = []  # those of Values, and whether they are Values too
        leaves, rebuild = flatten(result)
        self._kinds: list[Kind] = []  # what becomes of each leaf
        known: dict[int, Kind] = {}  # the same Value twice is the same Value
        for leaf in leaves:
            x = leaf.value
            kind = known.get(id(x)) if isinstance(x, Value | Traced) else None
            if kind is None:
                kind = known[id(x)] = ("same", x) if leaf.is_parameter else self._kind_of(x)
            self._kinds.append(kind)
        self.names = [value.name for value in self.values]
        # without the example's results in it
        _, self._rebuild = flatten(rebuild([leaf.value if leaf.is_parameter else None for leaf in leaves], True))
        alone = len(self._kinds) == 1 and not self._gradients and self._rebuild([self], True) is self
        self.only: Kind = self._kinds[0] if alone else ("", 0)

    def _kind_of(self, x: Any) -> Kind:
        place = self._place_of(x)
        if place is not None:
            return "argument", place
        if isinstance(x, Value):
            raw = self._trace.own_array(x)
            return ("same", x) if raw is None else self._value(x, raw)
        if type(x) is Traced:
            self.steps.append(x.step)
            return "array", len(self.steps) - 1
        if type(x) is np.ndarray and not self._was_there(x):
            return "fresh", x.copy()
        where = None if self._was_there(x) else _hidden_in(x)
        if where is not None:
            raise self._trace.refusal(
                f"a result of type {type(x).__name__}, which holds an array in {where!r},",
                "Return the arrays, in a dict, list, tuple or dataclass",
            )
        return "same", x

    def _value(self, x: Value, raw: Traced) -> Kind:
        self.steps.append(raw.step)
        number, gradient = len(self.steps) - 1, x._grad
        if type(x._node) is Node:
            self.values.append(x)
            self.numbers.append(number)
            kind = "value", len(self.values) - 1
        else:
            self._constants.append((number, x.name))
            kind = "constant", len(self._constants) - 1
        if gradient is not None:  # a backward pass in the function has come by
            found = gradient._array if isinstance(gradient, Value) else gradient
            self._gradients.append((*kind, len(self.steps), isinstance(gradient, Value)))
            self.steps.append((found if type(found) is Traced else self._trace.constant(found)).step)
        return kind

    def forget(self) -> None:
        """Let go of the trace."""
        del self._trace, self._place_of, self._was_there, self.values

    def result(self, arrays: list[Any], outs: tuple[Any, ...], values: Sequence[Any]) -> Any:
        """The result of a call.

        Args:
            arrays: the arrays and Values among its arguments.
            outs: what the program has returned.
            values: the Values that want a gradient.
        """
        constants = [_constant(outs[i], name) for i, name in self._constants]
        for kind, i, number, lifted in self._gradients:
            value = values[i] if kind == "value" else constants[i]
            value._grad = Value._attached(outs[number], None) if lifted else outs[number]
        leaves = []
        for kind, x in self._kinds:
            if kind == "array":
                leaves.append(outs[x])
            elif kind == "value":
                leaves.append(values[x])
            elif kind == "constant":
                leaves.append(constants[x])
            elif kind == "argument":
                leaves.append(arrays[x])
            else:
                leaves.append(x.copy() if kind == "fresh" else x)
        return self._rebuild(leaves, True)

    def values_in(self, result: Any) -> list[Any]:
        """Of what the function itself has returned the Values that want a gradient, in their order."""
        found = {
            x: leaf.value for (kind, x), leaf in zip(self._kinds, flatten(result)[0], strict=True) if kind == "value"
        }
        return [found[i] for i in range(len(found))]


def _hidden_in(x: Any, depth: int = 3) -> str | None:
    """Under which name there is an array of a trace in an object, or in what that holds."""
    frame = getattr(x, "gi_frame", None)
    cells = getattr(x, "__closure__", None) or ()
    slots = [name for kind in type(x).__mro__ for name in (getattr(kind, "__slots__", None) or ())]
    held = {
        **{name: getattr(x, name, None) for name in slots if not name.startswith("__")},
        **(x if isinstance(x, dict) else getattr(x, "__dict__", None) or {}),
        **(frame.f_locals if frame is not None else {}),
        **(dict(zip(x.__code__.co_freevars, [cell.cell_contents for cell in cells], strict=True)) if cells else {}),
        **(dict(enumerate(x)) if isinstance(x, list | tuple) else {}),
    }
    for name, inner in held.items():
        if is_of_a_trace(inner):
            return str(name)
        if depth and not isinstance(inner, _WITHOUT) and _hidden_in(inner, depth - 1) is not None:
            return str(name)
    return None


_WITHOUT = (int, float, complex, str, bytes, type(None), type, np.ndarray, np.generic, Value, ModuleType)


def is_of_a_trace(x: Any) -> bool:
    """Whether this is an array of a trace, or a Value of one."""
    return type(x) is Traced or (isinstance(x, Value) and type(held_array(x)) is Traced)


def _constant(array: Any, name: str | None) -> Value:
    value: Value = Value._attached(array, None)
    if name is not None:
        value.name = name
    return value
