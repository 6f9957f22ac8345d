"""How things are timed: interleaved rounds, medians, ratios.

A shared machine is slow in some seconds and fast in others. Contenders therefore take turns within each round,
and only ratios of medians from one run are compared.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Contender:
    """One way to do the work: `step()` does it once, `gradients()` tells what it computed."""

    name: str
    step: Callable[[], Any]
    gradients: Callable[[], list[Any]] | None = None


def agree(contenders: list[Contender], tolerance: float) -> None:
    """Run each once and compare its gradients with those of the first.

    Raises:
        AssertionError: two contenders do not compute the same.
    """
    expected: list[Any] | None = None
    for contender in contenders:
        contender.step()
        if contender.gradients is None:
            continue
        got = [np.asarray(g, dtype=float) for g in contender.gradients()]
        if expected is None:
            expected = got
            continue
        for i, (a, b) in enumerate(zip(expected, got, strict=True)):
            scale = max(float(np.abs(a).max()), 1e-30)
            error = float(np.abs(a - b).max()) / scale
            assert error <= tolerance, (
                f"{contender.name} differs from {contenders[0].name} in gradient {i}: {error:.2g}"
            )


def medians(contenders: list[Contender], rounds: int, seconds: float = 0.03) -> dict[str, float]:
    """The median time of one step of each, in seconds, over interleaved rounds of about `seconds` each."""
    calls = {}
    for contender in contenders:
        for _ in range(3):
            contender.step()
        start = perf_counter()
        contender.step()
        calls[contender.name] = max(1, int(seconds / max(perf_counter() - start, 1e-7)))
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            gc.collect()
            step, n = contender.step, calls[contender.name]
            start = perf_counter()
            for _ in range(n):
                step()
            times[contender.name].append((perf_counter() - start) / n)
    return {name: median(samples) for name, samples in times.items()}


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    from importlib.util import find_spec

    return find_spec(name) is not None
