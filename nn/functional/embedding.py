"""Rows of a table by index, and the rows of the identity."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from .checked import checked


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of `weight` that `input` names.

    Shapes: `(*)` of integers, `(num_embeddings, embedding_dim)` -> `(*, embedding_dim)`.

    Args:
        input: indices of rows, from 0 to num_embeddings - 1.
        weight: the table.
        padding_idx: a row that gets no gradient; counted from the end if negative.
        max_norm: rows that are named and longer than this are shortened to it first, in `weight` itself and for good.
            An operation that read `weight` earlier in the same graph then has a wrong gradient: give it a copy.
        norm_type: the p of that p-norm.
        scale_grad_by_freq: divide the gradient of a row by how often `input` names it.
        sparse: must be False, gradients are full arrays.

    Raises:
        TypeError: the indices are not integers.
        IndexError: there is no such row.
        ValueError: there is no row `padding_idx`, or `sparse`.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.embedding(np.array([2, 0]), np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]))
        array([[4., 5.],
               [0., 1.]])
    """
    refuse_sparse(sparse)
    index = indices("embedding", input)
    if weight.ndim != 2:
        raise ValueError(f"the weight must have shape (num_embeddings, embedding_dim), got {weight.shape}")
    rows = weight.shape[0]
    index = checked(index, _require_rows, rows)
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ValueError(
                f"Padding_idx must be within num_embeddings: it is {padding_idx}, the table has {rows} rows"
            )
        padding_idx %= rows
    if max_norm is not None:
        if not max_norm >= 0:
            raise ValueError(f"max_norm must be 0 or greater, got {max_norm}")
        table = weight.data if isinstance(weight, ag.Value) else weight
        if ag.is_compiling():
            table[...] = _shortened(table, index, max_norm, norm_type)
        else:
            _shorten_rows(table, index, max_norm, norm_type)
    return _embedding(weight, index, padding_idx, _shares(index, rows) if scale_grad_by_freq else None)


def _require_rows(index: Any, rows: int) -> None:
    if index.size and (index.min() < 0 or index.max() >= rows):
        wrong = index[(index < 0) | (index >= rows)].flat[0]
        raise IndexError(
            f"index {wrong} is out of range: the table has {rows} rows, so indices run from 0 to {rows - 1}"
        )


def refuse_sparse(sparse: bool) -> None:
    """Refuse gradients that hold only the rows in use.

    Raises:
        ValueError: they are asked for.
    """
    if sparse:
        raise ValueError("sparse=True is not supported: gradients are full arrays here. Write sparse=False.")


def indices(name: str, input: Any) -> Any:
    index = input.data if isinstance(input, ag.Value) else input
    index = index if hasattr(index, "dtype") else np.asarray(index)
    if index.dtype.kind not in "iu":
        raise TypeError(
            f"{name} needs indices, but the input of shape {index.shape} holds {index.dtype}. "
            "Write input.astype(np.int64)."
        )
    return index


def _shorten_rows(table: Any, index: Any, max_norm: float, norm_type: float) -> None:
    named = np.unique(index)
    norms = np.linalg.norm(table[named], norm_type, axis=1)
    long = norms > max_norm
    factors = (max_norm / (norms[long] + 1e-7)).astype(table.dtype)
    # in place, and unseen by graphs, as in PyTorch: so the layer may be called twice in one
    table[named[long]] *= factors[:, None]


@ag.primitive
def _shortened(table: Any, index: Any, max_norm: float, norm_type: float) -> Any:
    """A copy of the table in which the rows that are named are no longer than `max_norm`."""
    out = table.copy()
    _shorten_rows(out, index, max_norm, norm_type)
    return out


@ag.primitive
def _shares(index: Any, num_rows: int) -> Any:
    """1 / how often the index of each place occurs."""
    return 1 / np.bincount(index.reshape(-1).astype(np.int64), minlength=num_rows)[index]


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """1 at the place that each index names, 0 elsewhere.

    Shapes: `(*)` of integers -> `(*, num_classes)` of int64.

    Args:
        tensor: indices of classes.
        num_classes: how many classes there are; -1 for as many as the largest index asks for.

    Raises:
        ValueError: an index is negative or not below `num_classes`, or there are neither indices nor `num_classes`.
        TypeError: the indices are not integers.

    Example:
        >>> import numpy as np, nn
        >>> nn.functional.one_hot(np.array([2, 0]))
        array([[0, 0, 1],
               [1, 0, 0]])
    """
    index = indices("one_hot", tensor)
    if not index.size and num_classes <= 0:
        raise ValueError("Can not infer total number of classes from empty tensor. Write num_classes=...")
    if num_classes == -1:
        num_classes = int(index.max()) + 1
    elif num_classes < 1:
        raise ValueError(f"num_classes should be positive, got {num_classes}")
    index = checked(index, _require_below, num_classes)
    return (np.expand_dims(index, -1) == np.arange(num_classes)).astype(np.int64)


def _require_below(index: Any, num_classes: int) -> None:
    if index.size and index.min() < 0:
        raise ValueError(f"Class values must be non-negative, got {index.min()}")
    if index.size and index.max() >= num_classes:
        raise ValueError(f"Class values must be smaller than num_classes = {num_classes}, got {index.max()}")


@ag.primitive(traced=True)
def _embedding(weight: Any, index: Any, padding_idx: int | None, shares: Any) -> Any:
    """`weight[index]`; the gradient of each place counts as much as `shares` says."""
    return weight[index]


@ag.primitive
def summed_rows(g: Any, index: Any, num_rows: int, padding_idx: int | None) -> Any:
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


def _embedding_vjp(g: Any, out: Any, weight: Any, index: Any, padding_idx: int | None, shares: Any) -> Any:
    counted = g if shares is None else g * np.expand_dims(shares.astype(g.dtype), -1)
    return summed_rows(counted, index, weight.shape[0], padding_idx)


ag.defvjp(_embedding, _embedding_vjp)
ag.defvjp(
    summed_rows,
    lambda g, out, x, index, num_rows, padding_idx: g[index] * _not_padding(index, padding_idx),
)
