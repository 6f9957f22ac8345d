"""Linear maps, tables of vectors, and layers that do nothing."""

from __future__ import annotations

import numpy as np

from .case import Function, Layer, like

FUNCTIONS: dict[str, Function] = {
    "linear": Function(lambda F, x, w, b: F.linear(x, w, b), ((2, 3), (4, 3), (4,))),
    "linear 3-d": Function(lambda F, x, w, b: F.linear(x, w, b), ((2, 5, 3), (4, 3), (4,))),
    "linear vector": Function(lambda F, x, w, b: F.linear(x, w, b), ((3,), (4, 3), (4,))),
    "linear without bias": Function(lambda F, x, w: F.linear(x, w), ((2, 3), (4, 3))),
    "linear by keyword": Function(lambda F, x, w, b: F.linear(x, bias=b, weight=w), ((2, 3), (4, 3), (4,))),
    "embedding": Function(lambda F, w: F.embedding(like(w, [[0, 2, 2], [1, 0, 2]]), w), ((4, 3),)),
    "embedding padding": Function(
        lambda F, w: F.embedding(like(w, [[0, 2, 2], [1, 0, 2]]), w, padding_idx=-2),
        ((4, 3),),
        order=0,  # the padding row gets no gradient on purpose
    ),
}

LAYERS: dict[str, Layer] = {
    "Linear": Layer(lambda nn: nn.Linear(3, 4), ((2, 3),)),
    "Linear without bias": Layer(lambda nn: nn.Linear(3, 4, bias=False), ((2, 3),)),
    "Identity": Layer(lambda nn: nn.Identity(), ((2, 3),)),
    "Dropout": Layer(lambda nn: nn.Dropout(0.3), ((2, 3),), lambda module, x: module.eval()(x)),
    "Embedding": Layer(lambda nn: nn.Embedding(5, 2), (np.array([[1, 4], [0, 1]]),)),
    "Embedding padding": Layer(lambda nn: nn.Embedding(5, 2, padding_idx=-1), (np.array([[1, 4], [0, 1]]),), order=0),
}
