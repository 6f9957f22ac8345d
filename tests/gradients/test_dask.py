"""Dask arrays: gradients stay lazy and are right wherever Dask itself is; what it cannot do is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dask
import numpy as np
import pytest
from dask import array as da

import autograd_lite as ag
from autograd_lite import Value, linalg
from autograd_lite.primitive import GUARDS, describe

from .coverage import cases_by_function
from .table import Case, results, weights_for

CHUNKS = ("whole", "halves")
computed: list[Any] = []  # what has been asked of Dask's scheduler


def lazy(x: Any, chunks: str = "whole") -> Any:
    x = np.asarray(x)
    return da.from_array(x, chunks=-1 if chunks == "whole" else tuple([max(1, (n + 1) // 2) for n in x.shape]))


@pytest.fixture(autouse=True, scope="module")
def _watched_scheduler() -> Iterator[None]:
    def scheduler(graph: Any, keys: Any, **options: Any) -> Any:
        computed.append(keys)
        return dask.get(graph, keys, **options)

    with dask.config.set(scheduler=scheduler):
        yield
    GUARDS.clear()  # the rest of the tests has no Dask arrays


@pytest.fixture(autouse=True)
def _nothing_computed() -> None:
    computed.clear()


# ---- each function ----

# Dask has these, but not what their gradients are made of, or not the lengths of what they return
WITHOUT_GRADIENT = {
    np.median: "np.argsort", np.quantile: "np.argsort", np.percentile: "np.argsort", np.nanmedian: "np.argsort",
    np.nanquantile: "np.argsort", np.nanpercentile: "np.argsort", np.linalg.lstsq: "numpy.linalg.pinv",
    np.unique: "How long", np.union1d: "How long", np.extract: "How long", np.compress: "How long",
    np.piecewise: "How long", np.linalg.cholesky: "upper factor", np.linspace: "its ends",
}  # fmt: skip
BY_FUNCTION = {f: cases for f, cases in cases_by_function().items() if "scipy" not in describe(f)}
CHOSEN = {
    case.name: (function, case)
    for function, cases in BY_FUNCTION.items()
    for case in (cases[0], cases[len(cases) // 2])
    if all(x.size for x in case.inputs)
}


def outcome_of(case: Case) -> Any:
    """What plain Dask makes of a case: lazy arrays with the right numbers, or None. And how often it computed."""
    try:
        outcome = results(case.function(np, *map(lazy, case.inputs)))
        often = len(computed)
        for ours, theirs in zip(outcome, results(case.function(np, *case.inputs)), strict=True):
            np.testing.assert_allclose(ours.compute(), theirs, rtol=1e-10, atol=1e-11)
    except Exception:  # it has many ways to say no
        return None, 0
    return outcome, often


@pytest.mark.parametrize(("function", "case"), CHOSEN.values(), ids=CHOSEN)
@pytest.mark.filterwarnings("ignore:The `.*` function is not implemented by Dask array:FutureWarning")
@pytest.mark.filterwarnings("ignore:Casting complex values to real")  # in Dask's own tril
def test_what_dask_can_do_its_gradient_can(function: Any, case: Case) -> None:
    plain, often = outcome_of(case)
    computed.clear()
    on_numpy = [Value(x) for x in case.inputs]
    on_dask = [Value(lazy(x)) for x in case.inputs]
    expected = results(case.function(np, *on_numpy))
    error = ""
    try:
        outcome = results(case.function(np, *on_dask))
        for ours, theirs in zip(outcome, expected, strict=True):
            if isinstance(theirs, Value):
                assert isinstance(ours.data, da.Array)
                if theirs.requires_grad:
                    theirs.backward(np.asarray(weights_for(theirs.shape)))
                    ours.backward(lazy(weights_for(theirs.shape)))
    except (TypeError, ValueError, IndexError) as raised:
        error = str(raised)
    if error:
        assert plain is None or WITHOUT_GRADIENT[function] in error
        return
    assert len(computed) <= often
    for ours, theirs in zip(outcome, expected, strict=True):
        if isinstance(theirs, Value):
            np.testing.assert_allclose(ours.data.compute(), theirs.data, rtol=1e-10, atol=1e-11)
    for ours, theirs in zip(on_dask, on_numpy, strict=True):
        assert (ours.grad is None) == (theirs.grad is None)
        if theirs.grad is not None:
            assert isinstance(ours.grad, da.Array)
            np.testing.assert_allclose(ours.grad.compute(), theirs.grad, rtol=1e-10, atol=1e-11)


# ---- networks ----


def sample(*shape: int, salt: int = 0) -> Any:
    return np.random.default_rng(salt).standard_normal(shape).astype(np.float32)


def mlp(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    logits = np.tanh(x @ w1 + b1) @ w2 + b2
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    return -np.mean(np.sum(log_probabilities * np.eye(3, dtype=np.float32)[[0, 2, 1, 0]], axis=-1))


def layernorm(x: Any, gain: Any, bias: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    normed = centred / np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5)
    return np.sum(np.where(normed > 0, normed, 0) * gain + bias)


def attention(q: Any, k: Any, v: Any) -> Any:  # (batch, heads, time, features)
    scores = q @ np.swapaxes(k, -1, -2) / 2
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return np.sum((weights / np.sum(weights, axis=-1, keepdims=True)) @ v * sample(2, 2, 4, 4, salt=9))


def scores_by_einsum(x: Any, w: Any) -> Any:
    return np.sum(np.einsum("btf,fhd->bhtd", x, w) ** 2)


def pieces(x: Any, y: Any) -> Any:
    return np.sum(np.concatenate([x[:, 1:], y[:, ::2] * 2, x[:, :1]], axis=1) ** 2)


def reductions(x: Any) -> Any:
    means = np.mean(x, axis=0) + np.std(x, axis=0) + np.max(x, axis=0) * np.min(x, axis=0) + np.prod(x, axis=0)
    return np.sum(means) + np.sum(x) * np.linalg.norm(x)


def elementwise(x: Any, y: Any) -> Any:
    return np.sum(np.maximum(x, y) * np.exp(-(x**2)) + np.log1p(np.abs(y)) - np.sin(x) / (2 + np.cos(y)))


def embedding(table: Any, w: Any) -> Any:
    return np.sum((table[np.array([3, 0, 3, 5])] @ w) ** 2)


NETWORKS: list[tuple[Callable[..., Any], list[Any]]] = [
    (mlp, [sample(4, 6), sample(6, 8, salt=1), sample(8, salt=2), sample(8, 3, salt=3), sample(3, salt=4)]),
    (layernorm, [sample(4, 6), sample(6, salt=1), sample(6, salt=2)]),
    (attention, [sample(2, 2, 4, 4), sample(2, 2, 4, 4, salt=1), sample(2, 2, 4, 4, salt=2)]),
    (scores_by_einsum, [sample(2, 4, 6), sample(6, 2, 4, salt=1)]),
    (pieces, [sample(4, 4), sample(4, 6, salt=1)]),
    (reductions, [sample(4, 4)]),
    (elementwise, [sample(4, 4), sample(4, salt=1)]),
    (embedding, [sample(6, 4), sample(4, 2, salt=1)]),
]


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize(("network", "inputs"), NETWORKS, ids=[n.__name__ for n, _ in NETWORKS])
def test_networks_stay_lazy_and_in_their_dtype(network: Callable[..., Any], inputs: list[Any], chunks: str) -> None:
    on_numpy = [Value(x) for x in inputs]
    on_dask = [Value(lazy(x, chunks)) for x in inputs]
    network(*on_numpy).backward()
    loss = network(*on_dask)
    loss.backward()
    assert not computed
    assert loss.dtype == np.float32
    for ours, theirs in zip(on_dask, on_numpy, strict=True):
        assert isinstance(ours.grad, da.Array)
        assert (ours.grad.shape, ours.grad.dtype) == (theirs.shape, np.float32)
        gradient = ours.grad.compute()
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, theirs.grad, rtol=2e-4, atol=2e-5)


def test_a_gradient_can_be_differentiated_again() -> None:
    x = Value(lazy([1.0, 2.0, 3.0], "halves"))
    np.sum(x**3).backward(create_graph=True)
    first, x.grad = x.grad, None
    np.sum(first * first).backward()
    assert not computed
    np.testing.assert_allclose(x.grad.compute(), 36 * np.array([1.0, 8.0, 27.0]))


def test_transforms_stay_lazy() -> None:
    value, gradient = ag.value_and_grad(lambda x: np.sum(np.tanh(x)))(lazy([0.5, 1.0]))
    assert not computed
    assert isinstance(gradient, da.Array)
    np.testing.assert_allclose(gradient.compute(), 1 - np.tanh([0.5, 1.0]) ** 2)
    np.testing.assert_allclose(value.compute(), np.sum(np.tanh([0.5, 1.0])))


def test_jacobians_stay_lazy() -> None:
    jacobian = ag.jacobian(lambda x: x**2)(lazy([1.0, 2.0]))
    hessian = ag.hessian(lambda x: np.sum(x**3))(lazy([1.0, 2.0]))
    assert not computed
    assert jacobian.compute().tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert hessian.compute().tolist() == [[6.0, 0.0], [0.0, 12.0]]


def test_a_checkpoint_and_a_rule_of_the_user_get_the_arrays() -> None:
    @ag.primitive
    def cube(x: Any) -> Any:
        return x**3

    def share(g: Any, out: Any, x: Any) -> Any:
        assert isinstance(x, da.Array)
        return g * 3 * x**2

    ag.defvjp(cube, share)
    gradient = ag.grad(lambda x: np.sum(ag.checkpoint(cube)(x)))(lazy([1.0, 2.0]))
    assert not computed
    assert gradient.compute().tolist() == [3.0, 12.0]


def test_a_number_is_computed_when_it_is_asked_for() -> None:
    total = np.sum(Value(lazy([1.0, 2.0]), name="x"))
    assert "dask.array<" in repr(total)
    assert not computed
    assert (total.item(), float(total)) == (3.0, 3.0)


def test_where_the_elements_of_a_product_are_not_known_none_divides_by_zero() -> None:
    x = Value(lazy([2.0, 0.0, 3.0]))
    np.prod(x).backward()
    assert not computed
    assert x.grad.compute().tolist() == [0.0, 6.0, 0.0]


# ---- what is refused ----


def write(v: Any) -> None:
    w = v * 1
    np.put_along_axis(w, np.array([[1], [0]]), 9.0, 1)


REFUSED: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("numpy.linalg.cholesky", "upper factor", np.linalg.cholesky),
    ("numpy.put_along_axis", "a copy that is lost", write),
    ("numpy.linalg.eigh", "not among Dask's functions", np.linalg.eigh),
    ("numpy.argsort", "not among Dask's functions", np.sort),
    ("numpy.argsort", "not among Dask's functions", np.argsort),
    ("numpy.linalg.pinv", "not among Dask's functions", lambda v: np.linalg.lstsq(v, v)[0].sum().backward()),
    ("numpy.median", "needs np.argsort", lambda v: np.median(v, axis=0)),
    ("numpy.lib.scimath.sqrt", "depends on the numbers", np.emath.sqrt),
    ("numpy.linspace", "computes its ends", lambda v: np.linspace(v[0, 0], v[1, 1], 3)),
    ("getitem", "How long the result is", lambda v: v[v > 0]),
    ("getitem", "nd fancy indexing", lambda v: v[[0, 1], [1, 0]]),
    ("solve_triangular", "computed at once", lambda v: linalg.solve_triangular(v, v)),
]


@pytest.mark.parametrize(("name", "reason", "function"), REFUSED, ids=[f"{name}: {why}" for name, why, _ in REFUSED])
def test_a_refusal_says_what_and_why(name: str, reason: str, function: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=f"^{name} cannot stay lazy on Dask arrays.*{reason}"):
        function(Value(lazy([[4.0, 1.0], [1.0, 3.0]])))


def test_numpy_arrays_beside_dask_arrays_are_not_refused() -> None:
    Value(lazy([1.0]))
    v = Value(np.array([[4.0, 1.0], [1.0, 3.0]]))
    np.linalg.cholesky(v).sum().backward()
    assert isinstance(v.grad, np.ndarray)
    assert np.sort(v).shape == (2, 2)


def test_plain_numbers_beside_dask_arrays() -> None:
    """With the first of Dask's arrays functions are guarded; sums of other gradients must stay what they are."""
    lazy_value = Value(lazy(np.ones(3)))
    assert GUARDS
    for x in (Value(2.0), Value(np.array(2.0)), Value(np.float64(2.0)), Value([2.0])):
        y = np.exp(x * x) + x[...] + x.sum() + np.where(x > 0, x, 0) + x.reshape(1)[0] + np.max(x) + x[None][0]
        y.sum().backward()
        np.testing.assert_allclose(x.grad, 4 * np.exp(4.0) + 6)
    assert lazy_value.grad is None
