"""Derivatives of `np.pad`, in all of its modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed, defvjp, primitive

_PAD_BY_INDEX = ("edge", "reflect", "symmetric", "wrap")


@primitive
def pad_constant(x: Any, pad_width: Any, constant_values: Any = 0) -> Any:
    """`x` with constants around it."""
    return np.pad(x, pad_width, constant_values=constant_values)


def _pad_constant(g: Any, out: Any, x: Any, pad_width: Any, constant_values: Any = 0) -> Any:
    widths = np.broadcast_to(pad_width, (x.ndim, 2))
    return g[tuple(slice(before, before + n) for (before, _), n in zip(widths.tolist(), x.shape, strict=True))]


defvjp(pad_constant, _pad_constant)


@composed(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0) -> Any:
    if isinstance(pad_width, dict):
        by_axis = {axis % array.ndim: width for axis, width in pad_width.items()}
        pad_width = [by_axis.get(axis, (0, 0)) for axis in range(array.ndim)]
        pad_width = [(w, w) if np.ndim(w) == 0 else w for w in pad_width]
    if isinstance(mode, str) and mode == "constant":
        return pad_constant(array, pad_width, constant_values)
    if isinstance(mode, str) and mode in _PAD_BY_INDEX:
        source = np.pad(np.arange(array.size).reshape(array.shape), pad_width, mode)  # type: ignore[call-overload]
        return np.ravel(array)[source]
    raise TypeError(
        f"np.pad has no gradient rule for mode={mode!r}; it has one for 'constant', "
        f"{', '.join(map(repr, _PAD_BY_INDEX))}. Use one of these, or compute with v.data."
    )
