"""Derivatives of the decompositions of `numpy.linalg`: Cholesky, QR, eigenvalues, singular values.

None of them is holomorphic, so on complex numbers their rules are written for the gradient itself, as papers and
PyTorch write them: `conj` at both ends changes from and to what the engine passes about.

What a decomposition leaves open (the signs of vectors, a basis of an eigenspace) a loss must not depend on. Where it
does, or where a vector that it uses belongs to an eigenvalue that occurs twice, no derivative exists.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed, defvjp, plain_array, primitive
from .elementwise import conj, is_complex
from .products import transposed


def adjoint(x: Any) -> Any:
    """Every matrix transposed and conjugated."""
    return conj(transposed(x))


def hermitian_part(x: Any) -> Any:
    """The gradient for a function that reads one triangle and takes the other for its mirror image."""
    return (x + adjoint(x)) / 2


def diagonal_matrix(x: Any, entry: float) -> Any:
    """A plain matrix with `entry` on its diagonal, as large as the last axis of `x`, beside `x` in dtype and device."""
    return np.diag(np.full_like(plain_array(x), entry, shape=x.shape[-1:]))


def _mirrored(x: Any) -> Any:
    """The Hermitian matrix with the upper triangle of `x`."""
    return hermitian_part(np.triu(x) + np.triu(x, 1))


def _solved(matrix: Any, x: Any, problem: str) -> Any:
    try:
        return np.linalg.solve(matrix, x)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(f"no gradient exists of {problem}") from None


# ---- Cholesky ----


def _cholesky(g: Any, out: Any, a: Any, *, upper: Any = False) -> Any:
    """A = L L^H: L^-H (L^H G, mirrored) L^-1 / 2; see I. Murray, Differentiation of the Cholesky decomposition."""
    lower, g = (adjoint(out), transposed(g)) if upper else (out, conj(g))
    inverse = np.linalg.inv(lower)
    return conj(adjoint(inverse) @ _mirrored(adjoint(g) @ lower) @ inverse) / 2


defvjp(np.linalg.cholesky, _cholesky)


# ---- QR ----


@primitive
def qr(a: Any, mode: Any) -> Any:
    """Q and R, or R alone."""
    return np.linalg.qr(a) if mode == "reduced" else np.linalg.qr(a, mode)  # Dask knows no modes


def _qr(g: Any, out: Any, a: Any, mode: Any) -> Any:
    q, r = np.linalg.qr(a) if mode == "r" else out
    gq, gr = (None, g) if mode == "r" else g
    gq = np.zeros_like(q) if gq is None else conj(gq)
    gr = np.zeros_like(r) if gr is None else conj(gr)
    rows, columns = a.shape[-2:]
    if rows >= columns:
        return conj(_tall_qr(gq, gr, q, r))
    # A = [A1 A2] with A1 = Q R1, and then R2 = Q^H A2
    gq = gq + a[..., rows:] @ adjoint(gr[..., rows:])
    first = _tall_qr(gq, gr[..., :rows], q, r[..., :rows])
    return conj(np.concatenate([first, q @ gr[..., rows:]], axis=-1))


def _tall_qr(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """(GQ + Q (GR R^H - Q^H GQ, mirrored)) R^-H"""
    left = gq + q @ _mirrored(gr @ adjoint(r) - adjoint(q) @ gq)
    columns = r.shape[-1]
    return adjoint(
        _solved(r, adjoint(left), f"numpy.linalg.qr where the first {columns} columns are linearly dependent")
    )


defvjp(qr, _qr)


@composed(np.linalg.qr)
def _qr_by_mode(a: Any, mode: Any = "reduced") -> Any:
    shape, reason = a.shape[-2:], None
    if mode in ("raw", "economic", "e"):
        reason = "Householder vectors are a step on the way to Q"
    elif mode == "complete" and len(shape) == 2 and shape[0] > shape[1]:
        reason = "the columns of Q beyond those of the matrix could be any"
    if reason is not None:
        raise TypeError(
            f"numpy.linalg.qr of shape {a.shape} has no gradient rule for mode={mode!r}: {reason}. "
            "Write mode='reduced', or compute with v.data."
        )
    return qr(a, mode)


# ---- gaps ----


def _gaps(x: Any) -> Any:
    """x_j - x_i, and on the diagonal infinity, so that what is divided by it is 0."""
    return np.expand_dims(x, -2) - np.expand_dims(x, -1) + diagonal_matrix(x, np.inf)


def _unused(g: Any) -> Any:
    """Which vectors, the columns of matrices, have a gradient of exact zeros."""
    return np.all(g == 0, axis=-2, keepdims=True)


@primitive
def quotient(x: Any, gap: Any, unused: Any) -> Any:
    """x / gap, and 0 where the gap is 0 but belongs to vectors that nobody used."""
    ignored = (gap == 0) & unused
    return np.where(ignored, 0, x / np.where(ignored, 1, gap))


# Nothing is ignored in second derivatives: a gradient that is zero at this point may change.
defvjp(quotient, lambda g, out, x, gap, unused: g / gap, lambda g, out, x, gap, unused: -g * out / gap, None)


def _strict_quotient(x: Any, gap: Any, unused: Any) -> Any:
    return x / gap


# ---- eigenvalues of Hermitian matrices ----


@primitive
def eigen(a: Any, w: Any, v: Any) -> Any:
    """The eigenvalues and eigenvectors of a Hermitian matrix, which are known already.

    Rules compute with these rather than with the results of `np.linalg.eigh`, so that in second derivatives no vector
    counts as unused.
    """
    return w, v


def _eigh(g: Any, divided: Any, w: Any, v: Any) -> Any:
    """V (diag(Gw) + (V^H GV) / (w_j - w_i)) V^H"""
    gw, gv = g
    inner = 0 if gw is None else v * np.expand_dims(gw, -2)
    if gv is not None:
        gv = conj(gv)
        unused = _unused(gv)
        inner = inner + v @ divided(adjoint(v) @ gv, _gaps(w), unused & transposed(unused))
    return conj(hermitian_part(inner @ adjoint(v)))


defvjp(np.linalg.eigh, lambda g, out, a, UPLO="L": _eigh(g, quotient, *eigen(a, *map(plain_array, out))))
defvjp(eigen, lambda g, out, a, w, v: _eigh(g, _strict_quotient, *out), None, None)
defvjp(
    np.linalg.eigvalsh,
    lambda g, out, a, UPLO="L": _eigh((g, None), quotient, *eigen(a, *np.linalg.eigh(plain_array(a), UPLO))),
)


# ---- eigenvalues of any matrices ----


@primitive
def general_eigen(a: Any, w: Any, v: Any) -> Any:
    """The same for a matrix that need not be Hermitian."""
    return w, v


def _eig(g: Any, divided: Any, w: Any, v: Any) -> Any:
    """V^-H (diag(Gw) + (V^H GV - V^H V diag(Re(V^H GV))) / conj(w_j - w_i)) V^H; the vectors are of length 1."""
    gw, gv = g
    inner = 0 if gw is None else np.expand_dims(conj(gw), -1) * adjoint(v)
    if gv is not None:
        gv = conj(gv)
        unused = _unused(gv)
        lengthening = np.sum(np.real(conj(v) * gv), axis=-2, keepdims=True)
        turning = adjoint(v) @ (gv - v * lengthening)
        inner = inner + divided(turning, conj(_gaps(w)), unused & transposed(unused)) @ adjoint(v)
    problem = "numpy.linalg.eig where a matrix is defective: it has fewer eigenvectors than rows"
    return conj(_solved(adjoint(v), inner, problem))


defvjp(np.linalg.eig, lambda g, out, a: _eig(g, quotient, *general_eigen(a, *map(plain_array, out))))
defvjp(general_eigen, lambda g, out, a, w, v: _eig(g, _strict_quotient, *out), None, None)


@composed(np.linalg.eigvals)
def _eigvals(a: Any) -> Any:
    return np.linalg.eig(a)[0]  # eigvals itself may list them in another order


# ---- singular values ----


@primitive
def svd(a: Any, full_matrices: Any) -> Any:
    """The singular values and vectors."""
    return np.linalg.svd(a, full_matrices)


@primitive
def svdvals(a: Any) -> Any:
    """The singular values."""
    return np.linalg.svd(a, compute_uv=False)


@primitive
def factors(a: Any, u: Any, s: Any, vh: Any) -> Any:
    """The singular values and vectors of a matrix, which are known already; see `eigen`."""
    return u, s, vh


def factors_of(a: Any) -> Any:
    """The singular values and vectors, as the rule of a function of the singular values needs them."""
    return factors(a, *np.linalg.svd(plain_array(a), full_matrices=False))


def _svd(g: Any, divided: Any, u: Any, s: Any, vh: Any) -> Any:
    """U (sym((U^H GU) / E) S + S sym((V^H GV) / E) + diag(Gs)) V^H, with E = s_j^2 - s_i^2 and sym X = X + X^H,

    and what leaves the spaces of U and of V: (1 - U U^H) GU S^-1 V^H + U S^-1 GV^H (1 - V V^H).
    """
    gu, gs, gvh = g
    k, v = s.shape[-1], adjoint(vh)
    if gu is None and gvh is None:
        return conj((u[..., :k] * np.expand_dims(gs, -2)) @ vh[..., :k, :])
    gu = np.zeros_like(u) if gu is None else conj(gu)
    gv = np.zeros_like(v) if gvh is None else transposed(gvh)
    u, gu = _completed(u, gu, k)
    v, gv = _completed(v, gv, k)
    row, column, unused = np.expand_dims(s, -2), np.expand_dims(s, -1), _unused(gu) & _unused(gv)
    gaps, pairs = (row - column) * (row + column) + diagonal_matrix(s, np.inf), unused & transposed(unused)
    inner_u, inner_v = adjoint(u) @ gu, adjoint(v) @ gv
    turned_u, turned_v = divided(inner_u, gaps, pairs), divided(inner_v, gaps, pairs)
    left = u @ ((turned_u + adjoint(turned_u)) * row + column * (turned_v + adjoint(turned_v)))
    if gs is not None:
        left = left + u * np.expand_dims(gs, -2)
    if is_complex(u):  # the phases of u_j and v_j turn together
        phase = np.imag(np.sum(conj(u) * gu, axis=-2, keepdims=True))
        left = left + u * (1j * divided(phase, row, unused))
    if u.shape[-2] > k:
        left = left + divided(gu - u @ inner_u, row, unused)
    share = left @ adjoint(v)
    if v.shape[-2] > k:
        share = share + u @ adjoint(divided(gv - v @ inner_v, row, unused))
    return conj(share)


def _completed(u: Any, gu: Any, k: int) -> tuple[Any, Any]:
    """The first k vectors, and their gradient with that of the others, which span what is orthogonal to them."""
    if u.shape[-1] == k:
        return u, gu
    first, rest = u[..., :k], u[..., k:]
    return first, gu[..., :k] - rest @ (adjoint(gu[..., k:]) @ first)


defvjp(svd, lambda g, out, a, full_matrices: _svd(g, quotient, *factors(a, *map(plain_array, out))))
defvjp(factors, lambda g, out, a, u, s, vh: _svd(g, _strict_quotient, *out), None, None, None)
# a singular value is 0 as |x| is: with a kink
defvjp(svdvals, lambda g, out, a: _svd((None, g * np.sign(out), None), quotient, *factors_of(a)))


@composed(np.linalg.svdvals)
def _svdvals(x: Any, /) -> Any:
    return svdvals(x)


@composed(np.linalg.svd)
def _svd_by_options(a: Any, full_matrices: Any = True, compute_uv: Any = True, hermitian: Any = False) -> Any:
    if hermitian:
        return _hermitian_svd(a, compute_uv)
    return svd(a, full_matrices) if compute_uv else svdvals(a)


def _hermitian_svd(a: Any, compute_uv: Any) -> Any:
    """The eigenvalues, largest first, with their signs moved into V, as NumPy does it."""
    if not compute_uv:
        return np.flip(np.sort(np.abs(np.linalg.eigvalsh(a)), axis=-1), axis=-1)
    w, u = np.linalg.eigh(a)
    order = np.flip(np.argsort(np.abs(w), axis=-1), axis=-1)
    w, u = np.take_along_axis(w, order, -1), np.take_along_axis(u, np.expand_dims(order, -2), -1)
    sign = np.expand_dims(np.copysign(1.0, plain_array(w)), -2)
    kind = type(np.linalg.svd(np.ones((1, 1))))  # NumPy's named tuple
    return kind(u, np.abs(w), adjoint(u * sign))
