"""Stacks of transformer blocks, and an encoder with a decoder; the blocks are in `transformer_layers`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import functional as F
from .. import init
from ..dtype import get_default_dtype
from ..module import Module
from .cache import KVCache
from .container import ModuleList
from .normalization import LayerNorm
from .sizes import require_sizes
from .transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer


def _copies(layer: Module, count: int) -> ModuleList:
    require_sizes(num_layers=count)
    return ModuleList(copy.deepcopy(layer) for _ in range(count))


def _options(caches: Sequence[KVCache] | None, layers: ModuleList) -> list[dict[str, Any]]:
    """The keywords of each layer; without caches none, so that layers need not know of them."""
    if caches is None:
        return [{}] * len(layers)
    if len(caches) != len(layers):
        raise ValueError(
            f"cache must be a list of one nn.KVCache for each of the {len(layers)} layers, got {len(caches)}. "
            "Write [nn.KVCache() for _ in stack.layers]."
        )
    return [{"cache": cache} for cache in caches]


class TransformerEncoder(Module):
    """A stack of encoder layers: Vaswani et al., 2017. With `is_causal=True` it is a decoder-only model such as GPT.

    Shapes: those of the layers, `(S, N, d_model)`, with `batch_first` `(N, S, d_model)`, or `(S, d_model)` -> the same.

    Args:
        encoder_layer: a `TransformerEncoderLayer`; the stack holds copies of it, equal at first.
        num_layers: how many.
        norm: a module that is applied to the output of the last layer.
        enable_nested_tensor: taken for the sake of PyTorch's programs, where it lets evaluation skip padding. Padded
            positions are always computed here, as PyTorch does while training.
        mask_check: as `enable_nested_tensor`.

    Attributes:
        layers: a ModuleList of the layers.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
        >>> encoder = nn.TransformerEncoder(layer, num_layers=3)
        >>> encoder(np.ones((4, 5, 8), np.float32)).shape
        (4, 5, 8)
    """

    norm: Module | None

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
        *,
        cache: Sequence[KVCache] | None = None,
    ) -> Any:
        """Encode.

        Args:
            src: the sequence.
            mask: `(S, S)` or `(N * nhead, S, S)`; True where a key is to be IGNORED, or numbers to add.
            src_key_padding_mask: `(N, S)`, of the same two kinds: True is padding, which is IGNORED.
            is_causal: each position attends to itself and those before it only. None leaves it to the `mask`.
            cache: a list of one `KVCache` for each layer: earlier positions, which `src` continues. Not in PyTorch.

        Raises:
            ValueError: the caches are not as many as the layers; and what the layers raise.
        """
        output = src
        for layer, options in zip(self.layers, _options(cache, self.layers), strict=True):
            output = layer(
                output,
                src_mask=mask,
                src_key_padding_mask=src_key_padding_mask,
                is_causal=bool(is_causal),  # a mask says itself whether it is causal
                **options,
            )
        return output if self.norm is None else self.norm(output)


class TransformerDecoder(Module):
    """A stack of decoder layers: Vaswani et al., 2017.

    Shapes: those of the layers, tgt `(T, N, d_model)` and memory `(S, N, d_model)` -> `(T, N, d_model)`.

    Args:
        decoder_layer: a `TransformerDecoderLayer`; the stack holds copies of it, equal at first.
        num_layers: how many.
        norm: a module that is applied to the output of the last layer.

    Attributes:
        layers: a ModuleList of the layers.

    Example:
        >>> import numpy as np, nn
        >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
        >>> decoder = nn.TransformerDecoder(layer, num_layers=3)
        >>> decoder(np.ones((4, 5, 8), np.float32), np.ones((4, 7, 8), np.float32), tgt_is_causal=True).shape
        (4, 5, 8)
    """

    norm: Module | None

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
        *,
        cache: Sequence[KVCache] | None = None,
    ) -> Any:
        """Decode.

        Args:
            tgt: the sequence so far.
            memory: what the encoder made of the other sequence.
            tgt_mask: `(T, T)` or `(N * nhead, T, T)`; True where a key is to be IGNORED, or numbers to add.
            memory_mask: `(T, S)` or `(N * nhead, T, S)`, of the same two kinds: True is IGNORED.
            tgt_key_padding_mask: `(N, T)`, of the same two kinds: True is padding, which is IGNORED.
            memory_key_padding_mask: `(N, S)`, of the same two kinds: True is padding, which is IGNORED.
            tgt_is_causal: each position attends to itself and those before it only. None leaves it to the `tgt_mask`.
            memory_is_causal: position i attends to the positions 0 to i of `memory` only.
            cache: a list of one `KVCache` for each layer: earlier positions, which `tgt` continues. Not in PyTorch.

        Raises:
            ValueError: the caches are not as many as the layers; and what the layers raise.
        """
        output = tgt
        for layer, options in zip(self.layers, _options(cache, self.layers), strict=True):
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),  # a mask says itself whether it is causal
                memory_is_causal=memory_is_causal,
                **options,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder of one sequence and a decoder of another: Vaswani et al., Attention is all you need, 2017.

    All parameters with more than one axis are drawn from Xavier's uniform distribution.

    Shapes: src `(S, N, d_model)` and tgt `(T, N, d_model)`, with `batch_first` `(N, S, d_model)` and
    `(N, T, d_model)`, without a batch `(S, d_model)` and `(T, d_model)` -> that of tgt.

    Args:
        d_model: the length of the vectors.
        nhead: how many heads the attentions have.
        num_encoder_layers: how many layers the encoder has.
        num_decoder_layers: how many layers the decoder has.
        dim_feedforward: the length between the linear layers.
        dropout: the probability of dropping.
        activation: `"relu"`, `"gelu"`, a function or a Module.
        custom_encoder: a module to take in place of the encoder.
        custom_decoder: a module to take in place of the decoder.
        layer_norm_eps: the `eps` of the LayerNorms.
        batch_first: whether the batch is the first axis rather than the second.
        norm_first: whether normalization comes before attentions and linear layers rather than behind.
        bias: whether the linear layers and the norms have biases.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        encoder: a `TransformerEncoder` with a LayerNorm at its end.
        decoder: a `TransformerDecoder` with a LayerNorm at its end.

    Raises:
        ValueError: `d_model` is no multiple of `nhead`, or the activation is unknown; at a call, shapes that do not
            fit.

    Example:
        >>> import numpy as np, nn
        >>> model = nn.Transformer(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
        >>> source, target = np.ones((7, 4, 8), np.float32), np.ones((5, 4, 8), np.float32)
        >>> model(source, target, tgt_is_causal=True).shape
        (5, 4, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options: tuple[Any, ...] = (
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
        )

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        if custom_encoder is None:
            custom_encoder = TransformerEncoder(
                TransformerEncoderLayer(*options, dtype=dtype), num_encoder_layers, norm()
            )
        if custom_decoder is None:
            custom_decoder = TransformerDecoder(
                TransformerDecoderLayer(*options, dtype=dtype), num_decoder_layers, norm()
            )
        self.encoder = custom_encoder
        self.decoder = custom_decoder
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Encode `src`, and decode `tgt` with it.

        To generate step by step call `encoder` once and `decoder` with a `cache` for each position.

        Args:
            src: the sequence to encode.
            tgt: the sequence to decode.
            src_mask: `(S, S)` or `(N * nhead, S, S)`; True where a key is to be IGNORED, or numbers to add.
            tgt_mask: `(T, T)` or `(N * nhead, T, T)`, of the same two kinds: True is IGNORED.
            memory_mask: `(T, S)` or `(N * nhead, T, S)`, of the same two kinds: True is IGNORED.
            src_key_padding_mask: `(N, S)`, of the same two kinds: True is padding, which is IGNORED.
            tgt_key_padding_mask: `(N, T)`, of the same two kinds: True is padding, which is IGNORED.
            memory_key_padding_mask: `(N, S)`, of the same two kinds; in most cases equal to `src_key_padding_mask`.
            src_is_causal: each source position attends to itself and those before it only. None leaves it to the mask.
            tgt_is_causal: the same for the target.
            memory_is_causal: target position i attends to the source positions 0 to i only.

        Raises:
            ValueError: the two have different numbers of samples, or vectors of another length than d_model.
        """
        shapes = f"src {np.shape(src)} and tgt {np.shape(tgt)}"
        batch_axis = 0 if self.batch_first else 1
        if np.ndim(src) == np.ndim(tgt) == 3 and src.shape[batch_axis] != tgt.shape[batch_axis]:
            raise ValueError(
                f"the batch number of src and tgt must be equal, on axis {batch_axis} with "
                f"batch_first={self.batch_first}, got {shapes}"
            )
        if np.shape(src)[-1:] != (self.d_model,) or np.shape(tgt)[-1:] != (self.d_model,):
            raise ValueError(
                f"the feature number of src and tgt must be equal to d_model = {self.d_model}, got {shapes}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, *, dtype: Any = None) -> Any:
        """A causal mask of numbers to add: -inf where a key comes after the query, else 0.

        Args:
            sz: how many positions.
            dtype: by default `nn.get_default_dtype()`.

        Example:
            >>> import nn
            >>> nn.Transformer.generate_square_subsequent_mask(3)
            array([[  0., -inf, -inf],
                   [  0.,   0., -inf],
                   [  0.,   0.,   0.]], dtype=float32)
        """
        return np.triu(np.full((sz, sz), -np.inf, dtype or get_default_dtype()), 1)
