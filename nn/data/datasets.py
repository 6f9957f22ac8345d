"""Datasets made of arrays and of other datasets: `TensorDataset`, `Subset`, `ConcatDataset`, `random_split`.

A dataset is whatever `DataLoader` takes: an array, a tuple of arrays, or an object with a length and an index.
"""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from math import floor, isclose
from operator import index
from typing import Any

import numpy as np

import autograd_lite as ag

from ..random import default_generator


class TensorDataset:
    """Samples that are the entries of arrays of equal length: sample i is `(arrays[0][i], arrays[1][i], ...)`.

    Args:
        tensors: plain arrays `(n, *)`.

    Attributes:
        tensors: the arrays.

    Raises:
        ValueError: no arrays, or arrays of unequal lengths.
        TypeError: a Value.

    Example:
        >>> import numpy as np, nn
        >>> dataset = nn.data.TensorDataset(np.array([[1.0], [2.0], [3.0]]), np.array([0, 1, 1]))
        >>> len(dataset)
        3
        >>> dataset[2]
        (array([3.]), np.int64(1))
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = arrays_of(tensors)

    def __getitem__(self, i: Any) -> tuple[Any, ...]:
        return tuple(tensor[i] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset:
    """Some samples of a dataset, in an order of their own.

    Args:
        dataset: what `DataLoader` takes, a tuple of arrays included.
        indices: which samples.

    Attributes:
        dataset: the whole dataset.
        indices: the numbers of the samples in it.

    Raises:
        IndexError: the dataset has no such sample.
        TypeError: the indices are no whole numbers.

    Example:
        >>> import numpy as np, nn
        >>> subset = nn.data.Subset((np.arange(5.0), np.arange(5) ** 2), [3, 1])
        >>> subset[0]
        (np.float64(3.0), np.int64(9))
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        size = size_of(dataset)
        self.dataset = dataset
        self.indices = checked_indices(indices, size, "a subset")

    def __getitem__(self, i: int) -> Any:
        return sample_of(self.dataset, self.indices[i])

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset:
    """Several datasets one after the other.

    Args:
        datasets: what `DataLoader` takes.

    Attributes:
        datasets: the datasets.
        cumulative_sizes: how many samples there are up to and with each of them.

    Raises:
        ValueError: no datasets.

    Example:
        >>> import numpy as np, nn
        >>> both = nn.data.ConcatDataset([np.arange(3), np.arange(10, 12)])
        >>> [int(both[i]) for i in range(len(both))]
        [0, 1, 2, 10, 11]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("datasets should not be an empty iterable. Pass a list: ConcatDataset([first, second]).")
        self.cumulative_sizes = list(accumulate(size_of(dataset) for dataset in self.datasets))

    def __getitem__(self, i: int) -> Any:
        place = i + len(self) if i < 0 else i
        if not 0 <= place < len(self):
            raise IndexError(f"index {i} is out of bounds for a dataset of {len(self)} samples.")
        number = bisect_right(self.cumulative_sizes, place)
        return sample_of(self.datasets[number], place - ([0, *self.cumulative_sizes][number]))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: np.random.Generator | None = None
) -> list[Subset]:
    """Deal a dataset out at random into subsets that do not overlap.

    Args:
        dataset: what `DataLoader` takes, a tuple of arrays included.
        lengths: how many samples each subset gets, or their fractions, which sum to 1. Samples that are left when
            fractions are rounded down go to the first subsets, one each.
        generator: a NumPy generator; by default the one that `nn.manual_seed` seeds.

    Raises:
        ValueError: lengths that do not sum to the number of samples, or fractions out of 0 to 1.

    Example:
        >>> import numpy as np, nn
        >>> x, y = np.zeros((10, 2)), np.arange(10)
        >>> train, test = nn.data.random_split((x, y), [0.8, 0.2], np.random.default_rng(0))
        >>> len(train), len(test)
        (8, 2)
        >>> sorted([int(label) for part in (train, test) for _, label in part])
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    size = size_of(dataset)
    require_generator(generator)
    if not isinstance(lengths, Iterable):
        raise TypeError(f"lengths must be a list, not {lengths!r}. Write [0.8, 0.2] for four fifths and the rest.")
    counts = _counts(list(lengths), size)
    for i, count in enumerate(counts):
        if count == 0:
            warnings.warn(
                f"Length of split at index {i} is 0. This might result in an empty dataset: a DataLoader refuses it.",
                stacklevel=2,
            )
    order = (default_generator if generator is None else generator).permutation(size).tolist()
    return [Subset(dataset, order[start:stop]) for start, stop in pairwise([0, *accumulate(counts)])]


def _counts(lengths: list[Any], size: int) -> list[int]:
    total = sum(lengths)
    if isclose(total, 1) or any(length != int(length) for length in lengths):
        wrong = next((i for i, fraction in enumerate(lengths) if not 0 <= fraction <= 1), None)
        if wrong is not None:
            raise ValueError(f"Fraction at index {wrong} is not between 0 and 1: {lengths[wrong]}.")
        if not isclose(total, 1):
            rest = f" Add one for the rest: {[*lengths, round(1 - total, 6)]}." if total < 1 else ""
            raise ValueError(f"the fractions {lengths} sum to {total:g}, but must sum to 1.{rest}")
        counts = [floor(size * fraction) for fraction in lengths]
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
        return counts
    counts = [int(length) for length in lengths]
    if min(counts, default=0) < 0 or sum(counts) != size:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset: {counts} sum to {sum(counts)}, "
            f"but there are {size} samples. For parts of it write fractions, such as [0.8, 0.2]."
        )
    return counts


# ---- what a dataset is ----


def require_generator(generator: Any) -> None:
    """Refuse what is no NumPy generator."""
    if generator is not None and not isinstance(generator, np.random.Generator):
        raise TypeError(
            f"generator must be a NumPy generator, not {type(generator).__name__}. "
            "Write generator=np.random.default_rng(0)."
        )


def checked_indices(indices: Iterable[Any], size: int, what: str) -> list[int]:
    """The indices as ints, each of them that of a sample."""
    try:
        found = [_whole(i) for i in indices]
    except TypeError as error:
        raise TypeError(
            f"{what} is made of whole numbers, the numbers of samples: {error}. For a mask write np.flatnonzero(mask)."
        ) from None
    for i in found:
        if not -size <= i < size:
            raise IndexError(f"{what} has index {i}, but the dataset has {size} samples, from 0 to {size - 1}.")
    return [i + size if i < 0 else i for i in found]


def _whole(i: Any) -> int:
    if isinstance(i, bool | np.bool_):
        raise TypeError(f"{i} is no number")
    return index(i)


def sample_of(dataset: Any, i: int) -> Any:
    """Sample `i`; that of a tuple of arrays is a tuple."""
    return tuple(field[i] for field in dataset) if isinstance(dataset, tuple) else dataset[i]


def size_of(dataset: Any) -> int:
    """How many samples there are; an exception if it is no dataset."""
    if isinstance(dataset, tuple):
        return len(arrays_of(dataset)[0])
    if isinstance(dataset, ag.Value):
        raise TypeError("a dataset is made of plain arrays, not of Values. Write v.data.")
    if isinstance(dataset, np.ndarray):
        return len(arrays_of((dataset,))[0])
    if isinstance(dataset, str) or not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise TypeError(
            f"a dataset is an array, a tuple of arrays, or an object with len() and [i], not {type(dataset).__name__}. "
            "To go through an iterator once, make it a list first."
        )
    if isinstance(dataset, Mapping):
        raise TypeError(
            "a dict is no dataset: its samples have no numbers. Write tuple(dataset.values()) if it holds arrays, "
            "list(dataset.values()) if it holds samples."
        )
    return len(dataset)


def arrays_of(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arrays of a tuple, which must be equally long."""
    if any(isinstance(field, ag.Value) for field in fields):
        raise TypeError("a dataset is made of plain arrays, not of Values. Write v.data.")
    arrays = tuple(np.asarray(field) for field in fields)
    if not arrays:
        raise ValueError("the dataset is an empty tuple. Pass arrays: DataLoader((inputs, targets)).")
    for i, array in enumerate(arrays):
        if array.ndim == 0:
            raise ValueError(
                f"array {i} of the dataset is a single number, {array}, but needs an axis of samples in front. "
                "For a list of samples write DataLoader([(x0, y0), (x1, y1)]): a tuple is a tuple of arrays."
            )
        if len(array) != len(arrays[0]):
            raise ValueError(
                f"array {i} of the dataset has {len(array)} samples, but array 0 has {len(arrays[0])} "
                f"(shapes {array.shape} and {arrays[0].shape}). Their first axes must be equally long."
            )
    return arrays
