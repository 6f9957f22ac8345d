"""What losses refuse, and where they are robust; their values are compared in `test_golden`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

SCORES = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: F.mse_loss(np.ones((4, 1)), np.ones(4)),
            ValueError,
            "Target size (4,) must be the same as input size (4, 1).",
        ),
        (lambda: F.mse_loss(np.ones((4, 1)), np.ones(4)), ValueError, "Write input.squeeze(-1)."),
        (lambda: F.mse_loss(np.ones(4), np.ones((4, 1))), ValueError, "Write target.squeeze(-1)."),
        (
            lambda: F.mse_loss(np.ones(4), np.ones(4), "average"),
            ValueError,
            "average is not a valid value for reduction",
        ),
        (
            lambda: F.binary_cross_entropy_with_logits(np.ones((4, 1)), np.ones(4)),
            ValueError,
            "Write input.squeeze(-1).",
        ),
        (
            lambda: F.cross_entropy(SCORES, np.array([0, 3])),
            IndexError,
            "Target 3 is out of bounds: there are 3 classes",
        ),
        (lambda: F.cross_entropy(SCORES, np.array([0, -1])), IndexError, "Target -1 is out of bounds"),
        (lambda: F.cross_entropy(SCORES, np.array([0.0, 1.0])), TypeError, "Write target.astype(np.int64)"),
        (lambda: F.cross_entropy(SCORES, np.array([[0], [1]])), ValueError, "Write target.squeeze(-1)"),
        (lambda: F.cross_entropy(SCORES, np.array([0])), ValueError, "need target classes of shape (2,)"),
        (lambda: F.cross_entropy(SCORES, np.eye(2, 3, dtype=int)), TypeError, "write target.astype(input.dtype)"),
        (
            lambda: F.cross_entropy(SCORES, SCORES, ignore_index=1),
            ValueError,
            "not supported for floating point target",
        ),
        (lambda: F.cross_entropy(SCORES, np.array([0, 1]), np.ones(2)), ValueError, "either for all 3 classes"),
        (lambda: F.cross_entropy(SCORES, np.array([0, 1]), label_smoothing=2), ValueError, "label_smoothing must be"),
        (lambda: F.cross_entropy(np.float64(1), np.array(0)), ValueError, "got a single number"),
        (lambda: F.cross_entropy(np.array([0, 1]), SCORES), TypeError, "The scores come first"),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()


@pytest.mark.parametrize("target", [np.array([0, 1]), np.array([False, True]), np.array([0.0, 1.0]), [0, 1]])
def test_any_dtype_of_binary_target_keeps_the_loss_in_float32(target: Any) -> None:
    loss = nn.BCEWithLogitsLoss()(ag.Value(np.array([1.0, 2.0], np.float32)), target)
    assert loss.dtype == np.float32
    assert round(loss.item(), 5) == 0.72009


def test_float64_target_keeps_the_loss_in_float32() -> None:
    assert F.mse_loss(ag.Value(np.ones(2, np.float32)), np.zeros(2)).dtype == np.float32
    assert F.mse_loss(ag.Value(2.0), 3).item() == 1


def test_scores_without_bound_are_no_trouble() -> None:
    x = ag.Value(np.array([1e4, -1e4, 0.0], np.float32))
    loss = F.binary_cross_entropy_with_logits(x, np.array([0.0, 1.0, 1.0]), reduction="sum")
    loss.backward()
    np.testing.assert_allclose(loss.item(), 2e4 + np.log(2), rtol=1e-6)
    np.testing.assert_allclose(x.grad, [1, -1, -0.5])
    scores = ag.Value(np.array([[1e4, -1e4]], np.float32))
    loss = F.cross_entropy(scores, np.array([1]))
    loss.backward()
    assert loss.item() == 2e4
    np.testing.assert_allclose(scores.grad, [[1, -1]])


def test_ignored_target_may_have_an_infinite_score() -> None:
    x = ag.Value(np.array([[-np.inf, 1.0, 2.0], [0.0, 0.0, 0.0]]))
    loss = F.cross_entropy(x, np.array([-100, 1]))
    loss.backward()
    assert loss.item() == pytest.approx(np.log(3))
    np.testing.assert_allclose(x.grad, [[0, 0, 0], [1 / 3, -2 / 3, 1 / 3]])


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_only_ignored_targets_give_nan_and_a_warning(label_smoothing: float) -> None:
    x = ag.Value(SCORES)
    with pytest.warns(UserWarning, match="every target of cross_entropy is ignored"):
        loss = F.cross_entropy(x, np.array([-100, -100]), label_smoothing=label_smoothing)
    assert np.isnan(loss.item())
    loss.backward()
    assert not x.grad.any()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("loss", [F.mse_loss, F.binary_cross_entropy_with_logits, F.cross_entropy])
def test_mean_over_nothing_is_nan(loss: Any) -> None:
    x = ag.Value(np.zeros((0, 3)))
    mean = loss(x, np.zeros((0, 3)))
    assert np.isnan(mean.item())
    mean.backward()
    assert x.grad.shape == (0, 3)


def test_class_weights_are_part_of_the_state() -> None:
    loss = nn.CrossEntropyLoss(weight=np.array([1.0, 2.0, 3.0]))
    assert list(loss.state_dict()) == ["weight"]
    assert list(nn.BCEWithLogitsLoss(pos_weight=np.ones(1)).state_dict()) == ["pos_weight"]
    assert nn.CrossEntropyLoss().state_dict() == {}
    assert loss(ag.Value(SCORES), np.array([0, 2])).item() == pytest.approx(np.log(3))
