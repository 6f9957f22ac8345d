"""Metrics: scikit-learn's values, also over batches, and what they refuse."""

from functools import partial

import numpy as np
import pytest
from sklearn import metrics as sk

import autograd_lite as ag
import nn
from nn import functional as F
from nn import metrics as M

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 4, 60)
SCORES = RNG.standard_normal((60, 4)) + 1.5 * np.eye(4)[CLASSES]
LABELS = RNG.integers(0, 2, 60)
LOGITS = RNG.standard_normal(60) + LABELS - 0.3
NUMBERS = RNG.standard_normal((60, 3)) * [1, 10, 0.1] + 1000
GUESSES = NUMBERS + RNG.standard_normal((60, 3)) * [0.3, 2, 0.2]


def over_batches(metric, prediction, target, batch_size=7):
    """What `evaluate` makes of it, batch by batch."""
    data = nn.DataLoader((prediction, target), batch_size, dtype=np.float64)
    found = nn.evaluate(nn.Identity(), data, loss=lambda p, t: 0.0, metrics={"it": metric})
    return found["it"]


# ---- classes ----

RATES = [(M.precision, sk.precision_score), (M.recall, sk.recall_score), (M.f1, sk.f1_score)]


@pytest.mark.parametrize(("ours", "theirs"), RATES)
@pytest.mark.parametrize("average", ["macro", "micro", "weighted", None])
def test_rates_of_several_classes(ours, theirs, average):
    expected = theirs(CLASSES, SCORES.argmax(1), average=average)
    assert np.allclose(ours(SCORES, CLASSES, average=average), expected, atol=1e-12, rtol=0)
    assert np.allclose(ours(SCORES.argmax(1), CLASSES, average=average), expected, atol=1e-12, rtol=0)
    if average is not None:
        assert over_batches(partial(ours, average=average), SCORES, CLASSES) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), RATES)
@pytest.mark.parametrize("average", ["binary", "macro", "micro", "weighted"])
def test_rates_of_two_classes(ours, theirs, average):
    expected = theirs(LABELS, LOGITS > 0, average=average)
    for prediction, target in [
        (LOGITS, LABELS),
        (LOGITS[:, None], LABELS[:, None]),
        (np.stack([-LOGITS, LOGITS], axis=1), LABELS),
        ((LOGITS > 0).astype(int), LABELS),
        (LOGITS, LABELS.astype(np.float32)),
        (LOGITS.reshape(12, 5, 1)[:, None], LABELS.reshape(12, 5, 1)[:, None]),
        (ag.Value(LOGITS), LABELS),
    ]:
        found = ours(prediction, target, average=average)
        assert type(found) is float
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), RATES)
@pytest.mark.parametrize("average", ["macro", "micro", "weighted", None])
@pytest.mark.parametrize("zero_division", [0.0, 1.0, np.nan])
@pytest.mark.parametrize(
    ("predicted", "true"),
    [([0, 0, 1, 1], [0, 2, 2, 2]), ([0, 0], [0, 0]), ([1, 1], [0, 0]), ([3, 3, 0], [0, 3, 1]), ([2, 2], [1, 1])],
)
def test_nothing_to_divide_by(ours, theirs, average, zero_division, predicted, true):
    predicted, true = np.array(predicted), np.array(true)
    labels = None if average is not None else range(max(predicted.max(), true.max()) + 1)
    expected = theirs(true, predicted, average=average, zero_division=zero_division, labels=labels)
    found = ours(predicted, true, average=average, zero_division=zero_division)
    assert np.allclose(found, expected, atol=1e-12, rtol=0, equal_nan=True)


@pytest.mark.parametrize("labels", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_two_classes_of_which_one_occurs(labels):
    predicted, true = np.full(3, labels[0]), np.full(3, labels[1])
    for ours, theirs in RATES:
        assert ours(predicted, true) == theirs(true, predicted, zero_division=0)


def test_confusion_matrix():
    assert np.array_equal(M.confusion_matrix(SCORES, CLASSES), sk.confusion_matrix(CLASSES, SCORES.argmax(1)))
    assert np.array_equal(M.confusion_matrix(LOGITS, LABELS), sk.confusion_matrix(LABELS, LOGITS > 0))
    assert M.confusion_matrix(np.array([2]), np.array([0]), num_classes=4).shape == (4, 4)
    one_hot = np.eye(4)[CLASSES]
    assert np.array_equal(M.confusion_matrix(SCORES, one_hot), M.confusion_matrix(SCORES, CLASSES))
    images = np.moveaxis(SCORES.reshape(3, 4, 5, 4), -1, 1)  # (n, classes, height, width)
    assert np.array_equal(M.confusion_matrix(images, CLASSES.reshape(3, 4, 5)), M.confusion_matrix(SCORES, CLASSES))


def test_accuracy_of_batches_and_of_classes():
    expected = sk.accuracy_score(CLASSES, SCORES.argmax(1))
    assert over_batches("accuracy", SCORES, CLASSES) == pytest.approx(expected, abs=1e-12)
    assert nn.accuracy(SCORES.argmax(1), CLASSES) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_accuracy(k):
    assert M.top_k_accuracy(SCORES, CLASSES, 4) == 1
    expected = sk.top_k_accuracy_score(CLASSES, SCORES, k=k)
    assert M.top_k_accuracy(SCORES, CLASSES, k) == pytest.approx(expected, abs=1e-12)
    assert over_batches(partial(M.top_k_accuracy, k=k), SCORES, CLASSES) == pytest.approx(expected, abs=1e-12)
    tied = np.round(SCORES)
    assert M.top_k_accuracy(tied, CLASSES, k) == pytest.approx(sk.top_k_accuracy_score(CLASSES, tied, k=k))
    sequences = np.moveaxis(SCORES.reshape(12, 5, 4), -1, 1)
    assert M.top_k_accuracy(sequences, CLASSES.reshape(12, 5), k) == pytest.approx(expected, abs=1e-12)


def test_perplexity_is_that_of_all_tokens():
    target = np.where(np.arange(60) % 7 == 0, -100, CLASSES)
    expected = float(np.exp(F.cross_entropy(SCORES, target)))
    assert M.perplexity(SCORES, target) == pytest.approx(expected, rel=1e-12)
    assert over_batches("perplexity", SCORES, target) == pytest.approx(expected, rel=1e-12)
    assert over_batches(partial(M.perplexity, ignore_index=2), SCORES, CLASSES) == pytest.approx(
        float(np.exp(F.cross_entropy(SCORES, CLASSES, ignore_index=2))), rel=1e-12
    )
    sequences = np.moveaxis(SCORES.reshape(12, 5, 4), -1, 1)
    assert M.perplexity(sequences, target.reshape(12, 5)) == pytest.approx(expected, rel=1e-12)
    assert M.perplexity(1e4 * np.eye(4), np.arange(4)) == 1
    assert np.isnan(M.perplexity(SCORES, np.full(60, -100)))


# ---- numbers ----


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("mean_squared_error", sk.mean_squared_error),
        ("mean_absolute_error", sk.mean_absolute_error),
        ("r2_score", sk.r2_score),
    ],
)
def test_numbers(ours, theirs):
    metric = getattr(M, ours)
    for columns in (slice(None), slice(0, 1), 0):
        guesses, numbers = GUESSES[:, columns], NUMBERS[:, columns]
        expected = theirs(numbers, guesses)
        assert metric(guesses, numbers) == pytest.approx(expected, rel=1e-11)
        assert over_batches(ours, guesses, numbers) == pytest.approx(expected, rel=1e-11)
    deep = metric(GUESSES.reshape(10, 6, 3), NUMBERS.reshape(10, 6, 3))
    assert deep == pytest.approx(theirs(NUMBERS.reshape(10, 18), GUESSES.reshape(10, 18)), rel=1e-11)


@pytest.mark.parametrize("guess", [3.0, 4.0])
def test_r2_of_a_constant_target(guess):
    guesses, numbers = np.full(4, guess), np.full(4, 3.0)
    assert M.r2_score(guesses, numbers) == sk.r2_score(numbers, guesses)
    assert over_batches("r2_score", guesses, numbers, 3) == sk.r2_score(numbers, guesses)
    assert np.isnan(M.r2_score(guesses[:1], numbers[:1]))


def test_float32_is_added_up_in_float64():
    large = np.full(100_000, 0.1, np.float32)
    assert M.mean_absolute_error(large, np.zeros_like(large)) == pytest.approx(float(np.float32(0.1)), rel=1e-12)


# ---- in fit and evaluate ----


def test_names_that_fit_knows():
    found = nn.evaluate(
        nn.Identity(),
        nn.DataLoader((SCORES, CLASSES), 7, dtype=np.float64),
        loss=F.cross_entropy,
        metrics=["f1_macro", "precision_weighted", "recall_micro", "perplexity", M.accuracy],
    )
    assert list(found) == ["loss", "f1_macro", "precision_weighted", "recall_micro", "perplexity", "accuracy"]
    assert found["f1_macro"] == pytest.approx(sk.f1_score(CLASSES, SCORES.argmax(1), average="macro"))
    assert found["perplexity"] == pytest.approx(np.exp(found["loss"]))


def test_fit_adds_up_over_the_training_epoch():
    model = nn.Linear(4, 4)
    optimizer = nn.SGD(model.parameters(), lr=0.0)
    data = (SCORES.astype(np.float32), CLASSES)
    history = nn.fit(
        model, data, loss=F.cross_entropy, optimizer=optimizer, epochs=2, batch_size=9, metrics=["f1_macro"],
        validation=data, progress=False,
    )  # fmt: skip
    expected = M.f1(model(data[0]), CLASSES, average="macro")
    assert history["f1_macro"] == history["val_f1_macro"] == [expected] * 2


def test_whole_epoch_sees_everything_once():
    calls = []

    def auc(prediction, target):
        calls.append(len(target))
        return sk.roc_auc_score(target, prediction)

    assert over_batches(M.whole_epoch(auc), LOGITS, LABELS) == sk.roc_auc_score(LABELS, LOGITS)
    assert calls == [60]
    assert M.whole_epoch(auc).__name__ == "auc"
    assert M.whole_epoch(auc)(LOGITS, LABELS) == sk.roc_auc_score(LABELS, LOGITS)


def test_the_mean_of_your_own_function_weighs_samples():
    data = (LOGITS, LOGITS)
    assert over_batches(lambda p, t: p.mean(), *data) == pytest.approx(LOGITS.mean())


@pytest.mark.parametrize("metric", [M.f1, M.precision, M.recall])
def test_a_function_around_a_metric_that_is_no_mean_is_refused(metric):
    with pytest.raises(TypeError, match=rf"functools\.partial\(nn\.metrics\.{metric.__name__}"):
        over_batches(lambda p, t: metric(p, t, average="macro"), SCORES, CLASSES)
    with pytest.raises(TypeError, match="r2_score of the epoch"):
        over_batches(lambda p, t: M.r2_score(p, t), NUMBERS, NUMBERS)
    # accuracy is a mean, and outside of fit everything goes
    assert over_batches(lambda p, t: nn.accuracy(p, t), SCORES, CLASSES) == pytest.approx(nn.accuracy(SCORES, CLASSES))
    whole = M.whole_epoch(lambda p, t: metric(p, t, average="macro"))
    assert over_batches(whole, SCORES, CLASSES) == metric(SCORES, CLASSES, average="macro")


# ---- what is refused ----


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: M.f1(SCORES, CLASSES), r"multiclass but average='binary'.*f1\(\.\.\., average='macro'\).*'f1_macro'"),
        (lambda: M.f1(SCORES, CLASSES, average="mean"), "average is 'mean', but must be one of 'binary', 'micro'"),
        (lambda: M.precision(SCORES, CLASSES[:5]), r"of shape \(60, 4\) and targets of shape \(5,\): it needs scores"),
        (lambda: M.recall(LOGITS[:, None], LABELS), r"write prediction\.squeeze\(-1\)"),
        (lambda: M.top_k_accuracy(SCORES, CLASSES, 5), "k is 5, but must be from 1 to the number of classes, 4"),
        (lambda: M.top_k_accuracy(LOGITS, LABELS, 1), r"needs scores \(n, classes, \*\)"),
        (lambda: M.confusion_matrix(SCORES, CLASSES + 1), "classes from 0 to 4, but with 4 classes"),
        (lambda: M.confusion_matrix(SCORES, CLASSES - 1), "classes from -1 .* Take samples that do not count out"),
        (lambda: M.confusion_matrix(CLASSES, CLASSES, 2), "Write num_classes=4"),
        (lambda: M.perplexity(SCORES, CLASSES + 1), "classes from 1 to 4, but the logits have 4"),
        (lambda: M.perplexity(SCORES, LOGITS[:3]), r"targets of shape \(3,\)"),
        (lambda: M.r2_score(GUESSES, NUMBERS[:, 0]), r"\(60, 3\) and targets of shape \(60,\): they must have one"),
        (lambda: M.mean_squared_error(GUESSES[:, :1], NUMBERS[:, 0]), r"squeeze\(-1\)"),
    ],
)
def test_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_refuses_to_wrap_what_is_no_function():
    with pytest.raises(TypeError, match="whole_epoch takes a function"):
        M.whole_epoch("auc")
