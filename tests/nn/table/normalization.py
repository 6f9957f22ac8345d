"""Normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Function, Layer, like


def running(x: Any) -> list[Any]:
    """A running mean and a running variance beside `x`, fresh ones, as they are written into."""
    dtype = str(x.dtype).removeprefix("torch.")
    return [like(x, np.linspace(0.5, 1, x.shape[1]).astype(dtype)) for _ in range(2)]


def batch_norm(F: Any, x: Any, *weights: Any, training: bool = True, eps: float = 1e-5) -> Any:
    return F.batch_norm(x, *running(x), *weights, training=training, momentum=0.3, eps=eps)


def moved_by_batch_norm(F: Any, x: Any) -> Any:
    """The running statistics as well, which move with x but are no part of the graph."""
    mean, var = running(x)
    return F.batch_norm(x, mean, var, training=True, momentum=0.3), mean, var


def instance_norm(F: Any, x: Any, *weights: Any, use_input_stats: bool = True) -> Any:
    return F.instance_norm(x, *running(x), *weights, use_input_stats=use_input_stats, momentum=0.3)


def moved_by_instance_norm(F: Any, x: Any) -> Any:
    """The running statistics as well."""
    mean, var = running(x)
    return F.instance_norm(x, mean, var, momentum=0.3), mean, var


def call_evaluated(module: Any, x: Any) -> Any:
    return module.eval()(x)


def call_twice(module: Any, x: Any) -> Any:
    """The second output depends on nothing that the first call has left behind, but the buffers do."""
    return module(x), module(2 * x + 1)


def call_thrice(module: Any, x: Any) -> Any:
    """The third batch, which is evaluated, leaves the buffers alone; it reads them, so differences do not apply."""
    return module.train()(x), module(2 * x + 1), module.eval()(3 * x)


def average(module: Any, x: Any) -> Any:
    """Three calls from the beginning; the state of a row does not count from 0."""
    module.reset_running_stats()
    return call_thrice(module, x)


FUNCTIONS: dict[str, Function] = {
    "layer_norm": Function(lambda F, x, w, b: F.layer_norm(x, (4,), w, b), ((2, 3, 4), (4,), (4,))),
    "layer_norm two axes": Function(lambda F, x, w, b: F.layer_norm(x, (3, 4), w, b), ((2, 3, 4), (3, 4), (3, 4))),
    "layer_norm plain": Function(lambda F, x: F.layer_norm(x, (4,), eps=0.1), ((2, 4),)),
    "layer_norm without bias": Function(lambda F, x, w: F.layer_norm(x, (4,), w), ((2, 4), (4,))),
    "rms_norm": Function(lambda F, x, w: F.rms_norm(x, (4,), w), ((2, 3, 4), (4,))),
    "rms_norm two axes": Function(lambda F, x, w: F.rms_norm(x, (3, 2), w, 0.1), ((2, 3, 2), (3, 2))),
    "rms_norm all axes, plain": Function(lambda F, x: F.rms_norm(x, (2, 3), eps=0.1), ((2, 3),)),
    "rms_norm of one": Function(lambda F, x: F.rms_norm(x, (1,), eps=0.5), ((3, 1),)),
    "batch_norm": Function(batch_norm, ((4, 3), (3,), (3,))),
    "batch_norm plain": Function(batch_norm, ((3, 2, 4),)),
    "batch_norm weight alone": Function(batch_norm, ((3, 2, 2), (2,))),
    "batch_norm images": Function(lambda F, *x: batch_norm(F, *x, eps=0.1), ((2, 2, 2, 3), (2,), (2,))),
    "batch_norm one sample": Function(batch_norm, ((1, 2, 3), (2,), (2,))),
    "batch_norm moves": Function(moved_by_batch_norm, ((4, 3),), order=0),
    "batch_norm moves, images": Function(moved_by_batch_norm, ((2, 3, 1, 2),), order=0),
    "batch_norm without running": Function(
        lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True), ((3, 2), (2,), (2,))
    ),
    "batch_norm evaluated": Function(lambda F, *x: batch_norm(F, *x, training=False), ((3, 2), (2,), (2,))),
    "batch_norm evaluated, plain": Function(lambda F, *x: batch_norm(F, *x, training=False), ((2, 2, 3),)),
    "batch_norm evaluated, one": Function(lambda F, *x: batch_norm(F, *x, training=False, eps=0), ((1, 2), (2,), (2,))),
    "group_norm": Function(lambda F, x, w, b: F.group_norm(x, 2, w, b), ((2, 4, 3), (4,), (4,))),
    "group_norm plain": Function(lambda F, x: F.group_norm(x, 2, eps=0.1), ((2, 4, 1, 2),)),
    "group_norm weight alone": Function(lambda F, x, w: F.group_norm(x, 1, w), ((2, 3, 2), (3,))),
    "group_norm vectors": Function(lambda F, x, w, b: F.group_norm(x, 2, w, b), ((2, 6), (6,), (6,))),
    "group_norm each channel": Function(lambda F, x, w, b: F.group_norm(x, 3, w, b), ((2, 3, 3), (3,), (3,))),
    "instance_norm": Function(instance_norm, ((2, 2, 3), (2,), (2,))),
    "instance_norm plain": Function(lambda F, x: F.instance_norm(x, eps=0.1), ((2, 2, 2, 2),)),
    "instance_norm moves": Function(moved_by_instance_norm, ((2, 3, 2, 2),), order=0),
    "instance_norm running": Function(lambda F, *x: instance_norm(F, *x, use_input_stats=False), ((2, 2, 3), (2,))),
}

LAYERS: dict[str, Layer] = {
    "LayerNorm": Layer(lambda nn: nn.LayerNorm(4), ((2, 4),)),
    "LayerNorm two axes": Layer(lambda nn: nn.LayerNorm((3, 4), eps=1e-3), ((2, 3, 4),)),
    "LayerNorm without bias": Layer(lambda nn: nn.LayerNorm(4, bias=False), ((2, 4),)),
    "LayerNorm plain": Layer(lambda nn: nn.LayerNorm(4, elementwise_affine=False), ((2, 4),)),
    "RMSNorm": Layer(lambda nn: nn.RMSNorm(4), ((2, 4),)),
    "RMSNorm two axes": Layer(lambda nn: nn.RMSNorm([2, 3], eps=1e-3), ((2, 2, 3),)),
    "RMSNorm plain": Layer(lambda nn: nn.RMSNorm(4, elementwise_affine=False), ((2, 4),)),
    "GroupNorm": Layer(lambda nn: nn.GroupNorm(2, 4), ((2, 4, 3),)),
    "GroupNorm without bias": Layer(lambda nn: nn.GroupNorm(1, 2, 1e-3, bias=False), ((2, 2, 2, 2),)),
    "GroupNorm plain": Layer(lambda nn: nn.GroupNorm(3, 3, affine=False), ((1, 3, 3),)),
    "BatchNorm1d": Layer(lambda nn: nn.BatchNorm1d(3), ((4, 3),)),
    "BatchNorm1d sequences": Layer(lambda nn: nn.BatchNorm1d(2), ((2, 2, 3),)),
    "BatchNorm1d twice": Layer(lambda nn: nn.BatchNorm1d(2, 1e-3, 0.7), ((3, 2),), call_twice),
    "BatchNorm1d average": Layer(lambda nn: nn.BatchNorm1d(2, momentum=None), ((3, 2),), average, 0),
    "BatchNorm1d evaluated": Layer(lambda nn: nn.BatchNorm1d(2), ((3, 2),), call_evaluated),
    "BatchNorm1d plain": Layer(lambda nn: nn.BatchNorm1d(2, affine=False), ((3, 2),)),
    "BatchNorm1d without bias": Layer(lambda nn: nn.BatchNorm1d(2, bias=False), ((3, 2),)),
    "BatchNorm1d without running": Layer(lambda nn: nn.BatchNorm1d(2, track_running_stats=False), ((3, 2),)),
    "BatchNorm1d without running, evaluated": Layer(
        lambda nn: nn.BatchNorm1d(2, track_running_stats=False), ((3, 2),), call_evaluated
    ),
    "BatchNorm2d": Layer(lambda nn: nn.BatchNorm2d(2), ((2, 2, 2, 3),)),
    "BatchNorm2d evaluated": Layer(lambda nn: nn.BatchNorm2d(2, eps=0.1), ((1, 2, 2, 2),), call_evaluated),
    "BatchNorm2d one sample": Layer(lambda nn: nn.BatchNorm2d(2), ((1, 2, 3, 1),)),
    "BatchNorm3d": Layer(lambda nn: nn.BatchNorm3d(2), ((1, 2, 2, 2, 2),)),
    "InstanceNorm1d": Layer(lambda nn: nn.InstanceNorm1d(2), ((2, 2, 3),)),
    "InstanceNorm1d without batch": Layer(lambda nn: nn.InstanceNorm1d(2, affine=True), ((2, 3),)),
    "InstanceNorm1d running": Layer(
        lambda nn: nn.InstanceNorm1d(2, 1e-3, 0.3, True, True), ((2, 2, 3),), call_thrice, 0
    ),
    "InstanceNorm1d evaluated": Layer(
        lambda nn: nn.InstanceNorm1d(2, affine=True, track_running_stats=True), ((2, 2, 3),), call_evaluated
    ),
    "InstanceNorm1d no momentum": Layer(
        lambda nn: nn.InstanceNorm1d(2, momentum=None, track_running_stats=True), ((2, 2, 3),)
    ),
    "InstanceNorm2d": Layer(lambda nn: nn.InstanceNorm2d(2, affine=True, bias=False), ((2, 2, 2, 2),)),
    "InstanceNorm2d without batch": Layer(lambda nn: nn.InstanceNorm2d(2), ((2, 2, 3),)),
}
