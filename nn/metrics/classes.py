"""Metrics of classes: accuracy, precision, recall, F1, confusion matrix, perplexity."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .parts import Parts, State, added, evaluated, number, ratio

AVERAGES = ("binary", "micro", "macro", "weighted")


def accuracy(prediction: Any, target: Any) -> float:
    """The part of the samples whose class is right, from 0 to 1.

    Args:
        prediction: scores `(n, classes, *)`, of which the largest wins; or one logit a sample `(n,)` or `(n, 1)`, of
            class 1 where it is positive (for probabilities of class 1 pass `p - 0.5`); or classes, whole numbers in
            the shape of the target.
        target: classes `(n, *)`, scores of all classes `(n, classes, *)`, or 0 and 1 in the shape of the logits.

    Raises:
        ValueError: the shapes do not go together.

    Example:
        >>> import numpy as np, nn
        >>> nn.accuracy(np.array([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]]), np.array([0, 1, 1]))
        0.6666666666666666
    """
    return number(_accuracy(), prediction, target)


def top_k_accuracy(prediction: Any, target: Any, k: int = 5) -> float:
    """The part of the samples whose class is among the `k` with the largest scores, from 0 to 1.

    Of equal scores those of higher classes come first, as in scikit-learn.

    Args:
        prediction: scores `(n, classes, *)`.
        target: classes `(n, *)`.
        k: how many guesses there are, from 1 to the number of classes.

    Raises:
        ValueError: the shapes do not go together, or `k` is out of its range.

    Example:
        >>> import numpy as np, nn
        >>> scores = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
        >>> nn.metrics.top_k_accuracy(scores, np.array([1, 0]), k=2)
        0.5
    """
    return number(_top_k(k), prediction, target)


def confusion_matrix(prediction: Any, target: Any, num_classes: int | None = None) -> Any:
    """How often each class was taken for each other: entry `[i, j]` counts samples of class i predicted as j.

    Args:
        prediction: as for `accuracy`.
        target: as for `accuracy`.
        num_classes: the size of the table; by default that of the scores, or as many as occur.

    Returns:
        Whole numbers `(classes, classes)`.

    Raises:
        ValueError: the shapes do not go together, or a class is negative or `num_classes` or greater.

    Example:
        >>> import numpy as np, nn
        >>> nn.metrics.confusion_matrix(np.array([0, 1, 1]), np.array([0, 0, 1]))
        array([[1, 1],
               [0, 1]])
    """
    return evaluated(
        Parts(partial(_confusion, size=num_classes), _added_tables, lambda state: state["table"], "confusion_matrix"),
        prediction,
        target,
    )


def precision(prediction: Any, target: Any, *, average: str | None = "binary", zero_division: float = 0.0) -> Any:
    """Of the samples that were predicted to be of a class, the part that is: tp / (tp + fp).

    Args:
        prediction: as for `accuracy`.
        target: as for `accuracy`.
        average: `"binary"` for class 1 of two; `"macro"`, the mean over the classes that occur; `"weighted"`, that
            mean weighted with the samples of each class; `"micro"`, of all samples together; None for an array
            with one number a class.
        zero_division: the number of a class where there is nothing to divide by; with nan it is left out of means.

    Raises:
        ValueError: an unknown average, `"binary"` for more than two classes, or shapes that do not go together.

    Example:
        >>> import numpy as np, nn
        >>> nn.metrics.precision(np.array([1, 1, 0, 1]), np.array([1, 0, 0, 1]))
        0.6666666666666666
    """
    return evaluated(_precision(average, zero_division), prediction, target)


def recall(prediction: Any, target: Any, *, average: str | None = "binary", zero_division: float = 0.0) -> Any:
    """Of the samples of a class, the part that was predicted to be: tp / (tp + fn). Arguments: see `precision`.

    Example:
        >>> import numpy as np, nn
        >>> nn.metrics.recall(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 1]))
        0.3333333333333333
    """
    return evaluated(_recall(average, zero_division), prediction, target)


def f1(prediction: Any, target: Any, *, average: str | None = "binary", zero_division: float = 0.0) -> Any:
    """The harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn). Arguments: see `precision`.

    Example:
        >>> import numpy as np, nn
        >>> scores = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0], [5.0, 4.0, 0.0]])
        >>> nn.metrics.f1(scores, np.array([0, 1, 1]), average="macro")
        0.6666666666666666
    """
    return evaluated(_f1(average, zero_division), prediction, target)


def perplexity(prediction: Any, target: Any, ignore_index: int = -100) -> float:
    """exp of the mean cross entropy: among how many equally likely classes the model hesitates.

    The exponential is taken of the mean over all tokens of an epoch: a mean of the perplexities of batches would be
    larger.

    Args:
        prediction: logits `(n, classes, *)`.
        target: classes `(n, *)`.
        ignore_index: a target that does not count.

    Raises:
        ValueError: the shapes do not go together, or a class is out of range.

    Example:
        >>> import numpy as np, nn
        >>> nn.metrics.perplexity(np.zeros((3, 4)), np.array([0, 3, 2]))
        4.0
    """
    return number(_perplexity(ignore_index), prediction, target)


# ---- counting ----


def _classes(prediction: Any, target: Any, name: str) -> tuple[Any, Any, int]:
    """Predicted and true classes, and how many there are as far as the shapes tell, else 0."""
    prediction, target = np.asarray(prediction), np.asarray(target)
    shape = prediction.shape
    several = prediction.ndim > 1 and shape[1] > 1
    if prediction.dtype.kind in "iub" and target.shape == shape and shape and target.dtype.kind in "iub":
        return prediction, target, 0
    if several and target.shape == shape:
        return prediction.argmax(axis=1), target.argmax(axis=1), shape[1]
    if several and target.shape == (shape[0], *shape[2:]):
        return prediction.argmax(axis=1), target, shape[1]
    if not several and target.shape == shape and shape:
        return prediction > 0, target > 0.5, 2
    raise ValueError(
        f"{name} of predictions of shape {shape} and targets of shape {target.shape}: it needs scores "
        "(n, classes) and classes (n,), or logits and targets of one shape (write prediction.squeeze(-1))."
    )


def _right(prediction: Any, target: Any) -> State:
    predicted, true, _ = _classes(prediction, target, "accuracy")
    right = predicted == true
    return {"sum": np.int64(right.sum()), "count": np.int64(right.size)}


def _accuracy() -> Parts:
    return Parts(_right, added, ratio)


def _right_in_k(prediction: Any, target: Any, k: int) -> State:
    scores, target = _scores(prediction, target, "top_k_accuracy")
    if not 1 <= k <= scores.shape[-1]:
        raise ValueError(
            f"k is {k}, but must be from 1 to the number of classes, {scores.shape[-1]}. "
            "In metrics write functools.partial(nn.metrics.top_k_accuracy, k=...)."
        )
    guesses = scores.argsort(axis=-1, kind="stable")[..., scores.shape[-1] - k :]
    right = (guesses == target[..., None]).any(axis=-1)
    return {"sum": np.int64(right.sum()), "count": np.int64(right.size)}


def _top_k(k: int = 5) -> Parts:
    return Parts(partial(_right_in_k, k=k), added, ratio)


def _scores(prediction: Any, target: Any, name: str) -> tuple[Any, Any]:
    """Scores with the axis of classes last, `(n, *, classes)`, and classes `(n, *)`."""
    prediction, target = np.asarray(prediction), np.asarray(target)
    shape = prediction.shape
    if prediction.ndim < 2 or target.shape != (shape[0], *shape[2:]):
        raise ValueError(
            f"{name} of predictions of shape {shape} and targets of shape {target.shape}: it needs scores "
            "(n, classes, *) and classes (n, *)."
        )
    return np.moveaxis(prediction, 1, -1), target


def _confusion(prediction: Any, target: Any, size: int | None = None) -> State:
    predicted, true, known = _classes(prediction, target, "a confusion matrix")
    predicted, true = predicted.astype(np.int64).ravel(), true.astype(np.int64).ravel()
    occurring = max(int(predicted.max(initial=-1)), int(true.max(initial=-1))) + 1
    classes = (known or occurring) if size is None else size
    lowest = min(int(predicted.min(initial=0)), int(true.min(initial=0)))
    if lowest < 0 or occurring > classes:
        raise ValueError(
            f"there are classes from {lowest} to {occurring - 1}, but with {classes} classes they must be from 0 to "
            f"{classes - 1}. "
            + ("Take samples that do not count out first." if lowest < 0 else f"Write num_classes={occurring}.")
        )
    table = np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    return {"table": table.astype(np.int64)}


def _added_tables(a: State, b: State) -> State:
    small, large = sorted((a["table"], b["table"]), key=len)
    table = large.copy()
    table[: len(small), : len(small)] += small
    return {"table": table}


def _averaged_rates(
    state: State,
    average: str | None,
    zero_division: float,
    rate: Callable[[Any, Any, Any], tuple[Any, Any]],
    name: str,
) -> Any:
    """`rate` makes numerator and denominator from true positives, true samples and predicted samples of each class."""
    table = state["table"]
    right, true, predicted = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    if average == "binary":
        if len(table) > 2:
            raise ValueError(
                f"Target is multiclass but average='binary': there are {len(table)} classes. Choose another average, "
                f"such as {name}(..., average='macro'), in metrics '{name}_macro'."
            )
        both = np.zeros((2, 2), np.int64)
        both[: len(table), : len(table)] = table
        right, true, predicted = both[1, 1], both[1].sum(), both[:, 1].sum()
    elif average == "micro":
        right, true, predicted = right.sum(), true.sum(), predicted.sum()
    elif average in ("macro", "weighted"):
        occurs = (true + predicted) > 0
        right, true, predicted = right[occurs], true[occurs], predicted[occurs]
    upper, lower = rate(right, true, predicted)
    rates = np.where(lower == 0, np.float64(zero_division), upper / np.maximum(lower, 1))
    if average is None:
        return rates
    counted = ~np.isnan(rates)
    if not counted.any():
        return float("nan")
    weights = np.broadcast_to(true if average == "weighted" else 1, rates.shape)[counted]
    return float(np.average(rates[counted], weights=weights if weights.any() else None))


def _rates(name: str, rate: Callable[[Any, Any, Any], tuple[Any, Any]], average: Any, zero_division: float) -> Parts:
    if average is not None and average not in AVERAGES:
        raise ValueError(f"average is {average!r}, but must be one of {', '.join(map(repr, AVERAGES))}, or None.")
    result = partial(_averaged_rates, average=average, zero_division=zero_division, rate=rate, name=name)
    return Parts(_confusion, _added_tables, result, name)


def _precision(average: str | None = "binary", zero_division: float = 0.0) -> Parts:
    return _rates("precision", lambda right, true, predicted: (right, predicted), average, zero_division)


def _recall(average: str | None = "binary", zero_division: float = 0.0) -> Parts:
    return _rates("recall", lambda right, true, predicted: (right, true), average, zero_division)


def _f1(average: str | None = "binary", zero_division: float = 0.0) -> Parts:
    return _rates("f1", lambda right, true, predicted: (2 * right, true + predicted), average, zero_division)


def _surprise(prediction: Any, target: Any, ignore_index: int) -> State:
    logits, target = _scores(prediction, target, "perplexity")
    logits, target = logits[target != ignore_index], target[target != ignore_index]  # (tokens, classes), (tokens,)
    if target.size and not 0 <= target.min() <= target.max() < logits.shape[-1]:
        raise ValueError(
            f"perplexity of classes from {target.min()} to {target.max()}, but the logits have {logits.shape[-1]} "
            f"classes, from 0, and ignore_index is {ignore_index}."
        )
    highest = logits.max(axis=-1, keepdims=True, initial=-np.inf)
    total = np.log(np.exp(logits - highest).sum(axis=-1, dtype=np.float64)) + highest[:, 0]
    chosen = np.take_along_axis(logits, target[:, None].astype(np.intp), axis=-1)[:, 0]
    return {"sum": np.float64((total - chosen).sum()), "count": np.int64(target.size)}


def _perplexity(ignore_index: int = -100) -> Parts:
    return Parts(
        partial(_surprise, ignore_index=ignore_index), added, lambda state: float(np.exp(ratio(state))), "perplexity"
    )


PARTS: dict[Any, Callable[..., Parts]] = {
    accuracy: _accuracy,
    top_k_accuracy: _top_k,
    precision: _precision,
    recall: _recall,
    f1: _f1,
    perplexity: _perplexity,
}
