"""`Batch`: a gradient rule on many gradients at once does what it does on each of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import batch, derivatives
from autograd_lite.batch import Batch

from .gradients.table import CASES, Case, results, sample

every_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)


def real_results(case: Case) -> Any:
    """The function of a case with real results, so that complex arguments are allowed too."""

    def function(*inputs: Any) -> list[Any]:
        outcome = [r for r in results(case.function(np, *inputs)) if r.dtype.kind in "fc"]
        return [part for r in outcome for part in ((r.real, r.imag) if r.dtype.kind == "c" else (r,))]

    return function


@every_case
def test_rows_together_and_columns_together_are_what_single_rows_are(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    jacobian = ag.jacobian(real_results(case), range(len(case.inputs)))
    together = jacobian(*case.inputs)
    monkeypatch.setattr(derivatives, "COLUMN_COST", 0)
    columns = jacobian(*case.inputs)
    monkeypatch.setattr(derivatives, "MOST_NUMBERS", 0)
    single = jacobian(*case.inputs)
    for found in (together, columns):
        for blocks, expected in zip(found, single, strict=True):
            for block, rows in zip(blocks, expected, strict=True):
                # expm scales a matrix that holds the gradient by its norm, and so rounds differently
                np.testing.assert_allclose(block, rows, rtol=1e-11, atol=1e-12)
                assert block.dtype == rows.dtype


# ---- one operation at a time ----

SHAPES = {"m": (3, 2), "v": (3,), "s": (), "t": (2, 3, 2)}
BATCHES = {name: Batch(sample((4, *shape), salt=i)) for i, (name, shape) in enumerate(SHAPES.items())}
PLAIN_M, PLAIN_V, SQUARE = sample((3, 2), salt=9), sample((2,), salt=8), sample((3, 3), salt=7)
P, Q = np.array([2, 0, 2]), np.array([1, 1, 0])
MASK = np.array([[True, False], [True, True], [False, False]])

OPERATIONS: list[Callable[..., Any]] = [
    # broadcasting counts axes from the end
    lambda m, v: m + v[:2], lambda m, s: s * m, lambda s: s * PLAIN_M, lambda s: PLAIN_M / s, lambda v: v - SQUARE,
    lambda v: SQUARE - v, lambda v: 2 - v, lambda v: np.float64(2) * v, lambda v: [1.0, 2.0, 3.0] * v, lambda v: -v,
    lambda m: m**2 > 1, lambda s, t: np.arctan2(s, t), lambda v: np.where(SQUARE > 0, v, 0),
    lambda m: np.divmod(m, 0.7), lambda m: m % 0.7, lambda v: np.multiply(v, 2, dtype=np.float32),
    # basic indices
    lambda m: m[1], lambda m: m[..., 0], lambda m: m[:, None, ::-1], lambda s: s[()], lambda s: s[None],
    lambda m: list(m)[2], lambda m: m[np.int64(1), -1],
    # index arrays: NumPy moves their axes to the front if something is between them
    lambda m: m[P], lambda m: m[[0, 2]], lambda m: m[P, Q], lambda m: m[MASK], lambda t: t[:, P],
    lambda t: t[0, :, Q], lambda t: t[Q, :, Q], lambda t: t[..., Q], lambda t: t[Q[:, None], ..., Q],
    lambda t: t[Q, None, P], lambda t: t[1, P], lambda m: m[True], lambda v, m: m[np.argsort(v)],
    # along axes
    lambda m: m.sum(), lambda m: m.sum(axis=0), lambda t: t.sum(axis=(0, -1)),
    lambda m: m.mean(axis=-1, keepdims=True), lambda s: s.sum(), lambda m: np.add.reduce(m),
    lambda m: np.add.reduce(m, axis=None), lambda m: np.add.accumulate(m, 0),
    lambda m: np.add.reduceat(m, [0, 2], axis=0), lambda m: np.multiply.outer(m, [1, 2]), lambda m: np.cumsum(m),
    lambda m: np.cumsum(m, 0), lambda m: np.flip(m), lambda m: np.roll(m, 1), lambda m: np.roll(m, (1, 2), (0, 1)),
    lambda m: np.diff(m, axis=0), lambda m: np.take(m, P), lambda m: np.take(m, P, 0), lambda m: np.repeat(m, 2),
    lambda m: np.repeat(m, [1, 0, 2], 0), lambda m: np.sort(m, 0), lambda m: np.rot90(m), lambda v: np.fft.fft(v),
    lambda t: np.fft.fft(t, axis=0), lambda t: np.fft.rfft2(t), lambda t: np.fft.fftn(t),
    lambda t: np.fft.ifftn(t, (2, 2), (0, 1)), lambda t: np.fft.fftshift(t), lambda m: (m + 1j * m).imag,
    lambda m: np.conj(1j * m).real,
    # shape
    lambda m: m.reshape(2, 3), lambda m: m.reshape(-1), lambda m: np.reshape(m, 6),
    lambda t: np.reshape(t, (3, 4), order="F"), lambda t: np.ravel(t, "F"), lambda t: np.ravel(t, "K"), lambda m: m.T,
    lambda t: t.mT, lambda t: t.transpose(1, -1, 0), lambda t: np.moveaxis(t, -1, 0), lambda t: np.swapaxes(t, 0, -1),
    lambda v: np.expand_dims(v, (0, -1)), lambda v: np.squeeze(v[None, :, None]),
    lambda v: np.squeeze(v[None, :, None], -1), lambda v: np.broadcast_to(v, (2, 2, 3)), lambda m: np.tril(m, -1),
    lambda v: np.triu(v), lambda v: np.diag(v, 1), lambda m: np.diag(m, -1), lambda t: np.diagonal(t, 1, 0, -1),
    lambda t: np.trace(t), lambda m: np.pad(m, 1), lambda m: np.pad(m, [(0, 1), (2, 0)]),
    lambda m: np.pad(m, 1, "edge"), lambda m, v: np.concatenate([m, PLAIN_M], 1),
    lambda m: np.concatenate([PLAIN_M, m], None), lambda v: np.stack([v, v], -1),
    lambda m, v: np.hstack([m, v[:, None]]), lambda v: np.vstack([v, SQUARE]), lambda m: np.split(m, 3)[1],
    lambda m: np.tile(m, (2, 1, 2)), lambda m: np.fliplr(m) - np.flipud(m), lambda m: m.astype("f4"),
    lambda m: m.copy(),
    # products: a vector has one axis on either side
    lambda m: m @ PLAIN_V, lambda v: v @ PLAIN_M, lambda v: SQUARE @ v, lambda m: SQUARE @ m, lambda m: m @ PLAIN_M.T,
    lambda v: v @ v, lambda v, m: v @ m, lambda m: m.T @ m, lambda v: SQUARE[0] @ v, lambda v, t: t @ v[:2],
    lambda v, t: v @ t, lambda m: sample((2, 4, 3)) @ m, lambda v: sample((2, 4, 3)) @ v,
    lambda t: t @ sample((2, 2, 4)), lambda m: PLAIN_V @ m.T, lambda m: SQUARE @ m[:, :1], lambda m: m.dot(PLAIN_V),
    lambda s: np.dot(s, PLAIN_M), lambda m: np.dot(m, sample((2, 2, 3))), lambda v: np.outer(v, v),
    lambda v: np.vecdot(v, SQUARE), lambda v: np.matvec(SQUARE, v), lambda v: np.vecmat(v, PLAIN_M),
    lambda m: np.einsum("ij,jk->ik", SQUARE, m), lambda m: np.einsum("...j->...", m), lambda m: np.einsum("ij->j", m),
    lambda m: np.tensordot(m, SQUARE, (0, 1)), lambda v: np.cross(v, SQUARE),
    lambda m: np.cross(m, SQUARE.T[:, :2], axis=0), lambda v: np.convolve(v, [1.0, 2.0], "valid"),
    lambda v: np.convolve(v, sample((5,)), "valid"), lambda v: np.correlate(v, [1.0, 2.0]),
    lambda v: np.correlate(sample((5,)), v), lambda v: np.convolve(v, [1.0, 2.0]),
    lambda v: np.linalg.solve(SQUARE, v), lambda m: np.linalg.solve(SQUARE, m),
    lambda m: np.linalg.solve(np.stack([SQUARE, SQUARE.T]), m), lambda m: np.linalg.inv(m[:2]),
    lambda v: np.vecmat(1j * v, PLAIN_M), lambda v: np.vecdot(1j * v, SQUARE), lambda v: np.correlate(v, [1j, 2.0]),
    # new arrays, and writing into them
    lambda m: np.zeros_like(m), lambda m: np.ones_like(m, shape=(2, 2)), lambda m: np.full_like(m, 2),
    lambda m: written(m, 1, m[0]), lambda m: written(m, (slice(None), 1), 3.0), lambda m: written(m, P[:2], m[1:]),
    lambda m: written(m, MASK, PLAIN_V[0]), lambda m, v: written(m, (..., 0), v), lambda m, s: written(m, (P, Q), s),
    lambda m: added(m, P, m), lambda m, v: added(m, (P, Q), v), lambda m, s: added(m, P, s),
    lambda m: added(m, (slice(None), Q), 1.5), lambda m: added(m.T, Q, 2.0),
]  # fmt: skip


def written(x: Any, index: Any, item: Any) -> Any:
    out = np.zeros_like(x)
    out[index] = item
    return out


def added(x: Any, index: Any, item: Any) -> Any:
    out = x.copy()
    np.add.at(out, index, item)
    return out


@pytest.mark.parametrize("function", OPERATIONS)
def test_an_operation_does_to_the_batch_what_it_does_to_each_row(function: Any) -> None:
    batches = [BATCHES[name] for name in inspect.signature(function).parameters]
    out = function(*batches)
    expected = [function(*rows) for rows in zip(*[b.rows for b in batches], strict=True)]
    pairs = [(out, expected)] if isinstance(out, Batch) else zip(out, zip(*expected, strict=True), strict=True)
    for part, single in pairs:
        assert part.shape == np.shape(single[0])
        assert part.ndim == np.ndim(single[0])
        assert part.size == np.size(single[0])
        assert part.dtype == single[0].dtype
        np.testing.assert_allclose(part.rows, np.stack(single), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    "call",
    [np.asarray, bool, float, lambda b: np.ones(2).__iadd__(b), lambda b: np.add(b, 1, out=np.ones(2)),
     lambda b: b.item(), lambda b: np.zeros(2).__setitem__(0, b), lambda b: b.__setitem__(b > 0, 1)],
)  # fmt: skip
def test_what_only_one_array_can_do_is_refused(call: Any) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        call(Batch(np.ones((3, 2))))


# ---- row by row, where it has to be ----


@pytest.fixture
def fallbacks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ran row by row."""
    found: list[Any] = []
    row_by_row = batch.row_by_row

    def noted(function: Any, args: Any, kwargs: Any) -> Any:
        found.append(function)
        return row_by_row(function, args, kwargs)

    monkeypatch.setattr(batch, "row_by_row", noted)
    return found


X, A = sample((4, 4)), sample((4, 4), salt=1)
USUAL: list[Callable[[Any], Any]] = [
    lambda x: np.tanh(A @ x), lambda x: np.exp(-x) / (1 + x * x), lambda x: np.maximum(x, 0) ** 3,
    lambda x: np.sum(x, axis=0) + np.mean(x, axis=1), lambda x: np.max(x, axis=0), lambda x: np.var(x, axis=0),
    lambda x: np.cumsum(x, 0), lambda x: np.cumprod(x, 1), lambda x: np.sort(x, -1), lambda x: np.prod(x, 0),
    lambda x: x[1:] * x[:-1], lambda x: x[P, Q], lambda x: np.take(x, P, 0), lambda x: np.where(x > 0, x, x * x),
    lambda x: np.concatenate([x, x[::-1]]), lambda x: np.stack([x[0], x[1]]), lambda x: np.reshape(x, -1).T,
    lambda x: np.einsum("ij,kj->ik", x, A), lambda x: np.linalg.inv(x), lambda x: np.linalg.solve(x, A),
    lambda x: np.linalg.svd(x)[1], lambda x: np.linalg.norm(x, axis=0), lambda x: np.fft.rfft(x).real,
    lambda x: np.convolve(x[0], x[1]), lambda x: np.pad(x, 1, "reflect"), lambda x: np.gradient(x[0]),
    lambda x: np.interp([0.1, 0.2], [0.0, 1.0], x[0, :2]), lambda x: np.percentile(x, [25, 50], axis=0),
]  # fmt: skip


@pytest.mark.parametrize("function", USUAL)
def test_the_usual_functions_need_no_single_rows(function: Any, fallbacks: list[Any]) -> None:
    ag.jacobian(function)(X)
    assert fallbacks == []


def test_hardly_any_function_of_the_table_needs_them(fallbacks: list[Any]) -> None:
    slow = 0
    for case in CASES:
        ag.jacobian(real_results(case), range(len(case.inputs)))(*case.inputs)
        slow += bool(fallbacks)
        fallbacks.clear()
    assert slow <= 0.03 * len(CASES), "functions that gradient rules use need an entry in autograd_lite/batching.py"


def test_a_composed_function_that_calls_itself_is_composed_once(
    fallbacks: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def composed(a: Any, low: Any, high: Any) -> Any:  # on a Value it would call a primitive, which calls np.clip
        calls.append(a)
        return np.clip(a, low, high)

    monkeypatch.setitem(batch.COMPOSED, np.clip, (composed, None))
    np.testing.assert_array_equal(np.clip(BATCHES["m"], 0, 1).rows, np.clip(BATCHES["m"].rows, 0, 1))
    assert (len(calls), fallbacks) == (1, [np.clip])


def test_a_rule_that_looks_at_elements_runs_row_by_row(fallbacks: list[Any]) -> None:
    @ag.primitive
    def tripled(x: Any) -> Any:
        return 3 * x

    ag.defvjp(tripled, lambda g, out, x: np.array([3 * float(element) for element in g]))
    np.testing.assert_array_equal(ag.jacobian(lambda x: tripled(np.sin(x)))(np.zeros(4)), 3 * np.eye(4))
    assert len(fallbacks) == 1


def test_an_error_in_a_rule_is_what_the_user_sees() -> None:
    @ag.primitive
    def broken(x: Any) -> Any:
        return x * 1.0

    def rule(g: Any, out: Any, x: Any) -> Any:
        raise ZeroDivisionError("my own")

    ag.defvjp(broken, rule)
    with pytest.raises(ZeroDivisionError, match="my own"):
        ag.jacobian(broken)(np.ones(4))
