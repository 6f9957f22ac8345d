"""The handle on a Node: what a `Value` holds, what it is called, and how it asks for gradients.

Nothing here records an operation; that is the business of `value`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from threading import RLock
from typing import Any
from weakref import ref

import numpy as np

from .arguments import called, checked_array, checked_name
from .graph import Constant, Hook, Node, backpropagate, leaf, stale
from .primitive import is_value
from .state import current_state, enable_grad
from .tracing import is_traced

_OF_NUMPY = (np.generic, np.ndarray)
_adding_up = RLock()  # threads may run backward to the same leaf


class Handle:
    """The data, the gradient and the Node of a `Value`."""

    # no `_data`: numpy.ma would take that for the array of one of its own, and the gradient would be lost
    __slots__ = ("__weakref__", "_array", "_grad", "_node")
    __hash__ = object.__hash__

    _array: Any
    _grad: Any
    _node: Node | None

    def __init__(self, data: Any, requires_grad: bool = True, *, name: str | None = None, dtype: Any = None) -> None:
        self._array = checked_array(data, requires_grad, dtype)
        self._grad = None
        self._node = None
        if requires_grad or name is not None:
            self._start(Node if requires_grad else Constant, checked_name(name))

    def _start(self, kind: type[Node], name: str | None) -> None:
        """Put this Value on a fresh leaf, which takes over the hooks of the one before."""
        before = self._node
        self._node = leaf(kind, self._array, name, ref(self))
        if before is not None:
            self._node.hooks = before.hooks

    _attached: Callable[[Any, Node | None], Any]  # a further handle on a Node, or a constant: see Value
    shape: Any
    size: Any

    # ---- what it holds ----

    @property
    def data(self) -> Any:
        """The plain array or NumPy scalar.

        Assigning to it gives the Value a fresh leaf: the way to update a parameter by hand,
        `p.data -= 0.1 * p.grad`. A graph recorded before it can no longer run backward.
        """
        return self._array

    @data.setter
    def data(self, data: Any) -> None:
        node = self._node
        if data is self._array and node is not None:  # written in place, as an optimizer does: nothing to check
            self._node = leaf(type(node), data, node.name, node.handle)
            self._node.hooks = node.hooks
            _abandon(node)
            return
        if type(data) in (float, int):
            data = self._array.dtype.type(data)
        array = checked_array(data, type(node) is Node, None)
        if array.shape != self._array.shape:
            raise ValueError(
                f"data of shape {array.shape} for {called(self.name)} of shape {self._array.shape}: they must be "
                "equal. To fill all elements write v.data[:] = ..., for another shape make a new Value."
            )
        self._array = array
        if node is None:
            return
        self._start(type(node), node.name)
        _abandon(node)

    @property
    def grad(self) -> Any:
        """The gradient after `backward()`: a plain array, a Value under `create_graph`, or None.

        Of a complex Value it is dL/dRe + i dL/dIm, as in PyTorch: the direction in which L grows fastest.
        """
        return self._grad

    @grad.setter
    def grad(self, gradient: Any) -> None:
        if gradient is not None and np.shape(gradient) != self.shape:
            raise ValueError(
                f"a gradient of shape {np.shape(gradient)} for {called(self.name)} of shape {self.shape}: they must "
                "be equal. To clear the gradient write v.grad = None."
            )
        if gradient is not None and not is_value(gradient):
            gradient = checked_array(gradient, False, self._array.dtype)
        self._grad = gradient

    @property
    def node(self) -> Node | None:
        """The recorded operation, or None for a constant without a name."""
        return self._node

    @property
    def name(self) -> str | None:
        """What drawings and error messages call this Value; it stays in the graph when the Value is gone."""
        return None if self._node is None else self._node.name

    @name.setter
    def name(self, name: str | None) -> None:
        if self._node is None:
            self._start(Constant, checked_name(name))
        else:
            self._node.name = checked_name(name)

    @property
    def requires_grad(self) -> bool:
        """Whether `backward()` computes a gradient for it. Can be set on a leaf, to freeze a parameter."""
        return type(self._node) is Node

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted == self.requires_grad:
            return
        if not self.is_leaf:
            raise RuntimeError(
                f"{called(self.name)} was computed, so requires_grad cannot be set on it. "
                "To get a constant with the same data write v.detach()."
            )
        checked_array(self._array, wanted, None)
        self._start(Node if wanted else Constant, self.name)

    @property
    def is_leaf(self) -> bool:
        """Whether it was given rather than computed."""
        return self._node is None or self._node.function is None

    # ---- gradients ----

    def backward(self, gradient: Any = None, *, create_graph: bool = False) -> None:
        """Add the gradient of this Value to `.grad` of every Value that it was computed from.

        That is every leaf, and every intermediate that somebody still holds. The graph stays, so it can
        run backward again; gradients accumulate.

        Args:
            gradient: the gradient with respect to this Value, of its shape; 1 for a single element.
            create_graph: record the backward pass too, so that gradients are Values and can be
                differentiated again.

        Raises:
            ValueError: no `gradient` for more than one element, or one of another shape.
            RuntimeError: nothing here wants a gradient, or a leaf changed since the graph was recorded.
                No `.grad` is touched then.

        Example:
            >>> from autograd_lite import Value
            >>> a, b = Value(2.0), Value(-3.0)
            >>> e = a * b
            >>> (e + a).backward()
            >>> float(a.grad), float(b.grad), float(e.grad)
            (-2.0, 2.0, 1.0)
        """
        node = self._node
        if node is None or type(node) is not Node:
            raise RuntimeError(
                f"{called(self.name)} was not computed from anything that wants a gradient. Make an input with "
                "Value(x) (requires_grad=True is the default) outside of no_grad(), and compute from it."
            )
        seed = self._seed(gradient, create_graph)
        if create_graph:
            with enable_grad():
                # `+`: no two Values share a gradient
                found = {n: +g for n, g in backpropagate(node, seed, lift=self._attached).items()}
        else:
            found = backpropagate(node, seed)
        with _adding_up:
            for node, gradient in found.items():
                value = node.handle()
                if value is not None:
                    value._grad = gradient if value._grad is None else value._grad + gradient

    def _seed(self, gradient: Any, create_graph: bool) -> Any:
        data = self._array
        if gradient is None:
            if data.size != 1:
                raise ValueError(
                    f"backward() on {called(self.name)} of shape {data.shape} needs to know the gradient of each "
                    "element. Make it a scalar first, v.sum().backward(), or pass one: "
                    "v.backward(np.ones_like(v.data))."
                )
            if data.dtype.kind == "c":
                raise ValueError(
                    f"backward() on {called(self.name)}, which is complex, needs to know which real number to "
                    "differentiate. Make it real first, v.real or np.abs(v), or pass a gradient: v.backward(1 + 0j)."
                )
            if not data.shape and (isinstance(data, _OF_NUMPY) or is_traced(data)):
                gradient = data.dtype.type(1)
                return self._attached(gradient, None) if create_graph else gradient
            gradient = np.ones_like(data)
        elif np.shape(gradient) != data.shape:
            raise ValueError(
                f"backward() on {called(self.name)} of shape {data.shape} got a gradient of shape "
                f"{np.shape(gradient)}: they must be equal."
            )
        elif is_value(gradient):
            if create_graph:
                return gradient.astype(data.dtype)
            gradient = gradient._array
        gradient = checked_array(gradient, False, data.dtype)
        return self._attached(gradient, None) if create_graph else gradient

    def detach(self) -> Any:
        """A constant that shares this Value's data: no gradient flows through it."""
        return self._attached(self._array, None)

    def register_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(gradient)` whenever this Value's gradient is complete; what it returns replaces it.

        Args:
            hook: receives the gradient; returns a replacement of the same shape, or None.

        Returns:
            A function that removes the hook.

        Raises:
            RuntimeError: this Value wants no gradient.
        """
        node = self._node
        if node is None or type(node) is not Node:
            raise RuntimeError(f"{called(self.name)} wants no gradient, so a hook on it would never run.")
        hooks = node.hooks = [] if node.hooks is None else node.hooks
        hooks.append(hook)

        def remove() -> None:
            if hook in hooks:
                hooks.remove(hook)

        return remove

    # ---- copies ----

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = self.__reduce_ex__(4)
        return copied[0](*copied[1])

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise TypeError(
                f"{called(self.name)} was computed, and a copy or a file cannot hold its graph. Write v.detach()."
            )
        return _restored, (type(self), self._array.copy(), copy(self._grad), self.requires_grad, self.name)


def _abandon(node: Node) -> None:
    """A graph that has read this leaf must not run backward any more."""
    node.handle = stale
    observer = current_state().observer
    if observer is not None:
        observer.abandoned(node)


def _restored(kind: type[Handle], data: Any, gradient: Any, requires_grad: bool, name: str | None) -> Handle:
    """A leaf that was copied or pickled."""
    handle = object.__new__(kind)
    handle._array, handle._grad, handle._node = data, gradient, None
    if requires_grad or name is not None:
        handle._start(Node if requires_grad else Constant, name)
    return handle
