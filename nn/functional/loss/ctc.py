"""The loss of connectionist temporal classification: a sequence of labels without their times."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from ..checked import checked
from ..real import real_only
from .common import check_reduction, raw, reduced


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """-log Σ p(path) over all paths that read as the target once repeats are merged and blanks are left out.

    Graves et al., Connectionist temporal classification, 2006. The sum is taken by their forward-backward algorithm,
    on logarithms. The gradient is the true one to `log_probs`; PyTorch's differs from it by something that
    `log_softmax` takes away again.

    Shapes: log_probs `(T, N, C)`, or `(T, C)` for one sequence; targets `(N, S)`, or all labels in one row; the lengths
    `(N,)`, or `()`.

    Args:
        log_probs: logarithms of probabilities for each time, as `log_softmax` returns them.
        targets: integer labels, none of them the blank; what is behind a target's length does not count.
        input_lengths: how many times of each sequence count.
        target_lengths: how many labels each target has.
        blank: the class that means no label.
        reduction: `"mean"` divides each loss by the length of its target and takes the mean; `"sum"`, or `"none"` for
            each sequence's own.
        zero_infinity: let a target that no path reads as, because the sequence is too short, count 0. Without, its
            loss is infinite and its gradient nan.

    Raises:
        ValueError: shapes and lengths do not fit, or a label is the blank.
        TypeError: labels or lengths that are not integers.
        IndexError: a label that there is not.

    Example:
        >>> import numpy as np, nn
        >>> x = np.log(np.full((3, 1, 2), 0.5))  # 6 of the 8 paths read as one label
        >>> float(nn.functional.ctc_loss(x, np.array([[1]]), [3], [1]).round(4))
        0.2877
    """
    check_reduction(reduction)
    real_only("ctc_loss", log_probs)
    single = log_probs.ndim == 2
    if single:
        log_probs = np.expand_dims(log_probs, 1)
    if log_probs.ndim != 3:
        raise ValueError(f"ctc_loss needs log_probs of shape (T, N, C) or (T, C), got {log_probs.shape}")
    steps, count, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise ValueError(f"blank must be in label range: there are {classes} classes, got {blank}")
    times = _lengths("input_lengths", input_lengths, count)
    lengths = _lengths("target_lengths", target_lengths, count)
    times = checked(times, _require_at_most, steps)
    labels = _padded(raw(targets), lengths, blank, classes)
    path, skip = _path(labels, blank)
    losses = _ctc_loss(log_probs, path, skip, times, 2 * lengths, zero_infinity)
    if reduction == "mean":
        losses = losses / np.maximum(lengths, 1).astype(losses.dtype)
    return losses[0] if single and reduction == "none" else reduced(losses, reduction)


def _require_at_most(times: Any, steps: int) -> None:
    if (times > steps).any():
        raise ValueError(f"Expected input_lengths to have value at most {steps}, but got value {times.max()}")


@ag.primitive
def _path(labels: Any, blank: int) -> tuple[Any, Any]:
    """The labels with blanks around, and where a label may follow the one before, past the blank between them."""
    path = np.full((len(labels), 2 * labels.shape[1] + 1), blank)
    path[:, 1::2] = labels
    skip = np.zeros(path.shape, bool)
    skip[:, 2:] = (path[:, 2:] != blank) & (path[:, 2:] != path[:, :-2])
    return path, skip


def _lengths(name: str, given: Any, count: int) -> Any:
    lengths = raw(given)
    if lengths.size and lengths.dtype.kind not in "iu":
        raise TypeError(f"ctc_loss: {name} must be integers, got {lengths.dtype}")
    if lengths.shape != (count,) and not (count == 1 and lengths.shape == ()):
        raise ValueError(f"{name} must be of size batch_size, {count}, got shape {lengths.shape}")
    return checked(lengths, _require_lengths, name).reshape(count).astype(np.int64)


def _require_lengths(lengths: Any, name: str) -> None:
    if (lengths < 0).any():
        raise ValueError(f"Expected {name} to have value at least 0, but got value {lengths.min()}")


def _padded(targets: Any, lengths: Any, blank: int, classes: int) -> Any:
    """The labels, a row for each target, with blanks behind."""
    if ag.is_compiling():  # as many places as there may be, since a program has one shape
        return _labels(targets, lengths, blank, classes, targets.shape[-1])
    return _labels(targets, lengths, blank, classes, None)


@ag.primitive
def _labels(targets: Any, lengths: Any, blank: int, classes: int, width: int | None) -> Any:
    """`_padded` to at least a width."""
    count, longest = len(lengths), lengths.max(initial=0)
    if targets.size and targets.dtype.kind not in "iu":
        raise TypeError(f"ctc_loss: targets must be integers, got {targets.dtype}. Write targets.astype(np.int64).")
    real = np.arange(longest) < lengths[:, None]
    labels = np.full((count, longest), blank)
    wider = 0 if width is None else width - longest
    if targets.ndim == 1:
        if targets.size != lengths.sum():
            raise ValueError(
                f"targets in one row must be as many as the target_lengths add up to, {lengths.sum()}, "
                f"got {targets.size}"
            )
        labels[real] = targets
    elif targets.ndim == 2 and len(targets) == count and targets.shape[1] >= longest:
        labels[real] = targets[:, :longest][real]
    else:
        raise ValueError(
            f"ctc_loss needs targets of shape ({count}, S) with S of at least {longest}, or all in one row, "
            f"got {targets.shape}"
        )
    wrong = labels[real & ((labels < 0) | (labels >= classes))]
    if wrong.size:
        raise IndexError(f"Target {wrong[0]} is out of bounds: there are {classes} classes, 0 to {classes - 1}.")
    if (labels[real] == blank).any():
        raise ValueError(f"ctc_loss: targets cannot be the blank, which is class {blank}")
    return np.pad(labels, ((0, 0), (0, wider)), constant_values=blank) if wider > 0 else labels


@ag.primitive
def _ctc_loss(log_probs: Any, path: Any, skip: Any, times: Any, ends: Any, zero_infinity: bool) -> Any:
    """The loss of each sequence; the last place in its path is `ends`."""
    emitted = _emitted(log_probs, path).astype(np.float64)  # float32 is off by some percent after a thousand steps
    losses = -_read(_alphas(emitted, skip), times, ends).astype(log_probs.dtype)
    return np.where(np.isinf(losses), 0, losses) if zero_infinity else losses


def _emitted(log_probs: Any, path: Any) -> Any:
    """log p of each place of the paths at each time, `(T, N, L)`."""
    return log_probs[:, np.arange(len(path))[:, None], path]


def _log_sum(a: Any, b: Any, c: Any) -> Any:
    """log(e^a + e^b + e^c), elementwise, where -infinity is a frequent guest."""
    highest = np.maximum(np.maximum(a, b), c)
    np.maximum(highest, np.finfo(highest.dtype).min, out=highest)  # infinity less infinity is nan
    total = np.exp(a - highest)
    total += np.exp(b - highest)
    total += np.exp(c - highest)
    with np.errstate(divide="ignore"):
        np.log(total, out=total)
    total += highest
    return total


def _barrier(skip: Any, dtype: Any) -> Any:
    """What is added to log p where a step of two places is tried: 0, or -infinity if it must not be."""
    return np.where(skip, 0, -np.inf).astype(dtype)


def _alphas(emitted: Any, skip: Any) -> Any:
    """log p of being at a place after so many times, `(T + 1, N, L)`."""
    steps, count, places = emitted.shape
    padded = np.full((steps + 1, count, places + 2), -np.inf, emitted.dtype)  # nothing comes from before the path
    padded[0, :, 2] = 0  # before the first time: from here the leading blank and the first label are reached
    barrier = _barrier(skip, emitted.dtype)
    for t in range(steps):
        now = padded[t]
        np.add(emitted[t], _log_sum(now[:, 2:], now[:, 1:-1], now[:, :-2] + barrier), out=padded[t + 1, :, 2:])
    return padded[:, :, 2:]


def _betas(emitted: Any, skip: Any, times: Any, ends: Any) -> Any:
    """log p of what follows from a place after so many times, `(T + 1, N, L)`."""
    steps, count, places = emitted.shape
    betas = np.full((steps + 1, count, places), -np.inf, emitted.dtype)
    each = np.arange(count)
    betas[times, each, np.maximum(ends - 1, 0)] = 0
    betas[times, each, ends] = 0
    barrier = np.pad(_barrier(skip, emitted.dtype), ((0, 0), (0, 2)), constant_values=-np.inf)[:, 2:]
    next = np.full((count, places + 2), -np.inf, emitted.dtype)
    for t in reversed(range(steps)):
        np.add(emitted[t], betas[t + 1], out=next[:, :-2])
        onward = _log_sum(next[:, :-2], next[:, 1:-1], next[:, 2:] + barrier)
        np.copyto(betas[t], onward, where=(t < times)[:, None])
    return betas


def _read(alphas: Any, times: Any, ends: Any) -> Any:
    """log p of all paths, which end on the last label or on the blank behind it."""
    each = np.arange(len(times))
    last, blank = alphas[times, each, np.maximum(ends - 1, 0)], alphas[times, each, ends]
    return np.logaddexp(np.where(ends > 0, last, -np.inf), blank)


def _ctc_loss_vjp(
    g: Any, out: Any, log_probs: Any, path: Any, skip: Any, times: Any, ends: Any, zero_infinity: bool
) -> Any:
    if not isinstance(log_probs, ag.Value):
        return _slope(g, log_probs, path, skip, times, ends, zero_infinity)
    _, pullback = ag.vjp(lambda x: _composed(x, path, skip, times, ends), log_probs)
    (share,) = pullback(g)
    emitted = _emitted(log_probs.data, path).astype(np.float64)
    possible = _read(_alphas(emitted, skip), times, ends) > -np.inf
    return _where_heard(share, possible, times, zero_infinity)


@ag.primitive
def _slope(g: Any, log_probs: Any, path: Any, skip: Any, times: Any, ends: Any, zero_infinity: bool) -> Any:
    """The gradient of `_ctc_loss`: what each time and class contributes to all paths that end well."""
    emitted = _emitted(log_probs, path).astype(np.float64)
    alphas = _alphas(emitted, skip)
    likelihood = _read(alphas, times, ends)
    steps, count, classes = log_probs.shape
    betas = _betas(emitted, skip, times, ends)
    with np.errstate(invalid="ignore"):  # of what is impossible
        visits = np.exp(alphas[1:] + betas[1:] - likelihood[:, None])  # p of being there, given the target
    cells = (np.arange(steps * count).reshape(steps, count, 1) * classes + path).ravel()
    visits = np.bincount(cells, visits.ravel(), steps * count * classes).astype(log_probs.dtype)
    share = -np.expand_dims(g, -1) * visits.reshape(log_probs.shape)
    return _where_heard(share, likelihood > -np.inf, times, zero_infinity)


def _where_heard(share: Any, possible: Any, times: Any, zero_infinity: bool) -> Any:
    """The share of the times that a sequence has; no number where it cannot be."""
    heard = np.arange(len(share))[:, None] < times
    undefined = np.where(heard & ~possible, 0 if zero_infinity else np.nan, 0)
    return np.where((heard & possible)[..., None], share, undefined[..., None])


_IMPOSSIBLE = -1e30  # for -infinity, whose differences are nan


def _composed(log_probs: Any, path: Any, skip: Any, times: Any, ends: Any) -> Any:
    """`_ctc_loss` of functions that can be differentiated as often as one likes, where it is finite."""
    emitted = _emitted(np.clip(log_probs, _IMPOSSIBLE, None), path)
    steps, count, places = emitted.shape
    nowhere = np.full((count, min(2, places)), _IMPOSSIBLE, emitted.dtype)
    here = np.where(np.arange(places) > 0, _IMPOSSIBLE, np.zeros((count, places), emitted.dtype))
    after = [here]
    for t in range(steps):
        one = np.concatenate([nowhere[:, :1], here[:, :-1]], axis=1)
        two = np.where(skip, np.concatenate([nowhere, here[:, :-2]], axis=1)[:, :places], _IMPOSSIBLE)
        here = emitted[t] + np.logaddexp(np.logaddexp(here, one), two)
        after.append(here)
    each = np.arange(count)
    alphas = np.stack(after)
    last, blank = alphas[times, each, np.maximum(ends - 1, 0)], alphas[times, each, ends]
    return -np.logaddexp(np.where(ends > 0, last, _IMPOSSIBLE), blank)


ag.defvjp(_ctc_loss, _ctc_loss_vjp, None, None, None, None, None)
