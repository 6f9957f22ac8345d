"""Gradients that a book gives in closed form, and a random walk through compositions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import autograd_lite as ag
from autograd_lite import Value, grad

from .table import sample

X, Y = sample((4,)), sample((4,), salt=1)
A, B = sample((4, 4)), sample((4, 4), salt=1)


def softmax(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum()


FORMS: list[tuple[str, Callable[..., Any], tuple[Any, ...], tuple[Any, ...]]] = [
    ("quadratic form", lambda x, a: x @ a @ x, (X, A), ((A + A.T) @ X, np.outer(X, X))),
    ("inner product", lambda x, y: x @ y, (X, Y), (Y, X)),
    ("trace of a product", lambda a, b: np.trace(a @ b), (A, B), (B.T, A.T)),
    ("trace of a cube", lambda a: np.trace(a @ a @ a), (A,), (3 * (A @ A).T,)),
    ("squared frobenius", lambda a: np.linalg.norm(a) ** 2, (A,), (2 * A,)),
    ("norm", np.linalg.norm, (X,), (X / np.linalg.norm(X),)),
    ("least squares", lambda x: np.sum((A @ x - Y) ** 2), (X,), (2 * A.T @ (A @ X - Y),)),
    ("logsumexp", lambda x: np.log(np.sum(np.exp(x))), (X,), (softmax(X),)),
    ("entropy", lambda x: -np.sum(x * np.log(x)), (np.exp(X),), (-X - 1,)),
    ("cross entropy", lambda x: np.log(np.sum(np.exp(x))) - x[2], (X,), (softmax(X) - np.eye(4)[2],)),
    ("variance", np.var, (X,), (2 / 4 * (X - X.mean()),)),
    ("standard deviation", np.std, (X,), ((X - X.mean()) / (4 * X.std()),)),
    ("product", np.prod, (X,), (np.prod(X) / X,)),
    ("x ** y", lambda x, y: np.sum(x**y), (np.exp(X), Y), (Y * np.exp(X * (Y - 1)), np.exp(X * Y) * X)),
    ("cosine similarity", lambda x, y: x @ y / (np.linalg.norm(x) * np.linalg.norm(y)), (X, Y), (
        Y / np.linalg.norm(X) / np.linalg.norm(Y) - X * (X @ Y) / np.linalg.norm(X) ** 3 / np.linalg.norm(Y),
        X / np.linalg.norm(X) / np.linalg.norm(Y) - Y * (X @ Y) / np.linalg.norm(Y) ** 3 / np.linalg.norm(X),
    )),
    ("einsum of four", lambda a, b: np.einsum("ij,jk,kl,li->", a, b, a, b), (A, B), (
        2 * (B @ A @ B).T, 2 * (A @ B @ A).T,
    )),
    ("huber", lambda x: np.sum(np.where(abs(x) < 1, 0.5 * x**2, abs(x) - 0.5)), (X,), (np.clip(X, -1, 1),)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "at", "expected"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS])
def test_gradients_equal_their_closed_forms(function: Any, at: Any, expected: Any) -> None:
    for got, form in zip(grad(function, range(len(at)))(*at), expected, strict=True):
        np.testing.assert_allclose(got, form, rtol=1e-12, atol=1e-13)


def test_second_derivatives_equal_their_closed_forms() -> None:
    def hessian_times(function: Any, x: Any, v: Any) -> Any:
        return grad(lambda x: np.sum(grad(function)(x) * v))(x)

    p = softmax(X)
    for function, hessian in (
        (lambda x: x @ A @ x, A + A.T),
        (lambda x: np.log(np.sum(np.exp(x))), np.diag(p) - np.outer(p, p)),
        (np.linalg.norm, (np.eye(4) - np.outer(X, X) / (X @ X)) / np.linalg.norm(X)),
        (np.prod, np.prod(X) / np.outer(X, X) * (1 - np.eye(4))),
        (lambda x: np.sum(np.sin(x)), np.diag(-np.sin(X))),
    ):
        for v in np.eye(4):
            np.testing.assert_allclose(hessian_times(function, X, v), hessian @ v, rtol=1e-11, atol=1e-12)


def test_second_derivatives_of_a_product_with_zeros() -> None:
    x = np.array([0.0, 2.0, 0.0])
    for i in range(3):
        got = grad(lambda x, i=i: grad(np.prod)(x)[i])(x)
        expected = [np.prod(np.delete(x, [i, j])) if i != j else 0 for j in range(3)]
        np.testing.assert_array_equal(got, expected)


# ---- compositions ----

STEPS: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin, "tanh": np.tanh, "square": lambda x: x * x * 0.3, "softplus": lambda x: np.logaddexp(x, 0.0),
    "shift": lambda x: x + 0.7, "reflect": lambda x: 1.5 - x, "reciprocal": lambda x: 1 / (2 + x * x),
    "centre": lambda x: x - np.mean(x, axis=0, keepdims=True), "transpose": lambda x: x.T, "flip": lambda x: x[::-1],
    "cumsum": lambda x: np.cumsum(x, axis=-1) * 0.5, "roll": lambda x: np.roll(x, 1, axis=0),
    "gram": lambda x: x @ x.T * 0.2,
    "double": lambda x: np.concatenate([x, 0.5 * x]), "half": lambda x: x[: max(1, x.shape[0] // 2)],
    "pick": lambda x: x[[0, -1, 0]], "sum rows": lambda x: np.sum(x, axis=0, keepdims=True) * 0.5 + 0 * x,
    "reshape": lambda x: x.reshape(-1, 1), "softmax": lambda x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True),
    "outer": lambda x: np.einsum("ij,kj->ik", x, np.cos(x)) * 0.3, "pad": lambda x: np.pad(x, 1)[:3, :3],
    "std": lambda x: x / (1 + np.std(x)), "norm": lambda x: x / (1 + np.linalg.norm(x, axis=-1, keepdims=True)),
    "where": lambda x: np.where(np.arange(x.shape[-1]) % 2 == 0, x, np.exp(-x * x)),
    "cumprod": lambda x: np.cumprod(1 + 0.3 * np.tanh(x), axis=0),
    "spectrum": lambda x: np.abs(np.fft.fft(x)) ** 2 * 0.2,
    "filter": lambda x: np.fft.irfft(np.fft.rfft(x, 6) * np.array([1, 0.5j, 0.2, 0]), 6)[:, :3] * 0.5,
    "solve": lambda x: np.linalg.solve(3 * np.eye(x.shape[0]) + x @ x.T, x),
    "inverse": lambda x: np.linalg.inv(2 * np.eye(x.shape[-1]) + x.T @ x), "erf": special.erf,
    "logdet": lambda x: x * np.linalg.slogdet(np.eye(x.shape[0]) + x @ x.T)[1] * 0.2,
    "factor": lambda x: np.linalg.cholesky(np.eye(x.shape[0]) + 0.3 * x @ x.T),
    "convolve": lambda x: np.reshape(np.convolve(np.ravel(x), np.ravel(x), "same"), x.shape) * 0.2,
    "gradient": lambda x: np.gradient(np.concatenate([x, x * x]), axis=0),
    "polyval": lambda x: np.polyval(np.stack([x[0, 0], 0.3 * x[0, 0], 0.2 + x[-1, -1]]) * 0.3, x),
    "covariance": lambda x: np.cov(np.concatenate([x, np.sin(x)], axis=-1)).reshape(x.shape[0], -1),
    "kron": lambda x: np.kron(x, np.array([[0.3, -0.2]])), "power": lambda x: np.linalg.matrix_power(0.4 * x.T @ x, 3),
    "accumulate": lambda x: np.logaddexp.accumulate(x, axis=-1),
    "nanmean": lambda x: x - np.nanmean(x) * np.nansum(x, 0) * 0.3,
    "along": lambda x: np.apply_along_axis(lambda row: row / (2 + row[0] * row[0]), -1, x),
    "checkpoint": ag.checkpoint(lambda x: np.sin(x * np.cos(x))),
}  # fmt: skip


def composed(names: list[str], x: Any) -> Any:
    out, kept = x, []
    for name in names:
        if out.size > 12:
            out = out[:2, :3]
        out = STEPS[name](out)
        kept.append(np.sum(out * 0.1))
    return np.sum(np.tanh(out)) + sum(kept)  # every intermediate is used twice


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    names=st.lists(st.sampled_from(sorted(STEPS)), min_size=5, max_size=5),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    salt=st.integers(0, 20),
)
def test_random_compositions_have_right_gradients(names: list[str], shape: tuple[int, int], salt: int) -> None:
    x = sample(shape, -1, 1, salt)
    ag.check_grads(lambda x: composed(names, x), x, rtol=2e-5, atol=1e-5)
    v, w = Value(x), Value(x)
    composed(names, v).backward()
    composed(names, w).backward(create_graph=True)
    np.testing.assert_allclose(w.grad.data, v.grad, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(grad(lambda x: composed(names, x))(x), v.grad, rtol=1e-13)
    tangent = sample(shape, -1, 1, salt + 1)
    np.testing.assert_allclose(
        ag.jvp(lambda x: composed(names, x), (x,), (tangent,))[1], np.sum(v.grad * tangent), rtol=1e-9, atol=1e-11
    )
