"""What makes a trace shorter without changing a bit of its results.

Every pass takes the steps and what is to be kept of them, and returns both. `lower` writes calls in their shortest
form, `simplify` computes what is constant and drops what repeats or does nothing, `prune` what nobody asks for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..graph import nobody
from ..primitive import Primitive
from ..rules import part
from .effects import get_buffer, get_data, get_gradient, require, set_buffer, set_data, set_gradient, write_into
from .layout import owners_of
from .traced import Step, replaced, steps_in

Steps: TypeAlias = list[Step]
Call: TypeAlias = tuple[Any, tuple[Any, ...], dict[str, Any]]

# A constant that is computed once is kept for good: larger ones are computed at every call.
LARGEST_CONSTANT = 1 << 20


# ---- lowering: the same call by a shorter way ----


def _reduction(ufunc: Any) -> Callable[..., Call | None]:
    """np.sum and its kin as the method of the ufunc that they end in."""

    def lowered(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False, **others: Any) -> Call | None:
        if others or not isinstance(a, Step) or keepdims is np._NoValue:
            return None
        axis = tuple(axis) if isinstance(axis, list) else axis
        return ufunc.reduce, (a,), {"axis": axis, "dtype": dtype, "keepdims": bool(keepdims)}

    return lowered


def _extreme(ufunc: Any) -> Callable[..., Call | None]:
    def lowered(a: Any, axis: Any = None, *, keepdims: Any = False, **others: Any) -> Call | None:
        return _reduction(ufunc)(a, axis, keepdims=keepdims, **others)

    return lowered


def _power(x: Any, y: Any) -> Call | None:
    """What `x ** 2` and its kin do on floating arrays."""
    if not isinstance(x, Step) or type(y) not in (int, float) or x.out.dtype.kind != "f" or not np.ndim(x.out):
        return None
    short = {2: np.square, 1: np.positive, 0.5: np.sqrt, -1: np.reciprocal}.get(y)
    return (np.power, (x, y), {}) if short is None else (short, (x,), {})


def _reshaped(a: Any, /, shape: Any = None, *, order: Any = "C", copy: Any = None, **others: Any) -> Call | None:
    if order != "C" or copy is not None or others or not isinstance(a, Step):
        return None
    return np.reshape, (a, shape), {}


def _expanded(a: Any, axis: Any) -> Call | None:
    axes = (axis,) if np.ndim(axis) == 0 else tuple(axis)
    ndim = np.ndim(a.out) + len(axes)
    places = {i % ndim for i in axes}
    index = tuple(None if i in places else slice(None) for i in range(ndim))
    while index and index[-1] == slice(None):
        index = index[:-1]
    return operator.getitem, (a, index), {}


def _transposed(function: Any) -> Callable[..., Call | None]:
    def lowered(a: Any, *args: Any, **kwargs: Any) -> Call | None:
        if not isinstance(a, Step):
            return None
        axes = tuple(function(np.empty(tuple(range(2, 2 + np.ndim(a.out))), bool), *args, **kwargs).shape)
        return np.transpose, (a, tuple(n - 2 for n in axes)), {}

    return lowered


LOWERED: dict[Any, Callable[..., Call | None]] = {
    np.sum: _reduction(np.add),
    np.prod: _reduction(np.multiply),
    np.max: _extreme(np.maximum),
    np.min: _extreme(np.minimum),
    operator.pow: _power,
    np.reshape: _reshaped,
    np.expand_dims: _expanded,
    np.transpose: _transposed(np.transpose),
    np.swapaxes: _transposed(np.swapaxes),
    np.moveaxis: _transposed(np.moveaxis),
    np.matrix_transpose: _transposed(np.matrix_transpose),
    np.squeeze: lambda a, axis=None: (np.reshape, (a, np.squeeze(a.out, axis).shape), {}),
}


def lower(steps: Steps, kept: list[Any]) -> tuple[Steps, list[Any]]:
    """Write each call in its shortest form."""
    lowered: Steps = []
    for step in steps:
        if step.function is np.mean:
            lowered += _mean(step)
            continue
        rewrite = LOWERED.get(step.function) if step.function is not None else None
        if rewrite is not None:
            try:
                short = rewrite(*step.args, **step.kwargs)
            except TypeError:  # arguments that the short form does not know
                short = None
            if short is not None:
                step.function, step.args, step.kwargs = short
        lowered.append(step)
    return lowered, kept


def like(step: Step, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> Step:
    """Another step in the place of a step: a call from the same line."""
    other = Step()
    other.function, other.args, other.kwargs, other.out = function, args, kwargs, out
    other.parents = tuple(steps_in((args, kwargs)))
    other.order, other.scope, other.line, other.backward = step.order, step.scope, step.line, step.backward
    other.name = other.hooks = other.source = None
    other.handle, other.effect, other.alias = nobody, False, False
    return other


def _mean(step: Step) -> Steps:
    """A mean as NumPy computes it: the sum, over the count."""

    def parts(a: Any, axis: Any = None, *, keepdims: Any = False) -> tuple[Any, Any, bool]:
        return a, axis, bool(keepdims)

    try:
        a, axis, keepdims = parts(*step.args, **step.kwargs)
    except TypeError:
        return [step]
    if not isinstance(a, Step) or a.out.dtype.char not in "fd" or not np.size(step.out):
        return [step]
    count = a.out.size // step.out.size
    if count >= 1 << 24:  # not exact as a float32
        return [step]
    options: dict[str, Any] = {
        "axis": tuple(axis) if isinstance(axis, list) else axis,
        "dtype": None,
        "keepdims": keepdims,
    }
    total = like(step, np.add.reduce, (a,), options, np.add.reduce(a.out, **options))
    step.function, step.args, step.kwargs, step.parents = np.divide, (total, float(count)), {}, (total,)
    return [total, step]


def is_reduction(function: Any) -> bool:
    return isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce"


def is_elementwise(function: Any) -> bool:
    return isinstance(function, np.ufunc) and function.signature is None and function.nout == 1


# ---- simplifying ----


def is_pure(step: Step) -> bool:
    """Whether the same call on the same arrays always returns the same."""
    return not step.effect and step.function is not None


def is_constant(step: Step) -> bool:
    """Whether the array of a step is the same at every call."""
    return step.function is None and step.source is None


def _key(tree: Any) -> Any:
    """Something equal for equal arguments; arrays are compared by identity."""
    if isinstance(tree, list | tuple):
        return (type(tree), *map(_key, tree))
    if isinstance(tree, dict):
        return tuple((name, _key(item)) for name, item in sorted(tree.items()))
    if isinstance(tree, slice):
        return slice, _key(tree.start), _key(tree.stop), _key(tree.step)
    if isinstance(tree, float):
        return float, tree.hex()
    if tree is None or isinstance(tree, str | int | bool | complex | np.dtype | type):
        return type(tree), tree
    return id(tree)


_RETURNS_ITS_ARGUMENT = {np.positive}
_FRESH = {np.zeros_like: 0.0, np.ones_like: 1.0}


def _is_number(x: Any, number: float) -> bool:
    """Whether an argument is this number, or an array that holds nothing else."""
    if isinstance(x, Step):
        if x.function in _FRESH:
            return _FRESH[x.function] == number
        if not is_constant(x):
            return False
        x = x.out
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "fiu" and x.size > 0 and (x.size == 1 or not any(x.strides)) and x.flat[0] == number
    return isinstance(x, int | float | np.number) and not isinstance(x, bool) and x == number


def _identity(step: Step) -> Any:
    """The argument that a call returns unchanged, to the bit, if there is one."""
    args, function = step.args, step.function
    found = None
    if function is np.multiply and not step.kwargs:
        x, y = args
        found = x if _is_number(y, 1) else y if _is_number(x, 1) else None
    elif (function is np.divide and not step.kwargs and _is_number(args[1], 1)) or function is np.positive:
        found = args[0]
    elif function is np.negative and isinstance(args[0], Step) and args[0].function is np.negative:
        found = args[0].args[0]
    elif function is np.astype and isinstance(args[0], Step) and args[0].out.dtype == step.out.dtype:
        found = args[0]
    elif function is np.reshape or function is np.broadcast_to:
        found = args[0] if isinstance(args[0], Step) and args[0].out.shape == step.out.shape else None
    elif function is np.transpose and args[1] == tuple(range(len(args[1]))):
        found = args[0]
    if not isinstance(found, Step) or found.out.dtype != step.out.dtype or found.out.shape != step.out.shape:
        return None
    return found if type(found.out) is type(step.out) and _layout(found) == _layout(step) else None


def _layout(step: Step) -> Any:
    return getattr(step.out, "strides", None)


def _without_broadcasting(step: Step) -> None:
    """Let an elementwise call broadcast by itself what was broadcast for it."""
    function = step.function
    if not isinstance(function, np.ufunc) or function.signature is not None or not np.ndim(step.out):
        return
    shapes = [np.shape(x.out) if isinstance(x, Step) else np.shape(x) for x in step.args]
    args = list(step.args)
    for i, x in enumerate(args):
        if isinstance(x, Step) and x.function is np.broadcast_to and isinstance(x.args[0], Step):
            below = x.args[0]
            others = [shape for k, shape in enumerate(shapes) if k != i]
            scalar = not isinstance(below.out, np.ndarray)
            if scalar and all(isinstance(y, Step) is False for k, y in enumerate(args) if k != i):
                continue
            if np.broadcast_shapes(np.shape(below.out), *others) == step.out.shape:
                args[i], shapes[i] = below, np.shape(below.out)
    step.args = tuple(args)
    step.parents = tuple(steps_in((step.args, step.kwargs)))


def simplify(steps: Steps, kept: list[Any]) -> tuple[Steps, list[Any]]:
    """Compute what is constant, and drop calls that repeat another one or return their argument.

    What leaves the program stays an array of its own.
    """
    leaving = escaping(steps, kept)
    written = {step.parents[0] for step in steps if step.function is write_into}
    instead: dict[Step, Step] = {}
    known: dict[Any, Step] = {}
    remaining: Steps = []

    def current(x: Step) -> Step:
        return instead.get(x, x)

    for step in steps:
        step.args, step.kwargs = replaced(step.args, Step, current), replaced(step.kwargs, Step, current)
        step.parents = tuple(steps_in((step.args, step.kwargs)))
        if is_pure(step):
            _fuse_views(step)
            _without_broadcasting(step)
            if step in leaving and not step.alias:
                remaining.append(step)
                continue
            same = _identity(step)
            if same in written:  # it will hold other numbers
                same = None
            if same is not None:
                instead[step] = same
                continue
            key = (_key_of(step.function), _key(step.args), _key(step.kwargs))
            twin = known.setdefault(key, step)
            if twin is not step:
                instead[step] = twin
                continue
            if _is_constant(step):
                step.function, step.args, step.kwargs, step.parents = None, (), {}, ()
        remaining.append(step)
    return remaining, [instead.get(x, x) if isinstance(x, Step) else x for x in kept]


# effects that keep the arrays that they receive
HOLDING = {set_data, set_gradient, set_buffer}


def escaping(steps: Steps, kept: list[Any]) -> set[Step]:
    """The steps in whose memory something lies that the user may hold on to after a call."""
    owners = owners_of(steps)
    held = list(steps_in(kept))
    for step in steps:
        if step.effect and (step.function in HOLDING or not _only_reads(step.function)):
            held += step.parents
    return set().union(*[owners.get(step, {step}) for step in held])


def _only_reads(function: Any) -> bool:
    return isinstance(function, Primitive) or (function.__module__ or "").startswith(__package__)


def _key_of(function: Any) -> Any:
    try:
        hash(function)
    except TypeError:
        return id(function)
    return function


def _is_constant(step: Step) -> bool:
    """Whether a call hangs on constants alone, so that the example's result is that of every call."""
    if step.function is part:
        return False
    return (
        (step.function in _FRESH or all(is_constant(parent) for parent in step.parents))
        and isinstance(step.out, np.ndarray | np.generic)
        and step.out.nbytes <= LARGEST_CONSTANT
    )


def _fuse_views(step: Step) -> None:
    """A view of a view is a view of what is below."""
    inner = step.args[0] if step.args and isinstance(step.args[0], Step) else None
    if inner is None or inner.effect or inner.function is not step.function:
        return
    below = inner.args[0]
    if not isinstance(below, Step):
        return
    if step.function is np.transpose:
        step.args = (below, tuple(inner.args[1][i] for i in step.args[1]))
    elif step.function is np.reshape and inner.alias:
        step.args = (below, step.out.shape)
    else:
        return
    step.parents = (below,)


# effects only because they must stay behind those that change what they read
READING = {get_data, get_gradient, get_buffer}


def prune(steps: Steps, kept: list[Any]) -> tuple[Steps, list[Any]]:
    """Drop what neither a result nor an effect hangs on."""
    needed = set(steps_in(kept))
    remaining: Steps = []
    for step in reversed(steps):
        if step in needed or (step.effect and step.function not in READING):
            needed.update(step.parents)
            remaining.append(step)
    remaining.reverse()
    return remaining, kept


def hoist(steps: Steps, kept: list[Any]) -> tuple[Steps, list[Any]]:
    """Bring conditions to the front, so that nothing has happened yet when one does not hold."""
    conditions = [step for step in steps if step.function is require]
    if not conditions:
        return steps, kept
    front, _ = prune([step for step in steps if not step.effect or step in conditions], [])
    first = set(front)
    return [*front, *[step for step in steps if step not in first]], kept
