"""What a trace does with a function: writing in place, what would need numbers, and derivatives within.

Functions of a table are called with arrays of shape (3, 4) and compared with themselves compiled, bit for bit; what
they have written into their arguments too.
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import TraceError
from autograd_lite.handle import Handle
from autograd_lite.primitive import GUARDS
from autograd_lite.state import current_state
from autograd_lite.tracing import tracing

from .same import bits

Table = dict[str, Callable[..., Any]]


def contiguous(random: Any) -> Any:
    return random.normal(size=(3, 4))


def in_columns(random: Any) -> Any:
    return np.asfortranarray(random.normal(size=(3, 4)))


def with_gaps(random: Any) -> Any:
    return random.normal(size=(6, 8))[::2, ::-2]


def into_arguments(function: Any) -> Any:
    return function


def into_a_result(function: Any) -> Any:
    return lambda x, y: function(x * 1.5, y)


def into_a_view(function: Any) -> Any:
    def called(x: Any, y: Any) -> Any:
        whole = np.concatenate([x, x])
        return function(whole[::2], y), whole

    return called


def compare(function: Callable[..., Any], *makers: Callable[[Any], Any]) -> None:
    """Compare a function with itself compiled: at the numbers of the trace, and at two others."""
    program = ag.compile(function)
    for seed in range(3):
        given, copies = ([make(np.random.default_rng([seed, i])) for i, make in enumerate(makers)] for _ in range(2))
        outcome = []
        for run, arrays in ((function, given), (program, copies)):
            try:
                outcome.append(run(*arrays))
            except (TypeError, ValueError) as error:
                outcome.append((type(error), str(error)))
        assert bits(outcome[1]) == bits(outcome[0])
        assert bits(copies) == bits(given)


# ---- writing ----

WRITES: Table = {}


def writes(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A function that writes into its first argument or into what it makes of it."""
    WRITES[function.__name__] = function
    return function


@writes
def an_element(x: Any, y: Any) -> Any:
    x[1, 2] = y[0, 0] * 2
    return x, x[1]


@writes
def a_row(x: Any, y: Any) -> Any:
    x[1] = y[0]
    return x


@writes
def rows_minus_the_rows_before(x: Any, y: Any) -> Any:
    x[1:] -= x[:-1]
    x[:, ::-1] += x
    return x


@writes
def views_of_views(x: Any, y: Any) -> Any:
    part = x[1:][:, ::2]
    part += y[1:, ::2]
    part *= 2
    return x, part


@writes
def transposed(x: Any, y: Any) -> Any:
    turned = x.T
    turned *= y.T
    turned[1, 0] = 5.0
    x.T[0] = y[:, 1]
    return x, turned


@writes
def reshaped(x: Any, y: Any) -> Any:  # a view of an array in order, a copy of others
    row = x.reshape(-1)
    row[3] = 7
    row[::2] += 1
    return x, row


@writes
def in_a_row(x: Any, y: Any) -> Any:
    row, copied, turned = np.ravel(x), x.flatten(), np.ravel(x.T)
    row[5] = y[0, 0]
    copied[0] = turned[1] = -1
    x.flat[3] = 9
    return x, row, copied, turned, x.flat[1:3]


@writes
def everything(x: Any, y: Any) -> Any:
    x[...] = y
    x[:] = y[0]
    x.fill(y[0, 0])
    return x


@writes
def another_dtype(x: Any, y: Any) -> Any:
    whole = np.zeros_like(x, dtype=int)
    whole[...] = x * 3
    whole[0] = 2.7
    x[0], x[1], x[2] = 1, True, y[2] > 0
    return whole, x


@writes
def leading_axes_of_length_one(x: Any, y: Any) -> Any:
    x[...] = y[None, None]
    x[0] = y[None, 1]
    x[None, 1] = y[None, 0]
    return x


@writes
def a_diagonal(x: Any, y: Any) -> Any:
    diagonal = np.einsum("ii->i", x[:, :3])
    diagonal += 1
    np.fill_diagonal(x, y[0, 0])
    return x, diagonal, np.diagonal(x)


@writes
def turned_round(x: Any, y: Any) -> Any:
    flipped, rotated = np.flip(x, 0), np.rot90(x)
    flipped[0] = y[0]
    rotated[0, 0] = 8
    np.moveaxis(x, 0, 1)[1, 2] = 3
    return x, flipped, rotated


@writes
def more_axes_and_less(x: Any, y: Any) -> Any:
    more, deep, less = x[:, None], np.expand_dims(x, 0), np.squeeze(x[:1])
    more[0, 0, 0] = 9
    deep *= 2
    less += y[0]
    np.atleast_3d(x)[1] = 1
    return x, more, deep, less


@writes
def pieces(x: Any, y: Any) -> Any:
    above, below = np.split(x, [1])
    above += 1
    below *= y[1:]
    first, *_ = np.unstack(x)
    first[3] = -3
    left, right = np.hsplit(x, 2)
    left[...] = right
    return x, above, below


@writes
def row_by_row(x: Any, y: Any) -> Any:
    for row in x:
        row += y[0]
    first, _, third = x
    first *= 2
    third[1] = 0
    return x


@writes
def element_by_element(x: Any, y: Any) -> Any:
    for i in range(3):
        for j in range(4):
            x[i, j] = x[i - 1, j] * y[i, j]
    return x


@writes
def at_lists_of_places(x: Any, y: Any) -> Any:
    x[[0, 2]] = y[[1, 0]]
    x[[0, 0, 2]] += 1
    x[[0, 1]] = x[[1, 0]]
    return x


@writes
def where_masks_say(x: Any, y: Any) -> Any:
    x[np.array([True, False, True])] = 0
    x[y > 0.3] = 2
    x[x > 1] = y[0, 0]
    return x


@writes
def at_computed_places(x: Any, y: Any) -> Any:
    places = np.argmax(y, axis=0)
    x[places, np.arange(4)] = 0
    x[np.argmax(y[:, 0])] += y[1]
    x[: np.argmax(y[:, 1])] = 5
    return x, places


@writes
def out(x: Any, y: Any) -> Any:
    np.add(x, y, out=x)
    np.exp(y[1:], out=x[1:])
    again = np.multiply(x, 2, x)
    again -= 1
    return x


@writes
def out_of_reductions(x: Any, y: Any) -> Any:
    total, sums = np.zeros_like(x[0]), np.zeros_like(x)
    np.sum(x, 0, None, total)
    np.cumsum(y, axis=0, out=sums)
    np.clip(x, 0, 1, x)
    np.take(y, [2, 0, 1], 0, sums)
    return total, sums, x


@writes
def out_where(x: Any, y: Any) -> Any:
    np.sqrt(np.abs(y), out=x, where=y > 0)
    return x


@writes
def out_of_another_dtype(x: Any, y: Any) -> Any:
    narrow, wide, single = np.zeros_like(x, dtype=np.float32), np.zeros_like(x), x.astype(np.float32)
    np.add(x, y, out=narrow, casting="same_kind")
    np.sum(single, axis=0, out=wide[0])  # adds up in the precision of its `out`
    return narrow, wide


@writes
def out_of_several(x: Any, y: Any) -> Any:
    quotient, rest = np.empty_like(x), np.empty_like(x)
    np.divmod(x, y, out=(quotient, rest))
    fraction, _ = np.modf(x, out=(None, rest))
    return quotient, rest, fraction


@writes
def out_of_products(x: Any, y: Any) -> Any:
    product = np.zeros_like(x, shape=(3, 3))
    np.matmul(x, y.T, out=product)
    return product, np.dot(x, y.T, out=product)


@writes
def out_that_is_larger(x: Any, y: Any) -> Any:
    larger = np.zeros_like(x, shape=(2, 3, 4))
    np.add(x, y, out=larger)
    return larger


@writes
def copyto(x: Any, y: Any) -> Any:
    np.copyto(dst=x, src=y)
    np.copyto(x[0], 5.0)
    np.copyto(x, 0, where=y > 0)
    return x


@writes
def put(x: Any, y: Any) -> Any:
    np.put(x, [1, 5], [7, 8])
    x.put([0], y[0, 0])
    np.place(x, y > 0, [1, 2, 3])
    np.putmask(x, y < -1, y)
    np.put_along_axis(x, np.argmax(y, 1, keepdims=True), 99, 1)
    return x


@writes
def ufunc_at(x: Any, y: Any) -> Any:
    np.add.at(x, [0, 0, 1], y[0])
    np.multiply.at(x, (slice(None), [1, 1]), 2.0)
    np.negative.at(x, [0])
    return x


@writes
def sorting(x: Any, y: Any) -> Any:
    x.sort()
    y.sort(0)
    x[:, 1].sort()
    x.T.partition(1)
    return x, y


@writes
def every_operator(x: Any, y: Any) -> Any:
    x -= 1
    x *= y
    x /= 3
    x //= 0.1
    x %= 2
    x **= 2
    x[0] **= 3
    whole = (x * 3).astype(int)
    whole <<= 1
    whole |= 1
    whole &= 7
    whole ^= y.astype(int)
    whole >>= 1
    x @= np.eye(4)
    return x, whole


@writes
def views_that_were_there_before(x: Any, y: Any) -> Any:
    row = x[0]
    before = row + 1
    x += 1
    after = row + 1
    row *= 2
    return before, after, x


@writes
def copies(x: Any, y: Any) -> Any:
    whole, row, shallow = x.copy(), x[0].copy(), copy.copy(x)
    x *= 0
    return whole, row, shallow, copy.deepcopy(x)


@writes
def one_array_twice(x: Any, y: Any) -> Any:
    z = x + y
    turned = z.T
    z *= 2
    return z, turned, z


@writes
def numbers(x: Any, y: Any) -> Any:
    number, single = x[0, 0], np.sum(x, keepdims=True).reshape(())
    number += 1
    number *= 2
    single += 1
    single[()] = single * 2
    x[0, 0] = 5
    return number, single, x


@writes
def parts_of_complex_numbers(x: Any, y: Any) -> Any:
    z = x + 1j * y
    z.real[0] = 1
    z.imag *= 2
    z.imag[:, 1] = 0
    z.real = y
    np.real(x)[0] = 4
    return z, x


@writes
def read_as_integers(x: Any, y: Any) -> Any:
    integers = x.view(np.int64)
    integers &= ~np.int64(0xFF)
    return x, integers


@writes
def the_same_memory(x: Any, y: Any) -> Any:
    same = x.astype(float, copy=False), x.conj(), x[...], x.view()
    for array in same:
        array += 1
    return x


@writes
def without_nan(x: Any, y: Any) -> Any:
    x[1] = np.nan
    return np.nan_to_num(x, copy=False), x


@writes
def windows(x: Any, y: Any) -> Any:
    seen = np.lib.stride_tricks.sliding_window_view(x, 2, axis=1)
    columns, rows = np.meshgrid(x[0], y[:, 0], copy=False)
    first, second = np.broadcast_arrays(x, y[0])
    total = seen.sum(-1)
    x[0] = 0
    return total, seen, columns, rows, first, second


@writes
def what_numpy_refuses_because_it_is_read_only(x: Any, y: Any) -> Any:
    np.broadcast_to(x, (2, 3, 4))[0] = 1
    return x


@writes
def what_numpy_refuses_because_all_of_it_is_read_only(x: Any, y: Any) -> Any:
    np.diagonal(x)[...] = y[0, :3]
    return x


@writes
def what_numpy_refuses_because_of_the_dtype(x: Any, y: Any) -> Any:
    whole = np.zeros_like(x, dtype=int)
    whole += x
    return whole


@writes
def what_numpy_refuses_because_of_the_shape(x: Any, y: Any) -> Any:
    x[0] = y
    return x


@writes
def what_numpy_refuses_because_it_is_a_number(x: Any, y: Any) -> Any:
    number = x[0, 0]
    number[()] = 1
    return x


@pytest.mark.parametrize("layout", [contiguous, in_columns, with_gaps])
@pytest.mark.parametrize("into", [into_arguments, into_a_result, into_a_view])
@pytest.mark.parametrize("name", WRITES)
def test_writing(name: str, into: Any, layout: Any) -> None:
    compare(into(WRITES[name]), layout, contiguous)


def test_an_argument_that_is_read_only_stays_as_it_is() -> None:
    def read_only(random: Any) -> Any:
        x = contiguous(random)
        x.setflags(write=False)
        return x

    compare(WRITES["everything"], read_only, contiguous)
    compare(WRITES["out"], read_only, contiguous)


def test_overwriting_is_done_as_numpy_does_it() -> None:
    compare(lambda x: np.median(x, overwrite_input=True), contiguous)
    compare(lambda x: np.quantile(x, 0.3, overwrite_input=True), contiguous)


# ---- what is noted ----

NOTED: Table = {
    "comparisons": lambda x: (x > 0, x == x, ~(x > 0), (x > 0) & (x < 1), x != 0, np.isclose(x, 0), x[0, 0] < 1),
    "places": lambda x: (np.argmax(x, 1), np.argsort(x), np.lexsort(x), np.digitize(x[0], [0.0])),
    "searching": lambda x: (np.searchsorted(np.sort(x[0]), x[1]), np.isin(x, x[0]), np.count_nonzero(x > 0)),
    "rounding": lambda x: (np.floor(x), np.rint(x), np.sign(x), x.round(1), x.astype(np.int8), np.isnan(x)),
    "truth": lambda x: (np.any(x > 2), np.all(x < 9), np.array_equal(x, x), np.allclose(x, 0), x.all(), x.any()),
    "operators": lambda x: (-x, +x, abs(x), x % 2, x // 2, 2 // x, divmod(x, 2), 2**x, x**2, abs(x) ** 0.5, x @ x.T),
    "numbers": lambda x: (x[0, 0] + 1, x[0, 0] * x[0, 1], x[0, 0] ** 2, 2 / x[0, 0], np.float32(1) * x[0, 0]),
    "complex numbers": lambda x: [(a + 1j) * (b - 2j) / (2j - a * b) for a in x[0] for b in x[1]],
    "methods": lambda x: (
        x.trace(),
        x.var(1),
        x.cumsum(),
        x.dot(x.T),
        x.take([0], 1),
        x.diagonal(1),
        x.argpartition(1),
    ),
    "an array's texts": lambda x: f"{x.dtype} {x.shape} {x.ndim} {len(x)} {x.nbytes}",
    "static": lambda x: (np.shape(x), np.ndim(x), np.size(x), np.result_type(x, 1), np.iscomplexobj(x)),
    "arrays like it": lambda x: (np.zeros_like(x), np.full_like(x, x[0, 0]), np.arange(3, like=x) * x[0, 0]),
    "a constant at places": lambda x: np.asarray([1.0, 2.0, 3.0, 4.0], like=x)[np.argsort(x[0])],
    "methods of ufuncs": lambda x: (np.add.reduce(x, 1), np.subtract.outer(x[0], x[1]), np.add.reduceat(x, [0, 2])),
    "several results": lambda x: (np.linalg.svd(x), np.linalg.eigh(x @ x.T), np.divmod(x, 2), np.split(x, 2, 1)),
    "results as arguments": lambda x: (np.stack(np.linalg.svd(x[:, :3])[::2]), np.concatenate(np.linalg.qr(x[:, :3]))),
    "trees": lambda x: {"sum": x + 1, "more": [x, x * 2, None, 3, "text", (x[0],)]},
    "functions of rows": lambda x: np.apply_along_axis(lambda row: row * 2, 0, x),
    "a sum of Python's": lambda x: (sum(x), [row[0] for row in x], operator.add(x, 1), copy.copy(x)),
    "a user's ufunc": lambda x: np.frompyfunc(lambda element: element + 1, 1, 1)(x).astype(float),
}


@pytest.mark.parametrize("name", NOTED)
def test_results_are_noted_and_not_baked_in(name: str) -> None:
    compare(NOTED[name], contiguous)


@ag.primitive
def positive_ones(x: Any) -> Any:
    return x[x > 0]


BY_NUMBERS: Table = {
    "as many as there are": lambda x: np.exp(positive_ones(x)),
    "counts": lambda x: np.bincount((np.abs(x[0]) * 3).astype(int)),
    "bins": lambda x: np.histogram(x, bins="auto")[0],
    "complex if negative": lambda x: np.emath.sqrt(x[0, :1]),
    "complex if negative, of a Value": lambda x: np.emath.sqrt(ag.Value(x[0, :1])),
    "eigenvalues": lambda x: np.linalg.eig(x[:, :3]).eigenvalues,
    "without leading zeros": lambda x: np.polymul(np.floor(x[0]), x[1]),
    "without leading zeros, of a Value": lambda x: np.polymul(ag.Value(np.floor(x[0])), x[1]),
    "roots": lambda x: np.roots(np.floor(x[0])),
}


@pytest.mark.parametrize("name", BY_NUMBERS)
def test_results_whose_kind_hangs_on_numbers_get_another_program(name: str) -> None:
    def function(x: Any) -> Any:
        found = BY_NUMBERS[name](x)
        return np.sum(np.cos(found * 2.0) * 3.0), found

    program = ag.compile(function)
    for seed in range(8):
        x = contiguous(np.random.default_rng(seed))
        assert bits(program(x)) == bits(function(x))
    assert len(program.variants()) > 1


def test_a_branch_on_random_numbers_raises_where_it_goes_another_way() -> None:
    """By then the numbers are drawn, and it is too late for another program."""
    nn.manual_seed(0)
    dropout = nn.Dropout(0.5)
    program = ag.compile(lambda x: np.emath.sqrt(dropout(ag.Value(x, requires_grad=False)) - 1.0))
    with pytest.raises(RuntimeError, match="a branch that hangs on random numbers"):
        list(map(program, [np.full(2, 0.9)] * 20))


# ---- what would need the numbers ----

BRANCH, COPY, MASK, LENGTH = "a branch on the numbers", "a plain copy", "reading with a mask", "how long the result is"
INDEX, OUTSIDE, SHAPE = "a Python index", "writes into an array that was there before", "to a shape that is in an array"
REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "if": (lambda x: 1 if x[0] > 0 else 2, BRANCH),
    "if any": (lambda x: 1 if x.any() else 0, BRANCH),
    "if allclose": (lambda x: 1 if np.allclose(x, 0) else 2, BRANCH),
    "and": (lambda x: x[0] > 0 and x[1], BRANCH),
    "not": (lambda x: not x[0], BRANCH),
    "max": (max, BRANCH),
    "sorted": (sorted, BRANCH),
    "filter": (lambda x: list(filter(lambda element: element > 0, x)), BRANCH),
    "if of a Value": (lambda x: 1 if ag.Value(x)[0] > 0 else 2, BRANCH),
    "float": (lambda x: float(x[0]), "float()"),
    "math": (lambda x: math.sin(x[0]), "float()"),
    "%f": (lambda x: "%f" % x[0], "float()"),  # noqa: UP031
    "int": (lambda x: int(x[0]), "int()"),
    "complex": (lambda x: complex(x[0]), "complex()"),
    "round": (lambda x: round(x[0]), "round()"),
    "list": (lambda x: [1, 2, 3][np.argmax(x)], INDEX),
    "range": (lambda x: list(range(np.argmax(x))), INDEX),
    "zeros": (lambda x: np.zeros(np.argmax(x)), INDEX),
    "linspace": (lambda x: np.linspace(0, 1, np.argmax(x)), INDEX),
    "item": (lambda x: x[0].item(), "item()"),
    "item of a Value": (lambda x: ag.Value(x)[0].item(), "item()"),
    "float of a Value": (lambda x: float(ag.Value(x)[0]), "item()"),
    "tolist": (lambda x: x.tolist(), "tolist()"),
    "tobytes": (lambda x: x.tobytes(), "tobytes()"),
    "format": (lambda x: f"{x[0]:.3f}", "the text"),
    "str": (str, "the text"),
    "print": (print, "the text"),
    "array2string": (np.array2string, "returns str"),
    "text of a Value": (lambda x: repr(ag.Value(x)), "returns str"),
    "in": (lambda x: 1.0 in x, "`in`"),
    "key": (lambda x: {x[0]: 1}, "a key"),
    "asarray": (np.asarray, COPY),
    "array": (lambda x: np.array([x[0], x[1]]), COPY),
    "asarray of a Value": (lambda x: np.asarray(ag.Value(x, requires_grad=False)), COPY),
    "into zeros": (lambda x: operator.setitem(np.zeros(3), 0, x[0]), "float()"),
    "a constant at a place": (lambda x: np.arange(5)[np.argsort(x)], COPY),
    "full": (lambda x: np.full(3, x[0]), COPY),
    "vectorize": (lambda x: np.vectorize(lambda element: element + 1)(x), COPY),
    "fromiter": (lambda x: np.fromiter((element for element in x), float), "float()"),
    "dlpack": (np.from_dlpack, "handing over the memory"),
    "mask": (lambda x: x[x > 0], MASK),
    "mask among others": (lambda x: np.stack([x, x])[:, x > 0], MASK),
    "mask of a Value": (lambda x: ag.Value(x)[x > 0], MASK),
    "slice": (lambda x: x[: np.argmax(x)], LENGTH),
    "slice of a Value": (lambda x: ag.Value(x)[: np.argmax(x)], LENGTH),
    "nonzero": (lambda x: x.nonzero(), LENGTH),
    "where": (lambda x: np.where(x > 0), LENGTH),
    "unique": (np.unique, LENGTH),
    "compress": (lambda x: np.compress(x > 0, x), LENGTH),
    "reshape": (lambda x: np.reshape(x, (np.argmax(x), -1)), SHAPE),
    "repeat": (lambda x: np.repeat(x, np.argmax(x)), SHAPE),
    "an axis": (lambda x: np.sum(x, axis=np.argmax(x)), "numpy.sum(axis=...) with an array"),
    "add into an array": (lambda x: np.add(x, 1, out=np.zeros(3)), OUTSIDE),
    "add to an array": (lambda x: operator.iadd(np.zeros(3), x), OUTSIDE),
    "copy into an array": (lambda x: np.copyto(np.zeros(3), x), OUTSIDE),
    "caught": (lambda x: _float_or(x[0], 0.0), "float()"),
}


def _float_or(x: Any, otherwise: float) -> float:
    try:
        return float(x)
    except TypeError:
        return otherwise


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_numbers_is_refused_with_the_users_line(name: str) -> None:
    function, what = REFUSED[name]
    x = np.random.default_rng(0).normal(size=3)
    with pytest.raises(TraceError) as raised:
        ag.compile(function)(x)
    assert what in str(raised.value)
    assert "outside of the compiled function" in str(raised.value)
    assert f'File "{__file__}", line ' in str(raised.value)


def test_a_number_is_no_row_of_numbers() -> None:
    for function in (list, len):
        compare(lambda x, function=function: function(x[0, 0]), contiguous)


def test_a_refusal_leaves_everything_as_it_was() -> None:
    """Also what the function had changed before: arrays, Values, gradients, buffers and generators."""
    nn.manual_seed(0)
    generator = nn.random.default_generator
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    assigned, written = ag.Value(np.arange(3.0), name="assigned"), ag.Value(np.ones(3), name="written")
    written.grad = np.full(3, 7.0)
    values = [assigned, written, *model.parameters()]

    def step(x: Any, refused: bool) -> Any:
        hidden = model(ag.Value(x, requires_grad=False))
        loss = np.sum(hidden * hidden) + np.sum(assigned**2) + np.sum(written)
        loss.backward()
        assigned.data = assigned.data - 0.1 * assigned.grad
        written.data[0] = 5.0
        written.grad = None
        x[0] = 9.0
        return loss if not refused or loss > 0 else x

    def everything() -> Any:
        slots = [Handle.__dict__[name] for name in ("_array", "_grad")]
        identities = [(id(v.data), id(v._node), v._node.handle() is v, id(v.grad)) for v in values]
        buffers = [(name, id(array), bits(array)) for name, array in model.named_buffers()]
        return bits([identities, buffers, x, [(v.data, v.grad) for v in values], list(map(id, slots))]), (
            generator.bit_generator.state,
            list(GUARDS),
            tracing.get(),
            id(current_state()),
        )

    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    before = everything()
    program = ag.compile(step)
    with pytest.raises(TraceError, match="a branch on the numbers"):
        program(x, True)
    assert everything() == before
    assigned.grad = None
    np.sum(assigned * 2).backward()
    np.testing.assert_array_equal(assigned.grad, [2, 2, 2])


def test_an_error_of_the_users_passes_through_and_leaves_everything_as_it_was() -> None:
    value = ag.Value(np.ones(3))

    def fails(x: Any) -> Any:
        value.data = value.data + x
        raise KeyError("mine")

    data = value.data
    with pytest.raises(KeyError, match="mine"):
        ag.compile(fails)(np.ones(3))
    assert value.data is data
    assert not GUARDS


# ---- derivatives within ----


@ag.custom_vjp
def squared(x: Any) -> Any:
    return x * x, lambda g: 2 * g * x


@ag.primitive
def reversed_sorted(x: Any) -> Any:
    return np.sort(x)[::-1].copy()


ag.defvjp(reversed_sorted, lambda g, out, x: np.zeros_like(x) + np.sum(g))


def energy(x: Any) -> Any:
    return np.sum(np.tanh(x) ** 2 * np.exp(x))


def with_values(x: Any) -> Any:
    value = ag.Value(x)
    with ag.no_grad():
        doubled = value * 2
    result = np.sum(value * doubled)
    result.backward()
    return result, doubled, value.grad


def backward_twice(x: Any) -> Any:
    value = ag.Value(x)
    np.sum(value**3).backward()
    np.sum(value**2 * value.detach()).backward()
    return value.grad


def recorded_backward(x: Any) -> Any:
    value = ag.Value(x)
    np.sum(value**3).backward(create_graph=True)
    return value.grad


def third_derivative(x: Any) -> Any:
    second = ag.grad(lambda y: np.sum(ag.grad(energy)(y) ** 2))
    return ag.grad(lambda y: np.sum(second(y)))(x)


DERIVATIVES: Table = {
    "Values": with_values,
    "backward twice": backward_twice,
    "recorded backward": recorded_backward,
    "grad": ag.grad(energy),
    "grad of grad of grad": third_derivative,
    "value_and_grad": ag.value_and_grad(energy),
    "elementwise_grad": ag.elementwise_grad(np.tanh),
    "vjp": lambda x: (lambda out, pull: (out, pull(np.ones_like(out))))(*ag.vjp(lambda y: np.sin(y) * y, x)),
    "jvp": lambda x: ag.jvp(energy, (x,), (np.cos(x),)),
    "hvp": lambda x: ag.hvp(energy)(x, np.cos(x)),
    "hessian": lambda x: ag.hessian(energy)(x[0]),
    "jacobian by rows": lambda x: ag.jacobian(lambda y: np.sin(y) * y[::-1])(x[0]),
    "jacobian by columns": lambda x: ag.jacobian(lambda y: np.concatenate([np.sin(y)] * 3) * y[0])(x[0, :2]),
    "checkpoint": ag.value_and_grad(lambda x: np.sum(ag.checkpoint(lambda y: np.tanh(y) * y)(x))),
    "custom_vjp": ag.value_and_grad(lambda x: np.sum(squared(x) * x)),
    "primitive": ag.value_and_grad(lambda x: np.sum(reversed_sorted(x) * x)),
    "compile within": lambda x: ag.compile(energy)(x) + 1,
    "compile within grad": lambda x: ag.grad(ag.compile(energy))(x),
    "compile within hessian": lambda x: ag.hessian(ag.compile(energy))(x[0]),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_within(name: str) -> None:
    compare(DERIVATIVES[name], contiguous)


@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.hessian, ag.jacobian, ag.elementwise_grad])
def test_derivatives_of_a_compiled_function(transform: Any) -> None:
    function: Any = np.tanh if transform is ag.elementwise_grad else energy
    program = ag.compile(function)
    for seed in range(3):
        x = np.random.default_rng(seed).normal(size=4)
        assert bits(transform(program)(x)) == bits(transform(function)(x))


def test_under_an_observer_the_function_itself_runs() -> None:
    program = ag.compile(lambda x: np.sum(np.log(x)))
    with ag.detect_anomaly():
        program(ag.Value(np.ones(3))).backward()
    assert not program.variants()
    program(ag.Value(np.ones(3)))
    assert len(program.variants()) == 1
    with pytest.raises(ag.AnomalyError, match="log"), ag.detect_anomaly(), np.errstate(all="ignore"):
        program(ag.Value(-np.ones(3)))
