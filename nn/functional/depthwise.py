"""Convolution of each channel with a kernel of its own, which is no product of matrices.

One pass over the image for each place of the kernel: channels last, a part of the batch at a time, because the
processor then holds it from one place to the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

_CACHE = 1 << 18  # bytes of the result

Places = list[tuple[slice, ...]]


def convolve(padded: Any, taps: Any, places: Places, out: Any) -> None:
    """Write into `out`, `(batch, *counts, channels)`, the sums of `padded` times `taps`, `(places, channels)`."""
    for some, term in _parts(out):
        total = out[some]
        total[...] = 0
        for where, tap in zip(places, taps, strict=True):
            total += np.multiply(padded[some][(slice(None), *where)], tap, out=term)


def convolve_transpose(y: Any, taps: Any, places: Places, out: Any) -> None:
    """Add `y` times `taps` to `out` where the windows take it from."""
    for some, term in _parts(y):
        for where, tap in zip(places, taps, strict=True):
            out[some][(slice(None), *where)] += np.multiply(y[some], tap, out=term)


def convolve_weight(padded: Any, y: Any, places: Places, total: Any) -> None:
    """Add to `total`, `(places, channels)`, the sums of the products of `y` and what the windows meet."""
    for some, term in _parts(y):
        rows = term.reshape(-1, y.shape[-1])
        ones = np.ones_like(term, shape=len(rows))
        for k, where in enumerate(places):
            np.multiply(padded[some][(slice(None), *where)], y[some], out=term)
            total[k] += ones @ rows


def _parts(y: Any) -> Iterator[tuple[slice, Any]]:
    """Some of the batch, and room for a product."""
    each = math.prod(y.shape[1:]) * y.dtype.itemsize
    step = max(1, _CACHE // max(each, 1))
    room = np.empty_like(y, order="C", shape=(min(step, len(y)), *y.shape[1:]))
    for start in range(0, len(y), step):
        some = slice(start, min(start + step, len(y)))
        yield some, room[: some.stop - start]
