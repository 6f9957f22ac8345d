"""The decompositions of `numpy.linalg`, by what does not depend on the choices that they leave open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .case import case, sample


def matrix(*shape: int, salt: int = 0) -> Any:
    """Matrices whose eigenvalues and singular values are well apart."""
    return 0.7 * sample(shape, salt=salt) + 2 * np.eye(*shape[-2:]) * np.arange(1, shape[-1] + 1)


def complex_matrix(*shape: int, salt: int = 0) -> Any:
    return matrix(*shape, salt=salt) + 0.7j * sample(shape, salt=salt + 50)


def positive(x: Any) -> Any:
    """Positive definite matrices made of any."""
    return x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(x.shape[-1])


def mirrored(x: Any) -> Any:
    """The Hermitian part, so that what is read from one triangle depends on both."""
    return (x + x.swapaxes(-1, -2).conj()) / 2


SQUARES = [
    ("(1, 1)", matrix(1, 1)),
    ("(3, 3)", matrix(3, 3)),
    ("(2, 3, 3)", matrix(2, 3, 3)),
    ("a view", np.kron(matrix(3, 3), np.ones((2, 2)))[::2, ::-2][:, ::-1].T),
    ("(3, 3) complex", complex_matrix(3, 3)),
    ("(2, 2, 2) complex", complex_matrix(2, 2, 2)),
    ("(0, 0)", np.zeros((0, 0))),
]
TALL = [("(4, 2)", matrix(4, 2)), ("(2, 3, 2)", matrix(2, 3, 2)), ("(4, 2) complex", complex_matrix(4, 2))]
WIDE = [("(2, 4)", matrix(2, 4)), ("(2, 2, 3)", matrix(2, 2, 3)), ("(2, 4) complex", complex_matrix(2, 4))]


def each(name: str, function: Callable[..., Any], samples: list[tuple[str, Any]], exact: bool = True) -> None:
    for shape, x in samples:
        case(f"{name} of {shape}", function, x, exact=exact)


# ---- Cholesky and QR: nothing is left open ----

_positive = [(shape, positive(x)) for shape, x in SQUARES]
each("cholesky", lambda np, x: np.linalg.cholesky(mirrored(x)), _positive)
each("upper cholesky", lambda np, x: np.linalg.cholesky(mirrored(x), upper=True), _positive)
each("qr", lambda np, x: np.linalg.qr(x), [*SQUARES, *TALL, *WIDE])
each("Q alone", lambda np, x: np.linalg.qr(x)[0], [SQUARES[1], TALL[0], *WIDE[::2]])
each("R alone", lambda np, x: np.linalg.qr(x)[1], [SQUARES[1], *TALL[::2], WIDE[0]])
each("qr mode r", lambda np, x: np.linalg.qr(x, mode="r"), [SQUARES[1], *TALL, *WIDE])
each("complete qr", lambda np, x: np.linalg.qr(x, "complete"), [SQUARES[1], *WIDE])

# ---- eigenvalues: vectors are known up to a phase ----


def _sizes(result: Any) -> Any:
    w, v = result
    return w, abs(v) ** 2


def _matrix_function(w: Any, v: Any) -> Any:
    return (v * (w**2)[..., None, :]) @ v.swapaxes(-1, -2).conj()


each("eigh", lambda np, x: _sizes(np.linalg.eigh(mirrored(x))), SQUARES)
each("eigh of the upper triangle", lambda np, x: _sizes(np.linalg.eigh(mirrored(x), "U")), SQUARES[1:5:3])
each("vectors of eigh alone", lambda np, x: abs(np.linalg.eigh(mirrored(x))[1]) ** 2, SQUARES[1:5:3])
each("square by eigh", lambda np, x: _matrix_function(*np.linalg.eigh(mirrored(x))), SQUARES[1:5:3])
each("eigvalsh", lambda np, x: np.linalg.eigvalsh(mirrored(x)), SQUARES)
each("eigvalsh of the upper triangle", lambda np, x: np.linalg.eigvalsh(mirrored(x), UPLO="U"), SQUARES[1:5:3])

_turning = np.array([[1.0, -2.0, 0.3], [2.5, 0.8, -0.4], [0.2, 0.5, 3.0]])  # one real eigenvalue and a complex pair
_general = [*SQUARES, ("a rotation", _turning), ("several", np.stack([_turning, matrix(3, 3)]))]
each("eig", lambda np, x: _sizes(np.linalg.eig(x)), _general)
each("vectors of eig alone", lambda np, x: abs(np.linalg.eig(x)[1]) ** 2, [SQUARES[1], SQUARES[4], _general[-1]])
each("eigvals", lambda np, x: np.linalg.eigvals(x), _general, exact=False)

# ---- singular values: pairs of vectors are known up to a common phase ----


def _singular(result: Any) -> Any:
    """The first vectors, the values, and the two joined."""
    u, s, vh = result
    k = s.shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    return abs(u) ** 2, s, abs(vh) ** 2, (u * (s**2)[..., None, :]) @ vh


each("svd", lambda np, x: _singular(np.linalg.svd(x)), SQUARES)
each("full svd", lambda np, x: _singular(np.linalg.svd(x)), [*TALL, *WIDE])
each("thin svd", lambda np, x: _singular(np.linalg.svd(x, full_matrices=False)), [*TALL, *WIDE])
each("values of svd", lambda np, x: np.linalg.svd(x)[1], [SQUARES[1], TALL[0], WIDE[2]])
each("svd without vectors", lambda np, x: np.linalg.svd(x, compute_uv=False), [*SQUARES, *TALL, *WIDE])
each("svdvals", lambda np, x: np.linalg.svdvals(x), [*SQUARES, *TALL, *WIDE])
_indefinite = [(shape, x - 4 * np.eye(x.shape[-1])) for shape, x in SQUARES[1:5:3]]
each("hermitian svd", lambda np, x: _singular(np.linalg.svd(mirrored(x), hermitian=True)), _indefinite)
each(
    "hermitian svd without vectors",
    lambda np, x: np.linalg.svd(mirrored(x), compute_uv=False, hermitian=True),
    _indefinite,
)
