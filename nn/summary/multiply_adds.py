"""How many multiplications, each with its addition, the products of matrices and the convolutions take.

Other operations are not counted: beside products they take little time. A multiply-add is two floating-point
operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..functional.attention import attention_weights
from ..functional.correlation import convolution, convolution_transpose
from ..functional.linear import linear
from ..functional.recurrence import gru_recurrence, lstm_recurrence, rnn_recurrence


def multiply_adds(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    """Those of an operation that ran on the arrays `args` and returned `out`; 0 if it is no product.

    Example:
        >>> import numpy as np
        >>> a, b = np.ones((2, 3)), np.ones((3, 5))
        >>> multiply_adds(np.matmul, (a, b), {}, a @ b)
        30
    """
    # the engine records einsum under its name, with every index written out
    count = _of_einsum if getattr(function, "__name__", "") == "einsum" else _COUNTS.get(function)
    return 0 if count is None else count(out, *args, **kwargs)


def _of_rows(out: Any, rows: Any, *rest: Any, **options: Any) -> int:
    """Each element of the result is the product of a row and something else."""
    return int(np.size(out) * rows.shape[-1])


def _of_einsum(out: Any, *operands: Any, subscripts: str, optimize: Any = False) -> int:
    """Every combination of indices takes one multiplication for each further operand."""
    sizes: dict[str, int] = {}
    for term, operand in zip(subscripts.split("->")[0].split(","), operands, strict=True):
        for letter, length in zip(term, operand.shape, strict=True):  # the axes of "..." have letters by now
            sizes[letter] = max(length, sizes.get(letter, 0))  # one of length 1 is broadcast
    return math.prod(sizes.values()) * (len(operands) - 1)


def _of_convolution(out: Any, x: Any, weight: Any, *rest: Any) -> int:
    """Each element of the result is the sum over a window in all channels of its group."""
    return int(out.size * math.prod(weight.shape[1:]))


def _of_convolution_transpose(out: Any, x: Any, weight: Any, *rest: Any) -> int:
    """Each element of the input is spread over a window in all channels of its group."""
    return int(x.size * math.prod(weight.shape[1:]))


def _of_recurrence(x: Any, *matrices: Any) -> int:
    """In each step, of which there are `(steps, batch)`, every matrix is multiplied once."""
    steps, batch = x.shape[:2]
    return int(steps * batch * sum([matrix.size for matrix in matrices if matrix is not None]))


_COUNTS: dict[Any, Callable[..., int]] = {
    np.matmul: _of_rows,
    np.vecdot: _of_rows,
    np.matvec: _of_rows,
    np.vecmat: _of_rows,
    np.vdot: lambda out, a, b: np.size(a),
    np.convolve: lambda out, a, v, mode="full": np.size(a) * np.size(v),
    np.correlate: lambda out, a, v, mode="valid": np.size(a) * np.size(v),
    linear: _of_rows,
    attention_weights: _of_rows,
    convolution: _of_convolution,
    convolution_transpose: _of_convolution_transpose,
    rnn_recurrence: lambda out, x, h0, weight_ih, weight_hh, *rest: _of_recurrence(x, weight_ih, weight_hh),
    gru_recurrence: lambda out, x, h0, weight_ih, weight_hh, *rest: _of_recurrence(x, weight_ih, weight_hh),
    lstm_recurrence: lambda out, x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr, reverse: _of_recurrence(
        x, weight_ih, weight_hh, weight_hr
    ),
}
