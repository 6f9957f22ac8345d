"""A table of learned vectors."""

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


class Embedding(Module):
    """The learned vector of each index.

    Shapes: `(*)` of integers -> `(*, embedding_dim)`.

    Args:
        num_embeddings: how many vectors there are.
        embedding_dim: the length of each.
        padding_idx: an index whose vector is 0 and stays so: it gets no gradient.
        max_norm: vectors that are looked up and longer than this are shortened to it first, in `weight` itself. See
            `nn.functional.embedding` for a weight that is shared.
        norm_type: the p of that p-norm.
        scale_grad_by_freq: divide the gradient of a vector by how often its index occurs in the input.
        sparse: must be False, gradients are full arrays.
        _weight: the vectors themselves; `from_pretrained` passes them.
        _freeze: whether they are not learned.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(num_embeddings, embedding_dim)`, at first from N(0, 1).

    Raises:
        ValueError: `padding_idx` is not an index, `_weight` has another shape, or `sparse`.
        TypeError: at a call, the input does not hold integers.
        IndexError: at a call, an index is not in the table.

    Example:
        >>> import numpy as np, nn
        >>> nn.Embedding(10, 3)(np.array([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
        (2, 4, 3)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        require_sizes(num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        refuse_sparse(sparse)
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"Padding_idx must be within num_embeddings: it is {padding_idx}, there are {num_embeddings}"
                )
            padding_idx %= num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        shape = (num_embeddings, embedding_dim)
        if _weight is None:
            self.weight = Parameter(np.empty(shape, dtype or get_default_dtype()), not _freeze)
            self.reset_parameters()
        else:
            if np.shape(_weight) != shape:
                raise ValueError(
                    f"Shape of weight does not match num_embeddings and embedding_dim: it is {np.shape(_weight)}, "
                    f"they are {shape}"
                )
            self.weight = Parameter(_weight if dtype is None else np.asarray(_weight, dtype), not _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """A layer of given vectors.

        Args:
            embeddings: `(num_embeddings, embedding_dim)`; an array is taken over, not copied.
            freeze: whether they are not learned.
            padding_idx: an index that gets no gradient; its vector stays what it is.
            max_norm: see the class.
            norm_type: see the class.
            scale_grad_by_freq: see the class.
            sparse: must be False.

        Raises:
            ValueError: `embeddings` is no matrix.

        Example:
            >>> import numpy as np, nn
            >>> table = nn.Embedding.from_pretrained(np.array([[1.0, 2.3, 3.0], [4.0, 5.1, 6.3]]))
            >>> table(np.array([1])).data, table.weight.requires_grad
            (array([[4. , 5.1, 6.3]]), False)
        """
        if np.ndim(embeddings) != 2:
            raise ValueError(f"Embeddings parameter is expected to be 2-dimensional, got shape {np.shape(embeddings)}")
        rows, length = np.shape(embeddings)
        return cls(
            rows,
            length,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight=embeddings,
            _freeze=freeze,
        )

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            table = self.weight.data
            table[self.padding_idx] = 0
            self.weight.data = table

    def forward(self, input: Any) -> Any:
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return text

    def _label(self) -> str:
        return f"Embedding({self.num_embeddings} → {self.embedding_dim})"
