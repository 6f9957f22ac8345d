"""Averages, medians, quantiles, covariances and histograms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, named, sample, strided

# ---- averages ----

case("average", named("average"), (2, 3))
case("average axis", lambda np, x: np.average(x, axis=(0, -1), keepdims=True), (2, 3, 2))
case("average of a scalar", named("average"), ())
case("average strided", lambda np, x: np.average(x, axis=1), strided(2, 3))
case(
    "average complex", lambda np, z, w: np.average(z, axis=0, weights=w), complex_sample((3, 2)), sample((3,), 0.5, 2.0)
)
for _label, _axis, _shape in (
    ("", None, (2, 3, 2)), ("axis", 1, (2, 3, 2)), ("along an axis", 1, (3,)), ("along axes", (2, 0), (2, 2)),
):  # fmt: skip

    def _weighted(np: Any, x: Any, w: Any, axis: Any = _axis) -> Any:
        return np.average(x, axis=axis, weights=w)

    def _returned(np: Any, x: Any, w: Any, axis: Any = _axis) -> Any:
        return np.average(x, axis=axis, weights=w, returned=True, keepdims=True)

    case(f"average weights {_label}", _weighted, (2, 3, 2), sample(_shape, 0.5, 2.0, 1))
    case(f"average returned {_label}", _returned, (2, 3, 2), sample(_shape, 0.5, 2.0, 1))
case("average returned without weights", lambda np, x: np.average(x, axis=0, returned=True), (2, 3))
case("average by constant weights", lambda np, x: np.average(x, weights=[1, 2, 3]), (3,))
case("average of constants", lambda np, w: np.average(np.arange(3), weights=w), (3,), low=0.5)

# ---- medians and quantiles ----

for _label, _options in {
    "": {}, "axis 0": {"axis": 0}, "axis -1": {"axis": -1}, "axes (0, 2)": {"axis": (0, 2)},
    "keepdims": {"axis": 1, "keepdims": True}, "axes (2, 1) keepdims": {"axis": (2, 1), "keepdims": True},
    "all keepdims": {"keepdims": True},
}.items():  # fmt: skip
    case(f"median {_label}", lambda np, x, o=_options: np.median(x, **o), (3, 4, 2))
    case(f"quantile {_label}", lambda np, x, o=_options: np.quantile(x, 0.3, **o), (3, 4, 2))
    case(f"quantiles {_label}", lambda np, x, o=_options: np.quantile(x, [[0.1, 0.8], [0.3, 1.0]], **o), (3, 4, 2))
    case(f"percentile {_label}", lambda np, x, o=_options: np.percentile(x, [0, 35.0, 50], **o), (3, 4, 2))
case("median of an odd number", named("median"), (5,))
case("median of an even number", named("median"), (6,))
case("median of a scalar", named("median"), ())
case("median strided", lambda np, x: np.median(x, axis=0), strided(3, 2))
case("median complex", named("median"), complex_sample((4,)))
case("median empty result", lambda np, x: np.median(x, axis=1), (0, 3))
case("median allowed to overwrite", lambda np, x: np.median(x * 1, overwrite_input=True), (5,))
case("quantile empty result", lambda np, x: np.quantile(x, [0.1, 0.5], axis=1), (0, 3))
case("quantile of a scalar", lambda np, x: np.quantile(x, 0.4), ())
case("quantile allowed to overwrite", lambda np, x: np.quantile(x * 1, 0.3, overwrite_input=True), (5,))
_METHODS = (
    "linear", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip
_Q = np.array([0.07, 0.36, 0.62, 0.97])
for _method in _METHODS:
    case(f"quantile {_method}", lambda np, x, m=_method: np.quantile(x, _Q, axis=1, method=m), (2, 6))
for _method in _METHODS[:6]:
    case(f"quantile {_method} in q", lambda np, x, q, m=_method: np.quantile(x, q, axis=0, method=m), (6, 2), _Q)
case("quantile in one q", lambda np, x, q: np.quantile(x, q, axis=(0, 1), keepdims=True), (2, 3, 2), np.float64(0.37))
case("quantile in q alone", lambda np, q: np.quantile(np.array([1.0, 4.0, 2.0]), q), _Q)
case("quantile of a vector in q", lambda np, x, q: np.quantile(x, q), (5,), np.float64(0.37))
case("quantile of a block in q", lambda np, x, q: np.quantile(x, q, axis=1), (2, 5, 2), np.array([0.37, 0.6]))
case(
    "percentile in q below the first element",
    lambda np, x, q: np.percentile(x, q, axis=1, method="hazen"),
    (2, 5),
    np.array([3.0, 40.0, 98.0]),
)
case("percentile in q", lambda np, x, q: np.percentile(x, q, axis=1), (2, 5), 100 * _Q)
_COUNTS = np.array([[1.0, 2.0, 0.5, 0.0], [0.5, 1.0, 3.0, 0.5], [2.0, 1.0, 1.0, 1.5]])
for _label, _axis in {"": None, "axis 0": 0, "axis 1": 1}.items():

    def _by_weight(np: Any, x: Any, axis: Any = _axis) -> Any:
        return np.quantile(x, _Q, axis=axis, weights=_COUNTS, method="inverted_cdf")

    case(f"quantile weights {_label}", _by_weight, (3, 4))
case(
    "percentile weights along an axis",
    lambda np, x: np.percentile(x, 40, axis=1, weights=_COUNTS[1], method="inverted_cdf"),
    (3, 4),
)

# ---- covariances; NumPy subtracts in place, which may round differently ----

for _label, _options in {
    "": {}, "columns": {"rowvar": False}, "bias": {"bias": True}, "ddof 0": {"ddof": 0},
    "fweights": {"fweights": [1, 2, 1, 3]}, "dtype": {"dtype": np.float64},
}.items():  # fmt: skip
    _shape = (4, 3) if _label == "columns" else (3, 4)
    case(f"cov {_label}", lambda np, x, o=_options: np.cov(x, **o), _shape, exact=False)
case("cov of two observations", named("cov"), (3, 2), exact=False)
case("cov of a vector", named("cov"), (5,), exact=False)
case("cov of two", named("cov"), (5,), (5,), exact=False)
case("cov of two tables", lambda np, x, y: np.cov(x, y, rowvar=False), (4, 2), (4, 3), exact=False)
case("cov aweights", lambda np, x, w: np.cov(x, aweights=w), (2, 4), sample((4,), 0.5, 2.0), exact=False)
case(
    "cov both weights",
    lambda np, x, w: np.cov(x, aweights=w, fweights=[1, 3, 2, 1], ddof=2),
    (2, 4),
    sample((4,), 0.5, 2.0),
    exact=False,
)
case(
    "cov aweights without ddof",
    lambda np, x, w: np.cov(x, aweights=w, ddof=0),
    (2, 4),
    sample((4,), 0.5, 2.0),
    exact=False,
)
_Z = complex_sample((2, 4))
case("cov complex", named("cov"), _Z, exact=False)
_POSITIVE = sample((4,), 0.5, 2.0)
case("cov of a real and a complex", lambda np, x, z: np.cov(x, z), (4,), _Z, exact=False)
case("cov complex weights", lambda np, z, y, w: np.cov(z, y, aweights=w), _Z, (4,), _POSITIVE, exact=False)
case("corrcoef", named("corrcoef"), (3, 5), exact=False)
case("corrcoef of two", named("corrcoef"), (5,), (5,), exact=False)
case("corrcoef columns", lambda np, x, y: np.corrcoef(x, y, rowvar=False), (5, 2), (5, 1), exact=False)
case("corrcoef of one", named("corrcoef"), (5,), exact=False)
case("corrcoef complex", named("corrcoef"), complex_sample((2, 4)), exact=False)

# ---- histograms ----

_WHICH = np.array([0, 2, 2, 5, 0])
_POINTS = sample((12,), salt=7)
_EDGES = np.array([-2.0, -0.7, 0.1, 0.9, 2.0])
case("bincount weights", lambda np, w: np.bincount(_WHICH, weights=w, minlength=8), (5,))
case("bincount weights by position", lambda np, w: np.bincount(_WHICH, w), (5,))
case("histogram weights", lambda np, w: np.histogram(_POINTS, bins=4, weights=w)[0], (12,), exact=False)
case("histogram weights in edges", lambda np, w: np.histogram(_POINTS, bins=_EDGES, weights=w)[0], (12,), exact=False)
case(
    "histogram weights in a range",
    lambda np, w: np.histogram(_POINTS, 3, (-1.0, 1.0), weights=w)[0],
    (12,),
    exact=False,
)
case(
    "histogram weights of a table",
    lambda np, w: np.histogram(_POINTS.reshape(3, 4), 3, weights=w)[0],
    (3, 4),
    exact=False,
)
case(
    "histogram complex weights",
    lambda np, w: np.histogram(_POINTS, bins=4, weights=w)[0],
    complex_sample((12,)),
    exact=False,
)
case(
    "histogram weighted density",
    lambda np, x, w: np.histogram(x, 3, density=True, weights=w),
    (9,),
    sample((9,), 0.5, 2.0),
    exact=False,
)
case("histogram density", lambda np, x: np.histogram(x, 3, density=True), (9,))
case("histogram edges", lambda np, x: np.histogram(x, bins=4)[1], (9,))
case("histogram_bin_edges", named("histogram_bin_edges"), (9,))
case("histogram_bin_edges auto", lambda np, x: np.histogram_bin_edges(x, "auto"), (2, 9))
case("histogram_bin_edges of a constant", lambda np, x: np.histogram_bin_edges(x, 2), np.array([1.5]))
case("histogram in differentiable edges", lambda np, e: np.histogram(_POINTS, e, density=True), _EDGES)
case(
    "histogram2d weights",
    lambda np, w: np.histogram2d(_POINTS, _POINTS[::-1], (2, 3), weights=w)[0],
    (12,),
    exact=False,
)
case("histogram2d edges", lambda np, x, y: np.histogram2d(x, y, 3)[1:], (7,), (7,))
case("histogram2d density", lambda np, x, y: np.histogram2d(x, y, [2, 3], density=True)[0], (7,), (7,))
case(
    "histogramdd weights",
    lambda np, w: np.histogramdd(_POINTS.reshape(4, 3), (2, 1, 2), weights=w)[0],
    (4,),
    exact=False,
)
case("histogramdd", lambda np, x: np.histogramdd(x, 2, density=True)[0], (7, 2))
case("histogramdd of a list", lambda np, x: np.histogramdd([x, x[::-1]], (2, 3))[1], (7,))
