"""What the table cannot say about `numpy.linalg`: closed forms, degenerate matrices, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, grad

from .table import sample
from .table.decompositions import TALL, WIDE, complex_matrix, matrix, positive

A, B, C = matrix(3, 3), sample((3, 3), salt=1), sample((3, 3), salt=2)
SPD = positive(A)
X = sample((3,), salt=3)
SINGULAR = np.array([[1.0, 2], [2, 4]])


def curvature(function: Callable[..., Any], x: Any, direction: Any) -> Any:
    """The Hessian times a direction."""
    return grad(lambda x: np.sum(grad(function)(x) * direction))(x)


# ---- closed forms ----

FORMS: list[tuple[str, Callable[..., Any], Any, Any]] = [
    ("log det", lambda a: np.linalg.slogdet(a)[1], A, np.linalg.inv(A).T),
    ("det", np.linalg.det, A, np.linalg.det(A) * np.linalg.inv(A).T),
    ("trace of the inverse", lambda a: np.trace(np.linalg.inv(a)), A, -np.linalg.inv(A @ A).T),
    ("quadratic form of the inverse", lambda a: X @ np.linalg.solve(a, X), A,
     -np.outer(np.linalg.solve(A.T, X), np.linalg.solve(A, X))),
    ("sum of the eigenvalues", lambda a: np.sum(np.linalg.eigvalsh(a)), SPD, np.eye(3)),
    ("squared singular values", lambda a: np.sum(np.linalg.svdvals(a) ** 2), B, 2 * B),
    ("largest singular value", lambda a: np.linalg.norm(a, 2), B,
     np.outer(np.linalg.svd(B)[0][:, 0], np.linalg.svd(B)[2][0])),
    ("log det by Cholesky", lambda a: 2 * np.sum(np.log(np.diagonal(np.linalg.cholesky(a)))), SPD, np.linalg.inv(SPD)),
    ("log |det| by QR", lambda a: np.sum(np.log(np.abs(np.diagonal(np.linalg.qr(a)[1])))), A, np.linalg.inv(A).T),
    ("trace of a power", lambda a: np.trace(np.linalg.matrix_power(a, 5)), A, 5 * np.linalg.matrix_power(A, 4).T),
    ("what is far from every column", lambda a: np.linalg.lstsq(a, X)[1][0], B[:, :1],
     -2 * np.outer(X - B[:, :1] @ (B[:, :1].T @ X) / (B[:, 0] @ B[:, 0]), B[:, :1].T @ X / (B[:, 0] @ B[:, 0]))),
]  # fmt: skip


@pytest.mark.parametrize(("function", "at", "expected"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])
def test_gradients_equal_their_closed_forms(function: Any, at: Any, expected: Any) -> None:
    np.testing.assert_allclose(grad(function)(at), expected, rtol=1e-11, atol=1e-13)


def test_the_hessian_of_log_det_is_known() -> None:
    inverse = np.linalg.inv(SPD)
    got = curvature(lambda a: np.linalg.slogdet(a)[1], SPD, C)
    np.testing.assert_allclose(got, -(inverse @ C @ inverse).T, rtol=1e-11)


def test_a_complex_determinant_is_holomorphic() -> None:
    z = complex_matrix(3, 3)
    cofactors = np.linalg.det(z) * np.linalg.inv(z).T
    np.testing.assert_allclose(grad(lambda z: np.linalg.det(z).real)(z), np.conj(cofactors), rtol=1e-12)


def test_a_factorization_multiplied_out_has_the_gradient_of_the_matrix() -> None:
    for x in (A, matrix(4, 2), matrix(2, 4), complex_matrix(4, 2), complex_matrix(2, 4)):
        weights = sample(x.shape, salt=5)

        def by_svd(x: Any, weights: Any = weights) -> Any:
            u, s, vh = np.linalg.svd(x, full_matrices=False)
            return np.sum(np.real((u * s) @ vh) * weights)

        def by_qr(x: Any, weights: Any = weights) -> Any:
            return np.sum(np.real(np.matmul(*np.linalg.qr(x))) * weights)

        def by_eig(x: Any, weights: Any = weights) -> Any:
            w, v = np.linalg.eig(x)
            return np.sum(np.real((v * w) @ np.linalg.inv(v)) * weights)

        for function in (by_svd, by_qr, *[by_eig] * (x.shape == (3, 3))):
            np.testing.assert_allclose(grad(function)(x), weights, rtol=1e-10, atol=1e-12)


# ---- determinants of singular matrices ----


def test_the_gradient_of_a_determinant_exists_at_singular_matrices() -> None:
    np.testing.assert_allclose(grad(np.linalg.det)(SINGULAR), [[4, -2], [-2, 1]], rtol=1e-14)
    np.testing.assert_array_equal(grad(np.linalg.det)(np.zeros((1, 1))), [[1]])
    np.testing.assert_allclose(grad(np.linalg.det)(np.outer(X, X)), np.zeros((3, 3)), atol=1e-14)  # rank n - 2
    both = grad(lambda a: np.sum(np.linalg.det(a)))(np.stack([SINGULAR, np.eye(2)]))
    np.testing.assert_allclose(both, [[[4, -2], [-2, 1]], np.eye(2)], rtol=1e-14)


def test_the_hessian_of_a_determinant_exists_at_singular_matrices() -> None:
    direction = np.array([[1.0, 2], [3, 4]])  # det is bilinear in the rows, so its Hessian is the same everywhere
    for a in (SINGULAR, np.zeros((2, 2)), np.eye(2)):
        np.testing.assert_allclose(curvature(np.linalg.det, a, direction), [[4, -3], [-2, 1]], rtol=1e-14)
    # nearly singular: the determinant is 7e-16, its inverse matrix is noise
    a = np.arange(1.0, 10).reshape(3, 3)
    expected = (grad(np.linalg.det)(a + 1e-3 * C) - grad(np.linalg.det)(a - 1e-3 * C)) / 2e-3  # quadratic: exact
    np.testing.assert_allclose(curvature(np.linalg.det, a, C), expected, rtol=1e-9, atol=1e-9)


def test_the_third_derivative_of_a_determinant() -> None:
    def slope(a: Any) -> Any:
        return np.sum(curvature(np.linalg.det, a, B) * C)

    ag.check_grads(slope, A, order=1)
    ag.check_grads(slope, complex_matrix(3, 3).real, order=1)


def test_the_logarithm_of_a_zero_determinant_has_an_infinite_slope() -> None:
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        got = grad(lambda a: np.sum(np.linalg.slogdet(a)[1]))(np.stack([SINGULAR, 2 * np.eye(2)]))
    np.testing.assert_array_equal(got, [np.inf * np.array([[1, -1], [-1, 1]]), np.eye(2) / 2])


# ---- equal eigenvalues and singular values ----


def test_values_have_gradients_where_they_are_equal() -> None:
    for function, at in (
        (np.linalg.eigvalsh, np.eye(3)),
        (lambda a: np.linalg.eigh(a)[0], np.eye(3)),
        (lambda a: np.linalg.eig(a).eigenvalues.real, np.eye(3)),
        (lambda a: np.linalg.svd(a)[1], np.eye(3)),
        (lambda a: np.linalg.svd(a)[1], np.zeros((3, 2))),
    ):
        got = grad(lambda a, f=function: np.sum(f(a) ** 2))(at)
        np.testing.assert_allclose(got, 2 * at, atol=1e-15)


def test_a_vector_whose_gradient_is_zero_counts_as_unused() -> None:
    def values_and_nothing(decomposition: Any) -> Callable[[Any], Any]:
        def function(a: Any) -> Any:
            result = decomposition(a)
            values, vectors = result[len(result) == 3], result[0 if len(result) == 3 else 1]
            return np.sum(np.abs(values) ** 2) + 0 * np.sum(np.abs(vectors))

        return function

    for decomposition in (np.linalg.eigh, np.linalg.eig, np.linalg.svd):
        np.testing.assert_allclose(grad(values_and_nothing(decomposition))(np.eye(3)), 2 * np.eye(3), atol=1e-15)


def test_a_vector_of_a_simple_eigenvalue_needs_no_distance_between_the_others() -> None:
    # v0 = (1, 0, 0) moves by -dA[1:, 0] / (1 - 0)
    got = grad(lambda a: (np.linalg.eigh(a)[1][:, 0] @ X) ** 2)(np.diag([0.0, 1, 1]))
    expected = np.zeros((3, 3))
    expected[1:, 0] = expected[0, 1:] = -X[0] * X[1:]
    np.testing.assert_allclose(got, expected, rtol=1e-14)
    top = grad(lambda a: (np.linalg.svd(a)[0][:, 0] @ X) ** 2)(np.diag([3.0, 1, 1]))
    expected = np.zeros((3, 3))
    expected[1:, 0], expected[0, 1:] = 2 * X[0] * X[1:] * 3 / 8, 2 * X[0] * X[1:] * 1 / 8
    np.testing.assert_allclose(top, expected, rtol=1e-14)


def test_what_does_not_exist_is_nan_and_never_a_wrong_number() -> None:
    with pytest.warns(RuntimeWarning, match="divide"):
        assert np.isnan(grad(lambda a: np.sum(np.linalg.eigh(a)[1][:, 1] ** 2 * X))(np.diag([0.0, 1, 1]))).all()
    # second derivatives of equal values: the gradient of the vectors is zero here, and not so nearby
    for at, function in (
        (np.eye(3), lambda a: np.sum((np.linalg.svdvals(a) - 1) ** 2)),
        (np.eye(3), lambda a: np.sum((np.linalg.svd(a)[1] - 1) ** 2)),
        (np.eye(3), lambda a: np.sum((np.linalg.eigvalsh(a) - 1) ** 2)),
        (np.eye(3), lambda a: np.sum((np.linalg.eigh(a)[0] - 1) ** 2)),
        (np.eye(3), lambda a: np.sum((np.linalg.eigvals(a) - 1) ** 2)),
    ):
        with pytest.warns(RuntimeWarning, match="divide"):
            assert np.isnan(curvature(function, at, C)).any()


def test_vectors_that_happen_to_be_at_their_minimum_have_no_second_derivative_where_values_are_equal() -> None:
    def distance(a: Any) -> Any:
        return np.sum((np.linalg.eigh(a)[1] ** 2 - np.eye(3)) ** 2)

    np.testing.assert_array_equal(grad(distance)(np.eye(3)), np.zeros((3, 3)))
    with np.errstate(divide="ignore", invalid="ignore"):
        assert not np.isfinite(curvature(distance, np.eye(3), C)).all()


def test_vectors_of_a_null_space_turn_with_the_others() -> None:
    def beyond_columns(x: Any) -> Any:
        u = np.linalg.svd(x)[0][..., 2:]
        return u @ u.swapaxes(-1, -2).conj()

    def beyond_rows(x: Any) -> Any:
        vh = np.linalg.svd(x)[2][..., 2:, :]
        return vh.swapaxes(-1, -2).conj() @ vh

    for function, samples in ((beyond_columns, TALL), (beyond_rows, WIDE)):
        for _, x in samples:
            ag.check_grads(function, x, order=2, rtol=2e-5, atol=2e-6)


def test_functions_of_hermitian_matrices_have_hermitian_gradients() -> None:
    for at, weights in ((SPD, B), (positive(complex_matrix(3, 3)), B + 1j * C)):
        for function in (
            lambda a: np.linalg.pinv(a, hermitian=True),
            lambda a: np.abs(np.linalg.eigh(a)[1]) ** 2,
            np.linalg.cholesky,
            lambda a: np.linalg.cholesky(a, upper=True),
            lambda a: np.linalg.svd(a, hermitian=True)[0] @ np.linalg.svd(a, hermitian=True)[2],
        ):
            got = grad(lambda a, f=function, weights=weights: np.sum(np.real(f(a) * weights)))(at)
            np.testing.assert_allclose(got, got.conj().T, rtol=1e-12, atol=1e-14)


# ---- results and messages ----


def test_results_are_numpys_own_tuples() -> None:
    v = Value(SPD)
    assert np.linalg.eigh(v).eigenvectors.requires_grad
    assert np.linalg.eig(v).eigenvalues.requires_grad
    assert np.linalg.slogdet(v).logabsdet.requires_grad
    assert np.linalg.svd(v).Vh.requires_grad
    assert np.linalg.svd(v, hermitian=True).S.requires_grad
    assert np.linalg.qr(v).R.requires_grad
    solution, residuals, rank, values = np.linalg.lstsq(v, X)
    assert (residuals.shape, int(rank), values.shape) == ((0,), 3, (3,))
    assert not isinstance(rank, Value)
    assert not isinstance(np.linalg.matrix_rank(v), Value)
    assert solution.requires_grad


def test_the_sign_of_a_real_determinant_is_constant() -> None:
    np.testing.assert_array_equal(grad(lambda a: np.linalg.slogdet(a)[0])(A), np.zeros((3, 3)))


V, SQUARE, FLAT = Value(sample((4, 2))), Value(A), Value(SINGULAR)
LINALG_ERROR = np.linalg.LinAlgError
WRONG: list[tuple[str, Callable[[], Any], type[Exception], list[str]]] = [
    ("inv of a singular matrix", lambda: np.linalg.inv(FLAT), LINALG_ERROR, ["Singular", "numpy.linalg.inv", "(2, 2)"]),
    ("inv of a rectangle", lambda: np.linalg.inv(V), LINALG_ERROR, ["square", "(4, 2)"]),
    ("solve", lambda: np.linalg.solve(FLAT, X[:2]), LINALG_ERROR, ["Singular", "(2, 2) and (2,)"]),
    ("solve of unlike shapes", lambda: np.linalg.solve(SQUARE, X[:2]), ValueError, ["numpy.linalg.solve", "(2,)"]),
    ("cholesky", lambda: np.linalg.cholesky(-SQUARE), LINALG_ERROR, ["positive definite", "(3, 3)"]),
    ("complete qr", lambda: np.linalg.qr(V, "complete"), TypeError, ["(4, 2)", "mode='complete'", "mode='reduced'"]),
    ("raw qr", lambda: np.linalg.qr(SQUARE, mode="raw"), TypeError, ["mode='raw'", "v.data"]),
    ("qr of what", lambda: np.linalg.qr(SQUARE, "some"), ValueError, ["'some'"]),
    ("qr of dependent columns", lambda: grad(lambda a: np.sum(np.linalg.qr(a)[0]))(np.zeros((2, 2))), LINALG_ERROR,
     ["numpy.linalg.qr", "dependent"]),
    ("eig of a defective matrix", lambda: grad(lambda a: np.sum(np.linalg.eigvals(a)))(np.eye(3, k=1)), LINALG_ERROR,
     ["numpy.linalg.eig", "defective"]),
    ("cond of a singular matrix", lambda: grad(lambda a: np.linalg.cond(a, 1))(SINGULAR), LINALG_ERROR,
     ["numpy.linalg.cond", "singular"]),
    ("power of a rectangle", lambda: np.linalg.matrix_power(V, 2), LINALG_ERROR, ["matrix_power", "(4, 2)"]),
    ("half a power", lambda: np.linalg.matrix_power(SQUARE, 0.5), TypeError, ["matrix_power", "integer", "0.5"]),
    ("multi_dot of one", lambda: np.linalg.multi_dot([V]), ValueError, ["multi_dot", "two"]),
    ("multi_dot of a stack", lambda: np.linalg.multi_dot([V, Value(np.ones((2, 2, 2))), V]), LINALG_ERROR,
     ["multi_dot", "(2, 2, 2)"]),
    ("multi_dot into an array", lambda: np.linalg.multi_dot([V, V.T], out=np.ones((4, 4))), TypeError, ["'out'"]),
    ("outer of matrices", lambda: np.linalg.outer(V, X), ValueError, ["linalg.outer", "(4, 2)", "np.outer(a, b)"]),
    ("cross of two", lambda: np.linalg.cross(V, V), ValueError, ["linalg.cross", "(4, 2)"]),
    ("tensorinv", lambda: np.linalg.tensorinv(SQUARE, 0), ValueError, ["tensorinv", "ind=0"]),
    ("tensorsolve", lambda: np.linalg.tensorsolve(SQUARE, SQUARE), LINALG_ERROR, ["tensorsolve", "(3, 3)", "9"]),
    ("dtype of a trace", lambda: np.linalg.trace(SQUARE, dtype=float), TypeError, ["'dtype'"]),
]  # fmt: skip


@pytest.mark.parametrize(("use", "kind", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_wrong_use_is_explained(use: Callable[[], Any], kind: type[Exception], words: list[str]) -> None:
    with pytest.raises(kind) as caught:
        use()
    message = " ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    for word in words:
        assert word in message
