"""`Traced`: an array that writes down what is done with it.

To NumPy's protocols it is an array, so whatever computes with it, the rules of derivatives included, runs as ever; every
call becomes a `Step` of the trace. Its numbers are those of an example, which say of what shape and dtype results are.
They are never asked: what depends on numbers, such as a branch, raises `TraceError`.

A trace is a list of results, none of which ever changes. What is written in place (`x += y`, `out=`, `x[i] = y`) makes a
new result, and moves the array, what it is a view of, and its views over to that.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..graph import Node
from ..methods import ArrayMethods
from ..primitive import Recorder, describe


if TYPE_CHECKING:
    from .trace import Trace


class TraceError(TypeError):
    """A function does what a program of NumPy calls cannot repeat, such as a branch on a number."""


class Step(Node):
    """One call in a trace.

    What its arguments say of other steps are these steps themselves, also within lists and indices; `parents` are the
    same in one row.

    Attributes:
        source: where the numbers of an input come from; None for what is computed.
        line: the user's line that led to it.
        alias: the memory of the result is, or may be, that of an argument.
        backward: it belongs to the rule of a derivative.
        effect: the call does something besides returning a result, so it stays, and stays in its place.
    """

    __slots__ = ("alias", "backward", "effect", "line", "source")

    alias: bool
    backward: bool
    source: Any
    line: Any
    effect: bool


def steps_in(tree: Any) -> Iterator[Step]:
    """The steps in the arguments of a call."""
    if isinstance(tree, Step):
        yield tree
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from steps_in(item)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from steps_in(item)
    elif isinstance(tree, slice):
        yield from steps_in((tree.start, tree.stop, tree.step))


def replaced(tree: Any, kind: type, by: Callable[[Any], Any]) -> Any:
    """The arguments of a call with something else in place of everything of one kind."""
    if isinstance(tree, kind):
        return by(tree)
    if isinstance(tree, list | tuple):
        items = [replaced(item, kind, by) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, dict):
        return {name: replaced(item, kind, by) for name, item in tree.items()}
    if isinstance(tree, slice):
        return slice(*[replaced(item, kind, by) for item in (tree.start, tree.stop, tree.step)])
    return tree


def holds(tree: Any, kind: type) -> bool:
    """Whether there is something of this kind in the arguments of a call."""
    if isinstance(tree, list | tuple):
        return any(holds(item, kind) for item in tree)
    if isinstance(tree, dict):
        return any(holds(item, kind) for item in tree.values())
    if isinstance(tree, slice):
        return holds((tree.start, tree.stop, tree.step), kind)
    return isinstance(tree, kind)


def numbers_of(tree: Any) -> Any:
    """The arguments of a call with the example's arrays in them."""
    return replaced(tree, Traced, lambda x: x._array)


class Traced(ArrayMethods, NDArrayOperatorsMixin):
    """An array of a trace.

    Args:
        trace: what it belongs to.
        array: the numbers of the example.
        step: what computed it.
        base: the array that it is a view of, None if it has its own memory.
        again: computes it from its base.
        put: computes the base from the base and new numbers for this view.
    """

    __slots__ = ("__weakref__", "_again", "_array", "_base", "_put", "_views", "step", "trace")
    __array_priority__ = 1000.0  # so that `np.float64(2) * traced` asks us
    __hash__ = object.__hash__
    name = None
    requires_grad = False

    def __init__(
        self,
        trace: Trace,
        array: Any,
        step: Step,
        base: Traced | None = None,
        again: Callable[[Any], Any] | None = None,
        put: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self.trace, self._array, self.step = trace, array, step
        self._base, self._again, self._put = base, again, put
        self._views: WeakSet[Traced] | None = None
        if base is not None:
            if base._views is None:
                base._views = WeakSet()
            base._views.add(self)

    # ---- NumPy's protocols ----

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Recorder) for x in inputs):
            return NotImplemented
        out = kwargs.pop("out", None)
        if method == "at":
            return _changed(ufunc.at, inputs, kwargs)
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        result = self.trace.call(function, inputs, kwargs)
        return result if out is None else _delivered(self.trace, function, out, result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Recorder) for kind in types):
            return NotImplemented
        trace = self.trace
        if function in STATIC:
            return function(*numbers_of(args), **numbers_of(kwargs))
        if function in WRITING:
            return _changed(function, args, kwargs)
        if function in BY_NUMBERS or (function is np.where and len(args) == 1):
            raise trace.refusal(
                f"{describe(function)} of an array: how long the result is depends on its numbers",
                "Write np.where(condition, a, b), or multiply with a mask",
            )
        if "out" in kwargs:
            kwargs = dict(kwargs)
            out = kwargs.pop("out")
            if out is not None:
                return _delivered(trace, function, out, trace.call(function, args, kwargs))
        if function in VIEWS and type(args[0]) is Traced:
            return args[0]._view(function, args[1:], kwargs)
        return trace.call(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise self._refused("a plain copy", "Stay with NumPy's functions of arrays, such as np.stack or np.where")

    # ---- operators that are not their ufunc ----

    def __pow__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Recorder) else self.trace.call(operator.pow, (self, other), {})

    def __rpow__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Recorder) else self.trace.call(operator.pow, (other, self), {})

    def __ipow__(self, other: Any) -> Any:
        power = self**other
        if power is NotImplemented or isinstance(self._array, np.generic):
            return power
        self.write(power)
        return self

    # ---- what would need the numbers ----

    def _refused(self, what: str, instead: str) -> TraceError:
        return self.trace.refusal(f"{what} of an array of shape {self.shape}", instead)

    def __bool__(self) -> bool:
        raise self._refused("a branch on the numbers", "Write np.where(condition, a, b)")

    def __float__(self) -> float:
        raise self._refused("float()", "Leave it an array: NumPy computes with it as it is")

    def __int__(self) -> int:
        raise self._refused("int()", "Leave it an array, or write x.astype(int)")

    def __index__(self) -> int:
        raise self._refused("a Python index", "Index with the array itself, x[i]; what sets a shape must be constant")

    def __complex__(self) -> complex:
        raise self._refused("complex()", "Leave it an array")

    def __round__(self, digits: int | None = None) -> Any:
        raise self._refused("round()", "Write np.round(x)")

    def __contains__(self, item: Any) -> bool:
        raise self._refused("`in`", "Write (x == item).any(), which is an array")

    def __format__(self, spec: str) -> str:
        raise self._refused("the text", "Return the array, and print it outside")

    def item(self, *args: Any) -> Any:
        raise self._refused("item()", "Leave it an array: NumPy computes with it as it is")

    def tolist(self) -> Any:
        raise self._refused("tolist()", "Leave it an array")

    def tobytes(self, order: Any = "C") -> bytes:
        raise self._refused("tobytes()", "Leave it an array")

    def __dlpack__(self, **options: Any) -> Any:
        raise self._refused("handing over the memory", "Return the array, and hand it over outside")

    def __repr__(self) -> str:
        return f"Traced({self.dtype} of shape {self.shape})"

    __str__ = __repr__

    # ---- indexing ----

    def __getitem__(self, index: Any) -> Any:
        if holds(index, Recorder):
            index = replaced(index, Recorder, lambda value: value._array)
        for entry in index if type(index) is tuple else (index,):
            if type(entry) is Traced and entry.dtype.kind == "b":
                raise self.trace.refusal(
                    "reading with a mask: how long the result is depends on the mask's numbers",
                    "Write np.where(mask, x, 0)",
                )
        if holds(index, Traced):
            return self.trace.call(operator.getitem, (self, index), {})
        return self._view(operator.getitem, (index,), {})

    def __setitem__(self, index: Any, item: Any) -> None:
        if holds(index, Recorder):
            index = replaced(index, Recorder, lambda value: value._array)
        item = item._array if isinstance(item, Recorder) else item
        if index is ... or (isinstance(index, slice) and index == slice(None)):
            self.write(item)
        else:
            self.write(self.trace.call(written, (self, index, item), {}))

    def _view(self, function: Any, args: Any, kwargs: Any) -> Any:
        """What a function returns that usually returns a view."""

        def again(base: Traced) -> Any:
            return base.trace.call(function, (base, *args), kwargs)

        def put(base: Traced, new: Any) -> Any:
            places = np.arange(base.size).reshape(base.shape)
            places = places[args[0]] if function is operator.getitem else function(places, *args, **kwargs)
            return base.trace.call(written_at, (base, places, new), {})

        found = again(self)
        if type(found) is not Traced or not np.may_share_memory(found._array, self._array):
            return found
        return Traced(self.trace, found._array, found.step, self, again, put)

    # ---- writing ----

    def write(self, new: Any) -> None:
        """Let the array hold `new`, an array that broadcasts to its shape, in its own dtype.

        What it is a view of changes with it, and so do the views of that.
        """
        if type(new) is not Traced:
            new = self.trace.constant(np.asarray(new, self.dtype))
        if new.dtype != self.dtype:
            new = new.astype(self.dtype)
        if new.shape != self.shape:
            new = np.broadcast_to(new, self.shape)
        if self._base is None or self._put is None:
            if isinstance(self._array, np.ndarray):
                axes = order_of_axes(self._array)
                if not isinstance(new._array, np.ndarray):
                    new = self.trace.call(np.asarray, (new,), {})
                elif axes != order_of_axes(new._array):  # a sum over another layout rounds otherwise
                    new = self.trace.call(laid_out, (new, axes), {})
            self._array, self.step = new._array, new.step
            self._renew()
        else:
            self._base.write(self._put(self._base, new))

    def _renew(self) -> None:
        for view in list(self._views or ()):
            assert view._again is not None
            again = view._again(self)
            view._array, view.step = again._array, again.step
            view._renew()

    # ---- methods that differ from those of a Value ----

    def astype(self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: Any = True, copy: Any = True) -> Any:
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype and not copy else self.trace.call(np.astype, (self, dtype), {})

    def view(self, dtype: Any = None) -> Any:
        dtype = np.dtype(dtype or self.dtype)
        return self[...] if dtype == self.dtype else self._view(read_as, (dtype,), {})

    def copy(self, order: Any = "C") -> Any:
        return self.trace.call(np.copy, (self,), {} if order == "K" else {"order": order})

    def flatten(self, order: Any = "C") -> Any:
        return np.ravel(self, order).copy()

    def fill(self, value: Any) -> None:
        self.write(value)

    def sort(self, axis: int = -1, kind: Any = None, *, stable: Any = None) -> None:
        self.write(np.sort(self, axis, kind, stable=stable))

    def partition(self, kth: Any, axis: int = -1, kind: Any = "introselect") -> None:
        self.write(np.partition(self, kth, axis, kind))

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    strides = property(operator.attrgetter("_array.strides"))
    flags = property(operator.attrgetter("_array.flags"))
    real = property(np.real)
    imag = property(np.imag)


# ---- what is written in place, as functions that return a new array ----


def written(x: Any, index: Any, item: Any) -> Any:
    """A copy of `x` with `item` at an index."""
    out = x.copy()
    out[index] = item
    return out


def written_at(x: Any, places: Any, item: Any) -> Any:
    """A copy of `x` with `item` at these places of the flat array."""
    out = x.copy(order="C")
    out.reshape(-1)[places] = item
    return out


def changed_by(function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Any:
    """A copy of `x` that a function has written into."""
    out = x.copy()
    function(out, *args, **kwargs)
    return out


def order_of_axes(x: Any) -> tuple[int, ...]:
    """The axes of an array, from the one with the longest steps in memory to that with the shortest."""
    return tuple(sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]) if x.shape[axis] != 1 else 0))


def laid_out(x: Any, axes: tuple[int, ...]) -> Any:
    """A copy whose axes lie in memory in this order."""
    return x.transpose(axes).copy("C").transpose(np.argsort(axes))


def read_as(x: Any, dtype: Any) -> Any:
    """The same bytes as numbers of another dtype."""
    return x.view(dtype)


def _changed(function: Any, args: tuple[Any, ...], kwargs: Any) -> None:
    target, *rest = args
    traced = next(x for x in (*args, *kwargs.values()) if type(x) is Traced)
    if type(target) is not Traced:
        raise _written_outside(traced.trace, function)
    target.write(target.trace.call(changed_by, (function, target, *rest), kwargs))


def _delivered(trace: Trace, function: Any, out: Any, result: Any) -> Any:
    """What a function with `out=` returns: its result is written there."""
    several = isinstance(out, tuple)
    targets = out if several else (out,)
    results = result if isinstance(result, tuple) else (result,)
    for target, found in zip(targets, results, strict=True):
        if target is None:
            continue
        if type(target) is not Traced:
            raise _written_outside(trace, function)
        if isinstance(target._array, np.generic):  # `x += y` on a number makes a new one
            return found
        target.write(found)
    delivered = [found if target is None else target for target, found in zip(targets, results, strict=True)]
    return delivered[0] if len(delivered) == 1 else tuple(delivered)


def _written_outside(trace: Trace, function: Any) -> TraceError:
    return trace.refusal(
        f"{describe(function)} writes into an array that was there before, which would happen once and not at every call",
        "Return the result, or keep the array as a buffer of a module",
    )


# ---- what NumPy's functions do with it, where that is not just to be called ----

# tell about shape and dtype, which are those of every call
STATIC = {
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type, np.common_type, np.may_share_memory,
    np.shares_memory, np.iscomplexobj, np.isrealobj, np.einsum_path,
}  # fmt: skip
# write into their first argument
WRITING = {np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal}
# return as many elements as the numbers say
BY_NUMBERS = {
    np.nonzero, np.flatnonzero, np.argwhere, np.extract, np.compress, np.unique, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d, np.trim_zeros,
}  # fmt: skip
# usually return a view
VIEWS = {
    np.reshape, np.ravel, np.transpose, np.matrix_transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims,
    np.squeeze, np.broadcast_to, np.diagonal, np.flip, np.flipud, np.fliplr, np.rot90, np.real, np.imag, np.atleast_1d,
    np.atleast_2d, np.atleast_3d,
}  # fmt: skip
