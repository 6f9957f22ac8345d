"""Derivatives of `numpy.linalg`: inverses, determinants, equations, powers, and its own spellings of products.

Decompositions and norms have files of their own.
"""

from __future__ import annotations

from functools import cache
from operator import index
from typing import Any

import numpy as np

from ..primitive import composed, defvjp, defvjp_joint, is_value, plain, plain_array, primitive
from ..tracing import expected, is_compiling
from .decompositions import adjoint, diagonal_matrix, factors_of, hermitian_part
from .elementwise import conj, is_complex, masked
from .products import transposed

plain([np.linalg.matrix_rank])


def over_matrices(g: Any) -> Any:
    """One number a matrix, with two axes that broadcast over its elements."""
    return np.expand_dims(g, (-2, -1))


# ---- inverses ----


def inv_share(g: Any, out: Any, a: Any) -> Any:
    """d(A^-1) = -A^-1 dA A^-1"""
    return -transposed(out) @ g @ transposed(out)


defvjp(np.linalg.inv, inv_share)


def _pinv_share(g: Any, p: Any, a: Any) -> Any:
    """dP = -P dA P + P P^H dA^H (1 - A P) + (1 - P A) dA^H P^H P, at constant rank (Golub & Pereyra, 1973)."""
    if a.shape[-2] < a.shape[-1]:  # so that all products in brackets are small
        return transposed(_pinv_share(transposed(g), transposed(p), transposed(a)))
    g = conj(g)
    left, right = adjoint(g) @ (p @ adjoint(p)), adjoint(p) @ (p @ adjoint(g))
    return conj(left - a @ (p @ left) + right - (right @ p) @ a - adjoint(p) @ (g @ adjoint(p)))


def _pinv(g: Any, out: Any, a: Any, rcond: Any = None, hermitian: Any = False, *, rtol: Any = None) -> Any:
    share = _pinv_share(g, out, a)
    return hermitian_part(share) if hermitian else share


defvjp(np.linalg.pinv, _pinv)


@composed(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: Any = 2) -> Any:
    if ind <= 0:
        raise ValueError(f"numpy.linalg.tensorinv with ind={ind!r}: the number of leading axes must be positive")
    rows, columns = a.shape[:ind], a.shape[ind:]
    return np.reshape(np.linalg.inv(np.reshape(a, (int(np.prod(columns)), -1))), (*columns, *rows))


# ---- determinants ----


def _others(s: Any) -> Any:
    """For each number along the last axis the product of all the others, zeros among them or not."""
    one = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([one, s[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([one, np.flip(s[..., 1:], -1)], axis=-1), axis=-1)
    return before * np.flip(after, -1)


@primitive
def cofactors(a: Any) -> Any:
    """The derivative of the determinant: det(A) A^-T, which exists where A is singular too."""
    determinant = np.linalg.det(a)
    if np.all(determinant != 0):
        return over_matrices(determinant) * transposed(np.linalg.inv(a))
    u, s, vh = np.linalg.svd(a)
    turned = over_matrices(np.linalg.det(u) * np.linalg.det(vh))
    return turned * (conj(u) * np.expand_dims(_others(s), -2)) @ conj(vh)


@primitive
def second_cofactors(a: Any, h: Any) -> Any:
    """The derivative of sum(h * cofactors(a)), a bilinear form of `h`.

    In the basis of the singular vectors, with P_ij the product of all singular values but s_i and s_j:
    M_ij = -P_ij h_ji, and M_jj = sum_i P_ij h_ii.
    """
    u, s, vh = np.linalg.svd(a)
    one, rest = diagonal_matrix(s, 1.0), 1 - diagonal_matrix(s, 1.0)
    pairs = _others(np.expand_dims(s, -2) * rest + one) * rest
    turned = over_matrices(np.linalg.det(u) * np.linalg.det(vh))
    h = adjoint(u) @ h @ adjoint(vh)
    trace = np.expand_dims(np.diagonal(h, axis1=-2, axis2=-1), -2) @ pairs
    return turned * (conj(u) @ (trace * one - pairs * transposed(h)) @ conj(vh))


def _third_cofactors(g: Any, out: Any, a: Any, h: Any) -> Any:
    """The next derivative, where A is not singular; with T = A^-T and (X) = T X^T T it is made of (h) and (g)."""
    t = transposed(np.linalg.inv(a))
    th, tg = t @ transposed(h) @ t, t @ transposed(g) @ t
    sum_h, sum_g, cross = (over_matrices(np.sum(x, axis=(-2, -1))) for x in (h * t, g * t, g * th))
    straight = (sum_g * sum_h - cross) * t - sum_h * tg - sum_g * th
    return over_matrices(np.linalg.det(a)) * (straight + th @ transposed(g) @ t + tg @ transposed(h) @ t)


defvjp(np.linalg.det, lambda g, out, a: over_matrices(g) * cofactors(a))
defvjp(cofactors, lambda g, out, a: second_cofactors(a, g))
defvjp(second_cofactors, _third_cofactors, lambda g, out, a, h: second_cofactors(a, g))


def _slogdet(g: Any, out: Any, a: Any) -> Any:
    """d log det = tr(A^-1 dA): its real part moves the logarithm of the size, its imaginary part turns the sign."""
    sign, (g_sign, g) = out[0], g
    if is_complex(a):
        turn = 0 if g_sign is None else 1j * np.imag(g_sign * sign)
        g = turn if g is None else g + turn
    if g is None:  # the sign of real numbers is constant
        return masked(a, False)
    singular = sign == 0
    some = np.any(singular)
    if not (expected(some) if is_value(sign) else some):
        return over_matrices(g) * transposed(np.linalg.inv(a))
    singular = over_matrices(singular)  # infinite there, as the derivative of a logarithm at 0
    inverse = transposed(np.linalg.inv(np.where(singular, diagonal_matrix(a, 1.0), a)))
    return over_matrices(g) * np.where(singular, cofactors(a) / np.where(singular, 0.0, 1.0), inverse)


defvjp(np.linalg.slogdet, _slogdet)


# ---- equations ----


def _solve(g: Any, out: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """A dx = db - dA x"""
    if b.ndim > 1:
        share = np.linalg.solve(transposed(a), g)
        return -share @ transposed(out), share
    share = np.linalg.solve(transposed(a), np.expand_dims(g, -1))
    return -share * np.expand_dims(out, -2), np.squeeze(share, -1)


defvjp_joint(np.linalg.solve, _solve)


@composed(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        a = np.moveaxis(a, tuple(axes), tuple(range(-len(axes), 0)))
    unknowns = np.shape(a)[np.ndim(b) :]
    rows, columns = int(np.prod(np.shape(b))), int(np.prod(unknowns))
    if rows != columns or np.size(a) != rows * columns:
        raise np.linalg.LinAlgError(
            f"numpy.linalg.tensorsolve of shapes {np.shape(a)} and {np.shape(b)}: the axes of the first beyond those "
            f"of the second have {columns} elements, but must have {rows}"
        )
    return np.reshape(np.linalg.solve(np.reshape(a, (rows, columns)), np.ravel(b)), unknowns)


def _lstsq(g: Any, out: Any, a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any]:
    """x = P b with the pseudoinverse P, and |b - A x|^2, which no change of x moves."""
    (x, squares, rank, values), (gx, g_squares, _, g_values) = out, g
    vector, of_a, of_b = b.ndim == 1, [], []
    if vector:
        x, b, gx = (None if y is None else np.expand_dims(y, -1) for y in (x, b, gx))
    residuals = b - a @ x
    if gx is not None:
        matrix, cutoff = a, (_cutoff if is_compiling() else _cutoff.forward)(plain_array(values), rank)
        if is_compiling() and not is_value(a):
            matrix = np.asarray(a, like=cutoff)  # pinv asks `a` alone whether it is traced
        gx, p = conj(gx), np.linalg.pinv(matrix, cutoff)
        y = adjoint(p) @ gx
        of_b.append(y)
        of_a.append(residuals @ adjoint(p @ y) - y @ adjoint(x) + adjoint(p) @ (x @ adjoint(gx - adjoint(a) @ y)))
    if g_squares is not None and squares.size:
        slope = 2 * g_squares * residuals
        of_b.append(slope)
        of_a.append(-slope @ adjoint(x))
    if g_values is not None:
        u, _, vh = factors_of(a)
        of_a.append((u * g_values) @ vh)
    share_a, share_b = (conj(sum(shares)) if shares else None for shares in (of_a, of_b))
    return share_a, np.squeeze(share_b, -1) if vector and share_b is not None else share_b


@primitive
def _cutoff(values: Any, rank: Any) -> float:
    """Between the singular values that counted, which are the first, and the others, relative to the largest."""
    rank = int(rank)
    kept = [float(s) for s in values[:rank]]
    return (kept[-1] + (float(values[rank]) if rank < len(values) else 0.0)) / 2 / kept[0] if kept else 1.0


defvjp_joint(np.linalg.lstsq, _lstsq)


# ---- products ----


@composed(np.linalg.matrix_power)
def _matrix_power(a: Any, n: Any) -> Any:
    """By repeated squaring, as NumPy does it."""
    if not hasattr(n, "__index__"):
        raise TypeError(f"numpy.linalg.matrix_power needs an integer as the exponent, not {n!r}")
    n = index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"numpy.linalg.matrix_power of shape {a.shape}: the last two axes must be equal")
    if n == 0:
        return np.where(True, diagonal_matrix(a, 1.0), a)  # constant
    square, n = (np.linalg.inv(a) if n < 0 else a), abs(n)
    if n == 3:
        return square @ square @ square
    result = None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = square if result is None else result @ square
        if not n:
            return result
        square = square @ square


@composed(np.linalg.multi_dot)
def _multi_dot(arrays: Any) -> Any:
    arrays = list(arrays)
    if len(arrays) < 2:
        raise ValueError(f"numpy.linalg.multi_dot needs at least two arrays, got {len(arrays)}")
    shapes = [np.shape(a) for a in arrays]
    ends = [(1, 2) if i in (0, len(arrays) - 1) else (2,) for i in range(len(arrays))]
    if any(len(shape) not in ndims for shape, ndims in zip(shapes, ends, strict=True)):
        raise np.linalg.LinAlgError(
            f"numpy.linalg.multi_dot of shapes {', '.join(map(str, shapes))}: all must be matrices, the first and the "
            "last may be vectors"
        )
    sizes = [*[shape[0] for shape in shapes], shapes[-1][1] if len(shapes[-1]) == 2 else 1]
    if len(shapes[0]) == 1:
        sizes[0] = 1

    @cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """How many multiplications the product of arrays i to j takes, and behind which array it is split."""
        if i == j:
            return 0, i
        return min(
            (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
        )

    def product(i: int, j: int) -> Any:
        if i == j:
            return arrays[i]
        split = cheapest(i, j)[1]
        return np.matmul(product(i, split), product(split + 1, j))

    return product(0, len(arrays) - 1)


# ---- the spellings of the array API ----


@composed(np.linalg.outer)
def _outer(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(
            f"numpy.linalg.outer of shapes {np.shape(x1)} and {np.shape(x2)}: both must be vectors. "
            "To flatten them write np.outer(a, b)."
        )
    return np.outer(x1, x2)


@composed(np.linalg.cross)
def _cross(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    if np.shape(x1)[axis] != 3 or np.shape(x2)[axis] != 3:
        raise ValueError(
            f"numpy.linalg.cross of shapes {np.shape(x1)} and {np.shape(x2)}: both must be 3 long along axis {axis}"
        )
    return np.cross(x1, x2, axis=axis)


@composed(np.linalg.vecdot)
def _vecdot(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


composed(np.linalg.diagonal)(lambda x, /, *, offset=0: np.diagonal(x, offset, -2, -1))
composed(np.linalg.matmul)(lambda x1, x2, /: np.matmul(x1, x2))
composed(np.linalg.matrix_transpose)(lambda x, /: np.matrix_transpose(x))
composed(np.linalg.tensordot)(lambda x1, x2, /, *, axes=2: np.tensordot(x1, x2, axes))
composed(np.linalg.trace)(lambda x, /, *, offset=0: np.trace(x, offset, -2, -1))
