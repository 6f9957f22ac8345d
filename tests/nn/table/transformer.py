"""Transformers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .case import Function, Layer, like

CAUSAL = np.triu(np.ones((3, 3), bool), 1)


def _encoder(**options: Any) -> Callable[[Any], Any]:
    return lambda nn: nn.TransformerEncoderLayer(4, 2, **{"dim_feedforward": 5, "dropout": 0.0, **options})


FUNCTIONS: dict[str, Function] = {}

LAYERS: dict[str, Layer] = {
    "TransformerEncoderLayer": Layer(_encoder(), ((3, 2, 4),)),
    "TransformerEncoderLayer norm first": Layer(
        _encoder(norm_first=True, batch_first=True, activation="gelu", bias=False), ((2, 3, 4),)
    ),
    "TransformerEncoderLayer causal": Layer(
        _encoder(batch_first=True, layer_norm_eps=1e-3),
        ((2, 3, 4),),
        lambda m, x: m(
            x,
            src_mask=like(x, CAUSAL),
            src_key_padding_mask=like(x, [[False, False, False], [False, True, True]]),
            is_causal=True,
        ),
    ),
}
