"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from .activation import softmax_vjp
from .dropout import dropout
from .real import real_only


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """softmax(query @ keyᵀ · scale) @ value: Vaswani et al., Attention is all you need, 2017.

    Shapes: `(..., L, E)`, `(..., S, E)`, `(..., S, Ev)` -> `(..., L, Ev)`; masks broadcast to `(..., L, S)`.

    Args:
        query: L queries.
        key: S keys.
        value: S values.
        attn_mask: of booleans, True where a query MAY ATTEND to a key (the opposite of `MultiheadAttention`);
            or of numbers, added to the scores. A query that may attend to nothing gets 0.
        dropout_p: the probability of dropping a weight; always applied, so pass 0 when not training.
        is_causal: a query attends to keys up to its own position only.
        scale: by default 1 / sqrt(E).

    Raises:
        ValueError: a mask and `is_causal`, or shapes that do not fit.
        TypeError: a mask of integers.

    Example:
        >>> import numpy as np, nn
        >>> x = np.eye(3)
        >>> nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True).round(2)
        array([[1.  , 0.  , 0.  ],
               [0.36, 0.64, 0.  ],
               [0.26, 0.26, 0.47]])
    """
    real_only("scaled_dot_product_attention", query, key)
    if is_causal and attn_mask is not None:
        raise ValueError(
            "Explicit attn_mask should not be set when is_causal=True: write attn_mask & np.tri(L, S, dtype=bool)"
        )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(
            f"query {query.shape}, key {key.shape} and value {value.shape} must be (..., L, E), (..., S, E) and "
            "(..., S, Ev)"
        )
    if attn_mask is not None:
        attn_mask = mask_array(attn_mask, "attend")
    if is_causal:
        attn_mask = np.tri(query.shape[-2], key.shape[-2], dtype=bool)
    weights = attention_weights(query, key, attn_mask, 1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    return dropout(weights, dropout_p) @ value


def mask_array(mask: Any, true_means: str) -> Any:
    """The mask as an array; of numbers it may be a Value, which then gets a gradient."""
    if not hasattr(mask, "dtype"):
        mask = np.asarray(mask)
    if mask.dtype.kind not in "bf":  # integers would be added, although 0 and 1 are meant as no and yes
        raise TypeError(
            f"only bool and floating types of masks are supported, got {mask.dtype}. Write mask.astype(bool), where "
            f"True means {true_means}."
        )
    return mask.data if isinstance(mask, ag.Value) and mask.dtype.kind == "b" else mask


@ag.primitive
def attention_weights(query: Any, key: Any, mask: Any, scale: float) -> Any:
    """softmax(query @ keyᵀ · scale), with `mask` as in `scaled_dot_product_attention`; 0 in a row all masked."""
    out = (query * scale) @ key.swapaxes(-1, -2)
    if not out.size:
        return out
    if mask is not None:
        if mask.dtype.kind == "b":
            np.copyto(out, -np.inf, where=~mask)
        else:
            out += mask
    highest = out.max(axis=-1, keepdims=True)
    out -= np.where(highest == -np.inf, 0, highest)
    np.exp(out, out=out)
    total = out.sum(axis=-1, keepdims=True)
    out /= np.where(total == 0, 1, total)
    return out


def _attention_weights_vjp(g: Any, out: Any, query: Any, key: Any, mask: Any, scale: float) -> tuple[Any, ...]:
    scores = softmax_vjp(g, out, -1)
    scaled = scores * scale
    return scaled @ key, scaled.swapaxes(-1, -2) @ query, scores


ag.defvjp_joint(attention_weights, _attention_weights_vjp)
