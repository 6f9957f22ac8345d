"""The random numbers that distributions are made of, each a primitive that takes its generator.

So a function under `autograd_lite.checkpoint` draws the same ones again. None of them depends on a parameter that is
differentiated: that comes after.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag


def _drawn(draw: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """What a method of a generator draws that knows float32 and float64."""
    known = dtype if np.dtype(dtype).char in "fd" else np.float32
    return np.asarray(draw(shape, dtype=known)).astype(dtype, copy=False)[()]


@ag.primitive
def standard_normal(shape: tuple[int, ...], dtype: Any, generator: np.random.Generator) -> Any:
    """Normal numbers of mean 0 and standard deviation 1."""
    return _drawn(generator.standard_normal, shape, dtype)


@ag.primitive
def standard_exponential(shape: tuple[int, ...], dtype: Any, generator: np.random.Generator) -> Any:
    """Exponential numbers of mean 1."""
    return _drawn(generator.standard_exponential, shape, dtype)


@ag.primitive
def standard_uniform(shape: tuple[int, ...], dtype: Any, generator: np.random.Generator) -> Any:
    """Uniform numbers in [0, 1)."""
    return _drawn(generator.random, shape, dtype)


@ag.primitive
def standard_laplace(shape: tuple[int, ...], dtype: Any, generator: np.random.Generator) -> Any:
    """Laplace numbers of mean 0 and scale 1."""
    return np.asarray(generator.laplace(size=shape)).astype(dtype)[()]


@ag.primitive
def poisson(rate: Any, dtype: Any, generator: np.random.Generator) -> Any:
    """Counts of mean `rate`."""
    return np.asarray(generator.poisson(rate)).astype(dtype)[()]


@ag.primitive
def categorical(probs: Any, draws: int, generator: np.random.Generator) -> Any:
    """`(rows, classes)` probabilities -> `(draws, rows)` classes, by the inverse of the cumulated probabilities."""
    cumulated = np.cumsum(probs, axis=-1, dtype=np.float64)
    cumulated /= cumulated[:, -1:]  # so that a uniform number, which is below 1, always finds a class
    uniform = generator.random((draws, len(probs)))
    if draws > len(probs):
        classes = [np.searchsorted(row, u, side="right") for row, u in zip(cumulated, uniform.T, strict=True)]
        return np.reshape(classes, (len(probs), draws)).T.astype(np.int64)
    classes = [np.sum(cumulated <= u[:, None], axis=-1) for u in uniform]
    return np.reshape(classes, uniform.shape).astype(np.int64)
