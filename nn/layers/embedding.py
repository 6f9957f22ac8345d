"""A table of learned vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from .. import init
from ..dtype import get_default_dtype
from ..module import Module
from ..parameter import Parameter


class Embedding(Module):
    """The learned vector of each index.

    Shapes: `(*)` of integers -> `(*, embedding_dim)`.

    Args:
        num_embeddings: how many vectors there are.
        embedding_dim: the length of each.
        padding_idx: an index whose vector is 0 and stays so: it gets no gradient.
        dtype: of the parameters, by default `nn.get_default_dtype()`.

    Attributes:
        weight: `(num_embeddings, embedding_dim)`, at first from N(0, 1).

    Raises:
        ValueError: `padding_idx` is not an index.
        TypeError: at a call, the input does not hold integers.
        IndexError: at a call, an index is not in the table.

    Example:
        >>> import numpy as np, nn
        >>> nn.Embedding(10, 3)(np.array([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
        (2, 4, 3)
    """

    weight: Parameter

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *, dtype: Any = None
    ) -> None:
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"Padding_idx must be within num_embeddings: it is {padding_idx}, there are {num_embeddings}"
                )
            padding_idx %= num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.weight = Parameter(np.empty((num_embeddings, embedding_dim), dtype or get_default_dtype()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            table = self.weight.data
            table[self.padding_idx] = 0
            self.weight.data = table

    def forward(self, input: Any) -> Any:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"

    def _label(self) -> str:
        return f"Embedding({self.num_embeddings} → {self.embedding_dim})"
