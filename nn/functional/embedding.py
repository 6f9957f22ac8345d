"""Rows of a table by index."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of `weight` that `input` names.

    Shapes: `(*)` of integers, `(num_embeddings, embedding_dim)` -> `(*, embedding_dim)`.

    Args:
        input: indices of rows, from 0 to num_embeddings - 1.
        weight: the table.
        padding_idx: a row that gets no gradient; counted from the end if negative.

    Raises:
        TypeError: the indices are not integers.
        IndexError: there is no such row.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.embedding(np.array([2, 0]), np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]))
        array([[4., 5.],
               [0., 1.]])
    """
    index = input.data if isinstance(input, ag.Value) else input
    index = index if hasattr(index, "dtype") else np.asarray(index)
    rows = weight.shape[0]
    if index.dtype.kind not in "iu":
        raise TypeError(
            f"embedding needs indices, but the input of shape {index.shape} holds {index.dtype}. "
            "Write input.astype(np.int64)."
        )
    if index.size and (index.min() < 0 or index.max() >= rows):
        wrong = index[(index < 0) | (index >= rows)].flat[0]
        raise IndexError(
            f"index {wrong} is out of range: the table has {rows} rows, so indices run from 0 to {rows - 1}"
        )
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ValueError(
                f"Padding_idx must be within num_embeddings: it is {padding_idx}, the table has {rows} rows"
            )
        padding_idx %= rows
    return _embedding(weight, index, padding_idx)


@ag.primitive
def _embedding(weight: Any, index: Any, padding_idx: int | None) -> Any:
    """`weight[index]`."""
    return weight[index]


@ag.primitive
def _summed_rows(g: Any, index: Any, num_rows: int, padding_idx: int | None) -> Any:
    """The sum of `g` over all places with the same index, a row each; 0 in the row `padding_idx`."""
    flat, rows = index.reshape(-1), g.reshape(index.size, g.shape[-1])
    out = np.zeros_like(rows, shape=(num_rows, rows.shape[1]))
    if flat.size:
        order = flat.argsort(kind="stable")
        ordered = flat[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        out[ordered[starts]] = np.add.reduceat(rows[order], starts, axis=0)
    if padding_idx is not None:
        out[padding_idx] = 0
    return out


def _not_padding(index: Any, padding_idx: int | None) -> Any:
    return 1 if padding_idx is None else np.expand_dims(index != padding_idx, -1)


ag.defvjp(_embedding, lambda g, out, weight, index, padding_idx: _summed_rows(g, index, weight.shape[0], padding_idx))
ag.defvjp(
    _summed_rows,
    lambda g, out, x, index, num_rows, padding_idx: g[index] * _not_padding(index, padding_idx),
)
