"""Batches: `DataLoader`. What is done with them is in `training`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import index
from typing import Any, SupportsIndex

import numpy as np

from ..dtype import get_default_dtype
from ..random import default_generator
from .datasets import Subset, TensorDataset, arrays_of, checked_indices, require_generator, sample_of, size_of
from .prefetch import prefetched


class DataLoader:
    """Goes through a dataset in batches, in a new order each time if `shuffle` is set.

    A batch has the structure of one sample: an array, a tuple of arrays or a dict of arrays, with the axis of the
    batch in front. `(n, *)` becomes `(batch_size, *)`. Batches are copies: you may change them.

    Args:
        dataset: an array `(n, *)`; a tuple of arrays of equal length, such as `(images, labels)`; or any object with
            `len(dataset)` and `dataset[i]`, whose samples are numbers, arrays, tuples or dicts of them.
        batch_size: how many samples to a batch.
        shuffle: draw a new order for each pass, from `generator`.
        sampler: the numbers of the samples in the order of a pass, instead of `shuffle`: a sequence, or any object
            with a length that gives them when it is iterated. It is read as a whole at the start of a pass.
        drop_last: leave out the last batch if it is smaller than the others.
        collate_fn: makes a batch of a list of samples; by default they are stacked.
        generator: a NumPy generator; by default the one that `nn.manual_seed` seeds.
        dtype: floating arrays are converted to it, by default to `nn.get_default_dtype()`, so that float64 data
            does not promote a float32 model. Not applied to what `collate_fn` returns.
        prefetch: how many batches one thread in the background prepares while you work on another. It pays for
            datasets that read files or decode images; for arrays in memory leave it at 0. Batches and their order are
            the same; but a dataset that draws random numbers must have a generator of its own, because it draws
            ahead of the model.
        num_workers: 0. There are no worker processes: use `prefetch`.

    Raises:
        ValueError: no samples, arrays of unequal lengths, `batch_size` below 1, no batch at all, `sampler` together
            with `shuffle`, `num_workers` other than 0.
        TypeError: `dataset` is none of the above, `batch_size` no integer, `collate_fn` no function.

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
        sampler: Iterable[int] | None = None,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        generator: np.random.Generator | None = None,
        dtype: Any = None,
        prefetch: int = 0,
        num_workers: int = 0,
    ) -> None:
        self.dtype = np.dtype(get_default_dtype() if dtype is None else dtype)
        self._size = size_of(dataset)
        if self._size == 0:
            raise ValueError("the dataset is empty.")
        self._root, self._numbers = _root(dataset)
        self.dataset = dataset
        if not isinstance(batch_size, SupportsIndex) or np.ndim(batch_size):
            fix = (
                " Put arrays into a tuple: DataLoader((inputs, targets), batch_size=32)." if np.ndim(batch_size) else ""
            )
            raise TypeError(f"batch_size must be an integer, not {type(batch_size).__name__}.{fix}")
        self.batch_size = index(batch_size)
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, but must be 1 or greater.")
        require_generator(generator)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle: the sampler decides the order.")
        if sampler is not None and not (hasattr(sampler, "__len__") and hasattr(sampler, "__iter__")):
            raise TypeError(
                f"a sampler is a sequence of numbers of samples, or an object with len() and iter(), not "
                f"{type(sampler).__name__}. Write sampler=list(...)."
            )
        self.shuffle, self.sampler, self.drop_last = shuffle, sampler, drop_last
        self.generator = default_generator if generator is None else generator
        if collate_fn is not None and not callable(collate_fn):
            raise TypeError(f"collate_fn must be a function of a list of samples, not {type(collate_fn).__name__}.")
        self.collate_fn = collate_fn
        self.prefetch = index(prefetch)
        if self.prefetch < 0:
            raise ValueError(f"prefetch is {prefetch}, but must be 0 or greater.")
        if num_workers != 0:
            raise ValueError(
                f"num_workers={num_workers}: there are no worker processes. To prepare batches in a thread while the "
                "model works write prefetch=2."
            )
        if len(self) == 0:
            raise ValueError(
                f"drop_last=True leaves no batch: there are {self._samples()} samples, fewer than "
                f"batch_size={batch_size}. Write drop_last=False or a smaller batch_size."
                if self._samples()
                else "the sampler is empty, so there is no batch."
            )

    def __len__(self) -> int:
        """The number of batches."""
        return self._samples() // self.batch_size if self.drop_last else -(-self._samples() // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        return self.batches()

    def batches(self, start: int = 0) -> Iterator[Any]:
        """The batches of a pass from number `start` on, for a pass that goes on where it was interrupted.

        The order is drawn by this call, as for a whole pass: it is the same if the generator is in the same state.
        """
        order = self._order()
        made = (self._batch(order[i * self.batch_size : (i + 1) * self.batch_size]) for i in range(start, len(self)))
        return prefetched(made, self.prefetch) if self.prefetch else made

    def _samples(self) -> int:
        return self._size if self.sampler is None else len(self.sampler)  # type: ignore[arg-type]

    def _order(self) -> Any:
        if self.sampler is not None:
            return np.array(checked_indices(self.sampler, self._size, "the sampler"), dtype=np.intp)
        order = np.arange(self._size)
        if self.shuffle:
            self.generator.shuffle(order)
        return order

    def _batch(self, chosen: Any) -> Any:
        fields = self._root
        if self.collate_fn is not None or fields is None:
            samples = [sample_of(self.dataset, i) for i in chosen.tolist()]
            return self._collate(samples) if self.collate_fn is None else self.collate_fn(samples)
        if self._numbers is not None:
            chosen = self._numbers[chosen]
        if isinstance(fields, tuple):
            return tuple(self._converted(field.take(chosen, axis=0)) for field in fields)
        return self._converted(fields.take(chosen, axis=0))

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


def _root(dataset: Any) -> tuple[Any, Any]:
    """The array, or tuple of arrays, that holds the samples, and their numbers in it.

    So batches of it are taken at once. None for the arrays if samples come one by one from `dataset[i]`; None for
    the numbers if they are those of the dataset.
    """
    numbers = None
    while isinstance(dataset, Subset):
        own = np.array(dataset.indices, dtype=np.intp)
        numbers = own if numbers is None else own[numbers]
        dataset = dataset.dataset
    if isinstance(dataset, TensorDataset):
        dataset = dataset.tensors
    if isinstance(dataset, tuple):
        return arrays_of(dataset), numbers
    return (dataset, numbers) if isinstance(dataset, np.ndarray) else (None, None)
