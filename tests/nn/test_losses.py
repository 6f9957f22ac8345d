"""What losses refuse, and where they are robust; their values are compared in `test_golden`."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

SCORES = np.zeros((2, 3))
ONES = np.ones(2)


def ctc(**changed: Any) -> Any:
    arguments = {
        "log_probs": np.log(np.full((3, 2, 4), 0.25)),
        "targets": np.array([[1, 2], [3, 1]]),
        "input_lengths": [3, 3],
        "target_lengths": [2, 2],
    }
    return F.ctc_loss(**(arguments | changed))


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
        (
            lambda: F.cross_entropy(SCORES, np.zeros((2, 3)), ignore_index=0),
            ValueError,
            "ignore_index is not supported",
        ),
        (lambda: F.nll_loss(SCORES, np.array([0, 3])), IndexError, "Target 3 is out of bounds: there are 3 classes"),
        (lambda: F.nll_loss(SCORES, np.array([0, -1])), IndexError, "Target -1 is out of bounds"),
        (lambda: F.nll_loss(SCORES, np.array([0.0, 1.0])), TypeError, "nll_loss: target classes must be integers"),
        (lambda: F.nll_loss(SCORES, np.array([[0], [1]])), ValueError, "Write target.squeeze(-1)"),
        (lambda: F.nll_loss(SCORES, np.zeros((2, 3), int)), ValueError, "nll_loss: scores of shape (2, 3) need target"),
        (lambda: F.nll_loss(np.array([0, 1]), SCORES), TypeError, "write nll_loss(scores, target)"),
        (lambda: F.nll_loss(np.float64(1), np.array(0)), ValueError, "nll_loss needs scores of shape"),
        (lambda: F.nll_loss(SCORES, np.array([0, 1]), np.ones(2)), ValueError, "nll_loss: weight tensor should be"),
        (
            lambda: F.kl_div(ONES, ONES, "batch"),
            ValueError,
            "batch is not a valid value for reduction: it is 'mean', 'sum', 'batchmean'",
        ),
        (lambda: F.l1_loss(ONES, ONES, "batchmean"), ValueError, "it is 'mean', 'sum' or 'none'"),
        (lambda: F.mse_loss(ONES, ONES, weight=np.ones(3)), ValueError, "Weights and input must have the same size"),
        (lambda: F.huber_loss(ONES, ONES, weight=np.ones(3)), ValueError, "Write np.broadcast_to(weight, (2,))"),
        (
            lambda: F.huber_loss(ONES, ONES, delta=0),
            ValueError,
            "does not support non-positive values for delta, got 0",
        ),
        (
            lambda: F.smooth_l1_loss(ONES, ONES, beta=-1),
            ValueError,
            "does not support negative values for beta, got -1",
        ),
        (
            lambda: F.binary_cross_entropy(2 * ONES, ONES),
            ValueError,
            "all elements of input should be between 0 and 1, but they are between 2.0 and 2.0. For scores write",
        ),
        (lambda: F.binary_cross_entropy(-ONES, ONES), ValueError, "all elements of input should be between 0 and 1"),
        (lambda: F.binary_cross_entropy(ONES * np.nan, ONES), ValueError, "all elements of input should be"),
        (
            lambda: F.binary_cross_entropy(ONES, 2 * ONES),
            ValueError,
            "all elements of target should be between 0 and 1",
        ),
        (lambda: F.gaussian_nll_loss(SCORES, SCORES, np.ones(3)), ValueError, "var is of incorrect size: (3,)"),
        (lambda: F.gaussian_nll_loss(SCORES, SCORES, np.ones((2, 2))), ValueError, "var is of incorrect size: (2, 2)"),
        (lambda: F.gaussian_nll_loss(ONES, ONES, np.array([1.0, -1.0])), ValueError, "var has negative entry/entries"),
        (lambda: F.gaussian_nll_loss(ONES, ONES, -1.0), ValueError, "var has negative entry/entries"),
        (lambda: F.margin_ranking_loss(ONES, np.ones((2, 1)), ONES), ValueError, "Write input2.squeeze(-1)."),
        (lambda: F.margin_ranking_loss(ONES, ONES, np.ones((2, 1))), ValueError, "Write target.squeeze(-1)."),
        (lambda: F.multi_margin_loss(SCORES, np.array([0, 1]), p=3), ValueError, "only p == 1 and p == 2 supported"),
        (lambda: nn.MultiMarginLoss(p=3), ValueError, "only p == 1 and p == 2 supported, got 3"),
        (lambda: F.multi_margin_loss(SCORES, np.array([0])), ValueError, "need target classes of shape (2,), got (1,)"),
        (lambda: F.multi_margin_loss(SCORES, np.array([0, 3])), IndexError, "Target 3 is out of bounds"),
        (lambda: F.multi_margin_loss(SCORES, np.array([0, -1])), IndexError, "Target -1 is out of bounds"),
        (lambda: F.multi_margin_loss(SCORES, ONES), TypeError, "Write target.astype(np.int64)"),
        (lambda: F.multi_margin_loss(np.ones((2, 3, 1)), np.array([0, 1])), ValueError, "needs scores of shape (N, C)"),
        (lambda: F.multi_margin_loss(SCORES, np.array([0, 1]), weight=ONES), ValueError, "inconsistent weight size"),
        (lambda: F.multilabel_margin_loss(SCORES, np.array([0, 1])), ValueError, "inconsistent target size: (2,)"),
        (lambda: F.multilabel_margin_loss(SCORES, SCORES), TypeError, "target classes must be integers"),
        (lambda: F.multilabel_margin_loss(SCORES, np.full((2, 3), 3)), IndexError, "Target 3 is out of bounds"),
        (lambda: F.multilabel_margin_loss(SCORES, np.full((2, 3), -2)), IndexError, "Target -2 is out of bounds"),
        (lambda: F.multilabel_margin_loss(np.float64(1), np.array(0)), ValueError, "needs scores of shape (N, C)"),
        (
            lambda: F.cosine_embedding_loss(SCORES, SCORES, np.ones((2, 1))),
            ValueError,
            "0D or 1D target tensor expected, multi-target not supported",
        ),
        (lambda: F.cosine_embedding_loss(SCORES, SCORES, np.ones(3)), ValueError, "they must be (N, D) and (N,)"),
        (lambda: F.cosine_embedding_loss(SCORES, SCORES[:1], ONES), ValueError, "Input2 size (1, 3) must be the same"),
        (lambda: F.triplet_margin_loss(SCORES, SCORES, SCORES[0]), ValueError, "Negative size (3,) must be the same"),
        (lambda: F.triplet_margin_loss(SCORES, SCORES[0], SCORES), ValueError, "as anchor size (2, 3)"),
        (lambda: F.triplet_margin_loss(SCORES, SCORES, SCORES, 0), ValueError, "margin must be greater than 0, got 0"),
        (
            lambda: nn.TripletMarginLoss(-1),
            ValueError,
            "TripletMarginLoss: expected margin to be greater than 0, got -1",
        ),
        (
            lambda: nn.TripletMarginWithDistanceLoss(margin=0),
            ValueError,
            "TripletMarginWithDistanceLoss: expected margin to be greater than 0, got 0 instead",
        ),
        (
            lambda: ctc(input_lengths=[4, 3]),
            ValueError,
            "Expected input_lengths to have value at most 3, but got value 4",
        ),
        (
            lambda: ctc(input_lengths=[-1, 3]),
            ValueError,
            "Expected input_lengths to have value at least 0, but got value -1",
        ),
        (lambda: ctc(input_lengths=[3.0, 3.0]), TypeError, "input_lengths must be integers, got float64"),
        (lambda: ctc(input_lengths=[3]), ValueError, "input_lengths must be of size batch_size, 2, got shape (1,)"),
        (lambda: ctc(target_lengths=[1, -2]), ValueError, "Expected target_lengths to have value at least 0"),
        (lambda: ctc(target_lengths=[3, 2]), ValueError, "needs targets of shape (2, S) with S of at least 3"),
        (lambda: ctc(targets=np.array([1, 2, 3])), ValueError, "as many as the target_lengths add up to, 4, got 3"),
        (lambda: ctc(targets=np.ones((2, 2))), TypeError, "targets must be integers, got float64"),
        (lambda: ctc(targets=np.array([[1, 2], [4, 1]])), IndexError, "Target 4 is out of bounds: there are 4 classes"),
        (lambda: ctc(targets=np.array([[1, 2], [-1, 1]])), IndexError, "Target -1 is out of bounds"),
        (lambda: ctc(targets=np.array([[1, 0], [1, 1]])), ValueError, "targets cannot be the blank, which is class 0"),
        (lambda: ctc(blank=4), ValueError, "blank must be in label range: there are 4 classes, got 4"),
        (lambda: ctc(log_probs=np.zeros(4)), ValueError, "log_probs of shape (T, N, C) or (T, C), got (4,)"),
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


ALIKE = [
    *(F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.poisson_nll_loss, F.kl_div, F.binary_cross_entropy),
    *(F.binary_cross_entropy_with_logits, F.hinge_embedding_loss, F.soft_margin_loss, F.multilabel_soft_margin_loss),
    lambda x, y: F.gaussian_nll_loss(x, y, 1.0),
    lambda x, y: F.margin_ranking_loss(x, x, y),
]


@pytest.mark.parametrize("loss", ALIKE)
def test_nothing_is_broadcast(loss: Any) -> None:
    with pytest.raises(ValueError, match=r"must be the same as input1? size .* Write \w+.squeeze\(-1\)"):
        loss(np.ones((4, 1)), np.ones(4))


@pytest.mark.parametrize("loss", ALIKE)
@pytest.mark.parametrize("target", [np.array([1, 0]), [1, 0], np.array([True, False]), np.array([1.0, 0.0])])
def test_numpys_usual_dtypes_keep_the_loss_in_float32(loss: Any, target: Any) -> None:
    x = ag.Value(np.array([0.25, 0.5], np.float32))
    result = loss(x, target)
    assert result.dtype == np.float32
    result.backward()
    assert x.grad.dtype == np.float32
    exact = loss(np.array([0.25, 0.5]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(result.data, exact, rtol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        *ALIKE,
        lambda x, y: F.cross_entropy(x, np.array(1)),
        lambda x, y: F.nll_loss(x, np.array(1)),
        lambda x, y: F.multi_margin_loss(x, np.array(1)),
        lambda x, y: F.multilabel_margin_loss(x, np.array([1, -1])),
        lambda x, y: F.cosine_embedding_loss(x, x, np.array(1)),
        lambda x, y: F.triplet_margin_loss(x, x, x),
        lambda x, y: F.ctc_loss(x.reshape(1, 2), np.array([1]), [1], [1]),
    ],
)
def test_complex_numbers_are_refused(loss: Any) -> None:
    with pytest.raises(TypeError, match=r"(real|floating) numbers"):
        loss(np.ones(2, complex), np.ones(2))


def test_only_ignored_classes_of_nll_loss_give_nan_and_a_warning() -> None:
    with pytest.warns(UserWarning, match="every target of nll_loss is ignored, so their mean is nan"):
        assert np.isnan(F.nll_loss(SCORES, np.array([-100, -100])))
    assert F.nll_loss(SCORES, np.array([-100, -100]), reduction="sum") == 0


def test_every_argument_of_weighted_yes_and_no_has_a_gradient() -> None:
    generator = np.random.default_rng(0)
    x, y, pos_weight, weight = generator.normal(size=(4, 3))
    for function in (
        lambda x, y, w, p: F.binary_cross_entropy_with_logits(x, y, w, pos_weight=p),
        lambda x, y, w, p: F.binary_cross_entropy(F.sigmoid(x), F.sigmoid(y), w) * p.sum(),
    ):
        ag.check_grads(function, x, y, weight, pos_weight, order=2)


def test_soft_margin_does_not_overflow_as_pytorchs_does() -> None:
    x = ag.Value(np.array([-800.0, 800.0, 1e4]))
    loss = F.soft_margin_loss(x, np.array([1, -1, 1]), "sum")
    loss.backward()
    assert loss.item() == 1600
    assert x.grad.tolist() == [-1, 1, 0]


def test_what_is_impossible_costs_no_nan_in_kl_div() -> None:
    y = ag.Value(np.array([0.0, 1.0]))
    loss = F.kl_div(np.log([0.5, 0.5]), y, "sum")
    loss.backward()
    assert loss.item() == pytest.approx(np.log(2))
    np.testing.assert_allclose(y.grad, np.log(2) + np.array([0, 1]))


def test_class_weights_of_every_loss_are_part_of_its_state() -> None:
    for build in (nn.NLLLoss, nn.BCELoss, nn.MultiLabelSoftMarginLoss, nn.MultiMarginLoss):
        assert list(build(weight=np.ones(3)).state_dict()) == ["weight"]
        assert build().state_dict() == {}


@pytest.mark.parametrize("swap", [False, True])
def test_triplets_take_any_distance(swap: bool) -> None:
    a, p, n = np.random.default_rng(0).normal(size=(3, 4, 2))
    squares = nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: ((x - y) ** 2).sum(-1), swap=swap)
    far = [((x - n) ** 2).sum(-1) for x in ((a, p) if swap else (a,))]
    expected = np.maximum(0, ((a - p) ** 2).sum(-1) - np.minimum.reduce(far) + 1).mean()
    assert squares(a, p, n) == pytest.approx(expected)


# ---- sequences without times ----


def paths_that_read_as(target: list[int], steps: int, classes: int, blank: int) -> Any:
    for path in itertools.product(range(classes), repeat=steps):
        merged = [label for label, _ in itertools.groupby(path) if label != blank]
        if merged == target:
            yield path


@pytest.mark.parametrize("target", [[], [1], [1, 2], [1, 1], [2, 1, 2]])
@pytest.mark.parametrize("blank", [0, 3])
def test_ctc_sums_over_all_paths(target: list[int], blank: int) -> None:
    log_probs = F.log_softmax(np.random.default_rng(0).normal(size=(4, 4)), -1)
    total = sum(
        np.exp(sum(log_probs[t, label] for t, label in enumerate(path)))
        for path in paths_that_read_as(target, 4, 4, blank)
    )
    loss = F.ctc_loss(log_probs, np.array(target, int), 4, len(target), blank, reduction="sum")
    assert loss == pytest.approx(-np.log(total), rel=1e-12)


def test_ctc_has_the_true_gradient_also_without_a_log_softmax() -> None:
    x = np.random.default_rng(0).normal(size=(5, 3, 3))

    def loss(x: Any) -> Any:
        return F.ctc_loss(x, np.array([[1, 1], [2, 1], [0, 0]]), [5, 4, 2], [2, 2, 0], reduction="none")

    ag.check_grads(loss, x, order=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ctc_is_exact_on_long_sequences(dtype: Any) -> None:
    x = ag.Value(np.log(np.full((3000, 1, 2), 0.5, dtype)))
    loss = F.ctc_loss(x, np.array([[1]]), [3000], [1], reduction="sum")
    loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    assert loss.item() == pytest.approx(
        3000 * np.log(2) - np.log(3000 * 3001 / 2), rel=1e-6 if dtype is np.float32 else 1e-12
    )
    np.testing.assert_allclose(-x.grad.sum(axis=-1), 1, rtol=1e-6)  # somewhere at every time


def test_ctc_takes_probabilities_of_0() -> None:
    with np.errstate(divide="ignore"):
        x = ag.Value(np.log(np.array([[[0.0, 1.0]], [[0.5, 0.5]]])))
    loss = F.ctc_loss(x, np.array([[1]]), [2], [1])
    loss.backward()
    assert loss.item() == pytest.approx(0)
    np.testing.assert_allclose(x.grad, [[[0, -1]], [[-0.5, -0.5]]])
    with np.errstate(divide="ignore"):
        x = ag.Value(np.log(np.array([[0.0, 0.0, 1.0], [0.2, 0.3, 0.5], [0.2, 0.3, 0.5]])))
    F.ctc_loss(x, np.array([2, 1]), 3, 2).backward()
    first = x.grad
    assert np.isfinite(first).all()
    x.grad = None
    F.ctc_loss(x, np.array([2, 1]), 3, 2).backward(create_graph=True)
    np.testing.assert_allclose(x.grad.data, first)


def test_mean_of_ctc_takes_no_notice_of_empty_targets() -> None:
    x = np.log(np.full((2, 2, 2), 0.5))
    assert F.ctc_loss(x, np.array([[1, 1], [1, 1]]), [2, 2], [0, 1]) == pytest.approx((np.log(4) + np.log(4 / 3)) / 2)


def test_ctc_of_a_target_that_is_too_long() -> None:
    for zero_infinity, (value, slope) in ((False, (np.inf, np.nan)), (True, (0.0, 0.0))):
        x = ag.Value(np.log(np.full((3, 2, 2), 0.5)))
        losses = F.ctc_loss(x, np.array([[1, 1], [1, 1]]), [2, 3], [2, 2], 0, "none", zero_infinity)
        losses.sum().backward()
        assert losses.data[0] == value
        np.testing.assert_array_equal(x.grad[:2, 0], slope)
        assert not x.grad[2, 0].any()
        assert np.isfinite(x.grad[:, 1]).all()
