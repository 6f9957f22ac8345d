"""Optimizers in programs with `jit`: a step is one kernel that goes through memory once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import autograd_lite as ag

from .flat import run_in_place
from .optimizer import Optimizer, step_of


@cache
def _kernels(update: Callable[..., None]) -> Any:
    """The kernels of an optimizer's equation, whose arrays number 2 and 3 are scratch space."""
    return ag.in_place_kernels(update, scratch=(2, 3))


@ag.replacement(step_of)
def step_with_kernels(optimizer: Optimizer) -> None:
    """`optimizer.step()`, within the tolerance of `jit`."""
    token = run_in_place.set(_kernels(type(optimizer).update))
    try:
        optimizer.step()
    finally:
        run_in_place.reset(token)
