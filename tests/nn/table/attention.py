"""Attention."""

from __future__ import annotations

import numpy as np

from .case import Function, Layer, like

BOOL = np.array([[False, True, False, False], [False, False, True, True], [False, False, False, True]])  # (3, 4)
CAUSAL = np.triu(np.ones((3, 3), bool), 1)

FUNCTIONS: dict[str, Function] = {
    "attention": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v), ((2, 3, 5), (2, 4, 5), (2, 4, 2))
    ),
    "attention bool mask": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=like(q, ~BOOL)),
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
}

LAYERS: dict[str, Layer] = {
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
        lambda nn: nn.MultiheadAttention(4, 2), ((3, 4),), lambda m, x: m(x, x, x, attn_mask=like(x, CAUSAL))
    ),
    "MultiheadAttention masks": Layer(
        lambda nn: nn.MultiheadAttention(4, 2, batch_first=True),
        ((2, 3, 4), (2, 4, 4)),
        lambda m, x, y: m(
            x, y, y, key_padding_mask=like(x, [[False] * 4, [False, False, False, True]]), attn_mask=like(x, BOOL)
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
        lambda m, x, y: m(x, y, y, attn_mask=like(x, BOOL)),
    ),
}
