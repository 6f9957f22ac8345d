"""`np.pad` in all of its modes, over widths larger than the array and over all forms of its options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_lite import Value

from .table import complex_sample, sample, weights_for

WIDTHS: list[tuple[tuple[int, ...], Any]] = [
    ((4,), 2),
    ((4,), (0, 3)),
    ((3,), ((9, 0),)),
    ((2,), (7, 8)),
    ((1,), (3, 1)),
    ((3, 4), 2),
    ((3, 4), (2, 1)),
    ((3, 2), ((5, 0), (0, 7))),
    ((2, 1, 3), ((1, 2), (3, 0), (0, 0))),
    ((), 2),
    ((0, 3), ((0, 0), (1, 2))),
]
if np.lib.NumpyVersion(np.__version__) >= "2.4.0":
    WIDTHS += [((2, 3), {0: 1}), ((2, 3), {-1: (1, 2), 0: 4})]
MODES: list[tuple[str, dict[str, Any]]] = [
    ("constant", {}), ("edge", {}), ("wrap", {}), ("linear_ramp", {}),
    ("reflect", {}), ("reflect", {"reflect_type": "odd"}), ("symmetric", {}), ("symmetric", {"reflect_type": "odd"}),
    ("maximum", {}), ("maximum", {"stat_length": 1}), ("minimum", {"stat_length": (2, 1)}), ("mean", {}),
    ("mean", {"stat_length": 2}), ("median", {"stat_length": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "options"), MODES, ids=str)
@pytest.mark.parametrize(("shape", "width"), WIDTHS, ids=str)
@pytest.mark.parametrize("kind", [sample, complex_sample])
def test_padding_is_numpys_and_its_gradient_the_transposed_map(
    shape: tuple[int, ...], width: Any, mode: str, options: dict[str, Any], kind: Any
) -> None:
    x = kind(shape)
    if kind is complex_sample and mode in ("maximum", "minimum"):
        return  # the largest of complex numbers jumps
    expected = np.pad(x, width, mode, **options)
    v = Value(x)
    padded = np.pad(v, width, mode, **options)
    np.testing.assert_allclose(padded.data, expected, rtol=1e-12, atol=1e-12)
    assert padded.dtype == x.dtype
    weights = weights_for(expected.shape).astype(x.dtype)
    padded.backward(weights)
    # for what is linear (or an extremum), f(x) = f'(x) x
    np.testing.assert_allclose((v.grad.conj() * x).sum(), (weights * expected).sum(), rtol=1e-11, atol=1e-11)


def test_an_infinite_edge_does_not_spoil_the_other_side() -> None:
    v = Value([np.inf, 1.0, 2.0])
    np.testing.assert_array_equal(np.pad(v, (0, 2), "reflect", reflect_type="odd").data, [np.inf, 1, 2, 3, -np.inf])


def test_a_function_that_writes_nothing_leaves_zeros() -> None:
    seen: list[Any] = []

    def function(vector: Any, width: Any, axis: int, options: dict[str, Any]) -> None:
        seen.append((vector.shape, tuple(width), axis, options))

    v = Value(sample((1, 2)))
    padded = np.pad(v, ((1, 0), (0, 1)), function, times=2)
    np.testing.assert_array_equal(padded.data, np.pad(v.data, ((1, 0), (0, 1))))
    assert seen == [((2,), (1, 0), 0, {"times": 2})] * 3 + [((3,), (0, 1), 1, {"times": 2})] * 2


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda v: np.pad(v, 1, "empty"), TypeError, "np.pad has no gradient rule for mode='empty'"),
        (lambda v: np.pad(v, 1, "bogus"), ValueError, "bogus"),
        (lambda v: np.pad(v, 1.5), TypeError, "integers"),
        (lambda v: np.pad(v, -1), ValueError, "negative"),
        (lambda v: np.pad(v, 1, "edge", constant_values=1), ValueError, "constant_values"),
        (lambda v: np.pad(v, 1, "maximum", stat_length=0), ValueError, "stat_length"),
        (lambda v: np.pad(v[:0], 1, "edge"), ValueError, r"axis 0 of shape \(0, 3\)"),
        (lambda v: np.pad(v, (1, 2, 3)), ValueError, "broadcast"),
    ],
)
def test_what_padding_cannot_do(call: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        call(Value(sample((2, 3))))


def test_a_plain_array_is_not_padded_with_a_value_in_silence() -> None:
    with pytest.raises(TypeError, match="drop its gradient"):
        np.pad(sample((3,)), 1, constant_values=Value(1.0))  # type: ignore[call-overload]
