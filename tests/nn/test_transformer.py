"""Transformers beyond PyTorch's results: copies, initial weights, hints, generation with caches, errors."""

from __future__ import annotations

import copy
import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn

EXACT = {np.float32: 1e-6, np.float64: 1e-12}


def normal(*shape: int, dtype: Any = np.float64, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def layer(kind: str = "Encoder", **options: Any) -> Any:
    options = {"dim_feedforward": 6, "dropout": 0.0, "batch_first": True, **options}
    return getattr(nn, f"Transformer{kind}Layer")(4, 2, **options)


# ---- copies ----


@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
def test_stack_holds_equal_independent_copies(kind: str) -> None:
    first = layer(kind)
    x = normal(2, 3, 4, dtype=np.float32)
    first(
        *[x] * (1 if kind == "Encoder" else 2)
    ).sum().backward()  # named and with gradients, which copies leave behind
    stack = getattr(nn, f"Transformer{kind}")(first, 2)
    assert stack.num_layers == len(stack.layers) == 2
    states = [block.state_dict() for block in stack.layers]
    for key, x in first.state_dict().items():
        for state in states:
            np.testing.assert_array_equal(state[key], x)
    assert list(stack.state_dict()) == [f"layers.{i}.{key}" for i in range(2) for key in states[0]]
    parameters = list(stack.parameters())
    assert len({id(p) for p in parameters} | {id(p) for p in first.parameters()}) == 3 * len(states[0])
    assert not any(
        np.shares_memory(a.data, b.data) for a, b in zip(parameters, parameters[len(states[0]) :], strict=False)
    )
    stack.layers[0].linear1.weight.data += 1
    np.testing.assert_array_equal(stack.layers[1].linear1.weight.data, first.linear1.weight.data)


def test_names_in_a_stack_are_paths() -> None:
    first = layer(activation=nn.GELU())
    first(normal(2, 3, 4))
    stack = nn.Sequential(nn.TransformerEncoder(first, 2, nn.LayerNorm(4)))
    y = stack(normal(2, 3, 4))
    assert [name for name, _ in stack.named_parameters()][12] == "0.layers.1.self_attn.in_proj_weight"
    assert stack[0].layers[1].linear1.weight.name == "0.layers.1.linear1.weight"
    scopes = {str(node.scope) for node in nodes(y.node)}
    assert {"0.layers.0.self_attn", "0.layers.1.activation", "0.norm"} <= scopes


def nodes(node: Any) -> list[Any]:
    seen: dict[int, Any] = {}
    stack = [node]
    while stack:
        node = stack.pop()
        if node is not None and id(node) not in seen:
            seen[id(node)] = node
            stack.extend(node.parents or ())
    return list(seen.values())


def test_copied_module_is_trained_alone() -> None:
    model = nn.TransformerEncoder(layer(), 1)
    x = normal(2, 3, 4, dtype=np.float32)
    before = model(x).data
    twin = copy.deepcopy(model)
    optimizer = nn.optim.SGD(twin.parameters(), lr=0.1)
    twin(x).sum().backward()
    optimizer.step()
    np.testing.assert_array_equal(model(x).data, before)
    assert not np.array_equal(twin(x).data, before)
    assert model.layers[0].linear1.weight.grad is None


# ---- Transformer ----


def test_transformer_draws_matrices_from_xavier() -> None:
    nn.manual_seed(0)
    model = nn.Transformer(60, 2, 2, 2, 200)
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            limit = (6 / sum(parameter.shape)) ** 0.5
            assert np.abs(parameter.data).max() <= limit, name
            assert abs(parameter.data.std() / (limit / 3**0.5) - 1) < 0.05, name
    one, other = model.encoder.layers
    assert not np.array_equal(one.linear1.weight.data, other.linear1.weight.data)  # drawn after the copies were made


def test_transformer_has_pytorchs_defaults() -> None:
    model = nn.Transformer(8)
    assert (model.d_model, model.nhead, model.batch_first) == (8, 8, False)
    assert (model.encoder.num_layers, model.decoder.num_layers) == (6, 6)
    assert model.decoder.layers[5].linear1.out_features == 2048
    assert model.decoder.layers[5].dropout3.p == 0.1
    assert not model.decoder.layers[5].norm_first


def test_transformer_takes_other_encoders_and_decoders() -> None:
    class Twice(nn.Module):
        def forward(self, src: Any, mask: Any, src_key_padding_mask: Any, is_causal: Any) -> Any:
            assert (mask, src_key_padding_mask, is_causal) == ("mask", "padding", True)
            return 2 * src

    class Sum(nn.Module):
        def forward(self, tgt: Any, memory: Any, **hints: Any) -> Any:
            assert {key for key, hint in hints.items() if hint is not None and hint is not False} == {"memory_mask"}
            return tgt + memory

    model = nn.Transformer(3, custom_encoder=Twice(), custom_decoder=Sum())
    src, tgt = np.ones((2, 3)), np.full((2, 3), 5.0)
    output = model(src, tgt, src_mask="mask", src_key_padding_mask="padding", src_is_causal=True, memory_mask="m")
    assert (output == 7).all()


def test_sequences_without_batch_may_differ_in_length() -> None:
    model = nn.Transformer(4, 2, 1, 1, 6, batch_first=True)
    assert model(normal(3, 4), normal(2, 4)).shape == (2, 4)


def test_subsequent_mask() -> None:
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    assert mask.dtype == np.float32
    np.testing.assert_array_equal(mask, [[0, -np.inf, -np.inf], [0, 0, -np.inf], [0, 0, 0]])
    ignored = nn.Transformer.generate_square_subsequent_mask(3, dtype=bool)
    np.testing.assert_array_equal(ignored, np.isneginf(mask))
    assert nn.Transformer(4, 2, 1, 1, 4).generate_square_subsequent_mask(2, dtype=np.float64).dtype == np.float64


@pytest.mark.parametrize("hint", ["src_is_causal", "tgt_is_causal", "memory_is_causal"])
def test_causal_hints_do_without_a_mask(hint: str) -> None:
    model = nn.Transformer(4, 2, 2, 2, 6, 0.0, batch_first=True, dtype=np.float64)
    src, tgt = normal(2, 3, 4), normal(2, 3, 4, seed=1)
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    expected = model(src, tgt, **{hint.replace("is_causal", "mask"): mask}).data
    np.testing.assert_allclose(model(src, tgt, **{hint: True}).data, expected)
    assert not np.allclose(model(src, tgt).data, expected)


def test_encoder_takes_nested_options_and_changes_nothing() -> None:
    x, padding = normal(2, 3, 4, dtype=np.float32), np.array([[False] * 3, [False, True, True]])
    first = layer()
    plain = nn.TransformerEncoder(first, 1).eval()
    other = nn.TransformerEncoder(first, 1, None, False, mask_check=False).eval()
    np.testing.assert_array_equal(plain(x, None, padding).data, other(x, None, padding).data)


def test_custom_layers_need_not_know_of_caches() -> None:
    class Shift(nn.Module):
        def forward(self, src: Any, src_mask: Any, src_key_padding_mask: Any, is_causal: bool) -> Any:
            return src + 1

    assert (nn.TransformerEncoder(Shift(), 3)(np.zeros(2)) == 3).all()


def test_dropout_is_in_all_places() -> None:
    nn.manual_seed(0)
    block = layer("Decoder", dropout=0.3)
    places = {name: module.p for name, module in block.named_modules() if isinstance(module, nn.Dropout)}
    assert places == {"dropout": 0.3, "dropout1": 0.3, "dropout2": 0.3, "dropout3": 0.3}
    assert block.self_attn.dropout == block.multihead_attn.dropout == 0.3
    x = normal(2, 5, 4, dtype=np.float32)
    for name in ("dropout", "dropout1", "dropout2", "dropout3", "self_attn", "multihead_attn"):
        block.eval()
        expected = block(x, x).data
        block.get_submodule(name).train()
        assert not np.array_equal(block(x, x).data, expected), name
    block.eval()
    np.testing.assert_array_equal(block(x, x).data, block(x, x).data)


# ---- generation ----


@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_decoder_only_stack_generates_with_caches(batch_first: bool, norm_first: bool, dtype: Any) -> None:
    first = layer(batch_first=batch_first, norm_first=norm_first, dtype=dtype)
    stack = nn.TransformerEncoder(first, 3, nn.LayerNorm(4, dtype=dtype))
    nn.manual_seed(0)
    for parameter in stack.parameters():
        nn.init.normal_(parameter)
    x, axis = normal(*((2, 6, 4) if batch_first else (6, 2, 4)), dtype=dtype), 1 if batch_first else 0
    caches = [nn.KVCache() for _ in stack.layers]
    with ag.no_grad():
        whole = stack(x, is_causal=True).data
        parts = np.split(x, [3, 4, 5], axis)
        steps = [stack(part, is_causal=True, cache=caches).data for part in parts]
    assert [cache.length for cache in caches] == [6] * 3
    np.testing.assert_allclose(np.concatenate(steps, axis), whole, atol=10 * EXACT[dtype], rtol=0)


def test_decoder_generates_with_caches() -> None:
    model = nn.Transformer(4, 2, 2, 2, 6, 0.0, batch_first=True, dtype=np.float64)
    src, tgt = normal(2, 5, 4), normal(2, 4, 4, seed=1)
    padding = np.array([[False] * 5, [False, False, False, True, True]])
    options = {"memory_key_padding_mask": padding}
    whole = model(src, tgt, src_key_padding_mask=padding, tgt_is_causal=True, **options).data
    memory, caches = model.encoder(src, src_key_padding_mask=padding), [nn.KVCache(), nn.KVCache()]
    steps = [
        model.decoder(tgt[:, t : t + 1], memory, tgt_is_causal=True, cache=caches, **options).data for t in range(4)
    ]
    np.testing.assert_allclose(np.concatenate(steps, 1), whole, atol=1e-12)


# ---- errors ----


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: nn.TransformerEncoder(layer(), 2)(normal(1, 2, 4), cache=[nn.KVCache()]),
            "one nn.KVCache for each of the 2 layers, got 1. Write [nn.KVCache() for _ in stack.layers]",
        ),
        (
            lambda: nn.TransformerDecoder(layer("Decoder"), 1)(normal(1, 2, 4), normal(1, 2, 4), cache=[]),
            "one nn.KVCache for each of the 1 layers, got 0",
        ),
        (
            lambda: nn.Transformer(4, 2, 1, 1, 4)(normal(3, 2, 4), normal(3, 1, 4)),
            "the batch number of src and tgt must be equal, on axis 1 with batch_first=False, got src (3, 2, 4) and",
        ),
        (
            lambda: nn.Transformer(4, 2, 1, 1, 4, batch_first=True)(normal(3, 2, 4), normal(2, 2, 4)),
            "on axis 0 with batch_first=True",
        ),
        (
            lambda: nn.Transformer(4, 2, 1, 1, 4)(normal(3, 2, 4), normal(3, 2, 5)),
            "the feature number of src and tgt must be equal to d_model = 4, got src (3, 2, 4) and tgt (3, 2, 5)",
        ),
        (lambda: nn.Transformer(4, 2, 1, 1, 4)(normal(3, 2, 3), normal(3, 2, 4)), "d_model = 4, got src (3, 2, 3)"),
        (lambda: nn.Transformer(6, 4), "embed_dim must be divisible by num_heads"),
        (lambda: layer("Decoder", activation="tanh"), "activation should be relu/gelu, not tanh. Pass a function"),
    ],
)
def test_misuse_raises(act: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        act()
