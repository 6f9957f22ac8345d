"""Activations."""

from __future__ import annotations

import numpy as np

from .case import Function, Layer

EDGES = np.array([-3.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 3.0])

FUNCTIONS: dict[str, Function] = {
    "relu": Function(lambda F, x: F.relu(x), ((2, 5),)),
    "sigmoid": Function(lambda F, x: F.sigmoid(x), ((2, 5),)),
    "sigmoid far": Function(lambda F, x: F.sigmoid(x), (np.array([-800.0, -40.0, 40.0, 800.0]),)),
    "tanh": Function(lambda F, x: F.tanh(x), ((2, 5),)),
    "silu": Function(lambda F, x: F.silu(x), (EDGES,)),
    "gelu": Function(lambda F, x: F.gelu(x), (EDGES,)),
    "gelu far": Function(lambda F, x: F.gelu(x), (np.array([-50.0, -9.0, 9.0, 50.0]),)),
    "gelu tanh": Function(lambda F, x: F.gelu(x, approximate="tanh"), (EDGES,)),
    "softmax": Function(lambda F, x: F.softmax(x, dim=-1), ((2, 3, 4),)),
    "softmax dim 1": Function(lambda F, x: F.softmax(x, dim=1), ((2, 3, 4),)),
    "log_softmax": Function(lambda F, x: F.log_softmax(x, dim=1), ((2, 3, 4),)),
}

LAYERS: dict[str, Layer] = {
    "ReLU": Layer(lambda nn: nn.ReLU(), ((2, 3),)),
    "ReLU inplace": Layer(lambda nn: nn.ReLU(inplace=True), ((2, 3),), lambda module, x: module(x * 1)),
    "Sigmoid": Layer(lambda nn: nn.Sigmoid(), ((2, 3),)),
    "Tanh": Layer(lambda nn: nn.Tanh(), ((2, 3),)),
    "GELU": Layer(lambda nn: nn.GELU(), ((2, 3),)),
    "GELU tanh": Layer(lambda nn: nn.GELU("tanh"), ((2, 3),)),
    "SiLU": Layer(lambda nn: nn.SiLU(), ((2, 3),)),
    "Softmax": Layer(lambda nn: nn.Softmax(dim=1), ((2, 3),)),
}
