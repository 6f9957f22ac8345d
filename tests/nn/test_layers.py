"""What layers do beyond PyTorch's results: initial weights, containers, residuals, masks, dropout, errors."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

X = np.ones((2, 3), np.float32)


# ---- initial weights ----


@pytest.mark.parametrize(
    ("build", "key", "bound", "std"),
    [
        (lambda: nn.Linear(400, 300), "weight", 0.05, 0.05 / 3**0.5),
        (lambda: nn.Linear(400, 3000), "bias", 0.05, 0.05 / 3**0.5),
        (lambda: nn.Embedding(200, 300), "weight", 6.0, 1.0),
        (lambda: nn.MultiheadAttention(100, 2), "in_proj_weight", (6 / 400) ** 0.5, (2 / 400) ** 0.5),
        (lambda: nn.MultiheadAttention(100, 2, kdim=50), "k_proj_weight", 0.2, 0.2 / 3**0.5),
        (lambda: nn.MultiheadAttention(100, 2), "out_proj.weight", 0.1, 0.1 / 3**0.5),
    ],
)
def test_initial_distribution_is_pytorchs(build: Any, key: str, bound: float, std: float) -> None:
    nn.manual_seed(0)
    weights = build().state_dict()[key]
    assert np.abs(weights).max() <= bound
    assert np.abs(weights).max() > 0.5 * bound
    assert abs(weights.mean()) < 0.05 * std
    assert abs(weights.std() / std - 1) < 0.05


def test_initial_constants_are_pytorchs() -> None:
    attention, norm = nn.MultiheadAttention(4, 2), nn.LayerNorm(4)
    assert not attention.in_proj_bias.data.any()
    assert not attention.out_proj.bias.data.any()
    assert (norm.weight.data == 1).all()
    assert not norm.bias.data.any()
    assert not nn.Embedding(4, 3, padding_idx=1).weight.data[1].any()


def test_seed_repeats_weights_and_dropout() -> None:
    runs = []
    for _ in range(2):
        generator = nn.manual_seed(3)
        model = nn.Sequential(nn.Linear(3, 50), nn.Dropout(0.5))
        runs.append(model(X).data)
        assert generator is nn.random.default_generator
    np.testing.assert_array_equal(*runs)


# ---- containers ----


def test_sequential_is_a_list_of_modules() -> None:
    first, second, third = nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)
    model = nn.Sequential(first, second)
    assert model.append(third) is model
    assert len(model) == 3
    assert list(model) == [first, second, third]
    assert model[-1] is third
    assert list(model[1:]) == [second, third]
    assert list(model[1:].append(nn.Linear(1, 1)).state_dict()) == ["2.weight", "2.bias", "3.weight", "3.bias"]
    assert list(model[:1].state_dict()) == ["0.weight", "0.bias"]
    model[1] = tanh = nn.Tanh()
    assert list(model) == [first, tanh, third]
    del model[0]
    assert list(model.state_dict()) == ["1.weight", "1.bias"]
    with pytest.raises(IndexError, match="index 5 is out of range: there are 2 modules"):
        model[5]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: nn.Sequential(np.tanh), "is not a Module subclass. For a function such as np.tanh write its module"),
        (lambda: nn.Sequential(nn.Tanh), "is not a Module subclass. Call it: Tanh()."),
        (lambda: nn.Sequential([nn.Tanh()]), "is not a Module subclass. Put a star in front of the list"),
        (lambda: nn.Sequential().append(np.tanh), "is not a Module subclass"),  # type: ignore[arg-type]
        (lambda: nn.ModuleList([nn.Tanh(), np.tanh]), "is not a Module subclass"),
        (lambda: nn.ModuleList().insert(0, np.tanh), "is not a Module subclass"),  # type: ignore[arg-type]
    ],
)
def test_containers_refuse_what_they_would_lose(act: Any, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        act()


def test_module_list_is_a_list_of_modules() -> None:
    modules = nn.ModuleList(nn.Linear(3, 3) for _ in range(2))
    modules.insert(1, nn.Tanh())
    assert modules.extend([nn.ReLU()]) is modules
    assert [type(module).__name__ for module in modules] == ["Linear", "Tanh", "Linear", "ReLU"]
    assert list(modules.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [type(module).__name__ for module in modules[1:3]] == ["Tanh", "Linear"]
    assert len(nn.ModuleList(None)) == 0
    with pytest.raises(NotImplementedError, match=r"for layer in layers: x = layer\(x\)"):
        modules(X)


def test_numbered_containers_join_lose_and_repeat_members() -> None:
    first, second, third = nn.Linear(3, 3), nn.Tanh(), nn.ReLU()
    for container in (nn.Sequential(first, second), nn.ModuleList([first, second])):
        joined = container + type(container)().append(third)
        assert list(joined) == [first, second, third]
        assert list(container) == [first, second]
        container += [third]
        assert container.pop(1) is second
        assert container.insert(0, second) is container
        assert list(container) == [second, first, third]
        assert list(container.state_dict()) == ["1.weight", "1.bias"]
        del container[1:]
        assert list(container) == [second]
        with pytest.raises(IndexError, match="index 3 is out of range: there are 1 modules"):
            container.pop(3)
        with pytest.raises(IndexError, match="pop from an empty"):
            type(container)().pop()
        with pytest.raises(TypeError):
            container + nn.Tanh()
    twice = nn.Sequential(first, second) * 2
    assert list(twice) == [first, second, first, second]
    assert len(list(twice.parameters())) == 2
    with pytest.raises(ValueError, match="a positive number of times, not 0"):
        nn.Sequential(first) * 0


def test_module_dict_is_a_dict_of_modules() -> None:
    modules = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Tanh()})
    modules["c"] = relu = nn.ReLU()
    modules.update([("b", relu)])
    assert list(modules) == modules.keys() == ["a", "b", "c"]
    assert (len(modules), "a" in modules, "d" in modules) == (3, True, False)
    assert modules.values()[1:] == [relu, relu]
    assert dict(modules.items())["c"] is relu
    assert modules.pop("c") is relu
    del modules["b"]
    assert list(modules.state_dict()) == ["a.weight", "a.bias"]
    modules.clear()
    assert not len(modules)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda held: held["x"], KeyError, "'x' is not in this ModuleDict, which has a"),
        (lambda held: held.update({"keys": nn.Tanh()}), KeyError, "attribute 'keys' already exists"),
        (lambda held: held.update({"training": nn.Tanh()}), KeyError, "attribute 'training' already exists"),
        (lambda held: held.update({"a.b": nn.Tanh()}), KeyError, 'contain "."'),
        (lambda held: held.update({3: nn.Tanh()}), TypeError, "module name should be a string. Got int"),
        (lambda held: held.update({"t": np.tanh}), TypeError, "is not a Module subclass. For a function"),
        (lambda held: held.__delitem__("training"), KeyError, "'training' is not in this ModuleDict"),
        (lambda held: held.pop("training"), KeyError, "'training' is not in this ModuleDict"),
        (lambda held: held(X), NotImplementedError, "a ModuleDict holds its members and computes nothing"),
    ],
)
def test_module_dict_refuses_what_it_would_lose(act: Any, error: Any, message: str) -> None:
    held = nn.ModuleDict({"a": nn.Tanh()})
    with pytest.raises(error, match=re.escape(message)):
        act(held)
    assert list(held) == ["a"]


def test_parameter_containers_make_parameters_of_arrays() -> None:
    kept = nn.Parameter([1.0])
    numbered = nn.ParameterList([kept, np.ones(2, np.float32)])
    named = nn.ParameterDict({"w": kept, "b": 0.5})
    assert numbered[0] is named["w"] is kept
    numbered.append(np.zeros(3))
    numbered[1] = 2.0  # type: ignore[call-overload]
    assert list(numbered.state_dict()) == ["0", "1", "2"]
    assert [p.shape for p in numbered.parameters()] == [(1,), (), (3,)]
    assert list(dict(named.named_parameters())) == ["w", "b"]
    with pytest.raises(TypeError, match="holds Parameters and arrays, not str"):
        numbered.append("a")  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError, match="computes nothing"):
        named(X)


def test_residual_adds_the_input_or_its_projection() -> None:
    f, projection = nn.Linear(3, 3), nn.Linear(3, 5, bias=False)
    np.testing.assert_allclose(nn.Residual(f)(X).data, X + f(X).data)
    wide = nn.Residual(nn.Linear(3, 5), projection)
    np.testing.assert_allclose(wide(X).data, projection(X).data + wide.module(X).data)
    assert list(wide.state_dict()) == ["module.weight", "module.bias", "projection.weight"]


@pytest.mark.parametrize("shape", [(4,), (1,), (), (2, 4), (2, 1)])
def test_linear_broadcasts_its_bias(shape: tuple[int, ...]) -> None:
    bias = ag.Value(np.zeros(shape))
    F.linear(X, np.ones((4, 3)), bias).sum().backward()
    np.testing.assert_array_equal(bias.grad, np.full(shape, 8 / max(bias.size, 1)))


# ---- dropout ----


def test_dropout_keeps_the_mean_and_lets_the_gradient_through_where_it_kept() -> None:
    nn.manual_seed(0)
    x = ag.Value(np.full((200, 200), 2.0))
    y = nn.Dropout(0.25)(x)
    kept = y.data != 0
    assert abs(kept.mean() - 0.75) < 0.01
    np.testing.assert_allclose(y.data[kept], 2 / 0.75)
    y.sum().backward()
    np.testing.assert_allclose(x.grad, kept / 0.75)


def test_dropout_at_its_ends() -> None:
    x = ag.Value(X)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.0) is x
    assert not F.dropout(x, 1.0).data.any()
    assert F.dropout(x, 0.5).dtype == np.float32
    with pytest.raises(ValueError, match=r"probability has to be between 0 and 1, but got 1\.5"):
        nn.Dropout(1.5)
    with pytest.raises(ValueError, match="but got -1"):
        F.dropout(x, -1)
    with pytest.raises(TypeError, match=r"the input holds int64\. Write input\.astype"):
        F.dropout(np.arange(3), 0.3)


def test_transformer_drops_only_while_training() -> None:
    nn.manual_seed(0)
    block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.5)
    x = np.ones((5, 2, 8), np.float32)
    assert not np.array_equal(block(x).data, block(x).data)
    block.eval()
    np.testing.assert_array_equal(block(x).data, block(x).data)


# ---- attention ----


def test_query_whose_keys_are_all_masked_gets_zeros_and_no_nan() -> None:
    attention = nn.MultiheadAttention(4, 2, bias=False, batch_first=True)
    x = ag.Value(np.random.default_rng(0).normal(size=(2, 3, 4)))
    for mask in (np.array([[True] * 3, [False] * 3]), np.array([[-np.inf] * 3, [0.0] * 3])):
        output, weights = attention(x, x, x, key_padding_mask=mask)
        assert not weights.data[0].any()
        assert not output.data[0].any()
        assert output.data[1].any()
        output.sum().backward()
        assert np.isfinite(x.grad).all()
        assert all(np.isfinite(p.grad).all() for p in attention.parameters())


@pytest.mark.usefixtures("float64")
def test_masks_of_the_two_polarities_agree() -> None:
    rng = np.random.default_rng(0)
    attention = nn.MultiheadAttention(4, 1, batch_first=True)
    x, ignore = rng.normal(size=(2, 3, 4)), np.triu(np.ones((3, 3), bool), 1)
    expected = attention(x, x, x, attn_mask=ignore)[0].data
    for options in ({"attn_mask": np.where(ignore, -np.inf, 0.0)}, {"is_causal": True}):
        np.testing.assert_allclose(attention(x, x, x, **options)[0].data, expected)
    np.testing.assert_allclose(
        F.scaled_dot_product_attention(x, x, x, is_causal=True),
        F.scaled_dot_product_attention(x, x, x, attn_mask=~ignore),
    )


def test_float64_mask_keeps_attention_in_float32() -> None:
    attention, x = nn.MultiheadAttention(4, 2), np.ones((3, 2, 4), np.float32)
    assert attention(x, x, x, attn_mask=np.zeros((3, 3)))[0].dtype == np.float32
    assert attention(x, x, x, attn_mask=np.zeros((3, 3)), is_causal=True)[0].dtype == np.float32


def test_one_mask_for_every_head() -> None:
    rng = np.random.default_rng(0)
    attention = nn.MultiheadAttention(4, 2, batch_first=True)
    x, masks = rng.normal(size=(2, 3, 4)), rng.random((4, 3, 3)) < 0.3
    _, weights = attention(x, x, x, attn_mask=masks, average_attn_weights=False)
    assert weights.shape == (2, 2, 3, 3)
    assert not weights.data[masks.reshape(2, 2, 3, 3)].any()


def test_attention_takes_a_mask_that_is_learned() -> None:
    attention, x = nn.MultiheadAttention(4, 2), np.random.default_rng(0).normal(size=(3, 2, 4))
    bias = nn.Parameter(np.zeros((3, 3)))
    attention(x, x, x, attn_mask=bias)[0].sum().backward()
    assert bias.grad.any()


# ---- neuron ----


def test_neuron_is_micrograds_scalar_graph() -> None:
    neuron = nn.Neuron(2)
    neuron.load_state_dict({"w.0": 1.5, "w.1": -0.5, "b": 0.25})
    x = [ag.Value(1.0), ag.Value(-2.0)]
    y = neuron(x)
    assert y.item() == 2.75
    assert y.shape == ()
    y.backward()
    assert [float(p.grad) for p in neuron.parameters()] == [1.0, -2.0, 1.0]
    assert [float(xi.grad) for xi in x] == [1.5, -0.5]
    assert repr(neuron) == "Neuron(2, nonlin=True)"
    assert nn.Neuron(2, nonlin=False)([0.0, 0.0]).node.function is np.add


# ---- errors ----


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: nn.Linear(4, 2)(X), ValueError, "in_features = 4, got (2, 3)"),
        (lambda: F.linear(X, np.ones(3)), ValueError, "weight must have shape (out_features, in_features), got (3,)"),
        (
            lambda: nn.LayerNorm(4)(X),
            ValueError,
            "Given normalized_shape=[4], expected input with shape [*, 4], but got",
        ),
        (lambda: F.layer_norm(X, 3, np.ones(2)), ValueError, "Expected weight to be of same shape as normalized_shape"),
        (
            lambda: nn.Embedding(5, 2)(X),
            TypeError,
            "embedding needs indices, but the input of shape (2, 3) holds float32",
        ),
        (lambda: nn.Embedding(5, 2)([4, 5]), IndexError, "index 5 is out of range: the table has 5 rows"),
        (lambda: nn.Embedding(5, 2)([-1]), IndexError, "index -1 is out of range"),
        (lambda: nn.Embedding(5, 2, padding_idx=5), ValueError, "Padding_idx must be within num_embeddings"),
        (lambda: nn.MultiheadAttention(5, 2), ValueError, "embed_dim must be divisible by num_heads"),
        (lambda: nn.MultiheadAttention(4, 0), ValueError, "embed_dim and num_heads must be greater than 0"),
        (lambda: nn.MultiheadAttention(4, 2)(X, X, X), ValueError, "last axis of the query must be 4 long"),
        (lambda: nn.MultiheadAttention(3, 1)(X[None], X, X), ValueError, "must have 3 axes each"),
        (lambda: nn.MultiheadAttention(3, 1)(X, X, X[:1]), ValueError, "there must be a value for each key"),
        (
            lambda: nn.MultiheadAttention(3, 1)(np.ones((2, 5, 3)), np.ones((5, 2, 3)), np.ones((5, 2, 3))),
            ValueError,
            "on axis 1 with batch_first=False",
        ),
        (
            lambda: nn.MultiheadAttention(3, 1)(X, X, X, attn_mask=np.ones((3, 2), bool)),
            ValueError,
            "attn_mask must have shape (2, 2) or (1, 2, 2), got (3, 2)",
        ),
        (
            lambda: nn.MultiheadAttention(3, 1)(X, X, X, key_padding_mask=np.ones(3, bool)),
            ValueError,
            "key_padding_mask must have shape (2,), got (3,)",
        ),
        (lambda: nn.MultiheadAttention(3, 1)(X, X, X, attn_mask=np.eye(2, dtype=int)), TypeError, "mask.astype(bool)"),
        (
            lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"),
            ValueError,
            "activation should be relu/gelu, not",
        ),
        (lambda: nn.Residual(nn.Linear(3, 1))(X), ValueError, "Pass projection=, such as nn.Linear(3, 1)"),
        (lambda: nn.Neuron(2)([1.0]), ValueError, "Neuron(2) needs 2 inputs, got 1"),
        (lambda: F.gelu(X, approximate="erf"), ValueError, "approximate argument must be either none or tanh"),
        (
            lambda: F.scaled_dot_product_attention(X, X, X, attn_mask=np.eye(2, dtype=bool), is_causal=True),
            ValueError,
            "Explicit attn_mask should not be set when is_causal=True",
        ),
        (
            lambda: F.scaled_dot_product_attention(X, X[:, :2], X),
            ValueError,
            "query (2, 3), key (2, 2) and value (2, 3)",
        ),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()


def test_softmax_without_an_axis_warns_and_takes_pytorchs() -> None:
    for call in (nn.Softmax(), F.softmax, F.log_softmax):
        with pytest.warns(UserWarning, match="Write dim=1"):
            call(X)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 4)])
def test_empty_batches_pass_through(shape: tuple[int, ...]) -> None:
    x = ag.Value(np.zeros(shape, np.float32))
    model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.GELU(), nn.Softmax(dim=-1))
    y = model(x)
    y.sum().backward()
    assert y.shape == x.grad.shape == shape


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda: nn.LayerNorm((3, 4)), (0, 3, 4)),
        (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (0, 3, 4)),
        (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (2, 0, 4)),
        (lambda: nn.Linear(4, 0), (2, 4)),
    ],
)
def test_layers_with_several_axes_take_empty_batches(build: Any, shape: tuple[int, ...]) -> None:
    x = ag.Value(np.zeros(shape, np.float32))
    build()(x).sum().backward()
    assert x.grad.shape == shape
    assert not x.grad.any()


def test_embedding_may_have_no_width() -> None:
    table = nn.Embedding(3, 0)
    table(np.array([1, 2])).sum().backward()
    assert table.weight.grad.shape == (3, 0)


@pytest.mark.parametrize("call", [F.relu, F.silu, F.dropout])
def test_inplace_overwrites_nothing(call: Any) -> None:
    x = -X
    call(x, inplace=True)
    assert (x == -1).all()


def test_gradients_that_nobody_wants_are_not_computed() -> None:
    layer = nn.Linear(3, 4)
    y = layer(X)
    assert y.node.parents[0] is None
    y.sum().backward()
    layer.zero_grad()
    layer.requires_grad_(False)
    assert not layer(X).requires_grad
