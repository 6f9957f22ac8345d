"""Products of vectors and matrices, and `einsum`."""

from __future__ import annotations

import warnings
from typing import Any

from .case import case, complex_sample, sample, strided

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
for _left, _right in (
    ((3,), (2,)), ((2, 3), (3, 2)), ((2, 3), (2,)), ((2,), (2, 1, 3)), ((), (3,)), ((2,), (0,)), ((), ()),
):  # fmt: skip
    case(f"kron {_left} {_right}", lambda np, x, y: np.kron(x, y), _left, _right)
case("kron strided", lambda np, x, y: np.kron(x, y), strided(2, 3), sample((2, 2)).T)
case("kron complex", lambda np, x, y: np.kron(x, y), complex_sample((2, 2)), (2, 1))
for _left, _right, _axes in (
    ((3,), (3,), {}), ((2, 3), (3,), {}), ((2, 1, 3), (4, 3), {}), ((3, 2), (3, 2), {"axis": 0}), ((0, 3), (3,), {}),
    ((3, 2), (2, 3), {"axisa": 0, "axisc": 0}), ((3,), (2, 3, 4), {"axisb": 1, "axisc": -2}),
):  # fmt: skip
    case(f"cross {_left} {_right} {_axes}", lambda np, x, y, a=_axes: np.cross(x, y, **a), _left, _right)
case("cross with itself shifted", lambda np, x: np.cross(x, x[[1, 0]]), (2, 3))
case("cross with a constant", lambda np, x: np.cross(sample((3,)), x), (2, 3))
case("cross complex", lambda np, x, y: np.cross(x, y), complex_sample((2, 3)), complex_sample((3,), salt=1))


def _cross_in_the_plane(np: Any, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy 2 still takes them
        return np.cross(x, y)


for _left, _right in (((2,), (2,)), ((3, 2), (2,)), ((2,), (3,)), ((4, 3), (2,)), ((2,), (2, 1, 2))):
    case(f"cross in the plane {_left} {_right}", _cross_in_the_plane, _left, _right)
case("vdot", lambda np, x, y: np.vdot(x, y), (3,), (3,))
case("vdot of matrices", lambda np, x, y: np.vdot(x, y), (2, 3), sample((2, 3)).T)
case("vdot of shapes", lambda np, x, y: np.vdot(x, y), (2, 2), (4,))
case("vdot of scalars", lambda np, x, y: np.vdot(x, y), (), (1,))
case("vdot of nothing", lambda np, x, y: np.vdot(x, y), (0,), (2, 0))
case("vdot with a constant", lambda np, x: np.vdot(sample((2,)), x), (2,))
case("vdot complex", lambda np, x, y: np.vdot(x, y), complex_sample((2, 2)), complex_sample((4,), salt=1))
case("vdot real with complex", lambda np, x, y: np.vdot(x, y), (3,), complex_sample((3,)))
case("vdot complex with real", lambda np, x, y: np.vdot(x, y), complex_sample((3,)), (3,))
for _left, _right in (((), (2, 3)), ((2, 3), ()), ((3,), (3,)), ((0,), (2, 0)), ((2, 2, 3), (2, 3))):
    case(f"inner {_left} {_right}", lambda np, x, y: np.inner(x, y), _left, _right, exact=False)
for _left, _right in (((), (2, 3)), ((2,), ()), ((0,), (3,)), ((2, 1), (2, 2))):
    case(f"outer {_left} {_right}", lambda np, x, y: np.outer(x, y), _left, _right)
case("outer complex", lambda np, x, y: np.outer(x, y), complex_sample((2,)), (3,))
case("tensordot 0 of scalars", lambda np, x, y: np.tensordot(x, y, 0), (), (), exact=False)
case("tensordot 0 of a scalar", lambda np, x, y: np.tensordot(x, y, 0), (), (2, 2), exact=False)
case("tensordot over nothing", lambda np, x, y: np.tensordot(x, y, 1), (2, 0), (0, 3), exact=False)
case("tensordot of one axis each", lambda np, x, y: np.tensordot(x, y, (0, -1)), (2, 3), (4, 2), exact=False)
_z = complex_sample((2, 2))
case("tensordot complex", lambda np, x, y: np.tensordot(x, y, 1), _z, complex_sample((2,)), exact=False)
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
for _optimize in ("greedy", "optimal", ("greedy", 1000), ["einsum_path", (1, 2), (0, 1)]):

    def _einsum_of_three(np: Any, x: Any, y: Any, z: Any, optimize: Any = _optimize) -> Any:
        return np.einsum("ij,jk,kl->il", x, y, z, optimize=optimize)

    case(f"einsum {_optimize}", _einsum_of_three, (2, 3), (3, 2), (2, 2))
case(
    "einsum by a path, one index summed alone",
    lambda np, x, y, z: np.einsum("ij,jk,kl->i", x, y, z, optimize=["einsum_path", (1, 2), (0, 1)]),
    (2, 3), (3, 2), (2, 2),
)  # fmt: skip
for _subscripts, *_arrays in (
    ("ij,jk->ik", complex_sample((2, 3)), complex_sample((3, 2), salt=1)), ("ii->i", complex_sample((2, 2))),
    ("ij->", complex_sample((2, 2))), ("i,i", complex_sample((3,)), sample((3,))), ("...i,i", sample((2, 3)),
    complex_sample((3,))),
):  # fmt: skip

    def _einsum_complex(np: Any, *arrays: Any, subscripts: str = _subscripts) -> Any:
        return np.einsum(subscripts, *arrays)

    case(f"einsum complex {_subscripts}", _einsum_complex, *_arrays)
for _subscripts, *_shapes in (
    ("ij,ij", (2, 3), (1, 3)), ("ij,ij->i", (2, 3), (1, 3)), ("ij,ij->j", (2, 1), (1, 3)), ("ij,jk", (2, 1), (3, 4)),
    ("ii,i", (1, 1), (3,)), ("ii,i->i", (3, 3), (1,)), ("...i,...i", (2, 3), (1, 3)),
):  # fmt: skip

    def _einsum_broadcast(np: Any, *arrays: Any, subscripts: str = _subscripts) -> Any:
        return np.einsum(subscripts, *arrays)

    case(f"einsum with one element for a whole axis {_subscripts}", _einsum_broadcast, *_shapes)
