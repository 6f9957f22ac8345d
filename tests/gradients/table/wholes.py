"""A few whole computations."""

from __future__ import annotations

from typing import Any

from .case import case


def _network(np: Any, x: Any, w: Any, b: Any, v: Any) -> Any:
    hidden = np.tanh(x @ w + b)
    return np.mean((hidden @ v - 0.5) ** 2)


case("network", _network, (4, 3), (3, 5), (5,), (5,))
case(
    "attention",
    lambda np, q, k, v: (lambda a: a / np.sum(a, axis=-1, keepdims=True))(np.exp(q @ np.swapaxes(k, -1, -2))) @ v,
    (2, 3, 2), (2, 3, 2), (2, 3, 2), low=-1, high=1,
)  # fmt: skip
case(
    "layer norm",
    lambda np, x, s: (x - np.mean(x, axis=-1, keepdims=True)) / np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5) * s,
    (2, 4), (4,),
)  # fmt: skip
