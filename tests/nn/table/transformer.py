"""Transformers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .case import Function, Layer, like

CAUSAL = np.triu(np.ones((3, 3), bool), 1)


def _encoder(**options: Any) -> Callable[[Any], Any]:
    return lambda nn: nn.TransformerEncoderLayer(4, 2, **{"dim_feedforward": 5, "dropout": 0.0, **options})


def _decoder(**options: Any) -> Callable[[Any], Any]:
    return lambda nn: nn.TransformerDecoderLayer(3, 3, **{"dim_feedforward": 2, "dropout": 0.0, **options})


def _stack(kind: str, norm: bool, **options: Any) -> Callable[[Any], Any]:
    options = {"dim_feedforward": 2, "dropout": 0.0, "activation": "gelu", **options}

    def build(nn: Any) -> Any:
        layer = getattr(nn, f"Transformer{kind}Layer")(3, 1, **options)
        return getattr(nn, f"Transformer{kind}")(layer, 2, nn.LayerNorm(3) if norm else None)

    return build


def _transformer(**options: Any) -> Callable[[Any], Any]:
    sizes = {"num_encoder_layers": 1, "num_decoder_layers": 1, "dim_feedforward": 2, "dropout": 0.0}
    return lambda nn: nn.Transformer(3, 1, **{**sizes, "activation": "gelu", **options})


PADDING = [[False, False, False], [False, True, True]]

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
    "TransformerEncoderLayer of another activation": Layer(
        lambda nn: nn.TransformerEncoderLayer(3, 3, 2, 0.0, nn.Tanh()), ((2, 3),)
    ),
    "TransformerDecoderLayer": Layer(_decoder(), ((3, 2, 3), (4, 2, 3)), lambda m, x, y: m(x, y)),
    "TransformerDecoderLayer norm first": Layer(
        _decoder(norm_first=True, batch_first=True, activation="gelu", bias=False, layer_norm_eps=1e-2),
        ((2, 3, 3), (2, 1, 3)),
        lambda m, x, y: m(x, y),
    ),
    "TransformerDecoderLayer masks": Layer(
        _decoder(activation="gelu"),
        ((3, 2, 3), (3, 2, 3), (3, 3), (2, 3)),
        lambda m, x, y, mask, padding: m(
            x, y, like(x, CAUSAL), mask, like(x, PADDING), padding, tgt_is_causal=True, memory_is_causal=False
        ),
    ),
    "TransformerDecoderLayer without batch": Layer(
        _decoder(activation="gelu"),
        ((2, 3), (3, 3)),
        lambda m, x, y: m(
            x, y, memory_mask=like(x, CAUSAL[:2]), memory_is_causal=True, tgt_key_padding_mask=like(x, [False, True])
        ),
    ),
    # the stacks in first order only: in second each takes seconds, and their layers are above
    "TransformerEncoder": Layer(_stack("Encoder", norm=True), ((3, 2, 3),), order=1),
    "TransformerEncoder causal": Layer(
        _stack("Encoder", norm=False, batch_first=True, norm_first=True),
        ((2, 3, 3),),
        lambda m, x: m(x, mask=like(x, CAUSAL), src_key_padding_mask=like(x, PADDING)),
        order=1,
    ),
    "TransformerDecoder": Layer(_stack("Decoder", norm=True), ((3, 2, 3), (2, 2, 3)), lambda m, x, y: m(x, y), order=1),
    "TransformerDecoder causal": Layer(
        _stack("Decoder", norm=False, batch_first=True, norm_first=True),
        ((2, 3, 3), (2, 3, 3)),
        lambda m, x, y: m(
            x, y, like(x, CAUSAL), like(x, CAUSAL), memory_key_padding_mask=like(x, PADDING), memory_is_causal=True
        ),
        order=1,
    ),
    "Transformer": Layer(_transformer(), ((3, 2, 3), (2, 2, 3)), lambda m, x, y: m(x, y), order=1),
    "Transformer without batch": Layer(_transformer(bias=False), ((3, 3), (2, 3)), lambda m, x, y: m(x, y), order=1),
    "Transformer masks": Layer(
        _transformer(batch_first=True, norm_first=True, layer_norm_eps=1e-3),
        ((2, 3, 3), (2, 3, 3)),
        lambda m, x, y: m(
            x,
            y,
            src_mask=like(x, CAUSAL.T),
            tgt_mask=like(x, CAUSAL),
            memory_mask=like(x, CAUSAL),
            src_key_padding_mask=like(x, [[False] * 3, [True, False, False]]),
            tgt_key_padding_mask=like(x, PADDING),
            memory_key_padding_mask=like(x, [[False] * 3, [False, False, True]]),
            tgt_is_causal=True,
        ),
        order=1,
    ),
}
