"""The short way along many short rows gives what NumPy's reductions give."""

import numpy as np
import pytest

from nn.functional.rows import row_max, row_sum

SHAPES = [(24, 1), (24, 16), (24, 17), (23, 16), (100, 3), (0, 3), (5,), (30, 4, 5), (30, 0)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("dim", [0, -1])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_as_numpy(shape, dim, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    tolerance = 8 * np.finfo(dtype).eps * max(1, max(shape))
    np.testing.assert_allclose(row_sum(x, dim), x.sum(axis=dim, keepdims=True), rtol=0, atol=tolerance)
    assert row_sum(x, dim).dtype == dtype
    if shape[dim]:
        np.testing.assert_array_equal(row_max(x, dim), x.max(axis=dim, keepdims=True))
        assert row_max(x, dim).dtype == dtype


def test_strided_and_special_numbers():
    x = np.zeros((60, 8), np.float32)[::2, ::2]
    x[1, 2], x[2, 0], x[3, 1] = np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(row_max(x, 1), x.max(axis=1, keepdims=True))
    np.testing.assert_array_equal(row_sum(x, 1), x.sum(axis=1, keepdims=True))
