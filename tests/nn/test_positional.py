"""Positional encodings: closed forms, distances, offsets, and what they refuse."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn

RNG = np.random.default_rng(0)


# ---- tables that are added ----


@pytest.mark.parametrize("d_model", [1, 4, 5])
def test_sinusoids_are_those_of_the_paper(d_model: int) -> None:
    encoding = nn.SinusoidalPositionalEncoding(d_model, max_len=50, dtype=np.float64)
    for t in (0, 1, 49):
        for feature in range(d_model):
            wave = math.cos if feature % 2 else math.sin
            expected = wave(t / 10000 ** (2 * (feature // 2) / d_model))
            assert encoding.pe[t, feature] == pytest.approx(expected, abs=1e-12)
    assert encoding.pe.shape == (50, d_model)
    assert encoding.state_dict() == {}
    assert list(encoding.parameters()) == []


ADDED = [
    lambda **options: nn.SinusoidalPositionalEncoding(4, 10, **options),
    lambda **options: nn.LearnedPositionalEmbedding(4, 10, **options),
]


def table(encoding: Any) -> Any:
    return encoding.pe if hasattr(encoding, "pe") else encoding.weight.data


@pytest.mark.parametrize("build", ADDED)
def test_encodings_are_added_along_the_sequence(build: Any) -> None:
    x = RNG.normal(size=(3, 2, 4)).astype(np.float32)
    first, second = build(batch_first=True), build(batch_first=False)
    if isinstance(first, nn.LearnedPositionalEmbedding):
        second.load_state_dict(first.state_dict())
    rows = table(first)
    for got, expected in (
        (first(x), x + rows[:2]),
        (second(x), x + rows[:3, None]),
        (first(x[0]), x[0] + rows[:2]),
        (second(x[0], offset=8), x[0] + rows[8:]),
        (first(x, offset=3), x + rows[3:5]),
    ):
        assert got.dtype == np.float32
        np.testing.assert_array_equal(getattr(got, "data", got), expected)


@pytest.mark.parametrize("build", ADDED)
def test_encodings_drop_out_while_training(build: Any) -> None:
    nn.manual_seed(0)
    encoding, x = build(dropout=0.5), np.full((9, 50, 4), 5.0, np.float32)
    dropped = encoding(x)
    assert 0.4 < (np.asarray(getattr(dropped, "data", dropped)) == 0).mean() < 0.6
    kept = encoding.eval()(x)
    assert np.asarray(getattr(kept, "data", kept)).all()


def test_learned_positions_get_gradients_and_pytorchs_key() -> None:
    nn.manual_seed(0)
    embedding = nn.LearnedPositionalEmbedding(200, 300, batch_first=True)
    assert list(embedding.state_dict()) == ["weight"]
    assert abs(embedding.weight.data.std() / 0.02 - 1) < 0.05
    embedding(np.zeros((5, 2, 200), np.float32), offset=7).sum().backward()
    assert (embedding.weight.grad[7:9] == 5).all()
    assert np.count_nonzero(embedding.weight.grad) == 2 * 200


# ---- rotary ----


def rotated(x: Any, dim: int, interleaved: bool, t: int, base: float = 10000.0) -> Any:
    """One vector at position t, by multiplying complex numbers."""
    pairs = x.reshape(-1, 2).T if interleaved else x.reshape(2, -1)
    turned = (pairs[0] + 1j * pairs[1]) * np.exp(1j * t * base ** (-2 * np.arange(dim // 2) / dim))
    parts = np.stack([turned.real, turned.imag])
    return (parts.T if interleaved else parts).reshape(-1)


@pytest.mark.parametrize("base", [10000.0, 50.0])
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("dim", [2, 8])
def test_rotary_turns_pairs(dim: int, interleaved: bool, base: float) -> None:
    x = RNG.normal(size=(2, 3, 5, dim))
    rotary = nn.RotaryEmbedding(dim, base, interleaved)
    for offset in (0, 11):
        got = rotary(x, offset)
        for t in range(5):
            expected = np.apply_along_axis(rotated, -1, x[:, :, t], dim, interleaved, t + offset, base)
            np.testing.assert_allclose(got[:, :, t], expected, atol=1e-12)
    assert rotary(x.astype(np.float32)).dtype == np.float32
    assert rotary.state_dict() == {}


@pytest.mark.parametrize("interleaved", [False, True])
def test_rotated_scores_depend_on_the_distance_only(interleaved: bool) -> None:
    rotary = nn.RotaryEmbedding(6, interleaved=interleaved)
    query, key = RNG.normal(size=6), RNG.normal(size=6)
    queries, keys = rotary(np.tile(query, (20, 1))), rotary(np.tile(key, (20, 1)))
    scores = queries @ keys.T
    for distance in range(-19, 20):
        diagonal = np.diag(scores, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], atol=1e-12)
    assert np.ptp(scores[0]) > 0.1
    np.testing.assert_allclose(np.linalg.norm(queries, axis=-1), np.linalg.norm(query))  # lengths are kept
    np.testing.assert_allclose(rotary(keys[None, :1], offset=0)[0], keys[:1])  # position 0 is not turned


def test_the_two_rotary_conventions_are_one_after_a_permutation() -> None:
    x = RNG.normal(size=(4, 6))
    order = [0, 2, 4, 1, 3, 5]
    np.testing.assert_allclose(nn.RotaryEmbedding(6, interleaved=True)(x)[:, order], nn.RotaryEmbedding(6)(x[:, order]))


@pytest.mark.parametrize("interleaved", [False, True])
def test_derivatives_of_rotary(interleaved: bool) -> None:
    rotary = nn.RotaryEmbedding(4, base=20.0, interleaved=interleaved)
    ag.check_grads(lambda x: np.sin(rotary(x, 3)), RNG.normal(size=(2, 3, 4)), order=2)


# ---- ALiBi ----


@pytest.mark.parametrize(
    ("heads", "slopes"),
    [
        (1, [2**-8]),
        (8, [2**-1, 2**-2, 2**-3, 2**-4, 2**-5, 2**-6, 2**-7, 2**-8]),
        (3, [2**-4, 2**-8, 2**-2]),
        (6, [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]),
    ],
)
def test_alibi_is_that_of_the_paper(heads: int, slopes: list[float]) -> None:
    bias = nn.ALiBi(heads)(3, offset=2)
    assert bias.dtype == np.float32
    distance = np.abs(np.arange(2, 5)[:, None] - np.arange(5))
    np.testing.assert_allclose(bias, -np.array(slopes)[:, None, None] * distance)
    causal = nn.ALiBi(heads, dtype=np.float64)(4, is_causal=True)
    assert (np.isneginf(causal) == np.triu(np.ones((4, 4), bool), 1)).all()


# ---- errors ----


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: nn.SinusoidalPositionalEncoding(0), ValueError, "d_model and max_len must be greater than 0"),
        (lambda: nn.LearnedPositionalEmbedding(4, 0), ValueError, "got d_model=4 and max_len=0"),
        (
            lambda: nn.SinusoidalPositionalEncoding(4, 3)(np.ones((4, 1, 4))),
            ValueError,
            "positions 0 to 3 are needed, but max_len = 3: the input has shape (4, 1, 4), and axis 0 is its length",
        ),
        (
            lambda: nn.LearnedPositionalEmbedding(4, 3, batch_first=True)(np.ones((4, 2, 4)), 2),
            ValueError,
            "positions 2 to 3 are needed",
        ),
        (
            lambda: nn.SinusoidalPositionalEncoding(4)(np.ones((1, 4)), -1),
            ValueError,
            "offset must be 0 or greater, got -1",
        ),
        (
            lambda: nn.SinusoidalPositionalEncoding(4)(np.ones((2, 3))),
            ValueError,
            "(length, batch, d_model) or (length, d_model) with d_model = 4, got (2, 3)",
        ),
        (
            lambda: nn.SinusoidalPositionalEncoding(4, batch_first=True)(np.ones(4)),
            ValueError,
            "(batch, length, d_model) or (length, d_model)",
        ),
        (lambda: nn.RotaryEmbedding(3), ValueError, "dim must be even and greater than 0"),
        (lambda: nn.RotaryEmbedding(0), ValueError, "got dim=0"),
        (lambda: nn.RotaryEmbedding(4)(np.ones((2, 6))), ValueError, "(*, length, dim) with dim = 4, got (2, 6)"),
        (lambda: nn.RotaryEmbedding(4)(np.ones(4)), ValueError, "got (4,)"),
        (lambda: nn.RotaryEmbedding(4)(np.ones((2, 4), int)), TypeError, "the input holds int64"),
        (lambda: nn.ALiBi(0), ValueError, "num_heads must be greater than 0, got 0"),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        act()


def test_text() -> None:
    text = repr(nn.SinusoidalPositionalEncoding(4, batch_first=True))
    assert text.startswith("SinusoidalPositionalEncoding(\n  4, max_len=5000, batch_first=True\n")
    assert repr(nn.RotaryEmbedding(4)) == "RotaryEmbedding(4, base=10000.0, interleaved=False)"
    assert repr(nn.ALiBi(4)) == "ALiBi(4)"
