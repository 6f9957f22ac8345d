"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

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
    enable_gqa: bool = False,
) -> Any:
    """softmax(query @ keyᵀ · scale) @ value: Vaswani et al., Attention is all you need, 2017.

    Shapes: `(..., L, E)`, `(..., S, E)`, `(..., S, Ev)` -> `(..., L, Ev)`; masks broadcast to `(..., L, S)`. With
    `enable_gqa` `(..., Hq, L, E)`, `(..., H, S, E)`, `(..., H, S, Ev)` -> `(..., Hq, L, Ev)`.

    Args:
        query: L queries.
        key: S keys.
        value: S values.
        attn_mask: of booleans, True where a query MAY ATTEND to a key (the opposite of `MultiheadAttention`);
            or of numbers, added to the scores. A query that may attend to nothing gets 0.
        dropout_p: the probability of dropping a weight; always applied, so pass 0 when not training.
        is_causal: query i attends to the keys 0 to i only, also where L and S differ. If the queries are the last
            ones of the keys, as with a `nn.KVCache`, pass `attn_mask=np.tri(L, S, S - L, dtype=bool)`.
        scale: by default 1 / sqrt(E).
        enable_gqa: there are fewer heads of keys and values than of queries, and as many queries one after the other
            share one: Ainslie et al., GQA, 2023. They are not copied.

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
    if query.ndim < 2 or query.shape[-1:] != key.shape[-1:] or key.shape[-2:-1] != value.shape[-2:-1]:
        raise ValueError(
            f"query {query.shape}, key {key.shape} and value {value.shape} must be (..., L, E), (..., S, E) and "
            "(..., S, Ev)"
        )
    if enable_gqa:
        _check_groups(query, key, value)
    elif not query.shape[:-2] == key.shape[:-2] == value.shape[:-2]:
        _common(query, key, value)
    if attn_mask is not None:
        attn_mask = mask_array(attn_mask, "attend")
    if is_causal:
        attn_mask = np.tri(query.shape[-2], key.shape[-2], dtype=bool)
    scale = 1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    weights = grouped_weights(query, key, attn_mask, scale) if enable_gqa else _weights(query, key, attn_mask, scale)
    weights = dropout(weights, dropout_p)
    return grouped_mean(weights, value) if enable_gqa else weights @ value


def _common(*arrays: Any) -> tuple[int, ...]:
    """The axes in front of length and features, which must broadcast."""
    try:
        return np.broadcast_shapes(*[x.shape[:-2] for x in arrays])
    except ValueError:
        shapes = ", ".join(f"{name} {x.shape}" for name, x in zip(("query", "key", "value"), arrays, strict=False))
        raise ValueError(
            f"the axes in front of the last two must broadcast, got {shapes}. "
            "For fewer heads of keys and values than of queries write enable_gqa=True."
        ) from None


def _check_groups(query: Any, key: Any, value: Any) -> None:
    shapes = f"query {query.shape}, key {key.shape} and value {value.shape}"
    if min(query.ndim, key.ndim, value.ndim) < 3:
        raise ValueError(f"enable_gqa needs an axis of heads, (..., heads, length, features), got {shapes}")
    heads = query.shape[-3]
    for x in (key, value):
        if x.shape[-3] == 0 or heads % x.shape[-3]:
            raise ValueError(
                "Number of heads in key and value must divide the number of heads in query, on axis -3, got " + shapes
            )


def grouped_weights(query: Any, key: Any, mask: Any, scale: float) -> Any:
    """`attention_weights`, where some heads in succession share a key: `(..., Hq, L, S)`."""
    heads, groups = query.shape[-3], key.shape[-3]
    if heads == groups:
        return _weights(query, key, mask, scale)
    shared = _split_heads(query, groups)  # (..., H, Hq / H, L, E)
    if mask is not None and mask.ndim > 2:
        mask = _split_heads(mask, groups if mask.shape[-3] == heads else 1)
    weights = _weights(shared, np.expand_dims(key, -3), mask, scale)
    return weights.reshape(*weights.shape[:-4], heads, *weights.shape[-2:])


def grouped_mean(weights: Any, value: Any) -> Any:
    """`weights @ value`, where some heads in succession share a value: `(..., Hq, L, Ev)`."""
    heads, groups = weights.shape[-3], value.shape[-3]
    if heads == groups:
        return weights @ value
    mean = _split_heads(weights, groups) @ np.expand_dims(value, -3)
    return mean.reshape(*mean.shape[:-4], heads, *mean.shape[-2:])


def _split_heads(x: Any, groups: int) -> Any:
    return x.reshape(*x.shape[:-3], groups, x.shape[-3] // groups, *x.shape[-2:])


def _weights(query: Any, key: Any, mask: Any, scale: float) -> Any:
    if mask is not None:
        wanted = (*_common(query, key), query.shape[-2], key.shape[-2])
        if mask.ndim > len(wanted) or any(
            m not in (1, n) for m, n in zip(mask.shape[::-1], wanted[::-1], strict=False)
        ):
            raise ValueError(f"attn_mask must broadcast to the scores of shape {wanted}, got {mask.shape}")
    return attention_weights(query, key, mask, scale)


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


@ag.primitive(traced=True)
def attention_weights(query: Any, key: Any, mask: Any, scale: float) -> Any:
    """softmax(query @ keyᵀ · scale), with `mask` as in `scaled_dot_product_attention`; 0 in a row all masked."""
    out = (query * scale) @ key.swapaxes(-1, -2)
    if not out.size:
        return out
    may_attend = None
    if mask is not None:
        if mask.dtype.kind == "b":
            may_attend = mask
        else:
            out += mask
    out = _exponentials(out, may_attend, None if ag.is_compiling() else out)
    total = (out @ np.ones_like(out, shape=out.shape[-1]))[..., None]  # a fraction of the time of a sum over short rows
    out /= np.where(total == 0, 1, total)
    return out


@ag.primitive
def _exponentials(scores: Any, may_attend: Any, out: Any) -> Any:
    """Each row e^(scores - c), with a c that keeps it finite and not all 0, and 0 for what is masked.

    Computed in `out`, which may be `scores`, if it is given.
    """
    highest = scores.max()
    if scores.min() > highest + 0.7 * math.log(np.finfo(scores.dtype).tiny):  # so narrow that one c does for all rows
        out = np.subtract(scores, highest, out=out)
        np.exp(out, out=out)
        if may_attend is not None:
            np.copyto(out, 0, where=~may_attend)
        return out
    if may_attend is not None:
        out = scores.copy() if out is None else out
        np.copyto(out, -np.inf, where=~may_attend)
        scores = out
    highest = scores.max(axis=-1, keepdims=True)
    out = np.subtract(scores, np.where(highest == -np.inf, 0, highest), out=out)
    return np.exp(out, out=out)


def _attention_weights_vjp(g: Any, out: Any, query: Any, key: Any, mask: Any, scale: float) -> tuple[Any, ...]:
    scores = (g - np.expand_dims(np.vecdot(g, out), -1)) * out
    return (scores @ key) * scale, (scores.swapaxes(-1, -2) @ query) * scale, scores


ag.defvjp_joint(attention_weights, _attention_weights_vjp)
