"""Attention beyond PyTorch: shared heads, caches, empty inputs, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

EXACT = {np.float32: 1e-6, np.float64: 1e-12}


def normal(*shape: int, dtype: Any = np.float64, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


# ---- grouped queries ----


@pytest.mark.parametrize(("groups", "value_groups"), [(1, 1), (2, 2), (4, 4), (2, 1)])
@pytest.mark.parametrize("mask", [None, (2, 3), (4, 2, 3), (1, 2, 3), (5, 1, 1, 3)])
def test_groups_are_repeated_heads(groups: int, value_groups: int, mask: tuple[int, ...] | None) -> None:
    query, key, value = normal(5, 4, 2, 3), normal(5, groups, 3, 3, seed=1), normal(5, value_groups, 3, 2, seed=2)
    masks = None if mask is None else normal(*mask, seed=3) > -0.5
    got = F.scaled_dot_product_attention(query, key, value, masks, enable_gqa=True)
    repeated = (np.repeat(key, 4 // groups, axis=1), np.repeat(value, 4 // value_groups, axis=1))
    np.testing.assert_allclose(got, F.scaled_dot_product_attention(query, *repeated, masks), atol=1e-12)


def test_groups_keep_float32_and_drop_out() -> None:
    nn.manual_seed(0)
    x, shared = normal(4, 30, 3, dtype=np.float32), normal(2, 30, 3, dtype=np.float32)
    kept = F.scaled_dot_product_attention(x, shared, shared, enable_gqa=True)
    dropped = F.scaled_dot_product_attention(x, shared, shared, dropout_p=0.5, enable_gqa=True)
    assert kept.dtype == dropped.dtype == np.float32
    assert not np.allclose(kept, dropped)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"kdim": 3, "vdim": 5}, {"add_bias_kv": True}])
def test_shared_heads_are_equal_heads(options: dict[str, Any]) -> None:
    shared = nn.MultiheadAttention(12, 6, num_kv_heads=2, batch_first=True, **options)
    full = nn.MultiheadAttention(12, 6, batch_first=True, **options)

    def heads(weight: Any) -> Any:  # (2 * head_dim, ...) -> (6 * head_dim, ...)
        return weight.reshape(2, 2, -1).repeat(3, axis=0).reshape(12, *weight.shape[1:])

    state = shared.state_dict()
    shapes = {key: x.shape for key, x in state.items()}
    for key in ("in_proj_weight", "in_proj_bias"):
        if key in state:
            query, key_part, value = np.split(state[key], [12, 16])
            state[key] = np.concatenate([query, heads(key_part), heads(value)])
    for key in ("k_proj_weight", "v_proj_weight"):
        if key in state:
            state[key] = heads(state[key])
    for key in ("bias_k", "bias_v"):
        if key in state:
            state[key] = heads(state[key].reshape(4)).reshape(1, 1, 12)
    full.load_state_dict(state)
    packed = "kdim" not in options
    assert shapes["in_proj_weight" if packed else "k_proj_weight"] == ((20, 12) if packed else (4, 3))
    inputs = normal(2, 3, 12), normal(2, 4, options.get("kdim", 12)), normal(2, 4, options.get("vdim", 12))
    mask = normal(12, 3, 4) > 0.5
    for got, expected in zip(
        shared(*inputs, attn_mask=mask, average_attn_weights=False),
        full(*inputs, attn_mask=mask, average_attn_weights=False),
        strict=True,
    ):
        np.testing.assert_allclose(got.data, expected.data, atol=1e-12)


def test_derivatives_of_shared_heads() -> None:
    attention = nn.MultiheadAttention(4, 4, num_kv_heads=2, dtype=np.float64)
    ag.check_grads(lambda x: attention(x, x, x, is_causal=True)[0], normal(3, 4), order=2)
    attention.out_proj.weight.grad = None
    attention(normal(3, 4), normal(3, 4), normal(3, 4))[0].sum().backward()
    assert attention.in_proj_weight.grad.shape == (8, 4)


# ---- cache ----

CACHED: dict[str, dict[str, Any]] = {
    "batch first": {"batch_first": True},
    "sequence first": {},
    "shared heads": {"num_kv_heads": 1, "batch_first": True},
    "more keys": {"add_bias_kv": True, "add_zero_attn": True},
    "other lengths": {"kdim": 8, "vdim": 8, "bias": False},
}


@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("lengths", [[1] * 7, [4, 1, 1, 1], [2, 3, 2], [7]])
@pytest.mark.parametrize("name", CACHED)
def test_steps_with_a_cache_equal_the_whole_pass(name: str, lengths: list[int], batched: bool, dtype: Any) -> None:
    nn.manual_seed(0)
    attention = nn.MultiheadAttention(8, 4, dtype=dtype, **CACHED[name])
    axis = 1 if batched and attention.batch_first else 0
    x = normal(*((3, 7, 8) if axis else (7, 3, 8) if batched else (7, 8)), dtype=dtype)
    cache = nn.KVCache()
    with ag.no_grad():
        whole, _ = attention(x, x, x, is_causal=True)
        steps = [
            attention(part, part, part, need_weights=False, is_causal=True, cache=cache)[0].data
            for part in np.split(x, np.cumsum(lengths)[:-1], axis=axis)
        ]
    assert cache.length == 7
    np.testing.assert_allclose(np.concatenate(steps, axis), whole.data, atol=EXACT[dtype], rtol=0)


def test_masks_count_all_keys_of_the_cache() -> None:
    attention, x = nn.MultiheadAttention(4, 2, batch_first=True, dtype=np.float64), normal(2, 5, 4)
    padding = np.array([[False] * 5, [True, True, False, False, False]])
    ignored = np.triu(np.ones((5, 5), bool), 1)
    whole, weights = attention(x, x, x, padding, attn_mask=ignored)
    cache = nn.KVCache()
    attention(x[:, :3], x[:, :3], x[:, :3], padding[:, :3], attn_mask=ignored[:3, :3], cache=cache)
    rest, shown = attention(x[:, 3:], x[:, 3:], x[:, 3:], padding, attn_mask=ignored[3:], cache=cache)
    np.testing.assert_allclose(rest.data, whole.data[:, 3:])
    np.testing.assert_allclose(shown.data, weights.data[:, 3:])


def test_gradients_pass_through_the_cache() -> None:
    attention, x = nn.MultiheadAttention(4, 2, batch_first=True, dtype=np.float64), ag.Value(normal(2, 5, 4))
    factors = normal(2, 5, 4, seed=1)
    (attention(x, x, x, is_causal=True)[0] * factors).sum().backward()
    expected = [x.grad, *[p.grad for p in attention.parameters()]]
    x.grad = None
    attention.zero_grad()
    cache, total = nn.KVCache(), 0
    for start, end in ((0, 2), (2, 3), (3, 5)):
        part = x[:, start:end]
        total = total + (attention(part, part, part, is_causal=True, cache=cache)[0] * factors[:, start:end]).sum()
    total.backward()
    for got, wanted in zip([x.grad, *[p.grad for p in attention.parameters()]], expected, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-12)


@pytest.mark.parametrize("recorded", [[True, False, False], [False, True, False], [False, False, True]])
def test_a_cache_may_be_recorded_at_times(recorded: list[bool]) -> None:
    attention, x = nn.MultiheadAttention(4, 2, batch_first=True, dtype=np.float64), normal(1, 3, 4)
    cache, steps = nn.KVCache(), []
    for t, record in enumerate(recorded):
        with ag.enable_grad() if record else ag.no_grad():
            part = x[:, t : t + 1]
            output, _ = attention(part, part, part, is_causal=True, cache=cache)
            assert output.requires_grad == record
            if record:
                output.sum().backward()
            steps.append(output.data)
    np.testing.assert_allclose(np.concatenate(steps, 1), attention(x, x, x, is_causal=True)[0].data, atol=1e-12)


def test_cache_records_what_wants_a_gradient() -> None:
    first, second = ag.Value(normal(1, 2)), normal(1, 2, seed=1)
    cache = nn.KVCache()
    cache.append(first, first)
    keys, _ = cache.append(second, second)
    keys.sum().backward()
    np.testing.assert_array_equal(first.grad, [[1, 1]])
    with ag.no_grad():
        assert all(type(x) is np.ndarray for x in cache.append(first, first))
    assert cache.length == 3


def test_cache_grows_rarely_and_keeps_what_it_gave() -> None:
    cache, rows = nn.KVCache(), normal(100, 2, 1, 3)
    given, buffers = [], set()
    for t in range(100):
        keys, values = cache.append(rows[t], rows[t, ..., :2])
        assert keys.shape == (2, t + 1, 3)
        assert values.shape == (2, t + 1, 2)
        given.append(keys)
        buffers.add(id(keys.base))
    assert cache.length == 100
    assert len(buffers) <= 8
    whole = np.concatenate(list(rows), axis=1)
    for t in (0, 5, 99):
        np.testing.assert_array_equal(given[t], whole[:, : t + 1])
    cache.reset()
    assert repr(cache) == "KVCache(length=0)"
    assert cache.append(rows[7], rows[7])[0].shape == (2, 1, 3)
    np.testing.assert_array_equal(given[99], whole)


def test_cache_takes_the_wider_dtype() -> None:
    cache = nn.KVCache()
    assert cache.append(*[normal(2, 3, dtype=np.float32)] * 2)[0].dtype == np.float32
    keys, _ = cache.append(*[normal(1, 3)] * 2)
    assert keys.dtype == np.float64
    np.testing.assert_array_equal(keys[2:], normal(1, 3))


def test_cache_in_an_attention_written_by_hand() -> None:
    x, cache = normal(2, 6, 3), nn.KVCache()
    whole = F.scaled_dot_product_attention(x, x, x, is_causal=True)
    F.scaled_dot_product_attention(x[:, :4], *cache.append(x[:, :4], x[:, :4]), is_causal=True)
    keys, values = cache.append(x[:, 4:], x[:, 4:])
    rest = F.scaled_dot_product_attention(x[:, 4:], keys, values, np.tri(2, 6, 4, dtype=bool))
    np.testing.assert_allclose(rest, whole[:, 4:])


def test_a_call_that_fails_leaves_the_cache_alone() -> None:
    attention, cache, x = nn.MultiheadAttention(4, 2), nn.KVCache(), normal(2, 1, 4)
    attention(x, x, x, cache=cache)
    with pytest.raises(ValueError, match=r"attn_mask must have shape \(2, 4\) or \(2, 2, 4\), got \(2, 2\)"):
        attention(x, x, x, attn_mask=np.zeros((2, 2), bool), cache=cache)
    with pytest.raises(ValueError, match=r"this cache holds keys of shape \(1, 2, S, 2\), got \(3, 2, 2, 2\)"):
        attention(*[normal(2, 3, 4)] * 3, cache=cache)
    with pytest.raises(ValueError, match=r"holds values of shape \(1, 2, S, 2\), got \(1, 2, 1, 3\)\. For another"):
        cache.append(normal(1, 2, 1, 2), normal(1, 2, 1, 3))
    with pytest.raises(ValueError, match=r"must be \(\.\.\., S, E\) and"):
        cache.append(normal(1, 2, 1, 2), normal(1, 2, 2, 2))
    assert cache.length == 2


# ---- scores ----


def plain_attention(query: Any, key: Any, value: Any, mask: Any, scale: float) -> Any:
    """The formula as it is written, in the highest precision there is."""
    scores = (query.astype(np.longdouble) @ key.astype(np.longdouble).T) * scale
    scores = scores + mask if mask.dtype.kind == "f" else np.where(mask, scores, -np.inf)
    scores -= np.where(np.isneginf(scores.max(axis=-1)), 0, scores.max(axis=-1))[:, None]
    total = np.exp(scores).sum(axis=-1, keepdims=True)
    return np.exp(scores) / np.where(total == 0, 1, total) @ value.astype(np.longdouble)


@pytest.mark.parametrize("scale", [0.0, 0.1, 5.0, 100.0, 3000.0])
@pytest.mark.parametrize("kind", ["all", "causal", "some", "none in a row", "numbers", "infinite numbers"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_scores_however_wide_are_normalized(dtype: Any, kind: str, scale: float) -> None:
    query, key, value = normal(5, 4, dtype=dtype), normal(6, 4, dtype=dtype, seed=1), normal(6, 3, dtype=dtype, seed=2)
    mask = {
        "all": np.ones((5, 6), bool),
        "causal": np.tri(5, 6, dtype=bool),
        "some": normal(5, 6, seed=3) > 0.8,
        "none in a row": np.tri(5, 6, -2, dtype=bool),
        "numbers": normal(5, 6, dtype=dtype, seed=3),
        "infinite numbers": np.where(np.tri(5, 6, -1, dtype=bool), 0, -np.inf).astype(dtype),
    }[kind]
    got = F.scaled_dot_product_attention(ag.Value(query), key, value, mask, scale=scale)
    assert got.dtype == dtype
    precision = float(np.finfo(dtype).eps) * max(10, 60 * scale)  # of the scores themselves, which are that much larger
    if precision < 0.1:
        np.testing.assert_allclose(got.data, plain_attention(query, key, value, mask, scale), atol=precision)
    got.sum().backward()
    assert np.isfinite(got.data).all()


# ---- masks and sizes ----


def test_causal_needs_no_mask() -> None:
    attention, x, y = nn.MultiheadAttention(4, 2, dtype=np.float64), normal(2, 4), normal(3, 4)
    mask = np.triu(np.ones((2, 3), bool), 1)
    for need_weights in (True, False):
        got = attention(x, y, y, need_weights=need_weights, is_causal=True)[0]
        np.testing.assert_allclose(got.data, attention(x, y, y, attn_mask=mask)[0].data)
    got = attention(x, y, y, attn_mask=np.full((2, 3), 0.5), is_causal=True)[0]
    np.testing.assert_allclose(got.data, attention(x, y, y, attn_mask=mask)[0].data)


@pytest.mark.parametrize("mask", [np.zeros((2, 3)), np.zeros((2, 3), bool)])
@pytest.mark.parametrize("padding", [np.zeros(3), np.zeros(3, bool)])
def test_masks_of_any_dtype_keep_float32(mask: Any, padding: Any) -> None:
    attention = nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True)
    x, y = normal(2, 4, dtype=np.float32), normal(3, 4, dtype=np.float32)
    output, weights = attention(x, y, y, padding, attn_mask=mask, is_causal=True)
    assert output.dtype == weights.dtype == np.float32
    output.sum().backward()
    assert all(p.grad.dtype == np.float32 for p in attention.parameters())
    assert F.scaled_dot_product_attention(x, y, y, mask).dtype == np.float32


@pytest.mark.parametrize(
    ("query", "key", "weights"),
    [((0, 2, 4), (0, 3, 4), (0, 2, 3)), ((2, 2, 4), (2, 0, 4), (2, 2, 0)), ((2, 0, 4), (2, 3, 4), (2, 0, 3))],
)
@pytest.mark.parametrize("options", [{}, {"num_kv_heads": 1}])
def test_attention_takes_empty_inputs(query: Any, key: Any, weights: Any, options: Any) -> None:
    attention = nn.MultiheadAttention(4, 2, batch_first=True, **options)
    x, y = ag.Value(np.zeros(query, np.float32)), np.zeros(key, np.float32)
    output, shown = attention(x, y, y, np.zeros(key[:2], bool), is_causal=True)
    assert output.shape == query
    assert shown.shape == weights
    output.sum().backward()
    assert x.grad.shape == query


def test_vectors_without_length_attend_alike() -> None:
    value = normal(3, 2)
    got = F.scaled_dot_product_attention(np.zeros((2, 0)), np.zeros((3, 0)), value)
    np.testing.assert_allclose(got, np.tile(value.mean(axis=0), (2, 1)))


def test_attention_drops_weights_only_while_training() -> None:
    nn.manual_seed(0)
    attention, x = nn.MultiheadAttention(4, 2, dropout=0.5), normal(6, 4)
    assert not np.array_equal(attention(x, x, x)[0].data, attention(x, x, x)[0].data)
    attention.eval()
    np.testing.assert_array_equal(attention(x, x, x)[0].data, attention(x, x, x)[0].data)


X = np.ones((2, 3), np.float32)
HEADS = np.ones((4, 2, 3))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda: nn.MultiheadAttention(8, 4, num_kv_heads=3),
            ValueError,
            "num_heads must be divisible by num_kv_heads",
        ),
        (lambda: nn.MultiheadAttention(8, 4, num_kv_heads=0), ValueError, "got num_heads=4 and num_kv_heads=0"),
        (
            lambda: F.scaled_dot_product_attention(HEADS, HEADS[:3], HEADS[:3], enable_gqa=True),
            ValueError,
            "must divide the number of heads in query, on axis -3, got query (4, 2, 3), key (3, 2, 3)",
        ),
        (
            lambda: F.scaled_dot_product_attention(HEADS, HEADS[:2], HEADS[:3], enable_gqa=True),
            ValueError,
            "and value (3, 2, 3)",
        ),
        (
            lambda: F.scaled_dot_product_attention(X, X, X, enable_gqa=True),
            ValueError,
            "enable_gqa needs an axis of heads",
        ),
        (
            lambda: F.scaled_dot_product_attention(X, X, X, np.ones((3, 2), bool)),
            ValueError,
            "attn_mask must broadcast to the scores of shape (2, 2), got (3, 2)",
        ),
        (
            lambda: F.scaled_dot_product_attention(X, X, X, np.ones((4, 1, 1), bool)),
            ValueError,
            "attn_mask must broadcast to the scores of shape (2, 2), got (4, 1, 1)",
        ),
        (lambda: F.scaled_dot_product_attention(X, X, X, np.ones((2, 2), int)), TypeError, "True means attend"),
        (lambda: F.scaled_dot_product_attention(X, X, X[:1]), ValueError, "and value (1, 3) must be"),
        (lambda: F.scaled_dot_product_attention(X[0], X, X), ValueError, "query (3,), key (2, 3)"),
        (
            lambda: nn.MultiheadAttention(3, 1)(X[None], X[None], X[None], np.ones(2, bool)),
            ValueError,
            "key_padding_mask must have shape (2, 1), got (2,)",
        ),
        (
            lambda: nn.MultiheadAttention(3, 1)(X, X, X, np.ones((1, 2), bool)),
            ValueError,
            "key_padding_mask must have shape (2,), got (1, 2)",
        ),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()
