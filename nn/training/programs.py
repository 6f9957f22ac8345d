"""What `fit(..., compile=True)` compiles: the step of a batch up to its gradients, and the measuring of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd_lite as ag

from ..metrics.parts import raw
from ..module import Module
from ..optim import Optimizer
from ..utils import clip_grad_norm_
from .measure import Loss, require_loss


def training_program(
    model: Module, loss: Loss, optimizer: Optimizer, clip_norm: float | None
) -> Callable[..., tuple[Any, Any, Any]]:
    """A function of inputs and target that leaves gradients, and returns loss, prediction and norm as plain arrays."""

    @ag.compile
    def training_step(inputs: tuple[Any, ...], target: Any) -> tuple[Any, Any, Any]:
        prediction = model(*inputs)
        error = require_loss(loss(prediction, target))
        optimizer.zero_grad()
        error.backward()
        norm = None if clip_norm is None else clip_grad_norm_(list(model.parameters()), clip_norm)
        return error.data, raw(prediction), norm

    return training_step


def measuring_program(model: Module, loss: Loss) -> Callable[..., tuple[Any, Any]]:
    """A function of inputs and target that returns loss and prediction as plain arrays."""

    @ag.compile
    def measuring_step(inputs: tuple[Any, ...], target: Any) -> tuple[Any, Any]:
        prediction = model(*inputs)
        return raw(loss(prediction, target)), raw(prediction)

    return measuring_step
