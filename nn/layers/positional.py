"""Positional encodings: what tells attention where in the sequence a vector is."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from .. import init
from ..dtype import get_default_dtype
from ..functional.rotary import rotate_pairs
from ..module import Module
from ..parameter import Parameter
from .dropout import Dropout
from .sizes import require_sizes


class _Added(Module):
    """Rows of a table are added to the vectors of a sequence, then dropped out."""

    def __init__(self, d_model: int, max_len: int, dropout: float, batch_first: bool) -> None:
        super().__init__()
        if d_model <= 0 or max_len <= 0:
            raise ValueError(f"d_model and max_len must be greater than 0, got d_model={d_model} and max_len={max_len}")
        self.d_model = d_model
        self.max_len = max_len
        self.batch_first = batch_first
        self.dropout = Dropout(dropout)

    def _add(self, input: Any, table: Any, offset: int) -> Any:
        given = np.shape(input)
        if len(given) not in (2, 3) or given[-1] != self.d_model:
            wanted = "(batch, length, d_model)" if self.batch_first else "(length, batch, d_model)"
            raise ValueError(
                f"the input must have shape {wanted} or (length, d_model) with d_model = {self.d_model}, got {given}"
            )
        require_sizes(offset=offset)
        axis = 1 if len(given) == 3 and self.batch_first else 0
        end = offset + given[axis]
        if end > self.max_len:
            raise ValueError(
                f"positions {offset} to {end - 1} are needed, but max_len = {self.max_len}: the input has shape "
                f"{given}, and axis {axis} is its length with batch_first={self.batch_first}"
            )
        rows = table[offset:end]
        return self.dropout(input + (rows[:, None] if len(given) == 3 and axis == 0 else rows))

    def extra_repr(self) -> str:
        return f"{self.d_model}, max_len={self.max_len}, batch_first={self.batch_first}"


class SinusoidalPositionalEncoding(_Added):
    """Waves of different lengths are added to a sequence: Vaswani et al., Attention is all you need, 2017, section 3.5.

    P[t, 2i] = sin(t / 10000^(2i / d_model)), P[t, 2i + 1] = cos(t / 10000^(2i / d_model)), for position t.

    Shapes: `(S, N, d_model)`, with `batch_first` `(N, S, d_model)`, without a batch `(S, d_model)` -> the same.

    Args:
        d_model: the length of the vectors.
        max_len: how many positions there are.
        dropout: the probability of dropping an element of the sum while training.
        batch_first: whether the batch is the first axis rather than the second.
        dtype: of the table, by default `nn.get_default_dtype()`.

    Attributes:
        pe: P, `(max_len, d_model)`; a buffer that is not in the state dict.

    Raises:
        ValueError: `d_model` or `max_len` are not positive; at a call, another shape, or more than max_len positions.

    Example:
        >>> import numpy as np, nn
        >>> encoding = nn.SinusoidalPositionalEncoding(d_model=4, batch_first=True)
        >>> encoding(np.zeros((1, 2, 4), np.float32)).round(4)
        array([[[0.    , 1.    , 0.    , 1.    ],
                [0.8415, 0.5403, 0.01  , 1.    ]]], dtype=float32)
    """

    pe: Any

    def __init__(
        self,
        d_model: int,
        max_len: int = 5000,
        dropout: float = 0.0,
        batch_first: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__(d_model, max_len, dropout, batch_first)
        angles = _angles(np.arange(max_len), d_model, 10000.0)
        table = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(max_len, -1)
        table = table[:, :d_model].astype(dtype or get_default_dtype())
        self.register_buffer("pe", table, persistent=False)

    def forward(self, input: Any, offset: int = 0) -> Any:
        """Add the encodings.

        Args:
            input: the sequence.
            offset: the position of its first vector, such as `cache.length` of a `nn.KVCache`.
        """
        return self._add(input, self.pe, offset)


class LearnedPositionalEmbedding(_Added):
    """A learned vector for each position is added to a sequence, as in GPT and BERT.

    Gehring et al., Convolutional sequence to sequence learning, 2017.

    Shapes: `(S, N, d_model)`, with `batch_first` `(N, S, d_model)`, without a batch `(S, d_model)` -> the same.

    Args:
        d_model: the length of the vectors.
        max_len: how many positions there are.
        dropout: the probability of dropping an element of the sum while training.
        batch_first: whether the batch is the first axis rather than the second.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(max_len, d_model)`, at first from N(0, 0.02²), as in GPT-2.

    Raises:
        ValueError: `d_model` or `max_len` are not positive; at a call, another shape, or more than max_len positions.

    Example:
        >>> import numpy as np, nn
        >>> embedding = nn.LearnedPositionalEmbedding(d_model=4, max_len=16, batch_first=True)
        >>> embedding(np.zeros((3, 10, 4), np.float32)).shape
        (3, 10, 4)
    """

    weight: Parameter

    def __init__(
        self,
        d_model: int,
        max_len: int,
        dropout: float = 0.0,
        batch_first: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__(d_model, max_len, dropout, batch_first)
        self.weight = Parameter(np.empty((max_len, d_model), dtype or get_default_dtype()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        init.normal_(self.weight, std=0.02)

    def forward(self, input: Any, offset: int = 0) -> Any:
        """Add the vectors.

        Args:
            input: the sequence.
            offset: the position of its first vector, such as `cache.length` of a `nn.KVCache`.
        """
        return self._add(input, self.weight, offset)


class RotaryEmbedding(Module):
    """Queries and keys are rotated by their position: Su et al., RoFormer, 2021.

    Pair i of the features, a point in a plane, is turned by the angle t / base^(2i / dim) at position t. The product of
    a query and a key then depends on the distance of their positions only. Apply it to both before attention, and
    before they go into a `nn.KVCache`.

    Shapes: `(*, S, dim)` -> the same; for attention `(N, heads, S, head_dim)`.

    Args:
        dim: the length of the vectors, such as the head_dim of attention; even.
        base: of the geometric series of the angles.
        interleaved: which features are a pair: (0, 1), (2, 3), ..., as in the paper and in GPT-J; or else
            (0, dim / 2), (1, dim / 2 + 1), ..., the `rotate_half` of LLaMA and GPT-NeoX. Weights trained with
            one do not fit the other.

    Raises:
        ValueError: `dim` is odd or not positive; at a call, the last axis is not dim long.
        TypeError: at a call, the input does not hold floating numbers.

    Example:
        >>> import numpy as np, nn
        >>> rotary = nn.RotaryEmbedding(dim=2)
        >>> rotary(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).round(4)
        array([[ 1.    ,  0.    ],
               [ 0.5403,  0.8415],
               [-0.9093, -0.4161]])
    """

    def __init__(self, dim: int, base: float = 10000.0, interleaved: bool = False) -> None:
        super().__init__()
        if dim <= 0 or dim % 2:
            raise ValueError(f"dim must be even and greater than 0, because features turn in pairs, got dim={dim}")
        if not base > 0:
            raise ValueError(f"base must be greater than 0, got base={base}")
        self.dim = dim
        self.base = base
        self.interleaved = interleaved

    def forward(self, input: Any, offset: int = 0) -> Any:
        """Rotate.

        Args:
            input: queries or keys.
            offset: the position of the first of them, such as `cache.length` of a `nn.KVCache`.
        """
        given = np.shape(input)
        if len(given) < 2 or given[-1] != self.dim:
            raise ValueError(
                f"the input must have shape (*, length, dim) with dim = {self.dim}, got {given}. "
                "To rotate a part of the features only, cut it out first and concatenate afterwards."
            )
        require_sizes(offset=offset)
        if input.dtype.kind != "f":
            raise TypeError(f"the input holds {input.dtype}. Write input.astype(np.float32).")
        cos, sin = _turns(offset, given[-2], self.dim, self.base, input.dtype)
        return rotate_pairs(input, cos, sin, self.interleaved)

    def extra_repr(self) -> str:
        return f"{self.dim}, base={self.base}, interleaved={self.interleaved}"


@lru_cache(maxsize=8)  # queries and keys of all layers ask for the same
def _turns(offset: int, length: int, dim: int, base: float, dtype: Any) -> tuple[Any, Any]:
    """Cosine and sine of the angles at the positions from `offset` on."""
    angles = _angles(np.arange(offset, offset + length), dim, base)
    cos, sin = np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)
    cos.flags.writeable = sin.flags.writeable = False  # they are shared
    return cos, sin


def _angles(positions: Any, dim: int, base: float) -> Any:
    """t / base^(2i / dim) for each position t and each i < dim / 2, in float64."""
    return np.multiply.outer(positions, float(base) ** (-np.arange(0, dim, 2) / dim))


class ALiBi(Module):
    """Scores fall with the distance of query and key: Press et al., Train short, test long, 2022.

    bias[h, i, j] = -slope_h · |i - j|, to be added to the scores of head h. The slopes are 2^(-8 h / num_heads) for
    h = 1, ..., num_heads if that is a power of two; else those of the next lower power n, and then every other one of
    those of 2n, as in the authors' code.

    Shapes: nothing -> `(num_heads, L, S)`, the `attn_mask` of `scaled_dot_product_attention`.

    Args:
        num_heads: how many heads the attention has.
        dtype: of the result, by default `nn.get_default_dtype()`.

    Raises:
        ValueError: `num_heads` is not positive.

    Example:
        >>> import nn
        >>> nn.ALiBi(2)(3)[0]
        array([[ 0.    , -0.0625, -0.125 ],
               [-0.0625,  0.    , -0.0625],
               [-0.125 , -0.0625,  0.    ]], dtype=float32)
    """

    def __init__(self, num_heads: int, *, dtype: Any = None) -> None:
        super().__init__()
        if num_heads <= 0:
            raise ValueError(f"num_heads must be greater than 0, got {num_heads}")
        self.num_heads = num_heads
        self.dtype = np.dtype(dtype or get_default_dtype())

    def forward(self, length: int, offset: int = 0, is_causal: bool = False) -> Any:
        """The biases.

        Args:
            length: how many queries there are, L.
            offset: the position of the first of them, such as `cache.length` of a `nn.KVCache`; there are
                S = offset + length keys.
            is_causal: a key behind the query gets -inf.
        """
        require_sizes(length=length, offset=offset)
        distance = np.arange(offset, offset + length)[:, None] - np.arange(offset + length)  # (L, S)
        bias = np.multiply.outer(self._slopes(), -abs(distance))
        if is_causal:
            bias[:, distance < 0] = -np.inf
        return bias.astype(self.dtype)

    def _slopes(self) -> Any:
        power = 1 << int(math.log2(self.num_heads))
        slopes = 2.0 ** (-8 / power * np.arange(1, power + 1))
        between = 2.0 ** (-4 / power * np.arange(1, 2 * power, 2))
        return np.concatenate([slopes, between])[: self.num_heads]

    def extra_repr(self) -> str:
        return f"{self.num_heads}"
