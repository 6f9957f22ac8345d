"""The arguments of a function as its trace receives them, and as it receives them when it runs once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import Node
from ..tree import flatten
from ..value import Value
from .signature import argument_names, is_argument_array
from .slots import held_array
from .trace import Trace


class PassValues(Exception):  # noqa: N818 - it is an answer, not a mistake
    """A function does more to Values among its arguments than read them: its program must be for these very Values."""


class Inputs:
    """The leaves of the arguments of one call.

    Args:
        function: what is called.
        args, kwargs: the arguments.
        by_identity: Values among them are passed as they are, as those that have a gradient are always.

    Attributes:
        are_values: for each array whether it is in a Value.
        nodes: the places of those that want a gradient, by what stands for their Node in the trace.
        passed: the Values that are passed as they are, by place.
    """

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any, by_identity: bool) -> None:
        leaves, self._rebuild = flatten((args, kwargs))
        self._leaves = [None if is_argument_array(leaf) else leaf.value for leaf in leaves]
        self._places = [i for i, leaf in enumerate(leaves) if is_argument_array(leaf)]
        names = argument_names(function, leaves)
        self._names = [names[i] for i in self._places]
        self._given = [leaves[i].value for i in self._places]
        self.are_values = [isinstance(x, Value) for x in self._given]
        self.passed = {
            place: x
            for place, x in enumerate(self._given)
            if isinstance(x, Value) and (by_identity or x._grad is not None)
        }
        self.nodes: dict[Node, int] = {}
        self._handles: list[Any] = []
        self._watched: list[tuple[Value, Any, Any]] = []

    def handles(self, trace: Trace) -> Any:
        """The arguments with arrays of the trace in them."""
        for x in self._leaves:
            if hasattr(x, "__array_function__") and not isinstance(x, Value):
                _require_numpy(x)
        for place, (x, name) in enumerate(zip(self._given, self._names, strict=True)):
            array = _require_numpy(held_array(x) if isinstance(x, Value) else x)
            if not isinstance(x, Value):
                handle: Any = trace.argument(place, name, array)
            elif place in self.passed:
                handle = x
            else:
                traced = trace.argument(place, x.name or name, array)
                handle = Value._attached(traced, None)
                if x._node is not None:
                    handle._start(type(x._node), x.name)
                    if not x.is_leaf:
                        handle = +handle
                    self.nodes[handle._node] = place
                self._watched.append((handle, traced, handle._node))
            self._handles.append(handle)
        return self._with(self._handles)

    def place_of(self, x: Any) -> int | None:
        """The place of an argument, by what stands for it in the trace."""
        return next((place for place, handle in enumerate(self._handles) if handle is x), None)

    def require_read_only(self) -> None:
        """Let only what stands for arrays be written into; of Values the trace has none but these.

        Raises:
            PassValues: a Value among the arguments was given data or a gradient.
        """
        for handle, array, node in self._watched:
            if handle._grad is not None or handle._node is not node or (node is None and handle._array is not array):
                raise PassValues

    def forget(self) -> None:
        """Let go of the arrays."""
        _, self._rebuild = flatten(self._rebuild(self._leaves, True))
        del self._given, self._handles, self._watched, self.nodes

    def again(self, arrays: list[Any], values: dict[int, Value]) -> Any:
        """The arguments of a later call, from its arrays, and at some places its Values."""
        found = []
        for place, x in enumerate(arrays):
            value = values.get(place, Value._attached(x, None)) if self.are_values[place] else x
            found.append(self.passed.get(place, value))
        return self._with(found)

    def _with(self, arrays: list[Any]) -> Any:
        leaves = list(self._leaves)
        for i, x in zip(self._places, arrays, strict=True):
            leaves[i] = x
        return self._rebuild(leaves, True)


def _require_numpy(array: Any) -> Any:
    if type(array) is np.ndarray or isinstance(array, np.generic | np.memmap):
        return array
    raise TypeError(
        f"ag.compile plans memory for NumPy's arrays, but got {type(array).__module__}.{type(array).__name__}. Call "
        "the function itself on these."
    )
