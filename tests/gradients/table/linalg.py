"""`numpy.linalg`: inverses, determinants, equations, powers, and its own spellings of products."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, sample
from .decompositions import SQUARES, TALL, WIDE, complex_matrix, each, matrix, mirrored

_rectangles = [*TALL, *WIDE]

# ---- inverses ----

each("inv", lambda np, x: np.linalg.inv(x), SQUARES)
each("pinv", lambda np, x: np.linalg.pinv(x), [*SQUARES, *_rectangles])
each("pinv with rtol", lambda np, x: np.linalg.pinv(x, rtol=1e-10), [SQUARES[1], TALL[2]])
each("hermitian pinv", lambda np, x: np.linalg.pinv(mirrored(x), hermitian=True), SQUARES[1:5:3])
case("pinv of rank 2", lambda np, x, y: np.linalg.pinv(x @ y, 1e-5), matrix(4, 2), matrix(2, 3))
case("complex pinv of rank 2", lambda np, x, y: np.linalg.pinv(x @ y, 1e-5), complex_matrix(3, 2), complex_matrix(2, 4))
case("tensorinv", lambda np, x: np.linalg.tensorinv(x), matrix(6, 6).reshape(2, 3, 3, 2))
case("tensorinv of one axis", lambda np, x: np.linalg.tensorinv(x, ind=1), matrix(6, 6).reshape(6, 2, 3))

# ---- determinants ----

each("det", lambda np, x: np.linalg.det(x), SQUARES)
each("slogdet", lambda np, x: np.linalg.slogdet(x), SQUARES)
each("sign of slogdet", lambda np, x: np.linalg.slogdet(x)[0], [SQUARES[1], SQUARES[4]])
each("logarithm of slogdet", lambda np, x: np.linalg.slogdet(x)[1], [SQUARES[2], SQUARES[5]])
case("det of rank 2", lambda np, x, y: np.linalg.det(x @ y + 0.0), matrix(3, 2), matrix(2, 3))
for _name, _singular in (
    ("rank 2 of 3", [[1.0, 2, 3], [4, 5, 6], [5, 7, 9]]), ("rank 1 of 3", [[1.0, 2, 3], [2, 4, 6], [-1, -2, -3]]),
    ("rank 1 of 4", np.outer([1.0, 2, -1, 3], [1, 0.5, 2, -1])), ("rank 0", np.zeros((3, 3))),
    ("rank 2, and 3", np.stack([[[1.0, 2, 3], [4, 5, 6], [5, 7, 9]], np.eye(3) + 1])),
    ("rank 1, complex", np.outer([1.0, 2j, -1], [1 + 1j, 0.5, 2])),
):  # fmt: skip
    case(f"det of {_name}", lambda np, x: np.linalg.det(x), np.array(_singular))

# ---- equations ----

for _a, _b in (
    ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (2, 3, 2)), ((2, 3, 3), (3, 2)),
    ((3, 3), (2, 3, 1)), ((2, 1, 3, 3), (2, 3, 2)), ((0, 0), (0,)), ((3, 3), (3, 0)), ((1, 1), (1,)),
):  # fmt: skip
    case(f"solve {_a} {_b}", lambda np, a, b: np.linalg.solve(a, b), matrix(*_a), _b)
case("solve of views", lambda np, a, b: np.linalg.solve(a, b), SQUARES[3][1], sample((2, 6)).T[::2])
case("solve complex", lambda np, a, b: np.linalg.solve(a, b), complex_matrix(3, 3), complex_sample((3, 2)))
case("solve real, complex", lambda np, a, b: np.linalg.solve(a, b), matrix(3, 3), complex_sample((3,)))
case("solve complex, real", lambda np, a, b: np.linalg.solve(a, b), complex_matrix(2, 3, 3), (3,))
case("solve by name", lambda np, a, b: np.linalg.solve(a=a, b=b), matrix(3, 3), (3,))
case("tensorsolve", lambda np, a, b: np.linalg.tensorsolve(a, b), matrix(6, 6).reshape(2, 3, 6), (2, 3))
case(
    "tensorsolve with axes",
    lambda np, a, b: np.linalg.tensorsolve(a, b, axes=(0, 2)),
    np.moveaxis(matrix(6, 6).reshape(2, 3, 2, 3), (2, 3), (0, 2)),
    (2, 3),
)


def _lstsq(np: Any, a: Any, b: Any) -> Any:
    """The solution, the residuals if there are any, and the singular values."""
    x, residuals, _, values = np.linalg.lstsq(a, b)
    return (x, residuals, values) if residuals.shape[0] else (x, values)


for _name, _a in [SQUARES[1], TALL[0], WIDE[0]]:
    case(f"lstsq {_name} with one side", _lstsq, _a, sample(_a.shape[:1]))
    case(f"lstsq {_name} with two", _lstsq, _a, sample((len(_a), 2)))
for _name, _a in [SQUARES[4], TALL[2], WIDE[2]]:
    case(f"lstsq {_name}", _lstsq, _a, complex_sample((len(_a), 2)))
case("lstsq solution", lambda np, a, b: np.linalg.lstsq(a, b, rcond=None)[0], matrix(5, 3), (5,))
case("lstsq residuals", lambda np, a, b: np.linalg.lstsq(a, b)[1], matrix(5, 3), (5, 2))
case("lstsq singular values", lambda np, a: np.linalg.lstsq(a, np.linalg.svdvals(a))[3], matrix(3, 3))
case("lstsq of rank 2", lambda np, x, y, b: np.linalg.lstsq(x @ y, b, 1e-5)[0], matrix(4, 2), matrix(2, 3), (4,))

# ---- products ----

for _n in (0, 1, 2, 3, 4, 5, -1, -2, -3):
    each(
        f"matrix_power {_n}",
        lambda np, x, n=_n: np.linalg.matrix_power(x / 2, n),
        [SQUARES[1], SQUARES[5]] if abs(_n) != 2 else SQUARES,
    )
for _shapes in (
    ((2, 3), (3, 2)), ((2, 3), (3, 4), (4, 2)), ((3,), (3, 2), (2, 4), (4,)), ((3,), (3, 2)), ((2, 3), (3, 2), (2,)),
    ((2, 5), (5, 1), (1, 4), (4, 3), (3, 2)),
):  # fmt: skip
    case(f"multi_dot {_shapes}", lambda np, *arrays: np.linalg.multi_dot(arrays), *_shapes)
case("complex multi_dot", lambda np, *x: np.linalg.multi_dot(x), complex_sample((2, 3)), (3, 4), complex_sample((4,)))
case("linalg outer", lambda np, x, y: np.linalg.outer(x, y), (2,), (3,))
case("linalg cross", lambda np, x, y: np.linalg.cross(x, y), (2, 3), (3,))
case("linalg cross along the first axis", lambda np, x, y: np.linalg.cross(x, y, axis=0), (3, 2), (3, 2))
case("linalg matmul", lambda np, x, y: np.linalg.matmul(x, y), (2, 2, 3), (3, 2))
case("linalg vecdot", lambda np, x, y: np.linalg.vecdot(x, y), (2, 3), (3,))
case("linalg vecdot along the first axis", lambda np, x, y: np.linalg.vecdot(x, y, axis=0), (3, 2), (3, 2), exact=False)
case(
    "complex linalg vecdot",
    lambda np, x, y: np.linalg.vecdot(x, y),
    complex_sample((2, 3)),
    complex_sample((3,), salt=1),
)
case("linalg tensordot", lambda np, x, y: np.linalg.tensordot(x, y, axes=1), (2, 3), (3, 2), exact=False)
case("linalg matrix_transpose", lambda np, x: np.linalg.matrix_transpose(x) * 1, (2, 3, 2))
case("linalg diagonal", lambda np, x: np.linalg.diagonal(x, offset=1) * 1, (2, 3, 4))
case("linalg trace", lambda np, x: np.linalg.trace(x, offset=-1), (2, 3, 4))
