"""Derivatives of histograms: counts are plain, sums of weights are linear in them, and edges follow the extrema."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed, defvjp, is_value, plain_array, primitive
from ..tracing import expected
from .elementwise import masked
from .scatter import scatter_add
from .statistics import array


def plain(x: Any) -> Any:
    """The plain array of a Value, or of those in a list."""
    return [plain(item) for item in x] if isinstance(x, list | tuple) else plain_array(x)


@primitive
def bincount(x: Any, weights: Any, minlength: Any = 0) -> Any:
    """The sum of the weights at every number of `x`."""
    return np.bincount(x, weights, minlength)


defvjp(bincount, None, lambda g, out, x, weights, minlength=0: g[x])


@composed(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    x = array(plain(x))
    return bincount(x, weights, minlength) if is_value(weights) else np.bincount(x, weights, minlength)


@primitive
def binned(weights: Any, inside: Any, bins: Any, shape: Any) -> Any:
    """The sums of the weights of what is inside, by bin."""
    return scatter_add(weights[inside], tuple([b[inside] for b in bins]), shape)


defvjp(binned, lambda g, out, weights, inside, bins, shape: masked(g[tuple(bins)], inside))


@composed(np.histogram_bin_edges)
def _histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    return _moving(np.histogram_bin_edges(plain(a), plain(bins), range, plain(weights)), a, bins, range)


def _moving(edges: Any, a: Any, bins: Any, range: Any) -> Any:
    """The plain edges that NumPy has found, as ones that move with the extrema of `a`."""
    if np.ndim(bins):
        return bins if is_value(bins) else edges
    if range is not None or not is_value(a) or not a.size:
        return edges
    low, high = np.min(a), np.max(a)
    if expected(low == high):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, len(edges))


def _binned(columns: list[Any], edges: list[Any], counts: Any, weights: Any, density: Any) -> Any:
    """The counts of what is in each bin, or the sums of its weights if these are a Value; perhaps as a density."""
    if is_value(weights):
        inside, bins = True, []
        for column, ends in zip(columns, plain(edges), strict=True):
            inside = inside & (column >= ends[0]) & (column <= ends[-1])  # the last bin holds its right edge
            bins.append(np.minimum(np.searchsorted(ends, column, side="right"), len(ends) - 1) - 1)
        counts = binned(weights.astype(counts.dtype), inside, bins, counts.shape)
    if not density:
        return counts
    total = np.sum(counts)
    for axis, ends in enumerate(edges):
        widths = np.diff(ends).astype(float)
        counts = counts / np.reshape(widths, [-1 if i == axis else 1 for i, _ in enumerate(edges)])
    return counts / total


@composed(np.histogram)
def _histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    a = array(a)
    counts, edges = np.histogram(plain(a), plain(bins), range, weights=plain(weights))
    edges = _moving(edges, a, bins, range)
    weights = np.ravel(weights) if is_value(weights) else None
    return _binned([np.ravel(plain(a))], [edges], counts, weights, density), edges


@composed(np.histogramdd)
def _histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    counts, plain_edges = np.histogramdd(plain(sample), plain(bins), range, weights=plain(weights))
    if hasattr(sample, "shape"):
        columns = np.unstack(sample, axis=1) if sample.ndim == 2 else [sample]
    else:
        columns = [array(column) for column in sample]
    bins = bins if hasattr(bins, "__len__") else [bins] * len(columns)
    ranges = [None] * len(columns) if range is None else range
    ends = [_moving(*given) for given in zip(plain_edges, columns, bins, ranges, strict=True)]
    edges = [end.astype(like.dtype) for end, like in zip(ends, plain_edges, strict=True)]
    return _binned(plain(columns), edges, counts, weights, density), tuple(edges)


@composed(np.histogram2d)
def _histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if not isinstance(bins, int | np.integer) and len(bins) != 2:  # the edges of both axes
        bins = [bins, bins]
    counts, edges = np.histogramdd([array(x), array(y)], bins, range, density, weights)
    return counts, *edges
