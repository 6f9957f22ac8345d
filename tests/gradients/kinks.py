"""Functions at their kinks, ties and poles, and the gradient that the library has chosen there.

The policy is PyTorch's: the derivative if there is one, else the subgradient of minimum norm for a convex function,
else the limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .table.special import library


@dataclass(frozen=True)
class Kink:
    """A point of a function, and the gradient of its (single) result there, one array an input.

    Attributes:
        name: unique, also among the cases of the table.
        function: takes the namespace and the inputs.
        inputs: float64 arrays.
        gradients: what is expected.
        as_in_pytorch: PyTorch gives the same; None if it has no such function.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    gradients: tuple[Any, ...]
    as_in_pytorch: bool | None = True


def kink(
    name: str,
    function: Callable[..., Any],
    inputs: list[Any],
    gradients: list[Any],
    *,
    as_in_pytorch: bool | None = True,
) -> Kink:
    arrays = tuple(np.array(x, dtype=float)[()] for x in inputs)
    return Kink(
        f"at a kink: {name}", function, arrays, tuple(np.array(g, dtype=float) for g in gradients), as_in_pytorch
    )


_INF = np.inf

KINKS = [
    kink("maximum tie", lambda np, x, y: np.maximum(x, y).sum(), [[1, 2], [1, 0]], [[0.5, 1], [0.5, 0]]),
    kink("minimum tie", lambda np, x, y: np.minimum(x, y).sum(), [[1, 2], [1, 0]], [[0.5, 0], [0.5, 1]]),
    kink("maximum with a constant", lambda np, x: np.maximum(x, np.array(0.0)).sum(), [[0, 1]], [[0.5, 1]]),
    kink("max of nan", lambda np, x: np.max(x), [[1, np.nan, 3]], [[0, 1, 0]], as_in_pytorch=None),
    kink("min of nans", lambda np, x: np.min(x, axis=0), [[np.nan, np.nan]], [[0.5, 0.5]], as_in_pytorch=None),
    kink(
        "logaddexp of an infinity",
        lambda np, x, y: np.logaddexp(x, y).sum(),
        [[_INF, 1, -_INF], [1, _INF, 1]],
        [[1, 0, 0], [0, 1, 1]],
        as_in_pytorch=None,
    ),
    kink(
        "product that is subnormal",
        lambda np, x, y: np.prod(np.stack([x, y])),
        [1e-160, 3e-161],
        [3e-161, 1e-160],
        as_in_pytorch=None,
    ),
    kink("fmax tie", lambda np, x, y: np.fmax(x, y), [1, 1], [1, 0]),
    kink("fmin tie", lambda np, x, y: np.fmin(x, y), [1, 1], [1, 0]),
    kink("fmax of nan", lambda np, x, y: np.fmax(x, y).sum(), [[np.nan, 1], [2, np.nan]], [[0, 1], [1, 0]]),
    kink("fmin of nan", lambda np, x, y: np.fmin(x, y).sum(), [[np.nan, 1], [2, np.nan]], [[0, 1], [1, 0]]),
    kink("max ties", lambda np, x: np.max(x), [[3, 1, 3, 3]], [[1 / 3, 0, 1 / 3, 1 / 3]]),
    kink("min ties along an axis", lambda np, x: np.min(x, axis=1).sum(), [[[1, 1], [0, 2]]], [[[0.5, 0.5], [1, 0]]]),
    kink("absolute", lambda np, x: np.absolute(x).sum(), [[0, -1]], [[0, -1]]),
    kink("clip at its bounds", lambda np, x: np.clip(x, -1, 1).sum(), [[-1, 1, -2, 2, 0]], [[1, 1, 0, 0, 1]]),
    kink(
        "bounds of clip",
        lambda np, x, a, b: np.clip(x, a, b).sum(),
        [[-2, -1, 0, 1, 2], -1, 1],
        [[0, 1, 1, 1, 0], 1, 1],
    ),
    kink("crossed bounds of clip", lambda np, x, a, b: np.clip(x, a, b), [0, 2, 1], [0, 0, 1]),
    kink("sqrt at 0", lambda np, x: np.sqrt(x), [0], [_INF]),
    kink("cbrt at 0", lambda np, x: np.cbrt(x), [0], [_INF], as_in_pytorch=None),
    kink("norm at 0", lambda np, x: np.linalg.norm(x), [[0, 0]], [[0, 0]]),
    kink(
        "norm of rows, one 0",
        lambda np, x: np.linalg.norm(x, None, -1).sum(),
        [[[0, 0], [3, 4]]],
        [[[0, 0], [0.6, 0.8]]],
    ),
    kink("norm 3 at 0", lambda np, x: np.linalg.norm(x, 3), [[0, 0]], [[0, 0]]),
    kink("norm 3 with a 0", lambda np, x: np.linalg.norm(x, 3), [[0, -2]], [[0, -1]]),
    kink("norm 1 with a 0", lambda np, x: np.linalg.norm(x, 1), [[0, -2]], [[0, -1]]),
    kink("norm inf tie", lambda np, x: np.linalg.norm(x, np.inf), [[2, -2, 1]], [[0.5, -0.5, 0]]),
    kink("norm -inf tie", lambda np, x: np.linalg.norm(x, -np.inf), [[2, -2, 3]], [[0.5, -0.5, 0]]),
    kink("frobenius at 0", lambda np, x: np.linalg.norm(x, "fro"), [[[0, 0], [0, 0]]], [[[0, 0], [0, 0]]]),
    kink("norm 2 of a matrix, tie", lambda np, x: np.linalg.norm(x, 2), [[[2, 0], [0, 2]]], [[[0.5, 0], [0, 0.5]]]),
    kink(
        "norm 2 of no matrix",
        lambda np, x: np.linalg.norm(x, 2),
        [np.zeros((2, 2))],
        [np.zeros((2, 2))],
        as_in_pytorch=False,
    ),
    kink(
        "nuclear norm at 0",
        lambda np, x: np.linalg.norm(x, "nuc"),
        [np.zeros((2, 3))],
        [np.zeros((2, 3))],
        as_in_pytorch=False,
    ),
    kink("norm 1 of a matrix, tie", lambda np, x: np.linalg.norm(x, 1), [[[1, -2], [1, 0]]], [[[0.5, -0.5], [0.5, 0]]]),
    kink(
        "norm -inf with a tie", lambda np, x: np.linalg.norm(x, -np.inf), [[[1, 0], [0, -1]]], [[[0.5, 0], [0, -0.5]]]
    ),
    kink("norm 0.5 with a 0", lambda np, x: np.linalg.norm(x, 0.5), [[0, 4]], [[0, 1]]),
    kink("norm 0", lambda np, x: np.linalg.norm(x, 0), [[0, 4]], [[0, 0]]),
    kink("norm -1 with a 0", lambda np, x: np.linalg.norm(x, -1), [[0, 4]], [[0, 0]]),
    kink(
        "a singular value of 0",
        lambda np, x: np.linalg.svdvals(x).sum(),
        [[[3, 0], [0, 0]]],
        [[[1, 0], [0, 0]]],
        as_in_pytorch=False,
    ),
    kink(
        "equal singular values", lambda np, x: (np.linalg.svdvals(x) ** 2).sum(), [[[3, 0], [0, 3]]], [[[6, 0], [0, 6]]]
    ),
    kink("equal eigenvalues", lambda np, x: (np.linalg.eigvalsh(x) ** 2).sum(), [[[3, 0], [0, 3]]], [[[6, 0], [0, 6]]]),
    kink(
        "det of a singular matrix",
        lambda np, x: np.linalg.det(x),
        [[[1, 2], [2, 4]]],
        [[[4, -2], [-2, 1]]],
        as_in_pytorch=False,
    ),
    kink("std of a constant", lambda np, x: np.std(x), [[2, 2, 2]], [[0, 0, 0]]),
    kink(
        "std of rows, one constant", lambda np, x: np.std(x, axis=1).sum(), [[[2, 2], [1, 3]]], [[[0, 0], [-0.5, 0.5]]]
    ),
    kink("power 0, 0", lambda np, x, y: np.power(x, y), [0, 0], [0, 0]),
    kink("power 0, 2", lambda np, x, y: np.power(x, y), [0, 2], [0, 0]),
    kink("power 2, 0", lambda np, x, y: np.power(x, y), [2, 0], [0, np.log(2)]),
    kink("power 0, 1", lambda np, x, y: np.power(x, y), [0, 1], [1, 0]),
    kink("x ** 0 at 0", lambda np, x: x**0, [0], [0]),
    kink("hypot at the origin", lambda np, x, y: np.hypot(x, y), [0, 0], [0, 0], as_in_pytorch=False),
    kink("arctan2 at the origin", lambda np, y, x: np.arctan2(y, x), [0, 0], [0, 0]),
    kink(
        "heaviside at 0",
        lambda np, x, y: np.heaviside(x, y).sum(),
        [[0, 1, 0], 0.5],
        [[0, 0, 0], 2],
        as_in_pytorch=None,
    ),
    kink("sinc at 0", lambda np, x: np.sinc(x), [0], [0]),
    kink("prod with a 0", lambda np, x: np.prod(x), [[0, 2, 3]], [[6, 0, 0]]),
    kink("prod with two 0", lambda np, x: np.prod(x), [[0, 0, 3]], [[0, 0, 0]]),
    kink(
        "max that ties with its initial", lambda np, x: np.max(x, axis=0, initial=3), [[3, 1, 3]], [[1 / 3, 0, 1 / 3]]
    ),
    kink("max below its initial", lambda np, x: np.max(x, axis=0, initial=5), [[3, 1, 3]], [[0, 0, 0]]),
    kink(
        "max ties under a mask",
        lambda np, x: np.max(x, initial=0, axis=0, where=[True, False, True]),
        [[3, 3, 3]],
        [[0.5, 0, 0.5]],
    ),
    kink("nanmax ties", lambda np, x: np.nanmax(x), [[2, np.nan, 2]], [[0.5, 0, 0.5]]),
    kink("nanstd of a constant", lambda np, x: np.nanstd(x), [[2, np.nan, 2]], [[0, 0, 0]], as_in_pytorch=False),
    kink("cumprod with two 0", lambda np, x: np.cumprod(x, axis=0).sum(), [[0, 2, 0, 3]], [[3, 0, 0, 0]]),
    kink("cumprod with a 0", lambda np, x: np.cumprod(x, axis=0).sum(), [[2, 0, 3]], [[1, 8, 0]]),
    kink("median of ties", lambda np, x: np.median(x), [[1, 2, 2, 3]], [[0, 0.5, 0.5, 0]]),
    kink("median of a nan", lambda np, x: np.median(x), [[1, np.nan, 2]], [[0, 1, 0]]),
    # the slope towards larger q, where PyTorch has 0
    kink(
        "quantile at an element",
        lambda np, x, q: np.quantile(x, q),
        [[1, 2, 4], 0.5],
        [[0, 1, 0], 4],
        as_in_pytorch=False,
    ),
    kink(
        "quantile at both ends",
        lambda np, x, q: np.quantile(x, q).sum(),
        [[1, 2, 4], [0, 1]],
        [[1, 0, 1], [2, 0]],
        as_in_pytorch=False,
    ),
    kink("maximum.accumulate ties", lambda np, x: np.maximum.accumulate(x).sum(), [[3, 3, 1, 3]], [[1, 2, 0, 1]]),
    kink(
        "minimum.accumulate of nan",
        lambda np, x: np.minimum.accumulate(x).sum(),
        [[3, np.nan, 1]],
        [[1, 2, 0]],
    ),
    kink(
        "fmax.accumulate of nan",
        lambda np, x: np.fmax.accumulate(x)[1:].sum(),
        [[np.nan, 3, np.nan]],
        [[0, 2, 0]],
    ),
    kink(
        "maximum.reduce ties",
        lambda np, x: np.maximum.reduce(x),
        [[3, 3, 1, 3]],
        [[1 / 3, 1 / 3, 0, 1 / 3]],
        as_in_pytorch=None,
    ),
    kink("fmax.reduce ties", lambda np, x: np.fmax.reduce(x), [[np.nan, 3, 3]], [[0, 0.5, 0.5]], as_in_pytorch=None),
    kink("hypot.reduce at the origin", lambda np, x: np.hypot.reduce(x), [[0, 0, 0]], [[0, 0, 0]], as_in_pytorch=None),
    kink("copysign at 0", lambda np, x: np.copysign(x, np.array(-1.0)), [0], [0]),
    kink("sort with ties", lambda np, x: (np.sort(x) * np.array([1.0, 2.0, 3.0])).sum(), [[1, 1, 0]], [[2, 3, 1]]),
    kink(
        "log under where",
        lambda np, x: np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0).sum(),
        [[0, 2]],
        [[0, 0.5]],
    ),
    kink("relu", lambda np, x: np.relu(x).sum(), [[0, -1, 2]], [[0, 0, 1]]),
    kink("tanh of 1000", lambda np, x: np.tanh(x), [1000], [0]),
    kink("fmod where x / y rounds up", lambda np, x, y: np.fmod(x, y), [1, 0.1], [1, -9], as_in_pytorch=False),
    kink("i0 at 0", lambda np, x: np.i0(x), [0], [0]),
    kink("nan_to_num", lambda np, x: np.nan_to_num(x).sum(), [[1, np.nan, _INF, -_INF]], [[1, 0, 0, 0]]),
    kink(
        "interp at its knots: the segment to the right",
        lambda np, x: np.interp(x, np.arange(4.0), np.array([0.0, 1.0, 3.0, 2.0])).sum(),
        [[0, 1, 2, 3]],
        [[1, 2, -1, -1]],
        as_in_pytorch=None,
    ),
    kink(
        "knots of interp at the first and the last of them",
        lambda np, x, fp: np.interp(x, np.arange(3.0), fp).sum(),
        [[0, 2, 5, -1], [1, 3, 2]],
        [[2, -1, 0, 0], [2, 0, 2]],
        as_in_pytorch=None,
    ),
    kink(
        "polymul with a 0 in front",
        lambda np, x: np.polymul(x, np.array([1.0, 2.0])).sum(),
        [[0, 3]],
        [[0, 3]],
        as_in_pytorch=None,
    ),
    kink("xlogy of 0 and a negative", lambda np, x, y: library(np).xlogy(x, y), [0, -1], [0, 0]),
    kink("xlogy of 0 and 2", lambda np, x, y: library(np).xlogy(x, y), [0, 2], [np.log(2), 0]),
    kink("xlogy of 1 and 0", lambda np, x, y: library(np).xlogy(x, y), [1, 0], [-np.inf, np.inf]),
    kink("xlog1py of 0 and -2", lambda np, x, y: library(np).xlog1py(x, y), [0, -2], [0, 0]),
    kink("entr at 0", lambda np, x: library(np).entr(x), [0], [np.inf]),
    kink("rel_entr of 0 and 2", lambda np, x, y: library(np).rel_entr(x, y), [0, 2], [-np.inf, 0], as_in_pytorch=None),
    kink("kl_div of 0 and 2", lambda np, x, y: library(np).kl_div(x, y), [0, 2], [-np.inf, 1], as_in_pytorch=None),
    kink("huber at delta", lambda np, x: library(np).huber(1.0, x), [-1], [-1], as_in_pytorch=None),
    kink("i0e", lambda np, x: library(np).i0e(x), [0], [0]),
    kink("i1e", lambda np, x: library(np).i1e(x), [0], [0.5]),
    kink("logit at 0", lambda np, x: library(np).logit(x), [0], [np.inf]),
    kink("ndtri at 0", lambda np, x: library(np).ndtri(x), [0], [np.inf]),
    kink("erfinv at 1", lambda np, x: library(np).erfinv(x), [1], [np.inf]),
    kink("logsumexp with -inf", lambda np, x: library(np).logsumexp(x), [[-np.inf, 1]], [[0, 1]]),
    kink("logaddexp far apart", lambda np, x, y: np.logaddexp(x, y), [1000, -1000], [1, 0]),
]
