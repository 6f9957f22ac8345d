"""What an array can do besides operators: its methods, its shape, and Python's own protocols.

Every method goes through NumPy's protocol, so nothing here knows how an operation is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import isfunction
from operator import attrgetter
from typing import Any

import numpy as np

from .arguments import called
from .primitive import describe, is_lazy, is_value
from .rules import astype, view
from .state import inside_transform

# real and complex dtypes of the same precision
_PAIRS = [{np.dtype(np.float32), np.dtype(np.complex64)}, {np.dtype(np.float64), np.dtype(np.complex128)}]


def _asked_by_scipy() -> str:
    """If a function of SciPy wanted the array: its name, and what to write instead."""
    frame, caller = sys._getframe(2), None
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(("scipy.", "numpy.")):
        if frame.f_globals["__name__"].startswith("scipy."):
            caller = frame
        frame = frame.f_back  # type: ignore[assignment]
    if caller is None:
        return ""
    name, module = caller.f_code.co_name, str(caller.f_globals["__name__"])
    if name == "wrapper":  # a decorator's: the function that it calls is the one that the user knows
        for inner in caller.f_locals.values():
            if isfunction(inner) and inner.__module__.startswith("scipy."):
                public = sys.modules[".".join(inner.__module__.split(".")[:2])]
                if hasattr(public, inner.__name__):
                    name, module = inner.__name__, inner.__module__
    chapter = module.split(".")[1]
    ours = import_module(f"{__package__}.{chapter}") if chapter in ("linalg", "special") else None
    if name in getattr(ours, "__all__", ()):
        return f"Write {__package__}.{chapter}.{name}(...), which takes Values."
    if hasattr(getattr(np, chapter, None), name):
        return f"Write numpy.{chapter}.{name}(...), which takes Values."
    asked = f"scipy.{chapter}" if name.startswith("_") else f"scipy.{chapter}.{name}"
    return f"{asked} takes plain arrays alone: write v.data for the array."


def _method(function: Any) -> Callable[..., Any]:
    """The method of an array that does what NumPy's `function` does."""

    def method(self: ArrayMethods, *args: Any, **kwargs: Any) -> Any:
        return self.__array_function__(function, (type(self),), (self, *args), kwargs)

    method.__doc__ = f"`{describe(function)}(self, ...)`."
    return method


class ArrayMethods:
    """The array side of a `Value`.

    There is no `__getattr__` with hints here: it would slow down every attribute of every operation.
    """

    __slots__ = ()

    _array: Any
    _grad: Any
    name: Any
    requires_grad: Any
    __array_function__: Callable[..., Any]
    is_leaf: Any
    __getitem__: Callable[..., Any]
    __setitem__: Callable[..., Any]

    shape = property(attrgetter("_array.shape"), doc="The length of each axis.")
    ndim = property(attrgetter("_array.ndim"), doc="The number of axes.")
    size = property(attrgetter("_array.size"), doc="The number of elements.")
    dtype = property(attrgetter("_array.dtype"), doc="The type of the elements.")
    nbytes = property(attrgetter("_array.nbytes"), doc="The bytes of the elements.")
    itemsize = property(attrgetter("_array.itemsize"), doc="The bytes of one element.")

    sum = _method(np.sum)
    prod = _method(np.prod)
    mean = _method(np.mean)
    var = _method(np.var)
    std = _method(np.std)
    max = _method(np.max)
    min = _method(np.min)
    cumsum = _method(np.cumsum)
    cumprod = _method(np.cumprod)
    clip = _method(np.clip)
    round = _method(np.round)
    dot = _method(np.dot)
    trace = _method(np.trace)
    diagonal = _method(np.diagonal)
    take = _method(np.take)
    repeat = _method(np.repeat)
    squeeze = _method(np.squeeze)
    swapaxes = _method(np.swapaxes)
    ravel = _method(np.ravel)
    flatten = _method(np.ravel)
    copy = _method(np.copy)
    conj = _method(np.conjugate)
    conjugate = _method(np.conjugate)
    all = _method(np.all)
    any = _method(np.any)
    argmax = _method(np.argmax)
    argmin = _method(np.argmin)
    argsort = _method(np.argsort)
    argpartition = _method(np.argpartition)
    searchsorted = _method(np.searchsorted)
    nonzero = _method(np.nonzero)
    choose = _method(np.choose)
    put = _method(np.put)

    def compress(self, condition: Any, axis: Any = None) -> Any:
        """The elements along an axis for which the condition holds."""
        return np.compress(condition, self, axis)

    def reshape(self, *shape: Any, order: Any = "C", copy: Any = None) -> Any:
        """The same elements in another shape: `v.reshape(2, 3)` or `v.reshape((2, 3))`."""
        options = {"order": (order, "C"), "copy": (copy, None)}  # which other libraries do not all know
        given = {name: option for name, (option, default) in options.items() if option != default}
        several = len(shape) != 1 or isinstance(shape[0], int)
        return np.reshape(self, shape if several else shape[0], **given)

    def transpose(self, *axes: Any) -> Any:
        """The axes reversed, or in the order given: `v.transpose(1, 0)` or `v.transpose((1, 0))`."""
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def astype(self, dtype: Any, *, copy: bool = True) -> Any:
        """The elements as another floating type; the gradient comes back in this Value's own."""
        return astype(self, np.dtype(dtype), copy)

    def view(self, dtype: Any = None) -> Any:
        """Complex numbers as pairs of real ones along the last axis, or such pairs as complex numbers."""
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        if dtype == self.dtype:
            return self[...]
        if {self.dtype, dtype} not in _PAIRS:
            raise TypeError(
                f"the bytes of {self.dtype} read as {dtype} have no gradient. Write v.astype({dtype}) to convert, or "
                f"v.data.view({dtype})."
            )
        return view(self, dtype)

    # ---- writing into the array, as `v[...] = ...` does ----

    def fill(self, value: Any) -> None:
        """Write `value` into every element."""
        self[...] = value

    def sort(self, axis: int = -1, kind: Any = None, *, stable: Any = None) -> None:
        """Sort in place, as an array does. `np.sort(v)` returns a sorted copy."""
        self._rearrange("sort", np.sort(self, axis, kind, stable=stable))

    def partition(self, kth: Any, axis: int = -1, kind: Any = "introselect") -> None:
        """Partition in place, as an array does. `np.partition(v, kth)` returns a partitioned copy."""
        self._rearrange("partition", np.partition(self, kth, axis, kind))

    def _rearrange(self, method: str, result: Any) -> None:
        if self.requires_grad and self.is_leaf:
            raise RuntimeError(
                f"{called(self.name)} is a leaf, and {method}() would write into it. Write w = np.{method}(v, ...)."
            )
        self[...] = result

    T = property(transpose, doc="The axes reversed.")
    mT = property(lambda self: self.swapaxes(-1, -2), doc="The last two axes exchanged.")

    # ---- leaving the graph ----

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.requires_grad:
            raise TypeError(
                f"turning {called(self.name)} of shape {self.shape} into a plain array would drop its gradient in "
                f"silence. {_asked_by_scipy() or 'Write v.data for the array, or np.stack([...]) to join Values.'}"
            )
        return np.array(self._array, dtype=dtype, copy=copy)

    # ---- Python's protocols ----

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d Value")
        return (self[i] for i in range(len(self._array)))

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    def item(self) -> Any:
        """The one element as a Python number; it carries no gradient."""
        if self._array.size != 1:
            raise ValueError(
                f"{called(self.name)} of shape {self.shape} has {self._array.size} elements, not one: "
                "index it first, or write v.data.tolist()."
            )
        array = self._array.compute() if is_lazy(self._array) else self._array
        return array.item()

    def tobytes(self, order: Any = "C") -> bytes:
        """The bytes of the elements; they carry no gradient."""
        return bytes(self._array.tobytes(order))

    def tolist(self) -> Any:
        """The elements as (nested) lists of Python numbers; they carry no gradient."""
        return self._array.tolist()

    def __float__(self) -> float:
        if self.requires_grad and inside_transform.get():
            raise TypeError(
                f"float() of {called(self.name)} would drop its gradient in silence, while the function is being "
                "differentiated. Write np.sin(v) for math.sin(v); if a plain number is meant, v.item()."
            )
        return float(self._real_item())

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._real_item(), digits)

    def __int__(self) -> int:
        return int(self._real_item())

    def _real_item(self) -> Any:  # and no __complex__: NumPy would call it in array[0] = v, and drop the gradient
        item = self.item()
        if isinstance(item, complex):
            raise TypeError(
                f"{called(self.name)} is complex, {item}, which is no real number. "
                "Write v.real, v.imag or abs(v); for a Python number v.item()."
            )
        return item

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise ValueError(
                f"{called(self.name)} of shape {self.shape} is neither true nor false. "
                "Ask about its elements: (v > 0).any() or (v > 0).all()."
            )
        return bool(self._array)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        if is_lazy(self._array):
            return f"{type(self).__name__}({self._array!r})"
        if self._array.ndim:
            text = np.array2string(self._array, separator=", ", prefix="Value(")
        else:
            text = repr(self._array.item())
        if not self._array.ndim and self._grad is not None and not is_value(self._grad):
            text += f", grad={self._grad.item()!r}"
        if self._array.dtype != np.float64:
            text += f", dtype={self._array.dtype}"
        if self.name is not None:
            text += f", name={self.name!r}"
        if not self.requires_grad:
            text += ", requires_grad=False"
        return f"{type(self).__name__}({text})"
