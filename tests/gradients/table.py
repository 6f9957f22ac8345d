"""One table of functions with sample inputs; it drives every test that holds for all functions.

A function takes the namespace first (`numpy`, or a peer made to look like it) and then the arrays, so that the same
line runs on plain arrays, on Values and in the peer. Samples are away from kinks and ties; those are in `kinks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One function at one point.

    Attributes:
        name: unique in the table.
        function: takes the namespace and the inputs; returns an array, or a list or tuple of arrays.
        inputs: float64 arrays.
        exact: on Values the very same NumPy function runs, so the result is equal to the last bit.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    exact: bool = True


def sample(shape: Shape, low: float = -2.0, high: float = 2.0, salt: int = 0) -> Any:
    """Numbers between the bounds, all different, the same in every run."""
    size = int(np.prod(shape))
    fractions = (43.7585453 * np.sin(12.9898 * np.arange(1, size + 1) + 78.233 * salt)) % 1.0
    return (low + (high - low) * fractions).reshape(shape)[()]


def weights_for(shape: Shape) -> Any:
    """What a result of this shape is multiplied with before it is summed up to one number."""
    return 1.3 + np.cos(np.arange(int(np.prod(shape)))).reshape(shape)


def results(outcome: Any) -> list[Any]:
    """The arrays that a function returned."""
    return list(outcome) if isinstance(outcome, list | tuple) else [outcome]


def weighted_sum(outcome: Any) -> Any:
    """One number made of everything that a function returned."""
    return sum((r * weights_for(tuple(r.shape))).sum() for r in results(outcome))


def strided(*shape: int) -> Any:
    """A view with gaps, reversed along its last axis."""
    whole = sample(tuple(2 * n for n in shape))
    return whole[(*(slice(None, None, 2),) * (len(shape) - 1), slice(None, None, -2))]


CASES: list[Case] = []


def case(
    name: str, function: Callable[..., Any], *specs: Any, low: float = -2.0, high: float = 2.0, exact: bool = True
) -> None:
    """Add a case; an input is given as its shape or as an array."""
    inputs = [sample(s, low, high, i) if isinstance(s, tuple) else s for i, s in enumerate(specs)]
    assert name not in [c.name for c in CASES], name
    CASES.append(Case(name, function, tuple(inputs), exact))


def _elementwise(name: str) -> Callable[..., Any]:
    return lambda np, *arrays: getattr(np, name)(*arrays)


# ---- functions of one number ----

_UNARY = {
    "negative": (-2, 2), "positive": (-2, 2), "conjugate": (-2, 2), "reciprocal": (0.5, 2), "square": (-2, 2),
    "sqrt": (0.5, 2), "cbrt": (0.5, 2), "exp": (-2, 2), "exp2": (-2, 2), "expm1": (-2, 2), "log": (0.5, 2),
    "log2": (0.5, 2), "log10": (0.5, 2), "log1p": (-0.5, 2), "sin": (-2, 2), "cos": (-2, 2), "tan": (-1, 1),
    "arcsin": (-0.8, 0.8), "arccos": (-0.8, 0.8), "arctan": (-2, 2), "sinh": (-2, 2), "cosh": (-2, 2),
    "tanh": (-2, 2), "arcsinh": (-2, 2), "arccosh": (1.5, 3), "arctanh": (-0.8, 0.8), "deg2rad": (-2, 2),
    "radians": (-2, 2), "rad2deg": (-2, 2), "degrees": (-2, 2), "absolute": (0.3, 2), "fabs": (-2, -0.3),
    "sinc": (0.2, 0.9),
}  # fmt: skip
for _name, (_low, _high) in _UNARY.items():
    for _shape in ((), (3,), (2, 3), (0,), (2, 0)):
        case(f"{_name} {_shape}", _elementwise(_name), _shape, low=_low, high=_high)

case("exp strided", lambda np, x: np.exp(x), strided(2, 3))
case("tanh transposed", lambda np, x: np.tanh(x), sample((2, 3)).T)
case("sinc near 0", lambda np, x: np.sinc(x), np.array([-0.04, -1e-3, 1e-4, 0.0, 0.03]))
case("absolute of both signs", lambda np, x: abs(x), np.array([-1.5, -0.2, 0.3, 2.0]))
case("modf", lambda np, x: np.modf(x), np.array([-1.3, 0.4, 2.6]), exact=False)
case("frexp mantissa", lambda np, x: np.frexp(x)[0], np.array([-1.3, 0.4, 2.6]))
case("ldexp", lambda np, x: np.ldexp(x, 3), (3,))

# ---- functions of two ----

_BINARY = {
    "add": (-2, 2), "subtract": (-2, 2), "multiply": (-2, 2), "divide": (0.5, 2), "power": (0.5, 2),
    "float_power": (0.5, 2), "maximum": (-2, 2), "minimum": (-2, 2), "fmax": (-2, 2), "fmin": (-2, 2),
    "hypot": (0.3, 2), "arctan2": (0.3, 2), "logaddexp": (-2, 2), "logaddexp2": (-2, 2),
}  # fmt: skip
for _name, (_low, _high) in _BINARY.items():
    for _shapes in (((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3)), ((3,), ()), ((0, 3), (3,))):
        case(f"{_name} {_shapes}", _elementwise(_name), *_shapes, low=_low, high=_high)

_dividend, _divisor = np.array([5.3, -5.3, 2.9]), np.array([2.0, 2.1, -1.2])
case("remainder", lambda np, x, y: np.remainder(x, y), _dividend, _divisor)
case("fmod", lambda np, x, y: np.fmod(x, y), _dividend, _divisor)
case("divmod", lambda np, x, y: np.divmod(x, y)[1], _dividend, _divisor)
case("copysign", lambda np, x, y: np.copysign(x, y), np.array([1.5, -0.4, 2.0]), np.array([-1.0, -2.0, 0.5]))
case("nextafter", lambda np, x, y: np.nextafter(x, y), (3,), (3,))
case("power of a negative", lambda np, x: x**3, np.array([-1.5, -0.3, 0.7]))
case("power 0", lambda np, x: x**0, (3,))
case("power 1", lambda np, x: x**1, np.array([0.0, 1.0, -2.0]))
case("square by **", lambda np, x: x**2, np.array([0.0, 1.0, -2.0]))
case("power with array exponents", lambda np, x: x ** np.array([0.0, 1.0, 2.0, -1.0]), (4,), low=0.5)
case("number ** array", lambda np, x: 3.0**x, (3,))
case("operators", lambda np, x, y: (2 - x) * y / (1 + x * x) - y % 3.5 + (-x) ** 2 + 1 / (3 + y), (2, 3), (3,))
case("x * x", lambda np, x: x * x * x + x - x / 3, (3,))
case("number on the left", lambda np, x: 2.0 / x + 3 - x, (3,), low=0.5)

# ---- choices ----

_MASK = np.array([[True, False, True], [False, False, True]])
case("where", lambda np, x, y: np.where(_MASK, x, y), (2, 3), (2, 3))
case("where broadcasts", lambda np, x, y: np.where(_MASK, x, y), (1, 3), ())
case("where with a constant", lambda np, x: np.where(_MASK, x, 0.0), (2, 3))
case("where of a comparison", lambda np, x: np.where(x > 0, x, 0.1 * x), (2, 3))
case("clip", lambda np, x: np.clip(x, -1.0, 1.1), (2, 3))
case("clip below", lambda np, x: np.clip(x, -0.5, None), (2, 3))
case("clip above", lambda np, x: np.clip(x, None, 0.5), (2, 3))
case("clip with bounds", lambda np, x, lo, hi: np.clip(x, lo, hi), (4,), sample((4,), -2, -0.1), sample((), 0.3, 0.5))

# ---- reductions ----

for _name in ("sum", "mean", "prod", "var", "std", "max", "min"):
    for _label, _options in {
        "": {}, "axis 0": {"axis": 0}, "axis -1": {"axis": -1}, "axes (0, 2)": {"axis": (0, 2)},
        "axes (-1, 0)": {"axis": (-1, 0)},
        "keepdims": {"axis": 1, "keepdims": True}, "all keepdims": {"keepdims": True},
    }.items():  # fmt: skip

        def _reduce(np: Any, x: Any, name: str = _name, options: Any = _options) -> Any:
            return getattr(np, name)(x, **options)

        case(f"{_name} {_label}", _reduce, (2, 3, 2))
    case(f"{_name} of a vector", _elementwise(_name), (4,))
    case(f"{_name} strided", _elementwise(_name), strided(2, 3))

    def _reduce_empty(np: Any, x: Any, name: str = _name) -> Any:
        return getattr(np, name)(x, axis=1)

    case(f"{_name} empty result", _reduce_empty, (0, 3))

for _name in ("sum", "mean", "prod", "max", "min"):
    case(f"{_name} of a scalar", _elementwise(_name), ())
case("sum axes ()", lambda np, x: np.sum(x, axis=()), (2, 3))
case("sum of nothing", lambda np, x: np.sum(x, axis=0), (0, 3))
case("prod of nothing", lambda np, x: np.prod(x, axis=0), (0, 3))
case("prod with one zero", lambda np, x: np.prod(x, axis=1), np.array([[0.0, 2.0, 3.0], [1.5, -1.0, 0.5]]))
case("prod with two zeros", lambda np, x: np.prod(x), np.array([0.0, 2.0, 0.0, 3.0]))
case("prod axes with a zero", lambda np, x: np.prod(x, axis=(0, 2)), np.where(sample((2, 3, 2)) > 1.5, 0.0, 1.5))
case("var ddof", lambda np, x: np.var(x, axis=1, ddof=1), (2, 4))
case("std ddof keepdims", lambda np, x: np.std(x, axis=0, ddof=1, keepdims=True), (4, 2))
case("var axes", lambda np, x: np.var(x, axis=(0, 1)), (2, 3, 2))
case("cumsum", lambda np, x: np.cumsum(x, axis=1), (2, 3))
case("cumsum flat", lambda np, x: np.cumsum(x), (2, 3))
case("cumsum axis -2", lambda np, x: np.cumsum(x, axis=-2), (2, 3, 2))
case("ptp", lambda np, x: np.ptp(x, axis=1), (2, 3))
case("logsumexp", lambda np, x: np.log(np.sum(np.exp(x), axis=-1)), (2, 3))
case(
    "stable logsumexp",
    lambda np, x: np.log(np.sum(np.exp(x - np.max(x, axis=-1, keepdims=True)), axis=-1)) + np.max(x, axis=-1),
    (2, 3),
)
case("softmax", lambda np, x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True), (2, 3))
case("methods", lambda np, x: x.sum(axis=0).mean() + x.max(axis=1).sum() * x.std() + x.T.reshape(-1)[2], (2, 3))

# ---- shapes ----

case("reshape", lambda np, x: np.reshape(x, (3, 2)), (2, 3))
case("reshape -1", lambda np, x: np.reshape(x, (-1,)), (2, 3))
case("reshape scalar", lambda np, x: np.reshape(x, (1, 1)), ())
case("reshape F", lambda np, x: np.reshape(x, (3, 2), order="F"), (2, 3))
case("reshape A", lambda np, x: np.reshape(x, (3, 2), order="A"), sample((3, 2)).T)
for _order in "CFAK":

    def _ravel(np: Any, x: Any, order: str = _order) -> Any:
        return np.ravel(x, order=order)

    case(f"ravel {_order}", _ravel, (2, 3))
    case(f"ravel {_order} transposed", _ravel, np.transpose(sample((2, 3, 2)), (2, 0, 1)))
    case(f"ravel {_order} of a cut", _ravel, np.asfortranarray(sample((4, 3)))[::2])
case("transpose", lambda np, x: np.transpose(x), (2, 3))
case("transpose axes", lambda np, x: np.transpose(x, (2, 0, 1)), (2, 3, 2))
case("transpose negative axes", lambda np, x: np.transpose(x, (-1, 0, -2)), (2, 3, 2))
case("transpose of a vector by number", lambda np, x: np.transpose(x, (0,)), (3,))
case("matrix_transpose", lambda np, x: np.matrix_transpose(x), (2, 3, 2))
case("swapaxes", lambda np, x: np.swapaxes(x, 0, -1), (2, 3, 2))
case("moveaxis", lambda np, x: np.moveaxis(x, 0, -1), (2, 3, 2))
case("moveaxis pairs", lambda np, x: np.moveaxis(x, (0, 1), (-1, 0)), (2, 3, 2))
case("squeeze", lambda np, x: np.squeeze(x), (1, 3, 1))
case("squeeze axis", lambda np, x: np.squeeze(x, axis=0), (1, 3, 1))
case("expand_dims", lambda np, x: np.expand_dims(x, 1), (2, 3))
case("expand_dims axes", lambda np, x: np.expand_dims(x, (0, -1)), (2, 3))
case("broadcast_to", lambda np, x: np.broadcast_to(x, (4, 2, 3)), (2, 1))
case("full_like", lambda np, x: np.full_like(x, 2.0) * np.full_like(x, x[0], shape=(2, 1)) * x, (3,))
case("broadcast_to of a scalar", lambda np, x: np.broadcast_to(x, (2, 3)), ())
case("flip", lambda np, x: np.flip(x), (2, 3))
case("flip axes", lambda np, x: np.flip(x, (0, -1)), (2, 3, 2))
case("fliplr", lambda np, x: np.fliplr(x), (2, 3))
case("flipud", lambda np, x: np.flipud(x), (2, 3))
case("roll", lambda np, x: np.roll(x, 2), (2, 3))
case("roll axis", lambda np, x: np.roll(x, -1, axis=1), (2, 3))
case("roll axes", lambda np, x: np.roll(x, (1, 2), axis=(0, 1)), (2, 3))
case("concatenate", lambda np, x, y: np.concatenate([x, y]), (2, 3), (1, 3))
case("concatenate axis -1", lambda np, x, y: np.concatenate([x, y], axis=-1), (2, 3), (2, 1))
case("concatenate flat", lambda np, x, y: np.concatenate([x, y], axis=None), (2, 3), (2,))
case("concatenate with itself", lambda np, x: np.concatenate([x, x, 2 * x]), (3,))
case("concatenate a constant", lambda np, x: np.concatenate([x, weights_for((2, 3))]), (2, 3))
case("stack", lambda np, x, y: np.stack([x, y]), (2, 3), (2, 3))
case("stack axis -1", lambda np, x, y: np.stack([x, y], axis=-1), (2, 3), (2, 3))
case("stack scalars", lambda np, x, y: np.stack([x, y, x * y]), (), ())
case("vstack", lambda np, x, y: np.vstack([x, y]), (3,), (2, 3))
case("hstack", lambda np, x, y: np.hstack([x, y]), (3,), (2,))
case("hstack of matrices", lambda np, x, y: np.hstack([x, y]), (2, 3), (2, 1))
case("dstack", lambda np, x, y: np.dstack([x, y]), (2, 3), (2, 3))
case("column_stack", lambda np, x, y: np.column_stack([x, y]), (2,), (2, 3))
case("append", lambda np, x, y: np.append(x, y), (2, 2), (3,))
case("append a number", lambda np, x: np.append(x, 1.0), (2, 2))
case("append axis", lambda np, x, y: np.append(x, y, axis=0), (2, 2), (1, 2))
case("atleast_1d", lambda np, x: np.atleast_1d(x), ())
case("atleast_2d", lambda np, x: np.atleast_2d(x), (3,))
case("atleast_3d", lambda np, x, y: np.atleast_3d(x, y), (3,), (2, 3))
case("split", lambda np, x: np.split(x, 2), (4, 3))
case("split at", lambda np, x: np.split(x, [1, 3], axis=1), (2, 4))
case("array_split", lambda np, x: np.array_split(x, 3, axis=-1), (2, 4))
case("hsplit", lambda np, x: np.hsplit(x, 2), (2, 4))
case("vsplit", lambda np, x: np.vsplit(x, 2), (4, 3))
case("unstack", lambda np, x: np.unstack(x, axis=1), (2, 3))
case("repeat", lambda np, x: np.repeat(x, 2), (2, 2))
case("repeat axis", lambda np, x: np.repeat(x, 2, axis=-1), (2, 2))
case("repeat a scalar along its axis", lambda np, x: np.repeat(x, 2, axis=0), ())
case("repeat counts", lambda np, x: np.repeat(x, [2, 0, 3], axis=0), (3, 2))
case("tile", lambda np, x: np.tile(x, 2), (2, 3))
case("tile more axes", lambda np, x: np.tile(x, (2, 1, 2)), (2, 3))
case("tile a scalar", lambda np, x: np.tile(x, 3), ())
case("pad", lambda np, x: np.pad(x, 1), (2, 3))
case("pad sides", lambda np, x: np.pad(x, ((1, 0), (0, 2)), constant_values=7.0), (2, 3))
for _mode in ("edge", "reflect", "symmetric", "wrap"):

    def _pad(np: Any, x: Any, mode: str = _mode) -> Any:
        return np.pad(x, ((1, 2), (2, 0)), mode=mode)

    case(f"pad {_mode}", _pad, (3, 4))
case("pad wrap over twice", lambda np, x: np.pad(x, 4, mode="wrap"), (3,))
case("tril", lambda np, x: np.tril(x), (3, 3))
case("triu k", lambda np, x: np.triu(x, 1), (2, 3, 3))
case("tril of a vector", lambda np, x: np.tril(x), (3,))
case("diag of a vector", lambda np, x: np.diag(x), (3,))
case("diag of a vector k", lambda np, x: np.diag(x, -1), (3,))
case("diag of a matrix", lambda np, x: np.diag(x, 1), (3, 4))
case("diagonal", lambda np, x: np.diagonal(x, 1, 0, 2), (2, 3, 4))
case("trace", lambda np, x: np.trace(x), (3, 4), exact=False)
case("trace axes", lambda np, x: np.trace(x, offset=-1, axis1=2, axis2=1), (2, 3, 4), exact=False)
case("copy", lambda np, x: np.copy(x) * np.array(2.0), (2, 3))

# ---- reading by index, and sorting ----

case("take", lambda np, x: np.take(x, [3, 0, 3]), (2, 3))
case("take nothing", lambda np, x: np.take(x, [], axis=1), (2, 3))
case("take axis", lambda np, x: np.take(x, np.array([[0, 1], [1, 1]]), axis=1), (2, 3))
case("take one", lambda np, x: np.take(x, 1, axis=-1), (2, 3))
case("take wrap", lambda np, x: np.take(x, [5, -1, 3], axis=1, mode="wrap"), (2, 3))
case("take clip", lambda np, x: np.take(x, [5, -4, 1], axis=1, mode="clip"), (2, 3))
_ALONG = np.array([[2, 2, 0], [1, 0, 0]])
case("take by booleans", lambda np, x: np.take(x, np.array([True, False]), axis=0), (2, 3))
case("take_along_axis", lambda np, x: np.take_along_axis(x, _ALONG, axis=1), (2, 3))
case("take_along_axis 0", lambda np, x: np.take_along_axis(x, _ALONG % 2, axis=0), (2, 3))
case("take_along_axis flat", lambda np, x: np.take_along_axis(x, np.array([4, 0, 4]), axis=None), (2, 3))
case("sort", lambda np, x: np.sort(x), (2, 4))
case("sort axis 0", lambda np, x: np.sort(x, axis=0), (4, 2))
case("sort of a kind", lambda np, x: np.sort(x, axis=0, kind="heapsort"), (4, 2))
case("sort flat", lambda np, x: np.sort(x, axis=None), (2, 3))

# ---- products ----

for _left, _right in (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)),
    ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2)), ((2, 1, 2, 3), (2, 3, 2)), ((1, 2, 3), (2, 3, 1)),
    ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)),
):  # fmt: skip
    case(f"matmul {_left} {_right}", lambda np, x, y: x @ y, _left, _right)
case("matmul strided", lambda np, x, y: np.matmul(x, y), strided(2, 3), sample((2, 3)).T)
case("matmul with itself", lambda np, x: x @ x, (3, 3))
case("dot scalars", lambda np, x, y: np.dot(x, y), (), (3,))
case("dot vectors", lambda np, x, y: np.dot(x, y), (3,), (3,))
case("dot matrices", lambda np, x, y: np.dot(x, y), (2, 3), (3, 2))
case("dot (2, 3) (2, 3, 2)", lambda np, x, y: np.dot(x, y), (2, 3), (2, 3, 2), exact=False)
case("inner", lambda np, x, y: np.inner(x, y), (2, 3), (4, 3), exact=False)
case("outer", lambda np, x, y: np.outer(x, y), (2, 2), (3,))
case("vecdot", lambda np, x, y: np.vecdot(x, y), (2, 3), (3,))
case("matvec", lambda np, x, y: np.matvec(x, y), (2, 2, 3), (2, 3))
case("vecmat", lambda np, x, y: np.vecmat(x, y), (2, 3), (2, 3, 2))
case("tensordot", lambda np, x, y: np.tensordot(x, y), (2, 3, 2), (3, 2, 4), exact=False)
case("tensordot 0", lambda np, x, y: np.tensordot(x, y, 0), (2,), (3,), exact=False)
case("tensordot 1", lambda np, x, y: np.tensordot(x, y, 1), (2, 3), (3, 2), exact=False)
case("tensordot axes", lambda np, x, y: np.tensordot(x, y, ([0, 2], [1, -1])), (2, 3, 2), (4, 2, 2), exact=False)
for _subscripts, *_shapes in (
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)),
    ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ii", (3, 3)), ("iij->j", (2, 2, 3)), ("iii->i", (2, 2, 2)),
    ("ij,ij->i", (2, 3), (2, 3)), ("i,j->ij", (2,), (3,)), ("i,i->", (3,), (3,)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("...ij,...jk->...ik", (2, 1, 2, 3), (2, 3, 2)), ("...i,...i->...", (2, 3), (3,)), ("...ij", (2, 3, 2)),
    ("i...->...", (2, 3)), ("ij,k->i", (2, 3), (2,)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ij,ij->ij", (1, 3), (2, 3)),
    ("ijk,ilm,njm,nlk->", (2, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 2)), (" i j , j -> i ", (2, 3), (3,)), ("ba", (2, 3)),
    ("ii,i->i", (2, 2), (2,)), (",i->i", (), (3,)), ("ij,ji->", (0, 3), (3, 0)),
):  # fmt: skip

    def _einsum(np: Any, *arrays: Any, subscripts: str = _subscripts) -> Any:
        return np.einsum(subscripts, *arrays)

    case(f"einsum {_subscripts!r}", _einsum, *_shapes)
case("einsum interleaved", lambda np, x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]), (2, 3), (3, 2), exact=False)
case("einsum interleaved implicit", lambda np, x, y: np.einsum(x, [1, 0], y, [0, 30]), (2, 3), (3, 2), exact=False)
case("einsum interleaved ...", lambda np, x: np.einsum(x, [..., 0], [0, ...]), (2, 3, 2))
case("einsum optimized", lambda np, x, y: np.einsum("ij,jk,k->i", x, y, y[0], optimize=True), (2, 3), (3, 2))
case("einsum with itself", lambda np, x: np.einsum("ij,jk->ik", x, x), (2, 2))

# ---- norms ----

for _order in (None, 1, 2, 3, 2.5, 0.5, np.inf, -np.inf):
    for _axis, _keep, _shape in ((None, False, (4,)), (0, False, (3, 2)), (-1, True, (3, 2))):

        def _norm(np: Any, x: Any, order: Any = _order, axis: Any = _axis, keep: bool = _keep) -> Any:
            return np.linalg.norm(x, order, axis, keep)

        case(f"norm {_order} axis {_axis} of {_shape}", _norm, _shape, exact=False)
for _order in (None, "fro", 1, -1, np.inf, -np.inf):
    for _axis, _keep, _shape in ((None, False, (3, 2)), ((0, 2), False, (2, 3, 2)), ((-1, 0), True, (2, 3, 2))):

        def _matrix_norm(np: Any, x: Any, order: Any = _order, axis: Any = _axis, keep: bool = _keep) -> Any:
            return np.linalg.norm(x, order, axis, keep)

        case(f"matrix norm {_order} axis {_axis} of {_shape}", _matrix_norm, _shape, exact=False)
case("norm of everything", lambda np, x: np.linalg.norm(x), (2, 3, 2), exact=False)
case("norm of a scalar", lambda np, x: np.linalg.norm(x), (), exact=False)

# ---- a few wholes ----


def _network(np: Any, x: Any, w: Any, b: Any, v: Any) -> Any:
    hidden = np.tanh(x @ w + b)
    return np.mean((hidden @ v - 0.5) ** 2)


case("network", _network, (4, 3), (3, 5), (5,), (5,))
case(
    "attention",
    lambda np, q, k, v: (lambda a: a / np.sum(a, axis=-1, keepdims=True))(np.exp(q @ np.swapaxes(k, -1, -2))) @ v,
    (2, 3, 2), (2, 3, 2), (2, 3, 2), low=-1, high=1,
)  # fmt: skip
case(
    "layer norm",
    lambda np, x, s: (x - np.mean(x, axis=-1, keepdims=True)) / np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5) * s,
    (2, 4), (4,),
)  # fmt: skip

BY_NAME = {c.name: c for c in CASES}
