"""Functions that leave out nan. Slices of nothing but nan, which warn, are in `test_reductions`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, named, sample, strided


def _with_gaps(x: Any) -> Any:
    """A few elements replaced by nan; every slice keeps three numbers."""
    gaps = np.zeros(x.shape, bool)
    gaps.flat[[1, 7, 18]] = True
    return np.where(gaps, np.nan, x)


_X = _with_gaps(sample((4, 5)))
_BLOCK = _with_gaps(sample((3, 4, 3)))
for _name in ("nansum", "nanmean", "nanprod", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian"):
    for _label, _options in {
        "": {}, "axis 0": {"axis": 0}, "axis -1": {"axis": -1}, "axes (0, 2)": {"axis": (0, 2)},
        "keepdims": {"axis": 1, "keepdims": True}, "axes (-1, 1) keepdims": {"axis": (-1, 1), "keepdims": True},
    }.items():  # fmt: skip

        def _reduce(np: Any, x: Any, name: str = _name, options: Any = _options) -> Any:
            return getattr(np, name)(x, **options)

        case(f"{_name} {_label}", _reduce, _BLOCK)
    case(f"{_name} without a nan", named(_name), (5,))
    case(f"{_name} strided", lambda np, x, name=_name: getattr(np, name)(x, axis=0), strided(3, 2))

_MANY = sample((4, 5), salt=3) > -1.5
for _name in ("nansum", "nanmean", "nanprod", "nanvar", "nanstd"):
    case(f"{_name} where", lambda np, x, name=_name: getattr(np, name)(x, axis=1, where=_MANY), _X)
    case(f"{_name} of a scalar", named(_name), np.float64(1.5)) if _name not in ("nanvar", "nanstd") else None
    case(f"{_name} dtype", lambda np, x, name=_name: getattr(np, name)(x, axis=1, dtype=np.float64), _X)
    case(f"{_name} complex", lambda np, z, name=_name: getattr(np, name)(z, axis=1), complex_sample((4, 5)) + _X * 0)
for _name, _initial in (("nansum", 1.5), ("nanprod", 1.5), ("nanmax", 0.3), ("nanmin", 0.3)):

    def _started(np: Any, x: Any, name: str = _name, initial: float = _initial) -> Any:
        return getattr(np, name)(x, axis=0, initial=initial, where=_MANY)

    case(f"{_name} initial where", _started, _X)
case("nanvar ddof", lambda np, x: np.nanvar(x, axis=0, ddof=1), _X)
case("nanstd ddof keepdims", lambda np, x: np.nanstd(x, axis=1, ddof=1, keepdims=True), _X)
case(
    "nanprod with a zero",
    lambda np, x: np.nanprod(x, axis=1),
    np.array([[0.0, np.nan, 2.0, 3.0], [1.5, 0.0, 0.0, 2.0]]),
)
case("nansum of nan alone", lambda np, x: np.nansum(x, axis=1), np.array([[np.nan, np.nan], [1.0, np.nan]]))
case("nanprod of nan alone", lambda np, x: np.nanprod(x, axis=1), np.array([[np.nan, np.nan], [2.0, np.nan]]))
for _name in ("nancumsum", "nancumprod"):
    case(f"{_name} with nan", lambda np, x, name=_name: getattr(np, name)(x, axis=1), _X)
    case(f"{_name} with nan, flat", named(_name), _X)
    case(f"{_name} with nan and 0", named(_name), np.array([1.5, np.nan, 0.0, 2.0, np.nan, 0.0, 3.0]))

for _label, _options in {
    "": {}, "axis 0": {"axis": 0}, "axes": {"axis": (0, 2)}, "keepdims": {"axis": -1, "keepdims": True},
    "method": {"axis": 1, "method": "weibull"}, "jumping method": {"axis": 1, "method": "nearest"},
}.items():  # fmt: skip
    case(f"nanquantile {_label}", lambda np, x, o=_options: np.nanquantile(x, 0.3, **o), _BLOCK)
    case(f"nanpercentile {_label}", lambda np, x, o=_options: np.nanpercentile(x, [30.0, 75.0], **o), _BLOCK)
case("nanquantile in q", lambda np, x, q: np.nanquantile(x, q, axis=1), _X, np.array([0.11, 0.53, 0.97]))
_COUNTS = sample((4, 5), 0.5, 2.0, 5)
case(
    "nanquantile weights",
    lambda np, x: np.nanquantile(x, [0.2, 0.7], axis=1, weights=_COUNTS, method="inverted_cdf"),
    _X,
)
