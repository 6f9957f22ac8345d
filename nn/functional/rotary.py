"""The rotation of pairs of features, by which attention sees distances."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag


@ag.primitive
def rotate_pairs(input: Any, cos: Any, sin: Any, interleaved: bool) -> Any:
    """Rotate pairs of features in their plane: (x, y) -> (x cos - y sin, x sin + y cos).

    Shapes: `(*, length, dim)`, `(length, dim / 2)` twice -> `(*, length, dim)`.

    Args:
        input: the features.
        cos: of the angle of each pair.
        sin: of the same angle.
        interleaved: whether a pair are neighbours, (0, 1), (2, 3), ...; else (0, dim / 2), (1, dim / 2 + 1), ...
    """
    x, y = _halves(input, interleaved)
    out = np.empty_like(input)
    first, second = _halves(out, interleaved)
    np.multiply(x, cos, out=first)
    first -= y * sin
    np.multiply(x, sin, out=second)
    second += y * cos
    return out


def _halves(x: Any, interleaved: bool) -> tuple[Any, Any]:
    half = x.shape[-1] // 2
    return (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., :half], x[..., half:])


# a rotation is undone by the opposite angle, which is also its transpose
ag.defvjp(rotate_pairs, lambda g, out, input, cos, sin, interleaved: rotate_pairs(g, cos, -sin, interleaved))
