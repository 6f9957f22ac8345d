"""Row operations: what a book on linear algebra says about them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, grad
from autograd_lite.linalg import ref, row_add, row_scale, row_swap, rref

A = np.array([[1.0, 2.0, -1.0, 3.0], [2.0, 4.0, 1.0, 0.0], [-1.0, 1.0, 2.0, 5.0]])
OPERATIONS: list[tuple[Any, tuple[Any, ...], Any]] = [
    (row_swap, (0, 2), [[0, 0, 1], [0, 1, 0], [1, 0, 0]]),
    (row_swap, (1, 1), np.eye(3)),
    (row_scale, (1, -2.5), np.diag([1, -2.5, 1])),
    (row_add, (2, 0, 3.0), [[1, 0, 0], [0, 1, 0], [3, 0, 1]]),
    (row_add, (-1, -3, 3.0), [[1, 0, 0], [0, 1, 0], [3, 0, 1]]),
]


@pytest.mark.parametrize(("operation", "arguments", "elementary"), OPERATIONS)
def test_an_operation_is_a_product_with_its_elementary_matrix(operation: Any, arguments: Any, elementary: Any) -> None:
    expected = np.asarray(elementary) @ A
    before = A.copy()
    result = operation(A, *arguments)
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(operation(A.tolist(), *arguments), expected)
    np.testing.assert_array_equal(operation(Value(A), *arguments).data, expected)
    np.testing.assert_array_equal(A, before)
    weights = np.arange(12.0).reshape(3, 4)
    gradient = grad(lambda a: np.sum(weights * operation(a, *arguments)))(A)
    np.testing.assert_array_equal(gradient, np.asarray(elementary).T @ weights)


def test_operations_are_undone_by_their_own_kind() -> None:
    np.testing.assert_array_equal(row_swap(row_swap(A, 0, 2), 0, 2), A)
    np.testing.assert_array_equal(row_scale(row_scale(A, 1, 4.0), 1, 0.25), A)
    np.testing.assert_array_equal(row_add(row_add(A, 0, 1, 2.0), 0, 1, -2.0), A)


def test_integers_stay_exact() -> None:
    whole = np.array([[1, 2], [3, 4]])
    assert row_swap(whole, 0, 1).dtype == row_add(whole, 1, 0, -3).dtype == whole.dtype
    assert row_scale(whole, 0, 0.5).dtype == np.float64
    assert row_scale(np.float32(whole), 0, 0.5).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: row_swap(A, 0, 3), IndexError, r"row_swap: there is no row 3 .*\(3, 4\), whose rows are 0 to 2"),
        (lambda: row_add(A, -4, 0, 1), IndexError, "row_add: there is no row -4"),
        (lambda: row_scale(A, 1.5, 2), TypeError, r"row_scale takes a row's number, not 1\.5"),
        (lambda: row_scale(A, 1, 0), ValueError, "row_scale by 0 is no elementary row operation"),
        (lambda: row_scale(Value(A), 1, Value(0.0)), ValueError, "row_scale by 0"),
        (lambda: row_scale(A, 1, [1, 2]), ValueError, r"one number as its factor, not an array of shape \(2,\)"),
        (lambda: row_add(A, 1, 1, 2), ValueError, r"row_scale\(A, 1, 1 \+ factor\)"),
        (lambda: row_swap(A[0], 0, 1), ValueError, r"row_swap takes a matrix.*\(4,\).*v\[None, :\]"),
        (lambda: ref(np.ones((2, 2, 2))), ValueError, r"ref takes a matrix, and this has shape \(2, 2, 2\)"),
        (lambda: rref(Value([1.0, 2.0])), ValueError, "rref takes a matrix"),
        (lambda: rref([[1.0, np.nan]]), ValueError, "rref takes finite numbers"),
        (lambda: rref([["1", "2"]]), TypeError, r"rref takes a matrix of numbers, not strings.*dtype=float"),
        (lambda: rref(None), TypeError, "rref takes a matrix of numbers, not Python objects"),
        (lambda: rref([[1, 2], [3]]), ValueError, "rref takes a matrix of numbers.* rows of equal lengths"),
        (lambda: row_swap([[Value(1.0), 2.0]], 0, 0), TypeError, r"row_swap takes a matrix.*np\.stack"),
        (lambda: row_scale(A, 0, "2"), TypeError, "row_scale takes one number as its factor, not strings"),
        (lambda: row_add(A, 0, 1, None), TypeError, "row_add takes one number as its factor, not Python objects"),
    ],
)
def test_what_is_no_row_operation_is_named(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


# ---- echelon forms ----

FORMS: list[tuple[str, Any, Any]] = [
    ("regular", [[1, 2, -1, 3], [2, 4, 1, 0], [-1, 1, 2, 5]], [[1, 0, 0, -17 / 3], [0, 1, 0, 10 / 3], [0, 0, 1, -2]]),
    ("rank 2 of 3", [[1, 2, 3], [2, 4, 6], [1, 1, 1]], [[1, 0, -1], [0, 1, 2], [0, 0, 0]]),
    ("without a solution", [[1, 1, 1], [1, 1, 2]], [[1, 1, 0], [0, 0, 1]]),
    ("a column of zeros", [[0, 2, 4], [0, 1, 1]], [[0, 1, 0], [0, 0, 1]]),
    ("zeros", [[0, 0], [0, 0]], [[0, 0], [0, 0]]),
    ("identity", np.eye(3), np.eye(3)),
    ("tall", [[1, 2], [3, 4], [5, 6]], [[1, 0], [0, 1], [0, 0]]),
    ("one row", [[0, 3, 6]], [[0, 1, 2]]),
    ("no rows", np.zeros((0, 3)), np.zeros((0, 3))),
    ("rounding is no pivot", [[0.1, 0.2], [0.3, 0.6]], [[1, 2], [0, 0]]),
    ("complex", [[1j, 1], [1, 1j]], [[1, 0], [0, 1]]),
]


def is_echelon(U: Any) -> bool:
    leading = [int(np.argmax(row != 0)) if np.any(row != 0) else U.shape[1] for row in U]
    return all(a < b or a == b == U.shape[1] for a, b in pairwise(leading))


@pytest.mark.parametrize(("matrix", "reduced"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])
def test_echelon_forms(matrix: Any, reduced: Any) -> None:
    R = rref(matrix)
    np.testing.assert_allclose(R, reduced, atol=1e-14)
    assert not np.any(np.signbit(R.real) & (R == 0)), "no -0"
    U = ref(matrix)
    assert is_echelon(U)
    assert is_echelon(R)
    np.testing.assert_allclose(rref(U), reduced, atol=1e-14)


@pytest.mark.parametrize("seed", range(8))
def test_the_steps_lead_from_the_matrix_to_its_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 6, 2)
    matrix = rng.integers(-3, 4, (rows, columns)).astype(float)
    for form in (ref, rref):
        result, steps = form(matrix, return_steps=True)
        assert np.count_nonzero(np.any(result != 0, axis=1)) == np.linalg.matrix_rank(matrix)
        here = matrix
        for step in steps:
            here = getattr(ag.linalg, step.operation)(here, *step.arguments)
            np.testing.assert_allclose(here, step.matrix, atol=1e-12)
        np.testing.assert_allclose(here, result, atol=1e-12)


def test_steps_read_as_in_a_book() -> None:
    _, steps = rref([[1, 2, 3], [2, 4, 4], [0, 3, 3]], return_steps=True)
    assert [step.text for step in steps] == [
        "R0 <-> R1", "R1 <- R1 - 0.5 R0", "R1 <-> R2", "R0 <- R0 - 4 R2", "R1 <- R1 - 3 R2", "R1 <- 0.3333 R1",
        "R0 <- R0 - 4 R1", "R0 <- 0.5 R0",
    ]  # fmt: skip
    assert str(steps[0]) == "R0 <-> R1\n[[2. 4. 4.]\n [1. 2. 3.]\n [0. 3. 3.]]"
    assert [step.text for step in rref([[1j, 1.0]], return_steps=True)[1]] == ["R0 <- (0-1j) R0"]
    assert [step.text for step in ref([[1.0], [-1.0]], return_steps=True)[1]] == ["R1 <- R1 + R0"]


def test_the_pivot_is_the_largest() -> None:
    U, steps = ref([[1e-20, 1.0], [1.0, 1.0]], return_steps=True)
    assert steps[0].operation == "row_swap"
    np.testing.assert_array_equal(U, [[1, 1], [0, 1]])


def test_the_steps_of_a_value_are_values() -> None:
    v = Value(A)
    _, steps = rref(v, return_steps=True)
    assert all(isinstance(step.matrix, Value) and step.matrix.requires_grad for step in steps)
    assert "R0 <-> R1" in str(steps[0])
    steps[-1].matrix[0, 3].backward()
    assert np.any(v.grad)


def test_the_form_of_a_system_has_the_gradient_of_its_solution() -> None:
    square, b = A[:, :3], A[:, 3:]

    def by_rows(square: Any, b: Any) -> Any:
        return np.sum(np.sin(rref(np.concatenate([square, b], 1))[:, 3:]))

    expected = grad(lambda a, b: np.sum(np.sin(np.linalg.solve(a, b))), (0, 1))(square, b)
    for got, form in zip(grad(by_rows, (0, 1))(square, b), expected, strict=True):
        np.testing.assert_allclose(got, form, rtol=1e-11)
    inverse = grad(lambda a: np.sum(np.cos(rref(np.concatenate([a, np.eye(3)], 1))[:, 3:])))(square)
    np.testing.assert_allclose(inverse, grad(lambda a: np.sum(np.cos(np.linalg.inv(a))))(square), rtol=1e-11)


def test_a_factor_of_0_still_has_a_derivative() -> None:
    def solution(a: Any) -> Any:
        return rref(np.concatenate([a, np.array([[1.0], [2.0]])], 1))[0, 2]

    np.testing.assert_allclose(grad(solution)(np.eye(2)), [[-1, -2], [0, 0]], atol=1e-15)


def test_the_determinant_is_the_product_of_the_pivots() -> None:
    square = A[:, :3]
    got = grad(lambda a: np.prod(np.diagonal(ref(a))))(square)
    _, steps = ref(square, return_steps=True)
    swaps = sum(step.operation == "row_swap" for step in steps)
    np.testing.assert_allclose((-1) ** swaps * got, np.linalg.det(square) * np.linalg.inv(square).T, rtol=1e-12)
