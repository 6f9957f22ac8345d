"""Losses."""

from __future__ import annotations

import numpy as np

from .case import Function, Layer, like

PROBABILITIES = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])

FUNCTIONS: dict[str, Function] = {
    "mse_loss": Function(lambda F, x, y: F.mse_loss(x, y), ((2, 3), (2, 3))),
    "mse_loss sum": Function(lambda F, x, y: F.mse_loss(x, y, reduction="sum"), ((2, 3), (2, 3))),
    "mse_loss none": Function(lambda F, x, y: F.mse_loss(x, y, reduction="none"), ((2, 3), (2, 3))),
    "bce": Function(
        lambda F, x: F.binary_cross_entropy_with_logits(x, like(x, [0.0, 1.0, 0.3])), (np.array([-2.0, 50.0, 0.0]),)
    ),
    "bce both": Function(
        lambda F, x, y: F.binary_cross_entropy_with_logits(x, y), ((4,), PROBABILITIES[0, [0, 1, 2, 0]])
    ),
    "bce weighted": Function(
        lambda F, x: F.binary_cross_entropy_with_logits(
            x,
            like(x, [[0.0, 1.0, 0.3], [1.0, 1.0, 0.0]]),
            weight=like(x, [1.0, 2.0, 0.5]),
            pos_weight=like(x, [3.0, 0.5, 2.0]),
            reduction="sum",
        ),
        ((2, 3),),
    ),
    "cross_entropy": Function(lambda F, x: F.cross_entropy(x, like(x, [2, 0])), ((2, 3),)),
    "cross_entropy none": Function(lambda F, x: F.cross_entropy(x, like(x, [2, 0]), reduction="none"), ((2, 3),)),
    "cross_entropy sum": Function(lambda F, x: F.cross_entropy(x, like(x, [2, 0]), reduction="sum"), ((2, 3),)),
    "cross_entropy one": Function(lambda F, x: F.cross_entropy(x, like(x, 2)), ((3,),)),
    "cross_entropy pixels": Function(
        lambda F, x: F.cross_entropy(x, like(x, [[[0, 2], [1, 1]], [[2, 2], [0, 1]]])), ((2, 3, 2, 2),)
    ),
    "cross_entropy ignored": Function(lambda F, x: F.cross_entropy(x, like(x, [2, -100, 1, 2])), ((4, 3),)),
    "cross_entropy all options": Function(
        lambda F, x: F.cross_entropy(
            x, like(x, [2, 0, 1, 2]), weight=like(x, [1.0, 2.0, 0.5]), ignore_index=0, label_smoothing=0.2
        ),
        ((4, 3),),
    ),
    "cross_entropy smoothed none": Function(
        lambda F, x: F.cross_entropy(
            x, like(x, [[2, 0], [1, 2]]), weight=like(x, [1.0, 2.0, 0.5]), reduction="none", label_smoothing=0.2
        ),
        ((2, 3, 2),),
    ),
    "cross_entropy weighted": Function(
        lambda F, x: F.cross_entropy(x, like(x, [2, 0]), like(x, [1.0, 2.0, 0.5])), ((2, 3),)
    ),
    "cross_entropy probabilities": Function(lambda F, x, y: F.cross_entropy(x, y), ((2, 3), PROBABILITIES)),
    "cross_entropy probabilities all options": Function(
        lambda F, x, y: F.cross_entropy(x, y, weight=like(x, [1.0, 2.0, 0.5]), label_smoothing=0.2),
        ((2, 3), PROBABILITIES),
    ),
    "cross_entropy probabilities none": Function(
        lambda F, x, y: F.cross_entropy(x, y, reduction="none"), ((2, 3), PROBABILITIES)
    ),
}

LAYERS: dict[str, Layer] = {
    "MSELoss": Layer(lambda nn: nn.MSELoss(), ((2, 3), (2, 3))),
    "CrossEntropyLoss": Layer(lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1), ((2, 3), np.array([2, 0]))),
    "BCEWithLogitsLoss": Layer(lambda nn: nn.BCEWithLogitsLoss(reduction="sum"), ((2, 3), np.eye(2, 3))),
}
