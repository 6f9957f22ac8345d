"""Distances that are no part of `torch.nn`, norms, and what is refused; the others are compared in `test_golden`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

X, Y = np.random.default_rng(0).normal(size=(2, 3, 4))
INFINITY = float("inf")


@pytest.mark.parametrize("p", [0, 0.5, 1, 2, 3, INFINITY])
def test_cdist_is_the_norm_of_every_difference(p: float) -> None:
    expected = [[np.linalg.norm(x - y, p) for y in Y] for x in X[:2]]
    if p == 0.5:
        expected = [[np.sqrt(abs(x - y)).sum() ** 2 for y in Y] for x in X[:2]]
    np.testing.assert_allclose(F.cdist(X[:2], Y, p), expected)
    ag.check_grads(lambda x, y: F.cdist(x, y, p), X[:2], Y, order=2)
    assert F.cdist(X.astype(np.float32), Y.astype(np.float32), p).dtype == np.float32


def test_cdist_broadcasts_batches() -> None:
    batch = np.stack([X, Y, X + 1, Y * 2]).reshape(2, 2, 3, 4)
    result = F.cdist(batch, Y[:2])
    assert result.shape == (2, 2, 3, 2)
    np.testing.assert_allclose(result[1, 0], F.cdist(X + 1, Y[:2]))


@pytest.mark.parametrize("p", [1, 1.5, 2, INFINITY])
def test_distance_of_a_point_to_itself_has_no_gradient(p: float) -> None:
    x = ag.Value(X[:1])
    F.cdist(x, X[:1], p).sum().backward()
    assert not x.grad.any()


NORMS = [
    *((lambda x, p=p: np.linalg.vector_norm(x, ord=p)) for p in (1, 1.5, 2, 3, INFINITY)),
    *((lambda x, p=p: np.linalg.norm(x, p)) for p in ("fro", "nuc", 1, 2, INFINITY)),
    lambda x: np.linalg.norm(x),
    lambda x: np.linalg.matrix_norm(x),
    lambda x: np.linalg.vector_norm(x, axis=1).sum(),
    lambda x: np.linalg.vector_norm(x, axis=0, ord=1, keepdims=True).sum(),
]


@pytest.mark.parametrize("norm", NORMS)
def test_every_norm_has_a_gradient_and_at_the_origin_the_smallest(norm: Any) -> None:
    ag.check_grads(norm, X, order=2)
    origin = ag.Value(np.zeros((3, 4)))
    norm(origin).backward()
    assert not origin.grad.any()


def test_normalize_and_similarity_keep_float32() -> None:
    x = X.astype(np.float32)
    eps = np.float64(1e-3)
    for result in (
        F.normalize(x, eps=eps),
        F.cosine_similarity(x, x, eps=float(eps)),
        F.pairwise_distance(x, x, eps=eps),
    ):
        assert result.dtype == np.float32


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: F.cdist(X, Y[:, :3]), ValueError, "must have the same number of columns. X1: 4 X2: 3"),
        (lambda: F.cdist(X[0], Y), ValueError, "cdist only supports at least 2D tensors, X1 got: 1D. Write x[None]."),
        (lambda: F.cdist(X, Y[0]), ValueError, "X2 got: 1D"),
        (lambda: F.cdist(X, Y, -1), ValueError, "cdist only supports non-negative p values, got -1"),
        (lambda: F.pairwise_distance(X, Y[:, :1]), ValueError, "vectors of the same length along the last axis"),
        (lambda: F.pairwise_distance(np.ones((4, 1)), np.ones(4)), ValueError, "got shapes (4, 1) and (4,)"),
        (lambda: F.pairwise_distance(np.float64(1), np.float64(2)), ValueError, "got shapes () and ()"),
        (lambda: F.cosine_similarity(X + 0j, Y), TypeError, "cosine_similarity is defined for real numbers"),
        (lambda: F.pairwise_distance(X + 0j, Y), TypeError, "pairwise_distance is defined for real numbers"),
        (lambda: F.cdist(X + 0j, Y), TypeError, "cdist is defined for real numbers"),
        (lambda: F.normalize(X + 0j), TypeError, "normalize is defined for real numbers"),
        (lambda: F.cosine_similarity(X, Y[:2]), ValueError, "broadcast"),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()


def test_module_keeps_its_p_under_pytorchs_name() -> None:
    assert nn.PairwiseDistance(p=1).norm == 1
