"""A table of learned vectors that are summed, averaged or compared in bags."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .. import functional as F
from .. import init
from ..dtype import get_default_dtype
from ..functional.embedding import refuse_sparse
from ..module import Module
from ..parameter import Parameter
from .sizes import require_sizes


class EmbeddingBag(Module):
    """The sum, mean or maximum of the learned vectors of each bag of indices; 0 for an empty bag.

    Shapes: `(B, N)` of integers, or `(n,)` with offsets `(B,)` -> `(B, embedding_dim)`.

    Args:
        num_embeddings: how many vectors there are.
        embedding_dim: the length of each.
        max_norm: vectors that are looked up and longer than this are shortened to it first, in `weight` itself.
        norm_type: the p of that p-norm.
        scale_grad_by_freq: divide the gradient of a vector by how often its index occurs; not for `"max"`.
        mode: `"sum"`, `"mean"` or `"max"`.
        sparse: must be False, gradients are full arrays.
        _weight: the vectors themselves; `from_pretrained` passes them.
        include_last_offset: offsets have one more entry, the end of the last bag.
        padding_idx: an index that is left out of every bag; its vector is 0 at first.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(num_embeddings, embedding_dim)`, at first from N(0, 1).

    Raises:
        ValueError: `padding_idx` is not an index, `_weight` has another shape, or `sparse`; at a call, an unknown
            mode, and shapes or offsets that do not fit.
        TypeError: at a call, the input does not hold integers.
        IndexError: at a call, an index is not in the table.

    Example:
        >>> import numpy as np, nn
        >>> bag = nn.EmbeddingBag(10, 3, mode="sum")
        >>> bag(np.array([1, 2, 4, 5, 4, 3, 2, 9]), np.array([0, 4])).shape
        (2, 3)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        require_sizes(num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        refuse_sparse(sparse)
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"padding_idx must be within num_embeddings: it is {padding_idx}, there are {num_embeddings}"
                )
            padding_idx %= num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.padding_idx = padding_idx
        self.mode = mode
        self.include_last_offset = include_last_offset
        shape = (num_embeddings, embedding_dim)
        if _weight is None:
            self.weight = Parameter(np.empty(shape, dtype or get_default_dtype()))
            self.reset_parameters()
        else:
            if np.shape(_weight) != shape:
                raise ValueError(
                    f"Shape of weight does not match num_embeddings and embedding_dim: it is {np.shape(_weight)}, "
                    f"they are {shape}"
                )
            self.weight = Parameter(_weight if dtype is None else np.asarray(_weight, dtype))

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """A layer of given vectors; the arguments are those of the class.

        Args:
            embeddings: `(num_embeddings, embedding_dim)`; an array is taken over, not copied.
            freeze: whether they are not learned.
            max_norm: see the class.
            norm_type: see the class.
            scale_grad_by_freq: see the class.
            mode: see the class.
            sparse: must be False.
            include_last_offset: see the class.
            padding_idx: an index that is left out of every bag; its vector stays what it is.

        Raises:
            ValueError: `embeddings` is no matrix.
        """
        if np.ndim(embeddings) != 2:
            raise ValueError(f"Embeddings parameter is expected to be 2-dimensional, got shape {np.shape(embeddings)}")
        rows, length = np.shape(embeddings)
        bag = cls(
            rows,
            length,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        bag.weight.requires_grad = not freeze
        return bag

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            table = self.weight.data
            table[self.padding_idx] = 0
            self.weight.data = table

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        """The bags.

        Args:
            input: indices, `(B, N)` or `(n,)`.
            offsets: `(B,)`, where the bags of an input with one axis start.
            per_sample_weights: a factor for each index, of the shape of `input`; for `"sum"` only.
        """
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        text += f", mode={self.mode!r}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        return text

    def _label(self) -> str:
        return f"EmbeddingBag({self.num_embeddings} → {self.embedding_dim})"
