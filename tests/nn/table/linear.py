"""Linear maps, tables of vectors, and layers that do nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Function, Layer, like


def given(nn: Any, array: Any) -> Any:
    """An array for the library that `nn` belongs to, of the dtype of parameters."""
    weight = nn.Linear(1, 1).weight
    return like(weight, array.astype(weight.dtype) if isinstance(weight.dtype, np.dtype) else array)


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
    "embedding by frequency": Function(
        lambda F, w: F.embedding(like(w, [[0, 2, 2], [1, 0, 2]]), w, padding_idx=1, scale_grad_by_freq=True),
        ((4, 3),),
        order=0,  # the gradient is scaled on purpose
    ),
    "embedding of one index": Function(lambda F, w: F.embedding(like(w, 2), w), ((4, 3),)),
    "embedding shortened": Function(
        lambda F, w: F.embedding(like(w, [[0, 2, 2], [1, 0, 2]]), w * 1.0, None, 0.7, 3.0),
        ((4, 3),),
        order=0,  # the shortening gets no gradient
    ),
    "embedding bag": Function(lambda F, w: F.embedding_bag(like(w, [[0, 2, 2], [1, 0, 2]]), w), ((4, 3),)),
    "embedding bag sum": Function(
        lambda F, w, p: F.embedding_bag(
            like(w, [0, 2, 2, 1]), w, like(w, [0, 3, 3, 4]), mode="sum", per_sample_weights=p, include_last_offset=True
        ),
        ((4, 3), (4,)),
    ),
    "embedding bag weighted": Function(
        lambda F, w, p: F.embedding_bag(like(w, [[0, 2], [3, 2]]), w, mode="sum", per_sample_weights=p, padding_idx=2),
        ((4, 3), (2, 2)),
    ),
    "embedding bag max": Function(
        lambda F, w: F.embedding_bag(like(w, [0, 2, 2, 1, 3, 3]), w, like(w, [0, 1, 5, 5]), mode="max", padding_idx=-1),
        ((4, 3),),
    ),
    "embedding bag shortened": Function(
        lambda F, w: F.embedding_bag(like(w, [0, 2, 2, 1, 0]), w * 1.0, like(w, [0, 0, 3]), 0.7, 3.0),
        ((4, 3),),
        order=0,  # the shortening gets no gradient
    ),
    "one hot": Function(lambda F, i: F.one_hot(i), (np.array([[2, 0], [1, 2]]),)),
    "one hot of more": Function(lambda F, i: F.one_hot(i, num_classes=4), (np.array(2),)),
    "bilinear": Function(lambda F, x, y, w, b: F.bilinear(x, y, w, b), ((2, 3, 3), (2, 3, 2), (2, 3, 2), (2,))),
    "bilinear without bias": Function(lambda F, x, y, w: F.bilinear(x, y, w), ((3,), (2,), (1, 3, 2))),
}

LAYERS: dict[str, Layer] = {
    "Linear": Layer(lambda nn: nn.Linear(3, 4), ((2, 3),)),
    "Linear without bias": Layer(lambda nn: nn.Linear(3, 4, bias=False), ((2, 3),)),
    "Identity": Layer(lambda nn: nn.Identity(), ((2, 3),)),
    "Dropout": Layer(lambda nn: nn.Dropout(0.3), ((2, 3),), lambda module, x: module.eval()(x)),
    "Embedding": Layer(lambda nn: nn.Embedding(5, 2), (np.array([[1, 4], [0, 1]]),)),
    "Embedding padding": Layer(lambda nn: nn.Embedding(5, 2, padding_idx=-1), (np.array([[1, 4], [0, 1]]),), order=0),
    "Embedding of all options": Layer(
        lambda nn: nn.Embedding(5, 2, 1, 0.9, 1.5, True),
        (np.array([[1, 4, 4], [0, 1, 4]]),),
        order=0,  # shortened, scaled, and a padding row
    ),
    "Embedding of given vectors": Layer(
        lambda nn: nn.Embedding.from_pretrained(given(nn, np.arange(6.0).reshape(3, 2)), freeze=False, padding_idx=0),
        (np.array([2, 1, 2]),),
        order=0,
    ),
    "Bilinear": Layer(lambda nn: nn.Bilinear(3, 2, 4), ((2, 3), (2, 2))),
    "Bilinear without bias": Layer(lambda nn: nn.Bilinear(1, 2, 1, bias=False), ((2, 3, 1), (2, 3, 2))),
    "EmbeddingBag": Layer(lambda nn: nn.EmbeddingBag(5, 2, padding_idx=1), (np.array([[1, 4], [0, 4]]),)),
    "EmbeddingBag of all options": Layer(
        lambda nn: nn.EmbeddingBag(5, 2, 0.9, 1.5, True, "sum", False, None, True, -2),
        (np.array([1, 4, 4, 0]), np.array([0, 3, 4]), (4,)),
        lambda m, *arrays: m(*arrays),
        order=0,  # shortened and scaled on purpose
    ),
}
