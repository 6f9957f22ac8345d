"""What a case of the table is, and how one is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One function at one point.

    Attributes:
        name: unique in the table.
        function: takes the namespace and the inputs; returns an array, or a list or tuple of arrays.
        inputs: float64 or complex128 arrays.
        exact: on Values the very same NumPy function runs, so the result is equal to the last bit.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    exact: bool = True


def sample(shape: Shape, low: float = -2.0, high: float = 2.0, salt: int = 0) -> Any:
    """Numbers between the bounds, all different, the same in every run."""
    size = int(np.prod(shape))
    fractions = (43.7585453 * np.sin(12.9898 * np.arange(1, size + 1) + 78.233 * salt)) % 1.0
    return (low + (high - low) * fractions).reshape(shape)[()]


def complex_sample(shape: Shape, low: float = -2.0, high: float = 2.0, salt: int = 0) -> Any:
    """Complex numbers whose real and imaginary parts are between the bounds."""
    return sample(shape, low, high, salt) + 1j * sample(shape, low, high, salt + 50)


def weights_for(shape: Shape) -> Any:
    """What a result of this shape is multiplied with before it is summed up to one number."""
    return 1.3 + np.cos(np.arange(int(np.prod(shape)))).reshape(shape)


def results(outcome: Any) -> list[Any]:
    """The arrays that a function returned."""
    return list(outcome) if isinstance(outcome, list | tuple) else [outcome]


def weighted_sum(outcome: Any) -> Any:
    """One number made of everything that a function returned."""
    real = [part for r in results(outcome) for part in ((r.real, r.imag) if "complex" in str(r.dtype) else (r,))]
    return sum((r * weights_for(tuple(r.shape))).sum() for r in real)


def strided(*shape: int) -> Any:
    """A view with gaps, reversed along its last axis."""
    whole = sample(tuple(2 * n for n in shape))
    return whole[(*(slice(None, None, 2),) * (len(shape) - 1), slice(None, None, -2))]


CASES: list[Case] = []


def case(
    name: str, function: Callable[..., Any], *specs: Any, low: float = -2.0, high: float = 2.0, exact: bool = True
) -> None:
    """Add a case; an input is given as its shape or as an array."""
    inputs = [sample(s, low, high, i) if isinstance(s, tuple) else s for i, s in enumerate(specs)]
    assert name not in [c.name for c in CASES], name
    CASES.append(Case(name, function, tuple(inputs), exact))


def named(name: str) -> Callable[..., Any]:
    """The function of this name, of any number of arrays."""
    return lambda np, *arrays: getattr(np, name)(*arrays)
