"""Derivatives of differences, integrals, interpolation, convolution and sequences of numbers between two ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..arguments import constant
from ..primitive import composed, defvjp, defvjp_joint, is_value, plain_array, primitive
from ..tracing import expected
from .elementwise import conj, masked
from .indexing import getitem, setitem
from .scatter import scatter_add
from .shape import astype


def array(x: Any) -> Any:
    """A list or a number as an array; anything that is one already stays what it is."""
    return x if hasattr(x, "ndim") else np.asarray(constant(x))


def _along(axis: int, ndim: int, index: Any) -> tuple[Any, ...]:
    """The index that reads `index` along one axis and everything along the others."""
    return (*(slice(None),) * axis, index, *(slice(None),) * (ndim - axis - 1))


def counted(n: int, like: Any, dtype: Any = None) -> Any:
    """1, 2, ..., n in the array library of `like`."""
    return np.cumsum(np.ones_like(like, shape=(max(n, 0),), dtype=dtype))


# ---- differences ----


@primitive
def diff(x: Any, n: int, axis: int) -> Any:
    """The `n`-th differences along an axis."""
    return np.diff(x, n, axis)


def _diff(g: Any, out: Any, x: Any, n: int, axis: int) -> Any:
    """The transpose of a difference is the negative difference, with zeros on both sides."""
    if x.shape[axis] <= n:  # nothing was left to differ
        return masked(x, False)
    zeros = np.zeros_like(g, shape=(*x.shape[:axis], n, *x.shape[axis + 1 :]))
    return (-1) ** n * np.diff(np.concatenate([zeros, g, zeros], axis), n, axis)


defvjp(diff, _diff)


@composed(np.diff)
def _diff_spelled(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Any:
    if n == 0:  # NumPy looks at nothing else then
        return a
    if n < 0:
        raise ValueError(f"np.diff takes differences of order n >= 0, not {n}")
    a = array(a)
    if not a.ndim:
        raise ValueError("np.diff needs an axis along which to take differences, but it got a scalar")
    axis = normalize_axis_index(axis, a.ndim)
    ends = [end if end is np._NoValue else _end(end, a, axis) for end in (prepend, append)]
    joined: list[Any] = [part for part in (ends[0], a, ends[1]) if part is not np._NoValue]
    return diff(np.concatenate(joined, axis) if len(joined) > 1 else a, n, axis)


def _end(end: Any, a: Any, axis: int) -> Any:
    """What is prepended or appended; a number stands for itself in every row."""
    if np.ndim(end):
        return array(end)
    shape = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    return (
        np.broadcast_to(end, shape)
        if hasattr(end, "dtype")
        else np.full_like(a, end, dtype=np.result_type(end), shape=shape)
    )


@composed(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(array(ary))
    inner = flat[1:] - flat[:-1]
    if to_end is None and to_begin is None:
        return inner
    ends = [_end_like(end, name, flat) for end, name in ((to_begin, "to_begin"), (to_end, "to_end"))]
    return np.concatenate([part for part in (ends[0], inner, ends[1]) if part is not None])


def _end_like(end: Any, name: str, flat: Any) -> Any:
    if end is None:
        return None
    end = array(end) if np.ndim(end) else end
    dtype = np.result_type(end)
    if not np.can_cast(dtype, flat.dtype, "same_kind"):
        raise TypeError(f"np.ediff1d: {name} is {dtype}, which does not fit into the {flat.dtype} of the array")
    if not hasattr(end, "dtype") and not np.ndim(end):
        return np.full_like(flat, end, shape=(1,))
    end = np.ravel(end)
    return end if end.dtype == flat.dtype else astype(end, flat.dtype)


@composed(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    f = array(f)
    if f.dtype.kind in "iub":
        f = astype(f, np.float64)
    axes = tuple(range(f.ndim)) if axis is None else normalize_axis_tuple(axis, f.ndim)
    if edge_order not in (1, 2):
        raise ValueError(f"np.gradient knows edge_order 1 and 2, not {edge_order!r}")
    slopes = []
    for along, spacing in zip(axes, _spacings(f, varargs, axes), strict=True):
        if f.shape[along] < edge_order + 1:
            raise ValueError(
                f"np.gradient with edge_order={edge_order} needs at least {edge_order + 1} elements along axis "
                f"{along}, but the array of shape {f.shape} has {f.shape[along]}"
            )
        slopes.append(_slope(f, spacing, along, edge_order))
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def _spacings(f: Any, varargs: tuple[Any, ...], axes: tuple[int, ...]) -> list[Any]:
    """For each axis one distance, or the distances of all neighbours."""
    if not varargs:
        return [1.0] * len(axes)
    if len(varargs) == 1 and np.ndim(varargs[0]) == 0:
        return list(varargs) * len(axes)
    if len(varargs) != len(axes):
        raise TypeError(
            f"np.gradient along {len(axes)} axes needs no spacing, one number, or one spacing for each axis; "
            f"it got {len(varargs)}"
        )
    return [_distances(x, f.shape, along) for x, along in zip(varargs, axes, strict=True)]


def _distances(x: Any, shape: tuple[int, ...], axis: int) -> Any:
    if not np.ndim(x):
        return x
    x = array(x)
    if x.shape != (shape[axis],):
        raise ValueError(
            f"np.gradient: the places along axis {axis} have shape {x.shape}, but the array of shape {shape} "
            f"needs ({shape[axis]},) there, or one number"
        )
    distances = np.diff(astype(x, np.float64) if x.dtype.kind in "iub" else x)
    # NumPy takes equal distances for one number; of a Value that would leave all but the first without a gradient
    return distances[0] if not is_value(x) and bool((distances == distances[0]).all()) else distances


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """Central differences inside, one-sided ones of first or second order at both ends."""

    def at(start: int | None, stop: int | None) -> Any:
        return f[_along(axis, f.ndim, slice(start, stop))]

    def column(weight: Any) -> Any:
        return np.reshape(weight, (-1,) + (1,) * (f.ndim - axis - 1)) if np.ndim(weight) else weight

    even = not np.ndim(spacing)
    if even:
        inside = (at(2, None) - at(None, -2)) / (2.0 * spacing)
    else:
        h, k = spacing[:-1], spacing[1:]  # the distances to the left and to the right
        a, b, c = -k / (h * (h + k)), (k - h) / (h * k), h / (k * (h + k))
        inside = column(a) * at(None, -2) + column(b) * at(1, -1) + column(c) * at(2, None)
    if edge_order == 1:
        first, last = (spacing, spacing) if even else (spacing[0], spacing[-1])
        left, right = (at(1, 2) - at(None, 1)) / first, (at(-1, None) - at(-2, -1)) / last
    else:
        if even:
            starts = -1.5 / spacing, 2.0 / spacing, -0.5 / spacing
            ends = 0.5 / spacing, -2.0 / spacing, 1.5 / spacing
        else:
            h, k = spacing[0], spacing[1]
            starts = -(2.0 * h + k) / (h * (h + k)), (h + k) / (h * k), -h / (k * (h + k))
            h, k = spacing[-2], spacing[-1]
            ends = k / (h * (h + k)), -(k + h) / (h * k), (2.0 * k + h) / (k * (h + k))
        left = starts[0] * at(0, 1) + starts[1] * at(1, 2) + starts[2] * at(2, 3)
        n = f.shape[axis]
        right = ends[0] * at(n - 3, n - 2) + ends[1] * at(n - 2, n - 1) + ends[2] * at(n - 1, n)
    joined = np.concatenate([left, inside, right], axis)
    return joined if joined.dtype == f.dtype else astype(joined, f.dtype)


# the turns that are added are constant between the jumps
defvjp(np.unwrap, lambda g, out, p, discont=None, axis=-1, *, period=2 * np.pi: g)


# ---- integrals ----


@composed(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    y, width = array(y), dx
    if x is not None:
        x = array(x)
        width = np.diff(x, axis=0 if x.ndim == 1 else axis)
    of_y = normalize_axis_index(axis, y.ndim)
    if x is not None and x.ndim == 1:
        width = np.reshape(width, (-1,) + (1,) * (y.ndim - of_y - 1))
    upper, lower = (y[_along(of_y, y.ndim, part)] for part in (slice(1, None), slice(None, -1)))
    return np.sum(width * (upper + lower) / 2.0, axis=axis)  # of an x with more axes than y there are more


# ---- interpolation ----


@primitive
def interp(x: Any, xp: Any, fp: Any) -> Any:
    """The piecewise linear function through the points `(xp, fp)`, constant outside of them."""
    return np.interp(x, xp, fp)


def _interp(g: Any, out: Any, x: Any, xp: Any, fp: Any) -> tuple[Any, Any, Any]:
    """y = f0 (1 - t) + f1 t with t = (x - x0) / (x1 - x0), and dy/dx = (f1 - f0) / (x1 - x0).

    At a knot it is the segment to the right that counts, at the last knot the one to the left, as in JAX.
    """
    last = max(xp.size - 2, 0)
    i = np.clip(np.searchsorted(xp, x, "right") - 1, 0, last)
    k = np.minimum(i + 1, xp.size - 1)
    x0, x1, f0, f1 = (getitem(ends, place) for ends in (xp, fp) for place in (i, k))
    empty = x0 == x1  # a jump at the very end, or a single point
    width = np.where(empty, 1, x1 - x0)
    t = np.where(empty, 1, np.clip((x - x0) / width, 0, 1))
    rise = masked(g * ((f1 - f0) / width), (x >= xp[0]) & (x <= xp[-1]) & np.logical_not(empty))

    def gathered(left: Any, right: Any) -> Any:
        return scatter_add(left, i, xp.shape) + scatter_add(right, k, xp.shape)

    return rise, -gathered(rise * (1 - t), rise * t), gathered(g * (1 - t), g * t)


defvjp_joint(interp, _interp)


@composed(np.interp)
def _interp_spelled(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    x, xp, fp = array(x), array(xp), array(fp)
    if xp.ndim != 1 or fp.shape != xp.shape:
        raise ValueError(f"np.interp needs xp and fp of one shape (n,), but they have shapes {xp.shape} and {fp.shape}")
    if period is not None:
        if expected(period == 0):
            raise ValueError("np.interp: the period must not be 0")
        period = np.abs(period)
        x, xp = astype(x, np.float64) % period, astype(xp, np.float64) % period
        order = np.argsort(xp)
        xp, fp = np.take_along_axis(xp, order, 0), np.take_along_axis(fp, order, 0)
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        return interp(x, xp, fp)  # which has no outside, so that NumPy leaves `left` and `right` unread
    y = interp(x, xp, fp)
    if left is not None:
        y = np.where(x < xp[0], left, y)
    if right is not None:
        y = np.where(x > xp[-1], right, y)
    return y if y.ndim else y[()]


# ---- convolution ----


def _whole(g: Any, missing: int, before: int) -> Any:
    """`g` as the gradient of a full convolution, of which `missing` elements were left out."""
    return np.pad(g, (before, missing - before)) if missing else g


def _from_convolution(g: Any, x: Any, y: Any) -> Any:
    """The gradient of a whole convolution; "same" leaves out less to the left, if it cannot be even."""
    missing = np.size(x) + np.size(y) - 1 - g.size
    return _whole(g, missing, missing // 2)


def _from_correlation(g: Any, x: Any, y: Any) -> Any:
    """The same; NumPy correlates the longer with the shorter and turns the result round afterwards."""
    missing = np.size(x) + np.size(y) - 1 - g.size
    return _whole(g, missing, (missing + (np.size(x) < np.size(y))) // 2)


def _one_row(x: Any) -> Any:
    return np.reshape(x, (-1,))


defvjp(
    np.convolve,
    lambda g, out, a, v, mode="full": np.convolve(_from_convolution(g, a, v), np.flip(_one_row(v)), "valid"),
    lambda g, out, a, v, mode="full": np.convolve(_from_convolution(g, a, v), np.flip(_one_row(a)), "valid"),
)
# correlate(a, v) = convolve(a, flip(conj(v)))
defvjp(
    np.correlate,
    lambda g, out, a, v, mode="valid": np.correlate(_from_correlation(g, a, v), np.flip(v), "valid"),
    lambda g, out, a, v, mode="valid": conj(np.flip(np.convolve(_from_correlation(g, a, v), np.flip(a), "valid"))),
)


# ---- numbers between two ends ----


def _linspace(g: Any, out: Any, num: int, endpoint: Any, retstep: Any, axis: Any, towards_stop: bool) -> Any:
    """start (1 - t) + stop t with t = 0, 1/div, 2/div, ...; and the step, (stop - start) / div."""
    points, step = g if retstep else (g, None)
    div = max(num - bool(endpoint), 1)
    share = 0
    if points is not None:
        t = (counted(num, points) - 1) / div
        axis = normalize_axis_index(axis, points.ndim)
        share = np.sum(
            points * np.reshape(t if towards_stop else 1 - t, (-1,) + (1,) * (points.ndim - axis - 1)), axis=axis
        )
    return share if step is None else share + (step / div if towards_stop else -step / div)


defvjp(
    np.linspace,
    lambda g, out, start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0: _linspace(
        g, out, num, endpoint, retstep, axis, False
    ),
    lambda g, out, start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0: _linspace(
        g, out, num, endpoint, retstep, axis, True
    ),
)


@composed(np.logspace)
def _logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, base: Any = 10.0, dtype: Any = None, axis: Any = 0
) -> Any:
    if np.ndim(base):
        ends = [array(x) for x in (start, stop, base)]
        ndim = max(x.ndim for x in ends)
        start, stop, base = (np.reshape(x, (1,) * (ndim - x.ndim) + x.shape) for x in ends)
        base = np.expand_dims(base, axis)
    y = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else astype(y, np.dtype(dtype))


@composed(np.geomspace)
def _geomspace(start: Any, stop: Any, num: Any = 50, endpoint: Any = True, dtype: Any = None, axis: Any = 0) -> Any:
    start, stop = (array(x) if np.ndim(x) else x for x in (start, stop))
    if expected(np.any(start == 0)) or expected(np.any(stop == 0)):
        raise ValueError("np.geomspace: a geometric sequence cannot start or stop at 0")
    kind = np.result_type(np.result_type(start), np.result_type(stop), float(num), np.dtype(dtype))  # None: float64
    start, stop = (astype(x, kind) if hasattr(x, "dtype") else kind.type(x) for x in (start, stop))
    sign = np.sign(plain_array(start))  # its share cancels, on complex numbers too
    start, stop = start / sign, stop / sign
    points = np.logspace(np.log10(start), np.log10(stop), num, endpoint, dtype=kind)
    if num > 0:  # the ends to the last bit
        points = setitem(points, start, 0)
        if num > 1 and endpoint:
            points = setitem(points, stop, -1)
    points = points * sign
    if axis != 0:
        points = np.moveaxis(points, 0, axis)
    return astype(points, kind if dtype is None else np.dtype(dtype))
