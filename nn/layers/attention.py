"""Multi-head attention."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from .. import init
from ..dtype import get_default_dtype
from ..functional import dropout, linear
from ..functional.attention import grouped_mean, grouped_weights, mask_array
from ..module import Module
from ..parameter import Parameter
from .cache import KVCache
from .linear import Linear
from .sizes import require_sizes


class MultiheadAttention(Module):
    """Several attentions side by side, each in its own part of the vector: Vaswani et al., 2017.

    head_i = softmax((query W_qᵢᵀ)(key W_kᵢᵀ)ᵀ / sqrt(head_dim)) (value W_vᵢᵀ); the output is their
    concatenation, through `out_proj`.

    Shapes: query `(L, N, embed_dim)`, key `(S, N, kdim)`, value `(S, N, vdim)` -> `(L, N, embed_dim)`; with
    `batch_first` N is the first axis; without a batch there is no N.

    Args:
        embed_dim: the length of the vectors.
        num_heads: how many attentions; each sees embed_dim / num_heads numbers.
        dropout: the probability of dropping an attention weight while training.
        bias: whether the projections have biases.
        add_bias_kv: whether a learned key and value are added to the sequence.
        add_zero_attn: whether a key and a value of zeros are added to the sequence.
        kdim: the length of the keys, by default `embed_dim`.
        vdim: the length of the values, by default `embed_dim`.
        batch_first: whether the batch is the first axis rather than the second.
        num_kv_heads: how many heads keys and values have, by default `num_heads`. With fewer, num_heads / num_kv_heads
            queries in succession share one (grouped-query attention, Ainslie et al. 2023; with 1 multi-query
            attention, Shazeer 2019), and a cache is that much smaller. Not in PyTorch.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        in_proj_weight: `(3 * embed_dim, embed_dim)`, the projections of query, key and value one above the
            other; None if `kdim` or `vdim` differ, which have `q_proj_weight`, `k_proj_weight`, `v_proj_weight`.
            With `num_kv_heads` keys and values are kv_dim = num_kv_heads * head_dim long, and it is
            `(embed_dim + 2 * kv_dim, embed_dim)`.
        in_proj_bias: `(3 * embed_dim,)`, or `(embed_dim + 2 * kv_dim,)`.
        out_proj: a Linear from `embed_dim` to `embed_dim`.

    Raises:
        ValueError: `embed_dim` is no multiple of `num_heads`, or that none of `num_kv_heads`; at a call, shapes that
            do not fit.

    Example:
        >>> import numpy as np, nn
        >>> attention = nn.MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)
        >>> x = np.ones((4, 5, 8), np.float32)
        >>> output, weights = attention(x, x, x)
        >>> output.shape, weights.shape
        ((4, 5, 8), (4, 5, 5))
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        num_kv_heads: int | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        require_sizes(embed_dim=embed_dim, num_heads=num_heads)
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {dropout}")
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise ValueError(
                f"embed_dim must be divisible by num_heads, got embed_dim={embed_dim} and num_heads={num_heads}"
            )
        if num_kv_heads is not None and (num_kv_heads <= 0 or num_heads % num_kv_heads):
            raise ValueError(
                f"num_heads must be divisible by num_kv_heads, got num_heads={num_heads} and "
                f"num_kv_heads={num_kv_heads}"
            )
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        self.head_dim = embed_dim // num_heads
        self.kv_dim = self.num_kv_heads * self.head_dim
        self.dropout = dropout
        self.add_zero_attn = add_zero_attn
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.batch_first = batch_first
        dtype = dtype or get_default_dtype()

        def parameter(*shape: int) -> Parameter:
            return Parameter(np.empty(shape, dtype))

        packed = self.kdim == self.vdim == embed_dim
        self.q_proj_weight = None if packed else parameter(embed_dim, embed_dim)
        self.k_proj_weight = None if packed else parameter(self.kv_dim, self.kdim)
        self.v_proj_weight = None if packed else parameter(self.kv_dim, self.vdim)
        self.in_proj_weight = parameter(embed_dim + 2 * self.kv_dim, embed_dim) if packed else None
        self.in_proj_bias = parameter(embed_dim + 2 * self.kv_dim) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype)
        self.bias_k = parameter(1, 1, self.kv_dim) if add_bias_kv else None
        self.bias_v = parameter(1, 1, self.kv_dim) if add_bias_kv else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the projections anew: Xavier's uniform distribution, and biases of 0."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
        *,
        cache: KVCache | None = None,
    ) -> tuple[Any, Any]:
        """Attend.

        Args:
            query: what asks, `(L, N, embed_dim)`.
            key: what is compared with it, `(S, N, kdim)`.
            value: what is averaged, `(S, N, vdim)`.
            key_padding_mask: `(N, S)`, without a batch `(S,)`; of booleans, True where a key is to be IGNORED (the
                opposite of `scaled_dot_product_attention`); or of numbers, added to the scores.
            need_weights: whether the weights are returned.
            attn_mask: `(L, S)` or `(N * num_heads, L, S)`, of the same two kinds: True is IGNORED.
            average_attn_weights: whether the weights are averaged over the heads.
            is_causal: query i attends to the keys 0 to i only, whatever the masks say; with a cache the queries are
                the last positions. PyTorch takes it for a hint and wants an `attn_mask` with it, here it is enough.
            cache: earlier keys and values, to which those of this call are appended; in the masks S then counts all
                of them. Not in PyTorch.

        Returns:
            `(output, weights)`: `(L, N, embed_dim)`, and `(N, L, S)`, or `(N, num_heads, L, S)` if not averaged, or
            None. A query whose keys are all masked gets weights of 0.
        """
        batched = np.ndim(query) == 3
        self._check(query, key, value)
        if cache is not None and not isinstance(cache, KVCache):
            raise TypeError(f"cache must be an nn.KVCache, not {type(cache).__name__}. Write cache=nn.KVCache().")
        if query is key is value and self.in_proj_weight is not None:  # one product for all three
            packed = linear(self._batch_first(query, batched), self.in_proj_weight, self.in_proj_bias)
            query, key, value = np.split(packed, [self.embed_dim, self.embed_dim + self.kv_dim], axis=-1)
        else:
            query, key, value = (self._batch_first(x, batched) for x in (query, key, value))  # (N, L, E), (N, S, E)
            query, key, value = self._projected(query, key, value)
        query, key, value = (self._heads(x) for x in (query, key, value))  # (N, heads, L or S, head_dim)
        first = 0 if cache is None else cache.length  # the position of the first query among the keys
        batch, targets, sources = query.shape[0], query.shape[2], first + key.shape[2]
        causal = np.tri(targets, sources, first, dtype=bool) if is_causal else None
        mask = self._mask(key_padding_mask, attn_mask, causal, (batch, targets, sources), batched)
        if cache is not None:
            key, value = cache.append(key, value)
        key, value, mask = self._extended(key, value, mask)

        weights = grouped_weights(query, key, mask, 1 / math.sqrt(self.head_dim))  # (N, heads, L, S)
        weights = dropout(weights, self.dropout, self.training)
        output = grouped_mean(weights, value).transpose(0, 2, 1, 3).reshape(batch, targets, self.embed_dim)
        output = self.out_proj(output)
        shown = None
        if need_weights:
            shown = weights.mean(axis=1) if average_attn_weights else weights
        if not batched:
            return output[0], None if shown is None else shown[0]
        return output if self.batch_first else output.swapaxes(0, 1), shown

    def _check(self, query: Any, key: Any, value: Any) -> None:
        shapes = f"query {np.shape(query)}, key {np.shape(key)}, value {np.shape(value)}"
        if np.ndim(query) not in (2, 3) or not np.ndim(query) == np.ndim(key) == np.ndim(value):
            raise ValueError(f"query, key and value must have 3 axes each, or 2 without a batch, got {shapes}")
        for name, x, length in (("query", query, self.embed_dim), ("key", key, self.kdim), ("value", value, self.vdim)):
            if x.shape[-1] != length:
                raise ValueError(f"the last axis of the {name} must be {length} long, got {shapes}")
        if np.shape(key)[:-1] != np.shape(value)[:-1]:
            raise ValueError(f"there must be a value for each key, got {shapes}")
        batch_axis = 0 if self.batch_first else 1
        if np.ndim(query) == 3 and query.shape[batch_axis] != key.shape[batch_axis]:
            raise ValueError(
                f"query and key must have as many samples, on axis {batch_axis} with batch_first={self.batch_first}, "
                f"got {shapes}"
            )

    def _batch_first(self, x: Any, batched: bool) -> Any:
        if not batched:
            return x[None]
        return x if self.batch_first else x.swapaxes(0, 1)

    def _projected(self, query: Any, key: Any, value: Any) -> tuple[Any, ...]:
        weights: list[Any] = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        biases: list[Any] = [None, None, None]
        ends = (0, self.embed_dim, self.embed_dim + self.kv_dim, self.embed_dim + 2 * self.kv_dim)
        parts = [slice(start, end) for start, end in pairwise(ends)]
        if self.in_proj_weight is not None:
            weights = [self.in_proj_weight[part] for part in parts]
        if self.in_proj_bias is not None:
            biases = [self.in_proj_bias[part] for part in parts]
        return tuple(linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))

    def _heads(self, x: Any) -> Any:
        heads = x.shape[2] // self.head_dim
        return x.reshape(*x.shape[:2], heads, self.head_dim).transpose(0, 2, 1, 3)

    def _extended(self, key: Any, value: Any, mask: Any) -> tuple[Any, Any, Any]:
        """The sequence with the keys and values that `add_bias_kv` and `add_zero_attn` put at its end."""
        one = (1, self.num_kv_heads, 1, self.head_dim)
        extra: list[tuple[Any, Any]] = []
        if self.bias_k is not None and self.bias_v is not None:
            extra.append((self.bias_k.reshape(one), self.bias_v.reshape(one)))
        if self.add_zero_attn:
            zero = np.zeros(one, key.dtype)
            extra.append((zero, zero))
        for k, v in extra:
            shape = (key.shape[0], *one[1:])
            key = np.concatenate([key, np.broadcast_to(k, shape)], 2)
            value = np.concatenate([value, np.broadcast_to(v, shape)], 2)
            if mask is not None:  # everyone may attend to the new one
                free = np.full((*mask.shape[:-1], 1), mask.dtype.kind == "b", mask.dtype)
                mask = np.concatenate([mask, free], -1)
        return key, value, mask

    def _mask(
        self, key_padding_mask: Any, attn_mask: Any, causal: Any, sizes: tuple[int, int, int], batched: bool
    ) -> Any:
        """All masks as one: of booleans, True to attend, if they all were; else of numbers to add."""
        batch, targets, sources = sizes
        masks = []
        if attn_mask is not None:
            attn_mask = mask_array(attn_mask, "ignore")
            if attn_mask.shape == (batch * self.num_heads, targets, sources):
                attn_mask = attn_mask.reshape(batch, self.num_heads, targets, sources)
            elif attn_mask.shape != (targets, sources):
                raise ValueError(
                    f"attn_mask must have shape {(targets, sources)} or "
                    f"{(batch * self.num_heads, targets, sources)}, got {attn_mask.shape}"
                )
            masks.append(attn_mask)
        if key_padding_mask is not None:
            key_padding_mask = mask_array(key_padding_mask, "ignore")
            wanted = (batch, sources) if batched else (sources,)
            if key_padding_mask.shape != wanted:
                raise ValueError(f"key_padding_mask must have shape {wanted}, got {key_padding_mask.shape}")
            masks.append(key_padding_mask.reshape(batch, 1, 1, sources))
        if all(mask.dtype.kind == "b" for mask in masks):
            may_attend = causal
            for mask in masks:
                may_attend = ~mask if may_attend is None else may_attend & ~mask
            return may_attend
        total = 0 if causal is None else np.where(causal, 0.0, -np.inf)
        for mask in masks:
            total = total + (np.where(mask, -np.inf, 0.0) if mask.dtype.kind == "b" else mask)
        return total
