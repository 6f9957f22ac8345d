"""`Traced`: an array that writes down what is done with it.

To NumPy's protocols it is an array, so whatever computes with it, the rules of derivatives included, runs as ever;
every call becomes a `Step` of the trace. Its numbers are those of an example, which say of what shape and dtype results
are. They are never asked: what depends on numbers, such as a branch, raises `TraceError`.

A trace is a list of results, none of which ever changes. What is written in place (`x += y`, `out=`, `x[i] = y`) makes
a new result, and moves the array, what it is a view of, and its views over to that.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..graph import Node
from ..methods import ArrayMethods
from ..primitive import Recorder, describe
from ..tracing import TraceError
from .kinds import BY_NUMBERS, CONSTANT, SHAPE_OPTIONS, SHAPES, STATIC, WRITING, overwrites, place_of_out
from .writing import (
    changed_by,
    filled,
    has_gaps,
    laid_out,
    order_of_axes,
    overwriting,
    read_as,
    spaced,
    written,
    written_flat,
    written_through,
)

if TYPE_CHECKING:
    from .trace import Trace


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

    parents: tuple[Step, ...]
    alias: bool
    backward: bool
    source: Any
    line: Any
    effect: bool


def shows_input(step: Step) -> bool:
    """Whether a result is an input of the program, or a view of one."""
    return step.source is not None or (step.alias and any(map(shows_input, step.parents)))


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


# `flags.writeable` itself warns of what np.broadcast_arrays returns, though nobody writes into it
_WRITEABLE = 0x400


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

    __slots__ = ("__weakref__", "_again", "_array", "_base", "_put", "_trace", "_views", "_writeable", "step")
    __array_priority__ = 1000.0  # so that `np.float64(2) * traced` asks us
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
        self._trace, self._array, self.step = trace, array, step
        self._base, self._again, self._put = base, again, put
        self._views: list[ref[Traced]] = []
        self._writeable = bool(array.flags.num & _WRITEABLE)
        if base is not None:
            base._views.append(ref(self))

    # ---- NumPy's protocols ----

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Recorder) for x in inputs):
            return NotImplemented
        out = kwargs.pop("out", None)
        if method == "at":
            return _changed(ufunc.at, inputs, kwargs)
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        if out is None:
            return self._trace.call(function, inputs, kwargs)
        return _into(self._trace, function, out, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Recorder) for kind in types):
            return NotImplemented
        trace = self._trace
        if function in STATIC:
            return function(*numbers_of(args), **numbers_of(kwargs))
        if function in WRITING:
            return _changed(function, args, kwargs)
        if function in BY_NUMBERS or (function is np.where and len(args) == 1):
            raise trace.refusal(
                f"{describe(function)} of an array: how long the result is depends on its numbers",
                "Write np.where(condition, a, b), or multiply with a mask",
            )
        if function is np.where and not kwargs.keys() <= {"x", "y"}:
            args, kwargs = (kwargs["condition"], *args), {name: kwargs[name] for name in kwargs if name != "condition"}
        place = place_of_out(function)
        if place is not None and (len(args) > place or "out" in kwargs):
            kwargs = dict(kwargs)
            out = kwargs.pop("out") if "out" in kwargs else args[place]
            rest = args if len(args) <= place else (*args[:place], *args[place + 1 :])
            if len(args) > place + 1:  # what stands behind it has a name
                names = list(inspect.signature(function).parameters)[place + 1 :]
                rest, kwargs = args[:place], {**kwargs, **dict(zip(names, args[place + 1 :], strict=False))}
            if out is not None:
                return _into(trace, function, out, rest, kwargs)
            args = rest
        for name in SHAPE_OPTIONS & kwargs.keys():
            if holds(kwargs[name], Traced):
                raise trace.refusal(f"{describe(function)}({name}=...) with an array", CONSTANT)
        if function in SHAPES and holds(args[1:], Traced):
            raise trace.refusal(f"{describe(function)} to a shape that is in an array", CONSTANT)
        if overwrites(function, kwargs):
            return _overwritten(trace, function, args, kwargs)
        return _viewing(function, args, kwargs, trace.call(function, args, kwargs))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise self._refused(
            "a plain copy",
            "Stay with NumPy's functions of arrays: np.stack([a, b]) for np.array([a, b]), np.asarray(a, like=x)[x] "
            "for a[x], and np.zeros_like(x, shape=...) for an array to be filled",
        )

    # ---- operators that are not their ufunc ----

    def __pow__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Recorder) else self._trace.call(operator.pow, (self, other), {})

    def __rpow__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Recorder) else self._trace.call(operator.pow, (other, self), {})

    def __ipow__(self, other: Any) -> Any:
        power = self**other
        if power is NotImplemented or isinstance(self._array, np.generic):
            return power
        self.write(power)
        return self

    # Python's `*` and `/` of complex scalars round otherwise than the ufuncs
    def __mul__(self, other: Any) -> Any:
        return self._scalar(operator.mul, self, other) if self._is_complex_scalar(other) else super().__mul__(other)

    def __rmul__(self, other: Any) -> Any:
        return self._scalar(operator.mul, other, self) if self._is_complex_scalar(other) else super().__rmul__(other)

    def __imul__(self, other: Any) -> Any:
        return self._scalar(operator.mul, self, other) if self._is_complex_scalar(other) else super().__imul__(other)

    def __truediv__(self, other: Any) -> Any:
        if self._is_complex_scalar(other):
            return self._scalar(operator.truediv, self, other)
        return super().__truediv__(other)

    def __rtruediv__(self, other: Any) -> Any:
        if self._is_complex_scalar(other):
            return self._scalar(operator.truediv, other, self)
        return super().__rtruediv__(other)

    def __itruediv__(self, other: Any) -> Any:
        if self._is_complex_scalar(other):
            return self._scalar(operator.truediv, self, other)
        return super().__itruediv__(other)

    def _is_complex_scalar(self, other: Any) -> bool:
        """Whether this and the other operand are numbers, and one of them a complex one."""
        other = other._array if type(other) is Traced else other
        both = self._array, other
        return all(isinstance(x, np.number | int | float | complex) for x in both) and any(map(np.iscomplexobj, both))

    def _scalar(self, operation: Any, *operands: Any) -> Any:
        result = self._trace.call(operation, operands, {})
        python = type(operation(*numbers_of(operands))) is complex  # 1j times a float64 is a number of Python's
        return self._trace.call(np.complex128, (result,), {}) if python else result

    # ---- what would need the numbers ----

    def _refused(self, what: str, instead: str) -> TraceError:
        return self._trace.refusal(f"{what} of an array of shape {self.shape}", instead)

    def __bool__(self) -> bool:
        raise self._refused("a branch on the numbers", "Write np.where(condition, a, b)")

    def __float__(self) -> float:
        raise self._refused("float()", "Leave it an array: NumPy computes with it as it is")

    def __int__(self) -> int:
        raise self._refused("int()", "Leave it an array, or write x.astype(int)")

    def __index__(self) -> int:
        raise self._refused("a Python index", "Index with the array itself, x[i]; what sets a shape must be constant")

    def __hash__(self) -> int:
        if isinstance(self._array, np.ndarray):
            raise TypeError("unhashable type: 'numpy.ndarray'")
        raise self._refused("a key", "Choose with np.where, or by an index, x[i]")

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

    def __str__(self) -> str:
        raise self._refused("the text", "Return the array, and print it outside")

    def __repr__(self) -> str:  # which debuggers show
        return f"Traced({self.dtype} of shape {self.shape})"

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            is_array = isinstance(self._array, np.ndarray)
            raise TypeError(
                "iteration over a 0-d array" if is_array else f"'numpy.{self.dtype}' object is not iterable"
            )
        return (self[i] for i in range(len(self._array)))

    # ---- indexing ----

    def __getitem__(self, index: Any) -> Any:
        if holds(index, Recorder):
            index = replaced(index, Recorder, lambda value: value._array)
        refuse_mask(self._trace, index)
        result = self._trace.call(operator.getitem, (self, index), {})
        return result if holds(index, Traced) else _viewing(operator.getitem, (self, index), {}, result)

    def __setitem__(self, index: Any, item: Any) -> None:
        if holds(index, Recorder):
            index = replaced(index, Recorder, lambda value: value._array)
        item = replaced(item, Recorder, lambda value: value._array)
        if isinstance(self._array, np.generic):
            raise TypeError(f"'numpy.{self.dtype}' object does not support item assignment")
        whole = index is ... or (isinstance(index, slice) and index.start is index.stop is index.step is None)
        if whole and type(item) is Traced and item.dtype == self.dtype and item.ndim <= self.ndim:
            self.write(item)
        else:
            self.write(self._trace.call(written, (self, index, item), {}))

    # ---- writing ----

    def write(self, new: Any) -> None:
        """Let the array hold `new`, an array that broadcasts to its shape, in its own dtype.

        What it is a view of changes with it, and so do the views of that.
        """
        if not self._writeable:
            raise ValueError("assignment destination is read-only")
        if type(new) is not Traced:
            new = self._trace.constant(np.asarray(new, self.dtype))
        if new.dtype != self.dtype:
            new = new.astype(self.dtype)
        if new.shape != self.shape:
            new = np.broadcast_to(new, self.shape)
        if self._base is None or self._put is None:
            if isinstance(self._array, np.ndarray):
                axes = order_of_axes(self._array)
                if not isinstance(new._array, np.ndarray):
                    new = self._trace.call(np.asarray, (new,), {})
                elif axes != order_of_axes(new._array) or not new._array.flags.writeable:
                    # a sum over another layout rounds otherwise; what was broadcast has no memory of its own
                    new = self._trace.call(laid_out, (new, axes), {})
                elif shows_input(new.step):  # which may be written into before this is read
                    new = self._trace.call(np.copy, (new,), {})
                if has_gaps(self._array) and new._array.strides != self._array.strides:
                    # what is a view of it, and what a copy, hangs on the gaps
                    new = self._trace.call(spaced, (new, self._array.strides), {})
            self._array, self.step = new._array, new.step
            self._renew()
        else:
            self._base.write(self._put(self._base, new))

    def _renew(self) -> None:
        alive = [(known, known()) for known in self._views]
        self._views = [known for known, view in alive if view is not None]
        for _, view in alive:
            if view is None:
                continue
            assert view._again is not None
            again = view._again(self)
            view._array, view.step = again._array, again.step
            view._renew()

    # ---- methods that differ from those of a Value ----

    def astype(self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: Any = True, copy: Any = True) -> Any:
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype and not copy else self._trace.call(np.astype, (self, dtype), {})

    def view(self, dtype: Any = None) -> Any:
        dtype = np.dtype(dtype or self.dtype)
        if dtype == self.dtype:
            return self[...]
        return _viewing(read_as, (self, dtype), {}, self._trace.call(read_as, (self, dtype), {}))

    def copy(self, order: Any = "C") -> Any:
        if isinstance(self._array, np.generic):  # whose method, other than np.copy, makes no array of it
            return self
        return self._trace.call(np.copy, (self,), {} if order == "K" else {"order": order})

    def flatten(self, order: Any = "C") -> Any:
        return np.ravel(self, order).copy()

    def conj(self) -> Any:
        return np.conjugate(self) if self.dtype.kind == "c" else self

    conjugate = conj

    def fill(self, value: Any) -> None:
        self[...] = value

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
    real = property(np.real, lambda self, item: np.real(self).__setitem__(..., item), doc="The real part.")
    imag = property(np.imag, lambda self, item: np.imag(self).__setitem__(..., item), doc="The imaginary part.")
    flat = property(lambda self: Flat(self), lambda self, item: Flat(self).__setitem__(slice(None), item))


class Flat:
    """`x.flat`, the elements in a row; what is read there is a copy."""

    __slots__ = ("_whole",)

    def __init__(self, whole: Traced) -> None:
        self._whole = whole

    def __getitem__(self, index: Any) -> Any:
        found = np.ravel(self._whole)[index]
        return found.copy() if isinstance(found._array, np.ndarray) else found

    def __setitem__(self, index: Any, item: Any) -> None:
        self._whole.write(self._whole._trace.call(written_flat, (self._whole, index, item), {}))

    def __len__(self) -> int:
        return int(self._whole.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(np.ravel(self._whole))


def refuse_mask(trace: Trace, index: Any) -> None:
    """Raise if the length of what is read at an index depends on numbers."""
    for entry in index if type(index) is tuple else (index,):
        if type(entry) is Traced and entry.dtype.kind == "b":
            raise trace.refusal(
                "reading with a mask: how long the result is depends on the mask's numbers",
                "Write np.where(mask, x, 0)",
            )
        if isinstance(entry, slice) and holds(entry, Traced):
            raise trace.refusal(
                "a slice up to a number that was computed: how long the result is depends on it", CONSTANT
            )


def _changed(function: Any, args: tuple[Any, ...], kwargs: Any) -> None:
    if not args:
        name = next(iter(inspect.signature(function).parameters))
        args, kwargs = (kwargs[name],), {other: x for other, x in kwargs.items() if other != name}
    target, *rest = args
    traced = next(x for x in (*args, *kwargs.values()) if type(x) is Traced)
    if type(target) is not Traced:
        raise _written_outside(traced._trace, function)
    target.write(target._trace.call(changed_by, (function, target, *rest), kwargs))


def _into(trace: Trace, function: Any, out: Any, args: Any, kwargs: Any) -> Any:
    """What a function with `out=` returns: its result is written there."""
    targets = out if isinstance(out, tuple) else (out,)
    if any(target is not None and type(target) is not Traced for target in targets):
        raise _written_outside(trace, function)
    traced = [target for target in targets if target is not None]
    if any(isinstance(target._array, np.generic) for target in traced):  # `x += y` on a number makes a new one
        return trace.call(function, args, kwargs)
    if not all(target._writeable for target in traced):
        raise ValueError("output array is read-only")
    example = None if kwargs.get("where", True) is not True else function(*numbers_of(args), **numbers_of(kwargs))
    examples = example if isinstance(example, tuple) else (example,)
    alike = all(
        target is None or _fits(function, target._array, found)
        for target, found in zip(targets, examples, strict=False)
    )
    # of another type, or where only a part is written, the function itself knows what becomes of it
    result = trace.call(*((function, args, kwargs) if alike else (filled, (function, targets, args, kwargs), {})))
    results = result if isinstance(result, tuple) else (result,)
    for target, found in zip(targets, results, strict=True):
        if target is not None:
            target.write(found)
    delivered = [found if target is None else target for target, found in zip(targets, results, strict=True)]
    return delivered[0] if len(delivered) == 1 else tuple(delivered)


def _fits(function: Any, target: Any, found: Any) -> bool:
    """Whether a result is what a function would write into an array; some take only memory in a certain order."""
    return (target.shape, target.dtype) == (np.shape(found), getattr(found, "dtype", None)) and (
        isinstance(function, np.ufunc) or target.flags.c_contiguous
    )


def _overwritten(trace: Trace, function: Any, args: Any, kwargs: Any) -> Any:
    """What a function returns that uses the memory of its first argument."""
    target = args[0]
    if type(target) is not Traced:
        raise _written_outside(trace, function)
    result, left = trace.call(overwriting, (function, *args), kwargs)
    target.write(left)
    return target if function is np.nan_to_num else result


def _viewing(function: Any, args: Any, kwargs: Any, result: Any) -> Any:
    """The result of a call, or several, as views of the arguments in whose memory they lie."""
    if isinstance(result, tuple | list) and any(type(x) is Traced and x.step.alias for x in result):
        seen = [_view_of(function, args, kwargs, x, i) for i, x in enumerate(result)]
        return type(result)(*seen) if hasattr(result, "_fields") else type(result)(seen)
    return _view_of(function, args, kwargs, result, None)


def _view_of(function: Any, args: Any, kwargs: Any, found: Any, place: int | None) -> Any:
    if type(found) is not Traced or not found.step.alias or not isinstance(found._array, np.ndarray):
        return found
    among = [i for i, x in enumerate(args) if type(x) is Traced and np.may_share_memory(x._array, found._array)]
    if not among:
        return found
    i = among[0]

    def again(base: Traced) -> Any:
        result = base._trace.call(function, (*args[:i], base, *args[i + 1 :]), kwargs)
        return result if place is None else result[place]

    def put(base: Traced, new: Any) -> Any:
        if function is operator.getitem:
            return base._trace.call(written, (base, args[1], new), {})
        given = (*args[:i], base, *args[i + 1 :])
        return base._trace.call(written_through, (function, (i, place), given, kwargs, new), {})

    return Traced(found._trace, found._array, found.step, args[i], again, put)


def _written_outside(trace: Trace, function: Any) -> TraceError:
    return trace.refusal(
        f"{describe(function)} writes into an array that was there before, once and not at every call, so it",
        "Return the result, or make the array with np.zeros_like(x, shape=...), or keep it as a buffer of a module",
    )
