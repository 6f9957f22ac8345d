"""Embedding, one_hot and Bilinear beyond PyTorch's results: what is changed in place, what is kept, what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

TABLE = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [-6.0, 8.0]])


@pytest.mark.parametrize("wrap", [np.array, nn.Parameter])
@pytest.mark.parametrize("index", [[0, 2], [[3, 0], [0, 1]], 1])
def test_long_rows_that_are_named_are_shortened_in_place(wrap: Any, index: Any) -> None:
    weight = wrap(TABLE.copy())
    array = getattr(weight, "data", weight) if isinstance(weight, ag.Value) else weight
    rows = F.embedding(np.array(index), weight, max_norm=1.0)
    expected = TABLE.copy()
    for row in np.unique(index):
        expected[row] /= max(np.linalg.norm(TABLE[row]), 1)
    np.testing.assert_allclose(array, expected, rtol=1e-6)
    np.testing.assert_array_equal(getattr(rows, "data", rows) if isinstance(rows, ag.Value) else rows, array[index])


def test_shortening_layer_may_be_called_twice_in_a_graph() -> None:
    layer = nn.Embedding.from_pretrained(TABLE.copy(), freeze=False, max_norm=1.0)
    (layer(np.array([0])).sum() + 2 * layer(np.array([3, 0])).sum()).backward()
    np.testing.assert_array_equal(layer.weight.grad[:, 0], [3, 0, 0, 2])
    np.testing.assert_allclose(np.linalg.norm(layer.weight.data, axis=1), [1, 0.5, 0, 1], rtol=1e-6)


def test_other_norms_shorten_too() -> None:
    layer = nn.Embedding.from_pretrained(TABLE.copy(), max_norm=7.0, norm_type=1.0)
    np.testing.assert_allclose(layer(np.array([0, 3])).data, [[3, 4], [-3, 4]], rtol=1e-6)


def test_pretrained_vectors_are_taken_over() -> None:
    array = TABLE.astype(np.float32)
    frozen, learned = nn.Embedding.from_pretrained(array), nn.Embedding.from_pretrained(array, freeze=False)
    assert frozen.weight.data is array
    assert not frozen.weight.requires_grad
    assert learned.weight.requires_grad
    assert list(frozen.state_dict()) == ["weight"]
    assert not frozen(np.array([0])).requires_grad
    padded = nn.Embedding.from_pretrained(array, padding_idx=-4)
    assert padded.padding_idx == 0
    assert padded.weight.data[0].any()  # PyTorch keeps it as it is
    assert nn.Embedding(4, 2, _weight=TABLE, dtype=np.float32).weight.dtype == np.float32
    assert not nn.Embedding(4, 2, _freeze=True).weight.requires_grad


def test_frequencies_are_counted_in_float32() -> None:
    weight = ag.Value(TABLE.astype(np.float32))
    F.embedding(np.array([1, 1, 1, 3], np.uint64), weight, scale_grad_by_freq=True).sum().backward()
    assert weight.grad.dtype == np.float32
    np.testing.assert_allclose(weight.grad[:, 0], [0, 1, 0, 1])


def test_bags_divide_gradients_by_the_frequency_of_the_index() -> None:
    # PyTorch divides by that of another index here: its loop over distinct indices reads the list of all of them
    weight = ag.Value(TABLE.copy())
    index, offsets = np.array([0, 2, 2, 1, 0]), np.array([0, 3])
    F.embedding_bag(index, weight, offsets, mode="sum", scale_grad_by_freq=True).sum().backward()
    np.testing.assert_array_equal(weight.grad[:, 0], [1, 1, 1, 0])


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_may_all_be_empty(mode: str) -> None:
    weight = ag.Value(TABLE.astype(np.float32))
    for index, offsets in ((np.zeros(0, int), np.array([0, 0])), (np.array([3, 3]), np.array([0, 1]))):
        out = F.embedding_bag(index, weight, offsets, mode=mode, padding_idx=3)
        assert out.dtype == np.float32
        np.testing.assert_array_equal(out.data, np.zeros((2, 2)))
        out.sum().backward()
        assert not weight.grad.any()


def test_bag_of_given_vectors_is_frozen() -> None:
    bag = nn.EmbeddingBag.from_pretrained(TABLE, mode="max", include_last_offset=True, padding_idx=-1)
    assert not bag.weight.requires_grad
    assert bag.weight.data[3].any()
    assert repr(bag) == "EmbeddingBag(4, 2, mode='max', padding_idx=3)"
    np.testing.assert_array_equal(bag(np.array([0, 3, 1]), np.array([0, 2, 3])).data, TABLE[:2])
    assert nn.EmbeddingBag.from_pretrained(TABLE, freeze=False).weight.requires_grad
    assert not nn.EmbeddingBag(4, 2, padding_idx=1).weight.data[1].any()


@pytest.mark.parametrize(
    ("index", "num_classes", "shape"), [([2, 0], -1, (2, 3)), ([[1]], 5, (1, 1, 5)), (1, -1, (2,)), ([], 3, (0, 3))]
)
def test_one_hot(index: Any, num_classes: int, shape: tuple[int, ...]) -> None:
    index = np.array(index, np.int32)
    got = F.one_hot(index, num_classes)
    assert got.dtype == np.int64
    assert got.shape == shape
    np.testing.assert_array_equal(got, np.eye(shape[-1], dtype=int)[index])


def test_bilinear_draws_from_pytorchs_distribution() -> None:
    nn.manual_seed(0)
    layer = nn.Bilinear(25, 30, 400)
    for parameter in layer.parameters():
        assert np.abs(parameter.data).max() <= 0.2
        assert abs(parameter.data.std() / (0.2 / 3**0.5) - 1) < 0.05
    assert layer.weight.dtype == np.float32
    assert nn.Bilinear(1, 1, 1, bias=False).bias is None


X = np.ones((2, 3), np.float32)


def bag(index: Any, offsets: Any, **options: Any) -> Any:
    offsets = None if offsets is None else np.array(offsets, int)
    return F.embedding_bag(np.array(index, int), TABLE, offsets, **options)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: nn.Embedding(5, 2, sparse=True), ValueError, "sparse=True is not supported"),
        (lambda: nn.Embedding.from_pretrained(TABLE, sparse=True), ValueError, "Write sparse=False"),
        (lambda: F.embedding(np.array([0]), TABLE, sparse=True), ValueError, "sparse=True is not supported"),
        (lambda: F.embedding(np.array([0]), TABLE[0]), ValueError, "(num_embeddings, embedding_dim), got (2,)"),
        (lambda: F.embedding(np.array([0]), TABLE, 4), ValueError, "it is 4, the table has 4 rows"),
        (lambda: nn.Embedding.from_pretrained(TABLE[0]), ValueError, "expected to be 2-dimensional, got shape (2,)"),
        (lambda: nn.Embedding(5, 2, _weight=TABLE), ValueError, "it is (4, 2), they are (5, 2)"),
        (lambda: bag([0], [0], mode="min"), ValueError, "mode has to be one of sum, mean or max, got 'min'"),
        (lambda: bag([0], [0], mode="max", scale_grad_by_freq=True), ValueError, "max mode does not support scaling"),
        (lambda: bag([0], [0], per_sample_weights=np.ones(1)), ValueError, "only supported for mode='sum'"),
        (lambda: bag([0], [0], mode="sum", per_sample_weights=np.ones(2)), ValueError, "shape of the input, (1,), got"),
        (lambda: bag([[0]], [0]), ValueError, "if input is 2D, then offsets has to be None"),
        (lambda: bag([0], None), ValueError, "For one bag write offsets=np.array([0])"),
        (lambda: bag(0, [0]), ValueError, "input has to be 1D or 2D, but got shape ()"),
        (lambda: bag([0], [[0]]), ValueError, "offsets has to be 1D, got shape (1, 1)"),
        (lambda: bag([0], [1]), ValueError, "offsets[0] has to be 0"),
        (lambda: bag([0, 1], [0, 2, 1]), ValueError, "offsets must not fall, nor pass the 2 indices"),
        (lambda: bag([0, 1], [0, 3]), ValueError, "offsets must not fall, nor pass the 2 indices"),
        (lambda: bag([0, 1], [0, 1], include_last_offset=True), ValueError, "the last offset has to be 2, got 1"),
        (lambda: bag([0], [], include_last_offset=True), ValueError, "should be at least 1"),
        (lambda: bag([4], [0]), IndexError, "index 4 is out of range"),
        (lambda: bag([0], [0], padding_idx=4), ValueError, "it is 4, the table has 4 rows"),
        (lambda: nn.EmbeddingBag(4, 2, sparse=True), ValueError, "sparse=True is not supported"),
        (lambda: nn.EmbeddingBag(4, 2, padding_idx=4), ValueError, "it is 4, there are 4"),
        (lambda: nn.EmbeddingBag(5, 2, _weight=TABLE), ValueError, "it is (4, 2), they are (5, 2)"),
        (lambda: nn.EmbeddingBag.from_pretrained(TABLE[0]), ValueError, "got shape (2,)"),
        (lambda: F.one_hot(np.array([1.0])), TypeError, "one_hot needs indices"),
        (lambda: F.one_hot(np.array([1, -1])), ValueError, "Class values must be non-negative, got -1"),
        (lambda: F.one_hot(np.array([1, 3]), 3), ValueError, "must be smaller than num_classes = 3, got 3"),
        (lambda: F.one_hot(np.array([1]), 0), ValueError, "num_classes should be positive, got 0"),
        (lambda: F.one_hot(np.array([], int)), ValueError, "from empty tensor. Write num_classes"),
        (lambda: nn.Bilinear(0, 2, 3), ValueError, "in1_features must be > 0, but got (in1_features=0)"),
        (lambda: nn.Bilinear(3, 2, 3)(X, X), ValueError, "got input1 (2, 3), input2 (2, 3), weight (3, 3, 2)"),
        (lambda: nn.Bilinear(2, 3, 3)(X, X), ValueError, "must be (*, in1_features), (*, in2_features) and"),
        (lambda: nn.Bilinear(3, 3, 3)(X, X[:1]), ValueError, "leading axes of the two inputs must be equal"),
        (lambda: F.bilinear(X, X, np.ones((3, 3))), ValueError, "weight (3, 3)"),
        (lambda: F.bilinear(X, X, np.ones((1, 3, 3)), np.ones(2)), ValueError, "bias must have shape (1,), got (2,)"),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()
