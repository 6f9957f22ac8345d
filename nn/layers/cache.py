"""The keys and values that attention has seen, kept while a sequence is generated."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag


class KVCache:
    """The keys and values of one attention, so that generating a token costs one row instead of all of them.

    Pass it to `MultiheadAttention` together with the new positions only; they attend to all positions before them.
    A stack takes a list, one cache for each layer. In an attention written by hand, call `append` between the
    projections and `scaled_dot_product_attention`.

    Keys and values go into buffers that double when they are full. Where gradients are recorded they are
    concatenated instead, so that a backward pass reaches the earlier steps as well.

    Attributes:
        length: how many positions it holds; that of the next one, for positional encodings.

    Example:
        >>> import numpy as np, nn
        >>> from autograd_lite import no_grad
        >>> attention, cache = nn.MultiheadAttention(8, 2, batch_first=True), nn.KVCache()
        >>> x = np.random.default_rng(0).normal(size=(1, 5, 8)).astype(np.float32)
        >>> with no_grad():
        ...     steps = [x[:, :3], x[:, 3:4], x[:, 4:]]
        ...     outputs = [attention(s, s, s, is_causal=True, cache=cache)[0].data for s in steps]
        ...     whole = attention(x, x, x, is_causal=True)[0].data
        >>> cache
        KVCache(length=5)
        >>> bool(np.allclose(np.concatenate(outputs, 1), whole, atol=1e-6))
        True
    """

    length: int

    def __init__(self) -> None:
        self._traced = ag.is_compiling()
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next position is the first of a new sequence."""
        self._refuse_to_be_traced()
        self.length = 0
        self._keys: Any = None
        self._values: Any = None

    def append(self, key: Any, value: Any) -> tuple[Any, Any]:
        """Add new positions at the end, and return all there are.

        Args:
            key: `(..., S, E)`.
            value: `(..., S, Ev)`.

        Returns:
            Keys `(..., length, E)` and values `(..., length, Ev)`. Do not write to them.

        Raises:
            ValueError: key and value do not belong together, or not to what is held.
            TypeError: `ag.compile` is tracing a function outside of which the cache was made.
        """
        self._refuse_to_be_traced()
        if np.ndim(key) < 2 or key.shape[:-1] != value.shape[:-1]:
            raise ValueError(f"key {np.shape(key)} and value {np.shape(value)} must be (..., S, E) and (..., S, Ev)")
        for name, held, new in (("key", self._keys, key), ("value", self._values, value)):
            if held is not None and (*held.shape[:-2], held.shape[-1]) != (*new.shape[:-2], new.shape[-1]):
                wanted = ", ".join([*map(str, held.shape[:-2]), "S", str(held.shape[-1])])
                raise ValueError(
                    f"this cache holds {name}s of shape ({wanted}), got {new.shape}. For another batch or layer use "
                    "another cache, for a new sequence call reset()."
                )
        self._keys, keys = _appended(self._keys, self.length, key)
        self._values, values = _appended(self._values, self.length, value)
        self.length += key.shape[-2]
        return keys, values

    def _refuse_to_be_traced(self) -> None:
        if ag.is_compiling() and not self._traced:
            raise TypeError(
                f"a KVCache of length {self.length} is longer at every call, which cannot be compiled: a program has "
                "one shape. Call the model itself, or make the cache inside of the compiled function."
            )

    def __repr__(self) -> str:
        return f"KVCache(length={self.length})"


def _appended(held: Any, length: int, new: Any) -> tuple[Any, Any]:
    """What to hold, and all positions: `held` is a buffer whose first `length` positions count."""
    if ag.is_grad_enabled() and any(isinstance(x, ag.Value) and x.requires_grad for x in (held, new)):
        every = new if held is None else np.concatenate([held[..., :length, :], new], axis=-2)
        return every, every
    held, new = (x.data if isinstance(x, ag.Value) else x for x in (held, new))
    end = length + new.shape[-2]
    dtype = new.dtype if held is None else np.result_type(held, new)
    if held is None or held.shape[-2] < end or held.dtype != dtype:
        capacity = 1 << end.bit_length()  # more than asked for, and at least double
        buffer = np.empty_like(new, dtype, shape=(*new.shape[:-2], capacity, new.shape[-1]))
        if held is not None:
            buffer[..., :length, :] = held[..., :length, :]
        held = buffer
    held[..., length:end, :] = new
    return held, held[..., :end, :]
