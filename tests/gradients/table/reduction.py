"""Reductions and accumulations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, named, sample, strided

for _name in ("sum", "mean", "prod", "var", "std", "max", "min"):
    for _label, _options in {
        "": {}, "axis 0": {"axis": 0}, "axis -1": {"axis": -1}, "axes (0, 2)": {"axis": (0, 2)},
        "axes (-1, 0)": {"axis": (-1, 0)},
        "keepdims": {"axis": 1, "keepdims": True}, "all keepdims": {"keepdims": True},
    }.items():  # fmt: skip

        def _reduce(np: Any, x: Any, name: str = _name, options: Any = _options) -> Any:
            return getattr(np, name)(x, **options)

        case(f"{_name} {_label}", _reduce, (2, 3, 2))
    case(f"{_name} of a vector", named(_name), (4,))
    case(f"{_name} strided", named(_name), strided(2, 3))

    def _reduce_empty(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name)(x, axis=1)

    case(f"{_name} empty result", _reduce_empty, (0, 3))

for _name in ("sum", "mean", "prod", "max", "min"):
    case(f"{_name} of a scalar", named(_name), ())
case("sum axes ()", lambda np, x: np.sum(x, axis=()), (2, 3))
case("sum of nothing", lambda np, x: np.sum(x, axis=0), (0, 3))
case("prod of nothing", lambda np, x: np.prod(x, axis=0), (0, 3))
case("prod with one zero", lambda np, x: np.prod(x, axis=1), np.array([[0.0, 2.0, 3.0], [1.5, -1.0, 0.5]]))
case("prod with two zeros", lambda np, x: np.prod(x), np.array([0.0, 2.0, 0.0, 3.0]))
case("prod axes with a zero", lambda np, x: np.prod(x, axis=(0, 2)), np.where(sample((2, 3, 2)) > 1.5, 0.0, 1.5))
case("var ddof", lambda np, x: np.var(x, axis=1, ddof=1), (2, 4))
case("std ddof keepdims", lambda np, x: np.std(x, axis=0, ddof=1, keepdims=True), (4, 2))
case("var axes", lambda np, x: np.var(x, axis=(0, 1)), (2, 3, 2))
case("cumsum", lambda np, x: np.cumsum(x, axis=1), (2, 3))
case("cumsum flat", lambda np, x: np.cumsum(x), (2, 3))
case("cumsum axis -2", lambda np, x: np.cumsum(x, axis=-2), (2, 3, 2))
case("ptp", lambda np, x: np.ptp(x, axis=1), (2, 3))
case("amax", lambda np, x: np.amax(x, axis=1), (2, 3))
case("amin", lambda np, x: np.amin(x, axis=0, keepdims=True), (2, 3))
case("logsumexp", lambda np, x: np.log(np.sum(np.exp(x), axis=-1)), (2, 3))
case(
    "stable logsumexp",
    lambda np, x: np.log(np.sum(np.exp(x - np.max(x, axis=-1, keepdims=True)), axis=-1)) + np.max(x, axis=-1),
    (2, 3),
)
case("softmax", lambda np, x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True), (2, 3))
case("methods", lambda np, x: x.sum(axis=0).mean() + x.max(axis=1).sum() * x.std() + x.T.reshape(-1)[2], (2, 3))

# ---- where, initial, dtype, mean: what is left out, what is there before ----

_SOME = np.array([[[True, False], [True, True], [False, True]], [[False, True], [True, False], [True, True]]])
for _name in ("sum", "mean", "prod", "var", "std", "max", "min"):
    for _label, _options in {
        "": {"where": _SOME}, "axis 1": {"axis": 1, "where": _SOME}, "axes": {"axis": (0, -1), "where": _SOME},
        "broadcast keepdims": {"axis": (1, 2), "keepdims": True, "where": _SOME[:, :, :1]},
    }.items():  # fmt: skip
        _start = {"initial": -9.0 if _name == "max" else 9.0} if _name in ("max", "min") else {}

        def _masked(np: Any, x: Any, name: str = _name, options: Any = _options, start: Any = _start) -> Any:
            return getattr(np, name)(x, **options, **start)

        case(f"{_name} where {_label}", _masked, (2, 3, 2))

for _name, _initial in (("sum", 1.5), ("prod", 1.5), ("max", 0.3), ("min", 0.3)):

    def _started(np: Any, x: Any, name: str = _name, initial: float = _initial) -> Any:
        return getattr(np, name)(x, axis=1, initial=initial)

    case(f"{_name} initial", _started, (2, 3, 2))
    case(f"{_name} initial of nothing", _started, (2, 0, 2))
    case(
        f"{_name} initial of zeros",
        _started,
        np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 3.0]]) if _name == "prod" else (2, 3),
    )

case("sum where nothing is left", lambda np, x: np.sum(x, axis=1, where=_SOME[0, :, :1] & False), (3, 2))
case(
    "prod where the zeros are left out", lambda np, x: np.prod(x, where=[False, True, True]), np.array([0.0, 2.0, 3.0])
)
case("prod where a zero is left", lambda np, x: np.prod(x, where=[True, True, False]), np.array([0.0, 2.0, 3.0]))
case("var of a given mean", lambda np, x: np.var(x, axis=1, mean=np.array([[0.1], [0.2]])), (2, 3))
case(
    "std of a given mean",
    lambda np, x: np.std(x, axis=1, ddof=1, mean=np.array([[0.1], [0.2]]), where=_SOME[:, :, 0]),
    (2, 3),
)
case("var correction", lambda np, x: np.var(x, axis=0, correction=1), (3, 2))
for _name in ("sum", "mean", "prod", "var", "std"):

    def _wider(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name)(x, axis=1, dtype=np.float64)

    case(f"{_name} dtype", _wider, (2, 3))

for _name in ("sum", "mean", "prod", "var", "std"):
    case(f"{_name} complex", named(_name), complex_sample((2, 3)))

    def _complex(np: Any, z: Any, name: str = _name) -> Any:
        return getattr(np, name)(z, axis=(0, 2), keepdims=True, where=_SOME)

    case(f"{_name} complex where", _complex, complex_sample((2, 3, 2)))
case("prod complex with a zero", lambda np, z: np.prod(z, axis=0), np.array([[0j, 1 + 1j], [2 - 1j, 1j], [0.5j, 0j]]))
case("max complex", lambda np, z: np.max(z, axis=1), complex_sample((2, 3)))
case("ptp complex", lambda np, z: np.ptp(z, axis=0, keepdims=True), complex_sample((2, 3)))

# ---- accumulations ----

_ZEROS = np.array([[2.0, 0.0, 3.0, 0.0, 1.5], [0.0, 1.0, -2.0, 0.5, 0.0], [1.0, 2.0, 0.0, -1.0, 3.0]])
for _name in ("cumsum", "cumprod", "nancumsum", "nancumprod"):
    for _label, _axis in {"": None, "axis 0": 0, "axis -1": -1, "axis 1": 1}.items():

        def _accumulate(np: Any, x: Any, name: str = _name, axis: Any = _axis) -> Any:
            return getattr(np, name)(x, axis=axis)

        case(f"{_name} accumulated {_label}", _accumulate, (2, 3, 2))
    case(f"{_name} of a vector", named(_name), (5,))
    case(f"{_name} of a scalar", named(_name), ())
    case(f"{_name} of nothing", lambda np, x, name=_name: getattr(np, name)(x, axis=0), (0, 3))
    case(f"{_name} strided", lambda np, x, name=_name: getattr(np, name)(x, axis=1), strided(2, 3))
    case(f"{_name} with zeros", lambda np, x, name=_name: getattr(np, name)(x, axis=1), _ZEROS)
    case(f"{_name} with zeros, flat", named(_name), _ZEROS)
    case(f"{_name} dtype", lambda np, x, name=_name: getattr(np, name)(x, dtype=np.float64), _ZEROS)
    case(f"{_name} complex", lambda np, z, name=_name: getattr(np, name)(z, axis=1), complex_sample((2, 3)))
case("cumprod complex with a zero", lambda np, z: np.cumprod(z), np.array([1 + 1j, 0j, 2j, 1 - 1j]))
for _name in ("cumulative_sum", "cumulative_prod"):
    case(f"{_name}", named(_name), (4,))
    case(f"{_name} of a scalar", named(_name), ())
    case(f"{_name} axis", lambda np, x, name=_name: getattr(np, name)(x, axis=-2), (2, 3, 2))
    case(f"{_name} dtype", lambda np, x, name=_name: getattr(np, name)(x, axis=1, dtype=np.float64), (2, 3))
    case(
        f"{_name} from the start", lambda np, x, name=_name: getattr(np, name)(x, axis=1, include_initial=True), _ZEROS
    )
for _name in ("var", "std"):

    def _spread_in_complex(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name)(x, axis=1, dtype=complex)

    case(f"{_name} in complex numbers", _spread_in_complex, (2, 3))
    case(f"{_name} of and in complex numbers", _spread_in_complex, complex_sample((2, 3)))
case("cumprod of a scalar along its axis", lambda np, x: np.cumprod(x, axis=0), ())
