"""Derivatives of `np.pad`, in all of its modes.

Every mode but `constant` goes axis by axis, as NumPy's does: a block before, the array, a block behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..primitive import composed, defvjp, is_value, plain_array, primitive
from .indexing import across
from .scatter import scatter_add
from .shape import astype

Widths: TypeAlias = tuple[int, int]
_OPTIONS = {
    "constant": "constant_values", "linear_ramp": "end_values", "edge": None, "wrap": None, "reflect": "reflect_type",
    "symmetric": "reflect_type", "maximum": "stat_length", "minimum": "stat_length", "mean": "stat_length",
    "median": "stat_length",
}  # fmt: skip
_STATISTICS: dict[str, Any] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}


@primitive
def pad_constant(x: Any, pad_width: Any, constant_values: Any = 0) -> Any:
    """`x` with constants around it."""
    return np.pad(x, pad_width, constant_values=constant_values)


def _pad_constant(g: Any, out: Any, x: Any, pad_width: Any, constant_values: Any = 0) -> Any:
    return g[tuple([slice(before, before + n) for (before, _), n in zip(pad_width, x.shape, strict=True)])]


defvjp(pad_constant, _pad_constant)


@primitive
def repeated(x: Any, source: Any, axis: int, before: int) -> Any:
    """The elements of `x` at the positions `source` along an axis, among which it stands as a whole behind `before`."""
    return x[across(axis, source)]


def _repeated(g: Any, out: Any, x: Any, source: Any, axis: int, before: int) -> Any:
    behind = before + x.shape[axis]
    inner = g[across(axis, slice(before, behind))]
    around = [*range(before), *range(behind, len(source))]
    return inner + scatter_add(g[across(axis, around)], across(axis, source[around]), x.shape)


defvjp(repeated, _repeated)


@composed(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    widths = _widths(pad_width, array.ndim)
    if not widths:
        return np.copy(array)
    if callable(mode):
        return _padded_by(mode, array, widths, options)
    if mode == "empty":
        raise TypeError(
            "np.pad has no gradient rule for mode='empty', which leaves the border undefined. Write mode='constant'."
        )
    if mode not in _OPTIONS:
        raise ValueError(f"np.pad has no mode {mode!r}; it has {', '.join(_OPTIONS)}")
    wrong = options.keys() - {_OPTIONS[mode]}
    if wrong:
        raise ValueError(f"np.pad with mode={mode!r} does not know {', '.join(wrong)}")
    if mode == "constant":
        return _padded_with(array, widths, options.get("constant_values", 0))
    for axis, width in enumerate(widths):
        if array.shape[axis] == 0 and any(width):
            raise ValueError(f"np.pad with mode={mode!r} cannot extend axis {axis} of shape {array.shape}: it is empty")
    if mode == "linear_ramp":
        ends = _pairs(options.get("end_values", 0), array.ndim)
        return _around(array, widths, lambda x, axis, width: _ramps(x, axis, width, ends[axis]))
    if mode in _STATISTICS:
        lengths = _pairs(options.get("stat_length"), array.ndim)
        return _around(array, widths, lambda x, axis, width: _statistic(x, axis, width, mode, lengths[axis]))
    if options.get("reflect_type", "even") == "odd":
        return _around(array, widths, lambda x, axis, width: _odd_reflection(x, axis, width, mode == "symmetric"))
    result = array
    for axis, width in enumerate(widths):
        if any(width):  # NumPy's own `pad`, of the positions, says which element stands where
            result = repeated(result, np.pad(np.arange(array.shape[axis]), width, mode), axis, width[0])
    return np.copy(array) if result is array else result


def _widths(pad_width: Any, ndim: int) -> list[Widths]:
    """The widths before and behind each axis."""
    if isinstance(pad_width, dict):
        by_axis = {axis % ndim: width for axis, width in pad_width.items()}
        pad_width = [by_axis.get(axis, 0) for axis in range(ndim)]
        pad_width = [(w, w) if np.ndim(w) == 0 else w for w in pad_width]
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu":
        raise TypeError(f"the widths of np.pad must be integers, not {pad_width!r}")
    if np.any(widths < 0):
        raise ValueError(f"the widths of np.pad cannot be negative: {pad_width!r}. To cut off write v[1:-1].")
    return [(before, behind) for before, behind in np.broadcast_to(widths, (ndim, 2)).tolist()]


def _pairs(option: Any, ndim: int) -> Any:
    """The option before and behind each axis, as `option[axis][side]`."""
    if isinstance(option, list | tuple):
        option = _stacked(option)
    return [(option, option)] * ndim if option is None else np.broadcast_to(option, (ndim, 2))


def _stacked(option: Any) -> Any:
    """Nested lists, in which there may be Values, as one array."""
    return np.stack([_stacked(part) for part in option]) if isinstance(option, list | tuple) else option


def _around(x: Any, widths: list[Widths], blocks: Callable[[Any, int, Widths], tuple[Any, Any]]) -> Any:
    """`x` between the two blocks that belong around each axis."""
    result = x
    for axis, width in enumerate(widths):
        if any(width):
            before, behind = blocks(result, axis, width)
            parts = [before, result, behind]
            parts = [part for part, n in zip(parts, (width[0], 1, width[1]), strict=True) if n]
            result = np.concatenate(parts, axis)
    return np.copy(x) if result is x else result


def _wide(x: Any, axis: int, width: int, content: Any) -> Any:
    """The content, broadcast to a block as wide as that beside `x`, and in its dtype."""
    shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
    return astype(np.broadcast_to(content, shape), x.dtype)


def _padded_with(x: Any, widths: list[Widths], constant_values: Any) -> Any:
    values = _pairs(constant_values, x.ndim)
    if not is_value(values):
        return pad_constant(x, widths, values.tolist())
    return _around(
        x, widths, lambda x, axis, width: tuple([_wide(x, axis, width[side], values[axis, side]) for side in (0, 1)])
    )


def _ramps(x: Any, axis: int, width: Widths, ends: Any) -> tuple[Any, Any]:
    """From the ends, which are reached, to the edges, which are not."""
    blocks = []
    for n, edge, end in zip(width, (0, -1), ends, strict=True):
        edge = x[across(axis, slice(edge, edge + 1 or None))]
        steps = _beside(x, axis, np.arange(n) / max(n, 1))
        blocks.append(_wide(x, axis, n, end + (edge - end) * steps))
    return blocks[0], np.flip(blocks[1], axis)


def _beside(x: Any, axis: int, numbers: Any) -> Any:
    """A row of numbers as factors along an axis of `x`, where its data live."""
    real = np.empty(0, x.dtype).real.dtype
    row = np.asarray(numbers, real, like=plain_array(x))
    return np.reshape(row, (-1, *(1,) * (x.ndim - axis - 1)))


def _statistic(x: Any, axis: int, width: Widths, mode: str, lengths: Any) -> tuple[Any, Any]:
    """A statistic of the elements next to each edge, or of all."""
    blocks = []
    n = x.shape[axis]
    for side in (0, 1):
        length = n if lengths[side] is None else min(int(lengths[side]), n)
        if length == 0 and mode in ("maximum", "minimum"):
            raise ValueError("stat_length of 0 yields no value for padding")
        part = x[across(axis, slice(None, length) if side == 0 else slice(n - length, None))]
        blocks.append(_wide(x, axis, width[side], _STATISTICS[mode](part, axis=axis, keepdims=True)))
    return blocks[0], blocks[1]


def _odd_reflection(x: Any, axis: int, width: Widths, symmetric: bool) -> tuple[Any, Any]:
    """At each edge: twice the edge less the mirror image; in closed form, however wide."""
    n = x.shape[axis]
    period = n if symmetric else n - 1
    if not period:
        return _wide(x, axis, width[0], x), _wide(x, axis, width[1], x)
    first, last = x[across(axis, slice(0, 1))], x[across(axis, slice(n - 1, n))]
    blocks = []
    for places, end in ((np.arange(-width[0], 0), 0), (np.arange(n, n + width[1]), 0 if symmetric else 1)):
        turns, rest = np.divmod(places - end, period)
        rest = rest + end  # the element between two turns belongs to the one nearer to the array
        odd = turns % 2 == 1
        block = x[across(axis, np.where(odd, n - 1 - rest, rest))] * _beside(x, axis, np.where(odd, -1, 1))
        for edge, times in ((last, np.where(odd, turns + 1, turns)), (first, np.where(odd, 1 - turns, -turns))):
            if times.any():  # an infinite edge must not turn up times 0
                block = block + edge * _beside(x, axis, times)
        blocks.append(block)
    return blocks[0], blocks[1]


def _padded_by(function: Callable[..., Any], x: Any, widths: list[Widths], options: dict[str, Any]) -> Any:
    """The user's function writes into each line, as into `v[i] = w`."""
    padded = pad_constant(x, widths)
    for axis, width in enumerate(widths):
        last = np.moveaxis(padded, axis, -1)
        lines = [last[i] for i in np.ndindex(last.shape[:-1])]
        for line in lines:
            function(line, width, axis, options)
        if lines:
            padded = np.moveaxis(np.reshape(np.stack(lines), last.shape), -1, axis)
    return padded
