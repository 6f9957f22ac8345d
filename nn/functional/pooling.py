"""Pooling: the largest element, or the average, of every window of an image.

Windows over two axes are taken along one axis after the other, which needs k + k steps where k · k elements are looked
at; the largest element is still the first one of its window, row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as ag

from .resample import resample
from .windows import Lengths, per_axis, positions, reaches

Size = int | None | Sequence[int | None]


def max_pool1d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of every window along the last axis; see `max_pool2d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, length_out)`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[3., 2.]])
    """
    return _pool_max("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of every window over the last two axes.

    The gradient goes to the first of equal elements. A nan is larger than everything.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, height_out, width_out)` with,
    along each axis, length_out = (length + 2 padding - dilation (kernel - 1) - 1) // stride + 1.

    Args:
        input: the images.
        kernel_size: the lengths of a window.
        stride: how far the window moves at a time, by default its length.
        padding: how many elements -inf are put on both sides; at most half a window.
        dilation: the distance between two elements of a window.
        ceil_mode: round the division up: windows may reach over the end, but start before it.
        return_indices: return also which element it was, counted row by row in its image.

    Raises:
        ValueError: an argument is out of its range, or the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
        array([[[ 5.,  7.],
                [13., 15.]]])
    """
    return _pool_max("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The average of every window along the last axis; see `avg_pool2d`.

    Shapes: `(batch, channels, length)` or without batch -> `(batch, channels, length_out)`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[2., 1.]])
    """
    return _pool_avg("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of every window over the last two axes.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, height_out, width_out)`, with the
    lengths of `max_pool2d`.

    Args:
        input: the images.
        kernel_size: the lengths of a window.
        stride: how far the window moves at a time, by default its length.
        padding: how many zeros are put on both sides; at most half a window.
        ceil_mode: round the division up: windows may reach over the end, but start before it.
        count_include_pad: whether the zeros count as elements.
        divisor_override: what sums are divided by, instead of the number of elements.

    Raises:
        ValueError: an argument is out of its range, or the window is larger than the input.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
        array([[[ 2.5,  4.5],
                [10.5, 12.5]]])
    """
    return _pool_avg(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def adaptive_avg_pool1d(input: Any, output_size: Size) -> Any:
    """The averages of `output_size` windows that cover the last axis; see `adaptive_avg_pool2d`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_avg_pool1d(np.array([[1.0, 3.0, 2.0]]), 2)
        array([[2. , 2.5]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Size) -> Any:
    """The averages of windows that cover the last two axes, as many as are wanted whatever the size of the image.

    Window i of n reaches from floor(i · length / n) to ceil((i + 1) · length / n).

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, *output_size)`.

    Args:
        input: the images.
        output_size: how many windows along both axes; None for as many as there are elements.

    Raises:
        ValueError: an axis is empty, or a number is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_avg_pool2d(np.arange(6.0).reshape(1, 2, 3), (1, None))
        array([[[1.5, 2.5, 3.5]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_max_pool1d(input: Any, output_size: Size, return_indices: bool = False) -> Any:
    """The largest elements of `output_size` windows that cover the last axis; see `adaptive_max_pool2d`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_max_pool1d(np.array([[1.0, 3.0, 2.0]]), 2)
        array([[3., 3.]])
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Size, return_indices: bool = False) -> Any:
    """The largest elements of windows that cover the last two axes; the windows are those of `adaptive_avg_pool2d`.

    Shapes: `(batch, channels, height, width)` or without batch -> `(batch, channels, *output_size)`.

    Args:
        input: the images.
        output_size: how many windows along both axes; None for as many as there are elements.
        return_indices: return also which element it was, counted row by row in its image.

    Raises:
        ValueError: an axis is empty, or a number is negative.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.adaptive_max_pool2d(np.arange(6.0).reshape(1, 2, 3), 1)
        array([[[5.]]])
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


class _Geometry(NamedTuple):
    """Where the windows lie over the last axes."""

    kernel: Lengths
    stride: Lengths
    padding: Lengths
    dilation: Lengths
    counts: Lengths

    @property
    def apart(self) -> bool:
        """Whether no element is in two windows."""
        return all(d * (k - 1) < s for k, s, d in zip(self.kernel, self.stride, self.dilation, strict=True))


def _geometry(
    name: str, axes: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> _Geometry:
    _check_axes(name, axes, x)
    kernel = per_axis("kernel_size", kernel_size, axes, 1)
    moves = kernel if stride is None else per_axis("stride", stride, axes, 1)
    before, steps = per_axis("padding", padding, axes), per_axis("dilation", dilation, axes, 1)
    if any(p > (d * (k - 1) + 1) // 2 for p, k, d in zip(before, kernel, steps, strict=True)):
        raise ValueError(
            f"pad should be at most half of effective kernel size, but got pad={padding}, kernel_size={kernel_size} "
            f"and dilation={dilation}"
        )
    counts = []
    for n, k, s, p, d in zip(x.shape[-axes:], kernel, moves, before, steps, strict=True):
        free = n + 2 * p - d * (k - 1) - 1
        count = (free + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1  # it would start in the padding behind the end
        counts.append(count)
    if min(counts) < 1 or 0 in x.shape[-axes:]:
        raise ValueError(
            f"Given input of size {list(x.shape)}, {name} with kernel_size={kernel_size}, stride={stride}, "
            f"padding={padding} and dilation={dilation} has output lengths {tuple(counts)}. Output size is too small: "
            "pass a smaller kernel or a larger input."
        )
    return _Geometry(kernel, moves, before, steps, tuple(counts))


def _check_axes(name: str, axes: int, x: Any) -> None:
    if x.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{name}: Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input, but got {x.ndim}D input of "
            f"size {list(x.shape)}"
        )


def _padded(x: Any, geometry: _Geometry, value: Any) -> Any:
    """`x` with its last axes as long as the windows reach, and `value` around it."""
    axes, before = len(geometry.kernel), geometry.padding
    lengths = reaches(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation)
    if not any(before) and all(n <= m for n, m in zip(lengths, x.shape[-axes:], strict=True)):
        return x[(..., *[slice(n) for n in lengths])]
    kept = [min(m, n - b) for n, m, b in zip(lengths, x.shape[-axes:], before, strict=True)]
    out: Any = np.full_like(x, value, shape=(*x.shape[:-axes], *lengths))
    out[(..., *[slice(b, b + m) for b, m in zip(before, kept, strict=True)])] = x[(..., *[slice(m) for m in kept])]
    return out


def _unpadded(padded: Any, geometry: _Geometry, lengths: Lengths) -> Any:
    """The adjoint of `_padded`: what belongs to `x`."""
    return padded[(..., *[slice(b, b + m) for b, m in zip(geometry.padding, lengths, strict=True)])]


def _steps(geometry: _Geometry) -> list[tuple[int, list[tuple[Any, ...]]]]:
    """For each axis, the last one first: its number from the end, and where the elements of windows are along it."""
    found = []
    for axis in reversed(range(len(geometry.kernel))):
        along = tuple([values[axis : axis + 1] for values in (geometry[4], *geometry[:2], geometry[3])])
        rest = (slice(None),) * (len(geometry.kernel) - axis - 1)
        counts, kernel, stride, dilation = along
        places = [(..., *where, *rest) for where in positions(counts, kernel, stride, dilation)]
        found.append((axis - len(geometry.kernel), places))
    return found


def _pool_max(
    name: str,
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    geometry = _geometry(name, axes, x, kernel_size, stride, padding, dilation, ceil_mode)
    out = _max_pool(x, geometry)
    return (out, _flat(_winners(_raw(x), _raw(out), geometry), geometry, x.shape)) if return_indices else out


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, ag.Value) else x


def _lowest(x: Any) -> Any:
    return -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min


@ag.primitive
def _max_pool(x: Any, geometry: _Geometry) -> Any:
    """The largest element of each window."""
    best = _padded(x, geometry, _lowest(x))
    for _, (first, *others) in _steps(geometry):
        values, best = best, best[first]
        for where in others:
            best = np.maximum(best, values[where])
    return best


def _winners(x: Any, out: Any, geometry: _Geometry) -> Any:
    """Which element of its window is the largest: the first of equal ones, the last nan, and never the padding."""
    places = math.prod(geometry.kernel)
    kind: Any = np.uint8 if places < 256 else np.int32
    if out.dtype.kind == "f" and not np.isfinite(out).all():
        return _careful_winners(x, geometry).astype(kind)
    padded = _padded(x, geometry, _lowest(x))
    winner, missed = np.zeros_like(out, kind), True
    for where in list(positions(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation))[:-1]:
        missed = (padded[(..., *where)] != out) & missed
        winner += missed  # counts those before the first that is the largest
    return winner


def _careful_winners(x: Any, geometry: _Geometry) -> Any:
    """`_winners` where there are nan, or -inf, which is also what the padding holds."""
    best, real = _padded(x, geometry, -np.inf), _padded(np.ones_like(x, bool), geometry, False)
    winner, weight = np.zeros_like(best, np.int32), 1
    for axis, (first, *others) in _steps(geometry):
        values, reals, before = best, real, winner
        best, real, winner = best[first], real[first], winner[first]
        for k, where in enumerate(others, 1):
            candidate = values[where]
            better = (candidate > best) | (candidate != candidate) | (reals[where] & ~real)
            best, real = np.where(better, candidate, best), real | reals[where]
            winner = np.where(better, k * weight + before[where], winner)
        weight *= geometry.kernel[axis]
    return winner


def _flat(winner: Any, geometry: _Geometry, shape: Lengths) -> Any:
    """The position of the winners in their image, counted row by row."""
    axes = len(geometry.kernel)
    flat, rest, weight = 0, winner.astype(np.int64), 1
    for axis in reversed(range(axes)):
        rest, k = np.divmod(rest, geometry.kernel[axis])
        start = np.arange(geometry.counts[axis]) * geometry.stride[axis] - geometry.padding[axis]
        start = start.reshape(-1, *[1] * (axes - axis - 1))
        flat = flat + (start + k * geometry.dilation[axis]) * weight
        weight *= shape[axis - axes]
    return flat


@ag.primitive
def _max_place(g: Any, winner: Any, geometry: _Geometry, lengths: Lengths) -> Any:
    """`g` at the places of the winners, zeros elsewhere."""
    kernel, counts, stride, dilation = geometry.kernel, geometry.counts, geometry.stride, geometry.dilation
    axes, apart = len(lengths), geometry.apart
    size = reaches(counts, kernel, stride, dilation)
    size = tuple([max(n, p + m) for n, p, m in zip(size, geometry.padding, lengths, strict=True)])
    out: Any = np.zeros_like(g, shape=(*g.shape[:-axes], *size))
    for k, where in enumerate(positions(counts, kernel, stride, dilation)):
        share = np.where(winner == k, g, g.dtype.type(0))
        if apart:
            out[(..., *where)] = share
        else:
            out[(..., *where)] += share
    return _unpadded(out, geometry, lengths)


@ag.primitive
def _max_pick(x: Any, winner: Any, geometry: _Geometry) -> Any:
    """The elements of `x` at the places of the winners."""
    padded = _padded(x, geometry, 0)
    out = np.zeros_like(padded, shape=winner.shape)
    for k, where in enumerate(positions(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation)):
        out = np.where(winner == k, padded[(..., *where)], out)
    return out


def _place_vjp(g: Any, out: Any, x: Any, geometry: _Geometry) -> Any:
    return _max_place(g, _winners(_raw(x), _raw(out), geometry), geometry, x.shape[-len(geometry.kernel) :])


def _pick_vjp(g: Any, out: Any, x: Any, winner: Any, geometry: _Geometry) -> Any:
    return _max_place(g, winner, geometry, x.shape[-len(geometry.kernel) :])


ag.defvjp(_max_pool, _place_vjp)
ag.defvjp(_max_place, lambda g, out, x, winner, geometry, lengths: _max_pick(g, winner, geometry), None)
ag.defvjp(_max_pick, _pick_vjp, None)


def _pool_avg(
    name: str,
    axes: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    geometry = _geometry(name, axes, x, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise ValueError("divisor must be not zero, got divisor_override=0")
    if divisor_override is not None:
        return _avg_pool(x, geometry, divisor_override)
    divisor: Any = 1
    for n, k, s, p, count in zip(x.shape[-axes:], *geometry[:3], geometry.counts, strict=True):
        start = np.arange(count) * s - p
        stop = np.minimum(start + k, n + p)
        along = stop - start if count_include_pad else np.minimum(stop, n) - np.maximum(start, 0)
        divisor = np.multiply.outer(divisor, along)
    constant = divisor.size and (divisor == divisor.flat[0]).all()
    return _avg_pool(x, geometry, int(divisor.flat[0]) if constant else divisor.astype(x.dtype))


@ag.primitive
def _avg_pool(x: Any, geometry: _Geometry, divisor: Any) -> Any:
    """The sum of each window over `divisor`."""
    total = _padded(x, geometry, 0)
    for _, (first, *others) in _steps(geometry):
        values, total = total, total[first]
        for where in others:
            total = total + values[where]
    return total / divisor


@ag.primitive
def _spread(g: Any, geometry: _Geometry, divisor: Any, lengths: Lengths) -> Any:
    """The adjoint of `_avg_pool`: each number over `divisor`, at every place of its window."""
    share = g / divisor
    size = reaches(geometry.counts, geometry.kernel, geometry.stride, geometry.dilation)
    for axis, places in reversed(_steps(geometry)):
        shape = list(share.shape)
        n, p = size[axis], geometry.padding[axis]
        shape[axis] = max(n, p + lengths[axis])
        out = np.zeros_like(share, shape=tuple(shape))
        for where in places:
            if geometry.apart:
                out[where] = share
            else:
                out[where] += share
        share = out
    return _unpadded(share, geometry, lengths)


def repeat(x: Any, factors: Lengths) -> Any:
    """Each element of the last axes `factors` times along each of them."""
    counts = x.shape[-len(factors) :]
    geometry = _Geometry(factors, factors, (0,) * len(factors), (1,) * len(factors), counts)
    return _spread(x, geometry, 1, tuple([n * m for n, m in zip(counts, factors, strict=True)]))


def _spread_vjp(g: Any, out: Any, x: Any, geometry: _Geometry, divisor: Any) -> Any:
    return _spread(g, geometry, divisor, x.shape[-len(geometry.kernel) :])


ag.defvjp(_avg_pool, _spread_vjp)
ag.defvjp(_spread, lambda g, out, x, geometry, divisor, lengths: _avg_pool(g, geometry, divisor))


def _adaptive_counts(name: str, axes: int, x: Any, output_size: Size) -> Lengths:
    _check_axes(name, axes, x)
    wanted = list(output_size) if isinstance(output_size, Sequence) else [output_size] * axes
    if len(wanted) == 1:
        wanted *= axes
    if len(wanted) != axes:
        raise ValueError(f"{name}: output_size must be a single integer or {axes} of them, got {output_size!r}.")
    lengths = x.shape[-axes:]
    counts = per_axis("output_size", [m if n is None else n for n, m in zip(wanted, lengths, strict=True)], axes)
    if 0 in lengths:
        raise ValueError(f"{name}: Expected input to have non-zero size for non-batch dimensions, got {list(x.shape)}.")
    return counts


def _bounds(length: int, count: int) -> tuple[Any, Any]:
    """Where the adaptive windows start and stop."""
    i = np.arange(count)
    return i * length // max(count, 1), -(-(i + 1) * length // max(count, 1))


def _adaptive_avg_pool(name: str, axes: int, x: Any, output_size: Size) -> Any:
    counts, lengths = _adaptive_counts(name, axes, x, output_size), x.shape[-axes:]
    if all(n == 1 for n in counts):
        return np.mean(x, axis=tuple(range(-axes, 0)), keepdims=True)
    if all(n and m % n == 0 for n, m in zip(counts, lengths, strict=True)):
        kernel = tuple([m // n for n, m in zip(counts, lengths, strict=True)])
        return _avg_pool(x, _Geometry(kernel, kernel, (0,) * axes, (1,) * axes, counts), math.prod(kernel))
    matrices = []
    for n, m in zip(counts, lengths, strict=True):
        start, stop = _bounds(m, n)
        inside = (np.arange(m) >= start[:, None]) & (np.arange(m) < stop[:, None])
        matrices.append((inside / (stop - start)[:, None]).astype(x.dtype))
    return resample(x, matrices)


def _adaptive_max_pool(name: str, axes: int, x: Any, output_size: Size, return_indices: bool) -> Any:
    counts, lengths = _adaptive_counts(name, axes, x, output_size), x.shape[-axes:]
    where: Any = np.zeros((), np.int64)
    for axis, (n, m) in enumerate(zip(counts, lengths, strict=True)):
        start, stop = _bounds(m, n)
        widest = (stop - start).max(initial=0)
        # a window that is shorter than others repeats its last element, which changes nothing
        element = np.minimum(start[:, None] + np.arange(widest), stop[:, None] - 1)
        element = element.reshape([n if i == axis else widest if i == axis + axes else 1 for i in range(2 * axes)])
        where = where * m + element  # (*counts, *widest), elements counted row by row
    where = np.asarray(where.reshape(math.prod(counts), -1), like=_raw(x))
    flat = np.reshape(x, (*x.shape[:-axes], math.prod(lengths)))
    if where.size == 0:
        indices = np.zeros_like(where, shape=(*flat.shape[:-1], len(where)))
    else:
        chosen = np.argmax(_raw(flat)[..., where], axis=-1)
        indices = where[np.arange(len(where)), chosen]
    out = np.reshape(np.take_along_axis(flat, indices, -1), (*x.shape[:-axes], *counts))
    return (out, indices.reshape(out.shape)) if return_indices else out
