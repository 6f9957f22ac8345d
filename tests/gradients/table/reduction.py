"""Reductions and accumulations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, named, sample, strided

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
case("logsumexp", lambda np, x: np.log(np.sum(np.exp(x), axis=-1)), (2, 3))
case(
    "stable logsumexp",
    lambda np, x: np.log(np.sum(np.exp(x - np.max(x, axis=-1, keepdims=True)), axis=-1)) + np.max(x, axis=-1),
    (2, 3),
)
case("softmax", lambda np, x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True), (2, 3))
case("methods", lambda np, x: x.sum(axis=0).mean() + x.max(axis=1).sum() * x.std() + x.T.reshape(-1)[2], (2, 3))
