"""`Batch`: many arrays of one shape that look like one, so that a gradient rule runs once for all of them.

A Jacobian is one backward pass for every element of the result. All these passes run the same rules on the same arrays
and differ in the gradient alone. So they go through the graph together: the gradient is a Batch, whose shape is that of
one row, and every operation with it does the same to all rows. What each function of NumPy does is said in `batching`;
what is not said there runs row by row, so that nothing is missing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .primitive import COMPOSED, RULES, Rule

# What a function does with Batches, with all rows at once. It may return NotImplemented: then row by row.
BATCHED: dict[Any, Callable[..., Any]] = {}

_PLAIN = (np.ndarray, np.generic, float, int, complex)


class Batch(NDArrayOperatorsMixin):
    """Arrays of one shape and dtype, seen as one of them.

    Args:
        rows: the arrays, along the first axis.

    Example:
        >>> import numpy as np
        >>> pair = Batch(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
        >>> pair.shape, np.sum(pair * 2).rows
        ((3,), array([12., 30.]))
    """

    __slots__ = ("rows",)
    __array_priority__ = 1000.0  # so that `np.float64(2) * batch` asks us
    is_batch = True

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    shape = property(lambda self: self.rows.shape[1:])
    ndim = property(lambda self: self.rows.ndim - 1)
    size = property(lambda self: self.rows[0].size)
    dtype = property(attrgetter("rows.dtype"))

    # ---- NumPy's protocols ----

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and ufunc.signature is None and not kwargs:
            return wrapped(ufunc(*aligned(inputs)))
        if "out" in kwargs:
            raise TypeError("the rows of a batch cannot be written into one array")
        if method == "__call__":
            return _run(ufunc, ufunc, inputs, kwargs)
        return _run(method, getattr(ufunc, method), (ufunc, *inputs), kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _run(function, function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError("a batch is not one array")

    # ---- operators: the usual ones a shorter way than through the protocol ----

    @staticmethod
    def _operator(run: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
        def forward(self: Batch, other: Any) -> Any:
            rows = self.rows
            if type(other) is Batch and other.rows.ndim == rows.ndim:
                return Batch(run(rows, other.rows))
            if isinstance(other, _PLAIN) and getattr(other, "ndim", 0) < rows.ndim:
                return Batch(run(rows, other))
            return Batch(run(*aligned((self, other))))

        def reflected(self: Batch, other: Any) -> Any:
            if isinstance(other, _PLAIN) and getattr(other, "ndim", 0) < self.rows.ndim:
                return Batch(run(other, self.rows))
            return Batch(run(*aligned((other, self))))

        return forward, reflected

    __add__, __radd__ = _operator(operator.add)
    __sub__, __rsub__ = _operator(operator.sub)
    __mul__, __rmul__ = _operator(operator.mul)
    __truediv__, __rtruediv__ = _operator(operator.truediv)

    def __neg__(self) -> Batch:
        return Batch(-self.rows)

    def __bool__(self) -> bool:
        raise TypeError("some rows of a batch may be true and others false")

    # ---- indexing ----

    def __getitem__(self, index: Any) -> Any:
        parts = index if type(index) is tuple else (index,)
        fancy = [part for part in parts if not _is_basic(part)]
        if any(isinstance(part, Batch) for part in fancy):
            return row_by_row(operator.getitem, (self, index), {})
        if not fancy or len(parts) == 1:
            return Batch(self.rows[(slice(None), *parts)])
        # NumPy brings the axes of index arrays to the front sometimes; with the rows behind, all is as in one row
        return Batch(_first(_last(self.rows)[(*parts, slice(None))]))

    def __setitem__(self, index: Any, item: Any) -> None:
        parts = index if type(index) is tuple else (index,)
        if any(isinstance(part, Batch) for part in parts):
            raise TypeError("the rows of a batch cannot be written at different places")
        item = _last(item.rows) if isinstance(item, Batch) else np.asarray(item)[..., None]
        _last(self.rows)[(*parts, slice(None))] = item

    def __repr__(self) -> str:
        return f"Batch of {len(self.rows)} arrays of shape {self.shape}"

    def __len__(self) -> int:
        return int(self.rows.shape[1])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    # ---- an array's methods; those that are functions of NumPy are added in `batching` ----

    def reshape(self, *shape: Any) -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        return Batch(self.rows.astype(dtype, copy=copy))

    T = property(transpose)
    mT = property(lambda self: Batch(self.rows.swapaxes(-1, -2)))
    real = property(lambda self: Batch(self.rows.real))
    imag = property(lambda self: Batch(self.rows.imag))


def _is_basic(part: Any) -> bool:
    return part is None or part is ... or (isinstance(part, slice | int | np.integer) and not isinstance(part, bool))


def _last(rows: Any) -> Any:
    """A view with the axis of the rows behind all others, so that NumPy's indices and broadcasting are as in one."""
    return rows.transpose((*range(1, rows.ndim), 0))


def _first(rows: Any) -> Any:
    return rows.transpose((rows.ndim - 1, *range(rows.ndim - 1)))


def raised(batch: Batch, ndim: int) -> Any:
    """The rows with axes of length 1 in front of theirs, so that each has `ndim`."""
    rows = batch.rows
    missing = ndim + 1 - rows.ndim
    return rows.reshape(len(rows), *(1,) * missing, *rows.shape[1:]) if missing > 0 else rows


def aligned(arrays: Sequence[Any]) -> list[Any]:
    """Batches and plain arrays as arrays that broadcast with each other as single rows would."""
    ndim = max([x.rows.ndim - 1 if type(x) is Batch else np.ndim(x) for x in arrays])
    return [raised(x, ndim) if type(x) is Batch else x for x in arrays]


def wrapped(out: Any) -> Any:
    """What a function returned for all rows, as Batches."""
    if isinstance(out, tuple):
        parts = [Batch(part) for part in out]
        return type(out)(*parts) if hasattr(out, "_fields") else tuple(parts)
    return Batch(out)


# The composed functions that are running: what such a one is made of may call the function itself, on arrays.
_composing: ContextVar[frozenset[Any]] = ContextVar("autograd_lite_composing", default=frozenset())


def _run(key: Any, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function with Batches among its arguments: all rows at once, or else row by row."""
    batched = BATCHED.get(key)
    if batched is not None:
        out = batched(*args, **kwargs)
        if out is not NotImplemented:
            return out
    elif key in COMPOSED and key not in _composing.get():
        token = _composing.set(_composing.get() | {key})
        try:
            return COMPOSED[key][0](*args, **kwargs)
        except Exception:  # it asks for what a Value has and a Batch has not
            return row_by_row(function, args, kwargs)
        finally:
            _composing.reset(token)
    return row_by_row(function, args[1:] if isinstance(key, str) else args, kwargs)


def row_by_row(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """`function` called for each row of the Batches among its arguments, and the results stacked."""
    count = _count((args, kwargs))
    return _stacked([function(*_row(tuple(args), i), **_row(kwargs, i)) for i in range(count)])


def _count(tree: Any) -> int:
    """How many rows the first Batch in here has, 0 if there is none."""
    if isinstance(tree, Batch):
        return len(tree.rows)
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, list | tuple):
        return 0
    return next((count for count in map(_count, tree) if count), 0)


def _row(tree: Any, i: int) -> Any:
    if isinstance(tree, Batch):
        return tree.rows[i]
    if isinstance(tree, list | tuple):
        items = [_row(item, i) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, dict):
        return {name: _row(item, i) for name, item in tree.items()}
    return tree


def _stacked(results: list[Any]) -> Any:
    if results[0] is None:
        return None
    if isinstance(results[0], list | tuple):
        parts = [_stacked(list(part)) for part in zip(*results, strict=True)]
        kind = type(results[0])
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    return Batch(np.stack(results))


class _BatchedRules:
    """The table of rules, in which each can take a Batch as the gradient."""

    def __init__(self) -> None:
        self._made: dict[Any, tuple[Rule, Rule]] = {}

    def __getitem__(self, function: Any) -> Rule:
        rule = RULES[function]
        made = self._made.get(function)
        if made is None or made[0] is not rule:
            batched = object.__new__(Rule)
            batched.joint = None if rule.joint is None else _for_batches(rule.joint)
            batched.vjps = tuple([None if vjp is None else _for_batches(vjp) for vjp in rule.vjps])
            made = self._made[function] = rule, batched
        return made[1]


def _for_batches(vjp: Callable[..., Any]) -> Callable[..., Any]:
    def batched(g: Any, out: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return vjp(g, out, *args, **kwargs)
        except Exception:
            if not _count(g):  # no Batch has come here
                raise
            # the rule does what only one array can do: it looks at elements, or leaves NumPy
            return row_by_row(vjp, (g, out, *args), kwargs)

    return batched


BATCHED_RULES = _BatchedRules()
