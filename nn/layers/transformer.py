"""The encoder block of a transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import functional as F
from ..module import Module
from .attention import MultiheadAttention
from .dropout import Dropout
from .linear import Linear
from .normalization import LayerNorm

_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"relu": F.relu, "gelu": F.gelu}


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers, each with a residual connection: Vaswani et al., 2017.

    With x = src: x = norm1(x + attention(x)), then x = norm2(x + linear2(activation(linear1(x)))); with
    `norm_first`: x = x + attention(norm1(x)), then x = x + linear2(activation(linear1(norm2(x)))).

    Shapes: `(S, N, d_model)`, with `batch_first` `(N, S, d_model)`, without a batch `(S, d_model)` -> the same.

    Args:
        d_model: the length of the vectors.
        nhead: how many heads the attention has.
        dim_feedforward: the length between the linear layers.
        dropout: the probability of dropping, in all four places.
        activation: `"relu"`, `"gelu"`, a function or a Module.
        layer_norm_eps: the `eps` of the LayerNorms.
        batch_first: whether the batch is the first axis rather than the second.
        norm_first: whether normalization comes before attention and linear layers rather than behind.
        bias: whether the linear layers and the norms have biases.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Raises:
        ValueError: `d_model` is no multiple of `nhead`, or the activation is unknown.

    Example:
        >>> import numpy as np, nn
        >>> block = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
        >>> block(np.ones((4, 5, 8), np.float32)).shape
        (4, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        if isinstance(activation, str):
            if activation not in _ACTIVATIONS:
                raise ValueError(f"activation should be relu/gelu, not {activation}")
            activation = _ACTIVATIONS[activation]
        self.activation = activation

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """Encode.

        Args:
            src: the sequence.
            src_mask: the `attn_mask` of the attention: True where a key is to be IGNORED, or numbers to add.
            src_key_padding_mask: `(N, S)`, of the same two kinds.
            is_causal: each position attends to itself and those before it only.
        """

        def attend(x: Any) -> Any:
            attended, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self.dropout1(attended)

        def feed_forward(x: Any) -> Any:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        x = src
        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + feed_forward(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + feed_forward(x))

    def _label(self) -> str:
        return f"TransformerEncoderLayer({self.linear1.in_features})"
