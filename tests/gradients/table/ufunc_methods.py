"""The methods of ufuncs: reduce, accumulate, outer, reduceat."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, sample, strided

_REORDERABLE = ("add", "multiply", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2")
_IN_ORDER = ("subtract", "divide", "float_power", "remainder", "fmod", "copysign")
_SOME = np.array([[True, False, True], [False, True, True]])

for _name in (*_REORDERABLE, *_IN_ORDER):
    for _label, _options in {
        "": {}, "axis -1": {"axis": -1}, "keepdims": {"axis": 1, "keepdims": True},
        "initial": {"axis": 1, "initial": 1.3},
    }.items():  # fmt: skip

        def _reduce(np: Any, x: Any, name: str = _name, options: Any = _options) -> Any:
            return getattr(np, name).reduce(x, **options)

        case(f"{_name}.reduce {_label}", _reduce, (2, 3, 2), low=0.5)

    def _accumulate(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name).accumulate(x, axis=-1)

    def _outer(np: Any, x: Any, y: Any, name: str = _name) -> Any:
        return getattr(np, name).outer(x, y)

    def _reduceat(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name).reduceat(x, [0, 2, 1, 1, 3], axis=1)

    case(f"{_name}.accumulate", _accumulate, (2, 4), low=0.5)
    case(f"{_name}.accumulate of one", _accumulate, (2, 1), low=0.5)
    case(f"{_name}.accumulate of none", _accumulate, (2, 0), low=0.5)
    case(f"{_name}.outer", _outer, (2, 2), (3,), low=0.5)
    case(f"{_name}.outer of a scalar", _outer, (2,), (), low=0.5)
    case(f"{_name}.reduceat", _reduceat, (2, 4), low=0.5)

for _name in _REORDERABLE:

    def _reduce_all(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name).reduce(x, axis=(0, 2), keepdims=True)

    def _masked(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name).reduce(x, axis=1, initial=1.3, where=_SOME)

    def _left_out(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name).reduce(x, axis=1, initial=1.3, where=_SOME & [True, False, False])

    case(f"{_name}.reduce axes", _reduce_all, (2, 3, 2))
    case(f"{_name}.reduce where", _masked, (2, 3), low=0.5)
    case(f"{_name}.reduce where nothing is left", _left_out, (2, 3), low=0.5)

case("add.reduce of a scalar", lambda np, x: np.add.reduce(x), ())
case("add.reduce dtype", lambda np, x: np.add.reduce(x, dtype=np.float64), (3, 2))
case("maximum.reduce dtype", lambda np, x: np.maximum.reduce(x, dtype=np.float64), (3, 2))
case("add.accumulate dtype", lambda np, x: np.add.accumulate(x, dtype=np.float64), (3, 2))
case("multiply.accumulate with zeros", lambda np, x: np.multiply.accumulate(x), np.array([1.5, 0.0, 2.0, 0.0, 3.0]))
case("multiply.reduce strided", lambda np, x: np.multiply.reduce(x, axis=1), strided(2, 3))
case("subtract.reduce strided", lambda np, x: np.subtract.reduce(x), strided(2, 3))
case("logaddexp.accumulate far apart", lambda np, x: np.logaddexp.accumulate(x), np.array([0.0, 300.0, 299.0, -50.0]))
case("add.reduceat from the middle", lambda np, x: np.add.reduceat(x, [1, 3]), (5,))
case("multiply.reduceat of a part", lambda np, x: np.multiply.reduceat(x, [3, 1], axis=-1), sample((2, 5)))
case("add.reduceat of nothing", lambda np, x: np.add.reduceat(x, np.zeros(0, int)), (3, 2))
# along a contiguous axis NumPy 2.4 itself reduces these two wrongly where the processor has AVX-512
for _name in ("power", "arctan2"):
    case(f"{_name}.reduce", lambda np, x, name=_name: getattr(np, name).reduce(x), (3, 4), low=0.5)
    case(f"{_name}.accumulate", lambda np, x, name=_name: getattr(np, name).accumulate(x), (3, 4), low=0.5)
    case(f"{_name}.outer", lambda np, x, y, name=_name: getattr(np, name).outer(x, y), (2,), (3,), low=0.5)
for _name in ("add", "multiply", "subtract", "divide"):
    case(
        f"{_name}.reduce complex", lambda np, z, name=_name: getattr(np, name).reduce(z, axis=1), complex_sample((2, 3))
    )
    case(
        f"{_name}.accumulate complex", lambda np, z, name=_name: getattr(np, name).accumulate(z), complex_sample((3, 2))
    )
    case(
        f"{_name}.outer complex",
        lambda np, z, y, name=_name: getattr(np, name).outer(z, y),
        complex_sample((2,)),
        (3,),
        low=0.5,
    )
