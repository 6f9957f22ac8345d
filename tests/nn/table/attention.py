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
    "attention causal, more keys": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), ((1, 2, 3), (1, 4, 3), (1, 4, 2))
    ),
    "attention causal, more queries": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), ((4, 3), (2, 3), (2, 2))
    ),
    "attention with a query that sees nothing": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(
            q, k, v, attn_mask=like(q, [[True, False, True], [False, False, False]])
        ),
        ((2, 2, 3), (2, 3, 3), (2, 3, 2)),
    ),
    "attention of one token": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v), ((1, 3), (1, 3), (1, 3))
    ),
    "attention, keys of one batch": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v), ((2, 2, 3), (3, 3), (3, 2))
    ),
    "attention of groups": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
        ((2, 4, 2, 2), (2, 2, 3, 2), (2, 2, 3, 1)),
    ),
    "attention of groups, causal": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=2.0, enable_gqa=True),
        ((3, 2, 2), (1, 3, 2), (1, 3, 2)),
    ),
    "attention of groups, a mask for each head": Function(
        lambda F, q, k, v, m: F.scaled_dot_product_attention(q, k, v, m, enable_gqa=True),
        ((2, 4, 1, 2), (2, 2, 3, 2), (2, 2, 3, 1), (4, 1, 3)),
    ),
    "attention of groups, a mask for all heads": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, like(q, ~BOOL[None, None]), enable_gqa=True),
        ((1, 4, 3, 1), (1, 2, 4, 1), (1, 2, 4, 1)),
    ),
    "attention of as many groups": Function(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
        ((2, 2, 2), (2, 3, 2), (2, 3, 2)),
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
    "MultiheadAttention of three inputs": Layer(
        lambda nn: nn.MultiheadAttention(2, 1), ((1, 2, 2), (3, 2, 2), (3, 2, 2)), lambda m, q, k, v: m(q, k, v)
    ),
    "MultiheadAttention without batch, padded": Layer(
        lambda nn: nn.MultiheadAttention(2, 2, batch_first=True),
        ((3, 2), (4, 2)),
        lambda m, x, y: m(x, y, y, key_padding_mask=like(x, [False, False, True, False]), average_attn_weights=False),
    ),
    "MultiheadAttention without batch, a mask for each head": Layer(
        lambda nn: nn.MultiheadAttention(2, 2),
        ((3, 2), (4, 2)),
        lambda m, x, y: m(x, y, y, attn_mask=like(x, np.stack([BOOL, BOOL[:, ::-1]]))),
    ),
    "MultiheadAttention masks of two kinds": Layer(
        lambda nn: nn.MultiheadAttention(2, 2, batch_first=True),
        ((2, 3, 2), (2, 4, 2), (3, 4)),
        lambda m, x, y, mask: m(x, y, y, like(x, [[False] * 4, [False, True, False, True]]), attn_mask=mask),
    ),
    "MultiheadAttention causal": Layer(
        lambda nn: nn.MultiheadAttention(2, 2),
        ((2, 1, 2), (3, 1, 2)),
        lambda m, x, y: m(
            x, y, y, need_weights=False, attn_mask=like(x, np.triu(np.ones((2, 3), bool), 1)), is_causal=True
        ),
    ),
    "MultiheadAttention more keys, masked": Layer(
        lambda nn: nn.MultiheadAttention(2, 2, add_bias_kv=True, add_zero_attn=True, bias=False),
        ((3, 2, 2), (4, 2, 2)),
        lambda m, x, y: m(
            x,
            y,
            y,
            key_padding_mask=like(x, [[False] * 4, [True, True, False, False]]),
            attn_mask=like(x, np.stack([BOOL, BOOL, ~BOOL, BOOL])),
        ),
    ),
    "MultiheadAttention one more key": Layer(
        lambda nn: nn.MultiheadAttention(2, 1, add_zero_attn=True, kdim=1, vdim=3),
        ((1, 2), (2, 1), (2, 3)),
        lambda m, q, k, v: m(q, k, v),
    ),
}
