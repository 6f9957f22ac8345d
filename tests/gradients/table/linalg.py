"""`numpy.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case

for _order in (None, 1, 2, 3, 2.5, 0.5, np.inf, -np.inf):
    for _axis, _keep, _shape in ((None, False, (4,)), (0, False, (3, 2)), (-1, True, (3, 2))):

        def _norm(np: Any, x: Any, order: Any = _order, axis: Any = _axis, keep: bool = _keep) -> Any:
            return np.linalg.norm(x, order, axis, keep)

        case(f"norm {_order} axis {_axis} of {_shape}", _norm, _shape, exact=False)
for _order in (None, "fro", 1, -1, np.inf, -np.inf):
    for _axis, _keep, _shape in ((None, False, (3, 2)), ((0, 2), False, (2, 3, 2)), ((-1, 0), True, (2, 3, 2))):

        def _matrix_norm(np: Any, x: Any, order: Any = _order, axis: Any = _axis, keep: bool = _keep) -> Any:
            return np.linalg.norm(x, order, axis, keep)

        case(f"matrix norm {_order} axis {_axis} of {_shape}", _matrix_norm, _shape, exact=False)
case("norm of everything", lambda np, x: np.linalg.norm(x), (2, 3, 2), exact=False)
case("norm of a scalar", lambda np, x: np.linalg.norm(x), (), exact=False)
