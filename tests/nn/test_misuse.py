"""Wrong use that deserves a word of its own: each message names what was passed and what to write instead."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

X = np.ones((2, 3), np.float32)


def parameter() -> nn.Parameter:
    return nn.Parameter([1.0, 2.0])


def fit(**changed: Any) -> Any:
    model = nn.Linear(3, 1)
    given: dict[str, Any] = {"loss": nn.MSELoss(), "optimizer": nn.SGD(model.parameters(), lr=0.1), "epochs": 1}
    data = changed.pop("data", (X, X[:, :1]))
    return nn.fit(model, data, progress=False, **given | changed)


def frozen() -> Any:
    model = nn.Linear(3, 1).requires_grad_(False)
    return nn.fit(model, (X, X[:, :1]), loss=nn.MSELoss(), optimizer=nn.SGD(model.parameters()), epochs=1)


CASES: list[tuple[Any, type[Exception], str]] = [
    # layers
    (lambda: nn.Linear(-1, 2), ValueError, "in_features must be 0 or greater, got -1"),
    (lambda: nn.Linear(2.0, 2), TypeError, "in_features must be an integer, got 2.0. Write in_features=2"),  # type: ignore[arg-type]
    (lambda: nn.Embedding(3, "a"), TypeError, "embedding_dim must be an integer, got 'a'"),  # type: ignore[arg-type]
    (lambda: nn.BatchNorm1d(-3), ValueError, "num_features must be 0 or greater, got -3"),
    (lambda: nn.MultiheadAttention(4, 2, dropout=2.0), ValueError, "between 0 and 1, but got 2.0"),
    (lambda: nn.Residual(nn.Tanh), TypeError, "module must be a module"),  # type: ignore[arg-type]
    (lambda: nn.Residual(np.tanh), TypeError, "Residual: module must be a module, got <ufunc 'tanh'>"),  # type: ignore[arg-type]
    (lambda: nn.TransformerEncoderLayer(4, 2, activation=nn.GELU), TypeError, "Write activation=nn.GELU()"),
    (lambda: nn.TransformerEncoderLayer(4, 2, activation=3), TypeError, "a function or a Module, not int"),  # type: ignore[arg-type]
    (lambda: nn.Tanh().register_forward_hook(3), TypeError, "a hook must be a function, not int"),  # type: ignore[arg-type]
    # functions
    (lambda: F.linear(X, X, np.ones(5, np.float32)), ValueError, "the bias must have shape (2,), got (5,)"),
    (lambda: F.softmax(X, dim=2), IndexError, "range of [-2, 1], but got 2) for an input of shape (2, 3)"),
    (lambda: F.softmax(np.arange(3), dim=0), TypeError, "softmax needs floating numbers, got int64"),
    (lambda: F.cosine_similarity(X, X[:, :2]), ValueError, "got shapes (2, 3) and (2, 2)"),
    (
        lambda: F.scaled_dot_product_attention(np.ones((1, 4, 3, 2)), np.ones((1, 2, 3, 2)), np.ones((1, 2, 3, 2))),
        ValueError,
        "For fewer heads of keys and values than of queries write enable_gqa=True",
    ),
    (lambda: F.embedding(np.array([0]), X, max_norm=-1.0), ValueError, "max_norm must be 0 or greater, got -1.0"),
    # losses
    (lambda: nn.MSELoss("average"), ValueError, "average is not a valid value for reduction"),
    (lambda: F.mse_loss(X, None), TypeError, "the target is None, but must be an array"),
    (
        lambda: F.binary_cross_entropy_with_logits(X, X, pos_weight=np.ones(2)),
        ValueError,
        "pos_weight of shape (2,) does not broadcast to the input of shape (2, 3)",
    ),
    (
        lambda: F.binary_cross_entropy(X, X, weight=np.ones((4, 2, 3))),
        ValueError,
        "weight of shape (4, 2, 3) does not broadcast to the input of shape (2, 3)",
    ),
    # initial weights and seeds
    (lambda: nn.init.normal_(parameter(), std=-1), ValueError, "expects std >= 0.0, but found std -1"),
    (lambda: nn.init.uniform_(parameter(), 1, 0), ValueError, "found from=1 > to=0"),
    (lambda: nn.init.ones_(nn.Linear(2, 2)), TypeError, "Pass its parameters one by one, such as module.weight"),
    (lambda: nn.init.ones_(np.arange(3)), TypeError, "but this array holds int64"),
    (lambda: nn.init.normal_(parameter(), generator=3), TypeError, "generator must be a NumPy generator, not int"),  # type: ignore[arg-type]
    (lambda: nn.manual_seed("a"), TypeError, "a seed must be an integer, not 'a'"),  # type: ignore[arg-type]
    (lambda: nn.manual_seed(-1), ValueError, "a seed must be 0 or greater, got -1"),
    # optimizers
    (lambda: nn.SGD(0.1), TypeError, "The parameters come first: write model.parameters(), lr=..."),  # type: ignore[arg-type]
    (lambda: nn.SGD({"params": [parameter()]}), TypeError, "Put the group into a list"),  # type: ignore[arg-type]
    (lambda: nn.SGD([{"params": [parameter()], "learning_rate": 1}]), ValueError, "Write 'lr'"),
    (lambda: nn.Adam([{"params": [parameter()], "weight_decy": 1}]), ValueError, "Write 'weight_decay'"),
    (lambda: nn.SGD([parameter()], lr=0.1).step(3), TypeError, "takes a function that computes the loss, not int"),  # type: ignore[arg-type]
    (lambda: nn.SGD([parameter()], lr=0.1).load_state_dict([]), TypeError, "a state dict is a dict, not list"),  # type: ignore[arg-type]
    (lambda: nn.LBFGS([parameter()]).step(lambda: None), TypeError, "Add return loss"),
    (
        lambda: nn.optim.lr_scheduler.MultiStepLR(nn.SGD([parameter()]), 3),  # type: ignore[arg-type]
        TypeError,
        "Write milestones=[3]",
    ),
    (
        lambda: nn.optim.lr_scheduler.ExponentialLR(nn.SGD([parameter()]), -0.5),
        ValueError,
        "gamma is -0.5, but must be 0 or greater",
    ),
    (lambda: nn.utils.clip_grad_norm_([parameter()], -1.0), ValueError, "max_norm is -1.0, but must be 0 or greater"),
    (lambda: nn.utils.clip_grad_value_([parameter()], -1.0), ValueError, "clip_value is -1.0"),
    (lambda: nn.utils.clip_grad_norm_(nn.Linear(2, 2), 1.0), TypeError, "Write model.parameters()"),  # type: ignore[arg-type]
    # data and training
    (lambda: nn.DataLoader(X, X), TypeError, "Put arrays into a tuple: DataLoader((inputs, targets), batch_size=32)"),  # type: ignore[arg-type]
    (lambda: nn.DataLoader(X, collate_fn=3), TypeError, "collate_fn must be a function of a list of samples, not int"),  # type: ignore[arg-type]
    (lambda: nn.DataLoader("text"), TypeError, "a dataset is an array, a tuple of arrays"),
    (lambda: nn.random_split(X, 0.8), TypeError, "lengths must be a list, not 0.8. Write [0.8, 0.2]"),  # type: ignore[arg-type]
    (lambda: fit(data=[X, X]), TypeError, "data is a list of arrays. Write a tuple, (inputs, targets)"),
    (lambda: fit(validation=0.2), TypeError, "write train, held_out = nn.data.random_split(data, [0.8, 0.2])"),
    (lambda: fit(optimizer="adam"), TypeError, "Write optimizer=nn.Adam(model.parameters())"),
    (lambda: fit(loss="mse"), TypeError, "Write loss=nn.MSELoss()"),
    (lambda: fit(epochs=1.5), TypeError, "epochs must be an integer, not 1.5"),
    (frozen, ValueError, "are frozen, so there is nothing to train"),
]


@pytest.mark.parametrize(("act", "error", "message"), CASES, ids=[message[:40] for _, _, message in CASES])
def test_wrong_use_is_refused_in_its_own_words(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (None, "look whether the forward that made it ends with return"),
        ((X, X[:1]), "LSTM, GRU and MultiheadAttention return tuples"),
        ([1.0, 2.0], "write np.array(x, np.float32)"),
        (nn.Tanh(), "A module came in where an array belongs"),
    ],
)
def test_what_is_no_array_is_explained_beside_the_error(given: Any, hint: str) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError), match=r"in_features|inhomogeneous|has no") as caught:
        nn.Linear(3, 1)(given)
    first, second = caught.value.__notes__
    assert first.startswith("in module Linear(3 → 1), called with")
    assert hint in second


def test_wrong_use_changes_nothing() -> None:
    model = nn.Linear(3, 1)
    before = model.state_dict(), nn.random.default_generator.bit_generator.state
    with pytest.raises(ValueError, match="found std -1"):
        nn.init.normal_(model.weight, std=-1)
    with pytest.raises(TypeError, match="a seed must be an integer"):
        nn.manual_seed("a")  # type: ignore[arg-type]
    model(ag.Value(X)).sum().backward()
    gradient = model.weight.grad.copy()
    with pytest.raises(ValueError, match=re.escape("max_norm is -1.0")):
        nn.utils.clip_grad_norm_(model.parameters(), -1.0)
    assert np.array_equal(model.weight.grad, gradient)
    assert np.array_equal(model.weight.data, before[0]["weight"])
    assert nn.random.default_generator.bit_generator.state == before[1]


def test_what_schedulers_add_to_a_group_is_no_misspelt_option() -> None:
    p = parameter()
    optimizer = nn.SGD([p], lr=0.1, momentum=0.9)
    nn.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=9)
    again = nn.SGD(optimizer.param_groups)
    assert again.param_groups[0]["max_momentum"] == 0.95
