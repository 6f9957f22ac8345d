"""Batches: `DataLoader`. What is done with them is in `training`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import index
from typing import Any

import numpy as np

import autograd_lite as ag

from .dtype import get_default_dtype
from .random import default_generator


class DataLoader:
    """Goes through a dataset in batches, in a new order each time if `shuffle` is set.

    A batch has the structure of one sample: an array, a tuple of arrays or a dict of arrays, with the axis of the
    batch in front. `(n, *)` becomes `(batch_size, *)`. Batches are copies: you may change them.

    Args:
        dataset: an array `(n, *)`; a tuple of arrays of equal length, such as `(images, labels)`; or any object with
            `len(dataset)` and `dataset[i]`, whose samples are numbers, arrays, tuples or dicts of them.
        batch_size: how many samples to a batch.
        shuffle: draw a new order for each pass, from `generator`.
        drop_last: leave out the last batch if it is smaller than the others.
        collate_fn: makes a batch of a list of samples; by default they are stacked.
        generator: a NumPy generator; by default the one that `nn.manual_seed` seeds.
        dtype: floating arrays are converted to it, by default to `nn.get_default_dtype()`, so that float64 data
            does not promote a float32 model. Not applied to what `collate_fn` returns.

    Raises:
        ValueError: no samples, arrays of unequal lengths, `batch_size` below 1, or no batch at all.
        TypeError: `dataset` is none of the above.

    Example:
        >>> import numpy as np, nn
        >>> x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
        >>> loader = nn.DataLoader((x, y), batch_size=2)
        >>> len(loader)
        3
        >>> for inputs, labels in loader:
        ...     print(inputs.shape, inputs.dtype, labels)
        (2, 2) float32 [0 1]
        (2, 2) float32 [2 3]
        (1, 2) float32 [4]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        generator: np.random.Generator | None = None,
        dtype: Any = None,
    ) -> None:
        self.dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
        self._fields = _fields(dataset)
        self._size = _size(dataset, self._fields)
        self.dataset = dataset
        self.batch_size = index(batch_size)
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, but must be 1 or greater.")
        if generator is not None and not isinstance(generator, np.random.Generator):
            raise TypeError(
                f"generator must be a NumPy generator, not {type(generator).__name__}. "
                "Write generator=np.random.default_rng(0)."
            )
        self.shuffle, self.drop_last = shuffle, drop_last
        self.generator = default_generator if generator is None else generator
        self.collate_fn = collate_fn
        if len(self) == 0:
            raise ValueError(
                f"drop_last=True leaves no batch: there are {self._size} samples, fewer than batch_size={batch_size}. "
                "Write drop_last=False or a smaller batch_size."
            )

    def __len__(self) -> int:
        """The number of batches."""
        return self._size // self.batch_size if self.drop_last else -(-self._size // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = np.arange(self._size)
        if self.shuffle:
            self.generator.shuffle(order)
        for i in range(len(self)):
            yield self._batch(order[i * self.batch_size : (i + 1) * self.batch_size])

    def _batch(self, chosen: Any) -> Any:
        if self.collate_fn is not None or self._fields is None:
            samples = [self._sample(i) for i in chosen.tolist()]
            return self._collate(samples) if self.collate_fn is None else self.collate_fn(samples)
        batch = tuple(self._converted(field.take(chosen, axis=0)) for field in self._fields)
        return batch if isinstance(self.dataset, tuple) else batch[0]

    def _sample(self, i: int) -> Any:
        return tuple(field[i] for field in self._fields or ()) if isinstance(self.dataset, tuple) else self.dataset[i]

    def _collate(self, samples: list[Any]) -> Any:
        first = samples[0]
        if isinstance(first, dict):
            return {key: self._collate([sample[key] for sample in samples]) for key in first}
        if isinstance(first, tuple | list):
            return tuple(self._collate(list(field)) for field in zip(*samples, strict=True))
        arrays = [np.asarray(sample) for sample in samples]
        shapes = list(dict.fromkeys(array.shape for array in arrays))
        if len(shapes) > 1:
            raise ValueError(
                f"samples of shapes {shapes[0]} and {shapes[1]} cannot be stacked into a batch. "
                "Bring them to one shape first, or pass collate_fn to pad them."
            )
        return self._converted(np.stack(arrays))

    def _converted(self, array: Any) -> Any:
        return array.astype(self.dtype, copy=False) if array.dtype.kind == "f" else array


def _fields(dataset: Any) -> tuple[Any, ...] | None:
    """The arrays of which sample i is the i-th entry, or None if samples come from `dataset[i]`."""
    arrays = dataset if isinstance(dataset, tuple) else (dataset,)
    for array in arrays:
        if isinstance(array, ag.Value):
            raise TypeError("a dataset is made of plain arrays, not of Values. Write v.data.")
    if isinstance(dataset, tuple):
        fields = tuple(np.asarray(array) for array in dataset)
        if not fields:
            raise ValueError("the dataset is an empty tuple. Pass arrays: DataLoader((inputs, targets)).")
    elif isinstance(dataset, np.ndarray):
        fields = (dataset,)
    else:
        return None
    for i, field in enumerate(fields):
        if field.ndim == 0:
            raise ValueError(
                f"array {i} of the dataset is a single number, {field}, but needs an axis of samples in front. "
                "For a list of samples write DataLoader([(x0, y0), (x1, y1)]): a tuple is a tuple of arrays."
            )
        if len(field) != len(fields[0]):
            raise ValueError(
                f"array {i} of the dataset has {len(field)} samples, but array 0 has {len(fields[0])} "
                f"(shapes {field.shape} and {fields[0].shape}). Their first axes must be equally long."
            )
    return fields


def _size(dataset: Any, fields: tuple[Any, ...] | None) -> int:
    if fields is None and not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise TypeError(
            f"a dataset is an array, a tuple of arrays, or an object with len() and [i], not {type(dataset).__name__}. "
            "To go through an iterator once, make it a list first."
        )
    if isinstance(dataset, Mapping):
        raise TypeError(
            "a dict is no dataset: its samples have no numbers. Write tuple(dataset.values()) if it holds arrays, "
            "list(dataset.values()) if it holds samples."
        )
    size = len(dataset) if fields is None else len(fields[0])
    if size == 0:
        raise ValueError("the dataset is empty.")
    return size
