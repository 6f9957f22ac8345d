"""Reading by index, and sorting."""

from __future__ import annotations

import numpy as np

from .case import case

case("take", lambda np, x: np.take(x, [3, 0, 3]), (2, 3))
case("take nothing", lambda np, x: np.take(x, [], axis=1), (2, 3))
case("take axis", lambda np, x: np.take(x, np.array([[0, 1], [1, 1]]), axis=1), (2, 3))
case("take one", lambda np, x: np.take(x, 1, axis=-1), (2, 3))
case("take wrap", lambda np, x: np.take(x, [5, -1, 3], axis=1, mode="wrap"), (2, 3))
case("take clip", lambda np, x: np.take(x, [5, -4, 1], axis=1, mode="clip"), (2, 3))
_ALONG = np.array([[2, 2, 0], [1, 0, 0]])
case("take by booleans", lambda np, x: np.take(x, np.array([True, False]), axis=0), (2, 3))
case("take_along_axis", lambda np, x: np.take_along_axis(x, _ALONG, axis=1), (2, 3))
case("take_along_axis 0", lambda np, x: np.take_along_axis(x, _ALONG % 2, axis=0), (2, 3))
case("take_along_axis flat", lambda np, x: np.take_along_axis(x, np.array([4, 0, 4]), axis=None), (2, 3))
case("sort", lambda np, x: np.sort(x), (2, 4))
case("sort axis 0", lambda np, x: np.sort(x, axis=0), (4, 2))
case("sort of a kind", lambda np, x: np.sort(x, axis=0, kind="heapsort"), (4, 2))
case("sort flat", lambda np, x: np.sort(x, axis=None), (2, 3))
