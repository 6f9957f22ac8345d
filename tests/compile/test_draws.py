"""Random draws in a compiled function are those of the eager one, drawn anew at every call; and distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.distributions as D
import nn.functional as F

from .same import bits

DRAW = np.random.default_rng(0)
M = DRAW.normal(size=(4, 3)).astype(np.float32)
S = np.exp(DRAW.normal(size=(4, 3))).astype(np.float32)
COVARIANCE = np.array([[2, 0.3, 0], [0.3, 1, 0.1], [0, 0.1, 1.5]], np.float32)

CASES: dict[str, Callable[[Any, Any], Any]] = {
    "dropout": lambda m, s: F.dropout(m, 0.4),
    "dropout of all": lambda m, s: F.dropout(m, 1.0),
    "dropout1d": lambda m, s: F.dropout1d(m, 0.4),
    "dropout2d": lambda m, s: F.dropout2d(m[None, :, :, None], 0.4),
    "alpha_dropout": lambda m, s: F.alpha_dropout(m, 0.4, True),
    "alpha_dropout of all": lambda m, s: F.alpha_dropout(m, 1.0, True),
    "feature_alpha_dropout": lambda m, s: F.feature_alpha_dropout(m, 0.4, True),
    "gumbel_softmax": lambda m, s: F.gumbel_softmax(m),
    "gumbel_softmax hard": lambda m, s: F.gumbel_softmax(m, hard=True),
    "rrelu": lambda m, s: F.rrelu(m, training=True),
    "attention": lambda m, s: F.scaled_dot_product_attention(m[None], s[None], m[None], dropout_p=0.3),
    "normal": lambda m, s: D.Normal(m, s).rsample(),
    "normal several": lambda m, s: D.Normal(m, s).sample((2,)),
    "normal density": lambda m, s: D.Normal(m, s).log_prob(m * 0.5),
    "normal divergence": lambda m, s: D.kl_divergence(D.Normal(m, s), D.Normal(0.0, 1.0)),
    "categorical": lambda m, s: D.Categorical(logits=m).sample(),
    "categorical density": lambda m, s: D.Categorical(logits=m).log_prob(np.array([0, 1, 2, 0])),
    "categorical entropy": lambda m, s: D.Categorical(logits=m).entropy(),
    "bernoulli": lambda m, s: D.Bernoulli(logits=m).sample(),
    "bernoulli density": lambda m, s: D.Bernoulli(logits=m).log_prob(np.eye(4, 3, dtype=np.float32)),
    "beta": lambda m, s: D.Beta(s, s + 1).rsample(),
    "beta density": lambda m, s: D.Beta(s, s + 1).log_prob(F.sigmoid(m)),
    "gamma": lambda m, s: D.Gamma(s, s + 1).rsample(),
    "gamma density": lambda m, s: D.Gamma(s, s + 1).log_prob(s),
    "exponential": lambda m, s: D.Exponential(s).rsample(),
    "laplace": lambda m, s: D.Laplace(m, s).rsample(),
    "poisson": lambda m, s: D.Poisson(s).sample(),
    "poisson density": lambda m, s: D.Poisson(s).log_prob(np.ones((4, 3), np.float32)),
    "uniform": lambda m, s: D.Uniform(m, m + s).rsample(),
    "uniform density": lambda m, s: D.Uniform(m, m + s).log_prob(m + s * 0.5),
    "uniform number": lambda m, s: D.Uniform(m[0, 0], m[0, 0] + s[0, 0]).rsample(),
    "independent density": lambda m, s: D.Independent(D.Normal(m, s), 1).log_prob(m * 0.1),
    "multivariate normal": lambda m, s: D.MultivariateNormal(m, COVARIANCE).rsample(),
    "multivariate normal density": lambda m, s: D.MultivariateNormal(m, COVARIANCE).log_prob(m * 0.3),
}


def on_arrays(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return call


def with_gradients(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(m: Any, s: Any) -> Any:
        values = ag.Value(m), ag.Value(s)
        result = call(*values)
        if isinstance(result, ag.Value):
            np.sum(result * result).backward()
            result = result.data
        return result, [value.grad for value in values]

    return run


@pytest.mark.parametrize("form", [on_arrays, with_gradients])
@pytest.mark.parametrize("call", CASES.values(), ids=CASES)
def test_draws_are_those_of_the_eager_function(call: Callable[[Any, Any], Any], form: Any) -> None:
    run, generator = form(call), nn.random.default_generator.bit_generator
    compiled = ag.compile(run)
    nn.manual_seed(0)
    for m, s in ((M, S), (M / 2, S * 2), (M, S)):
        before = generator.state
        eager = bits(run(m, s)), generator.state
        generator.state = before
        assert (bits(compiled(m, s)), generator.state) == eager
    nn.manual_seed(0)
    first = bits(compiled(M, S))
    nn.manual_seed(0)
    assert bits(compiled(M, S)) == first


def test_parameters_are_looked_at_at_every_call() -> None:
    for call in (lambda m, s: D.Normal(m, s).mean, lambda m, s: D.Normal(ag.Value(m), ag.Value(s) * 1).mean.data):
        compiled = ag.compile(call)
        assert bits(compiled(M, S)) == bits(M)
    density = ag.compile(lambda m, s: D.Normal(m, s).log_prob(m))
    density(M, S)
    with pytest.raises(
        ValueError, match=r"parameter scale .* of distribution Normal.* invalid values: -.* at index \(0, 0\)"
    ):
        density(M, -S)
    values = ag.compile(lambda m, s: D.Normal(ag.Value(m), ag.Value(s)).log_prob(m).data)
    values(M, S)
    with pytest.raises(
        ValueError, match=r"parameter scale .* of distribution Normal.* invalid values: -.* at index \(0, 0\)"
    ):
        values(M, -S)
    support = ag.compile(lambda s: D.Gamma(2.0, 1.0).log_prob(s))
    support(S)
    with pytest.raises(ValueError, match=r"value argument .* invalid values: -.* at index \(0, 0\)"):
        support(-S)


def test_layers_of_dropout_switch_off() -> None:
    layer = nn.Dropout(0.5)
    compiled = ag.compile(lambda x: layer(x))
    assert not np.array_equal(compiled(M), M)
    layer.eval()
    assert np.array_equal(compiled(M), M)
    layer.train()
    assert not np.array_equal(compiled(M), M)


def test_a_function_that_begins_with_a_seed() -> None:
    def seeded(x: Any) -> Any:
        nn.manual_seed(3)
        return F.dropout(x, 0.5), F.dropout(x, 0.5)

    compiled = ag.compile(seeded)
    for _ in range(2):
        assert bits(compiled(M)) == bits(seeded(M))
