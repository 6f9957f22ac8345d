"""The norms of `numpy.linalg`, and the condition number."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, sample
from .decompositions import SQUARES, each, matrix

_orders = (None, 1, 2, 3, 2.5, 0.5, -1, -2.5, np.inf, -np.inf)
for _order in _orders:
    for _axis, _keep, _x in (
        (None, False, sample((4,))), (0, False, sample((3, 2))), (-1, True, sample((3, 2))),
        (1, False, complex_sample((2, 3, 2))),
    ):  # fmt: skip

        def _norm(np: Any, x: Any, order: Any = _order, axis: Any = _axis, keep: bool = _keep) -> Any:
            return np.linalg.norm(x, order, axis, keep)

        case(f"norm {_order} axis {_axis} of {_x.shape}", _norm, _x)
    for _axis, _keep in ((None, False), ((2, 0), True), (1, False)):

        def _vector_norm(np: Any, x: Any, order: Any = _order, axis: Any = _axis, keep: bool = _keep) -> Any:
            return np.linalg.vector_norm(x, axis=axis, keepdims=keep, ord=order)

        if _order is not None:
            case(f"vector_norm {_order} axis {_axis}", _vector_norm, (2, 3, 2))
for _order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    for _axis, _keep, _x in (
        (None, False, matrix(3, 2)), ((0, 2), False, np.moveaxis(matrix(3, 2, 2), 0, 1)),
        ((-1, 0), True, np.moveaxis(matrix(3, 2, 2), 0, 1)), ((0, 1), False, matrix(2, 3) + 1j * sample((2, 3))),
    ):  # fmt: skip

        def _matrix_norm(np: Any, x: Any, order: Any = _order, axis: Any = _axis, keep: bool = _keep) -> Any:
            return np.linalg.norm(x, order, axis, keep)

        case(f"matrix norm {_order} axis {_axis} of {_x.shape}", _matrix_norm, _x)
    if _order is not None:
        case(f"matrix_norm {_order}", lambda np, x, p=_order: np.linalg.matrix_norm(x, ord=p), matrix(2, 3, 2))
case("matrix_norm keepdims", lambda np, x: np.linalg.matrix_norm(x, keepdims=True), (2, 3, 2))
case("norm of everything", lambda np, x: np.linalg.norm(x), (2, 3, 2))
case("norm of complex numbers", lambda np, x: np.linalg.norm(x), complex_sample((2, 3)))
case("norm of a view", lambda np, x: np.linalg.norm(x), sample((4, 6)).T[::-2, ::2])
case("norm of a scalar", lambda np, x: np.linalg.norm(x), ())
case("norm of nothing", lambda np, x: np.linalg.norm(x), (0,))
case("norm inf of nothing", lambda np, x: np.linalg.norm(x, np.inf), (0,))
case("norm 2 of no matrix", lambda np, x: np.linalg.norm(x, 2, (1, 2)), (2, 0, 3))
case("count of nonzeros", lambda np, x: np.linalg.norm(x, 0, axis=1) + x[:, 0], (2, 3))
for _order in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc"):
    each(f"cond {_order}", lambda np, x, p=_order: np.linalg.cond(x, p), SQUARES[:5])
case("cond of a rectangle", lambda np, x: np.linalg.cond(x), matrix(2, 4, 3))
