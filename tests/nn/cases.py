"""Calls that read the same in PyTorch and here, with their inputs: run by the tests, and by make_golden_nn.py."""

from __future__ import annotations

import sys
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

BOOL = np.array([[False, True, False, False], [False, False, True, True], [False, False, False, True]])  # (3, 4)
CAUSAL = np.triu(np.ones((3, 3), bool), 1)


def rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


class Function(NamedTuple):
    """`call(F, *arrays)` with F one of the two libraries' `nn.functional`."""

    call: Callable[..., Any]
    arrays: tuple[Any, ...]


PROBABILITIES = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
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
    "linear": Function(lambda F, x, w, b: F.linear(x, w, b), ((2, 3), (4, 3), (4,))),
    "linear 3-d": Function(lambda F, x, w, b: F.linear(x, w, b), ((2, 5, 3), (4, 3), (4,))),
    "linear vector": Function(lambda F, x, w, b: F.linear(x, w, b), ((3,), (4, 3), (4,))),
    "linear without bias": Function(lambda F, x, w: F.linear(x, w), ((2, 3), (4, 3))),
    "linear by keyword": Function(lambda F, x, w, b: F.linear(x, bias=b, weight=w), ((2, 3), (4, 3), (4,))),
    "layer_norm": Function(lambda F, x, w, b: F.layer_norm(x, (4,), w, b), ((2, 3, 4), (4,), (4,))),
    "layer_norm two axes": Function(lambda F, x, w, b: F.layer_norm(x, (3, 4), w, b), ((2, 3, 4), (3, 4), (3, 4))),
    "layer_norm plain": Function(lambda F, x: F.layer_norm(x, (4,), eps=0.1), ((2, 4),)),
    "layer_norm without bias": Function(lambda F, x, w: F.layer_norm(x, (4,), w), ((2, 4), (4,))),
    "embedding": Function(lambda F, w: F.embedding(_like(w, [[0, 2, 2], [1, 0, 2]]), w), ((4, 3),)),
    "embedding padding": Function(
        lambda F, w: F.embedding(_like(w, [[0, 2, 2], [1, 0, 2]]), w, padding_idx=-2), ((4, 3),)
    ),
    "attention": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v), ((2, 3, 5), (2, 4, 5), (2, 4, 2))
    ),
    "attention bool mask": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=_like(q, ~BOOL)),
        ((2, 3, 5), (2, 4, 5), (2, 4, 2)),
    ),
    "attention float mask": Function(
        lambda F, q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m),
        ((2, 3, 5), (2, 4, 5), (2, 4, 2), (3, 4)),
    ),
    "attention causal": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3),
        ((2, 2, 3, 5), (2, 2, 3, 5), (2, 2, 3, 2)),
    ),
    "mse_loss": Function(lambda F, x, y: F.mse_loss(x, y), ((2, 3), (2, 3))),
    "mse_loss sum": Function(lambda F, x, y: F.mse_loss(x, y, reduction="sum"), ((2, 3), (2, 3))),
    "mse_loss none": Function(lambda F, x, y: F.mse_loss(x, y, reduction="none"), ((2, 3), (2, 3))),
    "bce": Function(
        lambda F, x: F.binary_cross_entropy_with_logits(x, _like(x, [0.0, 1.0, 0.3])), (np.array([-2.0, 50.0, 0.0]),)
    ),
    "bce both": Function(
        lambda F, x, y: F.binary_cross_entropy_with_logits(x, y), ((4,), PROBABILITIES[0, [0, 1, 2, 0]])
    ),
    "bce weighted": Function(
        lambda F, x: F.binary_cross_entropy_with_logits(
            x,
            _like(x, [[0.0, 1.0, 0.3], [1.0, 1.0, 0.0]]),
            weight=_like(x, [1.0, 2.0, 0.5]),
            pos_weight=_like(x, [3.0, 0.5, 2.0]),
            reduction="sum",
        ),
        ((2, 3),),
    ),
    "cross_entropy": Function(lambda F, x: F.cross_entropy(x, _like(x, [2, 0])), ((2, 3),)),
    "cross_entropy none": Function(lambda F, x: F.cross_entropy(x, _like(x, [2, 0]), reduction="none"), ((2, 3),)),
    "cross_entropy sum": Function(lambda F, x: F.cross_entropy(x, _like(x, [2, 0]), reduction="sum"), ((2, 3),)),
    "cross_entropy one": Function(lambda F, x: F.cross_entropy(x, _like(x, 2)), ((3,),)),
    "cross_entropy pixels": Function(
        lambda F, x: F.cross_entropy(x, _like(x, [[[0, 2], [1, 1]], [[2, 2], [0, 1]]])), ((2, 3, 2, 2),)
    ),
    "cross_entropy ignored": Function(lambda F, x: F.cross_entropy(x, _like(x, [2, -100, 1, 2])), ((4, 3),)),
    "cross_entropy all options": Function(
        lambda F, x: F.cross_entropy(
            x, _like(x, [2, 0, 1, 2]), weight=_like(x, [1.0, 2.0, 0.5]), ignore_index=0, label_smoothing=0.2
        ),
        ((4, 3),),
    ),
    "cross_entropy smoothed none": Function(
        lambda F, x: F.cross_entropy(
            x, _like(x, [[2, 0], [1, 2]]), weight=_like(x, [1.0, 2.0, 0.5]), reduction="none", label_smoothing=0.2
        ),
        ((2, 3, 2),),
    ),
    "cross_entropy weighted": Function(
        lambda F, x: F.cross_entropy(x, _like(x, [2, 0]), _like(x, [1.0, 2.0, 0.5])), ((2, 3),)
    ),
    "cross_entropy probabilities": Function(lambda F, x, y: F.cross_entropy(x, y), ((2, 3), PROBABILITIES)),
    "cross_entropy probabilities all options": Function(
        lambda F, x, y: F.cross_entropy(x, y, weight=_like(x, [1.0, 2.0, 0.5]), label_smoothing=0.2),
        ((2, 3), PROBABILITIES),
    ),
    "cross_entropy probabilities none": Function(
        lambda F, x, y: F.cross_entropy(x, y, reduction="none"), ((2, 3), PROBABILITIES)
    ),
}


def inputs(name: str, arrays: tuple[Any, ...]) -> list[Any]:
    """A tuple of lengths stands for normal numbers of that shape, an array for itself."""
    draw = rng(name)
    return [draw.normal(size=a) if isinstance(a, tuple) else a for a in arrays]


def weights(name: str, shapes: list[tuple[int, ...]]) -> list[Any]:
    """With these each output is summed to the number that is differentiated."""
    draw = rng(f"weights of {name}")
    return [draw.normal(size=shape) for shape in shapes]


def state(name: str, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Parameters for a layer."""
    draw = rng(f"state of {name}")
    return {key: draw.normal(size=shape) for key, shape in shapes.items()}


class Layer(NamedTuple):
    """`build(nn)` with one of the two libraries, and `call(module, *arrays)`."""

    build: Callable[[Any], Any]
    arrays: tuple[Any, ...]
    call: Callable[..., Any] = lambda module, *arrays: module(*arrays)


def _encoder(**options: Any) -> Callable[[Any], Any]:
    return lambda nn: nn.TransformerEncoderLayer(4, 2, **{"dim_feedforward": 5, "dropout": 0.0, **options})


LAYERS: dict[str, Layer] = {
    "Linear": Layer(lambda nn: nn.Linear(3, 4), ((2, 3),)),
    "Linear without bias": Layer(lambda nn: nn.Linear(3, 4, bias=False), ((2, 3),)),
    "ReLU": Layer(lambda nn: nn.ReLU(), ((2, 3),)),
    "ReLU inplace": Layer(lambda nn: nn.ReLU(inplace=True), ((2, 3),), lambda module, x: module(x * 1)),
    "Sigmoid": Layer(lambda nn: nn.Sigmoid(), ((2, 3),)),
    "Tanh": Layer(lambda nn: nn.Tanh(), ((2, 3),)),
    "GELU": Layer(lambda nn: nn.GELU(), ((2, 3),)),
    "GELU tanh": Layer(lambda nn: nn.GELU("tanh"), ((2, 3),)),
    "SiLU": Layer(lambda nn: nn.SiLU(), ((2, 3),)),
    "Softmax": Layer(lambda nn: nn.Softmax(dim=1), ((2, 3),)),
    "Identity": Layer(lambda nn: nn.Identity(), ((2, 3),)),
    "LayerNorm": Layer(lambda nn: nn.LayerNorm(4), ((2, 4),)),
    "LayerNorm two axes": Layer(lambda nn: nn.LayerNorm((3, 4), eps=1e-3), ((2, 3, 4),)),
    "LayerNorm without bias": Layer(lambda nn: nn.LayerNorm(4, bias=False), ((2, 4),)),
    "LayerNorm plain": Layer(lambda nn: nn.LayerNorm(4, elementwise_affine=False), ((2, 4),)),
    "Dropout": Layer(lambda nn: nn.Dropout(0.3), ((2, 3),), lambda module, x: module.eval()(x)),
    "Embedding": Layer(lambda nn: nn.Embedding(5, 2), (np.array([[1, 4], [0, 1]]),)),
    "Embedding padding": Layer(lambda nn: nn.Embedding(5, 2, padding_idx=-1), (np.array([[1, 4], [0, 1]]),)),
    "Sequential": Layer(lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), ((2, 3),)),
    "Sequential named": Layer(
        lambda nn: nn.Sequential(OrderedDict(a=nn.Linear(3, 3), b=nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))), ((2, 3),)
    ),
    "ModuleList": Layer(
        lambda nn: nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3), nn.Sequential(nn.Tanh()), nn.Linear(3, 3)]),
        ((2, 3),),
        lambda module, x: module[2](module[-1](module[0](x))),
    ),
    "MultiheadAttention": Layer(lambda nn: nn.MultiheadAttention(4, 2), ((3, 2, 4),), lambda m, x: m(x, x, x)),
    "MultiheadAttention without bias": Layer(
        lambda nn: nn.MultiheadAttention(4, 2, bias=False, batch_first=True),
        ((2, 3, 4), (2, 4, 4)),
        lambda m, x, y: m(x, y, y, average_attn_weights=False),
    ),
    "MultiheadAttention cross": Layer(
        lambda nn: nn.MultiheadAttention(4, 2, kdim=3, vdim=5, batch_first=True),
        ((2, 3, 4), (2, 4, 3), (2, 4, 5)),
        lambda m, q, k, v: m(q, k, v, need_weights=False)[0],
    ),
    "MultiheadAttention without batch": Layer(
        lambda nn: nn.MultiheadAttention(4, 2), ((3, 4),), lambda m, x: m(x, x, x, attn_mask=_like(x, CAUSAL))
    ),
    "MultiheadAttention masks": Layer(
        lambda nn: nn.MultiheadAttention(4, 2, batch_first=True),
        ((2, 3, 4), (2, 4, 4)),
        lambda m, x, y: m(
            x, y, y, key_padding_mask=_like(x, [[False] * 4, [False, False, False, True]]), attn_mask=_like(x, BOOL)
        ),
    ),
    "MultiheadAttention number masks": Layer(
        lambda nn: nn.MultiheadAttention(4, 2, batch_first=True),
        ((2, 3, 4), (2, 4, 4), (4, 3, 4), (2, 4)),
        lambda m, x, y, mask, padding: m(x, y, y, key_padding_mask=padding, attn_mask=mask),
    ),
    "MultiheadAttention more keys": Layer(
        lambda nn: nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, batch_first=True),
        ((2, 3, 4), (2, 4, 4)),
        lambda m, x, y: m(x, y, y, attn_mask=_like(x, BOOL)),
    ),
    "TransformerEncoderLayer": Layer(_encoder(), ((3, 2, 4),)),
    "TransformerEncoderLayer norm first": Layer(
        _encoder(norm_first=True, batch_first=True, activation="gelu", bias=False), ((2, 3, 4),)
    ),
    "TransformerEncoderLayer causal": Layer(
        _encoder(batch_first=True, layer_norm_eps=1e-3),
        ((2, 3, 4),),
        lambda m, x: m(
            x,
            src_mask=_like(x, CAUSAL),
            src_key_padding_mask=_like(x, [[False, False, False], [False, True, True]]),
            is_causal=True,
        ),
    ),
    "MSELoss": Layer(lambda nn: nn.MSELoss(), ((2, 3), (2, 3))),
    "CrossEntropyLoss": Layer(lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1), ((2, 3), np.array([2, 0]))),
    "BCEWithLogitsLoss": Layer(lambda nn: nn.BCEWithLogitsLoss(reduction="sum"), ((2, 3), np.eye(2, 3))),
}


def _like(x: Any, constant: Any) -> Any:
    """A constant for the library that `x` belongs to."""
    array = np.asarray(constant)
    return sys.modules["torch"].from_numpy(array) if hasattr(x, "new_tensor") else array
