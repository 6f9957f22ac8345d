"""Products of vectors and matrices, and `einsum`."""

from __future__ import annotations

from typing import Any

from .case import case, sample, strided

for _left, _right in (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)),
    ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2)), ((2, 1, 2, 3), (2, 3, 2)), ((1, 2, 3), (2, 3, 1)),
    ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)),
):  # fmt: skip
    case(f"matmul {_left} {_right}", lambda np, x, y: x @ y, _left, _right)
case("matmul strided", lambda np, x, y: np.matmul(x, y), strided(2, 3), sample((2, 3)).T)
case("matmul with itself", lambda np, x: x @ x, (3, 3))
case("dot scalars", lambda np, x, y: np.dot(x, y), (), (3,))
case("dot vectors", lambda np, x, y: np.dot(x, y), (3,), (3,))
case("dot matrices", lambda np, x, y: np.dot(x, y), (2, 3), (3, 2))
case("dot (2, 3) (2, 3, 2)", lambda np, x, y: np.dot(x, y), (2, 3), (2, 3, 2), exact=False)
case("inner", lambda np, x, y: np.inner(x, y), (2, 3), (4, 3), exact=False)
case("outer", lambda np, x, y: np.outer(x, y), (2, 2), (3,))
case("vecdot", lambda np, x, y: np.vecdot(x, y), (2, 3), (3,))
case("matvec", lambda np, x, y: np.matvec(x, y), (2, 2, 3), (2, 3))
case("vecmat", lambda np, x, y: np.vecmat(x, y), (2, 3), (2, 3, 2))
case("tensordot", lambda np, x, y: np.tensordot(x, y), (2, 3, 2), (3, 2, 4), exact=False)
case("tensordot 0", lambda np, x, y: np.tensordot(x, y, 0), (2,), (3,), exact=False)
case("tensordot 1", lambda np, x, y: np.tensordot(x, y, 1), (2, 3), (3, 2), exact=False)
case("tensordot axes", lambda np, x, y: np.tensordot(x, y, ([0, 2], [1, -1])), (2, 3, 2), (4, 2, 2), exact=False)
for _subscripts, *_shapes in (
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)),
    ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ii", (3, 3)), ("iij->j", (2, 2, 3)), ("iii->i", (2, 2, 2)),
    ("ij,ij->i", (2, 3), (2, 3)), ("i,j->ij", (2,), (3,)), ("i,i->", (3,), (3,)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("...ij,...jk->...ik", (2, 1, 2, 3), (2, 3, 2)), ("...i,...i->...", (2, 3), (3,)), ("...ij", (2, 3, 2)),
    ("i...->...", (2, 3)), ("ij,k->i", (2, 3), (2,)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ij,ij->ij", (1, 3), (2, 3)),
    ("ijk,ilm,njm,nlk->", (2, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 2)), (" i j , j -> i ", (2, 3), (3,)), ("ba", (2, 3)),
    ("ii,i->i", (2, 2), (2,)), (",i->i", (), (3,)), ("ij,ji->", (0, 3), (3, 0)),
):  # fmt: skip

    def _einsum(np: Any, *arrays: Any, subscripts: str = _subscripts) -> Any:
        return np.einsum(subscripts, *arrays)

    case(f"einsum {_subscripts!r}", _einsum, *_shapes)
case("einsum interleaved", lambda np, x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]), (2, 3), (3, 2), exact=False)
case("einsum interleaved implicit", lambda np, x, y: np.einsum(x, [1, 0], y, [0, 30]), (2, 3), (3, 2), exact=False)
case("einsum interleaved ...", lambda np, x: np.einsum(x, [..., 0], [0, ...]), (2, 3, 2))
case("einsum optimized", lambda np, x, y: np.einsum("ij,jk,k->i", x, y, y[0], optimize=True), (2, 3), (3, 2))
case("einsum with itself", lambda np, x: np.einsum("ij,jk->ik", x, x), (2, 2))
